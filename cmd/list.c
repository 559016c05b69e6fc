/*
 * x8ctl list: the boards on USB, known to an adb server and named by address, one row each.
 */
#include "rows.h"
#include "running.h"

#include "usb/usb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const states[] = {
    "rom",       "spl",          "fastboot", "linux", "initramfs", "mute",        "no-adb",
    "no-access", "unauthorized", "offline",  "busy",  "no-ssh",    "linux-setup", NULL};

enum { NET_UNSET = -2 };

static struct {
    int state, no_probe;
    int64_t net_ms;
    const char *columns;
} opt = {.state = -1, .net_ms = NET_UNSET};

static const enum x8_column usual[] = {X8_COL_SERIAL, X8_COL_NAME,    X8_COL_STATE,
                                       X8_COL_IMAGE,  X8_COL_CARRIER, X8_COL_LINKS,
                                       X8_COL_WHERE,  X8_COL_NOTE,    X8_COL_NEXT};

struct shown {
    enum x8_column columns[X8_COLUMNS];
    size_t count;
};

static int is_wanted(const struct x8_target *target)
{
    return opt.state < 0 || strcmp(states[opt.state], target->state) == 0 ||
           strcmp(states[opt.state], x8_mode_name(target->mode)) == 0;
}

/* What else of these makers is there helps where an id changed or a board is half awake. */
/* The network was asked for boards. */
static int was_searched;

static void say_none(struct x8_ctx *ctx)
{
    const char *also = was_searched ? "; none announces itself on the network" : "";
    struct x8_device *devices = NULL;
    char words[256];
    int count;

    if (!x8_usb_is_present()) {
        x8_ui_say(ctx->ui,
                  "no board: this system has no USB (/sys/bus/usb is missing); a "
                  "container or virtual machine must be given the devices%s",
                  also);
        return;
    }
    count = ctx->bus->ops->list(ctx->bus, &devices, NULL);
    x8_bus_words(devices, count > 0 ? (size_t)count : 0, words, sizeof words);
    free(devices);
    x8_ui_say(ctx->ui,
              "no board: none of 2341:0061 (linux), 1fc9:0134 (rom), 1fc9:0151 (spl), "
              "1fc9:0152 (fastboot) or their older ids is on USB; seen: %s%s",
              words, also);
}

static void say_summary(struct x8_ctx *ctx, const struct x8_target *targets, size_t shown,
                        size_t count)
{
    size_t needy = 0;

    for (size_t i = 0; i < count; i++)
        needy += is_wanted(&targets[i]) && targets[i].needs_care;
    if (count == 0)
        say_none(ctx);
    else if (shown == 0)
        x8_ui_say(ctx->ui, "no board in state %s, %zu in another", states[opt.state], count);
    else if (needy)
        x8_ui_say(ctx->ui, "%zu board%s, %zu need%s something", shown, shown == 1 ? "" : "s", needy,
                  needy == 1 ? "s" : "");
    else
        x8_ui_say(ctx->ui, "%zu board%s", shown, shown == 1 ? "" : "s");
}

static int has_cell(const struct x8_target *targets, size_t count, enum x8_column column)
{
    char room[32];

    for (size_t i = 0; i < count; i++)
        if (is_wanted(&targets[i]) && x8_row_cell(&targets[i], column, room)[0])
            return 1;
    return 0;
}

/* A person is spared empty columns of remarks; for a program they are always in their place. */
static int choose_columns(const struct x8_target *targets, size_t count, int is_json,
                          struct shown *out, struct x8_error *err)
{
    int is_terminal = isatty(STDOUT_FILENO);

    out->count = 0;
    if (is_json) {
        while (out->count < X8_COLUMNS) {
            out->columns[out->count] = (enum x8_column)out->count;
            out->count++;
        }
        return 0;
    }
    if (opt.columns)
        return x8_columns_parse(opt.columns, out->columns, X8_COLUMNS, &out->count, err);
    for (size_t i = 0; i < X8_COUNT(usual); i++) {
        int is_remark = usual[i] == X8_COL_NOTE || usual[i] == X8_COL_NEXT;

        if (!is_remark || !is_terminal || has_cell(targets, count, usual[i]))
            out->columns[out->count++] = usual[i];
    }
    return 0;
}

static void add_row(struct x8_table *table, const struct shown *shown,
                    const struct x8_target *target)
{
    const char *cells[X8_COLUMNS];
    char rooms[X8_COLUMNS][32];

    for (size_t i = 0; i < shown->count; i++)
        cells[i] = x8_row_cell(target, shown->columns[i], rooms[i]);
    x8_table_row(table, cells);
    x8_row_extra(x8_table_row_extra(table), target);
}

