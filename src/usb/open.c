/*
 * Opening a link: find the device afresh, open it, take its interface from the kernel, claim it.
 */
#include "usb/access.h"
#include "usb/link.h"
#include "usb/sysfs.h"
#include "usb/usb.h"
#include "util/clock.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ACCESS_MS = 3000, /* udev applies its rules a moment after a device appears */
    RETRY_MS = 50,
    CLAIM_MS = 1000, /* the desktop's HID driver may be binding at this very moment */
    REPORT_DESCRIPTOR_MS = 2000,
    REPORT_DESCRIPTOR_LEN = 76, /* U-Boot's SPL and, as its source says, the ROM's too */
};

/* What each kind of link needs of a device. */
struct kind_shape {
    const struct x8_transport_ops *ops;
    int class_id, subclass, protocol; /* -1: any */
    enum x8_usb_ep_type type;
    const char *interface, *endpoints; /* in words, for when they are not there */
};

static const struct kind_shape *shape_of(enum x8_link_kind kind)
{
    static const struct kind_shape shapes[] = {
        [X8_LINK_HID] = {&x8_usb_hid_ops, 3, -1, -1, X8_EP_INTERRUPT, "HID interface",
                         "interrupt IN endpoint"},
        [X8_LINK_FASTBOOT] = {&x8_usb_bulk_ops, 0xff, 0x42, 3, X8_EP_BULK, "fastboot interface",
                              "pair of bulk endpoints"},
        [X8_LINK_ADB] = {&x8_usb_adb_ops, 0xff, 0x42, 1, X8_EP_BULK, "ADB interface",
                         "pair of bulk endpoints"},
    };

    return &shapes[kind];
}

static struct x8_cancel *cancel_of(const struct x8_op *op)
{
    return op ? op->cancel : NULL;
}

static int gone(const struct x8_device *device, struct x8_error *err)
{
    x8_fail(err, X8_E_GONE, "the board left usb %s before it could be opened", device->port);
    x8_error_next(err, "check cable and power, then start again");
    return -X8_E_GONE;
}

static int link_new(const struct x8_device *device, enum x8_link_kind kind,
                    struct x8_usb_link **out, struct x8_error *err)
{
    struct x8_usb_link *link = calloc(1, sizeof *link);
    int ok = link != NULL;

    for (size_t i = 0; ok && i < X8_USB_SLOTS; i++) {
        link->slots[i].link = link;
        link->slots[i].transfer = libusb_alloc_transfer(0);
        ok = link->slots[i].transfer != NULL;
    }
    if (!ok) {
        if (link)
            x8_usb_link_close(&link->base);
        return x8_fail(err, X8_E_INTERNAL, "out of memory while opening usb %s", device->port);
    }
    link->device = *device;
    link->kind = kind;
    link->base.ops = shape_of(kind)->ops;
    if (kind == X8_LINK_ADB)
        x8_usb_duplex_init(&link->duplex);
    *out = link;
    return 0;
}

static int wrong_state(const struct x8_usb_link *link, const char *what, struct x8_error *err)
{
    x8_fail(err, X8_E_WRONG_STATE, "the device at usb %s (%04x:%04x) has no %s", link->device.port,
            link->device.vid, link->device.pid, what);
    x8_error_next(err, "x8ctl list shows the state each board is in");
    return -X8_E_WRONG_STATE;
}

/* Endpoints are picked by direction and type, never by their order. */
static int pick(struct x8_usb_link *link, struct x8_usb_shape *shape, uint16_t *report_len,
                struct x8_error *err)
{
    const struct kind_shape *kind = shape_of(link->kind);
    const struct x8_usb_interface *it;
    const struct x8_usb_endpoint *in, *out;

    if (x8_sysfs_shape(link->device.port, shape) < 0)
        return gone(&link->device, err);
    it = x8_usb_interface(shape, kind->class_id, kind->subclass, kind->protocol);
    if (!it)
        return wrong_state(link, kind->interface, err);
    in = x8_usb_endpoint(it, kind->type, 1);
    out = x8_usb_endpoint(it, kind->type, 0);
    if (!in || (!out && link->kind != X8_LINK_HID))
        return wrong_state(link, kind->endpoints, err);
    link->interface = it->number;
    link->ep_in = in->address;
    link->in_packet = in->max_packet;
    link->ep_out = out ? out->address : 0;
    link->out_packet = out ? out->max_packet : 0;
    *report_len = it->report_len;
    return 0;
}

static libusb_device *find(libusb_device **list, ssize_t count, const struct x8_device *device)
{
    unsigned bus, address;

    if (x8_usb_node_address(device->node, &bus, &address) < 0)
        return NULL;
    for (ssize_t i = 0; i < count; i++)
        if (libusb_get_bus_number(list[i]) == bus && libusb_get_device_address(list[i]) == address)
            return list[i];
    return NULL;
}

/* A context of its own has scanned the bus just now, also where no udev tells libusb of changes. */
static int open_handle(struct x8_usb_link *link, struct x8_error *err)
{
    libusb_device **list = NULL, *device;
    ssize_t count;
    int rc = libusb_init(&link->usb);

    if (rc < 0) {
        link->usb = NULL;
        return x8_fail(err, X8_E_INTERNAL, "libusb cannot start: %s", libusb_error_name(rc));
    }
    count = libusb_get_device_list(link->usb, &list);
    device = find(list, count, &link->device);
    rc = device ? libusb_open(device, &link->handle) : LIBUSB_ERROR_NO_DEVICE;
    if (list)
        libusb_free_device_list(list, 1);
    if (rc == 0)
        return 0;
    link->handle = NULL;
    if (rc == LIBUSB_ERROR_NO_DEVICE || rc == LIBUSB_ERROR_NOT_FOUND)
        return gone(&link->device, err);
    if (rc == LIBUSB_ERROR_ACCESS)
        return x8_usb_explain_access(&link->device, err);
    if (rc == LIBUSB_ERROR_BUSY)
        return x8_usb_explain_busy(&link->device, "", err);
    return x8_fail(err, X8_E_LINK, "cannot open the board at usb %s: %s", link->device.port,
                   libusb_error_name(rc));
}

