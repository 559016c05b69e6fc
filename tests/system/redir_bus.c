/*
 * The board as a device: its arrival and departure, and the packets that concern the whole of it.
 * The packets and their order are those of the usbredir protocol description (usbredir 0.13,
 * docs/usb-redirection-protocol.md).
 */
#include "redir.h"

#include "util/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- coming and going ---- */

static void read_endpoint(struct rd_redir *redir, const uint8_t *d, uint8_t interface,
                          struct usb_redir_ep_info_header *ep)
{
    size_t i = rd_index(d[2]);

    ep->type[i] = d[3] & 3;
    ep->interval[i] = d[6];
    ep->interface[i] = interface;
    ep->max_packet_size[i] = x8_get_le16(d + 4);
    redir->max_packet[i] = x8_get_le16(d + 4);
}

static void read_interface(const uint8_t *d, struct usb_redir_interface_info_header *info)
{
    uint32_t i = info->interface_count;

    if (i == 32 || d[3] != 0) /* alternate settings are no interfaces of their own */
        return;
    info->interface[i] = d[2];
    info->interface_class[i] = d[5];
    info->interface_subclass[i] = d[6];
    info->interface_protocol[i] = d[7];
    info->interface_count = i + 1;
}

static void send_shape(struct rd_redir *redir)
{
    const struct vb_descriptors *seen = &redir->seen;
    struct usb_redir_ep_info_header ep = {.type = {0}};
    struct usb_redir_interface_info_header info = {.interface_count = 0};
    uint8_t interface = 0;

    memset(ep.type, usb_redir_type_invalid, sizeof ep.type);
    ep.type[rd_index(0)] = ep.type[rd_index(0x80)] = usb_redir_type_control;
    ep.max_packet_size[rd_index(0)] = ep.max_packet_size[rd_index(0x80)] = seen->device[7];
    for (size_t at = 0; at + 2 <= seen->config_len && seen->config[at] >= 2;
         at += seen->config[at]) {
        const uint8_t *d = seen->config + at;

        if (d[1] == 4 && d[0] >= 9) {
            interface = d[2];
            read_interface(d, &info);
        } else if (d[1] == 5 && d[0] >= 7) {
            read_endpoint(redir, d, interface, &ep);
        }
    }
    usbredirparser_send_ep_info(redir->parser, &ep);
    usbredirparser_send_interface_info(redir->parser, &info);
}

static void show(struct rd_redir *redir)
{
    const uint8_t *d = redir->seen.device;
    struct usb_redir_device_connect_header connect = {
        .speed = redir->seen.full_speed ? usb_redir_speed_full : usb_redir_speed_high,
        .device_class = d[4],
        .device_subclass = d[5],
        .device_protocol = d[6],
        .vendor_id = x8_get_le16(d + 8),
        .product_id = x8_get_le16(d + 10),
        .device_version_bcd = x8_get_le16(d + 12)};

    send_shape(redir);
    usbredirparser_send_device_connect(redir->parser, &connect);
    redir->is_shown = 1;
    redir->shown_attach = redir->seen.attach;
}

static void hide(struct rd_redir *redir)
{
    rd_forget(redir);
    usbredirparser_send_device_disconnect(redir->parser);
    redir->is_shown = 0;
}

/* Make the guest's bus show what the model says. */
static void sync_presence(struct rd_redir *redir)
{
    vb_descriptors(redir->vb, &redir->seen);
    if (redir->is_shown && (!redir->seen.present || redir->seen.attach != redir->shown_attach))
        hide(redir);
    if (!redir->is_shown && redir->seen.present && redir->is_greeted)
        show(redir);
}

int64_t rd_step(struct rd_redir *redir, int64_t now_us)
{
    int64_t next = INT64_MAX, own;

    vb_tick(redir->vb, now_us);
    sync_presence(redir);
    if (redir->is_shown) {
        next = rd_pump(redir, now_us);
        sync_presence(redir); /* a transfer may have been its last */
    }
    own = vb_next_us(redir->vb);
    return own < next ? own : next;
}

