/*
 * An image to a board: one thread decodes and cuts, the job's thread sends. Piece n+1 is made while
 * piece n is on the wire.
 */
#include "flash/encode.h"
#include "flash/job.h"
#include "flash/ring.h"
#include "util/clock.h"
#include "util/text.h"

#include <pthread.h>
#include <stdio.h>

/* 16 MiB keep the turnaround of a piece below a few percent of its time on the wire; two of them
 * bound the memory. */
#define PIECE_CAP   (16u << 20)
#define PIECE_COUNT 2
/* At full speed about two seconds: a stop request takes effect between pieces. */
#define SLOW_PIECE_CAP (2u << 20)
/* Header, leading chunk and a few blocks of data must go into every piece. */
#define PIECE_BLOCKS_MIN 8u
/* Decoding 16 MiB takes a fraction of a second; an input that stands still this long (a dead
 * network disk) is given up. */
#define DECODE_LIMIT_MS 60000
/* An archive on its way from a server: what lies between two pieces of the image, and behind the
 * last, has to come first. A silent server is given up long before this. */
#define STREAM_LIMIT_MS (3 * 3600 * 1000)

int x8_write_limit_ms(uint64_t bytes, int at_least_ms)
{
    uint64_t ms = 20000 + bytes / 2000;

    if (ms > 3600000)
        ms = 3600000;
    return (int)ms > at_least_ms ? (int)ms : at_least_ms;
}

struct decoder {
    const struct x8_op *op;
    struct x8_encode encode;
    struct x8_ring ring;
    uint64_t image_bytes; /* valid once the ring said the end */
};

static void *decode(void *ctx)
{
    struct decoder *decoder = ctx;
    struct x8_piece_port port = x8_ring_port(&decoder->ring);
    struct x8_error error;
    int64_t n = x8_encode_run(decoder->op, &decoder->encode, &port, &error);

    if (n >= 0)
        decoder->image_bytes = (uint64_t)n;
    x8_ring_finish(&decoder->ring, n < 0 ? (int)n : 0, &error);
    return NULL;
}

/* Where the piece on the wire stands, for the progress bar: image bytes in proportion to the bytes
 * sent. */
struct meter {
    const struct x8_op *op;
    const struct x8_piece *piece;
    uint64_t base, span; /* done before the piece, and by it */
    uint64_t sent, total;
};

/* What counts as done: where blocks are left out, those that are written. */
static void meter_begin(struct meter *meter, const struct x8_step *step,
                        const struct x8_flash_target *target)
{
    const struct x8_piece *piece = meter->piece;

    meter->base = step->gap_count ? target->written : piece->start;
    meter->span = step->gap_count ? piece->written : piece->end - piece->start;
}

/* The last block may be padded past the image, and a size taken from a trailer may be too small. */
static void tell_progress(const struct x8_op *op, uint64_t done, uint64_t total)
{
    x8_emit_progress(op, done, total && total < done ? done : total);
}

static void on_sent(void *ctx, size_t bytes)
{
    struct meter *meter = ctx;
    double len = (double)meter->piece->len;

    meter->sent += bytes;
    if (meter->sent <= meter->piece->len)
        tell_progress(meter->op,
                      meter->base + (uint64_t)((double)meter->span * (double)meter->sent / len),
                      meter->total);
}

static int send_piece(struct x8_job *job, struct x8_fastboot *fb, const struct x8_step *step,
                      const struct x8_piece *piece, struct x8_flash_target *target, uint64_t total,
                      struct x8_error *err)
{
    struct meter meter = {.op = &job->op, .piece = piece, .total = total};
    int limit = x8_write_limit_ms(piece->written, step->command->timeout_ms);
    int rc;

