/*
 * Speed over the last seconds and time left.
 */
#include "kit.h"

#define MB 1000000u

static void a_steady_stream_shows_its_speed(void **state)
{
    struct x8_rate rate = {0};

    (void)state;
    for (int i = 0; i <= 1000; i++)
        x8_rate_add(&rate, i * 10, (uint64_t)i * MB / 5);
    assert_in_range(x8_rate_now(&rate, 10000), 19900000, 20100000);
}

static void the_window_forgets_what_was(void **state)
{
    struct x8_rate rate = {0};
    uint64_t done = 0;

    (void)state;
    for (int ms = 0; ms < 60000; ms += 100)
        x8_rate_add(&rate, ms, done += 10 * MB);
    for (int ms = 60000; ms <= 66000; ms += 100)
        x8_rate_add(&rate, ms, done += MB);
    assert_in_range(x8_rate_now(&rate, 66000), 9 * MB, 11 * MB);
}

static void a_stall_falls_to_nothing(void **state)
{
    struct x8_rate rate = {0};

    (void)state;
    x8_rate_add(&rate, 0, 0);
    x8_rate_add(&rate, 1000, 10 * MB);
    assert_in_range(x8_rate_now(&rate, 1000), 9 * MB, 11 * MB);
    assert_in_range(x8_rate_now(&rate, 4000), 2 * MB, 3 * MB);
    assert_int_equal(x8_rate_now(&rate, 7000), 0);
}

static void going_back_begins_again(void **state)
{
    struct x8_rate rate = {0};

    (void)state;
    x8_rate_add(&rate, 0, 0);
    x8_rate_add(&rate, 1000, 50 * MB);
    x8_rate_add(&rate, 2000, 1 * MB);
    assert_int_equal(x8_rate_now(&rate, 2000), 0);
    x8_rate_add(&rate, 3000, 2 * MB);
    assert_in_range(x8_rate_now(&rate, 3000), MB, MB);
}

static void one_sample_is_no_speed(void **state)
{
    struct x8_rate rate = {0};

    (void)state;
    assert_int_equal(x8_rate_now(&rate, 5), 0);
    x8_rate_add(&rate, 5, 5);
    assert_int_equal(x8_rate_now(&rate, 5), 0);
    x8_rate_add(&rate, 5, 50);
    assert_int_equal(x8_rate_now(&rate, 5), 0);
}

static void time_left_is_rounded_up_or_not_known(void **state)
{
    (void)state;
    assert_int_equal(x8_rate_eta(10, 100), 10);
    assert_int_equal(x8_rate_eta(10, 101), 11);
    assert_int_equal(x8_rate_eta(10, 0), 0);
    assert_int_equal(x8_rate_eta(0, 100), -1);
    assert_int_equal(x8_rate_eta(1, UINT64_MAX), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_stream_shows_its_speed),
        cmocka_unit_test(the_window_forgets_what_was),
        cmocka_unit_test(a_stall_falls_to_nothing),
        cmocka_unit_test(going_back_begins_again),
        cmocka_unit_test(one_sample_is_no_speed),
        cmocka_unit_test(time_left_is_rounded_up_or_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
