/*
 * ADB packets and the banner.
 */
#include "adb/wire.h"

#include "util/digest.h"
#include "util/text.h"

#include <string.h>

#define EVERY_SECOND_BYTE 0x00ff00ff00ff00ffu

/* Sums of the four 16-bit lanes. */
static uint32_t lanes(uint64_t sums)
{
    return (uint32_t)((sums & 0xffff) + (sums >> 16 & 0xffff) + (sums >> 32 & 0xffff) +
                      (sums >> 48));
}

/*
 * Eight bytes at a time, in lanes of 16 bits that take at most 2 * 255 a step: full after 128
 * steps. The order of bytes in a word does not matter for a sum.
 */
uint32_t x8_adb_sum(const void *data, size_t len)
{
    const uint8_t *at = data;
    uint32_t sum = 0;

    while (len >= 8) {
        size_t words = len / 8 < 128 ? len / 8 : 128;
        uint64_t sums = 0;

        for (size_t i = 0; i < words; i++) {
            uint64_t word;

            memcpy(&word, at + i * 8, 8);
            sums += (word & EVERY_SECOND_BYTE) + (word >> 8 & EVERY_SECOND_BYTE);
        }
        sum += lanes(sums);
        at += words * 8;
        len -= words * 8;
    }
    while (len-- > 0)
        sum += *at++;
    return sum;
}

void x8_adb_header_put(uint8_t out[X8_ADB_HEADER], const struct x8_adb_packet *packet)
{
    x8_put_le32(out, packet->command);
    x8_put_le32(out + 4, packet->arg0);
    x8_put_le32(out + 8, packet->arg1);
    x8_put_le32(out + 12, packet->length);
    x8_put_le32(out + 16, packet->sum);
    x8_put_le32(out + 20, ~packet->command);
}

static int malformed(const uint8_t in[X8_ADB_HEADER], const char *what, struct x8_error *err)
{
    char hex[2 * X8_ADB_HEADER + 1];

    x8_hex(hex, in, X8_ADB_HEADER);
    x8_fail(err, X8_E_LINK, "the board sent something that is no adb packet");
    x8_error_why(err, "%s: %s", what, hex);
    x8_error_next(err, "plug the cable again (network: try again); another cable if it comes back");
    return -(int)X8_E_LINK;
}

int x8_adb_header_get(const uint8_t in[X8_ADB_HEADER], uint32_t max_payload,
                      struct x8_adb_packet *out, struct x8_error *err)
{
    struct x8_adb_packet packet = {
        .command = x8_get_le32(in),
        .arg0 = x8_get_le32(in + 4),
        .arg1 = x8_get_le32(in + 8),
        .length = x8_get_le32(in + 12),
        .sum = x8_get_le32(in + 16),
    };

    if (x8_get_le32(in + 20) != ~packet.command)
        return malformed(in, "the check word of a header is wrong", err);
    if (packet.length > max_payload)
        return malformed(in, "a packet is longer than agreed on", err);
    *out = packet;
    return 0;
}

int x8_adb_payload_check(const struct x8_adb_packet *packet, const void *payload,
                         struct x8_error *err)
{
    uint32_t sum = x8_adb_sum(payload, packet->length);

    if (sum == packet->sum)
        return 0;
    x8_fail(err, X8_E_LINK, "a packet was damaged on its way from the board");
    x8_error_why(err, "its %u bytes have the checksum 0x%x instead of 0x%x",
                 (unsigned)packet->length, (unsigned)sum, (unsigned)packet->sum);
    x8_error_next(err, "try again; another cable or port if it comes back");
    return -(int)X8_E_LINK;
}

/* What was too long must not end in half a word, which may be another word. */
static void drop_cut_word(char *list)
{
    char *comma = strrchr(list, ',');

    if (comma)
        *comma = '\0';
}

/* The value of "key=value;" into `out`. */
static void take_pair(struct x8_adb_banner *banner, const char *pair, size_t len)
{
    const struct {
        const char *key;
        char *out;
        size_t cap;
    } rows[] = {
        {"ro.product.name=", banner->product, sizeof banner->product},
        {"ro.product.model=", banner->model, sizeof banner->model},
        {"ro.product.device=", banner->device, sizeof banner->device},
        {"features=", banner->features, sizeof banner->features},
    };

    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        size_t key_len = strlen(rows[i].key);

        if (len < key_len || memcmp(pair, rows[i].key, key_len) != 0)
            continue;
        if (!x8_clean(rows[i].out, rows[i].cap, pair + key_len, len - key_len))
            drop_cut_word(rows[i].out);
    }
}

void x8_adb_banner_parse(const void *text, size_t len, struct x8_adb_banner *out)
{
    const char *at = text, *nul = len ? memchr(text, '\0', len) : NULL;
    const char *end = nul ? nul : (len ? at + len : at);

    out->product[0] = out->model[0] = out->device[0] = out->features[0] = '\0';
    /* "type:serial:pairs"; the serial number was never used. */
    for (int colons = 0; colons < 2; colons++) {
        const char *colon = at < end ? memchr(at, ':', (size_t)(end - at)) : NULL;

        if (!colon)
            return;
        at = colon + 1;
    }
    while (at < end) {
        const char *semicolon = memchr(at, ';', (size_t)(end - at));
        const char *stop = semicolon ? semicolon : end;

        take_pair(out, at, (size_t)(stop - at));
        at = semicolon ? semicolon + 1 : end;
    }
}

int x8_adb_features_have(const char *features, const char *feature)
{
    size_t len = strlen(feature);

    while (len > 0 && *features) {
        size_t word = strcspn(features, ",");

        if (word == len && memcmp(features, feature, len) == 0)
            return 1;
        features += word + (features[word] == ',');
    }
    return 0;
}
