/*
 * The transfer machinery: submit, wait, cancel, take back, and say in words what went wrong.
 */
#include "usb/link.h"

#include "usb/sysfs.h"
#include "usb/usb.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>

/* A silence longer than this is broken by a word. */
enum { SILENCE_MS = 2000 };

enum {
    DRAIN_MS = 5000, /* a cancelled transfer comes back within milliseconds on a living system */
    LEAVE_MS = 600,  /* a pulled cable first shows as transfer errors, then as a departure */
};

static void LIBUSB_CALL on_finished(struct libusb_transfer *transfer)
{
    struct x8_usb_slot *slot = transfer->user_data;

    slot->is_busy = 0;
    slot->link->finished++;
}

int x8_usb_submit(struct x8_usb_slot *slot)
{
    int rc;

    slot->transfer->callback = on_finished;
    slot->transfer->user_data = slot;
    slot->transfer->timeout = 0; /* deadlines are kept here, where progress restarts them */
    slot->is_busy = 1;
    rc = libusb_submit_transfer(slot->transfer);
    if (rc < 0)
        slot->is_busy = 0;
    return rc;
}

/* From any thread, with the token's lock held. */
static void wake(void *ctx, enum x8_cancel_level level)
{
    struct x8_usb_link *link = ctx;

    if (level < X8_CANCEL_HARD)
        return;
    if (link->kind == X8_LINK_ADB)
        x8_usb_duplex_nudge(link);
    else
        libusb_interrupt_event_handler(link->usb);
}

static int64_t limit_of(const struct x8_usb_call *call)
{
    int64_t limit = x8_deadline_in(call->timeout_ms);

    return call->op && call->op->deadline ? x8_deadline_min(limit, call->op->deadline) : limit;
}

int x8_usb_call_begin(struct x8_usb_call *call, struct x8_usb_link *link, const struct x8_op *op,
                      const char *verb, int timeout_ms, struct x8_error *err)
{
    if (link->is_dead)
        return x8_fail(err, X8_E_GONE, "the link to usb %s is closed", link->device.port);
    *call = (struct x8_usb_call){.link = link,
                                 .op = op,
                                 .verb = verb,
                                 .timeout_ms = timeout_ms,
                                 .waker = {.wake = wake, .ctx = link}};
    call->deadline = limit_of(call);
    call->since_ms = x8_now_ms();
    x8_cancel_watch(op ? op->cancel : NULL, &call->waker);
    return 0;
}

void x8_usb_call_end(struct x8_usb_call *call)
{
    x8_cancel_unwatch(call->op ? call->op->cancel : NULL, &call->waker);
}

void x8_usb_call_progress(struct x8_usb_call *call, size_t bytes)
{
    call->done += bytes;
    call->deadline = limit_of(call);
    call->since_ms = x8_now_ms();
}

static void handle_events(struct x8_usb_link *link, int ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    libusb_handle_events_timeout_completed(link->usb, &tv, NULL);
}

int x8_usb_call_timed_out(const struct x8_usb_call *call, struct x8_error *err)
{
    if (call->timeout_ms < 0)
        x8_fail(err, X8_E_TIMEOUT, "the time of the whole operation is over while %s", call->verb);
    else
        x8_fail(err, X8_E_TIMEOUT, "no progress for %.1f s while %s", call->timeout_ms / 1000.0,
                call->verb);
    x8_error_why(err, "%zu of %zu bytes had moved; the board is still on the bus", call->done,
                 call->total);
    x8_error_next(err, "power-cycle the board and start again");
    return -X8_E_TIMEOUT;
}

/* An eMMC that erases or writes leaves the board silent for as long as that takes. */
static void tell_silence(const struct x8_usb_call *call)
{
    int64_t silent = x8_now_ms() - call->since_ms;

    if (silent >= SILENCE_MS && call->timeout_ms > 0)
        x8_emit(call->op, X8_EV_WAIT, "%s for %lld s, %d s at most", call->verb,
                (long long)(silent / 1000), (call->timeout_ms + 999) / 1000);
}

