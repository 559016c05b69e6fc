/*
 * What a board has of an image: confirmed pieces, whatever the order, and what is forgotten of
 * them.
 */
#include "flash/progress.h"
#include "testlib.h"

#include <string.h>

#define SPACE 64u

static void confirm_as(struct x8_progress *progress, uint64_t start, uint64_t end, uint32_t crc)
{
    struct x8_piece_done piece = {
        .start = start, .end = end, .at = start, .len = end - start, .crc = crc};

    assert_int_equal(x8_progress_confirm(progress, &piece, NULL), 0);
}

static void confirm(struct x8_progress *progress, uint64_t start, uint64_t end)
{
    confirm_as(progress, start, end, 0);
}

static void nothing_is_known_of_a_board_at_first(void **state)
{
    struct x8_progress progress = {0};

    (void)state;
    assert_int_equal(x8_progress_end(&progress), 0);
    assert_int_equal(x8_progress_has(&progress, 0, 1), 0);
    x8_progress_forget(&progress, 0, 100);
    assert_int_equal(progress.done_count, 0);
    x8_progress_done(&progress);
}

static void a_piece_counts_when_it_was_confirmed(void **state)
{
    struct x8_progress progress = {.erased = {0, 100}};

    (void)state;
    x8_progress_forget(&progress, 0, 16);
    assert_int_equal(x8_progress_has(&progress, 0, 16), 0);
    confirm(&progress, 0, 16);
    assert_int_equal(x8_progress_has(&progress, 0, 16), 1);
    assert_int_equal(x8_progress_has(&progress, 0, 17), 0);
    assert_int_equal(x8_progress_has(&progress, 16, 17), 0);
    assert_int_equal(x8_progress_end(&progress), 16);
    assert_int_equal(progress.erased.end, 100);
    x8_progress_done(&progress);
}

static void a_gap_between_two_pieces_is_seen(void **state)
{
    struct x8_progress progress = {0};

    (void)state;
    confirm(&progress, 32, 48);
    confirm(&progress, 0, 16);
    assert_int_equal(x8_progress_has(&progress, 0, 48), 0);
    assert_int_equal(x8_progress_has(&progress, 40, 44), 1);
    assert_int_equal(x8_progress_end(&progress), 48);
    confirm(&progress, 16, 32);
    assert_int_equal(x8_progress_has(&progress, 0, 48), 1);
    assert_int_equal(progress.done[0].start, 0);
    assert_int_equal(progress.done[1].start, 16);
    assert_int_equal(progress.done[2].start, 32);
    x8_progress_done(&progress);
}

static void a_piece_that_is_sent_again_counts_no_more(void **state)
{
    struct x8_progress progress = {0};

    (void)state;
    confirm(&progress, 0, 16);
    confirm(&progress, 16, 32);
    x8_progress_forget(&progress, 16, 32);
    assert_int_equal(x8_progress_has(&progress, 0, 16), 1);
    assert_int_equal(x8_progress_has(&progress, 16, 32), 0);
    assert_int_equal(x8_progress_end(&progress), 16);
    x8_progress_done(&progress);
}

/* Its checksum is of all of it. */
static void a_piece_that_is_overwritten_in_part_is_forgotten_as_a_whole(void **state)
{
    struct x8_progress progress = {0};

    (void)state;
    confirm(&progress, 0, 32);
    confirm_as(&progress, 16, 40, 7);
    assert_int_equal(progress.done_count, 1);
    assert_int_equal(progress.done[0].crc, 7);
    assert_int_equal(x8_progress_has(&progress, 0, 16), 0);
    assert_int_equal(x8_progress_has(&progress, 16, 40), 1);
    x8_progress_forget(&progress, 39, 40);
    assert_int_equal(x8_progress_has(&progress, 16, 17), 0);
    x8_progress_done(&progress);
}

