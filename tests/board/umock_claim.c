/*
 * Who holds an interface: programs and the kernel driver that a desktop would have bound.
 */
#include "umock.h"

#include <errno.h>
#include <sys/ioctl.h>

static int claim_locked(struct um_call *call, unsigned iface)
{
    struct um_client **holder = &call->node->claimed[iface];

    if (call->node->driver[iface])
        return EBUSY;
    if (*holder && *holder != call->client) {
        call->client->held_iface = iface;
        return um_call_hold(call, UM_HELD_CLAIM, NULL, um_now_us() + UM_CLAIM_WAIT_US);
    }
    *holder = call->client;
    return 0;
}

static int claim_number(struct um_call *call, unsigned iface, int detach)
{
    int result;

    if (iface >= UM_MAX_IFACES)
        return EINVAL;
    um_call_lock(call);
    if (detach)
        call->node->driver[iface] = 0;
    result = claim_locked(call, iface);
    um_call_unlock(call);
    return result;
}

int um_claim(struct um_call *call)
{
    unsigned iface = 0;
    int result = um_argument_number(call, &iface);

    return result ? result : claim_number(call, iface, 0);
}

int um_disconnect_claim(struct um_call *call)
{
    UMockdevIoctlData *data;
    const struct usbdevfs_disconnect_claim *in = um_argument(call, sizeof(*in), &data);
    unsigned iface;

    if (!in)
        return EFAULT;
    iface = in->interface;
    g_object_unref(data);
    return claim_number(call, iface, 1);
}

int um_release(struct um_call *call)
{
    unsigned iface = 0;
    int result = um_argument_number(call, &iface);

    if (result)
        return result;
    if (iface >= UM_MAX_IFACES)
        return EINVAL;
    um_call_lock(call);
    if (call->node->claimed[iface] == call->client)
        call->node->claimed[iface] = NULL;
    else
        result = EINVAL;
    um_call_unlock(call);
    return result;
}

int um_get_driver(struct um_call *call)
{
    UMockdevIoctlData *data;
    struct usbdevfs_getdriver *out = um_argument(call, sizeof(*out), &data);
    const char *name = NULL;

    if (!out)
        return EFAULT;
    um_call_lock(call);
    if (out->interface < UM_MAX_IFACES && call->node->driver[out->interface])
        name = "usbhid";
    else if (out->interface < UM_MAX_IFACES && call->node->claimed[out->interface])
        name = "usbfs";
    um_call_unlock(call);
    if (name)
        snprintf(out->driver, sizeof(out->driver), "%s", name);
    g_object_unref(data);
    return name ? 0 : ENODATA;
}

/* Detach or attach of a kernel driver. */
int um_driver_ioctl(struct um_call *call)
{
    UMockdevIoctlData *data;
    const struct usbdevfs_ioctl *in = um_argument(call, sizeof(*in), &data);
    int iface, code, result = 0;

    if (!in)
        return EFAULT;
    iface = in->ifno;
    code = in->ioctl_code;
    g_object_unref(data);
    if (iface < 0 || iface >= UM_MAX_IFACES)
        return EINVAL;
    um_call_lock(call);
    if (code == (int)USBDEVFS_DISCONNECT) {
        result = call->node->driver[iface] ? 0 : ENODATA;
        call->node->driver[iface] = 0;
    } else if (code == (int)USBDEVFS_CONNECT) {
        call->node->driver[iface] = call->node->board->plays_driver;
    } else {
        result = ENOTTY;
    }
    um_call_unlock(call);
    return result;
}
