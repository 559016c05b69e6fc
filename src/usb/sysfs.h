/*
 * Devices as the kernel shows them in /sys: no device is opened or disturbed by looking.
 */
#ifndef X8_USB_SYSFS_H
#define X8_USB_SYSFS_H

#include "link/bus.h"
#include "usb/descriptors.h"

#define X8_SYSFS_USB "/sys/bus/usb/devices"

/* All devices but hubs, in port order, as struct x8_bus_ops.list. A system without USB has none. */
int x8_sysfs_list(struct x8_device **out, struct x8_error *err);

/* One device by its port. 0, or -1 when nothing (readable) is there. */
int x8_sysfs_device(const char *port, struct x8_device *out);

/* Its descriptors, of the configuration that is set. 0 or -1. */
int x8_sysfs_shape(const char *port, struct x8_usb_shape *out);

/* 1 while the very attach of `device` is on the bus. */
int x8_sysfs_is_attached(const char *port, uint64_t attach);

/* Changes whenever a device comes, goes, or its access rights change. */
uint64_t x8_sysfs_fingerprint(void);

/* Text of an attribute without its line end; length or -1. `dir` is a name under X8_SYSFS_USB. */
int x8_sysfs_text(const char *dir, const char *name, char *out, size_t cap);

/* Name of the kernel driver that is bound to an interface ("usbhid"), or "". */
void x8_sysfs_driver(const char *port, uint8_t config, uint8_t interface, char *out, size_t cap);

/* Bus and address inside the name of a node; -1 when it is none. */
int x8_usb_node_address(const char *node, unsigned *bus, unsigned *address);

/* -1, 0, 1: order of two ports, numbers compared as numbers. */
int x8_port_compare(const char *a, const char *b);

#endif
