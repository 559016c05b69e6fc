/*
 * Boards on the network as rows. What a host announces about itself is not proven: it decides which
 * row a way is shown in, and ssh looks at the board's key before anything is said to it.
 */
#include "board/target_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SSH_PORT = 22 };

int x8_target_is_net_only(const struct x8_target *target)
{
    return target->has_net && !target->has_usb && !target->has_adb && !target->host[0];
}

void x8_target_place_on_net(const struct x8_target *target, char *out, size_t cap)
{
    unsigned port = target->net_port;

    if (!port || port == SSH_PORT)
        x8_copy(out, cap, target->net_host);
    else
        snprintf(out, cap, strchr(target->net_host, ':') ? "[%s]:%u" : "%s:%u", target->net_host,
                 port);
}

static int is_local_name(const char *host)
{
    char serial[20];

    return x8_ends(host, ".local") || x8_mdns_serial(host, serial) ||
           x8_starts(host, "portenta-x8-") || x8_starts(host, "dev-portenta-x8-");
}

int x8_selector_is_place(const struct x8_selector *selector)
{
    return selector->kind == X8_SELECT_ADDRESS ||
           (selector->kind == X8_SELECT_NET && !is_local_name(selector->key));
}

static int no_memory(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory while looking for boards");
}

static int is_port(const struct x8_target *target, uint16_t port)
{
    return (target->net_port ? target->net_port : SSH_PORT) == (port ? port : SSH_PORT);
}

int x8_targets_add_net(struct x8_target_list *list, const char *address, struct x8_error *err)
{
    struct x8_selector place;
    struct x8_target *target;
    char text[sizeof place.text];
    int rc;

    if (snprintf(text, sizeof text, "net:%s", address) >= (int)sizeof text)
        return x8_fail(err, X8_E_USAGE, "'%.60s...' is too long for an address", address);
    rc = x8_selector_parse(text, &place, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].has_net && x8_casecmp(list->items[i].net_host, place.key) == 0 &&
            is_port(&list->items[i], place.port)) {
            list->items[i].unproven = 0; /* the user says so */
            return 0;
        }
    target = x8_target_add(list);
    if (!target)
        return no_memory(err);
    target->mode = X8_MODE_LINUX;
    target->has_net = 1;
    x8_copy(target->net_host, sizeof target->net_host, place.key);
    target->net_port = place.port;
    return 0;
}

/* The row was asked for under this name, or an address of it. */
static int is_at(const struct x8_target *target, const struct x8_mdns_host *host)
{
    char full[sizeof host->name + 8];

    if (!target->has_net || target->net_name[0])
        return 0;
    snprintf(full, sizeof full, "%s.local", host->name);
    if (x8_casecmp(target->net_host, host->name) == 0 || x8_casecmp(target->net_host, full) == 0)
        return 1;
    for (size_t i = 0; i < host->address_count; i++)
        if (x8_casecmp(target->net_host, host->addresses[i]) == 0)
            return is_port(target, host->port);
    return 0;
}

static struct x8_target *row_of(const struct x8_target_list *list, const struct x8_mdns_host *host,
                                const char *serial)
{
    for (size_t i = 0; i < list->count; i++) {
        struct x8_target *target = &list->items[i];
        int is_known = target->mode == X8_MODE_LINUX && serial[strspn(serial, "0")] &&
                       x8_serial_equal(target->serial, serial);

        if (is_known || is_at(target, host))
            return target;
    }
    return NULL;
}

/* Over two networks a board may be there under two names; the one without a number behind it is the
 * one it was given. */
static int is_better(const struct x8_target *target, const struct x8_mdns_host *host)
{
    return !target->net_name[0] || strlen(host->name) < strlen(target->net_name);
}

int x8_targets_add_host(struct x8_target_list *list, const struct x8_mdns_host *host,
                        const struct x8_json *names)
{
    char serial[20] = "";
    const char *own = names ? x8_names_serial(names, host->name) : NULL;
    struct x8_target *target;
    int is_asked_for = 0;

    if (!x8_mdns_serial(host->name, serial) && own)
        x8_copy(serial, sizeof serial, own);
    target = row_of(list, host, serial);
    is_asked_for = target && is_at(target, host);
    if (host->address_count == 0 || (target && target->has_net && !is_better(target, host)))
        return 0;
    if (!target && !own && !is_local_name(host->name))
        return 0; /* somebody's computer */
    if (!target) {
        target = x8_target_add(list);
        if (!target)
            return -1;
        target->mode = X8_MODE_LINUX;
        target->unproven = 1;
    }
    target->has_net = 1;
    x8_copy(target->net_name, sizeof target->net_name, host->name);
    x8_copy(target->net_serial, sizeof target->net_serial, serial);
    x8_copy(target->net_host, sizeof target->net_host, host->addresses[0]);
    memcpy(target->net_addresses, host->addresses, sizeof target->net_addresses);
    target->net_address_count = host->address_count;
    if (!is_asked_for || !target->net_port)
        target->net_port = host->port;
    if (!target->serial[0]) /* for the hosts that follow */
        x8_copy(target->serial, sizeof target->serial, serial);
    return 0;
}
