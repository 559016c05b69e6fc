/*
 * ADB packets: a header of six little-endian words, and a payload. Pure functions over bytes.
 * Source: AOSP packages/modules/adb: protocol.txt, adb.h, types.h.
 */
#ifndef X8_ADB_WIRE_H
#define X8_ADB_WIRE_H

#include "adb/adb.h"
#include "util/bytes.h"

enum {
    X8_ADB_HEADER = 24,
    X8_ADB_PAYLOAD_OLD = 4096,   /* largest payload of a version 0x01000000 daemon */
    X8_ADB_PAYLOAD_MAX = 1 << 20 /* what newer ones may send, and what is offered */
};

#define X8_ADB_VERSION_SUMS    0x01000000u /* every payload has a checksum, which is looked at */
#define X8_ADB_VERSION_NO_SUMS 0x01000001u

/* Commands, as the four letters read in memory. */
#define X8_ADB_CNXN 0x4e584e43u
#define X8_ADB_OPEN 0x4e45504fu
#define X8_ADB_OKAY 0x59414b4fu
#define X8_ADB_CLSE 0x45534c43u
#define X8_ADB_WRTE 0x45545257u
#define X8_ADB_AUTH 0x48545541u
#define X8_ADB_STLS 0x534c5453u

/* arg0 of AUTH. */
enum { X8_ADB_AUTH_TOKEN = 1, X8_ADB_AUTH_SIGNATURE = 2, X8_ADB_AUTH_PUBLIC_KEY = 3 };

struct x8_adb_packet {
    uint32_t command, arg0, arg1;
    uint32_t length; /* of the payload */
    uint32_t sum;    /* of the payload, or 0 where none was made */
};

/* The sum of all bytes modulo 2^32: what ADB calls a checksum. */
uint32_t x8_adb_sum(const void *data, size_t len);

void x8_adb_header_put(uint8_t out[X8_ADB_HEADER], const struct x8_adb_packet *packet);

/* X8_E_LINK when the bytes are no header (the check word) or announce more than `max_payload`; the
 * cause shows the bytes. */
int x8_adb_header_get(const uint8_t in[X8_ADB_HEADER], uint32_t max_payload,
                      struct x8_adb_packet *out, struct x8_error *err);

/* X8_E_LINK when the payload is not what the header's sum says. */
int x8_adb_payload_check(const struct x8_adb_packet *packet, const void *payload,
                         struct x8_error *err);

/* "device::ro.product.name=...;features=a,b;" of a CNXN, with or without NUL. Never fails: what is
 * not there stays empty. `version` and `max_data` are left alone. */
void x8_adb_banner_parse(const void *text, size_t len, struct x8_adb_banner *out);

/* 1 when `features` ("a,b,c") has this one. */
int x8_adb_features_have(const char *features, const char *feature);

#endif
