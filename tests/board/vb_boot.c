/*
 * What the boot ROM and the SPL look for in the bytes they were sent. Pure functions over a span.
 *
 * IVT: header 0xD1, length 0x0020 big endian, version 0x4x; `self` is the address it was loaded to;
 * entry, boot data and what boot data announces lie inside the image. Images of vb_make.c carry a
 * CRC in words that real images leave zero (IVT reserved2; FDT boot cpu), so that a byte that was
 * changed on the way is noticed as well.
 */
#include "vb_model.h"

#include <stdio.h>
#include <zlib.h>

/* HAB word: status, reason, context, engine from byte 0 on. Source: U-Boot hab.h. */
#define HAB(reason, context, engine)                                                               \
    ((uint32_t)0x33 | (uint32_t)(reason) << 8 | (uint32_t)(context) << 16 |                        \
     (uint32_t)(engine) << 24)
#define HAB_BAD_IVT       HAB(0x05, 0x0a, 0x36)
#define HAB_BAD_ADDRESS   HAB(0x22, 0x33, 0x36)
#define HAB_BAD_SIGNATURE HAB(0x18, 0x0a, 0xff)

static uint32_t refuse(char why[96], const char *text, uint32_t word)
{
    snprintf(why, 96, "%s", text);
    return word;
}

static uint32_t crc_of(const uint8_t *data, size_t len)
{
    return (uint32_t)crc32(0, data, (uInt)len);
}

uint32_t vb_ivt_check(const uint8_t *image, size_t len, uint32_t addr, int closed, char why[96])
{
    if (len < 32 || image[0] != 0xd1 || x8_get_be16(image + 1) != 32 || (image[3] & 0xf0) != 0x40)
        return refuse(why, "no IVT header", HAB_BAD_IVT);
    uint32_t entry = x8_get_le32(image + 4), boot_data = x8_get_le32(image + 16),
             self = x8_get_le32(image + 20), csf = x8_get_le32(image + 24);
    if (self != addr)
        return refuse(why, "IVT self is not where it was loaded", HAB_BAD_IVT);
    if (boot_data < self || !x8_fits(boot_data - self, 12, len))
        return refuse(why, "boot data outside the image", HAB_BAD_IVT);
    const uint8_t *bd = image + (boot_data - self);
    uint32_t start = x8_get_le32(bd), size = x8_get_le32(bd + 4);
    if (start > self || size < self - start || size > 0x400000)
        return refuse(why, "boot data does not hold the IVT", HAB_BAD_ADDRESS);
    if (entry < self || entry - self >= len || entry - start >= size)
        return refuse(why, "entry outside the image", HAB_BAD_ADDRESS);
    uint32_t crc = x8_get_le32(image + 28);
    if (crc && x8_fits(boot_data - self, 16, len)) {
        uint32_t code = x8_get_le32(bd + 12);
        if (!x8_fits(64, code, len) || crc_of(image + 64, code) != crc)
            return refuse(why, "image is not what was packed", HAB_BAD_IVT);
    }
    if (closed && (csf < self || !x8_fits(csf - self, 4, len) || image[csf - self] != 0xd4))
        return refuse(why, "not signed", HAB_BAD_SIGNATURE);
    return 0;
}

/* The SPL looks for a flattened device tree at every fourth byte. */
int64_t vb_fit_find(const uint8_t *data, size_t len, char why[96])
{
    for (size_t at = 0; at + 40 <= len; at += 4) {
        if (x8_get_be32(data + at) != 0xd00dfeedu)
            continue;
        uint32_t total = x8_get_be32(data + at + 4), crc = x8_get_be32(data + at + 28);
        if (total < 40 || !x8_fits(at, total, len)) {
            snprintf(why, 96, "FIT at 0x%zx is larger than what was sent", at);
            return -1;
        }
        if (crc && crc_of(data + at + 40, total - 40) != crc) {
            snprintf(why, 96, "FIT at 0x%zx is not what was packed", at);
            return -1;
        }
        return (int64_t)at;
    }
    snprintf(why, 96, "no FIT at a multiple of 4");
    return -1;
}
