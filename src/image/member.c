/*
 * Pieces as gzip members, through ISA-L. The piece is read as a loader would read it: RAW goes to
 * the compressor from where it lies, FILL through a short buffer, DONT_CARE ends the member.
 */
#include "image/member.h"

#include "image/piece.h"
#include "image/sparse_parse.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>

/* Of ISA-L's levels the one behind which more work hardly saves bytes, and seven times as fast as
 * zlib at its quickest: tests/bench/deflate_bench.c. */
#define LEVEL     1
#define LEVEL_BUF ((size_t)ISAL_DEF_LVL1_DEFAULT)

#define STEP ((size_t)32 * 1024) /* of a FILL; the reach of deflate's matches */

/* gzwrite takes the length from the trailer, which counts modulo 2^32. */
#define MEMBER_MAX ((uint64_t)1 << 30)

#define FIRST_CAP ((size_t)256 * 1024)

struct x8_deflater {
    struct isal_zstream stream;
    uint8_t level_buf[LEVEL_BUF];
    uint8_t step[STEP];
};

/* One piece on its way. */
struct maker {
    struct x8_deflater *deflater;
    struct x8_members *out;
    size_t cap;
    uint64_t most, at; /* bytes of one member; offset on the target */
    int is_open;       /* the last item is being made */
    int is_full;       /* more than `cap` */
};

int x8_deflater_new(struct x8_deflater **out, struct x8_error *err)
{
    struct x8_deflater *deflater = malloc(sizeof(*deflater));
    if (!deflater)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for a compressor");
    *out = deflater;
    return 0;
}

void x8_deflater_free(struct x8_deflater **deflater)
{
    free(*deflater);
    *deflater = NULL;
}

static int no_memory(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory for a compressed piece");
}

/* Room behind out->len: 1, 0 when `cap` is used up. */
static int make_room(struct maker *maker, struct x8_error *err)
{
    struct x8_members *out = maker->out;
    if (out->len < out->cap && out->len < maker->cap)
        return 1;
    if (out->len >= maker->cap)
        return 0;
    size_t cap = out->cap < FIRST_CAP ? FIRST_CAP : out->cap * 2;
    cap = cap < maker->cap ? cap : maker->cap;
    uint8_t *grown = realloc(out->data, cap);
    if (!grown)
        return no_memory(err);
    out->data = grown;
    out->cap = cap;
    return 1;
}

/* Run the compressor until it has taken what it was given; with end_of_stream, until all is out. */
static int run(struct maker *maker, struct x8_error *err)
{
    struct isal_zstream *z = &maker->deflater->stream;
    struct x8_members *out = maker->out;
    do {
        int rc = make_room(maker, err);
        if (rc <= 0) {
            maker->is_full = rc == 0;
            return rc;
        }
        size_t room = (out->cap < maker->cap ? out->cap : maker->cap) - out->len;
        room = room < UINT32_MAX ? room : UINT32_MAX;
        z->next_out = out->data + out->len;
        z->avail_out = (uint32_t)room;
        if (isal_deflate(z) != COMP_OK)
            return x8_fail(err, X8_E_INTERNAL, "the compressor failed");
        out->len += room - z->avail_out;
    } while (z->avail_in > 0 ||
             (z->end_of_stream ? z->internal_state.state != ZSTATE_END : z->avail_out == 0));
    return 0;
}

static int open_member(struct maker *maker, struct x8_error *err)
{
    struct x8_members *out = maker->out;
    struct isal_zstream *z = &maker->deflater->stream;
    if (out->count == out->item_cap) {
        size_t cap = out->item_cap ? out->item_cap * 2 : 16;
        struct x8_member *grown = realloc(out->items, cap * sizeof(*grown));
        if (!grown)
            return no_memory(err);
        out->items = grown;
        out->item_cap = cap;
    }
    out->items[out->count++] = (struct x8_member){.offset = maker->at, .at = out->len};
    isal_deflate_init(z);
    z->level = LEVEL;
    z->level_buf = maker->deflater->level_buf;
    z->level_buf_size = LEVEL_BUF;
    z->gzip_flag = IGZIP_GZIP;
    maker->is_open = 1;
    return 0;
}

