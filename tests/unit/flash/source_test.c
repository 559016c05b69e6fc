/*
 * Boards that read an image together: each gets every byte, whatever the others do; memory stays
 * bounded; nobody waits for ever.
 */
#include "kit_source.h"

#include "util/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void a_board_by_itself_gets_everything_through_two_buffers(void **state)
{
    struct source_board board;
    struct source_kit kit;

    (void)state;
    source_kit_init(&kit, 1);
    source_board_open(&kit, &board);
    source_board_finish(&kit, &board);
    assert_true(board.pieces > 12);
    assert_int_equal(source_buffers(&board, 1), X8_SOURCE_ALONE);
    assert_false(x8_source_is_alone(board.source));
    source_board_close(&board);
    source_kit_done(&kit);
}

static void a_board_without_others_needs_no_group(void **state)
{
    struct source_board board = {0};
    struct source_kit kit;
    struct x8_op op = {.deadline = X8_NO_DEADLINE};

    (void)state;
    source_kit_init(&kit, 1);
    board.got = calloc(1, SOURCE_IMAGE);
    assert_int_equal(x8_source_open(&op, NULL, &kit.encode, &board.source, &kit.err), 0);
    source_board_finish(&kit, &board);
    assert_int_equal(source_buffers(&board, 1), X8_SOURCE_ALONE);
    assert_false(x8_source_is_alone(board.source));
    source_board_close(&board);
    source_kit_done(&kit);
}

struct runner {
    struct source_kit *kit;
    struct source_board *board;
};

static void *run_board(void *ctx)
{
    struct runner *runner = ctx;

    source_board_finish(runner->kit, runner->board);
    return NULL;
}

static void eight_boards_share_four_buffers(void **state)
{
    struct source_board boards[SOURCE_BOARDS];
    struct runner runners[SOURCE_BOARDS];
    pthread_t threads[SOURCE_BOARDS];
    struct source_kit kit;

    (void)state;
    source_kit_init(&kit, SOURCE_BOARDS);
    for (unsigned i = 0; i < SOURCE_BOARDS; i++)
        source_board_open(&kit, &boards[i]);
    for (unsigned i = 0; i < SOURCE_BOARDS; i++) {
        runners[i] = (struct runner){&kit, &boards[i]};
        assert_int_equal(pthread_create(&threads[i], NULL, run_board, &runners[i]), 0);
    }
    for (unsigned i = 0; i < SOURCE_BOARDS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(source_buffers(boards, SOURCE_BOARDS), X8_SOURCE_BUFFERS);
    for (unsigned i = 0; i < SOURCE_BOARDS; i++) {
        assert_false(x8_source_is_alone(boards[i].source));
        source_board_close(&boards[i]);
    }
    source_kit_done(&kit);
}

/* Two boards hold the first piece and do nothing more, a third never took it. */
static void boards_that_stand_still_hold_nobody_up_and_lose_nothing(void **state)
{
    struct source_board boards[4];
    struct source_kit kit;
    uint8_t *before;

    (void)state;
    source_kit_init(&kit, 4);
    x8_sources_limits(kit.sources, SOURCE_WAIT * 10, 30);
    for (unsigned i = 0; i < 4; i++)
        source_board_open(&kit, &boards[i]);
    assert_int_equal(source_board_take(&boards[0]), 1);
    assert_int_equal(source_board_take(&boards[1]), 1);
    before = malloc(boards[0].cut.piece.len);
    assert_non_null(before);
    memcpy(before, boards[0].cut.piece.data, boards[0].cut.piece.len);

    source_board_finish(&kit, &boards[3]);
    /* One went with the two that hold it; who is left alone needs no more than the others. */
    assert_int_equal(source_buffers(&boards[3], 1), X8_SOURCE_BUFFERS);
    assert_false(x8_source_is_alone(boards[3].source));
    source_board_close(&boards[3]);

    for (unsigned i = 0; i < 2; i++) {
        assert_memory_equal(boards[i].cut.piece.data, before, boards[i].cut.piece.len);
        x8_source_release(boards[i].source);
    }
    for (unsigned i = 0; i < 3; i++) {
        source_board_finish(&kit, &boards[i]);
        assert_int_equal(boards[i].pieces, boards[0].pieces);
        assert_true(x8_source_is_alone(boards[i].source));
        source_board_close(&boards[i]);
    }
    free(before);
    source_kit_done(&kit);
}

/* Nobody waits until a window is full, so the first reading piece by piece is not a race. */
static void a_board_that_keeps_pace_is_kept(void **state)
{
    struct source_board boards[2];
    struct source_kit kit;

    (void)state;
    source_kit_init(&kit, 2);
    x8_sources_limits(kit.sources, SOURCE_WAIT * 10, 0);
    source_board_open(&kit, &boards[0]);
    source_board_open(&kit, &boards[1]);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(source_board_next(&boards[0]), 1);
        assert_int_equal(source_board_next(&boards[1]), 1);
        assert_ptr_equal(boards[0].buffers[i], boards[1].buffers[i]);
    }
    assert_false(x8_source_is_alone(boards[1].source));
    source_board_finish(&kit, &boards[1]);
    source_board_finish(&kit, &boards[0]);
    source_board_close(&boards[0]);
    source_board_close(&boards[1]);
    source_kit_done(&kit);
}

