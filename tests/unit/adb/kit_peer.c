#include "kit_peer.h"

#include "adb/wire.h"
#include "adbd.h"
#include "util/buf.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const struct x8_op peer_op = {.deadline = X8_NO_DEADLINE};

static void begin(struct peer *peer)
{
    int ends[2];

    memset(peer, 0, sizeof *peer);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    peer->fd = ends[0];
    peer->theirs = ends[1];
}

static void *serve(void *arg)
{
    struct peer *peer = arg;

    ad_serve(peer->ad, peer->theirs);
    return NULL;
}

void peer_board(struct peer *peer, const char *words)
{
    char why[256] = "";

    begin(peer);
    peer->ad = ad_new();
    ad_words(peer->ad, "noise=0", why); /* this computer's .bashrc is none of the board's */
    if (words && ad_words(peer->ad, words, why) != 0)
        fail_msg("%s", why);
    assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
    peer->has_thread = 1;
}

static void *play(void *arg)
{
    struct peer *peer = arg;

    peer->script(peer->theirs, peer->ctx);
    close(peer->theirs);
    return NULL;
}

void peer_script(struct peer *peer, void (*script)(int fd, void *ctx), void *ctx)
{
    begin(peer);
    peer->script = script;
    peer->ctx = ctx;
    assert_int_equal(pthread_create(&peer->thread, NULL, play, peer), 0);
    peer->has_thread = 1;
}

void peer_end(struct peer *peer)
{
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
    if (peer->has_thread)
        pthread_join(peer->thread, NULL);
    peer->has_thread = 0;
    if (peer->ad)
        ad_free(peer->ad);
    peer->ad = NULL;
}

struct x8_transport *peer_tcp(struct peer *peer)
{
    struct x8_transport *link = NULL;
    struct x8_error err;

    assert_int_equal(x8_tcp_transport(peer->fd, &link, &err), 0);
    peer->fd = -1;
    return link;
}

/* --- a link with the manners of USB --- */

/* One direction: how much of a header or payload is still to come. */
struct usb_way {
    uint8_t header[X8_ADB_HEADER];
    size_t have, payload;
};

struct usb_like {
    struct x8_transport base;
    struct x8_transport *inner;
    struct usb_way in, out;
};

static struct usb_like *usb_of(struct x8_transport *base)
{
    return (struct usb_like *)base;
}

/* `len` bytes pass. What is due then begins. */
static void pass(struct usb_way *way, const uint8_t *data, size_t len)
{
    if (way->payload > 0) {
        assert_true(len <= way->payload);
        way->payload -= len;
        return;
    }
    assert_true(len <= X8_ADB_HEADER - way->have);
    memcpy(way->header + way->have, data, len);
    way->have += len;
    if (way->have == X8_ADB_HEADER) {
        way->have = 0;
        way->payload = x8_get_le32(way->header + 12);
    }
}

static int usb_send(struct x8_transport *base, const struct x8_op *op, const void *data, size_t len,
                    int timeout_ms, struct x8_error *err)
{
    struct usb_like *usb = usb_of(base);

    if (len < 64) /* the bytes of a transfer are traced */
        x8_emit(op, X8_EV_WIRE, "%.*s", (int)len, (const char *)data);
    /* A transfer is a whole header or a whole payload. */
    assert_int_equal(len, usb->out.payload > 0 ? usb->out.payload : X8_ADB_HEADER);
    pass(&usb->out, data, len);
    return x8_send(usb->inner, op, data, len, timeout_ms, err);
}

static ssize_t usb_recv(struct x8_transport *base, const struct x8_op *op, void *out, size_t cap,
                        int timeout_ms, struct x8_error *err)
{
    struct usb_like *usb = usb_of(base);
    ssize_t n;

    assert_true(cap <= (usb->in.payload > 0 ? usb->in.payload : X8_ADB_HEADER - usb->in.have));
    n = x8_recv(usb->inner, op, out, cap, timeout_ms, err);
    if (n > 0)
        pass(&usb->in, out, (size_t)n);
    return n;
}

static void usb_close(struct x8_transport *base)
{
    x8_transport_close(&usb_of(base)->inner);
    free(base);
}

