/*
 * Keys. The only door to OpenSSL in this room.
 */
#include "adb/key.h"

#include "util/file.h"
#include "util/text.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { BITS = 2048, WORDS = BITS / 32, FILE_MAX = 64 << 10 };

struct x8_adb_key {
    EVP_PKEY *pkey;
};

static int crypto_failed(const char *what, struct x8_error *err)
{
    char text[200];

    x8_fail(err, X8_E_INTERNAL, "cannot %s", what);
    ERR_error_string_n(ERR_get_error(), text, sizeof text);
    x8_error_why(err, "%s", text);
    ERR_clear_error();
    return -(int)X8_E_INTERNAL;
}

/* --- loading --- */

/* A key behind a passphrase is not asked for: adb has no such keys. */
static int no_passphrase(char *out, int size, int is_writing, void *ctx)
{
    (void)out;
    (void)size;
    (void)is_writing;
    (void)ctx;
    return -1;
}

static int bad_key(const char *path, const char *why, struct x8_error *err)
{
    x8_fail(err, X8_E_AUTH, "%s is no adb key", path);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "name another key, or move the file away: a new one is made then");
    return -(int)X8_E_AUTH;
}

static int parse_key(const char *path, struct x8_span pem, EVP_PKEY **out, struct x8_error *err)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

    BIO_free(bio);
    ERR_clear_error();
    if (!pkey)
        return bad_key(path, "it holds no private key in PEM form without a passphrase", err);
    if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA || EVP_PKEY_get_bits(pkey) != BITS) {
        EVP_PKEY_free(pkey);
        return bad_key(path, "adb uses RSA keys of 2048 bits", err);
    }
    *out = pkey;
    return 0;
}

static int load_key(const char *path, EVP_PKEY **out, struct x8_error *err)
{
    X8_AUTO_BUF pem = {0};
    int rc = x8_file_load(path, FILE_MAX, &pem, err);

    if (rc == 0)
        rc = parse_key(path, x8_buf_span(&pem), out, err);
    if (pem.data)
        OPENSSL_cleanse(pem.data, pem.cap);
    return rc;
}

/* --- making one --- */

/* Put `from` in the place of `path` unless somebody was quicker. */
static int settle_file(const char *from, const char *path, struct x8_error *err)
{
    int rc = link(from, path), errnum = errno;

    unlink(from);
    if (rc == 0 || errnum == EEXIST)
        return 0;
    return x8_fail_sys(err, x8_write_code(errnum, X8_E_NO_PERMISSION), errnum, "cannot make %s",
                       path);
}

static int write_key(const char *path, EVP_PKEY *pkey, struct x8_error *err)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    X8_AUTO_BUF temp = {0};
    char *pem;
    long len;
    int rc;

    if (!bio || PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        BIO_free(bio);
        return crypto_failed("write a key", err);
    }
    len = BIO_get_mem_data(bio, &pem);
    if (x8_buf_addf(&temp, "%s.%ld", path, (long)getpid()) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    else
        rc = x8_file_replace(x8_buf_text(&temp), pem, (size_t)len, 0600, err);
    BIO_free(bio);
    return rc < 0 ? rc : settle_file(x8_buf_text(&temp), path, err);
}

static int make_folder(const char *path, struct x8_error *err)
{
    char *dir = x8_path_dir(path);
    int rc = 0;

    if (!dir)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (mkdir(dir, 0750) != 0 && errno != EEXIST)
        rc = x8_fail_sys(err, x8_write_code(errno, X8_E_NO_PERMISSION), errno,
                         "cannot make the folder %s", dir);
    free(dir);
    return rc;
}

static int make_key(const char *path, struct x8_error *err)
{
    EVP_PKEY *pkey;
    int rc = make_folder(path, err);

    if (rc < 0)
        return rc;
    pkey = EVP_RSA_gen(BITS);
    if (!pkey)
        return crypto_failed("make a key", err);
    rc = write_key(path, pkey, err);
    EVP_PKEY_free(pkey);
    return rc;
}

/* Older adb programs want the public half in a file. Without it nothing of ours is worse. */
static void write_public(const char *path, const struct x8_adb_key *key)
{
    char text[X8_ADB_PUBLIC_TEXT];
    X8_AUTO_BUF name = {0};
    struct x8_error ignored;

    if (x8_adb_key_public_text(key, text, &ignored) == 0 && x8_buf_addf(&name, "%s.pub", path) == 0)
        x8_file_replace(x8_buf_text(&name), text, strlen(text), 0644, &ignored);
}

