/*
 * x8ctl image prune: make room in the cache.
 */
#include "image_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { KEEP = 2, DAY_S = 24 * 3600 };

struct list {
    struct x8_json *items;
    int is_json, is_said;
    struct x8_ctx *ctx;
};

static int bad_duration(const char *text, struct x8_error *err)
{
    char clean[96];

    x8_clean(clean, sizeof clean, text, strlen(text));
    x8_fail(err, X8_E_USAGE, "option --older: '%s' is no duration", clean);
    x8_error_why(err, "it is a number with d (days), h, m or s behind it");
    x8_error_next(err, "x8ctl image prune --older 30d");
    return -(int)X8_E_USAGE;
}

/* Days too, which no other duration of x8ctl is long enough for. */
static int older(const char *text, int64_t *out_s, struct x8_error *err)
{
    size_t len = strlen(text);
    char number[24];
    uint32_t days;
    int64_t ms;

    if (len > 1 && len < sizeof number && text[len - 1] == 'd') {
        x8_copy(number, sizeof number, text);
        number[len - 1] = '\0';
        if (x8_parse_u32(number, &days) != 0 || days > 36500)
            return bad_duration(text, err);
        *out_s = (int64_t)days * DAY_S;
        return 0;
    }
    if (x8_parse_duration(text, &ms) != 0 || ms < 0)
        return bad_duration(text, err);
    *out_s = ms / 1000;
    return 0;
}

static int limits(struct x8_prune *how, struct x8_error *err)
{
    *how = (struct x8_prune){.keep = -1, .older_s = -1};
    if (x8_image_opt.pins && x8_image_opt.keep != UINT64_MAX) {
        x8_fail(err, X8_E_USAGE, "--keep does not go with --pins");
        x8_error_why(err, "--keep counts files, and --pins removes none");
        x8_error_next(err, "x8ctl image prune --pins --older 90d");
        return -(int)X8_E_USAGE;
    }
    if (x8_image_opt.keep != UINT64_MAX) {
        if (x8_image_opt.keep > 100000) {
            x8_fail(err, X8_E_USAGE, "option --keep: that many are never there");
            x8_error_next(err, "x8ctl image prune --keep 2");
            return -(int)X8_E_USAGE;
        }
        how->keep = (int64_t)x8_image_opt.keep;
    }
    if (x8_image_opt.older)
        return older(x8_image_opt.older, &how->older_s, err);
    if (how->keep < 0 && !x8_image_opt.pins)
        how->keep = KEEP;
    return 0;
}

static void each(void *opaque, const struct x8_cached *cached)
{
    struct list *list = opaque;
    struct x8_json *item = x8_json_object();
    char size[24], name[160];

    snprintf(name, sizeof name, "%s", cached->name[0] ? cached->name : x8_path_base(cached->path));
    x8_size_text(size, cached->size);
    if (list->is_said)
        x8_ui_say(list->ctx->ui, "  %-24s %10s%s", name, size,
                  cached->is_damaged ? "  (damaged)"
                  : cached->is_part  ? "  (not complete)"
                                     : "");
    x8_json_str(item, "name", name);
    x8_json_str(item, "path", cached->path);
    x8_json_u64(item, "size", cached->size);
    x8_json_add(list->items, NULL, item);
}

static void each_pin(void *opaque, const struct x8_cached *pin)
{
    struct list *list = opaque;
    struct x8_json *item = x8_json_object();

    if (list->is_said)
        x8_ui_say(list->ctx->ui, "  %.64s  %s", pin->sha256[0] ? pin->sha256 : "(damaged)",
                  pin->url[0] ? pin->url : x8_path_base(pin->path));
    x8_json_str(item, "name", x8_path_base(pin->path));
    x8_json_str(item, "path", pin->path);
    x8_json_u64(item, "size", pin->size);
    if (pin->url[0])
        x8_json_str(item, "url", pin->url);
    if (pin->sha256[0])
        x8_json_str(item, "sha256", pin->sha256);
    x8_json_add(list->items, NULL, item);
}

/* One go over the cache, in earnest or not. */
static int go(const char *folder, const struct x8_prune *how, int64_t now, struct list *list,
              uint64_t *freed, struct x8_error *err)
{
    if (x8_image_opt.pins)
        return x8_cache_prune_pins(folder, how, now, each_pin, list, err);
    return x8_cache_prune(folder, how, now, each, list, freed, err);
}

static void result(struct x8_ctx *ctx, struct list *list, int count, uint64_t freed)
{
    struct x8_json *json = x8_json_object();
    char size[24];

    x8_size_text(size, freed);
    if (ctx->globals->json) {
        x8_json_bool(json, "dry_run", ctx->globals->dry_run);
        x8_json_add(json, "removed", list->items);
        x8_json_u64(json, "freed_bytes", freed);
        list->items = NULL;
        x8_image_print_json(ctx, &json);
        return;
    }
    x8_json_free(&json);
    if (x8_image_opt.pins)
        printf("%d noted digest%s %sremoved\n", count, count == 1 ? "" : "s",
               ctx->globals->dry_run ? "would be " : "");
    else
        printf("%d file%s %sremoved, %s %sfreed\n", count, count == 1 ? "" : "s",
               ctx->globals->dry_run ? "would be " : "", size,
               ctx->globals->dry_run ? "would be " : "");
}

/* Look first, then ask, then do the same in earnest. */
static int prune(struct x8_ctx *ctx, const char *folder, struct x8_prune *how, struct list *list,
                 struct x8_error *err)
{
    int64_t now = (int64_t)time(NULL);
    uint64_t freed = 0;
    char size[24], question[120];
    int rc;

    how->dry_run = 1;
    list->is_said = 1;
    rc = go(folder, how, now, list, &freed, err);
    if (rc > 0 && !ctx->globals->dry_run) {
        x8_size_text(size, freed);
        if (x8_image_opt.pins)
            snprintf(question, sizeof question, "Forget %d noted digest%s?", rc,
                     rc == 1 ? "" : "s");
        else
            snprintf(question, sizeof question, "Remove %s from the cache?", size);
        rc = x8_ui_ask_yes(ctx->ui, question, err);
        if (rc == 0)
            rc = x8_fail(err, X8_E_STOPPED, "nothing was removed");
        if (rc < 0)
            return rc;
        how->dry_run = 0;
        list->is_said = 0;
        x8_json_free(&list->items);
        list->items = x8_json_array();
        rc = go(folder, how, now, list, &freed, err);
    }
    if (rc < 0)
        return rc;
    x8_ui_flush(ctx->ui);
    result(ctx, list, rc, freed);
    return 0;
}

int x8_image_run_prune(struct x8_ctx *ctx, struct x8_error *err)
{
    X8_AUTO_STORE setup = {0};
    struct list list = {.ctx = ctx};
    struct x8_prune how;
    int rc = limits(&how, err);

    if (rc == 0)
        rc = x8_store_setup(ctx, &setup, err);
    if (rc < 0)
        return rc;
    list.items = x8_json_array();
    rc = x8_image_cache_failed(prune(ctx, setup.folder, &how, &list, err), err);
    x8_json_free(&list.items);
    return rc;
}
