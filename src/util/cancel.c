/*
 * The stop token: a level, a condition for sleepers, a list of wakers for everything else that
 * blocks.
 */
#include "util/cancel.h"
#include "util/await.h"

#include "util/clock.h"

#include <stddef.h>

void x8_cancel_init(struct x8_cancel *cancel)
{
    pthread_mutex_init(&cancel->lock, NULL);
    x8_cond_init(&cancel->raised);
    atomic_init(&cancel->level, X8_CANCEL_NONE);
    atomic_init(&cancel->code, X8_E_STOPPED);
    cancel->wakers = NULL;
}

void x8_cancel_done(struct x8_cancel *cancel)
{
    pthread_cond_destroy(&cancel->raised);
    pthread_mutex_destroy(&cancel->lock);
}

void x8_cancel_raise(struct x8_cancel *cancel, enum x8_cancel_level level, enum x8_code code)
{
    pthread_mutex_lock(&cancel->lock);
    if ((int)level > atomic_load(&cancel->level)) {
        atomic_store(&cancel->code, (int)code);
        atomic_store(&cancel->level, (int)level);
        for (struct x8_waker *w = cancel->wakers; w; w = w->next_waker)
            w->wake(w->ctx, level);
        pthread_cond_broadcast(&cancel->raised);
    }
    pthread_mutex_unlock(&cancel->lock);
}

enum x8_cancel_level x8_cancel_level(const struct x8_cancel *cancel)
{
    return cancel ? (enum x8_cancel_level)atomic_load(&cancel->level) : X8_CANCEL_NONE;
}

int x8_cancel_check(const struct x8_cancel *cancel, enum x8_cancel_level level,
                    struct x8_error *err)
{
    enum x8_code code;

    if (x8_cancel_level(cancel) < level)
        return 0;
    code = (enum x8_code)atomic_load(&cancel->code);
    x8_fail(err, code, "stopped on request");
    x8_error_why(err, "%s came", code == X8_E_STOPPED ? "Ctrl-C (SIGINT)" : "SIGTERM or SIGHUP");
    return -(int)code;
}

void x8_cancel_watch(struct x8_cancel *cancel, struct x8_waker *waker)
{
    if (!cancel)
        return;
    pthread_mutex_lock(&cancel->lock);
    waker->next_waker = cancel->wakers;
    cancel->wakers = waker;
    if (atomic_load(&cancel->level) != X8_CANCEL_NONE)
        waker->wake(waker->ctx, (enum x8_cancel_level)atomic_load(&cancel->level));
    pthread_mutex_unlock(&cancel->lock);
}

void x8_cancel_unwatch(struct x8_cancel *cancel, struct x8_waker *waker)
{
    if (!cancel)
        return;
    pthread_mutex_lock(&cancel->lock);
    for (struct x8_waker **p = &cancel->wakers; *p; p = &(*p)->next_waker) {
        if (*p == waker) {
            *p = waker->next_waker;
            break;
        }
    }
    pthread_mutex_unlock(&cancel->lock);
}

static void sleep_until(int64_t deadline)
{
    struct timespec ts = x8_deadline_timespec(deadline);

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) != 0)
        ;
}

int x8_cancel_sleep(struct x8_cancel *cancel, int64_t deadline, enum x8_cancel_level level,
                    struct x8_error *err)
{
    if (!cancel) {
        sleep_until(deadline);
        return 0;
    }
    pthread_mutex_lock(&cancel->lock);
    while (atomic_load(&cancel->level) < (int)level && x8_deadline_left(deadline, 1) > 0) {
        struct timespec ts = x8_deadline_timespec(deadline);

        if (deadline == X8_NO_DEADLINE)
            pthread_cond_wait(&cancel->raised, &cancel->lock);
        else
            pthread_cond_timedwait(&cancel->raised, &cancel->lock, &ts);
    }
    pthread_mutex_unlock(&cancel->lock);
    return x8_cancel_check(cancel, level, err);
}

/* The cause is set before the wakers are called. */
static void hurry(void *ctx, enum x8_cancel_level level)
{
    struct x8_haste *haste = ctx;

    (void)level;
    x8_cancel_raise(&haste->cancel, X8_CANCEL_HARD, (enum x8_code)atomic_load(&haste->outer->code));
}

struct x8_cancel *x8_haste_begin(struct x8_haste *haste, struct x8_cancel *outer)
{
    haste->outer = outer;
    if (!outer)
        return NULL;
    x8_cancel_init(&haste->cancel);
    haste->waker = (struct x8_waker){.wake = hurry, .ctx = haste};
    x8_cancel_watch(outer, &haste->waker);
    return &haste->cancel;
}

void x8_haste_end(struct x8_haste *haste)
{
    if (!haste->outer)
        return;
    x8_cancel_unwatch(haste->outer, &haste->waker);
    x8_cancel_done(&haste->cancel);
    haste->outer = NULL;
}
