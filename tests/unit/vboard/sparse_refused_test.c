/*
 * The sparse parser on an eMMC that refuses writes: the 2022 loader swallows the error and shifts
 * what follows, the 2024 loader reports it.
 */
#include "sparse_build.h"

/* ---- an eMMC that refuses ---- */

/* A, B of 2 MiB, C, D of 64 KiB from sector 128; sector 2048 is bad. It hits A, and then B, which
 * the 2022 loader puts one sector before A. */
static void four_chunks(void)
{
    header(512, 128 + 4096 + 4096 + 128 + 128, 5);
    dont_care(128);
    raw(4096, 512, 0xa1);
    raw(4096, 512, 0xb1);
    raw(128, 512, 0xc1);
    raw(128, 512, 0xd1);
}

static void the_2022_loader_says_okay_to_a_failed_write_and_shifts_what_follows(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "loader=2022 fault=stage:fastboot,do:writefail,sector:2048");
    four_chunks();
    assert_string_equal(flash(&d), "OKAY");
    assert_true(holds(&d, 126, 128, 0xc1));
    assert_true(holds(&d, 254, 128, 0xd1));
    assert_int_equal(touched(&d), 256);
    drive_close(&d);
}

static void the_2024_loader_reports_a_failed_write(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "loader=2024 fault=stage:fastboot,do:writefail,sector:2048");
    four_chunks();
    assert_string_equal(flash(&d), "FAILflash write failure(incomplete)");
    assert_int_equal(touched(&d), 0);
    drive_close(&d);
}

static void a_failed_fill_is_reported_by_both(void **state)
{
    (void)state;
    BOTH(i)
    {
        struct drive d;
        char words[128];
        snprintf(words, sizeof words, "%s fault=do:writefail,sector:2048", loaders[i]);
        drive_fastboot(&d, words);
        header(512, 4096, 1);
        fill(4096, 0);
        assert_string_equal(flash(&d), "FAILflash write failure");
        assert_true(holds(&d, 0, 2048, 0)); /* pieces of 512 KiB, up to the bad one */
        assert_int_equal(touched(&d), 2048);
        drive_close(&d);
    }
}

static void pieces_of_a_large_raw_chunk_before_the_bad_one_stay(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "loader=2022 fault=do:writefail,sector:5000");
    header(512, 3 * 4096, 1);
    raw(3 * 4096, 512, 0x5a);
    assert_string_equal(flash(&d), "OKAY");
    assert_int_equal(touched(&d), 4096);
    drive_close(&d);
}

static void a_failure_at_the_first_block_wraps_and_nothing_more_is_written(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "loader=2022 fault=do:writefail,sector:0");
    header(512, 4, 2);
    raw(2, 512, 1);
    raw(2, 512, 2);
    (void)flash(&d);
    assert_int_equal(touched(&d), 0);
    drive_close(&d);
}

static void sparse_data_that_runs_out_of_the_memory_stops_the_loader(void **state)
{
    (void)state;
    struct drive d;
    drive_fastboot(&d, "emmc=8G");
    header(1u << 20, 3000, 1);
    chunk(0xcac1, 3000, 12 + 3000u * (1u << 20));
    assert_string_equal(flash(&d), "");
    assert_int_equal(drive_stage(&d), VB_DEAD);
    drive_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_2022_loader_says_okay_to_a_failed_write_and_shifts_what_follows),
        cmocka_unit_test(the_2024_loader_reports_a_failed_write),
        cmocka_unit_test(a_failed_fill_is_reported_by_both),
        cmocka_unit_test(pieces_of_a_large_raw_chunk_before_the_bad_one_stay),
        cmocka_unit_test(a_failure_at_the_first_block_wraps_and_nothing_more_is_written),
        cmocka_unit_test(sparse_data_that_runs_out_of_the_memory_stops_the_loader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
