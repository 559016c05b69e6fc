/*
 * `sync:` requests that write: SEND, with the habits that a host must know: the file grows under
 * its final name, the owner's bits are given to everybody, a failure is said once and the rest of
 * the data is swallowed.
 */
#define _GNU_SOURCE /* futimens beside fchmod */
#include "ad_sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fail_once(struct sync *y, int error)
{
    if (!y->has_failed)
        sync_fail_errno(y, error);
    y->has_failed = 1;
}

/* All folders above `path`, mode 0775. */
static void make_folders(const char *path)
{
    char part[SYNC_PATH_MAX + 1];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        memcpy(part, path, (size_t)(slash - path));
        part[slash - path] = 0;
        mkdir(part, 0775);
    }
}

static int open_target(const char *path, mode_t mode)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    int fd = open(path, flags, mode);
    if (fd < 0 && errno == ENOENT && path[0]) {
        make_folders(path);
        fd = open(path, flags, mode);
    }
    if (fd < 0 && errno == EEXIST)
        fd = open(path, O_WRONLY | O_CLOEXEC, mode);
    return fd;
}

void sync_send(struct sync *y, const char *path, uint32_t mode)
{
    struct stat st;
    size_t len = strlen(path);
    mode_t old;

    memcpy(y->target, path, len + 1);
    y->has_failed = 0;
    y->link_len = 0;
    y->is_link = (mode & S_IFMT) == S_IFLNK;
    if (lstat(path, &st) || S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
        unlink(path);
    if (y->is_link)
        return;
    mode &= 0777;
    mode |= mode >> 3 & 0070;
    mode |= mode >> 3 & 0007;
    old = umask(0);
    y->send_fd = open_target(path, mode);
    int error = errno;
    umask(old);
    if (y->send_fd < 0)
        fail_once(y, error);
    else
        fchmod(y->send_fd, mode);
}

/* "path,33188": the text behind the last comma. */
void sync_send_mode(struct sync *y)
{
    char *comma = strrchr(y->path, ',');
    uint32_t mode = 0644;
    if (comma) {
        *comma = 0;
        errno = 0;
        unsigned long value = strtoul(comma + 1, NULL, 0);
        if (errno == 0)
            mode = (uint32_t)value;
    }
    sync_send(y, y->path, mode);
}

static void write_failed(struct sync *y, int error)
{
    close(y->send_fd);
    y->send_fd = -1;
    unlink(y->target);
    fail_once(y, error);
}

void sync_send_data(struct sync *y, const uint8_t *data, size_t len)
{
    if (y->is_link) {
        size_t room = SYNC_PATH_MAX - y->link_len;
        memcpy(y->link_text + y->link_len, data, len < room ? len : room);
        y->link_len += len < room ? len : room;
    }
    while (len && y->send_fd >= 0) {
        ssize_t n = write(y->send_fd, data, len);
        if (n < 0 && errno != EINTR) {
            write_failed(y, errno);
        } else if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
}

static void make_link(struct sync *y)
{
    y->link_text[y->link_len] = 0;
    if (symlink(y->link_text, y->target) == 0)
        return;
    if (errno == ENOENT) {
        make_folders(y->target);
        if (symlink(y->link_text, y->target) == 0)
            return;
    }
    fail_once(y, errno);
}

void sync_send_done(struct sync *y, uint32_t mtime)
{
    const struct timespec times[2] = {{(time_t)mtime, 0}, {(time_t)mtime, 0}};
    if (y->is_link)
        make_link(y);
    else if (y->send_fd >= 0)
        close(y->send_fd);
    y->send_fd = -1;
    if (!y->has_failed) {
        if (!y->is_link)
            utimensat(AT_FDCWD, y->target, times, 0);
        sync_say(y, SYNC_OKAY, 0);
    }
    y->is_link = 0;
}

/* What was half sent goes. */
void sync_send_abort(struct sync *y)
{
    if (y->send_fd < 0)
        return;
    close(y->send_fd);
    y->send_fd = -1;
    unlink(y->target);
}
