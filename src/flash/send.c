/*
 * A piece on its way: as it is, or compressed where the loader can inflate (gzwrite) and the link
 * is the slower part. Which way is quicker is measured on this very board: a fast link loses time
 * by compression, a full-speed link wins most of it.
 */
#include "flash/feed_parts.h"
#include "util/clock.h"

#include <inttypes.h>
#include <stdio.h>

#define PROBE_LIMIT_MS 10000
/* Choices in a row against compression after which no more of it is made. */
#define GZ_LOST_MAX 4
/* gzwrite's own buffer; U-Boot's default. */
#define GZ_BUFFER "100000"

/* Where the piece on the wire stands, for the progress bar: image bytes in proportion to the bytes
 * sent. */
struct meter {
    struct x8_feed *feed;
    uint64_t span; /* bytes of the bar that the piece is worth */
    uint64_t len;  /* bytes on the wire */
    uint64_t sent;
};

static uint64_t span_of(const struct x8_feed *feed, const struct x8_piece *piece)
{
    /* What counts as done: where blocks are left out, those that are written. */
    return feed->step->gap_count ? piece->written : piece->end - piece->start;
}

/* The last block may be padded past the image, and a size taken from a trailer may be too small. */
static void tell_progress(const struct x8_feed *feed, uint64_t done)
{
    x8_emit_progress(&feed->job->op, done, feed->total && feed->total < done ? done : feed->total);
}

void x8_feed_advance(struct x8_feed *feed, const struct x8_piece *piece)
{
    feed->done += span_of(feed, piece);
    tell_progress(feed, feed->done);
}

static void on_sent(void *ctx, size_t bytes)
{
    struct meter *meter = ctx;

    meter->sent += bytes;
    if (meter->sent <= meter->len)
        tell_progress(meter->feed,
                      meter->feed->done + (uint64_t)((double)meter->span * (double)meter->sent /
                                                     (double)meter->len));
}

static int download(struct x8_feed *feed, struct meter *meter, const void *data, size_t len,
                    struct x8_error *err)
{
    int64_t start = x8_now_us();
    int rc;

    feed->fb->link->on_sent = on_sent;
    feed->fb->link->on_sent_ctx = meter;
    rc = x8_fb_download(feed->fb, data, len, err);
    feed->fb->link->on_sent = NULL;
    if (rc < 0)
        return rc;
    feed->pace.link_us += x8_now_us() - start;
    feed->pace.link_bytes += len;
    feed->target->sent += len;
    return 0;
}

static int send_raw(struct x8_feed *feed, const struct x8_piece *piece, struct x8_error *err)
{
    struct meter meter = {.feed = feed, .span = span_of(feed, piece), .len = piece->len};
    int limit = x8_write_limit_ms(piece->written, feed->step->command->timeout_ms);
    int rc = download(feed, &meter, piece->data, piece->len, err);
    int64_t start = x8_now_us();

    if (rc < 0)
        return rc;
    feed->job->result.touched = X8_TOUCHED_PARTLY;
    rc = x8_fb_flash(feed->fb, feed->step->command->partition, limit, err);
    feed->pace.raw_us += x8_now_us() - start;
    feed->pace.raw_bytes += piece->written;
    return rc;
}

static int send_member(struct x8_feed *feed, struct meter *meter, const struct x8_members *members,
                       const struct x8_member *member, struct x8_error *err)
{
    int limit = x8_write_limit_ms(member->len, feed->step->command->timeout_ms);
    int rc = download(feed, meter, members->data + member->at, member->size, err);
    int64_t start = x8_now_us();
    char command[256];

    if (rc < 0)
        return rc;
    snprintf(command, sizeof command, "gzwrite mmc %s %s 0x%zx " GZ_BUFFER " 0x%" PRIx64,
             feed->back.device, feed->buffer, member->size,
             feed->step->place->offset + member->offset);
    feed->job->result.touched = X8_TOUCHED_PARTLY;
    rc = x8_fb_ucmd(feed->fb, command, limit, err);
    feed->pace.gz_us += x8_now_us() - start;
    feed->pace.gz_bytes += member->len;
    return rc;
}

static int send_members(struct x8_feed *feed, const struct x8_piece *piece,
                        const struct x8_members *members, struct x8_error *err)
{
    struct meter meter = {.feed = feed, .span = span_of(feed, piece), .len = members->len};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < members->count; i++)
        rc = send_member(feed, &meter, members, &members->items[i], err);
    if (rc == 0)
        feed->target->deflated += piece->written;
    return rc;
}

/* Expected time in microseconds of so many bytes, at the speed seen so far; 0 when none was. */
static double expect(uint64_t bytes, uint64_t seen, int64_t us)
{
    return seen ? (double)bytes * (double)us / (double)seen : 0;
}

