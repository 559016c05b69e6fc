/*
 * The thread of a board's Linux: boots it when the model says so, carries bytes between the daemon
 * and the model, and reads from the root's `power` what became of it when it went down.
 *
 * The daemon accepts on a socket that outlives its boots. Its link is made anew whenever one side
 * lost it: the host by a reset of the port or a pulled cable, the daemon by dropping it or dying.
 */
#define _DEFAULT_SOURCE /* syscall */
#include "umock_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_USAGE  2
#define STATUS_SKIP   77
#define AGAIN_US      2000000 /* the sandbox itself went down: as after any failure of a unit */
#define GOING_MS      5000
#define LAST_WORDS_MS 1000

static void lock(struct um_linux *l)
{
    pthread_mutex_lock(&l->board->world->lock);
}

static void unlock(struct um_linux *l)
{
    pthread_mutex_unlock(&l->board->world->lock);
}

static void wake(struct um_linux *l)
{
    if (write(l->wake[1], "", 1) < 0 && errno != EAGAIN)
        perror("x8-board: pipe");
}

/* ---- the link; with the lock ---- */

static void drop_link(struct um_linux *l)
{
    if (l->fd < 0)
        return;
    close(l->fd);
    l->fd = -1;
    vb_linux_serve(l->board->vb, 0);
}

static void make_link(struct um_linux *l, const struct vb_linux *is)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof(name);

    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->fd < 0 || getsockname(l->listen_fd, (struct sockaddr *)&name, &len) ||
        connect(l->fd, (struct sockaddr *)&name, len) || fcntl(l->fd, F_SETFL, O_NONBLOCK)) {
        perror("x8-board: link to the daemon");
        abort();
    }
    l->link = is->link;
    vb_linux_serve(l->board->vb, 1);
}

/* What the host sent. */
static void send_output(struct um_linux *l)
{
    const uint8_t *data;
    size_t len;
    ssize_t n = 1;

    while (l->fd >= 0 && n > 0 && (len = vb_linux_output(l->board->vb, &data)) > 0) {
        n = send(l->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0)
            vb_linux_output_taken(l->board->vb, (size_t)n);
    }
}

/* What the daemon sent, as far as there is room. -1 when it closed the link. */
static int take_input(struct um_linux *l)
{
    uint8_t data[65536];
    size_t room = vb_linux_room(l->board->vb);
    ssize_t n;

    if (l->fd < 0 || room == 0)
        return 0;
    n = recv(l->fd, data, room < sizeof(data) ? room : sizeof(data), MSG_DONTWAIT);
    if (n > 0)
        vb_linux_input(l->board->vb, data, (size_t)n);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ? -1 : 0;
}

void um_linux_step(struct um_board *board)
{
    struct um_linux *l = board->linux_os;
    struct vb_linux is;

    if (!l)
        return;
    send_output(l);
    vb_linux(board->vb, &is);
    if (is.boot != l->boot || is.is_up != l->is_up || (l->fd >= 0 && is.link != l->link) ||
        (l->wants_room && vb_linux_room(board->vb) > 0)) {
        l->wants_room = 0;
        wake(l);
    }
}

/* ---- boots; the thread, without the lock ---- */

/* Everything in the sandbox has the writing end of this pipe, and goes down with it. */
static void await_end(struct um_linux *l)
{
    struct pollfd fd = {l->ready_fd, POLLIN, 0};
    int64_t until = um_now_us() + GOING_MS * 1000;
    char byte;

    while (um_now_us() < until)
        if (poll(&fd, 1, 100) > 0 && read(l->ready_fd, &byte, 1) <= 0)
            break;
    close(l->ready_fd);
    close(l->pid_fd);
    l->ready_fd = l->pid_fd = -1;
    l->pid = 0;
}

static void stop_boot(struct um_linux *l)
{
    int status;

    kill(-l->pid, SIGKILL);
    waitpid(l->pid, &status, 0);
    await_end(l);
}

