/*
 * A daemon behind an adb server. Each stream is a connection of its own to the server: the device
 * is named first, then the service, and from then on the bytes are those of the stream.
 *
 * The server ends a connection in the same way when the service ended and when the device is gone,
 * so a stream's end proves nothing about the board.
 */
#include "adb/backend.h"
#include "adb/server.h"
#include "adb/server_talk.h"
#include "adb/server_wire.h"
#include "net/tcp.h"
#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    OPEN_MS = 5000,
    SHORT_PIECE = 4096, /* what a full packet of the X8 has */
    MANY = 4,           /* streams that are waited for at once */
    /* Longest request: servers before version 36 (Android 7) take 1024 bytes. Source: AOSP
     * sockets.c of android-5.1.1_r37, sockets.cpp of android-7.0.0_r1. */
    VERSION_LONG = 36,
    SERVICE_SHORT = 1000,
    /* Below a packet of the X8, in which the server passes the text on: one byte more than fits
     * there is the end of the whole server (tried with 29.0.6: 4095 goes through, 4096 aborts it).
     */
    SERVICE_LONG = 4000,
};

struct server_adb {
    struct x8_adb base;
    uint16_t port;
    char serial[sizeof((struct x8_adb_device *)0)->serial];
};

struct server_stream {
    struct x8_adb_stream base;
    int fd;
    atomic_int is_shut;
};

/* --- streams --- */

static struct server_stream *stream_of(struct x8_adb_stream *base)
{
    return (struct server_stream *)base;
}

static int shut_error(struct x8_error *err)
{
    return x8_fail(err, X8_E_STOPPED, "the stream was shut");
}

static ssize_t stream_read(struct x8_adb_stream *base, const struct x8_op *op, void *out,
                           size_t cap, int timeout_ms, struct x8_error *err)
{
    struct server_stream *stream = stream_of(base);
    struct x8_error own;
    ssize_t n;

    if (atomic_load(&stream->is_shut))
        return shut_error(err);
    n = x8_sock_recv(op, stream->fd, out, cap, timeout_ms, &own);
    if (n > 0 && n < SHORT_PIECE)
        x8_tcp_acknowledge(stream->fd);
    if (n <= 0 && atomic_load(&stream->is_shut))
        return shut_error(err);
    if (n < 0 && err)
        *err = own;
    return n;
}

static int stream_write(struct x8_adb_stream *base, const struct x8_op *op, const void *data,
                        size_t len, int timeout_ms, struct x8_error *err)
{
    struct server_stream *stream = stream_of(base);
    struct x8_error own;
    int rc;

    if (atomic_load(&stream->is_shut))
        return shut_error(err);
    rc = x8_sock_send(op, stream->fd, data, len, timeout_ms, &own);
    if (rc < 0 && atomic_load(&stream->is_shut))
        return shut_error(err);
    if (rc < 0 && err)
        *err = own;
    return rc;
}

static void stream_close(struct x8_adb_stream *base)
{
    x8_fd_close(&stream_of(base)->fd);
    free(base);
}

static void stream_shut(struct x8_adb_stream *base)
{
    struct server_stream *stream = stream_of(base);

    atomic_store(&stream->is_shut, 1);
    shutdown(stream->fd, SHUT_RDWR);
}

/* A stop shuts the first socket down, which ends poll. */
static void wake_first(void *ctx, enum x8_cancel_level level)
{
    if (level >= X8_CANCEL_HARD)
        shutdown(((const struct pollfd *)ctx)->fd, SHUT_RDWR);
}

