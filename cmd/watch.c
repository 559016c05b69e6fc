/*
 * x8ctl watch: one line for each change on USB that concerns a board.
 */
#include "cmd.h"

#include "board/select.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_json(const char *event, const struct x8_board *board)
{
    struct x8_json *line = x8_json_object();
    char now[32], *text;

    x8_utc_text(now, 1);
    x8_json_u64(line, "v", 1);
    x8_json_str(line, "t", now);
    x8_json_str(line, "ev", event);
    x8_json_str(line, "port", board->device.port);
    x8_json_str(line, "state", x8_board_state(board));
    x8_json_str(line, "mode", x8_mode_name(board->mode));
    x8_json_str(line, "serial", board->device.serial[0] ? board->device.serial : NULL);
    x8_json_str(line, "speed", x8_speed_name(board->device.speed));
    x8_json_str(line, "note", board->note[0] ? board->note : NULL);
    text = x8_json_text(line, 0);
    printf("%s\n", text);
    free(text);
    x8_json_free(&line);
}

static void print_line(const char *event, const struct x8_board *board)
{
    const char *serial = board->device.serial;
    char now[32];

    x8_utc_text(now, 0);
    printf("%s\t%s\tusb %s\t%s\t%s\t%s\t%s\n", now, event, board->device.port,
           x8_board_state(board), serial[0] ? serial : "-", x8_speed_name(board->device.speed),
           board->note[0] ? board->note : "-");
}

/* Those of -s; without it every board. */
static int is_wanted(const struct x8_ctx *ctx, const struct x8_board *board)
{
    const struct x8_strings *serial = &ctx->globals->serial;
    struct x8_selector selector;
    int exact;

    for (size_t i = 0; i < serial->count; i++)
        if (x8_selector_parse(serial->items[i], &selector, NULL) == 0 &&
            x8_selector_match(&selector, board, &exact))
            return 1;
    return serial->count == 0;
}

static void print(const struct x8_ctx *ctx, const char *event, const struct x8_board *board)
{
    if (!is_wanted(ctx, board))
        return;
    if (ctx->globals->json)
        print_json(event, board);
    else
        print_line(event, board);
}

static const struct x8_board *find(const struct x8_board *boards, int count,
                                   const struct x8_board *like)
{
    for (int i = 0; i < count; i++)
        if (boards[i].device.attach == like->device.attach &&
            strcmp(boards[i].device.port, like->device.port) == 0)
            return &boards[i];
    return NULL;
}

/* Departures first: a board that changed its mode left before it came. */
static void print_changes(const struct x8_ctx *ctx, const struct x8_board *old, int old_count,
                          const struct x8_board *now, int count, int is_first)
{
    for (int i = 0; i < old_count; i++)
        if (!find(now, count, &old[i]))
            print(ctx, "left", &old[i]);
    for (int i = 0; i < count; i++) {
        const struct x8_board *before = find(old, old_count, &now[i]);

        if (!before)
            print(ctx, is_first ? "present" : "arrived", &now[i]);
        else if (before->device.no_access != now[i].device.no_access)
            print(ctx, "access", &now[i]);
    }
}

/* Ends when nobody reads any more. */
static int watch(struct x8_ctx *ctx, int64_t deadline, struct x8_error *err)
{
    struct x8_board *old = NULL, *now = NULL;
    int old_count = 0, is_first = 1, rc;
    uint64_t seq = 0;

    while ((rc = ctx->bus->ops->wait(ctx->bus, &ctx->op, &seq, deadline, err)) > 0) {
        rc = x8_boards_find(ctx->bus, &now, err);
        if (rc < 0)
            break;
        print_changes(ctx, old, old_count, now, rc, is_first);
        free(old);
        old = now;
        old_count = rc;
        is_first = 0;
        if (x8_stdout_flush(ctx) != 0) {
            rc = 0;
            break;
        }
    }
    free(old);
    return rc;
}

static int check(const struct x8_ctx *ctx, struct x8_error *err)
{
    const struct x8_strings *serial = &ctx->globals->serial;
    struct x8_selector selector;
    int rc = 0;

    if (ctx->argc > 0) {
        rc = x8_fail(err, X8_E_USAGE, "watch takes no operand, not '%s'", ctx->argv[0]);
        x8_error_next(err, "x8ctl watch -s %s    for one board", ctx->argv[0]);
    }
    for (size_t i = 0; rc == 0 && i < serial->count; i++)
        rc = x8_selector_parse(serial->items[i], &selector, err);
    return rc;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    int64_t limit = ctx->globals->timeout_ms;
    int rc = check(ctx, err);

    if (rc < 0)
        return rc;
    if (!ctx->globals->json)
        x8_ui_say(ctx->ui, "watching USB; Ctrl-C ends it");
    x8_ui_flush(ctx->ui);
    rc = watch(ctx, x8_deadline_in(limit == X8_TIMEOUT_UNSET ? -1 : limit), err);
    /* Ctrl-C is how one ends it: no error to explain. */
    return rc == -X8_E_STOPPED || rc == -X8_E_TERMINATED ? -rc : rc;
}

static const struct x8_example examples[] = {
    {"x8ctl watch", "a line whenever a board comes, goes or changes its state"},
    {"x8ctl watch -s usb:1-4.2", "one port only"},
    {"x8ctl watch --json --timeout 1m", "the same for a program, for one minute"},
    {NULL, NULL},
};
static const unsigned char exits[] = {X8_E_USAGE, X8_E_STOPPED, X8_E_TERMINATED, 0};

const struct x8_cmd x8_cmd_watch = {
    .name = "watch",
    .group = "look",
    .summary = "follow boards as they come, go and change state",
    .usage = "",
    .description = "First prints the boards that are there, then one line per change: present,\n"
                   "arrived, left, access (the rights on the device node changed). Columns are\n"
                   "separated by tabs: time (UTC), event, port, state, serial, speed, note.\n"
                   "With --json each line is one JSON object. Ends with Ctrl-C, or after\n"
                   "--timeout with exit status 0.",
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl list",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS,
    .run = run,
};
