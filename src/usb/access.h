/*
 * Why a device cannot be used: rights on its node, or somebody who holds it.
 */
#ifndef X8_USB_ACCESS_H
#define X8_USB_ACCESS_H

#include "link/bus.h"

/* X8_E_BUSY with the driver or the processes that hold the interface, as far as they can be seen.
 */
int x8_usb_explain_busy(const struct x8_device *device, const char *driver, struct x8_error *err);

/* "adb (1234), uuu (77)": other processes with the node open; "" when none can be seen. */
void x8_usb_holders(const char *node, char *out, size_t cap);

#endif
