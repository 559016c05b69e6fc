/*
 * Piece builder. Every piece is a sparse file of its own: header, a DONT_CARE chunk for all that
 * came before, then RAW, FILL and DONT_CARE. Loaders compare the sum of the chunks with the header
 * only after they have written everything, so the totals are filled in at the very end, from what
 * is really there.
 */
#include "image/piece.h"

#include "util/text.h"

#include <assert.h>
#include <string.h>

#define FILL_CHUNK (X8_SPARSE_CHUNK + 4u)

/* Header and the DONT_CARE chunk that leads to the start of the piece. */
#define PIECE_LEAD (X8_SPARSE_HEADER + X8_SPARSE_CHUNK)

int piece_builder_init(struct piece_builder *builder, const struct x8_sparse_config *config,
                       const struct x8_piece_port *port, struct x8_error *err)
{
    *builder = (struct piece_builder){.config = *config, .port = *port};
    uint32_t block = config->block_size;
    if (block == 0 || block % 512 != 0 || config->piece_cap > UINT32_MAX)
        return x8_fail(err, X8_E_INTERNAL, "sparse: block size %u or piece size %zu out of range",
                       block, config->piece_cap);
    if (config->piece_cap < PIECE_LEAD + X8_SPARSE_CHUNK + (size_t)block)
        return x8_fail(err, X8_E_MISFIT,
                       "a transfer of at most %zu bytes cannot hold one block of %u bytes",
                       config->piece_cap, block);
    uint64_t most = config->max_fill / block * block;
    if (config->max_fill == 0)
        most = UINT64_MAX / block * block;
    builder->config.max_fill = most ? most : block;
    return 0;
}

int piece_check_limit(const struct x8_sparse_config *config, uint64_t end, struct x8_error *err)
{
    if (end > config->image_limit) {
        char limit[24];
        x8_size_text(limit, config->image_limit);
        x8_fail(err, X8_E_MISFIT, "the image does not fit the board: its storage holds %s", limit);
        x8_error_why(err, "the image goes on behind byte %llu",
                     (unsigned long long)config->image_limit);
        x8_error_next(err, "use an image made for this board");
        return -X8_E_MISFIT;
    }
    /* The format counts blocks in 32 bits. */
    if (end / config->block_size > UINT32_MAX)
        return x8_fail(err, X8_E_MISFIT, "the image has more than 2^32 blocks of %u bytes",
                       config->block_size);
    return 0;
}

static void begin_chunk(struct piece_builder *builder, uint32_t type, uint32_t blocks, size_t total)
{
    uint8_t *at = builder->piece.data + builder->piece.len;
    x8_put_le16(at, (uint16_t)type);
    x8_put_le16(at + 2, 0);
    x8_put_le32(at + 4, blocks);
    x8_put_le32(at + 8, (uint32_t)total);
    builder->last_type = type;
    builder->last_at = builder->piece.len;
    builder->last_blocks = blocks;
    builder->piece.len += X8_SPARSE_CHUNK;
    builder->chunks++;
}

static void grow_chunk(struct piece_builder *builder, uint32_t blocks)
{
    uint8_t *at = builder->piece.data + builder->last_at;
    builder->last_blocks += blocks;
    x8_put_le32(at + 4, builder->last_blocks);
}

static int open_piece(struct piece_builder *builder, struct x8_error *err)
{
    uint8_t *data = NULL;
    void *owner = NULL;
    int rc = builder->port.get(builder->port.ctx, &data, &owner, err);
    if (rc < 0)
        return rc;
    builder->piece = (struct x8_piece){
        .data = data, .len = X8_SPARSE_HEADER, .start = builder->pos, .owner = owner};
    builder->chunks = 0;
    builder->last_type = 0;
    if (builder->pos > 0)
        begin_chunk(builder, X8_SPARSE_DONT_CARE,
                    (uint32_t)(builder->pos / builder->config.block_size), X8_SPARSE_CHUNK);
    return 0;
}

