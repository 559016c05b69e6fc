/*
 * A daemon that says anything, in packets that are right or nearly so: no crash, no hang, no leak,
 * whatever becomes of the stream. The input is a list of records of four bytes: command, what is
 * wrong with it, length; the payload is the input itself.
 */
#include "adb/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WRONG_REMOTE = 1, WRONG_LOCAL = 2, WRONG_SUM = 4, WRONG_MAGIC = 8, NO_REMOTE = 16 };
enum { REMOTE = 9, PACKET_MAX = X8_ADB_HEADER + 5000 };

struct daemon_link {
    struct x8_transport base;
    const uint8_t *data;
    size_t size, at;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int is_opened, is_woken;
    uint32_t local; /* of the stream that was opened */
    uint8_t packet[PACKET_MAX];
    size_t begin, end; /* of what is left of it */
};

static struct daemon_link *link_of(struct x8_transport *base)
{
    return (struct daemon_link *)base;
}

static void build(struct daemon_link *link, uint32_t command, uint32_t arg0, uint32_t arg1,
                  const void *payload, size_t len, unsigned wrong)
{
    struct x8_adb_packet packet = {.command = command,
                                   .arg0 = arg0,
                                   .arg1 = arg1,
                                   .length = (uint32_t)len,
                                   .sum = x8_adb_sum(payload, len)};

    packet.sum += wrong & WRONG_SUM ? 1 : 0;
    x8_adb_header_put(link->packet, &packet);
    link->packet[20] ^= (uint8_t)(wrong & WRONG_MAGIC);
    if (len > 0)
        memcpy(link->packet + X8_ADB_HEADER, payload, len);
    link->begin = 0;
    link->end = X8_ADB_HEADER + len;
}

/* 0 at the end of the input. */
static int next_packet(struct daemon_link *link)
{
    static const uint32_t commands[] = {X8_ADB_CNXN, X8_ADB_OPEN, X8_ADB_OKAY, X8_ADB_CLSE,
                                        X8_ADB_WRTE, X8_ADB_AUTH, X8_ADB_STLS, 0x12345678};
    const uint8_t *record = link->data + link->at;
    uint32_t remote = REMOTE, local = link->local;
    size_t len;

    if (link->size - link->at < 4)
        return 0;
    link->at += 4;
    if (record[1] & WRONG_REMOTE)
        remote++;
    if (record[1] & NO_REMOTE)
        remote = 0;
    if (record[1] & WRONG_LOCAL)
        local++;
    len = x8_get_le16(record + 2) % 5000;
    if (len > link->size)
        len = link->size;
    build(link, commands[record[0] % X8_COUNT(commands)], remote, local, link->data, len,
          record[1]);
    return 1;
}

static int fuzz_send(struct x8_transport *base, const struct x8_op *op, const void *data,
                     size_t len, int timeout_ms, struct x8_error *err)
{
    struct daemon_link *link = link_of(base);

    (void)op;
    (void)timeout_ms;
    (void)err;
    pthread_mutex_lock(&link->lock);
    if (len >= X8_ADB_HEADER && x8_get_le32(data) == X8_ADB_OPEN && !link->is_opened) {
        link->is_opened = 1;
        link->local = x8_get_le32((const uint8_t *)data + 4);
        pthread_cond_broadcast(&link->changed);
    }
    pthread_mutex_unlock(&link->lock);
    return 0;
}

static ssize_t fuzz_recv(struct x8_transport *base, const struct x8_op *op, void *out, size_t cap,
                         int timeout_ms, struct x8_error *err)
{
    struct daemon_link *link = link_of(base);
    size_t n;

    (void)op;
    (void)timeout_ms;
    pthread_mutex_lock(&link->lock);
    while (link->begin == link->end && !link->is_opened && !link->is_woken)
        pthread_cond_wait(&link->changed, &link->lock);
    if (link->is_woken || (link->begin == link->end && !next_packet(link))) {
        pthread_mutex_unlock(&link->lock);
        return x8_fail(err, X8_E_GONE, "the end");
    }
    n = link->end - link->begin < cap ? link->end - link->begin : cap;
    memcpy(out, link->packet + link->begin, n);
    link->begin += n;
    pthread_mutex_unlock(&link->lock);
    return (ssize_t)n;
}

static void fuzz_wake(struct x8_transport *base)
{
    struct daemon_link *link = link_of(base);

    pthread_mutex_lock(&link->lock);
    link->is_woken = 1;
    pthread_cond_broadcast(&link->changed);
    pthread_mutex_unlock(&link->lock);
}

static void fuzz_close(struct x8_transport *base)
{
    struct daemon_link *link = link_of(base);

    pthread_cond_destroy(&link->changed);
    pthread_mutex_destroy(&link->lock);
    free(link);
}

static struct x8_transport *link_new(const uint8_t *data, size_t size, int is_stream)
{
    static const struct x8_transport_ops ops = {
        .send = fuzz_send, .recv = fuzz_recv, .close = fuzz_close, .wake = fuzz_wake};
    struct daemon_link *link = calloc(1, sizeof *link);

    if (!link)
        abort();
    link->base.ops = &ops;
    link->base.is_stream = is_stream;
    link->data = data;
    link->size = size;
    pthread_mutex_init(&link->lock, NULL);
    pthread_cond_init(&link->changed, NULL);
    build(link, X8_ADB_CNXN, X8_ADB_VERSION_SUMS, 4096, "device::", 9, 0);
    return &link->base;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct x8_op op = {.deadline = X8_NO_DEADLINE};
    static uint8_t bytes[9000];
    struct x8_adb_stream *stream = NULL;
    struct x8_error err = {0};
    struct x8_adb *adb = NULL;
    ssize_t n;

    if (size == 0)
        return 0;
    if (x8_adb_over_link(&op, link_new(data + 1, size - 1, data[0] & 1), NULL, &adb, &err) < 0)
        abort();
    /* None of these has a limit: the end of the input must end them. */
    if (x8_adb_open(adb, &op, "exec:x", -1, &stream, &err) == 0) {
        if (data[0] & 2)
            x8_adb_write(stream, &op, bytes, sizeof bytes, -1, &err);
        do {
            n = x8_adb_read(stream, &op, bytes, sizeof bytes, -1, &err);
        } while (n > 0);
        x8_adb_stream_close(&stream);
    }
    if (x8_adb_wait_gone(adb, &op, x8_deadline_in(20000), &err) != 1)
        abort();
    x8_adb_close(&adb);
    return 0;
}
