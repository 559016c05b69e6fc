/*
 * What the board holds already: pieces that are right are left out, holes that are not zero are
 * filled, and a board that holds nothing of what it was said to hold is another one.
 */
#include "flash/feed_parts.h"

#include <inttypes.h>
#include <stdlib.h>

/* Of what the progress says, this many pieces are looked at. */
#define SAMPLES 4

int x8_feed_is_same(const struct x8_feed *feed, const struct x8_piece *piece, struct x8_error *err)
{
    struct x8_regions regions = {0};
    int rc = x8_regions_of_piece(&regions, piece, feed->encode.zero_count > 0, err);

    if (rc == 0)
        rc = regions.count ? x8_readback_regions(&feed->back, &regions, err) : 0;
    x8_regions_done(&regions);
    return rc;
}

static int another_board(struct x8_job *job, size_t tried, struct x8_error *err)
{
    job->is_another = 1;
    x8_fail(err, X8_E_WRONG_STATE, "the board at usb %s is not the one that was being flashed",
            job->port);
    x8_error_why(err,
                 "of %zu pieces that were written before, it holds none; nothing was written now",
                 tried);
    x8_error_next(err, "plug the right board in; or flash this one from its beginning, without "
                       "--resume");
    return -(int)X8_E_WRONG_STATE;
}

int x8_same_board(struct x8_job *job, struct x8_fastboot *fb, struct x8_error *err)
{
    const struct x8_progress *progress = &job->progress;
    const struct x8_place *place = x8_place_of(progress->partition);
    struct x8_readback back;
    size_t count = progress->done_count, tried = 0;
    int rc;

    if (!count || !place)
        return 0;
    rc = x8_readback_open(job, fb, place, &back, err);
    if (rc <= 0)
        return rc;
    for (size_t i = 0; i < SAMPLES && i < count; i++) {
        /* The first, the last, and some in between. */
        size_t at = count <= SAMPLES ? i : i * (count - 1) / (SAMPLES - 1);
        const struct x8_piece_done *piece = &progress->done[at];

        if (!piece->len)
            continue;
        tried++;
        rc = x8_readback_equal(&back, piece->at, piece->len, piece->crc, err);
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
    return tried ? another_board(job, tried, err) : 0;
}

/* The holes of a piece, as it is walked. */
struct hole_walk {
    struct x8_feed *feed;
    uint64_t pos;
    struct x8_range *dirty;
    size_t count, cap;
};

static int add_dirty(struct hole_walk *walk, uint64_t start, uint64_t end, struct x8_error *err)
{
    if (walk->count == walk->cap) {
        size_t cap = walk->cap ? walk->cap * 2 : 16;
        struct x8_range *grown = realloc(walk->dirty, cap * sizeof *grown);

        if (!grown)
            return x8_fail(err, X8_E_INTERNAL, "out of memory for the list of holes");
        walk->dirty = grown;
        walk->cap = cap;
    }
    walk->dirty[walk->count++] = (struct x8_range){start, end};
    return 0;
}

static int look_at_hole(struct hole_walk *walk, uint64_t end, struct x8_error *err)
{
    uint64_t start = walk->pos;
    int rc;

    walk->pos = end;
    if (end <= start)
        return 0;
    rc = walk->feed->can_read_back ? x8_readback_is_zero(&walk->feed->back, start, end - start, err)
                                   : 0;
    return rc == 0 ? add_dirty(walk, start, end, err) : (rc < 0 ? rc : 0);
}

static int hole_bytes(void *ctx, uint64_t offset, const void *data, size_t len,
                      struct x8_error *err)
{
    struct hole_walk *walk = ctx;
    int rc = look_at_hole(walk, offset, err);

    (void)data;
    walk->pos = offset + len;
    return rc;
}

/* Pieces of FILL: a few dozen bytes each. */
struct filler {
    struct x8_feed *feed;
    uint8_t buffer[4096];
};

static int filler_get(void *ctx, uint8_t **data, void **owner, struct x8_error *err)
{
    struct filler *filler = ctx;

    (void)err;
    *data = filler->buffer;
    *owner = NULL;
    return 0;
}

static int filler_put(void *ctx, const struct x8_piece *piece, struct x8_error *err)
{
    struct x8_feed *feed = ((struct filler *)ctx)->feed;
    int rc = x8_fb_download(feed->fb, piece->data, piece->len, err);

    if (rc == 0)
        rc = x8_fb_flash(feed->fb, feed->step->command->partition,
                         x8_write_limit_ms(piece->written, feed->step->command->timeout_ms), err);
    feed->target->sent += piece->len;
    return rc;
}

static int fill(struct x8_feed *feed, const struct hole_walk *walk, struct x8_error *err)
{
    struct filler filler = {.feed = feed};
    struct x8_sparse_config config = {.block_size = feed->encode.block_size,
                                      .piece_cap = sizeof filler.buffer,
                                      .max_fill = X8_FILL_MAX,
                                      .image_limit = feed->encode.capacity};
    struct x8_piece_port port = {filler_get, filler_put, &filler};

    return x8_sparse_zero(&config, &port, walk->dirty, walk->count, err);
}

int x8_feed_fill_holes(struct x8_feed *feed, const struct x8_piece *piece, struct x8_error *err)
{
    struct hole_walk walk = {.feed = feed, .pos = piece->start};
    int rc = x8_sparse_replay((struct x8_span){piece->data, piece->len}, hole_bytes, &walk, err);

    if (rc == 0)
        rc = look_at_hole(&walk, piece->end, err);
    if (rc == 0 && walk.count)
        rc = fill(feed, &walk, err);
    free(walk.dirty);
    return rc;
}
