/*
 * A connected socket as a byte link.
 */
#include "net/tcp.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct tcp_link {
    struct x8_transport base;
    int fd;
    atomic_int is_woken;
};

static struct tcp_link *link_of(struct x8_transport *base)
{
    return (struct tcp_link *)base;
}

static int ended(struct x8_error *err)
{
    return x8_fail(err, X8_E_GONE, "the connection is being closed");
}

static int tcp_send(struct x8_transport *base, const struct x8_op *op, const void *data, size_t len,
                    int timeout_ms, struct x8_error *err)
{
    struct tcp_link *link = link_of(base);
    int rc;

    if (atomic_load(&link->is_woken))
        return ended(err);
    rc = x8_sock_send(op, link->fd, data, len, timeout_ms, err);
    if (rc < 0)
        return atomic_load(&link->is_woken) ? ended(err) : rc;
    base->bytes_out += len;
    if (base->on_sent)
        base->on_sent(base->on_sent_ctx, len);
    return 0;
}

static ssize_t tcp_recv(struct x8_transport *base, const struct x8_op *op, void *out, size_t cap,
                        int timeout_ms, struct x8_error *err)
{
    struct tcp_link *link = link_of(base);
    ssize_t n;

    if (atomic_load(&link->is_woken))
        return ended(err);
    n = x8_sock_recv(op, link->fd, out, cap, timeout_ms, err);
    if (n > 0)
        base->bytes_in += (uint64_t)n;
    else if (atomic_load(&link->is_woken))
        n = ended(err);
    else if (n == 0)
        n = x8_fail(err, X8_E_GONE, "the peer closed the connection");
    return n;
}

/* The nearest thing: the peer sees the connection break. */
static int tcp_reset(struct x8_transport *base, struct x8_error *err)
{
    (void)err;
    shutdown(link_of(base)->fd, SHUT_RDWR);
    return 0;
}

static void tcp_wake(struct x8_transport *base)
{
    struct tcp_link *link = link_of(base);

    atomic_store(&link->is_woken, 1);
    shutdown(link->fd, SHUT_RDWR);
}

static void tcp_close(struct x8_transport *base)
{
    struct tcp_link *link = link_of(base);

    close(link->fd);
    free(link);
}

int x8_tcp_transport(int fd, struct x8_transport **out, struct x8_error *err)
{
    static const struct x8_transport_ops ops = {.send = tcp_send,
                                                .recv = tcp_recv,
                                                .reset = tcp_reset,
                                                .close = tcp_close,
                                                .wake = tcp_wake};
    struct tcp_link *link = calloc(1, sizeof *link);

    if (!link) {
        close(fd);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    link->base.ops = &ops;
    link->base.is_stream = 1;
    link->fd = fd;
    atomic_init(&link->is_woken, 0);
    *out = &link->base;
    return 0;
}
