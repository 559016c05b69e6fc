/*
 * After a flash: following the boards, each at its port, through a power cycle by hand.
 */
#include "flash_wait.h"

#include "rows.h"
#include "running.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The bus tells of its changes, but not of daemons that come up. */
enum { LOOK_MS = 1000 };

struct board {
    struct x8_came_up *came;
    int is_done;
    uint64_t attach;   /* of what it was at the beginning: still to be power-cycled */
    int64_t left_ms;   /* when it had left; 0: it has not */
    int rom_is_due;    /* the script restarts it, and the switches cannot have been set yet */
    enum x8_mode back; /* what it came back as instead of Linux; X8_MODE_NONE: nothing */
    uint64_t told;     /* attach that was told of */
    char note[256], next[160]; /* why its Linux cannot be asked */
};

struct watch {
    struct x8_ctx *ctx;
    const struct x8_watch_for *want;
    struct x8_reach reach;
    struct board *boards;
    size_t count, left;
    int is_begun;
};

static void board_op(const struct watch *w, const struct board *b, struct x8_op *op)
{
    *op = w->ctx->op;
    op->board = w->count > 1 ? b->came->port : NULL;
    op->stage = "boot";
}

/* The end of one board, good or not. */
static void conclude(struct watch *w, struct board *b, int rc)
{
    struct x8_op op;

    b->is_done = 1;
    w->left--;
    board_op(w, b, &op);
    b->came->rc = rc;
    if (rc == 0) {
        x8_emit(&op, X8_EV_STAGE, "Linux answers, image %s, %.0f s after it left flashing mode",
                b->came->image, b->came->seconds);
    } else if (w->count > 1 && op.emit) {
        struct x8_event event = {.kind = X8_EV_ERROR,
                                 .board = op.board,
                                 .stage = op.stage,
                                 .text = b->came->error.msg,
                                 .error = &b->came->error};

        op.emit(op.emit_ctx, &event);
    }
}

static int compare_image(struct watch *w, const struct board *b, struct x8_error *err)
{
    const struct x8_watch_for *want = w->want;
    struct x8_op op;

    if (!want->image[0] || strcmp(want->image, b->came->image) == 0)
        return 0;
    if (want->is_name) {
        board_op(w, b, &op);
        x8_emit(&op, X8_EV_WARN, "image %s runs at usb %s, though the source is called %s",
                b->came->image, b->came->port, want->image);
        return 0;
    }
    x8_fail(err, X8_E_DIFFERS, "image %s runs at usb %s, and %s was written", b->came->image,
            b->came->port, want->image);
    x8_error_why(err, "what was written was not what came up: another board was plugged in there, "
                      "or this one started something else");
    x8_error_next(err, "x8ctl info -s usb:%s    tells which board it is", b->came->port);
    return -(int)X8_E_DIFFERS;
}

/* It answered. */
static void take_up(struct watch *w, struct board *b, const struct x8_target *target)
{
    x8_os_image(&target->facts.os, b->came->image);
    x8_copy(b->came->serial, sizeof b->came->serial, target->facts.serial);
    b->came->is_up = 1;
    b->came->seconds = (double)(x8_now_ms() - b->left_ms) / 1000.0;
    conclude(w, b, compare_image(w, b, &b->came->error));
}

/* --- what can be wrong --- */

static void fail_flashing_mode(const struct watch *w, const struct board *b, struct x8_error *err)
{
    x8_fail(err, X8_E_NO_BOOT, "the board at usb %s came back in %s mode, not in Linux",
            b->came->port, x8_mode_name(b->back));
    x8_error_why(err, "its boot switches still stand on flashing, or its boot areas hold no loader "
                      "that starts");
    x8_error_next(err, "%s; then  x8ctl wait --state linux -s usb:%s", w->want->hands,
                  b->came->port);
}

