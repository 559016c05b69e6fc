/*
 * Reads /sys/bus/usb/devices: "3-1.4" hangs on port 4 of the hub at "3-1", which hangs on the root
 * hub of bus 3. Sources: Linux, Documentation/ABI/stable/sysfs-bus-usb and testing/sysfs-bus-usb.
 */
#include "doctor/tree.h"

#include "usb/descriptors.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES "/sys/bus/usb/devices"

enum { HAS_OWN_POWER = 0x40, /* of bmAttributes; USB 2.0, table 9-10 */ MINORS = 128 };

void x8_tree_done(struct x8_tree *tree)
{
    free(tree->boards);
    memset(tree, 0, sizeof *tree);
}

static int attribute(const struct x8_host *host, const char *port, const char *name, char *out,
                     size_t cap)
{
    char path[160];

    snprintf(path, sizeof path, DEVICES "/%.47s/%s", port, name);
    return x8_host_line(host, path, out, cap);
}

static unsigned number(const struct x8_host *host, const char *port, const char *name, int base)
{
    char text[32];

    return attribute(host, port, name, text, sizeof text) < 0 ? 0
                                                              : (unsigned)strtoul(text, NULL, base);
}

/* The first interface decides between boards that share an id. */
static void read_interface(const struct x8_host *host, const char *port, struct x8_device *out)
{
    X8_AUTO_BUF raw = {0};
    struct x8_usb_shape shape;
    char path[160];

    snprintf(path, sizeof path, DEVICES "/%.47s/descriptors", port);
    if (x8_host_read(host, path, &raw) < 0 || raw.len == 0 ||
        x8_usb_shape_parse(x8_buf_span(&raw), 0, &shape) < 0 || shape.interface_count == 0)
        return;
    out->if_class = shape.interfaces[0].class_id;
    out->if_subclass = shape.interfaces[0].subclass;
    out->if_protocol = shape.interfaces[0].protocol;
    out->has_adb = x8_usb_interface(&shape, 0xff, 0x42, 1) != NULL;
}

static void read_hubs(const struct x8_host *host, struct x8_tree_board *board)
{
    char port[X8_PORT_LEN];
    size_t dash = strcspn(board->port, "-");

    for (size_t i = dash; board->port[i] && board->hub_count < X8_TREE_HUBS; i++) {
        struct x8_tree_hub *hub = &board->hubs[board->hub_count];
        unsigned attributes;

        if (board->port[i] != '.')
            continue;
        snprintf(port, sizeof port, "%.*s", (int)i, board->port);
        x8_copy(hub->port, sizeof hub->port, port);
        (void)attribute(host, port, "product", hub->product, sizeof hub->product);
        hub->speed = number(host, port, "speed", 10);
        attributes = number(host, port, "bmAttributes", 16);
        hub->is_unpowered = attributes && !(attributes & HAS_OWN_POWER);
        board->hub_count++;
    }
}

static void read_board(const struct x8_host *host, const char *port, struct x8_tree_board *out)
{
    char text[32];

    x8_copy(out->port, sizeof out->port, port);
    out->speed = number(host, port, "speed", 10);
    out->milliamperes = number(host, port, "bMaxPower", 10);
    out->bus = number(host, port, "busnum", 10);
    out->address = number(host, port, "devnum", 10);
    snprintf(out->node, sizeof out->node, "/dev/bus/usb/%03u/%03u", out->bus & 0xff,
             out->address & 0xff);
    /* Source: Linux, drivers/usb/core/usb.h and devices.txt: major 189, 128 minors for each bus. */
    snprintf(out->record, sizeof out->record, "/run/udev/data/c189:%u",
             ((out->bus & 0xff) - 1) * MINORS + (out->address & 0xff) - 1);
    out->is_autosuspended =
        attribute(host, port, "power/control", text, sizeof text) == 0 && strcmp(text, "auto") == 0;
    read_hubs(host, out);
}

/* What is on this port, when it is a board. */
static int take(const struct x8_host *host, const char *port, struct x8_tree *tree)
{
    struct x8_device device = {0};
    const struct x8_mode_row *row;
    struct x8_tree_board *boards;

    if (!strchr(port, '-') || strchr(port, ':'))
        return 0;
    device.vid = (uint16_t)number(host, port, "idVendor", 16);
    device.pid = (uint16_t)number(host, port, "idProduct", 16);
    device.bcd_device = (uint16_t)number(host, port, "bcdDevice", 16);
    read_interface(host, port, &device);
    row = x8_mode_find(&device);
    if (!row || row->trust == X8_TRUST_FOREIGN)
        return 0;
    boards = realloc(tree->boards, (tree->count + 1) * sizeof *boards);
    if (!boards)
        return -1;
    tree->boards = boards;
    memset(&boards[tree->count], 0, sizeof *boards);
    boards[tree->count].mode = row->mode;
    read_board(host, port, &boards[tree->count++]);
    return 0;
}

int x8_tree_read(const struct x8_host *host, struct x8_tree *out)
{
    char **names;
    size_t count = x8_host_names(host, DEVICES, &names);
    int rc = 0;

    memset(out, 0, sizeof *out);
    out->has_bus = x8_host_exists(host, "/sys/bus/usb");
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = take(host, names[i], out);
    free(names);
    return rc;
}

void x8_tree_about(const struct x8_tree_board *board, char out[64])
{
    snprintf(out, 64, "usb %s", board->port);
}
