/*
 * Containers, flash headers, and where the second loader begins.
 */
#include "flash/ivt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "images.h"

static uint8_t file[0x20000];
static const struct x8_span whole = {file, sizeof file};
static struct x8_error err;

static int fresh(void **state)
{
    (void)state;
    memset(file, 0, sizeof file);
    memset(&err, 0, sizeof err);
    return 0;
}

/* A container header at `at` with `images` images; the last one ends at `end` behind the header. */
static void put_container(size_t at, uint8_t version, uint8_t tag, uint8_t images, uint32_t end,
                          uint8_t type)
{
    uint8_t *entry = file + at + 16 + (size_t)(images ? images - 1 : 0) * 128;

    file[at] = version;
    file[at + 3] = tag;
    file[at + 11] = images;
    x8_put_le32(entry, end - 0x100);
    x8_put_le32(entry + 4, 0x100);
    entry[24] = type;
}

static uint64_t size_at(uint64_t offset)
{
    uint64_t size = 0;

    assert_int_equal(x8_container_size(whole, offset, &size, &err), 0);
    return size;
}

static void the_second_containers_last_image_ends_the_set(void **state)
{
    (void)state;
    put_container(0x1000, 0, 0x87, 1, 0x800, 0);
    put_container(0x1400, 0, 0x87, 3, 0x4210, 0);
    assert_int_equal(size_at(0x1000), 0x4800);
}

static void a_v2x_container_puts_the_end_into_the_third(void **state)
{
    (void)state;
    put_container(0, 0, 0x87, 1, 0x800, 0);
    put_container(0x400, 0, 0x87, 1, 0x800, 0x0b);
    put_container(0x800, 0, 0x87, 2, 0x6000, 0);
    assert_int_equal(size_at(0), 0x6800);
}

static void newer_containers_stand_farther_apart(void **state)
{
    (void)state;
    put_container(0, 2, 0x87, 1, 0x800, 0);
    put_container(0x4000, 2, 0x87, 1, 0x1000, 0);
    assert_int_equal(size_at(0), 0x5000);
    put_container(0x4000, 2, 0x82, 1, 0x1000, 0);
    put_container(0x8000, 2, 0x87, 1, 0x1000, 0);
    assert_int_equal(size_at(0), 0x9000);
}

static void a_single_container_takes_the_rest(void **state)
{
    (void)state;
    put_container(0x10000, 0, 0x87, 1, 0x800, 0);
    assert_int_equal(size_at(0x10000), 0x10000);
}

static void a_copy_of_the_flash_header_is_not_sent(void **state)
{
    (void)state;
    put_container(0, 0, 0x87, 1, 0x800, 0);
    put_container(0x400, 0, 0x87, 1, 0x2000, 0);
    put_container(0x400, 0, 0x87, 2, 0x8000, 0x08);
    assert_int_equal(size_at(0), 0x2400);
}

static void what_is_no_container_is_refused(void **state)
{
    uint64_t size;

    (void)state;
    assert_int_equal(x8_container_size(whole, 0, &size, &err), -X8_E_BAD_IMAGE);
    assert_int_equal(x8_container_size(whole, sizeof file - 15, &size, &err), -X8_E_BAD_IMAGE);
    assert_int_equal(x8_container_size(whole, UINT64_MAX, &size, &err), -X8_E_BAD_IMAGE);
    put_container(0, 0, 0x87, 1, 0x800, 0);
    put_container(0x400, 0, 0x87, 0, 0x2000, 0);
    assert_int_equal(x8_container_size(whole, 0, &size, &err), -X8_E_BAD_IMAGE);
}

static void a_container_cut_short_is_refused(void **state)
{
    uint64_t size;

    (void)state;
    put_container(0, 0, 0x87, 1, 0x800, 0);
    put_container(0x400, 0, 0x87, 1, sizeof file - 0x400 + 1, 0);
    assert_int_equal(x8_container_size(whole, 0, &size, &err), -X8_E_BAD_IMAGE);
    x8_put_le32(file + 0x410, 0xffffffff);
    x8_put_le32(file + 0x414, 0xffffffff);
    assert_int_equal(x8_container_size(whole, 0, &size, &err), -X8_E_BAD_IMAGE);
    file[0x400 + 11] = 255;
    assert_int_equal(x8_container_size((struct x8_span){file, 0x1000}, 0, &size, &err),
                     -X8_E_BAD_IMAGE);
}

static void the_second_loader_begins_behind_the_spl_and_its_signature(void **state)
{
    struct image_words words = mm_words(0x8000);
    uint64_t at = 0;

    (void)state;
    put_ivt(file, &words);
    assert_int_equal(x8_skip_spl(whole, 0, &at, &err), 0);
    assert_int_equal(at, 0x8000);
    put_ivt(file + 0x8400, &words);
    memset(file, 0, 0x40);
    assert_int_equal(x8_skip_spl(whole, 0, &at, &err), 0);
    assert_int_equal(at, 0x10400);
}

