/*
 * Any bytes as a sparse file: refused, or the pieces write what the file writes. And any bytes as a
 * raw image: the encoder's pieces write that image, also over a medium that has zeros in ranges
 * which the last bytes name.
 */
#include "image/sparse.h"

#include <stdlib.h>
#include <string.h>

#define IMAGE_MAX ((size_t)1024 * 1024)
#define CAP       6000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct medium {
    uint8_t bytes[IMAGE_MAX];
};

static struct medium from_file, from_pieces;
static uint8_t buffer[CAP];

static int keep(void *ctx, uint64_t offset, const void *data, size_t len, struct x8_error *err)
{
    struct medium *medium = ctx;
    if (!x8_fits(offset, len, IMAGE_MAX))
        return x8_fail(err, X8_E_MISFIT, "too large");
    memcpy(medium->bytes + offset, data, len);
    return 0;
}

static int get(void *ctx, uint8_t **out_data, void **out_owner, struct x8_error *err)
{
    (void)ctx;
    (void)err;
    *out_data = buffer;
    *out_owner = NULL;
    return 0;
}

static int put(void *ctx, const struct x8_piece *piece, struct x8_error *err)
{
    if (piece->len > CAP || piece->end <= piece->start)
        abort();
    if (x8_sparse_replay((struct x8_span){piece->data, piece->len}, keep, ctx, err) < 0)
        abort();
    return 0;
}

static const struct x8_piece_port port = {get, put, &from_pieces};
static const struct x8_sparse_config config = {
    .block_size = 512, .piece_cap = CAP, .max_fill = 200000, .image_limit = IMAGE_MAX};

static int run(struct x8_sink *sink, const uint8_t *data, size_t size)
{
    struct x8_error err;
    size_t half = size / 3;
    int rc = sink->ops->push(sink, data, half, &err);
    if (rc >= 0)
        rc = sink->ops->push(sink, data + half, size - half, &err);
    return rc < 0 ? rc : sink->ops->finish(sink, &err);
}

static void as_sparse(const uint8_t *data, size_t size)
{
    struct x8_sparse_splitter *splitter = NULL;
    struct x8_error err;
    memset(&from_file, 0xE5, sizeof(from_file));
    memset(&from_pieces, 0xE5, sizeof(from_pieces));
    if (x8_sparse_splitter_new(&config, &port, &splitter, &err) < 0)
        return;
    int split = run(x8_sparse_splitter_sink(splitter), data, size);
    int whole = x8_sparse_replay((struct x8_span){data, size}, keep, &from_file, &err);
    if (split >= 0 && (whole < 0 || memcmp(&from_file, &from_pieces, sizeof(from_file)) != 0))
        abort();
    x8_sparse_splitter_free(&splitter);
}

/* Ranges of zeros by pairs of bytes from the end: a gap (0: they touch) and a length. */
static size_t zeros_from(const uint8_t *data, size_t size, struct x8_range *out, size_t max)
{
    uint64_t at = 0;
    size_t count = 0;
    for (; count < max && size >= 2; size -= 2) {
        uint64_t start = at + data[size - 1] % 64 * 512u;
        at = start + (1 + data[size - 2]) * 512u;
        out[count++] = (struct x8_range){start, at};
    }
    return count;
}

static void as_raw(const uint8_t *data, size_t size, size_t max_ranges)
{
    struct x8_sparse_encoder *encoder = NULL;
    struct x8_error err;
    struct x8_range zeros[6];
    struct x8_sparse_config with = config;
    with.zeros = zeros;
    with.zero_count = zeros_from(data, size, zeros, max_ranges);
    memset(&from_pieces, 0xE5, sizeof(from_pieces));
    for (size_t i = 0; i < with.zero_count; i++)
        memset(from_pieces.bytes + zeros[i].start, 0, (size_t)(zeros[i].end - zeros[i].start));
    if (size == 0 || x8_sparse_encoder_new(&with, &port, &encoder, &err) < 0)
        return;
    int rc = run(x8_sparse_encoder_sink(encoder), data, size);
    if (size <= IMAGE_MAX && (rc < 0 || memcmp(from_pieces.bytes, data, size) != 0))
        abort();
    x8_sparse_encoder_free(&encoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    as_sparse(data, size);
    as_raw(data, size, 0);
    as_raw(data, size, 6);
    return 0;
}
