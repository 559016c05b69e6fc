/*
 * Digests. The only door to libcrypto (SHA-256) and to ISA-L's CRC code in this room.
 */
#ifndef X8_UTIL_DIGEST_H
#define X8_UTIL_DIGEST_H

#include "util/error.h"

#include <stddef.h>
#include <stdint.h>

/* CRC-32 as in zlib, gzip and U-Boot's crc32 command. Start with 0; feed the last result to go on.
 */
uint32_t x8_crc32(uint32_t crc, const void *data, size_t len);

/* As if `len` zero bytes had been fed. */
uint32_t x8_crc32_zeros(uint32_t crc, uint64_t len);

#define X8_SHA256_LEN 32
struct x8_sha256; /* heap object */

/* NULL only without memory. */
struct x8_sha256 *x8_sha256_new(void);
void x8_sha256_add(struct x8_sha256 *sha, const void *data, size_t len);
/* Result so far; the object starts afresh. */
void x8_sha256_take(struct x8_sha256 *sha, uint8_t out[X8_SHA256_LEN]);
void x8_sha256_free(struct x8_sha256 **sha);

/* Lower-case hexadecimal. `out` holds 2 * len + 1 bytes. */
void x8_hex(char *out, const uint8_t *data, size_t len);
/* Base64 (RFC 4648, 4) with its padding. `out` holds (len + 2) / 3 * 4 + 1 bytes; `len` is at most
 * 1 GiB. */
void x8_base64(char *out, const uint8_t *data, size_t len);
/* Exactly `len` bytes from 2 * len digits of either case. 0 or -1. */
int x8_unhex(uint8_t *out, size_t len, const char *text);

#endif
