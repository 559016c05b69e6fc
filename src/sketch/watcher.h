/*
 * The board's own programming of sketches: a systemd path unit watches one file and starts a
 * service, which lets OpenOCD program the M4. What they say, read. Pure functions.
 *
 * Sources: meta-partner, recipes-kernel/linux-firmware (monitor-m4-elf-file.path and .service,
 * program-m4.sh); systemd, systemctl show; OpenOCD, src/flash/startup.tcl (its starred lines).
 */
#ifndef X8_SKETCH_WATCHER_H
#define X8_SKETCH_WATCHER_H

#include "util/bytes.h"
#include "util/error.h"

#include <stdint.h>

#define X8_SKETCH_FOLDER    "/tmp/arduino"
#define X8_SKETCH_TARGET    X8_SKETCH_FOLDER "/m4-user-sketch.elf"
#define X8_SKETCH_PATH_UNIT "monitor-m4-elf-file.path"
#define X8_SKETCH_SERVICE   "monitor-m4-elf-file.service"

struct x8_watcher {
    int has_units;             /* the image has them */
    char path_state[16];       /* ActiveState: active, inactive, failed */
    char path_sub[16];         /* SubState: waiting, running */
    char path_result[40];      /* success, unit-start-limit-hit, start-limit-hit */
    char service_state[16];    /* ActiveState: inactive, activating, failed */
    char service_result[40];   /* success, exit-code, timeout, start-limit-hit */
    char invocation[40];       /* of the last or running start; "" when never */
    int exit_status;           /* ExecMainStatus */
    uint64_t start_us, end_us; /* board's monotonic clock, microseconds; 0: not yet */
    int hides_status; /* programs through a script that ends with 0 always (images 95): only the
                         journal knows */
};

/* `systemctl show` of both units, path unit first, separated by an empty line. X8_E_LINK when it is
 * not that. */
int x8_watcher_parse(struct x8_span text, struct x8_watcher *out, struct x8_error *err);

/* 1 while a run is under way (or about to be). */
int x8_watcher_is_busy(const struct x8_watcher *watcher);

/* 1 when the watcher no longer listens because it was triggered too often. */
int x8_watcher_is_dead(const struct x8_watcher *watcher);

enum x8_openocd_verdict {
    X8_OPENOCD_UNKNOWN,  /* the text does not say */
    X8_OPENOCD_VERIFIED, /* programmed and verified */
    X8_OPENOCD_FAILED,
};
struct x8_openocd {
    enum x8_openocd_verdict verdict;
    int has_reset;    /* the M4 was started afterwards */
    char reason[200]; /* of a failure: OpenOCD's own line, control characters made safe; else "" */
    char cause[160];  /* what that means, in words; "" when not known */
};

/* Read the journal of one run. Verified only with OpenOCD's word for it and no failure behind. */
void x8_openocd_judge(struct x8_span text, struct x8_openocd *out);

#endif
