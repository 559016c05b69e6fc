/*
 * Reading and writing of a command on a daemon without shell_v2.
 */
#include "session/over_adb_pty.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A block of an input of unknown length: long enough that a process of its own pays off. */
#define FEED_LEN      ((size_t)256 << 10)
#define LAST_WORDS_MS 500
#define RESIZE_MS     5000

static struct x8_pty *pty_of(struct x8_channel *channel)
{
    return X8_CONTAINER(channel, struct x8_pty, base);
}

/*
 * The status came: who still writes is let go. Nothing is read of these streams any more. (An adb
 * server whose connection ends like this passes on what it still holds without waiting its turn;
 * the daemon queues it for a stream that is closed next.)
 */
static void command_ended(struct x8_pty *pty, uint32_t status)
{
    atomic_store(&pty->status, (int)(status & 0xff));
    atomic_store(&pty->has_ended, 1);
    pty->out.is_done = 1;
    if (pty->input == X8_INPUT_NONE)
        return;
    x8_adb_stream_shut(pty->out.stream);
    if (pty->feed.stream)
        x8_adb_stream_shut(pty->feed.stream);
}

/* What `lane` has to say: bytes for the caller (count), or 0 after marks were taken. */
static size_t deliver(struct x8_pty *pty, struct x8_lane *lane, void *out, size_t cap)
{
    struct x8_mark mark;
    size_t len = 0;

    while (!lane->is_done) {
        switch (x8_lane_next(lane, pty->nonce, &len, &mark)) {
        case X8_LANE_DATA:
            return x8_lane_take(lane, out, cap, len);
        case X8_LANE_MARK:
            if (lane == &pty->out && mark.kind == X8_MARK_STATUS)
                command_ended(pty, mark.value);
            else if (lane == &pty->errors && mark.kind == X8_MARK_END)
                lane->is_done = 1;
            break;
        case X8_LANE_END:
            lane->is_done = 1;
            break;
        case X8_LANE_MORE:
            return 0;
        }
    }
    return 0;
}

/* Read of one lane or wait for either. */
static int fill(struct x8_pty *pty, const struct x8_op *op, int64_t deadline, struct x8_error *err)
{
    struct x8_lane *lanes[] = {&pty->out, &pty->errors};
    struct x8_adb_stream *streams[2];
    int first = pty->reads_errors_first, which;

    if (lanes[0]->is_done || lanes[1]->is_done)
        return x8_lane_fill(lanes[lanes[0]->is_done ? 1 : 0], op, deadline, err);
    streams[0] = lanes[first]->stream;
    streams[1] = lanes[!first]->stream;
    which = x8_adb_wait_any(streams, 2, op, x8_wait_ms(deadline), err);
    if (which < 0)
        return which;
    pty->reads_errors_first = !(which ^ first);
    return x8_lane_fill(lanes[which ^ first], op, deadline, err);
}

/* The main shell is dead without a word, so no mark will end its stderr: what is on the way is
 * taken, and no more. */
static int fill_orphan(struct x8_pty *pty, const struct x8_op *op, int64_t deadline,
                       struct x8_error *err)
{
    int rc;

    if (pty->errors_until == 0)
        pty->errors_until = x8_deadline_in(LAST_WORDS_MS);
    rc = x8_lane_fill(&pty->errors, op, x8_deadline_min(deadline, pty->errors_until), err);
    if (rc != -X8_E_TIMEOUT || x8_deadline_left(pty->errors_until, 1) > 0)
        return rc;
    pty->errors.is_done = 1;
    return 0;
}

static int is_orphan(const struct x8_pty *pty)
{
    return pty->out.is_done && !pty->errors.is_done && !atomic_load(&pty->has_ended);
}

static ssize_t pty_read(struct x8_channel *channel, const struct x8_op *op,
                        enum x8_output *out_which, void *out, size_t cap, int timeout_ms,
                        struct x8_error *err)
{
    struct x8_pty *pty = pty_of(channel);
    int64_t deadline = x8_wait_until(op, timeout_ms);

