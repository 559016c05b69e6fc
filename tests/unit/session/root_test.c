/*
 * Root on the virtual board, in the worlds of its passwords.
 */
#include "kit_adb.h"

#include <stdlib.h>
#include <string.h>

static void give(struct x8_secret *secret, const char *text)
{
    memset(secret, 0, sizeof *secret);
    memcpy(secret->text, text, strlen(text));
    secret->given = 1;
}

static int probe(struct kit_adb *kit, const char *password, struct x8_root *out)
{
    X8_AUTO_SECRET secret = {0};

    if (password)
        give(&secret, password);
    memset(out, 0, sizeof *out);
    return x8_root_probe(kit->session, &kit->op, &secret, out, &kit->err);
}

static void run(struct kit_adb *kit, const struct x8_root *root, struct x8_command command,
                const char *input, struct kit_said *said)
{
    command.input_len = strlen(input);
    kit_adb_run(kit, root, &command, input, strlen(input), said);
    if (said->rc != 0)
        fail_msg("%s | %s", kit->err.msg, kit->err.why);
}

/* All kinds of input; what is written is the command's, the password is not. */
static void inputs(struct kit_adb *kit, const struct x8_root *root)
{
    static const char text[] = "echo \"$EUID $HOME\"; cat; echo e >&2; exit 7";
    static const struct {
        struct x8_command command;
        const char *input, *out, *errors;
    } rows[] = {
        {{.text = text}, "", "0 /root\n", "e\n"},
        {{.text = text, .input = X8_INPUT_COUNT}, "a\nb", "0 /root\na\nb", "e\n"},
        {{.text = text, .input = X8_INPUT_COUNT}, "", "0 /root\n", "e\n"},
        {{.text = text, .input = X8_INPUT_OPEN}, "a\nb", "0 /root\na\nb", "e\n"},
        {{.text = text, .input = X8_INPUT_COUNT, .merge_errors = 1}, "\n", "0 /root\n\ne\n", ""},
        {{.text = "kill -9 $$"}, "", "", ""},
    };

    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        KIT_AUTO_SAID said = {0};

        run(kit, root, rows[i].command, rows[i].input, &said);
        assert_string_equal(x8_buf_text(&said.out), rows[i].out);
        assert_string_equal(x8_buf_text(&said.errors), rows[i].errors);
        assert_int_equal(said.status, i + 1 < X8_COUNT(rows) ? 7 : 137);
    }
}

/* A shell for a person: what is typed after the password is the shell's, and is echoed again. */
static void terminal(struct kit_adb *kit, const struct x8_root *root)
{
    struct x8_command command = {.input = X8_INPUT_TTY, .rows = 24, .cols = 200, .term = "dumb"};
    KIT_AUTO_SAID said = {0};

    kit_adb_run(kit, root, &command, "echo \"I am $EUID\"\nexit 21\n", 26, &said);
    assert_int_equal(said.rc, 0);
    assert_int_equal(said.status, 21);
    assert_non_null(strstr(x8_buf_text(&said.out), "\nI am 0\r\n"));
    assert_non_null(strstr(x8_buf_text(&said.out), "# exit 21\r\n"));
    assert_null(strstr(x8_buf_text(&said.out), "correct horse"));
}

static void a_password_opens_the_way(const char *persona)
{
    struct kit_adb kit;
    struct x8_root root;
    char words[128] = "image=881 sudo=custom ";

    memcpy(words + strlen(words), persona, strlen(persona));
    kit_adb_enter(&kit, words);
    assert_int_equal(probe(&kit, NULL, &root), -X8_E_AUTH);
    assert_non_null(strstr(kit.err.msg, "needs a password"));
    assert_non_null(strstr(kit.err.next, "--password-file"));
    assert_int_equal(probe(&kit, "correct horse ", &root), -X8_E_AUTH);
    assert_non_null(strstr(kit.err.msg, "did not accept"));
    assert_int_equal(root.way, X8_ROOT_NONE);
    assert_int_equal(probe(&kit, "correct horse", &root), 0);
    assert_int_equal(root.way, X8_ROOT_PASSWORD);
    inputs(&kit, &root);
    terminal(&kit, &root);
    x8_secret_wipe(&root.secret);
    assert_memory_equal(&root.secret, &(struct x8_secret){0}, sizeof root.secret);
    kit_adb_close(&kit);
}

static void a_password_opens_the_way_old(void **state)
{
    (void)state;
    a_password_opens_the_way("");
}

