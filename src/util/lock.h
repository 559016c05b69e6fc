/*
 * A lock between processes: one file, held while its descriptor is open, released by the kernel
 * however the process ends.
 */
#ifndef X8_UTIL_LOCK_H
#define X8_UTIL_LOCK_H

#include "util/error.h"

/*
 * Take the lock file `path`, making its folder (mode 0700) when it is missing. Never waits:
 * X8_E_BUSY with the holder's process id when another process (or another descriptor of this one)
 * has it. Returns the descriptor; close it to let go. A folder that cannot be made or written is no
 * error: -1 in *out_fd and 0, since a missing lock must not stop the only user of a computer.
 */
int x8_lock_take(const char *path, int *out_fd, struct x8_error *err);

/* What this process does that has the lock, and how it is ended, for the message of the next one:
 * "forwards ports of it" and a next step. Nothing when it has not got it. */
void x8_lock_note(const char *path, const char *doing, const char *next);

#endif
