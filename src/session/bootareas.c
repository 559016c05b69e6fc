/*
 * Looking at the boot areas and taking a copy of them. Nothing here changes the board.
 */
#include "session/bootareas_parts.h"

#include "util/digest.h"
#include "util/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the size file are sectors of 512. What was written before must be read from the medium,
 * not from the page cache, hence the drop. */
static const char look[] =
    "grep -q '^LMP_MACHINE=.\\{0,1\\}portenta-x8' /etc/os-release && echo x8 || echo other; "
    "echo 3 2>/dev/null >/proc/sys/vm/drop_caches; "
    "for n in 0 1; do f=/sys/block/mmcblk2boot$n/size; "
    "if [ -e /dev/mmcblk2boot$n ] && [ -r $f ]; then "
    "s=$(head -c 4194304 /dev/mmcblk2boot$n | sha256sum) || exit 46; "
    "echo \"$(($(cat $f) * 512)) ${s%% *}\"; else echo '0 -'; fi; done";

static int no_areas(const struct x8_session *session, const char *why, struct x8_error *err)
{
    x8_fail(err, X8_E_WRONG_STATE, "%s: the boot areas cannot be used", session->label);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "x8ctl info    shows what kind of board and image this is");
    return -X8_E_WRONG_STATE;
}

int x8_boot_sha256(const void *data, size_t len, char out[65])
{
    uint8_t digest[X8_SHA256_LEN];
    struct x8_sha256 *sha = x8_sha256_new();

    if (!sha)
        return -1;
    x8_sha256_add(sha, data, len);
    x8_sha256_take(sha, digest);
    x8_sha256_free(&sha);
    x8_hex(out, digest, sizeof digest);
    return 0;
}

/* The digest of an area of zeros, to know a cleared one by. */
static int sha256_of_zeros(char out[65])
{
    void *zeros = calloc(1, X8_BOOT_AREA_LEN);
    int rc = zeros ? x8_boot_sha256(zeros, X8_BOOT_AREA_LEN, out) : -1;

    free(zeros);
    return rc;
}

/* "4194304 <64 digits>" */
static const char *read_area(const char *line, uint64_t *out_size, char out_sha256[65])
{
    const char *space = strchr(line, ' '), *end = strchr(line, '\n');
    uint8_t digest[X8_SHA256_LEN];
    char digits[24];
    size_t len = space ? (size_t)(space - line) : sizeof digits;

    if (!end || !space || space > end || len >= sizeof digits || end - space != 65)
        return NULL;
    memcpy(digits, line, len);
    digits[len] = '\0';
    memcpy(out_sha256, space + 1, 64);
    out_sha256[64] = '\0';
    if (x8_parse_u64(digits, out_size) < 0 || x8_unhex(digest, sizeof digest, out_sha256) < 0)
        return NULL;
    return end + 1;
}

int x8_boot_areas_look(struct x8_session *session, const struct x8_op *op,
                       const struct x8_root *root, struct x8_boot_state *out, struct x8_error *err)
{
    X8_AUTO_BUF said = {0};
    struct x8_boot_state state = {0};
    char zeros[65];
    const char *line;
    int rc = x8_run_as_ok(session, op, root, "reading the boot areas", look, X8_BOOT_AREA_MS, &said,
                          err);

    if (rc < 0)
        return rc;
    line = x8_buf_text(&said);
    if (!x8_starts(line, "x8\n"))
        return no_areas(session, "its os-release does not call it a Portenta X8", err);
    line += 3;
    if (sha256_of_zeros(zeros) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for a boot area");
    for (int i = 0; i < X8_BOOT_AREAS; i++) {
        line = read_area(line, &state.size[i], state.sha256[i]);
        if (!line || state.size[i] < X8_BOOT_AREA_LEN)
            return no_areas(session, "there is no /dev/mmcblk2boot0 and boot1 of 4 MiB or more",
                            err);
        state.is_cleared[i] = strcmp(state.sha256[i], zeros) == 0;
    }
    *out = state;
    return 0;
}

static int read_bytes(struct x8_session *session, const struct x8_op *op,
                      const struct x8_root *root, int area, struct x8_kept *kept,
                      struct x8_error *err)
{
    char text[64], what[32];
    int rc;

    snprintf(text, sizeof text, "head -c %zu /dev/mmcblk2boot%d", X8_BOOT_AREA_LEN, area);
    snprintf(what, sizeof what, "reading boot area %d", area);
    rc = x8_run_as_ok(session, op, root, what, text, X8_BOOT_AREA_MS, &kept->bytes[area], err);
    if (rc == 0 && kept->bytes[area].len != X8_BOOT_AREA_LEN)
        rc = x8_fail(err, X8_E_REFUSED, "%s: boot area %d gave %zu bytes instead of %zu",
                     session->label, area, kept->bytes[area].len, X8_BOOT_AREA_LEN);
    if (rc == 0 && x8_boot_sha256(kept->bytes[area].data, X8_BOOT_AREA_LEN, kept->sha256[area]) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory for a boot area");
    return rc;
}

int x8_boot_areas_keep(struct x8_session *session, const struct x8_op *op,
                       const struct x8_root *root, const char *serial, const char *folder,
                       struct x8_error *err)
{
    X8_AUTO_KEPT kept = {0};
    struct x8_boot_state state;
    int rc = x8_boot_areas_look(session, op, root, &state, err);

    for (int i = 0; i < X8_BOOT_AREAS && rc == 0; i++) {
        rc = read_bytes(session, op, root, i, &kept, err);
        if (rc == 0 && strcmp(kept.sha256[i], state.sha256[i]) != 0) {
            rc = x8_fail(err, X8_E_VERIFY, "%s: the copy of boot area %d differs from the board's",
                         session->label, i);
            x8_error_why(err, "it changed while it was read, or the link is not sound");
            x8_error_next(err, "run the command again, with another cable if it stays so");
        }
    }
    return rc < 0 ? rc : x8_kept_save(folder, serial, &kept, err);
}
