/*
 * The map: bits for what is free, and the ranges of the image that readers of file systems wait
 * for. The first mebibyte is held back until the partition table is known; from there on the image
 * passes by and is not kept.
 */
#include "image/usedmap_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_LEN  ((size_t)1 << 20)
#define TABLE_LEN ((size_t)64 << 10)
#define FS_HEAD   4096u
#define ASKED_MAX                                                                                  \
    ((uint64_t)128 << 20) /* bitmaps and tables of a file system of some terabytes                 \
                           */

struct x8_used_part *used_part(struct x8_usedmap *map, const struct used_fs *fs)
{
    return &map->parts[fs->index];
}

void used_fail(struct x8_usedmap *map, struct used_fs *fs, const char *why)
{
    if (fs->failed)
        return;
    fs->failed = 1;
    snprintf(used_part(map, fs)->note, sizeof(used_part(map, fs)->note), "%s", why);
}

int used_ask(struct x8_usedmap *map, struct used_fs *fs, uint64_t off, uint64_t len,
             uint32_t number, void (*take)(struct x8_usedmap *, struct used_want *))
{
    struct used_want *want = NULL;

    if (len == 0 || map->asked + len > ASKED_MAX || (map->begun && off < map->at)) {
        used_fail(map, fs, "its tables do not lie in the order of the image");
        return -1;
    }
    if (map->want_count == map->want_cap) {
        size_t cap = map->want_cap ? map->want_cap * 2 : 64;
        struct used_want **wants = realloc(map->wants, cap * sizeof(struct used_want *));
        if (wants) {
            map->wants = wants;
            map->want_cap = cap;
        }
    }
    if (map->want_count < map->want_cap)
        want = calloc(1, sizeof(*want));
    if (want)
        want->data = malloc((size_t)len);
    if (!want || !want->data) {
        free(want);
        map->no_memory = 1;
        return -1;
    }
    want->off = off;
    want->len = len;
    want->fs = fs;
    want->number = number;
    want->take = take;
    map->asked += len;
    map->wants[map->want_count++] = want;
    return 0;
}

static void drop(struct x8_usedmap *map, size_t i)
{
    struct used_want *want = map->wants[i];

    map->asked -= want->len;
    map->wants[i] = map->wants[--map->want_count];
    free(want->data);
    free(want);
}

/* Give the wants their bytes of `data`, which lies at map->at. A reader that takes one may ask for
 * more of the same data: the list is walked until nothing moves. */
static void serve(struct x8_usedmap *map, const uint8_t *data, size_t len)
{
    uint64_t end = map->at + len;

    for (size_t i = 0; i < map->want_count;) {
        struct used_want *want = map->wants[i];
        uint64_t next = want->off + want->have;
        uint64_t stop = want->off + want->len < end ? want->off + want->len : end;
        if (next >= stop || want->fs->failed) {
            if (want->fs->failed)
                drop(map, i);
            else
                i++;
            continue;
        }
        memcpy(want->data + want->have, data + (next - map->at), (size_t)(stop - next));
        want->have += stop - next;
        if (want->have < want->len) {
            i++;
            continue;
        }
        want->take(map, want); /* may add to the end of the list */
        drop(map, i);
        i = 0;
    }
}

static void take_head(struct x8_usedmap *map, struct used_want *want)
{
    struct used_fs *fs = want->fs;

    if (!used_ext_begin(map, fs, want->data) && !used_fat_begin(map, fs, want->data))
        used_fail(map, fs, "no file system that is known here");
}

static int add_part(struct x8_usedmap *map, uint64_t start, uint64_t len)
{
    struct used_fs *fs = calloc(1, sizeof(*fs));

    if (!fs)
        return -1;
    fs->index = map->part_count;
    map->fs[map->part_count] = fs;
    map->parts[map->part_count++] = (struct x8_used_part){.start = start, .len = len};
    return len < FS_HEAD ? (used_fail(map, fs, "too small to look into"), 0)
           : used_ask(map, fs, start, FS_HEAD, 0, take_head) < 0 && map->no_memory ? -1
                                                                                   : 0;
}

/* An image without a table may be one file system; a FAT boot sector looks like a table of
 * nonsense. */
static int is_whole(const struct x8_usedmap *map)
{
    const uint8_t *head = map->head;

    if (map->table.kind == X8_TABLE_NONE || map->table.count == 0)
        return 1;
    return map->table.kind == X8_TABLE_MBR && map->head_len >= 512 &&
           (memcmp(head + 54, "FAT", 3) == 0 || memcmp(head + 82, "FAT32", 5) == 0);
}

