/*
 * Sparse format, read strictly. A loader finds a wrong total only after it has written everything,
 * ignores what follows the announced chunks, and takes a file with a damaged magic for a plain
 * image; so each of these is an error here, before anything is sent.
 */
#include "image/sparse_parse.h"
#include "util/digest.h"

#include <string.h>

/* Header sizes beyond this are damage, not a newer format. */
#define HEADER_MAX 4096u

static int bad(const struct sparse_parser *parser, const char *what, struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_IMAGE, "sparse image: %s", what);
    x8_error_why(err, "at byte %llu, chunk %u of %u", (unsigned long long)parser->offset,
                 parser->chunks, parser->total_chunks);
    x8_error_next(err, "make or download the image again");
    return -X8_E_BAD_IMAGE;
}

void sparse_parser_init(struct sparse_parser *parser, const struct sparse_events *events)
{
    *parser = (struct sparse_parser){.events = *events, .need = X8_SPARSE_HEADER};
}

int x8_sparse_is(struct x8_span head)
{
    return head.len >= 6 && x8_get_le32(head.data) == X8_SPARSE_MAGIC &&
           x8_get_le16(head.data + 4) == 1;
}

/* --- CRC of what the chunks write */

/* CRC of A followed by B, from their CRCs and the length of B. */
static uint32_t crc_join(uint32_t a, uint32_t b, uint64_t len_b)
{
    return x8_crc32_zeros(a, len_b) ^ x8_crc32_zeros(0, len_b) ^ b;
}

/* A FILL may claim terabytes: double the pattern instead of going through it. */
static uint32_t crc_fill(uint32_t crc, uint32_t pattern, uint64_t len)
{
    uint8_t unit[4];
    x8_put_le32(unit, pattern);
    uint32_t power = x8_crc32(0, unit, 4);
    for (uint64_t n = len / 4, power_len = 4; n > 0; n >>= 1) {
        if (n & 1)
            crc = crc_join(crc, power, power_len);
        power = crc_join(power, power, power_len);
        power_len *= 2;
    }
    return crc;
}

/* --- headers and chunks */

static void next_state(struct sparse_parser *parser, enum parse_state state, size_t need)
{
    parser->state = state;
    parser->have = 0;
    parser->need = need;
}

/* Pass over what a longer header than ours holds, then go on in `state`. */
static void pass_slack(struct sparse_parser *parser, uint64_t slack, enum parse_state state,
                       size_t need)
{
    next_state(parser, slack ? PARSE_SLACK : state, need);
    if (slack) {
        parser->left = slack;
        parser->after_slack = state;
    }
}

static int begin_chunks(struct sparse_parser *parser, struct x8_error *err)
{
    const uint8_t *head = parser->head;
    if (!x8_sparse_is((struct x8_span){head, X8_SPARSE_HEADER}))
        return bad(parser, "wrong magic or version", err);
    parser->header_len = x8_get_le16(head + 8);
    parser->chunk_len = x8_get_le16(head + 10);
    parser->block_size = x8_get_le32(head + 12);
    parser->total_blocks = x8_get_le32(head + 16);
    parser->total_chunks = x8_get_le32(head + 20);
    parser->checksum = x8_get_le32(head + 24);
    if (parser->header_len < X8_SPARSE_HEADER || parser->header_len > HEADER_MAX ||
        parser->chunk_len < X8_SPARSE_CHUNK || parser->chunk_len > HEADER_MAX)
        return bad(parser, "header sizes out of range", err);
    if (parser->block_size == 0 || parser->block_size % 4 != 0)
        return bad(parser, "block size is no multiple of 4", err);
    if (parser->total_blocks == 0)
        return bad(parser, "the image is empty", err);
    uint64_t len = (uint64_t)parser->total_blocks * parser->block_size;
    int rc = parser->events.header
                 ? parser->events.header(parser->events.ctx, parser->block_size, len, err)
                 : 0;
    pass_slack(parser, parser->header_len - X8_SPARSE_HEADER, PARSE_CHUNK, X8_SPARSE_CHUNK);
    return rc;
}

/* Bytes behind the chunk header, as the type demands; -1 for an unknown type. */
static int64_t payload_of(const struct sparse_parser *parser, uint32_t blocks)
{
    switch (parser->type) {
    case X8_SPARSE_RAW:
        return (int64_t)((uint64_t)blocks * parser->block_size);
    case X8_SPARSE_FILL:
    case X8_SPARSE_CRC32:
        return 4;
    case X8_SPARSE_DONT_CARE:
        return 0;
    default:
        return -1;
    }
}