int x8_adb_key_open(const char *path, struct x8_adb_key **out, struct x8_error *err)
{
    struct x8_adb_key *key;
    EVP_PKEY *pkey = NULL;
    int is_new = x8_path_kind(path) == X8_PATH_NONE, rc = 0;

    if (is_new)
        rc = make_key(path, err);
    if (rc == 0)
        rc = load_key(path, &pkey, err);
    if (rc < 0)
        return rc;
    key = calloc(1, sizeof *key);
    if (!key) {
        EVP_PKEY_free(pkey);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    key->pkey = pkey;
    if (is_new)
        write_public(path, key);
    *out = key;
    return 0;
}

void x8_adb_key_close(struct x8_adb_key **key)
{
    if (*key)
        EVP_PKEY_free((*key)->pkey);
    free(*key);
    *key = NULL;
}

/* --- signing --- */

/*
 * The digest's name is put in front by hand, so that a system that forbids SHA-1 signatures still
 * signs: the protocol knows nothing else, and the token is no digest of anything.
 */
int x8_adb_key_sign(const struct x8_adb_key *key, const uint8_t token[X8_ADB_TOKEN],
                    uint8_t out[X8_ADB_SIGNATURE], struct x8_error *err)
{
    /* DigestInfo of SHA-1. Source: RFC 8017, 9.2. */
    static const uint8_t sha1_name[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
                                        0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
    uint8_t text[sizeof sha1_name + X8_ADB_TOKEN];
    size_t len = X8_ADB_SIGNATURE;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->pkey, NULL);
    int ok;

    memcpy(text, sha1_name, sizeof sha1_name);
    memcpy(text + sizeof sha1_name, token, X8_ADB_TOKEN);
    ok = ctx && EVP_PKEY_sign_init(ctx) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
         EVP_PKEY_sign(ctx, out, &len, text, sizeof text) == 1 && len == X8_ADB_SIGNATURE;
    EVP_PKEY_CTX_free(ctx);
    return ok ? 0 : crypto_failed("sign with the adb key", err);
}

/* --- the public half --- */

/* -1 / n modulo 2^32, n odd: each round doubles the bits that are right. */
static uint32_t n0inv_of(uint32_t n)
{
    uint32_t inverse = n;

    for (int i = 0; i < 5; i++)
        inverse *= 2 - n * inverse;
    return ~inverse + 1;
}

/* R^2 mod n, R = 2^2048. */
static int square_of_r(const BIGNUM *n, BIGNUM *out)
{
    BN_CTX *ctx = BN_CTX_new();
    int ok = ctx && BN_set_word(out, 0) && BN_set_bit(out, 2 * BITS) && BN_mod(out, out, n, ctx);

    BN_CTX_free(ctx);
    return ok;
}

static int put_public(const BIGNUM *n, const BIGNUM *e, uint8_t out[X8_ADB_PUBLIC_STRUCT])
{
    uint8_t *modulus = out + 8, *rr = modulus + BITS / 8;
    BIGNUM *square = BN_new();
    int ok = square && square_of_r(n, square) && BN_bn2lebinpad(n, modulus, BITS / 8) > 0 &&
             BN_bn2lebinpad(square, rr, BITS / 8) > 0 && BN_num_bits(e) <= 32;

    x8_put_le32(out, WORDS);
    x8_put_le32(out + 4, n0inv_of(x8_get_le32(modulus)));
    x8_put_le32(rr + BITS / 8, (uint32_t)BN_get_word(e));
    BN_free(square);
    return ok;
}

int x8_adb_key_public(const struct x8_adb_key *key, uint8_t out[X8_ADB_PUBLIC_STRUCT],
                      struct x8_error *err)
{
    BIGNUM *n = NULL, *e = NULL;
    int ok = EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
             EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1;

    memset(out, 0, X8_ADB_PUBLIC_STRUCT);
    ok = ok && put_public(n, e, out);
    BN_free(n);
    BN_free(e);
    return ok ? 0 : crypto_failed("read the public half of the adb key", err);
}

/* "user@host" as far as it is known; a daemon shows it to the person it asks. */
static void who(char *out, size_t cap)
{
    struct passwd entry, *found = NULL;
    struct utsname host;
    char room[4096], name[128], node[128];

    if (getpwuid_r(geteuid(), &entry, room, sizeof room, &found) != 0)
        found = NULL;
    x8_clean(name, sizeof name, found ? found->pw_name : "unknown",
             strlen(found ? found->pw_name : "unknown"));
    if (uname(&host) != 0)
        x8_copy(host.nodename, sizeof host.nodename, "unknown");
    x8_clean(node, sizeof node, host.nodename, strlen(host.nodename));
    snprintf(out, cap, "%s@%s", name, node);
}

int x8_adb_key_public_text(const struct x8_adb_key *key, char out[X8_ADB_PUBLIC_TEXT],
                           struct x8_error *err)
{
    uint8_t bytes[X8_ADB_PUBLIC_STRUCT];
    int rc = x8_adb_key_public(key, bytes, err), len;

    if (rc < 0)
        return rc;
    len = EVP_EncodeBlock((unsigned char *)out, bytes, sizeof bytes);
    out[len++] = ' ';
    who(out + len, X8_ADB_PUBLIC_TEXT - (size_t)len);
    return 0;
}
