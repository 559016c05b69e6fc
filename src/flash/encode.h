/*
 * From an image file to pieces: opens the step's input, undoes its compression, records checksums,
 * checks the block map, and cuts it into sparse pieces. Runs in the calling thread; where the
 * pieces go is the port's business (a window towards boards, or a counter).
 */
#ifndef X8_FLASH_ENCODE_H
#define X8_FLASH_ENCODE_H

#include "flash/plan.h"
#include "flash/region.h"

/* One piece's answer must come within a known time: this much FILL at most in one piece (1 to 2 s
 * on an eMMC). */
#define X8_FILL_MAX (128ull << 20)

struct x8_encode {
    const struct x8_plan *plan; /* borrowed */
    const struct x8_step *step; /* borrowed */
    uint32_t block_size;        /* bytes, of the board */
    size_t piece_cap;           /* bytes */
    uint64_t capacity;          /* bytes of the target; UINT64_MAX when unknown */
    struct x8_regions *regions; /* gets what the board will hold; NULL: not recorded */
    int record;                 /* for flash/source.h: whether regions are wanted */
    const struct x8_range
        *zeros; /* where the target reads as zeros, see image/sparse.h; borrowed */
    size_t zero_count;
};

/* Bytes of the raw image (sparse input: bytes it writes), or a negative code. The last piece is put
 * only after the stream proved whole. */
int64_t x8_encode_run(const struct x8_op *op, const struct x8_encode *encode,
                      const struct x8_piece_port *port, struct x8_error *err);

#endif
