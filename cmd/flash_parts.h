/*
 * Inside of `flash`: its options, and the run once the plan stands.
 */
#ifndef X8_CMD_FLASH_PARTS_H
#define X8_CMD_FLASH_PARTS_H

#include "flash_source.h"

#include "board/carriers.h"

/* wait_ms when nobody said --wait. */
#define X8_WAIT_UNSET INT64_MIN

struct x8_flash_opt {
    int only, skip_unused, via_boot_erase, no_cache;
    int resume, skip_same, transfer, may_erase, no_wait;
    int64_t wait_ms;
    const char *script, *carrier;
};
extern struct x8_flash_opt x8_flash_opt;

/* What is known of a run before its boards are: the plan, where it came from, the carrier. */
struct x8_flashing {
    struct x8_flash_source *source;
    struct x8_plan *plan;
    const struct x8_carrier *row; /* NULL: not said */
};

/* Choose the boards, ask, write, watch; with --dry-run measure only. */
int x8_flash_go(struct x8_ctx *ctx, const struct x8_flashing *flashing, struct x8_error *err);

#endif
