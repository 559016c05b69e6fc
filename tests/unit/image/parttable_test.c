/* Partition tables: MBR, GPT, none, and damaged ones. */
#include "pieces.h"

#include "image/parttable.h"
#include "util/digest.h"

#define HEAD_LEN (64u * 1024)

static uint8_t head[HEAD_LEN];

static void put_mbr_entry(unsigned i, uint8_t active, uint8_t type, uint32_t start, uint32_t count)
{
    uint8_t *entry = head + 446 + 16 * i;
    entry[0] = active;
    entry[4] = type;
    x8_put_le32(entry + 8, start);
    x8_put_le32(entry + 12, count);
    head[510] = 0x55;
    head[511] = 0xAA;
}

/* As wic makes it: FAT at 4 MiB, root behind it. */
static void make_mbr(void)
{
    memset(head, 0, sizeof(head));
    put_mbr_entry(0, 0x80, 0x0c, 8192, 131072);
    put_mbr_entry(1, 0, 0x83, 139264, 1000000);
}

static void put_gpt_entry(unsigned i, uint64_t from, uint64_t to, const char *name)
{
    uint8_t *entry = head + 1024 + 128 * i;
    memset(entry, 0x11, 32);
    x8_put_le64(entry + 32, from);
    x8_put_le64(entry + 40, to);
    for (size_t k = 0; name[k]; k++)
        x8_put_le16(entry + 56 + 2 * k, (uint16_t)name[k]);
}

static void seal_gpt(void)
{
    uint8_t *header = head + 512;
    uint32_t count = x8_get_le32(header + 80);
    if (count <= 128)
        x8_put_le32(header + 88, x8_crc32(0, head + 1024, (size_t)count * 128));
    x8_put_le32(header + 16, 0);
    x8_put_le32(header + 16, x8_crc32(0, header, 92));
}

static void make_gpt(void)
{
    uint8_t *header = head + 512;
    memset(head, 0, sizeof(head));
    put_mbr_entry(0, 0, 0xEE, 1, 0xffffffffu);
    memcpy(header, "EFI PART\0\0\1\0", 12);
    x8_put_le32(header + 12, 92);
    x8_put_le64(header + 24, 1);
    x8_put_le64(header + 32, 99999);
    x8_put_le64(header + 40, 34);
    x8_put_le64(header + 48, 99966);
    x8_put_le64(header + 72, 2);
    x8_put_le32(header + 80, 128);
    x8_put_le32(header + 84, 128);
    put_gpt_entry(0, 2048, 4095, "boot");
    put_gpt_entry(5, 4096, 99966, "root\xe9");
    x8_put_le64(head + 1024 + 48, 4);
    seal_gpt();
}

static int read_head(size_t len, struct x8_parttable *table, struct x8_error *err)
{
    memset(table, 0xA5, sizeof(*table));
    return x8_parttable_read((struct x8_span){head, len}, table, err);
}

static void an_mbr_is_read(void **state)
{
    (void)state;
    struct x8_parttable table;
    make_mbr();
    assert_int_equal(read_head(512, &table, NULL), 0);
    assert_int_equal(table.kind, X8_TABLE_MBR);
    assert_int_equal(table.count, 2);
    assert_int_equal(table.parts[0].start, 4u << 20);
    assert_int_equal(table.parts[0].len, 64u << 20);
    assert_int_equal(table.parts[0].mbr_type, 0x0c);
    assert_true(table.parts[0].active);
    assert_false(table.parts[1].active);
    assert_true(table.end == (139264 + 1000000) * (uint64_t)512);
}

static void a_gpt_is_read(void **state)
{
    (void)state;
    struct x8_parttable table;
    make_gpt();
    assert_int_equal(read_head(HEAD_LEN, &table, NULL), 0);
    assert_int_equal(table.kind, X8_TABLE_GPT);
    assert_int_equal(table.count, 2);
    assert_string_equal(table.parts[0].name, "boot");
    assert_string_equal(table.parts[1].name, "root?");
    assert_int_equal(table.parts[0].start, 2048 * 512);
    assert_int_equal(table.parts[1].len, (99966 - 4096 + 1) * 512);
    assert_int_equal(table.parts[0].mbr_type, 0);
    assert_true(table.parts[0].active);
    assert_int_equal(table.end, 100000 * 512);
}

