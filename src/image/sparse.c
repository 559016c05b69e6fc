/*
 * Sparse encoder: raw image bytes in, pieces out. The bytes are looked at in granules of 4 KiB (or
 * one block when that is larger). Granules that are one 32-bit pattern throughout are only counted;
 * when the run ends it becomes FILL if it is long enough, and is written out into the RAW chunk
 * around it otherwise. All other bytes are copied once, into the piece that leaves.
 */
#include "image/piece.h"

#include <stdlib.h>
#include <string.h>

#define GRANULE 4096u

struct x8_sparse_encoder {
    struct x8_sink sink;
    struct piece_builder builder;
    size_t granule;
    uint64_t total;   /* bytes of the image so far, the tail included */
    uint64_t pos;     /* image offset of the next byte to be looked at */
    size_t skip_at;   /* first skip range that is not behind pos */
    uint32_t pattern; /* of the pending run */
    uint64_t run;     /* bytes in it; not in the builder yet */
    size_t tail_len;  /* bytes of an unfinished granule */
    uint8_t tail[];   /* one granule */
};

/* One 32-bit pattern throughout? Data that is compared with itself four bytes further on has period
 * four; memcmp stops at the first difference, so ordinary data costs next to nothing. */
static int is_constant(const uint8_t *data, size_t len, uint32_t *out_pattern)
{
    if (memcmp(data, data + len - 4, 4) != 0 || memcmp(data, data + 4, len - 4) != 0)
        return 0;
    *out_pattern = x8_get_le32(data);
    return 1;
}

static int flush_run(struct x8_sparse_encoder *enc, struct x8_error *err)
{
    uint64_t run = enc->run;
    enc->run = 0;
    if (run >= X8_SPARSE_MIN_FILL)
        return piece_fill(&enc->builder, enc->pattern, run, err);
    return piece_pattern(&enc->builder, enc->pattern, run, err);
}

static int add_raw(struct x8_sparse_encoder *enc, const uint8_t *data, size_t len,
                   struct x8_error *err)
{
    if (len == 0)
        return 0;
    int rc = enc->run ? flush_run(enc, err) : 0;
    return rc < 0 ? rc : piece_raw(&enc->builder, data, len, err);
}

static int add_constant(struct x8_sparse_encoder *enc, uint32_t pattern, size_t len,
                        struct x8_error *err)
{
    int rc = enc->run && pattern != enc->pattern ? flush_run(enc, err) : 0;
    enc->pattern = pattern;
    enc->run += len;
    return rc;
}

/* Image bytes outside the skip ranges: tell constant granules from others. Granules are counted
 * from the start of the image, so that the pieces do not depend on how the bytes came. */
static int classify(struct x8_sparse_encoder *enc, const uint8_t *data, size_t len,
                    struct x8_error *err)
{
    size_t raw_from = 0;
    int rc = 0;
    for (size_t at = 0; at < len && rc >= 0;) {
        size_t n = enc->granule - (size_t)((enc->pos + at) % enc->granule);
        uint32_t pattern;
        n = n < len - at ? n : len - at;
        if (is_constant(data + at, n, &pattern)) {
            rc = add_raw(enc, data + raw_from, at - raw_from, err);
            if (rc >= 0)
                rc = add_constant(enc, pattern, n, err);
            raw_from = at + n;
        }
        at += n;
    }
    return rc < 0 ? rc : add_raw(enc, data + raw_from, len - raw_from, err);
}

static int skip(struct x8_sparse_encoder *enc, size_t len, struct x8_error *err)
{
    int rc = enc->run ? flush_run(enc, err) : 0;
    return rc < 0 ? rc : piece_skip(&enc->builder, len, err);
}

/* Bytes up to the next border of a skip range, and whether they are to be left alone. */
static uint64_t up_to_border(struct x8_sparse_encoder *enc, int *out_skipped)
{
    const struct x8_sparse_config *config = &enc->builder.config;
    while (enc->skip_at < config->skip_count && config->skip[enc->skip_at].end <= enc->pos)
        enc->skip_at++;
    *out_skipped = 0;
    if (enc->skip_at == config->skip_count)
        return UINT64_MAX;
    const struct x8_range *range = &config->skip[enc->skip_at];
    *out_skipped = range->start <= enc->pos;
    return (*out_skipped ? range->end : range->start) - enc->pos;
}

