/*
 * What is free, as bits of 4 KiB, and what is made of them: ranges in use, gaps, sums.
 */
#include "image/usedmap_parts.h"

#include <stdlib.h>
#include <string.h>

/* Room for the bits up to block `end`. */
static int grow(struct x8_usedmap *map, uint64_t end)
{
    if (end > map->bit_cap) {
        uint64_t cap = map->bit_cap ? map->bit_cap : (uint64_t)1 << 20;
        while (cap < end)
            cap *= 2;
        uint8_t *bits = realloc(map->free_bits, (size_t)(cap / 8));
        if (!bits) {
            map->no_memory = 1;
            return -1;
        }
        memset(bits + map->bit_cap / 8, 0, (size_t)((cap - map->bit_cap) / 8));
        map->free_bits = bits;
        map->bit_cap = cap;
    }
    map->bit_count = end > map->bit_count ? end : map->bit_count;
    return 0;
}

int used_fits(uint64_t start, uint64_t blocks, uint64_t size)
{
    return start <= USED_SPAN_MAX && blocks <= (USED_SPAN_MAX - start) / size;
}

static void set_bits(struct x8_usedmap *map, uint64_t from, uint64_t to, int is_free)
{
    if (from >= to || grow(map, to) < 0)
        return;
    for (uint64_t i = from; i < to;) {
        if (i % 8 == 0 && to - i >= 8) {
            map->free_bits[i / 8] = is_free ? 0xff : 0;
            i += 8;
            continue;
        }
        uint8_t bit = (uint8_t)(1u << i % 8);
        map->free_bits[i / 8] =
            (uint8_t)(is_free ? map->free_bits[i / 8] | bit : map->free_bits[i / 8] & ~bit);
        i++;
    }
}

/* Only map blocks that are free from end to end; a file system says nothing beyond its partition.
 */
void used_free(struct x8_usedmap *map, const struct used_fs *fs, uint64_t start, uint64_t end)
{
    const struct x8_used_part *part = used_part(map, fs);
    uint64_t last = part->start + part->len;

    start = start < part->start ? part->start : start;
    end = end > last ? last : end;
    set_bits(map, (start + X8_USED_BLOCK - 1) / X8_USED_BLOCK, end / X8_USED_BLOCK, 1);
}

void used_keep(struct x8_usedmap *map, const struct used_fs *fs, uint64_t start, uint64_t end)
{
    const struct x8_used_part *part = used_part(map, fs);
    uint64_t last = part->start + part->len;

    start = start < part->start ? part->start : start;
    end = end > last ? last : end;
    if (start < end)
        set_bits(map, start / X8_USED_BLOCK, (end + X8_USED_BLOCK - 1) / X8_USED_BLOCK, 0);
}

int used_is_free(const struct x8_usedmap *map, uint64_t block)
{
    return block < map->bit_count && (map->free_bits[block / 8] >> block % 8 & 1);
}

static uint64_t run_end(const struct x8_usedmap *map, uint64_t from, uint64_t blocks)
{
    uint64_t end = from + 1;

    while (end < blocks && used_is_free(map, end) == used_is_free(map, from))
        end++;
    return end;
}

static int list_ranges(struct x8_usedmap *map)
{
    uint64_t blocks = (map->at + X8_USED_BLOCK - 1) / X8_USED_BLOCK;
    size_t cap = 0;

    for (uint64_t at = 0, end; at < blocks; at = end) {
        end = run_end(map, at, blocks);
        if (used_is_free(map, at))
            continue;
        if (map->range_count == cap) {
            cap = cap ? cap * 2 : 256;
            struct x8_range *ranges = realloc(map->ranges, cap * sizeof(*ranges));
            if (!ranges)
                return -1;
            map->ranges = ranges;
        }
        uint64_t last = end * X8_USED_BLOCK < map->at ? end * X8_USED_BLOCK : map->at;
        map->ranges[map->range_count++] = (struct x8_range){at * X8_USED_BLOCK, last};
        map->used += last - at * X8_USED_BLOCK;
    }
    return 0;
}

static void count_parts(struct x8_usedmap *map)
{
    for (size_t i = 0; i < map->part_count; i++) {
        struct x8_used_part *part = &map->parts[i];
        uint64_t unused = 0;
        for (uint64_t b = part->start / X8_USED_BLOCK; b * X8_USED_BLOCK < part->start + part->len;
             b++)
            unused += used_is_free(map, b) ? X8_USED_BLOCK : 0;
        part->used = part->len > unused ? part->len - unused : 0;
    }
}

int used_make_ranges(struct x8_usedmap *map)
{
    count_parts(map);
    return list_ranges(map);
}

int x8_usedmap_gaps(const struct x8_usedmap *map, struct x8_range **out, struct x8_error *err)
{
    struct x8_range *gaps = calloc(map->range_count + 1, sizeof(*gaps));
    uint64_t at = 0;
    int count = 0;

    if (!gaps)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    for (size_t i = 0; i < map->range_count; i++) {
        if (map->ranges[i].start > at)
            gaps[count++] = (struct x8_range){at, map->ranges[i].start};
        at = map->ranges[i].end;
    }
    if (at < map->at)
        gaps[count++] = (struct x8_range){at, map->at};
    *out = gaps;
    return count;
}