/* ---- packets that concern the device ---- */

static void on_hello(void *priv, struct usb_redir_hello_header *hello)
{
    struct rd_redir *redir = priv;

    (void)hello;
    redir->is_greeted = 1;
}

/* Part of every enumeration, and what a host does to a board that does not answer. Transfers that
 * were under way have been cancelled by the guest before. */
static void on_reset(void *priv)
{
    struct rd_redir *redir = priv;

    for (size_t i = 0; i < RD_ENDPOINTS; i++)
        redir->push[i].is_full = 0;
    vb_reset(redir->vb);
}

static uint8_t standard_request(struct rd_redir *redir, uint8_t type, uint8_t request,
                                uint8_t value, uint8_t index)
{
    const uint8_t setup[8] = {type, request, value, 0, index};
    struct vb_result result = vb_control(redir->vb, setup, NULL, 0);

    return result.status == VB_OK ? usb_redir_success : usb_redir_stall;
}

static void on_set_configuration(void *priv, uint64_t id,
                                 struct usb_redir_set_configuration_header *set)
{
    struct rd_redir *redir = priv;
    struct usb_redir_configuration_status_header status = {
        .status = standard_request(redir, 0x00, 9, set->configuration, 0),
        .configuration = set->configuration};

    send_shape(redir);
    usbredirparser_send_configuration_status(redir->parser, id, &status);
}

static void on_get_configuration(void *priv, uint64_t id)
{
    struct rd_redir *redir = priv;
    struct usb_redir_configuration_status_header status = {.configuration = 1};

    usbredirparser_send_configuration_status(redir->parser, id, &status);
}

static void on_set_alt_setting(void *priv, uint64_t id,
                               struct usb_redir_set_alt_setting_header *set)
{
    struct rd_redir *redir = priv;
    struct usb_redir_alt_setting_status_header status = {
        .status = standard_request(redir, 0x01, 11, set->alt, set->interface),
        .interface = set->interface,
        .alt = set->alt};

    usbredirparser_send_alt_setting_status(redir->parser, id, &status);
}

static void on_get_alt_setting(void *priv, uint64_t id,
                               struct usb_redir_get_alt_setting_header *get)
{
    struct rd_redir *redir = priv;
    struct usb_redir_alt_setting_status_header status = {.interface = get->interface};

    usbredirparser_send_alt_setting_status(redir->parser, id, &status);
}

static void want_reports(struct rd_redir *redir, uint64_t id, uint8_t ep, int wanted)
{
    struct usb_redir_interrupt_receiving_status_header status = {.endpoint = ep};

    redir->push[rd_index(ep)].wanted = wanted;
    redir->push[rd_index(ep)].is_full = 0;
    usbredirparser_send_interrupt_receiving_status(redir->parser, id, &status);
}

static void on_start_reports(void *priv, uint64_t id,
                             struct usb_redir_start_interrupt_receiving_header *start)
{
    want_reports(priv, id, start->endpoint, 1);
}

static void on_stop_reports(void *priv, uint64_t id,
                            struct usb_redir_stop_interrupt_receiving_header *stop)
{
    want_reports(priv, id, stop->endpoint, 0);
}

/* ---- transfers ---- */

/* A copy that outlives the parser's. NULL for no bytes. */
static uint8_t *keep(struct rd_redir *redir, uint8_t *data, int len)
{
    uint8_t *own = NULL;

    if (len > 0 && !(own = malloc((size_t)len)))
        abort();
    if (own)
        memcpy(own, data, (size_t)len);
    usbredirparser_free_packet_data(redir->parser, data);
    return own;
}

