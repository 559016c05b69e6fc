/*
 * Pieces between one reading thread and the boards that read along.
 */
#include "flash/window.h"

#include "util/clock.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

void x8_window_init(struct x8_window *window, size_t piece_cap, uint64_t skip, int64_t lag_ms,
                    struct x8_cancel *stop)
{
    *window = (struct x8_window){
        .piece_cap = piece_cap, .skip = skip, .first = skip, .lag_ms = lag_ms, .stop = stop};
    pthread_mutex_init(&window->lock, NULL);
    x8_cond_init(&window->moved);
}

static struct x8_slot *slot_new(size_t cap, struct x8_error *err)
{
    struct x8_slot *slot = calloc(1, sizeof *slot);

    if (slot)
        slot->data = malloc(cap);
    if (slot && slot->data)
        return slot;
    free(slot);
    x8_fail(err, X8_E_INTERNAL, "out of memory for a piece of %zu bytes", cap);
    return NULL;
}

static void slot_free(struct x8_slot *slot)
{
    if (!slot)
        return;
    x8_members_done(&slot->members);
    free(slot->data);
    free(slot);
}

void x8_window_done(struct x8_window *window)
{
    for (unsigned i = 0; i < window->len; i++)
        slot_free(window->queue[i]);
    slot_free(window->making);
    pthread_cond_destroy(&window->moved);
    pthread_mutex_destroy(&window->lock);
}

void x8_window_await(struct x8_window *window, int awaits, int64_t join_until)
{
    pthread_mutex_lock(&window->lock);
    window->awaits = awaits;
    if (!window->join_until)
        window->join_until = join_until;
    pthread_cond_broadcast(&window->moved);
    pthread_mutex_unlock(&window->lock);
}

int x8_window_join(struct x8_window *window, struct x8_seat *seat, int is_first)
{
    int can;

    pthread_mutex_lock(&window->lock);
    can = is_first || (window->first == 0 && window->seat_count && window->finished >= 0);
    if (can) {
        *seat = (struct x8_seat){
            .next_seat = window->seats, .at = window->first, .wants_members = seat->wants_members};
        window->seats = seat;
        window->seat_count++;
        pthread_cond_broadcast(&window->moved);
    }
    pthread_mutex_unlock(&window->lock);
    return can;
}

static void unseat(struct x8_window *window, struct x8_seat *seat)
{
    struct x8_seat **p = &window->seats;

    while (*p != seat)
        p = &(*p)->next_seat;
    *p = seat->next_seat;
    window->seat_count--;
}

/* The oldest piece out of the queue; its slot is the caller's. */
static struct x8_slot *shift(struct x8_window *window)
{
    struct x8_slot *slot = window->queue[0];

    window->len--;
    memmove(window->queue, window->queue + 1, window->len * sizeof window->queue[0]);
    window->first++;
    return slot;
}

/* 1 when a board at the table is not through with the oldest piece. */
static int oldest_is_needed(const struct x8_window *window)
{
    for (const struct x8_seat *seat = window->seats; seat; seat = seat->next_seat)
        if (seat->at == window->first)
            return 1;
    return 0;
}

static int is_joining(const struct x8_window *window)
{
    return window->awaits && x8_deadline_left(window->join_until, 1) > 0;
}

static void give_back(struct x8_window *window, struct x8_seat *seat)
{
    if (!seat->held)
        return;
    if (seat->is_away && --seat->held->lent == 0)
        slot_free(seat->held);
    seat->held = NULL;
    seat->at++;
    /* Behind the end no slot is used again, and the boards may still verify for a long time. */
    while (window->finished && window->len && !is_joining(window) && !oldest_is_needed(window))
        slot_free(shift(window));
    pthread_cond_broadcast(&window->moved);
}

unsigned x8_window_leave(struct x8_window *window, struct x8_seat *seat)
{
    unsigned left;

    pthread_mutex_lock(&window->lock);
    give_back(window, seat);
    if (!seat->is_away)
        unseat(window, seat);
    left = window->seat_count;
    pthread_cond_broadcast(&window->moved);
    pthread_mutex_unlock(&window->lock);
    return left;
}

static unsigned slots_allowed(const struct x8_window *window)
{
    return window->seat_count > 1 || is_joining(window) ? X8_SOURCE_BUFFERS : X8_SOURCE_ALONE;
}

/* Boards at the oldest piece go; a piece they hold goes with them. */
static void send_away(struct x8_window *window)
{
    struct x8_slot *slot = window->queue[0];
    struct x8_seat *next;

    for (struct x8_seat *seat = window->seats; seat; seat = next) {
        next = seat->next_seat;
        if (seat->at != window->first)
            continue;
        unseat(window, seat);
        seat->is_away = 1;
        if (seat->held)
            slot->lent++;
    }
    if (slot->lent)
        shift(window);
    window->still_ms = window->debt_ms = 0;
    pthread_cond_broadcast(&window->moved);
}

/* Bring the account of the waiting up to date: what was the case since lag_seen, and what is now.
 * `is_full`: the producer can not go on for the oldest piece's sake. */
static void reckon(struct x8_window *window, int is_full)
{
    int64_t now = x8_now_ms(), passed = now - window->lag_seen;
    unsigned waiting = 0;

    if (window->is_starved)
        window->still_ms += passed;
    if (window->are_most_starved)
        window->debt_ms += passed;
    else
        window->debt_ms -= passed / 4 < window->debt_ms ? passed / 4 : window->debt_ms;
    for (const struct x8_seat *seat = window->seats; is_full && seat; seat = seat->next_seat)
        waiting += seat->waits && seat->at == window->first + window->len; /* not just not awake */
    window->is_starved = waiting > 0;
    window->are_most_starved = waiting * 2 >= window->seat_count && waiting > 0;
    window->lag_seen = now;
}

