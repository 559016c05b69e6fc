/*
 * Text from and for people.
 */
#include "testlib.h"

#include "util/text.h"

#include <string.h>

static void a_number_is_decimal_or_hexadecimal(void **state)
{
    uint64_t v = 7;

    (void)state;
    assert_int_equal(x8_parse_u64("0", &v), 0);
    assert_true(v == 0);
    assert_int_equal(x8_parse_u64("0xFfFfFfFfFfFfFfFf", &v), 0);
    assert_true(v == UINT64_MAX);
    assert_int_equal(x8_parse_u64("18446744073709551615", &v), 0);
    assert_true(v == UINT64_MAX);
    assert_int_equal(x8_parse_u64("0X10", &v), 0);
    assert_true(v == 16);
    assert_int_equal(x8_parse_u64("010", &v), 0); /* not octal */
    assert_true(v == 10);
}

static void a_number_with_anything_else_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "-1",
                                      "+1",
                                      "1k",
                                      "0x",
                                      "0xg",
                                      "1.5",
                                      "x1",
                                      "1a",
                                      "１",
                                      "\n1",
                                      "--",
                                      "1\n2",
                                      "18446744073709551616",
                                      "0x10000000000000000"};
    uint64_t v = 42;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(x8_parse_u64(bad[i], &v), -1);
    assert_true(v == 42);
}

static void a_32_bit_number_does_not_wrap(void **state)
{
    uint32_t v = 42;

    (void)state;
    assert_int_equal(x8_parse_u32("4294967295", &v), 0);
    assert_int_equal(v, UINT32_MAX);
    assert_int_equal(x8_parse_u32("4294967296", &v), -1);
    assert_int_equal(v, UINT32_MAX);
}

static void a_duration_has_a_unit_or_is_seconds(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"1500ms", 1500}, {"30s", 30000}, {"2m", 120000}, {"1h", 3600000},
                {"30", 30000},    {"0", 0},       {"none", -1}};
    static const char *const bad[] = {
        "", "s", "-1s", "1 s", "1d", "1S", "None", "1ms2", "9223372036854775807h", "1.5s"};
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(x8_parse_duration(good[i].text, &ms), 0);
        assert_true(ms == good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(x8_parse_duration(bad[i], &ms), -1);
}

static void a_copy_that_is_cut_keeps_whole_characters(void **state)
{
    char out[5];

    (void)state;
    assert_int_equal(x8_copy(out, sizeof out, "abcd"), 1);
    assert_string_equal(out, "abcd");
    assert_int_equal(x8_copy(out, sizeof out, "abcde"), 0);
    assert_string_equal(out, "abcd");
    assert_int_equal(x8_copy(out, sizeof out, "abc\xc3\xa9"), 0);
    assert_string_equal(out, "abc");
    assert_int_equal(x8_copy(out, sizeof out, "\xf0\x9f\x98\x80z"), 0);
    assert_string_equal(out, "\xf0\x9f\x98\x80");
    assert_int_equal(x8_copy(out, 1, "a"), 0);
    assert_string_equal(out, "");
}

static void check_clean(const char *in, size_t len, const char *want)
{
    char out[64];

    assert_int_equal(x8_clean(out, sizeof out, in, len), 1);
    assert_string_equal(out, want);
}

static void a_board_cannot_move_the_cursor(void **state)
{
    (void)state;
    check_clean("\033[2J\r\n\tx\b\x7f", 10, "?[2J???x??");
    check_clean("a\0b", 3, "a?b");
    check_clean("\xc2\x9b"
                "31m",
                5, "?31m"); /* CSI as one character */
    check_clean("caf\xc3\xa9 \xe2\x9c\x93", 9, "caf\xc3\xa9 \xe2\x9c\x93");
    check_clean("\xe2\x80\xae"
                "gpj.exe",
                10, "?gpj.exe"); /* right-to-left override */
}

static void bytes_that_are_no_utf8_become_question_marks(void **state)
{
    (void)state;
    check_clean("\xff\xfe", 2, "??");
    check_clean("\xc0\xaf", 2, "??");           /* overlong '/' */
    check_clean("\xed\xa0\x80", 3, "???");      /* half of a surrogate pair */
    check_clean("\xf4\x90\x80\x80", 4, "????"); /* beyond Unicode */
    check_clean("\xe2\x82", 2, "??");           /* cut */
    check_clean("\xe2\x82x", 3, "??x");         /* broken off */
    check_clean("\xf0\x80\x80\xaf", 4, "????");
}

