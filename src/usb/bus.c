/*
 * struct x8_bus over /sys and libusb. Changes are decided by comparing fingerprints of what /sys
 * shows; a hotplug event only asks for a comparison now instead of at the next look.
 */
#include "usb/link.h"
#include "usb/sysfs.h"
#include "usb/usb.h"
#include "usb/watch.h"
#include "util/await.h"
#include "util/clock.h"

#include <stdlib.h>

/* Looks without an event: for containers without udev, and for rights changed on a node. */
enum { LOOK_MS = 500, LOOK_AGAIN_MS = 100 };

struct usb_bus {
    struct x8_bus base;
    struct x8_usb_watch *watch;
    int has_tried_watch;
    struct x8_usb_budget budget;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t seq, fingerprint;
    unsigned kicks, seen_kicks; /* hotplug events, and those that were looked at */
    int64_t next_look;
    int is_looking; /* one waiter looks for all */
};

static struct usb_bus *bus_of(struct x8_bus *bus)
{
    return X8_CONTAINER(bus, struct usb_bus, base);
}

static void kick(void *ctx)
{
    struct usb_bus *bus = ctx;

    pthread_mutex_lock(&bus->lock);
    bus->kicks++;
    pthread_cond_broadcast(&bus->changed);
    pthread_mutex_unlock(&bus->lock);
}

static int bus_list(struct x8_bus *base, struct x8_device **out, struct x8_error *err)
{
    (void)base;
    return x8_sysfs_list(out, err);
}

/* With the lock held; it is given up while /sys is read. */
static void look(struct usb_bus *bus)
{
    /* An event may come a moment before /sys agrees: look again soon. */
    int after = bus->kicks != bus->seen_kicks ? LOOK_AGAIN_MS : LOOK_MS;
    uint64_t fingerprint;

    bus->is_looking = 1;
    bus->seen_kicks = bus->kicks;
    pthread_mutex_unlock(&bus->lock);
    fingerprint = x8_sysfs_fingerprint();
    pthread_mutex_lock(&bus->lock);
    bus->is_looking = 0;
    bus->next_look = x8_deadline_in(after);
    if (fingerprint != bus->fingerprint) {
        bus->fingerprint = fingerprint;
        bus->seq++;
    }
    pthread_cond_broadcast(&bus->changed);
}

static void rest(struct usb_bus *bus, int64_t deadline)
{
    struct timespec until = x8_deadline_timespec(x8_deadline_min(deadline, bus->next_look));

    if (bus->is_looking) /* the looker wakes all */
        until = x8_deadline_timespec(x8_deadline_in(LOOK_MS));
    pthread_cond_timedwait(&bus->changed, &bus->lock, &until);
}

static void wake(void *ctx, enum x8_cancel_level level)
{
    struct usb_bus *bus = ctx;

    (void)level;
    pthread_mutex_lock(&bus->lock);
    pthread_cond_broadcast(&bus->changed);
    pthread_mutex_unlock(&bus->lock);
}

/* libusb is only started for somebody who waits: a list, or one link, does without its thread and
 * its scan of the bus. Without it changes are noticed by looking. */
static void start_watch(struct usb_bus *bus)
{
    char why[96];

    if (bus->has_tried_watch)
        return;
    bus->has_tried_watch = 1;
    bus->watch = x8_usb_watch_start(kick, bus, why);
    bus->next_look = x8_now_ms(); /* what changed before it listened */
}

static int wait_locked(struct usb_bus *bus, struct x8_cancel *cancel, uint64_t *seq,
                       int64_t deadline, struct x8_error *err)
{
    for (;;) {
        int rc = x8_cancel_check(cancel, X8_CANCEL_SOFT, err);

        if (rc < 0)
            return rc;
        if (bus->seq != *seq) {
            *seq = bus->seq;
            return 1;
        }
        if (x8_deadline_left(deadline, 1) == 0)
            return 0;
        start_watch(bus);
        if (!bus->is_looking &&
            (bus->kicks != bus->seen_kicks || x8_deadline_left(bus->next_look, 1) == 0))
            look(bus);
        else
            rest(bus, deadline);
    }
}

static int bus_wait(struct x8_bus *base, const struct x8_op *op, uint64_t *seq, int64_t deadline,
                    struct x8_error *err)
{
    struct usb_bus *bus = bus_of(base);
    struct x8_cancel *cancel = op ? op->cancel : NULL;
    struct x8_waker waker = {.wake = wake, .ctx = bus};
    int rc;

    /* The waker takes the bus lock with the token's lock held: never the other way round. */
    x8_cancel_watch(cancel, &waker);
    pthread_mutex_lock(&bus->lock);
    rc = wait_locked(bus, cancel, seq, deadline, err);
    pthread_mutex_unlock(&bus->lock);
    x8_cancel_unwatch(cancel, &waker);
    return rc;
}

static int bus_open(struct x8_bus *base, const struct x8_op *op, const struct x8_device *device,
                    enum x8_link_kind kind, struct x8_transport **out, struct x8_error *err)
{
    return x8_usb_link_open(&bus_of(base)->budget, op, device, kind, out, err);
}

static void bus_close(struct x8_bus *base)
{
    struct usb_bus *bus = bus_of(base);

    x8_usb_watch_stop(&bus->watch);
    pthread_cond_destroy(&bus->changed);
    pthread_mutex_destroy(&bus->lock);
    x8_usb_budget_done(&bus->budget);
    free(bus);
}

static const struct x8_bus_ops bus_ops = {
    .list = bus_list,
    .wait = bus_wait,
    .open = bus_open,
    .close = bus_close,
};

int x8_usb_bus_open(struct x8_bus **out, struct x8_error *err)
{
    struct usb_bus *bus = calloc(1, sizeof *bus);

    if (!bus)
        return x8_fail(err, X8_E_INTERNAL, "out of memory while opening the USB bus");
    bus->base.ops = &bus_ops;
    bus->seq = 1; /* a first wait with 0 returns at once */
    x8_usb_budget_init(&bus->budget);
    pthread_mutex_init(&bus->lock, NULL);
    x8_cond_init(&bus->changed);
    bus->fingerprint = x8_sysfs_fingerprint();
    bus->next_look = x8_deadline_in(LOOK_MS);
    *out = &bus->base;
    return 0;
}
