/*
 * Receiving: bytes from the link, packets from bytes, and what each packet means for its stream.
 *
 * Packets that belong to no stream are left alone: streams end on both sides at their own time.
 * Those of an unknown kind too, as newer daemons may have more to say.
 */
#include "adb/conn.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int ms_until(int64_t deadline)
{
    return deadline == X8_NO_DEADLINE ? -1 : x8_deadline_left(deadline, INT_MAX);
}

ssize_t x8_conn_some(struct x8_adb_conn *conn, const struct x8_op *op, void *out, size_t cap,
                     int64_t deadline, struct x8_error *err)
{
    ssize_t n;

    if (conn->rx_len == 0 && conn->link->is_stream && cap < X8_CONN_RX / 2) {
        n = x8_recv(conn->link, op, conn->rx, X8_CONN_RX, ms_until(deadline), err);
        if (n < 0)
            return n;
        conn->rx_at = 0;
        conn->rx_len = (size_t)n;
    }
    if (conn->rx_len == 0)
        return x8_recv(conn->link, op, out, cap, ms_until(deadline), err);
    n = (ssize_t)(conn->rx_len < cap ? conn->rx_len : cap);
    memcpy(out, conn->rx + conn->rx_at, (size_t)n);
    conn->rx_at += (size_t)n;
    conn->rx_len -= (size_t)n;
    return n;
}

int x8_conn_exactly(struct x8_adb_conn *conn, const struct x8_op *op, void *out, size_t len,
                    int64_t deadline, struct x8_error *err)
{
    size_t have = 0;

    while (have < len) {
        ssize_t n = x8_conn_some(conn, op, (uint8_t *)out + have, len - have, deadline, err);

        if (n < 0)
            return (int)n;
        have += (size_t)n;
    }
    return 0;
}

/* --- what packets mean; with the lock held --- */

static void on_okay(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe, uint32_t remote)
{
    if (pipe->state == X8_PIPE_OPENING) {
        pipe->remote = remote;
        pipe->state = X8_PIPE_OPEN;
        pthread_cond_signal(pipe->told);
    } else if (pipe->state == X8_PIPE_ABANDONED) {
        x8_conn_post_close(conn, pipe->local, remote);
        x8_conn_remove(conn, pipe);
        x8_pipe_free(pipe);
    } else if (pipe->state == X8_PIPE_OPEN && pipe->remote == remote && pipe->in_flight) {
        pipe->in_flight = 0;
        if (pipe->out_len > 0) {
            x8_conn_make_ready(conn, pipe);
            if (!conn->reader_sends)
                pthread_cond_signal(&pipe->writable);
        }
    }
}

/* remote 0 is a refused OPEN; what an older session left behind has another number. */
static void on_close(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe, uint32_t remote)
{
    if (pipe->state == X8_PIPE_OPENING && remote == 0) {
        pipe->state = X8_PIPE_REFUSED;
    } else if (pipe->state == X8_PIPE_ABANDONED && remote == 0) {
        x8_conn_remove(conn, pipe);
        x8_pipe_free(pipe);
        return;
    } else if (pipe->state == X8_PIPE_OPEN && (remote == 0 || remote == pipe->remote)) {
        pipe->state = X8_PIPE_CLOSED;
        pipe->owes_okay = 0;
        x8_conn_unready(conn, pipe);
    }
    pthread_cond_broadcast(pipe->told);
    pthread_cond_broadcast(&pipe->writable);
}

static int breach(struct x8_error *err)
{
    x8_fail(err, X8_E_LINK, "the board broke a rule of the adb protocol");
    x8_error_why(err, "it sent more on a stream before the last packet was acknowledged");
    x8_error_next(err, "restart the board; if it comes back, its adb daemon is not to be trusted");
    return -(int)X8_E_LINK;
}

