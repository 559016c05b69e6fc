/*
 * The bus: one thread gives the boards their time and announces what changed; list, wait and open
 * look at the boards directly.
 */
#include "inproc_bus.h"
#include "util/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct vb_bus *bus_of(struct x8_bus *base)
{
    return X8_CONTAINER(base, struct vb_bus, base);
}

struct x8_bus *vb_bus_of(struct vb_bus *bus)
{
    return &bus->base;
}

void vb_bus_poke(struct vb_bus *bus)
{
    pthread_cond_signal(&bus->poked);
    pthread_cond_broadcast(&bus->changed);
}

static struct timespec timespec_of(int64_t us)
{
    return (struct timespec){.tv_sec = (time_t)(us / 1000000),
                             .tv_nsec = (long)(us % 1000000) * 1000};
}

static void rest(struct vb_bus *bus, pthread_cond_t *cond, int64_t until_us)
{
    struct timespec until = timespec_of(until_us);

    if (until_us == INT64_MAX)
        pthread_cond_wait(cond, &bus->lock);
    else
        pthread_cond_timedwait(cond, &bus->lock, &until);
}

void vb_bus_rest(struct vb_bus *bus, int64_t until_us)
{
    rest(bus, &bus->changed, until_us);
}

void vb_seat_step(struct vb_bus *bus, struct vb_seat *seat)
{
    static const uint8_t set_configuration[8] = {0x00, 0x09, 0x01};
    int64_t now = x8_now_us();
    struct vb_descriptors d;

    if (vb_next_us(seat->vb) <= now) /* what was due may be what somebody waits for */
        pthread_cond_broadcast(&bus->changed);
    vb_tick(seat->vb, now);
    vb_descriptors(seat->vb, &d);
    if (d.present == seat->is_present && d.attach == seat->attach &&
        d.access_denied == seat->is_denied)
        return;
    if (d.present && (!seat->is_present || d.attach != seat->attach))
        vb_control(seat->vb, set_configuration, NULL, 0); /* as a kernel does for each arrival */
    seat->is_present = d.present;
    seat->attach = d.attach;
    seat->is_denied = d.access_denied;
    bus->seq++;
    vb_bus_poke(bus);
}

static void *bus_main(void *ctx)
{
    struct vb_bus *bus = ctx;

    pthread_mutex_lock(&bus->lock);
    while (!bus->is_stopping) {
        int64_t next = INT64_MAX;

        for (size_t i = 0; i < bus->count; i++) {
            vb_seat_step(bus, &bus->seats[i]);
            if (vb_next_us(bus->seats[i].vb) < next)
                next = vb_next_us(bus->seats[i].vb);
        }
        rest(bus, &bus->poked, next);
    }
    pthread_mutex_unlock(&bus->lock);
    return NULL;
}

static enum x8_speed speed_of(const struct vb_descriptors *d)
{
    return d->full_speed ? X8_SPEED_FULL : X8_SPEED_HIGH;
}

/* Interfaces: the first one's class, and whether one of them speaks ADB. */
static void look_at_interfaces(const struct vb_descriptors *d, struct x8_device *out)
{
    int seen = 0;

    for (size_t at = 0; at + 2 <= d->config_len && d->config[at] >= 2; at += d->config[at]) {
        const uint8_t *p = d->config + at;

        if (p[1] != 4 || p[0] < 9 || at + 9 > d->config_len)
            continue;
        if (!seen++) {
            out->if_class = p[5];
            out->if_subclass = p[6];
            out->if_protocol = p[7];
        }
        out->has_adb |= p[5] == 0xff && p[6] == 0x42 && p[7] == 1;
    }
}

static void describe(const struct vb_descriptors *d, struct x8_device *out)
{
    memset(out, 0, sizeof *out);
    snprintf(out->port, sizeof out->port, "%s", d->port);
    out->attach = d->attach;
    out->vid = x8_get_le16(d->device + 8);
    out->pid = x8_get_le16(d->device + 10);
    out->bcd_device = x8_get_le16(d->device + 12);
    out->dev_class = d->device[4];
    look_at_interfaces(d, out);
    out->speed = speed_of(d);
    snprintf(out->serial, sizeof out->serial, "%s", d->serial);
    snprintf(out->product, sizeof out->product, "%s", d->product);
    snprintf(out->manufacturer, sizeof out->manufacturer, "%s", d->manufacturer);
    snprintf(out->node, sizeof out->node, "/dev/bus/usb/001/%03u", d->attach % 1000);
    snprintf(out->node_owner, sizeof out->node_owner, "root");
    snprintf(out->node_group, sizeof out->node_group, "root");
    out->node_mode = 0664;
    out->no_access = d->access_denied != 0;
}

/* In port order: "1-2" before "1-10". */
static int by_port(const void *a, const void *b)
{
    const char *x = ((const struct x8_device *)a)->port, *y = ((const struct x8_device *)b)->port;

    if (strlen(x) != strlen(y))
        return strlen(x) < strlen(y) ? -1 : 1;
    return strcmp(x, y);
}

