/*
 * Which of several boards is meant, asked by number on a terminal.
 */
#ifndef X8_CMD_CHOICE_H
#define X8_CMD_CHOICE_H

#include "cmd.h"

/*
 * Once the numbered list was shown: *out gets the index (0 to count - 1) and the result is 1; 0
 * when none was given in three tries; negative when it could not be asked ("stopped" after Ctrl-C).
 */
int x8_choose_number(struct x8_ctx *ctx, size_t count, size_t *out, struct x8_error *err);

#endif
