/*
 * Checksums of what was written, region by region.
 */
#include "flash/region.h"

#include "util/digest.h"

#include <stdlib.h>
#include <string.h>

static struct x8_region *start_region(struct x8_regions *regions, uint64_t offset)
{
    struct x8_region *region;

    if (regions->count == regions->cap) {
        size_t cap = regions->cap ? regions->cap * 2 : 16;
        struct x8_region *grown = realloc(regions->items, cap * sizeof *grown);

        if (!grown)
            return NULL;
        regions->items = grown;
        regions->cap = cap;
    }
    region = &regions->items[regions->count++];
    memset(region, 0, sizeof *region);
    region->offset = offset;
    return region;
}

static struct x8_region *region_for(struct x8_regions *regions, uint64_t offset)
{
    if (regions->count) {
        struct x8_region *last = &regions->items[regions->count - 1];

        if (last->offset + last->len == offset && last->len < X8_REGION_MAX)
            return last;
    }
    return start_region(regions, offset);
}

int x8_regions_add(struct x8_regions *regions, uint64_t offset, const void *data, size_t len,
                   struct x8_error *err)
{
    const uint8_t *bytes = data;

    while (len) {
        struct x8_region *region = region_for(regions, offset);
        uint32_t *part;
        size_t room, take;

        if (!region)
            return x8_fail(err, X8_E_INTERNAL, "out of memory for the list of checksums");
        /* Up to the end of the present MiB: one pass serves both sums while the bytes are in the
         * cache. */
        room = X8_REGION_PART - (size_t)(region->len % X8_REGION_PART);
        take = len < room ? len : room;
        part = &region->parts[region->len / X8_REGION_PART];
        *part = x8_crc32(*part, bytes, take);
        region->crc = x8_crc32(region->crc, bytes, take);
        region->len += take;
        offset += take;
        bytes += take;
        len -= take;
    }
    return 0;
}

/* Zeros that nobody has in memory: a MiB at a time, as the parts are. */
static int add_zeros(struct x8_regions *regions, uint64_t offset, uint64_t len,
                     struct x8_error *err)
{
    while (len) {
        struct x8_region *region = region_for(regions, offset);
        uint32_t *part;
        uint64_t room, take;

        if (!region)
            return x8_fail(err, X8_E_INTERNAL, "out of memory for the list of checksums");
        room = X8_REGION_PART - region->len % X8_REGION_PART;
        take = len < room ? len : room;
        part = &region->parts[region->len / X8_REGION_PART];
        *part = x8_crc32_zeros(*part, take);
        region->crc = x8_crc32_zeros(region->crc, take);
        region->len += take;
        offset += take;
        len -= take;
    }
    return 0;
}

struct piece_walk {
    struct x8_regions *regions;
    uint64_t pos; /* up to here it is known what the board will hold */
    int holes_are_zeros;
};

static int walk_to(struct piece_walk *walk, uint64_t offset, struct x8_error *err)
{
    int rc = 0;

    if (walk->holes_are_zeros && offset > walk->pos)
        rc = add_zeros(walk->regions, walk->pos, offset - walk->pos, err);
    walk->pos = offset;
    return rc;
}

static int walk_bytes(void *ctx, uint64_t offset, const void *data, size_t len,
                      struct x8_error *err)
{
    struct piece_walk *walk = ctx;
    int rc = walk_to(walk, offset, err);

    walk->pos = offset + len;
    return rc < 0 ? rc : x8_regions_add(walk->regions, offset, data, len, err);
}

int x8_regions_of_piece(struct x8_regions *regions, const struct x8_piece *piece,
                        int holes_are_zeros, struct x8_error *err)
{
    struct piece_walk walk = {regions, piece->start, holes_are_zeros};
    int rc = x8_sparse_replay((struct x8_span){piece->data, piece->len}, walk_bytes, &walk, err);

    return rc < 0 ? rc : walk_to(&walk, piece->end, err);
}

uint64_t x8_regions_bytes(const struct x8_regions *regions)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < regions->count; i++)
        sum += regions->items[i].len;
    return sum;
}

void x8_regions_done(struct x8_regions *regions)
{
    free(regions->items);
    memset(regions, 0, sizeof *regions);
}
