/*
 * What is known about each board, kept by the painter alone, so that no renderer needs a lock.
 */
#include "ui/parts.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void board_free(struct x8_board_view *board)
{
    free(board->name);
    free(board->stage);
    free(board->wait);
    free(board);
}

void x8_view_done(struct x8_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        board_free(view->boards[i]);
    free(view->boards);
    free(view->preview);
    x8_buf_done(&view->block);
    memset(view, 0, sizeof *view);
}

static int same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static struct x8_board_view *find_or_add(struct x8_view *view, const struct x8_fact *fact)
{
    struct x8_board_view *board;

    for (size_t i = 0; i < view->count; i++)
        if (same(view->boards[i]->name, fact->board))
            return view->boards[i];
    view->boards = must(realloc(view->boards, (view->count + 1) * sizeof view->boards[0]));
    board = must(calloc(1, sizeof *board));
    view->boards[view->count++] = board;
    board->name = fact->board ? must(strdup(fact->board)) : NULL;
    board->last_end = board->stage_since = fact->ms;
    board->line_ms = board->wait_ms = board->log_ms = INT64_MIN / 2;
    view->named += fact->board != NULL;
    return board;
}

static void set_wait(struct x8_board_view *board, const char *text)
{
    free(board->wait);
    board->wait = text ? must(strdup(text)) : NULL;
}

static void set_stage(struct x8_board_view *board, const struct x8_fact *fact)
{
    free(board->stage);
    board->stage = fact->stage ? must(strdup(fact->stage)) : NULL;
    board->stage_since = fact->ms;
    board->done = board->total = 0;
    board->in_stage = 1;
    board->line_ms = fact->ms;
    board->line_percent = 0;
    x8_rate_reset(&board->rate); /* the first amount is the base: a resumed stage begins high */
}

static void note_stage(struct x8_board_view *board, const struct x8_fact *fact)
{
    if (fact->text[0] == '\0') {
        set_stage(board, fact);
        return;
    }
    /* Finished; `stage_since` keeps the beginning for whoever shows the elapsed time. A stage that
     * nobody saw begin began when the last one ended. */
    if (!board->in_stage || !same(board->stage, fact->stage)) {
        set_stage(board, fact);
        board->stage_since = board->last_end;
    }
    board->last_end = fact->ms;
    board->in_stage = 0;
}

static void note_progress(struct x8_board_view *board, const struct x8_fact *fact)
{
    if (!board->in_stage || !same(board->stage, fact->stage))
        set_stage(board, fact);
    if (fact->done < board->done) {
        /* It begins again, after a retry: lines count from here. */
        board->line_percent = 0;
        board->line_ms = fact->ms;
    }
    board->done = fact->done;
    board->total = fact->total;
    x8_rate_add(&board->rate, fact->ms, fact->done);
}

static void note_end(struct x8_view *view, struct x8_board_view *board, const struct x8_fact *fact)
{
    board->in_stage = 0;
    if (fact->kind == X8_EV_ERROR) {
        board->failed = 1;
        if (fact->error)
            view->known = *fact->error;
    }
}

/* A wait is over as soon as its board says something else, that of the run as a whole as soon as
 * any board does. Who still waits will say so again. */
static void end_waits(struct x8_view *view, struct x8_board_view *board, const struct x8_fact *fact)
{
    if (fact->kind == X8_EV_WAIT || (fact->kind >= X8_EV_DETAIL && fact->kind <= X8_EV_WIRE))
        return;
    board->waiting = 0;
    set_wait(board, NULL);
    for (size_t i = 0; i < view->count && fact->kind != X8_EV_PROGRESS; i++)
        if (!view->boards[i]->name)
            set_wait(view->boards[i], NULL);
}

static void set_preview(struct x8_view *view, const char *text)
{
    free(view->preview);
    view->preview = text[0] ? must(strdup(text)) : NULL;
}

struct x8_board_view *x8_view_note(struct x8_view *view, const struct x8_fact *fact)
{
    struct x8_board_view *board = find_or_add(view, fact);

    if (fact->kind <= X8_EV_WAIT || fact->kind == X8_FACT_PREVIEW)
        view->hidden = 0;
    if (fact->kind == X8_FACT_PREVIEW) {
        set_preview(view, fact->text);
        return board;
    }
    end_waits(view, board, fact);
    switch (fact->kind) {
    case X8_EV_STAGE:
        note_stage(board, fact);
        break;
    case X8_EV_PROGRESS:
        note_progress(board, fact);
        break;
    case X8_EV_WAIT:
        set_wait(board, fact->text);
        break;
    case X8_EV_ERROR:
    case X8_EV_RESULT:
        note_end(view, board, fact);
        break;
    default:
        break;
    }
    return board;
}

int x8_view_wants(const struct x8_view *view, const struct x8_fact *fact)
{
    if (fact->kind == X8_EV_ERROR || fact->kind == X8_FACT_FINAL)
        return 1;
    if (view->quiet)
        return 0;
    if (fact->kind >= X8_EV_DETAIL && fact->kind <= X8_EV_WIRE)
        return view->verbosity > fact->kind - X8_EV_DETAIL;
    if (view->mode == X8_PROGRESS_NONE)
        return fact->kind == X8_EV_NOTICE || fact->kind == X8_EV_WARN || fact->kind == X8_FACT_SAY;
    return 1;
}

int x8_view_is_known(const struct x8_view *view, const struct x8_fact *fact)
{
    /* Levels above may have put a prefix in front of the words shown for the board. */
    return fact->kind == X8_FACT_FINAL && fact->error && view->known.msg[0] &&
           view->known.code == fact->error->code && x8_ends(fact->error->msg, view->known.msg);
}

struct x8_error x8_view_error(const struct x8_view *view, const struct x8_fact *fact)
{
    struct x8_error error = {.code = X8_E_INTERNAL};

    if (fact->error)
        error = *fact->error;
    else
        x8_copy(error.msg, sizeof error.msg, fact->text);
    if (fact->board && view->named > 1 && !strstr(error.msg, fact->board))
        x8_error_prefix(&error, "%s", fact->board);
    return error;
}
