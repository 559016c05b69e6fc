/*
 * Which boards `flash` and `uuu` work on, and whether the user agrees: shared by the two front
 * ends.
 */
#ifndef X8_CMD_FLASH_BOARDS_H
#define X8_CMD_FLASH_BOARDS_H

#include "board/wait.h"
#include "cmd.h"
#include "flash/fleet.h"

/* How long to wait for a board: -t, or 120 s for a person and 30 s for a script. */
int64_t x8_arrive_limit_ms(const struct x8_ctx *ctx);

/*
 * Wait for boards in rom, spl or fastboot mode and pick those the user means. *out is one heap
 * array: free() it. Count, or a negative code. `more` (may be NULL) are selectors beside those of
 * -s; `x8_only` leaves boot ROMs of other chips alone. A selected board that runs Linux needs
 * --confirm; then it is waited for at its port.
 */
int x8_pick_boards(struct x8_ctx *ctx, const struct x8_strings *more, int x8_only,
                   struct x8_board **out, struct x8_error *err);

/* Ask yes or no before something is done to `count` boards: "WHAT usb 1-2 (rom)? PRICE"; -y agrees.
 * 0, or X8_E_NEED_YES / X8_E_STOPPED. */
int x8_agree(struct x8_ctx *ctx, const struct x8_board *boards, size_t count, const char *what,
             const char *price, struct x8_error *err);

struct x8_how {
    enum x8_verify verify;
    int64_t stage_ms; /* limit of each change of stage */
};

/* Run the plan on the picked boards and print their results. */
int x8_run_boards(struct x8_ctx *ctx, const struct x8_plan *plan, const struct x8_how *how,
                  const struct x8_board *boards, size_t count, struct x8_error *err);

#endif
