/*
 * Which boards `flash` and `uuu` work on, and whether the user agrees: shared by the two front
 * ends.
 */
#ifndef X8_CMD_FLASH_BOARDS_H
#define X8_CMD_FLASH_BOARDS_H

#include "board/wait.h"
#include "cmd.h"
#include "flash/fleet.h"
#include "flash_resume.h"
#include "flash_wait.h"

/* Options of every run of a plan; its rows are X8_RUN_OPTS. */
struct x8_run_opts {
    int verify, allow_host;
    int64_t stage_ms; /* limit of each change of stage */
    uint64_t retries; /* X8_RETRIES_UNSET */
};
extern struct x8_run_opts x8_run_opts;
#define X8_RETRIES_UNSET UINT64_MAX
extern const char *const x8_verify_choices[];

/* clang-format off */
#define X8_RUN_OPTS                                                                                \
    {.name = "verify",                                                                             \
     .kind = X8_OPT_CHOICE,                                                                        \
     .value = &x8_run_opts.verify,                                                                 \
     .arg = "MODE",                                                                                \
     .choices = x8_verify_choices,                                                                 \
     .help = "read back on the board: auto (wherever its loader can), full (or fail), none"},      \
    {.name = "allow-host-commands",                                                                \
     .kind = X8_OPT_FLAG,                                                                          \
     .value = &x8_run_opts.allow_host,                                                             \
     .help = "let the script run commands on this computer (sh, shell, <)"},                       \
    {.name = "stage-timeout",                                                                      \
     .kind = X8_OPT_DURATION,                                                                      \
     .value = &x8_run_opts.stage_ms,                                                               \
     .arg = "DUR",                                                                                 \
     .help = "limit for each change of stage (30s)"},                                              \
    {.name = "retries",                                                                            \
     .kind = X8_OPT_U64,                                                                           \
     .value = &x8_run_opts.retries,                                                                \
     .arg = "N",                                                                                   \
     .help = "how often a stage is taken up again after a fault of the link (flash: 3, uuu: 0)"}
/* clang-format on */

/* How long to wait for a board: -t, or 120 s for a person and 30 s for a script. */
int64_t x8_arrive_limit_ms(const struct x8_ctx *ctx);

/*
 * Wait for boards in rom, spl or fastboot mode and pick those the user means. *out is one heap
 * array: free() it. Count, or a negative code; several and none chosen is asked by number on a
 * terminal. `more` (may be NULL) are selectors beside those of
 * -s; `x8_only` leaves boot ROMs of other chips alone. A selected board that runs Linux needs
 * --confirm; then it is waited for at its port.
 */
int x8_pick_boards(struct x8_ctx *ctx, const struct x8_strings *more, int x8_only,
                   struct x8_board **out, struct x8_error *err);

/* Ask yes or no before something is done to `count` boards: "WHAT usb 1-2 (rom)? PRICE"; -y agrees.
 * 0, or X8_E_NEED_YES / X8_E_STOPPED. */
int x8_agree(struct x8_ctx *ctx, const struct x8_board *boards, size_t count, const char *what,
             const char *price, struct x8_error *err);

/* The word that agrees to fuses and one-time settings. */
#define X8_FUSE_WORD "fuse"

/*
 * Ask before a plan is run. Without X8_RISK_FUSE in it: as x8_agree(), and nothing when `price` is
 * NULL. With it: the word "fuse" must be typed or stand in --confirm; -y does not count, and no
 * second question follows. Sets plan->options.allow_fuse; where it is set, the word was given.
 */
int x8_agree_to_plan(struct x8_ctx *ctx, struct x8_plan *plan, const struct x8_board *boards,
                     size_t count, const char *what, const char *price, struct x8_error *err);

/* The same before a board is waited for: X8_E_NEED_YES when the word is needed and nobody can type
 * it. */
int x8_can_agree_to_plan(const struct x8_ctx *ctx, const struct x8_plan *plan,
                         struct x8_error *err);

/* How the boards of a run are written, and what is kept of it. */
struct x8_run {
    struct x8_flash_how how;
    struct x8_keeping keeping;        /* without items: nothing */
    const struct x8_watch_for *watch; /* NULL: the run ends with its last command */
    /* Said when a board was written, before the watch or the end. */
    void (*before_watch)(struct x8_ctx *ctx, void *user);
    void *user;
};

/*
 * how->verify and how->retries from x8_run_opts; `retries` when nobody said how often. What can
 * never be undone is never done twice: with X8_RISK_FUSE there are none, and asking for some is
 * X8_E_USAGE.
 */
int x8_run_how(const struct x8_plan *plan, unsigned retries, struct x8_flash_how *how,
               struct x8_error *err);

/* Run the plan on the picked boards and print their results. */
int x8_run_boards(struct x8_ctx *ctx, const struct x8_plan *plan, const struct x8_run *run,
                  const struct x8_board *boards, size_t count, struct x8_error *err);

/* --dry-run: everything that can be known without a board is checked, measured and printed;
 * `how` it would be written. */
int x8_dry_run(struct x8_ctx *ctx, const struct x8_plan *plan, const struct x8_flash_how *how,
               struct x8_error *err);

#endif
