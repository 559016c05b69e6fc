/*
 * The buffers between one reading thread and the boards that read along: pieces in order, each kept
 * until every board at the table has been through with it. A board that holds the oldest piece
 * while others starve is sent away from the table; what it holds stays its own until it gives it
 * back.
 *
 * Memory: at most X8_SOURCE_BUFFERS slots while several boards are at the table or expected,
 * X8_SOURCE_ALONE for one, and a slot for each piece in the hands of boards that were sent away.
 *
 * Threads: one producer (get, put, finish), one thread per seat; everything is under `lock`.
 */
#ifndef X8_FLASH_WINDOW_H
#define X8_FLASH_WINDOW_H

#include "flash/source.h"
#include "util/await.h"

/* One piece and its memory. */
struct x8_slot {
    uint8_t *data;
    struct x8_piece piece;
    struct x8_members members; /* its memory is kept from piece to piece */
    int has_members;
    unsigned lent; /* boards that were sent away and still hold it; it is in no window then */
};

/* A board's place. */
struct x8_seat {
    struct x8_seat *next_seat;
    uint64_t at; /* number of the piece that is its next; while it holds one, that one */
    struct x8_slot *held;
    int waits, wants_members;
    int is_away; /* sent away: the window gives it nothing any more */
};

struct x8_window {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    size_t piece_cap;
    struct x8_cancel *stop; /* ends the producer's waits; borrowed */
    struct x8_seat *seats;
    unsigned seat_count;

    struct x8_slot *queue[X8_SOURCE_BUFFERS]; /* oldest first */
    unsigned len;
    uint64_t first;         /* number of the piece in queue[0] */
    struct x8_slot *making; /* the producer's */
    uint64_t skip, made;    /* pieces nobody wants at the beginning; pieces made, these included */

    int awaits;         /* more boards are expected; the first piece is kept until join_until */
    int64_t join_until; /* deadline */
    int64_t lag_ms;     /* see x8_window_get */
    int64_t lag_seen;   /* when the two below were brought up to date */
    int64_t still_ms, debt_ms;
    int is_starved, are_most_starved; /* since then */

    int finished; /* producer ended: 0 no, 1 well, negative code with `error` */
    struct x8_error error;
};

/* `skip`: number of the first piece that is wanted. */
void x8_window_init(struct x8_window *window, size_t piece_cap, uint64_t skip, int64_t lag_ms,
                    struct x8_cancel *stop);
/* When nobody sits at it and the producer has ended. */
void x8_window_done(struct x8_window *window);

/* Are more boards expected? (the deadline counts from the first time) */
void x8_window_await(struct x8_window *window, int awaits, int64_t join_until);

/* Sit down, with the wish of the seat: 1, or 0 when the first piece is gone, the reading failed, or
 * (unless `is_first`) nobody sits here any more. */
int x8_window_join(struct x8_window *window, struct x8_seat *seat, int is_first);
/* Get up, with what was held given back. How many sit there still. */
unsigned x8_window_leave(struct x8_window *window, struct x8_seat *seat);

/*
 * Producer: an empty slot; waits until one is free. Boards at the oldest piece are sent away when
 * they hold up others by lag_ms: at one piece, or, where at least half of the boards wait for them,
 * over several pieces (a quarter of the time in which they do not wait is taken off, so that a
 * board is kept that is nearly as fast as the others).
 */
int x8_window_get(struct x8_window *window, struct x8_slot **out, struct x8_error *err);
/* Producer: the slot of the last get is a piece now. */
void x8_window_put(struct x8_window *window);
/* Producer: does anybody want the piece that is being made in compressed form too? */
int x8_window_wants_members(struct x8_window *window);
/* Producer: nothing more comes; rc is 0 or a negative code explained by `error`. */
void x8_window_finish(struct x8_window *window, int rc, const struct x8_error *error);

/*
 * Board: its next piece, held until it is released. 1 with a piece, 0 at the end, negative: the
 * producer's error, X8_E_TIMEOUT (the limit counts anew for each piece that is skipped), stopped.
 * X8_WINDOW_AWAY when it was sent away: seat->at says which piece it needs next.
 */
#define X8_WINDOW_AWAY 2
int x8_window_take(struct x8_window *window, struct x8_seat *seat, struct x8_cancel *cancel,
                   int64_t deadline, struct x8_slot **out, struct x8_error *err);
void x8_window_release(struct x8_window *window, struct x8_seat *seat);
void x8_window_want(struct x8_window *window, struct x8_seat *seat, int want);

#endif
