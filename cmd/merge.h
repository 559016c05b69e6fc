/*
 * Journals of several boards as one, by time. Each board's lines come in their order by a thread of
 * their own; a line is printed when every board that is still read has a later one to show or has
 * ended. What waits for that is bounded: a board far ahead of the others is read no further.
 */
#ifndef X8_CMD_MERGE_H
#define X8_CMD_MERGE_H

#include "running.h"

/* One line, its time of day written out, with its line end. */
typedef void x8_merge_print_fn(void *ctx, size_t board, const char *line, size_t len);

struct x8_merge;

/* For `count` boards. NULL without memory. */
struct x8_merge *x8_merge_new(size_t count, x8_merge_print_fn *print, void *ctx);

/* Take output of `journalctl -o short-unix` as it comes; waits while too much waits already. */
int x8_merge_add(struct x8_merge *merge, const struct x8_op *op, size_t board, const char *bytes,
                 size_t len, struct x8_error *err);

/* Nothing more comes from this board. */
void x8_merge_end(struct x8_merge *merge, size_t board);

/* All boards must have ended. NULL is fine. */
void x8_merge_free(struct x8_merge *merge);

/* The time at the beginning of such a line, in microseconds since 1970, and its length; 0 when
 * there is none (the second line of a message, "-- Boot ... --"). */
size_t x8_merge_stamp(const char *line, size_t len, int64_t *out_us);

#endif
