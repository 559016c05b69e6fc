/*
 * x8ctl watch: one line for each change that concerns a board.
 */
#include "rows.h"
#include "running.h"
#include "watch_net.h"

#include "util/clock.h"
#include "util/file.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The bus tells of its changes; what an adb server knows is looked at this often. */
enum { LOOK_MS = 2000 };

struct watching {
    struct x8_ctx *ctx;
    struct x8_reach reach;
    const char *addresses[64];
    size_t address_count;
    struct x8_target *old;
    int old_count, is_first;
    struct x8_net_watch *net; /* NULL: the network is not searched */
    int is_net_settled;       /* its first search was looked at before this look */
};

static void print_json(const char *event, const struct x8_target *target)
{
    struct x8_json *line = x8_json_object();
    char now[32], room[32], *text;

    x8_utc_text(now, 1);
    x8_json_u64(line, "v", 1);
    x8_json_str(line, "t", now);
    x8_json_str(line, "ev", event);
    for (int i = 0; i < X8_COLUMNS; i++) {
        const char *cell = x8_row_cell(target, (enum x8_column)i, room);
        char key[24];
        size_t n = 0;

        for (; x8_column_names[i][n] && n < sizeof key - 1; n++)
            key[n] = (char)(x8_column_names[i][n] | 0x20); /* capital letters alone are there */
        key[n] = '\0';
        x8_json_str(line, key, cell[0] ? cell : NULL);
    }
    x8_row_extra(line, target);
    text = x8_json_text(line, 0);
    printf("%s\n", text);
    free(text);
    x8_json_free(&line);
}

static void print_line(const char *event, const struct x8_target *target)
{
    static const enum x8_column columns[] = {X8_COL_WHERE, X8_COL_STATE,   X8_COL_SERIAL,
                                             X8_COL_SPEED, X8_COL_NOTE,    X8_COL_NAME,
                                             X8_COL_IMAGE, X8_COL_CARRIER, X8_COL_LINKS};
    char now[32], room[32];

    x8_utc_text(now, 0);
    printf("%s\t%s", now, event);
    for (size_t i = 0; i < X8_COUNT(columns); i++) {
        const char *cell = x8_row_cell(target, columns[i], room);

        printf("\t%s", cell[0] ? cell : "-");
    }
    putchar('\n');
}

/* Those of -s; without it every board. */
static int is_wanted(const struct x8_ctx *ctx, const struct x8_target *target)
{
    const struct x8_strings *serial = &ctx->globals->serial;
    struct x8_selector selector;

    for (size_t i = 0; i < serial->count; i++)
        if (x8_selector_parse(serial->items[i], &selector, NULL) == 0 &&
            x8_target_match(&selector, target, NULL))
            return 1;
    return serial->count == 0;
}

static void print(const struct watching *w, const char *event, const struct x8_target *target)
{
    if (!is_wanted(w->ctx, target))
        return;
    if (w->ctx->globals->json)
        print_json(event, target);
    else
        print_line(event, target);
}

/* The same arrival of the same board: one that changed its mode left and came. */
static int is_same(const struct x8_target *a, const struct x8_target *b)
{
    if (a->has_usb != b->has_usb || a->mode != b->mode)
        return 0;
    if (a->has_usb)
        return a->usb.device.attach == b->usb.device.attach &&
               strcmp(a->usb.device.port, b->usb.device.port) == 0;
    if (a->host[0] || b->host[0])
        return strcmp(a->host, b->host) == 0 && a->port == b->port;
    if (a->net_name[0] || b->net_name[0])
        return strcmp(a->net_name, b->net_name) == 0;
    if (a->has_net || b->has_net)
        return strcmp(a->net_host, b->net_host) == 0 && a->net_port == b->net_port;
    return strcmp(a->adb.serial, b->adb.serial) == 0;
}

static struct x8_target *find(struct x8_target *targets, int count, const struct x8_target *like)
{
    for (int i = 0; i < count; i++)
        if (is_same(&targets[i], like))
            return &targets[i];
    return NULL;
}

/* What the bus and the server say; not what the board said when it was asked. */
static int is_changed(const struct x8_target *before, const struct x8_target *now)
{
    return before->usb.device.no_access != now->usb.device.no_access ||
           before->usb.device.has_adb != now->usb.device.has_adb ||
           before->has_adb != now->has_adb || strcmp(before->adb.state, now->adb.state) != 0 ||
           before->has_net != now->has_net || strcmp(before->net_host, now->net_host) != 0;
}

/* Ask those that came, or became usable, once; of the others what they said is still right. */
static void learn(struct watching *w, struct x8_target *now, int count)
{
    struct x8_target **chosen = calloc((size_t)count + 1, sizeof(struct x8_target *));
    size_t n = 0;

    for (int i = 0; chosen && i < count; i++) {
        struct x8_target *before = find(w->old, w->old_count, &now[i]);

        if (before && !is_changed(before, &now[i]))
            now[i] = *before;
        else if (!now[i].probed && is_wanted(w->ctx, &now[i]))
            chosen[n++] = &now[i];
    }
    if (n)
        x8_targets_ask(w->ctx->bus, &w->ctx->op, &w->reach, chosen, n, X8_ROWS_PROBE_MS);
    free(chosen);
}

/* The first search ends after the first look. */
static int was_there(const struct watching *w, const struct x8_target *target)
{
    return w->is_first || (target->net_name[0] && !target->has_usb && !w->is_net_settled);
}

