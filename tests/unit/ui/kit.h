/*
 * Facts with chosen times for the renderers, which are pure.
 */
#ifndef UI_KIT_H
#define UI_KIT_H

#include "testlib.h"

#include "ui/parts.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

typedef void render_fn(struct x8_view *view, struct x8_board_view *board,
                       const struct x8_fact *fact, struct x8_buf *out);

struct kit {
    struct x8_view view;
    struct x8_buf out;
    render_fn *render;
    int64_t ms; /* time of the next fact */
};

static inline struct kit kit_new(render_fn *render, enum x8_progress_mode mode)
{
    struct kit kit = {.render = render, .ms = 1000000};

    kit.view.command = "x8ctl flash";
    kit.view.word = "flash";
    kit.view.mode = mode;
    kit.view.columns = 80;
    kit.view.rows = 24;
    kit.view.utf8 = 1;
    x8_copy(kit.view.run, sizeof kit.view.run, "r7Q2");
    return kit;
}

static inline void kit_done(struct kit *kit)
{
    x8_view_done(&kit->view);
    x8_buf_done(&kit->out);
}

static inline void kit_event(struct kit *kit, int kind, const struct x8_event *event)
{
    struct x8_fact *fact = x8_fact_new(kind, event);
    struct x8_board_view *board;

    assert_non_null(fact);
    fact->ms = kit->ms;
    x8_copy(fact->t, sizeof fact->t, "2026-03-01T10:00:12.410Z");
    kit->view.frame++;
    board = x8_view_note(&kit->view, fact);
    kit->render(&kit->view, board, fact, &kit->out);
    x8_fact_free(fact);
}

static inline void kit_say(struct kit *kit, int kind, const char *board, const char *stage,
                           const char *text)
{
    struct x8_event event = {.board = board, .stage = stage, .text = text};

    kit_event(kit, kind, &event);
}

static inline void kit_progress(struct kit *kit, const char *board, const char *stage,
                                uint64_t done, uint64_t total)
{
    struct x8_event event = {.board = board, .stage = stage, .done = done, .total = total};

    kit_event(kit, X8_EV_PROGRESS, &event);
}

static inline void kit_error(struct kit *kit, int kind, const char *board,
                             const struct x8_error *error)
{
    struct x8_event event = {.board = board, .error = error};

    kit_event(kit, kind, &event);
}

/* Compare what was rendered since the last look, and forget it. */
static inline void kit_expect(struct kit *kit, const char *want)
{
    test_same_text(x8_buf_text(&kit->out), want);
    x8_buf_done(&kit->out);
}

#endif
