/*
 * Image file to pieces.
 */
#include "flash/encode.h"

#include <stddef.h>
#include <stdlib.h>

/* Records checksums of a raw image as it passes; bytes inside the gaps are not written and
 * therefore not recorded. */
struct recorder {
    struct x8_sink sink;
    struct x8_sink *next;
    const struct x8_step *step;
    uint32_t crc; /* of all of it, where the step's map was made from an earlier reading */
    struct x8_regions *regions;
    const struct x8_range *gaps;
    size_t gap_count, gap;
    uint64_t offset;
};

static int record(struct recorder *r, const uint8_t *data, size_t len, struct x8_error *err)
{
    while (len) {
        uint64_t stop = r->offset + len;
        int in_gap = 0;
        size_t take;

        while (r->gap < r->gap_count && r->gaps[r->gap].end <= r->offset)
            r->gap++;
        if (r->gap < r->gap_count) {
            in_gap = r->gaps[r->gap].start <= r->offset;
            if (in_gap && r->gaps[r->gap].end < stop)
                stop = r->gaps[r->gap].end;
            else if (!in_gap && r->gaps[r->gap].start < stop)
                stop = r->gaps[r->gap].start;
        }
        take = (size_t)(stop - r->offset);
        if (!in_gap) {
            int rc = x8_regions_add(r->regions, r->offset, data, take, err);

            if (rc < 0)
                return rc;
        }
        r->offset += take;
        data += take;
        len -= take;
    }
    return 0;
}

static int recorder_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct recorder *r = X8_CONTAINER(sink, struct recorder, sink);
    int rc = r->regions ? record(r, data, len, err) : 0;

    if (r->step->skip_by == X8_SKIP_MAP)
        r->crc = x8_crc32(r->crc, data, len);
    return rc < 0 ? rc : r->next->ops->push(r->next, data, len, err);
}

/* What was left out was unused in another image than this one. */
static int changed(struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_IMAGE, "the image changed while it was read");
    x8_error_why(err, "its second reading has another checksum than the first, which said what is "
                      "unused");
    x8_error_next(err, "let whoever writes the image finish, then run the command again");
    return -(int)X8_E_BAD_IMAGE;
}

static int recorder_finish(struct x8_sink *sink, struct x8_error *err)
{
    struct recorder *r = X8_CONTAINER(sink, struct recorder, sink);

    if (r->step->skip_by == X8_SKIP_MAP && r->crc != r->step->map_crc)
        return changed(err);
    return r->next->ops->finish(r->next, err);
}

static const struct x8_sink_ops recorder_ops = {recorder_push, recorder_finish};

/* For sparse inputs: what a piece writes is taken from the piece itself. */
struct piece_recorder {
    struct x8_piece_port port;
    const struct x8_piece_port *next;
    struct x8_regions *regions;
    uint64_t written;
};

static int piece_get(void *ctx, uint8_t **data, void **owner, struct x8_error *err)
{
    struct piece_recorder *r = ctx;

    return r->next->get(r->next->ctx, data, owner, err);
}

static int piece_bytes(void *ctx, uint64_t offset, const void *data, size_t len,
                       struct x8_error *err)
{
    return x8_regions_add(ctx, offset, data, len, err);
}

static int piece_put(void *ctx, const struct x8_piece *piece, struct x8_error *err)
{
    struct piece_recorder *r = ctx;
    int rc = 0;

    r->written += piece->written;
    if (r->regions)
        rc = x8_sparse_replay((struct x8_span){piece->data, piece->len}, piece_bytes, r->regions,
                              err);
    return rc < 0 ? rc : r->next->put(r->next->ctx, piece, err);
}

/* What is left alone, in whole blocks of the board: a block map may have finer ones. */
struct gaps {
    struct x8_range *items;
    size_t count;
};

static int gaps_of(const struct x8_encode *encode, struct gaps *out, struct x8_error *err)
{
    const struct x8_step *step = encode->step;
    uint64_t block = encode->block_size;

    *out = (struct gaps){0};
    if (!step->gap_count)
        return 0;
    out->items = calloc(step->gap_count, sizeof *out->items);
    if (!out->items)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for the unused ranges");
    for (size_t i = 0; i < step->gap_count; i++) {
        uint64_t start = (step->gaps[i].start + block - 1) / block * block;
        uint64_t end = step->gaps[i].end / block * block;

        if (end > start)
            out->items[out->count++] = (struct x8_range){start, end};
    }
    return 0;
}

static struct x8_sparse_config config_of(const struct x8_encode *encode, const struct gaps *gaps)
{
    return (struct x8_sparse_config){.block_size = encode->block_size,
                                     .piece_cap = encode->piece_cap,
                                     .max_fill = X8_FILL_MAX,
                                     .image_limit = encode->capacity,
                                     .skip = gaps->items,
                                     .skip_count = gaps->count,
                                     .zeros = encode->zeros,
                                     .zero_count = encode->zero_count};
}

static int64_t encode_sparse(const struct x8_op *op, const struct x8_encode *encode,
                             struct x8_reader *reader, const struct x8_piece_port *port,
                             struct x8_error *err)
{
    struct piece_recorder recorder = {
        .port = {piece_get, piece_put, &recorder}, .next = port, .regions = encode->regions};
    struct x8_sparse_config config = config_of(encode, &(struct gaps){0});
    struct x8_sparse_splitter *splitter = NULL;
    int64_t n = x8_sparse_splitter_new(&config, &recorder.port, &splitter, err);

    if (n == 0)
        n = x8_pump(op, reader, x8_sparse_splitter_sink(splitter), err);
    x8_sparse_splitter_free(&splitter);
    return n < 0 ? n : (int64_t)recorder.written;
}

static int64_t encode_raw(const struct x8_op *op, const struct x8_encode *encode,
                          struct x8_reader *reader, const struct x8_piece_port *port,
                          struct x8_error *err)
{
    struct recorder recorder = {
        .sink.ops = &recorder_ops, .step = encode->step, .regions = encode->regions};
    struct x8_sparse_config config;
    struct gaps gaps;
    struct x8_sparse_encoder *encoder = NULL;
    struct x8_sink *check = NULL;
    int64_t n = gaps_of(encode, &gaps, err);

    if (n < 0)
        return n;
    config = config_of(encode, &gaps);
    recorder.gaps = gaps.items;
    recorder.gap_count = gaps.count;
    n = x8_sparse_encoder_new(&config, port, &encoder, err);
    if (n == 0)
        recorder.next = x8_sparse_encoder_sink(encoder);
    if (n == 0 && encode->step->has_bmap) {
        n = x8_bmap_check_new(&encode->step->bmap, recorder.next, &check, err);
        if (n == 0)
            recorder.next = check;
    }
    if (n == 0)
        n = x8_pump(op, reader, &recorder.sink, err);
    if (check)
        x8_bmap_check_free(&check);
    x8_sparse_encoder_free(&encoder);
    free(gaps.items);
    return n;
}

int64_t x8_encode_run(const struct x8_op *op, const struct x8_encode *encode,
                      const struct x8_piece_port *port, struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    int64_t n = x8_input_open(encode->plan->set, &encode->step->input, &reader, err);

    if (n < 0)
        return n;
    n = encode->step->is_sparse ? encode_sparse(op, encode, reader, port, err)
                                : encode_raw(op, encode, reader, port, err);
    if (n < 0)
        x8_error_prefix(err, "%s", x8_input_name(&encode->step->input));
    return n;
}
