/*
 * x8ctl image map: a block map (bmap) from what the image's own file systems say.
 *
 * The image is read twice: the map is known when it has ended, and the map's digests are of the
 * ranges in it.
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

static int read_image(const struct x8_op *op, const char *stage, const struct x8_imageset *set,
                      const struct x8_entry *entry, struct x8_image_basin *basin,
                      struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    int exact = 0;
    uint64_t size = x8_imageset_content_size(set, entry, &exact);
    int rc = x8_imageset_open_content(set, entry, &reader, err);

    return rc < 0 ? rc
                  : x8_image_pour(op, stage, reader, exact ? size : UINT64_MAX, &basin->sink, err);
}

static int look(const struct x8_op *op, const struct x8_imageset *set, const struct x8_entry *entry,
                struct x8_usedmap **map, struct x8_error *err)
{
    struct x8_image_basin basin;
    int rc = x8_usedmap_new(0, map, err);

    if (rc < 0)
        return rc;
    x8_image_basin_init(&basin);
    basin.next[0] = x8_usedmap_sink(*map);
    rc = read_image(op, "look", set, entry, &basin, err);
    if (rc < 0)
        return rc;
    if (basin.size == 0) {
        rc = x8_fail(err, X8_E_BAD_IMAGE, "%s is empty", entry->path);
        x8_error_next(err, "get it again");
    } else if (basin.size >= 4 && x8_get_le32(basin.head) == SPARSE_MAGIC) {
        rc = x8_fail(err, X8_E_BAD_IMAGE, "%s has Android's sparse form", entry->path);
        x8_error_why(err, "such a file says itself which blocks it has");
        x8_error_next(err, "x8ctl flash takes it as it is");
    }
    return rc;
}

static int digest(const struct x8_op *op, const struct x8_imageset *set,
                  const struct x8_entry *entry, const struct x8_usedmap *map, struct x8_buf *out,
                  struct x8_error *err)
{
    struct x8_bmapwrite *writer = NULL;
    struct x8_image_basin basin;
    int rc = x8_bmapwrite_new(map, &writer, err);

    x8_image_basin_init(&basin);
    if (rc == 0) {
        basin.next[0] = x8_bmapwrite_sink(writer);
        rc = read_image(op, "digest", set, entry, &basin, err);
    }
    if (rc == 0)
        rc = x8_bmapwrite_text(writer, out, err);
    x8_bmapwrite_free(&writer);
    return rc;
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

static int map_entry(struct x8_ctx *ctx, const char *path, const struct x8_imageset *set,
                     const struct x8_entry *entry, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    struct x8_usedmap *map = NULL;
    int rc = look(&ctx->op, set, entry, &map, err);

    if (rc == 0)
        rc = digest(&ctx->op, set, entry, map, &text, err);
    if (rc == 0)
        rc = put(ctx, path, &text, err);
    if (rc == 0) {
        tell_notes(ctx, map);
        x8_ui_flush(ctx->ui);
        result(ctx, path, map);
    }
    x8_usedmap_free(&map);
    return rc;
}

int x8_image_run_map(struct x8_ctx *ctx, const char *word, struct x8_error *err)
{
    X8_AUTO_IMAGE_SOURCE source = {0};
    const struct x8_entry *entry = NULL;
    struct x8_imageset *set = NULL;
    char path[X8_IMAGE_PATH] = "-";
    int to_stdout = x8_image_opt.output && strcmp(x8_image_opt.output, "-") == 0;
    int rc = 0;

    if (to_stdout && ctx->globals->json) {
        rc = x8_fail(err, X8_E_USAGE, "--json and -o - both want stdout");
        x8_error_why(err, "a document and a map in one stream are neither");
        x8_error_next(err, "x8ctl image map --json -o FILE.bmap ...");
        return rc;
    }
    rc = x8_image_source_open(ctx, word, X8_IMAGE_BYTES, &source, err);
    if (rc == 0)
        rc = x8_imageset_open(&ctx->op, source.path, &set, err);
    if (rc == 0)
        rc = x8_imageset_by_role(set, X8_ROLE_OS, &entry, err);
    /* Beside a cached file nobody would find it. */
    if (rc == 0 && x8_image_opt.output)
        x8_copy(path, sizeof path, x8_image_opt.output);
    else if (rc == 0)
        rc = x8_image_beside(source.is_remote ? "image" : source.path, set, entry, path, err);
    if (rc == 0 && !to_stdout)
        rc = x8_image_check_output(path, source.path, set, err);
    if (rc == 0)
        rc = map_entry(ctx, path, set, entry, err);
    x8_imageset_free(&set);
    return rc;
}
