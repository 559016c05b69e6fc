/*
 * What the board says about itself on the bus: descriptors and strings of each stage, and the
 * standard requests on endpoint 0. SET_REPORT goes on to vb_sdp.c.
 *
 * The numbers of SPL and fastboot come from U-Boot's gadget code (f_sdp.c, f_fastboot.c, g_dnl.c,
 * gadget_chips.h), those of the ROM from kernel logs of i.MX 8M Mini boards and from what NXP's uuu
 * expects.
 */
#include "vb_model.h"

#include <stdio.h>
#include <string.h>

struct identity {
    uint16_t vid, pid, old_vid, old_pid, bcd;
    const char *manufacturer, *product, *interface;
    int has_serial;
};

static const struct identity *identity(enum vb_stage stage)
{
    static const struct identity rom = {
        0x1fc9, 0x0134, 0x1fc9, 0x0134, 0x0101, "NXP      SemiConductors Inc ", "SE Blank M845S ",
        NULL,   0};
    static const struct identity spl = {0x1fc9,
                                        0x0151,
                                        0x0525,
                                        0xb4a4,
                                        0x0500,
                                        "FSL",
                                        "USB download gadget",
                                        "Serial Downloader Protocol",
                                        0};
    static const struct identity fastboot = {
        0x1fc9, 0x0152, 0x0525, 0xa4a5, 0x0221, "FSL", "USB download gadget", "Android Fastboot",
        1};
    static const struct identity linux_os = {
        0x2341, 0x0061, 0x2341, 0x0061, 0x0510, "Arduino", "Portenta X8", "ADB Interface", 1};
    static const struct identity initramfs = {0x066f,    0x9bff,        0x066f,    0x9bff, 0x0501,
                                              "Arduino", "Portenta X8", "CDC ACM", 0};
    switch (stage) {
    case VB_SPL:
        return &spl;
    case VB_FASTBOOT:
        return &fastboot;
    case VB_LINUX:
        return &linux_os;
    case VB_INITRAMFS:
        return &initramfs;
    default:
        return &rom;
    }
}

/* The report descriptor of U-Boot's SDP gadget, which says that it repeats the SoC's. */
static const uint8_t hid_report[76] = {
    0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x85, 0x01, 0x19, 0x01, 0x29, 0x01, 0x15, 0x00, 0x26,
    0xff, 0x00, 0x75, 0x08, 0x95, 0x10, 0x91, 0x02, 0x85, 0x02, 0x19, 0x01, 0x29, 0x01, 0x15, 0x00,
    0x26, 0xff, 0x00, 0x75, 0x80, 0x95, 0x40, 0x91, 0x02, 0x85, 0x03, 0x19, 0x01, 0x29, 0x01, 0x15,
    0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x04, 0x81, 0x02, 0x85, 0x04, 0x19, 0x01, 0x29, 0x01,
    0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x81, 0x02, 0xc0};
static const uint8_t hid_of_rom[9] = {9, 0x21, 0x00, 0x01, 0, 1, 0x22, sizeof hid_report, 0};
static const uint8_t hid_of_spl[9] = {9, 0x21, 0x10, 0x01, 0, 1, 0x22, sizeof hid_report, 0};

/* ---- building ---- */

static void add(struct vb *vb, const void *bytes, size_t len)
{
    memcpy(vb->config + vb->config_len, bytes, len);
    vb->config_len += len;
}

static void add_interface(struct vb *vb, uint8_t number, uint8_t endpoints, const uint8_t class[3],
                          uint8_t string)
{
    uint8_t d[9] = {9, 4, number, 0, endpoints, class[0], class[1], class[2], string};
    add(vb, d, sizeof d);
}

static void add_endpoint(struct vb *vb, uint8_t address, uint8_t type, uint16_t size,
                         uint8_t interval)
{
    uint8_t d[7] = {7, 5, address, type, (uint8_t)size, (uint8_t)(size >> 8), interval};
    add(vb, d, sizeof d);
}

enum { BULK = 2, INTERRUPT = 3 };

