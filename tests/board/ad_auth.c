/*
 * Authentication: a token of 20 bytes that the host signs as if it were a SHA-1 digest, and a list
 * of public keys as adb writes them.
 */
#include "ad_model.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define WORDS     64u
#define MODULUS   (WORDS * 4)
#define KEY_BYTES (4 + 4 + MODULUS + MODULUS + 4)
#define KEY_TEXT  700u
#define KEYS_MAX  (64u << 10)

void ad_auth_ask(struct ad_link *link)
{
    link->online = 0;
    if (getrandom(link->token, AD_TOKEN, 0) != AD_TOKEN)
        abort();
    ad_link_send(link, AD_AUTH, 1, 0, link->token, AD_TOKEN, NULL);
}

static EVP_PKEY *make_key(const BIGNUM *n, const BIGNUM *e)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *params = NULL;
    if (build && ctx && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
        params = OSSL_PARAM_BLD_to_param(build);
    if (!params || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        key = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* The 524 bytes: words, n0inv, modulus, R^2 mod n, exponent, all little endian. */
static EVP_PKEY *decode_key(const uint8_t raw[KEY_BYTES])
{
    if (x8_get_le32(raw) != WORDS)
        return NULL;
    BIGNUM *n = BN_lebin2bn(raw + 8, MODULUS, NULL), *e = BN_new();
    EVP_PKEY *key = NULL;
    if (n && e && BN_set_word(e, x8_get_le32(raw + 8 + 2 * MODULUS)))
        key = make_key(n, e);
    BN_free(n);
    BN_free(e);
    return key;
}

/* One line of the file of keys; NULL when it is none. */
static EVP_PKEY *parse_key(const char *line, size_t len)
{
    uint8_t raw[KEY_TEXT / 4 * 3];
    if (len < KEY_TEXT ||
        EVP_DecodeBlock(raw, (const unsigned char *)line, KEY_TEXT) < (int)KEY_BYTES)
        return NULL;
    return decode_key(raw);
}

static int verifies(EVP_PKEY *key, const uint8_t token[AD_TOKEN], const struct ad_packet *p)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    int good = ctx && EVP_PKEY_verify_init(ctx) > 0 &&
               EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0 &&
               EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha1()) > 0 &&
               EVP_PKEY_verify(ctx, p->data, p->len, token, AD_TOKEN) == 1;
    EVP_PKEY_CTX_free(ctx);
    return good;
}

/* Read anew each time: a key may have been added. */
static char *read_keys(int fd)
{
    char *text = calloc(1, KEYS_MAX + 1);
    if (!text)
        abort();
    if (fd >= 0 && pread(fd, text, KEYS_MAX, 0) < 0)
        text[0] = 0;
    return text;
}

static int is_known_signature(const struct ad_link *link, const struct ad_packet *p)
{
    char *text = read_keys(link->ad->keys_fd);
    int good = 0;
    for (char *line = text, *next; line && *line && !good; line = next) {
        next = strchr(line, '\n');
        size_t len = next ? (size_t)(next++ - line) : strlen(line);
        EVP_PKEY *key = parse_key(line, len);
        good = key && verifies(key, link->token, p);
        EVP_PKEY_free(key);
    }
    free(text);
    return good;
}

/* Type 2 is a signature, 3 a public key: there is nobody to ask whether it is welcome, so the
 * daemon says nothing. */
void ad_auth_take(struct ad_link *link, const struct ad_packet *p)
{
    ad_log(link->ad, "auth type %u, %u bytes", p->arg0, p->len);
    if (!link->ad->cfg.auth || p->arg0 != 2)
        return;
    if (!is_known_signature(link, p)) {
        ad_auth_ask(link);
        return;
    }
    link->is_authorized = 1;
    ad_connected(link);
}
