/*
 * Which of several boards is meant, asked by number on a terminal.
 */
#ifndef X8_CMD_CHOICE_H
#define X8_CMD_CHOICE_H

#include "cmd.h"

/* Columns of a list to choose from, at most. */
#define X8_CHOICE_COLUMNS 5
#define X8_CHOICE_ROOM    64

/* The text of a cell, "" when there is none; `room` holds what is not part of the rows. */
typedef const char *x8_choice_cell(const void *rows, size_t row, size_t column,
                                   char room[X8_CHOICE_ROOM]);

/* The numbered list: columns as wide as what stands in them, those without any text left out. */
void x8_choice_show(struct x8_ctx *ctx, x8_choice_cell *cell, const void *rows, size_t count,
                    size_t columns);

/*
 * Once the numbered list was shown: *out gets the index (0 to count - 1) and the result is 1; 0
 * when none was given in three tries; negative when it could not be asked ("stopped" after Ctrl-C).
 */
int x8_choose_number(struct x8_ctx *ctx, size_t count, size_t *out, struct x8_error *err);

#endif