    meter_begin(&meter, step, target);
    fb->link->on_sent = on_sent;
    fb->link->on_sent_ctx = &meter;
    rc = x8_fb_download(fb, piece->data, piece->len, err);
    fb->link->on_sent = NULL;
    if (rc == 0) {
        job->result.touched = X8_TOUCHED_PARTLY;
        rc = x8_fb_flash(fb, step->command->partition, limit, err);
    }
    if (rc < 0) {
        x8_error_prefix(err, "at byte %llu of the image", (unsigned long long)piece->start);
        return rc;
    }
    target->sent += piece->len;
    target->written += piece->written;
    target->filled += piece->filled;
    target->skipped += piece->skipped;
    tell_progress(&job->op, meter.base + meter.span, total);
    return 0;
}

/* Bytes that the board will be told to write, for the bar; 0 unknown. */
static uint64_t bytes_to_write(const struct x8_step *step)
{
    return step->size == UINT64_MAX ? 0 : step->size - step->unused;
}

/* The wire side. Between pieces is the safe point for a stop. */
static int send_all(struct x8_job *job, struct x8_fastboot *fb, const struct x8_step *step,
                    struct decoder *decoder, struct x8_flash_target *target, struct x8_error *err)
{
    const struct x8_image_origin *origin = job->plan->options.origin;
    int limit = origin && !origin->path ? STREAM_LIMIT_MS : DECODE_LIMIT_MS;
    uint64_t total = bytes_to_write(step);
    struct x8_piece piece;
    int rc = 1;

    while (rc > 0) {
        rc = x8_cancel_check(job->op.cancel, X8_CANCEL_SOFT, err);
        if (rc == 0)
            rc = x8_ring_take(&decoder->ring, x8_deadline_in(limit), &piece, err);
        if (rc > 0) {
            int sent = send_piece(job, fb, step, &piece, target, total, err);

            x8_ring_release(&decoder->ring, &piece);
            if (sent < 0)
                rc = sent;
        }
    }
    return rc;
}

static int run_both(struct x8_job *job, struct x8_fastboot *fb, const struct x8_step *step,
                    struct decoder *decoder, struct x8_flash_target *target, struct x8_error *err)
{
    pthread_t thread;
    int rc = x8_ring_init(&decoder->ring, PIECE_COUNT, decoder->encode.piece_cap, err);

    if (rc < 0)
        return rc;
    rc = pthread_create(&thread, NULL, decode, decoder);
    if (rc != 0) {
        x8_ring_done(&decoder->ring);
        return x8_fail_sys(err, X8_E_INTERNAL, rc, "cannot start the decoding thread");
    }
    rc = send_all(job, fb, step, decoder, target, err);
    x8_ring_abort(&decoder->ring);
    pthread_join(thread, NULL);
    x8_ring_done(&decoder->ring);
    return rc;
}

/* As the board can take, as the script wishes (-S) and as a stop request can wait for. */
static size_t piece_cap(uint64_t max, uint32_t block, uint64_t split, int is_slow)
{
    uint64_t cap = is_slow ? SLOW_PIECE_CAP : PIECE_CAP;

    if (split && split < cap)
        cap = split;
    if (cap < PIECE_BLOCKS_MIN * (uint64_t)block)
        cap = PIECE_BLOCKS_MIN * (uint64_t)block;
    return (size_t)(max < cap ? max : cap);
}

/* What the board says of itself decides the shape of the pieces. */
static int ask_board(struct x8_fastboot *fb, const struct x8_step *step, int is_slow,
                     struct x8_encode *encode, struct x8_error *err)
{
    struct x8_error ignored;
    uint64_t max = 0, block = 0, capacity = 0;
    char name[96];
    int rc = x8_fb_getvar_u64(fb, "max-download-size", &max, err);

