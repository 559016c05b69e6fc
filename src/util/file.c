/*
 * Files: opening with care, reading as a stream, replacing as a whole. Path work is in path.c.
 */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between two looks at whether a wait for a pipe was stopped. */
#define LOOK_MS 100

void x8_fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* What the user can do about a file that cannot be read. */
static int fail_read(struct x8_error *err, int errnum, const char *path)
{
    int rc;

    if (!path[0]) {
        rc = x8_fail(err, X8_E_NO_FILE, "an empty name is no file");
        x8_error_why(err, "a variable that was not set?");
        x8_error_next(err, "name a file");
        return rc;
    }
    rc = x8_fail_sys(err, X8_E_NO_FILE, errnum, "%s: cannot be read", path);
    if (errnum == ENOENT && strstr(path, "://")) {
        x8_error_why(err, "it is an address, and x8ctl reads files: it uses no network");
        x8_error_next(err, "download it first, then name the file");
    } else if (errnum == ENOENT || errnum == ENOTDIR)
        x8_error_next(err, "check the name and the folder");
    else if (errnum == EACCES)
        x8_error_next(err, "give yourself read access to the file and search access to its folder");
    else if (errnum == EIO)
        x8_error_next(err, "the disk has a fault there: copy the file again from its source");
    return rc;
}

static int fail_kind(struct x8_error *err, mode_t mode, const char *path)
{
    const char *kind = "a special file";
    int rc = x8_fail(err, X8_E_NO_FILE, "%s: not a regular file", path);

    if (S_ISDIR(mode))
        kind = "a folder";
    else if (S_ISFIFO(mode))
        kind = "a pipe, and this input has to be read more than once or as a whole";
    else if (S_ISCHR(mode) || S_ISBLK(mode))
        kind = "a device";
    x8_error_why(err, "it is %s", kind);
    x8_error_next(err, "name a file");
    return rc;
}

static int set_blocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

static int fail_writer(struct x8_error *err, const char *path, int timeout_ms)
{
    int rc = x8_fail(err, X8_E_TIMEOUT, "%s: nobody writes into this pipe", path);

    x8_error_why(err, "no program has opened it for %d seconds", timeout_ms / 1000);
    x8_error_next(err, "start what writes it first, or name a file");
    return rc;
}

/*
 * A pipe opened without blocking reads as ended until its first writer comes. poll() does tell the
 * two apart: it reports nothing before that writer, data or hang-up after it. 1, 0 when the time is
 * over, or negative. The token is looked at between short waits: a waker would need a descriptor.
 */
static int await_input(const struct x8_cancel *cancel, int fd, const char *path, int64_t deadline,
                       struct x8_error *err)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    for (;;) {
        int rc = x8_cancel_check(cancel, X8_CANCEL_SOFT, err);

        if (rc < 0)
            return rc;
        rc = poll(&p, 1, x8_deadline_left(deadline, cancel ? LOOK_MS : INT_MAX));
        if (rc > 0)
            return 1;
        if (rc < 0 && errno != EINTR)
            return fail_read(err, errno, path);
        if (x8_deadline_left(deadline, 1) == 0)
            return 0;
    }
}

static int await_writer(const struct x8_cancel *cancel, int fd, const char *path, int timeout_ms,
                        struct x8_error *err)
{
    int rc = await_input(cancel, fd, path, x8_deadline_in(timeout_ms), err);

    return rc == 0 ? fail_writer(err, path, timeout_ms) : rc < 0 ? rc : 0;
}

int x8_file_await_writer(int fd, const char *path, int timeout_ms, struct x8_error *err)
{
    return await_writer(NULL, fd, path, timeout_ms, err);
}

int x8_file_open_for(const struct x8_cancel *cancel, const char *path, int allow_pipe,
                     struct x8_error *err)
{
    /* O_NONBLOCK: looking at what it is must not wait for the other end of a pipe. */
    X8_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    int opened, rc = 0;

    if (fd < 0 || fstat(fd, &st) != 0)
        return fail_read(err, errno, path);
    if (!S_ISREG(st.st_mode) && !(allow_pipe && S_ISFIFO(st.st_mode)))
        return fail_kind(err, st.st_mode, path);
    if (S_ISFIFO(st.st_mode))
        rc = await_writer(cancel, fd, path, X8_WRITER_MS, err);
    if (rc < 0)
        return rc;
    if (set_blocking(fd) < 0)
        return fail_read(err, errno, path);
    opened = fd;
    fd = -1;
    return opened;
}

