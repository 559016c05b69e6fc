/*
 * Stopping an operation. First request (SOFT): stop at the next safe point. Second (HARD): wake
 * what blocks and stop at once. A token is raised by the signal thread and looked at by everything
 * that waits.
 *
 * Threads: all functions may be called from any thread, none from a signal handler.
 */
#ifndef X8_UTIL_CANCEL_H
#define X8_UTIL_CANCEL_H

#include "util/error.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum x8_cancel_level { X8_CANCEL_NONE, X8_CANCEL_SOFT, X8_CANCEL_HARD };

/* Something that blocks and can be woken. Owned by the waiter, linked into the token while it
 * waits. */
struct x8_waker {
    void (*wake)(void *ctx, enum x8_cancel_level level);
    void *ctx;
    struct x8_waker *next_waker;
};

struct x8_cancel {
    pthread_mutex_t lock;
    pthread_cond_t raised;
    atomic_int level;
    atomic_int code; /* X8_E_STOPPED or X8_E_TERMINATED */
    struct x8_waker *wakers;
};

void x8_cancel_init(struct x8_cancel *cancel);
void x8_cancel_done(struct x8_cancel *cancel);

/* Raise to `level` (never lowers) and call the wakers. They run with the token's lock held: they
 * must not wait. */
void x8_cancel_raise(struct x8_cancel *cancel, enum x8_cancel_level level, enum x8_code code);

/* A NULL token is never raised. */
enum x8_cancel_level x8_cancel_level(const struct x8_cancel *cancel);

/* 0, or the error "stopped" (code 130 or 143) once the token stands at `level` or above. */
int x8_cancel_check(const struct x8_cancel *cancel, enum x8_cancel_level level,
                    struct x8_error *err);

/* Register a waker; called back at once if the token was raised already. */
void x8_cancel_watch(struct x8_cancel *cancel, struct x8_waker *waker);
void x8_cancel_unwatch(struct x8_cancel *cancel, struct x8_waker *waker);

/* Wait until `deadline` (see clock.h). 0 when the time is over, the error "stopped" when raised to
 * `level` before. */
int x8_cancel_sleep(struct x8_cancel *cancel, int64_t deadline, enum x8_cancel_level level,
                    struct x8_error *err);

/*
 * A token for waits that have no safe point to wait for: it stands at HARD as soon as `outer` is
 * raised at all. A stop of it cuts off what is just being sent, so it is for a link whose only user
 * ends with it.
 */
struct x8_haste {
    struct x8_cancel cancel;
    struct x8_cancel *outer;
    struct x8_waker waker;
};

/* The token to wait with: NULL where `outer` is NULL. End it in any case. */
struct x8_cancel *x8_haste_begin(struct x8_haste *haste, struct x8_cancel *outer);
void x8_haste_end(struct x8_haste *haste);

#endif
