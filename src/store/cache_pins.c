/*
 * Taking away what is noted of addresses: the digest each had when it was first used, and which
 * answer of the server that came from. A note whose file is still in the cache stays, as it is how
 * the file is found.
 */
#include "store/cache_parts.h"

#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_MAX 65536u
#define KEY        32 /* digits behind "pin-" */

/* "pin-<key>.json" */
static int is_pin(const char *name)
{
    return x8_starts(name, "pin-") && strspn(name + 4, "0123456789abcdef") == KEY &&
           strcmp(name + 4 + KEY, ".json") == 0;
}

/* What a note says; one that cannot be read is of no address and no file. */
static void load(const char *path, const struct stat *st, struct x8_cached *out)
{
    X8_AUTO_BUF text = {0};
    struct x8_json *json = NULL;
    struct x8_error ignored = {0};
    const char *address, *sha256;

    memset(out, 0, sizeof(*out));
    x8_copy(out->path, sizeof(out->path), path);
    out->added_s = out->used_s = (int64_t)st->st_mtim.tv_sec;
    out->size = (uint64_t)st->st_size;
    if (x8_file_load(path, RECORD_MAX, &text, &ignored) < 0 ||
        x8_json_parse(x8_buf_text(&text), text.len, &json, &ignored) < 0)
        return;
    address = x8_json_get_str(json, "address");
    sha256 = x8_json_get_str(json, "sha256");
    x8_clean(out->url, sizeof(out->url), address ? address : "", address ? strlen(address) : 0);
    x8_copy(out->sha256, sizeof(out->sha256), sha256 ? sha256 : "");
    x8_json_free(&json);
}

static int must_go(const char *folder, const struct x8_cached *pin, int64_t older_s, int64_t now_s)
{
    char path[1200];

    cache_complete_path(folder, pin->sha256, "", path, sizeof(path));
    if (pin->sha256[0] && x8_path_kind(path) == X8_PATH_FILE)
        return 0;
    return older_s < 0 || now_s - pin->added_s > older_s;
}

static int take_away(const char *folder, const char *name, const char *path, struct x8_error *err)
{
    char seen[1200];

    snprintf(seen, sizeof(seen), "%s/seen-%s", folder, name + 4);
    if ((unlink(path) != 0 && errno != ENOENT) || (unlink(seen) != 0 && errno != ENOENT))
        return x8_fail_sys(err, X8_E_NO_PERMISSION, errno, "%.300s cannot be removed", path);
    return 0;
}

int x8_cache_prune_pins(const char *folder, const struct x8_prune *how, int64_t now_s,
                        void (*each)(void *ctx, const struct x8_cached *cached), void *ctx,
                        struct x8_error *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int gone = 0, rc = 0;

    if (!dir)
        return errno == ENOENT ? 0 : x8_fail_sys(err, X8_E_NO_PERMISSION, errno, "%.300s", folder);
    while (rc == 0 && (entry = readdir(dir))) {
        struct x8_cached pin;
        struct stat st;
        char path[1200];

        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (!is_pin(entry->d_name) || lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        load(path, &st, &pin);
        if (!must_go(folder, &pin, how->older_s, now_s))
            continue;
        if (!how->dry_run)
            rc = take_away(folder, entry->d_name, path, err);
        if (rc == 0) {
            gone++;
            if (each)
                each(ctx, &pin);
        }
    }
    closedir(dir);
    return rc < 0 ? rc : gone;
}