    if (rc < 0 && x8_code_of(rc) == X8_E_REFUSED)
        max = PIECE_CAP;
    else if (rc < 0)
        return rc;
    rc = x8_fb_getvar_u64(fb, "logical-block-size", &block, err);
    if (rc < 0 && x8_code_of(rc) == X8_E_REFUSED)
        block = 4096;
    else if (rc < 0)
        return rc;
    if (block < X8_SECTOR || block % X8_SECTOR || block > (1u << 20) ||
        max < PIECE_BLOCKS_MIN * block) {
        x8_fail(err, X8_E_REFUSED,
                "the loader is not ready to write: block size %llu, download limit %llu",
                (unsigned long long)block, (unsigned long long)max);
        x8_error_why(err, "U-Boot answers so before its storage was chosen");
        x8_error_next(err, "the script must say first: FB: ucmd setenv fastboot_dev mmc");
        return -(int)X8_E_REFUSED;
    }
    encode->block_size = (uint32_t)block;
    encode->piece_cap = piece_cap(max, (uint32_t)block, step->command->split, is_slow);
    snprintf(name, sizeof name, "partition-size:%s", step->command->partition);
    encode->capacity = UINT64_MAX;
    rc = x8_fb_getvar_u64(fb, name, &capacity, &ignored);
    if (rc == 0 && capacity)
        encode->capacity = capacity;
    else if (rc < 0 && x8_code_of(rc) != X8_E_REFUSED) {
        *err = ignored;
        return rc;
    }
    return 0;
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

    if (!target->written) {
        x8_fail(err, X8_E_BAD_IMAGE, "partition %s: %s holds nothing to write", target->partition,
                target->file);
        x8_error_why(err, "all of it is marked as unused, so that not a single byte was written");
        x8_error_next(err,
                      "use a complete image, or flash without --skip-unused and its block map");
        return -(int)X8_E_BAD_IMAGE;
    }
    if (target->written + (is_sparse ? 0 : target->skipped) == want && want)
        return 0;
    return x8_fail(err, X8_E_INTERNAL,
                   "partition %s: %llu bytes written and %llu left alone, %llu expected",
                   target->partition, (unsigned long long)target->written,
                   (unsigned long long)target->skipped, (unsigned long long)want);
}

static void tell_written(const struct x8_job *job, const struct x8_flash_target *target)
{
    char written[24], sent[24], skipped[24], left[64] = "";

    x8_size_text(written, target->written);
    x8_size_text(sent, target->sent);
    x8_size_text(skipped, target->skipped);
    if (target->skipped)
        snprintf(left, sizeof left, ", %s left as they were", skipped);
    x8_emit(&job->op, X8_EV_STAGE, "%s written to partition %s, %s sent%s", written,
            target->partition, sent, left);
}

int x8_feed_image(struct x8_job *job, struct x8_fastboot *fb, const struct x8_step *step,
                  struct x8_error *err)
{
    struct x8_regions regions = {0};
    struct decoder decoder = {.op = &job->op,
                              .encode = {.plan = job->plan, .step = step, .regions = &regions}};
    struct x8_flash_target *target;
    int64_t start = x8_now_ms();
    int rc = ask_board(fb, step, job->result.full_speed, &decoder.encode, err);

    if (rc < 0)
        return rc;
    if (step->size_exact && step->size > decoder.encode.capacity)
        return too_large(step, decoder.encode.capacity, err);
    if (job->how.verify == X8_VERIFY_NONE)
        decoder.encode.regions = NULL;
    target = x8_job_target(job, step, step->command->partition);
    job->op.stage = "write";
    x8_emit_enter(&job->op);
    x8_emit_progress(&job->op, 0, bytes_to_write(step));
    rc = run_both(job, fb, step, &decoder, target, err);
    target->bytes = decoder.image_bytes;
    if (rc == 0)
        rc = check_sum(target, decoder.encode.block_size, step->is_sparse, err);
    job->result.write_ms += x8_now_ms() - start;
    if (rc == 0)
        tell_written(job, target);
    if (rc == 0)
        rc = x8_verify(job, fb, step->place, &regions, target, err);
    if (rc == 0 && target->is_verified)
        x8_emit(&job->op, X8_EV_STAGE, "read back on the board, all equal");
    x8_regions_done(&regions);
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
