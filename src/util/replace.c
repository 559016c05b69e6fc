/*
 * Writing: a file replaced as a whole (written beside the old one, made durable, renamed over it),
 * and one that grows at its end.
 */
#define _XOPEN_SOURCE 700 /* realpath() is in the X/Open part of POSIX 2008 */

#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum x8_code x8_write_code(int errnum, enum x8_code other)
{
    if (errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG)
        return X8_E_HOST_SPACE;
    if (errnum == EACCES || errnum == EPERM || errnum == EROFS)
        return X8_E_NO_PERMISSION;
    return other;
}

static int fail_write(struct x8_error *err, int errnum, const char *path)
{
    enum x8_code code = x8_write_code(errnum, X8_E_NO_FILE);
    int rc;

    if (code == X8_E_HOST_SPACE) {
        rc = x8_fail_sys(err, X8_E_HOST_SPACE, errnum, "%s: no room to write it", path);
        x8_error_next(err, "free some space there or choose another folder");
        return rc;
    }
    if (code == X8_E_NO_PERMISSION) {
        rc = x8_fail_sys(err, X8_E_NO_PERMISSION, errnum, "%s: cannot be written", path);
        x8_error_next(err, "choose a folder you may write to, or get access to this one");
        return rc;
    }
    rc = x8_fail_sys(err, X8_E_NO_FILE, errnum, "%s: cannot be written", path);
    x8_error_next(err, "check the name and the folder");
    return rc;
}

int x8_write_whole(int fd, const void *data, size_t len)
{
    const uint8_t *from = data;

    while (len) {
        ssize_t n = write(fd, from, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        from += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Without this the new name may be lost with the power although the contents are not. A file
 * system that cannot do it (EINVAL) leaves nothing to be done. */
static int sync_folder(const char *folder)
{
    X8_AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return errno == EACCES ? 0 : errno; /* a folder may be writable without being readable */
    return fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
}

static int fill(int fd, const void *data, size_t len, unsigned mode)
{
    int errnum = x8_write_whole(fd, data, len);

    if (errnum == 0 && (fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0))
        errnum = errno;
    return errnum;
}

/* Returns 0 or an errno; the temporary file is gone either way. */
static int replace_in(const char *folder, const char *path, const void *data, size_t len,
                      unsigned mode)
{
    char *temp = x8_path_join(folder, ".x8ctl-XXXXXX");
    int fd = temp ? mkstemp(temp) : -1, errnum = temp ? errno : ENOMEM;

    if (fd >= 0) {
        errnum = fill(fd, data, len, mode);
        if (close(fd) != 0 && errnum == 0)
            errnum = errno;
        if (errnum == 0 && rename(temp, path) != 0)
            errnum = errno;
        if (errnum != 0)
            unlink(temp);
        else
            errnum = sync_folder(folder);
    }
    free(temp);
    return errnum;
}

int x8_file_replace(const char *path, const void *data, size_t len, unsigned mode,
                    struct x8_error *err)
{
    /* A link stays a link: what it points to is replaced. NULL when there is nothing yet. */
    char *real = realpath(path, NULL);
    const char *target = real ? real : path;
    char *folder = x8_path_dir(target);
    enum x8_path_kind kind = x8_path_kind(target);
    int errnum = folder ? 0 : ENOMEM;

    if (kind == X8_PATH_DIR)
        errnum = EISDIR;
    else if (kind == X8_PATH_OTHER)
        errnum = EEXIST; /* never put a file in the place of a device or pipe */
    if (errnum == 0)
        errnum = replace_in(folder, target, data, len, mode);
    free(folder);
    free(real);
    return errnum ? fail_write(err, errnum, path) : 0;
}

int x8_file_append_open(const char *path, struct x8_error *err)
{
    /* O_NONBLOCK: a pipe in its place is refused below, not waited for. */
    X8_AUTO_FD fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    int opened;

    if (fd < 0 || fstat(fd, &st) != 0)
        return fail_write(err, errno, path);
    if (!S_ISREG(st.st_mode))
        return fail_write(err, EEXIST, path);
    opened = fd;
    fd = -1;
    return opened;
}

int x8_file_append(int fd, const char *path, const void *data, size_t len, struct x8_error *err)
{
    int errnum = x8_write_whole(fd, data, len);

    return errnum ? fail_write(err, errnum, path) : 0;
}
