/*
 * The user's terminal as a wire: keys go out as they are typed, Ctrl-C too. Put back on every way
 * out: by x8_rawtty_leave, and by the signal thread before it ends the process.
 */
#ifndef X8_UI_RAWTTY_H
#define X8_UI_RAWTTY_H

#include "util/error.h"

#include <poll.h>

/* Make the terminal on stdin raw. X8_E_USAGE when stdin is none. */
int x8_rawtty_enter(struct x8_error *err);

/* Put it back; harmless when it was never entered. Any thread. */
void x8_rawtty_leave(void);

/* 1 and the size of the terminal on stdout, else on stdin; 0 when neither is one. */
int x8_rawtty_size(unsigned *out_rows, unsigned *out_cols);

/* Wait without limit until one of `fds` is ready: their count, with revents set. -1 when the size
 * of the window changed meanwhile. From one thread at a time. */
int x8_rawtty_wait(struct pollfd *fds, nfds_t count);

#endif
