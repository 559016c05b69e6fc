/*
 * Time and deadlines.
 */
#include "testlib.h"

#include "util/clock.h"

#include <ctype.h>
#include <string.h>

static void a_deadline_counts_down_to_nothing(void **state)
{
    int64_t deadline = x8_deadline_in(10000);

    (void)state;
    assert_in_range(x8_deadline_left(deadline, 60000), 9000, 10000);
    assert_int_equal(x8_deadline_left(deadline, 50), 50);
    assert_int_equal(x8_deadline_left(x8_now_ms() - 1, 50), 0);
    assert_int_equal(x8_deadline_left(0, 50), 0);
}

static void no_deadline_never_comes(void **state)
{
    (void)state;
    assert_true(x8_deadline_in(-1) == X8_NO_DEADLINE);
    assert_true(x8_deadline_in(INT64_MAX) == X8_NO_DEADLINE);
    assert_true(x8_deadline_in(INT64_MAX - 1) == X8_NO_DEADLINE);
    assert_int_equal(x8_deadline_left(X8_NO_DEADLINE, 77), 77);
    assert_true(x8_deadline_min(X8_NO_DEADLINE, 5) == 5);
    assert_true(x8_deadline_min(5, 6) == 5);
}

static void the_clock_does_not_go_back(void **state)
{
    int64_t last = x8_now_us();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t now = x8_now_us();

        assert_true(now >= last);
        last = now;
    }
    assert_in_range(x8_now_ms() - last / 1000, 0, 10000);
}

static void a_deadline_becomes_a_timespec(void **state)
{
    struct timespec ts = x8_deadline_timespec(12345);

    (void)state;
    assert_int_equal(ts.tv_sec, 12);
    assert_int_equal(ts.tv_nsec, 345000000);
}

static void check_form(const char *text, const char *form)
{
    assert_int_equal(strlen(text), strlen(form));
    for (; *form; form++, text++) {
        if (*form == '9')
            assert_true(isdigit((unsigned char)*text));
        else
            assert_int_equal(*text, *form);
    }
}

static void times_of_day_are_utc_in_one_form(void **state)
{
    char text[32];

    (void)state;
    x8_utc_text(text, 0);
    check_form(text, "9999-99-99T99:99:99Z");
    x8_utc_text(text, 1);
    check_form(text, "9999-99-99T99:99:99.999Z");
}

static void dates_of_the_calendar_are_seconds(void **state)
{
    (void)state;
    assert_int_equal(x8_utc_seconds(1970, 1, 1, 0, 0, 0), 0);
    assert_int_equal(x8_utc_seconds(2000, 2, 29, 12, 34, 56), 951827696);
    assert_int_equal(x8_utc_seconds(2000, 3, 1, 0, 0, 0), 951868800);
    assert_int_equal(x8_utc_seconds(2016, 12, 31, 23, 59, 60), 1483228800);
    assert_int_equal(x8_utc_seconds(9999, 12, 31, 23, 59, 59), 253402300799);
    assert_int_equal(x8_utc_seconds(2100, 2, 29, 0, 0, 0), -1);
    assert_int_equal(x8_utc_seconds(1969, 12, 31, 0, 0, 0), -1);
    assert_int_equal(x8_utc_seconds(2026, 0, 1, 0, 0, 0), -1);
    assert_int_equal(x8_utc_seconds(2026, 1, 0, 0, 0, 0), -1);
    assert_int_equal(x8_utc_seconds(2026, 1, 1, 24, 0, 0), -1);
    assert_int_equal(x8_utc_seconds(2026, 1, 1, 0, 60, 0), -1);
    assert_int_equal(x8_utc_seconds(2026, 1, 1, 0, 0, 61), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_of_the_calendar_are_seconds),
        cmocka_unit_test(a_deadline_counts_down_to_nothing),
        cmocka_unit_test(no_deadline_never_comes),
        cmocka_unit_test(the_clock_does_not_go_back),
        cmocka_unit_test(a_deadline_becomes_a_timespec),
        cmocka_unit_test(times_of_day_are_utc_in_one_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
