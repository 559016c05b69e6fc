/*
 * A stream that is a process's terminal or socket, or a socket of the board: bytes pass as they
 * are. Also the noise that `exec:` makes on the board.
 */
#include "ad_model.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ssize_t ad_read_all(int fd, uint8_t *out, size_t cap)
{
    size_t len = 0;
    while (len < cap) {
        ssize_t n = read(fd, out + len, cap - len);
        if (n > 0)
            len += (size_t)n;
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            return len ? (ssize_t)len : -1;
        else if (errno == EAGAIN)
            break;
    }
    return (ssize_t)len;
}

static size_t fds_input(struct ad_stream *s, const uint8_t *data, size_t len)
{
    size_t done = 0;
    while (done < len && !s->is_deaf) {
        ssize_t n = write(s->in, data + done, len - done);
        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            break;
        else if (n < 0 && errno != EINTR)
            s->is_deaf = 1; /* what it has said is still read; the end comes from there */
    }
    return done;
}

static size_t fds_output(struct ad_stream *s, uint8_t *out, size_t cap)
{
    ssize_t n = ad_read_all(s->out, out, cap);
    /* The process that was started counts, not those it left behind with its terminal. */
    if (n < 0 || (s->exited && (size_t)n < cap))
        s->ended = 1;
    return n < 0 ? 0 : (size_t)n;
}

size_t ad_fds_waits(struct ad_stream *s, struct pollfd *fds)
{
    size_t count = 0;
    int want_in = ad_buf_len(&s->pending) && !s->is_deaf, want_out = !s->waiting && !s->lingering;
    if (s->in == s->out && (want_in || want_out)) {
        fds[count++] =
            (struct pollfd){s->in, (short)((want_in ? POLLOUT : 0) | (want_out ? POLLIN : 0)), 0};
    } else {
        if (want_in && s->in >= 0)
            fds[count++] = (struct pollfd){s->in, POLLOUT, 0};
        if (want_out && s->out >= 0)
            fds[count++] = (struct pollfd){s->out, POLLIN, 0};
    }
    if (want_out && s->err >= 0)
        fds[count++] = (struct pollfd){s->err, POLLIN, 0};
    if (s->pid_fd >= 0)
        fds[count++] = (struct pollfd){s->pid_fd, POLLIN, 0};
    return count;
}

/* Closing the terminal hangs its processes up; closing a socket is only an end of input. */
void ad_fds_release(struct ad_stream *s)
{
    if (s->in >= 0)
        close(s->in);
    if (s->out >= 0 && s->out != s->in)
        close(s->out);
    if (s->err >= 0)
        close(s->err);
    if (s->pid_fd >= 0)
        ad_orphan_add(s->link->ad, s->pid, s->pid_fd);
    s->in = s->out = s->err = s->pid_fd = -1;
}

const struct ad_kind ad_kind_fds = {"bytes",      fds_input,      fds_output,
                                    ad_fds_waits, ad_fds_release, NULL};

int ad_shell_open(struct ad_stream *s, const struct ad_command *command)
{
    if (ad_spawn(s, command))
        return -1;
    s->kind = &ad_kind_fds;
    return 0;
}

/*
 * The noise: bash takes the socket for a remote shell and reads .bashrc, whose last line asks the
 * terminal for its size and waits 3 s for the answer. What the host sends meanwhile is eaten.
 */
#define NOISE_US 3000000

struct noise {
    char *command;
    int matched; /* state of the answer ESC [ rows ; columns R */
    int rows, columns;
};

static int is_answered(struct noise *n, uint8_t byte)
{
    if (byte == 0x1b)
        return n->matched = 1, n->rows = n->columns = 0;
    int *number = n->matched == 2 ? &n->rows : &n->columns;
    if (n->matched == 1 && byte == '[')
        n->matched = 2;
    else if (n->matched >= 2 && isdigit(byte) && *number < 10000)
        *number = *number * 10 + byte - '0';
    else if (n->matched == 2 && byte == ';')
        n->matched = 3;
    else if (n->matched == 3 && byte == 'R')
        return 1;
    else
        n->matched = 0;
    return 0;
}

static void begin_command(struct ad_stream *s)
{
    struct noise *n = s->state;
    struct ad_command command = {n->command, NULL, AD_SOCKET};
    s->due_us = 0;
    if (ad_spawn(s, &command)) {
        s->ended = 1;
        return;
    }
    s->kind = &ad_kind_fds;
    free(n->command);
    free(n);
    s->state = NULL;
}

static size_t noise_input(struct ad_stream *s, const uint8_t *data, size_t len)
{
    struct noise *n = s->state;
    char text[64];
    for (size_t i = 0; i < len; i++) {
        if (!is_answered(n, data[i]))
            continue;
        snprintf(text, sizeof text, "\0338COLUMNS=%d;LINES=%d;export COLUMNS LINES;\n", n->columns,
                 n->rows);
        ad_stream_say(s, text);
        begin_command(s);
        return len;
    }
    return len;
}

static void noise_release(struct ad_stream *s)
{
    struct noise *n = s->state;
    if (n)
        free(n->command);
    free(n);
}

static const struct ad_kind kind_noise = {"noise", noise_input,   NULL,
                                          NULL,    noise_release, begin_command};

int ad_noise_open(struct ad_stream *s, const char *command)
{
    struct noise *n = calloc(1, sizeof *n);
    if (!n)
        abort();
    n->command = strdup(command);
    if (!n->command)
        abort();
    s->state = n;
    s->kind = &kind_noise;
    s->due_us = ad_now_us() + NOISE_US;
    ad_stream_say(s, "\0337\033[r\033[999;999H\033[6n");
    return 0;
}