/* Takes `chunk` where it leaves *chunk NULL. */
static int on_data(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe, uint32_t remote,
                   struct x8_adb_chunk **chunk, struct x8_error *err)
{
    if (pipe->state != X8_PIPE_OPEN || pipe->remote != remote)
        return 0;
    if (pipe->owes_okay || pipe->okays_due >= X8_CONN_OKAYS_DUE)
        return breach(err);
    if (*chunk) {
        pipe->queued += (*chunk)->len;
        *pipe->tail = *chunk;
        pipe->tail = &(*chunk)->next;
        *chunk = NULL;
        pthread_cond_signal(pipe->told);
    }
    if (pipe->queued < X8_CONN_QUEUE_SHORT)
        x8_conn_post_okay(conn, pipe);
    else
        pipe->owes_okay = 1;
    return 0;
}

static int on_packet(struct x8_adb_conn *conn, const struct x8_adb_packet *packet,
                     struct x8_adb_chunk **chunk, struct x8_error *err)
{
    struct x8_adb_pipe *pipe = x8_conn_find(conn, packet->arg1);

    if (!pipe)
        return 0;
    switch (packet->command) {
    case X8_ADB_OKAY:
        on_okay(conn, pipe, packet->arg0);
        return 0;
    case X8_ADB_CLSE:
        on_close(conn, pipe, packet->arg0);
        return 0;
    case X8_ADB_WRTE:
        return on_data(conn, pipe, packet->arg0, chunk, err);
    default:
        return 0;
    }
}

/* --- the reading thread --- */

/* Nobody stops the reader but the link itself. */
static const struct x8_op endless = {.deadline = X8_NO_DEADLINE};

static int read_payload(struct x8_adb_conn *conn, const struct x8_adb_packet *packet,
                        struct x8_adb_chunk **out, struct x8_error *err)
{
    struct x8_adb_chunk *chunk = malloc(sizeof *chunk + packet->length);
    int rc;

    if (!chunk)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    chunk->next = NULL;
    chunk->at = 0;
    chunk->len = packet->length;
    rc = x8_conn_exactly(conn, &endless, chunk->data, packet->length, X8_NO_DEADLINE, err);
    if (rc == 0 && conn->has_sums)
        rc = x8_adb_payload_check(packet, chunk->data, err);
    if (rc < 0)
        free(chunk);
    else
        *out = chunk;
    return rc;
}

/* Is the next packet here already? Then answers to this one can travel together with its. */
static int has_another(const struct x8_adb_conn *conn)
{
    return conn->rx_len >= X8_ADB_HEADER &&
           conn->rx_len - X8_ADB_HEADER >= x8_get_le32(conn->rx + conn->rx_at + 12);
}

static int read_packet(struct x8_adb_conn *conn, struct x8_error *err)
{
    uint8_t header[X8_ADB_HEADER];
    struct x8_adb_packet packet;
    struct x8_adb_chunk *chunk = NULL;
    int rc = x8_conn_exactly(conn, &endless, header, sizeof header, X8_NO_DEADLINE, err);

    if (rc == 0)
        rc = x8_adb_header_get(header, X8_ADB_PAYLOAD_MAX, &packet, err);
    if (rc == 0 && packet.length > 0)
        rc = read_payload(conn, &packet, &chunk, err);
    if (rc < 0)
        return rc;
    pthread_mutex_lock(&conn->lock);
    rc = on_packet(conn, &packet, &chunk, err);
    if (rc == 0 && !has_another(conn))
        x8_conn_reader_sends(conn);
    pthread_mutex_unlock(&conn->lock);
    free(chunk);
    return rc;
}

void *x8_conn_reader(void *arg)
{
    struct x8_adb_conn *conn = arg;
    struct x8_error err;

    while (read_packet(conn, &err) == 0)
        ;
    pthread_mutex_lock(&conn->lock);
    x8_conn_die(conn, &err);
    pthread_mutex_unlock(&conn->lock);
    return NULL;
}
