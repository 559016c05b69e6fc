/*
 * What was written where, as checksums: recorded while an image streams past, used to read it back
 * on the board. A region is at most X8_REGION_MAX bytes; for naming the damage it carries the
 * checksum of each MiB as well.
 */
#ifndef X8_FLASH_REGION_H
#define X8_FLASH_REGION_H

#include "image/sparse.h"

/* The loader answers nothing while it reads and sums up a region; 64 MiB are half a second on the
 * board. */
#define X8_REGION_MAX  (64u << 20)
#define X8_REGION_PART (1u << 20)

struct x8_region {
    uint64_t offset;                                /* bytes from the start of the area */
    uint64_t len;                                   /* bytes */
    uint32_t crc;                                   /* CRC-32 of all of it */
    uint32_t parts[X8_REGION_MAX / X8_REGION_PART]; /* CRC-32 of each MiB */
};

/* A list under construction. Zero-initialised is empty. */
struct x8_regions {
    struct x8_region *items;
    size_t count, cap;
};

/* Bytes were written at `offset` (ascending). Contiguous bytes extend the last region. */
int x8_regions_add(struct x8_regions *regions, uint64_t offset, const void *data, size_t len,
                   struct x8_error *err);
/*
 * What the board will hold in [piece->start, piece->end). `holes_are_zeros`: what the piece leaves
 * out reads as zeros there and counts; otherwise it is left out.
 */
int x8_regions_of_piece(struct x8_regions *regions, const struct x8_piece *piece,
                        int holes_are_zeros, struct x8_error *err);
/* Sum of the lengths. */
uint64_t x8_regions_bytes(const struct x8_regions *regions);
void x8_regions_done(struct x8_regions *regions);

#endif
