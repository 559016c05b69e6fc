/*
 * Commands over SSH, on dropbear as the boards have it and on OpenSSH's server: what a session
 * promises.
 */
#include "kit_adb.h"
#include "sshserver.h"

#include "session/over_ssh.h"
#include "session/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kit of the tests over ADB has all that is wanted of a session here too. */
static struct kit_adb kit;
static struct test_ssh server;

static int say_password(void *ctx, const char *what, int number, char *out, size_t cap,
                        struct x8_error *err)
{
    (void)ctx;
    (void)what;
    (void)number;
    (void)err;
    return snprintf(out, cap, "secret") < 0;
}

static void connect_to_server(void)
{
    struct x8_ssh_way way = {.host = "127.0.0.1",
                             .port = server.port,
                             .user = "fio",
                             .known_hosts = server.known_hosts,
                             .key_folder = server.keys,
                             .asker = {NULL, say_password, NULL}};
    struct x8_ssh *ssh = NULL;

    memset(&kit, 0, sizeof kit);
    x8_cancel_init(&kit.cancel);
    kit.op = (struct x8_op){.deadline = X8_NO_DEADLINE, .cancel = &kit.cancel};
    if (x8_ssh_open(&kit.op, &way, &ssh, &kit.err) != 0 ||
        x8_session_over_ssh(ssh, "board", "test", &kit.session, &kit.err) != 0)
        fail_msg("%s | %s | %s", kit.err.msg, kit.err.why, kit.err.next);
}

static int dropbear(void **state)
{
    test_ssh_begin(&server, "dropbear");
    connect_to_server();
    *state = &kit;
    return 0;
}

static int openssh(void **state)
{
    test_ssh_begin(&server, "sshd");
    connect_to_server();
    *state = &kit;
    return 0;
}

static int dropbear_alone(void **state)
{
    (void)state;
    test_ssh_begin(&server, "dropbear");
    return 0;
}

static int openssh_alone(void **state)
{
    (void)state;
    test_ssh_begin(&server, "sshd");
    return 0;
}

/* New keys after each megabyte. */
static int rekeying(void **state)
{
    test_ssh_begin(&server, "sshd RekeyLimit=1M");
    connect_to_server();
    *state = &kit;
    return 0;
}

static int expired(void **state)
{
    (void)state;
    test_ssh_begin(&server, "sshd expired nokeys");
    connect_to_server();
    return 0;
}

