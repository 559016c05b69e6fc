/*
 * Checksums of what was written: regions grow while bytes are contiguous, end at their limit, and
 * sum up like one pass.
 */
#include "flash/region.h"
#include "util/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void contiguous_bytes_make_one_region_with_the_sum_of_all(void **state)
{
    struct x8_regions regions = {0};
    struct x8_error err;
    uint8_t data[3000];

    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    assert_int_equal(x8_regions_add(&regions, 512, data, 1000, &err), 0);
    assert_int_equal(x8_regions_add(&regions, 1512, data + 1000, 2000, &err), 0);
    assert_int_equal(regions.count, 1);
    assert_int_equal(regions.items[0].offset, 512);
    assert_int_equal(regions.items[0].len, 3000);
    assert_int_equal(regions.items[0].crc, x8_crc32(0, data, sizeof data));
    assert_int_equal(regions.items[0].parts[0], regions.items[0].crc);
    x8_regions_done(&regions);
}

static void a_gap_starts_a_new_region(void **state)
{
    struct x8_regions regions = {0};
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_regions_add(&regions, 0, "abcd", 4, &err), 0);
    assert_int_equal(x8_regions_add(&regions, 8, "abcd", 4, &err), 0);
    assert_int_equal(regions.count, 2);
    assert_int_equal(regions.items[1].offset, 8);
    assert_int_equal(x8_regions_bytes(&regions), 8);
    x8_regions_done(&regions);
}

static void a_region_ends_at_its_limit_and_each_mib_has_its_sum(void **state)
{
    const size_t len = X8_REGION_MAX + X8_REGION_PART + 5;
    struct x8_regions regions = {0};
    struct x8_error err;
    uint8_t *data = malloc(len);

    (void)state;
    assert_non_null(data);
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 31 >> 3);
    for (size_t at = 0; at < len; at += 700001) {
        size_t take = len - at < 700001 ? len - at : 700001;

        assert_int_equal(x8_regions_add(&regions, at, data + at, take, &err), 0);
    }
    assert_int_equal(regions.count, 2);
    assert_int_equal(regions.items[0].len, X8_REGION_MAX);
    assert_int_equal(regions.items[1].len, X8_REGION_PART + 5);
    assert_int_equal(regions.items[0].crc, x8_crc32(0, data, X8_REGION_MAX));
    assert_int_equal(regions.items[0].parts[63],
                     x8_crc32(0, data + 63 * (size_t)X8_REGION_PART, X8_REGION_PART));
    assert_int_equal(regions.items[1].parts[1], x8_crc32(0, data + len - 5, 5));
    x8_regions_done(&regions);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contiguous_bytes_make_one_region_with_the_sum_of_all),
        cmocka_unit_test(a_gap_starts_a_new_region),
        cmocka_unit_test(a_region_ends_at_its_limit_and_each_mib_has_its_sum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
