/*
 * Builds the pieces that the encoder and the splitter put: complete sparse images no larger than
 * config.piece_cap, each beginning with DONT_CARE up to its start. Only for the files of this room.
 *
 * A piece is closed when something more does not fit, never when it happens to be full: so the last
 * one is known for what it is when the stream ends. It is also closed where something more would
 * lie behind a border of config.zeros; inside such a range long zeros need not be written.
 */
#ifndef X8_IMAGE_PIECE_H
#define X8_IMAGE_PIECE_H

#include "image/sparse.h"

struct piece_builder {
    struct x8_sparse_config config;
    struct x8_piece_port port;
    struct x8_piece piece; /* the open one; data is NULL when none is open */
    uint64_t pos;          /* image offset of the next byte */
    size_t border;         /* first border of config.zeros behind pos: even starts, odd ends */
    uint32_t chunks;       /* chunks in the open piece */
    uint32_t last_type;    /* of the chunk that can still grow, 0 for none */
    size_t last_at;        /* offset of its header */
    uint32_t last_blocks;
};

/* Checks the configuration: X8_E_MISFIT when a piece cannot hold a single block, X8_E_INTERNAL for
 * sizes no board has. */
int piece_builder_init(struct piece_builder *builder, const struct x8_sparse_config *config,
                       const struct x8_piece_port *port, struct x8_error *err);

/* Append to the image. `len` is a multiple of the block size. X8_E_MISFIT past image_limit. */
int piece_raw(struct piece_builder *builder, const void *data, size_t len, struct x8_error *err);
int piece_pattern(struct piece_builder *builder, uint32_t pattern, uint64_t len,
                  struct x8_error *err); /* as RAW */
/* Inside config.zeros, zeros of X8_SPARSE_MIN_FILL and more are left out. What a border cuts off is
 * RAW when it is shorter than that. */
int piece_fill(struct piece_builder *builder, uint32_t pattern, uint64_t len, struct x8_error *err);
int piece_skip(struct piece_builder *builder, uint64_t len, struct x8_error *err);

/* Put what is open as the last piece. */
int piece_finish(struct piece_builder *builder, struct x8_error *err);

/* X8_E_MISFIT when an image of `end` bytes is larger than the target. */
int piece_check_limit(const struct x8_sparse_config *config, uint64_t end, struct x8_error *err);

/* Write a 32-bit little-endian pattern over `len` bytes, a multiple of 4. */
void piece_spread(uint8_t *out, uint32_t pattern, size_t len);

#endif
