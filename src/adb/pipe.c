/*
 * Streams of a connection, as their users see them.
 */
#include "adb/conn.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    CLOSE_LIMIT_MS = 3000, /* for the last word of a stream, where the link is stuck */
};

static struct x8_adb_pipe *pipe_of(struct x8_adb_stream *stream)
{
    return (struct x8_adb_pipe *)stream;
}

static void free_chunks(struct x8_adb_chunk *chunk)
{
    while (chunk) {
        struct x8_adb_chunk *next = chunk->next;

        free(chunk);
        chunk = next;
    }
}

void x8_pipe_free(struct x8_adb_pipe *pipe)
{
    free_chunks(pipe->head);
    free_chunks(pipe->mine);
    pthread_cond_destroy(&pipe->readable);
    pthread_cond_destroy(&pipe->writable);
    free(pipe);
}

/* Why nothing more can come of this stream: the negative code, or 0. With the lock held. */
static int trouble(const struct x8_adb_pipe *pipe, struct x8_error *err)
{
    if (pipe->is_shut)
        return x8_fail(err, X8_E_STOPPED, "the stream was shut");
    if (pipe->conn->is_dead) {
        if (err)
            *err = pipe->conn->death;
        return -(int)pipe->conn->death.code;
    }
    return 0;
}

static int late(const char *what, struct x8_error *err)
{
    return x8_fail(err, X8_E_TIMEOUT, "the board did not %s in time", what);
}

/* --- reading --- */

/* Take the whole queue over; the daemon may go on. With the lock held. */
static void take_queue(struct x8_adb_pipe *pipe, const struct x8_op *op, int timeout_ms)
{
    struct x8_adb_conn *conn = pipe->conn;

    pipe->mine = pipe->head;
    pipe->head = NULL;
    pipe->tail = &pipe->head;
    pipe->queued = 0;
    if (!pipe->owes_okay)
        return;
    pipe->owes_okay = 0;
    if (!conn->is_dead)
        x8_conn_post_okay(conn, pipe);
    x8_conn_send_due(conn, op, NULL, timeout_ms);
}

/* 1 when there is data, 0 when there is none yet or (*out_ended) none will come, or a negative
 * code. With the lock held. */
static int readable(const struct x8_adb_pipe *pipe, int *out_ended, struct x8_error *err)
{
    *out_ended = 0;
    if (pipe->is_shut)
        return trouble(pipe, err);
    if (pipe->head)
        return 1;
    *out_ended = pipe->state == X8_PIPE_CLOSED;
    return *out_ended ? 0 : trouble(pipe, err);
}

static int wait_data(struct x8_adb_pipe *pipe, const struct x8_op *op, int timeout_ms,
                     struct x8_error *err)
{
    int64_t deadline = x8_op_limit(op, timeout_ms);
    struct x8_await waiter;
    int ended = 0, rc;

    x8_await_enter(&waiter, &pipe->conn->lock, &pipe->readable, x8_op_cancel(op));
    for (;;) {
        rc = x8_cancel_check(waiter.cancel, X8_CANCEL_HARD, err);
        if (rc == 0)
            rc = readable(pipe, &ended, err);
        if (rc != 0 || ended)
            break;
        if (x8_deadline_left(deadline, 1) == 0)
            rc = late("send anything", err);
        if (rc < 0)
            break;
        x8_await_rest(&waiter, deadline);
    }
    if (rc > 0)
        take_queue(pipe, op, timeout_ms);
    x8_await_leave(&waiter);
    return rc;
}

static size_t copy_mine(struct x8_adb_pipe *pipe, uint8_t *out, size_t cap)
{
    size_t have = 0;

    while (pipe->mine && have < cap) {
        struct x8_adb_chunk *chunk = pipe->mine;
        size_t n = chunk->len - chunk->at < cap - have ? chunk->len - chunk->at : cap - have;

        memcpy(out + have, chunk->data + chunk->at, n);
        have += n;
        chunk->at += n;
        if (chunk->at == chunk->len) {
            pipe->mine = chunk->next;
            free(chunk);
        }
    }
    return have;
}

static ssize_t pipe_read(struct x8_adb_stream *stream, const struct x8_op *op, void *out,
                         size_t cap, int timeout_ms, struct x8_error *err)
{
    struct x8_adb_pipe *pipe = pipe_of(stream);

    if (cap == 0)
        return x8_fail(err, X8_E_INTERNAL, "nothing was to be read");
    if (!pipe->mine || pipe->is_shut) {
        int rc = wait_data(pipe, op, timeout_ms, err);

        if (rc <= 0)
            return rc;
    }
    return (ssize_t)copy_mine(pipe, out, cap);
}

