/*
 * How connections begin, and how they do not.
 */
#include "kit_peer.h"

#include "adb/key.h"
#include "adb/wire.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Connect to a script; what comes of it. */
static int greet(void (*script)(int fd, void *ctx), void *ctx, int is_usb, int64_t ms,
                 struct x8_error *err)
{
    struct x8_op op = {.deadline = x8_deadline_in(ms)};
    struct x8_adb *adb = NULL;
    struct peer peer;
    int rc;

    peer_script(&peer, script, ctx);
    rc = x8_adb_over_link(&op, is_usb ? peer_usb(&peer) : peer_tcp(&peer), NULL, &adb, err);
    assert_int_equal(rc == 0, adb != NULL);
    x8_adb_close(&adb);
    peer_end(&peer);
    return rc;
}

/* Read until the other side closes. */
static int count_greetings(int fd)
{
    static struct raw packet;
    int n = 0;

    while (raw_get(fd, &packet) == 0)
        n += packet.command == X8_ADB_CNXN;
    return n;
}

static void hear_greeting(int fd, void *ctx)
{
    struct raw *packet = ctx;

    raw_get(fd, packet);
    raw_banner(fd);
    count_greetings(fd);
}

static void we_offer_what_we_have_in_a_form_old_daemons_take(void **state)
{
    static struct raw packet;
    struct x8_error err;
    const char *text = (const char *)packet.payload;

    (void)state;
    assert_int_equal(greet(hear_greeting, &packet, 1, 60000, &err), 0);
    assert_int_equal(packet.command, X8_ADB_CNXN);
    assert_int_equal(packet.arg0, 0x01000001);
    assert_int_equal(packet.arg1, 1 << 20);
    assert_true(x8_starts(text, "host::features=shell_v2"));
    assert_int_equal(packet.len, strlen(text) + 1);
}

static void stay_silent(int fd, void *ctx)
{
    *(int *)ctx = count_greetings(fd);
}

static void a_silent_daemon_is_greeted_three_times_in_five_seconds(void **state)
{
    struct x8_error err;
    int64_t begin = x8_now_ms();
    int greetings = 0;

    (void)state;
    assert_int_equal(greet(stay_silent, &greetings, 0, 60000, &err), -X8_E_TIMEOUT);
    assert_int_equal(greetings, 3);
    assert_in_range(x8_now_ms() - begin, 4900, 30000);
    assert_non_null(strstr(err.why, "one client"));
}

static void over_usb_silence_asks_for_the_plug(void **state)
{
    struct x8_error err;
    int greetings = 0;

    (void)state;
    assert_int_equal(greet(stay_silent, &greetings, 1, 300, &err), -X8_E_TIMEOUT);
    assert_int_equal(greetings, 1);
    assert_non_null(strstr(err.next, "plug"));
}

static void answer_the_second(int fd, void *ctx)
{
    static struct raw packet;

    (void)ctx;
    raw_get(fd, &packet);
    raw_get(fd, &packet);
    raw_banner(fd);
    count_greetings(fd);
}

static void a_greeting_that_was_lost_is_said_again(void **state)
{
    struct x8_error err;
    int64_t begin = x8_now_ms();

    (void)state;
    assert_int_equal(greet(answer_the_second, NULL, 0, 60000, &err), 0);
    assert_in_range(x8_now_ms() - begin, 1400, 30000);
}

/* What an older session left: ends of payloads, whole packets, beginnings that lead nowhere. */
static void send_stale(int fd, void *ctx)
{
    static struct raw packet;
    static uint8_t old[5000];

    (void)ctx;
    memset(old, 'C', sizeof old);
    memcpy(old + 100, "CNXNCNXNAUTHCNX", 15);
    raw_get(fd, &packet);
    (void)!send(fd, old, sizeof old, MSG_NOSIGNAL);
    raw_put(fd, X8_ADB_WRTE, 5, 1, "old words", 9);
    raw_put(fd, X8_ADB_CLSE, 5, 1, "", 0);
    (void)!send(fd, "CNXNAU", 6, MSG_NOSIGNAL);
    raw_banner(fd);
    count_greetings(fd);
}