static void start_boot(struct um_linux *l)
{
    static char listen_word[] = "--listen-fd", ready_word[] = "--ready-fd";
    char enter[512], door[16], ready[16], *argv[UM_LINUX_WORDS + 8];
    int ends[2], keep[UM_LINUX_WORDS + 3];
    size_t n = 0, kept = 0;

    if (pipe(ends) || fcntl(ends[0], F_SETFD, FD_CLOEXEC) || fcntl(ends[1], F_SETFD, FD_CLOEXEC))
        abort();
    snprintf(door, sizeof(door), "%d", l->listen_fd);
    snprintf(ready, sizeof(ready), "%d", ends[1]);
    argv[n++] = (char *)(uintptr_t)um_linux_script("enter", enter, sizeof(enter));
    argv[n++] = l->dir;
    argv[n++] = l->program;
    argv[n++] = listen_word;
    argv[n++] = door;
    argv[n++] = ready_word;
    argv[n++] = ready;
    for (size_t i = 0; i < l->daemon_count; i++)
        argv[n++] = l->daemon_words[i];
    argv[n] = NULL;
    keep[kept++] = l->listen_fd;
    keep[kept++] = ends[1];
    for (size_t i = 0; i < l->file_count; i++)
        keep[kept++] = l->files[i];
    keep[kept] = -1;
    l->pid = um_linux_spawn(argv, keep);
    close(ends[1]);
    l->ready_fd = ends[0];
    l->pid_fd = l->pid > 0 ? (int)syscall(SYS_pidfd_open, l->pid, 0) : -1;
    if (l->pid_fd < 0)
        abort();
}

/* What the root says about why it went down: ROOT.md has the words. "" when it says nothing. The
 * folder's `power` is a link that all its boots share; what is removed is the file of this one. */
static void read_power(const struct um_linux *l, char word[24])
{
    char path[600];
    FILE *in;

    snprintf(path, sizeof(path), "%s/run/power", l->dir);
    word[0] = '\0';
    in = fopen(path, "re");
    if (!in)
        return;
    if (!fgets(word, 24, in))
        word[0] = '\0';
    word[strcspn(word, "\n")] = '\0';
    fclose(in);
    unlink(path);
}

/* A daemon that was stopped stays away; one that failed, or was started again, comes back. */
static void obey_power(struct um_linux *l, const char *power)
{
    struct vb *vb = l->board->vb;
    int is_stop = strcmp(power, "adbd stop") == 0 || strcmp(power, "adbd disable") == 0;

    if (strncmp(power, "reboot", 6) == 0)
        vb_linux_exit(vb, strcmp(power, "reboot rom") == 0 ? VB_ROM : VB_LINUX);
    else if (strncmp(power, "poweroff", 8) == 0)
        vb_linux_exit(vb, VB_OFF);
    else
        l->again_us = is_stop ? INT64_MAX : um_now_us() + AGAIN_US;
}

/* The daemon is gone. What it had written is the host's first: on a board its write ends when the
 * host's controller has taken it. */
static void last_words(struct um_linux *l)
{
    int64_t until = um_now_us() + LAST_WORDS_MS * 1000;
    int is_over = 0;

    while (!is_over && um_now_us() < until) {
        struct um_answers answers = {.count = 0};
        struct vb_linux is;

        lock(l);
        vb_linux(l->board->vb, &is);
        is_over = l->stop || l->fd < 0 || !is.is_up || is.link != l->link ||
                  (take_input(l) < 0 && vb_linux_unread(l->board->vb) == 0);
        um_board_step(l->board, &answers);
        um_clock_nudge(l->board->world, l->board);
        unlock(l);
        um_answer_all(&answers);
        if (!is_over)
            poll(NULL, 0, 2);
    }
}

