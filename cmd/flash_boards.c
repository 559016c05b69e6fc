/*
 * Finding and choosing boards for the commands that write.
 */
#include "flash_boards.h"
#include "choice.h"
#include "flash_parts.h"

#include "util/clock.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERSON_LIMIT_MS 120000
#define SCRIPT_LIMIT_MS 30000
#define SELECTORS_MAX   128

/* ROM to SPL takes 1 to 2 s, SPL to fastboot up to 10 s; three times that is a failure. */
#define STAGE_LIMIT_MS 30000

struct x8_run_opts x8_run_opts = {.stage_ms = STAGE_LIMIT_MS, .retries = X8_RETRIES_UNSET};
const char *const x8_verify_choices[] = {"auto", "full", "none", NULL};

int64_t x8_arrive_limit_ms(const struct x8_ctx *ctx)
{
    if (ctx->globals->timeout_ms != X8_TIMEOUT_UNSET)
        return ctx->globals->timeout_ms;
    return x8_ui_can_ask(ctx->ui) ? PERSON_LIMIT_MS : SCRIPT_LIMIT_MS;
}

struct wanted {
    const struct x8_selector *selectors;
    size_t count;
    int x8_only; /* boot ROMs of other NXP chips are none of ours */
};

static int is_named(const struct wanted *wanted, const struct x8_board *board)
{
    int exact;

    for (size_t i = 0; i < wanted->count; i++)
        if (x8_selector_match(&wanted->selectors[i], board, &exact))
            return 1;
    return wanted->count == 0;
}

static int fits(void *ctx, const struct x8_board *board)
{
    const struct wanted *wanted = ctx;

    if (!x8_mode_is_flashable(board->mode) || (wanted->x8_only && board->trust == X8_TRUST_FOREIGN))
        return 0;
    return is_named(wanted, board);
}

/* The wait ended with a board in Linux there: two ways lead from it to flashing mode. */
static void tell_ways_from_linux(const struct x8_ctx *ctx, const struct wanted *wanted,
                                 struct x8_error *err)
{
    struct x8_board *boards = NULL;
    int n = x8_boards_find(ctx->bus, &boards, NULL);

    for (int i = 0; i < n; i++) {
        if (boards[i].mode != X8_MODE_LINUX || !is_named(wanted, &boards[i]))
            continue;
        x8_error_next(
            err,
            "the board at usb %s runs Linux: set its carrier's boot switches to ON (x8ctl "
            "guide shows them) and power-cycle it; without a carrier: %s",
            boards[i].device.port,
            wanted->x8_only && !x8_flash_opt.resume ? "x8ctl flash --via-boot-erase"
                                                    : "x8ctl reboot --to flash");
        break;
    }
    free(boards);
}

static int wait_until(struct x8_ctx *ctx, const struct wanted *wanted, const char *what,
                      int64_t deadline, struct x8_board **out, struct x8_error *err)
{
    struct x8_wait want = {.fits = fits,
                           .ctx = (void *)(uintptr_t)wanted,
                           .what = what,
                           .deadline = deadline,
                           .checklist_ms = X8_WAIT_CHECKLIST_MS};

    int n = x8_boards_wait(ctx->bus, &ctx->op, &want, out, err);

    if (n == -(int)X8_E_NO_BOARD || n == -(int)X8_E_WRONG_STATE)
        tell_ways_from_linux(ctx, wanted, err);
    return n;
}

/* Every board that was named must come, not just the first of them: a run over the others alone
 * would end well without it. */
static int wait_for(struct x8_ctx *ctx, const struct wanted *wanted, struct x8_board **out,
                    struct x8_error *err)
{
    int64_t deadline = x8_deadline_in(x8_arrive_limit_ms(ctx));

