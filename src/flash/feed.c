/*
 * An image to a board: pieces come from a thread that decodes and cuts (source.h), the job's thread
 * sends them. Piece n+1 is made while piece n is on the wire. What an earlier try wrote is compared
 * on the board and left out.
 */
#include "flash/feed_parts.h"
#include "util/clock.h"
#include "util/digest.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

/* Decoding 16 MiB takes a fraction of a second; an input that stands still this long (a dead
 * network disk) is given up. */
#define DECODE_LIMIT_MS 60000
/* An archive on its way from a server: what lies between two pieces of the image, and behind the
 * last, has to come first. A silent server is given up long before this. */
#define STREAM_LIMIT_MS (3 * 3600 * 1000)
/* Of a piece, so much is remembered by its checksum. */
#define MARK_MAX (1u << 20)

/* Bytes that the board will be told to write, for the bar; 0 unknown. */
static uint64_t bytes_to_write(const struct x8_step *step)
{
    return step->size == UINT64_MAX ? 0 : step->size - step->unused;
}

/* The checksum of a piece's beginning, for the question whether it is still the same board. */
struct mark {
    struct x8_piece_done *done;
};

static int mark_bytes(void *ctx, uint64_t offset, const void *data, size_t len,
                      struct x8_error *err)
{
    struct x8_piece_done *done = ((struct mark *)ctx)->done;

    (void)err;
    if (!done->len)
        done->at = offset;
    if (done->at + done->len != offset || done->len >= MARK_MAX)
        return 0;
    if (len > MARK_MAX - done->len)
        len = (size_t)(MARK_MAX - done->len);
    done->crc = x8_crc32(done->crc, data, len);
    done->len += len;
    return 0;
}

static int confirm(struct x8_feed *feed, const struct x8_piece *piece, struct x8_error *err)
{
    struct x8_job *job = feed->job;
    struct x8_piece_done done = {.start = piece->start, .end = piece->end};
    struct mark mark = {&done};
    int rc = x8_sparse_replay((struct x8_span){piece->data, piece->len}, mark_bytes, &mark, err);

    if (rc == 0)
        rc = x8_progress_confirm(&job->progress, &done, err);
    x8_journal_confirm(job->journal, &job->op, job->progress.partition, &done);
    return rc;
}

static int send_piece(struct x8_feed *feed, const struct x8_cut *cut, struct x8_error *err)
{
    struct x8_job *job = feed->job;
    const struct x8_piece *piece = &cut->piece;
    int rc = 0;

    x8_progress_forget(&job->progress, piece->start, piece->end);
    x8_journal_sending(job->journal, &job->op, job->progress.partition, piece->start, piece->end);
    if (piece->holes && !feed->is_fresh)
        rc = x8_feed_fill_holes(feed, piece, err);
    if (rc == 0 && piece->written)
        rc = x8_send_cut(feed, cut, err);
    else if (rc == 0) /* nothing but holes: it is there */
        x8_feed_advance(feed, piece);
    if (rc < 0) {
        x8_error_prefix(err, "at byte %llu of the image", (unsigned long long)piece->start);
        return rc;
    }
    job->result.pieces_sent += piece->written > 0;
    return confirm(feed, piece, err);
}

/* What the board was told before, or may have from elsewhere, is compared there. 1: leave it out.
 */
static int is_there(const struct x8_feed *feed, const struct x8_piece *piece, struct x8_error *err)
{
    const struct x8_job *job = feed->job;

    if (!feed->can_read_back)
        return 0;
    if (!job->how.skip_same && !x8_progress_has(&job->progress, piece->start, piece->end))
        return 0;
    return x8_feed_is_same(feed, piece, err);
}

static int one_piece(struct x8_feed *feed, const struct x8_cut *cut, struct x8_error *err)
{
    const struct x8_piece *piece = &cut->piece;
    int rc = is_there(feed, piece, err);

    if (rc == 0) {
        rc = send_piece(feed, cut, err);
        feed->target->written += rc < 0 ? 0 : piece->written;
        feed->target->filled += rc < 0 ? 0 : piece->filled;
    } else if (rc > 0) {
        feed->target->same += piece->written;
        feed->job->result.pieces_same++;
        x8_feed_advance(feed, piece);
        rc = x8_progress_has(&feed->job->progress, piece->start, piece->end)
                 ? 0
                 : confirm(feed, piece, err);
    }
    if (rc < 0)
        return rc;
    feed->target->skipped += piece->skipped;
    feed->target->holes += piece->holes;
    return 0;
}

