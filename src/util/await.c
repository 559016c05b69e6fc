#include "util/await.h"

#include "util/clock.h"

#include <time.h>

int x8_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    int rc;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    rc = pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
    return rc;
}

static void wake(void *ctx, enum x8_cancel_level level)
{
    struct x8_await *await = ctx;

    if (level < X8_CANCEL_HARD)
        return;
    pthread_mutex_lock(await->lock);
    if (await->cond)
        pthread_cond_broadcast(await->cond);
    pthread_mutex_unlock(await->lock);
}

void x8_await_enter(struct x8_await *await, pthread_mutex_t *lock, pthread_cond_t *cond,
                    struct x8_cancel *cancel)
{
    *await = (struct x8_await){
        .waker = {.wake = wake, .ctx = await}, .lock = lock, .cond = cond, .cancel = cancel};
    x8_cancel_watch(cancel, &await->waker);
    pthread_mutex_lock(lock);
}

void x8_await_rest(struct x8_await *await, int64_t deadline)
{
    struct timespec until;

    if (deadline == X8_NO_DEADLINE) {
        pthread_cond_wait(await->cond, await->lock);
        return;
    }
    until = x8_deadline_timespec(deadline);
    pthread_cond_timedwait(await->cond, await->lock, &until);
}

/* The condition may be freed once the lock is given up, so the waker must have forgotten it. */
void x8_await_leave(struct x8_await *await)
{
    await->cond = NULL;
    pthread_mutex_unlock(await->lock);
    x8_cancel_unwatch(await->cancel, &await->waker);
}
