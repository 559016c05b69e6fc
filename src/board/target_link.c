/*
 * A USB link to a running board with the lock of its port: two runs of x8ctl do not fight for one
 * interface, and one that flashes keeps its board for itself between two stages.
 */
#include "board/target_parts.h"

#include "util/file.h"
#include "util/lock.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOCK_WAIT_MS = 3000, LOCK_LOOK_MS = 20, PATH_LEN = 1024 };

struct locked_link {
    struct x8_transport base;
    struct x8_transport *inner;
    int lock;
};

static struct locked_link *link_of(struct x8_transport *base)
{
    return X8_CONTAINER(base, struct locked_link, base);
}

static int send_locked(struct x8_transport *base, const struct x8_op *op, const void *data,
                       size_t len, int timeout_ms, struct x8_error *err)
{
    struct locked_link *link = link_of(base);
    int rc = link->inner->ops->send(link->inner, op, data, len, timeout_ms, err);

    base->bytes_out = link->inner->bytes_out;
    return rc;
}

static ssize_t recv_locked(struct x8_transport *base, const struct x8_op *op, void *out, size_t cap,
                           int timeout_ms, struct x8_error *err)
{
    struct locked_link *link = link_of(base);
    ssize_t n = link->inner->ops->recv(link->inner, op, out, cap, timeout_ms, err);

    base->bytes_in = link->inner->bytes_in;
    return n;
}

static int reset_locked(struct x8_transport *base, struct x8_error *err)
{
    struct locked_link *link = link_of(base);

    return link->inner->ops->reset(link->inner, err);
}

static void wake_locked(struct x8_transport *base)
{
    struct locked_link *link = link_of(base);

    if (link->inner->ops->wake)
        link->inner->ops->wake(link->inner);
}

static void close_locked(struct x8_transport *base)
{
    struct locked_link *link = link_of(base);

    link->inner->ops->close(link->inner);
    x8_fd_close(&link->lock); /* only now may the next one claim the interface */
    free(link);
}

static const struct x8_transport_ops locked_ops = {.send = send_locked,
                                                   .recv = recv_locked,
                                                   .reset = reset_locked,
                                                   .close = close_locked,
                                                   .wake = wake_locked};

/* There is no event for a lock that becomes free, so it is looked at every few milliseconds. What
 * waits itself for only a short time (a list) does not spend all of it here. */
static int wait_for_lock(const struct x8_op *op, const char *path, int *out_fd,
                         struct x8_error *err)
{
    int64_t until = x8_deadline_in(LOCK_WAIT_MS);
    int rc;

    if (op->deadline != X8_NO_DEADLINE)
        until = x8_deadline_min(until,
                                x8_deadline_in(x8_deadline_left(op->deadline, LOCK_WAIT_MS) / 2));
    while ((rc = x8_lock_take(path, out_fd, err)) == -(int)X8_E_BUSY &&
           x8_deadline_left(until, 1) > 0) {
        struct x8_error stopped;

        rc = x8_cancel_sleep(op->cancel, x8_deadline_in(LOCK_LOOK_MS), X8_CANCEL_SOFT, &stopped);
        if (rc < 0) {
            *err = stopped;
            return rc;
        }
    }
    return rc;
}

static int lock_port(const struct x8_op *op, const struct x8_reach *reach, const char *port,
                     int *out_fd, struct x8_error *err)
{
    char name[X8_PORT_LEN + 8], path[PATH_LEN];
    int rc;

    *out_fd = -1;
    if (!reach->lock_path)
        return 0;
    snprintf(name, sizeof name, "usb-%s", port);
    reach->lock_path(name, path, sizeof path);
    rc = wait_for_lock(op, path, out_fd, err);
    if (rc < 0)
        x8_error_prefix(err, "board at usb %s", port);
    return rc;
}

int x8_target_open_usb(struct x8_bus *bus, const struct x8_op *op, const struct x8_reach *reach,
                       const struct x8_device *device, struct x8_transport **out,
                       struct x8_error *err)
{
    struct locked_link *link = calloc(1, sizeof *link);
    int rc;

    if (!link)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for a link");
    link->base.ops = &locked_ops;
    rc = lock_port(op, reach, device->port, &link->lock, err);
    if (rc == 0)
        rc = bus->ops->open(bus, op, device, X8_LINK_ADB, &link->inner, err);
    if (rc < 0) {
        x8_fd_close(&link->lock);
        free(link);
        return rc;
    }
    *out = &link->base;
    return 0;
}
