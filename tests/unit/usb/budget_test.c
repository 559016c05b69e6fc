/*
 * The shared allowance: no number of boards may ever exceed the kernel's limit.
 */
#include "usb/budget.h"

#include "util/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define MIB ((size_t)1 << 20)

static void one_board_gets_six_mebibytes_and_many_share_twelve(void **state)
{
    struct x8_usb_budget budget;

    (void)state;
    x8_usb_budget_init(&budget);
    for (unsigned boards = 1; boards <= 64; boards++) {
        size_t share, chunk;

        x8_usb_budget_join(&budget);
        share = x8_usb_budget_share(&budget);
        chunk = x8_usb_chunk(share);
        assert_true(share <= 6 * MIB);
        assert_true(share * boards <= 12 * MIB);
        assert_true(chunk <= MIB && chunk >= X8_USB_CHUNK_MIN);
        assert_int_equal(chunk % X8_USB_CHUNK_MIN, 0);
        assert_true(chunk == X8_USB_CHUNK_MIN || chunk * 4 <= share);
    }
    assert_int_equal(x8_usb_chunk(6 * MIB), MIB);
    for (unsigned boards = 0; boards < 64; boards++)
        x8_usb_budget_leave(&budget);
    assert_int_equal(x8_usb_budget_share(&budget), 6 * MIB);
    x8_usb_budget_done(&budget);
}

static void nothing_is_given_beyond_the_total(void **state)
{
    struct x8_usb_budget budget;

    (void)state;
    x8_usb_budget_init(&budget);
    assert_int_equal(x8_usb_budget_take(&budget, X8_USB_BUDGET_TOTAL - 1), 1);
    assert_int_equal(x8_usb_budget_take(&budget, 2), 0);
    assert_int_equal(x8_usb_budget_take(&budget, 1), 1);
    assert_int_equal(x8_usb_budget_take(&budget, SIZE_MAX), 0);
    x8_usb_budget_give(&budget, 2);
    assert_int_equal(x8_usb_budget_take(&budget, 2), 1);
    x8_usb_budget_done(&budget);
}

static void *give_later(void *arg)
{
    x8_usb_budget_give(arg, 1024);
    return NULL;
}

static void a_waiter_wakes_when_something_is_given_back(void **state)
{
    struct x8_usb_budget budget;
    pthread_t thread;
    int64_t begin = x8_now_ms();

    (void)state;
    x8_usb_budget_init(&budget);
    assert_int_equal(x8_usb_budget_take(&budget, X8_USB_BUDGET_TOTAL), 1);
    assert_int_equal(pthread_create(&thread, NULL, give_later, &budget), 0);
    while (!x8_usb_budget_take(&budget, 1024) && x8_now_ms() - begin < 20000)
        x8_usb_budget_wait(&budget, 10000);
    pthread_join(thread, NULL);
    assert_true(x8_now_ms() - begin < 20000);
    x8_usb_budget_done(&budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_board_gets_six_mebibytes_and_many_share_twelve),
        cmocka_unit_test(nothing_is_given_beyond_the_total),
        cmocka_unit_test(a_waiter_wakes_when_something_is_given_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