    for (size_t i = 0; i < wanted->count; i++) {
        struct wanted one = {&wanted->selectors[i], 1, wanted->x8_only};
        struct x8_board *board = NULL;
        char what[X8_STRING_LEN + 64];
        int n;

        snprintf(what, sizeof what, "board %s in rom, spl or fastboot mode",
                 wanted->selectors[i].text);
        n = wait_until(ctx, &one, what, deadline, &board, err);
        free(board);
        if (n < 0)
            return n;
    }
    return wait_until(ctx, wanted, "a board in rom, spl or fastboot mode", deadline, out, err);
}

/* One that came may have left again while another was waited for. */
static int check_all_there(const struct wanted *wanted, const struct x8_board *boards, size_t count,
                           struct x8_error *err)
{
    for (size_t i = 0; i < wanted->count; i++) {
        int found = 0, exact;

        for (size_t k = 0; k < count; k++)
            found |= x8_selector_match(&wanted->selectors[i], &boards[k], &exact);
        if (!found) {
            x8_fail(err, X8_E_NO_BOARD, "board %s left again", wanted->selectors[i].text);
            x8_error_why(err, "it was there while the others were waited for; none was written");
            x8_error_next(err, "x8ctl list    shows what is plugged in");
            return -(int)X8_E_NO_BOARD;
        }
    }
    return 0;
}

static int confirm_linux(struct x8_ctx *ctx, const struct x8_board *board, struct x8_error *err)
{
    const char *serial = board->device.serial, *given = ctx->globals->confirm;
    size_t len = strlen(serial);
    const char *last = len >= 4 ? serial + len - 4 : serial;
    char question[256], answer[64];
    int rc;

    if (*last && x8_confirmed(ctx, last))
        return 0;
    if (given && x8_casecmp(given, X8_FUSE_WORD) != 0) {
        x8_fail(err, X8_E_NEED_YES, "--confirm %s does not fit board %s", given, serial);
        x8_error_why(err, "the board runs Linux, and flashing erases it: it must be the right one");
        x8_error_next(err, "--confirm takes the last four of the serial: %s", last);
        return -(int)X8_E_NEED_YES;
    }
    snprintf(question, sizeof question,
             "Board %s runs Linux; flashing erases it. Type the last four of its serial to go on:",
             serial);
    rc = x8_ui_ask_severe(ctx->ui, question, answer, sizeof answer, err);
    if (rc == 0 && x8_casecmp(answer, last) == 0 && *last)
        return 0;
    if (rc == 0)
        rc = x8_fail(err, X8_E_NEED_YES, "not confirmed; nothing was done");
    if (x8_flash_opt.resume) {
        x8_error_why(err, "board %s runs Linux; a flash goes on in flashing mode alone", serial);
        x8_error_next(err,
                      "set its carrier's boot switches to ON (x8ctl guide) and power-cycle it, or "
                      "without a carrier: x8ctl reboot --to flash; then  x8ctl flash --resume");
        return rc;
    }
    x8_error_why(err, "board %s runs Linux, and flashing erases it", serial);
    x8_error_next(err, "--confirm %s%s    in scripts", last, given ? "," X8_FUSE_WORD : "");
    return rc;
}

/* A selected board that still runs Linux cannot be flashed as it is: hands must set its switches.
 * It stays on its port. */
static int prepare_linux(struct x8_ctx *ctx, const struct x8_board *board,
                         struct x8_selector *selector, struct x8_error *err)
{
    int rc = confirm_linux(ctx, board, err);

    if (rc < 0)
        return rc;
    x8_emit(&ctx->op, X8_EV_NOTICE,
            "board %s runs Linux: set its boot switches to ON and power-cycle it now (x8ctl guide "
            "CARRIER shows how); without a carrier: x8ctl reboot --to flash",
            board->label);
    selector->kind = X8_SELECT_PORT;
    x8_copy(selector->key, sizeof selector->key, board->device.port);
    return 0;
}

/* Every selector must mean something that is there now: waiting for a mistyped port helps nobody.
 */
