/*
 * x8ctl image list: the releases of the catalogue, and what of them is on this computer.
 */
#include "image_parts.h"

#include "net/http_header.h"
#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cache {
    struct x8_cached *items;
    int count;
    char *is_listed; /* for each item: a release stands for it */
};

/* A release is known by its digest; one without, by its address (the cache notes it as it may be
 * shown) or its name. */
static int is_of(const struct x8_cached *item, const char *image, const char *url,
                 const char *sha256)
{
    if (!item->is_part && sha256[0])
        return strcmp(item->sha256, sha256) == 0;
    return (url[0] && strcmp(item->url, url) == 0) || (image[0] && strcmp(item->name, image) == 0);
}

/* A size that differs needs no reading to be seen: cut off, or written to. */
static void check_size(struct x8_cached *item, uint64_t known)
{
    if (!item->is_part && known && item->size != known)
        item->is_damaged = 1;
}

/* The complete file before the part; NULL: nothing is there. */
static const struct x8_cached *find(struct cache *cache, const char *image, const char *url,
                                    const char *sha256, uint64_t size)
{
    const struct x8_cached *best = NULL;

    for (int i = 0; i < cache->count; i++) {
        if (!is_of(&cache->items[i], image, url, sha256))
            continue;
        cache->is_listed[i] = 1;
        check_size(&cache->items[i], size);
        if (!best || (best->is_part && !cache->items[i].is_part))
            best = &cache->items[i];
    }
    return best;
}

static const char *state(const struct x8_cached *item)
{
    return !item ? "no" : item->is_damaged ? "damaged" : item->is_part ? "part" : "yes";
}

static void text_or_null(struct x8_json *json, const char *key, const char *text)
{
    x8_json_str(json, key, text[0] ? text : NULL);
}

static void add_size(struct x8_json *json, const char *key, uint64_t size)
{
    if (size)
        x8_json_u64(json, key, size);
    else
        x8_json_str(json, key, NULL);
}

static void extra(struct x8_table *table, const char *url, const char *sha256, uint64_t size,
                  const struct x8_cached *item)
{
    struct x8_json *json = x8_table_row_extra(table);

    text_or_null(json, "url", url);
    text_or_null(json, "sha256", sha256);
    add_size(json, "size", size);
    x8_json_str(json, "path", item && !item->is_part && !item->is_damaged ? item->path : NULL);
    add_size(json, "bytes_here", item ? item->size : 0);
}

static void add_release(struct x8_table *table, struct cache *cache,
                        const struct x8_catalogue *catalogue, const struct x8_release *release)
{
    int is_latest = strcmp(catalogue->latest_image, release->image) == 0;
    char url[X8_HTTP_URL] = "";
    const struct x8_cached *item;
    const char *no_place = release->url[0] ? "" : "no place to get it from is known";
    char notes[280];

    if (release->url[0])
        x8_http_shown(release->url, url, sizeof url);
    item =
        find(cache, release->image, url, release->sha256, release->sha256[0] ? release->size : 0);
    /* Nothing can be done with it but to know of it. */
    if (!release->url[0] && !item && !x8_image_opt.all)
        return;
    snprintf(notes, sizeof notes, "%s%s%s%s%s", is_latest ? "latest" : "",
             is_latest && release->notes[0] ? "; " : "", release->notes,
             (is_latest || release->notes[0]) && no_place[0] ? "; " : "", no_place);
    x8_table_row(table, (const char *[]){release->image, release->date, release->release,
                                         release->lmp, state(item), notes});
    extra(table, url, release->sha256, release->size, item);
}

static void add_latest(struct x8_table *table, struct cache *cache,
                       const struct x8_catalogue *catalogue)
{
    const struct x8_cached *item = NULL;
    char url[X8_HTTP_URL];

    if (!catalogue->latest_url[0])
        return;
    x8_http_shown(catalogue->latest_url, url, sizeof url);
    item = find(cache, "", url, "", 0);
    x8_table_row(table, (const char *[]){"latest", NULL, NULL, NULL, state(item),
                                         "whatever the server offers under this name"});
    extra(table, url, "", 0, item);
}

static void add_others(struct x8_table *table, const struct cache *cache)
{
    for (int i = 0; i < cache->count && x8_image_opt.all; i++) {
        const struct x8_cached *item = &cache->items[i];

        if (cache->is_listed[i])
            continue;
        x8_table_row(table, (const char *[]){item->name, NULL, NULL, NULL, state(item),
                                             item->url[0] ? item->url : x8_path_base(item->path)});
        extra(table, item->url, item->sha256, 0, item);
    }
}

int x8_image_run_list(struct x8_ctx *ctx, struct x8_error *err)
{
    static const char *const columns[] = {"IMAGE",  "DATE",  "RELEASE", "LMP",
                                          "CACHED", "NOTES", NULL};
    X8_AUTO_STORE setup = {0};
    const struct x8_catalogue *catalogue;
    struct x8_table *table;
    struct cache cache = {0};
    int rc = x8_store_setup(ctx, &setup, err);

    if (rc == 0)
        rc = x8_store_catalogue(&ctx->op, &setup, &catalogue, err);
    if (rc == 0)
        rc = cache.count = x8_cache_list(setup.folder, &cache.items, err);
    if (rc < 0)
        return x8_image_cache_failed(rc, err);
    cache.is_listed = calloc((size_t)cache.count + 1, 1);
    if (!cache.is_listed)
        abort();
    table = x8_table_new(columns);
    add_latest(table, &cache, catalogue);
    for (size_t i = 0; i < catalogue->count; i++)
        add_release(table, &cache, catalogue, &catalogue->items[i]);
    add_others(table, &cache);
    x8_ui_flush(ctx->ui);
    if (ctx->globals->json)
        x8_table_print_json(table, "images", stdout);
    else
        x8_table_print(table, stdout, isatty(STDOUT_FILENO));
    x8_table_free(&table);
    free(cache.is_listed);
    free(cache.items);
    return 0;
}
