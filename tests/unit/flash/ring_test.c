/*
 * The ring between decoder and wire: order kept, memory bounded, errors and ends seen at once,
 * nobody left waiting.
 */
#include "flash/ring.h"
#include "util/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#define PIECES 200

static void *produce(void *ctx)
{
    struct x8_ring *ring = ctx;
    struct x8_piece_port port = x8_ring_port(ring);
    struct x8_error err = {0};
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < PIECES; i++) {
        struct x8_piece piece = {.start = i, .len = sizeof i};

        rc = port.get(port.ctx, &piece.data, &piece.owner, &err);
        if (rc == 0) {
            memcpy(piece.data, &i, sizeof i);
            rc = port.put(port.ctx, &piece, &err);
        }
    }
    x8_ring_finish(ring, rc, &err);
    return NULL;
}

static void pieces_arrive_in_order_and_whole(void **state)
{
    struct x8_ring ring;
    struct x8_error err;
    struct x8_piece piece;
    pthread_t thread;

    (void)state;
    assert_int_equal(x8_ring_init(&ring, 2, 64, &err), 0);
    assert_int_equal(pthread_create(&thread, NULL, produce, &ring), 0);
    for (unsigned i = 0; i < PIECES; i++) {
        unsigned got;

        assert_int_equal(x8_ring_take(&ring, x8_deadline_in(5000), &piece, &err), 1);
        memcpy(&got, piece.data, sizeof got);
        assert_int_equal(got, i);
        assert_int_equal(piece.start, i);
        x8_ring_release(&ring, &piece);
    }
    assert_int_equal(x8_ring_take(&ring, x8_deadline_in(5000), &piece, &err), 0);
    pthread_join(thread, NULL);
    x8_ring_done(&ring);
}

static void a_producer_that_waits_is_freed_by_an_abort(void **state)
{
    struct x8_ring ring;
    struct x8_error err;
    struct x8_piece piece;
    pthread_t thread;

    (void)state;
    assert_int_equal(x8_ring_init(&ring, 1, 64, &err), 0);
    assert_int_equal(pthread_create(&thread, NULL, produce, &ring), 0);
    assert_int_equal(x8_ring_take(&ring, x8_deadline_in(5000), &piece, &err), 1);
    x8_ring_abort(&ring);
    pthread_join(thread, NULL);
    assert_true(ring.finished < 0);
    x8_ring_done(&ring);
}

static void the_producers_error_comes_before_pieces_that_wait(void **state)
{
    struct x8_ring ring;
    struct x8_error err, told;
    struct x8_piece_port port;
    struct x8_piece piece = {0};

    (void)state;
    assert_int_equal(x8_ring_init(&ring, 2, 64, &err), 0);
    port = x8_ring_port(&ring);
    assert_int_equal(port.get(port.ctx, &piece.data, &piece.owner, &err), 0);
    assert_int_equal(port.put(port.ctx, &piece, &err), 0);
    x8_ring_finish(&ring, x8_fail(&told, X8_E_BAD_IMAGE, "wrong checksum"), &told);
    assert_int_equal(x8_ring_take(&ring, x8_deadline_in(5000), &piece, &err), -X8_E_BAD_IMAGE);
    assert_string_equal(err.msg, "wrong checksum");
    x8_ring_done(&ring);
}

static void a_silent_producer_ends_the_wait(void **state)
{
    struct x8_ring ring;
    struct x8_error err;
    struct x8_piece piece;

    (void)state;
    assert_int_equal(x8_ring_init(&ring, 2, 64, &err), 0);
    assert_int_equal(x8_ring_take(&ring, x8_deadline_in(50), &piece, &err), -X8_E_TIMEOUT);
    x8_ring_done(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_arrive_in_order_and_whole),
        cmocka_unit_test(a_producer_that_waits_is_freed_by_an_abort),
        cmocka_unit_test(the_producers_error_comes_before_pieces_that_wait),
        cmocka_unit_test(a_silent_producer_ends_the_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
