/*
 * Two lists of ranges that never overlap, inside themselves or with each other: what was confirmed,
 * and what may hold anything. What is in neither was not touched since the area was erased.
 */
#include "flash/progress.h"

#include <stdlib.h>
#include <string.h>

void x8_progress_done(struct x8_progress *progress)
{
    free(progress->done);
    free(progress->open);
    *progress = (struct x8_progress){0};
}

/* Room for one more element. -1 without memory. */
static int grow(void **items, size_t *cap, size_t count, size_t size)
{
    size_t wanted = *cap ? *cap * 2 : 16;
    void *more;

    if (count < *cap)
        return 0;
    more = realloc(*items, wanted * size);
    if (!more)
        return -1;
    *items = more;
    *cap = wanted;
    return 0;
}

static int grow_open(struct x8_progress *progress)
{
    void *items = progress->open;
    int rc = grow(&items, &progress->open_cap, progress->open_count, sizeof *progress->open);

    progress->open = items;
    return rc;
}

static int grow_done(struct x8_progress *progress)
{
    void *items = progress->done;
    int rc = grow(&items, &progress->done_cap, progress->done_count, sizeof *progress->done);

    progress->done = items;
    return rc;
}

static void drop_open(struct x8_progress *progress, size_t from, size_t count)
{
    memmove(&progress->open[from], &progress->open[from + count],
            (progress->open_count - from - count) * sizeof *progress->open);
    progress->open_count -= count;
}

/* Needs room for one more. Neighbours that touch become one. */
static void add_open(struct x8_progress *progress, uint64_t start, uint64_t end)
{
    struct x8_range *open = progress->open;
    size_t at = 0, last;

    while (at < progress->open_count && open[at].end < start)
        at++;
    for (last = at; last < progress->open_count && open[last].start <= end; last++) {
        start = open[last].start < start ? open[last].start : start;
        end = open[last].end > end ? open[last].end : end;
    }
    if (last == at) {
        memmove(&open[at + 1], &open[at], (progress->open_count - at) * sizeof *open);
        progress->open_count++;
    } else {
        drop_open(progress, at, last - at - 1);
    }
    open[at] = (struct x8_range){start, end};
}

/* Needs room for one more: a hole in the middle makes two of one. */
static void cut_open(struct x8_progress *progress, uint64_t start, uint64_t end)
{
    struct x8_range *open = progress->open;
    size_t at = 0;

    while (at < progress->open_count && open[at].start < end) {
        struct x8_range was = open[at];

        if (was.end <= start) {
            at++;
        } else if (was.start < start && was.end > end) {
            memmove(&open[at + 1], &open[at], (progress->open_count - at) * sizeof *open);
            progress->open_count++;
            open[at].end = start;
            open[at + 1].start = end;
            return;
        } else if (was.start < start) {
            open[at++].end = start;
        } else if (was.end > end) {
            open[at].start = end;
        } else {
            drop_open(progress, at, 1);
        }
    }
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

/*
 * The confirmed pieces that [start, end) touches are not what they were. All of each becomes open:
 * the part beyond the range was written too, and must not count as erased.
 */
static int forget(struct x8_progress *progress, uint64_t start, uint64_t end)
{
    size_t from = first_behind(progress, start), to = from;
    int rc = 0;

    while (rc == 0 && to < progress->done_count && progress->done[to].start < end) {
        rc = grow_open(progress);
        if (rc == 0) {
            add_open(progress, progress->done[to].start, progress->done[to].end);
            to++;
        }
    }
    if (to > from) {
        memmove(&progress->done[from], &progress->done[to],
                (progress->done_count - to) * sizeof *progress->done);
        progress->done_count -= to - from;
    }
    return rc;
}

static int fail_memory(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory for what the board has of the image");
}

int x8_progress_sending(struct x8_progress *progress, uint64_t start, uint64_t end,
                        struct x8_error *err)
{
    if (start >= end)
        return 0;
    if (forget(progress, start, end) < 0 || grow_open(progress) < 0)
        return fail_memory(err);
    add_open(progress, start, end);
    return 0;
}

int x8_progress_confirm(struct x8_progress *progress, const struct x8_piece_done *piece,
                        struct x8_error *err)
{
    size_t at;

    if (piece->start >= piece->end)
        return 0;
    if (forget(progress, piece->start, piece->end) < 0 || grow_open(progress) < 0 ||
        grow_done(progress) < 0)
        return fail_memory(err);
    cut_open(progress, piece->start, piece->end);
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

int x8_progress_zeros(const struct x8_progress *progress, struct x8_range **out,
                      struct x8_error *err)
{
    struct x8_range left = progress->erased, *ranges;
    int count = 0;

    *out = NULL;
    if (left.start >= left.end)
        return 0;
    ranges = calloc(progress->open_count + 1, sizeof *ranges);
    if (!ranges)
        return fail_memory(err);
    for (size_t i = 0; i < progress->open_count && left.start < left.end; i++) {
        const struct x8_range *open = &progress->open[i];

        if (open->end <= left.start)
            continue;
        if (open->start >= left.end)
            break;
        if (open->start > left.start)
            ranges[count++] = (struct x8_range){left.start, open->start};
        left.start = open->end;
    }
    if (left.start < left.end)
        ranges[count++] = left;
    if (count)
        *out = ranges;
    else
        free(ranges);
    return count;
}

uint64_t x8_progress_end(const struct x8_progress *progress)
{
    return progress->done_count ? progress->done[progress->done_count - 1].end : 0;
}
