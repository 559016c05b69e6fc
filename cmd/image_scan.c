/*
 * A system image as it is read: its digest, what its own tables say, and whether the block map
 * beside it fits. Nothing of it is kept but the tables of its file systems.
 */
#include "image_parts.h"

#include "image/bmap.h"
#include "util/bytes.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define BMAP_MAX     ((size_t)32 << 20)
#define SPARSE_MAGIC 0xed26ff3aU /* Source: Android's libsparse, sparse_format.h */

const struct x8_entry *x8_image_bmap_of(const struct x8_imageset *set, const char *path,
                                        x8_image_find_fn *find)
{
    char stem[512];

    x8_copy(stem, sizeof stem, path);
    for (;;) {
        char name[520], *dot;
        const struct x8_entry *entry;

        snprintf(name, sizeof name, "%s.bmap", stem);
        entry = find(set, name);
        if (entry)
            return entry;
        dot = strrchr(stem, '.');
        if (!dot || strchr(dot, '/'))
            return NULL;
        *dot = '\0';
    }
}

static int open_bmap(const struct x8_image_reading *how, struct x8_sink *end, struct x8_bmap *bmap,
                     struct x8_sink **out, struct x8_error *err)
{
    X8_AUTO_BUF xml = {0};
    int rc;

    if (!how->bmap)
        return 0;
    rc = x8_imageset_load(how->set, how->bmap, BMAP_MAX, &xml, err);
    if (rc == 0)
        rc = x8_bmap_parse(x8_buf_span(&xml), bmap, err);
    if (rc < 0) {
        x8_error_prefix(err, "%s", x8_path_base(how->bmap->path));
        return rc;
    }
    return x8_bmap_check_new(bmap, end, out, err);
}

static int pour(const struct x8_op *op, const struct x8_image_reading *how,
                struct x8_reader *content, struct x8_sink *sink, struct x8_error *err)
{
    int64_t rc;

    if (how->stage)
        return x8_image_pour(op, how->stage, content, how->total, sink, err);
    rc = x8_pump(op, content, sink, err);
    return rc < 0 ? (int)rc : 0;
}

int x8_image_scan_bmap(const struct x8_op *op, const struct x8_image_reading *how,
                       struct x8_reader *content, size_t *out_ranges, struct x8_error *err)
{
    struct x8_image_basin end;
    struct x8_sink *check = NULL;
    struct x8_bmap bmap = {0};
    int rc;

    x8_image_basin_init(&end);
    rc = open_bmap(how, &end.sink, &bmap, &check, err);
    if (rc == 0)
        rc = pour(op, how, content, check, err);
    if (rc == 0)
        *out_ranges = bmap.count;
    x8_bmap_check_free(&check);
    x8_bmap_done(&bmap);
    return rc;
}

static int scan(const struct x8_op *op, const struct x8_image_reading *how,
                struct x8_reader *content, struct x8_image_basin *basin, struct x8_image_scan *out,
                struct x8_error *err)
{
    struct x8_image_basin end;
    struct x8_bmap bmap = {0};
    int rc;

    x8_image_basin_init(&end);
    basin->next[0] = x8_usedmap_sink(out->map);
    rc = open_bmap(how, &end.sink, &bmap, &basin->next[1], err);
    if (rc == 0)
        rc = pour(op, how, content, &basin->sink, err);
    if (rc == 0) {
        out->bmap = how->bmap;
        out->bmap_ranges = bmap.count;
    }
    x8_bmap_check_free(&basin->next[1]);
    x8_bmap_done(&bmap);
    return rc;
}

int x8_image_scan_read(const struct x8_op *op, const struct x8_image_reading *how,
                       struct x8_reader *content, struct x8_image_scan *out, struct x8_error *err)
{
    struct x8_image_basin basin;
    int rc;

    x8_image_basin_init(&basin);
    basin.sha = x8_sha256_new();
    rc = basin.sha ? x8_usedmap_new(0, &out->map, err)
                   : x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        rc = scan(op, how, content, &basin, out, err);
    if (rc == 0 && how->is_packed)
        x8_image_hex(basin.sha, out->unpacked);
    out->size = basin.size;
    out->is_sparse = basin.size >= 4 && x8_get_le32(basin.head) == SPARSE_MAGIC;
    x8_sha256_free(&basin.sha);
    return rc;
}

void x8_image_scan_done(struct x8_image_scan *scan)
{
    x8_usedmap_free(&scan->map);
}
