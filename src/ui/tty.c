/*
 * The terminal. Finished things are lines that stay; below them stands a block with one line per
 * board at work, drawn over at each frame. The cursor is never hidden and always rests at the
 * start of the line below the block, so that whatever ends the program leaves a usable terminal.
 */
#include "ui/parts.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define BAR_MAX    24
#define BAR_MIN    8
#define TIME_AT    68 /* column of the elapsed time behind a finished stage */
#define STAGE_WIDE 11

static const char *sgr(const struct x8_view *view, const char *code)
{
    return view->color ? code : "";
}

static void put_mark(const struct x8_view *view, int good, struct x8_buf *out)
{
    const char *mark = good ? "✓" : "✗";

    if (!view->utf8)
        mark = good ? "+" : "x";
    x8_put(out, "%s%s%s ", sgr(view, good ? "\033[32m" : "\033[31m"), mark, sgr(view, "\033[0m"));
}

static void put_label(const struct x8_view *view, const struct x8_fact *fact, struct x8_buf *out)
{
    if (fact->board && view->named > 1)
        x8_put(out, "%s  ", fact->board);
}

/* Lines are broken for terminals only: a program may read what goes elsewhere. */
static int width_of(const struct x8_view *view)
{
    return view->terminal ? view->columns : 0;
}

/* The time stands in a column of its own where there is room for it, else behind the last word. */
static void put_finished(const struct x8_view *view, const struct x8_board_view *board,
                         const struct x8_fact *fact, struct x8_buf *out)
{
    struct x8_buf line = {0};
    char elapsed[24];
    size_t text_at, time_at;

    put_label(view, fact, &line);
    x8_put_padded(&line, fact->stage ? fact->stage : "", STAGE_WIDE);
    x8_put(&line, " ");
    text_at = x8_columns(x8_buf_text(&line)) + 2;
    x8_put(&line, "%s", fact->text);
    x8_time_text(elapsed, fact->ms - board->stage_since);
    time_at = (size_t)view->columns >= TIME_AT + 12 ? TIME_AT - 2 : 0;
    put_mark(view, 1, out);
    for (size_t at = x8_columns(x8_buf_text(&line)); at < time_at; at++)
        x8_put(&line, " ");
    x8_put(&line, " %s", elapsed);
    x8_put_wrapped(out, x8_buf_text(&line), width_of(view), 2, text_at);
    x8_buf_done(&line);
}

/* Where the text begins behind a short label ("now      set ...", "  1  ..."), for the lines below.
 */
static size_t hang_of(const char *text)
{
    size_t lead = strspn(text, " "), label = strcspn(text + lead, " ");
    size_t blanks = strspn(text + lead + label, " ");

    return label < STAGE_WIDE && blanks > 1 ? lead + label + blanks : 2;
}

/* Columns taken by the mark and the name of the board. */
static size_t start_of(const struct x8_view *view, const struct x8_fact *fact)
{
    size_t mark = fact->kind == X8_EV_RESULT || fact->kind == X8_EV_WARN ? 2 : 0;

    return mark + (fact->board && view->named > 1 ? x8_columns(fact->board) + 2 : 0);
}

static void put_error(const struct x8_view *view, const struct x8_fact *fact, struct x8_buf *out)
{
    struct x8_error error = x8_view_error(view, fact);

    x8_error_form(view->command, &error, width_of(view), view->color, out);
}

