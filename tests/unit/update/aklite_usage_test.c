/*
 * Generations of aklite-offline by their help.
 */
#include "testlib.h"

#include "update/host.h"

#include <string.h>

static enum x8_aklite of(const char *text)
{
    return x8_aklite_of_usage(text, strlen(text));
}

static void each_generation_has_its_own_usage(void **state)
{
    (void)state;
    assert_int_equal(of("Unknown command: --help\nUsage:\n\taklite-apps <cmd> [options]\n"
                        "Supported commands: \ninstall run \nOptions:\n  -h [ --help ]\n"),
                     X8_AKLITE_A);
    assert_int_equal(of("Unknown command\nUsage:\n\taklite-offline <cmd> [options]\n"
                        "Supported commands:\ninstall run\n"),
                     X8_AKLITE_B);
    assert_int_equal(of("Usage:\n  aklite-offline <cmd> [flags]\n\nCommands:\n"
                        "  check      Check the update content\n"
                        "  install    Install the update\n  run        Finalize\n"
                        "  current    Show\n"),
                     X8_AKLITE_C);
}

static void the_list_of_commands_may_stand_behind_its_title(void **state)
{
    (void)state;
    assert_int_equal(of("Usage:\n\taklite-offline <cmd> [options]\n"
                        "Supported commands: install run\n"),
                     X8_AKLITE_B);
    assert_int_equal(of("Usage:\n\taklite-offline <cmd> [options]\n"
                        "Supported commands: check install run\n"),
                     X8_AKLITE_C);
}

/* A description may speak of checking. */
static void a_word_in_a_description_is_no_command(void **state)
{
    (void)state;
    assert_int_equal(of("Usage:\n\taklite-offline <cmd> [options]\ninstall run\n"
                        "  --force  do not check the version\n"),
                     X8_AKLITE_B);
}

static void what_nobody_knows_is_none(void **state)
{
    (void)state;
    assert_int_equal(of(""), X8_AKLITE_NONE);
    assert_int_equal(x8_aklite_of_usage(NULL, 0), X8_AKLITE_NONE);
    assert_int_equal(of("bash: aklite-offline: command not found\n"), X8_AKLITE_NONE);
    assert_int_equal(of("Usage:\n\taklite-offline <cmd> [options]\n"), X8_AKLITE_NONE);
    assert_int_equal(of("install run check\n"), X8_AKLITE_NONE);
    assert_int_equal(of("Usage: aklite-offline <cmd> [flags]\n  install  a\n  run  b\n"),
                     X8_AKLITE_NONE);
}

static void line_ends_of_a_terminal_do_not_disturb(void **state)
{
    (void)state;
    assert_int_equal(of("Usage:\r\n  aklite-offline <cmd> [flags]\r\n  check\r\n  install\r\n"
                        "  run\r\n"),
                     X8_AKLITE_C);
}

static void generations_have_names(void **state)
{
    (void)state;
    assert_string_equal(x8_aklite_name(X8_AKLITE_NONE), "none");
    assert_string_equal(x8_aklite_name(X8_AKLITE_C), "C");
    assert_string_equal(x8_aklite_name((enum x8_aklite)77), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_generation_has_its_own_usage),
        cmocka_unit_test(the_list_of_commands_may_stand_behind_its_title),
        cmocka_unit_test(a_word_in_a_description_is_no_command),
        cmocka_unit_test(what_nobody_knows_is_none),
        cmocka_unit_test(line_ends_of_a_terminal_do_not_disturb),
        cmocka_unit_test(generations_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
