/*
 * The ioctls of usbfs that libusb uses, answered as the kernel does.
 */
#include "umock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* The memory behind the argument, with a reference; NULL when the program is gone. Talks to it: not
 * with the lock. */
void *um_argument(struct um_call *call, size_t len, UMockdevIoctlData **out)
{
    GError *error = NULL;

    *out = umockdev_ioctl_data_resolve(call->arg, 0, len, &error);
    g_clear_error(&error);
    return *out ? (*out)->data : NULL;
}

static unsigned long address_of(const struct um_call *call)
{
    unsigned long address;

    memcpy(&address, call->arg->data, sizeof(address));
    return address;
}

void um_call_lock(struct um_call *call)
{
    pthread_mutex_lock(&call->node->board->world->lock);
}

/* Let the consequences happen, then release the lock. */
void um_call_unlock(struct um_call *call)
{
    struct um_board *board = call->node->board;

    um_board_step(board, &call->answers);
    um_clock_nudge(board->world, board);
    pthread_mutex_unlock(&board->world->lock);
}

int um_argument_number(struct um_call *call, unsigned *out)
{
    UMockdevIoctlData *data;
    const void *in = um_argument(call, sizeof(*out), &data);

    if (!in)
        return EFAULT;
    memcpy(out, in, sizeof(*out));
    g_object_unref(data);
    return 0;
}

int um_call_hold(struct um_call *call, enum um_held held, UMockdevIoctlData *arg, int64_t until)
{
    g_object_ref(call->gobj);
    call->client->held = held;
    call->client->held_arg = arg;
    call->client->held_until = until;
    return UM_HOLD;
}

static int get_capabilities(struct um_call *call)
{
    UMockdevIoctlData *data;
    void *out = um_argument(call, sizeof(uint32_t), &data);
    uint32_t caps = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION |
                    USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_BULK_SCATTER_GATHER |
                    USBDEVFS_CAP_REAP_AFTER_DISCONNECT;

    if (!out)
        return EFAULT;
    memcpy(out, &caps, sizeof(caps));
    g_object_unref(data);
    return 0;
}

/* 0, or why this transfer cannot be. */
static int check_urb(const struct usbdevfs_urb *in)
{
    if (in->type != USBDEVFS_URB_TYPE_CONTROL && in->type != USBDEVFS_URB_TYPE_BULK &&
        in->type != USBDEVFS_URB_TYPE_INTERRUPT)
        return EINVAL;
    if (in->buffer_length < 0 || (in->buffer_length > 0 && !in->buffer))
        return EINVAL;
    return in->type == USBDEVFS_URB_TYPE_CONTROL && in->buffer_length < 8 ? EINVAL : 0;
}

static int fill_urb(struct um_urb *urb, UMockdevIoctlData *data)
{
    const struct usbdevfs_urb *in = (const void *)data->data;
    GError *error = NULL;

    urb->data = data;
    urb->address = data->client_addr;
    if (check_urb(in))
        return EINVAL;
    urb->type = in->type;
    urb->endpoint = in->type == USBDEVFS_URB_TYPE_CONTROL ? 0 : in->endpoint;
    urb->flags = in->flags;
    urb->len = (size_t)in->buffer_length;
    if (!urb->len)
        return 0;
    urb->buffer =
        umockdev_ioctl_data_resolve(data, offsetof(struct usbdevfs_urb, buffer), urb->len, &error);
    g_clear_error(&error);
    if (!urb->buffer)
        return EFAULT;
    if (urb->type == USBDEVFS_URB_TYPE_CONTROL) {
        const uint8_t *setup = urb->buffer->data;

        if ((size_t)(setup[6] | setup[7] << 8) + 8 > urb->len)
            return EINVAL;
    }
    um_urb_room(urb);
    return 0;
}

static int submit(struct um_call *call)
{
    UMockdevIoctlData *data;
    struct um_urb *urb;
    int result;

    if (!um_argument(call, sizeof(struct usbdevfs_urb), &data))
        return EFAULT;
    urb = calloc(1, sizeof(*urb));
    if (!urb)
        abort();
    result = fill_urb(urb, data);
    um_call_lock(call);
    if (!result)
        result = call->node->gone ? ENODEV : um_urb_submit(call->client, urb);
    um_call_unlock(call);
    if (result)
        um_urb_free(urb);
    return result;
}