/* The sandbox went down by itself. */
static void ended(struct um_linux *l)
{
    char power[24];
    int status = 0;

    last_words(l);
    waitpid(l->pid, &status, 0);
    await_end(l);
    read_power(l, power);
    lock(l);
    drop_link(l);
    obey_power(l, power);
    if (!power[0] && !l->is_ready && WIFEXITED(status)) {
        l->is_hopeless = 1;
        l->status = WEXITSTATUS(status) == STATUS_SKIP ? STATUS_SKIP : STATUS_USAGE;
        pthread_cond_broadcast(&l->board->world->changed);
    }
    unlock(l);
}

/* Bring the sandbox to where the model is. */
static void follow_model(struct um_linux *l)
{
    struct vb_linux is;
    int must_stop, must_start;

    lock(l);
    vb_linux(l->board->vb, &is);
    must_stop = l->pid > 0 && (!is.is_up || is.boot != l->boot);
    if (must_stop || is.link != l->link)
        drop_link(l);
    must_start = !l->is_hopeless && is.is_up && (l->pid <= 0 || must_stop) &&
                 (is.boot != l->boot || um_now_us() >= l->again_us);
    l->boot = is.boot;
    l->is_up = is.is_up;
    unlock(l);
    if (must_stop)
        stop_boot(l);
    if (must_start)
        start_boot(l);
    lock(l);
    if (l->pid > 0 && l->fd < 0) {
        vb_linux(l->board->vb, &is);
        make_link(l, &is);
    }
    unlock(l);
}

/* ---- the loop ---- */

enum { ON_WAKE, ON_LINK, ON_END, ON_READY, POLLED };

static void await_news(struct um_linux *l, struct pollfd fds[POLLED])
{
    const uint8_t *data;
    int timeout = 1000;

    lock(l);
    fds[ON_WAKE] = (struct pollfd){l->wake[0], POLLIN, 0};
    fds[ON_LINK] = (struct pollfd){l->fd, 0, 0};
    fds[ON_END] = (struct pollfd){l->pid > 0 ? l->pid_fd : -1, POLLIN, 0};
    fds[ON_READY] = (struct pollfd){l->pid > 0 && !l->is_ready ? l->ready_fd : -1, POLLIN, 0};
    l->wants_room = vb_linux_room(l->board->vb) == 0;
    if (!l->wants_room)
        fds[ON_LINK].events |= POLLIN;
    if (vb_linux_output(l->board->vb, &data) > 0)
        fds[ON_LINK].events |= POLLOUT;
    if (l->pid <= 0 && l->again_us > um_now_us() && l->again_us < um_now_us() + AGAIN_US)
        timeout = (int)((l->again_us - um_now_us()) / 1000) + 1;
    unlock(l);
    poll(fds, POLLED, timeout);
}

static void carry(struct um_linux *l, const struct pollfd fds[POLLED])
{
    struct um_answers answers = {.count = 0};
    struct um_board *board = l->board;
    char bytes[64];
    int is_over = 0;

    if (fds[ON_WAKE].revents)
        while (read(l->wake[0], bytes, sizeof(bytes)) > 0)
            ;
    lock(l);
    if (fds[ON_LINK].revents && fds[ON_LINK].fd == l->fd)
        is_over = take_input(l) < 0;
    unlock(l);
    if (is_over)
        last_words(l);
    lock(l);
    if (fds[ON_READY].revents) {
        l->is_ready = 1;
        pthread_cond_broadcast(&board->world->changed);
    }
    if (is_over)
        drop_link(l);
    um_board_step(board, &answers);
    um_clock_nudge(board->world, board);
    unlock(l);
    um_answer_all(&answers);
}

void *um_linux_main(void *ctx)
{
    struct um_linux *l = ctx;
    struct pollfd fds[POLLED];
    int stop = 0;

    while (!stop) {
        follow_model(l);
        await_news(l, fds);
        if (fds[ON_END].revents)
            ended(l);
        carry(l, fds);
        lock(l);
        stop = l->stop;
        unlock(l);
    }
    lock(l);
    drop_link(l);
    unlock(l);
    if (l->pid > 0)
        stop_boot(l);
    return NULL;
}
