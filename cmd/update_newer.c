/*
 * Whether the catalogue of releases knows a newer image than a board's: the one in the program, or
 * the company's own that X8CTL_IMAGE_INDEX names, asked anew where it is an address.
 */
#include "update_parts.h"

#include "net/http_header.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

/* The board's own answer is what is asked for first, and waits behind this. */
#define ANSWER_MS 10000

/* The catalogue within `limit` of ms; 1 when it is not to be had, which out->trouble tells. */
static int open_within(const struct x8_op *whole, int64_t limit, struct x8_update_newest *out,
                       const struct x8_catalogue **catalogue, struct x8_error *err)
{
    struct x8_op op = *whole;
    struct x8_error own;
    char where[200];
    int rc;

    op.deadline = x8_deadline_min(op.deadline, x8_deadline_in(limit));
    rc = x8_store_catalogue(&op, &out->setup, catalogue, &own);
    if (rc == -(int)X8_E_TIMEOUT) {
        x8_http_shown(out->setup.index, where, sizeof where);
        snprintf(out->trouble, sizeof out->trouble,
                 "%s did not send the catalogue within %.3g s (-t DUR waits longer)", where,
                 (double)limit / 1000);
        return 1;
    }
    if (rc == -(int)X8_E_NETWORK) { /* what the board says is worth something without it */
        x8_copy(out->trouble, sizeof out->trouble, own.msg);
        return 1;
    }
    if (rc < 0)
        *err = own;
    return rc;
}

int x8_update_newest_find(struct x8_ctx *ctx, struct x8_update_newest *out, struct x8_error *err)
{
    int64_t limit = ctx->globals->timeout_ms;
    const struct x8_catalogue *catalogue = NULL;
    int rc = x8_store_setup(ctx, &out->setup, err);

    if (rc == 0)
        rc = open_within(&ctx->op, limit == X8_TIMEOUT_UNSET ? ANSWER_MS : limit, out, &catalogue,
                         err);
    if (rc == 0 && catalogue->count)
        out->release = &catalogue->items[0];
    return rc < 0 ? rc : 0;
}

void x8_update_newest_done(struct x8_update_newest *newest)
{
    x8_store_done(&newest->setup);
}

/* 1, 0, or -1: one of them is no number. */
static int is_newer(const char *image, const char *than)
{
    uint64_t a, b;

    if (x8_parse_u64(image, &a) != 0 || x8_parse_u64(than, &b) != 0)
        return -1;
    return a > b;
}

static const char *source(const struct x8_update_newest *newest)
{
    const char *from = newest->setup.catalogue.from;

    return strcmp(from, "built in") == 0 ? "x8ctl's own catalogue" : from;
}

void x8_update_newest_text(struct x8_buf *out, int is_person, const struct x8_update_newest *newest,
                           const char *version)
{
    static const char label[] = "newest-known";
    const struct x8_release *release = newest->release;
    int newer = release ? is_newer(release->image, version) : -1;

    if (newest->trouble[0]) {
        x8_update_line(out, is_person, label, "not known: %s", newest->trouble);
        return;
    }
    if (!release) {
        x8_update_line(out, is_person, label, "none: %s is empty", source(newest));
        return;
    }
    x8_update_line(out, is_person, label, "%s%s%s%s%s, of %s: %s", release->image,
                   release->release[0] ? ", release " : "", release->release,
                   release->date[0] ? " of " : "", release->date, source(newest),
                   newer > 0    ? "newer than the board's"
                   : newer == 0 ? "not newer than the board's"
                                : "cannot be compared with the board's");
}

struct x8_json *x8_update_newest_json(const struct x8_update_newest *newest, const char *version)
{
    const struct x8_release *release = newest->release;
    struct x8_json *json = x8_json_object();
    int newer = release ? is_newer(release->image, version) : -1;

    x8_json_str(json, "image", release ? release->image : NULL);
    x8_json_str(json, "release", release && release->release[0] ? release->release : NULL);
    x8_json_str(json, "date", release && release->date[0] ? release->date : NULL);
    x8_json_str(json, "catalogue", newest->trouble[0] ? NULL : newest->setup.catalogue.from);
    x8_json_str(json, "trouble", newest->trouble[0] ? newest->trouble : NULL);
    if (newer < 0)
        x8_json_str(json, "newer", NULL);
    else
        x8_json_bool(json, "newer", newer);
    return json;
}
