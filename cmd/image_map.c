/*
 * x8ctl image map: a block map (bmap) from what the image's own file systems say.
 *
 * The image is read once, in an archive as it comes out of that: the digests of the ranges in use
 * are taken as they pass. Where a table of a file system lies behind what it speaks of, which range
 * it was is known at the end only, and the image is read a second time.
 */
#include "image_parts.h"

#include "util/bytes.h"
#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPARSE_MAGIC 0xed26ff3aU /* Source: Android's libsparse, sparse_format.h */

/* An image that was read. */
struct mapped {
    unsigned number; /* x8_entry_number(), 0 for a file */
    struct x8_usedmap *map;
    struct x8_bmapwrite *writer;
    struct x8_error fault; /* of this one alone */
};

struct mapping {
    struct x8_ctx *ctx;
    const struct x8_image_source *source;
    struct mapped items[X8_IMAGE_SCANS + 1]; /* of an archive, and one that is read later */
    size_t count;
    char path[X8_IMAGE_PATH]; /* of the block map */
};

static void mapping_done(struct mapping *mapping)
{
    for (size_t i = 0; i < mapping->count; i++) {
        x8_bmapwrite_free(&mapping->items[i].writer);
        x8_usedmap_free(&mapping->items[i].map);
    }
}

/* Before anything is read for it. Beside a cached file nobody would find it. */
static int choose_path(struct mapping *mapping, const struct x8_imageset *set,
                       const struct x8_entry *entry, struct x8_error *err)
{
    const char *from = mapping->source->is_remote ? "image" : mapping->source->path;
    int rc = 0;

    if (x8_image_opt.output)
        x8_copy(mapping->path, sizeof mapping->path, x8_image_opt.output);
    else
        rc = x8_image_beside(from, set, entry, mapping->path, err);
    if (rc == 0 && strcmp(mapping->path, "-") != 0)
        rc = x8_image_check_output(mapping->path, mapping->source->path, set, err);
    return rc;
}

static int check_kind(const struct x8_image_basin *basin, const char *path, struct x8_error *err)
{
    int rc = 0;

    if (basin->size == 0) {
        rc = x8_fail(err, X8_E_BAD_IMAGE, "%s is empty", path);
        x8_error_next(err, "get it again");
    } else if (basin->size >= 4 && x8_get_le32(basin->head) == SPARSE_MAGIC) {
        rc = x8_fail(err, X8_E_BAD_IMAGE, "%s has Android's sparse form", path);
        x8_error_why(err, "such a file says itself which blocks it has");
        x8_error_next(err, "x8ctl flash takes it as it is");
    }
    return rc;
}

static int drain(const struct x8_op *op, struct x8_reader *reader, struct x8_sink *sink,
                 struct x8_error *err)
{
    int64_t rc = x8_pump(op, reader, sink, err);

    return rc < 0 ? (int)rc : 0;
}

/* `stage` NULL: whoever reads the archive shows how far it is. */
static int read_image(const struct x8_op *op, const char *stage, struct x8_reader *reader,
                      uint64_t size, const char *path, struct mapped *item, struct x8_error *err)
{
    struct x8_image_basin basin;
    int rc = x8_usedmap_new(0, &item->map, err);

    if (rc == 0)
        rc = x8_bmapwrite_new_live(item->map, &item->writer, err);
    if (rc < 0)
        return rc;
    x8_image_basin_init(&basin);
    basin.next[0] = x8_bmapwrite_sink(item->writer);
    if (stage)
        rc = x8_image_pour(op, stage, reader, size, &basin.sink, err);
    else
        rc = drain(op, reader, &basin.sink, err);
    return rc < 0 ? rc : check_kind(&basin, path, err);
}

/* It is opened once more then, which says what is wrong with it. */
static int is_called_packed(const char *path)
{
    return x8_ends(path, ".gz") || x8_ends(path, ".bz2") || x8_ends(path, ".xz") ||
           x8_ends(path, ".zst");
}

/* Which of several images is meant is known at the end: a fault of one of them counts only if it is
 * that one. */