static void fail_late(const struct watch *w, const struct board *b, struct x8_error *err)
{
    const char *port = b->came->port;

    if (b->back != X8_MODE_NONE && b->back != X8_MODE_LINUX) {
        fail_flashing_mode(w, b, err);
        return;
    }
    if (b->back == X8_MODE_LINUX) {
        x8_fail(err, X8_E_NO_BOOT, "Linux came up at usb %s, but it cannot be asked", port);
        x8_error_why(err, "%s", b->note[0] ? b->note : "its ADB daemon did not answer in time");
        x8_error_next(err, "%s", b->next[0] ? b->next : "x8ctl list    shows how it is");
        return;
    }
    if (!b->left_ms) {
        x8_fail(err, X8_E_NO_BOOT, "the board at usb %s was not power-cycled in time", port);
        x8_error_why(err, "it is still in flashing mode");
        x8_error_next(err, "%s; then  x8ctl wait --state linux -s usb:%s", w->want->hands, port);
        return;
    }
    x8_fail(err, X8_E_NO_BOOT, "nothing came up at usb %s", port);
    x8_error_why(err, "the board left flashing mode and was not seen again");
    x8_error_next(err, "look at its LEDs (x8ctl guide leds): dark: no power; white for minutes: it "
                       "does not start; blue: Linux runs, look at the cable");
}

/* --- looking --- */

static const struct x8_target *at_port(const struct x8_target *targets, int count, const char *port)
{
    for (int i = 0; i < count; i++)
        if (targets[i].has_usb && strcmp(targets[i].usb.device.port, port) == 0)
            return &targets[i];
    for (int i = 0; i < count; i++)
        if (targets[i].has_adb && strcmp(targets[i].adb.port, port) == 0)
            return &targets[i];
    return NULL;
}

/* Back in flashing mode. A person is told and has until the limit; a program is answered. */
static void came_to_flash(struct watch *w, struct board *b, const struct x8_target *now)
{
    uint64_t attach = now->usb.device.attach;
    struct x8_op op;

    if (b->rom_is_due) { /* the restart of the script */
        b->rom_is_due = 0;
        b->attach = attach;
        b->left_ms = 0;
        return;
    }
    b->back = now->mode;
    if (!x8_ui_can_ask(w->ctx->ui)) {
        fail_flashing_mode(w, b, &b->came->error);
        conclude(w, b, -(int)X8_E_NO_BOOT);
    } else if (b->told != attach) {
        b->told = attach;
        board_op(w, b, &op);
        x8_emit(&op, X8_EV_WARN, "the board at usb %s came back in %s mode, not in Linux: %s",
                b->came->port, x8_mode_name(now->mode), w->want->hands);
    }
}

static void ask(struct watch *w, struct board *b, struct x8_target *now)
{
    struct x8_op op;

    b->back = X8_MODE_LINUX;
    b->note[0] = '\0';
    if (now->trouble == X8_OK) {
        board_op(w, b, &op);
        x8_targets_ask(w->ctx->bus, &op, &w->reach, &now, 1, X8_ROWS_PROBE_MS);
    }
    if (now->probed) {
        take_up(w, b, now);
        return;
    }
    x8_copy(b->note, sizeof b->note, now->note);
    x8_copy(b->next, sizeof b->next, now->next);
}

static void look_at(struct watch *w, struct board *b, struct x8_target *now)
{
    if (!now) {
        if (!b->left_ms)
            b->left_ms = x8_now_ms();
        b->back = X8_MODE_NONE;
        return;
    }
    if (!w->is_begun && x8_mode_is_flashable(now->mode)) {
        b->attach = now->usb.device.attach;
        b->rom_is_due &= now->mode != X8_MODE_ROM;
    }
    if (now->has_usb && now->usb.device.attach == b->attach)
        return;
    if (!b->left_ms)
        b->left_ms = x8_now_ms();
    if (x8_mode_is_flashable(now->mode))
        came_to_flash(w, b, now);
    else if (now->mode == X8_MODE_LINUX)
        ask(w, b, now);
}

