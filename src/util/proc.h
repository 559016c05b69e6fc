/*
 * Run a command of the host (script verbs `sh`, `shell`, `<`), only ever after the user allowed it.
 */
#ifndef X8_UTIL_PROC_H
#define X8_UTIL_PROC_H

#include "util/op.h"

/* One line of the command's output, without its line end. */
typedef void x8_proc_line_fn(void *ctx, const char *line);

/*
 * Run `command` with /bin/sh -c in its own process group, stdin from /dev/null, stdout and stderr
 * merged. The group is killed on HARD cancel and at `deadline` (X8_E_TIMEOUT). A status other than
 * 0 is X8_E_REFUSED with the last line as cause. posix_spawn, never fork: other threads run.
 */
int x8_proc_run(const struct x8_op *op, const char *command, int64_t deadline,
                x8_proc_line_fn *on_line, void *ctx, struct x8_error *err);

#endif