static void what_an_older_session_left_is_read_away(void **state)
{
    struct x8_error err;

    (void)state;
    assert_int_equal(greet(send_stale, NULL, 0, 60000, &err), 0);
}

static void two_banners(int fd, void *ctx)
{
    static struct raw packet;

    (void)ctx;
    raw_get(fd, &packet);
    raw_banner(fd);
    raw_banner(fd);
    if (raw_await(fd, X8_ADB_OPEN, &packet) != 0)
        return;
    raw_put(fd, X8_ADB_OKAY, 9, packet.arg0, "", 0);
    raw_put(fd, X8_ADB_WRTE, 9, packet.arg0, "ok", 2);
    raw_put(fd, X8_ADB_CLSE, 9, packet.arg0, "", 0);
    count_greetings(fd);
}

static void a_second_banner_changes_nothing(void **state)
{
    struct peer peer;
    struct x8_adb *adb;
    char *text;

    (void)state;
    peer_script(&peer, two_banners, NULL);
    adb = peer_connect(&peer);
    text = peer_run(adb, "exec:true");
    assert_string_equal(text, "ok");
    free(text);
    x8_adb_close(&adb);
    peer_end(&peer);
}

/* --- peers that are none --- */

static void say_bytes(int fd, void *ctx)
{
    (void)!send(fd, ctx, strlen(ctx), MSG_NOSIGNAL);
    count_greetings(fd);
}

static void something_else_on_the_port_is_told_from_silence(void **state)
{
    struct x8_error err;
    char ssh[] = "SSH-2.0-dropbear_2022.83\r\n";

    (void)state;
    assert_int_equal(greet(say_bytes, ssh, 0, 300, &err), -X8_E_TIMEOUT);
    assert_non_null(strstr(err.why, "26 bytes"));
    assert_non_null(strstr(err.next, "port"));
}

static void hang_up(int fd, void *ctx)
{
    (void)fd;
    (void)ctx;
}

static void a_peer_that_hangs_up_is_gone(void **state)
{
    struct x8_error err;

    (void)state;
    assert_int_equal(greet(hang_up, NULL, 0, 60000, &err), -X8_E_GONE);
}

struct words {
    uint32_t command, arg0, arg1;
    const char *text;
};

static void say_packet(int fd, void *ctx)
{
    const struct words *words = ctx;

    raw_put(fd, words->command, words->arg0, words->arg1, words->text, strlen(words->text));
    count_greetings(fd);
}

static void daemons_that_speak_otherwise_are_named(void **state)
{
    static const struct {
        struct words words;
        enum x8_code code;
    } rows[] = {
        {{X8_ADB_CNXN, 0x00000001, 4096, "device::"}, X8_E_LINK},
        {{X8_ADB_CNXN, 0x01000000, 0, "device::"}, X8_E_LINK},
        {{X8_ADB_STLS, 0x01000000, 0, ""}, X8_E_AUTH},
        {{X8_ADB_AUTH, 1, 0, "a token of 20 bytes."}, X8_E_AUTH},
        {{X8_ADB_AUTH, 1, 0, "a token of 19 byte."}, X8_E_LINK},
        {{X8_ADB_AUTH, 7, 0, "a token of 20 bytes."}, X8_E_LINK},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct words words = rows[i].words;
        struct x8_error err = {0};

        assert_int_equal(greet(say_packet, &words, 0, 60000, &err), -(int)rows[i].code);
        assert_string_not_equal(err.msg, "");
    }
}

static void a_damaged_banner_ends_the_link(void **state)
{
    struct x8_error err;
    struct x8_adb *adb = NULL;
    struct peer peer;

    (void)state;
    peer_board(&peer, "fault=at:cnxn,dir:out,do:badsum");
    assert_int_equal(x8_adb_over_link(&peer_op, peer_tcp(&peer), NULL, &adb, &err), -X8_E_LINK);
    peer_end(&peer);
}

