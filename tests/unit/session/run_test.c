#include "kit_adb.h"

#include "session/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int board(void **state)
{
    static struct kit_adb kit;

    kit_adb_open(&kit, NULL);
    *state = &kit;
    return 0;
}

static int done(void **state)
{
    kit_adb_close(*state);
    return 0;
}

static void a_status_other_than_zero_is_no_error(void **state)
{
    struct kit_adb *kit = *state;
    X8_AUTO_RAN ran = {0};

    assert_int_equal(x8_run(kit->session, &kit->op, "echo a; echo b >&2; exit 3", X8_RUN_TEXT_MS,
                            &ran, &kit->err),
                     0);
    assert_int_equal(ran.status, 3);
    assert_string_equal(x8_buf_text(&ran.out), "a\n");
    assert_string_equal(x8_buf_text(&ran.errors), "b\n");
}

static void input_of_any_length_is_read_beside_the_output(void **state)
{
    struct kit_adb *kit = *state;
    size_t lens[] = {5, 3000000};

    for (size_t i = 0; i < X8_COUNT(lens); i++) {
        uint8_t *bytes = kit_all_bytes(lens[i]);
        X8_AUTO_RAN ran = {0};

        assert_int_equal(x8_run_input(kit->session, &kit->op, "cat", bytes, lens[i], X8_RUN_TEXT_MS,
                                      &ran, &kit->err),
                         0);
        assert_int_equal(ran.out.len, lens[i]);
        assert_memory_equal(ran.out.data, bytes, lens[i]);
        free(bytes);
    }
}

static void a_command_that_talks_without_end_is_an_error(void **state)
{
    struct kit_adb *kit = *state;
    X8_AUTO_RAN ran = {0};

    assert_int_equal(
        x8_run(kit->session, &kit->op, "cat /dev/zero", X8_RUN_TEXT_MS, &ran, &kit->err),
        -X8_E_REFUSED);
    assert_non_null(strstr(kit->err.msg, "4 MiB"));
}

static void a_command_that_takes_too_long_is_told_apart(void **state)
{
    struct kit_adb *kit = *state;
    X8_AUTO_RAN ran = {0};

    assert_int_equal(x8_run(kit->session, &kit->op, "sleep 60", 1000, &ran, &kit->err),
                     -X8_E_TIMEOUT);
    assert_non_null(strstr(kit->err.why, "the link is up"));
    /* The link is still good. */
    assert_int_equal(x8_run(kit->session, &kit->op, "true", X8_RUN_TEXT_MS, &ran, &kit->err), 0);
}

static void no_status_is_no_success(void **state)
{
    struct kit_adb *kit = *state;
    X8_AUTO_RAN ran = {0};

    /* With "$$" in it the text gets a bash of its own; the parent is the shell that would tell. */
    assert_int_equal(x8_run(kit->session, &kit->op, ": $$; kill -9 $PPID; sleep 5", X8_RUN_TEXT_MS,
                            &ran, &kit->err),
                     -X8_E_GONE);
    assert_non_null(strstr(kit->err.msg, "outcome unknown"));
}

static void a_broken_link_is_no_success(void **state)
{
    struct kit_adb kit;
    X8_AUTO_RAN ran = {0};

    (void)state;
    kit_adb_open(&kit, "fault=after:50000,do:drop");
    assert_int_equal(
        x8_run(kit.session, &kit.op, "head -c 1000000 /dev/zero", X8_RUN_TEXT_MS, &ran, &kit.err),
        -X8_E_GONE);
    assert_non_null(strstr(kit.err.msg, "outcome unknown"));
    kit_adb_close(&kit);
}

