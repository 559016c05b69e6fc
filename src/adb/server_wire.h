/*
 * The adb server's requests and answers as bytes. Pure functions; x8_adb_devices_parse of server.h
 * is one of them.
 * Source: AOSP packages/modules/adb/OVERVIEW.TXT, SERVICES.TXT.
 */
#ifndef X8_ADB_SERVER_WIRE_H
#define X8_ADB_SERVER_WIRE_H

#include "adb/server.h"
#include "util/buf.h"

/* "000chost:version": the text behind its length. -1 without memory or when it is too long. */
int x8_adb_request_put(struct x8_buf *out, const char *text) X8_NODISCARD;

/* Four hexadecimal digits. 0, or -1. */
int x8_adb_hex4(const char in[4], unsigned *out);

/*
 * What the server said instead of OKAY, about the device with this serial number. The code is that
 * of the cause (x8_adb_over_server lists them), X8_E_REFUSED where the words are unknown.
 */
int x8_adb_server_fail(const char *words, size_t len, const char *serial, struct x8_error *err);

/* The same for the state in a list of devices: 0 for one that can be used. */
int x8_adb_state_check(const struct x8_adb_device *device, struct x8_error *err);

#endif
