/*
 * Searching the network: beside everything else, or when nothing else has found the board.
 */
#include "board/target_parts.h"

#include "net/mdns_hosts.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 2000 };

static int is_stop(int rc)
{
    return rc == -(int)X8_E_STOPPED || rc == -(int)X8_E_TERMINATED;
}

/* Who searches for long wants to see that something comes, and may stop when all is there. */
static void tell(const struct x8_search *search)
{
    size_t boards = 0;

    if (!search->is_told || search->reach->net.search_ms < LONG_MS)
        return;
    for (size_t i = 0; i < search->count; i++)
        boards += search->hosts[i].address_count > 0 && x8_mdns_is_board(search->hosts[i].name);
    x8_emit(search->op, X8_EV_WAIT, "searching the network for %d s: %zu board%s so far",
            search->reach->net.search_ms / 1000, boards, boards == 1 ? "" : "s");
}

/* A host is told again when there is more to say: it replaces what was told before. */
static void keep(void *ctx, const struct x8_mdns_host *host)
{
    struct x8_search *search = ctx;
    size_t i = 0;

    while (i < search->count && x8_casecmp(search->hosts[i].name, host->name) != 0)
        i++;
    if (i == X8_MDNS_HOSTS)
        return;
    search->hosts[i] = *host;
    search->count += i == search->count;
    tell(search);
    if (search->is_enough && search->is_enough(search->ctx, host))
        x8_cancel_raise(&search->over, X8_CANCEL_HARD, X8_E_STOPPED);
}

static void pass_on(void *ctx, enum x8_cancel_level level)
{
    struct x8_search *search = ctx;

    (void)level;
    x8_cancel_raise(&search->over, X8_CANCEL_HARD, X8_E_STOPPED);
}

