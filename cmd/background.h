/*
 * A command that goes on without its terminal. No thread survives a fork, so it is not forked when
 * it is ready: the program is started a second time with the same command line, does everything in
 * front of the user (questions, errors), and lets go of the terminal when it serves. The first one
 * waits for that moment and ends with its result.
 */
#ifndef X8_CMD_BACKGROUND_H
#define X8_CMD_BACKGROUND_H

#include "cmd.h"

/* 1 in the second process. */
int x8_background_is_child(void);

/* In the first: start the second and wait until it serves or has ended. 0, or its exit status
 * (positive: it has said why), or a negative code. */
int x8_background_start(struct x8_ctx *ctx, struct x8_error *err);

/* In the second, before anything is said: get what letting go needs. X8_E_HOST_SPACE when there are
 * too few descriptors for it. */
int x8_background_prepare(struct x8_error *err);

/* In the second, prepared: all is said. Streams lead to nowhere from here on, the terminal's
 * signals are none of ours, and the first process ends with 0. */
int x8_background_detach(struct x8_ctx *ctx, struct x8_error *err);

#endif