static int bus_list(struct x8_bus *base, struct x8_device **out, struct x8_error *err)
{
    struct vb_bus *bus = bus_of(base);
    struct x8_device *list = calloc(bus->count + 1, sizeof *list);
    int count = 0;

    if (!list)
        return x8_fail(err, X8_E_INTERNAL, "out of memory while listing the bus");
    pthread_mutex_lock(&bus->lock);
    for (size_t i = 0; i < bus->count; i++) {
        struct vb_descriptors d;

        vb_seat_step(bus, &bus->seats[i]);
        vb_descriptors(bus->seats[i].vb, &d);
        if (d.present)
            describe(&d, &list[count++]);
    }
    pthread_mutex_unlock(&bus->lock);
    qsort(list, (size_t)count, sizeof *list, by_port);
    *out = list;
    return count;
}

static void wake(void *ctx, enum x8_cancel_level level)
{
    struct vb_bus *bus = ctx;

    (void)level;
    pthread_mutex_lock(&bus->lock);
    pthread_cond_broadcast(&bus->changed);
    pthread_mutex_unlock(&bus->lock);
}

static int wait_locked(struct vb_bus *bus, const struct x8_op *op, uint64_t *seq, int64_t deadline,
                       struct x8_error *err)
{
    for (;;) {
        int rc = x8_cancel_check(op ? op->cancel : NULL, X8_CANCEL_SOFT, err);

        if (rc < 0)
            return rc;
        if (bus->seq != *seq) {
            *seq = bus->seq;
            return 1;
        }
        if (x8_deadline_left(deadline, 1) == 0)
            return 0;
        vb_bus_rest(bus, deadline == X8_NO_DEADLINE ? INT64_MAX : deadline * 1000);
    }
}

static int bus_wait(struct x8_bus *base, const struct x8_op *op, uint64_t *seq, int64_t deadline,
                    struct x8_error *err)
{
    struct vb_bus *bus = bus_of(base);
    struct x8_waker waker = {.wake = wake, .ctx = bus};
    int rc;

    /* The waker takes the bus lock with the token's lock held: never the other way round. */
    x8_cancel_watch(op ? op->cancel : NULL, &waker);
    pthread_mutex_lock(&bus->lock);
    rc = wait_locked(bus, op, seq, deadline, err);
    pthread_mutex_unlock(&bus->lock);
    x8_cancel_unwatch(op ? op->cancel : NULL, &waker);
    return rc;
}

static int bus_open(struct x8_bus *base, const struct x8_op *op, const struct x8_device *device,
                    enum x8_link_kind kind, struct x8_transport **out, struct x8_error *err)
{
    return vb_link_open(bus_of(base), op, device, kind, out, err);
}

static void bus_close(struct x8_bus *base)
{
    vb_bus_free(bus_of(base));
}

static const struct x8_bus_ops bus_ops = {
    .list = bus_list,
    .wait = bus_wait,
    .open = bus_open,
    .close = bus_close,
};

static void init_locks(struct vb_bus *bus)
{
    pthread_condattr_t attr;

    pthread_mutex_init(&bus->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&bus->changed, &attr);
    pthread_cond_init(&bus->poked, &attr);
    pthread_condattr_destroy(&attr);
}

static void free_bus(struct vb_bus *bus)
{
    pthread_cond_destroy(&bus->poked);
    pthread_cond_destroy(&bus->changed);
    pthread_mutex_destroy(&bus->lock);
    free(bus);
}

struct vb_bus *vb_bus_new(struct vb **boards, size_t count)
{
    struct vb_bus *bus = calloc(1, sizeof *bus + count * sizeof bus->seats[0]);

    if (!bus)
        return NULL;
    bus->base.ops = &bus_ops;
    bus->seq = 1; /* a first wait with 0 returns at once */
    bus->count = count;
    init_locks(bus);
    for (size_t i = 0; i < count; i++) {
        bus->seats[i].vb = boards[i];
        vb_seat_step(bus, &bus->seats[i]);
    }
    if (pthread_create(&bus->thread, NULL, bus_main, bus)) {
        free_bus(bus);
        return NULL;
    }
    return bus;
}

void vb_bus_free(struct vb_bus *bus)
{
    if (!bus)
        return;
    pthread_mutex_lock(&bus->lock);
    bus->is_stopping = 1;
    vb_bus_poke(bus);
    pthread_mutex_unlock(&bus->lock);
    pthread_join(bus->thread, NULL);
    free_bus(bus);
}

void vb_bus_locked(struct vb_bus *bus, void (*fn)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&bus->lock);
    fn(ctx);
    for (size_t i = 0; i < bus->count; i++)
        vb_seat_step(bus, &bus->seats[i]);
    vb_bus_poke(bus);
    pthread_mutex_unlock(&bus->lock);
}
