/*
 * `sync:` requests that read: STAT, LIST and RECV, and their second versions.
 */
#define _GNU_SOURCE /* struct stat's st_atim beside the integer times */
#include "ad_sync.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* id, error, dev, ino, mode, nlink, uid, gid, size, three times: 72 bytes. */
static void say_stat2(struct sync *y, uint32_t id, int error, const struct stat *st)
{
    uint8_t b[72] = {0};
    x8_put_le32(b, id);
    x8_put_le32(b + 4, (uint32_t)error);
    if (!error) {
        x8_put_le64(b + 8, st->st_dev);
        x8_put_le64(b + 16, st->st_ino);
        x8_put_le32(b + 24, st->st_mode);
        x8_put_le32(b + 28, (uint32_t)st->st_nlink);
        x8_put_le32(b + 32, st->st_uid);
        x8_put_le32(b + 36, st->st_gid);
        x8_put_le64(b + 40, (uint64_t)st->st_size);
        x8_put_le64(b + 48, (uint64_t)st->st_atim.tv_sec);
        x8_put_le64(b + 56, (uint64_t)st->st_mtim.tv_sec);
        x8_put_le64(b + 64, (uint64_t)st->st_ctim.tv_sec);
    }
    ad_buf_add(&y->stream->text, b, sizeof b);
}

/* id, mode, size, time; the size wraps at 4 GiB. */
static void say_stat1(struct sync *y, uint32_t id, const struct stat *st)
{
    uint8_t b[16];
    x8_put_le32(b, id);
    x8_put_le32(b + 4, st->st_mode);
    x8_put_le32(b + 8, (uint32_t)st->st_size);
    x8_put_le32(b + 12, (uint32_t)st->st_mtim.tv_sec);
    ad_buf_add(&y->stream->text, b, sizeof b);
}

void sync_stat(struct sync *y)
{
    struct stat st;
    memset(&st, 0, sizeof st);
    int failed = y->id == SYNC_STA2 ? stat(y->path, &st) : lstat(y->path, &st);
    int error = failed ? errno : 0;
    if (failed)
        memset(&st, 0, sizeof st);
    if (y->id == SYNC_STAT)
        say_stat1(y, SYNC_STAT, &st);
    else
        say_stat2(y, y->id, error, &st);
}

static void say_name(struct sync *y, const char *name)
{
    uint8_t len[4];
    x8_put_le32(len, (uint32_t)strlen(name));
    ad_buf_add(&y->stream->text, len, sizeof len);
    ad_stream_say(y->stream, name);
}

static void say_entry(struct sync *y, const char *name)
{
    char path[SYNC_PATH_MAX + 300];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s/%s", y->path, name);
    if (n < 0 || (size_t)n >= sizeof path || strlen(name) > 256)
        return;
    int error = lstat(path, &st) ? errno : 0;
    if (y->id == SYNC_LIST && error)
        return;
    if (y->id == SYNC_LIST)
        say_stat1(y, SYNC_DENT, &st);
    else
        say_stat2(y, SYNC_DNT2, error, &st);
    say_name(y, name);
}

/* A folder that is missing or may not be read looks like an empty one. */
void sync_list(struct sync *y)
{
    static const uint8_t zeros[72];
    DIR *dir = opendir(y->path);
    if (dir) {
        for (struct dirent *entry; (entry = readdir(dir));)
            say_entry(y, entry->d_name);
        closedir(dir);
    }
    sync_say(y, SYNC_DONE, 0);
    ad_buf_add(&y->stream->text, zeros, y->id == SYNC_LIST ? 12 : 68);
}

/* ---- RECV ---- */

void sync_recv(struct sync *y)
{
    /* A pipe without a writer would keep the only thread. */
    y->recv_fd = open(y->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (y->recv_fd < 0)
        sync_fail_errno(y, errno);
}

static void end_recv(struct sync *y)
{
    close(y->recv_fd);
    y->recv_fd = -1;
}

void sync_recv_more(struct sync *y)
{
    uint8_t *room = ad_buf_room(&y->stream->text, 8 + SYNC_DATA_MAX);
    ssize_t n = read(y->recv_fd, room + 8, SYNC_DATA_MAX);
    if (n < 0) {
        sync_fail_errno(y, errno);
        end_recv(y);
    } else if (n == 0) {
        sync_say(y, SYNC_DONE, 0);
        end_recv(y);
    } else {
        x8_put_le32(room, SYNC_DATA);
        x8_put_le32(room + 4, (uint32_t)n);
        y->stream->text.len += 8 + (size_t)n;
    }
}
