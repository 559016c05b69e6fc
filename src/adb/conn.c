/*
 * The life of a connection: handshake, reading thread, end.
 */
#include "adb/conn.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    LAST_LIMIT_MS = 3000, /* for the last words of a connection, where the link is stuck */
};

/* --- streams --- */

static struct x8_adb_pipe **bucket_of(struct x8_adb_conn *conn, uint32_t local)
{
    return &conn->buckets[local % X8_CONN_BUCKETS];
}

struct x8_adb_pipe *x8_conn_find(struct x8_adb_conn *conn, uint32_t local)
{
    struct x8_adb_pipe *pipe = *bucket_of(conn, local);

    while (pipe && pipe->local != local)
        pipe = pipe->next_in_bucket;
    return pipe;
}

void x8_conn_add(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe)
{
    struct x8_adb_pipe **bucket;

    do {
        pipe->local = conn->next_id++;
    } while (pipe->local == 0 || x8_conn_find(conn, pipe->local));
    bucket = bucket_of(conn, pipe->local);
    pipe->next_in_bucket = *bucket;
    *bucket = pipe;
}

void x8_conn_remove(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe)
{
    struct x8_adb_pipe **at = bucket_of(conn, pipe->local);

    while (*at && *at != pipe)
        at = &(*at)->next_in_bucket;
    if (*at)
        *at = pipe->next_in_bucket;
}

/* --- the end --- */

void x8_conn_explain(const struct x8_adb_conn *conn, struct x8_error *err)
{
    char what[120], why[160];

    if (!err || err->code != X8_E_GONE || !conn->link->is_stream)
        return;
    x8_copy(what, sizeof what, err->msg);
    x8_copy(why, sizeof why, err->why);
    x8_copy(err->msg, sizeof err->msg, "the connection to the board's adb daemon broke");
    x8_error_why(err, "%s%s%s", what, why[0] ? ": " : "", why);
    x8_error_next(err, "x8ctl list shows whether the board is there");
}

void x8_conn_die(struct x8_adb_conn *conn, const struct x8_error *cause)
{
    if (conn->is_dead)
        return;
    conn->is_dead = 1;
    conn->death = *cause;
    x8_conn_explain(conn, &conn->death);
    for (size_t i = 0; i < X8_CONN_BUCKETS; i++) {
        for (struct x8_adb_pipe *p = conn->buckets[i]; p; p = p->next_in_bucket) {
            pthread_cond_broadcast(p->told);
            pthread_cond_broadcast(&p->writable);
        }
    }
    pthread_cond_broadcast(&conn->gone);
    x8_transport_wake(conn->link);
}

static int wait_gone(struct x8_adb *adb, const struct x8_op *op, int64_t deadline,
                     struct x8_error *err)
{
    struct x8_adb_conn *conn = (struct x8_adb_conn *)adb;
    struct x8_await waiter;
    int rc = 0;

    x8_await_enter(&waiter, &conn->lock, &conn->gone, x8_op_cancel(op));
    while (rc == 0 && !conn->is_dead && x8_deadline_left(deadline, 1) > 0) {
        x8_await_rest(&waiter, deadline);
        rc = x8_cancel_check(waiter.cancel, X8_CANCEL_HARD, err);
    }
    if (rc == 0)
        rc = conn->is_dead;
    x8_await_leave(&waiter);
    return rc;
}

/* Only abandoned streams are left. */
static void free_pipes(struct x8_adb_conn *conn)
{
    for (size_t i = 0; i < X8_CONN_BUCKETS; i++) {
        while (conn->buckets[i]) {
            struct x8_adb_pipe *pipe = conn->buckets[i];

            conn->buckets[i] = pipe->next_in_bucket;
            x8_pipe_free(pipe);
        }
    }
}

/* Streams that were closed while another thread was sending left their CLSE to it. Over USB the end
 * of this program is no end for the daemon: a shell it is not told of stays for ever. */
