/*
 * A byte link to one board in one mode, as an idea: USB HID reports, USB bulk, or a virtual board
 * in the same process.
 *
 * HID: one `send` is one report, the report id being byte 0; one `recv` is one report with its id.
 * Bulk: one `send` is one transfer of any length (split, several pieces in flight, no zero-length
 * packet at its end); one `recv` returns what one short-packet-terminated transfer brought, at most
 * `cap`.
 *
 * Threads: one at a time per transport; HARD cancel of op->cancel wakes a blocked call from any
 * thread.
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
    /* Receive at most `cap` bytes within `timeout_ms`. Count (0 for an empty transfer) or a
     * negative code, as above. */
    ssize_t (*recv)(struct x8_transport *link, const struct x8_op *op, void *out, size_t cap,
                    int timeout_ms, struct x8_error *err);
    /* Reset the device at its port, so that a half-finished dialogue is forgotten. The link is dead
     * afterwards: close it. */
    int (*reset)(struct x8_transport *link, struct x8_error *err);
    void (*close)(struct x8_transport *link);
};

struct x8_transport {
    const struct x8_transport_ops *ops;
    /* Called by `send` as bytes of a large transfer are confirmed; may be NULL. Set by the owner.
     * From the sending thread. */
    void (*on_sent)(void *ctx, size_t bytes);
    void *on_sent_ctx;
    uint64_t bytes_out, bytes_in; /* payload moved over this link, kept by the implementation */
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

/* Close and forget; NULL is fine. */
static inline void x8_transport_close(struct x8_transport **link)
{
    if (*link)
        (*link)->ops->close(*link);
    *link = NULL;
}

#endif
