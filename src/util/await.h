/*
 * Waiting for a condition under a lock, with a limit and a way to be stopped.
 */
#ifndef X8_UTIL_AWAIT_H
#define X8_UTIL_AWAIT_H

#include "util/cancel.h"

/* A condition whose limits are those of util/clock.h (the monotonic clock). A value of
 * pthread_cond_init(). */
int x8_cond_init(pthread_cond_t *cond);

/* One thread that waits; on its stack. Lock, condition and token are borrowed. */
struct x8_await {
    struct x8_waker waker;
    pthread_mutex_t *lock;
    pthread_cond_t *cond;
    struct x8_cancel *cancel; /* or NULL */
};

/* Take the lock, so that a HARD stop wakes what waits for `cond`. */
void x8_await_enter(struct x8_await *await, pthread_mutex_t *lock, pthread_cond_t *cond,
                    struct x8_cancel *cancel);
/* Wait, with the lock held, until `cond` is signalled, the deadline, or a stop. May return early
 * for no reason. */
void x8_await_rest(struct x8_await *await, int64_t deadline);
/* Give the lock up. */
void x8_await_leave(struct x8_await *await);

#endif
