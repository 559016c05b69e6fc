/*
 * The adb server of this computer, as a list of devices. It is used when it runs, since it holds
 * the USB interface then; it is never started and never ended: restarting one made boards with
 * image 934 mute until they were plugged again.
 * Source: AOSP packages/modules/adb/SERVICES.TXT.
 */
#ifndef X8_ADB_SERVER_H
#define X8_ADB_SERVER_H

#include "util/op.h"

#include <stddef.h>

struct x8_adb_device {
    char serial[128]; /* of the USB device, or "host:port" for a TCP device */
    char state[40];   /* device, offline, unauthorized, no permissions, ... as the server says */
    char port[48];    /* kernel port path ("1-4.2"), or "" when the device is not on USB */
    char product[64], model[64];
    uint64_t transport_id;
};

/* 1 and its version (e.g. 41) when a server answers on `port` of this computer, 0 when none does.
 * Negative only when something else listens there (X8_E_LINK) or when stopped. Takes at most a
 * second. */
int x8_adb_server_version(const struct x8_op *op, uint16_t port, unsigned *out_version,
                          struct x8_error *err);

/* What the server knows. *out is one heap array: free() it. Count, or a negative code. */
int x8_adb_server_devices(const struct x8_op *op, uint16_t port, struct x8_adb_device **out,
                          struct x8_error *err);

/* The lines of `host:devices-l`. A pure function; lines of no known form are left out. Count, or
 * X8_E_INTERNAL without memory. */
int x8_adb_devices_parse(const char *text, size_t len, struct x8_adb_device **out,
                         struct x8_error *err);

#endif