static int close_member(struct maker *maker, struct x8_error *err)
{
    if (!maker->is_open)
        return 0;
    struct isal_zstream *z = &maker->deflater->stream;
    struct x8_member *member = &maker->out->items[maker->out->count - 1];
    maker->is_open = 0;
    z->avail_in = 0;
    z->end_of_stream = 1;
    int rc = run(maker, err);
    member->size = maker->out->len - member->at;
    return rc;
}

/* An open member that takes more bytes: *len becomes how many of them. */
static int meet_member(struct maker *maker, uint64_t *len, struct x8_error *err)
{
    struct x8_members *out = maker->out;
    int rc = 0;
    if (maker->is_open && out->items[out->count - 1].len >= maker->most)
        rc = close_member(maker, err);
    if (rc >= 0 && !maker->is_full && !maker->is_open)
        rc = open_member(maker, err);
    if (rc < 0 || maker->is_full)
        return rc;
    uint64_t left = maker->most - out->items[out->count - 1].len;
    *len = *len < left ? *len : left;
    return 0;
}

static int give(struct maker *maker, const uint8_t *data, size_t len, struct x8_error *err)
{
    struct isal_zstream *z = &maker->deflater->stream;
    z->next_in = (uint8_t *)(uintptr_t)data; /* only read */
    z->avail_in = (uint32_t)len;
    maker->out->items[maker->out->count - 1].len += len;
    maker->at += len;
    return run(maker, err);
}

/* ---- events of the piece; after is_full they only pass ---- */

static int on_header(void *ctx, uint32_t block_size, uint64_t image_len, struct x8_error *err)
{
    struct maker *maker = ctx;
    (void)image_len;
    maker->most = MEMBER_MAX / block_size * block_size;
    if (maker->most == 0)
        return x8_fail(err, X8_E_INTERNAL, "sparse: block size %u out of range", block_size);
    return 0;
}

static int on_raw(void *ctx, const uint8_t *data, size_t len, struct x8_error *err)
{
    struct maker *maker = ctx;
    int rc = 0;
    while (rc >= 0 && len > 0 && !maker->is_full) {
        uint64_t n = len;
        rc = meet_member(maker, &n, err);
        if (rc >= 0 && !maker->is_full)
            rc = give(maker, data, (size_t)n, err);
        data += n;
        len -= (size_t)n;
    }
    return rc;
}

static int on_fill(void *ctx, uint32_t pattern, uint64_t len, struct x8_error *err)
{
    struct maker *maker = ctx;
    uint8_t *step = maker->deflater->step;
    int rc = 0;
    piece_spread(step, pattern, STEP);
    while (rc >= 0 && len > 0 && !maker->is_full) {
        size_t n = len < STEP ? (size_t)len : STEP;
        rc = on_raw(maker, step, n, err);
        len -= n;
    }
    return rc;
}

static int on_skip(void *ctx, uint64_t len, struct x8_error *err)
{
    struct maker *maker = ctx;
    maker->at += len;
    return maker->is_full ? 0 : close_member(maker, err);
}

int x8_members_make(struct x8_deflater *deflater, const struct x8_piece *piece, size_t cap,
                    struct x8_members *out, struct x8_error *err)
{
    struct maker maker = {.deflater = deflater, .out = out, .cap = cap};
    const struct sparse_events events = {on_header, on_raw, on_fill, on_skip, &maker};
    struct sparse_parser parser;
    out->len = out->count = 0;
    sparse_parser_init(&parser, &events);
    int rc = sparse_parser_feed(&parser, piece->data, piece->len, err);
    if (rc >= 0)
        rc = sparse_parser_end(&parser, err);
    if (rc >= 0 && !maker.is_full)
        rc = close_member(&maker, err);
    if (rc >= 0 && !maker.is_full)
        return 1;
    out->len = out->count = 0;
    return rc < 0 ? rc : 0;
}

void x8_members_done(struct x8_members *members)
{
    free(members->data);
    free(members->items);
    *members = (struct x8_members){0};
}

struct x8_span x8_member_empty(void)
{
    /* Header, one final block of nothing (fixed codes), CRC-32 and length 0. */
    static const uint8_t empty[20] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 3, 0};
    return (struct x8_span){empty, sizeof(empty)};
}
