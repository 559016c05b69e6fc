/*
 * x8ctl image show: what is in an image.
 */
#include "image_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A person compares the beginning of a digest; all of it would fill the line. */
enum { DIGEST_COLUMNS = 12 };

static const char *table_name(const struct x8_parttable *table)
{
    static const char *const names[] = {
        [X8_TABLE_NONE] = "none", [X8_TABLE_MBR] = "MBR", [X8_TABLE_GPT] = "GPT"};

    return names[table->kind];
}

static void put_source(struct x8_buf *out, int is_person, const struct x8_image_source *source,
                       const struct x8_image_look *look)
{
    static const char *const words[] = {[X8_IMAGE_UNKNOWN] = "",
                                        [X8_IMAGE_GOOD] = " (as the catalogue says)",
                                        [X8_IMAGE_WRONG] = " (the catalogue has another)"};
    const struct x8_release *release = look->release;
    char size[24];

    if (source->is_remote)
        x8_image_line(out, is_person, "source", "%s", source->name);
    x8_image_line(out, is_person, source->is_remote ? "file" : "source", "%s", source->path);
    if (look->is_archive) {
        x8_size_text(size, look->size);
        x8_image_line(out, is_person, "size", "%s", size);
        x8_image_line(out, is_person, "sha256", "%s%s", look->sha256,
                      is_person ? words[look->verdict] : "");
    }
    if (release)
        x8_image_line(out, is_person, "release", "%s%s%s, %s, %s", release->image,
                      release->release[0] ? ", Arduino's " : "", release->release,
                      release->date[0] ? release->date : "no date", look->release_by);
    if (look->machine[0])
        x8_image_line(out, is_person, "machine", "%s", look->machine);
}

static void put_part(struct x8_buf *out, int is_person, const struct x8_image_part *part)
{
    char size[24];

    if (part->entry->size == UINT64_MAX)
        x8_copy(size, sizeof size, "-");
    else
        x8_size_text(size, part->entry->size);
    x8_image_line(out, is_person, "part", "%-9s %10s  %-*.*s  %s", x8_image_part_name(part), size,
                  DIGEST_COLUMNS, is_person ? DIGEST_COLUMNS : 64,
                  part->sha256[0] ? part->sha256 : "-", part->entry->path);
}

static void put_partition(struct x8_buf *out, int is_person, size_t number,
                          const struct x8_used_part *part)
{
    char start[24], len[24], used[24];

    x8_size_text(start, part->start);
    x8_size_text(len, part->len);
    x8_size_text(used, part->used);
    x8_image_line(out, is_person, "partition", "%zu  %s at %s, %s%s%s, %s used%s%s", number, len,
                  start, part->kind[0] ? part->kind : "unknown", part->label[0] ? " " : "",
                  part->label, used, part->note[0] ? ": " : "", part->note);
}

static void put_os(struct x8_buf *out, int is_person, const struct x8_image_look *look)
{
    const struct x8_used_part *parts;
    char size[24], used[24];
    size_t count;

    if (!look->os) {
        x8_image_line(out, is_person, "image", "none: %s", look->no_os.msg);
        return;
    }
    x8_size_text(size, look->scan.size);
    x8_image_line(out, is_person, "image", "%s, %s unpacked", x8_path_base(look->os->entry->path),
                  size);
    if (look->os->unpacked[0])
        x8_image_line(out, is_person, "unpacked", "sha256 %s", look->os->unpacked);
    if (look->scan.is_sparse) {
        x8_image_line(out, is_person, "used", "not looked into: Android's sparse form");
        return;
    }
    x8_size_text(used, x8_usedmap_used(look->scan.map));
    x8_image_line(out, is_person, "used", "%s of %s (%u %%)", used, size,
                  x8_image_percent(x8_usedmap_used(look->scan.map), look->scan.size));
    if (look->scan.bmap_ranges)
        x8_image_line(out, is_person, "bmap", "fits: %zu ranges", look->scan.bmap_ranges);
    count = x8_usedmap_parts(look->scan.map, &parts);
    x8_image_line(out, is_person, "table", "%s", table_name(x8_usedmap_table(look->scan.map)));
    for (size_t i = 0; i < count; i++)
        put_partition(out, is_person, i + 1, &parts[i]);
}