static int begin_chunk(struct sparse_parser *parser, struct x8_error *err)
{
    parser->type = x8_get_le16(parser->head);
    uint32_t blocks = x8_get_le32(parser->head + 4), total = x8_get_le32(parser->head + 8);
    int64_t payload = payload_of(parser, blocks);
    if (payload < 0)
        return bad(parser, "unknown type of chunk", err);
    if ((uint64_t)payload + parser->chunk_len != total)
        return bad(parser, "a chunk's size is not what its type and blocks make", err);
    if (parser->type == X8_SPARSE_CRC32 && blocks != 0)
        return bad(parser, "a checksum that claims blocks", err);
    if (blocks > parser->total_blocks - parser->blocks)
        return bad(parser, "more blocks than the header says", err);
    parser->chunks++;
    parser->blocks += blocks;
    parser->len = (uint64_t)blocks * parser->block_size;
    enum parse_state state = parser->type == X8_SPARSE_RAW         ? PARSE_RAW
                             : parser->type == X8_SPARSE_DONT_CARE ? PARSE_CHUNK
                                                                   : PARSE_PAYLOAD;
    pass_slack(parser, parser->chunk_len - X8_SPARSE_CHUNK, state,
               state == PARSE_PAYLOAD ? 4 : X8_SPARSE_CHUNK);
    if (parser->type != X8_SPARSE_DONT_CARE || parser->len == 0)
        return 0;
    parser->crc = x8_crc32_zeros(parser->crc, parser->len);
    return parser->events.skip(parser->events.ctx, parser->len, err);
}

/* The four bytes of a FILL or CRC32 chunk. */
static int end_payload(struct sparse_parser *parser, struct x8_error *err)
{
    uint32_t value = x8_get_le32(parser->head);
    next_state(parser, PARSE_CHUNK, X8_SPARSE_CHUNK);
    if (parser->type == X8_SPARSE_CRC32) {
        if (value != parser->crc)
            return bad(parser, "wrong checksum", err);
        return 0;
    }
    if (parser->len == 0)
        return 0;
    parser->crc = crc_fill(parser->crc, value, parser->len);
    return parser->events.fill(parser->events.ctx, value, parser->len, err);
}

static int end_file(struct sparse_parser *parser, struct x8_error *err)
{
    parser->state = PARSE_END;
    if (parser->blocks != parser->total_blocks)
        return bad(parser, "fewer blocks than the header says", err);
    if (parser->checksum != 0 && parser->checksum != parser->crc)
        return bad(parser, "wrong checksum", err);
    return 0;
}

/* --- bytes */

/* Collect what is needed; 1 when it is complete. */
static int collect(struct sparse_parser *parser, const uint8_t **data, size_t *len)
{
    size_t n = parser->need - parser->have;
    n = n < *len ? n : *len;
    memcpy(parser->head + parser->have, *data, n);
    parser->have += n;
    parser->offset += n;
    *data += n;
    *len -= n;
    return parser->have == parser->need;
}

static int take_raw(struct sparse_parser *parser, const uint8_t **data, size_t *len,
                    struct x8_error *err)
{
    size_t n = parser->len < *len ? (size_t)parser->len : *len;
    int rc = 0;
    if (n > 0) {
        parser->crc = x8_crc32(parser->crc, *data, n);
        rc = parser->events.raw(parser->events.ctx, *data, n, err);
    }
    *data += n;
    *len -= n;
    parser->offset += n;
    parser->len -= n;
    if (parser->len == 0)
        next_state(parser, PARSE_CHUNK, X8_SPARSE_CHUNK);
    return rc;
}

static void take_slack(struct sparse_parser *parser, const uint8_t **data, size_t *len)
{
    size_t n = parser->left < *len ? (size_t)parser->left : *len;
    *data += n;
    *len -= n;
    parser->offset += n;
    parser->left -= n;
    if (parser->left == 0)
        parser->state = parser->after_slack;
}

/* One thing at a time; consumes at least a byte or changes the state. */
static int step(struct sparse_parser *parser, const uint8_t **data, size_t *len,
                struct x8_error *err)
{
    switch (parser->state) {
    case PARSE_FILE:
        return collect(parser, data, len) ? begin_chunks(parser, err) : 0;
    case PARSE_CHUNK:
        if (parser->have == 0 && parser->chunks == parser->total_chunks)
            return end_file(parser, err);
        return collect(parser, data, len) ? begin_chunk(parser, err) : 0;
    case PARSE_RAW:
        return take_raw(parser, data, len, err);
    case PARSE_PAYLOAD:
        return collect(parser, data, len) ? end_payload(parser, err) : 0;
    case PARSE_SLACK:
        take_slack(parser, data, len);
        return 0;
    default:
        return bad(parser, "more data behind the last chunk", err);
    }
}

int sparse_parser_feed(struct sparse_parser *parser, const void *data, size_t len,
                       struct x8_error *err)
{
    const uint8_t *at = data;
    int rc = 0;
    while (len > 0 && rc >= 0)
        rc = step(parser, &at, &len, err);
    return rc;
}

int sparse_parser_end(struct sparse_parser *parser, struct x8_error *err)
{
    /* A RAW chunk of no blocks at the very end waits for its data. */
    if (parser->state == PARSE_RAW && parser->len == 0)
        next_state(parser, PARSE_CHUNK, X8_SPARSE_CHUNK);
    if (parser->state == PARSE_CHUNK && parser->have == 0 && parser->chunks == parser->total_chunks)
        return end_file(parser, err);
    return parser->state == PARSE_END ? 0 : bad(parser, "truncated", err);
}