static int begin(struct x8_usedmap *map, struct x8_error *err)
{
    struct x8_error ignored = {0};
    struct x8_span head = {map->head, map->head_len < TABLE_LEN ? map->head_len : TABLE_LEN};
    uint64_t size = map->size ? map->size : UINT64_MAX / 2;

    /* A table that makes no sense means that nothing is known: all of it is used. */
    int readable = x8_parttable_read(head, &map->table, &ignored) == 0;
    size_t count = readable ? map->table.count : 0, room = count + 1;
    map->parts = calloc(room, sizeof(*map->parts));
    map->fs = calloc(room, sizeof(struct used_fs *));
    int rc = map->parts && map->fs ? 0 : -1;
    if (rc == 0 && readable && is_whole(map)) {
        map->table.count = 0;
        rc = add_part(map, 0, size);
        count = 0;
    }
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add_part(map, map->table.parts[i].start, map->table.parts[i].len);
    map->begun = 1;
    return rc < 0 ? x8_fail(err, X8_E_INTERNAL, "out of memory") : 0;
}

static int pass(struct x8_usedmap *map, const uint8_t *data, size_t len, struct x8_error *err)
{
    serve(map, data, len);
    map->at += len;
    return map->no_memory ? x8_fail(err, X8_E_INTERNAL, "out of memory") : 0;
}

static int pass_head(struct x8_usedmap *map, struct x8_error *err)
{
    int rc = begin(map, err);

    if (rc == 0)
        rc = pass(map, map->head, map->head_len, err);
    free(map->head);
    map->head = NULL;
    return rc;
}

static int push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct x8_usedmap *map = X8_CONTAINER(sink, struct x8_usedmap, sink);
    const uint8_t *from = data;

    if (!map->begun) {
        size_t part = HEAD_LEN - map->head_len < len ? HEAD_LEN - map->head_len : len;
        memcpy(map->head + map->head_len, from, part);
        map->head_len += part;
        from += part;
        len -= part;
        if (map->head_len < HEAD_LEN)
            return 0;
        int rc = pass_head(map, err);
        if (rc < 0)
            return rc;
    }
    return len ? pass(map, from, len, err) : 0;
}

/* What never came cannot be believed. */
static void settle(struct x8_usedmap *map)
{
    while (map->want_count) {
        used_fail(map, map->wants[0]->fs, "the image ends before its tables");
        drop(map, 0);
    }
    for (size_t i = 0; i < map->part_count; i++) {
        struct x8_used_part *part = &map->parts[i];
        if (part->start > map->at)
            part->len = 0;
        else if (part->len > map->at - part->start)
            part->len = map->at - part->start;
        if (map->fs[i]->failed)
            used_keep(map, map->fs[i], part->start, part->start + part->len);
    }
}

static int finish(struct x8_sink *sink, struct x8_error *err)
{
    struct x8_usedmap *map = X8_CONTAINER(sink, struct x8_usedmap, sink);
    int rc = map->begun ? 0 : pass_head(map, err);

    if (rc < 0)
        return rc;
    settle(map);
    if (map->no_memory || used_make_ranges(map) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    map->size = map->at;
    map->ended = 1;
    return 0;
}

int x8_usedmap_new(uint64_t size, struct x8_usedmap **out, struct x8_error *err)
{
    static const struct x8_sink_ops ops = {push, finish};
    struct x8_usedmap *map = calloc(1, sizeof(*map));

    if (map) {
        map->sink.ops = &ops;
        map->size = size == UINT64_MAX ? 0 : size;
        map->head = calloc(1, HEAD_LEN);
    }
    if (!map || !map->head) {
        x8_usedmap_free(&map);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    *out = map;
    return 0;
}

void x8_usedmap_free(struct x8_usedmap **map)
{
    struct x8_usedmap *m = *map;

    if (!m)
        return;
    while (m->want_count)
        drop(m, 0);
    for (size_t i = 0; i < m->part_count; i++) {
        free(m->fs[i]->descs);
        free(m->fs[i]);
    }
    free(m->fs);
    free(m->parts);
    free(m->wants);
    free(m->free_bits);
    free(m->ranges);
    free(m->head);
    free(m);
    *map = NULL;
}

struct x8_sink *x8_usedmap_sink(struct x8_usedmap *map)
{
    return &map->sink;
}

size_t x8_usedmap_ranges(const struct x8_usedmap *map, const struct x8_range **out)
{
    *out = map->ranges;
    return map->range_count;
}

uint64_t x8_usedmap_used(const struct x8_usedmap *map)
{
    return map->used;
}

uint64_t x8_usedmap_size(const struct x8_usedmap *map)
{
    return map->at;
}

const struct x8_parttable *x8_usedmap_table(const struct x8_usedmap *map)
{
    return &map->table;
}

size_t x8_usedmap_parts(const struct x8_usedmap *map, const struct x8_used_part **out)
{
    *out = map->parts;
    return map->part_count;
}
