/*
 * A link of our own to a daemon, and the streams on it.
 *
 * One thread reads and hands packets to their streams. Sending has no thread: whoever has something
 * to send puts it into the connection (short packets into `posts`, a stream with data into `ready`)
 * and, when nobody is sending, sends all that is due. Nobody ever waits for another one's send with
 * a lock held, so a stop always gets through, and the reader does not wait for a writer.
 *
 * Lock order: a stop token's lock, then conn->lock. Sending and receiving happen without the lock.
 */
#ifndef X8_ADB_CONN_H
#define X8_ADB_CONN_H

#include "adb/backend.h"
#include "adb/wire.h"
#include "util/await.h"
#include "util/buf.h"

enum {
    X8_CONN_BUCKETS = 64,
    X8_CONN_RX = 64 << 10, /* bytes of a byte stream that are asked for at once */
    X8_CONN_TX = 64 << 10, /* bytes that are sent at once, at least one packet */
    /* Largest payload we send: beyond that nothing is gained, and it is copied once. */
    X8_CONN_PIECE_MAX = 256 << 10,
    /* While less than this is waiting to be read, the daemon is told to go on at once. */
    X8_CONN_QUEUE_SHORT = 256 << 10,
    /* OKAYs of one stream that may wait to be sent. A daemon waits for the first of them before it
     * sends again; one that does not is forgiven so often, then it loses the link, or it could fill
     * the memory with answers that it does not take. */
    X8_CONN_OKAYS_DUE = 16,
    /* With packets up to this size the reader itself sends a stream's next piece when the last one
     * was acknowledged, which saves a change of threads per packet. */
    X8_CONN_READER_SENDS = 16 << 10,
};

/* A payload that waits for its reader. */
struct x8_adb_chunk {
    struct x8_adb_chunk *next;
    size_t at, len;
    uint8_t data[];
};

enum x8_pipe_state {
    X8_PIPE_OPENING,
    X8_PIPE_OPEN,
    X8_PIPE_REFUSED,
    X8_PIPE_CLOSED,    /* by the daemon */
    X8_PIPE_ABANDONED, /* nobody waits for its opening any more: closed when the answer comes */
};

/* A stream of a connection. */
struct x8_adb_pipe {
    struct x8_adb_stream base;
    struct x8_adb_conn *conn;
    struct x8_adb_pipe *next_in_bucket, *next_ready;
    uint32_t local, remote;
    enum x8_pipe_state state;
    atomic_int is_shut;
    pthread_cond_t readable, writable;
    pthread_cond_t *told; /* what its reader waits for: readable, or that of another stream */
    /* Towards us. */
    struct x8_adb_chunk *head, **tail;
    size_t queued;
    int owes_okay;             /* the daemon waits for it */
    unsigned okays_due;        /* of them in conn->posts: the daemon cannot have them yet */
    struct x8_adb_chunk *mine; /* taken from the queue by the reading thread, which owns it */
    /* Towards the daemon: what x8_adb_write still has to send. */
    const uint8_t *out;
    size_t out_len;
    int in_flight; /* one WRTE is not acknowledged */
    int is_ready;  /* in conn->ready */
};

struct x8_adb_conn {
    struct x8_adb base;
    struct x8_transport *link;
    pthread_t reader;
    int has_reader;

    pthread_mutex_t lock;
    pthread_cond_t gone;
    int is_dead;
    struct x8_error death;
    uint32_t next_id;
    struct x8_adb_pipe *buckets[X8_CONN_BUCKETS];
    /* Sending. */
    /* Whole packets. Bounded by the streams there are: each has at most its OPEN, its CLSE and
     * X8_CONN_OKAYS_DUE of OKAY here. */
    struct x8_buf posts;
    struct x8_adb_pipe *ready, **ready_tail;
    int is_sending;
    uint32_t piece_max;
    int reader_sends, has_sums;
    uint8_t *tx; /* of the thread that is sending */
    size_t tx_cap;

    /* Of the reading thread (the opening one, before). */
    uint8_t *rx;
    size_t rx_at, rx_len;
};

/* --- conn.c --- */

/* The connection is of no more use: everybody who waits is told. With the lock held. */
void x8_conn_die(struct x8_adb_conn *conn, const struct x8_error *cause);

/* Say what a broken byte stream means here: sockets speak of peers. Other errors stay. */
void x8_conn_explain(const struct x8_adb_conn *conn, struct x8_error *err);

/* The stream with this local id, or NULL. With the lock held. */
struct x8_adb_pipe *x8_conn_find(struct x8_adb_conn *conn, uint32_t local);
void x8_conn_add(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe);
void x8_conn_remove(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe);

/* --- handshake.c --- */

/* CNXN, AUTH and the answer: version, sizes and banner. */
int x8_conn_handshake(struct x8_adb_conn *conn, const struct x8_op *op, const char *key_path,
                      struct x8_error *err);

/* --- conn_rx.c --- */

/* 1 to `cap` bytes, from the buffer or the link. */
ssize_t x8_conn_some(struct x8_adb_conn *conn, const struct x8_op *op, void *out, size_t cap,
                     int64_t deadline, struct x8_error *err);
int x8_conn_exactly(struct x8_adb_conn *conn, const struct x8_op *op, void *out, size_t len,
                    int64_t deadline, struct x8_error *err);
/* The reading thread. */
void *x8_conn_reader(void *conn);

/* --- conn_tx.c --- */

/* One packet now, by the only thread there is: for the handshake. */
int x8_conn_send_now(struct x8_adb_conn *conn, const struct x8_op *op,
                     const struct x8_adb_packet *packet, const void *payload, int timeout_ms,
                     struct x8_error *err);

/* Put a packet with its payload (packet->length bytes) where the sender finds it. With the lock
 * held. -1 without memory. */
int x8_conn_post(struct x8_adb_conn *conn, const struct x8_adb_packet *packet,
                 const void *payload) X8_NODISCARD;
/* CLSE of a stream, and the OKAY for what came on it. No memory for it ends the connection. */
void x8_conn_post_close(struct x8_adb_conn *conn, uint32_t local, uint32_t remote);
void x8_conn_post_okay(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe);
/* The stream has data and none in flight: it is its turn as soon as may be. With the lock held. */
void x8_conn_make_ready(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe);
void x8_conn_unready(struct x8_adb_conn *conn, struct x8_adb_pipe *pipe);

/*
 * Send what is due unless another thread is at it: posts, and data as long as `pipe` (NULL: none)
 * has some. With the lock held, which is given up meanwhile. A failure ends the connection.
 */
void x8_conn_send_due(struct x8_adb_conn *conn, const struct x8_op *op,
                      const struct x8_adb_pipe *pipe, int timeout_ms);
/* The same by the reader, before it waits for more: posts, and all data with conn->reader_sends. */
void x8_conn_reader_sends(struct x8_adb_conn *conn);

/* --- pipe.c --- */

int x8_pipe_open(struct x8_adb *adb, const struct x8_op *op, const char *service, int timeout_ms,
                 struct x8_adb_stream **out, struct x8_error *err);
void x8_pipe_free(struct x8_adb_pipe *pipe);

#endif
