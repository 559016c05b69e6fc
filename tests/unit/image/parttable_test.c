/*
 * Partition tables: what is right is read, what is damaged is refused, what is none is none.
 */
#include "image/parttable.h"
#include "util/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static uint8_t disk[64 << 10];

static struct x8_span span(void)
{
    return (struct x8_span){disk, sizeof disk};
}

static void mbr_entry(unsigned i, uint8_t type, uint32_t first, uint32_t count)
{
    uint8_t *entry = disk + 446 + 16 * i;

    entry[0] = i == 0 ? 0x80 : 0;
    entry[4] = type;
    x8_put_le32(entry + 8, first);
    x8_put_le32(entry + 12, count);
    disk[510] = 0x55;
    disk[511] = 0xaa;
}

static void seal_gpt(void)
{
    uint8_t *header = disk + 512;

    x8_put_le32(header + 88, x8_crc32(0, disk + 1024, 128 * 128));
    x8_put_le32(header + 16, 0);
    x8_put_le32(header + 16, x8_crc32(0, header, 92));
}

static void make_gpt(void)
{
    uint8_t *header = disk + 512, *entry = disk + 1024;

    memset(disk, 0, sizeof disk);
    mbr_entry(0, 0xee, 1, 0xffffffff);
    memcpy(header, "EFI PART", 8);
    x8_put_le32(header + 12, 92);
    x8_put_le64(header + 32, 99999);
    x8_put_le64(header + 72, 2);
    x8_put_le32(header + 80, 128);
    x8_put_le32(header + 84, 128);
    memset(entry, 7, 16);
    x8_put_le64(entry + 32, 2048);
    x8_put_le64(entry + 40, 4095);
    memcpy(entry + 56, "r\0o\0o\0t\0", 8);
    seal_gpt();
}

static void an_image_without_table_is_none(void **state)
{
    struct x8_parttable table;

    (void)state;
    memset(disk, 0, sizeof disk);
    assert_int_equal(x8_parttable_read(span(), &table, NULL), 0);
    assert_int_equal(table.kind, X8_TABLE_NONE);
    assert_int_equal(x8_parttable_read((struct x8_span){disk, 3}, &table, NULL), 0);
}

static void the_vendors_mbr_is_read(void **state)
{
    struct x8_parttable table;

    (void)state;
    memset(disk, 0, sizeof disk);
    mbr_entry(0, 0x0c, 8192, 131072);
    mbr_entry(1, 0x83, 139264, 6000000);
    assert_int_equal(x8_parttable_read(span(), &table, NULL), 0);
    assert_int_equal(table.kind, X8_TABLE_MBR);
    assert_int_equal(table.count, 2);
    assert_int_equal(table.parts[0].start, 4 << 20);
    assert_true(table.parts[0].active);
    assert_int_equal(table.end, (139264ull + 6000000) * 512);
}

static void overlapping_partitions_are_refused(void **state)
{
    struct x8_parttable table;
    struct x8_error err;

    (void)state;
    memset(disk, 0, sizeof disk);
    mbr_entry(0, 0x0c, 8192, 131072);
    mbr_entry(1, 0x83, 8193, 10);
    assert_int_equal(x8_parttable_read(span(), &table, &err), -X8_E_BAD_IMAGE);
    assert_string_equal(err.why, "two partitions overlap");
}

static void a_gpt_is_read_with_its_names_and_its_backup(void **state)
{
    struct x8_parttable table;

    (void)state;
    make_gpt();
    assert_int_equal(x8_parttable_read(span(), &table, NULL), 0);
    assert_int_equal(table.kind, X8_TABLE_GPT);
    assert_string_equal(table.parts[0].name, "root");
    assert_int_equal(table.parts[0].len, 2048 * 512);
    assert_int_equal(table.end, 100000 * 512);
}

static void every_flipped_byte_of_a_gpt_is_seen(void **state)
{
    struct x8_parttable table;

    (void)state;
    for (size_t at = 512 + 8; at < 512 + 92; at++) {
        make_gpt();
        disk[at] ^= 0x10;
        assert_int_equal(x8_parttable_read(span(), &table, NULL), -X8_E_BAD_IMAGE);
    }
    for (size_t at = 1024; at < 1024 + 128 * 128; at += 37) {
        make_gpt();
        disk[at] ^= 0x10;
        assert_int_equal(x8_parttable_read(span(), &table, NULL), -X8_E_BAD_IMAGE);
    }
}

static void a_sealed_gpt_with_absurd_bounds_is_refused(void **state)
{
    struct x8_parttable table;

    (void)state;
    make_gpt();
    x8_put_le64(disk + 1024 + 40, 5);
    seal_gpt();
    assert_int_equal(x8_parttable_read(span(), &table, NULL), -X8_E_BAD_IMAGE);
    make_gpt();
    x8_put_le64(disk + 512 + 72, UINT64_MAX / 512);
    seal_gpt();
    assert_int_equal(x8_parttable_read(span(), &table, NULL), -X8_E_BAD_IMAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_without_table_is_none),
        cmocka_unit_test(the_vendors_mbr_is_read),
        cmocka_unit_test(overlapping_partitions_are_refused),
        cmocka_unit_test(a_gpt_is_read_with_its_names_and_its_backup),
        cmocka_unit_test(every_flipped_byte_of_a_gpt_is_seen),
        cmocka_unit_test(a_sealed_gpt_with_absurd_bounds_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
