#include "testlib.h"

#include "session/run.h"

#include <string.h>

static void known_sayings_have_a_code_and_a_next_step(void **state)
{
    static const struct {
        const char *said;
        enum x8_code code;
        const char *next; /* part of it */
    } rows[] = {
        {"tar: x: Cannot write: No space left on device\ntar: Error is not recoverable\n",
         X8_E_BOARD_SPACE, "df -h"},
        {"touch: cannot touch '/usr/x': Read-only file system\n", X8_E_REFUSED, "/etc, /var"},
        {"cat: /var/sota/sql.db: Permission denied\n", X8_E_REFUSED, "--root"},
        {"Failed to reboot system via logind: Interactive authentication required.\n", X8_E_REFUSED,
         "--root"},
        {"Sorry, try again.\nsudo: no password was provided\nsudo: 1 incorrect password attempt\n",
         X8_E_AUTH, "--password-file"},
        {"sudo: a password is required\n", X8_E_AUTH, "--password-file"},
        {"sudo: Account or password is expired, reset your password and try again\n", X8_E_AUTH,
         "x8ctl setup"},
        {"bash: line 1: ./a.out: cannot execute binary file: Exec format error\n", X8_E_REFUSED,
         "arm64"},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_error err = {0};

        assert_int_equal(x8_run_explain("step", 1, rows[i].said, &err), -(int)rows[i].code);
        assert_int_equal(err.code, rows[i].code);
        assert_non_null(strstr(err.next, rows[i].next));
        /* The line that says it, not the one before or behind. */
        assert_non_null(strstr(rows[i].said, err.why));
        assert_null(strchr(err.why, '\n'));
    }
}

static void other_words_are_passed_on(void **state)
{
    struct x8_error err = {0};

    (void)state;
    assert_int_equal(x8_run_explain("step", 3, "one\ntwo \033[31mred\n\n", &err), -X8_E_REFUSED);
    assert_string_equal(err.why, "two ?[31mred");
    assert_string_equal(err.next, "");
}

static void without_words_the_status_speaks(void **state)
{
    struct x8_error err = {0};

    (void)state;
    x8_run_explain("step", 137, "", &err);
    assert_string_equal(err.why, "it was killed by signal 9");
    x8_run_explain("step", 127, "\n", &err);
    assert_string_equal(err.why, "this image does not have the program");
    x8_run_explain("step", 1, "", &err);
    assert_string_equal(err.why, "the board gives no reason");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_sayings_have_a_code_and_a_next_step),
        cmocka_unit_test(other_words_are_passed_on),
        cmocka_unit_test(without_words_the_status_speaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
