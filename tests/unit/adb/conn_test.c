/*
 * Connections to the double of the board's daemon: streams, many of them, and bytes both ways.
 */
#include "kit_peer.h"

#include "adb/conn.h"
#include "util/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void the_boards_daemon_is_taken_as_it_is(void **state)
{
    struct peer peer;
    struct x8_adb *adb;

    (void)state;
    peer_board(&peer, NULL);
    adb = peer_connect(&peer);
    assert_int_equal(x8_adb_banner(adb)->version, 0x01000000);
    assert_int_equal(x8_adb_banner(adb)->max_data, 4096);
    assert_string_equal(x8_adb_banner(adb)->features, "");
    assert_int_equal(x8_adb_service_max(adb), 4095);
    assert_false(x8_adb_has(adb, "shell_v2"));
    x8_adb_close(&adb);
    assert_null(adb);
    peer_end(&peer);
}

static void a_newer_daemon_gives_large_packets_and_features(void **state)
{
    struct peer peer;
    struct x8_adb *adb;
    char *text;

    (void)state;
    peer_board(&peer, "persona=new");
    adb = peer_connect(&peer);
    assert_int_equal(x8_adb_banner(adb)->version, 0x01000001);
    assert_int_equal(x8_adb_banner(adb)->max_data, 1 << 20);
    assert_true(x8_adb_has(adb, "shell_v2"));
    text = peer_run(adb, "exec:echo hello");
    assert_string_equal(text, "hello\n");
    free(text);
    x8_adb_close(&adb);
    peer_end(&peer);
}

static void a_command_says_something_and_ends(void **state)
{
    struct peer peer;
    struct x8_adb *adb;
    char *text;

    (void)state;
    peer_board(&peer, NULL);
    adb = peer_connect(&peer);
    text = peer_run(adb, "shell:echo one; echo two");
    assert_string_equal(text, "one\r\ntwo\r\n");
    free(text);
    x8_adb_close(&adb);
    peer_end(&peer);
}

static void a_service_that_is_not_there_is_refused(void **state)
{
    struct x8_adb_stream *stream = NULL;
    struct x8_error err;
    struct peer peer;
    struct x8_adb *adb;
    char *text;

    (void)state;
    peer_board(&peer, NULL);
    adb = peer_connect(&peer);
    assert_int_equal(x8_adb_open(adb, &peer_op, "nonsense:", 5000, &stream, &err), -X8_E_REFUSED);
    assert_non_null(strstr(err.msg, "nonsense:"));
    assert_null(stream);
    text = peer_run(adb, "exec:echo still here");
    assert_string_equal(text, "still here\n");
    free(text);
    x8_adb_close(&adb);
    peer_end(&peer);
}

static void the_longest_service_fits_and_a_longer_one_is_not_sent(void **state)
{
    struct x8_adb_stream *stream = NULL;
    char service[4200] = "exec:echo ";
    struct x8_error err;
    struct peer peer;
    struct x8_adb *adb;
    char *text;

    (void)state;
    peer_board(&peer, NULL);
    adb = peer_connect(&peer);
    memset(service + 10, 'x', sizeof service - 10);
    service[4096] = '\0';
    assert_int_equal(x8_adb_open(adb, &peer_op, service, 5000, &stream, &err), -X8_E_INTERNAL);
    service[4095] = '\0';
    text = peer_run(adb, service);
    assert_int_equal(strlen(text), 4095 - 10 + 1);
    free(text);
    x8_adb_close(&adb);
    peer_end(&peer);
}

/* --- bytes both ways --- */

struct flow {
    struct x8_adb *adb;
    struct x8_adb_stream *stream;
    uint8_t seed;
    size_t len;
    int ok;
};

static uint8_t byte_at(const struct flow *flow, size_t i)
{
    return (uint8_t)(i * 7 + i / 256 + flow->seed);
}

static void *write_flow(void *arg)
{
    struct flow *flow = arg;
    uint8_t block[10000];
    struct x8_error err;

    for (size_t at = 0; at < flow->len;) {
        size_t n = flow->len - at < sizeof block ? flow->len - at : sizeof block;

        for (size_t i = 0; i < n; i++)
            block[i] = byte_at(flow, at + i);
        if (x8_adb_write(flow->stream, &peer_op, block, n, 20000, &err) < 0)
            return NULL;
        at += n;
    }
    return NULL;
}