static int discard(struct um_call *call)
{
    int result;

    um_call_lock(call);
    result = um_urb_discard(call->client, address_of(call));
    um_call_unlock(call);
    return result;
}

/*
 * How long a reap may wait. With transfers in flight: until one ends. Only the first one after a
 * success is not held when there is nothing: libusb asks once more after each completion, and a
 * thread that this completion woke wants to submit through the same descriptor, which takes one
 * ioctl at a time. With nothing in flight the hold grows from nothing, so that neither a program's
 * next transfer waits long nor an idle one spins.
 */
static int64_t reap_hold_us(struct um_client *client)
{
    unsigned idle = client->idle;

    if (client->node->tty >= 0) /* there, poll() is to be believed */
        return 0;
    if (client->flying && idle > 0)
        return UM_HOLD_US;
    client->idle = idle < UM_HOLD_US / 100 ? idle + 1 : idle;
    return (int64_t)idle * 100;
}

/* Everything that reaps is held first; the step in unlock() answers at once what is ready. */
static int reap_for(struct um_call *call, int blocking)
{
    UMockdevIoctlData *data;

    if (!um_argument(call, sizeof(void *), &data))
        return EFAULT;
    um_call_lock(call);
    call->client->may_block = blocking;
    um_call_hold(call, UM_HELD_REAP, data,
                 um_now_us() + (blocking ? UM_BLOCK_US : reap_hold_us(call->client)));
    um_call_unlock(call);
    return UM_HOLD;
}

static int reap(struct um_call *call)
{
    return reap_for(call, 1);
}

static int reap_ndelay(struct um_call *call)
{
    return reap_for(call, 0);
}

/* A standard request the kernel makes on the program's behalf. */
static int standard(struct um_call *call, uint8_t type, uint8_t request, unsigned value,
                    unsigned index)
{
    const uint8_t setup[8] = {type,           request,
                              (uint8_t)value, (uint8_t)(value >> 8),
                              (uint8_t)index, (uint8_t)(index >> 8)};
    struct vb_result result;

    um_call_lock(call);
    vb_tick(call->node->board->vb, um_now_us());
    result = vb_control(call->node->board->vb, setup, NULL, 0);
    um_call_unlock(call);
    return result.status == VB_STALL ? EPIPE : result.status == VB_GONE ? ENODEV : 0;
}

static int clear_halt(struct um_call *call)
{
    unsigned endpoint = 0;
    int result = um_argument_number(call, &endpoint);

    return result ? result : standard(call, 0x02, 0x01, 0, endpoint);
}

static int set_configuration(struct um_call *call)
{
    unsigned value = 0;
    int result = um_argument_number(call, &value);

    return result ? result : standard(call, 0x00, 0x09, value, 0);
}

static int set_interface(struct um_call *call)
{
    UMockdevIoctlData *data;
    const struct usbdevfs_setinterface *in = um_argument(call, sizeof(*in), &data);
    unsigned iface, setting;

    if (!in)
        return EFAULT;
    iface = in->interface;
    setting = in->altsetting;
    g_object_unref(data);
    return standard(call, 0x01, 0x0b, setting, iface);
}

/* A board that shows the same descriptors after the reset keeps its node, as on a real bus; claims
 * are lost. */
static int reset(struct um_call *call)
{
    static const uint8_t set_configuration[8] = {0x00, 0x09, 0x01};
    struct um_node *node = call->node;
    struct vb *vb = node->board->vb;
    struct vb_descriptors before, after;

    um_call_lock(call);
    vb_tick(vb, um_now_us());
    vb_descriptors(vb, &before);
    vb_reset(vb);
    vb_control(vb, set_configuration, NULL, 0);
    vb_tick(vb, um_now_us());
    vb_descriptors(vb, &after);
    um_urbs_end(node, NULL, -ENOENT);
    memset(node->claimed, 0, sizeof(node->claimed));
    if (after.present && before.attach == node->attach && before.stage == after.stage)
        node->attach = after.attach;
    um_call_unlock(call);
    return node->gone ? ENODEV : 0;
}

