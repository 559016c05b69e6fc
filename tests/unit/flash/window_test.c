/*
 * The window under boards that do what they please: order, content and the bound on memory.
 */
#include "flash/window.h"
#include "testlib.h"
#include "util/clock.h"

#include <stdlib.h>
#include <string.h>

#define PIECES 400
#define BOARDS 8
#define WAIT   20000

struct table {
    struct x8_window window;
    struct x8_cancel stop;
    unsigned pieces;
};

static void *produce(void *ctx)
{
    struct table *table = ctx;
    struct x8_error err;
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < table->pieces; i++) {
        struct x8_slot *slot;

        rc = x8_window_get(&table->window, &slot, &err);
        if (rc == 0) {
            memcpy(slot->data, &i, sizeof i);
            slot->piece = (struct x8_piece){.data = slot->data, .len = sizeof i, .start = i};
            x8_window_put(&table->window);
        }
    }
    x8_window_finish(&table->window, rc, &err);
    return NULL;
}

static void table_init(struct table *table, unsigned pieces, uint64_t skip, int64_t lag_ms)
{
    table->pieces = pieces;
    x8_cancel_init(&table->stop);
    x8_window_init(&table->window, 64, skip, lag_ms, &table->stop);
}

static void table_done(struct table *table)
{
    x8_window_done(&table->window);
    x8_cancel_done(&table->stop);
}

struct board {
    struct table *table;
    struct x8_seat seat;
    unsigned seed, taken;
    int rc; /* 0 at the end, X8_WINDOW_AWAY, -1 something wrong, 3 left early */
};

static unsigned chance(struct board *board, unsigned of)
{
    board->seed = board->seed * 1103515245 + 12345;
    return (board->seed >> 16) % of;
}

static int content_is(const struct x8_slot *slot, unsigned i)
{
    unsigned got;

    memcpy(&got, slot->data, sizeof got);
    return got == i && slot->piece.start == i;
}

static void *consume(void *ctx)
{
    struct board *board = ctx;
    struct x8_window *window = &board->table->window;
    struct x8_slot *slot;
    struct x8_error err;
    int rc;

    while ((rc = x8_window_take(window, &board->seat, NULL, x8_deadline_in(WAIT), &slot, &err)) ==
           1) {
        if (!content_is(slot, board->taken))
            rc = -1;
        if (chance(board, 60) == 0)
            x8_cancel_sleep(NULL, x8_deadline_in(chance(board, 8)), X8_CANCEL_HARD, NULL);
        if (!content_is(slot, board->taken))
            rc = -1;
        if (rc < 0)
            break;
        board->taken++;
        if (chance(board, 500) == 0) { /* with the piece in its hands */
            rc = 3;
            break;
        }
        x8_window_release(window, &board->seat);
    }
    board->rc = rc;
    x8_window_leave(window, &board->seat);
    return NULL;
}

static void run_round(unsigned seed)
{
    struct board boards[BOARDS];
    pthread_t producer, threads[BOARDS];
    struct table table;

    table_init(&table, PIECES, 0, 3);
    for (unsigned i = 0; i < BOARDS; i++) {
        boards[i] = (struct board){.table = &table, .seed = seed * 100 + i};
        assert_true(x8_window_join(&table.window, &boards[i].seat, i == 0));
    }
    assert_int_equal(pthread_create(&producer, NULL, produce, &table), 0);
    for (unsigned i = 0; i < BOARDS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, consume, &boards[i]), 0);
    for (unsigned i = 0; i < BOARDS; i++)
        pthread_join(threads[i], NULL);
    x8_cancel_raise(&table.stop, X8_CANCEL_HARD, X8_E_STOPPED);
    pthread_join(producer, NULL);
    for (unsigned i = 0; i < BOARDS; i++) {
        assert_true(boards[i].rc >= 0);
        assert_true(boards[i].taken <= PIECES);
        if (boards[i].rc == 0)
            assert_int_equal(boards[i].taken, PIECES);
        if (boards[i].rc == X8_WINDOW_AWAY)
            assert_int_equal(boards[i].seat.at, boards[i].taken);
    }
    table_done(&table);
}

static void whatever_boards_do_each_sees_every_piece_until_it_goes(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 12; seed++)
        run_round(seed);
}

