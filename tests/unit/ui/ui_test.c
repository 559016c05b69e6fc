/*
 * The queue and the painter with real threads, pipes and terminals.
 */
#include "testlib.h"

#include "ui/ui.h"
#include "util/clock.h"
#include "util/file.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct x8_ui_config plain(enum x8_progress_mode mode)
{
    return (struct x8_ui_config){.command = "x8ctl flash", .progress = mode};
}

static struct x8_op op_for(struct x8_ui *ui, const char *board)
{
    return (struct x8_op){
        .board = board, .deadline = X8_NO_DEADLINE, .emit = x8_ui_emit, .emit_ctx = ui};
}

static int count_of(const char *text, const char *needle)
{
    int n = 0;

    for (text = strstr(text, needle); text; text = strstr(text + 1, needle))
        n++;
    return n;
}

#define THREADS 4
#define FACTS   500

static void *work(void *arg)
{
    struct x8_op *op = arg;

    op->stage = "write";
    x8_emit_enter(op);
    for (uint64_t i = 1; i <= FACTS; i++) {
        x8_emit_progress(op, i, FACTS);
        x8_emit(op, X8_EV_NOTICE, "fact %d of %s.", (int)i, op->board);
    }
    x8_emit(op, X8_EV_RESULT, "done");
    return NULL;
}

static void check_order(const char *text, const char *board)
{
    char want[64];

    for (int i = 1; i <= FACTS; i++) {
        snprintf(want, sizeof want, "fact %d of %s.", i, board);
        text = strstr(text, want);
        assert_non_null(text);
    }
}

