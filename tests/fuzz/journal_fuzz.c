/*
 * Any bytes as the journal of a flash: no journal, or pieces in order that never overlap, each of
 * which can be forgotten alone.
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
    if (progress->done_count)
        must(x8_progress_end(progress) == progress->done[progress->done_count - 1].end);
    else
        must(x8_progress_end(progress) == 0);
    must(progress->erased.start < progress->erased.end || progress->erased.end == 0);
}

/* From the middle out: by its first byte or its last. */
static void check_forgetting(struct x8_progress *progress)
{
    while (progress->done_count) {
        size_t count = progress->done_count;
        struct x8_piece_done piece = progress->done[count / 2];
        uint64_t at = count & 1 ? piece.start : piece.end - 1;

        x8_progress_forget(progress, at, at + 1);
        must(progress->done_count == count - 1);
        must(!x8_progress_has(progress, piece.start, piece.start + 1));
        must(!x8_progress_has(progress, piece.end - 1, piece.end));
    }
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
    check_forgetting(&past.progress);
    x8_past_done(&past);
    return 0;
}