static void a_reader_that_catches_up_makes_nobody_impatient(void **state)
{
    struct board board = {0};
    struct x8_slot *slot = NULL;
    struct x8_error err;
    struct table table;
    pthread_t producer;

    (void)state;
    table_init(&table, PIECES, PIECES - 1, 0);
    board.table = &table;
    assert_true(x8_window_join(&table.window, &board.seat, 1));
    assert_int_equal(pthread_create(&producer, NULL, produce, &table), 0);
    assert_int_equal(
        x8_window_take(&table.window, &board.seat, NULL, x8_deadline_in(WAIT), &slot, &err), 1);
    assert_true(content_is(slot, PIECES - 1));
    x8_window_release(&table.window, &board.seat);
    assert_int_equal(
        x8_window_take(&table.window, &board.seat, NULL, x8_deadline_in(WAIT), &slot, &err), 0);
    pthread_join(producer, NULL);
    x8_window_leave(&table.window, &board.seat);
    table_done(&table);
}

/* Boards verify for minutes behind the end; the memory is not theirs then. */
static void behind_the_end_nothing_is_kept(void **state)
{
    struct x8_seat seats[2] = {0};
    struct x8_slot *slot;
    struct x8_error err;
    struct table table;

    (void)state;
    table_init(&table, 3, 0, WAIT);
    assert_true(x8_window_join(&table.window, &seats[0], 1));
    assert_true(x8_window_join(&table.window, &seats[1], 0));
    produce(&table);
    assert_int_equal(table.window.len, 3);
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned k = 0; k < 3; k++) {
            assert_int_equal(
                x8_window_take(&table.window, &seats[i], NULL, x8_deadline_in(WAIT), &slot, &err),
                1);
            x8_window_release(&table.window, &seats[i]);
        }
    }
    assert_int_equal(table.window.len, 0);
    assert_false(x8_window_join(&table.window, &(struct x8_seat){0}, 0));
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(x8_window_leave(&table.window, &seats[i]), 1 - i);
    table_done(&table);
}

/* Pieces made before the damage was seen must not be sent for nothing. */
static void the_producers_error_comes_before_pieces_that_wait(void **state)
{
    struct x8_seat seat = {0};
    struct x8_slot *slot;
    struct x8_error err, told;
    struct table table;

    (void)state;
    table_init(&table, 1, 0, WAIT);
    assert_true(x8_window_join(&table.window, &seat, 1));
    assert_int_equal(x8_window_get(&table.window, &slot, &err), 0);
    x8_window_put(&table.window);
    x8_window_finish(&table.window, x8_fail(&told, X8_E_BAD_IMAGE, "wrong checksum"), &told);
    assert_int_equal(x8_window_take(&table.window, &seat, NULL, x8_deadline_in(WAIT), &slot, &err),
                     -X8_E_BAD_IMAGE);
    assert_string_equal(err.msg, "wrong checksum");
    x8_window_leave(&table.window, &seat);
    table_done(&table);
}

static void a_stop_frees_the_producer(void **state)
{
    struct x8_seat seat = {0};
    struct x8_slot *slot;
    struct x8_error err;
    struct table table;
    pthread_t producer;

    (void)state;
    table_init(&table, PIECES, 0, WAIT);
    assert_true(x8_window_join(&table.window, &seat, 1));
    assert_int_equal(pthread_create(&producer, NULL, produce, &table), 0);
    assert_int_equal(x8_window_take(&table.window, &seat, NULL, x8_deadline_in(WAIT), &slot, &err),
                     1);
    x8_cancel_raise(&table.stop, X8_CANCEL_HARD, X8_E_STOPPED);
    pthread_join(producer, NULL);
    assert_int_equal(table.window.finished, -X8_E_STOPPED);
    x8_window_leave(&table.window, &seat);
    table_done(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_boards_do_each_sees_every_piece_until_it_goes),
        cmocka_unit_test(a_reader_that_catches_up_makes_nobody_impatient),
        cmocka_unit_test(behind_the_end_nothing_is_kept),
        cmocka_unit_test(the_producers_error_comes_before_pieces_that_wait),
        cmocka_unit_test(a_stop_frees_the_producer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
