/*
 * Reporting facts upwards.
 */
#include "util/op.h"

#include "util/text.h"

#include <stdarg.h>
#include <stdio.h>

void x8_emit(const struct x8_op *op, enum x8_event_kind kind, const char *fmt, ...)
{
    struct x8_event event = {.kind = kind};
    char text[1024];
    va_list ap;

    if (!op || !op->emit)
        return;
    va_start(ap, fmt);
    if (vsnprintf(text, sizeof text, fmt, ap) < 0)
        text[0] = '\0';
    va_end(ap);
    x8_hide_logins(text); /* it is shown, and may be logged */
    event.board = op->board;
    event.stage = op->stage;
    event.text = text;
    op->emit(op->emit_ctx, &event);
}

void x8_emit_enter(const struct x8_op *op)
{
    x8_emit(op, X8_EV_STAGE, "%s", "");
}

void x8_emit_progress(const struct x8_op *op, uint64_t done, uint64_t total)
{
    struct x8_event event = {.kind = X8_EV_PROGRESS, .done = done, .total = total};

    if (!op || !op->emit)
        return;
    event.board = op->board;
    event.stage = op->stage;
    op->emit(op->emit_ctx, &event);
}