/* Not given back to the kernel at close: a driver that binds again only disturbs the next stage. */
static int claim_once(struct x8_usb_link *link)
{
    if (libusb_kernel_driver_active(link->handle, link->interface) == 1)
        libusb_detach_kernel_driver(link->handle, link->interface);
    return libusb_claim_interface(link->handle, link->interface);
}

static int claim(struct x8_usb_link *link, const struct x8_op *op, uint8_t config,
                 struct x8_error *err)
{
    int64_t deadline = x8_deadline_in(CLAIM_MS);
    char driver[64] = "";
    int rc, stopped;

    while ((rc = claim_once(link)) == LIBUSB_ERROR_BUSY) {
        x8_sysfs_driver(link->device.port, config, link->interface, driver, sizeof driver);
        if (strcmp(driver, "usbfs") == 0 || x8_deadline_left(deadline, 1) == 0)
            return x8_usb_explain_busy(&link->device, driver, err);
        stopped = x8_cancel_sleep(cancel_of(op), x8_deadline_in(RETRY_MS), X8_CANCEL_HARD, err);
        if (stopped < 0)
            return stopped;
    }
    if (rc == LIBUSB_ERROR_NO_DEVICE)
        return gone(&link->device, err);
    if (rc < 0)
        return x8_fail(err, X8_E_LINK, "cannot claim the board at usb %s: %s", link->device.port,
                       libusb_error_name(rc));
    link->is_claimed = 1;
    return 0;
}

/*
 * U-Boot's SPL answers nothing until it was asked for its report descriptor (f_sdp.c). A desktop's
 * HID driver asks when it binds; without one, or when it was detached too early, nobody would.
 */
static int request_report_descriptor(struct x8_usb_link *link, const struct x8_op *op,
                                     uint16_t report_len, struct x8_error *err)
{
    uint16_t len = report_len > REPORT_DESCRIPTOR_LEN ? report_len : REPORT_DESCRIPTOR_LEN;
    struct x8_error why = {0};
    struct x8_usb_call call;
    ssize_t n = x8_usb_link_room(link, (size_t)LIBUSB_CONTROL_SETUP_SIZE + len, err);

    if (n < 0)
        return (int)n;
    n = x8_usb_call_begin(&call, link, op, "asking for the report descriptor", REPORT_DESCRIPTOR_MS,
                          err);
    if (n < 0)
        return (int)n;
    call.total = len;
    n = x8_usb_control(&call, 0x81, LIBUSB_REQUEST_GET_DESCRIPTOR, 0x2200, link->interface, len,
                       &why);
    x8_usb_call_end(&call);
    if (n == -X8_E_GONE || n == -X8_E_STOPPED || n == -X8_E_TERMINATED) {
        if (err)
            *err = why;
        return (int)n;
    }
    if (n < 0)
        x8_emit(op, X8_EV_TRACE, "no report descriptor: %s", why.msg);
    else
        x8_emit(op, X8_EV_TRACE, "report descriptor of %zd bytes", n);
    return 0;
}

static int open_link(struct x8_usb_link *link, const struct x8_op *op, struct x8_error *err)
{
    struct x8_usb_shape shape;
    uint16_t report_len = 0;
    int rc = pick(link, &shape, &report_len, err);

    if (rc == 0)
        rc = open_handle(link, err);
    if (rc == 0)
        rc = claim(link, op, shape.config_value, err);
    if (rc == 0 && link->kind == X8_LINK_HID)
        rc = request_report_descriptor(link, op, report_len, err);
    return rc;
}

static int try_open(struct x8_usb_budget *budget, const struct x8_op *op,
                    const struct x8_device *device, enum x8_link_kind kind,
                    struct x8_transport **out, struct x8_error *err)
{
    struct x8_usb_link *link = NULL;
    int rc;

    if (!x8_sysfs_is_attached(device->port, device->attach))
        return gone(device, err);
    if (access(device->node, R_OK | W_OK) != 0)
        return x8_usb_explain_access(device, err);
    rc = link_new(device, kind, &link, err);
    if (rc < 0)
        return rc;
    rc = open_link(link, op, err);
    if (rc < 0) {
        link->base.ops->close(&link->base);
        return rc;
    }
    if (kind == X8_LINK_FASTBOOT) {
        link->budget = budget;
        x8_usb_budget_join(budget);
    }
    *out = &link->base;
    return 0;
}

int x8_usb_link_open(struct x8_usb_budget *budget, const struct x8_op *op,
                     const struct x8_device *device, enum x8_link_kind kind,
                     struct x8_transport **out, struct x8_error *err)
{
    int64_t deadline = x8_usb_rules_found(NULL) ? x8_deadline_in(ACCESS_MS) : 0;
    int rc, stopped;

    for (;;) {
        rc = try_open(budget, op, device, kind, out, err);
        if (rc != -X8_E_NO_PERMISSION || x8_deadline_left(deadline, 1) == 0)
            return rc;
        stopped = x8_cancel_sleep(cancel_of(op), x8_deadline_in(RETRY_MS), X8_CANCEL_SOFT, err);
        if (stopped < 0)
            return stopped;
    }
}
