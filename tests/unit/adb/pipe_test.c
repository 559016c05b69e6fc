/*
 * Streams with a daemon that plays by the rules in odd ways, or not at all.
 */
#include "kit_peer.h"

#include "adb/wire.h"

#include <poll.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* What the script saw, for the test. */
struct seen {
    int okays, closes, writes;
    uint32_t closed_local, closed_remote;
    sem_t go;    /* the test lets the script go on */
    sem_t heard; /* the script heard a CLSE, or is where the test waits for it */
};

/* A minute, which only a hang lasts. */
static void await_sem(sem_t *sem)
{
    struct timespec limit;

    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 60;
    assert_int_equal(sem_timedwait(sem, &limit), 0);
}

static void drain(int fd, struct seen *seen)
{
    static struct raw packet;

    while (raw_get(fd, &packet) == 0) {
        seen->okays += packet.command == X8_ADB_OKAY;
        seen->writes += packet.command == X8_ADB_WRTE;
        if (packet.command == X8_ADB_CLSE) {
            seen->closes++;
            seen->closed_local = packet.arg0;
            seen->closed_remote = packet.arg1;
            sem_post(&seen->heard);
        }
    }
}

/* Greet, and take an OPEN. Its id, or 0. */
static uint32_t take_open(int fd)
{
    static struct raw packet;

    raw_await(fd, X8_ADB_CNXN, &packet);
    raw_banner(fd);
    return raw_await(fd, X8_ADB_OPEN, &packet) == 0 ? packet.arg0 : 0;
}

static uint32_t take_stream(int fd)
{
    uint32_t id = take_open(fd);

    raw_put(fd, X8_ADB_OKAY, 9, id, "", 0);
    return id;
}

struct fixture {
    struct peer peer;
    struct x8_adb *adb;
    struct seen seen;
    struct x8_cancel cancel;
    struct x8_op op;
};

static void begin(struct fixture *f, void (*script)(int fd, void *ctx))
{
    memset(f, 0, sizeof *f);
    x8_cancel_init(&f->cancel);
    sem_init(&f->seen.go, 0, 0);
    sem_init(&f->seen.heard, 0, 0);
    f->op = (struct x8_op){.deadline = X8_NO_DEADLINE, .cancel = &f->cancel};
    peer_script(&f->peer, script, &f->seen);
    f->adb = peer_connect(&f->peer);
}

static void end(struct fixture *f)
{
    x8_adb_close(&f->adb);
    peer_end(&f->peer);
    sem_destroy(&f->seen.go);
    sem_destroy(&f->seen.heard);
    x8_cancel_done(&f->cancel);
}

/* --- opening --- */

static void open_late(int fd, void *ctx)
{
    struct seen *seen = ctx;
    uint32_t id = take_open(fd);

    await_sem(&seen->go);
    raw_put(fd, X8_ADB_OKAY, 9, id, "", 0);
    raw_put(fd, X8_ADB_WRTE, 9, id, "late", 4);
    drain(fd, ctx);
}

static void a_stream_that_opens_too_late_is_closed_again(void **state)
{
    struct x8_adb_stream *stream = NULL;
    struct x8_error err;
    struct fixture f;

    (void)state;
    begin(&f, open_late);
    assert_int_equal(x8_adb_open(f.adb, &f.op, "exec:x", 100, &stream, &err), -X8_E_TIMEOUT);
    assert_null(stream);
    sem_post(&f.seen.go);
    await_sem(&f.seen.heard);
    end(&f);
    assert_int_equal(f.seen.closes, 1);
    assert_int_equal(f.seen.closed_remote, 9);
    assert_int_equal(f.seen.okays, 0);
}

static void refuse_late(int fd, void *ctx)
{
    static struct raw packet;
    struct seen *seen = ctx;
    uint32_t id = take_open(fd);

    await_sem(&seen->go);
    raw_put(fd, X8_ADB_CLSE, 0, id, "", 0);
    raw_put(fd, X8_ADB_CLSE, 0, id, "", 0);
    /* Answers to these would come before what is asked next. */
    while (raw_get(fd, &packet) == 0 && packet.command != X8_ADB_OPEN)
        seen->closes += packet.command == X8_ADB_CLSE;
    raw_put(fd, X8_ADB_CLSE, 0, packet.arg0, "", 0);
    drain(fd, ctx);
}