static int resolve(struct x8_ctx *ctx, struct x8_selector *selectors, size_t count,
                   struct x8_error *err)
{
    struct x8_board *boards = NULL;
    int n = count ? x8_boards_find(ctx->bus, &boards, err) : 0, rc = n < 0 ? n : 0;

    for (size_t i = 0; rc >= 0 && i < count; i++) {
        rc = x8_select_one(&selectors[i], boards, (size_t)n, err);
        if (rc >= 0 && boards[rc].mode == X8_MODE_LINUX)
            rc = prepare_linux(ctx, &boards[rc], &selectors[i], err);
    }
    free(boards);
    return rc < 0 ? rc : 0;
}

static int parse_all(const struct x8_strings *names, struct x8_selector *out, size_t *count,
                     struct x8_error *err)
{
    int rc = 0;

    for (size_t i = 0; names && rc == 0 && i < names->count; i++) {
        if (*count == SELECTORS_MAX) {
            rc = x8_fail(err, X8_E_USAGE, "more than %d boards are named", SELECTORS_MAX);
            x8_error_why(err, "there is room for that many selectors");
            x8_error_next(err, "take all that are there: --all");
            return rc;
        }
        rc = x8_selector_parse(names->items[i], &out[*count], err);
        if (rc == 0)
            x8_env_resolve_name(&out[(*count)++]);
    }
    return rc;
}

static const char *cell(const void *rows, size_t row, size_t column, char room[X8_CHOICE_ROOM])
{
    const struct x8_board *board = (const struct x8_board *)rows + row;

    if (column == 0)
        return board->device.serial;
    if (column == 1)
        return x8_board_state(board);
    snprintf(room, X8_CHOICE_ROOM, "usb %s", board->device.port);
    return room;
}

/* By number, where somebody can be asked; the error that a script gets stays otherwise. */
static int ask_which(struct x8_ctx *ctx, struct x8_board *boards, size_t count,
                     struct x8_error *err)
{
    struct x8_error failed;
    size_t chosen = 0;
    int rc;

    x8_choice_show(ctx, cell, boards, count, 3);
    rc = x8_choose_number(ctx, count, &chosen, &failed);
    if (rc < 0)
        *err = failed;
    if (rc > 0 && chosen > 0)
        boards[0] = boards[chosen];
    return rc == 0 ? -(int)X8_E_SEVERAL : rc;
}

/* What fits is picked by the selectors already, so that only "several" is left to decide. */
static int decide(struct x8_ctx *ctx, int has_selectors, struct x8_board *boards, size_t count,
                  struct x8_error *err)
{
    int n = x8_select_boards(NULL, 0, ctx->globals->all || has_selectors, boards, count, err);

    if (n == -(int)X8_E_SEVERAL && x8_ui_can_ask(ctx->ui))
        n = ask_which(ctx, boards, count, err);
    return n;
}

int x8_pick_boards(struct x8_ctx *ctx, const struct x8_strings *more, int x8_only,
                   struct x8_board **out, struct x8_error *err)
{
    struct x8_selector selectors[SELECTORS_MAX];
    struct wanted wanted = {selectors, 0, x8_only};
    struct x8_board *boards = NULL;
    int rc = parse_all(&ctx->globals->serial, selectors, &wanted.count, err), n;

    if (rc == 0)
        rc = parse_all(more, selectors, &wanted.count, err);
    if (rc == 0)
        rc = resolve(ctx, selectors, wanted.count, err);
    if (rc < 0)
        return rc;
    n = wait_for(ctx, &wanted, &boards, err);
    rc = n > 0 ? check_all_there(&wanted, boards, (size_t)n, err) : 0;
    n = rc < 0 ? rc : n;
    if (n > 0)
        n = decide(ctx, wanted.count > 0, boards, (size_t)n, err);
    if (n > X8_FLEET_MAX)
        n = x8_fail(err, X8_E_USAGE, "%d boards at once are too many, %d is the limit", n,
                    X8_FLEET_MAX);
    if (n < 0)
        free(boards);
    else
        *out = boards;
    return n;
}
