/*
 * The virtual board behind struct x8_transport without threads and without waiting: time passes
 * only when somebody waits, so that a limit of ten seconds costs nothing.
 */
#ifndef DIRECT_LINK_H
#define DIRECT_LINK_H

#include <stdlib.h>
#include <string.h>

#include "link/transport.h"
#include "util/bytes.h"
#include "vboard.h"

struct direct_link {
    struct x8_transport base;
    struct vb *vb;
    int64_t *now_us; /* shared by the links to one board */
    unsigned attach;
    uint8_t in_ep, out_ep; /* out_ep 0: SET_REPORT on endpoint 0 */
};

static int direct_gone(struct direct_link *link)
{
    struct vb_descriptors d;

    vb_tick(link->vb, *link->now_us);
    vb_descriptors(link->vb, &d);
    return !d.present || d.attach != link->attach;
}

/* Time goes on to the next thing the board does, at most to `deadline`. 0 when it is over. */
static int direct_wait(struct direct_link *link, int64_t deadline)
{
    int64_t next = vb_next_us(link->vb);

    if (*link->now_us >= deadline)
        return 0;
    *link->now_us = next > *link->now_us && next < deadline ? next : deadline;
    vb_tick(link->vb, *link->now_us);
    return 1;
}

static struct vb_result direct_out(struct direct_link *link, const uint8_t *data, size_t len)
{
    uint8_t setup[8] = {0x21, 0x09, data[0], 2, 0, 0, (uint8_t)len, (uint8_t)(len >> 8)};
    struct vb_result result;
    uint8_t *copy;

    if (link->out_ep)
        return vb_out(link->vb, link->out_ep, data, len);
    copy = malloc(len);
    if (!copy)
        abort();
    memcpy(copy, data, len);
    result = vb_control(link->vb, setup, copy, len);
    free(copy);
    return result;
}

static int direct_status(enum vb_status status, struct x8_error *err)
{
    if (status == VB_GONE)
        return x8_fail(err, X8_E_GONE, "the board left the bus");
    return x8_fail(err, X8_E_LINK, "the endpoint is halted");
}

static int direct_send(struct x8_transport *base, const struct x8_op *op, const void *data,
                       size_t len, int timeout_ms, struct x8_error *err)
{
    struct direct_link *link = (struct direct_link *)(void *)base;
    int64_t deadline = *link->now_us + (int64_t)timeout_ms * 1000;

    (void)op;
    do {
        struct vb_result result;

        if (direct_gone(link))
            return direct_status(VB_GONE, err);
        result = direct_out(link, data, len);
        if (result.status == VB_OK) {
            if (result.ready_us > *link->now_us)
                *link->now_us = result.ready_us;
            base->bytes_out += len;
            return 0;
        }
        if (result.status != VB_NAK)
            return direct_status(result.status, err);
    } while (direct_wait(link, deadline));
    return x8_fail(err, X8_E_TIMEOUT, "the board did not take the data");
}

static ssize_t direct_recv(struct x8_transport *base, const struct x8_op *op, void *out, size_t cap,
                           int timeout_ms, struct x8_error *err)
{
    struct direct_link *link = (struct direct_link *)(void *)base;
    int64_t deadline = *link->now_us + (int64_t)timeout_ms * 1000;

    (void)op;
    do {
        struct vb_result result;

        if (direct_gone(link))
            return direct_status(VB_GONE, err);
        result = vb_in(link->vb, link->in_ep, out, cap);
        if (result.status == VB_OK) {
            if (result.ready_us > *link->now_us)
                *link->now_us = result.ready_us;
            base->bytes_in += result.actual;
            return (ssize_t)result.actual;
        }
        if (result.status != VB_NAK)
            return direct_status(result.status, err);
    } while (direct_wait(link, deadline));
    return x8_fail(err, X8_E_TIMEOUT, "no answer");
}

static const struct x8_transport_ops direct_ops = {.send = direct_send, .recv = direct_recv};

/* Wait until the board is on the bus as `stage`; 0 or -1 after `limit_ms`. */
static int direct_arrived(struct vb *vb, int64_t *now_us, enum vb_stage stage, int limit_ms)
{
    int64_t deadline = *now_us + (int64_t)limit_ms * 1000;

    for (;;) {
        struct vb_descriptors d;
        int64_t next;

        vb_tick(vb, *now_us);
        vb_descriptors(vb, &d);
        if (d.present && d.stage == stage)
            return 0;
        next = vb_next_us(vb);
        if (next > deadline || next <= *now_us)
            return -1;
        *now_us = next;
    }
}

/* Link to the board as it is now: endpoints by direction, the report descriptor asked for. */
static struct direct_link direct_open(struct vb *vb, int64_t *now_us)
{
    struct direct_link link = {.base.ops = &direct_ops, .vb = vb, .now_us = now_us};
    uint8_t ask[8] = {0x81, 0x06, 0, 0x22, 0, 0, 76, 0}, report[76];
    struct vb_descriptors d;

    vb_tick(vb, *now_us);
    vb_descriptors(vb, &d);
    link.attach = d.attach;
    for (size_t at = 0; at + 2 <= d.config_len && d.config[at]; at += d.config[at]) {
        uint8_t address = d.config[at + 2];

        if (d.config[at + 1] != 5)
            continue;
        if (address & 0x80)
            link.in_ep = address;
        else
            link.out_ep = address;
    }
    if (d.stage == VB_ROM || d.stage == VB_SPL)
        (void)vb_control(vb, ask, report, sizeof report);
    return link;
}

#endif
