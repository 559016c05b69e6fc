/*
 * Holes: zeros need not be written where the eMMC was erased and reads as zeros. What an erased
 * eMMC reads as is a property of the device (JEDEC eMMC, EXT_CSD ERASED_MEM_CONT: zeros or ones),
 * so it is tried and proven, step by step, and what is not proven is filled as before.
 */
#include "flash/feed_parts.h"
#include "util/text.h"

#include <inttypes.h>
#include <stdio.h>

/* One answer must come within a known time. */
#define ERASE_STEP     (64u << 20)
#define ERASE_LIMIT_MS 60000
/* Of each step, at its beginning, middle and end. The verification reads all of it at the end. */
#define SAMPLE (64u << 10)
/* U-Boot widens an erase to whole groups of the eMMC; a usual group is 512 KiB. */
#define GROUP_MIN (4u << 20)

/* The eMMC erases in groups: nothing outside the image may be hit. 0 when it is not known. */
static int group_of(struct x8_feed *feed, uint64_t *group, struct x8_error *err)
{
    int rc = x8_fb_getvar_u64(feed->fb, "erase-block-size", group, err);

    if (rc < 0)
        return x8_code_of(rc) == X8_E_REFUSED ? 0 : rc;
    if (*group < X8_SECTOR || *group > ERASE_STEP || (*group & (*group - 1)))
        return 0;
    if (*group < GROUP_MIN)
        *group = GROUP_MIN;
    return 1;
}

static int is_zero_at(const struct x8_feed *feed, uint64_t start, uint64_t len,
                      struct x8_error *err)
{
    uint64_t mid = (start + len / 2) / X8_SECTOR * X8_SECTOR;
    int rc = x8_readback_is_zero(&feed->back, start, SAMPLE, err);

    if (rc > 0)
        rc = x8_readback_is_zero(&feed->back, mid, SAMPLE, err);
    return rc > 0 ? x8_readback_is_zero(&feed->back, start + len - SAMPLE, SAMPLE, err) : rc;
}

/* 1 erased and proven, 0 not, negative: the link. */
static int erase_step(struct x8_feed *feed, uint64_t start, uint64_t len, struct x8_error *err)
{
    char command[160];
    int rc;

    snprintf(command, sizeof command, "mmc dev %s 0 && mmc erase 0x%" PRIx64 " 0x%" PRIx64,
             feed->back.device, start / X8_SECTOR, len / X8_SECTOR);
    x8_journal_touch(feed->job->journal, &feed->job->op);
    if (feed->job->result.touched < X8_TOUCHED_MAYBE)
        feed->job->result.touched = X8_TOUCHED_MAYBE;
    rc = x8_shell_ask(feed->fb, command, ERASE_LIMIT_MS, err);
    if (rc <= 0)
        return rc;
    if (feed->job->result.touched < X8_TOUCHED_ERASED)
        feed->job->result.touched = X8_TOUCHED_ERASED;
    return is_zero_at(feed, start, len, err);
}

static void tell(struct x8_feed *feed, uint64_t end)
{
    char size[24];

    x8_size_text(size, end);
    if (end)
        x8_emit(&feed->job->op, X8_EV_STAGE, "%s erased, reads as zeros", size);
    else
        x8_emit(&feed->job->op, X8_EV_NOTICE,
                "erased parts of this eMMC do not read as zeros: zeros are written");
}

static int erase_all(struct x8_feed *feed, uint64_t end, struct x8_error *err)
{
    struct x8_job *job = feed->job;
    uint64_t at = 0;
    int rc = 1;

    job->op.stage = "erase";
    x8_emit_enter(&job->op);
    while (rc > 0 && at < end) {
        uint64_t len = end - at < ERASE_STEP ? end - at : ERASE_STEP;

        rc = x8_cancel_check(job->op.cancel, X8_CANCEL_SOFT, err);
        if (rc < 0)
            return rc;
        rc = erase_step(feed, at, len, err);
        at += rc > 0 ? len : 0;
        x8_emit_progress(&job->op, at, end);
    }
    job->progress.erased = (struct x8_range){0, at};
    if (rc >= 0)
        tell(feed, at);
    return rc < 0 ? rc : 0;
}

/* Is it the area of a whole disk, all of which the image covers? */
static int is_wanted(const struct x8_feed *feed)
{
    const struct x8_step *step = feed->step;

    return feed->job->how.may_erase && !feed->job->how.skip_same && feed->can_read_back &&
           !step->is_sparse && step->gap_count == 0 && step->size != UINT64_MAX &&
           step->place->hwpart == 0 && step->place->offset == 0;
}

int x8_feed_erase(struct x8_feed *feed, struct x8_error *err)
{
    uint64_t group = 0, end = feed->step->size;
    int rc;

    if (!is_wanted(feed))
        return 0;
    rc = group_of(feed, &group, err);
    if (rc <= 0)
        return rc;
    if (end > feed->encode.capacity)
        end = feed->encode.capacity;
    end -= end % group;
    return end ? erase_all(feed, end, err) : 0;
}
