/*
 * Who shares with whom, and pieces that come compressed too.
 */
#include "kit_source.h"

#include "util/clock.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Do a board of `a` and one of `b` get the same buffer? */
static int share(struct source_kit *kit, const struct x8_encode *a, const struct x8_encode *b)
{
    struct source_board boards[2];
    int same;

    kit->encode = *a;
    source_board_open(kit, &boards[0]);
    kit->encode = *b;
    source_board_open(kit, &boards[1]);
    assert_int_equal(source_board_take(&boards[0]), 1);
    assert_int_equal(source_board_take(&boards[1]), 1);
    same = boards[0].buffers[0] == boards[1].buffers[0];
    source_board_close(&boards[0]);
    source_board_close(&boards[1]);
    return same;
}

static void only_boards_that_want_the_same_pieces_share(void **state)
{
    struct x8_range zeros[1] = {{0, 1u << 20}}, same_zeros[1] = {{0, 1u << 20}};
    struct x8_range other_zeros[1] = {{0, 2u << 20}};
    struct x8_encode a, b;
    struct source_kit kit;

    (void)state;
    source_kit_init(&kit, 2);
    a = b = kit.encode;
    assert_true(share(&kit, &a, &b));
    b.piece_cap /= 2;
    assert_false(share(&kit, &a, &b));
    b = a;
    b.block_size = 4096;
    assert_false(share(&kit, &a, &b));
    b = a;
    b.record = 0;
    assert_false(share(&kit, &a, &b));
    b = a;
    b.zeros = zeros;
    b.zero_count = 1;
    assert_false(share(&kit, &a, &b));
    a = b;
    b.zeros = same_zeros;
    assert_true(share(&kit, &a, &b));
    b.zeros = other_zeros;
    assert_false(share(&kit, &a, &b));
    source_kit_done(&kit);
}

static void a_limit_that_the_image_keeps_is_no_difference(void **state)
{
    struct x8_encode a, b;
    struct source_kit kit;

    (void)state;
    source_kit_init(&kit, 2);
    a = b = kit.encode;
    a.capacity = SOURCE_IMAGE;
    assert_false(share(&kit, &a, &b)); /* the size is a guess */
    kit.step.size_exact = 1;
    assert_true(share(&kit, &a, &b));
    b.capacity = SOURCE_IMAGE - 1;
    assert_false(share(&kit, &a, &b));
    source_kit_done(&kit);
}

/* The members inflated over the bytes that the piece itself had left: equal when they say the same.
 */
static void check_members(const struct source_kit *kit, const struct x8_members *members)
{
    for (size_t i = 0; i < members->count; i++) {
        const struct x8_member *member = &members->items[i];
        uint8_t *out = malloc(member->len);
        z_stream z = {.next_in = members->data + member->at,
                      .avail_in = (uInt)member->size,
                      .next_out = out,
                      .avail_out = (uInt)member->len};

        assert_non_null(out);
        assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
        assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
        assert_int_equal(z.total_out, member->len);
        assert_true(member->offset + member->len <= SOURCE_IMAGE);
        assert_memory_equal(out, kit->image + member->offset, member->len);
        inflateEnd(&z);
        free(out);
    }
}

static unsigned compressed_of(const struct source_kit *kit, struct source_board *board)
{
    unsigned count = 0;

    while (source_board_take(board) == 1) {
        if (board->cut.members) {
            assert_true(board->cut.members->len < board->cut.piece.len);
            check_members(kit, board->cut.members);
            count++;
        }
        x8_source_release(board->source);
    }
    return count;
}

/* Half of every piece's bytes are small numbers: it shrinks. */
static void make_compressible(struct source_kit *kit)
{
    for (size_t i = 0; i < SOURCE_IMAGE; i++)
        kit->image[i] = (uint8_t)(i % 8192 < 4096 ? kit->image[i] & 3 : kit->image[i]);
    free(kit->step.input.path);
    kit->step.input.path = test_file(kit->dir, "image.wic", kit->image, SOURCE_IMAGE);
}

static void pieces_come_compressed_from_the_wish_on_and_to_who_wished(void **state)
{
    struct source_board boards[2];
    struct source_kit kit;
    unsigned plain;

    (void)state;
    source_kit_init(&kit, 2);
    make_compressible(&kit);
    source_board_open(&kit, &boards[0]);
    source_board_open(&kit, &boards[1]);
    assert_int_equal(source_board_take(&boards[0]), 1);
    assert_null(boards[0].cut.members);
    x8_source_release(boards[0].source);
    x8_source_want_members(boards[0].source, 1);
    /* What may be made already: the window. */
    while (boards[0].pieces < X8_SOURCE_BUFFERS)
        assert_int_equal(source_board_next(&boards[0]), 1);
    while (boards[1].pieces < X8_SOURCE_BUFFERS)
        assert_int_equal(source_board_next(&boards[1]), 1);
    for (plain = 0; plain < 3; plain++) {
        assert_int_equal(source_board_take(&boards[0]), 1);
        assert_int_equal(source_board_take(&boards[1]), 1);
        assert_non_null(boards[0].cut.members);
        check_members(&kit, boards[0].cut.members);
        assert_null(boards[1].cut.members);
        x8_source_release(boards[0].source);
        x8_source_release(boards[1].source);
    }
    source_board_close(&boards[1]);
    assert_true(compressed_of(&kit, &boards[0]) > 3);
    assert_memory_equal(boards[0].got, kit.image, SOURCE_IMAGE);
    source_board_close(&boards[0]);
    source_kit_done(&kit);
}

static void what_does_not_shrink_does_not_come_compressed(void **state)
{
    struct source_board board;
    struct source_kit kit;
    unsigned count;

    (void)state;
    source_kit_init(&kit, 1);
    source_board_open(&kit, &board);
    x8_source_want_members(board.source, 1);
    count = compressed_of(&kit, &board); /* FILL is small as it is */
    assert_memory_equal(board.got, kit.image, SOURCE_IMAGE);
    assert_true(count < board.pieces / 2);
    source_board_close(&board);
    source_kit_done(&kit);
}

/* A board that fell out of its group is not served less. */
static void a_wish_outlives_the_group(void **state)
{
    struct source_board boards[2];
    struct source_kit kit;

    (void)state;
    source_kit_init(&kit, 2);
    make_compressible(&kit);
    x8_sources_limits(kit.sources, SOURCE_WAIT, 10);
    source_board_open(&kit, &boards[0]);
    source_board_open(&kit, &boards[1]);
    x8_source_want_members(boards[0].source, 1);
    assert_int_equal(source_board_take(&boards[0]), 1);
    while (source_board_next(&boards[1]) == 1)
        ;
    assert_int_equal(boards[0].pieces, 1);
    x8_source_release(boards[0].source);
    assert_true(compressed_of(&kit, &boards[0]) > 12);
    assert_true(x8_source_is_alone(boards[0].source));
    assert_memory_equal(boards[0].got, kit.image, SOURCE_IMAGE);
    source_board_close(&boards[0]);
    source_board_close(&boards[1]);
    source_kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_boards_that_want_the_same_pieces_share),
        cmocka_unit_test(a_limit_that_the_image_keeps_is_no_difference),
        cmocka_unit_test(pieces_come_compressed_from_the_wish_on_and_to_who_wished),
        cmocka_unit_test(what_does_not_shrink_does_not_come_compressed),
        cmocka_unit_test(a_wish_outlives_the_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
