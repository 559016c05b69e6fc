/*
 * Who reads for whom: boards find their group through struct x8_sources.
 */
#include "flash/source.h"

#include "flash/group.h"
#include "util/clock.h"

#include <stdlib.h>
#include <string.h>

/* How many boards came for a step. */
struct tally {
    struct tally *next;
    const struct x8_step *step;
    unsigned came;
};

struct x8_sources {
    pthread_mutex_t lock;
    unsigned boards;
    int64_t join_ms, lag_ms;
    struct tally *tallies;
    struct x8_group *groups; /* with somebody at the window */
};

struct x8_source {
    struct x8_sources *sources; /* or NULL */
    struct x8_group *group;
    struct x8_seat seat;
    struct x8_op op;
    struct x8_encode encode; /* `zeros` is the group's */
    struct x8_haste haste;   /* waiting for a piece is a safe point */
    struct x8_cancel *cancel;
    int is_first; /* it began the group */
    int is_late, is_away;
};

int x8_sources_new(unsigned boards, struct x8_sources **out, struct x8_error *err)
{
    struct x8_sources *sources = calloc(1, sizeof *sources);

    if (!sources)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for the sources of %u boards", boards);
    *sources = (struct x8_sources){
        .boards = boards, .join_ms = X8_SOURCE_JOIN_MS, .lag_ms = X8_SOURCE_LAG_MS};
    pthread_mutex_init(&sources->lock, NULL);
    *out = sources;
    return 0;
}

void x8_sources_limits(struct x8_sources *sources, int64_t join_ms, int64_t lag_ms)
{
    sources->join_ms = join_ms;
    sources->lag_ms = lag_ms;
}

void x8_sources_free(struct x8_sources **sources)
{
    struct tally *next;

    if (!*sources)
        return;
    for (struct tally *tally = (*sources)->tallies; tally; tally = next) {
        next = tally->next;
        free(tally);
    }
    pthread_mutex_destroy(&(*sources)->lock);
    free(*sources);
    *sources = NULL;
}

static struct tally *tally_of(struct x8_sources *sources, const struct x8_step *step)
{
    struct tally *tally = sources->tallies;

    while (tally && tally->step != step)
        tally = tally->next;
    if (tally)
        return tally;
    tally = calloc(1, sizeof *tally);
    if (tally) {
        *tally = (struct tally){.next = sources->tallies, .step = step};
        sources->tallies = tally;
    }
    return tally;
}

/* Tell the groups whether somebody may still come. */
static void tell_expected(struct x8_sources *sources)
{
    for (struct x8_group *group = sources->groups; group; group = group->next) {
        const struct tally *tally = tally_of(sources, group->encode.step);

        x8_window_await(&group->window, tally && tally->came < sources->boards,
                        x8_deadline_in(sources->join_ms));
    }
}

void x8_sources_leave(struct x8_sources *sources)
{
    if (!sources)
        return;
    pthread_mutex_lock(&sources->lock);
    if (sources->boards)
        sources->boards--;
    tell_expected(sources);
    pthread_mutex_unlock(&sources->lock);
}

static void take_off_list(struct x8_sources *sources, const struct x8_group *group)
{
    struct x8_group **p = &sources->groups;

    while (*p && *p != group)
        p = &(*p)->next;
    if (*p)
        *p = group->next;
}

static void leave_group(struct x8_sources *sources, struct x8_group *group, struct x8_seat *seat,
                        int is_first)
{
    unsigned left;

    if (sources)
        pthread_mutex_lock(&sources->lock);
    left = x8_window_leave(&group->window, seat);
    if (sources && left == 0)
        take_off_list(sources, group);
    if (sources)
        pthread_mutex_unlock(&sources->lock);
    if (is_first)
        x8_group_end_first(group);
    x8_group_unref(group, left == 0);
}

/* A limit that the image is known to keep makes no difference. */
static int limits_agree(const struct x8_encode *a, const struct x8_encode *b)
{
    const struct x8_step *step = a->step;

    return a->capacity == b->capacity ||
           (step->size_exact && step->size <= a->capacity && step->size <= b->capacity);
}

static int are_equal(const struct x8_encode *a, const struct x8_encode *b)
{
    return a->plan == b->plan && a->step == b->step && a->block_size == b->block_size &&
           a->piece_cap == b->piece_cap && a->record == b->record && limits_agree(a, b) &&
           a->zero_count == b->zero_count &&
           (!a->zero_count || memcmp(a->zeros, b->zeros, a->zero_count * sizeof *a->zeros) == 0);
}

