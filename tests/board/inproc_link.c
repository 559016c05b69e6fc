/*
 * Links to boards in this process. A call tries the model, and while that has nothing to say waits
 * for the bus to change; what a paced link makes slow is waited for here.
 */
#include "inproc_bus.h"

#include <stdlib.h>
#include <string.h>

enum {
    PIECE = 1 << 20,
    PIECES = 4, /* in flight */
    PACKET = 512,
};

static struct vb_link *link_of(struct x8_transport *base)
{
    return X8_CONTAINER(base, struct vb_link, base);
}

struct x8_cancel *vb_cancel_of(const struct x8_op *op)
{
    return op ? op->cancel : NULL;
}

static void wake(void *ctx, enum x8_cancel_level level)
{
    struct vb_bus *bus = ctx;

    if (level < X8_CANCEL_HARD)
        return;
    pthread_mutex_lock(&bus->lock);
    pthread_cond_broadcast(&bus->changed);
    pthread_mutex_unlock(&bus->lock);
}

void vb_call_restart(struct vb_call *call)
{
    call->deadline = x8_deadline_in(call->timeout_ms);
    if (call->op && call->op->deadline)
        call->deadline = x8_deadline_min(call->deadline, call->op->deadline);
}

void vb_call_begin(struct vb_call *call)
{
    call->waker = (struct x8_waker){.wake = wake, .ctx = call->link->bus};
    vb_call_restart(call);
    x8_cancel_watch(vb_cancel_of(call->op), &call->waker);
    pthread_mutex_lock(&call->link->bus->lock);
}

void vb_call_end(struct vb_call *call)
{
    pthread_mutex_unlock(&call->link->bus->lock);
    x8_cancel_unwatch(vb_cancel_of(call->op), &call->waker);
}

static int gone(const struct vb_link *link, const char *verb, struct x8_error *err)
{
    x8_fail(err, X8_E_GONE, "the board left usb %s while %s", link->port, verb);
    x8_error_next(err, "check cable and power, then start again");
    return -X8_E_GONE;
}

/* 0 while the call may go on. */
static int check(struct vb_call *call, struct x8_error *err)
{
    struct vb_link *link = call->link;
    int rc = x8_cancel_check(vb_cancel_of(call->op), X8_CANCEL_HARD, err);

    if (rc < 0)
        return rc;
    vb_seat_step(link->bus, link->seat);
    if (link->is_dead || !link->seat->is_present || link->seat->attach != link->attach)
        return gone(link, call->verb, err);
    if (x8_deadline_left(call->deadline, 1) > 0)
        return 0;
    x8_fail(err, X8_E_TIMEOUT, "no answer from the board at usb %s within %d ms while %s",
            link->port, call->timeout_ms, call->verb);
    x8_error_next(err, "power-cycle the board and start again");
    return -X8_E_TIMEOUT;
}

int64_t vb_call_until(const struct vb_call *call)
{
    return call->deadline == X8_NO_DEADLINE ? INT64_MAX : call->deadline * 1000;
}

/* What a transfer came to: 0 taken, 1 not yet, or an error. */
static int verdict(struct vb_call *call, const struct vb_result *result, struct x8_error *err)
{
    vb_bus_poke(call->link->bus); /* the model may have new plans */
    switch (result->status) {
    case VB_OK:
        return 0;
    case VB_NAK:
        return 1;
    case VB_GONE:
        return gone(call->link, call->verb, err);
    default:
        x8_fail(err, X8_E_LINK, "the board at usb %s stalled while %s", call->link->port,
                call->verb);
        x8_error_next(err, "power-cycle the board and start again");
        return -X8_E_LINK;
    }
}

/* Wait until a transfer has ended on the wire. */
static int wait_wire(struct vb_call *call, int64_t ready_us, struct x8_error *err)
{
    while (x8_now_us() < ready_us) {
        int64_t limit = vb_call_until(call);
        int rc = check(call, err);

        if (rc < 0)
            return rc;
        vb_bus_rest(call->link->bus, ready_us < limit ? ready_us : limit);
    }
    return 0;
}

