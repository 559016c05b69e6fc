/*
 * Knowing early that something was plugged or pulled: a libusb context without open devices, its
 * hotplug callback, and the thread that runs it. Optional: without it changes are found by looking.
 */
#ifndef X8_USB_WATCH_H
#define X8_USB_WATCH_H

#include "util/error.h"

struct x8_usb_watch;

/*
 * Call `changed(ctx)` from the watching thread after each arrival and departure. NULL when this
 * system has no hotplug events (or no memory); `why` then tells in words.
 */
struct x8_usb_watch *x8_usb_watch_start(void (*changed)(void *ctx), void *ctx, char why[96]);

/* No call is made after this returns. NULL is fine. */
void x8_usb_watch_stop(struct x8_usb_watch **watch);

#endif
