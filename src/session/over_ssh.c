/*
 * The session itself, and its channels.
 */
#include "session/over_ssh.h"

#include "session/over_ssh_parts.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

/* dropbear's window of 24 KiB bounds what one channel carries on a link with a delay: four side by
 * side carry four times as much. */
#define PARALLEL 4

static struct x8_ssh_session *session_of(struct x8_session *session)
{
    return X8_CONTAINER(session, struct x8_ssh_session, base);
}

static struct x8_over_ssh *over_of(struct x8_channel *channel)
{
    return X8_CONTAINER(channel, struct x8_over_ssh, base);
}

/* --- channels --- */

static ssize_t over_read(struct x8_channel *channel, const struct x8_op *op, enum x8_output *which,
                         void *out, size_t cap, int timeout_ms, struct x8_error *err)
{
    struct x8_over_ssh *over = over_of(channel);
    int is_error = 0;
    ssize_t n;

    for (int i = X8_STDOUT; i <= X8_STDERR; i++) {
        size_t left = over->early[i].len - over->early_taken[i], len = left < cap ? left : cap;

        if (left == 0)
            continue;
        memcpy(out, over->early[i].data + over->early_taken[i], len);
        over->early_taken[i] += len;
        *which = (enum x8_output)i;
        return (ssize_t)len;
    }
    n = x8_ssh_read(over->channel, op, &is_error, out, cap, timeout_ms, err);
    if ((n == -X8_E_GONE || n == -X8_E_LINK) && !over->is_dial)
        x8_error_prefix(err, "outcome unknown");
    *which = is_error ? X8_STDERR : X8_STDOUT;
    return n;
}

static int over_end_input(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    struct x8_over_ssh *over = over_of(channel);
    int rc;

    if (over->input == X8_INPUT_TTY && !over->is_dial)
        return 0;
    rc = x8_ssh_end_input(over->channel, op, err);
    /* A link that broke is the reader's to tell. */
    return rc == -X8_E_GONE ? 0 : rc;
}

static int over_write(struct x8_channel *channel, const struct x8_op *op, const void *data,
                      size_t len, int timeout_ms, struct x8_error *err)
{
    struct x8_over_ssh *over = over_of(channel);
    int is_counted = over->input == X8_INPUT_COUNT && !over->in_lead, rc;

    if ((over->input == X8_INPUT_NONE && !over->in_lead && !over->is_dial) ||
        (is_counted && len > over->input_left))
        return x8_fail(err, X8_E_INTERNAL, "more input than the command was started for");
    over->input_left -= is_counted ? len : 0;
    rc = x8_ssh_write(over->channel, op, data, len, timeout_ms, err);
    if (rc == 0 && is_counted && over->input_left == 0)
        rc = over_end_input(channel, op, err);
    return rc;
}

/* Then a command without input has none. */
static int over_begin(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    struct x8_over_ssh *over = over_of(channel);
    int rc = over->in_lead ? x8_ssh_write(over->channel, op, "\n", 1, -1, err) : 0;

    over->in_lead = 0;
    if (rc == 0 && !over->is_dial && over->input != X8_INPUT_OPEN && over->input_left == 0)
        rc = over_end_input(channel, op, err);
    return rc;
}

static int over_resize(struct x8_channel *channel, const struct x8_op *op, unsigned rows,
                       unsigned cols, struct x8_error *err)
{
    struct x8_over_ssh *over = over_of(channel);

    return over->input == X8_INPUT_TTY ? x8_ssh_resize(over->channel, op, rows, cols, err) : 0;
}

static int over_status(const struct x8_channel *channel)
{
    const struct x8_over_ssh *over = (const struct x8_over_ssh *)(const void *)channel;

    return x8_ssh_status(over->channel);
}

static void over_shut(struct x8_channel *channel)
{
    x8_ssh_shut(over_of(channel)->channel);
}

static void over_close(struct x8_channel *channel)
{
    struct x8_over_ssh *over = over_of(channel);

    x8_ssh_channel_close(&over->channel);
    x8_buf_done(&over->early[X8_STDOUT]);
    x8_buf_done(&over->early[X8_STDERR]);
    if (over->session)
        x8_lines_look(over->session);
    free(over);
}

