/*
 * Buffers that go round between the decoder and the wire.
 */
#include "flash/ring.h"

#include "util/await.h"
#include "util/clock.h"

#include <stdlib.h>
#include <string.h>

int x8_ring_init(struct x8_ring *ring, unsigned count, size_t size, struct x8_error *err)
{
    memset(ring, 0, sizeof *ring);
    pthread_mutex_init(&ring->lock, NULL);
    x8_cond_init(&ring->moved);
    for (; ring->count < count && ring->count < X8_RING_MAX; ring->count++) {
        ring->buffers[ring->count] = malloc(size);
        ring->is_free[ring->count] = 1;
        if (!ring->buffers[ring->count]) {
            x8_ring_done(ring);
            return x8_fail(err, X8_E_INTERNAL, "out of memory for %u buffers of %zu bytes", count,
                           size);
        }
    }
    return 0;
}

void x8_ring_done(struct x8_ring *ring)
{
    for (unsigned i = 0; i < X8_RING_MAX; i++)
        free(ring->buffers[i]);
    pthread_cond_destroy(&ring->moved);
    pthread_mutex_destroy(&ring->lock);
    memset(ring, 0, sizeof *ring);
}

static int given_up(struct x8_error *err)
{
    return x8_fail(err, X8_E_STOPPED, "stopped, as the board's side ended");
}

static int ring_get(void *ctx, uint8_t **out_data, void **out_owner, struct x8_error *err)
{
    struct x8_ring *ring = ctx;
    int rc = 1;

    pthread_mutex_lock(&ring->lock);
    while (rc > 0) {
        if (ring->aborted) {
            rc = given_up(err);
            break;
        }
        for (unsigned i = 0; i < ring->count && rc > 0; i++) {
            if (ring->is_free[i]) {
                ring->is_free[i] = 0;
                *out_data = ring->buffers[i];
                *out_owner = &ring->is_free[i];
                rc = 0;
            }
        }
        /* No limit of its own: the consumer always ends by taking, finishing or aborting. */
        if (rc > 0)
            pthread_cond_wait(&ring->moved, &ring->lock);
    }
    pthread_mutex_unlock(&ring->lock);
    return rc;
}

static int ring_put(void *ctx, const struct x8_piece *piece, struct x8_error *err)
{
    struct x8_ring *ring = ctx;
    int rc = 0;

    pthread_mutex_lock(&ring->lock);
    if (ring->aborted || ring->len == X8_RING_MAX) {
        rc = given_up(err);
    } else {
        ring->queue[(ring->head + ring->len++) % X8_RING_MAX] = *piece;
        pthread_cond_broadcast(&ring->moved);
    }
    pthread_mutex_unlock(&ring->lock);
    return rc;
}

struct x8_piece_port x8_ring_port(struct x8_ring *ring)
{
    return (struct x8_piece_port){.get = ring_get, .put = ring_put, .ctx = ring};
}

void x8_ring_finish(struct x8_ring *ring, int rc, const struct x8_error *error)
{
    pthread_mutex_lock(&ring->lock);
    ring->finished = rc < 0 ? rc : 1;
    if (rc < 0)
        ring->error = *error;
    pthread_cond_broadcast(&ring->moved);
    pthread_mutex_unlock(&ring->lock);
}

static int wait_for_piece(struct x8_ring *ring, int64_t deadline)
{
    struct timespec ts;

    if (deadline == X8_NO_DEADLINE)
        return pthread_cond_wait(&ring->moved, &ring->lock);
    ts = x8_deadline_timespec(deadline);
    return pthread_cond_timedwait(&ring->moved, &ring->lock, &ts);
}

int x8_ring_take(struct x8_ring *ring, int64_t deadline, struct x8_piece *out, struct x8_error *err)
{
    int rc = 0;

    pthread_mutex_lock(&ring->lock);
    while (!ring->len && !ring->finished && rc == 0)
        rc = wait_for_piece(ring, deadline);
    /* A damaged input is told at once: pieces made before the damage was seen must not be sent for
     * nothing. */
    if (ring->finished < 0) {
        *err = ring->error;
        rc = ring->finished;
    } else if (ring->len) {
        *out = ring->queue[ring->head];
        ring->head = (ring->head + 1) % X8_RING_MAX;
        ring->len--;
        rc = 1;
    } else if (ring->finished) {
        rc = 0;
    } else {
        rc = x8_fail(err, X8_E_TIMEOUT, "reading the image made no progress");
    }
    pthread_mutex_unlock(&ring->lock);
    return rc;
}

void x8_ring_release(struct x8_ring *ring, const struct x8_piece *piece)
{
    pthread_mutex_lock(&ring->lock);
    *(int *)piece->owner = 1;
    pthread_cond_broadcast(&ring->moved);
    pthread_mutex_unlock(&ring->lock);
}

void x8_ring_abort(struct x8_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    ring->aborted = 1;
    pthread_cond_broadcast(&ring->moved);
    pthread_mutex_unlock(&ring->lock);
}
