/*
 * x8ctl image verify: is it whole, and is it what the catalogue knows?
 */
#include "image_parts.h"

#include "util/file.h"

#include <stdio.h>
#include <unistd.h>

/* Nothing to judge, or nobody knows which of several would be flashed. Loaders alone are a set that
 * x8ctl flash --only loader takes. */
static int check_content(const struct x8_image_look *look, struct x8_error *err)
{
    int rc = x8_image_check_empty(look, err);

    if (rc < 0 || look->os || (look->part_count && look->no_os.code == X8_E_NO_FILE))
        return rc;
    *err = look->no_os;
    return -(int)err->code;
}

/* A person compares the beginning of a digest; all of it would fill the line. */
enum { DIGEST_COLUMNS = 12 };

/* What was compared, in lines and as JSON. */
struct report {
    struct x8_buf text;
    struct x8_json *items;
    int is_person;
    unsigned count[3]; /* of each verdict */
    char wrong[200];   /* the first that is */
};

static void tell(struct report *report, const char *what, const char *sha256,
                 enum x8_image_verdict verdict)
{
    struct x8_json *json = x8_json_object();

    report->count[verdict]++;
    if (verdict == X8_IMAGE_WRONG && !report->wrong[0])
        snprintf(report->wrong, sizeof report->wrong, "%s", what);
    x8_image_line(&report->text, report->is_person, x8_image_verdict_name(verdict), "%.*s  %s",
                  report->is_person ? DIGEST_COLUMNS : 64, sha256, what);
    x8_json_str(json, "what", what);
    x8_json_str(json, "sha256", sha256);
    x8_json_str(json, "digest", x8_image_verdict_name(verdict));
    x8_json_add(report->items, NULL, json);
}

static void compare_all(const struct x8_image_source *source, const struct x8_image_look *look,
                        struct report *report)
{
    char name[300];

    if (look->sha256[0])
        tell(report, source->is_remote ? source->name : x8_path_base(source->path), look->sha256,
             look->verdict);
    for (size_t i = 0; i < look->part_count; i++) {
        const struct x8_image_part *part = &look->parts[i];

        if (part->sha256[0])
            tell(report, part->entry->path, part->sha256, part->verdict);
        snprintf(name, sizeof name, "%.250s, unpacked", part->entry->path);
        if (part->unpacked[0])
            tell(report, name, part->unpacked, part->unpacked_verdict);
    }
}

static int judge(const struct x8_image_look *look, const struct report *report,
                 const struct x8_image_source *source, struct x8_error *err)
{
    if (!report->count[X8_IMAGE_WRONG])
        return x8_image_judge_sums(&look->sums, source->name, err);
    x8_fail(err, X8_E_BAD_DIGEST, "%s is not what release %s has: %s", source->name,
            look->release->image, report->wrong);
    x8_error_why(err,
                 "its digest is another one than the catalogue's (%s); %u of %u that are known are "
                 "right; it was taken for release %s %s",
                 source->catalogue->from, report->count[X8_IMAGE_GOOD],
                 report->count[X8_IMAGE_GOOD] + report->count[X8_IMAGE_WRONG], look->release->image,
                 look->release_by);
    x8_error_next(err,
                  "x8ctl image get %s    gets the right one; another build than Arduino's "
                  "needs another name, or a catalogue of its own (x8ctl help images)",
                  look->release->image);
    return -(int)X8_E_BAD_DIGEST;
}

/* What the numbers mean. */
static void summary(const struct x8_image_look *look, struct report *report)
{
    int is_person = report->is_person;

    x8_image_line(&report->text, is_person, "whole", "%s",
                  look->os ? "archives, compression and checksums in them are right"
                           : "what was read is, but there is no system image in it");
    if (look->scan.bmap_ranges)
        x8_image_line(&report->text, is_person, "bmap", "all %zu ranges of the block map are right",
                      look->scan.bmap_ranges);
    x8_image_put_sums(&report->text, is_person, &look->sums);
    if (!look->release)
        x8_image_line(&report->text, is_person, "release",
                      "none that the catalogue knows by its digests or its name");
    else if (!report->count[X8_IMAGE_GOOD] && !report->count[X8_IMAGE_WRONG])
        x8_image_line(&report->text, is_person, "release",
                      "%s, %s, but the catalogue has no digests of it", look->release->image,
                      look->release_by);
    else
        x8_image_line(&report->text, is_person, "release", "%s, %s", look->release->image,
                      look->release_by);
}

static void print_json(struct x8_ctx *ctx, const struct x8_image_source *source,
                       const struct x8_image_look *look, struct report *report, int rc,
                       const struct x8_error *err)
{
    struct x8_json *json = x8_json_object();

    x8_json_str(json, "verdict", x8_code_name(rc < 0 ? err->code : X8_OK));
    x8_json_str(json, "source", source->path);
    x8_json_str(json, "image", look->release ? look->release->image : NULL);
    x8_json_str(json, "release_by", look->release ? look->release_by : NULL);
    x8_json_u64(json, "good", report->count[X8_IMAGE_GOOD]);
    x8_json_u64(json, "unknown", report->count[X8_IMAGE_UNKNOWN]);
    x8_json_u64(json, "wrong", report->count[X8_IMAGE_WRONG]);
    x8_json_u64(json, "bmap_ranges", look->scan.bmap_ranges);
    x8_image_json_sums(json, &look->sums);
    x8_json_add(json, "digests", report->items);
    report->items = NULL;
    x8_image_print_json(ctx, &json);
}

int x8_image_run_verify(struct x8_ctx *ctx, const char *word, struct x8_error *err)
{
    X8_AUTO_IMAGE_SOURCE source = {0};
    X8_AUTO_IMAGE_LOOK look = {0};
    struct report report = {.is_person = isatty(STDOUT_FILENO)};
    int rc = x8_image_source_open(ctx, word, X8_IMAGE_CERTAINTY, &source, err);

    if (rc == 0)
        rc = x8_image_look(&ctx->op, &source, &look, err);
    if (rc == 0)
        rc = check_content(&look, err);
    if (rc < 0)
        return rc;
    report.items = x8_json_array();
    compare_all(&source, &look, &report);
    rc = judge(&look, &report, &source, err);
    x8_ui_flush(ctx->ui);
    if (ctx->globals->json) {
        print_json(ctx, &source, &look, &report, rc, err);
    } else {
        summary(&look, &report);
        fputs(x8_buf_text(&report.text), stdout);
    }
    x8_json_free(&report.items);
    x8_buf_done(&report.text);
    return rc;
}
