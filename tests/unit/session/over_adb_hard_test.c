/*
 * Commands on the board's own daemon that make it hard to know how they ended, and links that break
 * at every message.
 */
#include "kit_adb.h"

#include "session/over_adb_parts.h"
#include "session/run.h"
#include "util/text.h"

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

/* They hold stdout and stderr, and say something when the command is long gone. */
static void children_left_behind_are_not_waited_for(void **state)
{
    KIT_AUTO_SAID said = {0};
    int64_t begin = x8_now_ms();

    assert_int_equal(
        kit_adb_sh(*state, "(trap '' HUP; sleep 30; echo late; echo late >&2) & echo now; exit 5",
                   &said),
        5);
    assert_string_equal(x8_buf_text(&said.out), "now\n");
    assert_int_equal(said.errors.len, 0);
    assert_true(x8_now_ms() - begin < 20000);
}

static void what_floods_after_the_end_is_not_taken(void **state)
{
    KIT_AUTO_SAID flood = {0}, said = {0};

    assert_int_equal(kit_adb_sh(*state, "yes >&2 & sleep 0.1; kill -STOP $!; exit 6", &flood), 6);
    assert_int_equal(kit_adb_sh(*state, "echo well", &said), 0);
    assert_string_equal(x8_buf_text(&said.out), "well\n");
}

static void a_killed_shell_is_an_unknown_outcome(void **state)
{
    struct x8_command command = {.text = "echo before; echo before >&2; : $$; kill -9 $PPID"};
    KIT_AUTO_SAID said = {0};

    kit_adb_run(*state, NULL, &command, NULL, 0, &said);
    assert_int_equal(said.rc, 0);
    assert_int_equal(said.status, X8_STATUS_UNKNOWN);
}

/* Closed by the command, opened again by nobody: the status has its own way. */
static void a_command_may_close_all_it_has(void **state)
{
    KIT_AUTO_SAID said = {0};

    assert_int_equal(kit_adb_sh(*state,
                                "for f in /proc/$BASHPID/fd/*; do f=${f##*/}; eval \"exec $f>&-\";"
                                "done; exit 9",
                                &said),
                     9);
}

static void feed(struct kit_adb *kit, enum x8_input input, int merge)
{
    struct x8_command command = {.text = "cat; echo e >&2; exit 3",
                                 .input = input,
                                 .input_len = 300000,
                                 .merge_errors = merge};
    uint8_t *bytes = kit_all_bytes(300000);
    KIT_AUTO_SAID said = {0};
    size_t len = input == X8_INPUT_NONE ? 0 : 300000;

    kit_adb_run(kit, NULL, &command, bytes, len, &said);
    assert_int_equal(said.rc, 0);
    assert_int_equal(said.status, 3);
    assert_int_equal(said.out.len, len + (merge ? 2 : 0));
    if (len > 0)
        assert_memory_equal(said.out.data, bytes, len);
    assert_string_equal(x8_buf_text(&said.errors), merge ? "" : "e\n");
    free(bytes);
}

/* /tmp is everybody's, so the folders that are made there for this board alone are noted in `file`.
 */
static void note_folders(const char *file)
{
    char text[600];

    snprintf(text, sizeof text,
             "() { local d; d=$(/usr/bin/mktemp \"$@\") && echo \"$d\" >>%s && echo \"$d\"; }",
             file);
    setenv("BASH_FUNC_mktemp%%", text, 1);
}

/* How many there were, none of which is there any more. */
static int are_gone(const char *file)
{
    char *list = test_read(file, NULL);
    int count = 0;

    for (char *at = list, *end; (end = strchr(at, '\n')) != NULL; at = end + 1, count++) {
        *end = '\0';
        assert_true(x8_starts(at, "/tmp/x8ctl."));
        if (access(at, F_OK) == 0)
            fail_msg("%s is still there", at);
    }
    free(list);
    return count;
}

/* As when /proc shows nothing of other processes. */
static void named_pipes_do_the_same_where_proc_leads_nowhere(void **state)
{
    struct kit_adb *kit = *state;
    struct x8_adb_session *session = X8_CONTAINER(kit->session, struct x8_adb_session, base);
    char *dir = test_dir_new(), *folders = test_path(dir, "folders");

    session->has_no_proc = 1;
    note_folders(folders);
    for (int merge = 0; merge < 2; merge++) {
        feed(kit, X8_INPUT_NONE, merge);
        feed(kit, X8_INPUT_COUNT, merge);
        feed(kit, X8_INPUT_OPEN, merge);
    }
    unsetenv("BASH_FUNC_mktemp%%");
    assert_true(are_gone(folders) >= 4); /* without merged streams, or with open input */
    free(folders);
    test_dir_free(dir);
}

static void a_terminal_takes_a_long_text(void **state)
{
    size_t len = 50000;
    char *text = malloc(len + 100);
    struct x8_command command = {.text = text, .input = X8_INPUT_TTY, .rows = 24, .cols = 80};
    KIT_AUTO_SAID said = {0};

    assert_non_null(text);
    memset(text, '#', len);
    snprintf(text + len, 100, "\nstty -a | grep -o ' echo '; exit 12");
    kit_adb_run(*state, NULL, &command, NULL, 0, &said);
    assert_int_equal(said.rc, 0);
    assert_int_equal(said.status, 12);
    assert_string_equal(x8_buf_text(&said.out), " echo \r\n");
    free(text);
}

/* At every message, in either direction: all of the output and the status, or an error. */
static void a_link_may_break_anywhere(void **state)
{
    unsigned cut = 2;
    int rc;

    (void)state;
    do {
        struct kit_adb kit;
        char words[64];
        X8_AUTO_RAN ran = {0};

        snprintf(words, sizeof words, "fault=at:msg,nth:%u,do:drop", ++cut);
        kit_adb_open(&kit, words);
        rc = x8_run_input(kit.session, &kit.op, "cat; echo e >&2; exit 4", "hello", 5,
                          X8_RUN_TEXT_MS, &ran, &kit.err);
        if (rc == 0) {
            assert_int_equal(ran.status, 4);
            assert_string_equal(x8_buf_text(&ran.out), "hello");
            assert_string_equal(x8_buf_text(&ran.errors), "e\n");
        } else {
            assert_int_equal(rc, -X8_E_GONE);
        }
        kit_adb_close(&kit);
    } while (rc != 0);
    assert_true(cut > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(children_left_behind_are_not_waited_for, board, done),
        cmocka_unit_test_setup_teardown(what_floods_after_the_end_is_not_taken, board, done),
        cmocka_unit_test_setup_teardown(a_killed_shell_is_an_unknown_outcome, board, done),
        cmocka_unit_test_setup_teardown(a_command_may_close_all_it_has, board, done),
        cmocka_unit_test_setup_teardown(named_pipes_do_the_same_where_proc_leads_nowhere, board,
                                        done),
        cmocka_unit_test_setup_teardown(a_terminal_takes_a_long_text, board, done),
        cmocka_unit_test(a_link_may_break_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
