/*
 * Which of several boards is meant, asked by number on a terminal.
 */
#include "choice.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

/* Wrong numbers until it ends as it does for a script. */
enum { TRIES = 3 };

void x8_choice_show(struct x8_ctx *ctx, x8_choice_cell *cell, const void *rows, size_t count,
                    size_t columns)
{
    size_t widest[X8_CHOICE_COLUMNS] = {0};
    char room[X8_CHOICE_ROOM];

    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < columns; c++) {
            size_t len = strlen(cell(rows, i, c, room));

            widest[c] = len > widest[c] ? len : widest[c];
        }
    x8_ui_say(ctx->ui, "%zu boards are there:", count);
    for (size_t i = 0; i < count; i++) {
        X8_AUTO_BUF line = {0};

        for (size_t c = 0; c < columns; c++) {
            const char *text = cell(rows, i, c, room);

            if (widest[c] && x8_buf_addf(&line, "  %-*s", c + 1 < columns ? (int)widest[c] : 0,
                                         text[0] ? text : "-") < 0)
                break;
        }
        x8_ui_say(ctx->ui, "  %zu%s", i + 1, x8_buf_text(&line));
    }
}

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
