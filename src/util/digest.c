/*
 * CRC-32 and SHA-256.
 */
#include "util/digest.h"

#include <isa-l/crc.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

uint32_t x8_crc32(uint32_t crc, const void *data, size_t len)
{
    return len ? crc32_gzip_refl(crc, data, len) : crc;
}

/*
 * Polynomials over GF(2) modulo the CRC's own, bits reflected: bit 31 is x^0. A product needs 32
 * steps, so zeros of any number cost a few thousand instructions instead of a pass over them.
 */
static uint32_t multiply(uint32_t a, uint32_t b)
{
    uint32_t product = 0;

    for (uint32_t bit = 1u << 31; bit; bit >>= 1) {
        if (a & bit)
            product ^= b;
        b = b & 1 ? b >> 1 ^ 0xedb88320u : b >> 1;
    }
    return product;
}

uint32_t x8_crc32_zeros(uint32_t crc, uint64_t len)
{
    uint32_t factor = 1u << 31, square = 1u << 23; /* x^0; x^8, which is one byte of zeros */

    for (; len; len >>= 1) {
        if (len & 1)
            factor = multiply(factor, square);
        square = multiply(square, square);
    }
    return ~multiply(factor, ~crc);
}

struct x8_sha256 {
    EVP_MD_CTX *ctx;
};

/* libcrypto can only fail here when it is broken or misused; a wrong digest must never get out. */
static void must(int ok)
{
    if (ok != 1)
        abort();
}

struct x8_sha256 *x8_sha256_new(void)
{
    struct x8_sha256 *sha = calloc(1, sizeof *sha);

    if (!sha)
        return NULL;
    sha->ctx = EVP_MD_CTX_new();
    if (!sha->ctx || EVP_DigestInit_ex(sha->ctx, EVP_sha256(), NULL) != 1)
        x8_sha256_free(&sha);
    return sha;
}

void x8_sha256_add(struct x8_sha256 *sha, const void *data, size_t len)
{
    if (len)
        must(EVP_DigestUpdate(sha->ctx, data, len));
}

void x8_sha256_take(struct x8_sha256 *sha, uint8_t out[X8_SHA256_LEN])
{
    unsigned len = 0;

    must(EVP_DigestFinal_ex(sha->ctx, out, &len));
    must(len == X8_SHA256_LEN);
    must(EVP_DigestInit_ex(sha->ctx, EVP_sha256(), NULL));
}

void x8_sha256_free(struct x8_sha256 **sha)
{
    if (*sha) {
        EVP_MD_CTX_free((*sha)->ctx);
        free(*sha);
    }
    *sha = NULL;
}

void x8_hex(char *out, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * len] = '\0';
}

void x8_base64(char *out, const uint8_t *data, size_t len)
{
    EVP_EncodeBlock((unsigned char *)out, data, (int)len);
}

static int nibble(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    int i = at ? (int)(at - digits) : -1;

    return i >= 16 ? i - 6 : i;
}

int x8_unhex(uint8_t *out, size_t len, const char *text)
{
    size_t i;

    for (i = 0; i < len; i++) {
        int high = nibble(text[2 * i]), low = high < 0 ? -1 : nibble(text[2 * i + 1]);

        if (low < 0)
            return -1;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return text[2 * i] == '\0' ? 0 : -1;
}
