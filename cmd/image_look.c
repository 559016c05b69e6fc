/*
 * Reading an image with everything in it once: digests of its parts, and of the system image what
 * its own tables say.
 *
 * A compressed archive is read three times: its bytes for their digest, its members to its proven
 * end (small ones stay in memory), and the system image in it, which is too large to be kept.
 */
#include "image_parts.h"

#include "image/bmap.h"
#include "image/inflate.h"
#include "util/bytes.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BMAP_MAX     ((size_t)32 << 20)
#define SPARSE_MAGIC 0xed26ff3aU /* Source: Android's libsparse, sparse_format.h */

static int out_of_memory(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

static int list_parts(struct x8_image_look *look, struct x8_error *err)
{
    const struct x8_entry *entry;
    size_t count = 0;

    while (x8_imageset_entry(look->set, count))
        count++;
    look->parts = calloc(count ? count : 1, sizeof *look->parts);
    if (!look->parts)
        return out_of_memory(err);
    for (size_t i = 0; (entry = x8_imageset_entry(look->set, i)); i++) {
        if (entry->role == X8_ROLE_OTHER)
            look->other_count++;
        else
            look->parts[look->part_count++].entry = entry;
    }
    return 0;
}

/* No system image is a fact about a source, and no reason to say nothing of the rest. */
static void find_os(struct x8_image_look *look)
{
    const struct x8_entry *entry = NULL;

    if (x8_imageset_by_role(look->set, X8_ROLE_OS, &entry, &look->no_os) < 0)
        return;
    for (size_t i = 0; i < look->part_count; i++)
        if (look->parts[i].entry == entry)
            look->os = &look->parts[i];
}

/* Members that were not kept would cost a walk of the whole archive each; those are second system
 * images, which nobody flashes. */
static int digest_part(struct x8_image_look *look, struct x8_image_part *part,
                       const struct x8_op *op, struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    struct x8_image_basin basin;
    int rc;

    if (part == look->os || (part->entry->role == X8_ROLE_OS && x8_imageset_is_stream(look->set)))
        return 0;
    rc = x8_imageset_open_raw(look->set, part->entry, &reader, err);
    if (rc < 0)
        return rc;
    x8_image_basin_init(&basin);
    basin.sha = x8_sha256_new();
    if (!basin.sha)
        return out_of_memory(err);
    rc = x8_image_pour(op, "digest", reader, part->entry->size, &basin.sink, err);
    if (rc == 0)
        x8_image_hex(basin.sha, part->sha256);
    x8_sha256_free(&basin.sha);
    return rc;
}

/* --- the system image --- */

/* The block map beside it, by the names that flash looks for. */
static const struct x8_entry *bmap_of(const struct x8_image_look *look)
{
    char stem[512];

    x8_copy(stem, sizeof stem, look->os->entry->path);
    for (;;) {
        char name[520], *dot;
        const struct x8_entry *entry;

        snprintf(name, sizeof name, "%s.bmap", stem);
        entry = x8_imageset_find(look->set, "", name);
        if (entry)
            return entry;
        dot = strrchr(stem, '.');
        if (!dot || strchr(dot, '/'))
            return NULL;
        *dot = '\0';
    }
}

static int open_bmap(struct x8_image_look *look, struct x8_sink *end, struct x8_bmap *bmap,
                     struct x8_sink **out, struct x8_error *err)
{
    const struct x8_entry *entry = bmap_of(look);
    X8_AUTO_BUF xml = {0};
    int rc;

    if (!entry)
        return 0;
    rc = x8_imageset_load(look->set, entry, BMAP_MAX, &xml, err);
    if (rc == 0)
        rc = x8_bmap_parse(x8_buf_span(&xml), bmap, err);
    if (rc < 0) {
        x8_error_prefix(err, "%s", x8_path_base(entry->path));
        return rc;
    }
    look->bmap_ranges = bmap->count;
    return x8_bmap_check_new(bmap, end, out, err);
}

static int pour_os(const struct x8_op *op, struct x8_image_look *look, struct x8_image_basin *basin,
                   struct x8_sha256 *stored, struct x8_error *err)
{
    const struct x8_entry *entry = look->os->entry;
    X8_AUTO_READER reader = NULL;
    struct x8_reader *raw = NULL;
    enum x8_packing packing = X8_PACK_NONE;
    int exact = 0, rc = x8_imageset_open_raw(look->set, entry, &raw, err);
    uint64_t total = x8_imageset_content_size(look->set, entry, &exact);

    if (rc == 0)
        rc = x8_image_tap(raw, stored, &raw, err);
    if (rc == 0)
        rc = x8_inflate_reader(raw, &reader, &packing, err);
    if (rc == 0)
        rc = x8_image_pour(op, "image", reader, exact ? total : UINT64_MAX, &basin->sink, err);
    if (rc < 0) {
        if (!strstr(err->msg, x8_path_base(entry->path)))
            x8_error_prefix(err, "%s", x8_path_base(entry->path));
        return rc;
    }
    x8_image_hex(stored, look->os->sha256);
    if (packing != X8_PACK_NONE)
        x8_image_hex(basin->sha, look->os->unpacked);
    look->os_size = basin->size;
    look->is_sparse = basin->size >= 4 && x8_get_le32(basin->head) == SPARSE_MAGIC;
    return 0;
}

static int look_at_os(const struct x8_op *op, struct x8_image_look *look, struct x8_error *err)
{
    struct x8_sha256 *stored = x8_sha256_new();
    struct x8_image_basin basin, end;
    struct x8_sink *check = NULL;
    struct x8_bmap bmap = {0};
    int rc;

    x8_image_basin_init(&basin);
    x8_image_basin_init(&end);
    basin.sha = x8_sha256_new();
    rc = stored && basin.sha ? x8_usedmap_new(0, &look->map, err) : out_of_memory(err);
    if (rc == 0)
        rc = open_bmap(look, &end.sink, &bmap, &check, err);
    if (rc == 0) {
        basin.next[0] = x8_usedmap_sink(look->map);
        basin.next[1] = check;
        rc = pour_os(op, look, &basin, stored, err);
    }
    x8_bmap_check_free(&check);
    x8_bmap_done(&bmap);
    x8_sha256_free(&stored);
    x8_sha256_free(&basin.sha);
    return rc;
}

/* --- the whole --- */

static int look_at_file(const struct x8_op *op, const struct x8_image_source *source,
                        struct x8_image_look *look, struct x8_error *err)
{
    const struct x8_entry *first = x8_imageset_entry(look->set, 0);
    struct stat st;

    if (x8_path_kind(source->path) != X8_PATH_FILE)
        return 0;
    look->is_archive = first && x8_entry_is_packed(first);
    if (!look->is_archive)
        return 0;
    if (stat(source->path, &st) == 0)
        look->size = (uint64_t)st.st_size;
    return x8_image_digest(op, source->path, look->sha256, err);
}

int x8_image_look(const struct x8_op *op, const struct x8_image_source *source,
                  struct x8_image_look *out, struct x8_error *err)
{
    int rc;

    memset(out, 0, sizeof *out);
    rc = x8_imageset_open(op, source->path, &out->set, err);
    if (rc == 0)
        rc = list_parts(out, err);
    if (rc == 0)
        rc = look_at_file(op, source, out, err);
    if (rc == 0)
        find_os(out);
    for (size_t i = 0; i < out->part_count && rc == 0; i++)
        rc = digest_part(out, &out->parts[i], op, err);
    if (rc == 0 && out->os)
        rc = look_at_os(op, out, err);
    if (rc < 0) {
        x8_image_look_done(out);
        return rc;
    }
    x8_image_judge(source, out);
    return 0;
}

void x8_image_look_done(struct x8_image_look *look)
{
    x8_usedmap_free(&look->map);
    x8_imageset_free(&look->set);
    free(look->parts);
    memset(look, 0, sizeof *look);
}
