/*
 * The part of libusb that moves transfers, played by the test: these definitions take the place of
 * the library's. Transfers end in order, one per call of the event handler, as the plan says. With
 * `is_fed`, bulk IN transfers end only with packets that were fed, or at a departure.
 */
#ifndef TEST_FAKEUSB_H
#define TEST_FAKEUSB_H

#include "usb/link.h"
#include "util/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_QUEUE   32
#define FAKE_PACKETS 4096
#define FAKE_PACKET  512

struct fakeusb {
    pthread_mutex_t lock;
    pthread_cond_t woken;
    int is_interrupted, is_deaf; /* deaf: cancelled transfers never come back */
    struct libusb_transfer *queue[FAKE_QUEUE];
    int is_cancelled[FAKE_QUEUE];
    size_t count, most, bytes, most_bytes, limit; /* limit: bytes in flight before NO_MEM */
    size_t largest, smallest;
    unsigned ended, silent_after; /* nothing ends by itself once so many did */
    unsigned odd_one;             /* the transfer (counted from 1) that ends differently */
    enum libusb_transfer_status odd_status;
    int odd_actual; /* -1: its length */
    const uint8_t *answer;
    size_t answer_len;
    uint8_t *seen; /* what was sent, in the order of its end */
    size_t seen_len;
    unsigned empties; /* of what was sent */
    int is_fed, is_gone;
    int echoes; /* what is sent is fed */
    uint8_t (*packets)[FAKE_PACKET];
    size_t packet_len[FAKE_PACKETS], first_packet, packet_count;
    unsigned handlers, most_handlers; /* threads in the event handler */
};

static struct fakeusb usb;

static inline void fake_usb_init(void)
{
    pthread_condattr_t attr;

    memset(&usb, 0, sizeof usb);
    pthread_mutex_init(&usb.lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&usb.woken, &attr);
    pthread_condattr_destroy(&attr);
    usb.limit = (size_t)16 << 20;
    usb.silent_after = UINT32_MAX;
    usb.odd_actual = -1;
    usb.smallest = SIZE_MAX;
    usb.seen = malloc((size_t)32 << 20);
    usb.packets = malloc(FAKE_PACKETS * sizeof *usb.packets);
}

static inline void fake_usb_done(void)
{
    free(usb.seen);
    free(usb.packets);
    pthread_cond_destroy(&usb.woken);
    pthread_mutex_destroy(&usb.lock);
}

int LIBUSB_CALL libusb_submit_transfer(struct libusb_transfer *t)
{
    size_t len = (size_t)t->length;
    int rc = 0;

    pthread_mutex_lock(&usb.lock);
    if (usb.bytes + len > usb.limit || usb.count == FAKE_QUEUE) {
        rc = LIBUSB_ERROR_NO_MEM;
    } else {
        usb.is_cancelled[usb.count] = 0;
        usb.queue[usb.count++] = t;
        usb.bytes += len;
        usb.most = usb.count > usb.most ? usb.count : usb.most;
        usb.most_bytes = usb.bytes > usb.most_bytes ? usb.bytes : usb.most_bytes;
        usb.largest = len > usb.largest ? len : usb.largest;
        usb.smallest = len < usb.smallest ? len : usb.smallest;
        t->actual_length = 0;
        pthread_cond_broadcast(&usb.woken);
    }
    pthread_mutex_unlock(&usb.lock);
    return rc;
}

int LIBUSB_CALL libusb_cancel_transfer(struct libusb_transfer *t)
{
    pthread_mutex_lock(&usb.lock);
    for (size_t i = 0; i < usb.count && !usb.is_deaf; i++)
        if (usb.queue[i] == t)
            usb.is_cancelled[i] = 1;
    pthread_cond_broadcast(&usb.woken);
    pthread_mutex_unlock(&usb.lock);
    return 0;
}

void LIBUSB_CALL libusb_interrupt_event_handler(libusb_context *ctx)
{
    (void)ctx;
    pthread_mutex_lock(&usb.lock);
    usb.is_interrupted = 1;
    pthread_cond_broadcast(&usb.woken);
    pthread_mutex_unlock(&usb.lock);
}

static inline struct libusb_transfer *fake_take(size_t i)
{
    struct libusb_transfer *t = usb.queue[i];

    usb.count--;
    usb.bytes -= (size_t)t->length;
    memmove(&usb.queue[i], &usb.queue[i + 1], (usb.count - i) * sizeof *usb.queue);
    memmove(&usb.is_cancelled[i], &usb.is_cancelled[i + 1],
            (usb.count - i) * sizeof *usb.is_cancelled);
    return t;
}

/* --- the board's side of bulk IN --- */

