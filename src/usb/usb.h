/*
 * The USB of this computer behind struct x8_bus. The only door to libusb.
 *
 * The list of devices comes from /sys, which is always fresh, also where no udev daemon runs;
 * libusb's hotplug events only make a change known sooner. Each open link has a libusb context of
 * its own and handles its events in the thread that waits for them, so boards do not share a lock
 * and an idle link costs nothing.
 */
#ifndef X8_USB_USB_H
#define X8_USB_USB_H

#include "link/bus.h"
#include "util/buf.h"

/*
 * Start watching USB. Works without libusb's hotplug support (containers): changes are then
 * noticed by looking twice a second. X8_E_INTERNAL without memory or threads.
 */
int x8_usb_bus_open(struct x8_bus **out, struct x8_error *err);

/* 1 when this system has a USB bus at all: /sys/bus/usb exists. 0 in many containers and virtual
 * machines. */
int x8_usb_is_present(void);

/*
 * How a port is reached, for messages about the link: "root 480M > hub 1-4 480M, self-powered >
 * port 2". Empty when nothing is known.
 */
void x8_usb_chain_text(const char *port, char *out, size_t cap);

/*
 * Explain why a node cannot be opened: fill `err` with X8_E_NO_PERMISSION, the evidence (owner,
 * mode, user, rule file) and the one command that helps. Returns the negative code.
 */
int x8_usb_explain_access(const struct x8_device *device, struct x8_error *err);

/* Name of the rule file x8ctl installs; its number must sort before 73 for uaccess to work. */
#define X8_USB_RULES_NAME "70-x8ctl.rules"

/* The folders udev reads rules from, strongest first; ended by NULL. */
extern const char *const x8_usb_rules_dirs[];

/* 1 when the rule file is in one of them; `path` (may be NULL, 256 bytes) gets which. */
int x8_usb_rules_found(char path[256]);

#endif