static void four_boards_at_once(enum x8_progress_mode mode, const char *result)
{
    static const char *const boards[THREADS] = {"b1", "b2", "b3", "b4"};
    struct x8_ui_config config = plain(mode);
    struct test_capture capture;
    struct x8_op ops[THREADS];
    pthread_t threads[THREADS];
    struct x8_ui *ui;
    char *text;

    test_capture_begin(&capture, STDERR_FILENO);
    assert_int_equal(x8_ui_start(&config, &ui, NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        ops[i] = op_for(ui, boards[i]);
        assert_int_equal(pthread_create(&threads[i], NULL, work, &ops[i]), 0);
    }
    for (int i = 0; i < 3; i++)
        x8_ui_flush(ui);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    x8_ui_stop(&ui);
    text = test_capture_end(&capture);
    for (int i = 0; i < THREADS; i++)
        check_order(text, boards[i]);
    assert_int_equal(count_of(text, result), THREADS);
    assert_null(strchr(text, '\033'));
    free(text);
}

static void facts_of_many_threads_keep_their_order(void **state)
{
    (void)state;
    four_boards_at_once(X8_PROGRESS_LINES, " result ok done\n");
    four_boards_at_once(X8_PROGRESS_JSON, "\"ok\":true,\"text\":\"done\"}\n");
}

static void without_a_terminal_a_bar_becomes_lines(void **state)
{
    struct x8_ui_config config = plain(X8_PROGRESS_BAR);
    struct test_capture capture;
    struct x8_ui *ui;
    struct x8_op op;
    char *text;

    (void)state;
    test_capture_begin(&capture, STDERR_FILENO);
    assert_int_equal(x8_ui_start(&config, &ui, NULL), 0);
    op = op_for(ui, "b1");
    op.stage = "rom";
    x8_emit(&op, X8_EV_WAIT, "waiting");
    x8_emit(&op, X8_EV_STAGE, "found");
    x8_ui_say(ui, "said %d", 1);
    x8_ui_stop(&ui);
    assert_null(ui);
    x8_ui_stop(&ui);
    text = test_capture_end(&capture);
    assert_non_null(strstr(text, "Z flash b1 wait waiting\n"));
    assert_non_null(strstr(text, "Z flash b1 stage rom found\nsaid 1\n"));
    assert_null(strchr(text, '\033'));
    free(text);
}

/* Emit far more than a pipe holds into one that nobody reads; returns its read end. */
static int fill_a_stuck_pipe(struct x8_ui **ui, int *saved)
{
    struct x8_ui_config config = plain(X8_PROGRESS_LINES);
    int64_t start = x8_now_ms();
    struct x8_op op;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    *saved = test_replace(STDERR_FILENO, ends[1]);
    close(ends[1]);
    assert_int_equal(x8_ui_start(&config, ui, NULL), 0);
    op = op_for(*ui, "b1");
    for (int i = 0; i < 5000; i++) {
        x8_emit(&op, X8_EV_NOTICE, "%0100d.", i);
        x8_emit_progress(&op, (uint64_t)i, 5000);
    }
    assert_true(x8_now_ms() - start < 30000);
    return ends[0];
}

static void a_pipe_that_is_stuck_stops_no_work_and_loses_nothing(void **state)
{
    struct x8_ui *ui;
    int saved, reader = fill_a_stuck_pipe(&ui, &saved);
    char *text = test_read_until(reader, "04999.\n", 20000);

    (void)state;
    x8_ui_stop(&ui);
    test_restore(STDERR_FILENO, saved);
    assert_int_equal(count_of(text, "notice "), 5000);
    free(text);
    close(reader);
}

static void a_reader_that_goes_away_does_not_hold_the_end(void **state)
{
    struct x8_ui *ui;
    int saved, reader = fill_a_stuck_pipe(&ui, &saved);

    (void)state;
    close(reader);
    x8_ui_stop(&ui);
    test_restore(STDERR_FILENO, saved);
}

/* How long the first word takes. */
static int64_t first_word(void)
{
    struct x8_ui_config config = plain(X8_PROGRESS_LINES);
    int ends[2], saved;
    struct x8_ui *ui;
    int64_t start, took;
    char *text;

    assert_int_equal(pipe(ends), 0);
    saved = test_replace(STDERR_FILENO, ends[1]);
    start = x8_now_ms();
    assert_int_equal(x8_ui_start(&config, &ui, NULL), 0);
    x8_ui_say(ui, "hello");
    text = test_read_until(ends[0], "hello\n", 60000);
    x8_ui_stop(&ui);
    took = x8_now_ms() - start;
    test_restore(STDERR_FILENO, saved);
    assert_string_equal(text, "hello\n");
    free(text);
    close(ends[0]);
    close(ends[1]);
    return took;
}

/* 100 ms is the promise; on a busy computer it is the smallest of several that tells. */
static void the_first_word_comes_at_once(void **state)
{
    int64_t least = INT64_MAX;

    (void)state;
    for (int i = 0; i < 10 && least >= 1000; i++) {
        int64_t took = first_word();

        least = took < least ? took : least;
    }
    assert_true(least < 1000);
}

static void bars_on_a_terminal_are_gone_after_a_flush(void **state)
{
    struct x8_ui_config config = plain(X8_PROGRESS_AUTO);
    int inside, outside = test_pty(60, &inside), saved;
    struct x8_ui *ui;
    struct x8_op op;
    char *text;

    (void)state;
    config.no_color = 1;
    saved = test_replace(STDERR_FILENO, inside);
    assert_int_equal(x8_ui_start(&config, &ui, NULL), 0);
    op = op_for(ui, "b1");
    op.stage = "write";
    x8_emit_progress(&op, 50, 100);
    text = test_read_until(outside, "50/100 B\n", 20000);
    assert_non_null(strstr(text, "write 50 %  50/100 B\n"));
    free(text);
    x8_ui_flush(ui);
    text = test_read_until(outside, "\033[J", 20000);
    assert_string_equal(text, "\033[1A\r\033[J");
    free(text);
    x8_emit_progress(&op, 60, 100);
    text = test_read_until(outside, "60/100 B", 20000);
    assert_non_null(strstr(text, "write 60 %  60/100 B"));
    free(text);
    x8_ui_stop(&ui);
    text = test_read_until(outside, "\033[J", 20000);
    test_restore(STDERR_FILENO, saved);
    assert_non_null(strstr(text, "\033[J")); /* nothing is left on the screen */
    free(text);
    close(inside);
    close(outside);
}

static void frames_are_limited_to_ten_a_second(void **state)
{
    struct x8_ui_config config = plain(X8_PROGRESS_BAR);
    int inside, outside = test_pty(80, &inside), saved;
    int64_t start, took;
    struct x8_ui *ui;
    struct x8_op op;
    char *text;

    (void)state;
    saved = test_replace(STDERR_FILENO, inside);
    start = x8_now_ms();
    assert_int_equal(x8_ui_start(&config, &ui, NULL), 0);
    op = op_for(ui, "b1");
    op.stage = "write";
    for (uint64_t i = 0; i < 600; i++) {
        x8_emit_progress(&op, i, 1000);
        x8_cancel_sleep(NULL, x8_deadline_in(1), X8_CANCEL_SOFT, NULL);
    }
    took = x8_now_ms() - start;
    x8_ui_stop(&ui);
    test_restore(STDERR_FILENO, saved);
    close(inside);
    text = test_read_until(outside, "never", 200);
    assert_in_range(count_of(text, "write "), 2, took / 100 + 2);
    free(text);
    close(outside);
}

static void a_dumb_terminal_and_ci_get_lines(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct x8_ui_config config = plain(X8_PROGRESS_AUTO);
        int inside, outside = test_pty(60, &inside), saved;
        struct x8_ui *ui;
        struct x8_op op;
        char *text;

        config.dumb = i == 0;
        config.in_ci = i == 1;
        config.no_color = 1;
        saved = test_replace(STDERR_FILENO, inside);
        assert_int_equal(x8_ui_start(&config, &ui, NULL), 0);
        op = op_for(ui, "b1");
        op.stage = "write";
        x8_emit_enter(&op);
        x8_ui_stop(&ui);
        text = test_read_until(outside, "\n", 20000);
        test_restore(STDERR_FILENO, saved);
        assert_non_null(strstr(text, "Z flash b1 stage write\n"));
        assert_null(strchr(text, '\033'));
        free(text);
        close(inside);
        close(outside);
    }
}

