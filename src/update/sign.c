/*
 * Signatures. libcrypto's error queue is emptied behind every call: a key that cannot be read is a
 * fact about a file here, not something for whoever asks the library next.
 */
#include "update/sign.h"

#include "util/attr.h"
#include "util/text.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define ED25519_LEN  32
#define PSS_SALT     32
#define KEY_TEXT_MAX ((size_t)16384) /* an RSA-16384 key as PEM is 2,900 characters */
#define SIG_TEXT_MAX ((size_t)4096)
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 16384 /* what libcrypto itself is ready to verify with */

static void key_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
    *key = NULL;
}

/* Without it libcrypto would ask at the terminal for the password of an encrypted file. */
static int no_password(char *out, int cap, int writing, void *ctx)
{
    (void)out;
    (void)cap;
    (void)writing;
    (void)ctx;
    return -1;
}

static EVP_PKEY *rsa_of(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL) : NULL;

    BIO_free(bio);
    if (key && (EVP_PKEY_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_bits(key) < RSA_BITS_MIN ||
                EVP_PKEY_bits(key) > RSA_BITS_MAX))
        key_free(&key);
    return key;
}

static EVP_PKEY *ed25519_of(const char *hex)
{
    uint8_t raw[ED25519_LEN];

    if (x8_unhex(raw, sizeof raw, hex) < 0)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, sizeof raw);
}

static EVP_PKEY *key_of(const char *keytype, const char *key)
{
    if (!keytype || !key || strnlen(key, KEY_TEXT_MAX) == KEY_TEXT_MAX)
        return NULL;
    if (x8_casecmp(keytype, "rsa") == 0)
        return rsa_of(key);
    return x8_casecmp(keytype, "ed25519") == 0 ? ed25519_of(key) : NULL;
}

/* Strict base64 with padding. Length, or -1. */
static int unbase64(const char *text, uint8_t *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strnlen(text, SIG_TEXT_MAX), good;
    int pads, n;

    if (len == 0 || len == SIG_TEXT_MAX || len % 4 != 0)
        return -1;
    pads = (text[len - 1] == '=') + (text[len - 1] == '=' && text[len - 2] == '=');
    good = strspn(text, digits);
    if (good != len - (size_t)pads)
        return -1;
    n = EVP_DecodeBlock(out, (const uint8_t *)text, (int)len);
    return n < 0 ? -1 : n - pads;
}

/* 1 when `method` is one for this kind of key. */
static int suits(const EVP_PKEY *key, const char *method)
{
    if (EVP_PKEY_base_id(key) == EVP_PKEY_ED25519)
        return x8_casecmp(method, "ed25519") == 0;
    return x8_casecmp(method, "rsassa-pss") == 0 || x8_casecmp(method, "rsassa-pss-sha256") == 0;
}

static int begin(EVP_MD_CTX *ctx, EVP_PKEY *key)
{
    EVP_PKEY_CTX *how = NULL;

    if (EVP_PKEY_base_id(key) == EVP_PKEY_ED25519)
        return EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1;
    return EVP_DigestVerifyInit(ctx, &how, EVP_sha256(), NULL, key) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(how, PSS_SALT) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(how, EVP_sha256()) == 1;
}

static enum x8_signed verify(EVP_PKEY *key, const uint8_t *sig, size_t sig_len, struct x8_span data)
{
    static const uint8_t nothing[1];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum x8_signed verdict = X8_SIGNED_UNKNOWN;

    if (ctx && begin(ctx, key))
        verdict =
            EVP_DigestVerify(ctx, sig, sig_len, data.data ? data.data : nothing, data.len) == 1
                ? X8_SIGNED_GOOD
                : X8_SIGNED_BAD;
    EVP_MD_CTX_free(ctx);
    return verdict;
}

enum x8_signed x8_signature_check(const char *keytype, const char *key, const char *method,
                                  const char *signature, struct x8_span data)
{
    X8_CLEANUP(key_free) EVP_PKEY *pkey = key_of(keytype, key);
    enum x8_signed verdict = X8_SIGNED_UNKNOWN;
    uint8_t sig[SIG_TEXT_MAX];
    int len = signature ? unbase64(signature, sig) : -1;

    if (pkey && method && len > 0 && suits(pkey, method))
        verdict = verify(pkey, sig, (size_t)len, data);
    ERR_clear_error();
    return verdict;
}

int x8_key_identity(const char *keytype, const char *key, uint8_t out[X8_SHA256_LEN])
{
    X8_CLEANUP(key_free) EVP_PKEY *pkey = key_of(keytype, key);
    uint8_t *der = NULL;
    int len = pkey ? i2d_PUBKEY(pkey, &der) : -1;
    int rc = -1;

    if (len > 0 && EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL) == 1)
        rc = 0;
    OPENSSL_free(der);
    ERR_clear_error();
    return rc;
}
