/*
 * The waiting loop: look, judge, tell, sleep until the bus changes or the next second begins.
 */
#include "board/wait.h"

#include "util/clock.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TELL_MS = 1000, WORDS_LEN = 512, NEWS_LEN = 192 };

/* In the order of how often each was the cause in public reports. */
static const char *const checklist[] = {
    "cable: a data cable, best USB-A to USB-C; many charge only",
    "port: the USB-C connector of the Portenta X8 itself, and a port of the computer, no hub",
    "switches: boot switches of the carrier ON (x8ctl guide CARRIER shows which)",
    "start: power-cycle after setting them; on the Breakout hold the ON button for some seconds",
    "USB-C to USB-C: turn the plug round, or use an A-to-C cable",
    "virtual machine: pass through 1fc9:0134, 1fc9:0151, 1fc9:0152, 0525:b4a4 and 0525:a4a5",
};

const char *x8_wait_checklist(size_t i)
{
    return i < X8_COUNT(checklist) ? checklist[i] : NULL;
}

struct waiting {
    struct x8_bus *bus;
    const struct x8_op *op;
    const struct x8_wait *want;
    struct x8_device *devices; /* as last seen */
    int count;
    int64_t next_tell, checklist_at;
    int looks;
    char news[NEWS_LEN]; /* what came and went since it was last told */
};

static int was_there(const struct x8_device *list, int count, const struct x8_device *device)
{
    for (int i = 0; i < count; i++)
        if (list[i].attach == device->attach && strcmp(list[i].port, device->port) == 0)
            return 1;
    return 0;
}

static void add_news(struct waiting *w, const char *what, const struct x8_device *device)
{
    size_t used = strlen(w->news);

    snprintf(w->news + used, sizeof w->news - used, "%s%s %s (%04x:%04x)", used ? ", " : "", what,
             device->port, device->vid, device->pid);
}

/* What is new and what is gone, of any make: a board in an unknown mode is news as well. */
static void compare(struct waiting *w, const struct x8_device *now, int count)
{
    for (int i = 0; i < count; i++)
        if (!was_there(w->devices, w->count, &now[i]))
            add_news(w, "new", &now[i]);
    for (int i = 0; i < w->count; i++)
        if (!was_there(now, count, &w->devices[i]))
            add_news(w, "gone", &w->devices[i]);
}

static int look(struct waiting *w, struct x8_error *err)
{
    struct x8_device *now = NULL;
    int count = w->bus->ops->list(w->bus, &now, err);

    if (count < 0)
        return count;
    if (w->looks++)
        compare(w, now, count);
    free(w->devices);
    w->devices = now;
    w->count = count;
    return 0;
}

static int judge(const struct waiting *w, struct x8_board **out, struct x8_error *err)
{
    struct x8_board *boards = calloc((size_t)w->count + 1, sizeof *boards);
    int fitting = 0;

    if (!boards)
        return x8_fail(err, X8_E_INTERNAL, "out of memory while waiting for a board");
    for (int i = 0; i < w->count; i++) {
        struct x8_board *board = &boards[fitting];

        if (!x8_board_of(&w->devices[i], board) ||
            (w->want->ignore_no_access && board->device.no_access))
            continue;
        fitting += w->want->fits(w->want->ctx, board) != 0;
    }
    if (fitting > 0)
        *out = boards;
    else
        free(boards);
    return fitting;
}

static void tell(struct waiting *w)
{
    char words[WORDS_LEN], left[24];

    x8_bus_words(w->devices, (size_t)w->count, words, sizeof words);
    if (w->want->deadline == X8_NO_DEADLINE)
        x8_copy(left, sizeof left, "no limit");
    else
        snprintf(left, sizeof left, "%d s left",
                 x8_deadline_left(w->want->deadline, 86400 * 1000) / 1000);
    x8_emit(w->op, X8_EV_WAIT, "waiting for %s (%s); on USB: %s%s%s", w->want->what, left, words,
            w->news[0] ? "; " : "", w->news);
    w->news[0] = '\0';
}

static void tell_checklist(struct waiting *w)
{
    x8_emit(w->op, X8_EV_NOTICE, "nothing yet; check in this order:");
    for (size_t i = 0; x8_wait_checklist(i); i++)
        x8_emit(w->op, X8_EV_NOTICE, "  %zu %s", i + 1, x8_wait_checklist(i));
    w->checklist_at = X8_NO_DEADLINE;
}