/* The wire side. Between pieces is the safe point for a stop. */
static int send_all(struct x8_feed *feed, struct x8_error *err)
{
    struct x8_job *job = feed->job;
    const struct x8_image_origin *origin = job->plan->options.origin;
    int limit = origin && !origin->path ? STREAM_LIMIT_MS : DECODE_LIMIT_MS;
    struct x8_cut cut;
    int rc = 1;

    while (rc > 0) {
        rc = x8_cancel_check(job->op.cancel, X8_CANCEL_SOFT, err);
        if (rc == 0) {
            rc = x8_source_take(feed->source, x8_deadline_in(limit), &cut, err);
            job->source_failed = rc < 0;
        }
        if (rc > 0) {
            int sent = one_piece(feed, &cut, err);

            x8_source_release(feed->source);
            if (sent < 0)
                rc = sent;
        }
    }
    return rc;
}

static int too_large(const struct x8_step *step, uint64_t capacity, struct x8_error *err)
{
    x8_fail(err, X8_E_MISFIT, "%s does not fit into partition %s", x8_input_name(&step->input),
            step->command->partition);
    x8_error_why(err, "the image has %llu bytes, the board holds %llu",
                 (unsigned long long)step->size, (unsigned long long)capacity);
    x8_error_next(err, "use an image made for this board");
    return -(int)X8_E_MISFIT;
}

struct x8_flash_target *x8_job_target(struct x8_job *job, const struct x8_step *step,
                                      const char *partition)
{
    struct x8_flash_result *result = &job->result;
    struct x8_flash_target *target =
        &result->targets[result->target_count < X8_TARGETS_MAX ? result->target_count++
                                                               : X8_TARGETS_MAX - 1];

    job->flashed++;
    *target = (struct x8_flash_target){0};
    x8_copy(target->partition, sizeof target->partition, partition);
    x8_copy(target->file, sizeof target->file, x8_input_name(&step->input));
    return target;
}

/* Bytes announced against bytes expected: a run that left something out must not look like success.
 */
static int check_sum(const struct x8_flash_target *target, uint64_t block_size, int is_sparse,
                     struct x8_error *err)
{
    uint64_t want = (target->bytes + block_size - 1) / block_size * block_size;

    uint64_t told = target->written + target->same + target->holes;

    if (!told) {
        x8_fail(err, X8_E_BAD_IMAGE, "partition %s: %s holds nothing to write", target->partition,
                target->file);
        x8_error_why(err, "all of it is marked as unused, so that not a single byte was written");
        x8_error_next(err,
                      "use a complete image, or flash without --skip-unused and its block map");
        return -(int)X8_E_BAD_IMAGE;
    }
    if (told + (is_sparse ? 0 : target->skipped) == want && want)
        return 0;
    return x8_fail(err, X8_E_INTERNAL,
                   "partition %s: %llu bytes accounted for and %llu left alone, %llu expected",
                   target->partition, (unsigned long long)told, (unsigned long long)target->skipped,
                   (unsigned long long)want);
}

static void tell_written(const struct x8_job *job, const struct x8_flash_target *target)
{
    char written[24], sent[24], skipped[24], same[24], left[64] = "", found[64] = "";

    x8_size_text(written, target->written);
    x8_size_text(sent, target->sent);
    x8_size_text(skipped, target->skipped);
    x8_size_text(same, target->same);
    if (target->skipped)
        snprintf(left, sizeof left, ", %s left as they were", skipped);
    if (target->same)
        snprintf(found, sizeof found, ", %s were right already", same);
    x8_emit(&job->op, X8_EV_STAGE, "%s written to partition %s, %s sent%s%s", written,
            target->partition, sent, left, found);
}

/* The account of another partition is of no use; that of an earlier try is. 1 when it is kept. */
static int begin_progress(struct x8_job *job, const char *partition)
{
    if (strcmp(job->progress.partition, partition) == 0)
        return 1;
    x8_progress_done(&job->progress);
    x8_copy(job->progress.partition, sizeof job->progress.partition, partition);
    return 0;
}