/* One transfer of the board: packets, the last one short unless the length is a multiple. */
static inline void fake_feed_locked(const uint8_t *data, size_t len)
{
    do {
        size_t n = len < FAKE_PACKET ? len : FAKE_PACKET, i = usb.first_packet + usb.packet_count++;

        memcpy(usb.packets[i % FAKE_PACKETS], data, n);
        usb.packet_len[i % FAKE_PACKETS] = n;
        data += n;
        len -= n;
    } while (len);
    pthread_cond_broadcast(&usb.woken);
}

static inline void fake_feed(const void *data, size_t len)
{
    pthread_mutex_lock(&usb.lock);
    fake_feed_locked(data, len);
    pthread_mutex_unlock(&usb.lock);
}

/* From here on nothing that is sent gets through. */
static inline void fake_silence(void)
{
    pthread_mutex_lock(&usb.lock);
    usb.silent_after = 0;
    pthread_mutex_unlock(&usb.lock);
}

static inline void fake_depart(void)
{
    pthread_mutex_lock(&usb.lock);
    usb.is_gone = 1;
    pthread_cond_broadcast(&usb.woken);
    pthread_mutex_unlock(&usb.lock);
}

/* Packets into the transfer. 1 when it has ended by a short one or by being full. */
static inline int fake_fill(struct libusb_transfer *t)
{
    size_t n = FAKE_PACKET;

    while (usb.packet_count && n == FAKE_PACKET && t->actual_length < t->length) {
        n = usb.packet_len[usb.first_packet % FAKE_PACKETS];
        memcpy(t->buffer + t->actual_length, usb.packets[usb.first_packet++ % FAKE_PACKETS], n);
        usb.packet_count--;
        t->actual_length += (int)n;
    }
    t->status = LIBUSB_TRANSFER_COMPLETED;
    return n < FAKE_PACKET || t->actual_length == t->length;
}

static inline int fake_is_fed(const struct libusb_transfer *t)
{
    return usb.is_fed && t->type == LIBUSB_TRANSFER_TYPE_BULK && (t->endpoint & 0x80);
}

static inline struct libusb_transfer *fake_end_by_plan(size_t i)
{
    struct libusb_transfer *t = fake_take(i);
    int is_odd = ++usb.ended == usb.odd_one;

    t->status = is_odd ? usb.odd_status : LIBUSB_TRANSFER_COMPLETED;
    t->actual_length = is_odd && usb.odd_actual >= 0 ? usb.odd_actual : t->length;
    if (t->type != LIBUSB_TRANSFER_TYPE_CONTROL && t->endpoint & 0x80) {
        t->actual_length = (int)usb.answer_len;
        memcpy(t->buffer, usb.answer, usb.answer_len);
    } else if (t->status == LIBUSB_TRANSFER_COMPLETED) {
        memcpy(usb.seen + usb.seen_len, t->buffer, (size_t)t->actual_length);
        usb.seen_len += (size_t)t->actual_length;
        usb.empties += t->actual_length == 0;
        if (usb.echoes && t->actual_length)
            fake_feed_locked(t->buffer, (size_t)t->actual_length);
    }
    return t;
}

static inline struct libusb_transfer *fake_end_one(void)
{
    for (size_t i = 0; i < usb.count; i++) {
        if (usb.is_cancelled[i]) {
            struct libusb_transfer *t = fake_take(i);

            t->status = LIBUSB_TRANSFER_CANCELLED;
            return t;
        }
    }
    for (size_t i = 0; i < usb.count; i++) {
        if (usb.is_gone)
            usb.queue[i]->status = LIBUSB_TRANSFER_NO_DEVICE;
        if (usb.is_gone || (fake_is_fed(usb.queue[i]) && fake_fill(usb.queue[i])))
            return fake_take(i);
        if (!fake_is_fed(usb.queue[i]) && usb.ended < usb.silent_after)
            return fake_end_by_plan(i);
    }
    return NULL;
}

int LIBUSB_CALL libusb_handle_events_timeout_completed(libusb_context *ctx, struct timeval *tv,
                                                       int *completed)
{
    struct timespec until =
        x8_deadline_timespec(x8_deadline_in((int64_t)tv->tv_sec * 1000 + tv->tv_usec / 1000));
    struct libusb_transfer *t;

    (void)ctx, (void)completed;
    pthread_mutex_lock(&usb.lock);
    usb.handlers++;
    usb.most_handlers = usb.handlers > usb.most_handlers ? usb.handlers : usb.most_handlers;
    t = fake_end_one();
    if (!t && !usb.is_interrupted)
        pthread_cond_timedwait(&usb.woken, &usb.lock, &until);
    usb.is_interrupted = 0;
    pthread_mutex_unlock(&usb.lock);
    if (t)
        t->callback(t);
    pthread_mutex_lock(&usb.lock);
    usb.handlers--;
    pthread_mutex_unlock(&usb.lock);
    return 0;
}

#endif