/* Each of its pieces comes well within the limit, all together do not. */
static void a_board_at_half_the_pace_is_let_go_in_the_end(void **state)
{
    struct source_board boards[2];
    struct runner fast;
    struct source_kit kit;
    pthread_t thread;

    (void)state;
    source_kit_init(&kit, 2);
    x8_sources_limits(kit.sources, SOURCE_WAIT * 10, 100);
    source_board_open(&kit, &boards[0]);
    source_board_open(&kit, &boards[1]);
    fast = (struct runner){&kit, &boards[0]};
    assert_int_equal(pthread_create(&thread, NULL, run_board, &fast), 0);
    while (boards[1].pieces < 12) {
        assert_int_equal(source_board_take(&boards[1]), 1);
        x8_cancel_sleep(NULL, x8_deadline_in(50), X8_CANCEL_HARD, NULL);
        x8_source_release(boards[1].source);
    }
    pthread_join(thread, NULL);
    source_board_finish(&kit, &boards[1]);
    assert_true(x8_source_is_alone(boards[1].source));
    source_board_close(&boards[0]);
    source_board_close(&boards[1]);
    source_kit_done(&kit);
}

static void a_board_that_is_expected_finds_the_first_piece(void **state)
{
    struct source_board boards[2];
    struct source_kit kit;

    (void)state;
    source_kit_init(&kit, 2);
    source_board_open(&kit, &boards[0]);
    for (unsigned i = 0; i < X8_SOURCE_BUFFERS; i++)
        assert_int_equal(source_board_next(&boards[0]), 1);
    source_board_open(&kit, &boards[1]);
    while (boards[1].pieces < boards[0].pieces)
        assert_int_equal(source_board_next(&boards[1]), 1);
    assert_ptr_equal(boards[0].buffers[0], boards[1].buffers[0]);
    source_board_close(&boards[0]);
    source_board_finish(&kit, &boards[1]);
    assert_false(x8_source_is_alone(boards[1].source));
    source_board_close(&boards[1]);
    source_kit_done(&kit);
}

static void nobody_waits_for_a_board_that_left(void **state)
{
    struct source_board board;
    struct source_kit kit;

    (void)state;
    source_kit_init(&kit, 2);
    source_board_open(&kit, &board);
    x8_sources_leave(kit.sources);
    source_board_finish(&kit, &board);
    x8_sources_leave(NULL);
    source_board_close(&board);
    source_kit_done(&kit);
}

static void late_boards_read_anew_and_together(void **state)
{
    struct source_board boards[3];
    struct source_kit kit;

    (void)state;
    source_kit_init(&kit, 3);
    x8_sources_limits(kit.sources, 20, SOURCE_WAIT * 10);
    source_board_open(&kit, &boards[0]);
    while (boards[0].pieces < 7) /* the window has 4 */
        assert_int_equal(source_board_next(&boards[0]), 1);
    source_board_open(&kit, &boards[1]);
    assert_true(x8_source_is_alone(boards[1].source));
    source_board_open(&kit, &boards[2]);
    assert_false(x8_source_is_alone(boards[1].source));
    for (unsigned i = 1; i < 3; i++) {
        assert_int_equal(source_board_next(&boards[i]), 1);
        assert_int_equal(boards[i].cut.piece.start, 0);
    }
    assert_ptr_equal(boards[1].buffers[0], boards[2].buffers[0]);
    source_board_finish(&kit, &boards[0]);
    source_board_close(&boards[1]);
    source_board_finish(&kit, &boards[2]);
    source_board_close(&boards[0]);
    source_board_close(&boards[2]);
    source_kit_done(&kit);
}