static void a_late_refusal_needs_no_answer(void **state)
{
    struct x8_adb_stream *stream = NULL;
    struct x8_error err;
    struct fixture f;

    (void)state;
    begin(&f, refuse_late);
    assert_int_equal(x8_adb_open(f.adb, &f.op, "exec:x", 50, &stream, &err), -X8_E_TIMEOUT);
    sem_post(&f.seen.go);
    assert_int_equal(x8_adb_open(f.adb, &f.op, "exec:y", 60000, &stream, &err), -X8_E_REFUSED);
    end(&f);
    assert_int_equal(f.seen.closes, 0);
}

static void say_nothing(int fd, void *ctx)
{
    take_open(fd);
    drain(fd, ctx);
}

static void an_opening_that_never_ends_leaves_nothing_behind(void **state)
{
    struct x8_adb_stream *stream = NULL;
    struct x8_error err;
    struct fixture f;

    (void)state;
    begin(&f, say_nothing);
    for (int i = 0; i < 3; i++)
        assert_int_equal(x8_adb_open(f.adb, &f.op, "exec:x", 20, &stream, &err), -X8_E_TIMEOUT);
    end(&f);
}

static void old_numbers(int fd, void *ctx)
{
    uint32_t id = take_open(fd);

    raw_put(fd, X8_ADB_CLSE, 77, id, "", 0); /* of an older session: a refusal says 0 */
    raw_put(fd, X8_ADB_OKAY, 9, id, "", 0);
    raw_put(fd, X8_ADB_WRTE, 8, id, "wrong", 5);
    raw_put(fd, X8_ADB_WRTE, 9, id + 1, "wrong", 5);
    raw_put(fd, X8_ADB_OKAY, 8, id, "", 0);
    raw_put(fd, X8_ADB_CLSE, 8, id, "", 0);
    raw_put(fd, 0x12345678, 9, id, "unknown", 7);
    raw_put(fd, X8_ADB_WRTE, 9, id, "", 0);
    raw_put(fd, X8_ADB_WRTE, 9, id, "right", 5);
    raw_put(fd, X8_ADB_CLSE, 9, id, "", 0);
    drain(fd, ctx);
}

static void packets_of_no_stream_of_ours_are_left_alone(void **state)
{
    struct fixture f;
    char *text;

    (void)state;
    begin(&f, old_numbers);
    text = peer_run(f.adb, "exec:x");
    assert_string_equal(text, "right");
    free(text);
    end(&f);
    assert_int_equal(f.seen.okays, 2);
    assert_int_equal(f.seen.closes, 0);
}

/* --- ending --- */

static void close_both(int fd, void *ctx)
{
    static struct raw packet;
    uint32_t id = take_stream(fd);

    raw_await(fd, X8_ADB_CLSE, &packet);
    /* What crossed our CLSE on its way. */
    raw_put(fd, X8_ADB_WRTE, 9, id, "crossing", 8);
    raw_put(fd, X8_ADB_CLSE, 9, id, "", 0);
    raw_put(fd, X8_ADB_OKAY, 9, id, "", 0);
    id = raw_await(fd, X8_ADB_OPEN, &packet) == 0 ? packet.arg0 : 0;
    raw_put(fd, X8_ADB_OKAY, 10, id, "", 0);
    raw_put(fd, X8_ADB_CLSE, 10, id, "", 0);
    drain(fd, ctx);
}

static void closes_that_cross_do_no_harm(void **state)
{
    struct x8_adb_stream *stream;
    struct fixture f;
    char *text;

    (void)state;
    begin(&f, close_both);
    stream = peer_open(f.adb, "exec:x");
    x8_adb_stream_close(&stream);
    text = peer_run(f.adb, "exec:y");
    assert_string_equal(text, "");
    free(text);
    end(&f);
    assert_int_equal(f.seen.okays, 0);
}

