/*
 * Questions on a terminal of the test's own, and the refusal to ask anywhere else.
 */
#include "testlib.h"

#include "ui/ui.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A ui with stdin and stderr on a terminal; `person` is its other side. */
struct desk {
    struct x8_ui_config config;
    struct x8_ui *ui;
    int person, inside, saved_in, saved_err;
    pthread_t late;
};

static void desk_open(struct desk *desk)
{
    desk->config.command = "x8ctl flash";
    desk->config.no_color = 1;
    desk->person = test_pty(80, &desk->inside);
    desk->saved_in = test_replace(STDIN_FILENO, desk->inside);
    desk->saved_err = test_replace(STDERR_FILENO, desk->inside);
    assert_int_equal(x8_ui_start(&desk->config, &desk->ui, NULL), 0);
}

static void desk_close(struct desk *desk)
{
    x8_ui_stop(&desk->ui);
    test_restore(STDIN_FILENO, desk->saved_in);
    test_restore(STDERR_FILENO, desk->saved_err);
    close(desk->inside);
    close(desk->person);
}

static int yes_after(struct desk *desk, const char *typed)
{
    size_t len = strlen(typed);

    assert_int_equal(write(desk->person, typed, len), len);
    return x8_ui_ask_yes(desk->ui, "erase?", NULL);
}

static void only_yes_is_yes(void **state)
{
    static const struct {
        const char *typed;
        int answer;
    } rows[] = {{"y\n", 1},    {"YES\n", 1},
                {"\n", 0},     {"n\n", 0},
                {"yess\n", 0}, {"yy\n", 0},
                {" y\n", 0},   {"\004", 0},
                {"ja\n", 0},   {"this is a rather long line that begins with no y\n", 0}};
    struct desk desk = {0};

    (void)state;
    desk_open(&desk);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(yes_after(&desk, rows[i].typed), rows[i].answer);
    desk_close(&desk);
}

static void the_question_stands_below_what_was_said(void **state)
{
    struct desk desk = {0};
    struct x8_op op = {.board = "b1", .stage = "write"};
    char *text, *bar;

    (void)state;
    desk_open(&desk);
    op.emit = x8_ui_emit;
    op.emit_ctx = desk.ui;
    x8_emit_progress(&op, 5, 10);
    x8_ui_say(desk.ui, "ERASES everything");
    assert_int_equal(yes_after(&desk, "y\n"), 1);
    text = test_read_until(desk.person, "[y/N] ", 20000);
    desk_close(&desk);
    assert_non_null(strstr(text, "ERASES everything"));
    assert_string_equal(text + strlen(text) - strlen("erase? [y/N] "), "erase? [y/N] ");
    /* If the bar was drawn at all, it was wiped before the question. */
    bar = strstr(text, "write");
    if (bar)
        assert_non_null(strstr(bar, "\033[Jerase?"));
    free(text);
}

static void facts_wait_until_the_answer(void **state)
{
    struct desk desk = {0};
    struct x8_op op = {.board = "b1"};
    char *text, answer[8];

    (void)state;
    desk_open(&desk);
    op.emit = x8_ui_emit;
    op.emit_ctx = desk.ui;
    assert_int_equal(write(desk.person, "fad9\n", 5), 5);
    assert_int_equal(x8_ui_ask_line(desk.ui, "last four:", answer, sizeof answer, NULL), 0);
    assert_string_equal(answer, "fad9");
    x8_emit(&op, X8_EV_NOTICE, "later");
    text = test_read_until(desk.person, "later\n", 20000);
    desk_close(&desk);
    assert_string_equal(text, "last four: later\n");
    free(text);
}

static void *type_after_question(void *arg)
{
    struct desk *desk = arg;

    free(test_read_until(desk->person, "last four: ", 20000));
    return write(desk->person, "late\n", 5) == 5 ? NULL : desk;
}

static void a_severe_question_takes_nothing_typed_ahead(void **state)
{
    struct pollfd typed = {.fd = STDIN_FILENO, .events = POLLIN};
    struct desk desk = {0};
    char answer[8];

    (void)state;
    desk_open(&desk);
    assert_int_equal(write(desk.person, "fad9\n\004", 6), 6);
    assert_int_equal(poll(&typed, 1, 20000), 1);
    assert_int_equal(pthread_create(&desk.late, NULL, type_after_question, &desk), 0);
    assert_int_equal(x8_ui_ask_severe(desk.ui, "last four:", answer, sizeof answer, NULL), 0);
    pthread_join(desk.late, NULL);
    assert_string_equal(answer, "late");
    desk_close(&desk);
}

static void a_long_line_is_cut_and_the_next_one_is_whole(void **state)
{
    struct desk desk = {0};
    char answer[5];

    (void)state;
    desk_open(&desk);
    assert_int_equal(write(desk.person, "abcdefgh\nxy\n", 12), 12);
    assert_int_equal(x8_ui_ask_line(desk.ui, "q", answer, sizeof answer, NULL), 0);
    assert_string_equal(answer, "abcd");
    assert_int_equal(x8_ui_ask_line(desk.ui, "q", answer, sizeof answer, NULL), 0);
    assert_string_equal(answer, "xy");
    desk_close(&desk);
}