static int is_gz_quicker(struct x8_feed *feed, const struct x8_cut *cut)
{
    const struct x8_pace *pace = &feed->pace;
    double raw, gz;

    if (feed->job->how.transfer == X8_TRANSFER_GZIP)
        return 1;
    /* The first piece goes as it is: it measures what there is to gain. */
    if (!pace->raw_bytes)
        return 0;
    raw = expect(cut->piece.len, pace->link_bytes, pace->link_us) +
          expect(cut->piece.written, pace->raw_bytes, pace->raw_us);
    gz = expect(cut->members->len, pace->link_bytes, pace->link_us) +
         expect(cut->piece.written, pace->gz_bytes, pace->gz_us);
    /* Never tried: as quick as raw writing, until it is seen. */
    if (!pace->gz_bytes)
        gz += expect(cut->piece.written, pace->raw_bytes, pace->raw_us);
    return gz < raw;
}

static void note_choice(struct x8_feed *feed, int is_gz)
{
    feed->gz_lost = is_gz ? 0 : feed->gz_lost + 1;
    if (feed->gz_lost <= GZ_LOST_MAX || feed->job->how.transfer == X8_TRANSFER_GZIP)
        return;
    feed->wants_gz = 0;
    x8_source_want_members(feed->source, 0);
}

/* The loader has no gzwrite after all, or no memory for it: what it inflated so far is written
 * again by the same piece as it is. */
static int without_gz(struct x8_feed *feed, const struct x8_piece *piece, struct x8_error *err)
{
    x8_emit(&feed->job->op, X8_EV_WARN,
            "the loader's gzwrite failed at byte %" PRIu64 ": pieces travel as they are from here",
            piece->start);
    feed->job->can_gzwrite = 0;
    feed->wants_gz = 0;
    x8_source_want_members(feed->source, 0);
    return send_raw(feed, piece, err);
}

int x8_send_cut(struct x8_feed *feed, const struct x8_cut *cut, struct x8_error *err)
{
    int is_gz = feed->wants_gz && cut->members && cut->members->count && is_gz_quicker(feed, cut);
    int rc;

    if (feed->wants_gz && feed->pace.raw_bytes)
        note_choice(feed, is_gz);
    if (!is_gz)
        rc = send_raw(feed, &cut->piece, err);
    else
        rc = send_members(feed, &cut->piece, cut->members, err);
    if (is_gz && x8_code_of(rc) == X8_E_REFUSED)
        rc = without_gz(feed, &cut->piece, err);
    if (rc < 0)
        return rc;
    x8_feed_advance(feed, &cut->piece);
    return 0;
}

/* An empty member is taken without writing anything by a loader that has the command. `help
 * gzwrite` would fail either way. */
static int probe(struct x8_feed *feed, struct x8_error *err)
{
    struct x8_span empty = x8_member_empty();
    char command[256];
    int rc = x8_fb_download(feed->fb, empty.data, empty.len, err);

    if (rc < 0)
        return rc;
    snprintf(command, sizeof command, "gzwrite mmc %s %s 0x%zx", feed->back.device, feed->buffer,
             empty.len);
    return x8_shell_ask(feed->fb, command, PROBE_LIMIT_MS, err);
}

static int find_buffer(struct x8_feed *feed, struct x8_error *err)
{
    int rc = x8_shell_ask(feed->fb, "test -n \"${fastboot_buffer}\"", PROBE_LIMIT_MS, err);

    feed->buffer = rc > 0 ? "${fastboot_buffer}" : X8_BOARD_BUFFER;
    return rc < 0 ? rc : 0;
}

static int ask_loader(struct x8_feed *feed, struct x8_error *err)
{
    struct x8_job *job = feed->job;
    int rc = find_buffer(feed, err);

    if (rc == 0 && !feed->back.device)
        rc = x8_shell_device(feed->fb, &feed->back.device, err);
    if (rc < 0 || job->can_gzwrite >= 0)
        return rc;
    rc = probe(feed, err);
    if (rc >= 0)
        job->can_gzwrite = rc;
    return rc < 0 ? rc : 0;
}

/* What the user asked for and the board cannot do is no reason to stop: it only takes longer. */
static void tell_raw(struct x8_feed *feed)
{
    if (feed->job->how.transfer == X8_TRANSFER_GZIP)
        x8_emit(&feed->job->op, X8_EV_WARN,
                "pieces travel as they are: the loader has no gzwrite, or partition %s is not in "
                "the eMMC's user area",
                feed->step->command->partition);
}

int x8_send_ask(struct x8_feed *feed, struct x8_error *err)
{
    const struct x8_job *job = feed->job;
    const struct x8_place *place = feed->step->place;
    int is_demanded = job->how.transfer == X8_TRANSFER_GZIP, rc = 0;

    /* gzwrite answers OKAY to a failed write: by itself it is chosen only where all is read back.
     */
    if (job->how.transfer == X8_TRANSFER_RAW ||
        (!is_demanded && (job->how.verify == X8_VERIFY_NONE || !feed->can_read_back)))
        return 0;
    if (place && place->hwpart == 0)
        rc = ask_loader(feed, err);
    feed->wants_gz = rc == 0 && job->can_gzwrite > 0 && place && place->hwpart == 0;
    if (rc == 0 && !feed->wants_gz)
        tell_raw(feed);
    return rc;
}
