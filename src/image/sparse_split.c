/*
 * A sparse file cut into pieces, and a sparse file or piece read back as writes. Both stand on the
 * same strict reading.
 */
#include "image/piece.h"
#include "image/sparse_parse.h"

#include <stdlib.h>
#include <string.h>

#define REPLAY_STEP ((size_t)16 * 1024)

struct x8_sparse_splitter {
    struct x8_sink sink;
    struct sparse_parser parser;
    struct piece_builder builder;
    size_t tail_len; /* RAW bytes of an unfinished block */
    uint8_t tail[];  /* one block of the board */
};

static int split_header(void *ctx, uint32_t block_size, uint64_t image_len, struct x8_error *err)
{
    struct x8_sparse_splitter *splitter = ctx;
    uint32_t board = splitter->builder.config.block_size;
    if (block_size % board != 0)
        return x8_fail(err, X8_E_MISFIT,
                       "sparse image: its blocks of %u bytes do not go with the board's of %u",
                       block_size, board);
    return piece_check_limit(&splitter->builder.config, image_len, err);
}

static int split_raw(void *ctx, const uint8_t *data, size_t len, struct x8_error *err)
{
    struct x8_sparse_splitter *splitter = ctx;
    size_t block = splitter->builder.config.block_size;
    int rc = 0;
    if (splitter->tail_len > 0) {
        size_t n = block - splitter->tail_len;
        n = n < len ? n : len;
        memcpy(splitter->tail + splitter->tail_len, data, n);
        splitter->tail_len += n;
        data += n;
        len -= n;
        if (splitter->tail_len < block)
            return 0;
        splitter->tail_len = 0;
        rc = piece_raw(&splitter->builder, splitter->tail, block, err);
    }
    size_t whole = len / block * block;
    if (rc >= 0 && whole > 0)
        rc = piece_raw(&splitter->builder, data, whole, err);
    if (rc >= 0) {
        memcpy(splitter->tail, data + whole, len - whole);
        splitter->tail_len = len - whole;
    }
    return rc;
}

static int split_fill(void *ctx, uint32_t pattern, uint64_t len, struct x8_error *err)
{
    struct x8_sparse_splitter *splitter = ctx;
    return piece_fill(&splitter->builder, pattern, len, err);
}

static int split_skip(void *ctx, uint64_t len, struct x8_error *err)
{
    struct x8_sparse_splitter *splitter = ctx;
    return piece_skip(&splitter->builder, len, err);
}

static int splitter_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct x8_sparse_splitter *splitter = X8_CONTAINER(sink, struct x8_sparse_splitter, sink);
    return sparse_parser_feed(&splitter->parser, data, len, err);
}

static int splitter_finish(struct x8_sink *sink, struct x8_error *err)
{
    struct x8_sparse_splitter *splitter = X8_CONTAINER(sink, struct x8_sparse_splitter, sink);
    int rc = sparse_parser_end(&splitter->parser, err);
    return rc < 0 ? rc : piece_finish(&splitter->builder, err);
}

int x8_sparse_splitter_new(const struct x8_sparse_config *config, const struct x8_piece_port *port,
                           struct x8_sparse_splitter **out, struct x8_error *err)
{
    static const struct x8_sink_ops ops = {splitter_push, splitter_finish};
    struct piece_builder builder;
    int rc = piece_builder_init(&builder, config, port, err);
    if (rc < 0)
        return rc;
    struct x8_sparse_splitter *splitter = malloc(sizeof(*splitter) + config->block_size);
    if (!splitter)
        return x8_fail(err, X8_E_INTERNAL, "sparse: out of memory");
    *splitter = (struct x8_sparse_splitter){.builder = builder};
    splitter->sink.ops = &ops;
    const struct sparse_events events = {split_header, split_raw, split_fill, split_skip, splitter};
    sparse_parser_init(&splitter->parser, &events);
    *out = splitter;
    return 0;
}

struct x8_sink *x8_sparse_splitter_sink(struct x8_sparse_splitter *splitter)
{
    return &splitter->sink;
}

void x8_sparse_splitter_free(struct x8_sparse_splitter **splitter)
{
    free(*splitter);
    *splitter = NULL;
}

/* --- replay */

struct replay {
    x8_sparse_bytes_fn *on;
    void *ctx;
    uint64_t at;
};

static int replay_raw(void *ctx, const uint8_t *data, size_t len, struct x8_error *err)
{
    struct replay *replay = ctx;
    uint64_t at = replay->at;
    replay->at += len;
    return replay->on(replay->ctx, at, data, len, err);
}

static int replay_fill(void *ctx, uint32_t pattern, uint64_t len, struct x8_error *err)
{
    uint8_t block[REPLAY_STEP];
    int rc = 0;
    piece_spread(block, pattern, len < sizeof(block) ? (size_t)len : sizeof(block));
    while (rc >= 0 && len > 0) {
        size_t n = len < sizeof(block) ? (size_t)len : sizeof(block);
        rc = replay_raw(ctx, block, n, err);
        len -= n;
    }
    return rc;
}

static int replay_skip(void *ctx, uint64_t len, struct x8_error *err)
{
    struct replay *replay = ctx;
    (void)err;
    replay->at += len;
    return 0;
}

int x8_sparse_replay(struct x8_span piece, x8_sparse_bytes_fn *on, void *ctx, struct x8_error *err)
{
    struct replay replay = {on, ctx, 0};
    struct sparse_parser parser;
    const struct sparse_events events = {NULL, replay_raw, replay_fill, replay_skip, &replay};
    sparse_parser_init(&parser, &events);
    int rc = sparse_parser_feed(&parser, piece.data, piece.len, err);
    return rc < 0 ? rc : sparse_parser_end(&parser, err);
}
