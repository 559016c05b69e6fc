/*
 * What the probe's script prints on a real bash, with GNU's tools and busybox's, and what is read
 * out of it.
 */
#define _DEFAULT_SOURCE

#include "kit_shell.h"

#include "session/run.h"
#include "update/host_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OLD "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NEW "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

struct board {
    char *dir, *home;
    struct kit_shell shell;
    struct x8_op op;
    struct x8_error err;
};

static int make(void **state, int with_busybox)
{
    struct board *b = calloc(1, sizeof(*b));

    b->dir = test_dir_new();
    b->home = test_path(b->dir, "home");
    mkdir(b->home, 0755);
    kit_shell_init(&b->shell, b->home);
    if (with_busybox)
        kit_shell_busybox(&b->shell);
    b->op = kit_shell_op();
    *state = b;
    return 0;
}

static int gnu(void **state)
{
    return make(state, 0);
}

static int busybox(void **state)
{
    return make(state, 1);
}

static int done(void **state)
{
    struct board *b = *state;

    kit_shell_done(&b->shell);
    test_dir_free(b->dir);
    free(b->home);
    free(b);
    return 0;
}

static void put(struct board *b, const char *path, const char *text)
{
    assert_int_equal(kit_host("mkdir -p \"$(dirname '%s/top%s')\"", b->dir, path), 0);
    char *top = test_path(b->dir, "top");
    free(test_file(top, path + 1, text, strlen(text)));
    free(top);
}

static void probe(struct board *b, struct x8_update_board *out)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_RAN ran = {0};
    char *top = test_path(b->dir, "top");

    mkdir(top, 0755);
    assert_int_equal(host_probe_text(&text, top), 0);
    free(top);
    assert_int_equal(
        x8_run(&b->shell.base, &b->op, x8_buf_text(&text), X8_RUN_TEXT_MS, &ran, &b->err), 0);
    assert_string_equal(x8_buf_text(&ran.errors), "");
    if (x8_update_board_parse(x8_buf_span(&ran.out), out, &b->err) != 0)
        fail_msg("%s: %s", b->err.msg, x8_buf_text(&ran.out));
}

static void parse(const char *text, struct x8_update_board *out)
{
    struct x8_error err;
    char whole[8192];

    snprintf(whole, sizeof(whole), "%send .\n", text);
    if (x8_update_board_parse((struct x8_span){(const uint8_t *)whole, strlen(whole)}, out, &err))
        fail_msg("%s", err.msg);
}

static void nothing(struct board *b)
{
    static const char *const tools[] = {"aklite-offline", "ostree", "systemctl",
                                        "docker",         "sg",     "fw_printenv"};

    for (size_t i = 0; i < X8_COUNT(tools); i++)
        kit_shell_stub(&b->shell, tools[i], "exit 1");
}