static void an_spl_alone_has_no_second_loader(void **state)
{
    struct image_words words = mm_words(sizeof file);
    uint64_t at = 0;

    (void)state;
    put_ivt(file, &words);
    assert_int_equal(x8_skip_spl(whole, 0, &at, &err), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.msg, "no second loader"));
    assert_true(err.next[0] != '\0');
}

static void containers_are_skipped_where_no_ivt_stands(void **state)
{
    uint64_t at = 0;

    (void)state;
    put_container(0, 0, 0x87, 1, 0x800, 0);
    put_container(0x400, 0, 0x87, 1, 0x2000, 0);
    put_container(0x400, 0, 0x87, 2, 0x4000, 0x08);
    assert_int_equal(x8_skip_spl(whole, 0, &at, &err), 0);
    assert_int_equal(at, 0x4400);
}

static void a_file_of_unknown_kind_cannot_be_skipped_into(void **state)
{
    uint64_t at = 0;

    (void)state;
    assert_int_equal(x8_skip_spl(whole, 0, &at, &err), -X8_E_BAD_IMAGE);
    assert_int_equal(x8_skip_spl(whole, UINT64_MAX, &at, &err), -X8_E_BAD_IMAGE);
    assert_int_equal(x8_skip_spl(whole, sizeof file, &at, NULL), -X8_E_BAD_IMAGE);
}

static void flash_headers_are_seen_at_their_four_places(void **state)
{
    static const size_t places[] = {0, 0x400, 0x1fc, 0x5fc};

    (void)state;
    assert_int_equal(x8_flash_header_skip(whole, 0x100), 0);
    for (size_t i = 0; i < X8_COUNT(places); i++) {
        fresh(NULL);
        x8_put_le32(file + 0x100 + places[i], i % 2 ? 0xc0ffee01 : 0x42464346);
        assert_int_equal(x8_flash_header_skip(whole, 0x100), 0x1000);
        assert_int_equal(x8_flash_header_skip(whole, 0x104), 0);
    }
    assert_int_equal(x8_flash_header_skip(whole, sizeof file - 2), 0);
    assert_int_equal(x8_flash_header_skip(whole, UINT64_MAX - 0x400), 0);
}

static void put_marker(size_t at, const char *length)
{
    file[510] = 0x55;
    file[511] = 0xaa;
    (void)snprintf((char *)file + at, sizeof file - at, "UUUBURNXXOEUZX7+A-XY5601QQWWZ%s", length);
}

static void the_marker_ends_the_boot_loader_of_a_disk_image(void **state)
{
    struct x8_span range;

    (void)state;
    put_marker(0x9000, "3072 ");
    assert_int_equal(x8_scan_term(whole, 0, &range, &err), 0);
    assert_ptr_equal(range.data, file + 0x9000 - 3072);
    assert_int_equal(range.len, 3072);
}

static void a_file_without_partition_table_is_taken_whole(void **state)
{
    struct x8_span range;

    (void)state;
    put_marker(0x9000, "3072 ");
    file[511] = 0;
    assert_int_equal(x8_scan_term(whole, 0, &range, &err), 0);
    assert_int_equal(range.len, sizeof file);
    assert_int_equal(x8_scan_term((struct x8_span){file, 511}, 0, &range, &err), 0);
    assert_int_equal(range.len, 511);
}

static void a_disk_image_without_good_marker_is_refused(void **state)
{
    struct x8_span range;
    static const char *const lengths[] = {"", "0", "x12", "36865", "999999999999999999999"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(lengths); i++) {
        fresh(NULL);
        put_marker(0x9000, lengths[i]);
        assert_int_equal(x8_scan_term(whole, 0, &range, &err), -X8_E_BAD_IMAGE);
    }
    put_marker(0x9000, "3072 ");
    assert_int_equal(x8_scan_term(whole, 0x9000, &range, &err), -X8_E_BAD_IMAGE);
    assert_int_equal(x8_scan_term((struct x8_span){file, 0x9000 + 28}, 0, &range, &err),
                     -X8_E_BAD_IMAGE);
    assert_true(err.next[0] != '\0');
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        T(the_second_containers_last_image_ends_the_set),
        T(a_v2x_container_puts_the_end_into_the_third),
        T(newer_containers_stand_farther_apart),
        T(a_single_container_takes_the_rest),
        T(a_copy_of_the_flash_header_is_not_sent),
        T(what_is_no_container_is_refused),
        T(a_container_cut_short_is_refused),
        T(the_second_loader_begins_behind_the_spl_and_its_signature),
        T(an_spl_alone_has_no_second_loader),
        T(containers_are_skipped_where_no_ivt_stands),
        T(a_file_of_unknown_kind_cannot_be_skipped_into),
        T(flash_headers_are_seen_at_their_four_places),
        T(the_marker_ends_the_boot_loader_of_a_disk_image),
        T(a_file_without_partition_table_is_taken_whole),
        T(a_disk_image_without_good_marker_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
