/*
 * Waiting for boards. Says once a second what it waits for and what is on the bus instead, after a
 * while gives the list of things to check, and always ends.
 */
#ifndef X8_BOARD_WAIT_H
#define X8_BOARD_WAIT_H

#include "board/select.h"

#define X8_WAIT_CHECKLIST_MS 15000

struct x8_wait {
    /* 1 when the board is one that is waited for. Called again after every change. */
    int (*fits)(void *ctx, const struct x8_board *board);
    void *ctx;
    const char *what;     /* for messages: "a board in rom, spl or fastboot mode" */
    int64_t deadline;     /* X8_NO_DEADLINE for none */
    int checklist_ms;     /* give the list of things to check after this time; 0: never */
    int ignore_no_access; /* 1: a fitting board without access is not returned but waited for */
};

/*
 * Wait until at least one board fits and return all that fit at that moment, in port order. *out
 * is one heap array: free() it. Count (never 0) or X8_E_NO_BOARD at the deadline, with what was
 * there instead; X8_E_STOPPED on SOFT. A board without access fits like any other: opening it
 * gives the explanation.
 */
int x8_boards_wait(struct x8_bus *bus, const struct x8_op *op, const struct x8_wait *want,
                   struct x8_board **out, struct x8_error *err);

/* The same for one: the first that fits. 0 or a negative code. */
int x8_board_wait(struct x8_bus *bus, const struct x8_op *op, const struct x8_wait *want,
                  struct x8_board *out, struct x8_error *err);

/*
 * Wait until the attach `gone` has left `port` and, if `back` is not NULL, for whatever board
 * comes next there (*back). 1, or 0 at the deadline (then *back is untouched); negative when
 * stopped.
 */
int x8_board_wait_left(struct x8_bus *bus, const struct x8_op *op, const char *port, uint64_t gone,
                       int64_t deadline, struct x8_board *back, struct x8_error *err);

/* The i-th line of the list of things to check when no board is seen; NULL past the end. */
const char *x8_wait_checklist(size_t i);

#endif