static void add_fastboot(struct vb *vb)
{
    uint16_t size = vb->cfg.full_speed ? 64 : 512;
    add_interface(vb, 0, 2, (const uint8_t[]){0xff, 0x42, 0x03}, 4);
    if (vb->cfg.out_first)
        add_endpoint(vb, 0x02, BULK, size, 0);
    add_endpoint(vb, 0x81, BULK, size, 0);
    if (!vb->cfg.out_first)
        add_endpoint(vb, 0x02, BULK, size, 0);
}

static void add_spl(struct vb *vb)
{
    int full = vb->cfg.full_speed;
    add_interface(vb, 0, 2, (const uint8_t[]){3, 0, 0}, 4);
    add(vb, hid_of_spl, sizeof hid_of_spl);
    if (vb->cfg.out_first)
        add_endpoint(vb, 0x02, INTERRUPT, full ? 64 : 1024, full ? 1 : 3);
    add_endpoint(vb, 0x81, INTERRUPT, full ? 64 : 512, full ? 1 : 3);
    if (!vb->cfg.out_first)
        add_endpoint(vb, 0x02, INTERRUPT, full ? 64 : 1024, full ? 1 : 3);
}

/* Endpoint numbers go round in the order of the functions, as the kernel gives them out. */
uint8_t vb_usb_adb_in(const struct vb *vb)
{
    return vb->cfg.has_adb ? vb->cfg.adb_first ? 0x81 : 0x83 : 0;
}

uint8_t vb_usb_adb_out(const struct vb *vb)
{
    return vb->cfg.has_adb ? vb->cfg.adb_first ? 0x01 : 0x02 : 0;
}

static void add_adb(struct vb *vb, uint8_t number)
{
    uint16_t size = vb->cfg.full_speed ? 64 : 512;
    add_interface(vb, number, 2, (const uint8_t[]){0xff, 0x42, 0x01}, 4);
    add_endpoint(vb, vb_usb_adb_out(vb), BULK, size, 0);
    add_endpoint(vb, vb_usb_adb_in(vb), BULK, size, 0);
}

/* Linux's serial port: an association of a control and a data interface. Source: f_acm.c. */
static void add_acm(struct vb *vb, uint8_t number, uint8_t data_ep, uint8_t notify_ep)
{
    uint16_t size = vb->cfg.full_speed ? 64 : 512;
    const uint8_t association[8] = {8, 11, number, 2, 2, 2, 1, 5};
    const uint8_t functional[] = {5,
                                  0x24,
                                  0,
                                  0x10,
                                  1,
                                  5,
                                  0x24,
                                  1,
                                  0,
                                  (uint8_t)(number + 1),
                                  4,
                                  0x24,
                                  2,
                                  2,
                                  5,
                                  0x24,
                                  6,
                                  number,
                                  (uint8_t)(number + 1)};
    add(vb, association, sizeof association);
    add_interface(vb, number, 1, (const uint8_t[]){2, 2, 1}, 5);
    add(vb, functional, sizeof functional);
    add_endpoint(vb, notify_ep, INTERRUPT, 10, 9);
    add_interface(vb, (uint8_t)(number + 1), 2, (const uint8_t[]){10, 0, 0}, 5);
    add_endpoint(vb, (uint8_t)(0x80 | data_ep), BULK, size, 0);
    add_endpoint(vb, data_ep, BULK, size, 0);
}

static void add_linux(struct vb *vb)
{
    int first = vb->cfg.has_adb && vb->cfg.adb_first;
    if (first)
        add_adb(vb, 0);
    add_acm(vb, first ? 1 : 0, first ? 0x02 : 0x01, first ? 0x83 : 0x82);
    if (vb->cfg.has_adb && !first)
        add_adb(vb, 2);
    vb->config[4] = vb->cfg.has_adb ? 3 : 2;
    vb->config[8] = 0xfa;
}

static void add_initramfs(struct vb *vb)
{
    uint16_t size = vb->cfg.full_speed ? 64 : 512;
    add_interface(vb, 0, 1, (const uint8_t[]){2, 2, 1}, 4);
    add_endpoint(vb, 0x82, INTERRUPT, 10, 9);
    add_interface(vb, 1, 2, (const uint8_t[]){10, 0, 0}, 0);
    add_endpoint(vb, 0x81, BULK, size, 0);
    add_endpoint(vb, 0x01, BULK, size, 0);
}