/* A way to read on the board, holes, and where the pieces come from. */
static int prepare(struct x8_feed *feed, struct x8_error *err)
{
    struct x8_job *job = feed->job;
    const struct x8_step *step = feed->step;
    int is_again = begin_progress(job, step->command->partition), rc = 0;

    if (step->place)
        rc = x8_readback_open(job, feed->fb, step->place, &feed->back, err);
    feed->can_read_back = rc > 0;
    if (rc >= 0)
        rc = x8_send_ask(feed, err);
    if (rc >= 0 && !is_again) {
        rc = x8_feed_erase(feed, err);
        feed->is_fresh = 1;
        if (rc == 0 && job->progress.erased.end)
            x8_journal_erased(job->journal, &job->op, job->progress.partition,
                              &job->progress.erased);
    }
    if (rc < 0)
        return rc;
    if (job->progress.erased.end && !step->is_sparse && step->gap_count == 0) {
        feed->encode.zeros = &job->progress.erased;
        feed->encode.zero_count = 1;
    }
    rc = x8_source_open(&job->op, job->sources, &feed->encode, &feed->source, err);
    job->sources = NULL; /* what comes after a failure is read alone */
    if (rc == 0 && feed->wants_gz)
        x8_source_want_members(feed->source, 1);
    return rc;
}

static int proof(struct x8_feed *feed, struct x8_error *err)
{
    struct x8_job *job = feed->job;
    static const struct x8_regions none;
    const struct x8_regions *regions = x8_source_regions(feed->source);
    int rc =
        x8_verify(job, feed->fb, feed->step->place, regions ? regions : &none, feed->target, err);

    if (rc == 0 && feed->target->is_verified)
        x8_emit(&job->op, X8_EV_STAGE, "read back on the board, all equal");
    return rc;
}

static int write_and_prove(struct x8_feed *feed, struct x8_error *err)
{
    struct x8_job *job = feed->job;
    int64_t start = x8_now_ms();
    int rc = prepare(feed, err);

    job->op.stage = "write";
    x8_emit_enter(&job->op);
    x8_emit_progress(&job->op, 0, feed->total);
    if (rc == 0)
        rc = send_all(feed, err);
    if (rc == 0) {
        feed->target->bytes = x8_source_image_bytes(feed->source);
        rc = check_sum(feed->target, feed->encode.block_size, feed->step->is_sparse, err);
    }
    job->result.write_ms += x8_now_ms() - start;
    if (rc == 0)
        tell_written(job, feed->target);
    return rc == 0 ? proof(feed, err) : rc;
}

int x8_feed_image(struct x8_job *job, struct x8_fastboot *fb, const struct x8_step *step,
                  struct x8_error *err)
{
    struct x8_feed feed = {
        .job = job, .fb = fb, .step = step, .encode = {.plan = job->plan, .step = step}};
    int rc = x8_feed_ask(&feed, err);

    if (rc < 0)
        return rc;
    if (step->size_exact && step->size > feed.encode.capacity)
        return too_large(step, feed.encode.capacity, err);
    feed.encode.record = job->how.verify != X8_VERIFY_NONE;
    feed.target = x8_job_target(job, step, step->command->partition);
    feed.total = bytes_to_write(step);
    rc = write_and_prove(&feed, err);
    x8_source_close(&feed.source);
    return rc;
}

int x8_feed_bytes(struct x8_job *job, struct x8_fastboot *fb, const struct x8_step *step,
                  struct x8_span bytes, struct x8_error *err)
{
    struct x8_regions regions = {0};
    struct x8_flash_target *target = x8_job_target(job, step, step->command->partition);
    int64_t start = x8_now_ms();
    int rc = x8_cancel_check(job->op.cancel, X8_CANCEL_SOFT, err);

    target->bytes = bytes.len;
    job->op.stage = "boot";
    if (!job->boot_parts++)
        x8_emit_enter(&job->op);
    if (rc == 0)
        rc = x8_fb_download(fb, bytes.data, bytes.len, err);
    if (rc == 0) {
        job->result.touched = X8_TOUCHED_PARTLY;
        rc = x8_fb_flash(fb, step->command->partition,
                         x8_write_limit_ms(bytes.len, step->command->timeout_ms), err);
    }
    job->result.write_ms += x8_now_ms() - start;
    if (rc < 0) {
        x8_error_prefix(err, "partition %s", step->command->partition);
        return rc;
    }
    target->sent = target->written = bytes.len;
    if (step->place && job->how.verify != X8_VERIFY_NONE)
        rc = x8_regions_add(&regions, 0, bytes.data, bytes.len, err);
    if (rc == 0)
        rc = x8_verify(job, fb, step->place, &regions, target, err);
    x8_regions_done(&regions);
    return rc;
}
