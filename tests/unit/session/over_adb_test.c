/*
 * Commands over ADB, on the board's daemon and on one of today: what holds for both.
 */
#include "kit_adb.h"

#include "session/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int old_daemon(void **state)
{
    static struct kit_adb kit;

    kit_adb_open(&kit, NULL);
    *state = &kit;
    return 0;
}

static int new_daemon(void **state)
{
    static struct kit_adb kit;

    kit_adb_open(&kit, "persona=new");
    *state = &kit;
    return 0;
}

static int done(void **state)
{
    kit_adb_close(*state);
    return 0;
}

static void the_status_is_that_of_the_command(void **state)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"true", 0},
        {"false", 1},
        {"exit 255", 255},
        {"exec false", 1},
        {"set -e; false; true", 1},
        {"nonsense-of-a-command", 127},
        {"echo \"not closed", 2},
        {"false ) ; true", 2},
        {"kill -9 $$", 137},
        {"kill -TERM $BASHPID", 143},
        {"kill 0", 143},
        {"trap 'exit 9' EXIT; exit 4", 9},
        {"exec >&- 2>&-; exit 6", 6},
        {"exit 3 # a remark", 3},
        {"cat >/dev/null <<E\nx\nE\nexit 5", 5},
    };

    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        KIT_AUTO_SAID said = {0};

        if (kit_adb_sh(*state, rows[i].text, &said) != rows[i].status)
            fail_msg("%s: %d", rows[i].text, said.status);
    }
}

static void output_comes_as_it_is(void **state)
{
    KIT_AUTO_SAID said = {0};

    assert_int_equal(kit_adb_sh(*state, "printf 'a\\r\\nb\\n\\nc'; printf 'd\\n\\te' >&2", &said),
                     0);
    assert_string_equal(x8_buf_text(&said.out), "a\r\nb\n\nc");
    assert_string_equal(x8_buf_text(&said.errors), "d\n\te");
}

static void one_stream_when_asked_for(void **state)
{
    struct x8_command command = {.text = "echo a; echo b >&2; echo c", .merge_errors = 1};
    KIT_AUTO_SAID said = {0};

    kit_adb_run(*state, NULL, &command, NULL, 0, &said);
    assert_int_equal(said.status, 0);
    assert_string_equal(x8_buf_text(&said.out), "a\nb\nc\n");
    assert_int_equal(said.errors.len, 0);
}

static void a_look_alike_of_a_mark_is_output(void **state)
{
    KIT_AUTO_SAID said = {0};

    assert_int_equal(
        kit_adb_sh(*state, "printf '\\036X80123456789abcdef0123456789abcdef=0;'; exit 8", &said),
        8);
    assert_string_equal(x8_buf_text(&said.out), "\036X80123456789abcdef0123456789abcdef=0;");
}

/* Whatever the command prints of its surroundings: nothing of it is taken for a mark. */
static void a_command_cannot_find_a_mark_by_accident(void **state)
{
    KIT_AUTO_SAID said = {0};

    assert_int_equal(kit_adb_sh(*state,
                                "set; env; cat /proc/$PPID/cmdline /proc/self/cmdline "
                                "/proc/$BASHPID/cmdline | tr '\\0' '\\n'; echo last; exit 8",
                                &said),
                     8);
    assert_non_null(strstr(x8_buf_text(&said.out), "last\n"));
}

static void a_command_is_at_home(void **state)
{
    KIT_AUTO_SAID said = {0};

    kit_adb_sh(*state,
               "[ \"$PWD\" = \"$HOME\" ]&&umask&&echo \"$USER=$LOGNAME=$(id -un)\";"
               "for f in 0 1 2;do [ -t $f ]&&echo terminal $f;done;read -r x||echo nothing to read",
               &said);
    assert_non_null(strstr(x8_buf_text(&said.out), "0022\n"));
    assert_non_null(strstr(x8_buf_text(&said.out), "\nnothing to read\n"));
    assert_null(strstr(x8_buf_text(&said.out), "terminal"));
    assert_null(strstr(x8_buf_text(&said.out), "x8"));
}

static void much_on_both_streams_does_not_block(void **state)
{
    KIT_AUTO_SAID said = {0};

    assert_int_equal(
        kit_adb_sh(*state, "head -c 2000000 /dev/zero >&2; head -c 2000000 /dev/zero", &said), 0);
    assert_int_equal(said.out.len, 2000000);
    assert_int_equal(said.errors.len, 2000000);
}