ssize_t vb_call_control(struct vb_call *call, const uint8_t setup[8], uint8_t *data, size_t len,
                        struct x8_error *err)
{
    for (;;) {
        struct vb_result result;
        int rc = check(call, err);

        if (rc < 0)
            return rc;
        result = vb_control(call->link->seat->vb, setup, data, len);
        rc = verdict(call, &result, err);
        if (rc == 0)
            rc = wait_wire(call, result.ready_us, err);
        if (rc <= 0)
            return rc < 0 ? rc : (ssize_t)result.actual;
        vb_bus_rest(call->link->bus, vb_call_until(call));
    }
}

/* ---- out ---- */

static void sent(struct vb_call *call, size_t len)
{
    struct x8_transport *base = &call->link->base;

    vb_call_restart(call);
    base->bytes_out += len;
    if (!base->on_sent)
        return;
    pthread_mutex_unlock(&call->link->bus->lock);
    base->on_sent(base->on_sent_ctx, len);
    pthread_mutex_lock(&call->link->bus->lock);
}

static int short_write(const struct vb_call *call, size_t took, size_t len, struct x8_error *err)
{
    x8_fail(err, X8_E_LINK, "the board at usb %s took only %zu of %zu bytes", call->link->port,
            took, len);
    x8_error_next(err, "power-cycle the board and start again");
    return -X8_E_LINK;
}

struct flying {
    size_t len[PIECES];
    int64_t ready_us[PIECES];
    unsigned head, tail;
};

/* Offer the next piece to the model. 0 taken, 1 not now, or an error. */
static int offer(struct vb_call *call, struct flying *f, const uint8_t *data, size_t len,
                 struct x8_error *err)
{
    struct vb_result result = vb_out(call->link->seat->vb, call->link->ep_out, data, len);
    int rc = verdict(call, &result, err);

    if (rc == 0 && result.actual != len)
        return short_write(call, result.actual, len, err);
    if (rc == 0) {
        f->len[f->head % PIECES] = len;
        f->ready_us[f->head++ % PIECES] = result.ready_us;
    }
    return rc;
}

/* All bytes to the OUT endpoint, in pieces of which several fly at a time. */
static int send_pieces(struct vb_call *call, const uint8_t *data, size_t len, size_t piece,
                       struct x8_error *err)
{
    struct flying f = {.head = 0};
    size_t offered = 0, done = 0;

    while (done < len) {
        int rc = check(call, err);

        while (rc == 0 && offered < len && f.head - f.tail < PIECES) {
            size_t n = len - offered < piece ? len - offered : piece;

            rc = offer(call, &f, data + offered, n, err);
            offered += rc == 0 ? n : 0;
        }
        if (rc < 0)
            return rc;
        if (f.head == f.tail) {
            vb_bus_rest(call->link->bus, vb_call_until(call));
            continue;
        }
        rc = wait_wire(call, f.ready_us[f.tail % PIECES], err);
        if (rc < 0)
            return rc;
        done += f.len[f.tail % PIECES];
        sent(call, f.len[f.tail++ % PIECES]);
    }
    return 0;
}

/* An empty report or transfer is a mistake of the caller. */
static int check_send(size_t len, size_t max, struct x8_error *err)
{
    if (len == 0 || len > max)
        return x8_fail(err, X8_E_INTERNAL, "%zu bytes cannot be sent at once", len);
    return 0;
}

static int set_report(struct vb_call *call, const uint8_t *data, size_t len, struct x8_error *err)
{
    const uint8_t setup[8] = {
        0x21, 0x09, data[0], 0x02, call->link->interface, 0, (uint8_t)len, (uint8_t)(len >> 8)};
    uint8_t *copy = malloc(len);
    ssize_t n;

    if (!copy)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    memcpy(copy, data, len);
    n = vb_call_control(call, setup, copy, len, err);
    free(copy);
    if (n < 0)
        return (int)n;
    if ((size_t)n != len)
        return short_write(call, (size_t)n, len, err);
    sent(call, len);
    return 0;
}

static int hid_send(struct x8_transport *base, const struct x8_op *op, const void *data, size_t len,
                    int timeout_ms, struct x8_error *err)
{
    struct vb_call call = {link_of(base), op, "sending a report", timeout_ms, 0, {0}};
    int rc = check_send(len, UINT16_MAX, err);

    if (rc < 0)
        return rc;
    vb_call_begin(&call);
    rc = call.link->ep_out ? send_pieces(&call, data, len, len, err)
                           : set_report(&call, data, len, err);
    vb_call_end(&call);
    return rc;
}

