/*
 * What is noted of a file or member while its bytes pass: its size, its edges, in a pass its
 * digest.
 */
#include "image/setparts.h"

#include <string.h>

static void note_edges(struct item *item, const uint8_t *data, size_t len)
{
    if (item->head_len < EDGE_LEN) {
        size_t n = EDGE_LEN - item->head_len < len ? EDGE_LEN - item->head_len : len;
        memcpy(item->head + item->head_len, data, n);
        item->head_len += n;
    }
    size_t keep = len < EDGE_LEN ? EDGE_LEN - len : 0;
    keep = keep < item->tail_len ? keep : item->tail_len;
    memmove(item->tail, item->tail + item->tail_len - keep, keep);
    size_t n = len < EDGE_LEN ? len : EDGE_LEN;
    memcpy(item->tail + keep, data + len - n, n);
    item->tail_len = keep + n;
}

int tally_begin(struct tally *tally, const struct x8_imageset *set, struct item *item,
                struct x8_error *err)
{
    *tally = (struct tally){.item = item};
    if (set->pass ? set->pass->no_digests : !set->is_digested || item != set->outer)
        return 0;
    tally->sha = x8_sha256_new();
    return tally->sha ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
}

void tally_add(struct tally *tally, const void *data, size_t len)
{
    note_edges(tally->item, data, len);
    tally->size += len;
    if (tally->sha)
        x8_sha256_add(tally->sha, data, len);
}

void tally_end(struct tally *tally)
{
    uint8_t digest[X8_SHA256_LEN];
    tally->item->pub.size = tally->size;
    if (!tally->sha)
        return;
    x8_sha256_take(tally->sha, digest);
    x8_hex(tally->item->sha256, digest, sizeof(digest));
}

void tally_done(struct tally *tally)
{
    x8_sha256_free(&tally->sha);
}

/* --- what others get of it */

static const struct item *item_of(const struct x8_entry *entry)
{
    return (const struct item *)(const void *)entry;
}

const struct x8_entry *x8_imageset_passed(const struct x8_imageset *so_far, const char *path)
{
    for (size_t i = so_far->items.count; i > 0; i--) {
        const struct item *item = so_far->items.at[i - 1];
        if (item->is_kept && !strcmp(item->path, path))
            return &item->pub;
    }
    return NULL;
}

const char *x8_imageset_sha256(const struct x8_imageset *set)
{
    return set->outer ? set->outer->sha256 : "";
}

uint64_t x8_imageset_stored_size(const struct x8_imageset *set)
{
    return set->outer && set->outer->sha256[0] ? set->outer->pub.size : 0;
}

const char *x8_entry_sha256(const struct x8_entry *entry)
{
    return item_of(entry)->sha256;
}

unsigned x8_entry_number(const struct x8_entry *entry)
{
    return item_of(entry)->number;
}

const struct x8_entry *x8_imageset_box(const struct x8_imageset *set, size_t i)
{
    return i < set->hidden.count ? &set->hidden.at[i]->pub : NULL;
}

const struct x8_entry *x8_imageset_odd_list(const struct x8_imageset *set, size_t i)
{
    return i < set->odd.count ? &set->odd.at[i]->pub : NULL;
}
