/*
 * The one document of --json. A command hands over its result whenever it has it; main prints it at
 * the end, when it is known how the run came out: a document of a run that failed has the error as
 * a member, at the same place whether there is a result beside it or not.
 */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>

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
