/*
 * Bytes of a channel.
 */
#include "net/ssh_parts.h"

#include <string.h>

/* Given to libssh at once: it makes packets of 32 KiB of it and sends them with one system call. */
#define PIECE ((size_t)256 << 10)
/* A window that stays small so long is all there will be. */
#define EAGER_MS 50

static int dead(const struct x8_ssh *ssh, struct x8_error *err)
{
    if (err)
        *err = ssh->death;
    return -(int)ssh->death.code;
}

static int stopped(const struct x8_ssh_channel *channel, const struct x8_ssh_waiter *waiter,
                   struct x8_error *err)
{
    int rc = x8_cancel_check(waiter->await.cancel, X8_CANCEL_HARD, err);

    if (rc == 0 && atomic_load(&channel->is_shut))
        rc = x8_fail(err, X8_E_STOPPED, "stopped on request");
    return rc;
}

/* Why a wait is over before it has what it waits for: 0 when it is not. */
static int over(const struct x8_ssh_channel *channel, int64_t deadline, const char *what,
                struct x8_error *err)
{
    if (channel->ssh->is_dead)
        return dead(channel->ssh, err);
    if (x8_deadline_left(deadline, 1) == 0)
        return x8_fail(err, X8_E_TIMEOUT, "%s %s in time", channel->ssh->host, what);
    return 0;
}

/* --- reading --- */

/* What was taken before. */
static ssize_t hand_out(struct x8_ssh_channel *channel, int which, void *out, size_t cap)
{
    struct x8_buf *taken = &channel->taken[which];
    size_t left = taken->len - channel->taken_at[which], n = left < cap ? left : cap;

    if (n == 0)
        return 0;
    memcpy(out, taken->data + channel->taken_at[which], n);
    channel->taken_at[which] += n;
    if (n == left)
        taken->len = channel->taken_at[which] = 0;
    return (ssize_t)n;
}

/*
 * Take all that libssh has of a stream: with each read it lets the server send more, however little
 * was read. With the lock held.
 */
static ssize_t take(struct x8_ssh_channel *channel, int which, void *out, size_t cap,
                    struct x8_error *err)
{
    struct x8_buf *taken = &channel->taken[which];
    size_t len = channel->waiting[which];
    int n;