static void feed(struct kit_adb *kit, struct x8_command *command, size_t len)
{
    uint8_t *bytes = kit_all_bytes(len ? len : 1);
    KIT_AUTO_SAID said = {0};

    command->text = "cat; exit 3";
    command->input_len = len;
    kit_adb_run(kit, NULL, command, bytes, len, &said);
    assert_int_equal(said.rc, 0);
    assert_int_equal(said.write_rc, 0);
    assert_int_equal(said.status, 3);
    assert_int_equal(said.out.len, len);
    if (len > 0)
        assert_memory_equal(said.out.data, bytes, len);
    free(bytes);
}

static void bytes_of_all_values_go_both_ways(void **state)
{
    static const size_t lens[] = {0, 1, 4095, 4096, 65537, 1000003};

    for (size_t i = 0; i < X8_COUNT(lens); i++) {
        feed(*state, &(struct x8_command){.input = X8_INPUT_COUNT}, lens[i]);
        feed(*state, &(struct x8_command){.input = X8_INPUT_OPEN}, lens[i]);
        feed(*state, &(struct x8_command){.input = X8_INPUT_COUNT, .merge_errors = 1}, lens[i]);
    }
}

/* The status comes at once, and who still writes learns it. */
static void a_command_need_not_read_its_input(void **state)
{
    static const enum x8_input inputs[] = {X8_INPUT_COUNT, X8_INPUT_OPEN};
    uint8_t *bytes = kit_all_bytes(1000000);

    for (size_t i = 0; i < X8_COUNT(inputs); i++) {
        struct x8_command command = {
            .text = "head -c 10 | wc -c; exit 5", .input = inputs[i], .input_len = 1000000};
        KIT_AUTO_SAID said = {0};

        kit_adb_run(*state, NULL, &command, bytes, 1000000, &said);
        assert_int_equal(said.rc, 0);
        /* What lies between may take all of it. */
        assert_true(said.write_rc == -X8_E_GONE || said.write_rc == 0);
        assert_int_equal(said.status, 5);
        assert_string_equal(x8_buf_text(&said.out), "10\n");
    }
    free(bytes);
}

static void a_text_of_any_length_runs(void **state)
{
    static const enum x8_input inputs[] = {X8_INPUT_NONE, X8_INPUT_COUNT, X8_INPUT_OPEN};
    size_t len = 1200000;
    char *text = malloc(len + 100);

    assert_non_null(text);
    memset(text, '#', len);
    snprintf(text + len, 100, "\ncat; echo \"it's\" 'there'; exit 12");
    for (size_t i = 0; i < X8_COUNT(inputs); i++) {
        struct x8_command command = {.text = text, .input = inputs[i], .input_len = 4};
        KIT_AUTO_SAID said = {0};

        kit_adb_run(*state, NULL, &command, "abc\n", i ? 4 : 0, &said);
        assert_int_equal(said.rc, 0);
        assert_int_equal(said.status, 12);
        assert_string_equal(x8_buf_text(&said.out), i ? "abc\nit's there\n" : "it's there\n");
    }
    free(text);
}

static void a_terminal_is_one_and_takes_a_new_size(void **state)
{
    struct kit_adb *kit = *state;
    struct x8_command command = {.text = "trap 'stty size; exit 7' WINCH; tty; stty size; "
                                         "echo \"$TERM\"; echo ready; while :; do sleep 0.05; done",
                                 .input = X8_INPUT_TTY,
                                 .rows = 30,
                                 .cols = 101,
                                 .term = "vt100"};
    struct x8_channel *channel = NULL;
    char text[4096];
    size_t len = 0;
    int resized = 0;

    assert_int_equal(x8_start(kit->session, &kit->op, &command, &channel, &kit->err), 0);
    for (;;) {
        enum x8_output which;
        ssize_t n = x8_channel_read(channel, &kit->op, &which, text + len, sizeof text - 1 - len,
                                    20000, &kit->err);

        assert_true(n >= 0);
        if (n == 0)
            break;
        len += (size_t)n;
        text[len] = '\0';
        if (strstr(text, "ready\r\n") && !resized++)
            assert_int_equal(x8_channel_resize(channel, &kit->op, 50, 132, &kit->err), 0);
    }
    assert_int_equal(x8_channel_status(channel), 7);
    x8_channel_close(&channel);
    assert_non_null(strstr(text, "/dev/pts/"));
    assert_non_null(strstr(text, "30 101\r\nvt100\r\n"));
    assert_non_null(strstr(text, "50 132\r\n"));
}