static void flood(int fd, void *ctx)
{
    static const char block[4096];
    static struct raw packet;
    struct seen *seen = ctx;
    uint32_t id = take_stream(fd);

    for (int i = 0; i < 63; i++) {
        raw_put(fd, X8_ADB_WRTE, 9, id, block, sizeof block);
        seen->okays += raw_await(fd, X8_ADB_OKAY, &packet) == 0;
    }
    /* Nobody read: from here on one more is taken, but not acknowledged. */
    raw_put(fd, X8_ADB_WRTE, 9, id, block, sizeof block);
    raw_put(fd, X8_ADB_WRTE, 9, id, block, sizeof block);
    drain(fd, ctx);
}

static void a_daemon_that_does_not_wait_for_its_turn_loses_the_link(void **state)
{
    struct x8_adb_stream *stream;
    struct x8_error err;
    struct fixture f;
    char *all = malloc(1 << 20);
    ssize_t n;
    size_t len = 0;

    (void)state;
    begin(&f, flood);
    stream = peer_open(f.adb, "exec:x");
    assert_int_equal(x8_adb_wait_gone(f.adb, &f.op, x8_deadline_in(60000), &err), 1);
    /* What came in order can still be read. */
    while ((n = x8_adb_read(stream, &f.op, all, 1 << 20, 60000, &err)) > 0)
        len += (size_t)n;
    assert_int_equal(n, -X8_E_LINK);
    assert_non_null(strstr(err.msg, "rule"));
    assert_string_not_equal(err.next, "");
    assert_int_equal(len, 64 * 4096);
    assert_int_equal(x8_adb_write(stream, &f.op, "x", 1, 60000, &err), -X8_E_LINK);
    x8_adb_stream_close(&stream);
    assert_int_equal(x8_adb_open(f.adb, &f.op, "exec:x", 5000, &stream, &err), -X8_E_LINK);
    end(&f);
    assert_int_equal(f.seen.okays, 63);
    free(all);
}

/* Read nothing but send: what is due for an answer stays with the other side. */
static void talk_and_not_listen(int fd, void *ctx)
{
    static struct raw packet;
    uint8_t header[X8_ADB_HEADER];
    uint32_t id;

    (void)ctx;
    raw_await(fd, X8_ADB_CNXN, &packet);
    raw_put(fd, X8_ADB_CNXN, 0x01000001, 1 << 20, "device::", 9);
    raw_await(fd, X8_ADB_OPEN, &packet);
    id = packet.arg0;
    raw_put(fd, X8_ADB_OKAY, 9, id, "", 0);
    raw_await(fd, X8_ADB_OPEN, &packet);
    raw_put(fd, X8_ADB_OKAY, 10, packet.arg0, "", 0);
    /* The other side is sending from here on, and gets stuck. */
    assert_int_equal(recv(fd, header, sizeof header, MSG_WAITALL), sizeof header);
    for (int i = 0; i < 1000; i++)
        raw_put(fd, X8_ADB_WRTE, 9, id, "", 0);
    raw_stall(fd);
}

struct writer {
    struct x8_adb_stream *stream;
    const struct x8_op *op;
};

static void *write_until_it_fails(void *ctx);

/* Each of its packets would be answered, and the answers would pile up. */
static void a_daemon_that_talks_and_does_not_listen_loses_the_link(void **state)
{
    struct x8_adb_stream *other, *stream;
    struct x8_error err = {0};
    struct fixture f;
    struct writer writer;
    pthread_t thread;
    char byte;

    (void)state;
    begin(&f, talk_and_not_listen);
    other = peer_open(f.adb, "exec:other");
    stream = peer_open(f.adb, "exec:stuck");
    writer = (struct writer){stream, &peer_op};
    pthread_create(&thread, NULL, write_until_it_fails, &writer);
    assert_int_equal(x8_adb_wait_gone(f.adb, &f.op, x8_deadline_in(60000), &err), 1);
    assert_int_equal(x8_adb_read(other, &f.op, &byte, 1, 60000, &err), -X8_E_LINK);
    assert_non_null(strstr(err.msg, "rule"));
    assert_string_not_equal(err.why, "");
    assert_string_not_equal(err.next, "");
    pthread_join(thread, NULL);
    x8_adb_stream_close(&other);
    x8_adb_stream_close(&stream);
    end(&f);
}

