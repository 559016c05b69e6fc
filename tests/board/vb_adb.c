/*
 * The USB side of the board's ADB daemon: a byte stream cut into transfers. A message is a header
 * of 24 bytes in a transfer of its own, then a payload of as many bytes as the header says in
 * another one.
 *
 * Towards the board a transfer ends with a packet that is not full: an empty one after a payload of
 * whole packets. This is as strict as gadgets come: a host that leaves the empty packet out, or
 * sends another length than it announced, is not heard any more. Towards the host nothing follows a
 * full packet, as the X8's daemon writes through functionfs.
 * Source: AOSP adb/usb_linux_client.c, adb/transport_usb.c; Linux f_fs.c.
 */
#include "vb_model.h"

#include <stdlib.h>
#include <string.h>

static size_t packet_size(const struct vb *vb)
{
    return vb->cfg.full_speed ? 64 : 512;
}

static void forget(struct vb *vb)
{
    struct vb_adb *a = &vb->adb;
    a->is_served = a->is_deaf = 0;
    a->out_payload = a->in_payload = 0;
    a->out_due = a->in_left = VB_ADB_HEADER;
    a->out_got = a->in_next = 0;
    a->out_len = a->in_at = a->in_len = 0;
}

void vb_adb_cut(struct vb *vb)
{
    forget(vb);
    vb->adb.link++;
}

void vb_adb_free(struct vb *vb)
{
    free(vb->adb.out);
    free(vb->adb.in);
    vb->adb.out = vb->adb.in = NULL;
}

void vb_linux(const struct vb *vb, struct vb_linux *out)
{
    memset(out, 0, sizeof *out);
    out->boot = vb->boots;
    out->is_up = vb->is_linux_up;
    out->link = vb->adb.link;
    memcpy(out->daemon, vb->cfg.daemon, sizeof out->daemon);
    memcpy(out->dir, vb->cfg.dir, sizeof out->dir);
    memcpy(out->serial, vb->cfg.linux_serial, sizeof vb->cfg.linux_serial);
}

void vb_linux_serve(struct vb *vb, int is_serving)
{
    forget(vb);
    vb->adb.is_served = is_serving;
    vb_log(vb, "linux adbd %s", is_serving ? "serves" : "is gone");
}

/* ---- from the host ---- */

size_t vb_linux_output(const struct vb *vb, const uint8_t **data)
{
    *data = vb->adb.out;
    return vb->adb.out_len;
}

void vb_linux_output_taken(struct vb *vb, size_t len)
{
    struct vb_adb *a = &vb->adb;
    len = len < a->out_len ? len : a->out_len;
    a->out_len -= len;
    if (a->out_len)
        memmove(a->out, a->out + len, a->out_len);
}

static int keep(struct vb_adb *a, const uint8_t *data, size_t len)
{
    if (a->out_cap - a->out_len < len) {
        size_t cap = 2 * a->out_cap + len;
        uint8_t *grown = realloc(a->out, cap);
        if (!grown)
            return -1;
        a->out = grown;
        a->out_cap = cap;
    }
    if (len)
        memcpy(a->out + a->out_len, data, len);
    a->out_len += len;
    return 0;
}

static void deaf(struct vb *vb, const char *why, size_t len)
{
    struct vb_adb *a = &vb->adb;
    a->is_deaf = 1;
    vb_log(vb, "linux adb: %s: %zu bytes behind %u of %u of a %s", why, len, a->out_got, a->out_due,
           a->out_payload ? "payload" : "header");
}

/* The transfer that was due is complete: what is due now. */
static void next_out(struct vb *vb)
{
    struct vb_adb *a = &vb->adb;
    uint32_t announced = a->out_payload ? 0 : x8_get_le32(a->out_header + 12);
    a->out_payload = announced > 0;
    a->out_due = announced ? announced : VB_ADB_HEADER;
    a->out_got = 0;
    if (announced > VB_ADB_LONG)
        deaf(vb, "no payload is so long", announced);
}