int x8_file_open(const char *path, int allow_pipe, struct x8_error *err)
{
    return x8_file_open_for(NULL, path, allow_pipe, err);
}

struct file_reader {
    struct x8_reader reader;
    int fd;
    const struct x8_cancel *cancel; /* of a pipe: ends a wait; or NULL */
    int bounded;                    /* `left` counts; the file must not end before */
    uint64_t left;                  /* bytes still to come */
    struct x8_error error;
    int failed; /* the code of `error`, repeated for ever */
    char path[];
};

static ssize_t file_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct file_reader *file = (struct file_reader *)reader;
    ssize_t n = 0;

    if (file->bounded && cap > file->left)
        cap = (size_t)file->left;
    if (!file->failed && cap > 0 && file->cancel) {
        int rc = await_input(file->cancel, file->fd, file->path, X8_NO_DEADLINE, &file->error);
        file->failed = rc < 0 ? rc : 0;
    }
    if (!file->failed && cap > 0) {
        do
            n = read(file->fd, out, cap);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            file->failed = fail_read(&file->error, errno, file->path);
        else if (n == 0 && file->bounded)
            file->failed =
                x8_fail(&file->error, X8_E_BAD_IMAGE, "%s: the file ends %llu bytes too early",
                        file->path, (unsigned long long)file->left);
    }
    if (file->failed) {
        if (err)
            *err = file->error;
        return file->failed;
    }
    if (file->bounded)
        file->left -= (uint64_t)n;
    return n;
}

static void file_close(struct x8_reader *reader)
{
    struct file_reader *file = (struct file_reader *)reader;

    x8_fd_close(&file->fd);
    free(file);
}

/* Takes `fd` in any case. */
static int make_reader(int fd, const char *path, struct x8_reader **out, struct x8_error *err)
{
    static const struct x8_reader_ops ops = {file_read, file_close};
    size_t path_len = strlen(path) + 1;
    struct file_reader *file = calloc(1, sizeof *file + path_len);

    if (!file) {
        close(fd);
        return x8_fail(err, X8_E_INTERNAL, "%s: out of memory", path);
    }
    file->reader.ops = &ops;
    file->fd = fd;
    memcpy(file->path, path, path_len);
#ifdef POSIX_FADV_SEQUENTIAL
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* advice: a refusal changes nothing */
#endif
    *out = &file->reader;
    return 0;
}

int x8_file_reader_for(const struct x8_cancel *cancel, const char *path, struct x8_reader **out,
                       uint64_t *out_size, struct x8_error *err)
{
    int fd = x8_file_open_for(cancel, path, 1, err), rc;
    struct stat st;

    if (fd < 0)
        return fd;
    if (fstat(fd, &st) != 0) {
        rc = fail_read(err, errno, path);
        close(fd);
        return rc;
    }
    rc = make_reader(fd, path, out, err);
    if (rc == 0 && S_ISFIFO(st.st_mode))
        ((struct file_reader *)*out)->cancel = cancel;
    if (rc == 0 && out_size)
        *out_size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : UINT64_MAX;
    return rc;
}

int x8_file_reader(const char *path, struct x8_reader **out, uint64_t *out_size,
                   struct x8_error *err)
{
    return x8_file_reader_for(NULL, path, out, out_size, err);
}

int x8_file_reader_at(const char *path, uint64_t off, uint64_t len, struct x8_reader **out,
                      struct x8_error *err)
{
    int fd = x8_file_open(path, 0, err), rc;

    if (fd < 0)
        return fd;
    if (off > INT64_MAX || lseek(fd, (off_t)off, SEEK_SET) < 0) {
        rc = fail_read(err, off > INT64_MAX ? EOVERFLOW : errno, path);
        close(fd);
        return rc;
    }
    rc = make_reader(fd, path, out, err);
    if (rc < 0)
        return rc;
    ((struct file_reader *)*out)->bounded = 1;
    ((struct file_reader *)*out)->left = len;
    return 0;
}

int x8_file_load(const char *path, size_t max, struct x8_buf *out, struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    int fd = x8_file_open(path, 0, err), rc;

    if (fd < 0)
        return fd;
    rc = make_reader(fd, path, &reader, err);
    if (rc < 0)
        return rc;
    rc = x8_read_all(reader, max, out, err);
    if (rc == -X8_E_BAD_IMAGE)
        x8_error_prefix(err, "%s", path);
    return rc;
}