/* Until when the producer waits for the boards at the oldest piece; it looks again whenever
 * something moves. */
static int64_t patience_ends(const struct x8_window *window)
{
    int64_t spent = window->are_most_starved && window->debt_ms > window->still_ms
                        ? window->debt_ms
                        : window->still_ms;

    if (!window->is_starved)
        return X8_NO_DEADLINE;
    return x8_deadline_in(spent < window->lag_ms ? window->lag_ms - spent : 0);
}

/* Make room: 1 when there is a slot to be used, 0 when the producer has to wait until *until. */
static int find_slot(struct x8_window *window, int64_t *until)
{
    unsigned allowed = slots_allowed(window);

    while (window->len >= allowed) {
        if (is_joining(window)) {
            reckon(window, 0);
            *until = window->join_until;
            return 0;
        }
        if (oldest_is_needed(window)) {
            reckon(window, 1);
            *until = patience_ends(window);
            if (x8_deadline_left(*until, 1) > 0)
                return 0;
            send_away(window);
            allowed = slots_allowed(window);
            continue;
        }
        if (window->len == allowed) {
            window->making = shift(window);
            return 1;
        }
        slot_free(shift(window));
    }
    return 1;
}

int x8_window_get(struct x8_window *window, struct x8_slot **out, struct x8_error *err)
{
    struct x8_await await;
    int64_t until;
    int rc = 0;

    x8_await_enter(&await, &window->lock, &window->moved, window->stop);
    if (!window->making)
        reckon(window, 0);
    while (!window->making) {
        rc = x8_cancel_check(window->stop, X8_CANCEL_HARD, err);
        if (rc < 0)
            break;
        if (!find_slot(window, &until))
            x8_await_rest(&await, until);
        else if (!window->making)
            break;
    }
    reckon(window, 0);
    window->still_ms = 0; /* the oldest piece moved */
    x8_await_leave(&await);
    if (rc == 0 && !window->making) {
        window->making = slot_new(window->piece_cap, err);
        rc = window->making ? 0 : -(int)X8_E_INTERNAL;
    }
    if (rc == 0)
        *out = window->making;
    return rc;
}

int x8_window_wants_members(struct x8_window *window)
{
    int wants = 0;

    pthread_mutex_lock(&window->lock);
    if (window->made >= window->skip)
        for (const struct x8_seat *seat = window->seats; seat; seat = seat->next_seat)
            wants |= seat->wants_members;
    pthread_mutex_unlock(&window->lock);
    return wants;
}

void x8_window_put(struct x8_window *window)
{
    pthread_mutex_lock(&window->lock);
    /* What is skipped leaves its slot for the next. */
    if (window->made++ >= window->skip) {
        window->queue[window->len++] = window->making;
        window->making = NULL;
    }
    pthread_cond_broadcast(&window->moved);
    pthread_mutex_unlock(&window->lock);
}

void x8_window_finish(struct x8_window *window, int rc, const struct x8_error *error)
{
    pthread_mutex_lock(&window->lock);
    slot_free(window->making);
    window->making = NULL;
    window->finished = rc < 0 ? rc : 1;
    if (rc < 0)
        window->error = *error;
    pthread_cond_broadcast(&window->moved);
    pthread_mutex_unlock(&window->lock);
}

/* What there is for the seat now: as x8_window_take, X8_E_TIMEOUT when nothing. */
static int look(struct x8_window *window, struct x8_seat *seat, struct x8_error *err)
{
    if (seat->is_away)
        return X8_WINDOW_AWAY;
    /* A damaged input is told at once: pieces made before the damage was seen must not be sent for
     * nothing. */
    if (window->finished < 0) {
        if (err)
            *err = window->error;
        return window->finished;
    }
    if (seat->at < window->first + window->len) {
        seat->held = window->queue[seat->at - window->first];
        return 1;
    }
    return window->finished ? 0 : -(int)X8_E_TIMEOUT;
}

int x8_window_take(struct x8_window *window, struct x8_seat *seat, struct x8_cancel *cancel,
                   int64_t deadline, struct x8_slot **out, struct x8_error *err)
{
    int64_t span = deadline == X8_NO_DEADLINE ? -1 : x8_deadline_left(deadline, INT_MAX);
    struct x8_await await;
    uint64_t made;
    int rc;

    x8_await_enter(&await, &window->lock, &window->moved, cancel);
    made = window->made;
    while ((rc = look(window, seat, err)) == -(int)X8_E_TIMEOUT) {
        int stopped = x8_cancel_check(cancel, X8_CANCEL_HARD, err);

        if (stopped < 0) {
            rc = stopped;
            break;
        }
        if (made != window->made)
            deadline = x8_deadline_in(span);
        made = window->made;
        if (x8_deadline_left(deadline, 1) == 0) {
            rc = x8_fail(err, X8_E_TIMEOUT, "reading the image made no progress");
            break;
        }
        if (!seat->waits) /* the producer may have to reckon with it */
            pthread_cond_broadcast(&window->moved);
        seat->waits = 1;
        x8_await_rest(&await, deadline);
    }
    seat->waits = 0;
    x8_await_leave(&await);
    *out = rc == 1 ? seat->held : NULL;
    return rc;
}

void x8_window_release(struct x8_window *window, struct x8_seat *seat)
{
    pthread_mutex_lock(&window->lock);
    give_back(window, seat);
    pthread_mutex_unlock(&window->lock);
}

void x8_window_want(struct x8_window *window, struct x8_seat *seat, int want)
{
    pthread_mutex_lock(&window->lock);
    seat->wants_members = want;
    pthread_mutex_unlock(&window->lock);
}