static int see_image(void *ctx, const struct x8_passing *image, struct x8_reader *content,
                     struct x8_error *err)
{
    struct mapping *mapping = ctx;
    const struct x8_entry entry = {.path = image->path};
    struct mapped *item = &mapping->items[mapping->count];
    struct x8_error own = {0}, *why = err ? err : &own;
    int rc = -(int)X8_E_BAD_IMAGE;

    if (mapping->count == X8_IMAGE_SCANS || (!image->is_packed && is_called_packed(image->path)))
        return 0;
    mapping->count++;
    item->number = image->number;
    if (content) {
        rc = choose_path(mapping, image->so_far, &entry, why);
        if (rc == 0)
            rc = read_image(&mapping->ctx->op, NULL, content, 0, image->path, item, why);
    }
    if (rc != -(int)X8_E_BAD_IMAGE && rc != -(int)X8_E_USAGE)
        return rc;
    item->fault = *why;
    return 0;
}

static int open_content(const struct x8_imageset *set, const struct x8_entry *entry,
                        struct x8_reader **out, uint64_t *size, struct x8_error *err)
{
    int exact = 0;

    *size = x8_imageset_content_size(set, entry, &exact);
    *size = exact ? *size : UINT64_MAX;
    return x8_imageset_open_content(set, entry, out, err);
}

/* Some table lay behind what it speaks of. */
static int read_again(const struct x8_op *op, const struct x8_imageset *set,
                      const struct x8_entry *entry, struct mapped *item, struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    struct x8_image_basin basin;
    uint64_t size = UINT64_MAX;
    int rc;

    x8_emit(op, X8_EV_NOTICE, "%s is read once more: not all of its tables lie before its data",
            x8_path_base(entry->path));
    x8_bmapwrite_free(&item->writer);
    rc = x8_bmapwrite_new(item->map, &item->writer, err);
    if (rc == 0)
        rc = open_content(set, entry, &reader, &size, err);
    if (rc < 0)
        return rc;
    x8_image_basin_init(&basin);
    basin.next[0] = x8_bmapwrite_sink(item->writer);
    return x8_image_pour(op, "digest", reader, size, &basin.sink, err);
}

/* The one that is meant: as it was read in the archive, or read now: a file, or what only a link in
 * the archive calls an image. */
static int find_mapped(struct mapping *mapping, const struct x8_imageset *set,
                       const struct x8_entry *entry, struct mapped **out, struct x8_error *err)
{
    const struct x8_op *op = &mapping->ctx->op;
    unsigned number = x8_entry_number(entry);
    X8_AUTO_READER reader = NULL;
    uint64_t size = UINT64_MAX;
    int rc;

    for (size_t i = 0; i < mapping->count; i++) {
        struct mapped *item = &mapping->items[i];

        if (!number || item->number != number)
            continue;
        *out = item;
        *err = item->fault;
        return item->fault.code ? -(int)item->fault.code : 0;
    }
    rc = open_content(set, entry, &reader, &size, err);
    if (rc < 0)
        return rc;
    *out = &mapping->items[mapping->count++];
    **out = (struct mapped){0};
    return read_image(op, "look", reader, size, entry->path, *out, err);
}

/* What could not be understood counts as used; the user hears why. */
static void tell_notes(struct x8_ctx *ctx, const struct x8_usedmap *map)
{
    const struct x8_used_part *parts;
    size_t count = x8_usedmap_parts(map, &parts);

    for (size_t i = 0; i < count; i++)
        if (parts[i].note[0])
            x8_emit(&ctx->op, X8_EV_WARN, "partition %zu%s%s counts as used as a whole: %s", i + 1,
                    parts[i].kind[0] ? ", " : "", parts[i].kind, parts[i].note);
    if (count == 0)
        x8_emit(&ctx->op, X8_EV_WARN,
                "all of it counts as used: it has no partition table that makes sense");
}

