/*
 * One open link to one board: a libusb context, a claimed interface, and asynchronous transfers
 * whose events are handled by the very thread that waits for them. So callbacks never race with
 * the caller, an idle link costs nothing, and a stop request wakes the wait at once.
 *
 * Order of calls: x8_usb_link_open (open.c) makes it; bulk.c, hid.c and adb.c are the kinds of
 * transport; all use the transfer machinery of link.c, ADB with the waiting of duplex.c, where two
 * threads share the context.
 */
#ifndef X8_USB_LINK_H
#define X8_USB_LINK_H

#include "link/bus.h"
#include "usb/budget.h"
#include "usb/descriptors.h"

#include <libusb.h>
#include <stdatomic.h>

#define X8_USB_SLOTS 8

struct x8_usb_link;

/* One transfer that is, or was, on its way. */
struct x8_usb_slot {
    struct libusb_transfer *transfer;
    struct x8_usb_link *link;
    size_t len; /* payload bytes asked for */
    int is_busy;
};

/*
 * What two threads share (ADB). One of those who wait handles the events for both and tells the
 * other by `changed`.
 */
struct x8_usb_duplex {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* by CLOCK_MONOTONIC */
    int is_led;             /* a thread is in libusb's event handler */
    int is_woken;           /* x8_transport_wake: nobody waits here any more */
    /* The receiver's alone: is a transfer asked for and not yet looked at; bytes of link->room that
     * were not given out yet. */
    int is_asked;
    size_t kept_at, kept;
};

struct x8_usb_link {
    struct x8_transport base;
    libusb_context *usb;
    libusb_device_handle *handle;
    struct x8_usb_budget *budget; /* joined by fastboot links; else NULL */
    struct x8_device device;      /* as it was when opened */
    enum x8_link_kind kind;
    uint8_t interface, ep_in, ep_out; /* ep_out 0: SET_REPORT on the control endpoint */
    uint16_t in_packet, out_packet;
    int is_claimed;
    atomic_int is_dead; /* reset, or a transfer never came back: only close() is allowed */
    uint8_t *room;      /* buffer of IN and control transfers */
    size_t room_cap;
    struct x8_usb_slot slots[X8_USB_SLOTS];
    unsigned finished; /* transfers that came back, counted by their callbacks; not for ADB */
    struct x8_usb_duplex duplex; /* ADB only */
};

/* Open and claim as struct x8_bus_ops.open says. The budget is borrowed. */
int x8_usb_link_open(struct x8_usb_budget *budget, const struct x8_op *op,
                     const struct x8_device *device, enum x8_link_kind kind,
                     struct x8_transport **out, struct x8_error *err);

extern const struct x8_transport_ops x8_usb_bulk_ops, x8_usb_hid_ops, x8_usb_adb_ops;

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
    int64_t since_ms; /* nothing moved since then */
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

/* What a wait that ran out of time says. */
int x8_usb_call_timed_out(const struct x8_usb_call *call, struct x8_error *err);

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

/* --- two threads on one link (duplex.c) --- */

void x8_usb_duplex_init(struct x8_usb_duplex *duplex);
void x8_usb_duplex_done(struct x8_usb_duplex *duplex);

/* As x8_usb_submit and x8_usb_call_wait, of one transfer: the other thread's are left alone.
 * -X8_E_GONE once the link was woken. A wait that fails leaves the transfer in flight. */
int x8_usb_duplex_submit(struct x8_usb_slot *slot);
int x8_usb_duplex_wait(struct x8_usb_call *call, const struct x8_usb_slot *slot,
                       struct x8_error *err);

/* Cancel one transfer and wait for its return; one that does not return kills the link. */
void x8_usb_duplex_take_back(struct x8_usb_slot *slot);

/* Let every waiting thread look again; from any thread, also with a token's lock held. */
void x8_usb_duplex_nudge(struct x8_usb_link *link);

/* The first bytes of what moved, for -vvv. */
void x8_usb_wire(const struct x8_op *op, const char *arrow, const void *data, size_t len);

#endif
