/*
 * Signatures as TUF's metadata has them. One of the room's two doors: libcrypto.
 */
#ifndef X8_UPDATE_SIGN_H
#define X8_UPDATE_SIGN_H

#include "util/bytes.h"
#include "util/digest.h"

enum x8_signed {
    X8_SIGNED_BAD, /* the signature is not this key's over these bytes */
    X8_SIGNED_GOOD,
    X8_SIGNED_UNKNOWN, /* a key type or a method that nobody here knows, or a broken key */
};

/*
 * Is `signature` (base64) this key's over `data`? `keytype`: "RSA" (with `key` a PEM) or "ED25519"
 * (64 hexadecimal digits), upper or lower case. `method`: "ed25519", "rsassa-pss",
 * "rsassa-pss-sha256" (SHA-256, MGF1 with SHA-256, salt of 32 bytes). Pure; never fails: what
 * cannot be read is UNKNOWN.
 */
enum x8_signed x8_signature_check(const char *keytype, const char *key, const char *method,
                                  const char *signature, struct x8_span data);

/*
 * What tells one key from another, however it is written: the SHA-256 of its SubjectPublicKeyInfo.
 * 0, or -1 when the key cannot be read.
 */
int x8_key_identity(const char *keytype, const char *key, uint8_t out[X8_SHA256_LEN]);

#endif