static void usb_wake(struct x8_transport *base)
{
    x8_transport_wake(usb_of(base)->inner);
}

struct x8_transport *peer_usb(struct peer *peer)
{
    static const struct x8_transport_ops ops = {
        .send = usb_send, .recv = usb_recv, .close = usb_close, .wake = usb_wake};
    struct usb_like *usb = calloc(1, sizeof *usb);

    assert_non_null(usb);
    usb->base.ops = &ops;
    usb->inner = peer_tcp(peer);
    return &usb->base;
}

/* --- using a connection --- */

struct x8_adb *peer_connect(struct peer *peer)
{
    struct x8_adb *adb = NULL;
    struct x8_error err = {0};

    if (x8_adb_over_link(&peer_op, peer_tcp(peer), NULL, &adb, &err) < 0)
        fail_msg("%s: %s", err.msg, err.why);
    return adb;
}

struct x8_adb_stream *peer_open(struct x8_adb *adb, const char *service)
{
    struct x8_adb_stream *stream = NULL;
    struct x8_error err = {0};

    if (x8_adb_open(adb, &peer_op, service, 60000, &stream, &err) < 0)
        fail_msg("%s: %s", err.msg, err.why);
    return stream;
}

char *peer_all(struct x8_adb_stream *stream, size_t *len)
{
    struct x8_buf all = {0};
    struct x8_error err = {0};
    ssize_t n;

    do {
        assert_int_equal(x8_buf_reserve(&all, 65536), 0);
        n = x8_adb_read(stream, &peer_op, all.data + all.len, 65536, 60000, &err);
        if (n < 0)
            fail_msg("%s: %s", err.msg, err.why);
        all.len += (size_t)n;
    } while (n > 0);
    all.data[all.len] = '\0';
    if (len)
        *len = all.len;
    return (char *)all.data;
}

char *peer_run(struct x8_adb *adb, const char *service)
{
    struct x8_adb_stream *stream = peer_open(adb, service);
    char *text = peer_all(stream, NULL);

    x8_adb_stream_close(&stream);
    return text;
}

/* --- scripts --- */

static int get_all(int fd, uint8_t *out, size_t len)
{
    while (len > 0) {
        ssize_t n = recv(fd, out, len, 0);

        if (n <= 0)
            return -1;
        out += n;
        len -= (size_t)n;
    }
    return 0;
}

int raw_get(int fd, struct raw *out)
{
    uint8_t header[X8_ADB_HEADER];

    if (get_all(fd, header, sizeof header) != 0)
        return -1;
    out->command = x8_get_le32(header);
    out->arg0 = x8_get_le32(header + 4);
    out->arg1 = x8_get_le32(header + 8);
    out->len = x8_get_le32(header + 12);
    if (out->len > sizeof out->payload)
        return -1;
    return get_all(fd, out->payload, out->len);
}

int raw_await(int fd, uint32_t command, struct raw *out)
{
    int rc;

    do {
        rc = raw_get(fd, out);
    } while (rc == 0 && out->command != command);
    return rc;
}

void raw_put(int fd, uint32_t command, uint32_t arg0, uint32_t arg1, const void *data, size_t len)
{
    uint8_t packet[X8_ADB_HEADER + 65536];
    const uint8_t *bytes = data;
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += bytes[i];
    x8_put_le32(packet, command);
    x8_put_le32(packet + 4, arg0);
    x8_put_le32(packet + 8, arg1);
    x8_put_le32(packet + 12, (uint32_t)len);
    x8_put_le32(packet + 16, sum);
    x8_put_le32(packet + 20, ~command);
    if (len > 0)
        memcpy(packet + X8_ADB_HEADER, data, len);
    (void)!send(fd, packet, X8_ADB_HEADER + len, MSG_NOSIGNAL);
}

void raw_banner(int fd)
{
    static const char banner[] = "device::ro.product.name=;ro.product.model=;ro.product.device=;";

    raw_put(fd, X8_ADB_CNXN, 0x01000000, 4096, banner, sizeof banner);
}

void raw_stall(int fd)
{
    struct pollfd pfd = {.fd = fd};

    while (!(pfd.revents & (POLLHUP | POLLERR)) && poll(&pfd, 1, 30000) > 0)
        ;
}
