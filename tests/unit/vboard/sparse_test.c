/*
 * The sparse parser row by row, in both personalities: what real U-Boot code was seen to answer,
 * and what it left on the medium.
 */
#include "sparse_build.h"

/* ---- what is accepted ---- */

static void raw_fill_and_dont_care_in_any_order_are_written(void **state)
{
    (void)state;
    BOTH(i)
    {
        struct drive d;
        uint8_t sector[512];
        drive_fastboot(&d, loaders[i]);
        header(512, 64 + 2 + 3 + 1 + 4, 6);
        dont_care(60);
        fill(4, 0);
        raw(2, 512, 0x11);
        fill(3, 0x04030201);
        raw(1, 512, 0x22);
        dont_care(4);
        assert_string_equal(flash(&d), "OKAY");
        assert_true(holds(&d, 60, 4, 0));
        assert_true(holds(&d, 64, 2, 0x11));
        assert_int_equal(drive_read(&d, 0, 67 * 512, sector, 512), 0);
        assert_int_equal(x8_get_le32(sector + 508), 0x04030201);
        assert_true(holds(&d, 69, 1, 0x22));
        assert_int_equal(touched(&d), 10);
        drive_close(&d);
    }
}

static void an_image_without_data_is_fine(void **state)
{
    (void)state;
    BOTH(i)
    {
        struct drive d;
        drive_fastboot(&d, loaders[i]);
        header(512, 100, 1);
        dont_care(100);
        assert_string_equal(flash(&d), "OKAY");
        header(512, 0, 0);
        assert_string_equal(flash(&d), "OKAY");
        header(512, 0, 2);
        raw(0, 512, 0);
        fill(0, 0);
        assert_string_equal(flash(&d), "OKAY");
        header(0, 0, 1); /* block size 0 */
        raw(0, 0, 0);
        assert_string_equal(flash(&d), "OKAY");
        assert_int_equal(touched(&d), 0);
        drive_close(&d);
    }
}

static void block_sizes_are_multiples_of_512(void **state)
{
    (void)state;
    static const uint32_t good[] = {512, 4096, 1 << 20}, bad[] = {768, 520};
    BOTH(i)
    {
        struct drive d;
        drive_fastboot(&d, loaders[i]);
        for (size_t k = 0; k < 3; k++) {
            header(good[k], 3, 2);
            dont_care(1);
            raw(2, good[k], (uint8_t)(k + 1));
            assert_string_equal(flash(&d), "OKAY");
            assert_true(holds(&d, good[k] / 512, 2 * good[k] / 512, (uint8_t)(k + 1)));
        }
        for (size_t k = 0; k < 2; k++) {
            header(bad[k], 1, 1);
            raw(1, bad[k], 9);
            assert_string_equal(flash(&d), "FAILsparse image block size issue");
        }
        drive_close(&d);
    }
}

static void headers_of_other_versions_and_sizes(void **state)
{
    (void)state;
    BOTH(i)
    {
        struct drive d;
        drive_fastboot(&d, loaders[i]);
        header(512, 1, 1);
        x8_put_le16(image + 6, 7); /* minor version */
        raw(1, 512, 5);
        assert_string_equal(flash(&d), "OKAY");
        header(512, 1, 1);
        x8_put_le16(image + 10, 16); /* longer chunk headers */
        chunk(0xcac1, 1, 16 + 512);
        bytes(4, 0);
        bytes(512, 6);
        assert_string_equal(flash(&d), "OKAY");
        assert_true(holds(&d, 0, 1, 6));
        header(512, 1, 1);
        x8_put_le16(image + 8, 32); /* a longer file header is skipped twice */
        bytes(4, 0);
        raw(1, 512, 7);
        assert_string_equal(flash(&d), "FAILUnknown chunk type");
        header(512, 1, 1);
        raw(1, 512, 8);
        bytes(100, 0xee); /* garbage behind the last chunk */
        assert_string_equal(flash(&d), "OKAY");
        assert_true(holds(&d, 0, 1, 8));
        drive_close(&d);
    }
}

