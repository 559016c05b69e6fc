/*
 * Finding boards: the bus, then the adb server, then addresses; who runs is asked, and what turns
 * out to be one board becomes one row. The network is searched meanwhile, where that is wanted.
 */
#include "board/target_parts.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

/* What only a server or an address says to be a board is asked even where nobody wants facts. */
enum { PROVE_MS = 1500 };

struct finding {
    struct x8_bus *bus;
    const struct x8_op *op;
    const struct x8_reach *reach;
    struct x8_target_list list;
    struct x8_device *devices;
    int device_count;
    struct x8_search search; /* beside the rest, where it is wanted */
    struct x8_shown shown;
    int is_searching;
};

static int no_memory(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory while looking for boards");
}

static int look_at_bus(struct finding *f, struct x8_error *err)
{
    struct x8_board *boards;
    size_t count = 0;
    int rc;

    f->device_count = f->bus->ops->list(f->bus, &f->devices, err);
    if (f->device_count < 0)
        return f->device_count;
    boards = calloc((size_t)f->device_count + 1, sizeof *boards);
    for (int i = 0; boards && i < f->device_count; i++)
        count += (size_t)x8_board_of(&f->devices[i], &boards[count]);
    rc = boards ? x8_targets_add_boards(&f->list, boards, count) : -1;
    free(boards);
    return rc < 0 ? no_memory(err) : 0;
}

/* 1 when a server was asked, 0 when none runs. */
static int look_at_server(struct finding *f, struct x8_error *err)
{
    struct x8_adb_device *known = NULL;
    unsigned version;
    int count, rc;

    if (!f->reach->adb_port || (f->reach->via != X8_VIA_AUTO && f->reach->via != X8_VIA_ADB))
        return 0;
    rc = x8_adb_server_version(f->op, f->reach->adb_port, &version, err);
    if (rc <= 0)
        return rc;
    count = x8_adb_server_devices(f->op, f->reach->adb_port, &known, err);
    if (count < 0)
        return count;
    rc = x8_targets_add_adb(&f->list, known, (size_t)count, f->devices,
                            f->device_count > 0 ? (size_t)f->device_count : 0);
    free(known);
    return rc < 0 ? no_memory(err) : 1;
}

static int is_stop(int rc)
{
    return rc == -(int)X8_E_STOPPED || rc == -(int)X8_E_TERMINATED;
}

static int add_address(struct finding *f, const char *address, struct x8_error *err)
{
    if (x8_starts(address, "net:"))
        return x8_targets_add_net(&f->list, address + 4, err);
    return x8_targets_add_address(&f->list, address, err);
}

/* One of bus and server is enough; a server that speaks no ADB is no reason to show nothing. */
static int look(struct finding *f, const char *const *addresses, size_t count, struct x8_error *err)
{
    struct x8_error server_err;
    int bus_rc = f->bus ? look_at_bus(f, err) : 0;
    int server_rc = look_at_server(f, &server_err);
    int rc = 0;

    if (is_stop(server_rc) || server_rc == -(int)X8_E_INTERNAL ||
        (server_rc < 0 && f->reach->via == X8_VIA_ADB)) {
        *err = server_err;
        return server_rc;
    }
    if (server_rc < 0)
        x8_emit(f->op, X8_EV_WARN, "%s", server_err.msg);
    if (bus_rc < 0 && server_rc <= 0 && count == 0 && !f->is_searching)
        return bus_rc;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_address(f, addresses[i], err);
    return rc;
}

static void ask(struct finding *f, int probe_ms)
{
    struct x8_target **chosen = calloc(f->list.count + 1, sizeof(struct x8_target *));
    size_t count = 0;

    for (size_t i = 0; chosen && i < f->list.count; i++)
        if (probe_ms > 0 || f->list.items[i].unproven)
            chosen[count++] = &f->list.items[i];
    if (count)
        x8_targets_ask(f->bus, f->op, f->reach, chosen, count, probe_ms > 0 ? probe_ms : PROVE_MS);
    free(chosen);
}

