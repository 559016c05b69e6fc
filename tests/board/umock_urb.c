/*
 * Transfers between a program and the model. A transfer waits in `pending` until the model takes
 * it, flies until its end on the wire is due, and lies in `done` of its file descriptor until the
 * program reaps it. Transfers to one endpoint stay in order.
 */
#include "umock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void um_queue_init(struct um_queue *queue)
{
    queue->head = NULL;
    queue->tail = &queue->head;
}

void um_queue_add(struct um_queue *queue, struct um_urb *urb)
{
    urb->next = NULL;
    *queue->tail = urb;
    queue->tail = &urb->next;
}

/* Unlink the transfer that `link` points to. */
static struct um_urb *take(struct um_queue *queue, struct um_urb **link)
{
    struct um_urb *urb = *link;

    *link = urb->next;
    if (!urb->next)
        queue->tail = link;
    urb->next = NULL;
    return urb;
}

void um_urb_free(struct um_urb *urb)
{
    if (!urb)
        return;
    if (urb->buffer)
        g_object_unref(urb->buffer);
    if (urb->data)
        g_object_unref(urb->data);
    free(urb->in);
    free(urb);
}

/* The setup packet stands in front of what a control transfer brings. */
static size_t head_of(const struct um_urb *urb)
{
    return urb->type == USBDEVFS_URB_TYPE_CONTROL ? 8 : 0;
}

void um_urb_room(struct um_urb *urb)
{
    int is_in = urb->endpoint & 0x80;

    if (urb->buffer && urb->type == USBDEVFS_URB_TYPE_CONTROL)
        is_in = urb->buffer->data[0] & 0x80;
    if (!urb->buffer || !is_in)
        return;
    urb->in = malloc(urb->len);
    if (!urb->in)
        abort();
}

void um_urb_deliver(struct um_urb *urb)
{
    if (urb->in && urb->actual)
        memcpy(urb->buffer->data + head_of(urb), urb->in, urb->actual);
}

static void complete(struct um_urb *urb, int status, size_t actual)
{
    struct um_world *world = urb->client->node->board->world;

    urb->status = status;
    urb->actual = actual;
    urb->client->flying--;
    world->in_flight -= urb->len;
    um_queue_add(&urb->client->done, urb);
}

int um_urb_submit(struct um_client *client, struct um_urb *urb)
{
    struct um_world *world = client->node->board->world;

    if (urb->len > world->in_flight_max || world->in_flight > world->in_flight_max - urb->len)
        return ENOMEM;
    urb->client = client;
    world->in_flight += urb->len;
    client->flying++;
    um_queue_add(&client->node->pending, urb);
    return 0;
}

static struct um_urb *find(struct um_queue *queue, const struct um_client *client,
                           unsigned long address)
{
    for (struct um_urb **link = &queue->head; *link; link = &(*link)->next)
        if ((*link)->client == client && (*link)->address == address)
            return take(queue, link);
    return NULL;
}

/* What the board sent does not come again: it belongs to the transfer, also when that is taken
 * back. */
static size_t brought(const struct um_urb *urb)
{
    return urb->endpoint & 0x80 ? urb->actual : 0;
}

int um_urb_discard(struct um_client *client, unsigned long address)
{
    struct um_urb *urb = find(&client->node->pending, client, address);

    if (!urb)
        urb = find(&client->node->flying, client, address);
    if (!urb)
        return EINVAL;
    complete(urb, -ENOENT, brought(urb));
    return 0;
}

static void end_queue(struct um_queue *queue, const struct um_client *only, int status)
{
    struct um_urb **link = &queue->head;

    while (*link) {
        if (only && (*link)->client != only)
            link = &(*link)->next;
        else {
            struct um_urb *urb = take(queue, link);

            complete(urb, status, brought(urb));
        }
    }
}

void um_urbs_end(struct um_node *node, const struct um_client *only, int status)
{
    end_queue(&node->flying, only, status);
    end_queue(&node->pending, only, status);
}

static struct vb_result offer_control(struct vb *vb, struct um_urb *urb)
{
    const uint8_t *setup = urb->buffer->data;
    size_t len = (size_t)(setup[6] | setup[7] << 8);

    return vb_control(vb, setup, urb->in ? urb->in : urb->buffer->data + 8, len);
}

/* Whole packets may come before the last one does. */
static struct vb_result offer_in(struct vb *vb, struct um_urb *urb)
{
    uint8_t *room = urb->in ? urb->in + urb->actual : NULL;
    struct vb_result result = vb_in(vb, urb->endpoint, room, urb->len - urb->actual);

    urb->actual += result.actual;
    result.actual = urb->actual;
    return result;
}

static struct vb_result offer_out(struct vb *vb, struct um_urb *urb)
{
    struct vb_result result =
        vb_out(vb, urb->endpoint, urb->buffer ? urb->buffer->data : NULL, urb->len);

    if (result.status == VB_OK && (urb->flags & USBDEVFS_URB_ZERO_PACKET) && urb->len > 0 &&
        urb->len % (urb->client->node->full_speed ? 64 : 512) == 0) {
        struct vb_result empty = vb_out(vb, urb->endpoint, NULL, 0);

        if (empty.status != VB_NAK)
            result.status = empty.status;
    }
    /* The bytes are not needed any more. An empty copy keeps umockdev from comparing them with the
     * program's memory twice for every transfer, which is most of the time of a large one. */
    if (result.status == VB_OK && urb->buffer)
        urb->buffer->data_len = 0;
    return result;
}

static struct vb_result offer(struct vb *vb, struct um_urb *urb)
{
    if (urb->type == USBDEVFS_URB_TYPE_CONTROL)
        return offer_control(vb, urb);
    if (urb->endpoint & 0x80)
        return offer_in(vb, urb);
    return offer_out(vb, urb);
}

static void settle(struct um_node *node, struct um_urb *urb, const struct vb_result *result)
{
    static const int status[] = {[VB_OK] = 0,
                                 [VB_NAK] = 0,
                                 [VB_STALL] = -EPIPE,
                                 [VB_GONE] = -ESHUTDOWN,
                                 [VB_OVERFLOW] = -EOVERFLOW};

    urb->status = status[result->status];
    urb->actual = result->actual;
    urb->ready_us = result->ready_us;
    um_queue_add(&node->flying, urb);
}

/* One bit per endpoint and direction, to keep a waiting transfer's followers behind it. */
static uint32_t lane(const struct um_urb *urb)
{
    return UINT32_C(1) << ((urb->endpoint & 0x0f) | (urb->endpoint & 0x80 ? 0x10 : 0));
}

static int offer_pending(struct um_node *node)
{
    struct um_urb **link = &node->pending.head;
    uint32_t blocked = 0;
    int moved = 0;

    while (*link) {
        struct um_urb *urb = *link;
        struct vb_result result = {.status = VB_NAK};

        if (!(blocked & lane(urb)))
            result = offer(node->board->vb, urb);
        if (result.status == VB_NAK) {
            blocked |= lane(urb);
            link = &urb->next;
            continue;
        }
        settle(node, take(&node->pending, link), &result);
        moved = 1;
    }
    return moved;
}

int64_t um_urbs_pump(struct um_node *node, int64_t now)
{
    struct um_urb **link = &node->flying.head;
    int64_t next = INT64_MAX;

    while (offer_pending(node))
        ;
    while (*link) {
        if ((*link)->ready_us <= now) {
            struct um_urb *urb = take(&node->flying, link);

            complete(urb, urb->status, urb->actual);
        } else {
            next = (*link)->ready_us < next ? (*link)->ready_us : next;
            link = &(*link)->next;
        }
    }
    return next;
}
