/*
 * How a run ends: a next step for every error, and the one document of --json. A command hands over
 * its result whenever it has it; main prints it at the end, when it is known how the run came out:
 * a document of a run that failed has the error as a member, at the same place whether there is a
 * result beside it or not.
 */
#include "opts_wrong.h"

#include <stdio.h>
#include <stdlib.h>

void x8_suggest(struct x8_error *err, const struct x8_cmd *cmd)
{
    static const struct {
        enum x8_code code;
        const char *next;
    } rows[] = {
        {X8_E_INTERNAL, "repeat it with -vv --log x8ctl.log, and open an issue with that file"},
        {X8_E_NO_BOARD, "x8ctl list    shows what is there"},
        {X8_E_WRONG_STATE, "x8ctl list    shows the state of each board"},
        {X8_E_NO_PERMISSION, "look at who owns what is named above (ls -ld)"},
        {X8_E_BUSY, "end the program that has it, or wait for it"},
        {X8_E_GONE, "x8ctl list    shows whether the board is there"},
        {X8_E_TIMEOUT, "x8ctl list    shows whether the board answers; else plug it in again"},
        {X8_E_LINK, "use another cable or port, then run the command again"},
        {X8_E_NO_FILE, "check the name and the folder"},
        {X8_E_BAD_IMAGE, "get it again from where it came, and compare its digest"},
        {X8_E_BAD_DIGEST, "get it again from where it came"},
        {X8_E_NETWORK, "look at the network of this computer, then run the command again"},
        {X8_E_HOST_SPACE, "make room on this computer (df -h), then run the command again"},
        {X8_E_BOARD_SPACE, "x8ctl exec -- df -h    shows where the board has room"},
        {X8_E_REFUSED, "x8ctl info    shows what the board is, -v what was tried"},
        {X8_E_VERIFY, "run the command again; when it differs once more: x8ctl help E31"},
        {X8_E_AUTH, "--password-file FILE, or a terminal, where x8ctl asks"},
    };

    for (size_t i = 0; i < X8_COUNT(rows) && !err->next[0]; i++)
        if (err->code == rows[i].code)
            x8_error_next(err, "%s", rows[i].next);
    if (!err->why[0] && err->code == X8_E_USAGE && cmd)
        x8_wrong_form(cmd, err);
    if (!err->next[0] && err->code == X8_E_USAGE)
        x8_error_next(err, "x8ctl help%s%s", cmd ? " " : "", cmd ? cmd->name : "");
    else if (!err->next[0])
        x8_error_next(err, "x8ctl help E%d", (int)err->code);
}

void x8_result(struct x8_ctx *ctx, struct x8_json **json)
{
    x8_json_free(&ctx->document);
    ctx->document = *json;
    *json = NULL;
}

void x8_result_print(struct x8_ctx *ctx, const struct x8_error *failed)
{
    int has_result = ctx->document != NULL;
    char *text;

    if (ctx->has_result || (!has_result && !failed))
        return;
    if (!has_result)
        ctx->document = x8_json_object();
    if (failed)
        x8_json_error(ctx->document, "error", failed);
    /* An error alone may follow the lines of watch and logs: it is one line, too. */
    text = x8_json_text(ctx->document, has_result);
    puts(text); /* whether it arrived is found out when stdout is finished */
    free(text);
    x8_json_free(&ctx->document);
    ctx->has_result = 1;
}
