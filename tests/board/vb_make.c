/*
 * Boot files made from a seed. Layouts: NXP imx-mkimage mkimage_imx8.c (SPL), the devicetree
 * specification (FIT), meta-lmp's u-boot-fio recipe (SIT).
 */
#include "vb_make.h"

#include "util/bytes.h"

#include <string.h>
#include <zlib.h>

static void scatter(uint8_t *out, size_t len, unsigned seed)
{
    uint32_t x = seed * 2654435761u + 1;
    for (size_t i = 0; i < len; i++) {
        x = x * 1664525u + 1013904223u;
        out[i] = (uint8_t)(x >> 24);
    }
}

static uint32_t crc_of(const uint8_t *data, size_t len)
{
    return (uint32_t)crc32(0, data, (uInt)len);
}

/* ---- SPL ---- */

#define SPL_SELF   0x007e0fc0u
#define SPL_HEADER 0x40u
#define SPL_BEFORE 0x400u /* boot data starts this far before the IVT */
#define CSF_SPACE  0x2060u

static size_t make_spl(uint8_t *out, size_t cap, size_t spl_len, unsigned seed, int has_csf)
{
    size_t code = (spl_len + SPL_HEADER + SPL_BEFORE + 0x1ff) & ~(size_t)0x1ff;
    size_t total = code + CSF_SPACE, file = total - SPL_BEFORE;
    if (file > cap || spl_len > 0x3c000 || spl_len == 0)
        return 0;
    memset(out, 0, file);
    scatter(out + SPL_HEADER, spl_len, seed);
    uint32_t start = SPL_SELF - SPL_BEFORE;
    const uint32_t ivt[8] = {0x412000d1u,
                             SPL_SELF + SPL_HEADER,
                             0,
                             0,
                             SPL_SELF + 0x20,
                             SPL_SELF,
                             start + (uint32_t)code,
                             crc_of(out + SPL_HEADER, spl_len)};
    const uint32_t boot_data[4] = {start, (uint32_t)total, 0, (uint32_t)spl_len};
    for (size_t i = 0; i < 8; i++)
        x8_put_le32(out + 4 * i, ivt[i]);
    for (size_t i = 0; i < 4; i++)
        x8_put_le32(out + 0x20 + 4 * i, boot_data[i]);
    if (has_csf)
        memcpy(out + code - SPL_BEFORE, (const uint8_t[]){0xd4, 0x00, 0x58, 0x40}, 4);
    return file;
}

size_t vb_make_spl(uint8_t *out, size_t cap, size_t spl_len, unsigned seed)
{
    return make_spl(out, cap, spl_len, seed, 0);
}

size_t vb_make_spl_signed(uint8_t *out, size_t cap, size_t spl_len, unsigned seed)
{
    return make_spl(out, cap, spl_len, seed, 1);
}

/* ---- FIT ---- */

struct fdt {
    uint8_t *out;
    size_t len, cap;
    char strings[128];
    size_t strings_len;
};

static void word(struct fdt *f, uint32_t value)
{
    if (f->len + 4 <= f->cap)
        x8_put_be32(f->out + f->len, value);
    f->len += 4;
}

static void padded(struct fdt *f, const void *data, size_t len)
{
    size_t room = (len + 3) & ~(size_t)3;
    if (f->len + room <= f->cap) {
        memset(f->out + f->len, 0, room);
        memcpy(f->out + f->len, data, len);
    }
    f->len += room;
}

static void begin(struct fdt *f, const char *name)
{
    word(f, 1);
    padded(f, name, strlen(name) + 1);
}

static void prop(struct fdt *f, const char *name, const void *value, size_t len)
{
    size_t n = strlen(name) + 1;
    word(f, 3);
    word(f, (uint32_t)len);
    word(f, (uint32_t)f->strings_len);
    memcpy(f->strings + f->strings_len, name, n);
    f->strings_len += n;
    padded(f, value, len);
}

static void text(struct fdt *f, const char *name, const char *value)
{
    prop(f, name, value, strlen(value) + 1);
}

static void end(struct fdt *f)
{
    word(f, 2);
}

/* The image of `len` bytes, scattered in place. */
static void data_prop(struct fdt *f, size_t len, unsigned seed)
{
    word(f, 3);
    word(f, (uint32_t)len);
    word(f, (uint32_t)f->strings_len);
    memcpy(f->strings + f->strings_len, "data", 5);
    f->strings_len += 5;
    size_t room = (len + 3) & ~(size_t)3;
    if (f->len + room <= f->cap) {
        memset(f->out + f->len, 0, room);
        scatter(f->out + f->len, len, seed);
    }
    f->len += room;
}

size_t vb_make_fit(uint8_t *out, size_t cap, size_t payload_len, unsigned seed)
{
    if (payload_len > cap || cap < 512)
        return 0;
    struct fdt f = {.out = out, .len = 56, .cap = cap};
    memset(out, 0, 56); /* header and an empty reserve map */
    begin(&f, "");
    text(&f, "description", "U-Boot for the virtual board");
    begin(&f, "images");
    begin(&f, "uboot");
    text(&f, "type", "standalone");
    data_prop(&f, payload_len, seed);
    end(&f);
    end(&f);
    begin(&f, "configurations");
    text(&f, "default", "conf");
    begin(&f, "conf");
    text(&f, "firmware", "uboot");
    end(&f);
    end(&f);
    end(&f);
    word(&f, 9);
    size_t strings = f.len, structure = strings - 56;
    padded(&f, f.strings, f.strings_len);
    if (f.len > cap)
        return 0;
    const uint32_t header[10] = {0xd00dfeedu,
                                 (uint32_t)f.len,
                                 56,
                                 (uint32_t)strings,
                                 40,
                                 17,
                                 16,
                                 crc_of(out + 40, f.len - 40),
                                 (uint32_t)f.strings_len,
                                 (uint32_t)structure};
    for (size_t i = 0; i < 10; i++)
        x8_put_be32(out + 4 * i, header[i]);
    return f.len;
}

/* ---- SIT ---- */

size_t vb_make_sit(uint8_t *out, size_t cap)
{
    if (cap < 512)
        return 0;
    memset(out, 0, 512);
    x8_put_le32(out + 8, 0x00112233u); /* tag */
    x8_put_le32(out + 12, 0x1000u);    /* first sector of the second set */
    return 512;
}
