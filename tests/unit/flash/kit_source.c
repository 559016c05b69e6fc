#include "kit_source.h"

#include "util/clock.h"

#include <stdlib.h>
#include <string.h>

static void fill_image(uint8_t *image)
{
    uint32_t x = 0x9e3779b9;

    for (size_t i = 0; i < SOURCE_IMAGE; i++) {
        x = x * 1664525 + 1013904223;
        image[i] = (uint8_t)(x >> 24);
    }
    memset(image + (600u << 10), 0, 300u << 10);
    memset(image + (2u << 20), 0x5a, 20u << 10);
}

void source_kit_init(struct source_kit *kit, unsigned boards)
{
    *kit = (struct source_kit){.dir = test_dir_new(), .image = malloc(SOURCE_IMAGE)};
    assert_non_null(kit->image);
    fill_image(kit->image);
    kit->step.input.path = test_file(kit->dir, "image.wic", kit->image, SOURCE_IMAGE);
    kit->step.size = SOURCE_IMAGE;
    kit->encode = (struct x8_encode){.plan = &kit->plan,
                                     .step = &kit->step,
                                     .block_size = 512,
                                     .piece_cap = SOURCE_PIECE,
                                     .capacity = UINT64_MAX,
                                     .record = 1};
    assert_int_equal(x8_regions_add(&kit->regions, 0, kit->image, SOURCE_IMAGE, &kit->err), 0);
    assert_int_equal(x8_sources_new(boards, &kit->sources, &kit->err), 0);
    x8_sources_limits(kit->sources, SOURCE_WAIT * 10, SOURCE_WAIT * 10);
}

void source_kit_done(struct source_kit *kit)
{
    x8_sources_free(&kit->sources);
    x8_regions_done(&kit->regions);
    free(kit->step.input.path);
    free(kit->image);
    test_dir_free(kit->dir);
}

void source_board_open(struct source_kit *kit, struct source_board *board)
{
    struct x8_op op = {.deadline = X8_NO_DEADLINE};

    *board = (struct source_board){.got = calloc(1, SOURCE_IMAGE)};
    assert_non_null(board->got);
    assert_int_equal(x8_source_open(&op, kit->sources, &kit->encode, &board->source, &board->err),
                     0);
}

void source_board_close(struct source_board *board)
{
    x8_source_close(&board->source);
    free(board->got);
    board->got = NULL;
}

static int keep(void *ctx, uint64_t offset, const void *data, size_t len, struct x8_error *err)
{
    struct source_board *board = ctx;

    (void)err;
    assert_true(offset + len <= SOURCE_IMAGE);
    memcpy(board->got + offset, data, len);
    return 0;
}

int source_board_take(struct source_board *board)
{
    int rc = x8_source_take(board->source, x8_deadline_in(SOURCE_WAIT), &board->cut, &board->err);
    const struct x8_piece *piece = &board->cut.piece;

    if (rc != 1)
        return rc;
    assert_true(board->pieces < SOURCE_SHOWN);
    board->buffers[board->pieces++] = piece->data;
    assert_int_equal(
        x8_sparse_replay((struct x8_span){piece->data, piece->len}, keep, board, &board->err), 0);
    return rc;
}

int source_board_next(struct source_board *board)
{
    int rc = source_board_take(board);

    if (rc == 1)
        x8_source_release(board->source);
    return rc;
}

void source_board_finish(struct source_kit *kit, struct source_board *board)
{
    const struct x8_regions *regions;
    int rc;

    while ((rc = source_board_next(board)) == 1)
        ;
    assert_int_equal(rc, 0);
    assert_memory_equal(board->got, kit->image, SOURCE_IMAGE);
    assert_int_equal(x8_source_image_bytes(board->source), SOURCE_IMAGE);
    regions = x8_source_regions(board->source);
    assert_int_equal(regions->count, kit->regions.count);
    for (size_t i = 0; i < regions->count; i++)
        assert_memory_equal(&regions->items[i], &kit->regions.items[i], sizeof regions->items[i]);
}

unsigned source_buffers(const struct source_board *boards, unsigned count)
{
    const void *seen[SOURCE_BOARDS * SOURCE_SHOWN];
    unsigned len = 0;

    for (unsigned b = 0; b < count; b++) {
        for (unsigned i = 0; i < boards[b].pieces; i++) {
            unsigned k = 0;

            while (k < len && seen[k] != boards[b].buffers[i])
                k++;
            if (k == len)
                seen[len++] = boards[b].buffers[i];
        }
    }
    return len;
}
