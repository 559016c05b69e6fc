/*
 * What a board has of an image: confirmed pieces, open ones and erased space, whatever the order.
 */
#include "flash/progress.h"
#include "testlib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPACE 64u

static void send(struct x8_progress *progress, uint64_t start, uint64_t end)
{
    assert_int_equal(x8_progress_sending(progress, start, end, NULL), 0);
}

static void confirm(struct x8_progress *progress, uint64_t start, uint64_t end)
{
    struct x8_piece_done piece = {.start = start, .end = end, .at = start, .len = end - start};

    assert_int_equal(x8_progress_confirm(progress, &piece, NULL), 0);
}

/* The ranges known as zeros as "a-b c-d". */
static void check_zeros(const struct x8_progress *progress, const char *want)
{
    struct x8_range *zeros;
    char text[256] = "";
    int n = x8_progress_zeros(progress, &zeros, NULL);

    assert_true(n >= 0);
    assert_true((n == 0) == (zeros == NULL));
    for (int i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%llu-%llu", i ? " " : "",
                 (unsigned long long)zeros[i].start, (unsigned long long)zeros[i].end);
    free(zeros);
    assert_string_equal(text, want);
}

static void nothing_is_known_of_a_board_at_first(void **state)
{
    struct x8_progress progress = {0};

    (void)state;
    check_zeros(&progress, "");
    assert_int_equal(x8_progress_end(&progress), 0);
    assert_int_equal(x8_progress_has(&progress, 0, 1), 0);
    x8_progress_done(&progress);
}

static void a_piece_counts_when_it_was_confirmed(void **state)
{
    struct x8_progress progress = {.erased = {0, 100}};

    (void)state;
    send(&progress, 0, 16);
    assert_int_equal(x8_progress_has(&progress, 0, 16), 0);
    check_zeros(&progress, "16-100");
    confirm(&progress, 0, 16);
    assert_int_equal(x8_progress_has(&progress, 0, 16), 1);
    assert_int_equal(x8_progress_has(&progress, 0, 17), 0);
    assert_int_equal(x8_progress_end(&progress), 16);
    check_zeros(&progress, "0-100");
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
    struct x8_progress progress = {.erased = {0, 64}};

    (void)state;
    confirm(&progress, 0, 16);
    confirm(&progress, 16, 32);
    send(&progress, 16, 32);
    assert_int_equal(x8_progress_has(&progress, 16, 32), 0);
    assert_int_equal(x8_progress_end(&progress), 16);
    check_zeros(&progress, "0-16 32-64");
    x8_progress_done(&progress);
}

/* The rest of it was written, and is no erased space. */
static void a_piece_that_is_overwritten_in_part_is_open_as_a_whole(void **state)
{
    struct x8_progress progress = {.erased = {0, 64}};

    (void)state;
    confirm(&progress, 0, 32);
    send(&progress, 16, 40);
    confirm(&progress, 16, 40);
    assert_int_equal(x8_progress_has(&progress, 0, 16), 0);
    assert_int_equal(x8_progress_has(&progress, 16, 40), 1);
    check_zeros(&progress, "16-64");
    x8_progress_done(&progress);
}

static void a_confirmed_middle_leaves_both_sides_open(void **state)
{
    struct x8_progress progress = {.erased = {0, 64}};

    (void)state;
    send(&progress, 8, 56);
    confirm(&progress, 16, 32);
    check_zeros(&progress, "0-8 16-32 56-64");
    assert_int_equal(progress.open_count, 2);
    send(&progress, 16, 32);
    assert_int_equal(progress.open_count, 1);
    x8_progress_done(&progress);
}

static void erased_space_ends_where_it_was_proven_to(void **state)
{
    struct x8_progress progress = {.erased = {16, 48}};

    (void)state;
    send(&progress, 0, 20);
    send(&progress, 44, 60);
    check_zeros(&progress, "20-44");
    send(&progress, 20, 44);
    check_zeros(&progress, "");
    x8_progress_done(&progress);
}

static void an_empty_piece_changes_nothing(void **state)
{
    struct x8_progress progress = {.erased = {0, 8}};

    (void)state;
    send(&progress, 4, 4);
    confirm(&progress, 4, 4);
    assert_int_equal(progress.open_count + progress.done_count, 0);
    check_zeros(&progress, "0-8");
    x8_progress_done(&progress);
}

/* The same by the book: one mark for each byte. */
struct model {
    char mark[SPACE]; /* 'z' untouched, 'o' open, else the number of its piece */
};

static void model_forget(struct model *model, uint64_t start, uint64_t end)
{
    for (uint64_t i = start; i < end; i++) {
        char piece = model->mark[i];

        for (uint64_t k = 0; piece != 'z' && k < SPACE; k++)
            if (model->mark[k] == piece)
                model->mark[k] = 'o';
    }
}

static void check_against(const struct x8_progress *progress, const struct model *model)
{
    struct x8_range *zeros;
    char known[SPACE] = {0};
    int n = x8_progress_zeros(progress, &zeros, NULL);

    for (int i = 0; i < n; i++) {
        assert_true(i == 0 || zeros[i - 1].end < zeros[i].start);
        memset(&known[zeros[i].start], 1, (size_t)(zeros[i].end - zeros[i].start));
    }
    free(zeros);
    for (uint64_t i = 0; i < SPACE; i++) {
        char mark = model->mark[i];

        assert_int_equal(known[i], mark != 'o');
        assert_int_equal(x8_progress_has(progress, i, i + 1), mark != 'o' && mark != 'z');
    }
    for (size_t i = 1; i < progress->done_count; i++)
        assert_true(progress->done[i - 1].end <= progress->done[i].start);
    for (size_t i = 1; i < progress->open_count; i++)
        assert_true(progress->open[i - 1].end < progress->open[i].start);
}

static void any_order_of_pieces_gives_what_the_book_says(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct x8_progress progress = {.erased = {0, SPACE}};
        struct model model;

        memset(model.mark, 'z', sizeof model.mark);
        for (int step = 0; step < 40; step++) {
            uint64_t start, end;

            seed = seed * 1664525u + 1013904223u;
            start = (seed >> 8) % SPACE;
            end = start + 1 + (seed >> 16) % (SPACE - start);
            model_forget(&model, start, end);
            memset(&model.mark[start], seed >> 31 ? 'o' : 1 + step, (size_t)(end - start));
            if (seed >> 31)
                send(&progress, start, end);
            else
                confirm(&progress, start, end);
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
        cmocka_unit_test(a_piece_that_is_overwritten_in_part_is_open_as_a_whole),
        cmocka_unit_test(a_confirmed_middle_leaves_both_sides_open),
        cmocka_unit_test(erased_space_ends_where_it_was_proven_to),
        cmocka_unit_test(an_empty_piece_changes_nothing),
        cmocka_unit_test(any_order_of_pieces_gives_what_the_book_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