static int stream_wait_any(struct x8_adb_stream *const *streams, size_t count,
                           const struct x8_op *op, int timeout_ms, struct x8_error *err)
{
    int64_t deadline = x8_op_limit(op, timeout_ms);
    struct pollfd fds[MANY];
    struct x8_waker waker = {.wake = wake_first, .ctx = fds};
    int rc;

    if (count > MANY)
        return x8_fail(err, X8_E_INTERNAL, "%zu streams at once", count);
    for (size_t i = 0; i < count; i++)
        fds[i] = (struct pollfd){.fd = stream_of(streams[i])->fd, .events = POLLIN};
    x8_cancel_watch(x8_op_cancel(op), &waker);
    do
        rc = poll(fds, (nfds_t)count,
                  deadline == X8_NO_DEADLINE ? -1 : x8_deadline_left(deadline, INT_MAX));
    while (rc < 0 && errno == EINTR);
    x8_cancel_unwatch(x8_op_cancel(op), &waker);
    if (x8_cancel_check(x8_op_cancel(op), X8_CANCEL_HARD, err) < 0)
        return x8_cancel_check(x8_op_cancel(op), X8_CANCEL_HARD, err);
    for (size_t i = 0; i < count; i++)
        if (fds[i].revents)
            return (int)i;
    return x8_fail(err, X8_E_TIMEOUT, "the board did not send anything in time");
}

static int stream_new(int *fd, struct x8_adb_stream **out, struct x8_error *err)
{
    static const struct x8_adb_stream_ops ops = {stream_read, stream_write, stream_close,
                                                 stream_shut, stream_wait_any};
    struct server_stream *stream = calloc(1, sizeof *stream);

    if (!stream)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    stream->base.ops = &ops;
    stream->fd = *fd;
    x8_tcp_acknowledge(*fd);
    atomic_init(&stream->is_shut, 0);
    *fd = -1;
    *out = &stream->base;
    return 0;
}

/* --- opening --- */

static int select_device(const struct server_adb *adb, const struct x8_op *op, int fd,
                         int64_t deadline, struct x8_error *err)
{
    char request[32 + sizeof adb->serial];

    snprintf(request, sizeof request, "host:transport:%s", adb->serial);
    return x8_server_ask(op, fd, request, adb->serial, deadline, err);
}

/* The server only knows that the daemon closed the stream instead of opening it. */
static int service_refused(const char *service, struct x8_error *err)
{
    char text[128], why[sizeof err->why] = "";

    if (err)
        x8_copy(why, sizeof why, err->why);
    x8_clean(text, sizeof text, service, x8_adb_service_name_len(service));
    x8_fail(err, X8_E_REFUSED, "the board refused the service '%s'", text);
    if (x8_ends(why, ": closed"))
        x8_error_why(err, "its adb daemon has no such service, or nothing answers behind it");
    else
        x8_error_why(err, "%s", why);
    return -(int)X8_E_REFUSED;
}

static int in_words_of_adb(int rc, struct x8_error *err)
{
    if (rc == -(int)X8_E_TIMEOUT)
        return x8_fail(err, X8_E_TIMEOUT, "the board did not open a stream in time");
    if (rc == -(int)X8_E_GONE) {
        x8_fail(err, X8_E_GONE, "the adb server hung up");
        x8_error_why(err, "it ended, or lost the board");
    }
    return rc;
}

static int server_open(struct x8_adb *base, const struct x8_op *op, const char *service,
                       int timeout_ms, struct x8_adb_stream **out, struct x8_error *err)
{
    struct server_adb *adb = (struct server_adb *)base;
    int64_t deadline = x8_op_limit(op, timeout_ms);
    X8_AUTO_FD fd = -1;
    int rc = x8_server_dial(op, adb->port, deadline, &fd, err);

    if (rc == 0)
        rc = select_device(adb, op, fd, deadline, err);
    if (rc == 0) {
        rc = x8_server_ask(op, fd, service, adb->serial, deadline, err);
        if (rc == -(int)X8_E_REFUSED)
            rc = service_refused(service, err);
    }
    if (rc == 0)
        rc = stream_new(&fd, out, err);
    return in_words_of_adb(rc, err);
}

/* --- the end of the board --- */

static int knows(const struct x8_buf *list, const char *serial)
{
    struct x8_adb_device *rows = NULL;
    int n = x8_adb_devices_parse(x8_buf_text(list), list->len, &rows, NULL), found = n < 0;

    for (int i = 0; i < n && !found; i++)
        found = strcmp(rows[i].serial, serial) == 0 && strcmp(rows[i].state, "offline") != 0;
    free(rows);
    return found;
}

static int watch(const struct server_adb *adb, const struct x8_op *op, int fd, int64_t deadline,
                 struct x8_error *err)
{
    int rc = x8_server_ask(op, fd, "host:track-devices", adb->serial, deadline, err);