static void *stop_later(void *cancel)
{
    x8_cancel_sleep(NULL, x8_deadline_in(100), X8_CANCEL_SOFT, NULL);
    x8_cancel_raise(cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    return NULL;
}

static void the_first_request_to_stop_ends_it(void **state)
{
    struct kit_adb *kit = *state;
    X8_AUTO_RAN ran = {0};
    pthread_t thread;

    pthread_create(&thread, NULL, stop_later, &kit->cancel);
    assert_int_equal(x8_run(kit->session, &kit->op, "sleep 60", X8_RUN_TEXT_MS, &ran, &kit->err),
                     -X8_E_STOPPED);
    pthread_join(thread, NULL);
}

/* Nothing of the command has come yet: its stream is not open, its shell does not come up. */
static void the_first_request_to_stop_ends_its_start(void **state)
{
    static const char *const boards[] = {
        "fault=at:okay,dir:out,do:stall",
        "fault=at:wrte,dir:out,do:stall",
        "persona=new fault=at:okay,dir:out,do:stall",
        "persona=new fault=at:wrte,dir:out,do:stall",
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(boards); i++) {
        int64_t begin = x8_now_ms();
        struct kit_adb kit;
        X8_AUTO_RAN ran = {0};
        pthread_t thread;

        kit_adb_open(&kit, boards[i]);
        pthread_create(&thread, NULL, stop_later, &kit.cancel);
        assert_int_equal(x8_run(kit.session, &kit.op, "true", X8_RUN_TEXT_MS, &ran, &kit.err),
                         -X8_E_STOPPED);
        pthread_join(thread, NULL);
        kit_adb_close(&kit);
        assert_in_range(x8_now_ms() - begin, 0, X8_RUN_TEXT_MS - 5000);
    }
}

static void after_a_stop_nothing_is_started(void **state)
{
    struct kit_adb *kit = *state;
    X8_AUTO_RAN ran = {0};
    char path[] = "/tmp/x8-run-test-XXXXXX", text[64];
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    snprintf(text, sizeof text, "rm %s", path);
    x8_cancel_raise(&kit->cancel, X8_CANCEL_SOFT, X8_E_TERMINATED);
    assert_int_equal(x8_run(kit->session, &kit->op, text, X8_RUN_TEXT_MS, &ran, &kit->err),
                     -X8_E_TERMINATED);
    /* What goes on whatever is asked for still can, and the link is good. */
    kit->op.cancel = NULL;
    assert_int_equal(x8_run(kit->session, &kit->op, text, X8_RUN_TEXT_MS, &ran, &kit->err), 0);
    assert_int_equal(ran.status, 0);
}

static void a_board_that_lives_answers_a_ping(void **state)
{
    static const char *const boards[] = {NULL, "persona=new"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(boards); i++) {
        struct kit_adb kit;

        kit_adb_open(&kit, boards[i]);
        assert_int_equal(x8_session_ping(kit.session, &kit.op, 60000, &kit.err), 0);
        x8_cancel_raise(&kit.cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
        assert_int_equal(x8_session_ping(kit.session, &kit.op, 60000, &kit.err), -X8_E_STOPPED);
        kit_adb_close(&kit);
    }
}

static void a_board_that_does_not_answer_a_ping_is_gone(void **state)
{
    static const char *const boards[] = {"fault=at:open,do:stall", "fault=at:open,do:drop"};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(boards); i++) {
        struct kit_adb kit;

        kit_adb_open(&kit, boards[i]);
        assert_int_equal(x8_session_ping(kit.session, &kit.op, 300, &kit.err), -X8_E_GONE);
        kit_adb_close(&kit);
    }
}

static void a_refusal_names_the_step_and_the_cause(void **state)
{
    struct kit_adb *kit = *state;
    X8_AUTO_BUF out = {0};

    assert_int_equal(x8_run_ok(kit->session, &kit->op, "step",
                               "echo first >&2; echo last >&2; exit 4", X8_RUN_TEXT_MS, &out,
                               &kit->err),
                     -X8_E_REFUSED);
    assert_string_equal(kit->err.msg, "step: the board refused (status 4)");
    assert_string_equal(kit->err.why, "last");
    assert_int_equal(
        x8_run_ok(kit->session, &kit->op, "step", "echo good", X8_RUN_TEXT_MS, &out, &kit->err), 0);
    assert_string_equal(x8_buf_text(&out), "good\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_status_other_than_zero_is_no_error, board, done),
        cmocka_unit_test_setup_teardown(input_of_any_length_is_read_beside_the_output, board, done),
        cmocka_unit_test_setup_teardown(a_command_that_talks_without_end_is_an_error, board, done),
        cmocka_unit_test_setup_teardown(a_command_that_takes_too_long_is_told_apart, board, done),
        cmocka_unit_test_setup_teardown(no_status_is_no_success, board, done),
        cmocka_unit_test(a_broken_link_is_no_success),
        cmocka_unit_test_setup_teardown(the_first_request_to_stop_ends_it, board, done),
        cmocka_unit_test(the_first_request_to_stop_ends_its_start),
        cmocka_unit_test_setup_teardown(after_a_stop_nothing_is_started, board, done),
        cmocka_unit_test(a_board_that_lives_answers_a_ping),
        cmocka_unit_test(a_board_that_does_not_answer_a_ping_is_gone),
        cmocka_unit_test_setup_teardown(a_refusal_names_the_step_and_the_cause, board, done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
