/*
 * ADB's transport: one thread sends, another receives (transport.h says how).
 *
 * What is received goes through a buffer of the link: a transfer is asked for in whole packets, and
 * stays in flight when its waiter gives up, so that nothing the board sent is lost in a cancelled
 * transfer.
 */
#include "usb/link.h"

#include "util/clock.h"

#include <string.h>

enum {
    IN_SLOT,
    OUT_SLOT,
    END_SLOT, /* the zero-length packet behind what OUT_SLOT sends */
    USUAL_PACKET = 512,
    PIECE_MAX = 256 << 10, /* of one transfer: a long one reports progress between pieces. Pieces
                              are whole packets, so the board sees one transfer. */
};

static size_t packet_of(uint16_t max_packet)
{
    return max_packet ? max_packet : USUAL_PACKET;
}

static int begin(struct x8_usb_call *call, struct x8_transport *base, const struct x8_op *op,
                 const char *verb, int timeout_ms, struct x8_error *err)
{
    struct x8_usb_link *link = x8_usb_link_of(base);
    int is_woken;

    pthread_mutex_lock(&link->duplex.lock);
    is_woken = link->duplex.is_woken;
    pthread_mutex_unlock(&link->duplex.lock);
    if (is_woken)
        return x8_fail(err, X8_E_GONE, "the link to usb %s is being closed", link->device.port);
    return x8_usb_call_begin(call, link, op, verb, timeout_ms, err);
}

/* --- sending --- */

static int submit_out(struct x8_usb_call *call, struct x8_usb_slot *slot, const uint8_t *data,
                      size_t len, struct x8_error *err)
{
    struct x8_usb_link *link = call->link;
    int rc;

    /* libusb does not write to what it sends, though its pointer is not const. */
    libusb_fill_bulk_transfer(slot->transfer, link->handle, link->ep_out,
                              (unsigned char *)(uintptr_t)data, (int)len, NULL, NULL, 0);
    slot->len = len;
    rc = x8_usb_duplex_submit(slot);
    return rc < 0 ? x8_usb_call_fail(call, rc, err) : 0;
}

static int finish_out(struct x8_usb_call *call, struct x8_usb_slot *slot, struct x8_error *err)
{
    struct x8_error late;
    int rc = x8_usb_duplex_wait(call, slot, &late);

    if (rc < 0) {
        x8_usb_duplex_take_back(slot);
        /* It may have come through just before it was cancelled. */
        if (call->link->is_dead || slot->transfer->status != LIBUSB_TRANSFER_COMPLETED) {
            if (err)
                *err = late;
            return rc;
        }
    }
    rc = x8_usb_call_check(call, slot, err);
    if (rc == 0 && (size_t)slot->transfer->actual_length != slot->len)
        rc = x8_fail(err, X8_E_LINK, "the board took only %d of %zu bytes of a transfer",
                     slot->transfer->actual_length, slot->len);
    return rc;
}

/* A piece, and behind it, already queued, the empty packet where one is due. */
static int send_piece(struct x8_usb_call *call, const uint8_t *data, size_t len, int needs_end,
                      struct x8_error *err)
{
    struct x8_usb_slot *piece = &call->link->slots[OUT_SLOT], *end = &call->link->slots[END_SLOT];
    int rc = submit_out(call, piece, data, len, err);

    if (rc < 0)
        return rc;
    if (needs_end && (rc = submit_out(call, end, data, 0, err)) < 0) {
        x8_usb_duplex_take_back(piece);
        return rc;
    }
    rc = finish_out(call, piece, err);
    if (needs_end && rc < 0)
        x8_usb_duplex_take_back(end);
    else if (needs_end)
        rc = finish_out(call, end, err);
    return rc;
}

static int send_all(struct x8_usb_call *call, const uint8_t *data, size_t len, struct x8_error *err)
{
    struct x8_transport *base = &call->link->base;
    size_t packet = packet_of(call->link->out_packet);

    while (call->done < len) {
        size_t left = len - call->done, n = left < PIECE_MAX ? left : PIECE_MAX;
        int rc = send_piece(call, data + call->done, n, n == left && len % packet == 0, err);

        if (rc < 0)
            return rc;
        x8_usb_call_progress(call, n);
        base->bytes_out += n;
        if (base->on_sent)
            base->on_sent(base->on_sent_ctx, n);
    }
    return 0;
}

static int adb_send(struct x8_transport *base, const struct x8_op *op, const void *data, size_t len,
                    int timeout_ms, struct x8_error *err)
{
    struct x8_usb_call call;
    int rc = begin(&call, base, op, "sending to adbd", timeout_ms, err);

    if (rc < 0)
        return rc;
    call.total = len;
    x8_usb_wire(op, ">", data, len);
    rc = send_all(&call, data, len, err);
    x8_usb_call_end(&call);
    return rc;
}