/* 1 when the source sits with a group now. */
static int join_group(struct x8_sources *sources, struct x8_source *source)
{
    for (struct x8_group *group = sources->groups; group; group = group->next) {
        if (!are_equal(&group->encode, &source->encode))
            continue;
        if (x8_group_join(group, &source->seat)) {
            source->group = group;
            return 1;
        }
        source->is_late = 1;
    }
    return 0;
}

/* A board that comes too late begins a group too: others may be late with it. */
static int find_group(struct x8_sources *sources, struct x8_source *source, struct x8_error *err)
{
    struct x8_group_limits limits = {.lag_ms = sources->lag_ms};
    struct tally *tally = tally_of(sources, source->encode.step);
    int rc = 0;

    if (!tally)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for reading the image");
    tally->came++;
    if (!join_group(sources, source)) {
        limits.awaits = tally->came < sources->boards;
        limits.join_until = x8_deadline_in(sources->join_ms);
        rc = x8_group_open(&source->op, &source->encode, &limits, &source->seat, &source->group,
                           err);
        if (rc == 0) {
            source->is_first = 1;
            source->group->next = sources->groups;
            sources->groups = source->group;
        }
    }
    tell_expected(sources);
    return rc;
}

static int read_alone(struct x8_source *source, uint64_t skip, struct x8_error *err)
{
    struct x8_group_limits limits = {.skip = skip, .lag_ms = X8_SOURCE_LAG_MS};
    int rc =
        x8_group_open(&source->op, &source->encode, &limits, &source->seat, &source->group, err);

    if (rc == 0)
        source->is_first = 1;
    return rc;
}

int x8_source_open(const struct x8_op *op, struct x8_sources *sources,
                   const struct x8_encode *encode, struct x8_source **out, struct x8_error *err)
{
    struct x8_source *source = calloc(1, sizeof *source);
    int rc;

    if (!source)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for reading the image");
    source->sources = sources;
    source->op = *op;
    source->encode = *encode;
    if (sources) {
        pthread_mutex_lock(&sources->lock);
        rc = find_group(sources, source, err);
        pthread_mutex_unlock(&sources->lock);
    } else {
        rc = read_alone(source, 0, err);
    }
    if (rc < 0) {
        free(source);
        return rc;
    }
    source->encode.zeros = source->group->zeros;
    source->cancel = x8_haste_begin(&source->haste, op->cancel);
    *out = source;
    return 0;
}

void x8_source_close(struct x8_source **out)
{
    struct x8_source *source = *out;

    if (!source)
        return;
    leave_group(source->sources, source->group, &source->seat, source->is_first);
    x8_haste_end(&source->haste);
    free(source);
    *out = NULL;
}

/* Sent away: a reader of its own. It begins at the beginning, as its checksums must be complete. */
static int go_alone(struct x8_source *source, struct x8_error *err)
{
    struct x8_group *old = source->group;
    struct x8_seat seat = source->seat;
    int was_first = source->is_first;
    int rc = read_alone(source, seat.at, err);

    if (rc < 0) {
        source->seat = seat;
        return rc;
    }
    source->encode.zeros = source->group->zeros;
    source->is_away = 1;
    leave_group(source->sources, old, &seat, was_first);
    return 0;
}

int x8_source_take(struct x8_source *source, int64_t deadline, struct x8_cut *out,
                   struct x8_error *err)
{
    struct x8_slot *slot = NULL;
    int rc = X8_WINDOW_AWAY;

    while (rc == X8_WINDOW_AWAY) {
        rc = x8_window_take(&source->group->window, &source->seat, source->cancel, deadline, &slot,
                            err);
        if (rc == X8_WINDOW_AWAY) {
            int gone = go_alone(source, err);

            if (gone < 0)
                return gone;
        }
    }
    if (rc == 1)
        *out = (struct x8_cut){
            .piece = slot->piece,
            .members = slot->has_members && source->seat.wants_members ? &slot->members : NULL};
    return rc;
}

void x8_source_release(struct x8_source *source)
{
    x8_window_release(&source->group->window, &source->seat);
}

void x8_source_want_members(struct x8_source *source, int want)
{
    x8_window_want(&source->group->window, &source->seat, want);
}

uint64_t x8_source_image_bytes(const struct x8_source *source)
{
    return source->group->image_bytes;
}

const struct x8_regions *x8_source_regions(const struct x8_source *source)
{
    return &source->group->regions;
}

int x8_source_is_alone(const struct x8_source *source)
{
    struct x8_window *window = &source->group->window;
    int is_single;

    pthread_mutex_lock(&window->lock);
    is_single = window->seat_count == 1;
    pthread_mutex_unlock(&window->lock);
    return source->is_away || (source->is_late && is_single);
}
