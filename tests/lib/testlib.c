/*
 * Helpers of the unit tests.
 */
#define _XOPEN_SOURCE   700 /* posix_openpt, nftw */
#define _DEFAULT_SOURCE     /* TIOCSWINSZ, cfmakeraw */

#include "testlib.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static void need(int ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    abort();
}

char *test_dir_new(void)
{
    char *dir = strdup("/tmp/x8test-XXXXXX");

    need(dir && mkdtemp(dir), "mkdtemp");
    return dir;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void test_dir_free(char *dir)
{
    if (dir)
        nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(dir);
}

char *test_path(const char *dir, const char *name)
{
    size_t len = strlen(dir) + strlen(name) + 2;
    char *path = malloc(len);

    need(path != NULL, "malloc");
    snprintf(path, len, "%s/%s", dir, name);
    return path;
}

char *test_file(const char *dir, const char *name, const void *data, size_t len)
{
    char *path = test_path(dir, name);
    FILE *file = fopen(path, "wb");

    need(file != NULL, path);
    need(fwrite(data, 1, len, file) == len && fclose(file) == 0, path);
    return path;
}

static char *read_fd(int fd, size_t *len)
{
    size_t have = 0, cap = 4096;
    char *text = malloc(cap + 1);
    ssize_t n;

    need(text != NULL, "malloc");
    while ((n = read(fd, text + have, cap - have)) > 0) {
        have += (size_t)n;
        if (have == cap) {
            cap *= 2;
            text = realloc(text, cap + 1);
            need(text != NULL, "realloc");
        }
    }
    text[have] = '\0';
    if (len)
        *len = have;
    return text;
}

char *test_read(const char *path, size_t *len)
{
    int fd = open(path, O_RDONLY);
    char *text;

    need(fd >= 0, path);
    text = read_fd(fd, len);
    close(fd);
    return text;
}

int test_replace(int target, int fd)
{
    int saved = fcntl(target, F_DUPFD_CLOEXEC, 10);

    need(saved >= 0 && dup2(fd, target) == target, "dup2");
    return saved;
}

void test_restore(int target, int saved)
{
    need(dup2(saved, target) == target, "dup2");
    close(saved);
}

void test_capture_begin(struct test_capture *capture, int fd)
{
    char name[] = "/tmp/x8test-XXXXXX";

    capture->fd = fd;
    capture->file = mkstemp(name);
    need(capture->file >= 0, "mkstemp");
    unlink(name);
    capture->saved = test_replace(fd, capture->file);
}

char *test_capture_end(struct test_capture *capture)
{
    char *text;

    test_restore(capture->fd, capture->saved);
    lseek(capture->file, 0, SEEK_SET);
    text = read_fd(capture->file, NULL);
    close(capture->file);
    return text;
}

int test_pty(int columns, int *inside)
{
    struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    struct termios modes;

    need(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0, "posix_openpt");
    *inside = open(ptsname(master), O_RDWR | O_NOCTTY);
    need(*inside >= 0, "pty");
    /* Lines in and out as they are: no echo, no carriage return added. */
    tcgetattr(*inside, &modes);
    modes.c_lflag &= (tcflag_t)~ECHO;
    modes.c_oflag &= (tcflag_t)~OPOST;
    tcsetattr(*inside, TCSANOW, &modes);
    need(ioctl(*inside, TIOCSWINSZ, &size) == 0, "TIOCSWINSZ");
    return master;
}

static long now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

char *test_read_until(int fd, const char *needle, int ms)
{
    long end = now_ms() + ms;
    size_t have = 0, cap = 1 << 20;
    char *text = malloc(cap + 1);

    need(text != NULL, "malloc");
    text[0] = '\0';
    while (!strstr(text, needle) && now_ms() < end && have < cap) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        ssize_t n;

        if (poll(&p, 1, (int)(end - now_ms())) <= 0)
            break;
        n = read(fd, text + have, cap - have);
        if (n <= 0)
            break;
        have += (size_t)n;
        text[have] = '\0';
    }
    return text;
}

void test_same_text(const char *got, const char *want)
{
    if (strcmp(got, want) != 0)
        print_message("--- wanted\n%s\n--- got\n%s\n---\n", want, got);
    assert_true(strcmp(got, want) == 0);
}
