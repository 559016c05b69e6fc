/*
 * The transport of boot ROM and SPL: HID reports. Outgoing ones use the interrupt OUT endpoint
 * where the interface has one (SPL), else SET_REPORT on the control endpoint (the ROM). One path
 * per session: SPL stops listening on its endpoint once a report came the other way.
 */
#include "usb/link.h"

#include <string.h>

enum { SET_REPORT = 0x09, REPORT_OUTPUT = 0x0200, TO_INTERFACE = 0x21 };

static ssize_t send_control(struct x8_usb_call *call, const uint8_t *data, size_t len,
                            struct x8_error *err)
{
    struct x8_usb_link *link = call->link;
    int rc = x8_usb_link_room(link, LIBUSB_CONTROL_SETUP_SIZE + len, err);

    if (rc < 0)
        return rc;
    memcpy(link->room + LIBUSB_CONTROL_SETUP_SIZE, data, len);
    return x8_usb_control(call, TO_INTERFACE, SET_REPORT, (uint16_t)(REPORT_OUTPUT | data[0]),
                          link->interface, (uint16_t)len, err);
}

static ssize_t send_interrupt(struct x8_usb_call *call, const uint8_t *data, size_t len,
                              struct x8_error *err)
{
    struct x8_usb_link *link = call->link;
    int rc = x8_usb_link_room(link, len, err);

    if (rc < 0)
        return rc;
    memcpy(link->room, data, len);
    libusb_fill_interrupt_transfer(link->slots[0].transfer, link->handle, link->ep_out, link->room,
                                   (int)len, NULL, NULL, 0);
    link->slots[0].len = len;
    return x8_usb_call_run(call, err);
}

static int send_report(struct x8_usb_call *call, const uint8_t *data, size_t len,
                       struct x8_error *err)
{
    struct x8_transport *base = &call->link->base;
    ssize_t n = call->link->ep_out ? send_interrupt(call, data, len, err)
                                   : send_control(call, data, len, err);

    if (n < 0)
        return (int)n;
    if ((size_t)n != len) {
        x8_fail(err, X8_E_LINK, "the board took only %zd of the %zu bytes of a report", n, len);
        x8_error_next(err, "power-cycle the board and start again");
        return -X8_E_LINK;
    }
    base->bytes_out += len;
    if (base->on_sent)
        base->on_sent(base->on_sent_ctx, len);
    return 0;
}

static int hid_send(struct x8_transport *base, const struct x8_op *op, const void *data, size_t len,
                    int timeout_ms, struct x8_error *err)
{
    struct x8_usb_call call;
    int rc;

    if (len == 0 || len > UINT16_MAX)
        return x8_fail(err, X8_E_INTERNAL, "a report of %zu bytes cannot be sent", len);
    rc = x8_usb_call_begin(&call, x8_usb_link_of(base), op, "sending a report", timeout_ms, err);
    if (rc < 0)
        return rc;
    call.total = len;
    x8_usb_wire(op, ">", data, len);
    rc = send_report(&call, data, len, err);
    x8_usb_call_end(&call);
    return rc;
}

/* Room in whole packets and for one byte more than is allowed, to notice reports that are longer.
 */
static ssize_t recv_report(struct x8_usb_call *call, void *out, size_t cap, struct x8_error *err)
{
    struct x8_usb_link *link = call->link;
    size_t packet = link->in_packet ? link->in_packet : 64;
    size_t room = (cap + packet) / packet * packet;
    ssize_t n = x8_usb_link_room(link, room, err);

    if (n < 0)
        return n;
    libusb_fill_interrupt_transfer(link->slots[0].transfer, link->handle, link->ep_in, link->room,
                                   (int)room, NULL, NULL, 0);
    link->slots[0].len = room;
    n = x8_usb_call_run(call, err);
    if (n < 0)
        return n;
    x8_usb_wire(call->op, "<", link->room, (size_t)n);
    if ((size_t)n > cap)
        return x8_fail(err, X8_E_LINK, "the board sent a report of %zd bytes where %zu fit", n,
                       cap);
    memcpy(out, link->room, (size_t)n);
    link->base.bytes_in += (uint64_t)n;
    return n;
}

static ssize_t hid_recv(struct x8_transport *base, const struct x8_op *op, void *out, size_t cap,
                        int timeout_ms, struct x8_error *err)
{
    struct x8_usb_call call;
    ssize_t n =
        x8_usb_call_begin(&call, x8_usb_link_of(base), op, "waiting for a report", timeout_ms, err);

    if (n < 0)
        return n;
    call.total = cap;
    n = recv_report(&call, out, cap, err);
    x8_usb_call_end(&call);
    return n;
}

const struct x8_transport_ops x8_usb_hid_ops = {
    .send = hid_send,
    .recv = hid_recv,
    .reset = x8_usb_link_reset,
    .close = x8_usb_link_close,
};
