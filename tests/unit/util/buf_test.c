/*
 * Growable bytes.
 */
#include "testlib.h"

#include "util/buf.h"

#include <string.h>

static void an_empty_buffer_is_empty_text(void **state)
{
    struct x8_buf buf = {0};

    (void)state;
    assert_string_equal(x8_buf_text(&buf), "");
    assert_int_equal(x8_buf_span(&buf).len, 0);
    x8_buf_done(&buf);
    x8_buf_done(&buf);
}

static void what_is_added_stays_in_order_and_terminated(void **state)
{
    X8_AUTO_BUF buf = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(x8_buf_addf(&buf, "%d,", i % 10), 0);
    assert_int_equal(buf.len, 2000);
    assert_memory_equal(buf.data + 1990, "5,6,7,8,9,", 11);
    assert_int_equal(x8_buf_add(&buf, "\0x", 2), 0);
    assert_int_equal(buf.len, 2002);
    assert_int_equal(buf.data[2002], '\0');
    assert_int_equal(x8_buf_add(&buf, NULL, 0), 0);
}

static void room_beyond_memory_is_refused(void **state)
{
    X8_AUTO_BUF buf = {0};

    (void)state;
    assert_int_equal(x8_buf_add(&buf, "x", 1), 0);
    assert_int_equal(x8_buf_reserve(&buf, SIZE_MAX), -1);
    assert_int_equal(x8_buf_reserve(&buf, SIZE_MAX - 1), -1);
    assert_int_equal(x8_buf_reserve(&buf, SIZE_MAX / 2), -1);
    assert_string_equal(x8_buf_text(&buf), "x");
}

static void numbers_in_bytes_go_both_ways(void **state)
{
    uint8_t p[8];

    (void)state;
    x8_put_le64(p, 0x8102030405060788u);
    assert_int_equal(p[0], 0x88);
    assert_true(x8_get_le64(p) == 0x8102030405060788u);
    x8_put_be32(p, 0xd1002041u);
    assert_memory_equal(p, "\xd1\x00\x20\x41", 4);
    assert_int_equal(x8_get_be32(p), 0xd1002041u);
    assert_int_equal(x8_get_be16(p), 0xd100);
    x8_put_le16(p, 0xfedc);
    assert_int_equal(x8_get_le16(p), 0xfedc);
}

static void what_is_wiped_is_gone_and_nothing_else(void **state)
{
    char text[] = "a secret, a word";

    (void)state;
    x8_wipe(text, 8);
    x8_wipe(text, 0);
    assert_memory_equal(text, "\0\0\0\0\0\0\0\0, a word", sizeof text);
}

static void a_range_is_inside_or_not_without_wrapping(void **state)
{
    (void)state;
    assert_true(x8_fits(0, 10, 10));
    assert_true(x8_fits(10, 0, 10));
    assert_false(x8_fits(0, 11, 10));
    assert_false(x8_fits(11, 0, 10));
    assert_false(x8_fits(5, UINT64_MAX, 10));
    assert_false(x8_fits(UINT64_MAX, 2, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_empty_text),
        cmocka_unit_test(what_is_added_stays_in_order_and_terminated),
        cmocka_unit_test(room_beyond_memory_is_refused),
        cmocka_unit_test(numbers_in_bytes_go_both_ways),
        cmocka_unit_test(what_is_wiped_is_gone_and_nothing_else),
        cmocka_unit_test(a_range_is_inside_or_not_without_wrapping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
