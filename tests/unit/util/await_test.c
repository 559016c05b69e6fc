/*
 * Waiting for a condition: woken, late, stopped.
 */
#include "testlib.h"

#include "util/await.h"
#include "util/clock.h"

struct shared {
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct x8_cancel cancel;
    int is_told;
};

static void open_shared(struct shared *s)
{
    s->is_told = 0;
    pthread_mutex_init(&s->lock, NULL);
    assert_int_equal(x8_cond_init(&s->news), 0);
    x8_cancel_init(&s->cancel);
}

static void close_shared(struct shared *s)
{
    x8_cancel_done(&s->cancel);
    pthread_cond_destroy(&s->news);
    pthread_mutex_destroy(&s->lock);
}

static void *tell(void *ctx)
{
    struct shared *s = ctx;

    pthread_mutex_lock(&s->lock);
    s->is_told = 1;
    pthread_cond_broadcast(&s->news);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void *stop(void *ctx)
{
    struct shared *s = ctx;

    x8_cancel_raise(&s->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    x8_cancel_raise(&s->cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    return NULL;
}

/* Wait until told or stopped, or for `ms`. */
static void wait_for(struct shared *s, void *(*other)(void *), int ms)
{
    int64_t deadline = ms < 0 ? X8_NO_DEADLINE : x8_deadline_in(ms);
    struct x8_await await;
    pthread_t thread;

    x8_await_enter(&await, &s->lock, &s->news, &s->cancel);
    if (other)
        assert_int_equal(pthread_create(&thread, NULL, other, s), 0);
    while (!s->is_told && x8_cancel_level(&s->cancel) < X8_CANCEL_HARD &&
           x8_deadline_left(deadline, 1) > 0)
        x8_await_rest(&await, deadline);
    x8_await_leave(&await);
    if (other)
        pthread_join(thread, NULL);
}

static void news_end_a_wait(void **state)
{
    struct shared s;
    (void)state;

    open_shared(&s);
    wait_for(&s, tell, -1);
    assert_true(s.is_told);
    close_shared(&s);
}

static void a_hard_stop_ends_a_wait_without_limit(void **state)
{
    struct shared s;
    (void)state;

    open_shared(&s);
    wait_for(&s, stop, -1);
    assert_false(s.is_told);
    close_shared(&s);
}

/* By the monotonic clock: by the other one the limit would lie in the past, or in years. */
static void a_limit_ends_it(void **state)
{
    struct shared s;
    int64_t began = x8_now_ms();
    (void)state;

    open_shared(&s);
    wait_for(&s, NULL, 30);
    assert_true(x8_now_ms() - began >= 29);
    close_shared(&s);
}

static void whoever_left_is_not_woken(void **state)
{
    struct shared s;
    (void)state;

    open_shared(&s);
    wait_for(&s, NULL, 1);
    pthread_cond_destroy(&s.news);
    stop(&s); /* would use the condition */
    assert_int_equal(x8_cond_init(&s.news), 0);
    close_shared(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(news_end_a_wait),
        cmocka_unit_test(a_hard_stop_ends_a_wait_without_limit),
        cmocka_unit_test(a_limit_ends_it),
        cmocka_unit_test(whoever_left_is_not_woken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