const struct x8_channel_ops x8_over_ssh_ops = {
    .read = over_read,
    .write = over_write,
    .begin = over_begin,
    .end_input = over_end_input,
    .resize = over_resize,
    .status = over_status,
    .shut = over_shut,
    .close = over_close,
};

/* --- the session --- */

/* A refusal with the words of the other ways in, where the server's reason tells (RFC 4254, 5.1):
 * libssh has it in its text alone. */
static int refused(const char *remote, struct x8_error *err)
{
    if (strstr(err->why, "error (2)")) {
        x8_fail(err, X8_E_REFUSED, "nothing on the board listens on %.100s", remote);
        x8_error_next(err, "see what listens:  x8ctl exec -- ss -ltnx");
    } else if (strstr(err->why, "error (1)")) {
        x8_error_prefix(err, "%.100s", remote);
        x8_error_why(err, "it is set up to forward no ports");
        x8_error_next(err, "use the board's USB (--via usb)");
    }
    return -X8_E_REFUSED;
}

static int dial_to(struct x8_ssh *ssh, const struct x8_op *op, const char *remote,
                   struct x8_ssh_channel **out, struct x8_error *err)
{
    uint32_t port = 0;

    if (x8_starts(remote, "tcp:") && x8_parse_u32(remote + 4, &port) == 0 && port > 0 &&
        port < 65536)
        return x8_ssh_dial(ssh, op, "127.0.0.1", (uint16_t)port, out, err);
    if (x8_starts(remote, "unix:/"))
        return x8_ssh_dial(ssh, op, remote + strlen("unix:"), 0, out, err);
    return x8_fail(err, X8_E_USAGE, "'%.100s' is neither tcp:PORT nor unix:/PATH", remote);
}

static int ssh_dial(struct x8_session *base, const struct x8_op *op, const char *remote,
                    struct x8_channel **out, struct x8_error *err)
{
    struct x8_over_ssh *over = calloc(1, sizeof *over);
    int rc;

    if (!over)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    over->base.ops = &x8_over_ssh_ops;
    over->is_dial = 1;
    rc = dial_to(session_of(base)->ssh, op, remote, &over->channel, err);
    if (rc != 0) {
        free(over);
        return rc == -X8_E_REFUSED && err ? refused(remote, err) : rc;
    }
    *out = &over->base;
    return 0;
}

static int ssh_wait_gone(struct x8_session *base, const struct x8_op *op, int64_t deadline,
                         struct x8_error *err)
{
    return x8_ssh_wait_gone(session_of(base)->ssh, op, deadline, err);
}

/* The connection looks by itself whether the server is there: what it knows is told at once. */
static int ssh_ping(struct x8_session *base, const struct x8_op *op, int timeout_ms,
                    struct x8_error *err)
{
    (void)op;
    (void)timeout_ms;
    return x8_ssh_look(session_of(base)->ssh, err);
}

static void ssh_close(struct x8_session *base)
{
    struct x8_ssh_session *session = session_of(base);

    x8_lines_done(session);
    free(session);
}

/* No put and get: the boards' dropbear has no file service (SFTP is a program of OpenSSH's), and a
 * stream into a command needs none. */
static const struct x8_session_ops ssh_ops = {
    .start = x8_over_ssh_start,
    .dial = ssh_dial,
    .wait_gone = ssh_wait_gone,
    .ping = ssh_ping,
    .close = ssh_close,
};

int x8_session_over_ssh(struct x8_ssh *ssh, const char *label, const char *via,
                        struct x8_session **out, struct x8_error *err)
{
    struct x8_ssh_session *session = calloc(1, sizeof *session);

    if (!session) {
        x8_ssh_close(&ssh);
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    }
    session->base.ops = &ssh_ops;
    session->base.parallel = PARALLEL;
    x8_copy(session->base.label, sizeof session->base.label, label ? label : "");
    x8_copy(session->base.via, sizeof session->base.via, via ? via : "");
    x8_lines_init(session, ssh);
    *out = &session->base;
    return 0;
}
