/*
 * How a run on boards is told at its end: one line a board on stdout, or one JSON document.
 */
#ifndef X8_CMD_FLASH_REPORT_H
#define X8_CMD_FLASH_REPORT_H

#include "cmd.h"
#include "flash/fleet.h"
#include "flash_wait.h"

/* Print the results: before the watch with `came` NULL, and then once more with what came up, for
 * which text has further lines and JSON a new document. */
void x8_report_results(struct x8_ctx *ctx, const struct x8_plan *plan,
                       const struct x8_flash_result *results, const struct x8_came_up *came,
                       size_t count);

/* Print what --dry-run found; `how` the image would be written. */
void x8_report_measure(struct x8_ctx *ctx, const struct x8_plan *plan,
                       const struct x8_measure *measure, const struct x8_flash_how *how);

#endif
