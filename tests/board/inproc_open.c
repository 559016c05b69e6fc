/*
 * Opening a link to a board in this process, as src/usb does it: find the device afresh, see that
 * it may be opened and is free, pick endpoints by class, type and direction, ask for the report
 * descriptor.
 */
#include "inproc_bus.h"

#include <stdlib.h>
#include <string.h>

enum {
    ACCESS_MS = 3000, /* as src/usb: rights may come a moment after the device */
    REPORT_DESCRIPTOR_MS = 2000,
    REPORT_DESCRIPTOR_LEN = 76,
};

static int is_interface(const uint8_t *p, enum x8_link_kind kind)
{
    if (kind == X8_LINK_HID)
        return p[5] == 3;
    return p[5] == 0xff && p[6] == 0x42 && p[7] == (kind == X8_LINK_ADB ? 1 : 3);
}

static int pick(struct vb_link *link, const struct vb_descriptors *d, enum x8_link_kind kind)
{
    uint8_t type = kind == X8_LINK_HID ? 3 : 2;
    int inside = 0;

    for (size_t at = 0; at + 2 <= d->config_len && d->config[at] >= 2; at += d->config[at]) {
        const uint8_t *p = d->config + at;

        if (p[1] == 4 && p[0] >= 9 && !link->ep_in) {
            inside = is_interface(p, kind);
            link->interface = p[2];
        } else if (p[1] == 4) {
            inside = 0;
        } else if (p[1] == 5 && p[0] >= 7 && inside && (p[3] & 3) == type) {
            *(p[2] & 0x80 ? &link->ep_in : &link->ep_out) = p[2];
        }
    }
    return link->ep_in && (link->ep_out || kind == X8_LINK_HID) ? 0 : -1;
}

static struct vb_seat *seat_of(struct vb_bus *bus, const struct x8_device *device,
                               struct vb_descriptors *d)
{
    for (size_t i = 0; i < bus->count; i++) {
        vb_seat_step(bus, &bus->seats[i]);
        vb_descriptors(bus->seats[i].vb, d);
        if (d->present && d->attach == device->attach && strcmp(d->port, device->port) == 0)
            return &bus->seats[i];
    }
    return NULL;
}

static int no_access(const struct x8_device *device, struct x8_error *err)
{
    x8_fail(err, X8_E_NO_PERMISSION, "no access to the board at usb %s (%s)", device->port,
            device->node);
    x8_error_why(err, "%s belongs to root:root with mode 0664", device->node);
    x8_error_next(err, "x8ctl udev install");
    return -X8_E_NO_PERMISSION;
}

/* One attempt, with the lock. 1: no access, but that may change. */
static int seize(struct vb_link *link, const struct x8_device *device, enum x8_link_kind kind,
                 struct x8_error *err)
{
    struct vb_descriptors d;

    link->seat = seat_of(link->bus, device, &d);
    if (!link->seat) {
        x8_fail(err, X8_E_GONE, "the board left usb %s before it could be opened", device->port);
        x8_error_next(err, "check cable and power, then start again");
        return -X8_E_GONE;
    }
    if (d.access_denied && vb_next_us(link->seat->vb) != INT64_MAX)
        return 1;
    if (d.access_denied)
        return no_access(device, err);
    if (link->seat->holder) {
        x8_fail(err, X8_E_BUSY, "the board at usb %s is in use", device->port);
        x8_error_why(err, "another link of this process holds it");
        x8_error_next(err, "close it first");
        return -X8_E_BUSY;
    }
    if (pick(link, &d, kind)) {
        x8_fail(err, X8_E_WRONG_STATE, "the device at usb %s (%04x:%04x) has no %s", device->port,
                device->vid, device->pid,
                kind == X8_LINK_HID   ? "HID interface"
                : kind == X8_LINK_ADB ? "ADB"
                                      : "fastboot");
        x8_error_next(err, "x8ctl list shows the state each board is in");
        return -X8_E_WRONG_STATE;
    }
    link->seat->holder = link;
    link->attach = d.attach;
    return 0;
}

static int seize_in_time(struct vb_call *call, const struct x8_device *device,
                         enum x8_link_kind kind, struct x8_error *err)
{
    struct vb_link *link = call->link;

    for (;;) {
        int rc = x8_cancel_check(vb_cancel_of(call->op), X8_CANCEL_SOFT, err);

        if (rc == 0)
            rc = seize(link, device, kind, err);
        if (rc <= 0)
            return rc;
        if (x8_deadline_left(call->deadline, 1) == 0)
            return no_access(device, err);
        vb_bus_rest(link->bus, vb_call_until(call));
    }
}

/* SPL is silent until somebody asked; a refusal is the board's business, its absence is not. */
static int ask_report_descriptor(struct vb_call *call, struct x8_error *err)
{
    const uint8_t setup[8] = {0x81, 0x06, 0, 0x22, call->link->interface, 0, REPORT_DESCRIPTOR_LEN,
                              0};
    uint8_t bytes[REPORT_DESCRIPTOR_LEN];
    struct x8_error why = {0};
    ssize_t n;

    call->verb = "asking for the report descriptor";
    call->timeout_ms = REPORT_DESCRIPTOR_MS;
    vb_call_restart(call);
    n = vb_call_control(call, setup, bytes, sizeof bytes, &why);
    if (n != -X8_E_GONE && n != -X8_E_STOPPED && n != -X8_E_TERMINATED)
        return 0;
    if (err)
        *err = why;
    return (int)n;
}

int vb_link_open(struct vb_bus *bus, const struct x8_op *op, const struct x8_device *device,
                 enum x8_link_kind kind, struct x8_transport **out, struct x8_error *err)
{
    struct vb_link *link = calloc(1, sizeof *link);
    struct vb_call call = {link, op, "opening it", ACCESS_MS, 0, {0}};
    int rc;

    if (!link)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    link->base.ops = kind == X8_LINK_HID ? &vb_hid_ops : &vb_bulk_ops;
    link->bus = bus;
    memcpy(link->port, device->port, sizeof link->port - 1);
    vb_call_begin(&call);
    rc = seize_in_time(&call, device, kind, err);
    if (rc == 0 && kind == X8_LINK_HID)
        rc = ask_report_descriptor(&call, err);
    if (rc < 0 && link->seat && link->seat->holder == link)
        link->seat->holder = NULL;
    vb_call_end(&call);
    if (rc < 0) {
        free(link);
        return rc;
    }
    *out = &link->base;
    return 0;
}
