/*
 * Commands of the host: their words, their status, and that none of them can hold the program.
 */
#include "testlib.h"

#include "util/buf.h"
#include "util/clock.h"
#include "util/proc.h"
#include "util/text.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void collect(void *ctx, const char *line)
{
    assert_int_equal(x8_buf_addf(ctx, "%s|", line), 0);
}

static int run(const char *command, struct x8_buf *lines, struct x8_error *err)
{
    return x8_proc_run(NULL, command, x8_deadline_in(60000), collect, lines, err);
}

static void both_outputs_arrive_line_by_line(void **state)
{
    X8_AUTO_BUF lines = {0};

    (void)state;
    assert_int_equal(run("echo one; echo two >&2; printf three", &lines, NULL), 0);
    assert_string_equal(x8_buf_text(&lines), "one|two|three|");
}

static void line_ends_of_every_kind_and_dirty_bytes(void **state)
{
    X8_AUTO_BUF lines = {0};

    (void)state;
    assert_int_equal(run("printf 'a\\r\\nb\\rc\\n\\nd\\033[2J\\377\\n'", &lines, NULL), 0);
    assert_string_equal(x8_buf_text(&lines), "a|b|c||d?[2J?|");
}

static void a_status_is_a_refusal_with_the_last_words(void **state)
{
    X8_AUTO_BUF lines = {0};
    struct x8_error err;

    (void)state;
    assert_int_equal(run("echo it went wrong; echo; exit 3", &lines, &err), -X8_E_REFUSED);
    assert_non_null(strstr(err.msg, "ended with status 3"));
    assert_string_equal(err.why, "it went wrong");
    assert_int_equal(run("exit 1", &lines, &err), -X8_E_REFUSED);
    assert_string_equal(err.why, "it said nothing");
}

static void a_command_that_is_not_there_says_so(void **state)
{
    X8_AUTO_BUF lines = {0};
    struct x8_error err;

    (void)state;
    assert_int_equal(run("/no/such/program", &lines, &err), -X8_E_REFUSED);
    assert_non_null(strstr(err.msg, "status 127"));
    assert_true(strstr(err.why, "/no/such/program") != NULL);
}

static void a_death_by_signal_is_named(void **state)
{
    X8_AUTO_BUF lines = {0};
    struct x8_error err;

    (void)state;
    assert_int_equal(run("kill -9 $$", &lines, &err), -X8_E_REFUSED);
    assert_non_null(strstr(err.msg, "signal 9"));
}

static void there_is_nothing_to_read_and_nobody_to_wait_for(void **state)
{
    X8_AUTO_BUF lines = {0};

    (void)state;
    assert_int_equal(run("cat; read x || echo end", &lines, NULL), 0);
    assert_string_equal(x8_buf_text(&lines), "end|");
}

static void more_output_than_a_pipe_holds(void **state)
{
    X8_AUTO_BUF lines = {0};

    (void)state;
    assert_int_equal(
        run("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done", &lines, NULL), 0);
    assert_int_equal(lines.len, 20000 * 11);
}

static void a_line_without_end_comes_in_parts(void **state)
{
    X8_AUTO_BUF lines = {0};

    (void)state;
    assert_int_equal(run("printf '%10000d' 7", &lines, NULL), 0);
    assert_int_equal(lines.len, 10000 + 3);
}

static void a_deadline_kills_the_whole_group(void **state)
{
    int64_t start = x8_now_ms();
    X8_AUTO_BUF lines = {0};
    struct x8_error err;

    (void)state;
    /* The grandchild would keep the pipe open for a minute. */
    assert_int_equal(x8_proc_run(NULL, "echo begun; sleep 60 & sleep 60", x8_deadline_in(300),
                                 collect, &lines, &err),
                     -X8_E_TIMEOUT);
    assert_true(x8_now_ms() - start < 20000);
    assert_string_equal(x8_buf_text(&lines), "begun|");
    assert_non_null(strstr(err.why, "begun"));
}

static void something_left_behind_does_not_hold_the_pipe(void **state)
{
    int64_t start = x8_now_ms();
    X8_AUTO_BUF lines = {0};
    uint32_t left_behind;

    (void)state;
    assert_int_equal(run("sleep 30 & echo $!", &lines, NULL), 0);
    assert_true(x8_now_ms() - start < 15000);
    *strchr((char *)lines.data, '|') = '\0';
    assert_int_equal(x8_parse_u32(x8_buf_text(&lines), &left_behind), 0);
    kill((pid_t)left_behind, SIGKILL);
}