static void build_config(struct vb *vb)
{
    const uint8_t head[9] = {9, 2, 0, 0, 1, 1, 0, 0xc0, 1};
    vb->config_len = 0;
    add(vb, head, sizeof head);
    switch (vb->stage) {
    case VB_ROM:
        add_interface(vb, 0, 1, (const uint8_t[]){3, 0, 0}, 0);
        add(vb, hid_of_rom, sizeof hid_of_rom);
        add_endpoint(vb, 0x81, INTERRUPT, 64, vb->cfg.full_speed ? 1 : 4);
        break;
    case VB_SPL:
        add_spl(vb);
        break;
    case VB_FASTBOOT:
        add_fastboot(vb);
        break;
    case VB_INITRAMFS:
        add_initramfs(vb);
        vb->config[4] = 2;
        break;
    default:
        add_linux(vb);
    }
    x8_put_le16(vb->config + 2, (uint16_t)vb->config_len);
}

/* Build the descriptors of the present stage. */
void vb_usb_describe(struct vb *vb)
{
    const struct identity *id = identity(vb->stage);
    int composite = vb->stage == VB_LINUX && !vb->cfg.plain_class;
    uint8_t d[18] = {18, 1, 0x00, 0x02, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 1, 2, 0, 1};
    if (composite)
        memcpy(d + 4, (const uint8_t[]){0xef, 0x02, 0x01}, 3);
    x8_put_le16(d + 8, vb->cfg.old_ids ? id->old_vid : id->vid);
    x8_put_le16(d + 10, vb->cfg.old_ids ? id->old_pid : id->pid);
    x8_put_le16(d + 12, id->bcd);
    d[16] = id->has_serial ? 3 : 0;
    memcpy(vb->device, d, sizeof d);
    build_config(vb);
}

const char *vb_usb_string(const struct vb *vb, unsigned index)
{
    const struct identity *id = identity(vb->stage);
    switch (index) {
    case 1:
        return id->manufacturer;
    case 2:
        return vb->stage == VB_LINUX ? vb->cfg.product : id->product;
    case 3:
        if (vb->stage == VB_LINUX && *vb->cfg.daemon)
            return vb->cfg.linux_serial;
        return id->has_serial ? vb->cfg.serial : NULL;
    case 4:
        return id->interface;
    case 5:
        return vb->stage == VB_LINUX ? "CDC Abstract Control Model (ACM)" : NULL;
    default:
        return NULL;
    }
}

void vb_descriptors(const struct vb *vb, struct vb_descriptors *out)
{
    memset(out, 0, sizeof *out);
    out->attach = vb->attach;
    out->stage = vb->dead ? VB_DEAD : vb->stage;
    snprintf(out->port, sizeof out->port, "%s", vb->cfg.port);
    if (vb->stage == VB_OFF)
        return;
    out->present = 1;
    memcpy(out->device, vb->device, sizeof out->device);
    memcpy(out->config, vb->config, vb->config_len);
    out->config_len = vb->config_len;
    out->full_speed = vb->cfg.full_speed;
    out->access_denied = vb->cfg.denied || vb->denied_until > vb->now;
    const char *serial = vb_usb_string(vb, 3);
    snprintf(out->serial, sizeof out->serial, "%s", serial ? serial : "");
    snprintf(out->product, sizeof out->product, "%s", vb_usb_string(vb, 2));
    snprintf(out->manufacturer, sizeof out->manufacturer, "%s", vb_usb_string(vb, 1));
}

/* ---- endpoint 0 ---- */

static struct vb_result give(struct vb *vb, const void *from, size_t have, uint8_t *data,
                             size_t len)
{
    size_t n = have < len ? have : len;
    if (n)
        memcpy(data, from, n);
    return (struct vb_result){VB_OK, n, vb->now};
}

