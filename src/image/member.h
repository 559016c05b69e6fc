/*
 * A piece in compressed form: gzip members, each for one contiguous range of the target. U-Boot's
 * gzwrite inflates one member from memory to the device; it takes exactly one, with its trailer in
 * the last 8 bytes, and a byte offset that is a multiple of 512 (U-Boot lib/gunzip.c).
 */
#ifndef X8_IMAGE_MEMBER_H
#define X8_IMAGE_MEMBER_H

#include "image/sparse.h"

struct x8_member {
    uint64_t offset; /* bytes from the start of the target */
    uint64_t len;    /* bytes that it inflates to, a multiple of the block size */
    size_t at, size; /* bytes of the member inside `data` */
};

/* Zero-initialised is empty; x8_members_done() frees. */
struct x8_members {
    uint8_t *data; /* the members one behind the other */
    size_t cap, len;
    struct x8_member *items;
    size_t count, item_cap;
};

/* The state of a compressor, reused from piece to piece. One thread at a time. */
struct x8_deflater;
int x8_deflater_new(struct x8_deflater **out, struct x8_error *err);
void x8_deflater_free(struct x8_deflater **deflater);

/*
 * Compress what `piece` writes: one member per range without a gap (RAW and FILL together;
 * DONT_CARE divides, and so does a range of 1 GiB: the trailer counts in 32 bits). `out` is used
 * again, its memory grows to at most `cap` bytes of data. 1 when it fits (a piece that writes
 * nothing has no members), 0 when it does not (then it is not worth it: `cap` is the caller's
 * measure), negative on error: X8_E_BAD_IMAGE for a piece that is none. With 0 and on errors `out`
 * is empty.
 */
int x8_members_make(struct x8_deflater *deflater, const struct x8_piece *piece, size_t cap,
                    struct x8_members *out, struct x8_error *err);
void x8_members_done(struct x8_members *members);

/* An empty member (20 bytes): what a loader with gzwrite takes without writing anything. */
struct x8_span x8_member_empty(void);

#endif
