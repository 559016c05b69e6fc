/*
 * A block map as bmaptool writes it (format 2.0), made for a used-block map: each range gets its
 * SHA-256. The image passes once where each of its tables lies before what it speaks of: a block is
 * digested as it passes when nothing said by then that it is free. Whether that was so is known at
 * the end; if not, the image passes a second time.
 *
 * Source: bmap-tools' BmapCreate: the file's own checksum is taken with zeros in its place.
 */
#include "image/usedmap_parts.h"

#include "util/digest.h"

#include <stdlib.h>
#include <string.h>

struct x8_bmapwrite {
    struct x8_sink sink;
    const struct x8_usedmap *map; /* borrowed */
    const struct x8_range *ranges;
    size_t count, next; /* ranges before `next` are digested */
    uint64_t at;
    struct x8_sha256 *sha;
    uint8_t (*digests)[X8_SHA256_LEN];
    /* In one pass: */
    struct x8_usedmap *live; /* the map while it is made, or NULL */
    struct x8_range *seen;   /* as they went by; the last one is open while `is_in` */
    size_t seen_count, seen_cap;
    uint8_t *head; /* bytes before the map knows its partitions */
    size_t head_len;
    int is_in, is_done;
};

static int push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct x8_bmapwrite *w = X8_CONTAINER(sink, struct x8_bmapwrite, sink);
    const uint8_t *from = data;

    (void)err;
    while (len && w->next < w->count) {
        const struct x8_range *range = &w->ranges[w->next];
        int is_in = w->at >= range->start;
        uint64_t until = is_in ? range->end : range->start;
        size_t part = until - w->at < len ? (size_t)(until - w->at) : len;
        if (is_in)
            x8_sha256_add(w->sha, from, part);
        from += part;
        len -= part;
        w->at += part;
        if (is_in && w->at == range->end)
            x8_sha256_take(w->sha, w->digests[w->next++]);
    }
    w->at += len;
    return 0;
}

static int finish(struct x8_sink *sink, struct x8_error *err)
{
    struct x8_bmapwrite *w = X8_CONTAINER(sink, struct x8_bmapwrite, sink);

    w->is_done = w->at == x8_usedmap_size(w->map) && w->next == w->count;
    if (w->is_done)
        return 0;
    x8_fail(err, X8_E_BAD_IMAGE, "the image changed between two readings");
    x8_error_next(err, "stop what writes it, then try again");
    return -X8_E_BAD_IMAGE;
}

