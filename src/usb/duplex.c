/*
 * Waiting for transfers where two threads use one link. Whoever waits first leads: it handles
 * libusb's events, for the other one too, and tells that one through a condition; when the leader
 * has what it waited for, the other takes over. Both look at time, stop requests and
 * x8_transport_wake before each rest, with the lock held, so that none of them is missed: a leader
 * on its way into libusb is caught by libusb_interrupt_event_handler, which stays in force until an
 * event handler has seen it.
 *
 * The lock is never held while libusb is called or an error is explained, and may be taken with a
 * token's lock held, never the other way round.
 */
#include "usb/link.h"

#include "util/await.h"
#include "util/clock.h"

#include <string.h>

enum {
    REST_MS = 10000,     /* all that matters ends a rest; this is only its longest length */
    TAKE_BACK_MS = 5000, /* as for the other kinds: milliseconds on a living system */
};

void x8_usb_duplex_init(struct x8_usb_duplex *duplex)
{
    memset(duplex, 0, sizeof *duplex);
    pthread_mutex_init(&duplex->lock, NULL);
    x8_cond_init(&duplex->changed);
}

void x8_usb_duplex_done(struct x8_usb_duplex *duplex)
{
    pthread_cond_destroy(&duplex->changed);
    pthread_mutex_destroy(&duplex->lock);
}

/* In the leader's thread. */
static void LIBUSB_CALL on_finished(struct libusb_transfer *transfer)
{
    struct x8_usb_slot *slot = transfer->user_data;
    struct x8_usb_duplex *duplex = &slot->link->duplex;

    pthread_mutex_lock(&duplex->lock);
    slot->is_busy = 0;
    pthread_cond_broadcast(&duplex->changed);
    pthread_mutex_unlock(&duplex->lock);
}

static void set_busy(struct x8_usb_slot *slot, int is_busy)
{
    pthread_mutex_lock(&slot->link->duplex.lock);
    slot->is_busy = is_busy;
    pthread_mutex_unlock(&slot->link->duplex.lock);
}

int x8_usb_duplex_submit(struct x8_usb_slot *slot)
{
    int rc;

    slot->transfer->callback = on_finished;
    slot->transfer->user_data = slot;
    slot->transfer->timeout = 0;
    set_busy(slot, 1);
    rc = libusb_submit_transfer(slot->transfer);
    if (rc < 0)
        set_busy(slot, 0);
    return rc;
}

void x8_usb_duplex_nudge(struct x8_usb_link *link)
{
    struct x8_usb_duplex *duplex = &link->duplex;

    pthread_mutex_lock(&duplex->lock);
    pthread_cond_broadcast(&duplex->changed);
    pthread_mutex_unlock(&duplex->lock);
    libusb_interrupt_event_handler(link->usb);
}

static void lead(struct x8_usb_link *link, int64_t deadline)
{
    int ms = x8_deadline_left(deadline, REST_MS);
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    link->duplex.is_led = 1;
    pthread_mutex_unlock(&link->duplex.lock);
    libusb_handle_events_timeout_completed(link->usb, &tv, NULL);
    pthread_mutex_lock(&link->duplex.lock);
    link->duplex.is_led = 0;
    pthread_cond_broadcast(&link->duplex.changed);
}

static void rest(struct x8_usb_link *link, int64_t deadline)
{
    struct timespec until =
        x8_deadline_timespec(x8_deadline_min(deadline, x8_deadline_in(REST_MS)));

    if (link->duplex.is_led)
        pthread_cond_timedwait(&link->duplex.changed, &link->duplex.lock, &until);
    else
        lead(link, deadline);
}

int x8_usb_duplex_wait(struct x8_usb_call *call, const struct x8_usb_slot *slot,
                       struct x8_error *err)
{
    struct x8_usb_link *link = call->link;
    struct x8_usb_duplex *duplex = &link->duplex;
    struct x8_cancel *cancel = call->op ? call->op->cancel : NULL;
    int is_woken = 0, is_late = 0, rc = 0;

    pthread_mutex_lock(&duplex->lock);
    while (slot->is_busy && !is_woken && !is_late && rc == 0) {
        is_woken = duplex->is_woken;
        is_late = x8_deadline_left(call->deadline, 1) == 0;
        rc = x8_cancel_check(cancel, X8_CANCEL_HARD, err);
        if (!is_woken && !is_late && rc == 0)
            rest(link, call->deadline);
    }
    pthread_mutex_unlock(&duplex->lock);
    if (rc < 0)
        return rc;
    if (is_woken)
        return x8_fail(err, X8_E_GONE, "the link to usb %s is being closed", link->device.port);
    return is_late ? x8_usb_call_timed_out(call, err) : 0;
}

void x8_usb_duplex_take_back(struct x8_usb_slot *slot)
{
    struct x8_usb_link *link = slot->link;
    int64_t deadline = x8_deadline_in(TAKE_BACK_MS);

    libusb_cancel_transfer(slot->transfer); /* one that is back already does not mind */
    pthread_mutex_lock(&link->duplex.lock);
    while (slot->is_busy && x8_deadline_left(deadline, 1) > 0)
        rest(link, deadline);
    if (slot->is_busy)
        link->is_dead = 1;
    pthread_mutex_unlock(&link->duplex.lock);
}