/* --- waiting --- */

static void take_and_say_nothing(int fd, void *ctx)
{
    take_stream(fd);
    drain(fd, ctx);
}

static void one_piece_is_on_its_way_and_no_more(void **state)
{
    static char data[10000];
    struct x8_adb_stream *stream;
    struct x8_error err;
    struct fixture f;

    (void)state;
    begin(&f, take_and_say_nothing);
    stream = peer_open(f.adb, "exec:x");
    assert_int_equal(x8_adb_write(stream, &f.op, data, sizeof data, 200, &err), -X8_E_TIMEOUT);
    assert_int_equal(x8_adb_write(stream, &f.op, data, 1, 100, &err), -X8_E_TIMEOUT);
    x8_adb_stream_close(&stream);
    end(&f);
    assert_int_equal(f.seen.writes, 1);
}

static void a_read_waits_as_long_as_it_may(void **state)
{
    struct x8_adb_stream *stream;
    int64_t start = x8_now_ms();
    struct x8_error err;
    struct fixture f;
    char byte;

    (void)state;
    begin(&f, take_and_say_nothing);
    stream = peer_open(f.adb, "exec:x");
    assert_int_equal(x8_adb_read(stream, &f.op, &byte, 1, 0, &err), -X8_E_TIMEOUT);
    assert_int_equal(x8_adb_read(stream, &f.op, &byte, 1, 200, &err), -X8_E_TIMEOUT);
    f.op.deadline = x8_deadline_in(200);
    assert_int_equal(x8_adb_read(stream, &f.op, &byte, 1, -1, &err), -X8_E_TIMEOUT);
    assert_in_range(x8_now_ms() - start, 390, 60000);
    x8_adb_stream_close(&stream);
    end(&f);
}

struct stopper {
    struct x8_cancel *cancel;
    struct x8_adb_stream *stream;
    sem_t *when; /* or at once */
};

