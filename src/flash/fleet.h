/*
 * Several boards at once: one thread, one job and one result each, over one plan that nobody
 * changes. One failure does not stop the others.
 */
#ifndef X8_FLASH_FLEET_H
#define X8_FLASH_FLEET_H

#include "flash/job.h"

/* usbfs lends 16 MiB to all programs together and every board wants two pieces of memory: more
 * boards gain nothing. */
#define X8_FLEET_MAX 32

struct x8_fleet_board {
    char port[X8_PORT_LEN];
    char label[X8_STRING_LEN];  /* for messages; differs for every board */
    struct x8_journal *journal; /* taken; NULL: none is kept */
    const struct x8_past *past; /* borrowed; NULL: nothing is resumed */
};

struct x8_fleet {
    struct x8_bus *bus;         /* borrowed */
    const struct x8_plan *plan; /* borrowed */
    struct x8_op op;            /* emit and cancel for all */
    struct x8_flash_how how;
    int64_t arrive_ms, stage_ms; /* limits, see job.h */
};

/*
 * Run on all boards; `results` has `count` places. 0 when all are good; the only board's own code
 * when there is one; X8_E_SOME_FAILED otherwise (the same code for all failures: that code).
 */
int x8_fleet_run(const struct x8_fleet *fleet, const struct x8_fleet_board *boards, size_t count,
                 struct x8_flash_result *results, struct x8_error *err);

#endif