static void output_that_is_closed_early_is_no_end(void **state)
{
    X8_AUTO_BUF lines = {0};
    struct x8_error err;

    (void)state;
    assert_int_equal(run("exec >/dev/null 2>&1; sleep 0.2; exit 9", &lines, &err), -X8_E_REFUSED);
    assert_non_null(strstr(err.msg, "status 9"));
}

struct stopper {
    struct x8_cancel cancel;
    enum x8_cancel_level level;
};

/* The command's first words show that it runs: then it is stopped. */
static void stop_it(void *ctx, const char *line)
{
    struct stopper *stopper = ctx;

    if (strcmp(line, "ready") == 0)
        x8_cancel_raise(&stopper->cancel, stopper->level, X8_E_STOPPED);
}

static void a_hard_stop_kills_it_at_once(void **state)
{
    struct stopper stopper = {.level = X8_CANCEL_HARD};
    struct x8_op op = {.cancel = &stopper.cancel};
    int64_t start = x8_now_ms();

    (void)state;
    x8_cancel_init(&stopper.cancel);
    assert_int_equal(x8_proc_run(&op, "trap '' INT TERM; echo ready; sleep 60", X8_NO_DEADLINE,
                                 stop_it, &stopper, NULL),
                     -X8_E_STOPPED);
    assert_true(x8_now_ms() - start < 20000);
    x8_cancel_done(&stopper.cancel);
}

static void a_soft_stop_lets_it_end(void **state)
{
    struct stopper stopper = {.level = X8_CANCEL_SOFT};
    struct x8_op op = {.cancel = &stopper.cancel};

    (void)state;
    x8_cancel_init(&stopper.cancel);
    assert_int_equal(
        x8_proc_run(&op, "echo ready; sleep 0.2", x8_deadline_in(60000), stop_it, &stopper, NULL),
        0);
    x8_cancel_done(&stopper.cancel);
}

static void *raise_hard(void *arg)
{
    x8_cancel_raise(arg, X8_CANCEL_HARD, X8_E_TERMINATED);
    return NULL;
}

static void a_stop_from_another_thread_reaches_it(void **state)
{
    struct x8_cancel cancel;
    struct x8_op op = {.cancel = &cancel};
    pthread_t thread;

    (void)state;
    x8_cancel_init(&cancel);
    assert_int_equal(pthread_create(&thread, NULL, raise_hard, &cancel), 0);
    assert_int_equal(x8_proc_run(&op, "sleep 60", X8_NO_DEADLINE, NULL, NULL, NULL),
                     -X8_E_TERMINATED);
    pthread_join(thread, NULL);
    x8_cancel_done(&cancel);
}

static void it_starts_with_plain_signals(void **state)
{
    X8_AUTO_BUF lines = {0};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigset_t block, old;

    (void)state;
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &block, &old);
    sigaction(SIGPIPE, &ignore, &before);
    /* Both would be survived if this process's settings were inherited. */
    assert_int_equal(run("sh -c 'kill -PIPE $$; exit 0'; echo $?", &lines, NULL), 0);
    assert_int_equal(run("sh -c 'kill -TERM $$; exit 0'; echo $?", &lines, NULL), 0);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    sigaction(SIGPIPE, &before, NULL);
    assert_non_null(strstr(x8_buf_text(&lines), "141"));
    assert_non_null(strstr(x8_buf_text(&lines), "143"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_outputs_arrive_line_by_line),
        cmocka_unit_test(line_ends_of_every_kind_and_dirty_bytes),
        cmocka_unit_test(a_status_is_a_refusal_with_the_last_words),
        cmocka_unit_test(a_command_that_is_not_there_says_so),
        cmocka_unit_test(a_death_by_signal_is_named),
        cmocka_unit_test(there_is_nothing_to_read_and_nobody_to_wait_for),
        cmocka_unit_test(more_output_than_a_pipe_holds),
        cmocka_unit_test(a_line_without_end_comes_in_parts),
        cmocka_unit_test(a_deadline_kills_the_whole_group),
        cmocka_unit_test(something_left_behind_does_not_hold_the_pipe),
        cmocka_unit_test(output_that_is_closed_early_is_no_end),
        cmocka_unit_test(a_hard_stop_kills_it_at_once),
        cmocka_unit_test(a_soft_stop_lets_it_end),
        cmocka_unit_test(a_stop_from_another_thread_reaches_it),
        cmocka_unit_test(it_starts_with_plain_signals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
