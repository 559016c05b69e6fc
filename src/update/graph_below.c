/*
 * Opening and reading without ever following a link.
 */
#include "update/graph_below.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail_open(struct x8_error *err, int errnum, const char *path)
{
    int rc;
    switch (errnum) {
    case ENOENT:
        return x8_fail_sys(err, X8_E_NO_FILE, errnum, "%s: not there", path);
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return x8_fail_sys(err, X8_E_INTERNAL, errnum, "%s: cannot be opened", path);
    case ELOOP:
    case ENOTDIR:
        rc = x8_fail(err, X8_E_BAD_IMAGE, "%s: something else lies there", path);
        x8_error_why(err, "it is a link, or a name above it is no folder; links are not followed");
        return rc;
    default:
        return x8_fail_sys(err, X8_E_BAD_IMAGE, errnum, "%s: cannot be read", path);
    }
}

/* One name below `folder`; O_NONBLOCK, as looking at a pipe must not wait for its other end. */
static int open_name(int folder, const char *path, size_t len, int flags)
{
    char name[NAME_MAX + 1];
    if (len == 0 || len > NAME_MAX) {
        errno = len ? ENAMETOOLONG : ENOENT;
        return -1;
    }
    memcpy(name, path, len);
    name[len] = '\0';
    return openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
}

static int fail_kind(struct x8_error *err, mode_t mode, const char *path)
{
    int rc = x8_fail(err, X8_E_BAD_IMAGE, "%s: something else lies there", path);
    x8_error_why(err, "it is %s, not a file", S_ISDIR(mode) ? "a folder" : "a special file");
    return rc;
}

int below_open(int root, const char *path, int is_folder, struct x8_error *err)
{
    X8_AUTO_FD folder = -1;
    const char *name = path, *slash;
    struct stat st;
    while ((slash = strchr(name, '/')) != NULL) {
        int next = open_name(folder < 0 ? root : folder, name, (size_t)(slash - name), O_DIRECTORY);
        if (next < 0)
            return fail_open(err, errno, path);
        x8_fd_close(&folder);
        folder = next;
        name = slash + 1;
    }
    X8_AUTO_FD fd =
        open_name(folder < 0 ? root : folder, name, strlen(name), is_folder ? O_DIRECTORY : 0);
    if (fd < 0 || fstat(fd, &st) != 0)
        return fail_open(err, errno, path);
    if (!is_folder && !S_ISREG(st.st_mode))
        return fail_kind(err, st.st_mode, path);
    int opened = fd;
    fd = -1;
    return opened;
}

static ssize_t read_some(int fd, void *out, size_t cap)
{
    ssize_t n;
    do
        n = read(fd, out, cap);
    while (n < 0 && errno == EINTR);
    return n;
}

int below_load(int root, const char *path, size_t max, struct x8_buf *out, struct x8_error *err)
{
    X8_AUTO_FD fd = below_open(root, path, 0, err);
    size_t total = 0;
    if (fd < 0)
        return fd;
    for (;;) {
        if (x8_buf_reserve(out, 65536) < 0)
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
        ssize_t n = read_some(fd, out->data + out->len, 65536);
        if (n < 0)
            return fail_open(err, errno, path);
        out->len += (size_t)n;
        out->data[out->len] = '\0';
        total += (size_t)n;
        if (n == 0)
            return 0;
        if (total > max)
            return x8_fail(err, X8_E_BAD_IMAGE, "%s: larger than %zu bytes", path, max);
    }
}

static ssize_t below_fill(struct below_reader *below, void *out, size_t cap, struct x8_error *err)
{
    int rc = x8_cancel_check(below->op->cancel, X8_CANCEL_SOFT, err);
    if (rc < 0)
        return rc;
    ssize_t n = read_some(below->fd, out, cap);
    if (n < 0)
        return x8_fail_sys(err, X8_E_BAD_IMAGE, errno, "cannot be read");
    if (below->count)
        below->count(below->ctx, (uint64_t)n);
    return n;
}

static ssize_t below_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct below_reader *below = X8_CONTAINER(reader, struct below_reader, reader);
    if (below->at == below->len) {
        if (cap >= below->cap)
            return below_fill(below, out, cap, err);
        ssize_t n = below_fill(below, below->data, below->cap, err);
        if (n <= 0)
            return n;
        below->at = 0;
        below->len = (size_t)n;
    }
    size_t n = below->len - below->at;
    n = n < cap ? n : cap;
    memcpy(out, below->data + below->at, n);
    below->at += n;
    return (ssize_t)n;
}

/* Everything belongs to the caller. */
static void below_close(struct x8_reader *reader)
{
    (void)reader;
}

void below_reader_init(struct below_reader *below, int fd, const struct x8_op *op, uint8_t *data,
                       size_t cap)
{
    static const struct x8_reader_ops ops = {below_read, below_close};
    *below = (struct below_reader){.reader = {&ops}, .fd = fd, .op = op, .data = data, .cap = cap};
}