/* `columns` holds the headings for as long as the table is there. */
static struct x8_table *table_of(const struct shown *shown, const char *columns[X8_COLUMNS + 1],
                                 const struct x8_target *targets, size_t count)
{
    struct x8_table *table;

    for (size_t i = 0; i < shown->count; i++)
        columns[i] = x8_column_names[shown->columns[i]];
    columns[shown->count] = NULL;
    table = x8_table_new(columns);
    for (size_t i = 0; i < count; i++)
        if (is_wanted(&targets[i]))
            add_row(table, shown, &targets[i]);
    return table;
}

/* What was shown last, for when the search is stopped. */
struct watched {
    struct x8_ctx *ctx;
    struct x8_target *rows;
    size_t count;
};

static void keep(struct watched *watched, const struct x8_target *targets, size_t count)
{
    struct x8_target *grown = realloc(watched->rows, count * sizeof *grown);

    if (!grown)
        return;
    memcpy(grown, targets, count * sizeof *grown);
    watched->rows = grown;
    watched->count = count;
}

/* Who waits sees the rows as they are found; where each belongs is only known at the end. */
static void preview(void *arg, const struct x8_target *targets, size_t count)
{
    struct watched *watched = arg;
    const struct x8_ctx *ctx = watched->ctx;
    const char *columns[X8_COLUMNS + 1];
    struct x8_buf text = {0};
    struct x8_table *table;
    struct shown shown;

    /* A board whose asking was stopped did not fail to answer. */
    if (count == 0 || x8_cancel_level(ctx->cancel) != X8_CANCEL_NONE ||
        choose_columns(targets, count, 0, &shown, NULL) < 0)
        return;
    keep(watched, targets, count);
    table = table_of(&shown, columns, targets, count);
    if (x8_table_rows(table))
        x8_table_put(table, &text);
    x8_ui_preview(ctx->ui, x8_buf_text(&text));
    x8_buf_done(&text);
    x8_table_free(&table);
}

static void put_table(struct x8_ctx *ctx, struct x8_table *table)
{
    struct x8_json *json;

    x8_ui_preview(ctx->ui, "");
    x8_ui_flush(ctx->ui);
    json = ctx->globals->json ? x8_table_json(table, "boards") : NULL;
    if (json)
        x8_result(ctx, &json);
    else if (x8_table_rows(table))
        x8_table_print(table, stdout, isatty(STDOUT_FILENO));
    (void)x8_stdout_flush(ctx); /* before the summary; the end of the run looks at it */
}

static void print(struct x8_ctx *ctx, const struct shown *shown, const struct x8_target *targets,
                  size_t count)
{
    const char *columns[X8_COLUMNS + 1];
    struct x8_table *table = table_of(shown, columns, targets, count);
    size_t rows = x8_table_rows(table);

    put_table(ctx, table);
    x8_table_free(&table);
    say_summary(ctx, targets, rows, count);
}

/* Who stops the search has seen what he wanted: the rows stay. */
static void leave_rows(const struct watched *watched)
{
    const char *columns[X8_COLUMNS + 1];
    struct x8_table *table;
    struct shown shown;

    if (choose_columns(watched->rows, watched->count, 0, &shown, NULL) < 0)
        return;
    table = table_of(&shown, columns, watched->rows, watched->count);
    put_table(watched->ctx, table);
    x8_table_free(&table);
}

/* Beside everything else, unless it is said where all of them are. */
static int search_network(struct x8_reach *reach, const struct x8_strings *serial,
                          struct x8_error *err)
{
    if (opt.net_ms != NET_UNSET && (opt.net_ms < 0 || opt.net_ms > X8_NET_SEARCH_MAX_MS)) {
        x8_fail(err, X8_E_USAGE, "option '--net' takes a time of at most %d s",
                X8_NET_SEARCH_MAX_MS / 1000);
        x8_error_why(err, "that is as long as the network is listened to");
        x8_error_next(err, "--net 5s");
        return -(int)X8_E_USAGE;
    }
    if (opt.net_ms != NET_UNSET)
        reach->net.search_ms = (int)opt.net_ms;
    reach->net.is_wide = !x8_all_are_places(serial);
    return 0;
}

static int find(struct x8_ctx *ctx, struct x8_target **out, struct x8_error *err)
{
    const struct x8_strings *serial = &ctx->globals->serial;
    const char *addresses[X8_COUNT(serial->items)];
    /* Of one that is asked for the answer is soon there, and the others are none of it. */
    int is_watched = isatty(STDOUT_FILENO) && !ctx->globals->json && !serial->count;
    struct watched watched = {.ctx = ctx};
    const struct x8_find_view view = {.show = preview, .ctx = &watched};
    struct x8_reach reach;
    size_t address_count;
    int rc = x8_env_reach(ctx->globals, &reach, err);

    if (rc == 0)
        rc = search_network(&reach, serial, err);
    was_searched = rc == 0 && reach.net.is_wide && reach.net.search_ms > 0;
    if (rc == 0)
        rc = x8_addresses_of(ctx->globals, addresses, &address_count, err);
    if (rc == 0)
        rc = x8_targets_find_shown(ctx->bus, &ctx->op, &reach, addresses, address_count,
                                   opt.no_probe ? 0 : X8_ROWS_PROBE_MS, is_watched ? &view : NULL,
                                   out, err);
    if (rc == -(int)X8_E_STOPPED && watched.count)
        leave_rows(&watched);
    free(watched.rows);
    if (rc >= 0 && serial->count)
        rc = x8_targets_pick(serial->items, serial->count, 0, *out, (size_t)rc, err);
    return rc;
}

