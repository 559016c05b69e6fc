/*
 * Measuring a plan: everything that would be streamed is decoded to its proven end and counted;
 * nothing is sent.
 */
#include "flash/encode.h"

#include <stdlib.h>

#define MEASURE_PIECE (16u << 20)

struct counter {
    uint8_t *buffer;
    struct x8_measure *out;
    const struct x8_op *op;
    const struct x8_step *step;
    uint64_t total, written;
};

static int counter_get(void *ctx, uint8_t **data, void **owner, struct x8_error *err)
{
    struct counter *counter = ctx;

    (void)err;
    *data = counter->buffer;
    *owner = NULL;
    return 0;
}

static int counter_put(void *ctx, const struct x8_piece *piece, struct x8_error *err)
{
    struct counter *counter = ctx;
    uint64_t done;

    (void)err;
    counter->out->sent_bytes += piece->len;
    counter->out->fill_bytes += piece->filled;
    counter->out->skipped_bytes += piece->skipped;
    counter->out->pieces++;
    counter->written += piece->written;
    done = counter->step->gap_count ? counter->written : piece->end;
    /* Padding may lead past the image, and its size may not be certain. */
    x8_emit_progress(counter->op, done,
                     counter->total && counter->total < done ? done : counter->total);
    return 0;
}

static int measure_step(const struct x8_op *op, const struct x8_plan *plan,
                        const struct x8_step *step, uint32_t block_size, struct x8_measure *out,
                        struct x8_error *err)
{
    struct counter counter = {.buffer = malloc(MEASURE_PIECE),
                              .out = out,
                              .op = op,
                              .step = step,
                              .total = step->size == UINT64_MAX ? 0 : step->size - step->unused};
    struct x8_piece_port port = {counter_get, counter_put, &counter};
    struct x8_encode encode = {.plan = plan,
                               .step = step,
                               .block_size = block_size,
                               .piece_cap = MEASURE_PIECE,
                               .capacity = UINT64_MAX};
    int64_t n;

    if (!counter.buffer)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for a piece");
    n = x8_encode_run(op, &encode, &port, err);
    free(counter.buffer);
    if (n < 0)
        return (int)n;
    out->image_bytes += (uint64_t)n;
    return 0;
}

int x8_plan_measure(const struct x8_op *op, const struct x8_plan *plan, uint32_t block_size,
                    struct x8_measure *out, struct x8_error *err)
{
    struct x8_op here = *op;
    struct x8_measure sum = {0};
    int rc = 0;

    here.stage = "measure";
    for (size_t i = 0; rc == 0 && i < plan->step_count; i++) {
        const struct x8_step *step = &plan->steps[i];

        if (step->is_skipped || step->command->verb != X8_VERB_FLASH)
            continue;
        if (step->is_streamed)
            rc = measure_step(&here, plan, step, block_size, &sum, err);
        else
            sum.sent_bytes += step->bytes.len;
    }
    if (rc == 0)
        *out = sum;
    return rc;
}