/* What is written comes back: `flow` is right when every byte did. */
static void *echo_flow(void *arg)
{
    struct flow *flow = arg;
    char service[64];
    uint8_t block[7000];
    struct x8_error err;
    pthread_t writer;
    size_t at = 0;
    ssize_t n;

    snprintf(service, sizeof service, "exec:head -c %zu", flow->len);
    if (x8_adb_open(flow->adb, &peer_op, service, 10000, &flow->stream, &err) < 0)
        return NULL;
    pthread_create(&writer, NULL, write_flow, flow);
    flow->ok = 1;
    while ((n = x8_adb_read(flow->stream, &peer_op, block, sizeof block, 20000, &err)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            flow->ok = flow->ok && block[i] == byte_at(flow, at + (size_t)i);
        at += (size_t)n;
    }
    flow->ok = flow->ok && n == 0 && at == flow->len;
    pthread_join(writer, NULL);
    x8_adb_stream_close(&flow->stream);
    return NULL;
}

static void echo_many(const char *words, int is_usb, size_t count, size_t len)
{
    struct flow flows[8] = {0};
    pthread_t threads[8];
    struct x8_error err = {0};
    struct peer peer;
    struct x8_adb *adb = NULL;

    peer_board(&peer, words);
    if (x8_adb_over_link(&peer_op, is_usb ? peer_usb(&peer) : peer_tcp(&peer), NULL, &adb, &err) <
        0)
        fail_msg("%s: %s", err.msg, err.why);
    for (size_t i = 0; i < count; i++) {
        flows[i] = (struct flow){.adb = adb, .seed = (uint8_t)(i * 31), .len = len + i};
        pthread_create(&threads[i], NULL, echo_flow, &flows[i]);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < count; i++)
        assert_true(flows[i].ok);
    x8_adb_close(&adb);
    peer_end(&peer);
}

static void every_byte_comes_back_from_four_streams_at_once(void **state)
{
    (void)state;
    echo_many(NULL, 0, 4, 700000);
}

static void over_usb_headers_and_payloads_are_transfers_of_their_own(void **state)
{
    (void)state;
    echo_many(NULL, 1, 4, 300000);
}

static void every_byte_comes_back_in_large_packets_without_sums(void **state)
{
    (void)state;
    echo_many("persona=new", 0, 4, 3000000);
    echo_many("persona=new", 1, 2, 1000000);
}

static void every_byte_comes_back_in_small_pieces(void **state)
{
    (void)state;
    echo_many("chop=13", 0, 2, 30000);
    echo_many("maxdata=512", 0, 2, 100000);
}

/* --- many streams --- */

static void a_hundred_streams_one_after_the_other(void **state)
{
    struct peer peer;
    struct x8_adb *adb;

    (void)state;
    peer_board(&peer, NULL);
    adb = peer_connect(&peer);
    for (int i = 0; i < 100; i++) {
        struct x8_adb_stream *stream = peer_open(adb, "sync:");
        struct x8_error err;

        assert_int_equal(x8_adb_write(stream, &peer_op, "QUIT\0\0\0", 8, 60000, &err), 0);
        x8_adb_stream_close(&stream);
    }
    x8_adb_close(&adb);
    peer_end(&peer);
}

static void a_hundred_streams_at_the_same_time(void **state)
{
    struct x8_adb_stream *streams[100];
    struct peer peer;
    struct x8_adb *adb;

    (void)state;
    peer_board(&peer, NULL);
    adb = peer_connect(&peer);
    for (int i = 0; i < 100; i++)
        streams[i] = peer_open(adb, "sync:");
    for (int i = 0; i < 100; i++) {
        uint8_t answer[16];
        struct x8_error err;
        ssize_t n;

        assert_int_equal(x8_adb_write(streams[i], &peer_op, "STAT\x01\0\0\0/", 9, 60000, &err), 0);
        n = x8_adb_read(streams[i], &peer_op, answer, sizeof answer, 60000, &err);
        assert_int_equal(n, 16);
        assert_memory_equal(answer, "STAT", 4);
    }
    for (int i = 0; i < 100; i++)
        x8_adb_stream_close(&streams[i]);
    x8_adb_close(&adb);
    peer_end(&peer);
}

static void a_stream_that_nobody_reads_holds_up_no_other(void **state)
{
    struct x8_adb_stream *slow;
    struct peer peer;
    struct x8_adb *adb;
    size_t len;
    char *text;

    (void)state;
    peer_board(&peer, NULL);
    adb = peer_connect(&peer);
    slow = peer_open(adb, "shell:stty raw; head -c 2000000 /dev/zero");
    for (int i = 0; i < 20; i++) {
        text = peer_run(adb, "shell:stty raw; head -c 100000 /dev/zero | tr '\\0' x | tail -c 3");
        assert_string_equal(text, "xxx");
        free(text);
    }
    text = peer_all(slow, &len);
    assert_int_equal(len, 2000000);
    free(text);
    x8_adb_stream_close(&slow);
    x8_adb_close(&adb);
    peer_end(&peer);
}

static void what_came_before_the_end_is_read_before_the_end(void **state)
{
    char bytes[3];
    struct x8_adb_stream *stream;
    struct x8_error err;
    struct peer peer;
    struct x8_adb *adb;
    char *text;

    (void)state;
    peer_board(&peer, NULL);
    adb = peer_connect(&peer);
    stream = peer_open(adb, "shell:printf abcdefg");
    text = peer_run(adb, "shell:sleep 0.2");
    free(text);
    assert_int_equal(x8_adb_read(stream, &peer_op, bytes, 3, 60000, &err), 3);
    assert_memory_equal(bytes, "abc", 3);
    text = peer_all(stream, NULL);
    assert_string_equal(text, "defg");
    free(text);
    assert_int_equal(x8_adb_read(stream, &peer_op, bytes, 3, 60000, &err), 0);
    assert_int_equal(x8_adb_write(stream, &peer_op, "x", 1, 60000, &err), -X8_E_GONE);
    x8_adb_stream_close(&stream);
    x8_adb_close(&adb);
    peer_end(&peer);
}

static void a_stream_that_is_open_may_be_closed_with_no_id(void **state)
{
    struct peer peer;
    struct x8_adb *adb;
    char *text;

    (void)state;
    peer_board(&peer, "clse=zero");
    adb = peer_connect(&peer);
    text = peer_run(adb, "exec:echo end");
    assert_string_equal(text, "end\n");
    free(text);
    x8_adb_close(&adb);
    peer_end(&peer);
}

/* Once it was sent: the password of a board's user passes here. */
static int is_kept(struct x8_adb *adb, const char *text)
{
    struct x8_adb_conn *conn = (struct x8_adb_conn *)adb;
    size_t len = strlen(text);
    int found = 0;

    pthread_mutex_lock(&conn->lock);
    while (conn->is_sending)
        pthread_cond_wait(&conn->gone, &conn->lock);
    for (size_t i = 0; i + len <= conn->tx_cap; i++)
        found |= memcmp(conn->tx + i, text, len) == 0;
    pthread_mutex_unlock(&conn->lock);
    return found;
}

static void listen_for(void *ctx, const struct x8_event *event)
{
    const char **heard = ctx;

    if (event->text && strstr(event->text, *heard))
        *heard = "heard";
}

static void what_was_sent_is_wiped_and_not_told(void **state)
{
    static const char secret[] = "correct horse battery staple";
    struct x8_adb_stream *stream;
    struct x8_adb *adb;
    struct peer peer;
    char back[sizeof secret];
    const char *heard = secret;
    struct x8_op op = {.deadline = X8_NO_DEADLINE, .emit = listen_for, .emit_ctx = &heard};

    (void)state;
    for (int is_usb = 0; is_usb < 2; is_usb++) {
        peer_board(&peer, NULL);
        assert_int_equal(x8_adb_over_link(&peer_op, is_usb ? peer_usb(&peer) : peer_tcp(&peer),
                                          NULL, &adb, NULL),
                         0);
        stream = peer_open(adb, "exec:cat");
        assert_int_equal(x8_adb_write(stream, &op, secret, sizeof secret, 60000, NULL), 0);
        assert_int_equal(x8_adb_read(stream, &peer_op, back, sizeof back, 60000, NULL),
                         sizeof back); /* so it did pass */
        assert_false(is_kept(adb, secret));
        assert_ptr_equal(heard, secret); /* nor is it told, whatever is asked for */
        x8_adb_stream_close(&stream);
        x8_adb_close(&adb);
        peer_end(&peer);
    }
}

static void closing_a_stream_early_leaves_the_others_alone(void **state)
{
    struct peer peer;
    struct x8_adb *adb;
    char *text;

    (void)state;
    peer_board(&peer, NULL);
    adb = peer_connect(&peer);
    for (int i = 0; i < 20; i++) {
        struct x8_adb_stream *stream = peer_open(adb, "shell:stty raw; cat /dev/zero");
        struct x8_error err;
        char byte;

        assert_int_equal(x8_adb_read(stream, &peer_op, &byte, 1, 60000, &err), 1);
        x8_adb_stream_close(&stream);
    }
    text = peer_run(adb, "exec:echo fine");
    assert_string_equal(text, "fine\n");
    free(text);
    x8_adb_close(&adb);
    peer_end(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_boards_daemon_is_taken_as_it_is),
        cmocka_unit_test(a_newer_daemon_gives_large_packets_and_features),
        cmocka_unit_test(a_command_says_something_and_ends),
        cmocka_unit_test(a_service_that_is_not_there_is_refused),
        cmocka_unit_test(the_longest_service_fits_and_a_longer_one_is_not_sent),
        cmocka_unit_test(every_byte_comes_back_from_four_streams_at_once),
        cmocka_unit_test(over_usb_headers_and_payloads_are_transfers_of_their_own),
        cmocka_unit_test(every_byte_comes_back_in_large_packets_without_sums),
        cmocka_unit_test(every_byte_comes_back_in_small_pieces),
        cmocka_unit_test(a_hundred_streams_one_after_the_other),
        cmocka_unit_test(a_hundred_streams_at_the_same_time),
        cmocka_unit_test(a_stream_that_nobody_reads_holds_up_no_other),
        cmocka_unit_test(what_came_before_the_end_is_read_before_the_end),
        cmocka_unit_test(a_stream_that_is_open_may_be_closed_with_no_id),
        cmocka_unit_test(what_was_sent_is_wiped_and_not_told),
        cmocka_unit_test(closing_a_stream_early_leaves_the_others_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
