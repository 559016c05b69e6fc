/*
 * One reading for one or several boards.
 */
#include "flash/group.h"

#include <stdlib.h>
#include <string.h>

static void relay(void *ctx, const struct x8_event *event)
{
    struct x8_group *group = ctx;

    pthread_mutex_lock(&group->emit_lock);
    if (group->emit)
        group->emit(group->emit_ctx, event);
    pthread_mutex_unlock(&group->emit_lock);
}

static int get(void *ctx, uint8_t **out_data, void **out_owner, struct x8_error *err)
{
    struct x8_group *group = ctx;
    struct x8_slot *slot;
    int rc = x8_window_get(&group->window, &slot, err);

    if (rc == 0) {
        *out_data = slot->data;
        *out_owner = slot;
    }
    return rc;
}

/* A piece that does not shrink by a tenth is not worth the loader's inflating. */
static int compress(struct x8_group *group, struct x8_slot *slot, struct x8_error *err)
{
    int rc = group->deflater ? 0 : x8_deflater_new(&group->deflater, err);

    if (rc == 0)
        rc = x8_members_make(group->deflater, &slot->piece, slot->piece.len / 10 * 9,
                             &slot->members, err);
    slot->has_members = rc > 0;
    return rc < 0 ? rc : 0;
}

static int put(void *ctx, const struct x8_piece *piece, struct x8_error *err)
{
    struct x8_group *group = ctx;
    struct x8_slot *slot = piece->owner;
    int rc = 0;

    slot->piece = *piece;
    slot->has_members = 0;
    if (x8_window_wants_members(&group->window))
        rc = compress(group, slot, err);
    if (rc == 0)
        x8_window_put(&group->window);
    return rc;
}

static void *read_all(void *ctx)
{
    struct x8_group *group = ctx;
    struct x8_piece_port port = {.get = get, .put = put, .ctx = group};
    struct x8_error error;
    int64_t n = x8_encode_run(&group->op, &group->encode, &port, &error);

    if (n >= 0)
        group->image_bytes = (uint64_t)n;
    x8_window_finish(&group->window, n < 0 ? (int)n : 0, &error);
    return NULL;
}

static void hurry(void *ctx, enum x8_cancel_level level)
{
    struct x8_group *group = ctx;

    (void)level;
    x8_cancel_raise(&group->stop, X8_CANCEL_HARD, (enum x8_code)atomic_load(&group->outer->code));
}

static void group_free(struct x8_group *group)
{
    x8_window_done(&group->window);
    x8_regions_done(&group->regions);
    x8_deflater_free(&group->deflater);
    pthread_mutex_destroy(&group->emit_lock);
    x8_cancel_done(&group->stop);
    free(group->zeros);
    free(group);
}

/* The first board may end before the others, and with it what it lent. */
static int take_encode(struct x8_group *group, const struct x8_encode *encode, struct x8_error *err)
{
    group->encode = *encode;
    group->encode.regions = encode->record ? &group->regions : NULL;
    if (encode->zero_count) {
        group->zeros = calloc(encode->zero_count, sizeof *group->zeros);
        if (!group->zeros)
            return x8_fail(err, X8_E_INTERNAL, "out of memory for %zu ranges", encode->zero_count);
        memcpy(group->zeros, encode->zeros, encode->zero_count * sizeof *group->zeros);
    }
    group->encode.zeros = group->zeros;
    return 0;
}

static void take_op(struct x8_group *group, const struct x8_op *op)
{
    group->emit = op->emit;
    group->emit_ctx = op->emit_ctx;
    group->outer = op->cancel;
    group->op = *op;
    group->op.emit = relay;
    group->op.emit_ctx = group;
    group->op.cancel = &group->stop;
}

int x8_group_open(const struct x8_op *op, const struct x8_encode *encode,
                  const struct x8_group_limits *limits, struct x8_seat *seat, struct x8_group **out,
                  struct x8_error *err)
{
    struct x8_group *group = calloc(1, sizeof *group);
    int rc;

    if (!group)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for reading the image");
    group->refs = 1;
    pthread_mutex_init(&group->emit_lock, NULL);
    x8_cancel_init(&group->stop);
    x8_window_init(&group->window, encode->piece_cap, limits->skip, limits->lag_ms, &group->stop);
    x8_window_await(&group->window, limits->awaits, limits->join_until);
    x8_window_join(&group->window, seat, 1);
    take_op(group, op);
    rc = take_encode(group, encode, err);
    if (rc == 0) {
        rc = pthread_create(&group->thread, NULL, read_all, group);
        if (rc != 0)
            rc = x8_fail_sys(err, X8_E_INTERNAL, rc, "cannot start the decoding thread");
    }
    if (rc < 0) {
        group_free(group);
        return rc;
    }
    group->waker = (struct x8_waker){.wake = hurry, .ctx = group};
    x8_cancel_watch(group->outer, &group->waker);
    *out = group;
    return 0;
}

int x8_group_join(struct x8_group *group, struct x8_seat *seat)
{
    int can = x8_window_join(&group->window, seat, 0);

    if (can) {
        pthread_mutex_lock(&group->window.lock);
        group->refs++;
        pthread_mutex_unlock(&group->window.lock);
    }
    return can;
}

void x8_group_end_first(struct x8_group *group)
{
    x8_cancel_unwatch(group->outer, &group->waker);
    pthread_mutex_lock(&group->emit_lock);
    group->emit = NULL;
    pthread_mutex_unlock(&group->emit_lock);
}

void x8_group_unref(struct x8_group *group, int is_done)
{
    int is_last;

    if (is_done)
        x8_cancel_raise(&group->stop, X8_CANCEL_HARD, X8_E_STOPPED);
    pthread_mutex_lock(&group->window.lock);
    is_last = --group->refs == 0;
    pthread_mutex_unlock(&group->window.lock);
    if (is_last) {
        pthread_join(group->thread, NULL);
        group_free(group);
    }
}