static void send_last(struct x8_adb_conn *conn)
{
    int64_t deadline = x8_deadline_in(LAST_LIMIT_MS);
    struct x8_await waiter;

    x8_await_enter(&waiter, &conn->lock, &conn->gone, NULL);
    while (!conn->is_dead && conn->is_sending && x8_deadline_left(deadline, 1) > 0)
        x8_await_rest(&waiter, deadline);
    x8_await_leave(&waiter);
}

static void conn_close(struct x8_adb *adb)
{
    struct x8_adb_conn *conn = (struct x8_adb_conn *)adb;

    if (conn->has_reader) {
        send_last(conn);
        x8_transport_wake(conn->link);
        pthread_join(conn->reader, NULL);
    }
    x8_transport_close(&conn->link);
    free_pipes(conn);
    pthread_cond_destroy(&conn->gone);
    pthread_mutex_destroy(&conn->lock);
    x8_buf_done(&conn->posts);
    free(conn->tx);
    free(conn->rx);
    free(conn);
}

/* --- the beginning --- */

static struct x8_adb_conn *conn_new(struct x8_transport *link)
{
    static const struct x8_adb_ops ops = {x8_pipe_open, wait_gone, conn_close};
    struct x8_adb_conn *conn = calloc(1, sizeof *conn);

    if (!conn)
        return NULL;
    conn->base.ops = &ops;
    conn->link = link;
    conn->ready_tail = &conn->ready;
    conn->has_sums = 1;
    conn->piece_max = X8_ADB_PAYLOAD_OLD;
    /* Packets of an earlier session that are still on their way must not be taken for this one's:
     * its stream numbers begin somewhere else. */
    conn->next_id = (uint32_t)(x8_now_us() & 0x3fffffff) + 1;
    pthread_mutex_init(&conn->lock, NULL);
    x8_cond_init(&conn->gone);
    conn->rx = malloc(X8_CONN_RX);
    conn->tx_cap = X8_CONN_TX;
    conn->tx = malloc(conn->tx_cap);
    return conn;
}

/* What the handshake agreed on. */
static int settle(struct x8_adb_conn *conn, struct x8_error *err)
{
    const struct x8_adb_banner *banner = &conn->base.banner;
    size_t need;

    conn->has_sums = banner->version < X8_ADB_VERSION_NO_SUMS;
    conn->piece_max = banner->max_data < X8_CONN_PIECE_MAX ? banner->max_data : X8_CONN_PIECE_MAX;
    conn->reader_sends = conn->link->is_stream && conn->piece_max <= X8_CONN_READER_SENDS;
    /* An OPEN must fit where packets are gathered. */
    conn->base.service_max =
        (banner->max_data < X8_CONN_TX / 2 ? banner->max_data : X8_CONN_TX / 2) - 1;
    need = X8_ADB_HEADER + conn->piece_max;
    if (need > conn->tx_cap) {
        free(conn->tx);
        conn->tx = malloc(need);
        conn->tx_cap = need;
    }
    return conn->tx ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
}

static int start(struct x8_adb_conn *conn, struct x8_error *err)
{
    int rc = pthread_create(&conn->reader, NULL, x8_conn_reader, conn);

    if (rc != 0)
        return x8_fail_sys(err, X8_E_INTERNAL, rc, "cannot start a thread");
    conn->has_reader = 1;
    return 0;
}

int x8_adb_over_link(const struct x8_op *op, struct x8_transport *link, const char *key_path,
                     struct x8_adb **out, struct x8_error *err)
{
    struct x8_adb_conn *conn = conn_new(link);
    int rc = 0;

    if (!conn) {
        x8_transport_close(&link);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    if (!conn->rx || !conn->tx)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        rc = x8_conn_handshake(conn, op, key_path, err);
    if (rc < 0)
        x8_conn_explain(conn, err);
    if (rc == 0)
        rc = settle(conn, err);
    if (rc == 0)
        rc = start(conn, err);
    if (rc == 0)
        *out = &conn->base;
    else
        conn_close(&conn->base);
    return rc;
}
