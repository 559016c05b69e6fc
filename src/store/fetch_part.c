/*
 * A part: the bytes of a download that are there, and the record that says of what.
 *
 * A kill at any moment leaves a part that can go on, by the order of writing: bytes are cut off
 * before the record speaks of another file, and the record is there before the first byte. A power
 * cut may also take away bytes that were written but not synced, and leave a hole in their place:
 * of a part from before the computer was started only what the record says was synced is used.
 */
#include "store/fetch_parts.h"

#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define RECORD_MAX 65536u
#define BLOCK      ((size_t)1 << 20)
#define SYNC_EVERY ((uint64_t)64 << 20)
/* Left free, so that a download does not stop everything else on the computer. */
#define SPARE ((uint64_t)32 << 20)

void part_init(struct fetch_part *part, const char *folder, const char *address, const char *shown)
{
    memset(part, 0, sizeof(*part));
    part->folder = folder;
    part->fd = part->lock_fd = -1;
    x8_cache_path(folder, "part", address, "", part->path, sizeof(part->path));
    x8_cache_path(folder, "part", address, ".json", part->record, sizeof(part->record));
    x8_cache_path(folder, "part", address, ".lock", part->lock, sizeof(part->lock));
    x8_copy(part->shown, sizeof(part->shown), shown);
}

void part_done(struct fetch_part *part)
{
    x8_fd_close(&part->fd);
    x8_fd_close(&part->lock_fd);
}

/* Changes with every start of the computer; "" where there is no such thing. */
static void boot_of(char out[64])
{
    X8_AUTO_BUF text = {0};
    struct x8_error ignored = {0};

    out[0] = '\0';
    if (x8_file_load("/proc/sys/kernel/random/boot_id", 256, &text, &ignored) == 0)
        x8_clean(out, 64, x8_buf_text(&text), strcspn(x8_buf_text(&text), "\n"));
}

static void copy_of(const struct x8_json *json, const char *key, char *out, size_t cap)
{
    const char *text = x8_json_get_str(json, key);

    x8_copy(out, cap, text ? text : "");
}

static uint64_t number_of(const struct x8_json *json, const char *key, uint64_t other)
{
    uint64_t value;

    return x8_json_as_u64(x8_json_get(json, key), &value) == 0 ? value : other;
}

/* 0 when there is a record that can be used; *out_boot: the start of the computer it is from. */
static int load_record(struct fetch_part *part, char out_boot[64])
{
    X8_AUTO_BUF text = {0};
    struct x8_json *json = NULL;
    struct x8_error ignored = {0};

    if (x8_path_kind(part->record) != X8_PATH_FILE ||
        x8_file_load(part->record, RECORD_MAX, &text, &ignored) < 0 ||
        x8_json_parse(x8_buf_text(&text), text.len, &json, &ignored) < 0)
        return -1;
    copy_of(json, "validator", part->validator, sizeof(part->validator));
    copy_of(json, "boot", out_boot, 64);
    part->total = number_of(json, "total", UINT64_MAX);
    part->synced = number_of(json, "synced", 0);
    x8_json_free(&json);
    return 0;
}

static int save_record(struct fetch_part *part, struct x8_error *err)
{
    struct x8_json *json = x8_json_object();
    char boot[64];

    boot_of(boot);
    x8_json_str(json, "url", part->shown);
    x8_json_str(json, "validator", part->validator);
    if (part->total != UINT64_MAX)
        x8_json_u64(json, "total", part->total);
    x8_json_u64(json, "synced", part->synced);
    x8_json_str(json, "boot", boot);
    char *text = x8_json_text(json, 1);
    x8_json_free(&json);
    if (!text)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    int rc = x8_file_replace(part->record, text, strlen(text), 0600, err);
    free(text);
    return rc;
}

static int fail_write(const struct fetch_part *part, int errnum, struct x8_error *err)
{
    char have[24];
    int is_full = x8_write_code(errnum, X8_E_INTERNAL) == X8_E_HOST_SPACE;

    if (!is_full) {
        x8_fail_sys(err, errnum == EIO ? X8_E_INTERNAL : X8_E_NO_PERMISSION, errnum,
                    "%.300s cannot be written", part->path);
        x8_error_next(err, "check the disk, or name another place: XDG_CACHE_HOME=FOLDER");
        return -(int)err->code;
    }
    x8_size_text(have, part->have);
    x8_fail_sys(err, X8_E_HOST_SPACE, errnum, "no room for the rest of the download in %.200s",
                part->folder);
    x8_error_next(err,
                  "x8ctl image prune, or make room otherwise; the %s that are there are kept "
                  "and gone on with",
                  have);
    return -X8_E_HOST_SPACE;
}

