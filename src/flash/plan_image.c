/*
 * The check of an OS image before any board is touched: it can be opened, it is a disk image, its
 * size agrees with its partition table, its block map belongs to it.
 */
#include "flash/plan.h"

#include "util/text.h"

#include <stdlib.h>

#define BMAP_MAX (32u << 20)
#define HEAD_LEN (64u << 10)
/* Images end with their last partition, give or take alignment. */
#define SLACK_MAX (64u << 20)

static ssize_t read_away(const struct x8_op *op, struct x8_reader *reader, struct x8_error *err)
{
    static const size_t chunk = 256u << 10;
    uint8_t *away = malloc(chunk);
    int rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, err);
    ssize_t n = rc;

    if (rc == 0)
        n = away ? x8_read_full(reader, away, chunk, err)
                 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    free(away);
    return n;
}

/*
 * gzip keeps the size of its last member modulo 4 GiB in its last bytes. When that fits the
 * partition table it is believed; when not, the file has several members or was cut, and is decoded
 * to its end here, while the board is still untouched.
 */
static int settle_size(const struct x8_op *op, const struct x8_plan *plan, struct x8_step *step,
                       uint64_t table_end, struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    uint64_t size = step->size, total = 0;
    ssize_t n;
    int rc;

    if (step->size == UINT64_MAX || step->size_exact || !table_end)
        return 0;
    if (size < table_end)
        size += (table_end - size + UINT32_MAX) >> 32 << 32;
    if (size - table_end <= SLACK_MAX && size % X8_SECTOR == 0) {
        step->size = size;
        return 0;
    }
    x8_emit(op, X8_EV_DETAIL, "%s: its size is not certain, reading it to the end",
            x8_input_name(&step->input));
    rc = x8_input_open(plan->set, &step->input, &reader, err);
    if (rc < 0)
        return rc;
    while ((n = read_away(op, reader, err)) > 0)
        total += (uint64_t)n;
    if (n < 0)
        return (int)n;
    step->size = total;
    step->size_exact = 1;
    return 0;
}

/* Does the table of the image agree with what is known of its size? A cut image shows here, before
 * the board is touched. */
static int check_table(const struct x8_op *op, const struct x8_plan *plan, struct x8_step *step,
                       struct x8_span head, struct x8_error *err)
{
    struct x8_parttable table;
    int rc = x8_parttable_read(head, &table, err);

    if (rc < 0) {
        x8_error_prefix(err, "%s", x8_input_name(&step->input));
        return rc;
    }
    if (table.kind == X8_TABLE_NONE && plan->options.is_flash) {
        x8_fail(err, X8_E_BAD_IMAGE, "%s is not a disk image", x8_input_name(&step->input));
        x8_error_why(err, "it has no partition table (MBR or GPT) and is no sparse image");
        x8_error_next(err, "use the .wic or .wic.gz of a Portenta X8 release");
        return -(int)X8_E_BAD_IMAGE;
    }
    rc = settle_size(op, plan, step, table.end, err);
    if (rc < 0)
        return rc;
    if (step->size != UINT64_MAX && step->size_exact && table.end > step->size) {
        x8_fail(err, X8_E_BAD_IMAGE, "%s is cut short", x8_input_name(&step->input));
        x8_error_why(err, "its partitions end at byte %llu, the image at %llu",
                     (unsigned long long)table.end, (unsigned long long)step->size);
        x8_error_next(err, "download the image again");
        return -(int)X8_E_BAD_IMAGE;
    }
    return 0;
}

/* What the file itself is large is of no interest to anybody; the header says how far it writes. */
static void take_sparse_size(struct x8_step *step, struct x8_span head)
{
    step->size = UINT64_MAX;
    step->size_exact = 0;
    if (head.len >= X8_SPARSE_HEADER)
        step->size = (uint64_t)x8_get_le32(head.data + 12) * (uint64_t)x8_get_le32(head.data + 16);
}