static void print(const struct x8_image_source *source, const struct x8_image_look *look)
{
    int is_person = isatty(STDOUT_FILENO);
    X8_AUTO_BUF out = {0};

    put_source(&out, is_person, source, look);
    put_os(&out, is_person, look);
    for (size_t i = 0; i < look->part_count; i++)
        put_part(&out, is_person, &look->parts[i]);
    x8_image_put_sums(&out, is_person, &look->sums);
    if (look->other_count)
        x8_image_line(&out, is_person, "others", "%zu file%s", look->other_count,
                      look->other_count == 1 ? "" : "s");
    fputs(x8_buf_text(&out), stdout); /* whether it arrived is found out at the end of the run */
}

/* --- JSON --- */

static void text_or_null(struct x8_json *json, const char *key, const char *text)
{
    x8_json_str(json, key, text[0] ? text : NULL);
}

static struct x8_json *parts_json(const struct x8_image_look *look)
{
    struct x8_json *all = x8_json_array();

    for (size_t i = 0; i < look->part_count; i++) {
        const struct x8_image_part *part = &look->parts[i];
        struct x8_json *json = x8_json_object();

        x8_json_str(json, "role", x8_image_part_name(part));
        x8_json_str(json, "path", part->entry->path);
        if (part->entry->size == UINT64_MAX)
            x8_json_str(json, "size", NULL);
        else
            x8_json_u64(json, "size", part->entry->size);
        text_or_null(json, "sha256", part->sha256);
        x8_json_str(json, "digest", x8_image_verdict_name(part->verdict));
        x8_json_add(all, NULL, json);
    }
    return all;
}

static struct x8_json *partitions_json(const struct x8_image_look *look)
{
    struct x8_json *all = x8_json_array();
    const struct x8_used_part *parts;
    size_t count = x8_usedmap_parts(look->scan.map, &parts);

    for (size_t i = 0; i < count; i++) {
        struct x8_json *json = x8_json_object();

        x8_json_u64(json, "start", parts[i].start);
        x8_json_u64(json, "size", parts[i].len);
        x8_json_u64(json, "used", parts[i].used);
        text_or_null(json, "kind", parts[i].kind);
        text_or_null(json, "label", parts[i].label);
        text_or_null(json, "note", parts[i].note);
        x8_json_add(all, NULL, json);
    }
    return all;
}

static struct x8_json *os_json(const struct x8_image_look *look)
{
    struct x8_json *json = x8_json_object();
    const char *digest = look->os->unpacked[0] ? look->os->unpacked : look->os->sha256;

    x8_json_str(json, "path", look->os->entry->path);
    x8_json_u64(json, "size", look->scan.size);
    x8_json_str(json, "sha256", digest);
    x8_json_bool(json, "sparse", look->scan.is_sparse);
    if (look->scan.is_sparse)
        return json;
    x8_json_u64(json, "used", x8_usedmap_used(look->scan.map));
    x8_json_u64(json, "bmap_ranges", look->scan.bmap_ranges);
    x8_json_str(json, "table", table_name(x8_usedmap_table(look->scan.map)));
    x8_json_add(json, "partitions", partitions_json(look));
    return json;
}

static void print_json(struct x8_ctx *ctx, const struct x8_image_source *source,
                       const struct x8_image_look *look)
{
    struct x8_json *json = x8_json_object();

    x8_json_str(json, "source", source->path);
    text_or_null(json, "sha256", look->sha256);
    x8_json_str(json, "digest", x8_image_verdict_name(look->verdict));
    x8_json_str(json, "image", look->release ? look->release->image : NULL);
    x8_json_str(json, "release", look->release ? look->release->release : NULL);
    x8_json_str(json, "release_by", look->release ? look->release_by : NULL);
    text_or_null(json, "machine", look->machine);
    if (look->os)
        x8_json_add(json, "os", os_json(look));
    else
        x8_json_str(json, "os", NULL);
    x8_json_add(json, "parts", parts_json(look));
    x8_json_u64(json, "other_files", look->other_count);
    x8_image_json_sums(json, &look->sums);
    x8_image_print_json(ctx, &json);
}

int x8_image_run_show(struct x8_ctx *ctx, const char *word, struct x8_error *err)
{
    X8_AUTO_IMAGE_SOURCE source = {0};
    X8_AUTO_IMAGE_LOOK look = {0};
    int rc = x8_image_source_open(ctx, word, X8_IMAGE_FACTS, &source, err);

    if (rc == 0)
        rc = x8_image_look(&ctx->op, &source, &look, err);
    if (rc == 0)
        rc = x8_image_check_empty(&look, err);
    if (rc < 0)
        return rc;
    x8_ui_flush(ctx->ui);
    if (ctx->globals->json)
        print_json(ctx, &source, &look);
    else
        print(&source, &look);
    return 0;
}
