/*
 * An ADB link by itself, through the real libusb: one thread receives without limit, others send.
 * Opens the first board with ADB, lets `cat` on it return bytes, and compares.
 *
 *   adb_link echo BYTES    both ways at the same time, all bytes compared, within 60 s
 *   adb_link limit MS      as echo, with one byte and this limit
 *   adb_link gone          wait until the board leaves; the receiver must notice
 *   adb_link wake          end a receiver that waits without limit
 *   adb_link busy          open twice; say why the second one fails
 *
 * Prints what happened; ends with 1 when it was not what should.
 */
#include "link/transport.h"
#include "usb/usb.h"
#include "util/bytes.h"
#include "util/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DATA 4096u
#define CNXN     0x4e584e43u
#define OPEN     0x4e45504fu
#define OKAY     0x59414b4fu
#define WRTE     0x45545257u

struct talk {
    struct x8_transport *link;
    struct x8_op op;
    pthread_mutex_t sending, lock; /* sending: a header and its payload are not torn apart */
    pthread_cond_t changed;
    uint32_t peer;       /* the stream's number on the board, 0 before */
    int is_acked, ended; /* ended: the receiver's, negative code */
    uint64_t got, total, wrong, greeted;
    struct x8_error err;
};

static int fail(const char *what, const struct x8_error *err)
{
    printf("%s: %s (%s)\n", what, err->msg, err->why);
    return 1;
}

/* From here on the board's terminal returns bytes as they are. */
static const char greeting[] = "ready\n";

