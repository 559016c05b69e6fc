/*
 * How large an entry will be when its compression is undone, from headers and trailers alone. A
 * guide for progress and for early warnings: nothing may rely on it.
 */
#include "image/imageset.h"
#include "image/setparts.h"
#include "util/file.h"

#include <stdlib.h>
#include <string.h>

/* xz keeps its index at the end: a record of some bytes for each block. */
#define TAIL_LEN ((size_t)64 * 1024)

/* Bytes [off, off + len) of what is stored; 0, or -1. */
static int load_range(const struct item *item, uint64_t off, size_t len, uint8_t *out)
{
    const char *disk = item->disk ? item->disk : item->box->disk;
    X8_AUTO_READER reader = NULL;
    if (!item->disk)
        off += item->offset;
    if (x8_file_reader_at(disk, off, len, &reader, NULL) < 0)
        return -1;
    return x8_read_full(reader, out, len, NULL) == (ssize_t)len ? 0 : -1;
}

/* The first and the last bytes: from the file, or as they were noted when they passed. */
static size_t load_edges(const struct item *item, uint8_t head[EDGE_LEN], uint8_t tail[TAIL_LEN],
                         size_t *head_len)
{
    uint64_t size = item->pub.size;
    if (item->disk || item->offset != UINT64_MAX) {
        size_t h = size < EDGE_LEN ? (size_t)size : EDGE_LEN;
        size_t t = size < TAIL_LEN ? (size_t)size : TAIL_LEN;
        *head_len = h;
        if (load_range(item, 0, h, head) == 0 && load_range(item, size - t, t, tail) == 0)
            return t;
        *head_len = 0;
        return 0;
    }
    memcpy(head, item->head, item->head_len);
    memcpy(tail, item->tail, item->tail_len);
    *head_len = item->head_len;
    return item->tail_len;
}

/* Content size in the header of a zstd frame (RFC 8878, 3.1.1.1). */
static uint64_t zstd_size(struct x8_span head)
{
    static const unsigned id_len[] = {0, 1, 2, 4}, size_len[] = {0, 2, 4, 8};
    if (head.len < 5 || x8_get_le32(head.data) != 0xFD2FB528u)
        return UINT64_MAX;
    unsigned flags = head.data[4], single = flags >> 5 & 1, kind = flags >> 6;
    size_t at = 5 + (single ? 0u : 1u) + id_len[flags & 3];
    unsigned len = kind == 0 ? single : size_len[kind];
    if (len == 0 || !x8_fits(at, len, head.len))
        return UINT64_MAX;
    uint64_t size = 0;
    for (unsigned i = 0; i < len; i++)
        size |= (uint64_t)head.data[at + i] << (8 * i);
    return len == 2 ? size + 256 : size;
}

/* Variable-length integer of xz: 7 bits a byte, least first, at most 9 bytes. 0, or -1. */
static int xz_number(struct x8_span index, size_t *at, uint64_t *out)
{
    *out = 0;
    for (unsigned i = 0; i < 9 && *at < index.len; i++) {
        uint8_t byte = index.data[(*at)++];
        *out |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80))
            return 0;
    }
    return -1;
}

/* Sum of the blocks in the index of the last xz stream (xz format 1.1, sections 2.1.2 and 4). */
static uint64_t xz_size(struct x8_span tail)
{
    while (tail.len >= 4 && x8_get_le32(tail.data + tail.len - 4) == 0)
        tail.len -= 4; /* stream padding */
    if (tail.len < 12 || memcmp(tail.data + tail.len - 2, "YZ", 2) != 0)
        return UINT64_MAX;
    uint64_t index_len = ((uint64_t)x8_get_le32(tail.data + tail.len - 8) + 1) * 4;
    if (index_len > tail.len - 12)
        return UINT64_MAX;
    struct x8_span index = {tail.data + tail.len - 12 - index_len, (size_t)index_len};
    size_t at = 1;
    uint64_t count, packed, size, sum = 0;
    if (index.data[0] != 0 || xz_number(index, &at, &count) < 0)
        return UINT64_MAX;
    for (; count > 0; count--) {
        if (xz_number(index, &at, &packed) < 0 || xz_number(index, &at, &size) < 0 ||
            size > UINT64_MAX - 1 - sum)
            return UINT64_MAX;
        sum += size;
    }
    return sum;
}

static uint64_t size_from_edges(struct x8_span head, struct x8_span tail, uint64_t stored,
                                int *exact)
{
    *exact = 0;
    switch (x8_packing_of(head)) {
    case X8_PACK_NONE:
        *exact = stored != UINT64_MAX;
        return stored;
    case X8_PACK_GZIP: /* at least header, body and trailer */
        return tail.len < 18 ? UINT64_MAX : x8_get_le32(tail.data + tail.len - 4);
    case X8_PACK_XZ:
        return xz_size(tail);
    case X8_PACK_ZSTD:
        return zstd_size(head);
    default:
        return UINT64_MAX;
    }
}

uint64_t x8_imageset_content_size(const struct x8_imageset *set, const struct x8_entry *entry,
                                  int *exact)
{
    const struct item *item = (const struct item *)(const void *)entry;
    uint8_t head[EDGE_LEN], *tail = malloc(TAIL_LEN);
    size_t head_len = 0;
    (void)set;
    *exact = 0;
    if (!tail)
        return UINT64_MAX;
    size_t tail_len = load_edges(item, head, tail, &head_len);
    uint64_t size = UINT64_MAX;
    if (head_len > 0 || item->pub.size == 0)
        size = size_from_edges((struct x8_span){head, head_len}, (struct x8_span){tail, tail_len},
                               item->pub.size, exact);
    free(tail);
    return size;
}
