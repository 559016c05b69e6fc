/*
 * One open link to one board: a libusb context, a claimed interface, and asynchronous transfers
 * whose events are handled by the very thread that waits for them. So callbacks never race with
 * the caller, an idle link costs nothing, and a stop request wakes the wait at once.
 *
 * Order of calls: x8_usb_link_open (open.c) makes it; bulk.c and hid.c are the two kinds of
 * transport; both use the transfer machinery of link.c.
 */
#ifndef X8_USB_LINK_H
#define X8_USB_LINK_H

#include "link/bus.h"
#include "usb/budget.h"
#include "usb/descriptors.h"

#include <libusb.h>

#define X8_USB_SLOTS 8

struct x8_usb_link;

/* One transfer that is, or was, on its way. */
struct x8_usb_slot {
    struct libusb_transfer *transfer;
    struct x8_usb_link *link;
    size_t len; /* payload bytes asked for */
    int is_busy;
};

struct x8_usb_link {
    struct x8_transport base;
    libusb_context *usb;
    libusb_device_handle *handle;
    struct x8_usb_budget *budget; /* joined by fastboot links; else NULL */
    struct x8_device device;      /* as it was when opened */
    enum x8_link_kind kind;
    uint8_t interface, ep_in, ep_out; /* ep_out 0: SET_REPORT on the control endpoint */
    uint16_t in_packet;
    int is_claimed;
    int is_dead;   /* reset, or a transfer never came back: only close() is allowed */
    uint8_t *room; /* buffer of IN and control transfers */
    size_t room_cap;
    struct x8_usb_slot slots[X8_USB_SLOTS];
    unsigned finished; /* transfers that came back, counted by their callbacks */
};

/* Open and claim as struct x8_bus_ops.open says. The budget is borrowed. */
int x8_usb_link_open(struct x8_usb_budget *budget, const struct x8_op *op,
                     const struct x8_device *device, enum x8_link_kind kind,
                     struct x8_transport **out, struct x8_error *err);

extern const struct x8_transport_ops x8_usb_bulk_ops, x8_usb_hid_ops;

/* Shared by both kinds. */
int x8_usb_link_reset(struct x8_transport *base, struct x8_error *err);
void x8_usb_link_close(struct x8_transport *base);
static inline struct x8_usb_link *x8_usb_link_of(struct x8_transport *base)
{
    return X8_CONTAINER(base, struct x8_usb_link, base);
}

/* --- transfers (link.c) --- */

/* A wait for transfers: the limits of one call of send or recv. */
struct x8_usb_call {
    struct x8_usb_link *link;
    const struct x8_op *op;
    const char *verb; /* "sending", "waiting for an answer" */
    int timeout_ms;
    int64_t deadline; /* restarted by progress */
    size_t done, total;
    struct x8_waker waker;
};

/* Begin and end a call: the waker is registered in between. X8_E_GONE on a dead link. */
int x8_usb_call_begin(struct x8_usb_call *call, struct x8_usb_link *link, const struct x8_op *op,
                      const char *verb, int timeout_ms, struct x8_error *err);
void x8_usb_call_end(struct x8_usb_call *call);
void x8_usb_call_progress(struct x8_usb_call *call, size_t bytes);

/* Hand a filled transfer to the kernel; a libusb code. */
int x8_usb_submit(struct x8_usb_slot *slot);

/* Let events happen until one more transfer finished. X8_E_TIMEOUT or X8_E_STOPPED otherwise. */
int x8_usb_call_wait(struct x8_usb_call *call, struct x8_error *err);

/* Cancel all that is in flight and take it back; a transfer that does not return kills the link. */
void x8_usb_link_drain(struct x8_usb_link *link);

/* What a finished transfer means: 0, or the error in words. */
int x8_usb_call_check(struct x8_usb_call *call, const struct x8_usb_slot *slot,
                      struct x8_error *err);

/* The same for a libusb code of a submit. */
int x8_usb_call_fail(struct x8_usb_call *call, int libusb_code, struct x8_error *err);

/* Run the filled transfer of slot 0 to its end; its actual length, or a negative code. */
ssize_t x8_usb_call_run(struct x8_usb_call *call, struct x8_error *err);

/* At least `len` bytes in link->room. X8_E_INTERNAL without memory. */
int x8_usb_link_room(struct x8_usb_link *link, size_t len, struct x8_error *err);

/* A control transfer with the payload already in link->room behind the setup packet. Bytes moved.
 */
ssize_t x8_usb_control(struct x8_usb_call *call, uint8_t type, uint8_t request, uint16_t value,
                       uint16_t index, uint16_t len, struct x8_error *err);

/* The first bytes of what moved, for -vvv. */
void x8_usb_wire(const struct x8_op *op, const char *arrow, const void *data, size_t len);

#endif
