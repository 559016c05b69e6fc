/*
 * Transfers of the guest. A transfer waits in `pending` until the model takes it, flies until its
 * end on the wire is due, and is then answered. Transfers to one endpoint stay in order.
 */
#include "redir.h"

#include "util/bytes.h"

#include <stdlib.h>
#include <string.h>

static void queue_init(struct rd_queue *queue)
{
    queue->head = NULL;
    queue->tail = &queue->head;
}

static void queue_add(struct rd_queue *queue, struct rd_urb *urb)
{
    urb->next = NULL;
    *queue->tail = urb;
    queue->tail = &urb->next;
}

/* Unlink the transfer that `link` points to. */
static struct rd_urb *take(struct rd_queue *queue, struct rd_urb **link)
{
    struct rd_urb *urb = *link;

    *link = urb->next;
    if (!urb->next)
        queue->tail = link;
    return urb;
}

static void urb_free(struct rd_urb *urb)
{
    free(urb->data);
    free(urb);
}

static void queue_clear(struct rd_queue *queue)
{
    while (queue->head)
        urb_free(take(queue, &queue->head));
}

void rd_urbs_init(struct rd_redir *redir)
{
    queue_init(&redir->pending);
    queue_init(&redir->flying);
}

void rd_forget(struct rd_redir *redir)
{
    queue_clear(&redir->pending);
    queue_clear(&redir->flying);
    memset(redir->push, 0, sizeof redir->push);
}

void rd_submit(struct rd_redir *redir, const struct rd_urb *urb)
{
    struct rd_urb *own = malloc(sizeof *own);

    if (!own)
        abort();
    *own = *urb;
    if (!own->data && own->len && !(own->data = calloc(1, own->len)))
        abort();
    queue_add(&redir->pending, own);
}

/* ---- answers ---- */

static void answer_control(struct rd_redir *redir, const struct rd_urb *urb, uint8_t status)
{
    struct usb_redir_control_packet_header header = {.endpoint = urb->ep,
                                                     .requesttype = urb->setup[0],
                                                     .request = urb->setup[1],
                                                     .status = status,
                                                     .value = x8_get_le16(urb->setup + 2),
                                                     .index = x8_get_le16(urb->setup + 4),
                                                     .length = (uint16_t)urb->actual};
    int is_in = (urb->ep & 0x80) != 0;

    usbredirparser_send_control_packet(redir->parser, urb->id, &header, is_in ? urb->data : NULL,
                                       is_in ? (int)urb->actual : 0);
}

static void answer_bulk(struct rd_redir *redir, const struct rd_urb *urb, uint8_t status)
{
    struct usb_redir_bulk_packet_header header = {.endpoint = urb->ep,
                                                  .status = status,
                                                  .length = (uint16_t)urb->actual,
                                                  .length_high = (uint16_t)(urb->actual >> 16)};
    int is_in = (urb->ep & 0x80) != 0;

    usbredirparser_send_bulk_packet(redir->parser, urb->id, &header, is_in ? urb->data : NULL,
                                    is_in ? (int)urb->actual : 0);
}

static void answer_interrupt(struct rd_redir *redir, const struct rd_urb *urb, uint8_t status)
{
    struct usb_redir_interrupt_packet_header header = {
        .endpoint = urb->ep, .status = status, .length = (uint16_t)urb->actual};

    usbredirparser_send_interrupt_packet(redir->parser, urb->id, &header, NULL, 0);
}

/* The end of one transfer. */
static void answer(struct rd_redir *redir, struct rd_urb *urb, uint8_t status)
{
    if (status != usb_redir_success)
        urb->actual = 0;
    if (urb->type == RD_CONTROL)
        answer_control(redir, urb, status);
    else if (urb->type == RD_BULK)
        answer_bulk(redir, urb, status);
    else
        answer_interrupt(redir, urb, status);
    urb_free(urb);
}

static struct rd_urb *find(struct rd_queue *queue, uint64_t id)
{
    for (struct rd_urb **link = &queue->head; *link; link = &(*link)->next)
        if ((*link)->id == id)
            return take(queue, link);
    return NULL;
}

void rd_cancel(struct rd_redir *redir, uint64_t id)
{
    struct rd_urb *urb = find(&redir->pending, id);

    if (!urb)
        urb = find(&redir->flying, id);
    if (urb)
        answer(redir, urb, usb_redir_cancelled);
}