static void no_table_is_no_fault(void **state)
{
    (void)state;
    struct x8_parttable table;
    memset(head, 0, sizeof(head));
    static const size_t lens[] = {0, 1, 511, 512, 1024, HEAD_LEN};
    for (size_t i = 0; i < X8_COUNT(lens); i++) {
        assert_int_equal(read_head(lens[i], &table, NULL), 0);
        assert_int_equal(table.kind, X8_TABLE_NONE);
        assert_int_equal(table.count, 0);
    }
    /* The boot sector of a file system: the signature is there, the entries are code. */
    memset(head + 400, 0x90, 112);
    head[510] = 0x55;
    head[511] = 0xAA;
    assert_int_equal(read_head(HEAD_LEN, &table, NULL), 0);
    assert_int_equal(table.kind, X8_TABLE_NONE);
}

static void an_mbr_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct x8_parttable table;
    struct x8_error err = {0};
    make_mbr();
    put_mbr_entry(2, 0, 0x83, 139263, 10);
    assert_int_equal(read_head(HEAD_LEN, &table, &err), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.msg, "partition 3 overlaps"));
    make_mbr();
    put_mbr_entry(3, 0, 0x83, 0, 10);
    assert_int_equal(read_head(HEAD_LEN, &table, &err), -X8_E_BAD_IMAGE);
    make_gpt();
    memset(head + 512, 0, 8);
    assert_int_equal(read_head(HEAD_LEN, &table, &err), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.msg, "stands for a GPT"));
}

static void a_gpt_with_any_bit_flipped_is_refused(void **state)
{
    (void)state;
    struct x8_parttable table;
    make_gpt();
    for (size_t at = 512 + 8; at < 1024 + 128 * 128; at++) {
        if (at >= 512 + 92 && at < 1024)
            continue; /* behind the header */
        head[at] ^= 0x08;
        int rc = read_head(HEAD_LEN, &table, NULL);
        head[at] ^= 0x08;
        assert_int_equal(rc, -X8_E_BAD_IMAGE);
    }
}

static void a_gpt_that_is_cut_is_refused(void **state)
{
    (void)state;
    struct x8_parttable table;
    make_gpt();
    for (size_t len = 1024; len < 1024 + 128 * 128; len += 127)
        assert_int_equal(read_head(len, &table, NULL), -X8_E_BAD_IMAGE);
    assert_int_equal(read_head(1024 + 128 * 128, &table, NULL), 0);
}

static void a_gpt_with_right_checksums_and_wrong_numbers_is_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint64_t value;
        const char *said;
    } rows[] = {
        {512 + 72, 1, "behind its header"},
        {512 + 72, 1000, "behind its header"},
        {512 + 72, UINT64_MAX, "behind its header"},
        {512 + 72, UINT64_MAX / 512, "behind its header"},
        {512 + 48, UINT64_MAX, "limits"},
        {512 + 48, 33, "limits"},
        {512 + 32, UINT64_MAX, "limits"},
        {512 + 24, 2, "not in its place"},
        {512 + 80, 0xffffffffu | (uint64_t)128 << 32, "behind its header"},
        {512 + 80, 128 | (uint64_t)127 << 32, "impossible size"},
        {512 + 80, 128 | (uint64_t)0 << 32, "impossible size"},
        {1024 + 32, 4095, "partition 6 overlaps"}, /* 4095..4095, and moved into the other */
        {1024 + 32, 33, "outside"},
        {1024 + 32, 4097, "outside"}, /* backwards */
        {1024 + 40, 99967, "outside"},
        {1024 + 40, UINT64_MAX, "outside"},
        {1024 + 40, 4096, "overlaps"},
    };
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_parttable table;
        struct x8_error err = {0};
        make_gpt();
        if (i == 11)
            put_gpt_entry(5, 4095, 5000, "x");
        x8_put_le64(head + rows[i].at, rows[i].value);
        seal_gpt();
        int rc = read_head(HEAD_LEN, &table, &err);
        if (rc >= 0 || !strstr(err.msg, rows[i].said))
            print_error("row %zu: %d %s\n", i, rc, err.msg);
        assert_int_equal(rc, -X8_E_BAD_IMAGE);
        assert_non_null(strstr(err.msg, rows[i].said));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_mbr_is_read),
        cmocka_unit_test(a_gpt_is_read),
        cmocka_unit_test(no_table_is_no_fault),
        cmocka_unit_test(an_mbr_that_cannot_be_is_refused),
        cmocka_unit_test(a_gpt_with_any_bit_flipped_is_refused),
        cmocka_unit_test(a_gpt_that_is_cut_is_refused),
        cmocka_unit_test(a_gpt_with_right_checksums_and_wrong_numbers_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
