/*
 * The copy of a board's boot areas on this computer: boot0.img, boot1.img and a record of whose
 * they are and what they must hold.
 */
#include "session/bootareas_parts.h"

#include "util/clock.h"
#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RECORD     "boot-areas.json"
#define RECORD_MAX ((size_t)64 << 10)

static const char *const images[X8_BOOT_AREAS] = {"boot0.img", "boot1.img"};
static const char *const keys[X8_BOOT_AREAS] = {"boot0_sha256", "boot1_sha256"};

void x8_kept_done(struct x8_kept *kept)
{
    for (int i = 0; i < X8_BOOT_AREAS; i++)
        x8_buf_done(&kept->bytes[i]);
}

static int save_file(const char *folder, const char *name, const void *data, size_t len,
                     struct x8_error *err)
{
    char *path = x8_path_join(folder, name);
    int rc = path ? x8_file_replace(path, data, len, 0600, err)
                  : x8_fail(err, X8_E_INTERNAL, "out of memory for a path");

    free(path);
    return rc;
}

static int save_record(const char *folder, const char *serial, const struct x8_kept *kept,
                       struct x8_error *err)
{
    struct x8_json *record = x8_json_object();
    char now[32], *text;
    int rc;

    x8_utc_text(now, 0);
    x8_json_str(record, "serial", serial);
    x8_json_str(record, "time", now);
    x8_json_u64(record, "bytes", X8_BOOT_AREA_LEN);
    for (int i = 0; i < X8_BOOT_AREAS; i++)
        x8_json_str(record, keys[i], kept->sha256[i]);
    text = x8_json_text(record, 1);
    rc = save_file(folder, RECORD, text, strlen(text), err);
    free(text);
    x8_json_free(&record);
    return rc;
}

int x8_kept_save(const char *folder, const char *serial, const struct x8_kept *kept,
                 struct x8_error *err)
{
    int rc = 0;

    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        rc = x8_fail_sys(err, errno == ENOSPC ? X8_E_HOST_SPACE : X8_E_NO_PERMISSION, errno,
                         "the folder %s cannot be made", folder);
        x8_error_next(err, "X8CTL_HOME names another folder for what x8ctl keeps");
    }
    for (int i = 0; i < X8_BOOT_AREAS && rc == 0; i++)
        rc = save_file(folder, images[i], kept->bytes[i].data, kept->bytes[i].len, err);
    return rc < 0 ? rc : save_record(folder, serial, kept, err);
}

static int load_record(const char *folder, struct x8_json **out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    char *path = x8_path_join(folder, RECORD);
    int rc = path ? x8_file_load(path, RECORD_MAX, &text, err)
                  : x8_fail(err, X8_E_INTERNAL, "out of memory for a path");

    if (rc == 0)
        rc = x8_json_parse(x8_buf_text(&text), text.len, out, err);
    if (rc < 0 && path)
        x8_error_prefix(err, "%s", path);
    free(path);
    return rc;
}

static int load_image(const char *folder, int area, const char *wanted, struct x8_kept *kept,
                      struct x8_error *err)
{
    char *path = x8_path_join(folder, images[area]);
    int rc = path ? x8_file_load(path, X8_BOOT_AREA_LEN, &kept->bytes[area], err)
                  : x8_fail(err, X8_E_INTERNAL, "out of memory for a path");

    if (rc == 0 && x8_boot_sha256(x8_buf_text(&kept->bytes[area]), kept->bytes[area].len,
                                  kept->sha256[area]) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory for a boot area");
    if (rc == 0 && (kept->bytes[area].len != X8_BOOT_AREA_LEN || !wanted ||
                    x8_casecmp(kept->sha256[area], wanted) != 0)) {
        rc = x8_fail(err, X8_E_BAD_DIGEST, "%s is not what was kept", path);
        x8_error_why(err, "%zu bytes with sha256 %.16s..., recorded: %zu bytes with %.16s...",
                     kept->bytes[area].len, kept->sha256[area], X8_BOOT_AREA_LEN,
                     wanted ? wanted : "none");
        x8_error_next(err, "x8ctl recover --restore-boot FOLDER    with another copy");
    }
    free(path);
    return rc;
}

int x8_kept_load(const char *folder, const char *serial, struct x8_kept *out, struct x8_error *err)
{
    struct x8_json *record = NULL;
    int rc = load_record(folder, &record, err);
    const char *owner = rc == 0 ? x8_json_get_str(record, "serial") : NULL;

    if (rc == 0 && (!owner || x8_casecmp(owner, serial) != 0)) {
        rc = x8_fail(err, X8_E_MISFIT, "the copy in %s is not of this board", folder);
        x8_error_why(err, "it was kept from %s, this is %s", owner ? owner : "nobody knows which",
                     serial);
        x8_error_next(err, "x8ctl recover --restore-boot    takes the newest copy of this board");
    }
    for (int i = 0; i < X8_BOOT_AREAS && rc == 0; i++)
        rc = load_image(folder, i, x8_json_get_str(record, keys[i]), out, err);
    x8_json_free(&record);
    return rc;
}