static int by_name(const void *a, const void *b)
{
    const struct x8_mdns_host *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* Hosts of other names, too: a board may have been given one that the user knows it by. */
int x8_search_run(struct x8_search *search, struct x8_error *err)
{
    struct x8_waker waker = {.wake = pass_on, .ctx = search};
    struct x8_op op = *search->op;
    int rc;

    search->hosts = calloc(X8_MDNS_HOSTS, sizeof *search->hosts);
    if (!search->hosts)
        return x8_fail(err, X8_E_INTERNAL, "out of memory while looking for boards");
    tell(search);
    x8_cancel_init(&search->over);
    x8_cancel_watch(op.cancel, &waker);
    op.cancel = &search->over;
    rc = x8_mdns_find(&op, search->reach->net.search_ms, 1, keep, search, err);
    x8_cancel_unwatch(search->op->cancel, &waker);
    x8_cancel_done(&search->over);
    if (is_stop(rc))
        rc = x8_cancel_check(search->op->cancel, X8_CANCEL_SOFT, err);
    /* They came in the order of their answers, which is another one each time. */
    qsort(search->hosts, search->count, sizeof *search->hosts, by_name);
    return rc < 0 ? rc : 0;
}

static void *run_in_thread(void *arg)
{
    struct x8_search *search = arg;

    search->rc = x8_search_run(search, &search->err);
    return NULL;
}

void x8_search_start(struct x8_search *search)
{
    search->is_started = pthread_create(&search->thread, NULL, run_in_thread, search) == 0;
    if (!search->is_started)
        run_in_thread(search);
}

int x8_search_join(struct x8_search *search, struct x8_error *err)
{
    if (search->is_started)
        pthread_join(search->thread, NULL);
    search->is_started = 0;
    if (search->rc < 0 && err)
        *err = search->err;
    return search->rc;
}

void x8_search_done(struct x8_search *search)
{
    free(search->hosts);
    search->hosts = NULL;
}

/* --- for selectors --- */

struct wanted {
    const char *const *selectors;
    size_t count;
    const struct x8_target_list *list; /* what is there without the network */
    const struct x8_reach *reach;
    const struct x8_json *names;
    unsigned char *is_found;
};

/* It has a way that will do, and the selector means it and no other: the end of a serial number may
 * fit a second board that answers later. */
static int is_meant(const struct wanted *wanted, const struct x8_selector *selector,
                    struct x8_target *target)
{
    int exact = 0, is_wired = !x8_target_is_net_only(target) && wanted->reach->via != X8_VIA_NET;

    if (!target->net_name[0] && !is_wired && !x8_selector_is_place(selector))
        return 0;
    x8_target_name(target, wanted->names);
    return x8_target_match(selector, target, &exact) && exact;
}

static void look_for(struct wanted *wanted, struct x8_target_list *list)
{
    struct x8_selector selector;

    for (size_t i = 0; i < wanted->count; i++) {
        if (x8_selector_parse(wanted->selectors[i], &selector, NULL) < 0)
            wanted->is_found[i] = 1; /* told by whoever picks */
        for (size_t k = 0; !wanted->is_found[i] && k < list->count; k++)
            wanted->is_found[i] = (unsigned char)is_meant(wanted, &selector, &list->items[k]);
    }
}

/* 1 when every selector has its board now. */
static int has_all(void *ctx, const struct x8_mdns_host *host)
{
    struct wanted *wanted = ctx;
    struct x8_target_list list = {0};
    int is_enough = 1;

    for (size_t i = 0; i < wanted->list->count; i++) {
        struct x8_target *copy = x8_target_add(&list);

        if (copy)
            *copy = wanted->list->items[i];
    }
    if (x8_targets_add_host(&list, host, wanted->names) == 0)
        look_for(wanted, &list);
    free(list.items);
    for (size_t i = 0; i < wanted->count; i++)
        is_enough &= wanted->is_found[i];
    return is_enough;
}

int x8_net_search(const struct x8_op *op, const struct x8_reach *reach, struct x8_mdns_host **out,
                  struct x8_error *err)
{
    struct x8_search search = {.op = op, .reach = reach};
    int rc = x8_search_run(&search, err);

    if (rc < 0) {
        x8_search_done(&search);
        return rc;
    }
    *out = search.hosts;
    return (int)search.count;
}

static void add_hosts(struct x8_target_list *list, const struct x8_search *search,
                      const struct x8_json *names)
{
    for (size_t i = 0; i < search->count; i++)
        if (x8_targets_add_host(list, &search->hosts[i], names) < 0)
            return; /* those that fit are something */
    for (size_t i = 0; i < list->count; i++) {
        x8_target_name(&list->items[i], names);
        if (!list->items[i].state[0])
            x8_target_judge(&list->items[i]);
    }
}

static void ask(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                struct x8_target_list *list, int probe_ms)
{
    struct x8_target **chosen = calloc(list->count + 1, sizeof(struct x8_target *));
    size_t count = 0;

    for (size_t i = 0; chosen && i < list->count; i++)
        if (x8_target_is_net_only(&list->items[i]) && !list->items[i].probed)
            chosen[count++] = &list->items[i];
    if (count)
        x8_targets_ask(bus, op, reach, chosen, count, probe_ms);
    free(chosen);
}

void x8_search_take(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                    const struct x8_search *search, const struct x8_json *names, int probe_ms,
                    struct x8_target_list *list)
{
    add_hosts(list, search, names);
    if (probe_ms > 0)
        ask(bus, op, reach, list, probe_ms);
    x8_targets_join(list);
    for (size_t i = 0; i < list->count; i++)
        x8_target_name(&list->items[i], names);
}

int x8_targets_search(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                      const char *const *selectors, size_t selector_count, int probe_ms,
                      struct x8_target **targets, size_t *count, struct x8_error *err)
{
    struct x8_target_list list = {.items = *targets, .count = *count, .cap = *count};
    struct x8_json *names;
    struct wanted wanted = {
        .selectors = selectors, .count = selector_count, .list = &list, .reach = reach};
    struct x8_search search = {.op = op,
                               .reach = reach,
                               .is_enough = selector_count ? has_all : NULL,
                               .ctx = &wanted,
                               .is_told = 1};
    int rc;

    if (reach->net.search_ms <= 0)
        return (int)*count;
    wanted.is_found = calloc(selector_count + 1, 1);
    if (!wanted.is_found)
        return x8_fail(err, X8_E_INTERNAL, "out of memory while looking for boards");
    wanted.names = names = x8_names_load(reach->names_path);
    rc = x8_search_run(&search, err);
    if (rc == 0)
        x8_search_take(bus, op, reach, &search, names, probe_ms, &list);
    *targets = list.items;
    *count = list.count;
    x8_json_free(&names);
    x8_search_done(&search);
    free(wanted.is_found);
    return rc < 0 ? rc : (int)list.count;
}