static void tell_due(struct waiting *w)
{
    if (x8_deadline_left(w->next_tell, 1) == 0) {
        tell(w);
        w->next_tell = x8_deadline_in(TELL_MS);
    }
    if (x8_deadline_left(w->checklist_at, 1) == 0)
        tell_checklist(w);
}

/* What to do next follows from what is there. */
static void advise(const struct waiting *w, struct x8_error *err)
{
    for (int i = 0; i < w->count; i++) {
        struct x8_board board;

        if (!x8_board_of(&w->devices[i], &board) || board.mode != X8_MODE_LINUX)
            continue;
        x8_error_next(err,
                      "the board at usb %s runs Linux: set its carrier's boot switches to ON "
                      "(x8ctl guide shows them) and power-cycle it",
                      board.device.port);
        return;
    }
    x8_error_next(err, "check a data cable, the carrier's boot switches (x8ctl guide) and power, "
                       "or wait longer with --timeout");
}

static int none_came(const struct waiting *w, struct x8_error *err)
{
    char words[WORDS_LEN / 2];

    x8_bus_words(w->devices, (size_t)w->count, words, sizeof words);
    x8_fail(err, X8_E_NO_BOARD, "%s did not appear in time", w->want->what);
    x8_error_why(err, "on USB: %s", words);
    advise(w, err);
    return -X8_E_NO_BOARD;
}

static int run(struct waiting *w, struct x8_board **out, struct x8_error *err)
{
    uint64_t seq = 0;

    for (;;) {
        int64_t until =
            x8_deadline_min(w->want->deadline, x8_deadline_min(w->next_tell, w->checklist_at));
        int rc = w->bus->ops->wait(w->bus, w->op, &seq, w->looks ? until : x8_deadline_in(0), err);

        if (rc < 0)
            return rc;
        if (rc > 0 || w->looks == 0) {
            rc = look(w, err);
            if (rc == 0)
                rc = judge(w, out, err);
            if (rc != 0)
                return rc;
        }
        if (x8_deadline_left(w->want->deadline, 1) == 0)
            return none_came(w, err);
        tell_due(w);
    }
}

int x8_boards_wait(struct x8_bus *bus, const struct x8_op *op, const struct x8_wait *want,
                   struct x8_board **out, struct x8_error *err)
{
    struct waiting w = {.bus = bus, .op = op, .want = want};
    int rc;

    w.next_tell = x8_deadline_in(0);
    w.checklist_at = want->checklist_ms > 0 ? x8_deadline_in(want->checklist_ms) : X8_NO_DEADLINE;
    rc = run(&w, out, err);
    free(w.devices);
    return rc;
}

int x8_board_wait(struct x8_bus *bus, const struct x8_op *op, const struct x8_wait *want,
                  struct x8_board *out, struct x8_error *err)
{
    struct x8_board *boards = NULL;
    int rc = x8_boards_wait(bus, op, want, &boards, err);

    if (rc > 0)
        *out = boards[0];
    free(boards);
    return rc > 0 ? 0 : rc;
}

/* 1 when the attach is no longer at its port; *back is what is there now, if that is a board. */
static int has_left(const struct x8_device *devices, int count, const char *port, uint64_t gone,
                    struct x8_board *back, int *is_back)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(devices[i].port, port) != 0)
            continue;
        if (devices[i].attach == gone)
            return 0;
        *is_back = back && x8_board_of(&devices[i], back);
    }
    return 1;
}

int x8_board_wait_left(struct x8_bus *bus, const struct x8_op *op, const char *port, uint64_t gone,
                       int64_t deadline, struct x8_board *back, struct x8_error *err)
{
    uint64_t seq = 0;

    for (;;) {
        struct x8_device *devices = NULL;
        struct x8_board found;
        int rc = bus->ops->wait(bus, op, &seq, deadline, err), is_back = 0, count;

        if (rc <= 0)
            return rc;
        count = bus->ops->list(bus, &devices, err);
        if (count < 0)
            return count;
        rc = has_left(devices, count, port, gone, back ? &found : NULL, &is_back);
        free(devices);
        if (rc && (is_back || !back)) {
            if (back)
                *back = found;
            return 1;
        }
    }
}
