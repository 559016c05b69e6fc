/*
 * What a board can take: asked before an image is cut into pieces.
 */
#include "flash/feed_parts.h"

#include <stdio.h>

/* 16 MiB keep the turnaround of a piece below a few percent of its time on the wire; a few of them
 * bound the memory. */
#define PIECE_CAP (16u << 20)
/* At full speed about two seconds: a stop request takes effect between pieces. */
#define SLOW_PIECE_CAP (2u << 20)
/* Header, leading chunk and a few blocks of data must go into every piece. */
#define PIECE_BLOCKS_MIN 8u

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

int x8_feed_ask(struct x8_feed *feed, struct x8_error *err)
{
    const struct x8_step *step = feed->step;
    struct x8_fastboot *fb = feed->fb;
    struct x8_encode *encode = &feed->encode;
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
    encode->piece_cap =
        piece_cap(max, (uint32_t)block, step->command->split, feed->job->result.full_speed);
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