/* Departures first: a board that changed its mode left before it came. */
static void print_changes(const struct watching *w, struct x8_target *now, int count)
{
    for (int i = 0; i < w->old_count; i++)
        if (!find(now, count, &w->old[i]))
            print(w, "left", &w->old[i]);
    for (int i = 0; i < count; i++) {
        const struct x8_target *before = find(w->old, w->old_count, &now[i]);

        if (!before)
            print(w, was_there(w, &now[i]) ? "present" : "arrived", &now[i]);
        else if (before->usb.device.no_access != now[i].usb.device.no_access)
            print(w, "access", &now[i]);
        else if (is_changed(before, &now[i]))
            print(w, "changed", &now[i]);
    }
}

static int look(struct watching *w, struct x8_error *err)
{
    struct x8_target *now = NULL;
    struct x8_mdns_host *hosts = NULL;
    int is_settled = x8_net_watch_take(w->net, &hosts, &w->reach.net.host_count), count;

    w->reach.net.hosts = hosts;
    count = x8_targets_find(w->ctx->bus, &w->ctx->op, &w->reach, w->addresses, w->address_count, 0,
                            &now, err);
    free(hosts);
    if (count < 0)
        return count;
    learn(w, now, count);
    print_changes(w, now, count);
    w->is_net_settled = is_settled;
    free(w->old);
    w->old = now;
    w->old_count = count;
    w->is_first = 0;
    return 0;
}

static int watch(struct watching *w, int64_t deadline, struct x8_error *err)
{
    struct x8_bus *bus = w->ctx->bus;
    uint64_t seq = 0;
    int rc;

    for (;;) {
        rc = bus->ops->wait(bus, &w->ctx->op, &seq,
                            x8_deadline_min(deadline, x8_deadline_in(LOOK_MS)), err);
        if (rc >= 0)
            rc = look(w, err);
        if (rc < 0 || x8_stdout_flush(w->ctx) != 0 || x8_deadline_left(deadline, 1) == 0)
            return rc;
    }
}

/* Watches the reader of stdout in a thread of its own: nothing may ever be printed again, and then
 * no failed write would tell that the reader is gone. */
struct reader_watch {
    struct x8_cancel *cancel;
    pthread_t thread;
    int is_started, end_read, end_write;
    atomic_int is_gone;
};

static void *watch_reader(void *arg)
{
    struct reader_watch *r = arg;
    struct pollfd fds[] = {{.fd = STDOUT_FILENO, .events = 0},
                           {.fd = r->end_read, .events = POLLIN}};

    while (poll(fds, 2, -1) < 0 || !(fds[0].revents || fds[1].revents))
        ;
    if (!fds[1].revents && fds[0].revents & (POLLERR | POLLHUP)) {
        atomic_store(&r->is_gone, 1);
        x8_cancel_raise(r->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    }
    return NULL;
}

static void start_reader_watch(struct reader_watch *r, struct x8_cancel *cancel)
{
    int ends[2];

    *r = (struct reader_watch){.cancel = cancel, .end_read = -1, .end_write = -1};
    if (pipe(ends) != 0)
        return; /* then the next line tells */
    r->end_read = ends[0];
    r->end_write = ends[1];
    fcntl(r->end_read, F_SETFD, FD_CLOEXEC);
    fcntl(r->end_write, F_SETFD, FD_CLOEXEC);
    r->is_started = pthread_create(&r->thread, NULL, watch_reader, r) == 0;
}

static void end_reader_watch(struct reader_watch *r)
{
    x8_fd_close(&r->end_write); /* the hang-up wakes the thread */
    if (r->is_started)
        pthread_join(r->thread, NULL);
    x8_fd_close(&r->end_read);
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    int64_t limit = ctx->globals->timeout_ms;
    struct watching w = {.ctx = ctx, .is_first = 1};
    struct reader_watch reader;
    int rc;

    if (ctx->argc > 0) {
        rc = x8_fail(err, X8_E_USAGE, "watch takes no operand, not '%s'", ctx->argv[0]);
        x8_error_why(err, "a board is chosen by -s");
        x8_error_next(err, "x8ctl watch -s %s    for one board", ctx->argv[0]);
        return rc;
    }
    rc = x8_env_reach(ctx->globals, &w.reach, err);
    if (rc == 0)
        rc = x8_addresses_of(ctx->globals, w.addresses, &w.address_count, err);
    if (rc < 0)
        return rc;
    if (!ctx->globals->json)
        x8_ui_say(ctx->ui, "watching for boards; Ctrl-C ends it");
    x8_ui_flush(ctx->ui);
    start_reader_watch(&reader, ctx->cancel);
    if (w.reach.net.search_ms > 0 && !x8_all_are_places(&ctx->globals->serial))
        w.net = x8_net_watch_start(&ctx->op, &w.reach);
    rc = watch(&w, x8_deadline_in(limit == X8_TIMEOUT_UNSET ? -1 : limit), err);
    x8_net_watch_stop(&w.net);
    end_reader_watch(&reader);
    free(w.old);
    if (atomic_load(&reader.is_gone))
        return 0;
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
    .description =
        "First prints the boards that are there, then one line per change: present,\n"
        "arrived, left, access (the rights on the device node changed), changed (an adb\n"
        "server took it, lost it or calls its state otherwise, or the network shows it or\n"
        "no longer does). The network is searched every 10 s; a board that was not heard\n"
        "for half a minute has left it. A running board that came is asked once for\n"
        "image and carrier. Columns are separated by tabs: time\n"
        "(UTC), event, place, state, serial, speed, note, name, image, carrier, links.\n"
        "With --json each line is one JSON object. Ends with Ctrl-C, when nobody reads\n"
        "its output any more, or after --timeout with exit status 0.",
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl list",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP,
    .run = run,
};