static void result(struct x8_ctx *ctx, const char *path, const struct x8_usedmap *map)
{
    uint64_t used = x8_usedmap_used(map), size = x8_usedmap_size(map);
    const struct x8_range *ranges;
    size_t count = x8_usedmap_ranges(map, &ranges);
    char used_text[24], size_text[24], line[200];
    struct x8_json *json;

    x8_size_text(used_text, used);
    x8_size_text(size_text, size);
    snprintf(line, sizeof line, "%s of %s in use (%u %%), %zu range%s", used_text, size_text,
             x8_image_percent(used, size), count, count == 1 ? "" : "s");
    if (strcmp(path, "-") == 0) {
        x8_ui_say(ctx->ui, "%s", line);
        return;
    }
    if (!ctx->globals->json) {
        printf("%s%s: %s\n", ctx->globals->dry_run ? "would write " : "", path, line);
        return;
    }
    json = x8_json_object();
    x8_json_str(json, "path", path);
    x8_json_bool(json, "written", !ctx->globals->dry_run);
    x8_json_u64(json, "size", size);
    x8_json_u64(json, "used", used);
    x8_json_u64(json, "ranges", count);
    x8_image_print_json(ctx, &json);
}

static int put(struct x8_ctx *ctx, const char *path, const struct x8_buf *text,
               struct x8_error *err)
{
    if (ctx->globals->dry_run)
        return 0;
    if (strcmp(path, "-") == 0) {
        /* What does not arrive is told at the end of the run; why, is known here only. */
        if (fwrite(x8_buf_span(text).data, 1, x8_buf_span(text).len, stdout) <
            x8_buf_span(text).len)
            ctx->stdout_errno = errno;
        return 0;
    }
    return x8_file_replace(path, x8_buf_span(text).data, x8_buf_span(text).len, 0644, err);
}

static int map_entry(struct mapping *mapping, const struct x8_imageset *set,
                     const struct x8_entry *entry, struct x8_error *err)
{
    struct x8_ctx *ctx = mapping->ctx;
    X8_AUTO_BUF text = {0};
    struct mapped *item = NULL;
    int rc = find_mapped(mapping, set, entry, &item, err);

    if (rc == 0 && !x8_bmapwrite_is_done(item->writer))
        rc = read_again(&ctx->op, set, entry, item, err);
    if (rc == 0)
        rc = x8_bmapwrite_text(item->writer, &text, err);
    if (rc == 0)
        rc = put(ctx, mapping->path, &text, err);
    if (rc == 0) {
        tell_notes(ctx, item->map);
        x8_ui_flush(ctx->ui);
        result(ctx, mapping->path, item->map);
    }
    return rc;
}

static int map_source(struct x8_ctx *ctx, const struct x8_image_source *source,
                      struct x8_error *err)
{
    struct mapping mapping = {.ctx = ctx, .source = source};
    const struct x8_pass pass = {.ctx = &mapping, .image = see_image, .no_digests = 1};
    const struct x8_entry *entry = NULL;
    struct x8_imageset *set = NULL;
    int rc = x8_imageset_open_pass(&ctx->op, source->path, NULL, &pass, &set, err);

    if (rc == 0)
        rc = x8_imageset_by_role(set, X8_ROLE_OS, &entry, err);
    if (rc == 0)
        rc = choose_path(&mapping, set, entry, err);
    if (rc == 0)
        rc = map_entry(&mapping, set, entry, err);
    x8_imageset_free(&set);
    mapping_done(&mapping);
    return rc;
}

int x8_image_run_map(struct x8_ctx *ctx, const char *word, struct x8_error *err)
{
    X8_AUTO_IMAGE_SOURCE source = {0};
    int to_stdout = x8_image_opt.output && strcmp(x8_image_opt.output, "-") == 0;
    int rc = 0;

    if (to_stdout && ctx->globals->json) {
        rc = x8_fail(err, X8_E_USAGE, "--json and -o - both want stdout");
        x8_error_why(err, "a document and a map in one stream are neither");
        x8_error_next(err, "x8ctl image map --json -o FILE.bmap ...");
        return rc;
    }
    rc = x8_image_source_open(ctx, word, X8_IMAGE_BYTES, &source, err);
    return rc < 0 ? rc : map_source(ctx, &source, err);
}
