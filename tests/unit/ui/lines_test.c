/*
 * Plain lines and the log.
 */
#include "kit.h"

#define T "2026-03-01T10:00:12Z flash "

static void each_fact_is_one_line(void **state)
{
    struct kit kit = kit_new(x8_lines_fact, X8_PROGRESS_LINES);

    (void)state;
    kit_say(&kit, X8_EV_START, "b1", NULL, "image 861");
    kit_say(&kit, X8_EV_STAGE, "b1", "rom", "");
    kit_say(&kit, X8_EV_STAGE, "b1", "rom", "found usb=1-4.2");
    kit_say(&kit, X8_EV_NOTICE, NULL, NULL, "one\ntwo\n");
    kit_say(&kit, X8_EV_WARN, "b1", "write", "full speed");
    kit_say(&kit, X8_EV_RESULT, "b1", NULL, "written=5 verified=full");
    kit_say(&kit, X8_FACT_SAY, NULL, NULL, "plain words");
    kit_expect(&kit, T "b1 start image 861\n" T "b1 stage rom\n" T
                       "b1 stage rom found usb=1-4.2\n" T "- notice one; two\n" T
                       "b1 warn full speed\n" T "b1 result ok written=5 verified=full\n"
                       "plain words\n");
    kit_done(&kit);
}

static void progress_comes_each_ten_percent_or_ten_seconds_whichever_is_later(void **state)
{
    struct kit kit = kit_new(x8_lines_fact, X8_PROGRESS_LINES);

    (void)state;
    kit_progress(&kit, "b1", "write", 0, 1000000000);
    /* Fast: ten percent each second, a line only each ten seconds. */
    for (int i = 1; i <= 9; i++) {
        kit.ms += 1000;
        kit_progress(&kit, "b1", "write", (uint64_t)i * 50000000, 1000000000);
    }
    kit_expect(&kit, "");
    kit.ms += 1000;
    kit_progress(&kit, "b1", "write", 500000000, 1000000000);
    kit_expect(&kit, T "b1 write 50% 47.7MiB/s eta 10s\n");
    /* Slow: ten seconds for one percent, a line only each ten percent. */
    for (int i = 1; i <= 9; i++) {
        kit.ms += 10000;
        kit_progress(&kit, "b1", "write", 500000000 + (uint64_t)i * 10000000, 1000000000);
    }
    kit_expect(&kit, "");
    kit.ms += 10000;
    kit_progress(&kit, "b1", "write", 600000000, 1000000000);
    kit_expect(&kit, T "b1 write 60% 976.6KiB/s eta 400s\n");
    kit_done(&kit);
}

static void a_size_that_is_not_known_has_no_percent(void **state)
{
    struct kit kit = kit_new(x8_lines_fact, X8_PROGRESS_LINES);

    (void)state;
    kit_progress(&kit, "b1", "measure", 0, 0);
    kit.ms += 10000;
    kit_progress(&kit, "b1", "measure", 300 << 20, 0);
    kit_expect(&kit, T "b1 measure 300.0MiB 30.0MiB/s\n");
    kit_done(&kit);
}

