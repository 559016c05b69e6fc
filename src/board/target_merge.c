/*
 * Which of the things seen are one board. On USB a board is its port; an adb server names the same
 * port, or else its serial number; over TCP only the board itself can tell who it is.
 */
#include "board/target_parts.h"

#include "net/tcp.h"
#include "util/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct x8_target *x8_target_add(struct x8_target_list *list)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 8;
        struct x8_target *items = realloc(list->items, cap * sizeof *items);

        if (!items)
            return NULL;
        list->items = items;
        list->cap = cap;
    }
    memset(&list->items[list->count], 0, sizeof *list->items);
    return &list->items[list->count++];
}

int x8_serial_equal(const char *a, const char *b)
{
    if (!a[0] || !b[0])
        return 0;
    a += strspn(a, "0");
    b += strspn(b, "0");
    return x8_casecmp(a, b) == 0;
}

int x8_targets_add_boards(struct x8_target_list *list, const struct x8_board *boards, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct x8_target *target = x8_target_add(list);

        if (!target)
            return -1;
        target->has_usb = 1;
        target->usb = boards[i];
        target->mode = boards[i].mode;
    }
    return 0;
}

static const struct x8_device *device_at(const struct x8_device *devices, size_t count,
                                         const char *port)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(devices[i].port, port) == 0)
            return &devices[i];
    return NULL;
}

/* The running board on the bus that a server's device is. */
static struct x8_target *board_of(const struct x8_target_list *list,
                                  const struct x8_adb_device *known)
{
    for (size_t i = 0; i < list->count; i++) {
        struct x8_target *target = &list->items[i];

        if (!target->has_usb || target->has_adb || target->mode != X8_MODE_LINUX)
            continue;
        if (known->port[0] ? strcmp(known->port, target->usb.device.port) == 0
                           : x8_serial_equal(known->serial, target->usb.device.serial))
            return target;
    }
    return NULL;
}

/* "HOST:PORT", the serial number that a server gives to what it reached over TCP. */
static int is_address(const char *serial)
{
    const char *colon = strrchr(serial, ':');

    return colon && colon != serial && colon[1] &&
           strspn(colon + 1, "0123456789") == strlen(colon + 1);
}

/* 16 digits at most, upper case: phones use other forms, mostly. */
static int looks_like_x8(const char *serial)
{
    size_t len = strlen(serial);

    return len >= 8 && len <= 16 && strspn(serial, "0123456789ABCDEF") == len;
}

/* What cannot be asked (offline, unauthorized) and does not look like a board is somebody's phone.
 */
static int may_be_board(const struct x8_adb_device *known)
{
    return strcmp(known->state, "device") == 0 || is_address(known->serial) ||
           looks_like_x8(known->serial);
}

int x8_targets_add_adb(struct x8_target_list *list, const struct x8_adb_device *known, size_t count,
                       const struct x8_device *devices, size_t device_count)
{
    for (size_t i = 0; i < count; i++) {
        struct x8_target *target = board_of(list, &known[i]);

        if (!target && known[i].port[0] && device_at(devices, device_count, known[i].port))
            continue; /* the bus knows better: another device, or a board in another mode */
        if (!target && !may_be_board(&known[i]))
            continue;
        if (!target) {
            target = x8_target_add(list);
            if (!target)
                return -1;
            target->mode = X8_MODE_LINUX;
            target->unproven = 1;
        }
        target->has_adb = 1;
        target->adb = known[i];
    }
    return 0;
}

int x8_targets_add_address(struct x8_target_list *list, const char *address, struct x8_error *err)
{
    struct x8_target *target;
    char host[sizeof target->host], serial[sizeof target->adb.serial];
    uint16_t port;
    int rc = x8_host_port(address, X8_SELECT_ADB_PORT, host, sizeof host, &port, err);

    if (rc < 0)
        return rc;
    snprintf(serial, sizeof serial, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, (unsigned)port);
    for (size_t i = 0; i < list->count; i++) {
        target = &list->items[i];
        if ((target->host[0] && x8_casecmp(target->host, host) == 0 && target->port == port) ||
            (target->has_adb && x8_casecmp(target->adb.serial, serial) == 0)) {
            target->unproven = 0; /* the user says so */
            return 0;
        }
    }
    target = x8_target_add(list);
    if (!target)
        return x8_fail(err, X8_E_INTERNAL, "out of memory while looking for boards");
    target->mode = X8_MODE_LINUX;
    x8_copy(target->host, sizeof target->host, host);
    target->port = port;
    return 0;
}

/* A server's device that says it is something else, or that nobody can ask and nobody asked for. */
static int is_foreign(const struct x8_target *target)
{
    return target->unproven && target->probed && !x8_os_is_x8(&target->facts.os);
}

static int is_same_board(const struct x8_target *a, const struct x8_target *b)
{
    const char *mine = a->probed && a->facts.serial[0] ? a->facts.serial : a->serial;
    const char *other = b->probed && b->facts.serial[0] ? b->facts.serial : b->serial;

    /* A serial number that all the boards without one share is none. */
    return a->mode == X8_MODE_LINUX && b->mode == X8_MODE_LINUX && (a->probed || b->probed) &&
           mine[strspn(mine, "0")] && x8_serial_equal(mine, other) && !(a->has_usb && b->has_usb);
}

/* Add to `to` the ways that `from` has and `to` has not. */
static void join(struct x8_target *to, const struct x8_target *from)
{
    if (!to->has_usb && from->has_usb) {
        to->has_usb = 1;
        to->usb = from->usb;
    }
    if (!to->has_adb && from->has_adb) {
        to->has_adb = 1;
        to->adb = from->adb;
    }
    if (!to->host[0] && from->host[0]) {
        x8_copy(to->host, sizeof to->host, from->host);
        to->port = from->port;
    }
    if (!to->has_net && from->has_net) {
        to->has_net = 1;
        x8_copy(to->net_name, sizeof to->net_name, from->net_name);
        x8_copy(to->net_serial, sizeof to->net_serial, from->net_serial);
        x8_copy(to->net_host, sizeof to->net_host, from->net_host);
        memcpy(to->net_addresses, from->net_addresses, sizeof to->net_addresses);
        to->net_address_count = from->net_address_count;
        to->net_port = from->net_port;
    }
    if (!to->probed && from->probed) {
        to->probed = 1;
        to->facts = from->facts;
    }
    to->unproven &= from->unproven;
    if (to->trouble && from->probed && !from->trouble)
        x8_target_judge(to); /* it answers another way */
}

static void remove_at(struct x8_target_list *list, size_t i)
{
    memmove(&list->items[i], &list->items[i + 1], (list->count - i - 1) * sizeof *list->items);
    list->count--;
}

void x8_targets_join(struct x8_target_list *list)
{
    for (size_t i = 0; i < list->count;) {
        struct x8_target *target = &list->items[i];
        size_t k = 0;

        while (k < i && !is_same_board(&list->items[k], target))
            k++;
        if (k < i)
            join(&list->items[k], target);
        if (k < i || is_foreign(target))
            remove_at(list, i);
        else
            i++;
    }
}