static int put_piece(struct piece_builder *builder, int last, struct x8_error *err)
{
    struct x8_piece piece = builder->piece;
    uint32_t block = builder->config.block_size;
    uint8_t *head = piece.data;
    memset(head, 0, X8_SPARSE_HEADER);
    x8_put_le32(head, X8_SPARSE_MAGIC);
    x8_put_le16(head + 4, 1);
    x8_put_le16(head + 8, X8_SPARSE_HEADER);
    x8_put_le16(head + 10, X8_SPARSE_CHUNK);
    x8_put_le32(head + 12, block);
    x8_put_le32(head + 16, (uint32_t)(builder->pos / block));
    x8_put_le32(head + 20, builder->chunks);
    piece.end = builder->pos;
    piece.last = last;
    builder->piece.data = NULL;
    return builder->port.put(builder->port.ctx, &piece, err);
}

/* An open piece with at least `need` bytes of room: the open one or the next. */
static int make_room(struct piece_builder *builder, size_t need, struct x8_error *err)
{
    if (builder->piece.data && builder->config.piece_cap - builder->piece.len >= need)
        return 0;
    if (builder->piece.data) {
        int rc = put_piece(builder, 0, err);
        if (rc < 0)
            return rc;
    }
    return open_piece(builder, err);
}

static uint64_t border_at(const struct x8_sparse_config *config, size_t i)
{
    return i % 2 ? config->zeros[i / 2].end : config->zeros[i / 2].start;
}

/* Nothing is appended across a border of the zero ranges: on one, the open piece is closed; *len
 * becomes what fits before the next. Ranges that touch have a border between them too. */
static int meet_border(struct piece_builder *builder, uint64_t *len, struct x8_error *err)
{
    const struct x8_sparse_config *config = &builder->config;
    size_t borders = 2 * config->zero_count, from = builder->border;
    while (builder->border < borders && border_at(config, builder->border) <= builder->pos)
        builder->border++;
    if (builder->border < borders) {
        uint64_t left = border_at(config, builder->border) - builder->pos;
        *len = *len < left ? *len : left;
    }
    if (builder->border == from || !builder->piece.data)
        return 0;
    return put_piece(builder, 0, err);
}

/* Space for RAW data: some whole blocks, at most `want` bytes. */
static int raw_space(struct piece_builder *builder, uint64_t want, uint8_t **out, size_t *out_len,
                     struct x8_error *err)
{
    uint32_t block = builder->config.block_size;
    int rc = meet_border(builder, &want, err);
    if (rc < 0)
        return rc;
    int grows = builder->piece.data && builder->last_type == X8_SPARSE_RAW;
    rc = make_room(builder, (grows ? 0 : X8_SPARSE_CHUNK) + (size_t)block, err);
    if (rc < 0)
        return rc;
    if (builder->last_type != X8_SPARSE_RAW)
        begin_chunk(builder, X8_SPARSE_RAW, 0, X8_SPARSE_CHUNK);
    size_t room = (builder->config.piece_cap - builder->piece.len) / block * block;
    size_t len = want < room ? (size_t)want : room;
    grow_chunk(builder, (uint32_t)(len / block));
    *out = builder->piece.data + builder->piece.len;
    *out_len = len;
    builder->piece.len += len;
    builder->piece.written += len;
    builder->pos += len;
    x8_put_le32(builder->piece.data + builder->last_at + 8,
                (uint32_t)(builder->piece.len - builder->last_at));
    return 0;
}

int piece_raw(struct piece_builder *builder, const void *data, size_t len, struct x8_error *err)
{
    assert(len % builder->config.block_size == 0);
    int rc = piece_check_limit(&builder->config, builder->pos + len, err);
    for (const uint8_t *from = data; rc >= 0 && len > 0;) {
        uint8_t *to;
        size_t n;
        rc = raw_space(builder, len, &to, &n, err);
        if (rc < 0)
            return rc;
        memcpy(to, from, n);
        from += n;
        len -= n;
    }
    return rc;
}

void piece_spread(uint8_t *out, uint32_t pattern, size_t len)
{
    if (pattern == (pattern & 0xffu) * 0x01010101u) {
        memset(out, (int)(pattern & 0xffu), len);
        return;
    }
    for (size_t i = 0; i + 4 <= len; i += 4)
        x8_put_le32(out + i, pattern);
}

