/*
 * The context of a running operation, borrowed by everything below it: which board, which step,
 * until when, how to stop, and where facts go. Engine code reports through x8_emit* and nothing
 * else; it never prints.
 */
#ifndef X8_UTIL_OP_H
#define X8_UTIL_OP_H

#include "util/cancel.h"
#include "util/clock.h"

#include <stdint.h>

enum x8_event_kind {
    X8_EV_START,    /* work on a board begins */
    X8_EV_STAGE,    /* `stage` was entered (`text` empty: x8_emit_enter) or is finished (`text` says
                       how: "SPL, U-Boot in RAM") */
    X8_EV_PROGRESS, /* `stage`, `done` of `total` (0: unknown) in bytes */
    X8_EV_NOTICE,   /* worth a line */
    X8_EV_WAIT,     /* what is being waited for; repeated while waiting */
    X8_EV_WARN,     /* works, but the user should know */
    X8_EV_DETAIL,   /* -v: steps */
    X8_EV_TRACE,    /* -vv: dialogue with the device */
    X8_EV_WIRE,     /* -vvv: bytes */
    X8_EV_ERROR,    /* a board failed; `error` is set */
    X8_EV_RESULT,   /* last fact about a board */
};

/* One fact. All pointers are borrowed for the call only. */
struct x8_event {
    enum x8_event_kind kind;
    const char *board; /* label of the board, or NULL for the run as a whole */
    const char *stage; /* one word: rom, spl, fastboot, write, verify, ... or NULL */
    const char *text;
    uint64_t done, total; /* bytes */
    const struct x8_error *error;
};

typedef void x8_emit_fn(void *ctx, const struct x8_event *event);

struct x8_op {
    const char *board; /* borrowed; NULL for the run as a whole */
    const char *stage; /* current stage word, or NULL */
    int64_t deadline;  /* limit of the whole operation, see clock.h; X8_NO_DEADLINE for none */
    struct x8_cancel *cancel; /* may be NULL */
    x8_emit_fn *emit; /* may be NULL; may be called from any thread that works for this operation */
    void *emit_ctx;
};

/* Report a fact with text. */
void x8_emit(const struct x8_op *op, enum x8_event_kind kind, const char *fmt, ...) X8_PRINTF(3, 4);

/* Report that op->stage begins. Its end is x8_emit(op, X8_EV_STAGE, "how it went"). */
void x8_emit_enter(const struct x8_op *op);

/* Report bytes done of total in the current stage. */
void x8_emit_progress(const struct x8_op *op, uint64_t done, uint64_t total);

#endif