static void waiting_is_said_at_first_and_then_every_ten_seconds(void **state)
{
    struct kit kit = kit_new(x8_lines_fact, X8_PROGRESS_LINES);

    (void)state;
    for (int i = 0; i < 25; i++, kit.ms += 1000)
        kit_say(&kit, X8_EV_WAIT, "b1", "rom", "waiting for the board");
    kit_expect(&kit, T "b1 wait waiting for the board\n" T "b1 wait waiting for the board\n" T
                       "b1 wait waiting for the board\n");
    /* Detail in between does not make it a first one, another fact does. */
    kit_say(&kit, X8_EV_TRACE, "b1", NULL, "x");
    kit_say(&kit, X8_EV_WAIT, "b1", "rom", "waiting for the board");
    kit_expect(&kit, "");
    kit_say(&kit, X8_EV_NOTICE, "b1", NULL, "found");
    kit_say(&kit, X8_EV_WAIT, "b1", "spl", "waiting for SPL");
    kit_expect(&kit, T "b1 notice found\n" T "b1 wait waiting for SPL\n");
    kit_done(&kit);
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void the_log_of_three_minutes_is_short(void **state)
{
    static const char *const stages[] = {"rom", "loader", "spl", "fastboot", "boot", "check"};
    struct kit kit = kit_new(x8_lines_fact, X8_PROGRESS_LINES);

    (void)state;
    kit_say(&kit, X8_EV_START, "b1", NULL, "image 861");
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        kit_say(&kit, X8_EV_STAGE, "b1", stages[i], "");
        for (int wait = 0; wait < 4; wait++, kit.ms += 500)
            kit_say(&kit, X8_EV_WAIT, "b1", stages[i], "waiting");
        kit_say(&kit, X8_EV_STAGE, "b1", stages[i], "ok");
    }
    for (int ms = 0; ms <= 90000; ms += 10, kit.ms += 10)
        kit_progress(&kit, "b1", "write", (uint64_t)ms * 1000, 90000000);
    kit_say(&kit, X8_EV_STAGE, "b1", "write", "ok");
    for (int ms = 0; ms <= 78000; ms += 10, kit.ms += 10)
        kit_progress(&kit, "b1", "verify", (uint64_t)ms * 1000, 78000000);
    kit_say(&kit, X8_EV_STAGE, "b1", "verify", "ok");
    kit_say(&kit, X8_EV_RESULT, "b1", NULL, "done");
    assert_in_range(count_lines(x8_buf_text(&kit.out)), 25, 39);
    kit_done(&kit);
}

static void no_fact_can_bring_an_escape_byte(void **state)
{
    static const char evil[] = "\033[2J\x9b\r\tx\b";
    struct kit kit = kit_new(x8_lines_fact, X8_PROGRESS_LINES);
    struct x8_error err;

    (void)state;
    kit.view.verbosity = 3;
    kit.view.color = 1; /* of a terminal; lines themselves have none */
    for (int kind = X8_EV_START; kind <= X8_FACT_SAY; kind++)
        if (kind != X8_EV_ERROR)
            kit_say(&kit, kind, evil, evil, evil);
    x8_fail(&err, X8_E_REFUSED, "board says: %s", evil);
    x8_error_why(&err, "%s", evil);
    kit_error(&kit, X8_EV_ERROR, evil, &err);
    for (const char *p = x8_buf_text(&kit.out); *p; p++)
        assert_true(*p == '\n' || ((unsigned char)*p >= 0x20 && *p != 0x7f));
    assert_null(strstr(x8_buf_text(&kit.out), "\x9b"));
    kit_done(&kit);
}

static void quiet_means_errors_only(void **state)
{
    struct kit kit = kit_new(x8_lines_fact, X8_PROGRESS_LINES);
    struct x8_error err;

    (void)state;
    kit.view.quiet = 1;
    kit_say(&kit, X8_EV_START, "b1", NULL, "x");
    kit_say(&kit, X8_EV_WARN, "b1", NULL, "x");
    kit_say(&kit, X8_EV_RESULT, "b1", NULL, "x");
    kit_say(&kit, X8_FACT_SAY, NULL, NULL, "x");
    kit_expect(&kit, "");
    x8_fail(&err, X8_E_LINK, "broken");
    kit_error(&kit, X8_FACT_FINAL, NULL, &err);
    kit_expect(&kit, "x8ctl flash: broken\n"
                     "  code   17 link                          x8ctl help E17\n");
    kit_done(&kit);
}

static void each_v_shows_one_kind_more(void **state)
{
    static const char *const want[] = {"", T "b1 detail d\n", T "b1 detail d\n" T "b1 trace t\n",
                                       T "b1 detail d\n" T "b1 trace t\n" T "b1 wire w\n"};

    (void)state;
    for (int v = 0; v <= 3; v++) {
        struct kit kit = kit_new(x8_lines_fact, X8_PROGRESS_LINES);

        kit.view.verbosity = v;
        kit_say(&kit, X8_EV_DETAIL, "b1", NULL, "d");
        kit_say(&kit, X8_EV_TRACE, "b1", NULL, "t");
        kit_say(&kit, X8_EV_WIRE, "b1", NULL, "w");
        kit_expect(&kit, want[v]);
        kit_done(&kit);
    }
}