static int done(void **state)
{
    (void)state;
    if (kit.session)
        x8_cancel_done(&kit.cancel);
    x8_session_close(&kit.session);
    test_ssh_end(&server);
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

/* Whatever is in it: the login shell, bash and libssh each have their own idea of special. */
static void a_text_arrives_as_it_is(void **state)
{
    KIT_AUTO_SAID said = {0};

    assert_int_equal(kit_adb_sh(*state,
                                "cat <<'E'\n\\ ! $x `y` \"z\" 'w' %d \xc3\xa9 \t#~*\nE\n"
                                "echo $# \"$0\"",
                                &said),
                     0);
    assert_string_equal(x8_buf_text(&said.out),
                        "\\ ! $x `y` \"z\" 'w' %d \xc3\xa9 \t#~*\n0 bash\n");
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

/* A ~/.bashrc that talks, which OpenSSH's server has read. */
static void what_a_shell_says_before_is_not_the_commands(void **state)
{
    char *rc = test_ssh_home(&server, ".bashrc");
    FILE *file = fopen(rc, "w");
    KIT_AUTO_SAID said = {0};

    assert_non_null(file);
    fputs("echo welcome; echo trouble >&2\n", file);
    fclose(file);
    free(rc);
    assert_int_equal(kit_adb_sh(*state, "echo a; echo b >&2", &said), 0);
    assert_string_equal(x8_buf_text(&said.out), "a\n");
    assert_string_equal(x8_buf_text(&said.errors), "b\n");
}

static void a_command_is_at_home(void **state)
{
    KIT_AUTO_SAID said = {0};

    kit_adb_sh(*state,
               "[ \"$PWD\" = \"$HOME\" ]&&umask&&echo \"$USER=$LOGNAME=$(id -un)\";"
               "for f in 0 1 2;do [ -t $f ]&&echo terminal $f;done;read -r x||echo nothing to read",
               &said);
    assert_string_equal(x8_buf_text(&said.out), "0022\nfio=fio=fio\nnothing to read\n");
}

static void much_on_both_streams_does_not_block(void **state)
{
    KIT_AUTO_SAID said = {0};

    assert_int_equal(
        kit_adb_sh(*state, "head -c 6000000 /dev/zero >&2; head -c 6000000 /dev/zero", &said), 0);
    assert_int_equal(said.out.len, 6000000);
    assert_int_equal(said.errors.len, 6000000);
}

static void feed(struct x8_command *command, size_t len)
{
    uint8_t *bytes = kit_all_bytes(len ? len : 1);
    KIT_AUTO_SAID said = {0};

    command->text = "cat; exit 3";
    command->input_len = len;
    kit_adb_run(&kit, NULL, command, bytes, len, &said);
    if (said.rc != 0)
        fail_msg("%zu: %d %s", len, said.rc, kit.err.msg);
    assert_int_equal(said.write_rc, 0);
    assert_int_equal(said.status, 3);
    assert_int_equal(said.out.len, len);
    if (len > 0)
        assert_memory_equal(said.out.data, bytes, len);
    free(bytes);
}

static void bytes_of_all_values_go_both_ways(void **state)
{
    static const size_t lens[] = {0, 1, 4095, 65537, 5000011};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(lens); i++) {
        feed(&(struct x8_command){.input = X8_INPUT_COUNT}, lens[i]);
        feed(&(struct x8_command){.input = X8_INPUT_OPEN}, lens[i]);
        feed(&(struct x8_command){.input = X8_INPUT_COUNT, .merge_errors = 1}, lens[i]);
    }
}

static void an_expired_password_is_recognised(void **state)
{
    X8_AUTO_RAN ran = {0};

    (void)state;
    assert_int_equal(x8_run(kit.session, &kit.op, "echo hello", 60000, &ran, &kit.err), -X8_E_AUTH);
    assert_non_null(strstr(kit.err.msg, "has expired"));
    assert_non_null(strstr(kit.err.next, "x8ctl setup"));
}

/* The status comes at once, and who still writes learns it. */
static void a_command_need_not_read_its_input(void **state)
{
    static const enum x8_input inputs[] = {X8_INPUT_COUNT, X8_INPUT_OPEN};
    size_t len = 8000000;
    uint8_t *bytes = kit_all_bytes(len);

    for (size_t i = 0; i < X8_COUNT(inputs); i++) {
        struct x8_command command = {
            .text = "head -c 10 | wc -c; exit 5", .input = inputs[i], .input_len = len};
        KIT_AUTO_SAID said = {0};

        kit_adb_run(*state, NULL, &command, bytes, len, &said);
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

/* Every length up to where the text begins to travel as input, in steps. */
static void a_text_may_be_as_long_as_a_server_takes(void **state)
{
    for (size_t len = 8000; len < 9200; len += 97) {
        char *text = malloc(len + 20);
        KIT_AUTO_SAID said = {0};

        assert_non_null(text);
        memset(text, '#', len);
        memcpy(text + len - 8, "\nexit 77", 9);
        if (kit_adb_sh(*state, text, &said) != 77)
            fail_msg("%zu: %d %s", len, said.rc, kit.err.msg);
        free(text);
    }
}

/* Lines before the input: what sudo's password travels as. */
static void a_lead_comes_before_the_input(void **state)
{
    static const struct {
        enum x8_input input;
        const char *bytes, *said;
    } rows[] = {{X8_INPUT_NONE, "", "<one><two><>"},
                {X8_INPUT_COUNT, "abc\n", "<one><two><>abc\n"},
                {X8_INPUT_OPEN, "abc\n", "<one><two><>abc\n"}};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_command command = {
            .text = "for i in 1 2 3;do IFS= read -r x;printf '<%s>' \"$x\";done;cat",
            .input = rows[i].input,
            .input_len = strlen(rows[i].bytes),
            .has_lead = 1};
        struct x8_channel *channel = NULL;
        X8_AUTO_RAN ran = {0};

        assert_int_equal(x8_start(kit.session, &kit.op, &command, &channel, &kit.err), 0);
        assert_int_equal(x8_channel_write(channel, &kit.op, "one\n", 4, 60000, &kit.err), 0);
        assert_int_equal(x8_channel_write(channel, &kit.op, "two\n", 4, 60000, &kit.err), 0);
        assert_int_equal(x8_channel_begin(channel, &kit.op, &kit.err), 0);
        assert_int_equal(x8_channel_write(channel, &kit.op, rows[i].bytes, strlen(rows[i].bytes),
                                          60000, &kit.err),
                         0);
        if (rows[i].input == X8_INPUT_OPEN)
            assert_int_equal(x8_channel_end_input(channel, &kit.op, &kit.err), 0);
        assert_int_equal(x8_run_channel(channel, &kit.op, NULL, 0, 60000, &ran, &kit.err), 0);
        assert_string_equal(x8_buf_text(&ran.out), rows[i].said);
    }
}

static void a_terminal_is_one_and_takes_a_new_size(void **state)
{
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

    (void)state;
    assert_int_equal(x8_start(kit.session, &kit.op, &command, &channel, &kit.err), 0);
    for (;;) {
        enum x8_output which;
        ssize_t n = x8_channel_read(channel, &kit.op, &which, text + len, sizeof text - 1 - len,
                                    20000, &kit.err);

        assert_true(n >= 0);
        if (n == 0)
            break;
        len += (size_t)n;
        text[len] = '\0';
        if (strstr(text, "ready\r\n") && !resized++)
            assert_int_equal(x8_channel_resize(channel, &kit.op, 50, 132, &kit.err), 0);
    }
    assert_int_equal(x8_channel_status(channel), 7);
    x8_channel_close(&channel);
    assert_non_null(strstr(text, "/dev/pts/"));
    assert_non_null(strstr(text, "30 101\r\nvt100\r\n"));
    assert_non_null(strstr(text, "50 132\r\n"));
}

static void a_person_gets_a_login_shell(void **state)
{
    struct x8_command command = {.input = X8_INPUT_TTY, .rows = 24, .cols = 80, .term = "vt100"};
    struct x8_channel *channel = NULL;
    X8_AUTO_RAN ran = {0};
    static const char typed[] = "shopt -q login_shell && exit 33\n";

    (void)state;
    assert_int_equal(x8_start(kit.session, &kit.op, &command, &channel, &kit.err), 0);
    assert_int_equal(
        x8_run_channel(channel, &kit.op, typed, sizeof typed - 1, 60000, &ran, &kit.err), 0);
    assert_int_equal(ran.status, 33);
}

/* --- the end --- */

static int appears(const char *name)
{
    char *path = test_ssh_home(&server, name);
    int64_t limit = x8_deadline_in(60000);

    while (access(path, F_OK) != 0 && x8_deadline_left(limit, 1) > 0)
        x8_cancel_sleep(NULL, x8_deadline_in(10), X8_CANCEL_SOFT, NULL);
    free(path);
    return x8_deadline_left(limit, 1) > 0;
}

/* Start it and wait for the first byte it says. */
static struct x8_channel *start_and_hear(const struct x8_command *command)
{
    struct x8_channel *channel = NULL;
    enum x8_output which;
    uint8_t byte;

    if (x8_start(kit.session, &kit.op, command, &channel, &kit.err) != 0)
        fail_msg("%s", kit.err.msg);
    assert_int_equal(x8_channel_read(channel, &kit.op, &which, &byte, 1, 60000, &kit.err), 1);
    return channel;
}

/* The command's own child gets it as well: the text is in the foreground of nobody. */
static void closing_hangs_up(void **state)
{
    static const enum x8_input inputs[] = {X8_INPUT_NONE, X8_INPUT_COUNT, X8_INPUT_OPEN,
                                           X8_INPUT_TTY};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(inputs); i++) {
        char text[256], name[32];
        struct x8_command command = {.text = text, .input = inputs[i], .input_len = 100};
        struct x8_channel *channel;

        snprintf(name, sizeof name, "hung-up-%zu", i);
        snprintf(text, sizeof text,
                 "exec 2>/dev/null;bash -c 'trap \"touch %s; exit\" HUP; echo; while :; do sleep "
                 "0.05; done'; true",
                 name);
        channel = start_and_hear(&command);
        x8_channel_close(&channel);
        if (!appears(name))
            fail_msg("input %zu", i);
    }
}

/* What is still on its way when a channel is closed: at once, and after much of it. */
static void closing_in_the_middle_leaves_the_connection_well(void **state)
{
    struct x8_command command = {.text = "exec yes", .input = X8_INPUT_NONE};
    size_t cap = 100000;
    uint8_t *bytes = malloc(cap);

    (void)state;
    for (unsigned i = 0; i < 24; i++) {
        struct x8_channel *channel = NULL;
        enum x8_output which;

        assert_int_equal(x8_start(kit.session, &kit.op, &command, &channel, &kit.err), 0);
        for (size_t got = 0, want = (size_t)i % 8 * 100000; got < want;) {
            ssize_t n = x8_channel_read(channel, &kit.op, &which, bytes, cap, 60000, &kit.err);

            assert_true(n > 0);
            got += (size_t)n;
        }
        x8_channel_close(&channel);
    }
    assert_int_equal(x8_run_ok(kit.session, &kit.op, "after all", "true", 60000, NULL, &kit.err),
                     0);
    free(bytes);
}

static void the_end_of_the_session_hangs_up(void **state)
{
    struct x8_command command = {
        .text =
            "exec 2>/dev/null; trap 'touch ended; exit' HUP; echo; while :; do sleep 0.05; done",
        .input = X8_INPUT_OPEN};
    struct x8_channel *channel = start_and_hear(&command);

    (void)state;
    x8_channel_close(&channel);
    x8_session_close(&kit.session);
    assert_true(appears("ended"));
}

/* A child that the command leaves behind. */
static void children_left_behind_are_hung_up_on(void **state)
{
    KIT_AUTO_SAID said = {0};

    assert_int_equal(kit_adb_sh(*state,
                                "(trap 'touch left; exit' HUP; touch begun;while :; do sleep 0.05; "
                                "done) >/dev/null 2>&1 & while [ ! -e begun ]; do sleep 0.01; done;"
                                "exit 4",
                                &said),
                     4);
    assert_true(appears("left"));
}

static void a_child_may_guard_itself(void **state)
{
    KIT_AUTO_SAID said = {0};

    assert_int_equal(kit_adb_sh(*state,
                                "nohup bash -c 'touch up; while [ ! -e go ]; do sleep 0.01; "
                                "done; touch lived' >/dev/null 2>&1 & "
                                "while [ ! -e up ]; do sleep 0.01; done",
                                &said),
                     0);
    assert_int_equal(kit_adb_sh(*state, "touch go", &said), 0);
    assert_true(appears("lived"));
}

/* The program dies: nobody says goodbye. */
static void a_link_that_breaks_ends_a_command_without_input(void **state)
{
    struct x8_command command = {.text = "exec 2>/dev/null; trap 'touch cut; exit' HUP; echo; "
                                         "while :; do sleep 0.05; done"};
    pid_t program = fork();

    (void)state;
    if (program == 0) {
        connect_to_server();
        start_and_hear(&command);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(program, NULL, 0), program);
    assert_true(appears("cut"));
}

static void *shut_later(void *channel)
{
    x8_cancel_sleep(NULL, x8_deadline_in(50), X8_CANCEL_SOFT, NULL);
    x8_channel_shut(channel);
    return NULL;
}

static void a_shut_ends_a_read_that_waits(void **state)
{
    struct x8_command command = {.text = "exec sleep 20"};
    struct x8_channel *channel = NULL;
    enum x8_output which;
    pthread_t thread;
    uint8_t byte;

    (void)state;
    assert_int_equal(x8_start(kit.session, &kit.op, &command, &channel, &kit.err), 0);
    pthread_create(&thread, NULL, shut_later, channel);
    assert_int_equal(x8_channel_read(channel, &kit.op, &which, &byte, 1, 60000, &kit.err),
                     -X8_E_STOPPED);
    pthread_join(thread, NULL);
    assert_int_equal(x8_channel_status(channel), X8_STATUS_UNKNOWN);
    x8_channel_close(&channel);
}

static void *stop_later(void *cancel)
{
    x8_cancel_sleep(NULL, x8_deadline_in(50), X8_CANCEL_SOFT, NULL);
    x8_cancel_raise(cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    return NULL;
}

/* Also where output comes without end, and where the command takes no input. */
static void a_hard_stop_ends_what_waits(void **state)
{
    static const char *const texts[] = {"exec sleep 20", "exec cat /dev/zero"};
    uint8_t *bytes = kit_all_bytes(65536);
    KIT_AUTO_SAID said = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct x8_command command = {.text = texts[i % 2], .input = X8_INPUT_OPEN};
        struct x8_cancel cancel;
        struct x8_op op = {.deadline = X8_NO_DEADLINE, .cancel = &cancel};
        struct x8_channel *channel = NULL;
        enum x8_output which;
        pthread_t thread;
        int rc = 0;

        x8_cancel_init(&cancel);
        if (x8_start(kit.session, &op, &command, &channel, &kit.err) != 0)
            fail_msg("%s | %s", kit.err.msg, kit.err.why);
        pthread_create(&thread, NULL, stop_later, &cancel);
        do {
            rc = i < 2 ? (int)x8_channel_read(channel, &op, &which, bytes, 65536, -1, &kit.err)
                       : x8_channel_write(channel, &op, bytes, 65536, -1, &kit.err);
        } while (rc >= 0);
        assert_int_equal(rc, -X8_E_STOPPED);
        pthread_join(thread, NULL);
        x8_channel_close(&channel);
        x8_cancel_done(&cancel);
    }
    free(bytes);
    assert_int_equal(kit_adb_sh(&kit, "exit 8", &said), 8);
}

static void limits_are_kept(void **state)
{
    struct x8_command command = {.text = "exec sleep 20", .input = X8_INPUT_OPEN};
    uint8_t *bytes = kit_all_bytes(8000000);
    struct x8_channel *channel = NULL;
    enum x8_output which;

    (void)state;
    assert_int_equal(x8_start(kit.session, &kit.op, &command, &channel, &kit.err), 0);
    assert_int_equal(x8_channel_read(channel, &kit.op, &which, bytes, 1, 50, &kit.err),
                     -X8_E_TIMEOUT);
    assert_int_equal(x8_channel_write(channel, &kit.op, bytes, 8000000, 300, &kit.err),
                     -X8_E_TIMEOUT);
    x8_channel_close(&channel);
    free(bytes);
}

static void a_server_that_dies_is_told(void **state)
{
    struct x8_command command = {.text = "echo; exec cat", .input = X8_INPUT_OPEN};
    struct x8_channel *channel = start_and_hear(&command);
    struct x8_command another = {.text = "true"};
    struct x8_channel *none = NULL;
    uint8_t *bytes = kit_all_bytes(65536);
    enum x8_output which;
    int rc;

    (void)state;
    test_ssh_kill(&server);
    /* Also where it would need a connection of its own, and nobody listens any more. */
    assert_int_equal(x8_start(kit.session, &kit.op, &another, &none, &kit.err), -X8_E_GONE);
    assert_int_equal(x8_channel_read(channel, &kit.op, &which, bytes, 1, 60000, &kit.err),
                     -X8_E_GONE);
    assert_non_null(strstr(kit.err.msg, "outcome unknown"));
    do {
        rc = x8_channel_write(channel, &kit.op, bytes, 65536, 60000, &kit.err);
    } while (rc == 0);
    assert_int_equal(rc, -X8_E_GONE);
    assert_int_equal(x8_channel_status(channel), X8_STATUS_UNKNOWN);
    x8_channel_close(&channel);
    assert_int_equal(
        kit.session->ops->wait_gone(kit.session, &kit.op, x8_deadline_in(60000), &kit.err), 1);
    free(bytes);
}

/* --- side by side --- */

static void a_port_where_nothing_listens_is_named(void **state)
{
    struct x8_channel *channel = NULL;

    (void)state;
    assert_int_equal(x8_dial(kit.session, &kit.op, "tcp:1", &channel, &kit.err), -X8_E_REFUSED);
    assert_string_equal(kit.err.msg, "nothing on the board listens on tcp:1");
    assert_string_equal(kit.err.why, "");
}

static void *run_some(void *ctx)
{
    for (int i = 0; i < 3; i++) {
        X8_AUTO_RAN ran = {0};
        struct x8_error err = {0};

        (void)ctx;
        if (x8_run(kit.session, &kit.op, "echo a; echo b >&2; head -c 300000 /dev/zero; exit 9",
                   60000, &ran, &err) != 0 ||
            ran.status != 9 || ran.out.len != 300002 || ran.errors.len != 2)
            return &kit; /* wrong */
    }
    return NULL;
}

static void twenty_threads_run_commands_at_once(void **state)
{
    pthread_t threads[20];
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < X8_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_some, NULL), 0);
    for (size_t i = 0; i < X8_COUNT(threads); i++) {
        void *result = NULL;

        pthread_join(threads[i], &result);
        wrong += result != NULL;
    }
    assert_int_equal(wrong, 0);
}