int piece_pattern(struct piece_builder *builder, uint32_t pattern, uint64_t len,
                  struct x8_error *err)
{
    int rc = piece_check_limit(&builder->config, builder->pos + len, err);
    while (rc >= 0 && len > 0) {
        uint8_t *to;
        size_t n;
        rc = raw_space(builder, len, &to, &n, err);
        if (rc < 0)
            return rc;
        piece_spread(to, pattern, n);
        len -= n;
    }
    return rc;
}

/* One FILL chunk: as much of `*len` as the piece may still have; `*len` becomes that. */
static int add_fill(struct piece_builder *builder, uint32_t pattern, uint64_t *len,
                    struct x8_error *err)
{
    size_t need = FILL_CHUNK;
    if (builder->piece.data && builder->piece.filled >= builder->config.max_fill)
        need = SIZE_MAX;
    int rc = make_room(builder, need, err);
    if (rc < 0)
        return rc;
    uint64_t left = builder->config.max_fill - builder->piece.filled;
    uint64_t n = *len < left ? *len : left;
    begin_chunk(builder, X8_SPARSE_FILL, (uint32_t)(n / builder->config.block_size), FILL_CHUNK);
    x8_put_le32(builder->piece.data + builder->piece.len, pattern);
    builder->piece.len += 4;
    builder->piece.written += n;
    builder->piece.filled += n;
    builder->pos += n;
    *len = n;
    return 0;
}

static int add_dont_care(struct piece_builder *builder, uint64_t len, struct x8_error *err)
{
    uint32_t blocks = (uint32_t)(len / builder->config.block_size);
    int grows = builder->piece.data && builder->last_type == X8_SPARSE_DONT_CARE;
    int rc = make_room(builder, grows ? 0 : X8_SPARSE_CHUNK, err);
    if (rc < 0)
        return rc;
    if (builder->last_type == X8_SPARSE_DONT_CARE)
        grow_chunk(builder, blocks);
    else
        begin_chunk(builder, X8_SPARSE_DONT_CARE, blocks, X8_SPARSE_CHUNK);
    builder->pos += len;
    return 0;
}

/* A constant between two borders. */
static int fill_stretch(struct piece_builder *builder, uint32_t pattern, uint64_t len,
                        struct x8_error *err)
{
    int rc = 0;
    if (pattern == 0 && len >= X8_SPARSE_MIN_FILL && builder->border % 2) {
        rc = add_dont_care(builder, len, err);
        if (rc >= 0)
            builder->piece.holes += len;
        return rc;
    }
    while (rc >= 0 && len > 0) {
        uint64_t n = len;
        rc = add_fill(builder, pattern, &n, err);
        len -= n;
    }
    return rc;
}

int piece_fill(struct piece_builder *builder, uint32_t pattern, uint64_t len, struct x8_error *err)
{
    uint64_t whole = len;
    int rc = piece_check_limit(&builder->config, builder->pos + len, err);
    while (rc >= 0 && len > 0) {
        uint64_t n = len;
        rc = meet_border(builder, &n, err);
        if (rc < 0)
            return rc;
        rc = n < whole && n < X8_SPARSE_MIN_FILL ? piece_pattern(builder, pattern, n, err)
                                                 : fill_stretch(builder, pattern, n, err);
        len -= n;
    }
    return rc;
}

int piece_skip(struct piece_builder *builder, uint64_t len, struct x8_error *err)
{
    int rc = piece_check_limit(&builder->config, builder->pos + len, err);
    while (rc >= 0 && len > 0) {
        uint64_t n = len;
        rc = meet_border(builder, &n, err);
        if (rc >= 0)
            rc = add_dont_care(builder, n, err);
        if (rc >= 0)
            builder->piece.skipped += n;
        len -= n;
    }
    return rc;
}

int piece_finish(struct piece_builder *builder, struct x8_error *err)
{
    if (!builder->piece.data) {
        int rc = open_piece(builder, err);
        if (rc < 0)
            return rc;
    }
    return put_piece(builder, 1, err);
}