static int bulk_send(struct x8_transport *base, const struct x8_op *op, const void *data,
                     size_t len, int timeout_ms, struct x8_error *err)
{
    struct vb_call call = {link_of(base), op, "sending data", timeout_ms, 0, {0}};
    int rc = check_send(len, SIZE_MAX, err);

    if (rc < 0)
        return rc;
    vb_call_begin(&call);
    rc = send_pieces(&call, data, len, PIECE, err);
    vb_call_end(&call);
    return rc;
}

/* ---- in ---- */

static ssize_t take(struct vb_call *call, size_t room, struct x8_error *err)
{
    struct vb_link *link = call->link;

    for (;;) {
        struct vb_result result;
        int rc = check(call, err);

        if (rc < 0)
            return rc;
        result = vb_in(link->seat->vb, link->ep_in, link->room, room);
        rc = verdict(call, &result, err);
        if (rc == 0)
            rc = wait_wire(call, result.ready_us, err);
        if (rc <= 0)
            return rc < 0 ? rc : (ssize_t)result.actual;
        vb_bus_rest(link->bus, vb_call_until(call));
    }
}

/* Room in whole packets, as on the wire; more than the caller has room for is an error. */
static ssize_t recv_room(struct vb_call *call, void *out, size_t cap, size_t room,
                         struct x8_error *err)
{
    struct vb_link *link = call->link;
    ssize_t n;

    if (room > link->room_len) {
        free(link->room);
        link->room_len = 0;
        link->room = malloc(room);
        if (!link->room)
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
        link->room_len = room;
    }
    vb_call_begin(call);
    n = take(call, room, err);
    vb_call_end(call);
    if (n < 0)
        return n;
    if ((size_t)n > cap)
        return x8_fail(err, X8_E_LINK, "the board sent %zd bytes where at most %zu fit", n, cap);
    memcpy(out, link->room, (size_t)n);
    link->base.bytes_in += (uint64_t)n;
    return n;
}

static ssize_t hid_recv(struct x8_transport *base, const struct x8_op *op, void *out, size_t cap,
                        int timeout_ms, struct x8_error *err)
{
    struct vb_call call = {link_of(base), op, "waiting for a report", timeout_ms, 0, {0}};

    return recv_room(&call, out, cap, (cap + PACKET) / PACKET * PACKET, err);
}

static ssize_t bulk_recv(struct x8_transport *base, const struct x8_op *op, void *out, size_t cap,
                         int timeout_ms, struct x8_error *err)
{
    struct vb_call call = {link_of(base), op, "waiting for an answer", timeout_ms, 0, {0}};
    size_t room = cap > PACKET ? (cap + PACKET - 1) / PACKET * PACKET : PACKET;

    return recv_room(&call, out, cap, room, err);
}

/* ---- reset, close ---- */

static int link_reset(struct x8_transport *base, struct x8_error *err)
{
    static const uint8_t set_configuration[8] = {0x00, 0x09, 0x01};
    struct vb_link *link = link_of(base);
    struct vb_call call = {.link = link, .verb = "resetting it", .timeout_ms = -1};
    int rc;

    pthread_mutex_lock(&link->bus->lock);
    call.deadline = X8_NO_DEADLINE;
    rc = check(&call, err);
    if (rc == 0) {
        vb_reset(link->seat->vb);
        vb_control(link->seat->vb, set_configuration, NULL, 0);
        link->is_dead = 1;
        vb_bus_poke(link->bus);
    }
    pthread_mutex_unlock(&link->bus->lock);
    return rc;
}

static void link_close(struct x8_transport *base)
{
    struct vb_link *link = link_of(base);

    pthread_mutex_lock(&link->bus->lock);
    if (link->seat->holder == link)
        link->seat->holder = NULL;
    pthread_mutex_unlock(&link->bus->lock);
    free(link->room);
    free(link);
}

const struct x8_transport_ops vb_hid_ops = {
    .send = hid_send, .recv = hid_recv, .reset = link_reset, .close = link_close};
const struct x8_transport_ops vb_bulk_ops = {
    .send = bulk_send, .recv = bulk_recv, .reset = link_reset, .close = link_close};
