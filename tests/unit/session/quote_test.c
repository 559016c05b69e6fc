#include "kit_adb.h"

#include "session/run.h"

#include <string.h>

static void a_quoted_text_is_one_word_of_bash(void **state)
{
    static const char *const words[] = {"",      "plain",    "it's", "'",
                                        "''a''", "a b\nc\t", "$x",   "`id`",
                                        "\\",    "\"q\"",    "-n",   "\x01\xff\xfe!{a,b}*"};
    struct kit_adb kit;
    X8_AUTO_BUF text = {0};
    KIT_AUTO_SAID said = {0};
    const char *at;

    (void)state;
    assert_int_equal(x8_buf_addf(&text, "printf '%%s\\0'"), 0);
    for (size_t i = 0; i < X8_COUNT(words); i++) {
        assert_int_equal(x8_buf_add(&text, " ", 1), 0);
        assert_int_equal(x8_quote(&text, words[i]), 0);
    }
    kit_adb_open(&kit, NULL);
    assert_int_equal(kit_adb_sh(&kit, x8_buf_text(&text), &said), 0);
    kit_adb_close(&kit);
    at = x8_buf_text(&said.out);
    for (size_t i = 0; i < X8_COUNT(words); i++) {
        assert_string_equal(at, words[i]);
        at += strlen(at) + 1;
    }
    assert_ptr_equal(at, said.out.data + said.out.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quoted_text_is_one_word_of_bash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
