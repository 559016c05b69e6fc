/*
 * The confirmed pieces, in order. They never overlap: a piece that is touched again is forgotten as
 * a whole, since its checksum is of nothing less.
 */
#include "flash/progress.h"

#include <stdlib.h>
#include <string.h>

void x8_progress_done(struct x8_progress *progress)
{
    free(progress->done);
    *progress = (struct x8_progress){0};
}

/* Room for one more piece. -1 without memory. */
static int grow(struct x8_progress *progress)
{
    size_t cap = progress->done_cap ? progress->done_cap * 2 : 16;
    struct x8_piece_done *more;

    if (progress->done_count < progress->done_cap)
        return 0;
    more = realloc(progress->done, cap * sizeof *more);
    if (!more)
        return -1;
    progress->done = more;
    progress->done_cap = cap;
    return 0;
}

/* The first confirmed piece that ends behind `at`: they are many, and most calls are about the end.
 */
static size_t first_behind(const struct x8_progress *progress, uint64_t at)
{
    size_t low = 0, high = progress->done_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (progress->done[middle].end > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void x8_progress_forget(struct x8_progress *progress, uint64_t start, uint64_t end)
{
    size_t from = first_behind(progress, start), to = from;

    if (start >= end)
        return;
    while (to < progress->done_count && progress->done[to].start < end)
        to++;
    if (to == from)
        return;
    memmove(&progress->done[from], &progress->done[to],
            (progress->done_count - to) * sizeof *progress->done);
    progress->done_count -= to - from;
}

int x8_progress_confirm(struct x8_progress *progress, const struct x8_piece_done *piece,
                        struct x8_error *err)
{
    size_t at;

    if (piece->start >= piece->end)
        return 0;
    if (grow(progress) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for what the board has of the image");
    x8_progress_forget(progress, piece->start, piece->end);
    at = first_behind(progress, piece->start);
    memmove(&progress->done[at + 1], &progress->done[at],
            (progress->done_count - at) * sizeof *progress->done);
    progress->done[at] = *piece;
    progress->done_count++;
    return 0;
}

int x8_progress_has(const struct x8_progress *progress, uint64_t start, uint64_t end)
{
    for (size_t i = first_behind(progress, start); i < progress->done_count && start < end; i++) {
        const struct x8_piece_done *piece = &progress->done[i];

        if (piece->start > start)
            return 0;
        start = piece->end;
    }
    return start >= end;
}

uint64_t x8_progress_end(const struct x8_progress *progress)
{
    return progress->done_count ? progress->done[progress->done_count - 1].end : 0;
}
