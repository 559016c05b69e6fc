/*
 * x8-redir: put one virtual board on a USB port of a virtual machine. See usage().
 */
#include "redir.h"
#include "umock.h" /* struct um_world is what umock_report.c reports about */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define STATUS_USAGE   2
#define STATUS_DIFFERS 99
#define CONNECT_S      30

static volatile sig_atomic_t is_over, pulls;

struct options {
    const char *socket, *report, *compare;
    char words[1024];
};

static void usage(FILE *out)
{
    fputs("usage: x8-redir SOCKET [word]... [option]...\n"
          "Be a board on the other side of SOCKET, a character device of QEMU that a usb-redir "
          "device "
          "uses.\nWords describe the board (vboard.h): start=rom emmc=16G ...\n"
          "  --report FILE       a line of JSON about the board at the end\n"
          "  --compare user=FILE[,boot0@0x8400=FILE]...\n"
          "                      compare the media at the end; status 99 if they differ\n"
          "It ends at SIGTERM, or when the other side is gone. SIGUSR1 pulls the cable for good.\n",
          out);
}

static int64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int parse(struct options *o, char **argv)
{
    for (argv++; *argv; argv++) {
        size_t len = strlen(o->words);

        if (strcmp(*argv, "--report") == 0 && argv[1]) {
            o->report = *++argv;
        } else if (strcmp(*argv, "--compare") == 0 && argv[1]) {
            o->compare = *++argv;
        } else if (!o->socket && **argv != '-') {
            o->socket = *argv;
        } else if (!strchr(*argv, '=') || **argv == '-' ||
                   len + strlen(*argv) + 2 > sizeof o->words) {
            fprintf(stderr, "x8-redir: not understood: %s\n", *argv);
            return -1;
        } else {
            snprintf(o->words + len, sizeof o->words - len, "%s%s", len ? " " : "", *argv);
        }
    }
    return o->socket ? 0 : -1;
}

/* ---- signals: they end a wait and are looked at between two ---- */

static void on_signal(int number)
{
    if (number == SIGUSR1)
        pulls++;
    else
        is_over = 1;
}

/* Blocked but while waiting, so that none is missed. */
static void take_signals(sigset_t *while_waiting)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;

    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaction(numbers[i], &action, NULL);
        sigaddset(&blocked, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, while_waiting);
    signal(SIGPIPE, SIG_IGN);
}

/* ---- the socket ---- */

static int try_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address)) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* QEMU may be starting still, or have another board's connection to close. */
static int connect_to(const char *path, const sigset_t *while_waiting)
{
    int64_t limit = now_us() + CONNECT_S * INT64_C(1000000);
    const struct timespec pause = {.tv_nsec = 20000000};
    int fd;

    while ((fd = try_connect(path)) < 0 && now_us() < limit && !is_over &&
           (errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN))
        pselect(0, NULL, NULL, NULL, &pause, while_waiting);
    if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK)) {
        perror(path);
        return -1;
    }
    return fd;
}

/* Sleep until the socket can be used, a signal comes or `next` is reached. */
static void wait_for(struct rd_redir *redir, int64_t next, const sigset_t *while_waiting)
{
    int64_t left = next == INT64_MAX ? INT64_C(3600000000) : next - now_us();
    struct timespec ts = {.tv_sec = left > 0 ? (time_t)(left / 1000000) : 0,
                          .tv_nsec = left > 0 ? (long)(left % 1000000) * 1000 : 0};
    fd_set in, out;
    int ready;

    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(redir->fd, &in);
    if (usbredirparser_has_data_to_write(redir->parser))
        FD_SET(redir->fd, &out);
    ready = pselect(redir->fd + 1, &in, &out, NULL, &ts, while_waiting);
    if (ready > 0 && FD_ISSET(redir->fd, &in) &&
        usbredirparser_do_read(redir->parser) == usbredirparser_read_parse_error)
        redir->is_broken = 1;
}

static void serve(struct rd_redir *redir, const sigset_t *while_waiting)
{
    while (!is_over && !redir->is_broken) {
        int64_t next = rd_step(redir, now_us());

        if (usbredirparser_has_data_to_write(redir->parser))
            usbredirparser_do_write(redir->parser);
        if (!redir->is_broken)
            wait_for(redir, next, while_waiting);
        if (pulls > 0) {
            pulls = 0;
            vb_unplug(redir->vb, -1);
        }
    }
}

/* ---- the end ---- */

static int settle(struct vb *vb, const struct options *o)
{
    static struct um_world world;
    int different = 0;

    vb_tick(vb, now_us());
    world.count = 1;
    world.boards[0].vb = vb;
    vb_descriptors(vb, &world.boards[0].seen);
    if (o->report && um_report(&world, o->report))
        return STATUS_USAGE;
    if (o->compare)
        different = um_compare(&world, o->compare);
    return different > 0 ? STATUS_DIFFERS : different < 0 ? STATUS_USAGE : 0;
}

int main(int argc, char **argv)
{
    struct options options = {.socket = NULL};
    struct rd_redir redir;
    char why[256];
    struct vb *vb;
    sigset_t while_waiting;
    int fd, status;

    (void)argc;
    if (parse(&options, argv)) {
        usage(stderr);
        return STATUS_USAGE;
    }
    take_signals(&while_waiting);
    vb = vb_new(options.words, why);
    if (!vb) {
        fprintf(stderr, "x8-redir: %s: %s\n", options.words, why);
        return STATUS_USAGE;
    }
    fd = connect_to(options.socket, &while_waiting);
    if (fd < 0 || rd_open(&redir, vb, fd))
        return STATUS_USAGE;
    serve(&redir, &while_waiting);
    rd_close(&redir);
    status = settle(vb, &options);
    vb_free(vb);
    return status;
}