static void name_all(struct finding *f, const struct x8_json *names)
{
    for (size_t i = 0; i < f->list.count; i++)
        x8_target_name(&f->list.items[i], names);
}

/* What the network shows. Without a network there is still the rest. */
static int take_found(struct finding *f, const struct x8_json *names, int probe_ms,
                      struct x8_error *err)
{
    struct x8_error failed;
    int rc = x8_search_join(&f->search, &failed);

    if (is_stop(rc) || (rc < 0 && f->reach->via == X8_VIA_NET)) {
        *err = failed;
        return rc;
    }
    if (rc < 0)
        x8_emit(f->op, X8_EV_DETAIL, "%s", failed.msg);
    else
        x8_search_take(f->bus, f->op, f->reach, &f->search, names, probe_ms, &f->list);
    return 0;
}

/* What was found before. */
static void take_known(struct finding *f, const struct x8_json *names, int probe_ms)
{
    size_t count = f->reach->net.host_count;

    f->search.hosts = calloc(count, sizeof *f->search.hosts);
    if (!f->search.hosts)
        return; /* the rest is something */
    memcpy(f->search.hosts, f->reach->net.hosts, count * sizeof *f->search.hosts);
    f->search.count = count;
    x8_search_take(f->bus, f->op, f->reach, &f->search, names, probe_ms, &f->list);
}

static int find_out(struct finding *f, int probe_ms, struct x8_error *err)
{
    struct x8_json *names = x8_names_load(f->reach->names_path);
    int rc = 0;

    name_all(f, names);
    for (size_t i = 0; i < f->list.count; i++)
        x8_target_judge(&f->list.items[i]);
    x8_shown_rows(&f->shown, &f->list);
    ask(f, probe_ms);
    x8_targets_join(&f->list);
    name_all(f, names);
    x8_shown_rows(&f->shown, &f->list);
    if (f->is_searching)
        rc = take_found(f, names, probe_ms, err);
    else if (f->reach->net.host_count)
        take_known(f, names, probe_ms);
    x8_json_free(&names);
    return rc;
}

int x8_targets_find_shown(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                          const char *const *addresses, size_t address_count, int probe_ms,
                          const struct x8_find_view *view, struct x8_target **out,
                          struct x8_error *err)
{
    struct finding f = {.bus = bus, .op = op, .reach = reach};
    int rc;

    f.search = (struct x8_search){.op = op, .reach = reach, .is_told = 1};
    f.is_searching = reach->net.is_wide && reach->net.search_ms > 0;
    if (x8_shown_begin(&f.shown, view, reach->names_path) < 0)
        return no_memory(err);
    if (view) {
        f.search.is_enough = x8_shown_host;
        f.search.ctx = &f.shown;
    }
    if (f.is_searching)
        x8_search_start(&f.search);
    rc = look(&f, addresses, address_count, err);
    if (rc == 0)
        rc = find_out(&f, probe_ms, err);
    if (rc == 0)
        rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, err);
    if (f.is_searching)
        (void)x8_search_join(&f.search, NULL);
    x8_search_done(&f.search);
    x8_shown_done(&f.shown);
    if (rc == 0 && !f.list.items)
        f.list.items = calloc(1, sizeof *f.list.items);
    if (rc == 0 && !f.list.items)
        rc = no_memory(err);
    if (rc == 0)
        *out = f.list.items;
    else
        free(f.list.items);
    free(f.devices);
    return rc < 0 ? rc : (int)f.list.count;
}

int x8_targets_find(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                    const char *const *addresses, size_t address_count, int probe_ms,
                    struct x8_target **out, struct x8_error *err)
{
    return x8_targets_find_shown(bus, op, reach, addresses, address_count, probe_ms, NULL, out,
                                 err);
}
