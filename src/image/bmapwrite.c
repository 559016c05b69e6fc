/*
 * A block map as bmaptool writes it (format 2.0), made for a used-block map: the image passes a
 * second time, and each range gets its SHA-256.
 *
 * Source: bmap-tools' BmapCreate: the file's own checksum is taken with zeros in its place.
 */
#include "image/usedmap.h"

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

    if (w->at == x8_usedmap_size(w->map) && w->next == w->count)
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
    free(w);
    *writer = NULL;
}
