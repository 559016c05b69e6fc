/*
 * How a run on boards is told at its end: one line a board on stdout, or one JSON document.
 */
#ifndef X8_CMD_FLASH_REPORT_H
#define X8_CMD_FLASH_REPORT_H

#include "cmd.h"
#include "flash/fleet.h"

/* Print the results. With --json also what was measured of the plan. */
void x8_report_results(struct x8_ctx *ctx, const struct x8_plan *plan,
                       const struct x8_flash_result *results, size_t count);

/* Print what --dry-run found. */
void x8_report_measure(struct x8_ctx *ctx, const struct x8_plan *plan,
                       const struct x8_measure *measure);

#endif
