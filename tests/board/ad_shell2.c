/*
 * shell,v2 of the newer daemon: packets of a kind, a length and bytes in both directions, with
 * stdin, stdout, stderr and the exit status apart.
 */
#include "ad_model.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { STDIN_ID, STDOUT_ID, STDERR_ID, EXIT_ID, CLOSE_STDIN_ID, WINDOW_SIZE_ID };

#define HEAD   5u
#define BUFFER (64u << 10)

struct shell2 {
    uint8_t head[HEAD];
    size_t head_len;
    uint32_t left;   /* bytes of the present packet still to come */
    char window[64]; /* its text */
    size_t window_len;
    int is_terminal, out_ended, err_ended;
};

/* ---- from the host ---- */

static void close_stdin(struct ad_stream *s)
{
    const struct shell2 *v = s->state;
    if (!v->is_terminal)
        shutdown(s->in, SHUT_WR);
}

static void set_window(struct ad_stream *s)
{
    struct shell2 *v = s->state;
    unsigned short n[4] = {0, 0, 0, 0};
    const char *p = v->window;
    v->window[v->window_len] = 0;
    for (int i = 0; i < 4; i++) {
        char *end;
        unsigned long value = strtoul(p, &end, 10);
        if (end == p || value > 65535)
            return;
        n[i] = (unsigned short)value;
        p = end + (*end != 0);
    }
    struct winsize size = {n[0], n[1], n[2], n[3]};
    if (v->is_terminal)
        ioctl(s->in, TIOCSWINSZ, &size);
}

static void begin_packet(struct ad_stream *s)
{
    struct shell2 *v = s->state;
    v->left = x8_get_le32(v->head + 1);
    v->window_len = 0;
    if (v->head[0] == CLOSE_STDIN_ID)
        close_stdin(s);
    if (v->left == 0)
        v->head_len = 0;
}

/* Bytes inside a packet: how many were taken. */
static size_t take_bytes(struct ad_stream *s, const uint8_t *data, size_t len)
{
    struct shell2 *v = s->state;
    size_t n = len < v->left ? len : v->left;
    if (v->head[0] == STDIN_ID && !s->is_deaf) {
        ssize_t written = write(s->in, data, n);
        if (written < 0 && (errno == EAGAIN || errno == EINTR))
            return 0;
        /* Nobody reads it: dropped, and the status still follows. */
        if (written >= 0)
            n = (size_t)written;
    } else if (v->head[0] == WINDOW_SIZE_ID) {
        size_t room = sizeof v->window - 1 - v->window_len;
        memcpy(v->window + v->window_len, data, n < room ? n : room);
        v->window_len += n < room ? n : room;
    }
    v->left -= (uint32_t)n;
    if (v->left == 0) {
        if (v->head[0] == WINDOW_SIZE_ID)
            set_window(s);
        v->head_len = 0;
    }
    return n;
}

static size_t shell2_input(struct ad_stream *s, const uint8_t *data, size_t len)
{
    struct shell2 *v = s->state;
    size_t done = 0;
    while (done < len) {
        if (v->head_len < HEAD) {
            v->head[v->head_len++] = data[done++];
            if (v->head_len == HEAD)
                begin_packet(s);
            continue;
        }
        size_t n = take_bytes(s, data + done, len - done);
        if (n == 0)
            break;
        done += n;
    }
    return done;
}

/* ---- to the host ---- */

static void say_packet(struct ad_stream *s, uint8_t id, uint32_t len)
{
    uint8_t head[HEAD] = {id, 0, 0, 0, 0};
    x8_put_le32(head + 1, len);
    ad_buf_add(&s->text, head, HEAD);
}

static void read_from(struct ad_stream *s, int fd, uint8_t id, int *ended)
{
    uint8_t buffer[BUFFER];
    if (*ended)
        return;
    ssize_t n = ad_read_all(fd, buffer, sizeof buffer);
    if (n < 0) {
        *ended = 1;
        return;
    }
    if (n > 0) {
        say_packet(s, id, (uint32_t)n);
        ad_buf_add(&s->text, buffer, (size_t)n);
    }
}

static void say_status(struct ad_stream *s)
{
    int status = WIFEXITED(s->status) ? WEXITSTATUS(s->status) : 128 + WTERMSIG(s->status);
    uint8_t byte = (uint8_t)status;
    say_packet(s, EXIT_ID, 1);
    ad_buf_add(&s->text, &byte, 1);
    s->ended = 1;
}

static size_t shell2_output(struct ad_stream *s, uint8_t *out, size_t cap)
{
    struct shell2 *v = s->state;
    if (ad_buf_len(&s->text) == 0) {
        read_from(s, s->out, STDOUT_ID, &v->out_ended);
        if (s->err >= 0)
            read_from(s, s->err, STDERR_ID, &v->err_ended);
        if (v->out_ended && v->err_ended && s->exited)
            say_status(s);
    }
    return ad_buf_get(&s->text, out, cap);
}

static size_t shell2_waits(struct ad_stream *s, struct pollfd *fds)
{
    const struct shell2 *v = s->state;
    size_t count = 0, want_in = ad_buf_len(&s->pending) != 0;
    int want_out = !s->waiting && !s->lingering;
    int events = (want_in ? POLLOUT : 0) | (want_out && !v->out_ended ? POLLIN : 0);
    if (events)
        fds[count++] = (struct pollfd){s->in, (short)events, 0};
    if (want_out && !v->err_ended)
        fds[count++] = (struct pollfd){s->err, POLLIN, 0};
    if (s->pid_fd >= 0)
        fds[count++] = (struct pollfd){s->pid_fd, POLLIN, 0};
    return count;
}

static void shell2_release(struct ad_stream *s)
{
    free(s->state);
    ad_fds_release(s);
}

const struct ad_kind ad_kind_shell2 = {"shell2",     shell2_input,   shell2_output,
                                       shell2_waits, shell2_release, NULL};

int ad_shell2_open(struct ad_stream *s, const struct ad_command *command)
{
    struct shell2 *v = calloc(1, sizeof *v);
    if (!v)
        abort();
    if (ad_spawn(s, command)) {
        free(v);
        return -1;
    }
    v->is_terminal = command->channel == AD_PTY;
    v->err_ended = s->err < 0;
    s->state = v;
    s->kind = &ad_kind_shell2;
    return 0;
}
