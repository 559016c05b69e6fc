/*
 * Block maps (bmaptool's XML, version 2.0): which blocks of an image are in use, with a SHA-256 for
 * each range. Source: flash-protocol 5.5. Parsed strictly; the file's own checksum
 * (BmapFileChecksum) is checked.
 */
#ifndef X8_IMAGE_BMAP_H
#define X8_IMAGE_BMAP_H

#include "image/sparse.h"
#include "util/digest.h"

struct x8_bmap_range {
    uint64_t start, end; /* bytes of the image; end may lie past image_size by less than a block */
    uint8_t sha256[X8_SHA256_LEN];
    int has_sha256;
};

struct x8_bmap {
    uint64_t image_size;          /* bytes */
    uint32_t block_size;          /* bytes */
    struct x8_bmap_range *ranges; /* sorted, disjoint */
    size_t count;
};

/* X8_E_BAD_IMAGE with line and reason; X8_E_BAD_DIGEST when the file's own checksum is wrong. */
int x8_bmap_parse(struct x8_span xml, struct x8_bmap *out, struct x8_error *err);
void x8_bmap_done(struct x8_bmap *bmap);

/* The gaps between the ranges, up to image_size, as skip ranges for the encoder. Heap array, count
 * returned (or negative). */
int x8_bmap_gaps(const struct x8_bmap *bmap, struct x8_range **out, struct x8_error *err);

/*
 * A sink stage that checks the ranges' digests as the raw image passes through to `next`. A
 * difference is X8_E_BAD_DIGEST naming the range, an image of another size is X8_E_BAD_DIGEST too.
 */
int x8_bmap_check_new(const struct x8_bmap *bmap, struct x8_sink *next, struct x8_sink **out,
                      struct x8_error *err);
void x8_bmap_check_free(struct x8_sink **sink);

#endif
