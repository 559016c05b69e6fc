#include "session/bootareas_kept.h"

#include "util/digest.h"
#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INDEX "boot-areas.json"

static const char *const names[2] = {"boot0.img", "boot1.img"};
static const char *const keys[2] = {"boot0_sha256", "boot1_sha256"};

void x8_kept_done(struct x8_kept *kept)
{
    x8_buf_done(&kept->area[0]);
    x8_buf_done(&kept->area[1]);
}

int x8_kept_digest(struct x8_kept *kept, struct x8_error *err)
{
    struct x8_sha256 *sha = x8_sha256_new();
    uint8_t digest[X8_SHA256_LEN];

    if (!sha)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    for (int i = 0; i < 2; i++) {
        x8_sha256_add(sha, kept->area[i].data, kept->area[i].len);
        x8_sha256_take(sha, digest);
        x8_hex(kept->sha256[i], digest, sizeof digest);
    }
    x8_sha256_free(&sha);
    return 0;
}

/* folder/name for free(). */
static int path_of(const char *folder, const char *name, char **out, struct x8_error *err)
{
    *out = x8_path_join(folder, name);
    return *out ? 0 : x8_fail(err, X8_E_INTERNAL, "no memory");
}

static int save_file(const char *folder, const char *name, const void *data, size_t len,
                     struct x8_error *err)
{
    char *path;
    int rc = path_of(folder, name, &path, err);

    if (rc == 0)
        rc = x8_file_replace(path, data, len, 0600, err);
    free(path);
    return rc;
}

static int load_file(const char *folder, const char *name, size_t max, struct x8_buf *out,
                     struct x8_error *err)
{
    char *path;
    int rc = path_of(folder, name, &path, err);

    if (rc == 0)
        rc = x8_file_load(path, max, out, err);
    free(path);
    return rc;
}

static int other_board(const char *folder, const char *theirs, const char *ours,
                       struct x8_error *err)
{
    char clean[48];

    x8_clean(clean, sizeof clean, theirs, strlen(theirs));
    x8_fail(err, X8_E_MISFIT, "the boot areas in %s were kept from another board", folder);
    x8_error_why(err, "they are of %s, this board is %s", clean, ours);
    x8_error_next(err, "use the folder of this board");
    return -X8_E_MISFIT;
}

/* What the index says. 0, or negative; X8_E_NO_FILE when there is none. */
static int load_index(const char *folder, const char *serial, char sha256[2][65],
                      struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    struct x8_json *json = NULL;
    const char *theirs, *digest;
    int rc = load_file(folder, INDEX, 64 << 10, &text, err);

    if (rc != 0)
        return rc;
    rc = x8_json_parse(x8_buf_text(&text), text.len, &json, err);
    if (rc != 0) {
        x8_error_prefix(err, "%s/" INDEX, folder);
        return rc;
    }
    theirs = x8_json_get_str(json, "serial");
    if (!theirs || strcmp(theirs, serial) != 0)
        rc = other_board(folder, theirs ? theirs : "an unknown one", serial, err);
    for (int i = 0; rc == 0 && i < 2; i++) {
        digest = x8_json_get_str(json, keys[i]);
        if (!digest || !x8_copy(sha256[i], 65, digest) || strlen(digest) != 64)
            rc = x8_fail(err, X8_E_BAD_IMAGE, "%s/" INDEX " names no digest of %s", folder,
                         names[i]);
    }
    x8_json_free(&json);
    return rc;
}

static int save_index(const struct x8_kept *kept, const char *serial, const char *folder,
                      struct x8_error *err)
{
    struct x8_json *json = x8_json_object();
    char time[32], *text;
    int rc;

    x8_utc_text(time, 0);
    x8_json_str(json, "serial", serial);
    x8_json_str(json, "time", time);
    x8_json_u64(json, "length", X8_BOOT_AREA_LEN);
    for (int i = 0; i < 2; i++)
        x8_json_str(json, keys[i], kept->sha256[i]);
    text = x8_json_text(json, 1);
    rc = save_file(folder, INDEX, text, strlen(text), err);
    free(text);
    x8_json_free(&json);
    return rc;
}

static int make_folder(const char *folder, struct x8_error *err)
{
    if (mkdir(folder, 0700) == 0 || errno == EEXIST)
        return 0;
    enum x8_code code = x8_write_code(errno, X8_E_NO_PERMISSION);
    x8_fail_sys(err, code, errno, "%s: cannot be made", folder);
    x8_error_next(err, code == X8_E_HOST_SPACE ? "free some space there or choose another folder"
                                               : "choose a folder you may write to");
    return -(int)code;
}

/* An older copy of this board goes: first its index, so that no mixture passes for a copy. */
static int clear_folder(const char *folder, const char *serial, struct x8_error *err)
{
    struct x8_error inner = {0};
    char sha256[2][65], *path;
    int rc = load_index(folder, serial, sha256, &inner);

    if (rc == -X8_E_NO_FILE)
        return 0;
    if (rc == -X8_E_MISFIT) {
        if (err)
            *err = inner;
        return rc;
    }
    rc = path_of(folder, INDEX, &path, err);
    if (rc == 0 && unlink(path) != 0 && errno != ENOENT)
        rc = x8_fail_sys(err, X8_E_NO_PERMISSION, errno, "%s: cannot be replaced", path);
    free(path);
    return rc;
}

int x8_kept_save(const struct x8_kept *kept, const char *serial, const char *folder,
                 struct x8_error *err)
{
    int rc = make_folder(folder, err);

    if (rc == 0)
        rc = clear_folder(folder, serial, err);
    for (int i = 0; rc == 0 && i < 2; i++)
        rc = save_file(folder, names[i], kept->area[i].data, kept->area[i].len, err);
    return rc == 0 ? save_index(kept, serial, folder, err) : rc;
}

static int load_area(const char *folder, int i, struct x8_buf *out, struct x8_error *err)
{
    int rc = load_file(folder, names[i], X8_BOOT_AREA_LEN, out, err);

    if (rc == 0 && out->len != X8_BOOT_AREA_LEN)
        rc = x8_fail(err, X8_E_BAD_IMAGE, "%s/%s has %zu bytes instead of %zu", folder, names[i],
                     out->len, X8_BOOT_AREA_LEN);
    return rc;
}

int x8_kept_load(const char *folder, const char *serial, struct x8_kept *out, struct x8_error *err)
{
    char sha256[2][65];
    int rc = load_index(folder, serial, sha256, err);

    for (int i = 0; rc == 0 && i < 2; i++)
        rc = load_area(folder, i, &out->area[i], err);
    if (rc == 0)
        rc = x8_kept_digest(out, err);
    for (int i = 0; rc == 0 && i < 2; i++) {
        if (strcmp(sha256[i], out->sha256[i]) == 0)
            continue;
        rc = x8_fail(err, X8_E_BAD_DIGEST, "%s/%s is not what was kept", folder, names[i]);
        x8_error_why(err, "its SHA-256 is %.16s..., " INDEX " says %.16s...", out->sha256[i],
                     sha256[i]);
        x8_error_next(err, "use another copy; a board without its loader needs x8ctl flash");
    }
    return rc;
}
