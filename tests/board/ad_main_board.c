/*
 * A board of x8-adbd: words, folder, port, and one boot after the other in the sandbox.
 */
#include "ad_main.h"
#include "ad_model.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOOT_LIMIT_MS 30000

int64_t now_us(void)
{
    return ad_now_us();
}

static int complain(const struct board *b, const char *what, const char *detail)
{
    fprintf(stderr, "x8-adbd: board %zu: %s: %s\n", b->number, what, detail);
    return -1;
}

/* ---- words ---- */

static int keep(char **words, size_t *count, const char *word)
{
    if (*count >= MAX_BOARD_ARGS)
        return -1;
    words[*count] = strdup(word);
    return words[(*count)++] ? 0 : -1;
}

/* A file of the host: the sandbox sees its descriptor. */
static int keep_file(struct board *b, const char *word, int flags)
{
    char text[64];
    const char *path = strchr(word, '=') + 1;
    int fd = open(path, flags, 0666);
    if (fd < 0)
        return complain(b, path, strerror(errno));
    snprintf(text, sizeof text, "%.*sfd:%d", (int)(path - word), word, fd);
    return keep(b->daemon_words, &b->daemon_count, text);
}

/* -1 wrong, 0 not one of the front end's own, 1 taken. */
static int own_word(struct board *b, const char *word)
{
    uint64_t n;
    if (strncmp(word, "port=", 5) == 0) {
        if (ad_number(word + 5, 1000, &n) || n > 65535)
            return complain(b, word, "no port");
        b->port = (int)n;
        return 1;
    }
    if (strncmp(word, "down=", 5) == 0) {
        if (ad_number(word + 5, 1000, &n) || n > 3600000)
            return complain(b, word, "no time in ms");
        b->down_ms = (int64_t)n;
        return 1;
    }
    if (strncmp(word, "log=", 4) == 0)
        return keep_file(b, word, O_WRONLY | O_CREAT | O_APPEND) ? -1 : 1;
    if (strncmp(word, "keys=", 5) == 0)
        return keep_file(b, word, O_RDONLY | O_CREAT) ? -1 : 1;
    return 0;
}

int board_word(struct board *b, const char *word)
{
    char why[256];
    int taken = own_word(b, word);
    if (taken)
        return taken < 0 ? -1 : 0;
    struct ad *trial = ad_new();
    taken = ad_word(trial, word, why);
    ad_free(trial);
    if (taken < 0)
        return complain(b, "wrong word", why);
    return taken ? keep(b->daemon_words, &b->daemon_count, word)
                 : keep(b->root_words, &b->root_count, word);
}

/* ---- processes ---- */

static const char *script(const char *name, char *out, size_t cap)
{
    const char *folder = getenv("X8_BOARD_ROOT");
    snprintf(out, cap, "%s/%s", folder && *folder ? folder : X8_ROOT_SCRIPTS, name);
    return out;
}