/* What byte i of the stream is; 0..255 in an order without short periods. */
static uint8_t byte_at(uint64_t i)
{
    return (uint8_t)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

static int send_message(struct talk *t, uint32_t command, uint32_t arg0, uint32_t arg1,
                        const void *data, size_t len, struct x8_error *err)
{
    const uint8_t *bytes = data;
    uint8_t header[24];
    uint32_t sum = 0;
    int rc;

    for (size_t i = 0; i < len; i++)
        sum += bytes[i];
    x8_put_le32(header, command);
    x8_put_le32(header + 4, arg0);
    x8_put_le32(header + 8, arg1);
    x8_put_le32(header + 12, (uint32_t)len);
    x8_put_le32(header + 16, sum);
    x8_put_le32(header + 20, ~command);
    pthread_mutex_lock(&t->sending);
    rc = x8_send(t->link, &t->op, header, sizeof header, 5000, err);
    if (rc == 0 && len)
        rc = x8_send(t->link, &t->op, data, len, 5000, err);
    pthread_mutex_unlock(&t->sending);
    return rc;
}

static int receive_all(struct talk *t, uint8_t *out, size_t len, struct x8_error *err)
{
    size_t got = 0;

    while (got < len) {
        ssize_t n = x8_recv(t->link, &t->op, out + got, len - got, -1, err);

        if (n < 0)
            return (int)n;
        got += (size_t)n;
    }
    return 0;
}

static int receive_message(struct talk *t, uint8_t header[24], uint8_t *data, struct x8_error *err)
{
    int rc = receive_all(t, header, 24, err);

    if (rc < 0)
        return rc;
    if (x8_get_le32(header + 12) > MAX_DATA)
        return x8_fail(err, X8_E_LINK, "a message of %u bytes", x8_get_le32(header + 12));
    return receive_all(t, data, x8_get_le32(header + 12), err);
}

/* 0 to go on. */
static int take(struct talk *t, const uint8_t header[24], const uint8_t *data, struct x8_error *err)
{
    uint32_t command = x8_get_le32(header), len = x8_get_le32(header + 12), peer;

    pthread_mutex_lock(&t->lock);
    peer = t->peer = x8_get_le32(header + 4);
    if (command == OKAY)
        t->is_acked = 1;
    for (uint32_t i = 0; command == WRTE && i < len; i++) {
        if (greeting[t->greeted])
            t->wrong += data[i] != (uint8_t)greeting[t->greeted++];
        else
            t->wrong += data[i] != byte_at(t->got++);
    }
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    return command == WRTE ? send_message(t, OKAY, 1, peer, NULL, 0, err) : 0;
}

static void *receiver(void *ctx)
{
    struct talk *t = ctx;
    uint8_t header[24], data[MAX_DATA];
    struct x8_error err = {0};
    int rc;

    do {
        rc = receive_message(t, header, data, &err);
        if (rc == 0)
            rc = take(t, header, data, &err);
    } while (rc == 0);
    pthread_mutex_lock(&t->lock);
    t->ended = rc;
    t->err = err;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* 1 when it is acknowledged, 0 when the receiver ended first. */
static int await_ack(struct talk *t)
{
    int ok;

    pthread_mutex_lock(&t->lock);
    while (!t->is_acked && !t->ended)
        pthread_cond_wait(&t->changed, &t->lock);
    ok = t->is_acked;
    t->is_acked = 0;
    pthread_mutex_unlock(&t->lock);
    return ok;
}

static int write_stream(struct talk *t, struct x8_error *err)
{
    uint8_t data[MAX_DATA];

    for (uint64_t at = 0, round = 0; at < t->total; round++) {
        size_t n = round % 3 == 0 ? MAX_DATA : round % 3 == 1 ? 512 : 777; /* also whole packets */

        n = t->total - at < n ? (size_t)(t->total - at) : n;
        for (size_t i = 0; i < n; i++)
            data[i] = byte_at(at + i);
        if (send_message(t, WRTE, 1, t->peer, data, n, err) < 0 || !await_ack(t))
            return -1;
        at += n;
    }
    return 0;
}

static int connect_to(struct talk *t, struct x8_error *err)
{
    uint8_t header[24], data[MAX_DATA];

    if (send_message(t, CNXN, 0x01000000, MAX_DATA, "host::", 7, err) < 0 ||
        receive_message(t, header, data, err) < 0)
        return -1;
    return x8_get_le32(header) == CNXN ? 0 : x8_fail(err, X8_E_LINK, "no CNXN came");
}

static int echo(struct talk *t)
{
    static const char service[] = "shell:stty raw -echo; echo ready; exec cat";
    struct x8_error err = {0};
    int64_t began = x8_now_ms();
    pthread_t thread;
    int rc;

    if (connect_to(t, &err) < 0)
        return fail("connect", &err);
    pthread_create(&thread, NULL, receiver, t);
    rc = send_message(t, OPEN, 1, 0, service, sizeof service, &err);
    if (rc == 0)
        rc = await_ack(t) ? 0 : -1;
    pthread_mutex_lock(&t->lock);
    while (rc == 0 && greeting[t->greeted] && !t->ended)
        pthread_cond_wait(&t->changed, &t->lock);
    pthread_mutex_unlock(&t->lock);
    if (rc == 0)
        rc = write_stream(t, &err);
    pthread_mutex_lock(&t->lock);
    while (rc == 0 && t->got < t->total && !t->ended)
        pthread_cond_wait(&t->changed, &t->lock);
    pthread_mutex_unlock(&t->lock);
    x8_transport_wake(t->link);
    pthread_join(thread, NULL);
    printf("%llu of %llu bytes came back, %llu wrong, %lld ms\n", (unsigned long long)t->got,
           (unsigned long long)t->total, (unsigned long long)t->wrong,
           (long long)(x8_now_ms() - began));
    if (rc < 0 || t->ended == -X8_E_TIMEOUT)
        return fail("no echo", rc < 0 && err.msg[0] ? &err : &t->err);
    return t->got == t->total && t->wrong == 0 ? 0 : 1;
}

static int wait_for_end(struct talk *t, int wake)
{
    pthread_t thread;

    pthread_create(&thread, NULL, receiver, t);
    if (wake)
        x8_transport_wake(t->link);
    pthread_join(thread, NULL);
    printf("ended with %d: %s\n", -t->ended, t->err.msg);
    return t->ended == -X8_E_GONE ? 0 : 1;
}

static int find(struct x8_bus *bus, struct x8_device *out, struct x8_error *err)
{
    struct x8_device *devices = NULL;
    int count = bus->ops->list(bus, &devices, err), found = 0;

    for (int i = 0; i < count && !found; i++) {
        found = devices[i].has_adb;
        *out = devices[i];
    }
    free(devices);
    return found;
}

static int busy(struct x8_bus *bus, const struct x8_device *device, struct x8_error *err)
{
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_transport *second = NULL;
    int rc = bus->ops->open(bus, &op, device, X8_LINK_ADB, &second, err);

    x8_transport_close(&second);
    printf("second: %d: %s; %s; %s\n", -rc, err->msg, err->why, err->next);
    return rc == -X8_E_BUSY ? 0 : 1;
}

static int run(struct x8_bus *bus, const struct x8_device *device, char **argv)
{
    static struct talk t = {.sending = PTHREAD_MUTEX_INITIALIZER,
                            .lock = PTHREAD_MUTEX_INITIALIZER,
                            .changed = PTHREAD_COND_INITIALIZER};
    struct x8_error err = {0};
    int status = 2;

    t.op.deadline = x8_deadline_in(60000);
    if (bus->ops->open(bus, &t.op, device, X8_LINK_ADB, &t.link, &err) < 0)
        return fail("open", &err);
    if (strcmp(argv[1], "echo") == 0 && argv[2]) {
        t.total = strtoull(argv[2], NULL, 10);
        status = echo(&t);
    } else if (strcmp(argv[1], "limit") == 0 && argv[2]) {
        t.total = 1;
        t.op.deadline = x8_deadline_in(strtol(argv[2], NULL, 10));
        status = echo(&t);
    } else if (strcmp(argv[1], "gone") == 0 || strcmp(argv[1], "wake") == 0) {
        puts("open");
        fflush(stdout);
        status = wait_for_end(&t, strcmp(argv[1], "wake") == 0);
    } else if (strcmp(argv[1], "busy") == 0) {
        status = busy(bus, device, &err);
    }
    x8_transport_close(&t.link);
    return status;
}

int main(int argc, char **argv)
{
    struct x8_bus *bus = NULL;
    struct x8_device device;
    struct x8_error err = {0};
    int status;

    if (argc < 2 || x8_usb_bus_open(&bus, &err) < 0)
        return 2;
    status = find(bus, &device, &err) ? run(bus, &device, argv) : fail("no board with ADB", &err);
    x8_bus_close(&bus);
    return status;
}
