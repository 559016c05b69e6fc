/*
 * Descriptors as a device may send them.
 */
#include "usb/descriptors.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_usb_shape shape;

    for (unsigned config = 0; config < 4; config++) {
        if (x8_usb_shape_parse((struct x8_span){data, size}, (uint8_t)config, &shape) < 0)
            continue;
        if (shape.interface_count > X8_USB_INTERFACES)
            abort();
        for (size_t i = 0; i < shape.interface_count; i++) {
            const struct x8_usb_interface *it = &shape.interfaces[i];
            const struct x8_usb_endpoint *in = x8_usb_endpoint(it, X8_EP_BULK, 1);

            if (it->endpoint_count > X8_USB_ENDPOINTS || (in && !(in->address & 0x80)))
                abort();
        }
    }
    return 0;
}
