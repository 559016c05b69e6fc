/*
 * The environment: what it sets, what wins over it, and what is refused.
 */
#include "main.h"
#include "opts.h"

#include "testlib.h"

#include <stdlib.h>
#include <string.h>

static const char *const variables[] = {
    "X8CTL_SERIAL", "ANDROID_SERIAL", "X8CTL_TIMEOUT", "X8CTL_PROGRESS",
    "NO_COLOR",     "CLICOLOR_FORCE", "TERM",          "GITHUB_ACTIONS",
    "GITLAB_CI",    "LC_ALL",         "LC_CTYPE",      "LANG",
};
static struct x8_ui_config config;
static struct x8_error err;

static int clean(void **state)
{
    (void)state;
    for (size_t i = 0; i < X8_COUNT(variables); i++)
        unsetenv(variables[i]);
    memset(&config, 0, sizeof config);
    memset(&err, 0, sizeof err);
    *x8_globals() = (struct x8_globals){
        .timeout_ms = X8_TIMEOUT_UNSET, .progress = -1, .password_fd = X8_NO_FD};
    return 0;
}

static void an_ordinary_terminal_gets_colour_and_bars(void **state)
{
    (void)state;
    setenv("TERM", "xterm-256color", 1);
    x8_env_ui(&config);
    assert_int_equal(config.no_color, 0);
    assert_int_equal(config.progress, X8_PROGRESS_AUTO);
}

static void a_dumb_or_unknown_terminal_gets_lines(void **state)
{
    (void)state;
    setenv("TERM", "dumb", 1);
    x8_env_ui(&config);
    assert_int_equal(config.no_color, 1);
    assert_int_equal(config.progress, X8_PROGRESS_LINES);
    clean(NULL);
    x8_env_ui(&config);
    assert_int_equal(config.no_color, 1);
    config.progress = X8_PROGRESS_BAR;
    x8_env_ui(&config);
    assert_int_equal(config.progress, X8_PROGRESS_BAR);
}

static void colour_follows_the_usual_variables(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "", 1);
    setenv("CLICOLOR_FORCE", "0", 1);
    x8_env_ui(&config);
    assert_int_equal(config.no_color, 0);
    assert_int_equal(config.force_color, 0);
    setenv("NO_COLOR", "1", 1);
    setenv("CLICOLOR_FORCE", "1", 1);
    x8_env_ui(&config);
    assert_int_equal(config.no_color, 1);
    assert_int_equal(config.force_color, 1);
}

static void build_services_are_recognised(void **state)
{
    (void)state;
    x8_env_ui(&config);
    assert_int_equal(config.in_ci, 0);
    setenv("GITLAB_CI", "true", 1);
    x8_env_ui(&config);
    assert_int_equal(config.in_ci, 1);
}

static void the_first_locale_variable_that_is_set_decides(void **state)
{
    (void)state;
    setenv("LANG", "en_US.UTF-8", 1);
    x8_env_ui(&config);
    assert_int_equal(config.utf8, 1);
    setenv("LC_CTYPE", "de_DE.utf8", 1);
    x8_env_ui(&config);
    assert_int_equal(config.utf8, 1);
    setenv("LC_ALL", "C", 1);
    x8_env_ui(&config);
    assert_int_equal(config.utf8, 0);
    setenv("LC_ALL", "", 1);
    x8_env_ui(&config);
    assert_int_equal(config.utf8, 1);
}

static void variables_stand_in_for_options(void **state)
{
    (void)state;
    setenv("ANDROID_SERIAL", "1822aa09dab6fad9", 1);
    setenv("X8CTL_TIMEOUT", "90s", 1);
    setenv("X8CTL_PROGRESS", "json", 1);
    assert_int_equal(x8_env_options(x8_globals(), &err), 0);
    assert_int_equal(x8_globals()->serial.count, 1);
    assert_string_equal(x8_globals()->serial.items[0], "1822aa09dab6fad9");
    assert_int_equal(x8_globals()->timeout_ms, 90000);
    assert_int_equal(x8_globals()->progress, X8_PROGRESS_JSON);
    clean(NULL);
    setenv("ANDROID_SERIAL", "1822aa09dab6fad9", 1);
    setenv("X8CTL_SERIAL", "usb:1-4.2", 1);
    assert_int_equal(x8_env_options(x8_globals(), &err), 0);
    assert_int_equal(x8_globals()->serial.count, 1);
    assert_string_equal(x8_globals()->serial.items[0], "usb:1-4.2");
}