static void json_leaves_no_plain_word_on_stderr(void **state)
{
    struct x8_ui_config config = plain(X8_PROGRESS_JSON);
    struct test_capture capture;
    struct x8_error err;
    struct x8_ui *ui;
    char *text;

    (void)state;
    test_capture_begin(&capture, STDERR_FILENO);
    assert_int_equal(x8_ui_start(&config, &ui, NULL), 0);
    x8_ui_say(ui, "words");
    x8_fail(&err, X8_E_LINK, "broken");
    x8_ui_error(ui, &err);
    x8_ui_stop(&ui);
    text = test_capture_end(&capture);
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_int_equal(*line, '{');
    assert_int_equal(count_of(text, "\n"), 2);
    assert_non_null(strstr(text, "\"ev\":\"error\",\"error\":{\"code\":\"link\",\"status\":17"));
    free(text);
}

static void the_log_is_written_although_the_screen_is_quiet(void **state)
{
    struct x8_ui_config config = plain(X8_PROGRESS_AUTO);
    char *dir = test_dir_new(), *path = test_path(dir, "log"), *text;
    struct test_capture capture;
    struct x8_ui *ui;
    struct x8_op op;

    (void)state;
    config.quiet = 1;
    config.log_path = path;
    test_capture_begin(&capture, STDERR_FILENO);
    assert_int_equal(x8_ui_start(&config, &ui, NULL), 0);
    op = op_for(ui, "b1");
    x8_emit(&op, X8_EV_WIRE, "00 01");
    x8_emit(&op, X8_EV_RESULT, "done");
    x8_ui_stop(&ui);
    text = test_capture_end(&capture);
    assert_string_equal(text, "");
    free(text);
    text = test_read(path, NULL);
    assert_non_null(strstr(text, "Z flash b1 wire 00 01\n"));
    assert_non_null(strstr(text, "Z flash b1 result ok done\n"));
    free(text);
    free(path);
    test_dir_free(dir);
}

static void a_log_that_cannot_be_opened_is_an_error(void **state)
{
    struct x8_ui_config config = plain(X8_PROGRESS_AUTO);
    struct test_capture capture;
    struct x8_ui *ui = NULL;
    struct x8_error err;
    char *text;

    (void)state;
    config.log_path = "/no/such/folder/log";
    assert_int_equal(x8_ui_start(&config, &ui, &err), -X8_E_NO_FILE);
    assert_null(ui);
    /* It can be shown without a ui. */
    test_capture_begin(&capture, STDERR_FILENO);
    x8_ui_error(NULL, &err);
    text = test_capture_end(&capture);
    assert_non_null(strstr(text, "x8ctl: the log /no/such/folder/log cannot be written\n"));
    assert_non_null(strstr(text, "  code   20 no-file"));
    free(text);
}

static void a_disk_that_is_full_ends_the_log_and_not_the_run(void **state)
{
    struct x8_ui_config config = plain(X8_PROGRESS_AUTO);
    struct test_capture capture;
    struct x8_ui *ui;
    struct x8_op op;
    char *text;

    (void)state;
    if (x8_path_kind("/dev/full") != X8_PATH_OTHER)
        skip();
    config.log_path = "/dev/full";
    test_capture_begin(&capture, STDERR_FILENO);
    assert_int_equal(x8_ui_start(&config, &ui, NULL), 0);
    op = op_for(ui, "b1");
    for (int i = 0; i < 3; i++) {
        x8_emit(&op, X8_EV_NOTICE, "fact %d", i);
        x8_ui_flush(ui);
    }
    x8_ui_stop(&ui);
    text = test_capture_end(&capture);
    assert_int_equal(count_of(text, "the log /dev/full ends here"), 1);
    assert_int_equal(count_of(text, "notice fact"), 3);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_of_many_threads_keep_their_order),
        cmocka_unit_test(without_a_terminal_a_bar_becomes_lines),
        cmocka_unit_test(a_pipe_that_is_stuck_stops_no_work_and_loses_nothing),
        cmocka_unit_test(a_reader_that_goes_away_does_not_hold_the_end),
        cmocka_unit_test(the_first_word_comes_at_once),
        cmocka_unit_test(bars_on_a_terminal_are_gone_after_a_flush),
        cmocka_unit_test(frames_are_limited_to_ten_a_second),
        cmocka_unit_test(a_dumb_terminal_and_ci_get_lines),
        cmocka_unit_test(json_leaves_no_plain_word_on_stderr),
        cmocka_unit_test(the_log_is_written_although_the_screen_is_quiet),
        cmocka_unit_test(a_log_that_cannot_be_opened_is_an_error),
        cmocka_unit_test(a_disk_that_is_full_ends_the_log_and_not_the_run),
    };

    signal(SIGPIPE, SIG_IGN); /* as x8_signals_block() does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
