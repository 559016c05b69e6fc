/*
 * A byte link to one board in one mode, as an idea: USB HID reports, USB bulk, or a virtual board
 * in the same process.
 *
 * HID: one `send` is one report, the report id being byte 0; one `recv` is one report with its id.
 * Bulk: one `send` is one transfer of any length (split, several pieces in flight, no zero-length
 * packet at its end); one `recv` returns what one short-packet-terminated transfer brought, at most
 * `cap`.
 *
 * ADB: one `send` is one transfer, ended by a zero-length packet when its length is an exact
 * multiple of the endpoint's packet size, as AOSP's host does for interface protocol 01. `recv` is
 * that of a byte stream: it asks the bus for `cap` rounded up to whole packets, so that no packet
 * can be too long, returns 1 to `cap` bytes of what one transfer brought, and keeps the rest for
 * the next call. Ask for exactly what is due (24, then the payload's length): the board ends a
 * transfer with no zero-length packet, so a call that asks for more packets than are coming waits
 * for what comes after them. Empty transfers are skipped. Nothing that arrived is ever lost: after
 * a timeout or a stop the transfer stays queued, and the next `recv` returns what it brings. After
 * a failed `send` the board's place in the stream is unknown: close the link.
 *
 * Threads: one at a time per transport; for ADB one in `send` and one in `recv`, independently of
 * each other. HARD cancel of op->cancel wakes the blocked calls that were given this token, from
 * any thread. `reset` and `close` need the link for themselves: where another thread may be blocked
 * in it, `wake` first, then join that thread, then close.
 */
#ifndef X8_LINK_TRANSPORT_H
#define X8_LINK_TRANSPORT_H

#include "util/op.h"

#include <stddef.h>
#include <sys/types.h>

struct x8_transport;

struct x8_transport_ops {
    /*
     * Send all of `data` within `timeout_ms` without progress (each piece that goes through
     * restarts the limit). Errors: X8_E_GONE (left the bus), X8_E_TIMEOUT, X8_E_LINK (stall, short
     * write, transfer error), X8_E_STOPPED.
     */
    int (*send)(struct x8_transport *link, const struct x8_op *op, const void *data, size_t len,
                int timeout_ms, struct x8_error *err);
    /* Receive at most `cap` bytes within `timeout_ms`. Count (0 for an empty transfer; never for
     * ADB) or a negative code, as above. ADB: no limit when `timeout_ms` is negative. */
    ssize_t (*recv)(struct x8_transport *link, const struct x8_op *op, void *out, size_t cap,
                    int timeout_ms, struct x8_error *err);
    /* Reset the device at its port, so that a half-finished dialogue is forgotten. The link is dead
     * afterwards: close it. */
    int (*reset)(struct x8_transport *link, struct x8_error *err);
    void (*close)(struct x8_transport *link);
    /*
     * End the use of a link from any thread: the calls that block in it and all later ones return
     * -X8_E_GONE at once. It does not wait and may be called more than once. NULL for kinds that
     * one thread uses alone.
     */
    void (*wake)(struct x8_transport *link);
};

struct x8_transport {
    const struct x8_transport_ops *ops;
    /* 1: a byte stream (TCP). Sends have no boundaries, so that several may be joined into one, and
     * `recv` may be asked for more than is due: it returns what is there. */
    int is_stream;
    /* Called by `send` as bytes of a large transfer are confirmed; may be NULL. Set by the owner.
     * From the sending thread. */
    void (*on_sent)(void *ctx, size_t bytes);
    void *on_sent_ctx;
    /* Payload moved over this link, kept by the implementation: bytes_out by the sending thread,
     * bytes_in by the receiving one. */
    uint64_t bytes_out, bytes_in;
};

static inline int x8_send(struct x8_transport *link, const struct x8_op *op, const void *data,
                          size_t len, int timeout_ms, struct x8_error *err)
{
    return link->ops->send(link, op, data, len, timeout_ms, err);
}

static inline ssize_t x8_recv(struct x8_transport *link, const struct x8_op *op, void *out,
                              size_t cap, int timeout_ms, struct x8_error *err)
{
    return link->ops->recv(link, op, out, cap, timeout_ms, err);
}

/* Let go of all who are blocked in the link, before they are joined and it is closed. NULL is fine.
 */
static inline void x8_transport_wake(struct x8_transport *link)
{
    if (link && link->ops->wake)
        link->ops->wake(link);
}

/* Close and forget; NULL is fine. */
static inline void x8_transport_close(struct x8_transport **link)
{
    if (*link)
        (*link)->ops->close(*link);
    *link = NULL;
}

#endif
