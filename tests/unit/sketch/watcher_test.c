/*
 * What systemctl says about the two units, as systemd 250 to 255 print it.
 */
#include "testlib.h"

#include "sketch/watcher.h"

#include <stdio.h>
#include <string.h>

#define OPENOCD                                                                                    \
    "ExecStart={ path=/bin/openocd ; argv[]=/bin/openocd -f /x.cfg -c program /tmp/a verify "      \
    "reset "                                                                                       \
    "exit ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; "        \
    "status=0/0 }\n"
#define IDLE_PATH "Result=success\nLoadState=loaded\nActiveState=active\nSubState=waiting\n"

static struct x8_watcher parse(const char *text)
{
    struct x8_watcher out;
    struct x8_error err;

    if (x8_watcher_parse((struct x8_span){(const uint8_t *)text, strlen(text)}, &out, &err) < 0)
        fail_msg("%s", err.msg);
    return out;
}

static void both_units_are_read(void **state)
{
    struct x8_watcher w =
        parse(IDLE_PATH "\nExecMainStartTimestampMonotonic=123456789\n"
                        "ExecMainExitTimestampMonotonic=223456789\nExecMainStatus=1\n" OPENOCD
                        "Result=exit-code\nLoadState=loaded\nActiveState=failed\nSubState=failed\n"
                        "InvocationID=0123456789abcdef0123456789abcdef\n");

    (void)state;
    assert_int_equal(w.has_units, 1);
    assert_string_equal(w.path_state, "active");
    assert_string_equal(w.path_sub, "waiting");
    assert_string_equal(w.path_result, "success");
    assert_string_equal(w.service_state, "failed");
    assert_string_equal(w.service_result, "exit-code");
    assert_string_equal(w.invocation, "0123456789abcdef0123456789abcdef");
    assert_int_equal(w.exit_status, 1);
    assert_true(w.start_us == 123456789 && w.end_us == 223456789);
    assert_int_equal(w.hides_status, 0);
    assert_int_equal(x8_watcher_is_busy(&w), 0);
    assert_int_equal(x8_watcher_is_dead(&w), 0);
}

static void empty_and_missing_properties_are_nothing(void **state)
{
    struct x8_watcher w = parse(IDLE_PATH "\nLoadState=loaded\nInvocationID=\n"
                                          "ExecMainStartTimestampMonotonic=\n" OPENOCD);

    (void)state;
    assert_string_equal(w.invocation, "");
    assert_string_equal(w.service_state, "");
    assert_true(w.start_us == 0);
}

static void an_image_without_the_units_has_none(void **state)
{
    struct x8_watcher w = parse("LoadState=not-found\nActiveState=inactive\nSubState=dead\n\n"
                                "LoadState=not-found\nActiveState=inactive\n");

    (void)state;
    assert_int_equal(w.has_units, 0);
    assert_int_equal(w.hides_status, 0);
}

static void only_openocds_own_status_counts(void **state)
{
    static const char *const hidden[] = {
        "ExecStart={ path=/usr/arduino/extra/program-m4.sh ; argv[]=x ; ignore_errors=no ; }\n",
        "ExecStart={ path=/bin/sh ; argv[]=/bin/sh -c /bin/openocd ; ignore_errors=no ; }\n",
        "ExecStart={ path=/bin/myopenocd ; argv[]=x ; ignore_errors=no ; }\n",
        "ExecStart={ path=/bin/openocd ; argv[]=x ; ignore_errors=yes ; }\n",
        OPENOCD "ExecStart={ path=/bin/echo ; argv[]=x ; ignore_errors=no ; }\n",
        "ExecStart=\n",
        "ExecStart={ path=/bin/openocd\n",
        "",
    };
    char text[1024];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(hidden); i++) {
        snprintf(text, sizeof text, "%s\nLoadState=loaded\n%s", IDLE_PATH, hidden[i]);
        if (!parse(text).hides_status)
            fail_msg("%s", hidden[i]);
    }
    snprintf(text, sizeof text, "%s\nLoadState=loaded\n%s%s", IDLE_PATH,
             "ExecStart={ path=/bin/echo ; argv[]=x ; ignore_errors=no ; }\n", OPENOCD);
    assert_int_equal(parse(text).hides_status, 0);
}

static void a_run_is_seen_in_either_unit(void **state)
{
    static const struct {
        const char *sub, *service;
        int is_busy;
    } rows[] = {
        {"waiting", "inactive", 0},   {"waiting", "failed", 0},     {"running", "inactive", 1},
        {"waiting", "activating", 1}, {"running", "activating", 1}, {"waiting", "deactivating", 1},
        {"dead", "active", 1},        {"failed", "failed", 0},
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        snprintf(text, sizeof text,
                 "LoadState=loaded\nActiveState=active\nSubState=%s\n\nLoadState=loaded\n"
                 "ActiveState=%s\n" OPENOCD,
                 rows[i].sub, rows[i].service);
        struct x8_watcher w = parse(text);
        assert_int_equal(x8_watcher_is_busy(&w), rows[i].is_busy);
    }
}

static void a_watcher_is_dead_after_too_many_triggers_only(void **state)
{
    static const struct {
        const char *active, *result;
        int is_dead;
    } rows[] = {
        {"failed", "unit-start-limit-hit", 1},
        {"failed", "start-limit-hit", 1},
        {"failed", "trigger-limit-hit", 1},
        {"failed", "resources", 0},
        {"active", "success", 0},
        {"inactive", "start-limit-hit", 0},
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        snprintf(text, sizeof text,
                 "LoadState=loaded\nActiveState=%s\nResult=%s\n\nLoadState=loaded\n" OPENOCD,
                 rows[i].active, rows[i].result);
        struct x8_watcher w = parse(text);
        assert_int_equal(x8_watcher_is_dead(&w), rows[i].is_dead);
    }
}

static void what_is_not_that_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "hello",
        "LoadState=loaded\n",
        "LoadState=loaded\n\nActiveState=active\n",
        "Failed to connect to bus: No such file or directory\n",
    };
    struct x8_watcher out = {.exit_status = 7};
    struct x8_error err;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(texts); i++)
        assert_int_equal(
            x8_watcher_parse((struct x8_span){(const uint8_t *)texts[i], strlen(texts[i])}, &out,
                             &err),
            -X8_E_LINK);
    assert_int_equal(out.exit_status, 7); /* untouched */
}

static void words_are_cut_and_cleaned(void **state)
{
    struct x8_watcher w = parse("LoadState=loaded\nActiveState=a\033[2Jctivity-without-end\n\n"
                                "LoadState=loaded\nExecMainStatus=99999\n" OPENOCD);

    (void)state;
    assert_string_equal(w.path_state, "a?[2Jctivity-wi");
    assert_int_equal(w.exit_status, 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_units_are_read),
        cmocka_unit_test(empty_and_missing_properties_are_nothing),
        cmocka_unit_test(an_image_without_the_units_has_none),
        cmocka_unit_test(only_openocds_own_status_counts),
        cmocka_unit_test(a_run_is_seen_in_either_unit),
        cmocka_unit_test(a_watcher_is_dead_after_too_many_triggers_only),
        cmocka_unit_test(what_is_not_that_is_refused),
        cmocka_unit_test(words_are_cut_and_cleaned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