int part_open(struct fetch_part *part, struct x8_error *err)
{
    char boot[64] = "", now[64];
    struct stat st;
    uint64_t good;

    part->total = UINT64_MAX;
    part->fd = open(part->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (part->fd < 0 || fstat(part->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return fail_write(part, part->fd < 0 ? errno : EACCES, err);
    boot_of(now);
    good = (uint64_t)st.st_size;
    if (load_record(part, boot) < 0)
        good = 0;
    else if ((!now[0] || strcmp(boot, now) != 0) && good > part->synced)
        good = part->synced;
    if (good > part->total)
        good = 0;
    if (good != (uint64_t)st.st_size && ftruncate(part->fd, (off_t)good) != 0)
        return fail_write(part, errno, err);
    part->have = good;
    part->synced = part->synced < good ? part->synced : good;
    return 0;
}

int part_hash(struct fetch_part *part, const struct x8_op *op, struct x8_sha256 *sha,
              struct x8_error *err)
{
    struct x8_op own = *op;
    uint8_t *block = malloc(BLOCK);
    uint64_t at = 0;
    int rc = block ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");

    own.stage = "check";
    if (rc == 0)
        x8_emit_enter(&own);
    while (rc == 0 && at < part->have) {
        size_t want = part->have - at < BLOCK ? (size_t)(part->have - at) : BLOCK;
        ssize_t n = pread(part->fd, block, want, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            rc = x8_fail_sys(err, X8_E_NO_FILE, n < 0 ? errno : EIO, "%.300s", part->path);
            break;
        }
        x8_sha256_add(sha, block, (size_t)n);
        x8_emit_progress(&own, at += (uint64_t)n, part->have);
        rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, err);
    }
    free(block);
    return rc;
}

int part_restart(struct fetch_part *part, struct x8_error *err)
{
    if (part->have == 0 && part->synced == 0)
        return 0;
    if (ftruncate(part->fd, 0) != 0 || fsync(part->fd) != 0)
        return fail_write(part, errno, err);
    part->have = part->synced = 0;
    return 0;
}

int part_note(struct fetch_part *part, const char *validator, uint64_t total, struct x8_error *err)
{
    x8_copy(part->validator, sizeof(part->validator), validator);
    part->total = total;
    return save_record(part, err);
}

int part_check_space(const struct fetch_part *part, uint64_t more, struct x8_error *err)
{
    struct statvfs fs;
    char need[24], have[24];
    uint64_t room;

    if (statvfs(part->folder, &fs) != 0 || fs.f_blocks == 0)
        return 0; /* writing will tell */
    room = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (room >= SPARE && room - SPARE >= more)
        return 0;
    x8_size_text(need, more + SPARE < more ? more : more + SPARE);
    x8_size_text(have, room);
    x8_fail(err, X8_E_HOST_SPACE, "no room for the download in %.200s", part->folder);
    x8_error_why(err, "%s are needed there, and %s are free", need, have);
    x8_error_next(err,
                  "x8ctl image prune, make room otherwise, or XDG_CACHE_HOME=FOLDER for another "
                  "place; what is there is kept");
    return -X8_E_HOST_SPACE;
}

void part_keep(struct fetch_part *part)
{
    struct x8_error ignored = {0};

    if (part->fd < 0 || part->have == part->synced || fdatasync(part->fd) != 0)
        return;
    part->synced = part->have;
    if (save_record(part, &ignored) < 0)
        return; /* the old record stands, which claims less */
}

int part_write(struct fetch_part *part, const void *data, size_t len, struct x8_error *err)
{
    const uint8_t *at = data;

    while (len) {
        ssize_t n = pwrite(part->fd, at, len, (off_t)part->have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_write(part, errno, err);
        at += n;
        len -= (size_t)n;
        part->have += (uint64_t)n;
    }
    if (part->have - part->synced < SYNC_EVERY)
        return 0;
    part_keep(part);
    return part->total == UINT64_MAX ? part_check_space(part, 0, err) : 0;
}

void part_forget(struct fetch_part *part)
{
    x8_fd_close(&part->fd);
    unlink(part->record);
    unlink(part->lock);
    x8_fd_close(&part->lock_fd);
}