static const struct row {
    unsigned long request;
    int (*run)(struct um_call *call);
    int after_gone; /* works on a board that left */
} rows[] = {
    {USBDEVFS_SUBMITURB, submit, 0},
    {USBDEVFS_REAPURBNDELAY, reap_ndelay, 1},
    {USBDEVFS_REAPURB, reap, 1},
    {USBDEVFS_DISCARDURB, discard, 0},
    {USBDEVFS_GET_CAPABILITIES, get_capabilities, 0},
    {USBDEVFS_CLAIMINTERFACE, um_claim, 0},
    {USBDEVFS_DISCONNECT_CLAIM, um_disconnect_claim, 0},
    {USBDEVFS_RELEASEINTERFACE, um_release, 0},
    {USBDEVFS_GETDRIVER, um_get_driver, 0},
    {USBDEVFS_IOCTL, um_driver_ioctl, 0},
    {USBDEVFS_CLEAR_HALT, clear_halt, 0},
    {USBDEVFS_SETCONFIGURATION, set_configuration, 0},
    {USBDEVFS_SETINTERFACE, set_interface, 0},
    {USBDEVFS_RESET, reset, 0},
};

/* The file descriptor was closed: its transfers and claims end. */
static void on_closed(gpointer data)
{
    struct um_client *client = data;
    struct um_node *node = client->node;
    struct um_world *world = node->board->world;

    pthread_mutex_lock(&world->lock);
    um_urbs_end(node, client, -ENOENT);
    for (size_t i = 0; i < UM_MAX_IFACES; i++)
        if (node->claimed[i] == client)
            node->claimed[i] = NULL;
    for (struct um_client **link = &node->clients; *link; link = &(*link)->next) {
        if (*link == client) {
            *link = client->next;
            break;
        }
    }
    pthread_cond_signal(&world->changed); /* somebody may wait for the interface */
    pthread_mutex_unlock(&world->lock);
    while (client->done.head) {
        struct um_urb *urb = client->done.head;

        client->done.head = urb->next;
        um_urb_free(urb);
    }
    free(client);
}

static struct um_client *client_of(struct um_node *node, UMockdevIoctlClient *gobj)
{
    struct um_client *client = g_object_get_data(G_OBJECT(gobj), "x8-client");

    if (client)
        return client;
    client = calloc(1, sizeof(*client));
    if (!client)
        abort();
    client->node = node;
    client->gobj = gobj;
    um_queue_init(&client->done);
    pthread_mutex_lock(&node->board->world->lock);
    client->next = node->clients;
    node->clients = client;
    pthread_mutex_unlock(&node->board->world->lock);
    g_object_set_data_full(G_OBJECT(gobj), "x8-client", client, on_closed);
    return client;
}

static int run_row(struct um_call *call, unsigned long request)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].request != request)
            continue;
        if (rows[i].after_gone)
            return rows[i].run(call);
        pthread_mutex_lock(&call->node->board->world->lock);
        int gone = call->node->gone;
        pthread_mutex_unlock(&call->node->board->world->lock);
        return gone ? ENODEV : rows[i].run(call);
    }
    return ENOTTY;
}

gboolean um_on_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *gobj, gpointer user)
{
    struct um_node *node = user;
    struct um_call call = {.node = node,
                           .client = client_of(node, gobj),
                           .gobj = gobj,
                           .arg = umockdev_ioctl_client_get_arg(gobj)};
    int result;

    (void)base;
    result = run_row(&call, umockdev_ioctl_client_get_request(gobj));
    if (result != UM_HOLD)
        umockdev_ioctl_client_complete(gobj, result ? -1 : 0, result);
    um_answer_all(&call.answers);
    return TRUE;
}

gboolean um_on_read(UMockdevIoctlBase *base, UMockdevIoctlClient *gobj, gpointer user)
{
    struct um_node *node = user;
    struct um_client *client = client_of(node, gobj);
    UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(gobj);
    size_t at = (size_t)client->read_at, n = node->descriptors_len - at;

    (void)base;
    if (n > (size_t)arg->data_len)
        n = (size_t)arg->data_len;
    if (n)
        memcpy(arg->data, node->descriptors + at, n);
    client->read_at += (off_t)n;
    umockdev_ioctl_client_complete(gobj, (long)n, 0);
    return TRUE;
}