static int look(struct watch *w, struct x8_error *err)
{
    struct x8_target *targets = NULL;
    int n = x8_targets_find(w->ctx->bus, &w->ctx->op, &w->reach, NULL, 0, 0, &targets, err);

    for (size_t i = 0; n >= 0 && i < w->count; i++)
        if (!w->boards[i].is_done) {
            const struct x8_target *now = at_port(targets, n, w->boards[i].came->port);

            look_at(w, &w->boards[i], now ? &targets[now - targets] : NULL);
        }
    w->is_begun = 1;
    free(targets);
    return n < 0 ? n : 0;
}

static void tell(const struct watch *w, int64_t deadline)
{
    char time[24] = "";
    size_t gone = 0, there = 0;

    for (size_t i = 0; i < w->count; i++) {
        gone += !w->boards[i].is_done && w->boards[i].left_ms;
        there += !w->boards[i].is_done && !w->boards[i].left_ms;
    }
    if (deadline != X8_NO_DEADLINE) {
        snprintf(time, sizeof time, " (%d s left)", x8_deadline_left(deadline, 86400000) / 1000);
    }
    if (there)
        x8_emit(&w->ctx->op, X8_EV_WAIT, "waiting for %zu board%s to be power-cycled%s", there,
                there > 1 ? "s" : "", time);
    else
        x8_emit(&w->ctx->op, X8_EV_WAIT, "waiting for Linux on %zu board%s%s", gone,
                gone > 1 ? "s" : "", time);
}

/* A stop ends the watch and nothing else. */
static int stopped(const struct watch *w, int rc, struct x8_error *err)
{
    const char *port = "";

    for (size_t i = w->count; i-- > 0;)
        if (!w->boards[i].is_done)
            port = w->boards[i].came->port;
    if (rc != -(int)X8_E_STOPPED && rc != -(int)X8_E_TERMINATED)
        return rc;
    x8_error_why(err, "what was written stays; only the wait for Linux was left");
    x8_error_next(err, "x8ctl wait --state linux -s usb:%s", port);
    return rc;
}

static int watch_all(struct watch *w, struct x8_error *err)
{
    struct x8_bus *bus = w->ctx->bus;
    int64_t deadline = x8_deadline_in(w->want->limit_ms);
    uint64_t seq = 0;
    int rc = look(w, err);

    while (rc >= 0 && w->left && x8_deadline_left(deadline, 1) > 0) {
        tell(w, deadline);
        rc = bus->ops->wait(bus, &w->ctx->op, &seq,
                            x8_deadline_min(deadline, x8_deadline_in(LOOK_MS)), err);
        if (rc >= 0)
            rc = look(w, err);
    }
    if (rc < 0)
        return stopped(w, rc, err);
    for (size_t i = 0; i < w->count; i++)
        if (!w->boards[i].is_done) {
            fail_late(w, &w->boards[i], &w->boards[i].came->error);
            conclude(w, &w->boards[i], -(int)X8_E_NO_BOOT);
        }
    return 0;
}

int x8_watch_boards(struct x8_ctx *ctx, const struct x8_watch_for *want, struct x8_came_up *came,
                    size_t count, struct x8_error *err)
{
    struct watch w = {.ctx = ctx, .want = want, .boards = calloc(count, sizeof *w.boards)};
    int rc = x8_env_reach(ctx->globals, &w.reach, err);

    if (rc == 0 && !w.boards)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory for %zu boards", count);
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (came[i].is_watched)
            w.boards[w.count++] = (struct board){.came = &came[i], .rom_is_due = want->restarts};
    w.left = w.count;
    w.reach.net.search_ms = 0;
    x8_signals_say("the wait ends; what was written stays");
    if (rc == 0 && w.count)
        rc = watch_all(&w, err);
    free(w.boards);
    return rc;
}