/* --- who we are --- */

static int greet_with_key(const char *words, const char *key, int64_t ms, struct x8_error *err)
{
    struct x8_op op = {.deadline = x8_deadline_in(ms)};
    struct x8_adb *adb = NULL;
    struct peer peer;
    int rc;

    peer_board(&peer, words);
    rc = x8_adb_over_link(&op, peer_tcp(&peer), key, &adb, err);
    x8_adb_close(&adb);
    peer_end(&peer);
    return rc;
}

static void a_key_that_the_board_knows_opens_it(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "adbkey"),
         *pub = test_path(dir, "adbkey.pub");
    struct x8_adb_key *key = NULL;
    struct x8_error err = {0};
    char words[512];

    (void)state;
    assert_int_equal(x8_adb_key_open(path, &key, &err), 0);
    x8_adb_key_close(&key);
    snprintf(words, sizeof words, "auth=ask keys=%s", pub);
    assert_int_equal(greet_with_key(words, path, 10000, &err), 0);
    free(pub);
    free(path);
    test_dir_free(dir);
}

static void a_key_that_nobody_agrees_to_is_an_error_of_its_own(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "adbkey"), *known;
    struct x8_error err = {0};
    char words[512];

    (void)state;
    known = test_file(dir, "known", "", 0);
    snprintf(words, sizeof words, "auth=ask keys=%s", known);
    assert_int_equal(greet_with_key(words, path, 4000, &err), -X8_E_AUTH);
    assert_non_null(strstr(err.msg, "does not accept"));
    assert_int_equal(greet_with_key(words, NULL, 1500, &err), -X8_E_AUTH);
    assert_non_null(strstr(err.msg, "wants an adb key"));
    free(known);
    free(path);
    test_dir_free(dir);
}

/* --- stopping --- */

static void *stop_hard(void *ctx)
{
    struct x8_cancel *cancel = ctx;

    x8_cancel_sleep(NULL, x8_deadline_in(100), X8_CANCEL_HARD, NULL);
    x8_cancel_raise(cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    return NULL;
}

static void a_stop_ends_the_wait_for_a_greeting(void **state)
{
    struct x8_cancel cancel;
    struct x8_op op = {.deadline = X8_NO_DEADLINE, .cancel = &cancel};
    struct x8_adb *adb = NULL;
    int64_t begin = x8_now_ms();
    struct x8_error err;
    struct peer peer;
    pthread_t thread;

    (void)state;
    x8_cancel_init(&cancel);
    peer_board(&peer, "silent=1");
    pthread_create(&thread, NULL, stop_hard, &cancel);
    assert_int_equal(x8_adb_over_link(&op, peer_tcp(&peer), NULL, &adb, &err), -X8_E_STOPPED);
    assert_in_range(x8_now_ms() - begin, 99, 60000);
    pthread_join(thread, NULL);
    peer_end(&peer);
    x8_cancel_done(&cancel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(we_offer_what_we_have_in_a_form_old_daemons_take),
        cmocka_unit_test(a_silent_daemon_is_greeted_three_times_in_five_seconds),
        cmocka_unit_test(over_usb_silence_asks_for_the_plug),
        cmocka_unit_test(a_greeting_that_was_lost_is_said_again),
        cmocka_unit_test(what_an_older_session_left_is_read_away),
        cmocka_unit_test(a_second_banner_changes_nothing),
        cmocka_unit_test(something_else_on_the_port_is_told_from_silence),
        cmocka_unit_test(a_peer_that_hangs_up_is_gone),
        cmocka_unit_test(daemons_that_speak_otherwise_are_named),
        cmocka_unit_test(a_damaged_banner_ends_the_link),
        cmocka_unit_test(a_key_that_the_board_knows_opens_it),
        cmocka_unit_test(a_key_that_nobody_agrees_to_is_an_error_of_its_own),
        cmocka_unit_test(a_stop_ends_the_wait_for_a_greeting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