static void what_is_no_sparse_image_is_written_as_it_is(void **state)
{
    (void)state;
    BOTH(i)
    {
        struct drive d;
        uint8_t back[28];
        drive_fastboot(&d, loaders[i]);
        header(512, 65, 2);
        x8_put_le16(image + 4, 2); /* major version */
        dont_care(64);
        raw(1, 512, 5);
        assert_string_equal(flash(&d), "OKAY");
        assert_int_equal(drive_read(&d, 0, 0, back, sizeof back), 0);
        assert_memory_equal(back, image, sizeof back);
        assert_int_equal(touched(&d), (image_len + 511) / 512);
        drive_close(&d);
    }
}

/* ---- counts ---- */

static void a_wrong_total_is_noticed_after_everything_was_written(void **state)
{
    (void)state;
    static const uint32_t totals[] = {0, 1, 3};
    BOTH(i)
    {
        for (size_t k = 0; k < 3; k++) {
            struct drive d;
            drive_fastboot(&d, loaders[i]);
            header(512, totals[k], 1);
            raw(2, 512, 0x33);
            assert_string_equal(flash(&d), "FAILsparse image write failure");
            assert_true(holds(&d, 0, 2, 0x33));
            drive_close(&d);
        }
    }
}

static void chunks_beyond_the_announced_number_are_ignored(void **state)
{
    (void)state;
    BOTH(i)
    {
        struct drive d;
        drive_fastboot(&d, loaders[i]);
        header(512, 1, 1);
        raw(1, 512, 1);
        raw(1, 512, 2);
        assert_string_equal(flash(&d), "OKAY");
        assert_int_equal(touched(&d), 1);
        drive_close(&d);
    }
}

static void more_announced_than_present_runs_on_into_the_old_buffer(void **state)
{
    (void)state;
    BOTH(i)
    {
        struct drive d;
        drive_fastboot(&d, loaders[i]);
        header(512, 2, 2);
        raw(1, 512, 1);
        raw(1, 512, 2);
        size_t whole = image_len;
        assert_string_equal(drive_download(&d, image, whole), "OKAY");
        /* the same again, announced with two chunks, sent with one */
        assert_string_equal(drive_download(&d, image, whole - 524), "OKAY");
        assert_string_equal(drive_fb(&d, "flash:all"), "OKAY");
        assert_true(holds(&d, 1, 1, 2));
        header(512, 1, 2); /* on a buffer that holds something else */
        raw(1, 512, 1);
        bytes(12, 0xff);
        assert_string_equal(drive_download(&d, image, image_len), "OKAY");
        assert_string_equal(drive_download(&d, image, image_len - 12), "OKAY");
        assert_string_equal(drive_fb(&d, "flash:all"), "FAILUnknown chunk type");
        drive_close(&d);
    }
}

static void a_short_piece_reads_what_an_earlier_download_left(void **state)
{
    (void)state;
    BOTH(i)
    {
        struct drive d;
        drive_fastboot(&d, loaders[i]);
        memset(image, 0x77, 8192);
        assert_string_equal(drive_download(&d, image, 8192), "OKAY");
        header(512, 4, 1);
        raw(4, 512, 0x44);
        assert_string_equal(drive_download(&d, image, image_len - 1024), "OKAY");
        assert_string_equal(drive_fb(&d, "flash:all"), "OKAY");
        assert_true(holds(&d, 0, 2, 0x44));
        assert_true(holds(&d, 2, 2, 0x77));
        drive_close(&d);
    }
}

/* ---- chunks that are wrong ---- */

static void chunk_sizes_are_checked_for_raw_and_fill_only(void **state)
{
    (void)state;
    BOTH(i)
    {
        struct drive d;
        drive_fastboot(&d, loaders[i]);
        header(512, 1, 1);
        chunk(0xcac1, 1, 12 + 511);
        bytes(512, 0);
        assert_string_equal(flash(&d), "FAILBogus chunk size for chunk type Raw");
        header(512, 1, 1);
        chunk(0xcac2, 1, 12);
        bytes(4, 0);
        assert_string_equal(flash(&d), "FAILBogus chunk size for chunk type FILL");
        header(512, 1, 1);
        chunk(0xcac3, 1, 999);
        assert_string_equal(flash(&d), "OKAY");
        header(512, 2, 2);
        chunk(0xcac3, 1, 16);
        bytes(4, 0); /* a payload that nobody skips */
        raw(1, 512, 1);
        assert_string_equal(flash(&d), "FAILUnknown chunk type");
        header(512, 1, 1);
        chunk(0xcac5, 1, 12);
        assert_string_equal(flash(&d), "FAILUnknown chunk type");
        drive_close(&d);
    }
}

