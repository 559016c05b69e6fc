/*
 * The only place where the decoding thread and the wire thread of a board meet: a few large buffers
 * that go round. Full pieces queue in order; an error or the end travels behind them. Memory is
 * count * size, allocated once.
 *
 * Threads: one producer, one consumer.
 */
#ifndef X8_FLASH_RING_H
#define X8_FLASH_RING_H

#include "image/sparse.h"

#include <pthread.h>

#define X8_RING_MAX 4

struct x8_ring {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    uint8_t *buffers[X8_RING_MAX];
    int is_free[X8_RING_MAX];
    unsigned count;
    struct x8_piece queue[X8_RING_MAX];
    unsigned head, len;
    int finished; /* producer ended: 0 no, 1 well, negative code with `error` */
    struct x8_error error;
    int aborted; /* consumer gave up: the producer must stop */
};

/* `count` buffers (at most X8_RING_MAX) of `size` bytes. */
int x8_ring_init(struct x8_ring *ring, unsigned count, size_t size, struct x8_error *err);
void x8_ring_done(struct x8_ring *ring);

/* Producer: the port the encoder fills (ctx is the ring). get blocks until a buffer is free; both
 * fail once the consumer gave up. */
struct x8_piece_port x8_ring_port(struct x8_ring *ring);
/* Producer: nothing more comes; rc is 0 or a negative code explained by `error`. */
void x8_ring_finish(struct x8_ring *ring, int rc, const struct x8_error *error);

/*
 * Consumer: the next piece, waiting at most until `deadline`. 1 with a piece, 0 at the proven end,
 * negative: the producer's error, X8_E_TIMEOUT.
 */
int x8_ring_take(struct x8_ring *ring, int64_t deadline, struct x8_piece *out,
                 struct x8_error *err);
/* Consumer: give the piece's buffer back. */
void x8_ring_release(struct x8_ring *ring, const struct x8_piece *piece);
/* Consumer: stop the producer. */
void x8_ring_abort(struct x8_ring *ring);

#endif
