/*
 * How long a board may be silent: never without end, and in proportion to its work.
 */
#include "flash/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void erasing_is_given_time_by_its_extent(void **state)
{
    int boot = x8_ucmd_limit_ms("mmc dev ${emmc_dev} 1; mmc erase 0 0x2000");
    int gigabytes = x8_ucmd_limit_ms("mmc erase 0 0x200000");

    (void)state;
    assert_in_range(boot, 30000, 31000);
    assert_in_range(gigabytes, 100000, 299999);
}

static void erasing_of_unknown_extent_has_an_end_too(void **state)
{
    (void)state;
    assert_int_equal(x8_ucmd_limit_ms("mmc erase ${first} ${count}"), 300000);
    assert_int_equal(x8_ucmd_limit_ms("mmc erase 0 0xffffffff"), 300000);
    assert_int_equal(x8_ucmd_limit_ms("env erase"), 300000);
    assert_int_equal(x8_ucmd_limit_ms("echo erase"), 300000);
}

static void other_lines_have_a_minute(void **state)
{
    (void)state;
    assert_int_equal(x8_ucmd_limit_ms("setenv fastboot_dev mmc"), 60000);
}

static void writing_is_given_time_by_its_bytes(void **state)
{
    (void)state;
    assert_int_equal(x8_write_limit_ms(0, 0), 20000);
    assert_int_equal(x8_write_limit_ms(16u << 20, 0), 28388);
    assert_int_equal(x8_write_limit_ms(0, 60000), 60000);
    assert_int_equal(x8_write_limit_ms(UINT64_MAX, 0), 3600000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(erasing_is_given_time_by_its_extent),
        cmocka_unit_test(erasing_of_unknown_extent_has_an_end_too),
        cmocka_unit_test(other_lines_have_a_minute),
        cmocka_unit_test(writing_is_given_time_by_its_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