static void a_registered_board_tells_all(void **state)
{
    struct board *b = *state;
    X8_AUTO_UPDATE_BOARD board = {0};

    nothing(b);
    put(b, "/etc/os-release", "IMAGE_VERSION=934\nLMP_MACHINE=\"portenta-x8\"\n");
    put(b, "/usr/lib/sota/conf.d/40-hardware-id.toml",
        "[provision]\nprimary_ecu_hardware_id = \"portenta-x8\"\n");
    put(b, "/usr/lib/sota/conf.d/50-tags.toml", "[pacman]\ntags = \"first\"\n");
    put(b, "/var/sota/sota.toml",
        "[tls]\nserver = \"https://x\"\n[pacman]\ntags = \"second\"  # later\nreset_apps = \"\"\n");
    put(b, "/etc/sota/conf.d/z-50-fioctl-01.toml", "[pacman]\n  tags=\"main,devel\"\n");
    put(b, "/var/sota/sql.db", "");
    put(b, "/var/sota/offline-update-pending", "");
    put(b, "/var/sota/reset-apps/x", "");
    put(b, "/var/sota/current-target", "TARGET_NAME=\"portenta-x8-lmp-934\"\nTAG=\"main\"\n");
    put(b, "/usr/lib/sota/tuf/ci/1.root.json", "{\"one\":1}");
    put(b, "/usr/lib/sota/tuf/ci/11.root.json", "{\"eleven\":\n11}\n");
    put(b, "/usr/lib/sota/tuf/ci/2.root.json", "{\"two\":2}");
    put(b, "/usr/lib/sota/tuf/prod/12.root.json", "{\"no\":2}");
    put(b, "/var/sota/client.pem", "a certificate");
    put(b, "/proc/mounts", "/dev/a / ext4 rw 0 0\n/dev/mmcblk2p1 /mnt/boot vfat rw 0 0\n");
    put(b, "/proc/cmdline", "root=x ostree=/ostree/boot.1/lmp/aa/0 quiet\n");
    assert_int_equal(kit_host("cd '%s/top' && mkdir -p ostree/deploy/lmp/deploy/" OLD ".0 "
                              "ostree/boot.1/lmp/aa && ln -s ../../../deploy/lmp/deploy/" OLD ".0 "
                              "ostree/boot.1/lmp/aa/0",
                              b->dir),
                     0);
    kit_shell_stub(&b->shell, "openssl", "echo 'subject=CN = 1, OU = factory'");
    kit_shell_stub(&b->shell, "aklite-offline",
                   "[ \"$*\" = --help ] || exit 9; echo 'Unknown word' >&2\n"
                   "printf 'Usage:\\n\\taklite-offline <cmd> [options]\\nSupported commands: "
                   "install run\\n'; exit 1");
    kit_shell_stub(&b->shell, "ostree",
                   "echo '  lmp " NEW ".0 (pending)'; echo '    origin refspec: x'\n"
                   "echo '* lmp " OLD ".0'; echo '    Version: 1'");
    kit_shell_stub(&b->shell, "fw_printenv",
                   "echo bootcount=2; echo upgrade_available=1; echo bootcmd=run x; echo a=b");
    kit_shell_stub(&b->shell, "systemctl",
                   "case $1.$2 in is-active.aktualizr-lite.service) echo active;;\n"
                   "is-enabled.compose-apps-early-start.service) echo enabled;;\n"
                   "is-active.compose-apps-early-start-recovery.service) echo activating;;\n"
                   "is-enabled.*) echo disabled; exit 1;; *) echo inactive; exit 3;; esac");
    kit_shell_stub(&b->shell, "docker",
                   "[ \"$1\" = ps ] && echo 'Up 3 hours|shop|nginx:1|' &&\n"
                   "echo 'Exited (0) 2 days ago|x8-webapp_1|hub/x8@sha256:1|arduino-ootb'");
    probe(b, &board);
    assert_int_equal(board.aklite, X8_AKLITE_B);
    assert_true(board.has_aklite && board.has_ostree && board.has_docker && board.sees_sota);
    assert_string_equal(board.version, "934");
    assert_string_equal(board.hardware, "portenta-x8");
    assert_string_equal(board.tags, "main,devel");
    assert_true(board.has_reset_apps && board.is_registered && board.has_sql);
    assert_true(board.ootb_pending && board.has_reset_store && board.boot_mounted);
    assert_string_equal(board.booted, OLD);
    assert_string_equal(board.cmdline, OLD);
    assert_string_equal(board.pending, NEW);
    assert_string_equal(board.rollback, "");
    assert_string_equal(board.target, "portenta-x8-lmp-934");
    assert_int_equal(strlen(board.boot_id), 36);
    assert_true(board.clock_s > 1600000000);
    assert_true(board.sysroot_size > 0 && board.sysroot_free > 0 && board.var_free > 0);
    assert_string_equal(board.device_type, "ci");
    assert_string_equal(x8_buf_text(&board.root_json), "{\"eleven\":\n11}\n");
    assert_string_equal(board.root_from, "/usr/lib/sota/tuf/ci/11.root.json");
    assert_true(board.daemon_active && !board.daemon_enabled);
    assert_int_equal(board.early_start, 1);
    assert_int_equal(board.early_recovery, 2);
    assert_int_equal(board.bootcount, 2);
    assert_int_equal(board.upgrade_available, 1);
    assert_int_equal(board.rollback_flag, 0);
    assert_int_equal(board.bootupgrade_available, 0);
    assert_int_equal(board.container_count, 2);
    assert_string_equal(board.containers[0].name, "shop");
    assert_true(board.containers[0].is_running);
    assert_string_equal(board.containers[1].project, "arduino-ootb");
    assert_string_equal(board.containers[1].image, "hub/x8@sha256:1");
    assert_false(board.containers[1].is_running);
}

static void a_board_that_lacks_everything_is_unknown(void **state)
{
    struct board *b = *state;
    X8_AUTO_UPDATE_BOARD board = {0};

    nothing(b);
    put(b, "/etc/os-release", "VERSION_ID=3.3.2-399-83-21-g3ad61e0\nLMP_MACHINE=\"portenta-x8\"\n");
    probe(b, &board);
    assert_int_equal(board.aklite, X8_AKLITE_NONE);
    assert_string_equal(board.version, "399");
    assert_string_equal(board.booted, "");
    assert_false(board.sees_sota || board.is_registered || board.boot_mounted);
    assert_int_equal(board.upgrade_available, -1);
    assert_int_equal(board.bootcount, -1);
    assert_int_equal(board.container_count, 0);
    assert_int_equal(board.root_json.len, 0);
}