/* --- waiting for several --- */

/* The first that has something to tell, or -1. With the lock held. */
static int first_of(struct x8_adb_stream *const *streams, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct x8_adb_pipe *pipe = pipe_of(streams[i]);
        int ended;

        if (pipe->mine || readable(pipe, &ended, NULL) != 0 || ended)
            return (int)i;
    }
    return -1;
}

static int pipe_wait_any(struct x8_adb_stream *const *streams, size_t count, const struct x8_op *op,
                         int timeout_ms, struct x8_error *err)
{
    int64_t deadline = x8_op_limit(op, timeout_ms);
    struct x8_adb_pipe *first = pipe_of(streams[0]);
    struct x8_await waiter;
    int rc;

    x8_await_enter(&waiter, &first->conn->lock, &first->readable, x8_op_cancel(op));
    for (size_t i = 0; i < count; i++)
        pipe_of(streams[i])->told = &first->readable;
    while ((rc = first_of(streams, count)) < 0) {
        int stopped = x8_cancel_check(waiter.cancel, X8_CANCEL_HARD, err);

        if (stopped == 0 && x8_deadline_left(deadline, 1) == 0)
            stopped = late("send anything", err);
        rc = stopped;
        if (stopped < 0)
            break;
        x8_await_rest(&waiter, deadline);
    }
    for (size_t i = 0; i < count; i++)
        pipe_of(streams[i])->told = &pipe_of(streams[i])->readable;
    x8_await_leave(&waiter);
    return rc;
}

/* --- writing --- */

static int writable(const struct x8_adb_pipe *pipe, struct x8_error *err)
{
    int rc = trouble(pipe, err);

    if (rc < 0 || pipe->state == X8_PIPE_OPEN)
        return rc;
    return x8_fail(err, X8_E_GONE, "the board closed the stream");
}

/* Until all of pipe->out is on its way; each piece that is taken restarts the limit. */
static int write_out(struct x8_adb_pipe *pipe, const struct x8_op *op, struct x8_await *waiter,
                     int timeout_ms, struct x8_error *err)
{
    int64_t deadline = x8_op_limit(op, timeout_ms);
    size_t left = pipe->out_len;
    int rc;

    for (;;) {
        if (pipe->is_ready)
            x8_conn_send_due(pipe->conn, op, pipe, timeout_ms);
        /* Before all else: a stop may have broken the link itself. */
        rc = x8_cancel_check(waiter->cancel, X8_CANCEL_HARD, err);
        /* A stream that ended behind the last piece took it all the same; so did one whose reader
         * shut it since the command had ended, before this thread could see that it was done. */
        if (rc == 0 && pipe->out_len == 0)
            return pipe->conn->is_dead ? trouble(pipe, err) : 0;
        if (rc == 0)
            rc = writable(pipe, err);
        if (pipe->out_len < left)
            deadline = x8_op_limit(op, timeout_ms);
        left = pipe->out_len;
        if (rc == 0 && x8_deadline_left(deadline, 1) == 0)
            rc = late("take more", err);
        if (rc < 0)
            return rc;
        x8_await_rest(waiter, deadline);
    }
}

static int pipe_write(struct x8_adb_stream *stream, const struct x8_op *op, const void *data,
                      size_t len, int timeout_ms, struct x8_error *err)
{
    struct x8_adb_pipe *pipe = pipe_of(stream);
    struct x8_adb_conn *conn = pipe->conn;
    struct x8_await waiter;
    int rc;

    x8_await_enter(&waiter, &conn->lock, &pipe->writable, x8_op_cancel(op));
    rc = writable(pipe, err);
    if (rc == 0 && len > 0) {
        pipe->out = data;
        pipe->out_len = len;
        if (!pipe->in_flight)
            x8_conn_make_ready(conn, pipe);
        rc = write_out(pipe, op, &waiter, timeout_ms, err);
        pipe->out = NULL;
        pipe->out_len = 0;
        x8_conn_unready(conn, pipe);
        /* A signal that meant "somebody go on" may have been taken by this thread. */
        if (conn->ready && !conn->is_sending)
            pthread_cond_signal(&conn->ready->writable);
    }
    x8_await_leave(&waiter);
    return rc;
}

/* --- opening and closing --- */