    for (;;) {
        size_t n = deliver(pty, &pty->out, out, cap);
        int rc;

        *out_which = X8_STDOUT;
        if (n == 0) {
            n = deliver(pty, &pty->errors, out, cap);
            *out_which = X8_STDERR;
        }
        if (n > 0)
            return (ssize_t)n;
        if (pty->out.is_done && pty->errors.is_done)
            return 0;
        rc = is_orphan(pty) ? fill_orphan(pty, op, deadline, err) : fill(pty, op, deadline, err);
        if (rc == -X8_E_GONE || rc == -X8_E_LINK)
            x8_error_prefix(err, "outcome unknown");
        if (rc < 0)
            return rc;
    }
}

static int reads_no_more(struct x8_error *err)
{
    return x8_fail(err, X8_E_GONE, "the command on the board reads no more input");
}

/* A failed write of a command that has ended is no fault of the link. */
static int written(struct x8_pty *pty, int rc, struct x8_error *err)
{
    if (rc != 0 && atomic_load(&pty->has_ended))
        return reads_no_more(err);
    return rc;
}

/* Wait until the feeder asks for what comes next. */
static int feeder_ready(struct x8_pty *pty, const struct x8_op *op, int64_t deadline,
                        struct x8_error *err)
{
    while (!pty->may_feed) {
        struct x8_mark mark;
        int rc;

        if (pty->feed.is_done)
            return reads_no_more(err);
        switch (x8_lane_next(&pty->feed, pty->nonce, &(size_t){0}, &mark)) {
        case X8_LANE_MARK:
            pty->may_feed = mark.kind == X8_MARK_NEXT;
            pty->feed.is_done = mark.kind == X8_MARK_END;
            break;
        case X8_LANE_END:
            pty->feed.is_done = 1;
            break;
        case X8_LANE_DATA:
            pty->feed.begin += mark.at ? mark.at : pty->feed.end - pty->feed.begin;
            break;
        case X8_LANE_MORE:
            rc = x8_lane_fill(&pty->feed, op, deadline, err);
            if (rc != 0)
                return written(pty, rc, err);
        }
    }
    return 0;
}

static int feed_bytes(struct x8_pty *pty, const struct x8_op *op, const void *data, size_t len,
                      int timeout_ms, struct x8_error *err)
{
    int wait = x8_wait_ms(x8_wait_until(op, timeout_ms));

    pty->may_feed = 0;
    return written(pty, x8_adb_write(pty->feed.stream, op, data, len, wait, err), err);
}

/* A block: its length, and when that was read, its bytes. */
static int feed(struct x8_pty *pty, const struct x8_op *op, const void *data, size_t len,
                int timeout_ms, struct x8_error *err)
{
    int64_t deadline = x8_wait_until(op, timeout_ms);
    int rc = feeder_ready(pty, op, deadline, err);
    char line[24];

    if (rc != 0)
        return rc;
    snprintf(line, sizeof line, "%zu\n", len);
    rc = feed_bytes(pty, op, line, strlen(line), timeout_ms, err);
    if (rc != 0 || len == 0)
        return rc;
    rc = feeder_ready(pty, op, x8_wait_until(op, timeout_ms), err);
    return rc == 0 ? feed_bytes(pty, op, data, len, timeout_ms, err) : rc;
}

static int write_main(struct x8_pty *pty, const struct x8_op *op, const void *data, size_t len,
                      int timeout_ms, struct x8_error *err)
{
    int wait = x8_wait_ms(x8_wait_until(op, timeout_ms));

    return written(pty, x8_adb_write(pty->out.stream, op, data, len, wait, err), err);
}