#define FOR_BOTH(test)                                                                             \
    {"dropbear: " #test, test, dropbear, done, NULL},                                              \
    {                                                                                              \
        "openssh: " #test, test, openssh, done, NULL                                               \
    }

#define FOR_BOTH_ALONE(test)                                                                       \
    {"dropbear: " #test, test, dropbear_alone, done, NULL},                                        \
    {                                                                                              \
        "openssh: " #test, test, openssh_alone, done, NULL                                         \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOR_BOTH(the_status_is_that_of_the_command),
        FOR_BOTH(output_comes_as_it_is),
        FOR_BOTH(a_text_arrives_as_it_is),
        FOR_BOTH(one_stream_when_asked_for),
        FOR_BOTH(what_a_shell_says_before_is_not_the_commands),
        FOR_BOTH(a_command_is_at_home),
        FOR_BOTH(much_on_both_streams_does_not_block),
        FOR_BOTH(bytes_of_all_values_go_both_ways),
        cmocka_unit_test_setup_teardown(bytes_of_all_values_go_both_ways, rekeying, done),
        cmocka_unit_test_setup_teardown(much_on_both_streams_does_not_block, rekeying, done),
        cmocka_unit_test_setup_teardown(an_expired_password_is_recognised, expired, done),
        FOR_BOTH(a_command_need_not_read_its_input),
        FOR_BOTH(a_text_of_any_length_runs),
        FOR_BOTH(a_text_may_be_as_long_as_a_server_takes),
        FOR_BOTH(a_lead_comes_before_the_input),
        FOR_BOTH(a_terminal_is_one_and_takes_a_new_size),
        FOR_BOTH(a_person_gets_a_login_shell),
        FOR_BOTH(closing_hangs_up),
        FOR_BOTH(closing_in_the_middle_leaves_the_connection_well),
        FOR_BOTH(the_end_of_the_session_hangs_up),
        FOR_BOTH(children_left_behind_are_hung_up_on),
        FOR_BOTH(a_child_may_guard_itself),
        FOR_BOTH_ALONE(a_link_that_breaks_ends_a_command_without_input),
        FOR_BOTH(a_shut_ends_a_read_that_waits),
        FOR_BOTH(a_hard_stop_ends_what_waits),
        FOR_BOTH(limits_are_kept),
        FOR_BOTH(a_server_that_dies_is_told),
        FOR_BOTH(a_port_where_nothing_listens_is_named),
        FOR_BOTH(twenty_threads_run_commands_at_once),
    };

    signal(SIGPIPE, SIG_IGN); /* as the program does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
