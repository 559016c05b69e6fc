/*
 * Looking at the boot areas and keeping a copy. Everything is read as root, with the kernel's cache
 * of the area dropped before, so that it is the chip that answers.
 */
#include "session/bootareas.h"

#include "session/bootareas_kept.h"
#include "util/digest.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

#define READ_MS 120000

/* One line per fact. 4194304 is X8_BOOT_AREA_LEN. */
static const char look_text[] =
    "export LC_ALL=C;set -o pipefail\n"
    "grep -qs '^LMP_MACHINE=\"\\?portenta-x8\"\\?$' /etc/os-release||\n"
    "grep -qas portenta-x8 /proc/device-tree/compatible&&echo 'x8 0 1'\n"
    "for n in 0 1;do d=/dev/mmcblk2boot$n s=/sys/block/mmcblk2boot$n/size\n"
    "[ -e $d ]&&[ -r $s ]||continue\n"
    "read -r k <$s;echo \"size $n $k\"\n"
    "blockdev --flushbufs $d 2>/dev/null||{ echo 3 >/proc/sys/vm/drop_caches;} 2>/dev/null\n"
    "x=$(head -c 4194304 $d|sha256sum)||exit 1\n"
    "echo \"sha256 $n ${x%% *}\";done\n";

static int digest_of_zeros(char out[65], struct x8_error *err)
{
    static const uint8_t zeros[4096];
    struct x8_sha256 *sha = x8_sha256_new();
    uint8_t digest[X8_SHA256_LEN];

    if (!sha)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    for (size_t done = 0; done < X8_BOOT_AREA_LEN; done += sizeof zeros)
        x8_sha256_add(sha, zeros, sizeof zeros);
    x8_sha256_take(sha, digest);
    x8_sha256_free(&sha);
    x8_hex(out, digest, sizeof digest);
    return 0;
}

/* "WORD AREA VALUE". Lines of another form are left out. */
static void parse_line(const char *line, size_t len, struct x8_boot_state *out, int *is_x8)
{
    char text[128], *area, *value;
    uint64_t number;
    int i;

    if (len >= sizeof text)
        return;
    memcpy(text, line, len);
    text[len] = '\0';
    area = strchr(text, ' ');
    value = area ? strchr(area + 1, ' ') : NULL;
    if (!value || (area[1] != '0' && area[1] != '1') || value != area + 2)
        return;
    *area = '\0';
    i = area[1] - '0';
    value++;
    if (strcmp(text, "x8") == 0)
        *is_x8 = 1;
    else if (strcmp(text, "size") == 0 && x8_parse_u64(value, &number) == 0)
        out->size[i] = number < UINT64_MAX / 512 ? number * 512 : 0;
    else if (strcmp(text, "sha256") == 0)
        x8_copy(out->sha256[i], sizeof out->sha256[i], value);
}

int x8_boot_areas_parse(const char *text, struct x8_boot_state *out, struct x8_error *err)
{
    char zeros[65];
    int is_x8 = 0, rc = digest_of_zeros(zeros, err);

    memset(out, 0, sizeof *out);
    while (rc == 0 && *text) {
        size_t len = strcspn(text, "\n");

        parse_line(text, len, out, &is_x8);
        text += len + (text[len] == '\n');
    }
    if (rc != 0)
        return rc;
    if (!is_x8) {
        x8_fail(err, X8_E_WRONG_STATE, "the board does not say that it is a Portenta X8");
        x8_error_why(err, "LMP_MACHINE in its os-release is not portenta-x8");
        return -X8_E_WRONG_STATE;
    }
    for (int i = 0; i < 2; i++) {
        if (out->size[i] < X8_BOOT_AREA_LEN || strlen(out->sha256[i]) != 64)
            return x8_fail(err, X8_E_WRONG_STATE, "the board has no boot area boot%d of 4 MiB", i);
        out->is_cleared[i] = strcmp(out->sha256[i], zeros) == 0;
    }
    return 0;
}

int x8_boot_areas_look(struct x8_session *session, const struct x8_op *op,
                       const struct x8_root *root, struct x8_boot_state *out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = x8_run_as_ok(session, op, root, "boot areas", look_text, READ_MS, &text, err);

    return rc == 0 ? x8_boot_areas_parse(x8_buf_text(&text), out, err) : rc;
}

static int read_area(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                     int i, struct x8_buf *out, struct x8_error *err)
{
    char text[64] = "head -c 4194304 /dev/mmcblk2boot0";
    int rc;

    text[strlen(text) - 1] = (char)('0' + i);
    rc = x8_run_as_ok(session, op, root, "boot areas", text, READ_MS, out, err);
    if (rc == 0 && out->len != X8_BOOT_AREA_LEN)
        rc = x8_fail(err, X8_E_LINK, "boot%d: %zu bytes came instead of %zu", i, out->len,
                     X8_BOOT_AREA_LEN);
    return rc;
}

static int nothing_to_keep(struct x8_error *err)
{
    x8_fail(err, X8_E_WRONG_STATE, "the boot areas are cleared already: there is nothing to keep");
    x8_error_next(err, "x8ctl recover --restore-boot    writes an earlier copy back");
    return -X8_E_WRONG_STATE;
}

int x8_boot_areas_keep(struct x8_session *session, const struct x8_op *op,
                       const struct x8_root *root, const char *serial, const char *folder,
                       struct x8_error *err)
{
    X8_AUTO_KEPT kept = {0};
    struct x8_boot_state state;
    int rc = x8_boot_areas_look(session, op, root, &state, err);

    if (rc == 0 && state.is_cleared[0] && state.is_cleared[1])
        return nothing_to_keep(err);
    for (int i = 0; rc == 0 && i < 2; i++)
        rc = read_area(session, op, root, i, &kept.area[i], err);
    if (rc == 0)
        rc = x8_kept_digest(&kept, err);
    for (int i = 0; rc == 0 && i < 2; i++)
        if (strcmp(kept.sha256[i], state.sha256[i]) != 0)
            rc = x8_fail(err, X8_E_VERIFY, "boot%d: what came is not what the board has", i);
    return rc == 0 ? x8_kept_save(&kept, serial, folder, err) : rc;
}
