/*
 * Which of several boards is meant, asked by number on a terminal.
 */
#include "choice.h"

#include "util/text.h"

#include <stdio.h>

/* Wrong numbers until it ends as it does for a script. */
enum { TRIES = 3 };

int x8_choose_number(struct x8_ctx *ctx, size_t count, size_t *out, struct x8_error *err)
{
    char question[64], answer[32] = "";
    uint32_t number;

    snprintf(question, sizeof question, "Which one? [1-%zu]", count);
    for (int i = 0; i < TRIES; i++) {
        int rc = x8_ui_ask_line(ctx->ui, question, answer, sizeof answer, err);

        if (rc < 0 || !answer[0])
            return rc;
        if (x8_parse_u32(answer, &number) == 0 && number >= 1 && number <= count) {
            *out = number - 1;
            return 1;
        }
        x8_ui_say(ctx->ui, "That is no number from 1 to %zu.", count);
    }
    return 0;
}
