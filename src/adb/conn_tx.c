/*
 * Sending. What is due is gathered under the lock into `tx`, and sent without it: over a byte
 * stream many packets at once, over USB header and payload as a transfer each, as the daemon reads
 * them.
 */
#include "adb/conn.h"

#include <string.h>

enum {
    /* A send that is cut off ends the connection for everybody, so even an impatient caller gives
     * the link this long. */
    SEND_MIN_MS = 5000,
    /* And a patient one no longer than this: a daemon always reads, so that a link which takes
     * nothing is dead, and what waits behind it could not be closed. */
    SEND_MAX_MS = 60000,
};

static uint32_t sum_of(const struct x8_adb_conn *conn, const void *payload, size_t len)
{
    return conn->has_sums ? x8_adb_sum(payload, len) : 0;
}

int x8_conn_post(struct x8_adb_conn *conn, const struct x8_adb_packet *packet, const void *payload)
{
    struct x8_adb_packet summed = *packet;
    uint8_t header[X8_ADB_HEADER];

    summed.sum = sum_of(conn, payload, packet->length);
    x8_adb_header_put(header, &summed);
    if (x8_buf_reserve(&conn->posts, sizeof header + packet->length) < 0 ||
        x8_buf_add(&conn->posts, header, sizeof header) < 0)
        return -1;
    return x8_buf_add(&conn->posts, payload, packet->length);
}

static void post_short(struct x8_adb_conn *conn, uint32_t command, uint32_t local, uint32_t remote)
{
    struct x8_adb_packet packet = {.command = command, .arg0 = local, .arg1 = remote};
    struct x8_error err;

    if (x8_conn_post(conn, &packet, "") < 0) {
        x8_fail(&err, X8_E_INTERNAL, "out of memory");
        x8_conn_die(conn, &err);
    }
}

void x8_conn_post_close(struct x8_adb_conn *conn, uint32_t local, uint32_t remote)
{
    post_short(conn, X8_ADB_CLSE, local, remote);
}

void x8_conn_post_okay(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe)
{
    pipe->okays_due++;
    post_short(conn, X8_ADB_OKAY, pipe->local, pipe->remote);
}

void x8_conn_make_ready(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe)
{
    if (pipe->is_ready)
        return;
    pipe->is_ready = 1;
    pipe->next_ready = NULL;
    *conn->ready_tail = pipe;
    conn->ready_tail = &pipe->next_ready;
}

void x8_conn_unready(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe)
{
    struct x8_adb_pipe **at = &conn->ready;

    if (!pipe->is_ready)
        return;
    while (*at != pipe)
        at = &(*at)->next_ready;
    *at = pipe->next_ready;
    if (!*at)
        conn->ready_tail = at;
    pipe->is_ready = 0;
}

/* The next piece of a stream as a WRTE at `out`. Its length. */
static size_t put_piece(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe, uint8_t *out)
{
    size_t n = pipe->out_len < conn->piece_max ? pipe->out_len : conn->piece_max;
    struct x8_adb_packet packet = {.command = X8_ADB_WRTE,
                                   .arg0 = pipe->local,
                                   .arg1 = pipe->remote,
                                   .length = (uint32_t)n,
                                   .sum = sum_of(conn, pipe->out, n)};

    x8_adb_header_put(out, &packet);
    memcpy(out + X8_ADB_HEADER, pipe->out, n);
    pipe->out += n;
    pipe->out_len -= n;
    pipe->in_flight = 1;
    if (pipe->out_len == 0)
        pthread_cond_signal(&pipe->writable);
    return X8_ADB_HEADER + n;
}

/* It may be with the daemon from now on. */
static void okay_leaves(struct x8_adb_conn *conn, const uint8_t *header)
{
    struct x8_adb_pipe *pipe = NULL;

    if (x8_get_le32(header) == X8_ADB_OKAY)
        pipe = x8_conn_find(conn, x8_get_le32(header + 4));
    if (pipe && pipe->okays_due > 0)
        pipe->okays_due--;
}

/* Whole posted packets, as many as fit. */
static size_t take_posts(struct x8_adb_conn *conn)
{
    struct x8_buf *posts = &conn->posts;
    size_t n = 0;

    while (n < posts->len) {
        size_t packet = X8_ADB_HEADER + x8_get_le32(posts->data + n + 12);

        if (packet > conn->tx_cap - n)
            break;
        okay_leaves(conn, posts->data + n);
        n += packet;
    }
    if (n == 0)
        return 0;
    memcpy(conn->tx, posts->data, n);
    memmove(posts->data, posts->data + n, posts->len - n);
    posts->len -= n;
    return n;
}

