/*
 * Virtual boards behind struct x8_bus in the same process: room tests run the real engine without
 * libusb. Links behave as those of src/usb: same error codes, reports and replies of the same
 * sizes, a few pieces of a large transfer in flight.
 */
#ifndef VB_INPROC_H
#define VB_INPROC_H

#include "link/bus.h"
#include "vboard.h"

struct vb_bus;

/* `boards` are borrowed and driven by one thread of the bus from now on. NULL without memory. */
struct vb_bus *vb_bus_new(struct vb **boards, size_t count);
struct x8_bus *vb_bus_of(struct vb_bus *bus);
/* Stop the thread; the boards are the caller's again. Links must be closed before. NULL is fine;
 * x8_bus_close does the same. */
void vb_bus_free(struct vb_bus *bus);

/* Run `fn(ctx)` with the boards' lock held, for looking at the medium or pulling a cable while the
 * bus runs. */
void vb_bus_locked(struct vb_bus *bus, void (*fn)(void *ctx), void *ctx);

#endif
