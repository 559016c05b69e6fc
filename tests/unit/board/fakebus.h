/*
 * A bus for tests: the devices are what the test says, and change when it says so.
 */
#ifndef TEST_FAKEBUS_H
#define TEST_FAKEBUS_H

#include "link/bus.h"
#include "util/clock.h"
#include "util/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_DEVICES 8

struct fakebus {
    struct x8_bus base;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct x8_device devices[FAKE_DEVICES];
    int count;
    uint64_t seq, attaches;
    int fail_list; /* list() fails once this many calls went well; 0: never */
};

static inline struct x8_device fake_device(const char *port, unsigned vid, unsigned pid)
{
    struct x8_device d = {.vid = (uint16_t)vid, .pid = (uint16_t)pid, .speed = X8_SPEED_HIGH};

    x8_copy(d.port, sizeof d.port, port);
    x8_copy(d.node, sizeof d.node, "/dev/bus/usb/001/002");
    x8_copy(d.node_owner, sizeof d.node_owner, "root");
    d.node_mode = 0664;
    if (vid == 0x1fc9 && pid == 0x0152) {
        d.if_class = 0xff;
        d.if_subclass = 0x42;
        d.if_protocol = 3;
    }
    return d;
}

static inline int fake_list(struct x8_bus *base, struct x8_device **out, struct x8_error *err)
{
    struct fakebus *bus = X8_CONTAINER(base, struct fakebus, base);
    int count;

    pthread_mutex_lock(&bus->lock);
    count = bus->count;
    if (bus->fail_list && --bus->fail_list == 0)
        count = x8_fail(err, X8_E_INTERNAL, "the list failed");
    if (count >= 0) {
        *out = malloc(sizeof bus->devices);
        memcpy(*out, bus->devices, sizeof bus->devices);
    }
    pthread_mutex_unlock(&bus->lock);
    return count;
}

static inline void fake_wake(void *ctx, enum x8_cancel_level level)
{
    struct fakebus *bus = ctx;

    (void)level;
    pthread_mutex_lock(&bus->lock);
    pthread_cond_broadcast(&bus->changed);
    pthread_mutex_unlock(&bus->lock);
}

static inline int fake_wait(struct x8_bus *base, const struct x8_op *op, uint64_t *seq,
                            int64_t deadline, struct x8_error *err)
{
    struct fakebus *bus = X8_CONTAINER(base, struct fakebus, base);
    struct x8_waker waker = {.wake = fake_wake, .ctx = bus};
    int rc = 0;

    x8_cancel_watch(op->cancel, &waker);
    pthread_mutex_lock(&bus->lock);
    while ((rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, err)) == 0 && bus->seq == *seq &&
           x8_deadline_left(deadline, 1) > 0) {
        struct timespec until =
            x8_deadline_timespec(x8_deadline_min(deadline, x8_deadline_in(60000)));

        pthread_cond_timedwait(&bus->changed, &bus->lock, &until);
    }
    if (rc == 0 && bus->seq != *seq)
        rc = 1;
    *seq = bus->seq;
    pthread_mutex_unlock(&bus->lock);
    x8_cancel_unwatch(op->cancel, &waker);
    return rc;
}

static const struct x8_bus_ops fake_ops = {.list = fake_list, .wait = fake_wait};

static inline void fake_init(struct fakebus *bus)
{
    pthread_condattr_t attr;

    memset(bus, 0, sizeof *bus);
    bus->base.ops = &fake_ops;
    bus->seq = 1;
    pthread_mutex_init(&bus->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&bus->changed, &attr);
    pthread_condattr_destroy(&attr);
}

static inline void fake_done(struct fakebus *bus)
{
    pthread_cond_destroy(&bus->changed);
    pthread_mutex_destroy(&bus->lock);
}

static inline void fake_changed(struct fakebus *bus)
{
    bus->seq++;
    pthread_cond_broadcast(&bus->changed);
    pthread_mutex_unlock(&bus->lock);
}

/* Plug in; returns the attach. */
static inline uint64_t fake_add(struct fakebus *bus, struct x8_device device)
{
    pthread_mutex_lock(&bus->lock);
    device.attach = ++bus->attaches;
    bus->devices[bus->count++] = device;
    fake_changed(bus);
    return device.attach;
}

static inline void fake_remove(struct fakebus *bus, const char *port)
{
    int kept = 0;

    pthread_mutex_lock(&bus->lock);
    for (int i = 0; i < bus->count; i++)
        if (strcmp(bus->devices[i].port, port) != 0)
            bus->devices[kept++] = bus->devices[i];
    bus->count = kept;
    fake_changed(bus);
}

#endif