void x8_tty_fact(struct x8_view *view, struct x8_board_view *board, const struct x8_fact *fact,
                 struct x8_buf *out)
{
    if (!x8_view_wants(view, fact) || x8_view_is_known(view, fact) || fact->kind == X8_FACT_PREVIEW)
        return;
    if (fact->kind == X8_EV_ERROR || fact->kind == X8_FACT_FINAL) {
        put_error(view, fact, out);
        return;
    }
    if (fact->kind == X8_EV_PROGRESS || fact->kind == X8_EV_WAIT || fact->text[0] == '\0')
        return; /* these live in the block */
    if (fact->kind == X8_EV_STAGE) {
        put_finished(view, board, fact, out);
        return;
    }
    if (fact->kind == X8_EV_RESULT)
        put_mark(view, !board->failed, out);
    if (fact->kind == X8_EV_WARN)
        x8_put(out, "%s!%s ", sgr(view, "\033[33m"), sgr(view, "\033[0m"));
    put_label(view, fact, out);
    if (fact->kind >= X8_EV_DETAIL && fact->kind <= X8_EV_WIRE)
        x8_put(out, "%s%s%s\n", sgr(view, "\033[2m"), fact->text, sgr(view, "\033[0m"));
    else
        x8_put_wrapped(out, fact->text, width_of(view), start_of(view, fact), hang_of(fact->text));
}

/* "1.24/1.94 GiB": both in the unit of the whole. */
static void put_amounts(uint64_t done, uint64_t total, struct x8_buf *out)
{
    char whole[24];
    double scale;
    const char *unit;

    x8_size_text(whole, total);
    unit = strchr(whole, ' ');
    scale = total < 1024 ? 1 : 1024;
    for (const char *u = "KMGTPE"; total >= 1024 && *u && *u != unit[1]; u++)
        scale *= 1024;
    x8_put(out, "%.*f/%s", total < 1024 ? 0 : (strchr("KM", unit[1]) ? 1 : 2), (double)done / scale,
           whole);
}

static void put_bar(const struct x8_view *view, double part, size_t cells, struct x8_buf *out)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    size_t eighth = (size_t)(part * (double)cells * 8), i;

    x8_put(out, view->utf8 ? "▕" : "[");
    for (i = 0; i < eighth / 8; i++)
        x8_put(out, view->utf8 ? "█" : "#");
    if (view->utf8 && i < cells && eighth % 8) {
        x8_put(out, "%s", eighths[eighth % 8]);
        i++;
    }
    for (; i < cells; i++)
        x8_put(out, " ");
    x8_put(out, view->utf8 ? "▏" : "]");
}

/* What stands beside the bar: "write 64 %  1.24/1.94 GiB  23.1 MiB/s  0:31 left". */
static void put_numbers(struct x8_board_view *board, int64_t now, struct x8_buf *out)
{
    uint64_t rate = x8_rate_now(&board->rate, now);
    uint64_t left = board->total > board->done ? board->total - board->done : 0;
    int64_t eta = x8_rate_eta(rate, left);
    char size[24], time[24];

    x8_put(out, "%s", board->stage ? board->stage : "");
    if (board->total) {
        x8_put(out, " %d %%  ", (int)((double)board->done * 100.0 / (double)board->total));
        put_amounts(board->done, board->total, out);
    } else {
        x8_size_text(size, board->done);
        x8_put(out, "  %s", size);
    }
    x8_size_text(size, rate);
    if (rate)
        x8_put(out, "  %s/s", size);
    if (board->total && left && eta >= 0) {
        x8_time_text(time, eta * 1000);
        x8_put(out, "  %s left", time);
    }
}

/* One line without its end, never wider than `columns`. */
static void put_board(const struct x8_view *view, struct x8_board_view *board, size_t label_wide,
                      int64_t now, size_t columns, struct x8_buf *out)
{
    struct x8_buf numbers = {0}, line = {0};
    char time[24];

    if (label_wide) {
        x8_put_padded(&line, board->name ? board->name : "", label_wide);
        x8_put(&line, "  ");
    }
    if (board->wait) {
        x8_put(&line, "%.*s", (int)strcspn(board->wait, "\n"), board->wait);
    } else if (board->total || board->done) {
        size_t room;

        put_numbers(board, now, &numbers);
        room = columns - x8_columns(x8_buf_text(&line));
        if (board->total && room > x8_columns(x8_buf_text(&numbers)) + 3 + BAR_MIN) {
            size_t cells = room - x8_columns(x8_buf_text(&numbers)) - 3;
            double part = (double)board->done / (double)board->total;

            put_bar(view, part > 1 ? 1 : part, cells > BAR_MAX ? BAR_MAX : cells, &line);
            x8_put(&line, " ");
        }
        x8_put(&line, "%s", x8_buf_text(&numbers));
    } else {
        x8_time_text(time, now - board->stage_since);
        x8_put(&line, "%s  %s", board->stage ? board->stage : "", time);
    }
    x8_put(out, "%.*s\n", (int)x8_columns_fit(x8_buf_text(&line), columns), x8_buf_text(&line));
    x8_buf_done(&numbers);
    x8_buf_done(&line);
}