    while (rc == 0) {
        X8_AUTO_BUF list = {0};

        rc = x8_server_text(op, fd, deadline, &list, err);
        if (rc == 0 && !knows(&list, adb->serial))
            return 1;
    }
    return rc;
}

static int server_wait_gone(struct x8_adb *base, const struct x8_op *op, int64_t deadline,
                            struct x8_error *err)
{
    struct server_adb *adb = (struct server_adb *)base;
    X8_AUTO_FD fd = -1;
    struct x8_error own;
    int rc = x8_server_dial(op, adb->port, deadline, &fd, &own);

    if (rc == 0)
        rc = watch(adb, op, fd, deadline, &own);
    if (rc >= 0)
        return rc;
    if (rc == -(int)X8_E_TIMEOUT)
        return 0;
    /* Without the server there is no way to the board either. */
    if (rc == -(int)X8_E_GONE || rc == -(int)X8_E_NO_BOARD)
        return 1;
    if (err)
        *err = own;
    return rc;
}

/* --- the beginning --- */

static void server_close(struct x8_adb *base)
{
    free(base);
}

static int find_device(const struct x8_op *op, uint16_t port, const char *serial,
                       struct x8_adb_device *out, struct x8_error *err)
{
    struct x8_adb_device *rows = NULL;
    int n = x8_adb_server_devices(op, port, &rows, err), found = 0;

    for (int i = 0; i < n && !found; i++) {
        found = strcmp(rows[i].serial, serial) == 0;
        if (found)
            *out = rows[i];
    }
    free(rows);
    if (n < 0)
        return n;
    return found ? x8_adb_state_check(out, err)
                 : x8_adb_server_fail("device not found", 16, serial, err);
}

/* By the number that the server gave it: a serial number may have colons, which end it there. */
static int ask_features(struct server_adb *adb, const struct x8_op *op,
                        const struct x8_adb_device *device, struct x8_error *err)
{
    char request[64 + sizeof device->serial];
    X8_AUTO_BUF text = {0};
    int rc;

    if (device->transport_id)
        snprintf(request, sizeof request, "host-transport-id:%llu:features",
                 (unsigned long long)device->transport_id);
    else
        snprintf(request, sizeof request, "host-serial:%s:features", device->serial);
    rc = x8_server_query(op, adb->port, request, device->serial, x8_op_limit(op, OPEN_MS), &text,
                         err);
    if (rc == 0)
        x8_clean(adb->base.banner.features, sizeof adb->base.banner.features, x8_buf_text(&text),
                 text.len);
    /* Servers before Android 7 do not know the question, nor what could be answered. */
    return rc == -(int)X8_E_REFUSED ? 0 : rc;
}

static int fill(struct server_adb *adb, const struct x8_op *op, unsigned version,
                struct x8_error *err)
{
    struct x8_adb_device device;
    int rc = find_device(op, adb->port, adb->serial, &device, err);

    if (rc < 0)
        return rc;
    x8_copy(adb->base.banner.product, sizeof adb->base.banner.product, device.product);
    x8_copy(adb->base.banner.model, sizeof adb->base.banner.model, device.model);
    adb->base.service_max = version < VERSION_LONG ? SERVICE_SHORT : SERVICE_LONG;
    return ask_features(adb, op, &device, err);
}

int x8_adb_over_server(const struct x8_op *op, uint16_t port, const char *serial,
                       struct x8_adb **out, struct x8_error *err)
{
    static const struct x8_adb_ops ops = {server_open, server_wait_gone, server_close};
    struct server_adb *adb;
    unsigned version = 0;
    int rc = x8_adb_server_version(op, port, &version, err);

    if (rc == 0)
        return x8_server_absent(port, err);
    if (rc < 0)
        return rc;
    adb = calloc(1, sizeof *adb);
    if (!adb)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    adb->base.ops = &ops;
    adb->port = port;
    if (x8_copy(adb->serial, sizeof adb->serial, serial))
        rc = fill(adb, op, version, err);
    else
        rc = x8_adb_server_fail("device not found", 16, serial, err);
    if (rc < 0)
        free(adb);
    else
        *out = &adb->base;
    return rc < 0 ? rc : 0;
}
