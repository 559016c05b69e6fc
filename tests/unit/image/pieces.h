/*
 * For the tests of this room: a port that keeps what is put, and a reader of sparse pieces that is
 * written apart from src/image and as strict as a board's loader.
 */
#ifndef X8_TEST_IMAGE_PIECES_H
#define X8_TEST_IMAGE_PIECES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "image/sparse.h"

#define PIECES_MAX 512
#define STALE      0xE5 /* what the medium holds before it is written */

struct pieces {
    struct x8_piece_port port;
    size_t cap;
    struct x8_piece all[PIECES_MAX];
    size_t count;
    void *given[PIECES_MAX]; /* every buffer that was handed out */
    size_t gets;
    size_t fail_get_at, fail_put_at; /* 1-based; 0 for never */
};

X8_UNUSED static int pieces_get(void *ctx, uint8_t **out_data, void **out_owner,
                                struct x8_error *err)
{
    struct pieces *pieces = ctx;
    if (pieces->gets + 1 == pieces->fail_get_at)
        return x8_fail(err, X8_E_GONE, "board went away");
    assert_true(pieces->gets < PIECES_MAX);
    *out_data = malloc(pieces->cap);
    *out_owner = *out_data;
    pieces->given[pieces->gets++] = *out_data;
    return *out_data ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
}

X8_UNUSED static int pieces_put(void *ctx, const struct x8_piece *piece, struct x8_error *err)
{
    struct pieces *pieces = ctx;
    if (pieces->count + 1 == pieces->fail_put_at)
        return x8_fail(err, X8_E_REFUSED, "board says: no");
    assert_true(pieces->count < PIECES_MAX);
    assert_ptr_equal(piece->data, piece->owner);
    pieces->all[pieces->count++] = *piece;
    return 0;
}

X8_UNUSED static void pieces_init(struct pieces *pieces, size_t cap)
{
    memset(pieces, 0, sizeof(*pieces));
    pieces->cap = cap;
    pieces->port = (struct x8_piece_port){pieces_get, pieces_put, pieces};
}

X8_UNUSED static void pieces_done(struct pieces *pieces)
{
    for (size_t i = 0; i < pieces->gets; i++)
        free(pieces->given[i]);
    pieces->count = pieces->gets = 0;
}

struct chunk_view {
    unsigned type;
    uint64_t offset, len; /* bytes of the image */
    uint32_t pattern;
};

/* Check one piece as a loader does and write it to `medium` (may be NULL). Chunks are listed. */
X8_UNUSED static size_t piece_apply(const struct x8_piece *piece, uint8_t *medium,
                                    size_t medium_len, struct chunk_view *chunks, size_t max)
{
    const uint8_t *p = piece->data;
    assert_true(piece->len >= 28);
    assert_int_equal(x8_get_le32(p), 0xED26FF3A);
    assert_int_equal(x8_get_le32(p + 4), 1);
    assert_int_equal(x8_get_le16(p + 8), 28);
    assert_int_equal(x8_get_le16(p + 10), 12);
    assert_int_equal(x8_get_le32(p + 24), 0);
    uint64_t block = x8_get_le32(p + 12), total = x8_get_le32(p + 16), at = 0, written = 0,
             filled = 0, left_alone = 0;
    size_t off = 28, n = x8_get_le32(p + 20);
    for (size_t i = 0; i < n; i++) {
        assert_true(piece->len - off >= 12);
        unsigned type = x8_get_le16(p + off);
        uint64_t len = x8_get_le32(p + off + 4) * block;
        uint32_t bytes = x8_get_le32(p + off + 8);
        assert_int_equal(x8_get_le16(p + off + 2), 0);
        assert_true(len > 0);
        assert_true(bytes <= piece->len - off);
        if (chunks) {
            assert_true(i < max);
            chunks[i] = (struct chunk_view){type, at, len, 0};
        }
        if (type == 0xCAC1) {
            assert_int_equal(bytes, 12 + len);
            if (medium) {
                assert_true(at + len <= medium_len);
                memcpy(medium + at, p + off + 12, len);
            }
            written += len;
        } else if (type == 0xCAC2) {
            assert_int_equal(bytes, 16);
            if (chunks)
                chunks[i].pattern = x8_get_le32(p + off + 12);
            for (uint64_t k = 0; medium && k < len; k += 4) {
                assert_true(at + len <= medium_len);
                memcpy(medium + at + k, p + off + 12, 4);
            }
            written += len;
            filled += len;
        } else {
            assert_int_equal(type, 0xCAC3);
            assert_int_equal(bytes, 12);
            if (at >= piece->start)
                left_alone += len;
            else
                assert_true(i == 0 && len >= piece->start);
            if (at < piece->start)
                left_alone += len - piece->start;
        }
        at += len;
        off += bytes;
    }
    assert_int_equal(off, piece->len);
    assert_int_equal(at / block, total);
    assert_int_equal(at, piece->end);
    assert_int_equal(written, piece->written);
    assert_int_equal(filled, piece->filled);
    assert_int_equal(left_alone, piece->skipped + piece->holes);
    assert_int_equal(written + left_alone, piece->end - piece->start);
    return n;
}

/* STALE with `count` ranges of zeros. */
X8_UNUSED static uint8_t *medium_new(size_t len, const struct x8_range *zeros, size_t count)
{
    uint8_t *medium = malloc(len + 1);
    assert_non_null(medium);
    memset(medium, STALE, len + 1);
    for (size_t i = 0; i < count && zeros[i].start < len; i++) {
        uint64_t end = zeros[i].end < len ? zeros[i].end : len;
        memset(medium + zeros[i].start, 0, (size_t)(end - zeros[i].start));
    }
    return medium;
}

/* All pieces in order, each following the one before; the last and only the last says so. */
X8_UNUSED static void pieces_apply_to(const struct pieces *pieces, uint8_t *medium,
                                      size_t medium_len)
{
    uint64_t at = 0;
    assert_true(pieces->count > 0);
    for (size_t i = 0; i < pieces->count; i++) {
        const struct x8_piece *piece = &pieces->all[i];
        assert_true(piece->len <= pieces->cap);
        assert_int_equal(piece->start, at);
        assert_true(piece->end > at);
        assert_int_equal(piece->last, i + 1 == pieces->count);
        piece_apply(piece, medium, medium_len, NULL, 0);
        at = piece->end;
    }
    assert_int_equal(at, medium_len);
}

/* The same on a medium of STALE bytes, which is returned (free it). */
X8_UNUSED static uint8_t *pieces_apply(const struct pieces *pieces, size_t medium_len)
{
    uint8_t *medium = medium_new(medium_len, NULL, 0);
    pieces_apply_to(pieces, medium, medium_len);
    return medium;
}

/* Numbers that look random and are the same in every run. */
X8_UNUSED static uint32_t noise(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

X8_UNUSED static void noise_fill(uint8_t *out, size_t len, uint32_t seed)
{
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(noise(&state) >> 11);
}

#endif