static void pipe_close(struct x8_adb_stream *stream)
{
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_adb_pipe *pipe = pipe_of(stream);
    struct x8_adb_conn *conn = pipe->conn;

    pthread_mutex_lock(&conn->lock);
    x8_conn_remove(conn, pipe);
    if (pipe->state == X8_PIPE_OPEN && !conn->is_dead) {
        x8_conn_post_close(conn, pipe->local, pipe->remote);
        x8_conn_send_due(conn, &op, NULL, CLOSE_LIMIT_MS);
    }
    pthread_mutex_unlock(&conn->lock);
    x8_pipe_free(pipe);
}

static void pipe_shut(struct x8_adb_stream *stream)
{
    struct x8_adb_pipe *pipe = pipe_of(stream);

    pthread_mutex_lock(&pipe->conn->lock);
    pipe->is_shut = 1;
    pthread_cond_broadcast(pipe->told);
    pthread_cond_broadcast(&pipe->writable);
    pthread_mutex_unlock(&pipe->conn->lock);
}

static struct x8_adb_pipe *pipe_new(struct x8_adb_conn *conn)
{
    static const struct x8_adb_stream_ops ops = {pipe_read, pipe_write, pipe_close, pipe_shut,
                                                 pipe_wait_any};
    struct x8_adb_pipe *pipe = calloc(1, sizeof *pipe);

    if (!pipe)
        return NULL;
    pipe->base.ops = &ops;
    pipe->conn = conn;
    pipe->tail = &pipe->head;
    x8_cond_init(&pipe->readable);
    pipe->told = &pipe->readable;
    x8_cond_init(&pipe->writable);
    return pipe;
}

static int refused(const char *service, struct x8_error *err)
{
    char text[128];

    x8_clean(text, sizeof text, service, x8_adb_service_name_len(service));
    x8_fail(err, X8_E_REFUSED, "the board refused the service '%s'", text);
    x8_error_why(err, "its adb daemon has no such service, or nothing answers behind it");
    return -(int)X8_E_REFUSED;
}

static int post_open(struct x8_adb_pipe *pipe, const char *service, struct x8_error *err)
{
    struct x8_adb_packet packet = {.command = X8_ADB_OPEN, .arg0 = pipe->local};

    packet.length = (uint32_t)strlen(service) + 1; /* with the NUL */
    if (x8_conn_post(pipe->conn, &packet, service) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return 0;
}

static int wait_open(struct x8_adb_pipe *pipe, const struct x8_op *op, struct x8_await *waiter,
                     const char *service, int timeout_ms, struct x8_error *err)
{
    int64_t deadline = x8_op_limit(op, timeout_ms);
    int rc = post_open(pipe, service, err);

    if (rc < 0)
        return rc;
    x8_conn_send_due(pipe->conn, op, NULL, timeout_ms);
    while (pipe->state == X8_PIPE_OPENING) {
        rc = x8_cancel_check(waiter->cancel, X8_CANCEL_HARD, err);
        if (rc == 0)
            rc = trouble(pipe, err);
        if (rc == 0 && x8_deadline_left(deadline, 1) == 0)
            rc = late("open a stream", err);
        if (rc < 0)
            return rc;
        x8_await_rest(waiter, deadline);
    }
    return pipe->state == X8_PIPE_REFUSED ? refused(service, err) : 0;
}

int x8_pipe_open(struct x8_adb *adb, const struct x8_op *op, const char *service, int timeout_ms,
                 struct x8_adb_stream **out, struct x8_error *err)
{
    struct x8_adb_conn *conn = (struct x8_adb_conn *)adb;
    struct x8_adb_pipe *pipe = pipe_new(conn);
    struct x8_await waiter;
    int rc;

    if (!pipe)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    x8_await_enter(&waiter, &conn->lock, &pipe->readable, x8_op_cancel(op));
    x8_conn_add(conn, pipe);
    rc = wait_open(pipe, op, &waiter, service, timeout_ms, err);
    if (rc == 0) {
        *out = &pipe->base;
    } else if (pipe->state == X8_PIPE_OPENING && !conn->is_dead) {
        /* The answer may still come; then the daemon's half is closed, and the pipe freed. */
        pipe->state = X8_PIPE_ABANDONED;
        pipe = NULL;
    } else {
        x8_conn_remove(conn, pipe);
    }
    x8_await_leave(&waiter);
    if (rc < 0 && pipe)
        x8_pipe_free(pipe);
    return rc;
}