static void the_neighbours_of_what_is_forgotten_stay(void **state)
{
    struct x8_progress progress = {0};

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        confirm(&progress, 16 * i, 16 * (i + 1));
    x8_progress_forget(&progress, 16, 48);
    assert_int_equal(progress.done_count, 2);
    assert_int_equal(x8_progress_has(&progress, 0, 16), 1);
    assert_int_equal(x8_progress_has(&progress, 16, 17), 0);
    assert_int_equal(x8_progress_has(&progress, 47, 48), 0);
    assert_int_equal(x8_progress_has(&progress, 48, 64), 1);
    assert_int_equal(x8_progress_end(&progress), 64);
    x8_progress_done(&progress);
}

static void an_empty_range_changes_nothing(void **state)
{
    struct x8_progress progress = {0};

    (void)state;
    confirm_as(&progress, 0, 8, 7);
    x8_progress_forget(&progress, 4, 4);
    x8_progress_forget(&progress, 6, 2);
    confirm(&progress, 4, 4);
    confirm(&progress, 6, 2);
    assert_int_equal(progress.done_count, 1);
    assert_int_equal(progress.done[0].crc, 7);
    assert_int_equal(x8_progress_has(&progress, 0, 8), 1);
    x8_progress_done(&progress);
}

/* The same by the book: one mark for each byte. */
struct model {
    uint8_t mark[SPACE]; /* 0 not confirmed, else the number of its piece */
};

static void model_forget(struct model *model, uint64_t start, uint64_t end)
{
    for (uint64_t i = start; i < end; i++) {
        uint8_t piece = model->mark[i];

        for (uint64_t k = 0; piece && k < SPACE; k++)
            if (model->mark[k] == piece)
                model->mark[k] = 0;
    }
}

/* All ranges that begin at `start`. */
static void check_ranges(const struct x8_progress *progress, const struct model *model,
                         uint64_t start)
{
    int want = 1;

    for (uint64_t i = start; i < SPACE; i++) {
        want = want && model->mark[i];
        assert_int_equal(x8_progress_has(progress, start, i + 1), want);
    }
}

static void check_against(const struct x8_progress *progress, const struct model *model)
{
    struct model listed = {{0}};
    uint64_t end = SPACE;

    for (uint64_t i = 0; i < SPACE; i++)
        check_ranges(progress, model, i);
    for (size_t i = 0; i < progress->done_count; i++) {
        const struct x8_piece_done *piece = &progress->done[i];

        assert_true(i == 0 || progress->done[i - 1].end <= piece->start);
        assert_int_equal(piece->at, piece->start);
        assert_int_equal(piece->len, piece->end - piece->start);
        memset(&listed.mark[piece->start], (int)piece->crc, (size_t)piece->len);
    }
    assert_memory_equal(&listed, model, sizeof listed);
    while (end > 0 && !model->mark[end - 1])
        end--;
    assert_int_equal(x8_progress_end(progress), end);
}

static void any_order_of_pieces_gives_what_the_book_says(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct x8_progress progress = {0};
        struct model model = {{0}};

        for (int step = 0; step < 40; step++) {
            uint64_t start, most, end;

            seed = seed * 1664525u + 1013904223u;
            start = (seed >> 8) % SPACE;
            /* Mostly short ones, so that many stand side by side. */
            most = step % 8 && SPACE - start > 6 ? 6 : SPACE - start;
            end = start + 1 + (seed >> 16) % most;
            model_forget(&model, start, end);
            if (seed >> 30) {
                memset(&model.mark[start], 1 + step, (size_t)(end - start));
                confirm_as(&progress, start, end, 1 + (uint32_t)step);
            } else {
                x8_progress_forget(&progress, start, end);
            }
            check_against(&progress, &model);
        }
        x8_progress_done(&progress);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_of_a_board_at_first),
        cmocka_unit_test(a_piece_counts_when_it_was_confirmed),
        cmocka_unit_test(a_gap_between_two_pieces_is_seen),
        cmocka_unit_test(a_piece_that_is_sent_again_counts_no_more),
        cmocka_unit_test(a_piece_that_is_overwritten_in_part_is_forgotten_as_a_whole),
        cmocka_unit_test(the_neighbours_of_what_is_forgotten_stay),
        cmocka_unit_test(an_empty_range_changes_nothing),
        cmocka_unit_test(any_order_of_pieces_gives_what_the_book_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
