/*
 * Using a block map: the ranges to leave alone, and the check of the others as the image passes.
 */
#include "image/bmap.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

int x8_bmap_gaps(const struct x8_bmap *bmap, struct x8_range **out, struct x8_error *err)
{
    struct x8_range *gaps = calloc(bmap->count + 1, sizeof(*gaps));
    if (!gaps)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    uint64_t end = (bmap->image_size + bmap->block_size - 1) / bmap->block_size * bmap->block_size;
    uint64_t at = 0;
    size_t count = 0;
    for (size_t i = 0; i < bmap->count; i++) {
        if (bmap->ranges[i].start > at)
            gaps[count++] = (struct x8_range){at, bmap->ranges[i].start};
        at = bmap->ranges[i].end;
    }
    if (end > at)
        gaps[count++] = (struct x8_range){at, end};
    if (count > INT_MAX) {
        free(gaps);
        return x8_fail(err, X8_E_BAD_IMAGE, "block map: too many ranges");
    }
    *out = gaps;
    return (int)count;
}

struct bmap_check {
    struct x8_sink sink; /* first: freed through it */
    const struct x8_bmap *bmap;
    struct x8_sink *next;
    struct x8_sha256 *sha;
    uint64_t pos;
    size_t at; /* first range that does not end before pos */
};

static int differs(const struct bmap_check *check, struct x8_error *err)
{
    const struct x8_bmap_range *range = &check->bmap->ranges[check->at];
    x8_fail(err, X8_E_BAD_DIGEST, "the image is not the one of its block map");
    x8_error_why(err, "bytes %llu to %llu have another SHA-256", (unsigned long long)range->start,
                 (unsigned long long)range->end - 1);
    x8_error_next(err, "get both again, or flash without the block map");
    return -X8_E_BAD_DIGEST;
}

static int wrong_size(const struct bmap_check *check, const char *how, struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_DIGEST, "the image is %s than its block map says", how);
    x8_error_why(err, "the map is for %llu bytes", (unsigned long long)check->bmap->image_size);
    x8_error_next(err, "get both again, or flash without the block map");
    return -X8_E_BAD_DIGEST;
}

/* The digest is of what the image holds of the range: its last block may be a part of one. */
static int end_range(struct bmap_check *check, struct x8_error *err)
{
    const struct x8_bmap_range *range = &check->bmap->ranges[check->at];
    uint8_t got[X8_SHA256_LEN];
    x8_sha256_take(check->sha, got);
    if (range->has_sha256 && memcmp(got, range->sha256, sizeof(got)) != 0)
        return differs(check, err);
    check->at++;
    return 0;
}

/* Bytes up to the next border of a range; those inside one are hashed. */
static int hash_some(struct bmap_check *check, const uint8_t *data, size_t len, size_t *out_len,
                     struct x8_error *err)
{
    const struct x8_bmap *bmap = check->bmap;
    if (check->at == bmap->count) {
        check->pos += len;
        *out_len = len;
        return 0;
    }
    const struct x8_bmap_range *range = &bmap->ranges[check->at];
    uint64_t range_end = range->end < bmap->image_size ? range->end : bmap->image_size;
    int inside = check->pos >= range->start;
    uint64_t border = (inside ? range_end : range->start) - check->pos;
    size_t n = border < len ? (size_t)border : len;
    if (inside && range->has_sha256)
        x8_sha256_add(check->sha, data, n);
    check->pos += n;
    *out_len = n;
    return inside && check->pos == range_end ? end_range(check, err) : 0;
}

static int check_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct bmap_check *check = X8_CONTAINER(sink, struct bmap_check, sink);
    const uint8_t *at = data;
    size_t left = len, n;
    if (len > check->bmap->image_size - check->pos)
        return wrong_size(check, "larger", err);
    while (left > 0) {
        int rc = hash_some(check, at, left, &n, err);
        if (rc < 0)
            return rc;
        at += n;
        left -= n;
    }
    return check->next->ops->push(check->next, data, len, err);
}

static int check_finish(struct x8_sink *sink, struct x8_error *err)
{
    struct bmap_check *check = X8_CONTAINER(sink, struct bmap_check, sink);
    if (check->pos != check->bmap->image_size)
        return wrong_size(check, "smaller", err);
    return check->next->ops->finish(check->next, err);
}

int x8_bmap_check_new(const struct x8_bmap *bmap, struct x8_sink *next, struct x8_sink **out,
                      struct x8_error *err)
{
    static const struct x8_sink_ops ops = {check_push, check_finish};
    struct bmap_check *check = calloc(1, sizeof(*check));
    struct x8_sha256 *sha = x8_sha256_new();
    if (!check || !sha) {
        free(check);
        x8_sha256_free(&sha);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    *check = (struct bmap_check){{&ops}, bmap, next, sha, 0, 0};
    *out = &check->sink;
    return 0;
}

void x8_bmap_check_free(struct x8_sink **sink)
{
    if (!*sink)
        return;
    struct bmap_check *check = X8_CONTAINER(*sink, struct bmap_check, sink);
    x8_sha256_free(&check->sha);
    free(check);
    *sink = NULL;
}
