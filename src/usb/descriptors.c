/*
 * Walks the descriptors of a device. Lengths inside them are never trusted.
 */
#include "usb/descriptors.h"

#include <string.h>

enum {
    DESC_DEVICE = 1,
    DESC_CONFIG = 2,
    DESC_INTERFACE = 4,
    DESC_ENDPOINT = 5,
    DESC_HID = 0x21,
    DEVICE_LEN = 18,
    CONFIG_LEN = 9,
};

/* The next descriptor at *off, or an empty span when what is left is none. */
static struct x8_span next(struct x8_span all, size_t *off)
{
    struct x8_span d = {all.data ? all.data + *off : NULL, 0};

    if (!x8_fits(*off, 2, all.len) || d.data[0] < 2 || !x8_fits(*off, d.data[0], all.len))
        return d;
    d.len = d.data[0];
    *off += d.len;
    return d;
}

/* The configuration at *off with all its descriptors, cut to what is there. */
static struct x8_span next_config(struct x8_span all, size_t *off)
{
    struct x8_span none = {NULL, 0}, config = {all.data + *off, 0};
    size_t total;

    if (!x8_fits(*off, CONFIG_LEN, all.len) || config.data[0] < CONFIG_LEN ||
        config.data[1] != DESC_CONFIG)
        return none;
    total = x8_get_le16(config.data + 2);
    if (total < CONFIG_LEN)
        return none;
    config.len = x8_fits(*off, total, all.len) ? total : all.len - *off;
    *off += config.len;
    return config;
}

static struct x8_span find_config(struct x8_span raw, uint8_t value)
{
    struct x8_span first = {NULL, 0}, config;
    size_t off = DEVICE_LEN;

    while ((config = next_config(raw, &off)).len) {
        if (!first.len)
            first = config;
        if (value && config.data[5] == value)
            return config;
    }
    return first;
}

/* An interface with setting 0 opens a new entry; other settings are skipped with what follows. */
static struct x8_usb_interface *open_interface(struct x8_usb_shape *out, struct x8_span d)
{
    struct x8_usb_interface *it;

    if (d.len < 9 || d.data[3] != 0 || out->interface_count == X8_USB_INTERFACES)
        return NULL;
    it = &out->interfaces[out->interface_count++];
    it->number = d.data[2];
    it->class_id = d.data[5];
    it->subclass = d.data[6];
    it->protocol = d.data[7];
    return it;
}

static void add_endpoint(struct x8_usb_interface *it, struct x8_span d)
{
    struct x8_usb_endpoint *ep;

    if (d.len < 7 || it->endpoint_count == X8_USB_ENDPOINTS)
        return;
    ep = &it->endpoints[it->endpoint_count++];
    ep->address = d.data[2];
    ep->type = d.data[3] & 3;
    /* The upper bits count extra transactions of fast interrupt endpoints. */
    ep->max_packet = x8_get_le16(d.data + 4) & 0x7ff;
}

static void read_config(struct x8_span config, struct x8_usb_shape *out)
{
    struct x8_usb_interface *it = NULL;
    struct x8_span d;
    size_t off = 0;

    while ((d = next(config, &off)).len) {
        if (d.data[1] == DESC_CONFIG && d.len >= CONFIG_LEN)
            out->config_value = d.data[5];
        else if (d.data[1] == DESC_INTERFACE)
            it = open_interface(out, d);
        else if (d.data[1] == DESC_ENDPOINT && it)
            add_endpoint(it, d);
        else if (d.data[1] == DESC_HID && it && d.len >= 9)
            it->report_len = x8_get_le16(d.data + 7);
    }
}

int x8_usb_shape_parse(struct x8_span raw, uint8_t config_value, struct x8_usb_shape *out)
{
    memset(out, 0, sizeof *out);
    if (raw.len < DEVICE_LEN || raw.data[0] < DEVICE_LEN || raw.data[1] != DESC_DEVICE)
        return -1;
    out->dev_class = raw.data[4];
    out->vid = x8_get_le16(raw.data + 8);
    out->pid = x8_get_le16(raw.data + 10);
    out->bcd_device = x8_get_le16(raw.data + 12);
    out->serial_index = raw.data[16];
    read_config(find_config(raw, config_value), out);
    return 0;
}

const struct x8_usb_endpoint *x8_usb_endpoint(const struct x8_usb_interface *interface,
                                              enum x8_usb_ep_type type, int is_in)
{
    for (size_t i = 0; i < interface->endpoint_count; i++) {
        const struct x8_usb_endpoint *ep = &interface->endpoints[i];

        if (ep->type == type && (ep->address >> 7) == is_in)
            return ep;
    }
    return NULL;
}

const struct x8_usb_interface *x8_usb_interface(const struct x8_usb_shape *shape, int class_id,
                                                int subclass, int protocol)
{
    for (size_t i = 0; i < shape->interface_count; i++) {
        const struct x8_usb_interface *it = &shape->interfaces[i];

        if (it->class_id == class_id && (subclass < 0 || it->subclass == subclass) &&
            (protocol < 0 || it->protocol == protocol))
            return it;
    }
    return NULL;
}
