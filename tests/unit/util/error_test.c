/*
 * Errors as values.
 */
#include "testlib.h"

#include "util/error.h"

#include <errno.h>
#include <string.h>

static void a_failure_returns_its_code_and_keeps_its_words(void **state)
{
    struct x8_error err;

    (void)state;
    memset(&err, 'x', sizeof err);
    assert_int_equal(x8_fail(&err, X8_E_GONE, "board %s is gone", "1-4"), -15);
    assert_int_equal(err.code, X8_E_GONE);
    assert_string_equal(err.msg, "board 1-4 is gone");
    assert_string_equal(err.why, "");
    assert_string_equal(err.next, "");
    assert_int_equal(err.sys, 0);
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_int_equal(x8_fail(NULL, X8_E_LINK, "x"), -17);
    assert_int_equal(x8_fail_sys(NULL, X8_E_LINK, EIO, "x"), -17);
    x8_error_why(NULL, "x");
    x8_error_next(NULL, "x");
    x8_error_prefix(NULL, "x");
}

static void a_system_error_is_its_own_cause(void **state)
{
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_fail_sys(&err, X8_E_NO_FILE, ENOENT, "a.wic"), -20);
    assert_int_equal(err.sys, ENOENT);
    assert_string_equal(err.why, strerror(ENOENT));
    x8_fail_sys(&err, X8_E_NO_FILE, 98765, "a.wic");
    assert_true(err.why[0] != '\0');
}

static void an_error_may_be_built_from_its_own_words(void **state)
{
    struct x8_error err;

    (void)state;
    x8_fail(&err, X8_E_LINK, "first");
    x8_fail(&err, X8_E_GONE, "then %s", err.msg);
    assert_string_equal(err.msg, "then first");
    x8_error_why(&err, "since %s", err.msg);
    x8_error_why(&err, "%s again", err.why);
    assert_string_equal(err.why, "since then first again");
}

static void prefixes_tell_the_story_from_outside(void **state)
{
    struct x8_error err;

    (void)state;
    x8_fail(&err, X8_E_GONE, "board went away");
    x8_error_prefix(&err, "download");
    x8_error_prefix(&err, "boot%s", "loader");
    assert_string_equal(err.msg, "bootloader: download: board went away");
}

static void a_message_that_is_too_long_loses_its_end(void **state)
{
    struct x8_error err;
    char word[sizeof err.msg * 2];

    (void)state;
    memset(word, 'w', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    x8_fail(&err, X8_E_GONE, "%s", word);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    x8_error_prefix(&err, "head");
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    assert_memory_equal(err.msg, "head: www", 9);
    x8_error_prefix(&err, "%s", word);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
}

static void codes_have_names_and_strangers_are_internal(void **state)
{
    (void)state;
    assert_int_equal(x8_code_of(0), X8_OK);
    assert_int_equal(x8_code_of(5), X8_OK);
    assert_int_equal(x8_code_of(-13), X8_E_NO_PERMISSION);
    assert_int_equal(x8_code_of(-999), X8_E_INTERNAL);
    assert_string_equal(x8_code_name(X8_E_NO_PERMISSION), "no-permission");
    assert_string_equal(x8_code_name((enum x8_code)77), "internal");
    assert_string_equal(x8_code_meaning(X8_OK), "done");
}

static void the_table_can_be_walked_and_has_no_double(void **state)
{
    enum x8_code code;
    const char *name, *meaning;
    char seen[256] = {0};
    unsigned i;

    (void)state;
    for (i = 0; x8_code_row(i, &code, &name, &meaning); i++) {
        assert_in_range(code, 0, 255);
        assert_false(seen[code]);
        seen[code] = 1;
        assert_true(name[0] && meaning[0]);
    }
    assert_true(i > 30);
    assert_true(seen[130] && seen[143]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_returns_its_code_and_keeps_its_words),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(a_system_error_is_its_own_cause),
        cmocka_unit_test(an_error_may_be_built_from_its_own_words),
        cmocka_unit_test(prefixes_tell_the_story_from_outside),
        cmocka_unit_test(a_message_that_is_too_long_loses_its_end),
        cmocka_unit_test(codes_have_names_and_strangers_are_internal),
        cmocka_unit_test(the_table_can_be_walked_and_has_no_double),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