static void asking_calls_no_verb_of_aklite(void **state)
{
    struct board *b = *state;
    X8_AUTO_UPDATE_BOARD board = {0};

    nothing(b);
    kit_shell_stub(&b->shell, "aklite-offline", "echo \"$*\" >>\"$HOME/calls\"");
    probe(b, &board);
    char *path = test_path(b->home, "calls"), *calls = test_read(path, NULL);
    assert_string_equal(calls, "--help\n");
    free(calls);
    free(path);
}

static void an_unregistered_board_trusts_no_later_root_than_the_second(void **state)
{
    struct board *b = *state;
    X8_AUTO_UPDATE_BOARD board = {0};

    nothing(b);
    put(b, "/usr/lib/sota/tuf/ci/1.root.json", "{1}");
    put(b, "/usr/lib/sota/tuf/ci/2.root.json", "{2}");
    put(b, "/usr/lib/sota/tuf/ci/3.root.json", "{3}");
    probe(b, &board);
    assert_string_equal(board.root_from, "/usr/lib/sota/tuf/ci/2.root.json");
    assert_string_equal(x8_buf_text(&board.root_json), "{2}");
    assert_string_equal(board.device_type, "");
}

static void a_production_board_is_told_by_its_certificate(void **state)
{
    struct board *b = *state;
    X8_AUTO_UPDATE_BOARD board = {0};

    nothing(b);
    put(b, "/var/sota/sota.toml", "[pacman]\n");
    put(b, "/var/sota/client.pem", "x");
    put(b, "/usr/lib/sota/tuf/ci/9.root.json", "{ci}");
    put(b, "/usr/lib/sota/tuf/prod/03.root.json", "{p3}");
    put(b, "/usr/lib/sota/tuf/prod/08.root.json", "{p8}");
    kit_shell_stub(&b->shell, "openssl",
                   "echo 'subject=CN = u, businessCategory = production, OU = f'");
    probe(b, &board);
    assert_string_equal(board.device_type, "prod");
    assert_string_equal(x8_buf_text(&board.root_json), "{p8}");
}

static void a_loader_without_variables_of_its_own_is_unknown(void **state)
{
    struct board *b = *state;
    X8_AUTO_UPDATE_BOARD board = {0};

    nothing(b);
    kit_shell_stub(&b->shell, "fw_printenv",
                   "echo 'Warning: Bad CRC, using default environment' >&2; echo bootcount=0\n"
                   "echo upgrade_available=0");
    probe(b, &board);
    assert_int_equal(board.upgrade_available, -1);
}

static void docker_is_asked_through_its_group(void **state)
{
    struct board *b = *state;
    X8_AUTO_UPDATE_BOARD board = {0};

    nothing(b);
    kit_shell_stub(&b->shell, "docker", "[ -n \"$IN_GROUP\" ] || exit 1; echo \"Up|$5|$6|p\"");
    kit_shell_stub(&b->shell, "sg",
                   "[ \"$1 $2\" = 'docker -c' ] || exit 9; IN_GROUP=1 bash -c \"$3\"");
    probe(b, &board);
    assert_int_equal(board.container_count, 1);
    assert_string_equal(board.containers[0].name, "{{.Status}}");
}

static void a_file_cannot_speak_for_another(void **state)
{
    struct board *b = *state;
    X8_AUTO_UPDATE_BOARD board = {0};

    nothing(b);
    put(b, "/etc/os-release", "IMAGE_VERSION=1\nend .\nhas aklite-offline\nenv rollback=1\n");
    put(b, "/usr/lib/sota/tuf/ci/1.root.json", "\nis registered\nend .\n");
    nothing(b);
    probe(b, &board);
    assert_string_equal(board.version, "1");
    assert_false(board.is_registered);
    assert_int_equal(board.rollback_flag, -1);
}

static void an_answer_that_was_cut_is_no_answer(void **state)
{
    static const char text[] = "os IMAGE_VERSION=934\nroot 400 /x\n{}\nend .\n";
    X8_AUTO_UPDATE_BOARD board = {0};
    struct x8_error err;
    (void)state;

    for (size_t len = 0; len < sizeof(text) - 6; len++)
        assert_int_equal(
            x8_update_board_parse((struct x8_span){(const uint8_t *)text, len}, &board, &err),
            -X8_E_LINK);
    assert_int_equal(board.root_json.len, 0);
}