int x8_usb_call_wait(struct x8_usb_call *call, struct x8_error *err)
{
    struct x8_usb_link *link = call->link;
    unsigned before = link->finished;

    while (link->finished == before) {
        int left = x8_deadline_left(call->deadline, 1000);
        int rc = x8_cancel_check(call->op ? call->op->cancel : NULL, X8_CANCEL_HARD, err);

        if (rc < 0)
            return rc;
        if (left == 0)
            return x8_usb_call_timed_out(call, err);
        handle_events(link, left);
        if (link->finished == before)
            tell_silence(call);
    }
    return 0;
}

void x8_usb_link_drain(struct x8_usb_link *link)
{
    int64_t deadline = x8_deadline_in(DRAIN_MS);
    int busy = 1;

    for (size_t i = 0; i < X8_USB_SLOTS; i++)
        if (link->slots[i].is_busy)
            libusb_cancel_transfer(link->slots[i].transfer);
    while (busy) {
        int left = x8_deadline_left(deadline, 1000);

        busy = 0;
        for (size_t i = 0; i < X8_USB_SLOTS; i++)
            busy |= link->slots[i].is_busy;
        if (busy && left == 0) {
            link->is_dead = 1;
            return;
        }
        if (busy)
            handle_events(link, left);
    }
}

/* 1 when the device leaves the bus within a moment. */
static int leaves(const struct x8_usb_call *call)
{
    const struct x8_device *device = &call->link->device;
    int64_t deadline = x8_deadline_in(LEAVE_MS);

    do {
        if (!x8_sysfs_is_attached(device->port, device->attach))
            return 1;
        if (x8_cancel_sleep(call->op ? call->op->cancel : NULL, x8_deadline_in(20), X8_CANCEL_HARD,
                            NULL) < 0)
            return 0;
    } while (x8_deadline_left(deadline, 1) > 0);
    return 0;
}

static int gone(const struct x8_usb_call *call, struct x8_error *err)
{
    x8_fail(err, X8_E_GONE, "the board at usb %s left the bus while %s", call->link->device.port,
            call->verb);
    x8_error_why(err, "%zu of %zu bytes had moved", call->done, call->total);
    x8_error_next(err, "check cable and power, then start again");
    return -X8_E_GONE;
}

static int broken(const struct x8_usb_call *call, const char *what, struct x8_error *err)
{
    char chain[192];

    x8_usb_chain_text(call->link->device.port, chain, sizeof chain);
    x8_fail(err, X8_E_LINK, "%s while %s", what, call->verb);
    x8_error_why(err, "%zu of %zu bytes had moved%s%s", call->done, call->total,
                 chain[0] ? "; reached by " : "", chain);
    x8_error_next(err, "try a port of the computer itself and another cable, then start again");
    return -X8_E_LINK;
}

int x8_usb_call_check(struct x8_usb_call *call, const struct x8_usb_slot *slot,
                      struct x8_error *err)
{
    size_t actual = slot->transfer->actual_length > 0 ? (size_t)slot->transfer->actual_length : 0;

    switch (slot->transfer->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        return 0;
    case LIBUSB_TRANSFER_NO_DEVICE:
        call->done += actual;
        return gone(call, err);
    case LIBUSB_TRANSFER_STALL:
        return broken(call, "the board stalled the transfer", err);
    case LIBUSB_TRANSFER_OVERFLOW:
        return broken(call, "the board sent more than was asked for", err);
    case LIBUSB_TRANSFER_CANCELLED:
    case LIBUSB_TRANSFER_TIMED_OUT:
        return broken(call, "the transfer was taken back by the system", err);
    case LIBUSB_TRANSFER_ERROR:
    default:
        call->done += actual;
        return leaves(call) ? gone(call, err) : broken(call, "transfer error", err);
    }
}

int x8_usb_call_fail(struct x8_usb_call *call, int libusb_code, struct x8_error *err)
{
    char what[96];

    if (libusb_code == LIBUSB_ERROR_NO_DEVICE)
        return gone(call, err);
    if (libusb_code == LIBUSB_ERROR_NO_MEM) {
        x8_fail(err, X8_E_BUSY, "the system has no room left for USB transfers while %s",
                call->verb);
        x8_error_why(err, "the kernel's limit for all programs together is used up");
        x8_error_next(err, "end other programs that use USB, or raise usbcore.usbfs_memory_mb");
        return -X8_E_BUSY;
    }
    if (leaves(call))
        return gone(call, err);
    snprintf(what, sizeof what, "the system refused a transfer (%s)",
             libusb_error_name(libusb_code));
    return broken(call, what, err);
}