static void crc_chunks_differ_between_the_loaders(void **state)
{
    (void)state;
    static const struct {
        uint32_t size;
        int last;
        const char *answer[2];
    } cases[] = {
        {16, 1, {"FAILBogus chunk size for chunk type Dont Care", "OKAY"}},
        {16, 0, {"FAILBogus chunk size for chunk type Dont Care", "FAILUnknown chunk type"}},
        {12, 1, {"OKAY", "FAILBogus chunk size for chunk type CRC32"}},
    };
    BOTH(i)
    {
        for (size_t k = 0; k < 3; k++) {
            struct drive d;
            drive_fastboot(&d, loaders[i]);
            header(512, 1 + !cases[k].last, 2 + !cases[k].last);
            raw(1, 512, 1);
            chunk(0xcac4, 0, cases[k].size);
            bytes(cases[k].size - 12, 0);
            if (!cases[k].last)
                raw(1, 512, 2);
            assert_string_equal(flash(&d), cases[k].answer[i]);
            drive_close(&d);
        }
    }
}

static void what_lies_beyond_the_device_is_refused_and_the_rest_stays_written(void **state)
{
    (void)state;
    uint32_t blocks = (64u << 20) / 512;
    BOTH(i)
    {
        struct drive d;
        drive_fastboot(&d, loaders[i]);
        header(512, blocks + 1, 3);
        raw(1, 512, 1);
        dont_care(blocks - 1);
        raw(1, 512, 2);
        assert_string_equal(flash(&d), "FAILRequest would exceed partition size!");
        assert_true(holds(&d, 0, 1, 1));
        header(512, blocks + 1, 2);
        dont_care(blocks);
        fill(1, 0);
        assert_string_equal(flash(&d), "FAILRequest would exceed partition size!");
        header(512, blocks, 2);
        dont_care(blocks - 1);
        raw(1, 512, 3); /* the last block itself */
        assert_string_equal(flash(&d), "OKAY");
        assert_true(holds(&d, blocks - 1, 1, 3));
        header(512, blocks + 1000, 1);
        dont_care(blocks + 1000);
        assert_string_equal(flash(&d), "OKAY");
        drive_close(&d);
    }
}

static void very_many_chunks_are_fine(void **state)
{
    (void)state;
    BOTH(i)
    {
        struct drive d;
        drive_fastboot(&d, loaders[i]);
        header(512, 65536, 65536);
        for (int k = 0; k < 32768; k++) {
            raw(1, 512, (uint8_t)k);
            fill(1, 0);
        }
        assert_string_equal(flash(&d), "OKAY");
        assert_true(holds(&d, 65534, 1, 0xff));
        assert_true(holds(&d, 65535, 1, 0));
        drive_close(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_fill_and_dont_care_in_any_order_are_written),
        cmocka_unit_test(an_image_without_data_is_fine),
        cmocka_unit_test(block_sizes_are_multiples_of_512),
        cmocka_unit_test(headers_of_other_versions_and_sizes),
        cmocka_unit_test(what_is_no_sparse_image_is_written_as_it_is),
        cmocka_unit_test(a_wrong_total_is_noticed_after_everything_was_written),
        cmocka_unit_test(chunks_beyond_the_announced_number_are_ignored),
        cmocka_unit_test(more_announced_than_present_runs_on_into_the_old_buffer),
        cmocka_unit_test(a_short_piece_reads_what_an_earlier_download_left),
        cmocka_unit_test(chunk_sizes_are_checked_for_raw_and_fill_only),
        cmocka_unit_test(crc_chunks_differ_between_the_loaders),
        cmocka_unit_test(what_lies_beyond_the_device_is_refused_and_the_rest_stays_written),
        cmocka_unit_test(very_many_chunks_are_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