static void the_first_board_may_go_early(void **state)
{
    struct source_board boards[3];
    struct x8_cancel *cancel = malloc(sizeof *cancel);
    struct x8_op op = {.deadline = X8_NO_DEADLINE, .cancel = cancel};
    struct source_kit kit;

    (void)state;
    assert_non_null(cancel);
    x8_cancel_init(cancel);
    source_kit_init(&kit, 3);
    boards[0] = (struct source_board){.got = calloc(1, SOURCE_IMAGE)};
    assert_int_equal(x8_source_open(&op, kit.sources, &kit.encode, &boards[0].source, &kit.err), 0);
    source_board_open(&kit, &boards[1]);
    source_board_open(&kit, &boards[2]);
    assert_int_equal(source_board_take(&boards[0]), 1);
    assert_int_equal(source_board_next(&boards[1]), 1);
    source_board_close(&boards[0]); /* with a piece in its hands */
    x8_cancel_done(cancel);
    free(cancel);
    x8_source_close(&boards[2].source);
    source_board_finish(&kit, &boards[1]);
    source_board_close(&boards[1]);
    free(boards[2].got);
    source_kit_done(&kit);
}

static void an_error_of_the_reader_reaches_all(void **state)
{
    struct source_board boards[2];
    struct source_kit kit;
    int rc;

    (void)state;
    source_kit_init(&kit, 2);
    kit.encode.capacity = SOURCE_PIECE * 8; /* and the size of the image is not known */
    source_board_open(&kit, &boards[0]);
    source_board_open(&kit, &boards[1]);
    do
        rc = source_board_next(&boards[0]);
    while (rc == 1 && source_board_next(&boards[1]) == 1);
    assert_int_equal(source_board_next(&boards[0]), -X8_E_MISFIT);
    assert_int_equal(source_board_next(&boards[1]), -X8_E_MISFIT);
    assert_string_equal(boards[0].err.msg, boards[1].err.msg);
    source_board_close(&boards[0]);
    source_board_close(&boards[1]);
    source_kit_done(&kit);
}

static void *raise_soft(void *ctx)
{
    x8_cancel_raise(ctx, X8_CANCEL_SOFT, X8_E_TERMINATED);
    return NULL;
}

/* It waits for a piece that cannot be made, as another board holds the first. */
static void a_stop_ends_the_wait_for_a_piece(void **state)
{
    struct source_board boards[2];
    struct x8_cancel cancel;
    struct x8_op op = {.deadline = X8_NO_DEADLINE, .cancel = &cancel};
    struct source_kit kit;
    pthread_t thread;

    (void)state;
    x8_cancel_init(&cancel);
    source_kit_init(&kit, 2);
    source_board_open(&kit, &boards[0]);
    boards[1] = (struct source_board){.got = calloc(1, SOURCE_IMAGE)};
    assert_int_equal(x8_source_open(&op, kit.sources, &kit.encode, &boards[1].source, &kit.err), 0);
    for (unsigned i = 0; i < X8_SOURCE_BUFFERS; i++)
        assert_int_equal(source_board_next(&boards[1]), 1);
    assert_int_equal(pthread_create(&thread, NULL, raise_soft, &cancel), 0);
    assert_int_equal(source_board_next(&boards[1]), -X8_E_TERMINATED);
    pthread_join(thread, NULL);
    source_board_close(&boards[1]);
    source_board_finish(&kit, &boards[0]);
    source_board_close(&boards[0]);
    source_kit_done(&kit);
    x8_cancel_done(&cancel);
}

static void a_wait_has_its_limit(void **state)
{
    struct source_board boards[2];
    struct x8_cut cut;
    struct source_kit kit;

    (void)state;
    source_kit_init(&kit, 2);
    source_board_open(&kit, &boards[0]);
    source_board_open(&kit, &boards[1]);
    for (unsigned i = 0; i < X8_SOURCE_BUFFERS; i++)
        assert_int_equal(source_board_next(&boards[1]), 1);
    assert_int_equal(x8_source_take(boards[1].source, x8_deadline_in(30), &cut, &kit.err),
                     -X8_E_TIMEOUT);
    source_board_close(&boards[0]);
    source_board_finish(&kit, &boards[1]);
    source_board_close(&boards[1]);
    source_kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_by_itself_gets_everything_through_two_buffers),
        cmocka_unit_test(a_board_without_others_needs_no_group),
        cmocka_unit_test(eight_boards_share_four_buffers),
        cmocka_unit_test(boards_that_stand_still_hold_nobody_up_and_lose_nothing),
        cmocka_unit_test(a_board_that_keeps_pace_is_kept),
        cmocka_unit_test(a_board_at_half_the_pace_is_let_go_in_the_end),
        cmocka_unit_test(a_board_that_is_expected_finds_the_first_piece),
        cmocka_unit_test(nobody_waits_for_a_board_that_left),
        cmocka_unit_test(late_boards_read_anew_and_together),
        cmocka_unit_test(the_first_board_may_go_early),
        cmocka_unit_test(an_error_of_the_reader_reaches_all),
        cmocka_unit_test(a_stop_ends_the_wait_for_a_piece),
        cmocka_unit_test(a_wait_has_its_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
