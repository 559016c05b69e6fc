/*
 * Commands: the terminal's habits, what a close does, and services that only speak.
 */
#include "kit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void same_run(const char *words, const char *service, const char *want)
{
    struct rig r;
    rig_connect(&r, words);
    char *text = rig_run(&r, service);
    assert_string_equal(text, want);
    free(text);
    rig_end(&r);
}

static void a_shell_has_a_terminal_and_no_status(void **state)
{
    (void)state;
    same_run("", "shell:tty >/dev/null && echo out; echo err >&2; exit 3", "out\r\nerr\r\n");
    same_run("", "shell:false", "");
}

static void the_environment_is_the_daemons(void **state)
{
    (void)state;
    same_run(
        "cwd=/usr", "shell:stty -opost; echo ${HOME-none} $TERM $PATH; umask; pwd",
        "none dumb /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n0000\n/usr\n");
}

static void input_is_echoed_until_it_is_switched_off(void **state)
{
    (void)state;
    struct rig r;
    char text[32] = "";
    rig_connect(&r, "");
    rig_open(&r, "shell:echo ready; read x; echo got $x");
    rig_read(&r, text, 7);
    rig_write(&r, "abc\n", 4);
    rig_read(&r, text, 14);
    assert_memory_equal(text, "abc\r\ngot abc\r\n", 14);
    rig_expect(&r, AD_CLSE, r.id, 1);
    rig_end(&r);
}

static void write_and_read(struct rig *r, const uint8_t *out, uint8_t *in, size_t len)
{
    size_t sent = 0, got = 0;
    int owed = 0;
    struct answer a;
    while (got < len) {
        if (!owed && sent < len) {
            size_t n = len - sent < 4096 ? len - sent : 4096;
            rig_send(r, AD_WRTE, 1, r->id, out + sent, n);
            sent += n;
            owed = 1;
        }
        assert_int_equal(rig_next(r, &a), 1);
        if (a.command == AD_OKAY) {
            owed = 0;
            continue;
        }
        assert_string_equal(ad_command_word(a.command), "wrte");
        assert_true(got + a.len <= len);
        memcpy(in + got, a.data, a.len);
        got += a.len;
        rig_send(r, AD_OKAY, 1, r->id, NULL, 0);
    }
}

static void all_bytes_pass(const char *service, const char *first, const char *words)
{
    enum { LEN = 300001 };
    static uint8_t out[LEN], in[LEN];
    struct rig r;
    char ready[16];
    for (size_t i = 0; i < LEN; i++)
        out[i] = (uint8_t)(i ^ i >> 8);
    memset(in, 0, sizeof in);
    rig_connect(&r, words);
    rig_open(&r, service);
    rig_read(&r, ready, strlen(first));
    assert_memory_equal(ready, first, strlen(first));
    write_and_read(&r, out, in, LEN);
    assert_memory_equal(in, out, LEN);
    rig_end(&r);
}

static void a_raw_terminal_is_clean_both_ways(void **state)
{
    (void)state;
    all_bytes_pass("shell:stty raw -echo; echo GO; head -c 300001", "GO\n", "");
}

static void a_socket_is_clean_both_ways_also_in_small_pieces(void **state)
{
    (void)state;
    all_bytes_pass("exec:echo GO; cat", "GO\n", "noise=0");
    all_bytes_pass("exec:echo GO; cat", "GO\n", "noise=0 chop=777");
}

/* ---- closing ---- */

static char *wait_for_file(const char *path)
{
    for (int i = 0; i < 6000; i++) {
        FILE *file = fopen(path, "r");
        int c = file ? fgetc(file) : EOF;
        if (file)
            fclose(file);
        if (c != EOF)
            return test_read(path, NULL);
        poll(NULL, 0, 10);
    }
    fail_msg("%s was not written", path);
    return NULL;
}

static void close_while_running(const char *channel, const char *expected)
{
    struct rig r;
    char service[512], go[3];
    char *dir = test_dir_new(), *path = test_path(dir, "end"), *text;
    snprintf(service, sizeof service,
             "%strap 'echo hup >%s; exit' HUP; echo GO; cat >/dev/null; echo eof >%s", channel,
             path, path);
    rig_connect(&r, "noise=0");
    rig_open(&r, service);
    rig_read(&r, go, 2);
    rig_send(&r, AD_CLSE, 1, r.id, NULL, 0);
    text = wait_for_file(path);
    assert_string_equal(text, expected);
    free(text);
    rig_end(&r);
    free(path);
    test_dir_free(dir);
}

static void a_closed_terminal_hangs_up(void **state)
{
    (void)state;
    close_while_running("shell:", "hup\n");
}

static void a_closed_socket_is_only_an_end_of_input(void **state)
{
    (void)state;
    close_while_running("exec:", "eof\n");
}

static void a_lost_link_hangs_up_too(void **state)
{
    (void)state;
    struct rig r;
    char service[512], go[3];
    char *dir = test_dir_new(), *path = test_path(dir, "end"), *text;
    snprintf(service, sizeof service, "shell:trap 'echo hup >%s; exit' HUP; echo GO; cat", path);
    rig_connect(&r, "");
    rig_open(&r, service);
    rig_read(&r, go, 2);
    assert_int_equal(rig_end(&r), AD_GONE);
    text = wait_for_file(path);
    assert_string_equal(text, "hup\n");
    free(text);
    free(path);
    test_dir_free(dir);
}

static void a_shell_ends_when_bash_ends_whoever_has_the_terminal(void **state)
{
    (void)state;
    same_run("", "shell:sleep 60 & echo done", "done\r\n");
}