int x8_bmapwrite_new(const struct x8_usedmap *map, struct x8_bmapwrite **out, struct x8_error *err)
{
    static const struct x8_sink_ops ops = {push, finish};
    struct x8_bmapwrite *w = calloc(1, sizeof(*w));

    if (w) {
        w->sink.ops = &ops;
        w->map = map;
        w->count = x8_usedmap_ranges(map, &w->ranges);
        w->sha = x8_sha256_new();
        w->digests = calloc(w->count + 1, X8_SHA256_LEN);
    }
    if (!w || !w->sha || !w->digests) {
        x8_bmapwrite_free(&w);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    *out = w;
    return 0;
}

/* --- in one pass */

static int add_seen(struct x8_bmapwrite *w)
{
    size_t cap = w->seen_cap ? w->seen_cap * 2 : 256;
    struct x8_range *seen;
    uint8_t(*digests)[X8_SHA256_LEN];

    if (w->seen_count < w->seen_cap)
        return 0;
    seen = realloc(w->seen, cap * sizeof(*seen));
    if (seen)
        w->seen = seen;
    digests = realloc(w->digests, cap * X8_SHA256_LEN);
    if (digests)
        w->digests = digests;
    if (!seen || !digests)
        return -1;
    w->seen_cap = cap;
    return 0;
}

static void close_range(struct x8_bmapwrite *w)
{
    if (!w->is_in)
        return;
    w->seen[w->seen_count].end = w->at;
    x8_sha256_take(w->sha, w->digests[w->seen_count++]);
    w->is_in = 0;
}

/* Each block is judged when it begins. */
static int digest_live(struct x8_bmapwrite *w, const uint8_t *data, size_t len)
{
    while (len) {
        size_t rest = X8_USED_BLOCK - (size_t)(w->at % X8_USED_BLOCK);
        size_t part = rest < len ? rest : len;

        if (rest == X8_USED_BLOCK && used_is_free(w->live, w->at / X8_USED_BLOCK))
            close_range(w);
        else if (rest == X8_USED_BLOCK && !w->is_in) {
            if (add_seen(w) < 0)
                return -1;
            w->seen[w->seen_count].start = w->at;
            w->is_in = 1;
        }
        if (w->is_in)
            x8_sha256_add(w->sha, data, part);
        w->at += part;
        data += part;
        len -= part;
    }
    return 0;
}

static int digest_head(struct x8_bmapwrite *w)
{
    int rc = digest_live(w, w->head, w->head_len);

    free(w->head);
    w->head = NULL;
    return rc;
}

static int push_live(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct x8_bmapwrite *w = X8_CONTAINER(sink, struct x8_bmapwrite, sink);
    struct x8_sink *map = x8_usedmap_sink(w->live);
    int rc = map->ops->push(map, data, len, err);

    if (rc == 0 && w->head && w->live->begun)
        rc = digest_head(w);
    if (rc == 0 && w->head) {
        uint8_t *more = realloc(w->head, w->head_len + len + 1);
        if (!more)
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
        memcpy(more + w->head_len, data, len);
        w->head = more;
        w->head_len += len;
        return 0;
    }
    if (rc == 0)
        rc = digest_live(w, data, len);
    return rc == -1 ? x8_fail(err, X8_E_INTERNAL, "out of memory") : rc;
}

/* Did anything turn out to be another way than it was when it passed? */
static int is_as_seen(struct x8_bmapwrite *w)
{
    w->count = x8_usedmap_ranges(w->map, &w->ranges);
    return w->count == w->seen_count &&
           (!w->count || memcmp(w->seen, w->ranges, w->count * sizeof(*w->seen)) == 0);
}

static int finish_live(struct x8_sink *sink, struct x8_error *err)
{
    struct x8_bmapwrite *w = X8_CONTAINER(sink, struct x8_bmapwrite, sink);
    struct x8_sink *map = x8_usedmap_sink(w->live);
    int rc = map->ops->finish(map, err);

    if (rc < 0)
        return rc;
    if (w->head && digest_head(w) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    close_range(w);
    w->is_done = is_as_seen(w);
    return 0;
}

int x8_bmapwrite_new_live(struct x8_usedmap *map, struct x8_bmapwrite **out, struct x8_error *err)
{
    static const struct x8_sink_ops ops = {push_live, finish_live};
    struct x8_bmapwrite *w = calloc(1, sizeof(*w));

    if (w) {
        w->sink.ops = &ops;
        w->map = w->live = map;
        w->sha = x8_sha256_new();
        w->head = malloc(1);
    }
    if (!w || !w->sha || !w->head) {
        x8_bmapwrite_free(&w);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    *out = w;
    return 0;
}

int x8_bmapwrite_is_done(const struct x8_bmapwrite *writer)
{
    return writer->is_done;
}

struct x8_sink *x8_bmapwrite_sink(struct x8_bmapwrite *writer)
{
    return &writer->sink;
}

static uint64_t blocks_of(const struct x8_range *range)
{
    return (range->end + X8_USED_BLOCK - 1) / X8_USED_BLOCK - range->start / X8_USED_BLOCK;
}

/* Everything before the place of the file's own digest goes to `out`; *at says where that is. */
static int add_head(const struct x8_bmapwrite *w, struct x8_buf *out, size_t *at)
{
    uint64_t size = x8_usedmap_size(w->map), mapped = 0;

    for (size_t i = 0; i < w->count; i++)
        mapped += blocks_of(&w->ranges[i]);
    int rc = x8_buf_addf(out,
                         "<?xml version=\"1.0\" ?>\n"
                         "<bmap version=\"2.0\">\n"
                         "    <ImageSize> %llu </ImageSize>\n"
                         "    <BlockSize> %u </BlockSize>\n"
                         "    <BlocksCount> %llu </BlocksCount>\n"
                         "    <MappedBlocksCount> %llu </MappedBlocksCount>\n"
                         "    <ChecksumType> sha256 </ChecksumType>\n"
                         "    <BmapFileChecksum> ",
                         (unsigned long long)size, X8_USED_BLOCK,
                         (unsigned long long)((size + X8_USED_BLOCK - 1) / X8_USED_BLOCK),
                         (unsigned long long)mapped);
    *at = out->len;
    return rc < 0 ? rc : x8_buf_addf(out, "%064d </BmapFileChecksum>\n    <BlockMap>\n", 0);
}

static int add_range(const struct x8_bmapwrite *w, size_t i, struct x8_buf *out)
{
    const struct x8_range *range = &w->ranges[i];
    unsigned long long first = range->start / X8_USED_BLOCK;
    char hex[2 * X8_SHA256_LEN + 1];

    x8_hex(hex, w->digests[i], X8_SHA256_LEN);
    if (blocks_of(range) == 1)
        return x8_buf_addf(out, "        <Range chksum=\"%s\"> %llu </Range>\n", hex, first);
    return x8_buf_addf(out, "        <Range chksum=\"%s\"> %llu-%llu </Range>\n", hex, first,
                       first + (unsigned long long)blocks_of(range) - 1);
}

int x8_bmapwrite_text(struct x8_bmapwrite *writer, struct x8_buf *out, struct x8_error *err)
{
    uint8_t digest[X8_SHA256_LEN];
    char hex[2 * X8_SHA256_LEN + 1];
    size_t from = out->len, at = 0;
    int rc = add_head(writer, out, &at);

    for (size_t i = 0; i < writer->count && rc == 0; i++)
        rc = add_range(writer, i, out);
    if (rc == 0)
        rc = x8_buf_addf(out, "    </BlockMap>\n</bmap>\n");
    if (rc < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    x8_sha256_add(writer->sha, out->data + from, out->len - from);
    x8_sha256_take(writer->sha, digest);
    x8_hex(hex, digest, X8_SHA256_LEN);
    memcpy(out->data + at, hex, 2 * X8_SHA256_LEN);
    return 0;
}

void x8_bmapwrite_free(struct x8_bmapwrite **writer)
{
    struct x8_bmapwrite *w = *writer;

    if (!w)
        return;
    x8_sha256_free(&w->sha);
    free(w->digests);
    free(w->seen);
    free(w->head);
    free(w);
    *writer = NULL;
}
