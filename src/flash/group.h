/*
 * One reading for one or several boards: the thread that decodes, its window, and what it borrows
 * from the board that began it.
 *
 * Locks, outer first: struct x8_sources, a board's stop token, the group's own, the window. The
 * lock of the events stands alone.
 */
#ifndef X8_FLASH_GROUP_H
#define X8_FLASH_GROUP_H

#include "flash/window.h"

struct x8_group {
    struct x8_group *next; /* in struct x8_sources; a reader for one board alone is in no list */
    struct x8_window window;
    struct x8_encode encode; /* `zeros` and `regions` are its own */
    struct x8_range *zeros;
    struct x8_regions regions; /* this and the next are valid once the window said the end */
    uint64_t image_bytes;
    struct x8_deflater *deflater; /* the thread's */
    unsigned refs; /* boards that have to leave yet, those sent away included; under window.lock */
    pthread_t thread;
    struct x8_op op; /* the thread's: events go through emit_lock, `stop` ends it */
    struct x8_cancel stop;

    /* The first board's, as long as it is here. */
    struct x8_cancel *outer;
    struct x8_waker waker;
    pthread_mutex_t emit_lock;
    x8_emit_fn *emit; /* NULL once it is gone */
    void *emit_ctx;
};

struct x8_group_limits {
    uint64_t skip; /* number of the first piece that is wanted */
    int64_t lag_ms;
    int awaits; /* other boards are expected, until the deadline join_until */
    int64_t join_until;
};

/* The first board sits down and the reading begins. */
int x8_group_open(const struct x8_op *op, const struct x8_encode *encode,
                  const struct x8_group_limits *limits, struct x8_seat *seat, struct x8_group **out,
                  struct x8_error *err);
/* 1 when there is a seat, see x8_window_join. The group must not end meanwhile. */
int x8_group_join(struct x8_group *group, struct x8_seat *seat);

/* A board goes: x8_window_leave, then for the first x8_group_end_first (no more events to it, its
 * token is forgotten), then x8_group_unref (`is_done`: nobody sits at the window; stops the
 * reading). The last one waits for the thread and frees. */
void x8_group_end_first(struct x8_group *group);
void x8_group_unref(struct x8_group *group, int is_done);

#endif