/* ---- the model ---- */

static struct vb_result offer(struct vb *vb, struct rd_urb *urb)
{
    if (urb->type == RD_CONTROL)
        return vb_control(vb, urb->setup, urb->data, urb->len);
    if (urb->ep & 0x80)
        return vb_in(vb, urb->ep, urb->data, urb->len);
    return vb_out(vb, urb->ep, urb->data, urb->len);
}

static int offer_pending(struct rd_redir *redir)
{
    struct rd_urb **link = &redir->pending.head;
    uint32_t blocked = 0; /* endpoints with a transfer that waits: its followers stay behind it */
    int moved = 0;

    while (*link) {
        struct rd_urb *urb = *link;
        uint32_t lane = UINT32_C(1) << (urb->type == RD_CONTROL ? 0 : rd_index(urb->ep));
        struct vb_result result = {.status = VB_NAK};

        if (!(blocked & lane))
            result = offer(redir->vb, urb);
        if (result.status == VB_NAK) {
            blocked |= lane;
            link = &urb->next;
            continue;
        }
        urb->status = result.status;
        urb->actual = result.actual;
        urb->ready_us = result.ready_us;
        queue_add(&redir->flying, take(&redir->pending, link));
        moved = 1;
    }
    return moved;
}

static int64_t land(struct rd_redir *redir, int64_t now)
{
    static const uint8_t status[] = {[VB_OK] = usb_redir_success,
                                     [VB_NAK] = usb_redir_success,
                                     [VB_STALL] = usb_redir_stall,
                                     [VB_GONE] = usb_redir_ioerror};
    struct rd_urb **link = &redir->flying.head;
    int64_t next = INT64_MAX;

    while (*link) {
        if ((*link)->ready_us <= now) {
            struct rd_urb *urb = take(&redir->flying, link);

            answer(redir, urb, status[urb->status]);
        } else {
            next = (*link)->ready_us < next ? (*link)->ready_us : next;
            link = &(*link)->next;
        }
    }
    return next;
}

/* ---- reports that are sent unasked ---- */

/* One packet of the protocol is one packet on the wire: a report of 65 bytes goes as 64 and 1. */
static void send_report(struct rd_redir *redir, uint8_t ep, struct rd_push *push)
{
    size_t most = redir->max_packet[rd_index(ep)] ? redir->max_packet[rd_index(ep)] : 64;

    for (size_t pos = 0, n; pos < push->len; pos += n) {
        struct usb_redir_interrupt_packet_header header = {.endpoint = ep};

        n = push->len - pos < most ? push->len - pos : most;
        header.length = (uint16_t)n;
        usbredirparser_send_interrupt_packet(redir->parser, 0, &header, push->data + pos, (int)n);
    }
    push->is_full = 0;
}

static void stall(struct rd_redir *redir, uint8_t ep, struct rd_push *push)
{
    struct usb_redir_interrupt_receiving_status_header header = {.status = usb_redir_stall,
                                                                 .endpoint = ep};

    usbredirparser_send_interrupt_receiving_status(redir->parser, 0, &header);
    push->wanted = 0;
}

/* All reports of one endpoint that are due. Returns when the next one is. */
static int64_t push_reports(struct rd_redir *redir, uint8_t ep, int64_t now)
{
    struct rd_push *push = &redir->push[rd_index(ep)];

    while (push->wanted) {
        struct vb_result result;

        if (push->is_full && push->ready_us > now)
            return push->ready_us;
        if (push->is_full)
            send_report(redir, ep, push);
        result = vb_in(redir->vb, ep, push->data, sizeof push->data);
        if (result.status == VB_STALL)
            stall(redir, ep, push);
        if (result.status != VB_OK)
            break;
        push->is_full = 1;
        push->len = result.actual;
        push->ready_us = result.ready_us;
    }
    return INT64_MAX;
}

int64_t rd_pump(struct rd_redir *redir, int64_t now_us)
{
    int64_t next;

    while (offer_pending(redir))
        ;
    next = land(redir, now_us);
    for (uint8_t number = 1; number < 16; number++) {
        int64_t due = push_reports(redir, (uint8_t)(0x80 | number), now_us);

        next = due < next ? due : next;
    }
    return next;
}
