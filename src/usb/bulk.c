/*
 * Fastboot's transport: bulk transfers, several in flight.
 *
 * The kernel copies outgoing data when a transfer is submitted, so pieces of the caller's buffer
 * are sent in place. No zero-length packet ends a transfer: U-Boot sizes its receive requests so
 * that it needs none.
 */
#include "usb/link.h"

#include "util/clock.h"

#include <string.h>

enum {
    REPLY_ROOM = 512,            /* fastboot replies are at most 256 bytes; a packet is 512 */
    FULL_SPEED_CHUNK = 64 << 10, /* 12 Mbit/s: a progress report about every 60 ms */
    BUDGET_WAIT_MS = 50,         /* how long a stop request may go unnoticed there */
    NO_MEM_WAIT_MS = 50,
};

/* One send: data[done..sent) is in flight, in order, in slots tail..head (counted, not wrapped). */
struct sending {
    struct x8_usb_call call;
    const uint8_t *data;
    size_t len, sent, share, chunk, in_flight;
    unsigned head, tail;
};

static struct x8_usb_slot *slot_at(struct sending *s, unsigned i)
{
    return &s->call.link->slots[i % X8_USB_SLOTS];
}

static void plan(struct sending *s)
{
    struct x8_usb_link *link = s->call.link;

    s->share = x8_usb_budget_share(link->budget);
    s->chunk = x8_usb_chunk(s->share);
    if (link->device.speed <= X8_SPEED_FULL && link->device.speed != X8_SPEED_UNKNOWN &&
        s->chunk > FULL_SPEED_CHUNK)
        s->chunk = FULL_SPEED_CHUNK;
}

/* Submit the next chunk. 1 when it is on its way, 0 when there is no room now, or an error. */
static int submit_next(struct sending *s, struct x8_error *err)
{
    struct x8_usb_link *link = s->call.link;
    struct x8_usb_slot *slot = slot_at(s, s->head);
    size_t len = s->len - s->sent < s->chunk ? s->len - s->sent : s->chunk;
    /* libusb takes data to be sent through a pointer that is not const, and does not write to it.
     */
    unsigned char *data = (unsigned char *)(uintptr_t)(s->data + s->sent);
    int rc;

    if (!x8_usb_budget_take(link->budget, len))
        return 0;
    slot->len = len;
    libusb_fill_bulk_transfer(slot->transfer, link->handle, link->ep_out, data, (int)len, NULL,
                              NULL, 0);
    rc = x8_usb_submit(slot);
    if (rc < 0) {
        x8_usb_budget_give(link->budget, len);
        if (rc != LIBUSB_ERROR_NO_MEM)
            return x8_usb_call_fail(&s->call, rc, err);
        if (s->chunk > X8_USB_CHUNK_MIN)
            s->chunk = s->chunk / 2 > X8_USB_CHUNK_MIN ? s->chunk / 2 : X8_USB_CHUNK_MIN;
        return 0;
    }
    s->head++;
    s->sent += len;
    s->in_flight += len;
    return 1;
}

static int fill(struct sending *s, struct x8_error *err)
{
    size_t share = x8_usb_budget_share(s->call.link->budget);
    int rc = 1;

    if (share != s->share) /* a board joined or left */
        plan(s);
    while (rc > 0 && s->sent < s->len && s->head - s->tail < X8_USB_SLOTS &&
           (s->in_flight == 0 || s->in_flight + s->chunk <= s->share))
        rc = submit_next(s, err);
    return rc < 0 ? rc : 0;
}

/* Nothing in flight and no room: other boards, or other programs, use it up. */
static int wait_for_room(struct sending *s, struct x8_error *err)
{
    struct x8_cancel *cancel = s->call.op ? s->call.op->cancel : NULL;
    int rc = x8_cancel_check(cancel, X8_CANCEL_HARD, err);

    if (rc < 0)
        return rc;
    if (x8_deadline_left(s->call.deadline, 1) == 0)
        return x8_usb_call_fail(&s->call, LIBUSB_ERROR_NO_MEM, err);
    if (x8_usb_budget_take(s->call.link->budget, s->chunk)) {
        x8_usb_budget_give(s->call.link->budget, s->chunk);
        return x8_cancel_sleep(cancel, x8_deadline_in(NO_MEM_WAIT_MS), X8_CANCEL_HARD, err);
    }
    x8_usb_budget_wait(s->call.link->budget, BUDGET_WAIT_MS);
    return 0;
}