static int run_and_wait(char *const argv[])
{
    int status = 0;
    pid_t pid = start_child(argv, 0);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* ---- making ---- */

static int bound_socket(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
        bind(fd, (struct sockaddr *)&address, sizeof address) ||
        getsockname(fd, (struct sockaddr *)&address, &len)) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

/* Bound by its number: only then the kernel keeps the port for a socket that has stopped to
 * listen. So a free one is looked for first. */
static int open_port(struct board *b)
{
    uint16_t port = (uint16_t)b->port;
    for (int i = 0; i < 20 && b->listen_fd < 0; i++) {
        if (b->port == 0) {
            port = 0;
            int fd = bound_socket(&port);
            if (fd >= 0)
                close(fd);
        }
        if (port)
            b->listen_fd = bound_socket(&port);
    }
    if (b->listen_fd < 0)
        return complain(b, "port", strerror(errno));
    b->port = port;
    return fcntl(b->listen_fd, F_SETFD, FD_CLOEXEC);
}

/* Counts of faults, kept from boot to boot: a fault that struck has struck. */
static int open_marks(struct board *b)
{
    char text[32];
    FILE *file = tmpfile();
    int fd = file ? dup(fileno(file)) : -1;
    if (file)
        fclose(file);
    if (fd < 0 || ftruncate(fd, (off_t)(sizeof(struct ad_mark) * AD_FAULTS)))
        return complain(b, "temporary file", strerror(errno));
    snprintf(text, sizeof text, "marks=fd:%d", fd);
    return keep(b->daemon_words, &b->daemon_count, text);
}

int board_make(struct board *b)
{
    char make[512], *argv[MAX_BOARD_ARGS + 3];
    size_t n = 0;
    argv[n++] = (char *)(uintptr_t)script("make", make, sizeof make);
    argv[n++] = b->dir;
    for (size_t i = 0; i < b->root_count; i++)
        argv[n++] = b->root_words[i];
    argv[n] = NULL;
    if (run_and_wait(argv))
        return complain(b, b->dir, "its root could not be made");
    return open_port(b) || open_marks(b) ? -1 : 0;
}

/* ---- boots ---- */

/* 77 from `enter`: sandboxes are not allowed here. */
static int give_up(struct board *b)
{
    int status;
    if (waitpid(b->boot, &status, 0) == b->boot) {
        b->boot = 0;
        b->is_forbidden = WIFEXITED(status) && WEXITSTATUS(status) == STATUS_SKIP;
    }
    return complain(b, b->dir, "does not boot");
}

static int wait_until_ready(struct board *b)
{
    struct pollfd ready = {b->ready_fd, POLLIN, 0};
    char byte;
    int64_t until = now_us() + BOOT_LIMIT_MS * 1000;
    while (now_us() < until)
        if (poll(&ready, 1, 1000) > 0)
            return read(b->ready_fd, &byte, 1) == 1 ? 0 : give_up(b);
    return complain(b, b->dir, "does not boot in time");
}

static pid_t start_boot(struct board *b, char *program, int ready)
{
    char enter[512], door[16], pipe_text[16], *argv[MAX_BOARD_ARGS + 8];
    size_t n = 0;
    static char listen_word[] = "--listen-fd", ready_word[] = "--ready-fd";
    snprintf(door, sizeof door, "%d", b->listen_fd);
    snprintf(pipe_text, sizeof pipe_text, "%d", ready);
    argv[n++] = (char *)(uintptr_t)script("enter", enter, sizeof enter);
    argv[n++] = b->dir;
    argv[n++] = program;
    argv[n++] = listen_word;
    argv[n++] = door;
    argv[n++] = ready_word;
    argv[n++] = pipe_text;
    for (size_t i = 0; i < b->daemon_count; i++)
        argv[n++] = b->daemon_words[i];
    argv[n] = NULL;
    fcntl(b->listen_fd, F_SETFD, 0);
    pid_t pid = start_child(argv, 1);
    fcntl(b->listen_fd, F_SETFD, FD_CLOEXEC);
    return pid;
}

/* The daemon is this very program; `enter` shows it inside. */
int board_boot(struct board *b, int wait)
{
    char program[4096];
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    int ends[2];
    if (len < 0 || pipe(ends) || listen(b->listen_fd, 16))
        return complain(b, "boot", strerror(errno));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    b->back_at_us = 0;
    program[len] = 0;
    b->boot = start_boot(b, program, ends[1]);
    close(ends[1]);
    b->ready_fd = ends[0];
    if (b->boot < 0)
        return -1;
    return wait ? wait_until_ready(b) : 0;
}

static void close_boot(struct board *b)
{
    if (b->ready_fd >= 0)
        close(b->ready_fd);
    b->ready_fd = -1;
    b->boot = 0;
    shutdown(b->listen_fd, SHUT_RD); /* refuses, but keeps the port */
}

void board_ended(struct board *b, int status)
{
    char path[600], word[16] = "";
    snprintf(path, sizeof path, "%s/power", b->dir);
    close_boot(b);
    FILE *file = fopen(path, "re");
    if (file) {
        if (!fgets(word, sizeof word, file))
            word[0] = 0;
        fclose(file);
    }
    if (strncmp(word, "reboot", 6) == 0)
        b->back_at_us = now_us() + b->down_ms * 1000;
    else if (!word[0] && WIFEXITED(status) && WEXITSTATUS(status) == STATUS_USAGE)
        complain(b, b->dir, "its sandbox failed");
}

void board_off(struct board *b)
{
    int status;
    char byte;
    if (b->boot <= 0)
        return;
    kill(-b->boot, SIGKILL);
    waitpid(b->boot, &status, 0);
    /* The sandbox goes down behind it: the last writer of the pipe is the daemon inside. */
    struct pollfd ready = {b->ready_fd, POLLIN, 0};
    for (int i = 0; i < 50 && poll(&ready, 1, 100) >= 0; i++)
        if (ready.revents && read(b->ready_fd, &byte, 1) <= 0)
            break;
    close_boot(b);
}

void board_remove(struct board *b)
{
    static char
        sh[] = "sh",
        c[] = "-c",
        text[] =
            "rm -rf \"$1\" 2>/dev/null || { sleep 0.2; chmod -R u+rwx \"$1\"; rm -rf \"$1\"; }";
    char *argv[] = {sh, c, text, sh, b->dir, NULL};
    if (run_and_wait(argv))
        complain(b, b->dir, "could not be removed");
}