/* An address that was asked for has a row that says why, and is as absent as a serial number that
 * nothing has. */
static int check_there(const struct x8_ctx *ctx, const struct x8_target *targets, int count,
                       struct x8_error *err)
{
    for (int i = 0; i < count && ctx->globals->serial.count; i++) {
        const struct x8_target *t = &targets[i];

        if (strcmp(t->state, "gone") != 0)
            continue;
        x8_fail(err, X8_E_NO_BOARD, "no board answers at %s", t->where);
        x8_error_why(err, "%s", t->note);
        if (t->next[0])
            x8_error_next(err, "%s", t->next);
        return -(int)X8_E_NO_BOARD;
    }
    return count;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_target *targets = NULL;
    struct shown shown;
    int count;

    x8_signals_say("the search ends; what was found up to now is shown");
    if (ctx->argc > 0) {
        x8_fail(err, X8_E_USAGE, "list takes no operand, not '%s'", ctx->argv[0]);
        x8_error_why(err, "a board is chosen by -s");
        x8_error_next(err, "x8ctl list -s %s    for one board", ctx->argv[0]);
        return -X8_E_USAGE;
    }
    count = choose_columns(NULL, 0, 0, &shown, err); /* a wrong name is told before the wait */
    if (count == 0)
        count = find(ctx, &targets, err);
    if (count >= 0) {
        (void)choose_columns(targets, (size_t)count, ctx->globals->json, &shown, NULL);
        print(ctx, &shown, targets, (size_t)count);
        count = check_there(ctx, targets, count, err);
    }
    free(targets);
    return count < 0 ? count : 0;
}

static const struct x8_opt opts[] = {
    {"state", 0, X8_OPT_CHOICE, &opt.state, "STATE", states, "only boards in this state", NULL},
    {"net", 0, X8_OPT_DURATION, &opt.net_ms, "DUR", NULL,
     "how long the network is searched for boards (1s, or X8CTL_NET); 0: not at all", NULL},
    {"columns", 0, X8_OPT_STRING, &opt.columns, "A,B", NULL,
     "these columns only; beside the usual ones there are speed and hostname", NULL},
    {"no-probe", 0, X8_OPT_FLAG, &opt.no_probe, NULL, NULL,
     "do not ask running boards for their image and carrier", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl list", "every board, with its state and what it needs"},
    {"x8ctl list --state rom --json", "boards in flashing mode, for a script"},
    {"x8ctl list --net 5s", "search longer, as on a wireless network that loses much"},
    {"x8ctl list -s adb:192.168.1.50", "one that listens for ADB on the network"},
    {NULL, NULL},
};
static const unsigned char exits[] = {X8_E_USAGE, X8_E_NO_BOARD, X8_E_SEVERAL, X8_E_STOPPED, 0};

const struct x8_cmd x8_cmd_list = {
    .name = "list",
    .group = "look",
    .summary = "show the boards on USB, known to an adb server and on the network",
    .usage = "",
    .description =
        "Shows each board once, with its serial number, your name for it, its state,\n"
        "image and carrier, the ways to it that can be used now (usb, adb for a running\n"
        "adb server, tcp, net for ssh), where it is, and what stands in the way of using\n"
        "it. Running boards are asked for image and carrier, all at once and for 1.5 s at\n"
        "most; by ssh only those whose key is known here and that ask for no password.\n"
        "\n"
        "The network is searched meanwhile, for one second: boards announce themselves\n"
        "as portenta-x8- and their serial number. One that has been given another name\n"
        "is found when that is your name for it (x8ctl name), or by -s net:HOST. On a\n"
        "terminal rows are shown as they are found, before the table is complete.\n"
        "\n"
        "States: rom (flashing mode), spl and fastboot (loaders in memory), linux,\n"
        "linux-setup (it runs, and waits for its first password: x8ctl setup), initramfs\n"
        "(flashing system in memory), no-access (the device node is closed to this\n"
        "user), busy (another program holds it), mute (it does not answer), no-adb and\n"
        "no-ssh (it runs, but offers none), unauthorized and offline (what the adb\n"
        "server says of it). --state linux finds running boards whatever else is wrong\n"
        "with them. A board shows another serial number in each state; its port stays\n"
        "the same. No board is no error (exit status 0), unless -s asks for one.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl watch, x8ctl info, x8ctl guide, x8ctl udev",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS,
    .run = run,
};