static int is_at_work(const struct x8_board_view *board)
{
    return board->wait || board->in_stage;
}

/* No line of it wraps: what does not fit is in the result. */
static size_t put_preview(const char *text, size_t columns, size_t room, struct x8_buf *out)
{
    size_t lines = 0;

    while (text && *text && lines < room) {
        size_t len = strcspn(text, "\n"), fit = x8_columns_fit(text, columns);

        x8_put(out, "%.*s\n", (int)(fit < len ? fit : len), text);
        text += len + (text[len] == '\n');
        lines++;
    }
    return lines;
}

size_t x8_tty_block(struct x8_view *view, int64_t now, struct x8_buf *out)
{
    /* One column stays free: some terminals wrap when the last one is filled. */
    size_t columns = view->columns > 20 ? (size_t)view->columns - 1 : 19;
    size_t room = view->rows > 4 ? (size_t)view->rows - 2 : 2;
    size_t label_wide = 0, lines = 0, more = 0;

    for (size_t i = 0; i < view->count && view->named > 1; i++) {
        size_t wide = view->boards[i]->name ? x8_columns(view->boards[i]->name) : 0;

        label_wide = wide > label_wide ? wide : label_wide;
    }
    if (label_wide > columns / 3)
        label_wide = columns / 3;
    lines = put_preview(view->preview, columns, room - 1, out);
    for (size_t i = 0; i < view->count; i++) {
        if (!is_at_work(view->boards[i]))
            continue;
        if (lines == room) {
            more++;
            continue;
        }
        put_board(view, view->boards[i], label_wide, now, columns, out);
        lines++;
    }
    if (more)
        x8_put(out, "and %zu more\n", more);
    return lines + (more > 0);
}

/* Rows the old block takes now: a terminal made narrower since then has wrapped its lines. */
static size_t rows_of(const struct x8_view *view)
{
    size_t rows = 0, wide = view->columns > 0 ? (size_t)view->columns : 80;
    const char *text = x8_buf_text(&view->block);

    while (*text) {
        size_t len = strcspn(text, "\n"), columns;
        char line[1024];

        snprintf(line, sizeof line, "%.*s", (int)len, text);
        columns = x8_columns(line);
        rows += columns > wide ? (columns + wide - 1) / wide : 1;
        text += len + (text[len] == '\n');
    }
    return rows;
}

/* Each line clears what is left of the one it is written over: less flicker than wiping first. */
static void put_over(const char *text, struct x8_buf *out)
{
    while (*text) {
        size_t len = strcspn(text, "\n");

        x8_put(out, "%.*s\033[K\n", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

void x8_tty_frame(struct x8_view *view, const struct x8_buf *permanent, int64_t now,
                  struct x8_buf *out)
{
    struct x8_buf block = {0};
    size_t lines = view->hidden || view->quiet ? 0 : x8_tty_block(view, now, &block);

    if (permanent->len == 0 && strcmp(x8_buf_text(&block), x8_buf_text(&view->block)) == 0) {
        x8_buf_done(&block);
        return;
    }
    if (view->block_lines) {
        x8_put(out, "\033[%zuA\r", rows_of(view));
        put_over(x8_buf_text(permanent), out);
        put_over(x8_buf_text(&block), out);
        x8_put(out, "\033[J");
    } else {
        x8_put(out, "%s%s", x8_buf_text(permanent), x8_buf_text(&block));
    }
    x8_buf_done(&view->block);
    view->block = block;
    view->block_lines = lines;
}
