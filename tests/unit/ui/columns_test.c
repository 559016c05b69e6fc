/*
 * How wide a text is.
 */
#include "kit.h"

static void letters_take_one_column_marks_none_and_ideographs_two(void **state)
{
    (void)state;
    assert_int_equal(x8_columns(""), 0);
    assert_int_equal(x8_columns("abc"), 3);
    assert_int_equal(x8_columns("▕██▏"), 4);
    assert_int_equal(x8_columns("e\xcc\x81"), 1);
    assert_int_equal(x8_columns("板"), 2);
    assert_int_equal(x8_columns("\xff!"), 2);
}

static void a_cut_never_passes_the_limit_nor_tears_a_character(void **state)
{
    (void)state;
    assert_int_equal(x8_columns_fit("abc", 2), 2);
    assert_int_equal(x8_columns_fit("abc", 9), 3);
    assert_int_equal(x8_columns_fit("a板", 2), 1);
    assert_int_equal(x8_columns_fit("ab", 0), 0);
    assert_int_equal(x8_columns_fit("e\xcc\x81x", 1), 3);
}

static void padding_goes_up_to_a_column(void **state)
{
    X8_AUTO_BUF out = {0};

    (void)state;
    x8_put_padded(&out, "板", 4);
    x8_put_padded(&out, "long", 2);
    x8_put(&out, "|");
    assert_string_equal(x8_buf_text(&out), "板  long|");
}

static void long_formats_are_not_cut(void **state)
{
    X8_AUTO_BUF out = {0};
    char text[2000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    x8_put(&out, "%s%s", text, "end");
    assert_int_equal(out.len, 2002);
}

static void a_wrapped_text_is_broken_between_words_and_indented(void **state)
{
    X8_AUTO_BUF out = {0};
    X8_AUTO_BUF narrow = {0};

    (void)state;
    x8_put_wrapped(&out, "one two three four five six seven\nnext", 30, 20, 4);
    test_same_text(x8_buf_text(&out), "one two\n    three four five six seven\n    next\n");
    x8_put_wrapped(&narrow, "no room is left for any of these words", 20, 4, 4);
    test_same_text(x8_buf_text(&narrow), "no room is left for any of these words\n");
    x8_put_wrapped(&narrow, "", 80, 0, 0);
    test_same_text(x8_buf_text(&narrow), "no room is left for any of these words\n\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_take_one_column_marks_none_and_ideographs_two),
        cmocka_unit_test(a_cut_never_passes_the_limit_nor_tears_a_character),
        cmocka_unit_test(padding_goes_up_to_a_column),
        cmocka_unit_test(long_formats_are_not_cut),
        cmocka_unit_test(a_wrapped_text_is_broken_between_words_and_indented),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
