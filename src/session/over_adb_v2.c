/*
 * A command on a daemon with shell_v2: one stream whose packets say what is stdout, what is stderr
 * and how it ended.
 */
#include "session/over_adb_v2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct x8_v2 *v2_of(struct x8_channel *channel)
{
    return X8_CONTAINER(channel, struct x8_v2, base);
}

int x8_v2_send(struct x8_v2 *v2, const struct x8_op *op, enum x8_shell_id id, const void *data,
               size_t len, int64_t deadline, struct x8_error *err)
{
    uint8_t packet[X8_SHELL_HEAD + X8_V2_PACKET_LEN];
    int rc;

    x8_shell_head(packet, id, (uint32_t)len);
    if (len > 0)
        memcpy(packet + X8_SHELL_HEAD, data, len);
    pthread_mutex_lock(&v2->sending);
    rc = x8_adb_write(v2->lane.stream, op, packet, X8_SHELL_HEAD + len, x8_wait_ms(deadline), err);
    pthread_mutex_unlock(&v2->sending);
    x8_wipe(packet, X8_SHELL_HEAD + len); /* sudo's password comes this way */
    if (rc != 0 && atomic_load(&v2->has_ended))
        return x8_fail(err, X8_E_GONE, "the command on the board reads no more input");
    return rc;
}

/* The next piece of output, reading as needed. 1, 0 at the end, or negative. */
static int next_piece(struct x8_v2 *v2, const struct x8_op *op, int64_t deadline,
                      struct x8_error *err)
{
    struct x8_lane *lane = &v2->lane;

    for (;;) {
        struct x8_span rest = {lane->buf + lane->begin, lane->end - lane->begin};
        size_t used = 0;
        int got = x8_shell_next(&v2->parser, rest, &used, &v2->piece), rc;

        lane->begin += used;
        if (v2->parser.has_status) {
            atomic_store(&v2->status, v2->parser.status);
            atomic_store(&v2->has_ended, 1);
        }
        if (got && (!v2->is_merged || v2->piece.id != X8_SHELL_STDERR))
            return 1;
        if (got) {
            v2->piece.data.len = 0;
            continue;
        }
        if (lane->has_ended || v2->parser.has_status)
            return 0;
        rc = x8_lane_fill(lane, op, deadline, err);
        if (rc < 0)
            return rc;
    }
}

ssize_t x8_v2_read(struct x8_v2 *v2, const struct x8_op *op, enum x8_output *which, void *out,
                   size_t cap, int64_t deadline, struct x8_error *err)
{
    size_t n;

    if (v2->piece.data.len == 0) {
        int rc = next_piece(v2, op, deadline, err);

        if (rc == -X8_E_GONE || rc == -X8_E_LINK)
            x8_error_prefix(err, "outcome unknown");
        if (rc <= 0)
            return rc;
    }
    n = v2->piece.data.len < cap ? v2->piece.data.len : cap;
    memcpy(out, v2->piece.data.data, n);
    v2->piece.data.data += n;
    v2->piece.data.len -= n;
    *which = v2->piece.id == X8_SHELL_STDERR ? X8_STDERR : X8_STDOUT;
    return (ssize_t)n;
}

static ssize_t v2_read(struct x8_channel *channel, const struct x8_op *op, enum x8_output *which,
                       void *out, size_t cap, int timeout_ms, struct x8_error *err)
{
    struct x8_v2 *v2 = v2_of(channel);

    for (int i = X8_STDOUT; i <= X8_STDERR; i++) {
        size_t left = v2->early[i].len - v2->early_taken[i], n = left < cap ? left : cap;

        if (left == 0)
            continue;
        memcpy(out, v2->early[i].data + v2->early_taken[i], n);
        v2->early_taken[i] += n;
        *which = (enum x8_output)i;
        return (ssize_t)n;
    }
    return x8_v2_read(v2, op, which, out, cap, x8_wait_until(op, timeout_ms), err);
}

static int v2_end_input(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    struct x8_v2 *v2 = v2_of(channel);
    int rc = 0;

    if (!atomic_load(&v2->has_ended) && v2->input != X8_INPUT_TTY)
        rc = x8_v2_send(v2, op, X8_SHELL_CLOSE_STDIN, NULL, 0, op->deadline, err);
    /* It has ended and needs none; a link that broke is the reader's to tell. */
    return rc == -X8_E_GONE ? 0 : rc;
}

static int v2_write(struct x8_channel *channel, const struct x8_op *op, const void *data,
                    size_t len, int timeout_ms, struct x8_error *err)
{
    struct x8_v2 *v2 = v2_of(channel);
    const uint8_t *at = data;
    int is_counted = v2->input == X8_INPUT_COUNT && !v2->in_lead, rc = 0;

    if (atomic_load(&v2->has_ended))
        return x8_fail(err, X8_E_GONE, "the command on the board reads no more input");
    if ((v2->input == X8_INPUT_NONE && !v2->in_lead) || (is_counted && len > v2->input_left))
        return x8_fail(err, X8_E_INTERNAL, "more input than the command was started for");
    v2->input_left -= is_counted ? len : 0;
    while (rc == 0 && len > 0) {
        size_t n = len < X8_V2_PACKET_LEN ? len : X8_V2_PACKET_LEN;

        rc = x8_v2_send(v2, op, X8_SHELL_STDIN, at, n, x8_wait_until(op, timeout_ms), err);
        at += n;
        len -= n;
    }
    if (rc == 0 && is_counted && v2->input_left == 0)
        rc = v2_end_input(channel, op, err);
    return rc;
}

/* Then a command without input has none. */
static int v2_begin(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    struct x8_v2 *v2 = v2_of(channel);
    int rc = v2->in_lead ? x8_v2_send(v2, op, X8_SHELL_STDIN, "\n", 1, op->deadline, err) : 0;

    v2->in_lead = 0;
    if (rc == 0 && v2->input != X8_INPUT_OPEN && v2->input_left == 0)
        rc = v2_end_input(channel, op, err);
    return rc;
}

static int v2_resize(struct x8_channel *channel, const struct x8_op *op, unsigned rows,
                     unsigned cols, struct x8_error *err)
{
    struct x8_v2 *v2 = v2_of(channel);
    char text[64];
    int len = snprintf(text, sizeof text, "%ux%u,0x0", rows, cols);

    if (v2->input != X8_INPUT_TTY || rows == 0 || cols == 0)
        return 0;
    return x8_v2_send(v2, op, X8_SHELL_WINDOW, text, (size_t)len + 1, op->deadline, err);
}

static int v2_status(const struct x8_channel *channel)
{
    return atomic_load(&((const struct x8_v2 *)(const void *)channel)->status);
}

static void v2_shut(struct x8_channel *channel)
{
    x8_adb_stream_shut(v2_of(channel)->lane.stream);
}

static void v2_close(struct x8_channel *channel)
{
    struct x8_v2 *v2 = v2_of(channel);

    x8_lane_close(&v2->lane);
    x8_buf_done(&v2->early[X8_STDOUT]);
    x8_buf_done(&v2->early[X8_STDERR]);
    pthread_mutex_destroy(&v2->sending);
    free(v2);
}

const struct x8_channel_ops x8_v2_ops = {
    .read = v2_read,
    .write = v2_write,
    .begin = v2_begin,
    .end_input = v2_end_input,
    .resize = v2_resize,
    .status = v2_status,
    .shut = v2_shut,
    .close = v2_close,
};
