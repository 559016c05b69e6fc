/*
 * What a board has of an image so far, as far as its loader said OKAY: kept while a run goes on
 * (for its retries) and in the journal (for --resume). It is a memory, not a proof: OKAY is none,
 * so what is confirmed here is compared on the board before it is left out. What else was written
 * needs no account: a run that is taken up looks at the erased space again before it counts on it.
 *
 * Threads: one at a time.
 */
#ifndef X8_FLASH_PROGRESS_H
#define X8_FLASH_PROGRESS_H

#include "image/sparse.h"

/* A piece that the loader said OKAY to, with the checksum of its beginning. */
struct x8_piece_done {
    uint64_t start, end; /* bytes of the image */
    uint64_t at, len;    /* the first range of it that was written without a gap */
    uint32_t crc;        /* CRC-32 of that range */
};

/* Zero-initialised is empty. */
struct x8_progress {
    char partition[64];
    struct x8_range erased;     /* proven to read as zeros before the first piece; empty: none */
    struct x8_piece_done *done; /* ascending, none overlaps another */
    size_t done_count, done_cap;
};

void x8_progress_done(struct x8_progress *progress);

/* Before [start, end) is written: no piece that it touches counts any more, not even in part. */
void x8_progress_forget(struct x8_progress *progress, uint64_t start, uint64_t end);
/* The loader said OKAY. What stood there before is forgotten. X8_E_INTERNAL without memory, and
 * nothing is changed. */
int x8_progress_confirm(struct x8_progress *progress, const struct x8_piece_done *piece,
                        struct x8_error *err);

/* 1 when all of [start, end) was confirmed. */
int x8_progress_has(const struct x8_progress *progress, uint64_t start, uint64_t end);

/* What begins behind the last confirmed piece; 0 when there is none. */
uint64_t x8_progress_end(const struct x8_progress *progress);

#endif