/* The first bytes of an image, decoded: empty, tiny, damaged and unknown inputs end here. */
static int check_head(const struct x8_op *op, const struct x8_plan *plan, struct x8_step *step,
                      struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    X8_AUTO_BUF head = {0};
    uint8_t more;
    ssize_t n;
    int rc = x8_input_open(plan->set, &step->input, &reader, err);

    if (rc < 0)
        return rc;
    if (x8_buf_reserve(&head, HEAD_LEN) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    n = x8_read_full(reader, head.data, HEAD_LEN, err);
    if (n < 0)
        return (int)n;
    head.len = (size_t)n;
    if (n == 0) {
        x8_fail(err, X8_E_BAD_IMAGE, "%s is empty", x8_input_name(&step->input));
        x8_error_why(err, "there is not a single byte in it");
        x8_error_next(err, "download the image again");
        return -(int)X8_E_BAD_IMAGE;
    }
    if (n < (ssize_t)HEAD_LEN || (n = x8_read(reader, &more, 1, err)) == 0) {
        step->size = head.len;
        step->size_exact = 1;
    } else if (n < 0) {
        return (int)n;
    }
    step->is_sparse = x8_sparse_is(x8_buf_span(&head));
    if (step->is_sparse)
        take_sparse_size(step, x8_buf_span(&head));
    return step->is_sparse ? 0 : check_table(op, plan, step, x8_buf_span(&head), err);
}

static int load_bmap(const struct x8_op *op, const struct x8_plan *plan, struct x8_step *step,
                     struct x8_error *err)
{
    struct x8_file_input map = {0};
    X8_AUTO_BUF xml = {0};
    const char *named = step->command->bmap;
    int substituted, rc;

    if (step->command->no_bmap || step->is_sparse)
        return 0;
    if (named) {
        rc = x8_input_find(plan->set, plan->script_dir, named, X8_ROLE_OTHER, &map, &substituted,
                           err);
        if (rc < 0)
            return rc;
    } else if (!x8_input_find_bmap(plan->set, &step->input, &map)) {
        return 0;
    }
    rc = x8_input_load(plan->set, &map, BMAP_MAX, &xml, err);
    if (rc == 0)
        rc = x8_bmap_parse(x8_buf_span(&xml), &step->bmap, err);
    if (rc < 0) {
        x8_error_prefix(err, "%s", x8_input_name(&map));
        if (!err->next[0])
            x8_error_next(err, "remove the block map to flash without it, or download it again");
    } else {
        step->has_bmap = 1;
        x8_emit(op, X8_EV_DETAIL, "block map %s: %zu ranges", x8_input_name(&map),
                step->bmap.count);
    }
    x8_input_done(&map);
    return rc;
}

static int apply_bmap(const struct x8_plan *plan, struct x8_step *step, struct x8_error *err)
{
    int n;

    if (!step->has_bmap)
        return 0;
    if (step->size_exact && step->size != step->bmap.image_size) {
        x8_fail(err, X8_E_BAD_DIGEST, "the block map does not belong to %s",
                x8_input_name(&step->input));
        x8_error_why(err, "the map is for %llu bytes, the image has %llu",
                     (unsigned long long)step->bmap.image_size, (unsigned long long)step->size);
        x8_error_next(err, "remove the block map, or use the one made for this image");
        return -(int)X8_E_BAD_DIGEST;
    }
    step->size = step->bmap.image_size;
    step->size_exact = 1;
    /* Unmapped blocks are written as they are in the image unless somebody asked to leave them: the
     * eMMC was not erased. */
    if (!plan->options.skip_unused && !step->command->bmap)
        return 0;
    n = x8_bmap_gaps(&step->bmap, &step->gaps, err);
    if (n < 0)
        return n;
    step->gap_count = (size_t)n;
    step->skip_by = X8_SKIP_BMAP;
    for (size_t i = 0; i < step->gap_count; i++)
        step->unused += step->gaps[i].end - step->gaps[i].start;
    return 0;
}

/* What will be left out, and who says so. */
static void tell_unused(const struct x8_op *op, const struct x8_step *step)
{
    char used[24], all[24], left[24];

    if (step->is_sparse) {
        x8_emit(op, X8_EV_NOTICE,
                "%s is a sparse image: it is sent as its maker made it, unused blocks are not "
                "looked for",
                x8_input_name(&step->input));
        return;
    }
    if (!step->unused) {
        x8_emit(op, X8_EV_NOTICE, "nothing of %s is known to be unused: all of it is sent",
                x8_input_name(&step->input));
        return;
    }
    x8_size_text(used, step->size - step->unused);
    x8_size_text(all, step->size);
    x8_size_text(left, step->unused);
    x8_emit(op, X8_EV_NOTICE,
            "%s of %s are in use and will be sent (says %s); %s are not, and stay on the board as "
            "they are",
            used, all,
            step->skip_by == X8_SKIP_BMAP ? "the block map beside the image"
                                          : "the image's own file systems",
            left);
}

int x8_plan_check_image(const struct x8_op *op, struct x8_plan *plan, struct x8_step *step,
                        struct x8_error *err)
{
    int rc;

    step->is_streamed = 1;
    step->size = x8_input_size(plan->set, &step->input, &step->size_exact);
    rc = check_head(op, plan, step, err);
    if (rc == 0)
        rc = load_bmap(op, plan, step, err);
    if (rc == 0)
        rc = apply_bmap(plan, step, err);
    if (rc == 0 && plan->options.skip_unused && !step->has_bmap && !step->is_sparse)
        rc = x8_plan_map_unused(op, plan, step, err);
    if (rc == 0 && plan->options.skip_unused)
        tell_unused(op, step);
    return rc;
}