static void on_control(void *priv, uint64_t id, struct usb_redir_control_packet_header *header,
                       uint8_t *data, int len)
{
    struct rd_urb urb = {.type = RD_CONTROL,
                         .id = id,
                         .ep = header->requesttype & 0x80,
                         .data = keep(priv, data, len),
                         .len = header->length};

    urb.setup[0] = header->requesttype;
    urb.setup[1] = header->request;
    x8_put_le16(urb.setup + 2, header->value);
    x8_put_le16(urb.setup + 4, header->index);
    x8_put_le16(urb.setup + 6, header->length);
    rd_submit(priv, &urb);
}

static void on_bulk(void *priv, uint64_t id, struct usb_redir_bulk_packet_header *header,
                    uint8_t *data, int len)
{
    struct rd_urb urb = {.type = RD_BULK,
                         .id = id,
                         .ep = header->endpoint,
                         .data = keep(priv, data, len),
                         .len = (size_t)header->length_high << 16 | header->length};

    rd_submit(priv, &urb);
}

static void on_interrupt(void *priv, uint64_t id, struct usb_redir_interrupt_packet_header *header,
                         uint8_t *data, int len)
{
    struct rd_urb urb = {.type = RD_INTERRUPT,
                         .id = id,
                         .ep = header->endpoint,
                         .data = keep(priv, data, len),
                         .len = header->length};

    rd_submit(priv, &urb);
}

static void on_cancel(void *priv, uint64_t id)
{
    rd_cancel(priv, id);
}

/* ---- the socket ---- */

static int failed(struct rd_redir *redir)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return 0;
    redir->is_broken = 1;
    return -1;
}

static int on_read(void *priv, uint8_t *data, int len)
{
    struct rd_redir *redir = priv;
    ssize_t n = read(redir->fd, data, (size_t)len);

    if (n > 0)
        return (int)n;
    if (n == 0)
        redir->is_broken = 1;
    return n == 0 ? -1 : failed(redir);
}

static int on_write(void *priv, uint8_t *data, int len)
{
    struct rd_redir *redir = priv;
    ssize_t n = write(redir->fd, data, (size_t)len);

    return n >= 0 ? (int)n : failed(redir);
}

static void on_log(void *priv, int level, const char *message)
{
    (void)priv;
    if (level <= usbredirparser_warning)
        fprintf(stderr, "x8-redir: %s\n", message);
}

static void set_callbacks(struct usbredirparser *parser)
{
    parser->log_func = on_log;
    parser->read_func = on_read;
    parser->write_func = on_write;
    parser->hello_func = on_hello;
    parser->reset_func = on_reset;
    parser->set_configuration_func = on_set_configuration;
    parser->get_configuration_func = on_get_configuration;
    parser->set_alt_setting_func = on_set_alt_setting;
    parser->get_alt_setting_func = on_get_alt_setting;
    parser->start_interrupt_receiving_func = on_start_reports;
    parser->stop_interrupt_receiving_func = on_stop_reports;
    parser->control_packet_func = on_control;
    parser->bulk_packet_func = on_bulk;
    parser->interrupt_packet_func = on_interrupt;
    parser->cancel_data_packet_func = on_cancel;
}

int rd_open(struct rd_redir *redir, struct vb *vb, int fd)
{
    uint32_t caps[USB_REDIR_CAPS_SIZE] = {0};

    *redir = (struct rd_redir){.vb = vb, .fd = fd};
    rd_urbs_init(redir);
    redir->parser = usbredirparser_create();
    if (!redir->parser)
        return -1;
    redir->parser->priv = redir;
    set_callbacks(redir->parser);
    /* Without the first a guest sees no bcdDevice; without the last a transfer ends at 64 KiB. */
    usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_ep_info_max_packet_size);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
    usbredirparser_init(redir->parser, "x8-redir", caps, USB_REDIR_CAPS_SIZE,
                        usbredirparser_fl_usb_host);
    return 0;
}

void rd_close(struct rd_redir *redir)
{
    rd_forget(redir);
    if (redir->parser)
        usbredirparser_destroy(redir->parser);
    close(redir->fd);
}