/* Bytes of the transfer that is due, and whether a packet that is not full ended it. */
static void take_out(struct vb *vb, const uint8_t *data, size_t len, int is_end)
{
    struct vb_adb *a = &vb->adb;
    if (len > a->out_due - a->out_got) {
        deaf(vb, a->out_got == a->out_due ? "the end of the transfer is missing" : "too long", len);
        return;
    }
    if (!a->out_payload && len)
        memcpy(a->out_header + a->out_got, data, len);
    if (keep(a, data, len)) {
        deaf(vb, "no memory", len);
        return;
    }
    a->out_got += (uint32_t)len;
    if (!is_end || a->out_got == 0)
        return;
    if (a->out_got == a->out_due)
        next_out(vb);
    else if (len)
        vb_log(vb, "linux adb: a transfer ended after %u of %u", a->out_got, a->out_due);
}

struct vb_result vb_adb_out(struct vb *vb, const uint8_t *data, size_t len)
{
    struct vb_result result = {.status = VB_NAK, .ready_us = vb->now};
    if (!vb->adb.is_served || vb->adb.is_deaf || vb->adb.out_len > VB_ADB_OUT)
        return result;
    size_t before = len;
    const struct vb_fault *fault = vb_fault_data(vb, len, &before);
    take_out(vb, data, before, before == len && len % packet_size(vb) != 0);
    if (before == len && len == 0)
        take_out(vb, data, 0, 1);
    result = (struct vb_result){VB_OK, before, vb_link_time(vb, before)};
    if (vb_fault_strike(vb, fault, &result))
        return result;
    result.actual = len;
    if (before < len)
        take_out(vb, data + before, len - before, len % packet_size(vb) != 0);
    return result;
}

/* ---- to the host ---- */

size_t vb_linux_unread(const struct vb *vb)
{
    return vb->adb.in_len - vb->adb.in_at;
}

size_t vb_linux_room(const struct vb *vb)
{
    return vb->adb.is_served ? VB_ADB_IN - vb_linux_unread(vb) : 0;
}

void vb_linux_input(struct vb *vb, const uint8_t *data, size_t len)
{
    struct vb_adb *a = &vb->adb;
    if (!a->in)
        a->in = malloc(VB_ADB_IN);
    if (!a->in || len > vb_linux_room(vb))
        return;
    if (VB_ADB_IN - a->in_len < len) {
        memmove(a->in, a->in + a->in_at, a->in_len - a->in_at);
        a->in_len -= a->in_at;
        a->in_at = 0;
    }
    if (len)
        memcpy(a->in + a->in_len, data, len);
    a->in_len += len;
}

/* A transfer is complete: what comes next. A payload that no reader has room for is sent as it is.
 */
static void next_in(struct vb_adb *a)
{
    a->in_payload = !a->in_payload && a->in_next > 0;
    a->in_left = a->in_payload ? a->in_next : VB_ADB_HEADER;
}

/* The next packet, when it is all there: its length, 0 for none. */
static size_t packet_due(const struct vb *vb)
{
    const struct vb_adb *a = &vb->adb;
    size_t n = a->in_left < packet_size(vb) ? a->in_left : packet_size(vb);
    return n <= a->in_len - a->in_at ? n : 0;
}

static void take_packet(struct vb_adb *a, uint8_t *out, size_t n)
{
    const uint8_t *from = a->in + a->in_at;
    if (!a->in_payload)
        a->in_next = x8_get_le32(from + 12);
    if (out)
        memcpy(out, from, n);
    a->in_at += n;
    a->in_left -= (uint32_t)n;
    if (a->in_left == 0)
        next_in(a);
}

struct vb_result vb_adb_in(struct vb *vb, uint8_t *out, size_t cap)
{
    struct vb_result result = {.status = VB_NAK, .ready_us = vb->now};
    struct vb_adb *a = &vb->adb;
    size_t n, full = packet_size(vb), before;
    while (a->is_served && result.status == VB_NAK && (n = packet_due(vb)) > 0) {
        if (n > cap - result.actual) {
            take_packet(a, NULL, n);
            result.status = VB_OVERFLOW;
            break;
        }
        take_packet(a, out + result.actual, n);
        result.actual += n;
        if (n < full || result.actual == cap)
            result.status = VB_OK;
    }
    if (result.actual == 0)
        return result;
    result.ready_us = vb_link_time(vb, result.actual);
    const struct vb_fault *fault = vb_fault_data(vb, result.actual, &before);
    if (fault && fault->action == VB_DO_STALL) {
        vb->halted_in = 1;
        result = (struct vb_result){VB_STALL, before, vb->now};
    } else if (fault)
        vb_fault_strike(vb, fault, &result);
    vb->stats.wire_in += result.actual;
    return result;
}