static void *stop_soon(void *ctx)
{
    struct stopper *stopper = ctx;

    if (stopper->when)
        await_sem(stopper->when);
    x8_cancel_sleep(NULL, x8_deadline_in(100), X8_CANCEL_HARD, NULL);
    if (stopper->stream) {
        x8_adb_stream_shut(stopper->stream);
    } else {
        x8_cancel_raise(stopper->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
        x8_cancel_raise(stopper->cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    }
    return NULL;
}

static int wait_read(struct fixture *f, struct x8_adb_stream *stream)
{
    char byte;

    return (int)x8_adb_read(stream, &f->op, &byte, 1, -1, NULL);
}

static int wait_write(struct fixture *f, struct x8_adb_stream *stream)
{
    static char data[10000];

    return x8_adb_write(stream, &f->op, data, sizeof data, -1, NULL);
}

static int wait_open(struct fixture *f, struct x8_adb_stream *stream)
{
    (void)stream;
    return x8_adb_open(f->adb, &f->op, "exec:y", -1, &stream, NULL);
}

static int wait_gone(struct fixture *f, struct x8_adb_stream *stream)
{
    (void)stream;
    return x8_adb_wait_gone(f->adb, &f->op, X8_NO_DEADLINE, NULL);
}

/* `wait` must end with "stopped" soon after the stop. */
static void stop_in(int (*wait)(struct fixture *f, struct x8_adb_stream *stream), int by_shut)
{
    struct x8_adb_stream *stream;
    struct stopper stopper = {0};
    int64_t start = x8_now_ms();
    struct fixture f;
    pthread_t thread;

    begin(&f, take_and_say_nothing);
    stream = peer_open(f.adb, "exec:x");
    stopper.cancel = &f.cancel;
    stopper.stream = by_shut ? stream : NULL;
    pthread_create(&thread, NULL, stop_soon, &stopper);
    assert_int_equal(wait(&f, stream), -X8_E_STOPPED);
    assert_in_range(x8_now_ms() - start, 99, 60000);
    assert_int_equal(wait(&f, stream), -X8_E_STOPPED); /* and stays so */
    pthread_join(thread, NULL);
    x8_adb_stream_close(&stream);
    end(&f);
}

static void a_stop_ends_every_wait(void **state)
{
    (void)state;
    stop_in(wait_read, 0);
    stop_in(wait_write, 0);
    stop_in(wait_open, 0);
    stop_in(wait_gone, 0);
}

static void shutting_a_stream_ends_its_waits(void **state)
{
    (void)state;
    stop_in(wait_read, 1);
    stop_in(wait_write, 1);
}

static void vanish(int fd, void *ctx)
{
    struct seen *seen = ctx;

    take_stream(fd);
    await_sem(&seen->go); /* the stream is open */
    x8_cancel_sleep(NULL, x8_deadline_in(100), X8_CANCEL_HARD, NULL);
}

static void a_link_that_breaks_ends_every_wait(void **state)
{
    int (*const waits[])(struct fixture *, struct x8_adb_stream *) = {wait_read, wait_write,
                                                                      wait_open};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(waits); i++) {
        struct x8_adb_stream *stream;
        struct x8_error err;
        struct fixture f;

        begin(&f, vanish);
        stream = peer_open(f.adb, "exec:x");
        sem_post(&f.seen.go);
        assert_int_equal(waits[i](&f, stream), -X8_E_GONE);
        assert_int_equal(x8_adb_wait_gone(f.adb, &f.op, x8_deadline_in(60000), &err), 1);
        x8_adb_stream_close(&stream);
        end(&f);
    }
}

static void a_board_that_stays_is_not_gone(void **state)
{
    struct x8_error err;
    struct fixture f;

    (void)state;
    begin(&f, take_and_say_nothing);
    assert_int_equal(x8_adb_wait_gone(f.adb, &f.op, x8_deadline_in(50), &err), 0);
    end(&f);
}

/* A newer daemon, as only its packets are larger than what a socket holds. */
static void take_nothing(int fd, void *ctx)
{
    static struct raw packet;
    struct seen *seen = ctx;
    struct pollfd begun = {.fd = fd, .events = POLLIN}; /* a packet, which is never taken */

    raw_await(fd, X8_ADB_CNXN, &packet);
    raw_put(fd, X8_ADB_CNXN, 0x01000001, 1 << 20, "device::", 9);
    while (raw_await(fd, X8_ADB_OPEN, &packet) == 0 && packet.payload[5] != 's')
        raw_put(fd, X8_ADB_OKAY, 9, packet.arg0, "", 0);
    raw_put(fd, X8_ADB_OKAY, 10, packet.arg0, "", 0);
    poll(&begun, 1, 60000);
    sem_post(&seen->heard);
    raw_stall(fd);
}

static int write_a_lot(struct x8_adb_stream *stream, const struct x8_op *op, int timeout_ms,
                       struct x8_error *err)
{
    static char data[2 << 20];

    return x8_adb_write(stream, op, data, sizeof data, timeout_ms, err);
}

static void a_stop_ends_a_send_that_is_stuck(void **state)
{
    struct x8_adb_stream *other, *stream;
    struct stopper stopper = {0};
    int64_t start = x8_now_ms();
    struct fixture f;
    pthread_t thread;

    (void)state;
    begin(&f, take_nothing);
    other = peer_open(f.adb, "exec:other");
    stream = peer_open(f.adb, "exec:stuck");
    stopper.cancel = &f.cancel;
    stopper.when = &f.seen.heard;
    pthread_create(&thread, NULL, stop_soon, &stopper);
    assert_int_equal(write_a_lot(stream, &f.op, -1, NULL), -X8_E_STOPPED);
    pthread_join(thread, NULL);
    /* Half a packet is on the wire: nothing can follow it. */
    assert_int_equal(x8_adb_wait_gone(f.adb, &peer_op, x8_deadline_in(60000), NULL), 1);
    x8_adb_stream_close(&stream);
    x8_adb_stream_close(&other);
    end(&f);
    assert_in_range(x8_now_ms() - start, 99, 60000);
}

static void *write_until_it_fails(void *ctx)
{
    const struct writer *writer = ctx;
    struct x8_error err;

    write_a_lot(writer->stream, writer->op, -1, &err);
    return NULL;
}

static void a_send_that_is_stuck_ends_at_its_limit(void **state)
{
    struct x8_adb_stream *stream;
    struct x8_error err;
    struct fixture f;

    (void)state;
    begin(&f, take_nothing);
    stream = peer_open(f.adb, "exec:stuck");
    assert_int_equal(write_a_lot(stream, &f.op, 500, &err), -X8_E_TIMEOUT);
    assert_int_equal(x8_adb_wait_gone(f.adb, &f.op, x8_deadline_in(60000), &err), 1);
    x8_adb_stream_close(&stream);
    end(&f);
}

static void a_stuck_send_of_one_keeps_the_others_to_their_limits(void **state)
{
    struct x8_adb_stream *other, *stream;
    struct x8_error err;
    struct writer writer;
    struct fixture f;
    pthread_t thread;
    char byte;

    (void)state;
    begin(&f, take_nothing);
    other = peer_open(f.adb, "exec:other");
    stream = peer_open(f.adb, "exec:stuck");
    writer = (struct writer){stream, &f.op};
    pthread_create(&thread, NULL, write_until_it_fails, &writer); /* which has no limit */
    await_sem(&f.seen.heard);
    assert_int_equal(x8_adb_write(other, &peer_op, "x", 1, 100, &err), -X8_E_TIMEOUT);
    assert_int_equal(x8_adb_read(other, &peer_op, &byte, 1, 100, &err), -X8_E_TIMEOUT);
    x8_adb_stream_close(&other);
    x8_cancel_raise(&f.cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    pthread_join(thread, NULL);
    assert_int_equal(x8_adb_wait_gone(f.adb, &peer_op, x8_deadline_in(60000), &err), 1);
    x8_adb_stream_close(&stream);
    end(&f);
}

static void say_a_word(int fd, void *ctx)
{
    uint32_t id = take_stream(fd);

    raw_put(fd, X8_ADB_WRTE, 9, id, "word", 4);
    drain(fd, ctx);
}

/* Over USB the daemon does not notice that a program has ended: the shell of a stream that it was
 * not told to close would stay. */
static void the_last_close_is_said_although_another_thread_is_sending(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct x8_adb_stream *stream;
        struct fixture f = {0};
        char word[4];

        sem_init(&f.seen.heard, 0, 0);
        peer_script(&f.peer, say_a_word, &f.seen);
        assert_int_equal(x8_adb_over_link(&peer_op, peer_usb(&f.peer), NULL, &f.adb, NULL), 0);
        stream = peer_open(f.adb, "exec:x");
        assert_int_equal(x8_adb_read(stream, &peer_op, word, sizeof word, 60000, NULL), 4);
        x8_adb_stream_close(&stream); /* while the reader acknowledges the word */
        x8_adb_close(&f.adb);
        peer_end(&f.peer);
        assert_int_equal(f.seen.closes, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_that_opens_too_late_is_closed_again),
        cmocka_unit_test(a_late_refusal_needs_no_answer),
        cmocka_unit_test(an_opening_that_never_ends_leaves_nothing_behind),
        cmocka_unit_test(packets_of_no_stream_of_ours_are_left_alone),
        cmocka_unit_test(closes_that_cross_do_no_harm),
        cmocka_unit_test(a_daemon_that_does_not_wait_for_its_turn_loses_the_link),
        cmocka_unit_test(a_daemon_that_talks_and_does_not_listen_loses_the_link),
        cmocka_unit_test(one_piece_is_on_its_way_and_no_more),
        cmocka_unit_test(a_read_waits_as_long_as_it_may),
        cmocka_unit_test(a_stop_ends_every_wait),
        cmocka_unit_test(shutting_a_stream_ends_its_waits),
        cmocka_unit_test(a_link_that_breaks_ends_every_wait),
        cmocka_unit_test(a_board_that_stays_is_not_gone),
        cmocka_unit_test(a_stop_ends_a_send_that_is_stuck),
        cmocka_unit_test(a_send_that_is_stuck_ends_at_its_limit),
        cmocka_unit_test(a_stuck_send_of_one_keeps_the_others_to_their_limits),
        cmocka_unit_test(the_last_close_is_said_although_another_thread_is_sending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
