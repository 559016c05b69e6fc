/*
 * Checksums on the board.
 */
#include "flash/readback.h"

#include "util/digest.h"

#include <inttypes.h>
#include <stdio.h>

/* 64 MiB are read and summed in under a second; a worn eMMC may be ten times slower. */
#define REGION_LIMIT_MS 60000
#define PROBE_LIMIT_MS  10000

int x8_shell_ask(struct x8_fastboot *fb, const char *command, int limit_ms, struct x8_error *err)
{
    int rc = x8_fb_ucmd(fb, command, limit_ms, err);

    if (rc < 0)
        return x8_code_of(rc) == X8_E_REFUSED ? 0 : rc;
    return 1;
}

/*
 * A missing command would look like bad data, so that the loader must first say yes to a true
 * checksum and no to a wrong one.
 */
static int probe(struct x8_job *job, struct x8_fastboot *fb, struct x8_error *err)
{
    int yes, no;

    if (job->can_verify >= 0)
        return job->can_verify;
    yes = x8_shell_ask(fb, "crc32 -v " X8_BOARD_BUFFER " 0 00000000", PROBE_LIMIT_MS, err);
    if (yes < 0)
        return yes;
    no = x8_shell_ask(fb, "crc32 -v " X8_BOARD_BUFFER " 0 00000001", PROBE_LIMIT_MS, err);
    if (no < 0)
        return no;
    job->can_verify = yes == 1 && no == 0;
    return job->can_verify;
}

int x8_shell_device(struct x8_fastboot *fb, const char **out, struct x8_error *err)
{
    int rc = x8_shell_ask(fb, "test -n \"${target_ubootdev}\"", PROBE_LIMIT_MS, err);

    if (rc == 1)
        *out = "${target_ubootdev}";
    if (rc != 0)
        return rc < 0 ? rc : 0;
    rc = x8_shell_ask(fb, "test -n \"${mmcdev}\"", PROBE_LIMIT_MS, err);
    if (rc >= 0)
        *out = rc ? "${mmcdev}" : "2";
    return rc < 0 ? rc : 0;
}

int x8_readback_open(struct x8_job *job, struct x8_fastboot *fb, const struct x8_place *place,
                     struct x8_readback *out, struct x8_error *err)
{
    int rc = probe(job, fb, err);

    *out = (struct x8_readback){.job = job, .fb = fb, .place = place};
    if (rc <= 0)
        return rc;
    rc = x8_shell_device(fb, &out->device, err);
    return rc < 0 ? rc : 1;
}

/* `sum` is what follows the read. */
static int read_and(const struct x8_readback *back, uint64_t offset, uint64_t len, const char *sum,
                    struct x8_error *err)
{
    uint64_t at = back->place->offset + offset;
    char command[256];

    snprintf(command, sizeof command,
             "mmc dev %s %d && mmc read " X8_BOARD_BUFFER " 0x%" PRIx64 " 0x%" PRIx64 "%s",
             back->device, back->place->hwpart, at / X8_SECTOR, (len + X8_SECTOR - 1) / X8_SECTOR,
             sum);
    return x8_shell_ask(back->fb, command, REGION_LIMIT_MS, err);
}

int x8_readback_equal(const struct x8_readback *back, uint64_t offset, uint64_t len, uint32_t crc,
                      struct x8_error *err)
{
    char sum[80];

    snprintf(sum, sizeof sum, " && crc32 -v " X8_BOARD_BUFFER " 0x%" PRIx64 " %08" PRIx32, len,
             crc);
    return read_and(back, offset, len, sum, err);
}

int x8_readback_readable(const struct x8_readback *back, uint64_t offset, uint64_t len,
                         struct x8_error *err)
{
    return read_and(back, offset, len, "", err);
}

int x8_readback_is_zero(const struct x8_readback *back, uint64_t offset, uint64_t len,
                        struct x8_error *err)
{
    int rc = 1;

    while (rc > 0 && len) {
        uint64_t n = len < X8_REGION_MAX ? len : X8_REGION_MAX;

        rc = x8_readback_equal(back, offset, n, x8_crc32_zeros(0, n), err);
        offset += n;
        len -= n;
    }
    return rc;
}

int x8_readback_regions(const struct x8_readback *back, const struct x8_regions *regions,
                        struct x8_error *err)
{
    int rc = 1;

    for (size_t i = 0; rc > 0 && i < regions->count; i++)
        rc = x8_readback_equal(back, regions->items[i].offset, regions->items[i].len,
                               regions->items[i].crc, err);
    return rc;
}
