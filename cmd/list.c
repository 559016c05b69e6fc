/*
 * x8ctl list: the boards on USB, one row each.
 */
#include "cmd.h"

#include "board/select.h"
#include "usb/usb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const states[] = {"rom",       "spl",       "fastboot", "linux",
                                     "initramfs", "no-access", NULL};

static int wanted_state = -1;

static void add_row(struct x8_table *table, const struct x8_board *board)
{
    const struct x8_device *d = &board->device;
    char where[X8_PORT_LEN + 8], id[8];
    const char *cells[6] = {d->serial, x8_board_state(board), x8_speed_name(d->speed),
                            where,     board->note,           board->next};
    struct x8_json *extra;

    snprintf(where, sizeof where, "usb %s", d->port);
    x8_table_row(table, cells);
    extra = x8_table_row_extra(table);
    x8_json_str(extra, "port", d->port);
    x8_json_str(extra, "mode", x8_mode_name(board->mode));
    x8_json_bool(extra, "other_chip", board->trust == X8_TRUST_FOREIGN);
    x8_json_bool(extra, "needs_something", board->needs_care);
    snprintf(id, sizeof id, "%04x", d->vid);
    x8_json_str(extra, "vid", id);
    snprintf(id, sizeof id, "%04x", d->pid);
    x8_json_str(extra, "pid", id);
    snprintf(id, sizeof id, "%04x", d->bcd_device);
    x8_json_str(extra, "bcd_device", id);
    x8_json_str(extra, "product", d->product[0] ? d->product : NULL);
    x8_json_str(extra, "manufacturer", d->manufacturer[0] ? d->manufacturer : NULL);
    x8_json_bool(extra, "adb", d->has_adb);
    x8_json_str(extra, "node", d->node);
    x8_json_bool(extra, "access", !d->no_access);
}

static int is_wanted(const struct x8_board *board)
{
    return wanted_state < 0 || strcmp(states[wanted_state], x8_board_state(board)) == 0 ||
           strcmp(states[wanted_state], x8_mode_name(board->mode)) == 0;
}

/* What else of these makers is there helps where an id changed or a board is half awake. */
static void say_none(struct x8_ctx *ctx)
{
    struct x8_device *devices = NULL;
    char words[256];
    int count;

    if (!x8_usb_is_present()) {
        x8_ui_say(ctx->ui, "no board: this system has no USB (/sys/bus/usb is missing); a "
                           "container or virtual machine must be given the devices");
        return;
    }
    count = ctx->bus->ops->list(ctx->bus, &devices, NULL);
    x8_bus_words(devices, count > 0 ? (size_t)count : 0, words, sizeof words);
    free(devices);
    x8_ui_say(ctx->ui,
              "no board: none of 2341:0061 (linux), 1fc9:0134 (rom), 1fc9:0151 (spl), "
              "1fc9:0152 (fastboot) or their older ids is on USB; seen: %s",
              words);
}

static void say_summary(struct x8_ctx *ctx, const struct x8_board *boards, size_t shown,
                        size_t count)
{
    size_t needy = 0;

    for (size_t i = 0; i < count; i++)
        needy += is_wanted(&boards[i]) && boards[i].needs_care;
    if (count == 0)
        say_none(ctx);
    else if (shown == 0)
        x8_ui_say(ctx->ui, "no board in state %s, %zu in another", states[wanted_state], count);
    else if (needy)
        x8_ui_say(ctx->ui, "%zu board%s, %zu need%s something", shown, shown == 1 ? "" : "s", needy,
                  needy == 1 ? "s" : "");
    else
        x8_ui_say(ctx->ui, "%zu board%s", shown, shown == 1 ? "" : "s");
}

static void print(struct x8_ctx *ctx, const struct x8_board *boards, size_t count)
{
    static const char *const columns[] = {"SERIAL", "STATE", "SPEED", "WHERE",
                                          "NOTE",   "NEXT",  NULL};
    struct x8_table *table = x8_table_new(columns);
    size_t shown;

    for (size_t i = 0; i < count; i++)
        if (is_wanted(&boards[i]))
            add_row(table, &boards[i]);
    shown = x8_table_rows(table);
    x8_ui_flush(ctx->ui);
    if (ctx->globals->json)
        x8_table_print_json(table, "boards", stdout);
    else if (shown)
        x8_table_print(table, stdout, isatty(STDOUT_FILENO));
    (void)x8_stdout_flush(ctx); /* before the summary; the end of the run looks at it */
    x8_table_free(&table);
    say_summary(ctx, boards, shown, count);
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    const struct x8_strings *serial = &ctx->globals->serial;
    struct x8_board *boards = NULL;
    int count;

    if (ctx->argc > 0) {
        x8_fail(err, X8_E_USAGE, "list takes no operand, not '%s'", ctx->argv[0]);
        x8_error_next(err, "x8ctl list -s %s    for one board", ctx->argv[0]);
        return -X8_E_USAGE;
    }
    count = x8_boards_find(ctx->bus, &boards, err);
    if (count >= 0 && serial->count)
        count = x8_select_boards(serial->items, serial->count, 0, boards, (size_t)count, err);
    if (count >= 0)
        print(ctx, boards, (size_t)count);
    free(boards);
    return count < 0 ? count : 0;
}

static const struct x8_opt opts[] = {
    {"state", 0, X8_OPT_CHOICE, &wanted_state, "STATE", states, "only boards in this state", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl list", "every board on USB, with its state and what it needs"},
    {"x8ctl list --state rom --json", "boards in flashing mode, for a script"},
    {NULL, NULL},
};
static const unsigned char exits[] = {X8_E_USAGE, X8_E_NO_BOARD, X8_E_SEVERAL, 0};

const struct x8_cmd x8_cmd_list = {
    .name = "list",
    .group = "look",
    .summary = "show the boards on USB",
    .usage = "",
    .description = "Shows each board with its serial number, state, link speed and port, and\n"
                   "what stands in the way of using it. States: rom (flashing mode), spl and\n"
                   "fastboot (loaders in memory), linux, initramfs (flashing system in\n"
                   "memory), no-access (the device node is closed to this user). A board\n"
                   "shows another serial number in each state; its port stays the same.\n"
                   "No board is no error (exit status 0), unless -s asks for one.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl watch, x8ctl guide, x8ctl udev",
    .needs = X8_NEEDS_BUS,
    .run = run,
};
