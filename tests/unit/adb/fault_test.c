/*
 * Links that break, at any place.
 */
#include "kit_peer.h"

#include "adb/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct x8_op hurried = {.deadline = X8_NO_DEADLINE};
static int limit_ms = 60000; /* less where the limit itself is tried */

/* A session of everything: a command, an echo, a file. The first error, or 0. */
static int session(struct x8_adb *adb, const char *path, struct x8_error *err)
{
    static const char text[] = "some words for the board";
    struct x8_span bytes = {(const uint8_t *)text, sizeof text};
    struct x8_adb_stream *stream = NULL;
    struct x8_reader *reader = NULL;
    char answer[64];
    ssize_t n = x8_adb_open(adb, &hurried, "exec:head -c 6000", limit_ms, &stream, err);

    for (int i = 0; i < 250 && n >= 0; i++)
        n = x8_adb_write(stream, &hurried, text, 24, limit_ms, err);
    while (n >= 0 && (n = x8_adb_read(stream, &hurried, answer, sizeof answer, limit_ms, err)) > 0)
        ;
    x8_adb_stream_close(&stream);
    if (n < 0)
        return (int)n;
    assert_int_equal(x8_mem_reader(bytes, &reader, err), 0);
    n = (ssize_t)x8_adb_send_file(adb, &hurried, path, 0644, reader, err);
    x8_reader_close(&reader);
    return n < 0 ? (int)n : 0;
}

static int run(const char *words, const char *path, struct x8_error *err)
{
    struct x8_adb *adb = NULL;
    struct peer peer;
    int rc;

    peer_board(&peer, words);
    rc = x8_adb_over_link(&hurried, peer_tcp(&peer), NULL, &adb, err);
    if (rc == 0)
        rc = session(adb, path, err);
    x8_adb_close(&adb);
    peer_end(&peer);
    return rc;
}

static void a_link_cut_between_any_two_messages_is_gone_and_nothing_hangs(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "file");
    int gone = 0, good = 0;

    (void)state;
    for (int k = 1; k < 600 && good == 0; k++) {
        struct x8_error err = {0};
        char words[64];
        int rc;

        snprintf(words, sizeof words, "fault=at:msg,nth:%d,do:drop", k);
        rc = run(words, path, &err);
        good += rc == 0;
        gone += rc == -(int)X8_E_GONE;
        if (rc != 0)
            assert_int_equal(rc, -X8_E_GONE);
    }
    assert_true(gone > 10);
    assert_int_equal(good, 1);
    free(path);
    test_dir_free(dir);
}

static void a_link_cut_inside_a_message_is_gone(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "file");

    (void)state;
    for (int cut = 0; cut < 64; cut += 3) {
        struct x8_error err = {0};
        char words[64];

        snprintf(words, sizeof words, "fault=at:wrte,dir:out,do:drop,cut:%d", cut);
        assert_int_equal(run(words, path, &err), -X8_E_GONE);
    }
    free(path);
    test_dir_free(dir);
}

static void what_is_no_packet_ends_the_link_with_a_reason(void **state)
{
    static const char *const actions[] = {"badsum", "badmagic", "oversize", "garbage"};
    char *dir = test_dir_new(), *path = test_path(dir, "file");

    (void)state;
    for (size_t i = 0; i < X8_COUNT(actions); i++) {
        struct x8_error err = {0};
        char words[64];

        snprintf(words, sizeof words, "fault=at:wrte,dir:out,do:%s", actions[i]);
        assert_int_equal(run(words, path, &err), -X8_E_LINK);
        assert_string_not_equal(err.why, "");
        assert_string_not_equal(err.next, "");
    }
    free(path);
    test_dir_free(dir);
}

static void a_board_that_stops_talking_is_late(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "file");
    struct x8_error err = {0};

    (void)state;
    limit_ms = 1000;
    assert_int_equal(run("fault=at:open,do:stall", path, &err), -X8_E_TIMEOUT);
    assert_int_equal(run("fault=at:wrte,nth:3,do:stall", path, &err), -X8_E_TIMEOUT);
    limit_ms = 60000;
    free(path);
    test_dir_free(dir);
}

static void a_board_that_pauses_is_waited_for(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "file");
    struct x8_error err = {0};

    (void)state;
    assert_int_equal(run("fault=at:wrte,nth:2,do:stall,for:400", path, &err), 0);
    assert_int_equal(run("fault=at:okay,nth:2,do:delay,for:400", path, &err), 0);
    free(path);
    test_dir_free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_cut_between_any_two_messages_is_gone_and_nothing_hangs),
        cmocka_unit_test(a_link_cut_inside_a_message_is_gone),
        cmocka_unit_test(what_is_no_packet_ends_the_link_with_a_reason),
        cmocka_unit_test(a_board_that_stops_talking_is_late),
        cmocka_unit_test(a_board_that_pauses_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
