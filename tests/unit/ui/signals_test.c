/*
 * Signals: each test in a process of its own, since a process has one set of them.
 */
#include "testlib.h"

#include "ui/ui.h"
#include "util/clock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int child_fn(struct x8_cancel *cancel);

/* Wait for a level; 0 when it came. */
static int came(struct x8_cancel *cancel, enum x8_cancel_level level)
{
    return x8_cancel_sleep(cancel, x8_deadline_in(30000), level, NULL) < 0 ? 0 : 100;
}

/* The status of `child` run behind x8_signals_block and _start; its stderr in `*words`. */
static int run_child(child_fn *child, int ignored, char **words)
{
    int ends[2], status;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct x8_ui_config config = {.command = "x8ctl flash"};
        struct x8_cancel cancel;
        struct x8_ui *ui;
        int rc;

        dup2(ends[1], STDERR_FILENO);
        if (ignored)
            signal(ignored, SIG_IGN);
        x8_signals_block();
        x8_cancel_init(&cancel);
        if (x8_ui_start(&config, &ui, NULL) < 0 || x8_signals_start(&cancel, ui, NULL) < 0)
            _exit(99);
        rc = child(&cancel);
        x8_signals_stop();
        x8_ui_stop(&ui);
        x8_cancel_done(&cancel);
        _exit(rc);
    }
    close(ends[1]);
    *words = test_read_until(ends[0], "never", 60000);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int two_interrupts(struct x8_cancel *cancel)
{
    kill(getpid(), SIGINT);
    if (came(cancel, X8_CANCEL_SOFT) != 0 || x8_cancel_level(cancel) != X8_CANCEL_SOFT)
        return 1;
    kill(getpid(), SIGINT);
    if (came(cancel, X8_CANCEL_HARD) != 0)
        return 2;
    return x8_cancel_check(cancel, X8_CANCEL_HARD, NULL) == -X8_E_STOPPED ? 0 : 3;
}

static void the_first_is_soft_the_second_hard_and_both_are_announced(void **state)
{
    char *words;

    (void)state;
    assert_int_equal(run_child(two_interrupts, 0, &words), 0);
    assert_non_null(strstr(words, "stopping at the next safe point"));
    assert_non_null(strstr(words, "stopping at once"));
    free(words);
}

static int expected_then_not(struct x8_cancel *cancel)
{
    x8_signals_expect();
    return two_interrupts(cancel);
}

static void the_signal_that_is_meant_to_end_it_is_not_announced(void **state)
{
    char *words;

    (void)state;
    assert_int_equal(run_child(expected_then_not, 0, &words), 0);
    assert_null(strstr(words, "safe point"));
    assert_non_null(strstr(words, "stopping at once"));
    free(words);
}

static int other_words(struct x8_cancel *cancel)
{
    x8_signals_say("the names are put in order first");
    return two_interrupts(cancel);
}

static void the_first_is_answered_with_the_words_of_the_command(void **state)
{
    char *words;

    (void)state;
    assert_int_equal(run_child(other_words, 0, &words), 0);
    assert_non_null(strstr(words, "the names are put in order first"));
    assert_null(strstr(words, "safe point"));
    free(words);
}

static int three(struct x8_cancel *cancel, int number)
{
    kill(getpid(), number);
    if (came(cancel, X8_CANCEL_SOFT) != 0)
        return 1;
    kill(getpid(), number);
    if (came(cancel, X8_CANCEL_HARD) != 0)
        return 2;
    kill(getpid(), number);
    x8_cancel_sleep(NULL, x8_deadline_in(30000), X8_CANCEL_SOFT, NULL);
    return 3;
}

static int three_interrupts(struct x8_cancel *cancel)
{
    return three(cancel, SIGINT);
}

static int three_terminations(struct x8_cancel *cancel)
{
    return three(cancel, SIGTERM);
}

static void the_third_ends_the_program(void **state)
{
    char *words;

    (void)state;
    assert_int_equal(run_child(three_interrupts, 0, &words), 130);
    free(words);
    assert_int_equal(run_child(three_terminations, 0, &words), 143);
    free(words);
}

static int hang_up(struct x8_cancel *cancel)
{
    kill(getpid(), SIGHUP);
    if (came(cancel, X8_CANCEL_SOFT) != 0)
        return 1;
    return x8_cancel_check(cancel, X8_CANCEL_SOFT, NULL) == -X8_E_TERMINATED ? 0 : 2;
}

static void a_terminal_that_goes_away_stops_softly(void **state)
{
    char *words;

    (void)state;
    assert_int_equal(run_child(hang_up, 0, &words), 0);
    free(words);
}

static int hang_up_then_terminate(struct x8_cancel *cancel)
{
    kill(getpid(), SIGHUP);
    kill(getpid(), SIGTERM);
    if (came(cancel, X8_CANCEL_SOFT) != 0)
        return 1;
    /* Only one of them counted. */
    return x8_cancel_level(cancel) == X8_CANCEL_SOFT ? 0 : 2;
}

static void nohup_is_respected(void **state)
{
    char *words;

    (void)state;
    assert_int_equal(run_child(hang_up_then_terminate, SIGHUP, &words), 0);
    assert_null(strstr(words, "stopping at once"));
    free(words);
}

static int write_into_nothing(struct x8_cancel *cancel)
{
    int ends[2];

    (void)cancel;
    if (pipe(ends) != 0 || close(ends[0]) != 0)
        return 1;
    return write(ends[1], "x", 1) == -1 ? 0 : 2;
}

static void a_broken_pipe_is_an_error_and_no_death(void **state)
{
    char *words;

    (void)state;
    assert_int_equal(run_child(write_into_nothing, 0, &words), 0);
    free(words);
}

static int nothing(struct x8_cancel *cancel)
{
    return x8_cancel_level(cancel) == X8_CANCEL_NONE ? 0 : 1;
}

static void stopping_without_a_signal_does_not_wait(void **state)
{
    char *words;

    (void)state;
    x8_signals_stop(); /* never started: nothing to do */
    assert_int_equal(run_child(nothing, 0, &words), 0);
    assert_string_equal(words, "");
    free(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_soft_the_second_hard_and_both_are_announced),
        cmocka_unit_test(the_signal_that_is_meant_to_end_it_is_not_announced),
        cmocka_unit_test(the_first_is_answered_with_the_words_of_the_command),
        cmocka_unit_test(the_third_ends_the_program),
        cmocka_unit_test(a_terminal_that_goes_away_stops_softly),
        cmocka_unit_test(nohup_is_respected),
        cmocka_unit_test(a_broken_pipe_is_an_error_and_no_death),
        cmocka_unit_test(stopping_without_a_signal_does_not_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
