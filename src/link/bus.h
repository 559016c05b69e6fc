/*
 * The bus as an idea: what is plugged in now, when that changes, and how to open a link to one of
 * the things on it. The USB room implements it over libusb; the virtual board implements it in
 * process for tests.
 *
 * Threads: list, wait and open may be called from several threads at once.
 */
#ifndef X8_LINK_BUS_H
#define X8_LINK_BUS_H

#include "link/transport.h"

/* USB speed as the bus reports it. */
enum x8_speed { X8_SPEED_UNKNOWN, X8_SPEED_LOW, X8_SPEED_FULL, X8_SPEED_HIGH, X8_SPEED_SUPER };

#define X8_PORT_LEN   48
#define X8_STRING_LEN 128

/* One device as seen at one moment: a value, nothing to free. Empty strings mean unknown. */
struct x8_device {
    char port[X8_PORT_LEN]; /* kernel path form: bus, dash, port numbers joined by dots: "1-4.2" */
    uint64_t attach; /* differs for every attach, also when a device returns with the same ids */
    uint16_t vid, pid, bcd_device;
    uint8_t dev_class, if_class, if_subclass,
        if_protocol; /* if_*: first interface, first setting */
    uint8_t has_adb; /* some interface is FF/42/01 */
    enum x8_speed speed;
    char serial[X8_STRING_LEN], product[X8_STRING_LEN], manufacturer[X8_STRING_LEN];
    char node[64];     /* device node, e.g. /dev/bus/usb/001/005 */
    uint8_t no_access; /* 1: the node cannot be opened for writing by this user */
    char node_owner[64], node_group[64];
    unsigned node_mode; /* permission bits */
};

enum x8_link_kind {
    X8_LINK_HID,      /* first HID interface; reads interrupt IN, writes as the descriptor says (OUT
                         endpoint, else EP0) */
    X8_LINK_FASTBOOT, /* interface FF/42/03, its bulk endpoints picked by direction */
    X8_LINK_ADB, /* interface FF/42/01 at any number of the configuration, its bulk endpoints by
                    direction; one thread may send while another receives (transport.h) */
};

struct x8_bus;

struct x8_bus_ops {
    /* All devices, in port order, hubs left out. *out is one heap array: free() it. Count or a
     * negative code. */
    int (*list)(struct x8_bus *bus, struct x8_device **out, struct x8_error *err);
    /*
     * Wait until the bus changed after state `*seq` (0 at first), then store the new state there.
     * Returns 1 on a change, 0 at `deadline`, negative when stopped (SOFT) or on error. Also
     * returns when access rights of a node changed, as far as can be noticed.
     */
    int (*wait)(struct x8_bus *bus, const struct x8_op *op, uint64_t *seq, int64_t deadline,
                struct x8_error *err);
    /*
     * Open and claim, once per stage. HID: the kernel driver is detached and the report descriptor
     * requested (SPL is silent until then). Retries X8_E_NO_PERMISSION for up to 3 s when a rule
     * may still be applied. ADB: nothing is sent; what a session before this one left queued in
     * the board comes first. Errors: X8_E_NO_PERMISSION, X8_E_BUSY (with the holder: for ADB that
     * is usually an adb server, "adb (PID)"), X8_E_GONE, X8_E_WRONG_STATE (no such interface),
     * X8_E_LINK.
     */
    int (*open)(struct x8_bus *bus, const struct x8_op *op, const struct x8_device *device,
                enum x8_link_kind kind, struct x8_transport **out, struct x8_error *err);
    void (*close)(struct x8_bus *bus);
};

struct x8_bus {
    const struct x8_bus_ops *ops;
};

static inline void x8_bus_close(struct x8_bus **bus)
{
    if (*bus)
        (*bus)->ops->close(*bus);
    *bus = NULL;
}

#endif