/* The host's word of the size comes after the command has begun. */
static void a_terminal_has_its_size_from_the_start(void **state)
{
    struct x8_command command = {.text = "trap 'echo changed' WINCH; stty size; sleep 0.5",
                                 .input = X8_INPUT_TTY,
                                 .rows = 30,
                                 .cols = 101};
    struct kit_adb kit;
    KIT_AUTO_SAID said = {0};

    (void)state;
    kit_adb_open(&kit, "persona=new latency=200000");
    kit_adb_run(&kit, NULL, &command, NULL, 0, &said);
    assert_int_equal(said.rc, 0);
    assert_string_equal(x8_buf_text(&said.out), "30 101\r\n");
    kit_adb_close(&kit);
}

static void closing_hangs_up(void **state)
{
    struct kit_adb *kit = *state;
    char *dir = test_dir_new(), *path = test_path(dir, "hung-up"), text[512];
    struct x8_command command = {.text = text, .input = X8_INPUT_TTY};
    struct x8_channel *channel = NULL;
    int64_t limit = x8_deadline_in(20000);
    uint8_t byte;

    snprintf(text, sizeof text, "trap 'touch %s; exit' HUP; echo; while :; do sleep 0.05; done",
             path);
    assert_int_equal(x8_start(kit->session, &kit->op, &command, &channel, &kit->err), 0);
    assert_int_equal(
        x8_channel_read(channel, &kit->op, &(enum x8_output){0}, &byte, 1, 20000, &kit->err), 1);
    x8_channel_close(&channel);
    while (x8_deadline_left(limit, 1) > 0) {
        FILE *file = fopen(path, "r");

        if (file) {
            fclose(file);
            break;
        }
        x8_cancel_sleep(NULL, x8_deadline_in(10), X8_CANCEL_SOFT, NULL);
    }
    assert_true(x8_deadline_left(limit, 1) > 0);
    free(path);
    test_dir_free(dir);
}

static void *shut_later(void *channel)
{
    x8_cancel_sleep(NULL, x8_deadline_in(50), X8_CANCEL_SOFT, NULL);
    x8_channel_shut(channel);
    return NULL;
}

static void a_shut_ends_a_read_that_waits(void **state)
{
    struct kit_adb *kit = *state;
    struct x8_command command = {.text = "exec sleep 20"};
    struct x8_channel *channel = NULL;
    enum x8_output which;
    pthread_t thread;
    uint8_t byte;

    assert_int_equal(x8_start(kit->session, &kit->op, &command, &channel, &kit->err), 0);
    pthread_create(&thread, NULL, shut_later, channel);
    assert_int_equal(x8_channel_read(channel, &kit->op, &which, &byte, 1, 20000, &kit->err),
                     -X8_E_STOPPED);
    pthread_join(thread, NULL);
    assert_int_equal(x8_channel_status(channel), X8_STATUS_UNKNOWN);
    x8_channel_close(&channel);
}

static void *run_one(void *ctx)
{
    struct kit_adb *kit = ctx;

    for (int i = 0; i < 3; i++) {
        X8_AUTO_RAN ran = {0};
        struct x8_error err = {0};

        if (x8_run(kit->session, &kit->op, "echo a; echo b >&2; exit 9", 20000, &ran, &err) != 0 ||
            ran.status != 9 || ran.out.len != 2 || ran.errors.len != 2)
            return kit; /* wrong */
    }
    return NULL;
}

static void several_threads_run_commands_at_once(void **state)
{
    pthread_t threads[4];

    for (size_t i = 0; i < X8_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_one, *state), 0);
    for (size_t i = 0; i < X8_COUNT(threads); i++) {
        void *wrong = NULL;

        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

#define FOR_BOTH(test)                                                                             \
    {"old: " #test, test, old_daemon, done, NULL},                                                 \
    {                                                                                              \
        "new: " #test, test, new_daemon, done, NULL                                                \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOR_BOTH(the_status_is_that_of_the_command),
        FOR_BOTH(output_comes_as_it_is),
        FOR_BOTH(one_stream_when_asked_for),
        FOR_BOTH(a_look_alike_of_a_mark_is_output),
        FOR_BOTH(a_command_cannot_find_a_mark_by_accident),
        FOR_BOTH(a_command_is_at_home),
        FOR_BOTH(much_on_both_streams_does_not_block),
        FOR_BOTH(bytes_of_all_values_go_both_ways),
        FOR_BOTH(a_command_need_not_read_its_input),
        FOR_BOTH(a_text_of_any_length_runs),
        FOR_BOTH(a_terminal_is_one_and_takes_a_new_size),
        cmocka_unit_test(a_terminal_has_its_size_from_the_start),
        FOR_BOTH(closing_hangs_up),
        FOR_BOTH(a_shut_ends_a_read_that_waits),
        FOR_BOTH(several_threads_run_commands_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
