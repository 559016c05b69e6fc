/*
 * Strict reading of the sparse format, for the splitter and the replay. Only for the files of this
 * room.
 *
 * Bytes in (any lengths), events out: what the file writes, in the order of the image. Every
 * number is checked against all others, and CRC32 chunks against what was written, before the event
 * that needs them leaves; nothing is allocated.
 */
#ifndef X8_IMAGE_SPARSE_PARSE_H
#define X8_IMAGE_SPARSE_PARSE_H

#include "image/sparse.h"

struct sparse_events {
    /* The header is in order. */
    int (*header)(void *ctx, uint32_t block_size, uint64_t image_len, struct x8_error *err);
    /* RAW bytes as they come, whole or in part of a chunk. */
    int (*raw)(void *ctx, const uint8_t *data, size_t len, struct x8_error *err);
    int (*fill)(void *ctx, uint32_t pattern, uint64_t len, struct x8_error *err);
    int (*skip)(void *ctx, uint64_t len, struct x8_error *err);
    void *ctx;
};

enum parse_state { PARSE_FILE, PARSE_CHUNK, PARSE_RAW, PARSE_PAYLOAD, PARSE_SLACK, PARSE_END };

struct sparse_parser {
    struct sparse_events events;
    enum parse_state state, after_slack; /* the second: behind headers longer than ours */
    uint8_t head[X8_SPARSE_HEADER]; /* header, chunk header or payload while it is incomplete */
    size_t have, need;
    uint64_t offset; /* in the file, for messages */
    uint32_t block_size, total_blocks, total_chunks, checksum;
    uint32_t header_len, chunk_len; /* sizes of the headers as the file says */
    uint32_t chunks;                /* begun */
    uint64_t blocks;                /* of the image so far */
    uint32_t type;
    uint64_t left; /* of the RAW data, or of bytes to pass over */
    uint64_t len;  /* image bytes of the FILL chunk */
    uint32_t crc;  /* of the image, DONT_CARE counted as zeros */
};

void sparse_parser_init(struct sparse_parser *parser, const struct sparse_events *events);
int sparse_parser_feed(struct sparse_parser *parser, const void *data, size_t len,
                       struct x8_error *err);
/* The file must be complete. */
int sparse_parser_end(struct sparse_parser *parser, struct x8_error *err);

#endif