static void every_byte_pair_comes_out_clean(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char in[2] = {(char)a, (char)b}, out[8];

            x8_clean(out, sizeof out, in, 2);
            for (const char *p = out; *p; p++)
                assert_true((unsigned char)*p >= 0x20 && (unsigned char)*p != 0x7f);
            for (size_t i = 0; out[i];) {
                uint32_t cp;
                size_t n = x8_utf8_next(out + i, strlen(out) - i, &cp);

                assert_true(n > 0 && !(cp >= 0x80 && cp < 0xa0));
                i += n;
            }
        }
    }
}

static void cleaning_in_place_and_into_little_room(void **state)
{
    char text[] = "a\x1b\xc3\xa9";

    (void)state;
    assert_int_equal(x8_clean(text, sizeof text, text, strlen(text)), 1);
    assert_string_equal(text, "a?\xc3\xa9");
    assert_int_equal(x8_clean(text, 4, "ab\xc3\xa9", 4), 0);
    assert_string_equal(text, "ab");
    assert_int_equal(x8_clean(text, 0, "ab", 2), 0);
}

static void sizes_read_well_at_every_scale(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {{0, "0 B"},
                {1023, "1023 B"},
                {1024, "1.0 KiB"},
                {42189, "41.2 KiB"},
                {1048575, "1.0 MiB"},
                {2081816576, "1.94 GiB"},
                {UINT64_MAX, "16.00 EiB"}};
    char out[24];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        x8_size_text(out, rows[i].bytes);
        assert_string_equal(out, rows[i].text);
    }
}

static void times_read_like_a_clock(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {{0, "0:00"},
                {6000, "0:06"},
                {86999, "1:26"},
                {3723000, "1:02:03"},
                {359999000, "99:59:59"},
                {-5, "0:00"},
                {INT64_MAX, "2562047788015:12:55"}};
    char out[24];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        x8_time_text(out, rows[i].ms);
        assert_string_equal(out, rows[i].text);
    }
}

static void case_and_ends_are_compared_without_a_locale(void **state)
{
    (void)state;
    assert_int_equal(x8_casecmp("FastBoot", "fastboot"), 0);
    assert_true(x8_casecmp("a", "b") < 0);
    assert_true(x8_casecmp("ab", "a") > 0);
    assert_true(x8_casecmp("\xc3\x84", "\xc3\xa4") != 0);
    assert_true(x8_starts("usb:1-4", "usb:"));
    assert_false(x8_starts("us", "usb:"));
    assert_true(x8_ends("a.wic.gz", ".gz"));
    assert_false(x8_ends("z", ".gz"));
}

static void a_slip_of_the_hand_finds_the_word(void **state)
{
    static const char *const words[] = {"flash", "list", "update", "explain", "guide", "udev"};
    const size_t n = sizeof words / sizeof words[0];

    (void)state;
    assert_string_equal(x8_closest("flsah", words, n), "flash");
    assert_string_equal(x8_closest("FLASH", words, n), "flash");
    assert_string_equal(x8_closest("updat", words, n), "update");
    assert_string_equal(x8_closest("lst", words, n), "list");
    assert_string_equal(x8_closest("explian", words, n), "explain");
}

static void a_different_word_suggests_nothing(void **state)
{
    static const char *const words[] = {"flash", "list", "a"};
    char longest[300];

    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(x8_closest("container", words, 3));
    assert_null(x8_closest("", words, 3));
    assert_null(x8_closest("z", words, 3));
    assert_null(x8_closest(longest, words, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_decimal_or_hexadecimal),
        cmocka_unit_test(a_number_with_anything_else_is_refused),
        cmocka_unit_test(a_32_bit_number_does_not_wrap),
        cmocka_unit_test(a_duration_has_a_unit_or_is_seconds),
        cmocka_unit_test(a_copy_that_is_cut_keeps_whole_characters),
        cmocka_unit_test(a_board_cannot_move_the_cursor),
        cmocka_unit_test(bytes_that_are_no_utf8_become_question_marks),
        cmocka_unit_test(every_byte_pair_comes_out_clean),
        cmocka_unit_test(cleaning_in_place_and_into_little_room),
        cmocka_unit_test(sizes_read_well_at_every_scale),
        cmocka_unit_test(times_read_like_a_clock),
        cmocka_unit_test(case_and_ends_are_compared_without_a_locale),
        cmocka_unit_test(a_slip_of_the_hand_finds_the_word),
        cmocka_unit_test(a_different_word_suggests_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
