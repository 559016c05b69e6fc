/*
 * JSON lines: one event per line on stderr, for programs. Fields are only ever added.
 */
#include "ui/parts.h"
#include "util/json.h"

#include <stdlib.h>

static void add_progress(struct x8_json *event, struct x8_board_view *board,
                         const struct x8_fact *fact)
{
    uint64_t rate = x8_rate_now(&board->rate, fact->ms);
    int64_t eta = x8_rate_eta(rate, fact->total > fact->done ? fact->total - fact->done : 0);

    x8_json_u64(event, "done", fact->done);
    if (fact->total)
        x8_json_u64(event, "total", fact->total);
    else
        x8_json_str(event, "total", NULL);
    x8_json_str(event, "unit", "B");
    x8_json_u64(event, "rate", rate);
    if (fact->total && eta >= 0)
        x8_json_u64(event, "eta_s", (uint64_t)eta);
    else
        x8_json_str(event, "eta_s", NULL);
}

static void add_rest(struct x8_json *event, const struct x8_board_view *board,
                     const struct x8_fact *fact)
{
    int finished = fact->kind == X8_EV_STAGE && fact->text[0];

    if (fact->kind == X8_EV_STAGE)
        x8_json_str(event, "state", finished ? "finished" : "entered");
    if (finished)
        x8_json_u64(event, "elapsed_ms", (uint64_t)(fact->ms - board->stage_since));
    if (fact->kind == X8_EV_RESULT)
        x8_json_bool(event, "ok", !board->failed);
    if (fact->text[0])
        x8_json_str(event, "text", fact->text);
    if (fact->error)
        x8_json_error(event, "error", fact->error);
}

/* One a frame, and frames are X8_FRAME_MS apart: ten a second for each board. */
static int is_due(const struct x8_view *view, struct x8_board_view *board,
                  const struct x8_fact *fact)
{
    if (fact->kind != X8_EV_PROGRESS)
        return 1;
    if (board->json_frame == view->frame)
        return 0;
    board->json_frame = view->frame;
    return 1;
}

void x8_json_fact(struct x8_view *view, struct x8_board_view *board, const struct x8_fact *fact,
                  struct x8_buf *out)
{
    struct x8_json *event;
    char *text;

    if (!x8_view_wants(view, fact) || x8_view_is_known(view, fact) || !is_due(view, board, fact))
        return;
    event = x8_json_object();
    x8_json_num(event, "v", 1);
    x8_json_str(event, "t", fact->t);
    x8_json_str(event, "run", view->run);
    if (fact->board)
        x8_json_str(event, "board", fact->board);
    x8_json_str(event, "ev", x8_fact_word(fact->kind));
    if (fact->stage)
        x8_json_str(event, "stage", fact->stage);
    if (fact->kind == X8_EV_PROGRESS)
        add_progress(event, board, fact);
    else
        add_rest(event, board, fact);
    text = x8_json_text(event, 0);
    x8_put(out, "%s\n", text);
    free(text);
    x8_json_free(&event);
}
