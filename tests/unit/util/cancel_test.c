/*
 * The stop token, alone and between threads.
 */
#include "testlib.h"

#include "util/cancel.h"
#include "util/clock.h"

#include <pthread.h>

static void nothing_stops_without_a_token(void **state)
{
    struct x8_waker waker = {0};

    (void)state;
    assert_int_equal(x8_cancel_level(NULL), X8_CANCEL_NONE);
    assert_int_equal(x8_cancel_check(NULL, X8_CANCEL_SOFT, NULL), 0);
    assert_int_equal(x8_cancel_sleep(NULL, x8_deadline_in(1), X8_CANCEL_SOFT, NULL), 0);
    x8_cancel_watch(NULL, &waker);
    x8_cancel_unwatch(NULL, &waker);
}

static void the_level_only_rises_and_keeps_its_cause(void **state)
{
    struct x8_cancel cancel;
    struct x8_error err;

    (void)state;
    x8_cancel_init(&cancel);
    assert_int_equal(x8_cancel_check(&cancel, X8_CANCEL_SOFT, &err), 0);
    x8_cancel_raise(&cancel, X8_CANCEL_SOFT, X8_E_TERMINATED);
    assert_int_equal(x8_cancel_check(&cancel, X8_CANCEL_SOFT, &err), -X8_E_TERMINATED);
    assert_int_equal(x8_cancel_check(&cancel, X8_CANCEL_HARD, &err), 0);
    x8_cancel_raise(&cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    assert_int_equal(x8_cancel_check(&cancel, X8_CANCEL_SOFT, &err), -X8_E_TERMINATED);
    x8_cancel_raise(&cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    x8_cancel_raise(&cancel, X8_CANCEL_NONE, X8_E_TERMINATED);
    assert_int_equal(x8_cancel_level(&cancel), X8_CANCEL_HARD);
    assert_int_equal(x8_cancel_check(&cancel, X8_CANCEL_HARD, &err), -X8_E_STOPPED);
    assert_string_equal(err.msg, "stopped on request");
    x8_cancel_done(&cancel);
}

static void count_wake(void *ctx, enum x8_cancel_level level)
{
    int *calls = ctx;

    calls[level]++;
}

static void wakers_are_called_at_each_level_until_they_leave(void **state)
{
    int a[3] = {0}, b[3] = {0}, late[3] = {0};
    struct x8_waker wa = {.wake = count_wake, .ctx = a}, wb = {.wake = count_wake, .ctx = b};
    struct x8_waker wlate = {.wake = count_wake, .ctx = late};
    struct x8_cancel cancel;

    (void)state;
    x8_cancel_init(&cancel);
    x8_cancel_watch(&cancel, &wa);
    x8_cancel_watch(&cancel, &wb);
    assert_int_equal(a[X8_CANCEL_NONE], 0);
    x8_cancel_raise(&cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    x8_cancel_unwatch(&cancel, &wa);
    x8_cancel_unwatch(&cancel, &wa); /* twice does no harm */
    x8_cancel_watch(&cancel, &wlate);
    assert_int_equal(late[X8_CANCEL_SOFT], 1);
    x8_cancel_raise(&cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    x8_cancel_unwatch(&cancel, &wb);
    x8_cancel_unwatch(&cancel, &wlate);
    assert_int_equal(a[X8_CANCEL_SOFT], 1);
    assert_int_equal(a[X8_CANCEL_HARD], 0);
    assert_int_equal(b[X8_CANCEL_SOFT], 1);
    assert_int_equal(b[X8_CANCEL_HARD], 1);
    assert_int_equal(late[X8_CANCEL_HARD], 1);
    x8_cancel_done(&cancel);
}

static void a_sleep_ends_with_its_time(void **state)
{
    struct x8_cancel cancel;
    int64_t start = x8_now_ms();

    (void)state;
    x8_cancel_init(&cancel);
    assert_int_equal(x8_cancel_sleep(&cancel, x8_deadline_in(30), X8_CANCEL_SOFT, NULL), 0);
    assert_true(x8_now_ms() - start >= 30);
    x8_cancel_done(&cancel);
}

struct sleeper {
    struct x8_cancel *cancel;
    enum x8_cancel_level level;
    int rc;
};

static void *sleep_long(void *arg)
{
    struct sleeper *sleeper = arg;

    sleeper->rc = x8_cancel_sleep(sleeper->cancel, X8_NO_DEADLINE, sleeper->level, NULL);
    return NULL;
}

static void sleepers_wake_at_their_own_level(void **state)
{
    struct x8_cancel cancel;
    struct sleeper soft = {&cancel, X8_CANCEL_SOFT, 0}, hard = {&cancel, X8_CANCEL_HARD, 0};
    pthread_t soft_thread, hard_thread;

    (void)state;
    x8_cancel_init(&cancel);
    assert_int_equal(pthread_create(&soft_thread, NULL, sleep_long, &soft), 0);
    assert_int_equal(pthread_create(&hard_thread, NULL, sleep_long, &hard), 0);
    x8_cancel_raise(&cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    pthread_join(soft_thread, NULL);
    assert_int_equal(soft.rc, -X8_E_STOPPED);
    x8_cancel_raise(&cancel, X8_CANCEL_HARD, X8_E_TERMINATED);
    pthread_join(hard_thread, NULL);
    assert_int_equal(hard.rc, -X8_E_TERMINATED);
    x8_cancel_done(&cancel);
}

static void haste_takes_the_first_request_for_the_last(void **state)
{
    struct x8_cancel outer;
    struct x8_haste before, after, none;
    struct x8_cancel *token;
    struct x8_error err;

    (void)state;
    assert_null(x8_haste_begin(&none, NULL));
    x8_haste_end(&none);
    x8_cancel_init(&outer);
    token = x8_haste_begin(&before, &outer);
    assert_int_equal(x8_cancel_check(token, X8_CANCEL_SOFT, &err), 0);
    x8_cancel_raise(&outer, X8_CANCEL_SOFT, X8_E_TERMINATED);
    assert_int_equal(x8_cancel_check(token, X8_CANCEL_HARD, &err), -X8_E_TERMINATED);
    assert_int_equal(x8_cancel_level(&outer), X8_CANCEL_SOFT);
    token = x8_haste_begin(&after, &outer);
    assert_int_equal(x8_cancel_check(token, X8_CANCEL_HARD, &err), -X8_E_TERMINATED);
    x8_haste_end(&after);
    x8_haste_end(&before);
    x8_cancel_raise(&outer, X8_CANCEL_HARD, X8_E_STOPPED); /* nobody is left to be told */
    x8_cancel_done(&outer);
}

static void *come_and_go(void *arg)
{
    struct x8_cancel *cancel = arg;
    int calls[3];
    struct x8_waker waker = {.wake = count_wake, .ctx = calls};

    for (int i = 0; i < 2000; i++) {
        x8_cancel_watch(cancel, &waker);
        x8_cancel_unwatch(cancel, &waker);
    }
    return NULL;
}

static void wakers_may_come_and_go_while_it_is_raised(void **state)
{
    struct x8_cancel cancel;
    pthread_t threads[3];

    (void)state;
    x8_cancel_init(&cancel);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &cancel), 0);
    x8_cancel_raise(&cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    x8_cancel_raise(&cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_null(cancel.wakers);
    x8_cancel_done(&cancel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_stops_without_a_token),
        cmocka_unit_test(the_level_only_rises_and_keeps_its_cause),
        cmocka_unit_test(wakers_are_called_at_each_level_until_they_leave),
        cmocka_unit_test(a_sleep_ends_with_its_time),
        cmocka_unit_test(sleepers_wake_at_their_own_level),
        cmocka_unit_test(haste_takes_the_first_request_for_the_last),
        cmocka_unit_test(wakers_may_come_and_go_while_it_is_raised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
