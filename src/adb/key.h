/*
 * The user's ADB key: 2048-bit RSA, PEM, by custom ~/.android/adbkey. A daemon that wants to know
 * its users sends 20 random bytes, which are signed as if they were a SHA-1 digest.
 * Source: AOSP packages/modules/adb: client/auth.cpp, libs/crypto_utils/android_pubkey.cpp.
 */
#ifndef X8_ADB_KEY_H
#define X8_ADB_KEY_H

#include "util/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    X8_ADB_TOKEN = 20,
    X8_ADB_SIGNATURE = 256,
    X8_ADB_PUBLIC_STRUCT = 524, /* as mincrypt laid it out */
    X8_ADB_PUBLIC_TEXT = 1024,  /* room for base64 of it, a space, "user@host" and NUL */
};

struct x8_adb_key;

/* Load a private key (PKCS#8 or PKCS#1). A missing file is made, mode 0600, in a folder of mode
 * 0750, with its public half beside it. X8_E_AUTH when it is no RSA key of 2048 bits,
 * X8_E_NO_PERMISSION, X8_E_HOST_SPACE. */
int x8_adb_key_open(const char *path, struct x8_adb_key **out, struct x8_error *err);
void x8_adb_key_close(struct x8_adb_key **key);

int x8_adb_key_sign(const struct x8_adb_key *key, const uint8_t token[X8_ADB_TOKEN],
                    uint8_t out[X8_ADB_SIGNATURE], struct x8_error *err);

/* The public half: words, n0inv, modulus, R^2 mod modulus, exponent, all little-endian. */
int x8_adb_key_public(const struct x8_adb_key *key, uint8_t out[X8_ADB_PUBLIC_STRUCT],
                      struct x8_error *err);

/* The same as a daemon takes it: base64, a space, and who it is: "user@host". NUL-terminated. */
int x8_adb_key_public_text(const struct x8_adb_key *key, char out[X8_ADB_PUBLIC_TEXT],
                           struct x8_error *err);

#endif
