/*
 * Inner header of the used-block map: what its readers of file systems share. They ask for byte
 * ranges of the image, get them when they have passed, and say what is free.
 */
#ifndef X8_IMAGE_USEDMAP_PARTS_H
#define X8_IMAGE_USEDMAP_PARTS_H

#include "image/usedmap.h"

struct used_fs;

/* A byte range of the image that a reader needs. `take` gets it whole; it may ask for more, of what
 * has not passed yet. */
struct used_want {
    uint64_t off, len, have;
    uint8_t *data;
    struct used_fs *fs;
    uint32_t number; /* of the reader's */
    void (*take)(struct x8_usedmap *map, struct used_want *want);
};

struct x8_usedmap {
    struct x8_sink sink;
    uint64_t size; /* as told, then as it came */
    uint64_t at;   /* bytes that have passed */
    uint8_t *head; /* HEAD_LEN, until it is full */
    size_t head_len;
    int begun, ended;
    struct x8_parttable table;
    struct x8_used_part *parts;
    struct used_fs **fs; /* one for each part */
    size_t part_count;
    struct used_want **wants;
    size_t want_count, want_cap;
    uint64_t asked; /* bytes held by wants */
    uint8_t *free_bits;
    uint64_t bit_count, bit_cap; /* map blocks */
    struct x8_range *ranges;
    size_t range_count;
    uint64_t used;
    int no_memory;
};

/* Each 4 KiB up to the end of a file system take a bit: a false superblock may claim exabytes. */
#define USED_SPAN_MAX   ((uint64_t)1 << 40)
#define USED_GROUPS_MAX 8192u /* 1 TiB of ext4 in groups of 128 MiB */

struct used_fs {
    size_t index;
    int failed; /* nothing of it is free */
    /* ext */
    uint64_t blocks;
    uint32_t block, first, per_group, groups, desc_size, cluster_ratio, inodes_per_group;
    uint32_t gdt_blocks, reserved_gdt, backups[2];
    uint16_t inode_size;
    int sparse_super, sparse_super2, has_uninit;
    uint8_t *descs; /* groups * desc_size */
    /* fat */
    uint64_t data_at, clusters;
    uint32_t cluster, bits;
};

/* usedmap_bits.c: ranges and sums from the bits, at the end. -1 without memory. */
int used_make_ranges(struct x8_usedmap *map);
/* 1 when this block of the map is free by what is known so far. */
int used_is_free(const struct x8_usedmap *map, uint64_t block);

/* usedmap.c */

struct x8_used_part *used_part(struct x8_usedmap *map, const struct used_fs *fs);

/* Ask for a range. 0, or -1 when it has passed or would take too much memory: the file system has
 * failed then, with a note. */
int used_ask(struct x8_usedmap *map, struct used_fs *fs, uint64_t off, uint64_t len,
             uint32_t number, void (*take)(struct x8_usedmap *, struct used_want *));

/* These bytes of the image (inside the file system's partition) hold nothing. */
void used_free(struct x8_usedmap *map, const struct used_fs *fs, uint64_t start, uint64_t end);
/* They do, whatever was said. */
void used_keep(struct x8_usedmap *map, const struct used_fs *fs, uint64_t start, uint64_t end);

/* `blocks` of `size` bytes from `start` lie where bits are kept for them. */
int used_fits(uint64_t start, uint64_t blocks, uint64_t size);

/* All of the file system counts as used, and why. */
void used_fail(struct x8_usedmap *map, struct used_fs *fs, const char *why);

/* usedmap_ext.c, usedmap_fat.c: look at the first 4 KiB of a partition. 1 when it is theirs: what
 * they need was asked for, or it has failed. */
int used_ext_begin(struct x8_usedmap *map, struct used_fs *fs, const uint8_t *head);
int used_fat_begin(struct x8_usedmap *map, struct used_fs *fs, const uint8_t *head);

#endif