    if (len == 0)
        return 0;
    if (len > cap && x8_buf_reserve(taken, len) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    n = ssh_channel_read(channel->raw, len > cap ? (void *)taken->data : out, (uint32_t)len, which);
    if (n <= 0)
        return 0; /* the connection broke: told by who looks next */
    channel->waiting[which] -= (size_t)n < len ? (size_t)n : len;
    if (len <= cap)
        return n;
    taken->len = (size_t)n;
    return hand_out(channel, which, out, cap);
}

static ssize_t from_either(struct x8_ssh_channel *channel, int *is_error, void *out, size_t cap,
                           struct x8_error *err)
{
    for (int i = 0; i < 2; i++) {
        int which = channel->turn ^ i;
        ssize_t n = hand_out(channel, which, out, cap);

        if (n == 0)
            n = take(channel, which, out, cap, err);
        if (n > 0) {
            *is_error = which;
            channel->turn = !which;
        }
        if (n != 0)
            return n;
    }
    return 0;
}

/* A command's status may come behind the end of its streams, so its channel ends when the server
 * closes it. */
static int has_ended(const struct x8_ssh_channel *channel)
{
    return channel->has_closed || (channel->is_dial && channel->has_eof);
}

ssize_t x8_ssh_read(struct x8_ssh_channel *channel, const struct x8_op *op, int *is_error,
                    void *out, size_t cap, int timeout_ms, struct x8_error *err)
{
    int64_t deadline = x8_deadline_min(op->deadline, x8_deadline_in(timeout_ms));
    struct x8_ssh_waiter waiter;
    ssize_t n;

    x8_ssh_enter(&waiter, channel->ssh, &channel->readable, op);
    while ((n = stopped(channel, &waiter, err)) == 0) {
        n = from_either(channel, is_error, out, cap, err);
        if (n != 0 || has_ended(channel))
            break;
        n = over(channel, deadline, "said nothing", err);
        if (n != 0)
            break;
        x8_ssh_rest(&waiter, deadline);
    }
    x8_ssh_leave(&waiter);
    return n;
}

/* --- writing --- */

static int reads_no_more(const struct x8_ssh_channel *channel, struct x8_error *err)
{
    return x8_fail(err, X8_E_GONE,
                   channel->is_dial ? "the board closed the connection"
                                    : "the command on the board reads no more input");
}

/*
 * How much to write now. dropbear's window is narrow, and it opens it by a third whenever that much
 * was taken: using each third at once makes packets of 8 KiB, which cost it half as much again as
 * they need. Halves keep it busy with one while the other is on its way.
 */
static size_t next_piece(struct x8_ssh_channel *channel)
{
    size_t window = ssh_channel_window_size(channel->raw), half, len = channel->out_len;

    if (window > channel->window_most)
        channel->window_most = window;
    half = channel->window_most / 2;
    if (half > PIECE)
        half = PIECE;
    if (len > half)
        len = half;
    if (window >= len)
        return len;
    return channel->is_eager ? window : 0;
}

static int may_write(const struct x8_ssh *ssh)
{
    return !ssh->is_dead && !x8_ssh_has_unsent(ssh) && !x8_ssh_is_stuffed(ssh);
}

static int takes_input(const struct x8_ssh_channel *channel)
{
    return !channel->has_closed && (channel->is_dial || atomic_load(&channel->status) < 0);
}

void x8_ssh_write_due(struct x8_ssh_channel *channel)
{
    while (channel->out_len > 0 && takes_input(channel) && may_write(channel->ssh)) {
        size_t len = next_piece(channel);
        int n = len > 0 ? ssh_channel_write(channel->raw, channel->out, (uint32_t)len) : 0;

        if (n <= 0)
            return; /* a broken connection or channel is told by who looks next */
        channel->is_eager = 0;
        channel->out += n;
        channel->out_len -= (size_t)n;
    }
    if (channel->out == NULL || channel->out_len > 0)
        return;
    channel->out = NULL;
    pthread_cond_signal(&channel->writable);
}

/* Wait for the end of channel->out. With the lock held. */
static int await_written(struct x8_ssh_channel *channel, struct x8_ssh_waiter *waiter,
                         const struct x8_op *op, int timeout_ms, struct x8_error *err)
{
    int64_t deadline = 0, eager_at = 0;
    size_t left = SIZE_MAX;
    int rc;

    for (;;) {
        rc = stopped(channel, waiter, err);
        if (rc == 0)
            x8_ssh_write_due(channel);
        if (rc != 0 || channel->out_len == 0)
            return rc;
        if (!takes_input(channel))
            return reads_no_more(channel, err);
        if (channel->out_len < left) { /* the limit is one without progress */
            deadline = x8_deadline_min(op->deadline, x8_deadline_in(timeout_ms));
            eager_at = x8_deadline_in(EAGER_MS);
        }
        left = channel->out_len;
        rc = over(channel, deadline, "took no more input", err);
        if (rc != 0)
            return rc;
        channel->is_eager = x8_deadline_left(eager_at, 1) == 0;
        x8_ssh_rest(waiter, channel->is_eager ? deadline : x8_deadline_min(deadline, eager_at));
    }
}

int x8_ssh_write(struct x8_ssh_channel *channel, const struct x8_op *op, const void *data,
                 size_t len, int timeout_ms, struct x8_error *err)
{
    struct x8_ssh_waiter waiter;
    int rc = 0;

    x8_ssh_enter(&waiter, channel->ssh, &channel->writable, op);
    if (!takes_input(channel)) {
        rc = channel->ssh->is_dead ? dead(channel->ssh, err) : reads_no_more(channel, err);
    } else if (len > 0) {
        channel->out = data;
        channel->out_len = len;
        rc = await_written(channel, &waiter, op, timeout_ms, err);
        channel->out = NULL;
        channel->out_len = 0;
    }
    x8_ssh_leave(&waiter);
    return rc;
}

int x8_ssh_end_input(struct x8_ssh_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    struct x8_ssh_waiter waiter;
    int rc = 0;

    x8_ssh_enter(&waiter, channel->ssh, &channel->writable, op);
    if (channel->ssh->is_dead)
        rc = dead(channel->ssh, err);
    else if (!channel->has_closed)
        ssh_channel_send_eof(channel->raw); /* queued where the socket is full */
    x8_ssh_leave(&waiter);
    return rc;
}

int x8_ssh_resize(struct x8_ssh_channel *channel, const struct x8_op *op, unsigned rows,
                  unsigned cols, struct x8_error *err)
{
    struct x8_ssh_waiter waiter;
    int rc = 0;

    if (rows == 0 || cols == 0)
        return 0;
    x8_ssh_enter(&waiter, channel->ssh, &channel->writable, op);
    if (channel->ssh->is_dead)
        rc = dead(channel->ssh, err);
    else if (!channel->has_closed)
        ssh_channel_change_pty_size(channel->raw, (int)cols, (int)rows);
    x8_ssh_leave(&waiter);
    return rc;
}