static void the_close_follows_the_last_bytes_at_once(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "");
    rig_open(&r, "root:");
    struct answer a = rig_expect(&r, AD_WRTE, r.id, 1);
    assert_memory_equal(a.data, "adbd cannot run as root in production builds\n", a.len);
    rig_expect(&r, AD_CLSE, r.id, 1); /* without our OKAY */
    rig_end(&r);
}

static void an_okay_comes_when_the_process_took_the_bytes(void **state)
{
    (void)state;
    struct rig r;
    static char data[4096];
    struct answer a;
    rig_connect(&r, "noise=0");
    int64_t began = ad_now_us();
    rig_open(&r, "exec:sleep 1; wc -c");
    for (size_t sent = 0; sent < 2u << 20; sent += sizeof data) {
        rig_send(&r, AD_WRTE, 1, r.id, data, sizeof data);
        assert_int_equal(rig_next(&r, &a), 1);
        assert_string_equal(ad_command_word(a.command), "okay");
    }
    assert_true(ad_now_us() - began > 700000); /* more than a socket holds: it waited */
    rig_send(&r, AD_CLSE, 1, r.id, NULL, 0);
    rig_expect(&r, AD_CLSE, r.id, 1);
    rig_end(&r);
}

/* ---- the noise of exec: ---- */

#define QUERY "\0337\033[r\033[999;999H\033[6n"

static void the_noise_eats_input_for_three_seconds(void **state)
{
    (void)state;
    struct rig r;
    char text[64] = "";
    rig_connect(&r, "noise=1");
    rig_open(&r, "exec:head -c 3");
    rig_read(&r, text, sizeof QUERY - 1);
    assert_memory_equal(text, QUERY, sizeof QUERY - 1);
    int64_t began = ad_now_us();
    rig_write(&r, "lost", 4);
    rig_expect_silence(&r);
    while (ad_now_us() - began < 3100000)
        poll(NULL, 0, 50);
    rig_write(&r, "abc", 3);
    rig_read(&r, text, 3);
    assert_memory_equal(text, "abc", 3);
    rig_end(&r);
}

static void an_answer_ends_the_noise_and_leaves_its_traces(void **state)
{
    (void)state;
    struct rig r;
    char text[128] = "";
    const char *after = "\0338COLUMNS=80;LINES=24;export COLUMNS LINES;\nhi\n";
    rig_connect(&r, "noise=1");
    rig_open(&r, "exec:echo hi");
    rig_read(&r, text, sizeof QUERY - 1);
    rig_write(&r, "\033[24", 4);
    rig_send(&r, AD_WRTE, 1, r.id, ";80R", 4);
    struct answer a;
    size_t len = 0;
    while (assert_int_equal(rig_next(&r, &a), 1), a.command != AD_CLSE) {
        if (a.command != AD_WRTE)
            continue;
        memcpy(text + len, a.data, a.len);
        len += a.len;
        rig_send(&r, AD_OKAY, 1, r.id, NULL, 0);
    }
    assert_int_equal(len, strlen(after));
    assert_memory_equal(text, after, len);
    rig_end(&r);
}

/* ---- services that only speak ---- */

static void root_and_remount_say_the_boards_words(void **state)
{
    (void)state;
    same_run("", "root:", "adbd cannot run as root in production builds\n");
    same_run("", "remount:", "remount of system failed: Success\nremount failed\n");
}

static void reboot_hangs(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "");
    rig_open(&r, "reboot:bootloader");
    rig_write(&r, "anything", 8);
    rig_expect_silence(&r);
    assert_int_equal(rig_end(&r), AD_GONE);
}

static void tcpip_and_usb_say_something_and_end_the_daemon(void **state)
{
    (void)state;
    const struct {
        const char *service, *text;
    } rows[] = {{"tcpip:5555", "restarting in TCP mode port: 5555\n"},
                {"usb:", "restarting in USB mode\n"}};
    for (size_t i = 0; i < 2; i++) {
        struct rig r;
        rig_connect(&r, "");
        char *text = rig_run(&r, rows[i].service);
        assert_string_equal(text, rows[i].text);
        free(text);
        rig_expect_end(&r);
        assert_int_equal(r.ad->exit_status, 1);
        assert_int_equal(rig_end(&r), AD_DIED);
    }
}

static void a_stop_ends_the_link(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "");
    assert_int_equal(write(r.stop[1], "x", 1), 1);
    rig_expect_end(&r);
    assert_int_equal(rig_end(&r), AD_STOPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shell_has_a_terminal_and_no_status),
        cmocka_unit_test(the_environment_is_the_daemons),
        cmocka_unit_test(input_is_echoed_until_it_is_switched_off),
        cmocka_unit_test(a_raw_terminal_is_clean_both_ways),
        cmocka_unit_test(a_socket_is_clean_both_ways_also_in_small_pieces),
        cmocka_unit_test(a_closed_terminal_hangs_up),
        cmocka_unit_test(a_closed_socket_is_only_an_end_of_input),
        cmocka_unit_test(a_lost_link_hangs_up_too),
        cmocka_unit_test(a_shell_ends_when_bash_ends_whoever_has_the_terminal),
        cmocka_unit_test(the_close_follows_the_last_bytes_at_once),
        cmocka_unit_test(an_okay_comes_when_the_process_took_the_bytes),
        cmocka_unit_test(the_noise_eats_input_for_three_seconds),
        cmocka_unit_test(an_answer_ends_the_noise_and_leaves_its_traces),
        cmocka_unit_test(root_and_remount_say_the_boards_words),
        cmocka_unit_test(reboot_hangs),
        cmocka_unit_test(tcpip_and_usb_say_something_and_end_the_daemon),
        cmocka_unit_test(a_stop_ends_the_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