static int pty_write(struct x8_channel *channel, const struct x8_op *op, const void *data,
                     size_t len, int timeout_ms, struct x8_error *err)
{
    struct x8_pty *pty = pty_of(channel);
    int is_counted = pty->input == X8_INPUT_COUNT && !pty->in_lead, rc = 0;
    const uint8_t *at = data;

    if (atomic_load(&pty->has_ended))
        return reads_no_more(err);
    if ((pty->input == X8_INPUT_NONE && !pty->in_lead) || (is_counted && len > pty->input_left))
        return x8_fail(err, X8_E_INTERNAL, "more input than the command was started for");
    pty->input_left -= is_counted ? len : 0;
    if (pty->input != X8_INPUT_OPEN)
        return write_main(pty, op, data, len, timeout_ms, err);
    while (rc == 0 && len > 0) {
        size_t n = len < FEED_LEN ? len : FEED_LEN;

        rc = feed(pty, op, at, n, timeout_ms, err);
        at += n;
        len -= n;
    }
    return rc;
}

static int pty_begin(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    struct x8_pty *pty = pty_of(channel);
    char line[X8_NONCE_LEN + 2];

    if (!pty->in_lead)
        return 0;
    pty->in_lead = 0;
    if (pty->input == X8_INPUT_OPEN)
        return feed(pty, op, "\n", 1, -1, err);
    snprintf(line, sizeof line, "%s\n", pty->nonce);
    return write_main(pty, op, line, strlen(line), -1, err);
}

/* The length 0 is the end. It comes behind the last block, so it waits for the command to take
 * that; a command that ended before has no use for it. */
static int pty_end_input(struct x8_channel *channel, const struct x8_op *op, struct x8_error *err)
{
    struct x8_pty *pty = pty_of(channel);
    int rc;

    if (pty->input != X8_INPUT_OPEN || atomic_load(&pty->has_ended))
        return 0;
    rc = feed(pty, op, NULL, 0, -1, err);
    return rc != 0 && (atomic_load(&pty->has_ended) || pty->feed.is_done) ? 0 : rc;
}

/* A short stream of its own sets the size of this one's terminal; the kernel tells the programs. */
static int pty_resize(struct x8_channel *channel, const struct x8_op *op, unsigned rows,
                      unsigned cols, struct x8_error *err)
{
    struct x8_pty *pty = pty_of(channel);
    int64_t deadline = x8_wait_until(op, RESIZE_MS);
    struct x8_lane lane = {0};
    X8_AUTO_BUF text = {0};
    int rc;

    if (pty->input != X8_INPUT_TTY || rows == 0 || cols == 0)
        return 0;
    if (x8_script_resize(&text, pty->process, rows, cols) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    rc = x8_lane_open(&lane, pty->session->adb, op, x8_buf_text(&text), deadline, err);
    while (rc == 0 && !lane.has_ended) {
        lane.begin = lane.end = 0;
        rc = x8_lane_fill(&lane, op, deadline, err);
    }
    x8_lane_close(&lane);
    return rc;
}

static int pty_status(const struct x8_channel *channel)
{
    return atomic_load(&((const struct x8_pty *)(const void *)channel)->status);
}

static void pty_shut(struct x8_channel *channel)
{
    struct x8_pty *pty = pty_of(channel);
    struct x8_lane *lanes[] = {&pty->out, &pty->errors, &pty->feed};

    for (size_t i = 0; i < X8_COUNT(lanes); i++)
        if (lanes[i]->stream)
            x8_adb_stream_shut(lanes[i]->stream);
}

static void pty_close(struct x8_channel *channel)
{
    struct x8_pty *pty = pty_of(channel);

    x8_lane_close(&pty->out);
    x8_lane_close(&pty->feed);
    x8_lane_close(&pty->errors);
    free(pty);
}

const struct x8_channel_ops x8_pty_ops = {
    .read = pty_read,
    .write = pty_write,
    .begin = pty_begin,
    .end_input = pty_end_input,
    .resize = pty_resize,
    .status = pty_status,
    .shut = pty_shut,
    .close = pty_close,
};