/* What is due, into tx; posts go first. The length. */
static size_t gather(struct x8_adb_conn *conn, int with_data)
{
    size_t n = take_posts(conn);

    if (conn->posts.len > 0)
        return n;
    while (with_data && conn->ready && conn->tx_cap - n >= X8_ADB_HEADER + conn->piece_max) {
        struct x8_adb_pipe *pipe = conn->ready;

        x8_conn_unready(conn, pipe);
        n += put_piece(conn, pipe, conn->tx + n);
    }
    return n;
}

static int send_bytes(struct x8_adb_conn *conn, const struct x8_op *op, size_t len, int timeout_ms,
                      struct x8_error *err)
{
    struct x8_op quiet = {.deadline = X8_NO_DEADLINE};
    size_t at = 0;
    int rc = 0;

    /* A link may trace what it sends, but what goes to a command is its user's: a password, say. */
    if (op)
        quiet = *op;
    quiet.emit = NULL;
    if (conn->link->is_stream)
        return x8_send(conn->link, op, conn->tx, len, timeout_ms, err);
    while (at < len && rc == 0) {
        size_t payload = x8_get_le32(conn->tx + at + 12);
        int is_data = x8_get_le32(conn->tx + at) == X8_ADB_WRTE;

        rc = x8_send(conn->link, op, conn->tx + at, X8_ADB_HEADER, timeout_ms, err);
        at += X8_ADB_HEADER;
        if (rc == 0 && payload > 0)
            rc =
                x8_send(conn->link, is_data ? &quiet : op, conn->tx + at, payload, timeout_ms, err);
        at += payload;
    }
    return rc;
}

/* Nothing of it stays: a password may have been in it. (64 KiB are overwritten in a microsecond.)
 */
static int send_gathered(struct x8_adb_conn *conn, const struct x8_op *op, size_t len,
                         int timeout_ms, struct x8_error *err)
{
    int rc = send_bytes(conn, op, len, timeout_ms, err);

    x8_wipe(conn->tx, len);
    return rc;
}

static void send_loop(struct x8_adb_conn *conn, const struct x8_op *op,
                      const struct x8_adb_pipe *pipe, int all, int timeout_ms)
{
    size_t n;

    if (conn->is_sending) /* that thread takes it along */
        return;
    conn->is_sending = 1;
    while (!conn->is_dead && (n = gather(conn, all || (pipe && pipe->out_len > 0))) > 0) {
        struct x8_error err;
        int rc;

        pthread_mutex_unlock(&conn->lock);
        rc = send_gathered(conn, op, n, timeout_ms, &err);
        pthread_mutex_lock(&conn->lock);
        if (rc < 0)
            x8_conn_die(conn, &err);
    }
    conn->is_sending = 0;
    pthread_cond_broadcast(&conn->gone); /* who closes the connection waits for the last packets */
    /* Others may have relied on this thread: the next of them goes on. */
    if (conn->ready)
        pthread_cond_signal(&conn->ready->writable);
}

void x8_conn_send_due(struct x8_adb_conn *conn, const struct x8_op *op,
                      const struct x8_adb_pipe *pipe, int timeout_ms)
{
    struct x8_op own = {0};

    /* The end of one operation's time must not cut a packet of another one. */
    if (op)
        own = *op;
    own.deadline = X8_NO_DEADLINE;
    if (timeout_ms < 0 || timeout_ms > SEND_MAX_MS)
        timeout_ms = SEND_MAX_MS;
    send_loop(conn, &own, pipe, 0, timeout_ms < SEND_MIN_MS ? SEND_MIN_MS : timeout_ms);
}

void x8_conn_reader_sends(struct x8_adb_conn *conn)
{
    /* Nobody stops the reader but the link itself. */
    const struct x8_op op = {.deadline = X8_NO_DEADLINE};

    if (conn->posts.len > 0 || conn->ready)
        send_loop(conn, &op, NULL, conn->reader_sends, -1);
}

int x8_conn_send_now(struct x8_adb_conn *conn, const struct x8_op *op,
                     const struct x8_adb_packet *packet, const void *payload, int timeout_ms,
                     struct x8_error *err)
{
    size_t n;

    if (x8_conn_post(conn, packet, payload) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    n = take_posts(conn);
    return send_gathered(conn, op, n, timeout_ms, err);
}