static void a_question_cannot_carry_escapes(void **state)
{
    struct desk desk = {0};
    char *text;

    (void)state;
    desk_open(&desk);
    assert_int_equal(write(desk.person, "y\n", 2), 2);
    assert_int_equal(x8_ui_ask_yes(desk.ui, "erase \033[2Jboard?", NULL), 1);
    text = test_read_until(desk.person, "[y/N] ", 20000);
    desk_close(&desk);
    assert_string_equal(text, "erase ?[2Jboard? [y/N] ");
    free(text);
}

/* Plays the person who presses Ctrl-C once the question stands there. */
static void *interrupt(void *arg)
{
    char *text = test_read_until(*(int *)arg, "[y/N] ", 20000);

    free(text);
    kill(getpid(), SIGINT);
    return NULL;
}

static void ctrl_c_at_a_question_is_no_and_stops(void **state)
{
    struct desk desk = {0};
    struct x8_cancel cancel;
    struct x8_error err;
    pthread_t person;
    char line[8];

    (void)state;
    x8_cancel_init(&cancel);
    desk_open(&desk);
    assert_int_equal(x8_signals_start(&cancel, desk.ui, NULL), 0);
    assert_int_equal(pthread_create(&person, NULL, interrupt, &desk.person), 0);
    assert_int_equal(x8_ui_ask_yes(desk.ui, "erase?", NULL), 0);
    pthread_join(person, NULL);
    assert_int_equal(x8_cancel_check(&cancel, X8_CANCEL_SOFT, &err), -X8_E_STOPPED);
    /* Once stopped, nothing is asked any more. */
    assert_int_equal(x8_ui_ask_yes(desk.ui, "erase?", NULL), 0);
    assert_int_equal(x8_ui_ask_line(desk.ui, "q", line, sizeof line, &err), -X8_E_STOPPED);
    x8_signals_stop();
    desk_close(&desk);
    x8_cancel_done(&cancel);
}

static void a_person_who_leaves_said_no(void **state)
{
    struct desk desk = {0};
    char line[8] = "x";

    (void)state;
    desk_open(&desk);
    assert_int_equal(write(desk.person, "\004", 1), 1); /* Ctrl-D: end of input */
    assert_int_equal(x8_ui_ask_line(desk.ui, "q", line, sizeof line, NULL), 0);
    assert_string_equal(line, "");
    desk_close(&desk);
}

static void without_a_terminal_the_flag_is_named(void **state)
{
    struct x8_ui_config config = {.command = "x8ctl flash"};
    struct test_capture capture;
    struct x8_error err;
    struct x8_ui *ui;
    char line[8];
    char *text;
    int null = open("/dev/null", O_RDONLY), saved = test_replace(STDIN_FILENO, null);

    (void)state;
    test_capture_begin(&capture, STDERR_FILENO);
    assert_int_equal(x8_ui_start(&config, &ui, NULL), 0);
    assert_false(x8_ui_can_ask(ui));
    assert_int_equal(x8_ui_ask_yes(ui, "erase?", &err), -X8_E_NEED_YES);
    assert_non_null(strstr(err.next, "-y"));
    assert_non_null(strstr(err.why, "no terminal"));
    assert_int_equal(x8_ui_ask_line(ui, "q", line, sizeof line, &err), -X8_E_NEED_YES);
    assert_non_null(strstr(err.next, "--confirm"));
    x8_ui_stop(&ui);
    text = test_capture_end(&capture);
    test_restore(STDIN_FILENO, saved);
    close(null);
    assert_string_equal(text, ""); /* no prompt was shown */
    free(text);
}

static void who_forbids_to_ask_is_not_asked(void **state)
{
    struct desk desk = {.config = {.no_input = 1}},
                json = {.config = {.progress = X8_PROGRESS_JSON}};
    struct x8_error err;

    (void)state;
    desk_open(&desk);
    assert_false(x8_ui_can_ask(desk.ui));
    assert_int_equal(x8_ui_ask_yes(desk.ui, "erase?", &err), -X8_E_NEED_YES);
    assert_non_null(strstr(err.why, "--no-input"));
    desk_close(&desk);
    desk_open(&json);
    assert_int_equal(x8_ui_ask_yes(json.ui, "erase?", &err), -X8_E_NEED_YES);
    desk_close(&json);
}

static void yes_beforehand_is_an_answer(void **state)
{
    struct x8_ui_config config = {.command = "x8ctl", .assume_yes = 1, .no_input = 1};
    struct x8_ui *ui;

    (void)state;
    assert_int_equal(x8_ui_start(&config, &ui, NULL), 0);
    assert_int_equal(x8_ui_ask_yes(ui, "erase?", NULL), 1);
    x8_ui_stop(&ui);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_yes_is_yes),
        cmocka_unit_test(the_question_stands_below_what_was_said),
        cmocka_unit_test(facts_wait_until_the_answer),
        cmocka_unit_test(a_severe_question_takes_nothing_typed_ahead),
        cmocka_unit_test(a_long_line_is_cut_and_the_next_one_is_whole),
        cmocka_unit_test(a_question_cannot_carry_escapes),
        cmocka_unit_test(ctrl_c_at_a_question_is_no_and_stops),
        cmocka_unit_test(a_person_who_leaves_said_no),
        cmocka_unit_test(without_a_terminal_the_flag_is_named),
        cmocka_unit_test(who_forbids_to_ask_is_not_asked),
        cmocka_unit_test(yes_beforehand_is_an_answer),
    };

    x8_signals_block();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