/* `len` is a multiple of the block size. */
static int process(struct x8_sparse_encoder *enc, const uint8_t *data, size_t len,
                   struct x8_error *err)
{
    while (len > 0) {
        int skipped;
        uint64_t border = up_to_border(enc, &skipped);
        size_t n = border < len ? (size_t)border : len;
        int rc = skipped ? skip(enc, n, err) : classify(enc, data, n, err);
        if (rc < 0)
            return rc;
        enc->pos += n;
        data += n;
        len -= n;
    }
    return 0;
}

/* Complete an unfinished granule first; `*data` and `*len` are what is left then. */
static int process_tail(struct x8_sparse_encoder *enc, const uint8_t **data, size_t *len,
                        struct x8_error *err)
{
    if (enc->tail_len == 0)
        return 0;
    size_t n = enc->granule - enc->tail_len;
    if (n > *len)
        n = *len;
    memcpy(enc->tail + enc->tail_len, *data, n);
    enc->tail_len += n;
    *data += n;
    *len -= n;
    if (enc->tail_len < enc->granule)
        return 0;
    enc->tail_len = 0;
    return process(enc, enc->tail, enc->granule, err);
}

static int encoder_push(struct x8_sink *sink, const void *bytes, size_t len, struct x8_error *err)
{
    struct x8_sparse_encoder *enc = X8_CONTAINER(sink, struct x8_sparse_encoder, sink);
    const uint8_t *data = bytes;
    if (len == 0)
        return 0;
    enc->total += len;
    int rc = piece_check_limit(&enc->builder.config, enc->total, err);
    if (rc >= 0)
        rc = process_tail(enc, &data, &len, err);
    if (rc < 0)
        return rc;
    size_t whole = len / enc->granule * enc->granule;
    rc = process(enc, data, whole, err);
    if (rc < 0)
        return rc;
    memcpy(enc->tail + enc->tail_len, data + whole, len - whole);
    enc->tail_len += len - whole;
    return 0;
}

static int encoder_finish(struct x8_sink *sink, struct x8_error *err)
{
    struct x8_sparse_encoder *enc = X8_CONTAINER(sink, struct x8_sparse_encoder, sink);
    if (enc->total == 0)
        return x8_fail(err, X8_E_BAD_IMAGE, "the image is empty");
    size_t over = enc->tail_len % enc->builder.config.block_size;
    if (over > 0) {
        size_t pad = enc->builder.config.block_size - over;
        memset(enc->tail + enc->tail_len, 0, pad);
        enc->tail_len += pad;
    }
    int rc = process(enc, enc->tail, enc->tail_len, err);
    if (rc >= 0 && enc->run)
        rc = flush_run(enc, err);
    return rc < 0 ? rc : piece_finish(&enc->builder, err);
}

static const struct x8_sink_ops encoder_ops = {encoder_push, encoder_finish};

int x8_sparse_encoder_new(const struct x8_sparse_config *config, const struct x8_piece_port *port,
                          struct x8_sparse_encoder **out, struct x8_error *err)
{
    struct piece_builder builder;
    int rc = piece_builder_init(&builder, config, port, err);
    if (rc < 0)
        return rc;
    size_t block = config->block_size;
    size_t granule = (GRANULE + block - 1) / block * block;
    struct x8_sparse_encoder *enc = malloc(sizeof(*enc) + granule);
    if (!enc)
        return x8_fail(err, X8_E_INTERNAL, "sparse: out of memory");
    *enc = (struct x8_sparse_encoder){.builder = builder, .granule = granule};
    enc->sink.ops = &encoder_ops;
    *out = enc;
    return 0;
}

struct x8_sink *x8_sparse_encoder_sink(struct x8_sparse_encoder *encoder)
{
    return &encoder->sink;
}

void x8_sparse_encoder_free(struct x8_sparse_encoder **encoder)
{
    free(*encoder);
    *encoder = NULL;
}