static int short_write(struct sending *s, const struct x8_usb_slot *slot, struct x8_error *err)
{
    size_t offset = s->call.done;

    x8_fail(err, X8_E_LINK, "the board took only %d of %zu bytes of a transfer",
            slot->transfer->actual_length, slot->len);
    x8_error_why(err, "at byte %zu of %zu", offset, s->len);
    x8_error_next(err, "power-cycle the board and start again");
    return -X8_E_LINK;
}

/* Take in what came back, oldest first. */
static int collect(struct sending *s, struct x8_error *err)
{
    struct x8_transport *base = &s->call.link->base;

    while (s->tail != s->head && !slot_at(s, s->tail)->is_busy) {
        struct x8_usb_slot *slot = slot_at(s, s->tail++);
        int rc;

        s->in_flight -= slot->len;
        x8_usb_budget_give(s->call.link->budget, slot->len);
        rc = x8_usb_call_check(&s->call, slot, err);
        if (rc == 0 && (size_t)slot->transfer->actual_length != slot->len)
            rc = short_write(s, slot, err);
        if (rc < 0)
            return rc;
        x8_usb_call_progress(&s->call, slot->len);
        base->bytes_out += slot->len;
        if (base->on_sent)
            base->on_sent(base->on_sent_ctx, slot->len);
    }
    return 0;
}

static int send_all(struct sending *s, struct x8_error *err)
{
    int rc;

    while (s->call.done < s->len) {
        rc = fill(s, err);
        if (rc == 0)
            rc = s->head == s->tail ? wait_for_room(s, err) : x8_usb_call_wait(&s->call, err);
        if (rc == 0)
            rc = collect(s, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* After a failure: everything comes back before the caller gets its buffer back. */
static void abandon(struct sending *s)
{
    x8_usb_link_drain(s->call.link);
    if (s->in_flight)
        x8_usb_budget_give(s->call.link->budget, s->in_flight);
}

static int bulk_send(struct x8_transport *base, const struct x8_op *op, const void *data,
                     size_t len, int timeout_ms, struct x8_error *err)
{
    struct sending s = {.data = data, .len = len};
    int rc = x8_usb_call_begin(&s.call, x8_usb_link_of(base), op, "sending data", timeout_ms, err);

    if (rc < 0)
        return rc;
    s.call.total = len;
    x8_usb_wire(op, ">", data, len);
    plan(&s);
    rc = send_all(&s, err);
    if (rc < 0)
        abandon(&s);
    x8_usb_call_end(&s.call);
    return rc;
}

/* Room in whole packets, or a reply that fills a packet would be an overflow. */
static size_t recv_room(const struct x8_usb_link *link, size_t cap)
{
    size_t packet = link->in_packet ? link->in_packet : REPLY_ROOM;
    size_t want = cap > REPLY_ROOM ? cap : REPLY_ROOM;

    return (want + packet - 1) / packet * packet;
}

static ssize_t take_reply(struct x8_usb_call *call, void *out, size_t cap, size_t room,
                          struct x8_error *err)
{
    struct x8_usb_link *link = call->link;
    ssize_t n;

    libusb_fill_bulk_transfer(link->slots[0].transfer, link->handle, link->ep_in, link->room,
                              (int)room, NULL, NULL, 0);
    link->slots[0].len = room;
    n = x8_usb_call_run(call, err);
    if (n < 0)
        return n;
    x8_usb_wire(call->op, "<", link->room, (size_t)n);
    if ((size_t)n > cap)
        return x8_fail(err, X8_E_LINK, "the board sent %zd bytes where at most %zu fit", n, cap);
    memcpy(out, link->room, (size_t)n);
    link->base.bytes_in += (uint64_t)n;
    return n;
}

static ssize_t bulk_recv(struct x8_transport *base, const struct x8_op *op, void *out, size_t cap,
                         int timeout_ms, struct x8_error *err)
{
    struct x8_usb_link *link = x8_usb_link_of(base);
    struct x8_usb_call call;
    size_t room = recv_room(link, cap);
    ssize_t n = x8_usb_call_begin(&call, link, op, "waiting for an answer", timeout_ms, err);

    if (n < 0)
        return n;
    call.total = cap;
    n = x8_usb_link_room(link, room, err);
    if (n == 0)
        n = take_reply(&call, out, cap, room, err);
    x8_usb_call_end(&call);
    return n;
}

const struct x8_transport_ops x8_usb_bulk_ops = {
    .send = bulk_send,
    .recv = bulk_recv,
    .reset = x8_usb_link_reset,
    .close = x8_usb_link_close,
};
