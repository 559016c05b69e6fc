/*
 * Whether the user agrees to what a run does. One rule: what can be written again needs a yes (-y);
 * what can never be undone needs its own word, typed or given with --confirm, whatever -y says.
 */
#include "flash_boards.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

int x8_confirmed(const struct x8_ctx *ctx, const char *word)
{
    const char *at = ctx->globals->confirm;
    size_t len = strlen(word);

    while (at && *at) {
        char one[64];
        size_t n = strcspn(at, ",");

        snprintf(one, sizeof one, "%.*s", (int)(n < sizeof one ? n : 0), at);
        if (len && x8_casecmp(one, word) == 0)
            return 1;
        at += n + (at[n] == ',');
    }
    return 0;
}

/* "usb 1-2 (rom), usb 1-3 (fastboot)", as many as fit. */
static void list_boards(const struct x8_board *boards, size_t count, char out[256])
{
    out[0] = '\0';
    for (size_t i = 0; i < count && strlen(out) + 64 < 256; i++) {
        size_t len = strlen(out);

        snprintf(out + len, 256 - len, "%susb %s (%s)", i ? ", " : "", boards[i].device.port,
                 x8_board_state(&boards[i]));
    }
}

int x8_agree(struct x8_ctx *ctx, const struct x8_board *boards, size_t count, const char *what,
             const char *price, struct x8_error *err)
{
    char question[512], list[256];
    int rc;

    if (ctx->globals->yes)
        return 0;
    list_boards(boards, count, list);
    snprintf(question, sizeof question, "%s %s? %s", what, list, price);
    rc = x8_ui_ask_yes(ctx->ui, question, err);
    if (rc > 0)
        return 0;
    if (rc == 0)
        rc = x8_cancel_check(ctx->cancel, X8_CANCEL_SOFT, err);
    if (rc == 0) {
        rc = x8_fail(err, X8_E_NEED_YES, "not confirmed; nothing was done");
        x8_error_why(err, "the answer was not yes");
        x8_error_next(err, "-y    agrees beforehand");
    }
    return rc;
}

#define FUSE_PRICE "changes fuses or one-time settings of the chip, which can never be undone"

/* What is said of the first command of its kind: "line 9" of a script, or the command itself. */
static int need_fuse_word(const struct x8_ctx *ctx, const struct x8_plan *plan, const char *what,
                          struct x8_error *err)
{
    const struct x8_command *command = x8_plan_risky(plan, X8_RISK_FUSE)->command;
    const char *given = ctx->globals->confirm ? ctx->globals->confirm : "";
    char where[32] = "it";

    if (!plan->options.command_line)
        snprintf(where, sizeof where, "line %d", command->line);
    x8_fail(err, X8_E_NEED_YES, "%s", what);
    x8_error_why(err, "%s says: %.200s; -y does not agree to that", where, command->text);
    x8_error_next(err, "--confirm %.100s%s" X8_FUSE_WORD "    if that is what you want", given,
                  *given ? "," : "");
    return -(int)X8_E_NEED_YES;
}

static int ask_fuse_word(struct x8_ctx *ctx, const struct x8_plan *plan,
                         const struct x8_board *boards, size_t count, const char *what,
                         struct x8_error *err)
{
    const struct x8_command *command = x8_plan_risky(plan, X8_RISK_FUSE)->command;
    char question[768], list[256], answer[32];
    int rc;

    list_boards(boards, count, list);
    snprintf(question, sizeof question,
             "%s%s%s? \"%.120s\" " FUSE_PRICE ". Type the word " X8_FUSE_WORD " to go on:", what,
             count ? " " : "", list, command->text);
    rc = x8_ui_ask_severe(ctx->ui, question, answer, sizeof answer, err);
    if (rc == 0 && x8_casecmp(answer, X8_FUSE_WORD) != 0)
        rc = need_fuse_word(ctx, plan, "not confirmed; nothing was done", err);
    return rc;
}

int x8_can_agree_to_plan(const struct x8_ctx *ctx, const struct x8_plan *plan, struct x8_error *err)
{
    char what[160];

    if (!(x8_plan_risks(plan) & X8_RISK_FUSE) || plan->options.allow_fuse ||
        x8_confirmed(ctx, X8_FUSE_WORD) || x8_ui_can_ask(ctx->ui))
        return 0;
    snprintf(what, sizeof what, "the %s " FUSE_PRICE,
             plan->options.command_line ? "command" : "script");
    return need_fuse_word(ctx, plan, what, err);
}

int x8_agree_to_plan(struct x8_ctx *ctx, struct x8_plan *plan, const struct x8_board *boards,
                     size_t count, const char *what, const char *price, struct x8_error *err)
{
    int rc = x8_can_agree_to_plan(ctx, plan, err);

    plan->options.allow_fuse |= x8_confirmed(ctx, X8_FUSE_WORD);
    if (!(x8_plan_risks(plan) & X8_RISK_FUSE))
        return price ? x8_agree(ctx, boards, count, what, price, err) : 0;
    if (rc == 0 && !plan->options.allow_fuse)
        rc = ask_fuse_word(ctx, plan, boards, count, what, err);
    plan->options.allow_fuse = rc == 0;
    return rc;
}