static void the_same_error_is_not_said_twice(void **state)
{
    struct kit kit = kit_new(x8_lines_fact, X8_PROGRESS_LINES);
    struct x8_error err, other;

    (void)state;
    x8_fail(&err, X8_E_GONE, "b1: the link broke");
    kit_error(&kit, X8_EV_ERROR, "b1", &err);
    kit_say(&kit, X8_EV_RESULT, "b1", NULL, "");
    kit_expect(&kit, T "b1 error 15 gone\n"
                       "x8ctl flash: b1: the link broke\n"
                       "  code   15 gone                          x8ctl help E15\n" T
                       "b1 result failed\n");
    x8_error_prefix(&err, "run");
    kit_error(&kit, X8_FACT_FINAL, NULL, &err);
    kit_expect(&kit, "");
    x8_fail(&other, X8_E_SOME_FAILED, "1 of 2 boards failed");
    kit_error(&kit, X8_FACT_FINAL, NULL, &other);
    kit_expect(&kit, "x8ctl flash: 1 of 2 boards failed\n"
                     "  code   50 some-failed                   x8ctl help E50\n");
    kit_done(&kit);
}

static void among_several_boards_an_error_names_its_own(void **state)
{
    struct kit kit = kit_new(x8_lines_fact, X8_PROGRESS_LINES);
    struct x8_error err;

    (void)state;
    kit_say(&kit, X8_EV_START, "b1", NULL, "");
    kit_say(&kit, X8_EV_START, "b2", NULL, "");
    x8_fail(&err, X8_E_LINK, "broken");
    kit_error(&kit, X8_EV_ERROR, "b2", &err);
    kit_expect(&kit, T "b1 start\n" T "b2 start\n" T "b2 error 17 link\n"
                       "x8ctl flash: b2: broken\n"
                       "  code   17 link                          x8ctl help E17\n");
    kit_done(&kit);
}

static void the_log_has_everything_with_milliseconds(void **state)
{
    struct kit kit = kit_new(x8_log_fact, X8_PROGRESS_LINES);
    struct x8_error err;

    (void)state;
    kit.view.quiet = 1;
    kit_say(&kit, X8_EV_WIRE, "b1", NULL, "00 01");
    kit_say(&kit, X8_EV_WAIT, "b1", "rom", "w");
    kit_say(&kit, X8_EV_WAIT, "b1", "rom", "w");
    kit_progress(&kit, "b1", "write", 0, 100);
    kit.ms += 500;
    kit_progress(&kit, "b1", "write", 40, 100);
    kit.ms += 500;
    kit_progress(&kit, "b1", "write", 50, 100);
    x8_fail(&err, X8_E_LINK, "broken");
    kit_error(&kit, X8_FACT_FINAL, NULL, &err);
    kit_expect(&kit, "2026-03-01T10:00:12.410Z flash b1 wire 00 01\n"
                     "2026-03-01T10:00:12.410Z flash b1 wait w\n"
                     "2026-03-01T10:00:12.410Z flash b1 wait w\n"
                     "2026-03-01T10:00:12.410Z flash b1 write 0% 0B/s\n"
                     "2026-03-01T10:00:12.410Z flash b1 write 50% 50B/s eta 1s\n"
                     "2026-03-01T10:00:12.410Z flash - end\n"
                     "x8ctl flash: broken\n"
                     "  code   17 link                          x8ctl help E17\n");
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fact_is_one_line),
        cmocka_unit_test(progress_comes_each_ten_percent_or_ten_seconds_whichever_is_later),
        cmocka_unit_test(a_size_that_is_not_known_has_no_percent),
        cmocka_unit_test(waiting_is_said_at_first_and_then_every_ten_seconds),
        cmocka_unit_test(the_log_of_three_minutes_is_short),
        cmocka_unit_test(no_fact_can_bring_an_escape_byte),
        cmocka_unit_test(quiet_means_errors_only),
        cmocka_unit_test(each_v_shows_one_kind_more),
        cmocka_unit_test(the_same_error_is_not_said_twice),
        cmocka_unit_test(among_several_boards_an_error_names_its_own),
        cmocka_unit_test(the_log_has_everything_with_milliseconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
