/*
 * The proof: what was written is read back from the eMMC into the board's memory and its CRC-32
 * compared there, region by region. The loader's OKAY to a flash command is none: U-Boot 2022.04
 * and 2023.04 answer OKAY to a failed eMMC write.
 */
#include "flash/readback.h"
#include "util/clock.h"
#include "util/text.h"

#include <inttypes.h>

struct check {
    struct x8_job *job;
    struct x8_readback back;
    const struct x8_place *place;
    struct x8_flash_target *target;
};

static void note_bad(const struct check *check, uint64_t offset, uint64_t len, int unreadable)
{
    struct x8_flash_result *result = &check->job->result;
    struct x8_bad *last = result->bad_count ? &result->bad[result->bad_count - 1] : NULL;
    struct x8_bad bad = {.offset = offset, .len = len, .unreadable = unreadable};

    if (last && last->offset + last->len == offset && last->unreadable == unreadable) {
        last->len += len;
        return;
    }
    x8_copy(bad.partition, sizeof bad.partition, check->target->partition);
    if (result->bad_count < X8_BAD_MAX)
        result->bad[result->bad_count++] = bad;
}

/* Which MiB of a bad region is it, and can it be read at all? */
static int locate(const struct check *check, const struct x8_region *region, struct x8_error *err)
{
    for (uint64_t at = 0; at < region->len; at += X8_REGION_PART) {
        uint64_t len = region->len - at < X8_REGION_PART ? region->len - at : X8_REGION_PART;
        int rc = x8_readback_equal(&check->back, region->offset + at, len,
                                   region->parts[at / X8_REGION_PART], err);

        if (rc == 0) {
            rc = x8_readback_readable(&check->back, region->offset + at, len, err);
            if (rc >= 0)
                note_bad(check, region->offset + at, len, rc == 0);
        }
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int differs(const struct check *check, struct x8_error *err)
{
    const struct x8_flash_result *result = &check->job->result;
    const struct x8_bad *bad = &result->bad[0];

    x8_fail(err, X8_E_VERIFY, "partition %s: what was read back is not what was written",
            check->target->partition);
    if (result->bad_count == 0)
        x8_error_why(err, "a region of 64 MiB has another checksum, its MiBs by themselves do not: "
                          "the eMMC answers differently from one read to the next");
    else
        x8_error_why(err, "%s at byte %" PRIu64 ", %" PRIu64 " bytes%s; the loader said OKAY to it",
                     bad->unreadable ? "the eMMC cannot be read" : "the first difference lies",
                     bad->offset, bad->len, result->bad_count > 1 ? " and more places" : "");
    x8_error_next(err, "flash once more; if it fails at the same place, the eMMC is worn out");
    return -(int)X8_E_VERIFY;
}

static int check_regions(const struct check *check, const struct x8_regions *regions,
                         struct x8_error *err)
{
    uint64_t total = x8_regions_bytes(regions), done = 0;
    int is_bad = 0;

    for (size_t i = 0; i < regions->count; i++) {
        const struct x8_region *region = &regions->items[i];
        int rc = x8_cancel_check(check->job->op.cancel, X8_CANCEL_SOFT, err);

        if (rc == 0)
            rc = x8_readback_equal(&check->back, region->offset, region->len, region->crc, err);
        if (rc == 0) {
            is_bad = 1;
            rc = locate(check, region, err);
        }
        if (rc < 0) {
            x8_error_prefix(err, "while reading back partition %s", check->target->partition);
            return rc;
        }
        done += region->len;
        if (check->place->hwpart == 0)
            x8_emit_progress(&check->job->op, done, total);
        /* Enough is known after the first few: the rest would only take time. */
        if (check->job->result.bad_count == X8_BAD_MAX)
            break;
    }
    return is_bad ? differs(check, err) : 0;
}

int x8_verify_cannot(struct x8_job *job, const char *reason, struct x8_error *err)
{
    if (!job->result.unproven[0])
        x8_copy(job->result.unproven, sizeof job->result.unproven, reason);
    if (job->how.verify != X8_VERIFY_FULL)
        return 0;
    x8_fail(err, X8_E_VERIFY, "what was written cannot be verified");
    x8_error_why(err, "%s", reason);
    x8_error_next(err, "without proof: --verify auto");
    return -(int)X8_E_VERIFY;
}

int x8_verify(struct x8_job *job, struct x8_fastboot *fb, const struct x8_place *place,
              const struct x8_regions *regions, struct x8_flash_target *target,
              struct x8_error *err)
{
    struct check check = {.job = job, .place = place, .target = target};
    int64_t start = x8_now_ms();
    int rc;

    if (job->how.verify == X8_VERIFY_NONE)
        return x8_verify_cannot(job, "verification was switched off", err);
    if (!place)
        return x8_verify_cannot(job, "the place of the partition on the eMMC is not known", err);
    rc = x8_readback_open(job, fb, place, &check.back, err);
    if (rc == 0)
        return x8_verify_cannot(job, "the loader cannot compute checksums (no crc32 -v)", err);
    if (rc > 0) {
        /* Boot areas are small: theirs is no stage of its own. */
        if (place->hwpart == 0) {
            job->op.stage = "verify";
            x8_emit_enter(&job->op);
        }
        rc = check_regions(&check, regions, err);
    }
    job->result.verify_ms += x8_now_ms() - start;
    target->is_verified = rc == 0;
    job->proven += rc == 0;
    return rc;
}
