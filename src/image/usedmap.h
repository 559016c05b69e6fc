/*
 * Which blocks of a disk image hold something, read from the image itself as it passes by: its
 * partition table, the block bitmaps of ext2/3/4, the allocation tables of FAT12/16/32. What is not
 * understood counts as used: space outside of partitions, other file systems, an ext4 whose journal
 * was not replayed, a bitmap that lies before what points to it, or one with a wrong checksum.
 *
 * Sources: the kernel's Documentation/filesystems/ext4, Microsoft's FAT specification 1.03.
 */
#ifndef X8_IMAGE_USEDMAP_H
#define X8_IMAGE_USEDMAP_H

#include "image/bmap.h"
#include "image/parttable.h"

#define X8_USED_BLOCK 4096u /* the map's unit; a block is used when any byte of it is */

struct x8_used_part {
    uint64_t start, len, used; /* bytes */
    char kind[12];             /* "ext4", "ext2", "fat16", ..., or "" */
    char label[40];
    char note[120]; /* why all of it counts as used, or "" */
    uint64_t block; /* of the file system, bytes */
};

struct x8_usedmap;

/* A sink that takes the raw image in order. `size` (0 unknown) is the image's, where known. */
int x8_usedmap_new(uint64_t size, struct x8_usedmap **out, struct x8_error *err);
void x8_usedmap_free(struct x8_usedmap **map);
struct x8_sink *x8_usedmap_sink(struct x8_usedmap *map);

/* After the sink was finished. The ranges in use, sorted, joined, in whole map blocks (the last one
 * may be shorter). Borrowed. */
size_t x8_usedmap_ranges(const struct x8_usedmap *map, const struct x8_range **out);
uint64_t x8_usedmap_used(const struct x8_usedmap *map); /* bytes */
uint64_t x8_usedmap_size(const struct x8_usedmap *map); /* bytes that came */
const struct x8_parttable *x8_usedmap_table(const struct x8_usedmap *map);
size_t x8_usedmap_parts(const struct x8_usedmap *map, const struct x8_used_part **out);

/* The gaps, as skip ranges for the sparse encoder. Heap array; count or a negative code. */
int x8_usedmap_gaps(const struct x8_usedmap *map, struct x8_range **out, struct x8_error *err);

/*
 * Write a bmap 2.0 (bmaptool's XML) for the map. x8_bmapwrite_new_live() before the image passes:
 * all of it goes to `sink`, which hands it to the map's own. Where that came out as it looked when
 * the image passed (x8_bmapwrite_is_done() once it was finished) the text can be had; else some
 * table lies behind what it speaks of, and the image passes a second time, through `sink` of
 * x8_bmapwrite_new() for the map that is complete by then.
 */
struct x8_bmapwrite;
int x8_bmapwrite_new_live(struct x8_usedmap *map, struct x8_bmapwrite **out, struct x8_error *err);
int x8_bmapwrite_new(const struct x8_usedmap *map, struct x8_bmapwrite **out, struct x8_error *err);
struct x8_sink *x8_bmapwrite_sink(struct x8_bmapwrite *writer);
int x8_bmapwrite_is_done(const struct x8_bmapwrite *writer);
int x8_bmapwrite_text(struct x8_bmapwrite *writer, struct x8_buf *out, struct x8_error *err);
void x8_bmapwrite_free(struct x8_bmapwrite **writer);

#endif