/* --- receiving --- */

/* Ask for `cap` bytes, unless an earlier call left a transfer in flight. */
static int ask(struct x8_usb_call *call, size_t cap, struct x8_error *err)
{
    struct x8_usb_link *link = call->link;
    struct x8_usb_slot *slot = &link->slots[IN_SLOT];
    size_t packet = packet_of(link->in_packet);
    size_t room = ((cap < PIECE_MAX ? cap : PIECE_MAX) + packet - 1) / packet * packet;
    int rc;

    if (link->duplex.is_asked)
        return 0;
    rc = x8_usb_link_room(link, room, err);
    if (rc < 0)
        return rc;
    libusb_fill_bulk_transfer(slot->transfer, link->handle, link->ep_in, link->room, (int)room,
                              NULL, NULL, 0);
    slot->len = room;
    rc = x8_usb_duplex_submit(slot);
    if (rc < 0)
        return x8_usb_call_fail(call, rc, err);
    link->duplex.is_asked = 1;
    return 0;
}

/* One transfer into link->room; it may be an empty one. */
static int fetch(struct x8_usb_call *call, size_t cap, struct x8_error *err)
{
    struct x8_usb_link *link = call->link;
    struct x8_usb_slot *slot = &link->slots[IN_SLOT];
    int rc = ask(call, cap, err);

    if (rc == 0)
        rc = x8_usb_duplex_wait(call, slot, err);
    if (rc < 0)
        return rc;
    link->duplex.is_asked = 0;
    rc = x8_usb_call_check(call, slot, err);
    if (rc < 0)
        return rc;
    link->duplex.kept_at = 0;
    link->duplex.kept = (size_t)slot->transfer->actual_length;
    x8_usb_wire(call->op, "<", link->room, link->duplex.kept);
    return 0;
}

static ssize_t give(struct x8_usb_link *link, void *out, size_t cap)
{
    struct x8_usb_duplex *duplex = &link->duplex;
    size_t n = duplex->kept < cap ? duplex->kept : cap;

    memcpy(out, link->room + duplex->kept_at, n);
    duplex->kept_at += n;
    duplex->kept -= n;
    link->base.bytes_in += n;
    return (ssize_t)n;
}

static ssize_t receive(struct x8_usb_call *call, void *out, size_t cap, struct x8_error *err)
{
    struct x8_usb_link *link = call->link;
    int rc = 0;

    while (link->duplex.kept == 0) {
        rc = fetch(call, cap, err);
        if (rc < 0)
            return rc;
        /* Empty transfers without end must not keep a call from its limits. */
        if (link->duplex.kept == 0)
            rc = x8_cancel_check(call->op ? call->op->cancel : NULL, X8_CANCEL_HARD, err);
        if (rc == 0 && link->duplex.kept == 0 && x8_deadline_left(call->deadline, 1) == 0)
            rc = x8_usb_call_timed_out(call, err);
        if (rc < 0)
            return rc;
    }
    return give(link, out, cap);
}

static ssize_t adb_recv(struct x8_transport *base, const struct x8_op *op, void *out, size_t cap,
                        int timeout_ms, struct x8_error *err)
{
    struct x8_usb_call call;
    ssize_t n;

    if (cap == 0)
        return x8_fail(err, X8_E_INTERNAL, "nothing was to be received");
    n = begin(&call, base, op, "waiting for adbd", timeout_ms, err);
    if (n < 0)
        return n;
    call.total = cap;
    n = receive(&call, out, cap, err);
    x8_usb_call_end(&call);
    return n;
}

/* --- ending --- */

static void adb_wake(struct x8_transport *base)
{
    struct x8_usb_link *link = x8_usb_link_of(base);

    pthread_mutex_lock(&link->duplex.lock);
    link->duplex.is_woken = 1;
    pthread_mutex_unlock(&link->duplex.lock);
    x8_usb_duplex_nudge(link);
}

static void adb_close(struct x8_transport *base)
{
    struct x8_usb_link *link = x8_usb_link_of(base);

    if (link->duplex.is_asked)
        x8_usb_duplex_take_back(&link->slots[IN_SLOT]);
    x8_usb_link_close(base);
}

const struct x8_transport_ops x8_usb_adb_ops = {
    .send = adb_send,
    .recv = adb_recv,
    .reset = x8_usb_link_reset,
    .close = adb_close,
    .wake = adb_wake,
};
