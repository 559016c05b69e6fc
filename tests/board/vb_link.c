/*
 * The way back to the host, and time on the wire: a queue of answers, each with the moment before
 * which it is not there, and the link that moves bytes one transfer after the other.
 */
#include "vb_model.h"

#include <string.h>

/* One transfer of `len` bytes on a paced link: it starts when the link is free and ends at the time
 * returned. */
int64_t vb_link_time(struct vb *vb, size_t len)
{
    uint64_t rate = vb->link_now;
    if (rate == 0)
        return vb->now;
    int64_t start = vb->link_free > vb->now ? vb->link_free : vb->now;
    int64_t took = (int64_t)((double)len * 1e6 / (double)rate);
    vb->link_free = start + took;
    vb->stats.link_busy_us += took;
    return vb->link_free;
}

/* The running command keeps the eMMC busy with `bytes`. */
void vb_cost(struct vb *vb, uint64_t bytes, uint64_t rate)
{
    if (rate)
        vb->cost_us += (double)bytes * 1e6 / (double)rate;
}

static struct vb_reply *add(struct vb *vb)
{
    if (vb->reply_count == VB_REPLIES) /* a host that never reads loses the oldest */
        vb->reply_head = (vb->reply_head + 1) % VB_REPLIES, vb->reply_count--;
    struct vb_reply *r = &vb->replies[(vb->reply_head + vb->reply_count++) % VB_REPLIES];
    memset(r, 0, sizeof *r);
    r->due_us = vb->busy_until > vb->now ? vb->busy_until : vb->now;
    return r;
}

static void spoil(struct vb *vb, struct vb_reply *r)
{
    const struct vb_fault *f = vb->reply_fault;
    if (!f)
        return;
    if (f->action == VB_DO_GARBAGE) {
        for (size_t i = 0; i < sizeof r->data; i++)
            r->data[i] = (uint8_t)vb_random(vb);
        r->data[0] |= 0x80; /* never by chance a report id or a letter */
    } else if (f->action == VB_DO_SHORT && r->len > 2)
        r->len = 2;
    else if (f->action == VB_DO_STALLIN)
        r->kind = VB_HALT;
    else
        return;
    vb->reply_fault = NULL;
}

void vb_reply_bytes(struct vb *vb, const void *data, size_t len)
{
    struct vb_reply *r = add(vb);
    if (len > sizeof r->data)
        len = sizeof r->data;
    memcpy(r->data, data, len);
    r->len = (uint16_t)len;
    spoil(vb, r);
}

void vb_reply_ram(struct vb *vb, uint32_t addr, uint32_t len)
{
    struct vb_reply *r = add(vb);
    r->kind = VB_RAM;
    r->addr = addr;
    r->left = len;
}

void vb_replies_clear(struct vb *vb)
{
    vb->reply_count = 0;
    vb->reply_fault = NULL;
}

void vb_replies_due(struct vb *vb, int64_t due_us)
{
    for (unsigned i = 0; i < vb->reply_count; i++) {
        struct vb_reply *r = &vb->replies[(vb->reply_head + i) % VB_REPLIES];
        if (r->due_us < due_us)
            r->due_us = due_us;
    }
}

static void pop(struct vb *vb)
{
    vb->reply_head = (vb->reply_head + 1) % VB_REPLIES;
    vb->reply_count--;
}

struct vb_result vb_replies_take(struct vb *vb, uint8_t *out, size_t cap)
{
    struct vb_result result = {.status = VB_NAK, .ready_us = vb->now};
    struct vb_reply *r = &vb->replies[vb->reply_head];
    if (vb->reply_count == 0 || r->due_us > vb->now || cap == 0)
        return result;
    result.status = VB_OK;
    if (r->kind == VB_HALT) {
        pop(vb);
        vb->halted_in = 1;
        result.status = VB_STALL;
        return result;
    }
    if (r->kind == VB_RAM) {
        result.actual = r->left < cap ? r->left : cap;
        const uint8_t *from = vb_ram(vb, r->addr, result.actual);
        if (from)
            memcpy(out, from, result.actual);
        r->addr += (uint32_t)result.actual;
        r->left -= (uint32_t)result.actual;
        result.ready_us = vb_link_time(vb, result.actual);
        if (r->left == 0)
            pop(vb);
    } else {
        result.actual = r->len < cap ? r->len : cap;
        memcpy(out, r->data, result.actual);
        pop(vb);
    }
    vb->stats.wire_in += result.actual;
    return result;
}