ssize_t x8_usb_call_run(struct x8_usb_call *call, struct x8_error *err)
{
    struct x8_usb_slot *slot = &call->link->slots[0];
    struct x8_error late;
    int rc = x8_usb_submit(slot);

    if (rc < 0)
        return x8_usb_call_fail(call, rc, err);
    rc = x8_usb_call_wait(call, &late);
    if (rc < 0) {
        x8_usb_link_drain(call->link);
        /* It may have come through just before it was cancelled: then nothing was lost. */
        if (slot->is_busy || slot->transfer->status != LIBUSB_TRANSFER_COMPLETED) {
            if (err)
                *err = late;
            return rc;
        }
    }
    rc = x8_usb_call_check(call, slot, err);
    return rc < 0 ? rc : slot->transfer->actual_length;
}

int x8_usb_link_room(struct x8_usb_link *link, size_t len, struct x8_error *err)
{
    uint8_t *grown;

    if (len <= link->room_cap)
        return 0;
    grown = realloc(link->room, len);
    if (!grown)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for a USB transfer of %zu bytes", len);
    link->room = grown;
    link->room_cap = len;
    return 0;
}

ssize_t x8_usb_control(struct x8_usb_call *call, uint8_t type, uint8_t request, uint16_t value,
                       uint16_t index, uint16_t len, struct x8_error *err)
{
    struct x8_usb_link *link = call->link;

    libusb_fill_control_setup(link->room, type, request, value, index, len);
    libusb_fill_control_transfer(link->slots[0].transfer, link->handle, link->room, NULL, NULL, 0);
    link->slots[0].len = len;
    return x8_usb_call_run(call, err);
}

int x8_usb_link_reset(struct x8_transport *base, struct x8_error *err)
{
    struct x8_usb_link *link = x8_usb_link_of(base);
    int rc;

    if (link->is_dead)
        return x8_fail(err, X8_E_GONE, "the link to usb %s is closed", link->device.port);
    rc = libusb_reset_device(link->handle);
    link->is_dead = 1;
    /* Both mean that the board enumerates anew, which is what was asked for. */
    if (rc == 0 || rc == LIBUSB_ERROR_NOT_FOUND || rc == LIBUSB_ERROR_NO_DEVICE)
        return 0;
    return x8_fail(err, X8_E_LINK, "cannot reset the board at usb %s: %s", link->device.port,
                   libusb_error_name(rc));
}

/*
 * A transfer that never came back is left to the process: its memory may still be written to.
 */
void x8_usb_link_close(struct x8_transport *base)
{
    struct x8_usb_link *link = x8_usb_link_of(base);
    int stuck = 0;

    if (link->is_claimed && !link->is_dead)
        libusb_release_interface(link->handle, link->interface);
    if (link->handle)
        libusb_close(link->handle);
    for (size_t i = 0; i < X8_USB_SLOTS; i++)
        stuck |= link->slots[i].is_busy;
    for (size_t i = 0; i < X8_USB_SLOTS && !stuck; i++)
        libusb_free_transfer(link->slots[i].transfer);
    if (link->usb && !stuck)
        libusb_exit(link->usb);
    if (link->budget)
        x8_usb_budget_leave(link->budget);
    if (stuck)
        return;
    if (link->kind == X8_LINK_ADB)
        x8_usb_duplex_done(&link->duplex);
    free(link->room);
    free(link);
}

void x8_usb_wire(const struct x8_op *op, const char *arrow, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = data;
    char hex[3 * 32 + 1];
    size_t n = len < 32 ? len : 32;

    if (!op || !op->emit)
        return;
    for (size_t i = 0; i < n; i++) {
        hex[3 * i] = digits[p[i] >> 4];
        hex[3 * i + 1] = digits[p[i] & 15];
        hex[3 * i + 2] = ' ';
    }
    hex[n ? 3 * n - 1 : 0] = '\0';
    x8_emit(op, X8_EV_WIRE, "%s %zu: %s%s", arrow, len, hex, n < len ? " .." : "");
}
