/*
 * --skip-unused without a block map: the image is decoded once, its partition table, ext2/3/4
 * bitmaps and FATs say which blocks hold something, and the rest become gaps for the encoder.
 *
 * The whole image passes before any board is touched, so that its size and its wholeness are known
 * from here on.
 */
#include "flash/plan.h"

#include "util/digest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Bytes between two reports of progress. */
#define REPORT_EVERY (16u << 20)

/* Tells how far the image has passed, and passes it on. */
struct passing {
    struct x8_sink sink;
    struct x8_sink *next;
    const struct x8_op *op;
    uint64_t done, told, total;
    uint32_t crc;
};

static void tell(struct passing *passing)
{
    uint64_t total = passing->total;

    /* A size taken from a trailer may be too small. */
    passing->told = passing->done;
    x8_emit_progress(passing->op, passing->done,
                     total && total < passing->done ? passing->done : total);
}

static int passing_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct passing *passing = X8_CONTAINER(sink, struct passing, sink);

    passing->crc = x8_crc32(passing->crc, data, len);
    passing->done += len;
    if (passing->done - passing->told >= REPORT_EVERY)
        tell(passing);
    return passing->next->ops->push(passing->next, data, len, err);
}

static int passing_finish(struct x8_sink *sink, struct x8_error *err)
{
    struct passing *passing = X8_CONTAINER(sink, struct passing, sink);

    passing->total = passing->done;
    tell(passing);
    return passing->next->ops->finish(passing->next, err);
}

static int read_image(const struct x8_op *op, const struct x8_plan *plan, struct x8_step *step,
                      struct x8_usedmap *map, struct x8_error *err)
{
    static const struct x8_sink_ops ops = {passing_push, passing_finish};
    X8_AUTO_READER reader = NULL;
    struct passing passing = {.sink.ops = &ops,
                              .next = x8_usedmap_sink(map),
                              .op = op,
                              .total = step->size == UINT64_MAX ? 0 : step->size};
    int64_t n = x8_input_open(plan->set, &step->input, &reader, err);

    if (n == 0)
        n = x8_pump(op, reader, &passing.sink, err);
    if (n < 0)
        x8_error_prefix(err, "%s", x8_input_name(&step->input));
    step->map_crc = passing.crc;
    return n < 0 ? (int)n : 0;
}

/* What its table promises must be there: with an unknown size this was not looked at before. */
static int check_end(const struct x8_step *step, const struct x8_usedmap *map, struct x8_error *err)
{
    uint64_t end = x8_usedmap_table(map)->end, size = x8_usedmap_size(map);

    if (end <= size)
        return 0;
    x8_fail(err, X8_E_BAD_IMAGE, "%s is cut short", x8_input_name(&step->input));
    x8_error_why(err, "its partitions end at byte %" PRIu64 ", the image at %" PRIu64, end, size);
    x8_error_next(err, "download the image again");
    return -(int)X8_E_BAD_IMAGE;
}

static void tell_parts(const struct x8_op *op, const struct x8_step *step)
{
    for (size_t i = 0; i < step->used_part_count; i++) {
        const struct x8_used_part *part = &step->used_parts[i];

        if (part->note[0])
            x8_emit(op, X8_EV_DETAIL, "partition %zu counts as used from end to end: %s", i + 1,
                    part->note);
        else
            x8_emit(op, X8_EV_DETAIL,
                    "partition %zu, %s%s%s: %" PRIu64 " of %" PRIu64 " bytes in use", i + 1,
                    part->kind, part->label[0] ? " " : "", part->label, part->used, part->len);
    }
}

static int take_map(const struct x8_op *op, struct x8_step *step, const struct x8_usedmap *map,
                    struct x8_error *err)
{
    const struct x8_used_part *parts;
    size_t count = x8_usedmap_parts(map, &parts);
    int n;

    step->size = x8_usedmap_size(map);
    step->size_exact = 1;
    step->used_parts = calloc(count ? count : 1, sizeof *step->used_parts);
    if (!step->used_parts)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for the map of used blocks");
    memcpy(step->used_parts, parts, count * sizeof *parts);
    step->used_part_count = count;
    n = x8_usedmap_gaps(map, &step->gaps, err);
    if (n < 0)
        return n;
    step->gap_count = (size_t)n;
    step->unused = step->size - x8_usedmap_used(map);
    step->skip_by = X8_SKIP_MAP;
    tell_parts(op, step);
    return 0;
}

int x8_plan_map_unused(const struct x8_op *op, const struct x8_plan *plan, struct x8_step *step,
                       struct x8_error *err)
{
    struct x8_op here = *op;
    struct x8_usedmap *map = NULL;
    int rc = x8_usedmap_new(step->size_exact ? step->size : 0, &map, err);

    here.stage = "map";
    x8_emit_enter(&here);
    if (rc == 0)
        rc = read_image(&here, plan, step, map, err);
    if (rc == 0)
        rc = check_end(step, map, err);
    if (rc == 0)
        rc = take_map(&here, step, map, err);
    if (rc == 0)
        x8_emit(&here, X8_EV_STAGE, "the image was read once, its file systems say what is in use");
    x8_usedmap_free(&map);
    return rc;
}
