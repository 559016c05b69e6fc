/*
 * Plain lines: for pipes, files, CI logs, and the log file. Never an escape byte.
 */
#include "ui/parts.h"
#include "util/text.h"

#include <inttypes.h>
#include <string.h>

#define EVERY_MS      10000 /* progress and waits: at most one line in this time */
#define EVERY_PERCENT 10
#define LOG_EVERY_MS  1000

/* "2026-03-01T10:00:09Z flash 1822aa09dab6fad9 "; the log shows milliseconds. */
static void put_head(const struct x8_view *view, const struct x8_fact *fact, int with_ms,
                     struct x8_buf *out)
{
    if (with_ms)
        x8_put(out, "%s", fact->t);
    else
        x8_put(out, "%.19sZ", fact->t);
    x8_put(out, " %s %s ", view->word, fact->board ? fact->board : "-");
}

/* A fact is one line here, whatever its text looks like elsewhere. */
static void put_text(const char *text, struct x8_buf *out)
{
    while (*text) {
        size_t len = strcspn(text, "\n");

        x8_put(out, "%.*s", (int)len, text);
        text += len;
        if (*text == '\n') {
            x8_put(out, "; ");
            text += strspn(text, "\n");
        }
    }
}

static void put_progress(struct x8_board_view *board, const struct x8_fact *fact,
                         struct x8_buf *out)
{
    uint64_t rate = x8_rate_now(&board->rate, fact->ms);
    int64_t eta = x8_rate_eta(rate, fact->total > fact->done ? fact->total - fact->done : 0);
    char done[24], speed[24];

    x8_put(out, "%s ", fact->stage ? fact->stage : "progress");
    x8_size_text(done, fact->done);
    x8_size_text(speed, rate);
    *strchr(done, ' ') = '_';
    if (fact->total)
        x8_put(out, "%d%%", (int)((double)fact->done * 100.0 / (double)fact->total));
    else
        x8_put(out, "%.*s%s", (int)strcspn(done, "_"), done, strchr(done, '_') + 1);
    x8_put(out, " %.*s%s/s", (int)strcspn(speed, " "), speed, strchr(speed, ' ') + 1);
    if (fact->total && eta >= 0)
        x8_put(out, " eta %" PRId64 "s", eta);
    x8_put(out, "\n");
}

static void put_fact(const struct x8_view *view, const struct x8_board_view *board,
                     const struct x8_fact *fact, struct x8_buf *out)
{
    x8_put(out, "%s", x8_fact_word(fact->kind));
    if (fact->kind == X8_EV_STAGE)
        x8_put(out, " %s", fact->stage ? fact->stage : "-");
    if (fact->kind == X8_EV_RESULT)
        x8_put(out, " %s", board->failed ? "failed" : "ok");
    if (fact->kind == X8_EV_ERROR) {
        struct x8_error error = x8_view_error(view, fact);

        x8_put(out, " %d %s\n", (int)error.code, x8_code_name(error.code));
        x8_error_form(view->command, &error, 0, 0, out);
        return;
    }
    if (fact->text[0]) {
        x8_put(out, " ");
        put_text(fact->text, out);
    }
    x8_put(out, "\n");
}

/* Both limits must have been passed: on a fast board ten percent, on a slow one ten seconds would
 * alone fill the log. */
static int progress_is_due(struct x8_board_view *board, const struct x8_fact *fact)
{
    int percent;

    if (fact->ms - board->line_ms < EVERY_MS)
        return 0;
    percent = fact->total ? (int)((double)fact->done * 100.0 / (double)fact->total) : 0;
    if (fact->total && percent < board->line_percent + EVERY_PERCENT)
        return 0;
    board->line_ms = fact->ms;
    board->line_percent = percent - percent % EVERY_PERCENT;
    return 1;
}

static int wait_is_due(struct x8_board_view *board, const struct x8_fact *fact)
{
    if (board->waiting && fact->ms - board->wait_ms < EVERY_MS)
        return 0;
    board->waiting = 1;
    board->wait_ms = fact->ms;
    return 1;
}

void x8_lines_fact(struct x8_view *view, struct x8_board_view *board, const struct x8_fact *fact,
                   struct x8_buf *out)
{
    if (!x8_view_wants(view, fact))
        return;
    if (fact->kind == X8_FACT_SAY) {
        x8_put(out, "%s\n", fact->text);
    } else if (fact->kind == X8_FACT_FINAL) {
        if (!x8_view_is_known(view, fact))
            x8_error_form(view->command, fact->error, view->terminal ? view->columns : 0,
                          view->color, out);
    } else if (fact->kind == X8_EV_PROGRESS) {
        if (!progress_is_due(board, fact))
            return;
        put_head(view, fact, 0, out);
        put_progress(board, fact, out);
    } else if (fact->kind != X8_EV_WAIT || wait_is_due(board, fact)) {
        put_head(view, fact, 0, out);
        put_fact(view, board, fact, out);
    }
}

void x8_log_fact(struct x8_view *view, struct x8_board_view *board, const struct x8_fact *fact,
                 struct x8_buf *out)
{
    if (fact->kind == X8_EV_PROGRESS) {
        if (fact->ms - board->log_ms < LOG_EVERY_MS)
            return;
        board->log_ms = fact->ms;
        put_head(view, fact, 1, out);
        put_progress(board, fact, out);
        return;
    }
    put_head(view, fact, 1, out);
    if (fact->kind != X8_FACT_FINAL) {
        put_fact(view, board, fact, out);
        return;
    }
    x8_put(out, "end\n");
    x8_error_form(view->command, fact->error, 0, 0, out);
}
