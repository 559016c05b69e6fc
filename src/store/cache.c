/*
 * The folder of complete files: names, records, taking a part in, finding one again.
 */
#include "store/cache.h"
#include "store/cache_parts.h"

#include "util/digest.h"
#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RECORD_MAX 65536u
#define BLOCK      ((size_t)1 << 20)

void x8_cache_path(const char *folder, const char *kind, const char *address, const char *ending,
                   char *out, size_t cap)
{
    uint8_t digest[X8_SHA256_LEN];
    char hex[2 * X8_SHA256_LEN + 1];
    struct x8_sha256 *sha = x8_sha256_new();

    out[0] = '\0';
    if (!sha)
        return;
    x8_sha256_add(sha, address, strlen(address));
    x8_sha256_take(sha, digest);
    x8_sha256_free(&sha);
    x8_hex(hex, digest, 16);
    snprintf(out, cap, "%s/%s-%.32s%s", folder, kind, hex, ending);
}

void cache_complete_path(const char *folder, const char *sha256, const char *ending, char *out,
                         size_t cap)
{
    snprintf(out, cap, "%s/%.64s%s", folder, sha256, ending);
}

static int64_t mtime_of(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static void copy_text(const struct x8_json *in, const char *key, char *out, size_t cap)
{
    const char *text = x8_json_get_str(in, key);

    if (text)
        x8_clean(out, cap, text, strlen(text));
}

static int64_t number(const struct x8_json *in, const char *key)
{
    const char *text = x8_json_get_str(in, key);
    uint64_t value = 0;

    return text && x8_parse_u64(text, &value) == 0 ? (int64_t)value : 0;
}

int cache_record_load(const char *path, struct x8_cached *out)
{
    X8_AUTO_BUF text = {0};
    struct x8_json *json = NULL;
    struct x8_error ignored = {0};

    if (x8_path_kind(path) != X8_PATH_FILE || x8_file_load(path, RECORD_MAX, &text, &ignored) < 0 ||
        x8_json_parse(x8_buf_text(&text), text.len, &json, &ignored) < 0)
        return -1;
    copy_text(json, "name", out->name, sizeof(out->name));
    copy_text(json, "url", out->url, sizeof(out->url));
    out->size = (uint64_t)number(json, "size");
    out->mtime_ns = number(json, "mtime");
    out->added_s = number(json, "added");
    out->used_s = number(json, "used");
    x8_json_as_bool(x8_json_get(json, "known"), &out->is_known);
    x8_json_free(&json);
    return 0;
}

/* Numbers as text: times in nanoseconds are more than a JSON number holds. */
static void add_number(struct x8_json *json, const char *key, int64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)value);
    x8_json_str(json, key, text);
}

static int record_save(const char *folder, const struct x8_cached *cached, struct x8_error *err)
{
    char path[1200];
    struct x8_json *json = x8_json_object();

    x8_json_str(json, "name", cached->name);
    x8_json_str(json, "url", cached->url);
    add_number(json, "size", (int64_t)cached->size);
    add_number(json, "mtime", cached->mtime_ns);
    add_number(json, "added", cached->added_s);
    add_number(json, "used", cached->used_s);
    x8_json_bool(json, "known", cached->is_known);
    char *text = x8_json_text(json, 1);
    x8_json_free(&json);
    if (!text)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    cache_complete_path(folder, cached->sha256, ".json", path, sizeof(path));
    int rc = x8_file_replace(path, text, strlen(text), 0600, err);
    free(text);
    return rc;
}

void x8_cache_touch(const char *folder, const struct x8_cached *cached)
{
    struct x8_cached used = *cached;
    struct x8_error ignored = {0};

    used.used_s = (int64_t)time(NULL);
    if (record_save(folder, &used, &ignored) < 0)
        return; /* a folder that may only be read serves as well */
}

int x8_cache_take(const char *folder, const char *part_path, struct x8_cached *what,
                  struct x8_error *err)
{
    struct stat st;
    X8_AUTO_FD fd = open(part_path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0 || fstat(fd, &st) != 0)
        return x8_fail_sys(err, x8_write_code(errno, X8_E_NO_FILE), errno, "%.300s", part_path);
    cache_complete_path(folder, what->sha256, "", what->path, sizeof(what->path));
    what->size = (uint64_t)st.st_size;
    what->mtime_ns = mtime_of(&st);
    what->added_s = what->used_s = (int64_t)time(NULL);
    what->is_part = 0;
    /* The record first: a record alone is nothing, a file alone would be hashed again. */
    int rc = record_save(folder, what, err);
    if (rc == 0 && rename(part_path, what->path) != 0)
        rc = x8_fail_sys(err, x8_write_code(errno, X8_E_NO_PERMISSION), errno,
                         "%.300s cannot be renamed", part_path);
    return rc;
}

