/*
 * Any bytes as the journal of a flash: no journal, or lists in order that never overlap, with
 * nothing erased that may hold anything.
 */
#include "flash/journal_parts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
    if (!ok)
        abort();
}

static void check_lists(const struct x8_progress *progress)
{
    for (size_t i = 0; i < progress->done_count; i++) {
        const struct x8_piece_done *piece = &progress->done[i];

        must(piece->start < piece->end && piece->start <= piece->at &&
             piece->at + piece->len <= piece->end);
        must(i == 0 || progress->done[i - 1].end <= piece->start);
        must(x8_progress_has(progress, piece->start, piece->end));
    }
    for (size_t i = 0; i < progress->open_count; i++) {
        const struct x8_range *open = &progress->open[i];

        must(open->start < open->end && (i == 0 || progress->open[i - 1].end < open->start));
        must(!x8_progress_has(progress, open->start, open->start + 1));
    }
}

static void check_zeros(const struct x8_progress *progress)
{
    struct x8_range *zeros;
    int n = x8_progress_zeros(progress, &zeros, NULL);

    must(n >= 0);
    for (int i = 0; i < n; i++) {
        must(zeros[i].start >= progress->erased.start && zeros[i].end <= progress->erased.end);
        for (size_t k = 0; k < progress->open_count; k++)
            must(zeros[i].end <= progress->open[k].start ||
                 zeros[i].start >= progress->open[k].end);
    }
    free(zeros);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_past past;
    struct x8_error err = {0};

    if (x8_journal_parse("j", (struct x8_span){data, size}, &past, &err) < 0) {
        must(err.msg[0] != '\0');
        return 0;
    }
    must(past.head.port[0] && memchr(past.head.source, 0, sizeof past.head.source));
    must(memchr(past.serial, 0, sizeof past.serial) != NULL);
    must(past.has_end ? past.rc < 0 : past.rc == 0);
    check_lists(&past.progress);
    check_zeros(&past.progress);
    x8_past_done(&past);
    return 0;
}