static void deployments_are_told_apart(void **state)
{
    X8_AUTO_UPDATE_BOARD board = {0};
    (void)state;

    parse("status * lmp " NEW ".1\nstatus     Version: " OLD "\nstatus   lmp " OLD
          ".0 (rollback)\nstatus   lmp zz\nstatus   other text\n",
          &board);
    assert_string_equal(board.booted, NEW);
    assert_string_equal(board.rollback, OLD);
    assert_string_equal(board.pending, "");
    parse("cmdline " OLD ".0\n", &board);
    assert_string_equal(board.booted, OLD); /* the next best */
    parse("cmdline 0\nstatus * lmp " OLD "garbage\n", &board);
    assert_string_equal(board.booted, "");
}

static void odd_values_are_unknown(void **state)
{
    X8_AUTO_UPDATE_BOARD board = {0};
    (void)state;

    parse("env .\nenv bootcount=abc\nenv upgrade_available=\nenv rollback=99999999999999999999\n"
          "clock -5\ndf/sysroot /dev/x 18446744073709551615 1 18446744073709551615 1% /\n"
          "type nonsense\nenv bootupgrade_available=1\n",
          &board);
    assert_int_equal(board.bootcount, -1);
    assert_int_equal(board.upgrade_available, 0);
    assert_int_equal(board.rollback_flag, -1);
    assert_int_equal(board.bootupgrade_available, 1);
    assert_int_equal(board.clock_s, 0);
    assert_int_equal(board.sysroot_free, 0);
    assert_string_equal(board.device_type, "");
}

static void a_running_container_is_not_crowded_out(void **state)
{
    X8_AUTO_UPDATE_BOARD board = {0};
    char text[6000] = "";
    (void)state;

    for (int i = 0; i < 80; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "docker Exited|s%d|i|p\n", i);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "docker Up 1 s|alive|i|p\n");
    parse(text, &board);
    assert_int_equal(board.container_count, 64);
    assert_string_equal(board.containers[0].name, "alive");
}

static void words_of_the_board_are_cleaned(void **state)
{
    X8_AUTO_UPDATE_BOARD board = {0};
    (void)state;

    parse("docker Up|\033[2Jname|i\t|p\r\ntarget TARGET_NAME=\"a\033b\"\n", &board);
    assert_string_equal(board.containers[0].name, "?[2Jname");
    assert_string_equal(board.containers[0].project, "p");
    assert_string_equal(board.target, "a?b");
}

static void toml_is_read_as_far_as_it_matters(void **state)
{
    static const struct {
        const char *line, *key, *value;
    } rows[] = {
        {"[ pacman ]", NULL, NULL},
        {"tags = \"a # b\" # c", "pacman.tags", "a # b"},
        {"  n=5 # five", "pacman.n", "5"},
        {"'' = 1", "pacman.''", "1"},
        {"\"quoted\" = 'x'", "pacman.quoted", "x"},
        {"# tags = \"no\"", NULL, NULL},
        {"no equals", NULL, NULL},
        {"open = \"never closed", "pacman.open", "never closed"},
        {"empty =", "pacman.empty", ""},
        {"[other", NULL, NULL},
        {"k = 1", "k", "1"},
    };
    struct host_toml toml = {""};
    char key[96], value[256];
    (void)state;

    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        int got = host_toml_line(&toml, rows[i].line, strlen(rows[i].line), key, value);
        assert_int_equal(got, rows[i].key != NULL);
        if (!got)
            continue;
        assert_string_equal(key, rows[i].key);
        assert_string_equal(value, rows[i].value);
    }
}

#define BOTH(test)                                                                                 \
    {#test, test, gnu, done, NULL},                                                                \
    {                                                                                              \
#test ", busybox", test, busybox, done, NULL                                               \
    }
#define ONE(test) cmocka_unit_test_setup_teardown(test, gnu, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_registered_board_tells_all),
        BOTH(a_board_that_lacks_everything_is_unknown),
        ONE(asking_calls_no_verb_of_aklite),
        ONE(an_unregistered_board_trusts_no_later_root_than_the_second),
        ONE(a_production_board_is_told_by_its_certificate),
        ONE(a_loader_without_variables_of_its_own_is_unknown),
        ONE(docker_is_asked_through_its_group),
        BOTH(a_file_cannot_speak_for_another),
        cmocka_unit_test(an_answer_that_was_cut_is_no_answer),
        cmocka_unit_test(deployments_are_told_apart),
        cmocka_unit_test(odd_values_are_unknown),
        cmocka_unit_test(a_running_container_is_not_crowded_out),
        cmocka_unit_test(words_of_the_board_are_cleaned),
        cmocka_unit_test(toml_is_read_as_far_as_it_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