int cache_digest(const struct x8_op *op, const char *path, char out[65], struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    struct x8_op own = *op;
    uint8_t digest[X8_SHA256_LEN];
    uint64_t size = 0, done = 0;

    own.stage = "check";
    int rc = x8_file_reader(path, &reader, &size, err);
    if (rc < 0)
        return rc;
    uint8_t *block = malloc(BLOCK);
    struct x8_sha256 *sha = x8_sha256_new();
    ssize_t n = block && sha ? 1 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    while (n > 0) {
        n = x8_read(reader, block, BLOCK, err);
        if (n > 0) {
            x8_sha256_add(sha, block, (size_t)n);
            x8_emit_progress(&own, done += (uint64_t)n, size);
            int stop = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, err);
            n = stop < 0 ? stop : n;
        }
    }
    if (n == 0) {
        x8_sha256_take(sha, digest);
        x8_hex(out, digest, X8_SHA256_LEN);
    }
    x8_sha256_free(&sha);
    free(block);
    return (int)n;
}

int cache_put_aside(const char *folder, const char *path, const char *got, const char *want,
                    const char *what, struct x8_error *err)
{
    char aside[1200];

    snprintf(aside, sizeof(aside), "%s/bad-%.64s", folder, got);
    int moved = rename(path, aside) == 0;
    x8_fail(err, X8_E_BAD_DIGEST, "%.300s is not what it should be", what);
    x8_error_why(err, "its SHA-256 is %.64s, not %.64s; %s %.200s", got, want,
                 moved ? "it was kept aside as" : "it is", moved ? aside : path);
    x8_error_next(err,
                  "x8ctl image get again; if it stays so, the source or the way to it is damaged");
    return -X8_E_BAD_DIGEST;
}

int x8_cache_find(const struct x8_op *op, const char *folder, const char *sha256, int deep,
                  struct x8_cached *out, struct x8_error *err)
{
    char path[1200], got[65];
    struct stat st;

    memset(out, 0, sizeof(*out));
    snprintf(out->sha256, sizeof(out->sha256), "%.64s", sha256);
    cache_complete_path(folder, sha256, "", out->path, sizeof(out->path));
    cache_complete_path(folder, sha256, ".json", path, sizeof(path));
    if (lstat(out->path, &st) != 0)
        return 0;
    if (!S_ISREG(st.st_mode)) { /* what is downloaded could not take its name */
        x8_fail(err, X8_E_NO_PERMISSION, "%.300s is in the way", out->path);
        x8_error_why(err, "it is %s, where the cache keeps a file",
                     S_ISDIR(st.st_mode) ? "a folder" : "no plain file");
        x8_error_next(err, "look at what it is, and remove it");
        return -X8_E_NO_PERMISSION;
    }
    int has_record = cache_record_load(path, out) == 0;
    int same = has_record && out->size == (uint64_t)st.st_size && out->mtime_ns == mtime_of(&st);
    if (same && !deep)
        return 1;
    int rc = cache_digest(op, out->path, got, err);
    if (rc < 0)
        return rc;
    if (strcmp(got, sha256) != 0)
        return cache_put_aside(folder, out->path, got, sha256, out->path, err);
    out->size = (uint64_t)st.st_size;
    out->mtime_ns = mtime_of(&st);
    x8_cache_touch(folder, out);
    return 1;
}

int x8_cache_pin_get(const char *folder, const char *address, char out[65], struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    struct x8_json *json = NULL;
    char path[1200];
    uint8_t digest[X8_SHA256_LEN];

    x8_cache_path(folder, "pin", address, ".json", path, sizeof(path));
    if (x8_path_kind(path) != X8_PATH_FILE)
        return 0;
    int rc = x8_file_load(path, RECORD_MAX, &text, err);
    if (rc == 0)
        rc = x8_json_parse(x8_buf_text(&text), text.len, &json, err);
    const char *pinned = rc == 0 ? x8_json_get_str(json, "sha256") : NULL;
    if (pinned && strlen(pinned) == 64 && x8_unhex(digest, X8_SHA256_LEN, pinned) == 0) {
        snprintf(out, 65, "%s", pinned);
        rc = 1;
    } else {
        rc = x8_fail(err, X8_E_BAD_IMAGE, "%.300s is damaged", path);
        x8_error_next(err, "remove it: the next download makes it anew");
    }
    x8_json_free(&json);
    return rc;
}

int x8_cache_pin_set(const char *folder, const char *address, const char *sha256,
                     struct x8_error *err)
{
    char path[1200];
    struct x8_json *json = x8_json_object();

    x8_json_str(json, "address", address);
    x8_json_str(json, "sha256", sha256);
    char *text = x8_json_text(json, 1);
    x8_json_free(&json);
    if (!text)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    x8_cache_path(folder, "pin", address, ".json", path, sizeof(path));
    int rc = x8_file_replace(path, text, strlen(text), 0600, err);
    free(text);
    return rc;
}