static void a_password_opens_the_way_new(void **state)
{
    (void)state;
    a_password_opens_the_way("persona=new");
}

static void a_password_opens_the_way_busybox(void **state)
{
    (void)state;
    a_password_opens_the_way("tools=busybox");
}

static void an_empty_password_asks_for_nothing(void **state)
{
    struct kit_adb kit;
    struct x8_root root;

    (void)state;
    kit_adb_enter(&kit, "image=934");
    assert_int_equal(probe(&kit, NULL, &root), 0);
    assert_int_equal(root.way, X8_ROOT_EMPTY);
    inputs(&kit, &root);
    kit_adb_close(&kit);
}

static void an_expired_password_is_told_apart(void **state)
{
    struct kit_adb kit;
    struct x8_root root;

    (void)state;
    kit_adb_enter(&kit, "image=846");
    assert_int_equal(probe(&kit, "fio", &root), -X8_E_AUTH);
    assert_non_null(strstr(kit.err.msg, "has expired"));
    assert_non_null(strstr(kit.err.next, "x8ctl setup"));
    assert_int_equal(probe(&kit, "wrong", &root), -X8_E_AUTH);
    assert_non_null(strstr(kit.err.msg, "did not accept"));
    kit_adb_close(&kit);
}

/* Neither the process list nor the journal of the board has it, while the command runs. */
static void a_password_is_seen_by_nobody(void **state)
{
    struct x8_command command = {.text = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ "
                                         "/var/log/journal | tr '\\0' '\\n'; ls -la /tmp"};
    struct kit_adb kit;
    struct x8_root root;
    KIT_AUTO_SAID said = {0};

    (void)state;
    kit_adb_enter(&kit, "image=881 sudo=custom password=s3cr3t-w0rd");
    assert_int_equal(probe(&kit, "s3cr3t-w0rd", &root), 0);
    kit_adb_run(&kit, &root, &command, NULL, 0, &said);
    assert_int_equal(said.rc, 0);
    assert_non_null(strstr(x8_buf_text(&said.out), "sudo"));
    for (size_t i = 0; i + 11 <= said.out.len; i++)
        assert_memory_not_equal(said.out.data + i, "s3cr3t-w0rd", 11);
    kit_adb_close(&kit);
}

static void *stop_later(void *cancel)
{
    x8_cancel_sleep(NULL, x8_deadline_in(1000), X8_CANCEL_SOFT, NULL);
    x8_cancel_raise(cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    return NULL;
}

/* sudo has asked, and the link has fallen silent at the password. */
static void the_first_request_to_stop_ends_the_wait_for_sudo(void **state)
{
    struct x8_root root = {.way = X8_ROOT_PASSWORD};
    struct kit_adb kit;
    X8_AUTO_RAN ran = {0};
    pthread_t thread;
    int64_t begin;

    (void)state;
    kit_adb_enter(&kit, "image=822 persona=new fault=at:wrte,dir:in,match:sudo,do:stall");
    give(&root.secret, "fio");
    begin = x8_now_ms();
    pthread_create(&thread, NULL, stop_later, &kit.cancel);
    assert_int_equal(x8_run_as(kit.session, &kit.op, &root, "true", 60000, &ran, &kit.err),
                     -X8_E_STOPPED);
    pthread_join(thread, NULL);
    assert_in_range(x8_now_ms() - begin, 1000, 50000);
    kit_adb_close(&kit);
}

static void a_password_of_two_lines_is_refused_here(void **state)
{
    struct x8_root root = {.way = X8_ROOT_PASSWORD};
    struct x8_command command = {.text = "true"};
    struct x8_channel *channel = NULL;
    struct kit_adb kit;

    (void)state;
    give(&root.secret, "one\ntwo");
    kit_adb_open(&kit, NULL);
    assert_int_equal(x8_start_as(kit.session, &kit.op, &root, &command, &channel, &kit.err),
                     -X8_E_USAGE);
    kit_adb_close(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_opens_the_way_old),
        cmocka_unit_test(a_password_opens_the_way_new),
        cmocka_unit_test(a_password_opens_the_way_busybox),
        cmocka_unit_test(an_empty_password_asks_for_nothing),
        cmocka_unit_test(an_expired_password_is_told_apart),
        cmocka_unit_test(a_password_is_seen_by_nobody),
        cmocka_unit_test(a_password_of_two_lines_is_refused_here),
        cmocka_unit_test(the_first_request_to_stop_ends_the_wait_for_sudo),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
