/*
 * USB descriptors as bytes: device descriptor followed by whole configurations, the form /sys
 * shows. Pure.
 */
#ifndef X8_USB_DESCRIPTORS_H
#define X8_USB_DESCRIPTORS_H

#include "util/bytes.h"

#define X8_USB_INTERFACES 16
#define X8_USB_ENDPOINTS  8

enum x8_usb_ep_type { X8_EP_CONTROL, X8_EP_ISOCHRONOUS, X8_EP_BULK, X8_EP_INTERRUPT };

struct x8_usb_endpoint {
    uint8_t address; /* bit 7: towards the host */
    uint8_t type;    /* enum x8_usb_ep_type */
    uint16_t max_packet;
};

/* The first setting of one interface. */
struct x8_usb_interface {
    uint8_t number, class_id, subclass, protocol;
    uint16_t report_len; /* HID: length of the report descriptor, 0 when not told */
    struct x8_usb_endpoint endpoints[X8_USB_ENDPOINTS];
    uint8_t endpoint_count;
};

struct x8_usb_shape {
    uint16_t vid, pid, bcd_device;
    uint8_t dev_class, serial_index, config_value;
    struct x8_usb_interface interfaces[X8_USB_INTERFACES];
    uint8_t interface_count;
};

/*
 * Read the device descriptor and the configuration with value `config_value` (0, or one that is
 * not there: the first). Descriptors that run out of their configuration end the reading; what was
 * read before counts. -1 only when there is no device descriptor.
 */
int x8_usb_shape_parse(struct x8_span raw, uint8_t config_value, struct x8_usb_shape *out);

/* First endpoint of a type and direction (1: towards the host), or NULL. */
const struct x8_usb_endpoint *x8_usb_endpoint(const struct x8_usb_interface *interface,
                                              enum x8_usb_ep_type type, int is_in);

/* First interface of a class; `subclass` or `protocol` -1 for any. NULL when there is none. */
const struct x8_usb_interface *x8_usb_interface(const struct x8_usb_shape *shape, int class_id,
                                                int subclass, int protocol);

#endif
