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

/* What the holder has written: its process, what it does, how it is ended. */
struct note {
    char pid[32], doing[160], next[160];
};

static void take_line(char *out, size_t cap, const char **at)
{
    size_t len = strcspn(*at, "\n");

    x8_clean(out, cap, *at, len);
    *at += len + ((*at)[len] == '\n');
}

static void read_note(int fd, struct note *note)
{
    char text[sizeof *note];
    const char *at = text;
    ssize_t n = pread(fd, text, sizeof text - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    take_line(note->pid, sizeof note->pid, &at);
    take_line(note->doing, sizeof note->doing, &at);
    take_line(note->next, sizeof note->next, &at);
}

static int held(int fd, const char *path, struct x8_error *err)
{
    struct note note;

    read_note(fd, &note);
    x8_fail(err, X8_E_BUSY, "another x8ctl works there");
    if (note.doing[0])
        x8_error_why(err, "process %s %s", note.pid, note.doing);
    else
        x8_error_why(err, "process %s holds %s", note.pid[0] ? note.pid : "(unknown)", path);
    x8_error_next(err, "%s", note.next[0] ? note.next : "wait until it has finished, or stop it");
    return -(int)X8_E_BUSY;
}

void x8_lock_note(const char *path, const char *doing, const char *next)
{
    X8_AUTO_FD fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char text[sizeof(struct note)], own[32];
    struct note note;
    int len;

    if (fd < 0)
        return;
    read_note(fd, &note);
    snprintf(own, sizeof own, "%ld", (long)getpid());
    len = snprintf(text, sizeof text, "%s\n%.150s\n%.150s\n", own, doing, next);
    if (strcmp(note.pid, own) == 0 && pwrite(fd, text, (size_t)len, 0) < 0)
        errno = 0; /* as in x8_lock_take */
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
