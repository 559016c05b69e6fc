/*
 * Where a board's pieces come from. One thread reads, decompresses and cuts the image; boards that
 * want the same pieces take them from it together, so that eight boards cost one decoding. A board
 * that comes too late, or falls behind by more than the shared buffers hold, gets a reader of its
 * own and holds nobody up.
 *
 * Memory: X8_SOURCE_BUFFERS pieces for a group, X8_SOURCE_ALONE for a single board nobody else is
 * expected beside, and as much for each that fell out of a group (what it still holds then counts
 * as one of its own). Up to nine tenths of that once more while pieces come compressed too.
 *
 * Threads: x8_sources is for all boards' threads; a source is for one.
 */
#ifndef X8_FLASH_SOURCE_H
#define X8_FLASH_SOURCE_H

#include "flash/encode.h"
#include "image/member.h"

#define X8_SOURCE_BUFFERS 4 /* pieces in the buffers of a group */
#define X8_SOURCE_ALONE   2 /* of a board by itself: one on the wire, one in the making */
/* The first piece is kept so long for boards that have not arrived at their image. Boards wait so
 * long for one that holds the oldest piece, and in sum about so long for one that is slower than
 * most, before they go on without it. */
#define X8_SOURCE_JOIN_MS 3000
#define X8_SOURCE_LAG_MS  3000

/* What the boards of one run may read together. */
struct x8_sources;
/* `boards`: how many are expected. */
int x8_sources_new(unsigned boards, struct x8_sources **out, struct x8_error *err);
/* Other limits than X8_SOURCE_JOIN_MS and X8_SOURCE_LAG_MS; before the first source is opened. */
void x8_sources_limits(struct x8_sources *sources, int64_t join_ms, int64_t lag_ms);
/* When all sources are closed. */
void x8_sources_free(struct x8_sources **sources);
/* One board less will come (it ended, or needs no image): nobody waits for it. Once per board; for
 * one that had opened a source the others wait for one board less. NULL is fine. */
void x8_sources_leave(struct x8_sources *sources);

/* A piece in the ways in which it can travel. */
struct x8_cut {
    struct x8_piece piece;
    const struct x8_members *members; /* compressed; NULL when not asked for or not smaller */
};

struct x8_source;

/*
 * Open the pieces of `encode` (its `regions` is not used; `record` says whether checksums are
 * kept). `sources` NULL: a reader of its own. Equal plan, step, block_size, piece_cap, zeros,
 * record and an image limit that does not matter make two boards share. `op` is the first board's:
 * events of the reading go there; its cancel token ends the group's reading.
 */
int x8_source_open(const struct x8_op *op, struct x8_sources *sources,
                   const struct x8_encode *encode, struct x8_source **out, struct x8_error *err);
void x8_source_close(struct x8_source **source);

/*
 * The next piece, waiting at most until `deadline`. 1 with a piece, 0 at the proven end, negative:
 * the reader's error (told at once, also when pieces are left), X8_E_TIMEOUT, stopped (any level of
 * the token of its own `op`, as this is a safe point). It is the source's and stays valid until it
 * is released; one at a time. A board that fell out of its group reads the image anew up to its
 * place; the limit counts from the last piece that it skipped.
 */
int x8_source_take(struct x8_source *source, int64_t deadline, struct x8_cut *out,
                   struct x8_error *err);
void x8_source_release(struct x8_source *source);

/* From now on pieces should come compressed too (1), or not any more (0). It holds for what is not
 * made yet; in a group it is made while anyone wants it. */
void x8_source_want_members(struct x8_source *source, int want);

/* At the end: bytes of the image, and what the board holds then. Borrowed from the source. */
uint64_t x8_source_image_bytes(const struct x8_source *source);
const struct x8_regions *x8_source_regions(const struct x8_source *source);

/* 1 when it reads for itself although a group was asked for: sent away, or too late (until others
 * that are late too join it). */
int x8_source_is_alone(const struct x8_source *source);

#endif
