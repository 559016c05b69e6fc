/*
 * Lock files. flock() belongs to the open file, so that it also works between threads of one
 * process and vanishes with the process.
 */
#include "util/lock.h"

#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NOFOLLOW: the folder may be one that others can write to. */
static int open_lock(const char *path)
{
    char *dir = x8_path_dir(path);
    int fd;

    if (dir)
        mkdir(dir, 0700);
    free(dir);
    do {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static int held(int fd, const char *path, struct x8_error *err)
{
    char text[32] = "", pid[32];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);

    x8_clean(pid, sizeof pid, text, n > 0 ? strcspn(text, "\n") : 0);
    x8_fail(err, X8_E_BUSY, "another x8ctl works there");
    x8_error_why(err, "process %s holds %s", pid[0] ? pid : "(unknown)", path);
    x8_error_next(err, "wait until it has finished, or stop it");
    return -(int)X8_E_BUSY;
}

int x8_lock_take(const char *path, int *out_fd, struct x8_error *err)
{
    int fd = open_lock(path), rc;
    char text[32];

    *out_fd = -1;
    if (fd < 0)
        return 0;
    do {
        rc = flock(fd, LOCK_EX | LOCK_NB);
    } while (rc != 0 && errno == EINTR);
    if (rc != 0 && errno == EWOULDBLOCK) {
        rc = held(fd, path, err);
        close(fd);
        return rc;
    }
    /* Only for the message of the next one: a full disk does not matter here. */
    snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, strlen(text), 0) < 0)
        errno = 0;
    *out_fd = fd;
    return 0;
}