static struct vb_result give_string(struct vb *vb, unsigned index, uint8_t *data, size_t len)
{
    uint8_t d[255] = {4, 3, 0x09, 0x04}; /* index 0: the one language, US English */
    if (index) {
        const char *text = vb_usb_string(vb, index);
        if (!text)
            return (struct vb_result){VB_STALL, 0, vb->now};
        size_t n = strlen(text) < 120 ? strlen(text) : 120;
        d[0] = (uint8_t)(2 + 2 * n);
        for (size_t i = 0; i < n; i++) {
            d[2 + 2 * i] = (uint8_t)text[i];
            d[3 + 2 * i] = 0;
        }
    }
    return give(vb, d, d[0], data, len);
}

static struct vb_result get_descriptor(struct vb *vb, const uint8_t *setup, uint8_t *data,
                                       size_t len)
{
    int is_hid = vb->stage == VB_ROM || vb->stage == VB_SPL;
    switch (setup[3]) {
    case 1:
        return give(vb, vb->device, sizeof vb->device, data, len);
    case 2:
        return give(vb, vb->config, vb->config_len, data, len);
    case 3:
        return give_string(vb, setup[2], data, len);
    case 0x21:
        if (is_hid)
            return give(vb, vb->stage == VB_ROM ? hid_of_rom : hid_of_spl, 9, data, len);
        break;
    case 0x22:
        if (is_hid) {
            vb->sdp.asked = 1;
            return give(vb, hid_report, sizeof hid_report, data, len);
        }
        break;
    default:
        break;
    }
    return (struct vb_result){VB_STALL, 0, vb->now};
}

static struct vb_result standard(struct vb *vb, const uint8_t *setup, uint8_t *data, size_t len)
{
    static const uint8_t zeros[2] = {0, 0}, one[1] = {1};
    switch (setup[1]) {
    case 0: /* GET_STATUS */
        return give(vb, zeros, 2, data, len);
    case 1: /* CLEAR_FEATURE: endpoint halt */
        if (setup[0] == 0x02 && setup[4] & 0x80)
            vb->halted_in = 0;
        else if (setup[0] == 0x02)
            vb->halted_out = 0;
        return (struct vb_result){VB_OK, 0, vb->now};
    case 3:
    case 5:
    case 9:
    case 11: /* SET_FEATURE, SET_ADDRESS, SET_CONFIGURATION, SET_INTERFACE */
        return (struct vb_result){VB_OK, 0, vb->now};
    case 6:
        return get_descriptor(vb, setup, data, len);
    case 8: /* GET_CONFIGURATION */
        return give(vb, one, 1, data, len);
    case 10: /* GET_INTERFACE */
        return give(vb, zeros, 1, data, len);
    default:
        return (struct vb_result){VB_STALL, 0, vb->now};
    }
}

struct vb_result vb_control(struct vb *vb, const uint8_t setup[8], uint8_t *data, size_t len)
{
    struct vb_result result = {.status = VB_OK, .actual = 0, .ready_us = vb->now};
    size_t want = x8_get_le16(setup + 6);
    len = len < want ? len : want;
    int is_sdp = vb->stage == VB_ROM || vb->stage == VB_SPL;
    if (vb->stage == VB_OFF)
        result.status = VB_GONE;
    else if (vb->hang_until || vb->dead)
        result.status = VB_NAK;
    else if ((setup[0] & 0x60) == 0)
        result = standard(vb, setup, data, len);
    else if (is_sdp && setup[0] == 0x21 && setup[1] == 0x09 && setup[3] == 2) {
        result.actual = len;
        if (len && data[0] != setup[2]) /* the id stands in wValue and in front of the data */
            result.status = VB_STALL;
        else
            result.status = vb_sdp_report(vb, 1, data, len, &result);
        vb->halted_out = 0; /* a stall of endpoint 0 ends with the next setup packet */
        vb->stats.wire_out += result.status == VB_OK ? len : 0;
    } else if (!(is_sdp && setup[0] == 0x21 && (setup[1] == 0x0a || setup[1] == 0x0b)))
        result.status = VB_STALL; /* of the class requests SET_IDLE and SET_PROTOCOL are taken */
    if (result.status != VB_OK)
        result.actual = 0;
    return result;
}