static void an_option_wins_over_its_variable(void **state)
{
    (void)state;
    x8_globals()->serial.items[x8_globals()->serial.count++] = "3-1";
    x8_globals()->timeout_ms = -1;
    x8_globals()->progress = X8_PROGRESS_AUTO;
    setenv("X8CTL_SERIAL", "{broken}", 1);
    setenv("X8CTL_TIMEOUT", "broken", 1);
    setenv("X8CTL_PROGRESS", "broken", 1);
    assert_int_equal(x8_env_options(x8_globals(), &err), 0);
    assert_int_equal(x8_globals()->serial.count, 1);
    assert_int_equal(x8_globals()->timeout_ms, -1);
    assert_int_equal(x8_globals()->progress, X8_PROGRESS_AUTO);
}

static void all_boards_are_not_narrowed_by_a_variable(void **state)
{
    (void)state;
    x8_globals()->all = 1;
    setenv("X8CTL_SERIAL", "usb:1-4.2", 1);
    assert_int_equal(x8_env_options(x8_globals(), &err), 0);
    assert_int_equal(x8_globals()->serial.count, 0);
}

static void an_empty_variable_is_no_variable(void **state)
{
    (void)state;
    for (size_t i = 0; i < X8_COUNT(variables); i++)
        setenv(variables[i], "", 1);
    assert_int_equal(x8_env_options(x8_globals(), &err), 0);
    assert_int_equal(x8_globals()->serial.count, 0);
    assert_int_equal(x8_globals()->timeout_ms, X8_TIMEOUT_UNSET);
}

static void a_variable_nobody_can_use_is_named(void **state)
{
    (void)state;
    setenv("X8CTL_TIMEOUT", "soon", 1);
    assert_int_equal(x8_env_options(x8_globals(), &err), -X8_E_USAGE);
    assert_non_null(strstr(err.msg, "X8CTL_TIMEOUT"));
    assert_non_null(strstr(err.msg, "soon"));
    clean(NULL);
    setenv("ANDROID_SERIAL", "${UPLOAD_PORT}", 1);
    assert_int_equal(x8_env_options(x8_globals(), &err), -X8_E_USAGE);
    assert_non_null(strstr(err.msg, "ANDROID_SERIAL"));
    assert_non_null(strstr(err.msg, "${UPLOAD_PORT}"));
}

static void a_selector_of_the_line_is_checked_too(void **state)
{
    (void)state;
    x8_globals()->serial.items[x8_globals()->serial.count++] = "1-4";
    x8_globals()->serial.items[x8_globals()->serial.count++] = "{upload.port}";
    assert_int_equal(x8_env_options(x8_globals(), &err), -X8_E_USAGE);
    assert_non_null(strstr(err.msg, "{upload.port}"));
}

#define TEST(name) cmocka_unit_test_setup(name, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_ordinary_terminal_gets_colour_and_bars),
        TEST(a_dumb_or_unknown_terminal_gets_lines),
        TEST(colour_follows_the_usual_variables),
        TEST(build_services_are_recognised),
        TEST(the_first_locale_variable_that_is_set_decides),
        TEST(variables_stand_in_for_options),
        TEST(an_option_wins_over_its_variable),
        TEST(all_boards_are_not_narrowed_by_a_variable),
        TEST(an_empty_variable_is_no_variable),
        TEST(a_variable_nobody_can_use_is_named),
        TEST(a_selector_of_the_line_is_checked_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
