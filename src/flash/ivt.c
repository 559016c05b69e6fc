/*
 * The image vector table: found by scanning, then its boot data and DCD are followed. Every pointer
 * in it is a memory address; `self` is the address of the IVT, so file position = position of the
 * IVT + pointer - self.
 */
#include "flash/ivt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define IVT_LEN       32
#define BOOT_DATA_LEN 12
#define PLUGIN_BIT    1u /* the other bits mark firmware for other engines, e.g. HDMI */
#define DCD_TAG       0xd2

static int is_header(const uint8_t *p)
{
    return p[0] == 0xd1 && p[1] == 0x00 && p[2] == 0x20 && (p[3] == 0x40 || p[3] == 0x41);
}

/* File position of a memory address of the image, with `need` bytes behind it. 0 or -1. */
static int position(const struct x8_ivt *ivt, uint32_t address, uint64_t need, uint64_t file_len,
                    uint64_t *out)
{
    if (address < ivt->self)
        return -1;
    *out = ivt->offset + (address - ivt->self);
    return x8_fits(*out, need, file_len) ? 0 : -1;
}

static void read_header(struct x8_span file, uint64_t offset, struct x8_ivt *out)
{
    const uint8_t *p = file.data + offset;

    memset(out, 0, sizeof *out);
    out->offset = offset;
    out->version = p[3];
    out->entry = x8_get_le32(p + 4);
    out->dcd = x8_get_le32(p + 12);
    out->boot_data = x8_get_le32(p + 16);
    out->self = x8_get_le32(p + 20);
    out->csf = x8_get_le32(p + 24);
}

/* Boot data of a header that was read. 0 or -1 when its pointer leads outside the file. */
static int read_boot_data(struct x8_span file, struct x8_ivt *ivt)
{
    uint64_t at;

    if (ivt->boot_data == 0)
        return 0;
    if (position(ivt, ivt->boot_data, BOOT_DATA_LEN, file.len, &at) != 0)
        return -1;
    ivt->start = x8_get_le32(file.data + at);
    ivt->size = x8_get_le32(file.data + at + 4);
    ivt->plugin = x8_get_le32(file.data + at + 8);
    return 0;
}

static int bad_pointer(const struct x8_ivt *ivt, const char *name, uint32_t address,
                       struct x8_error *err)
{
    int rc = x8_fail(err, X8_E_BAD_IMAGE, "the %s of the boot image leads outside the file", name);

    x8_error_why(err,
                 "the IVT at offset 0x%" PRIx64 " has its %s at address 0x%08" PRIx32
                 " and itself at 0x%08" PRIx32,
                 ivt->offset, name, address, ivt->self);
    x8_error_next(err, "the file is damaged or cut short: download it again");
    return rc;
}

/* What the ROM is to be given: from the IVT to the end the boot data tells, as far as the file has
 * it (unsigned images leave out the space for the signature). */
static int follow_boot_data(struct x8_span file, struct x8_ivt *ivt, struct x8_error *err)
{
    uint64_t before, load, there = file.len - ivt->offset;

    if (ivt->boot_data == 0)
        return 0;
    if (ivt->start > ivt->self || ivt->size <= ivt->self - ivt->start) {
        int rc = x8_fail(err, X8_E_BAD_IMAGE, "the boot image's own size makes no sense");

        x8_error_why(err,
                     "the IVT at offset 0x%" PRIx64 " lies at address 0x%08" PRIx32
                     ", its image at 0x%08" PRIx32 " with %" PRIu32 " bytes",
                     ivt->offset, ivt->self, ivt->start, ivt->size);
        x8_error_next(err, "the file is damaged: download it again");
        return rc;
    }
    before = ivt->self - ivt->start;
    load = ivt->size - before;
    ivt->load.data = file.data + ivt->offset;
    ivt->load.len = (size_t)(load < there ? load : there);
    return 0;
}

static int follow_dcd(struct x8_span file, struct x8_ivt *ivt, struct x8_error *err)
{
    uint64_t at;
    uint16_t len;

    if (ivt->dcd == 0)
        return 0;
    if (position(ivt, ivt->dcd, 4, file.len, &at) != 0)
        return bad_pointer(ivt, "DCD", ivt->dcd, err);
    len = x8_get_be16(file.data + at + 1);
    if (file.data[at] != DCD_TAG || len < 4) {
        int rc = x8_fail(err, X8_E_BAD_IMAGE, "the boot image has no DCD where its IVT says");

        x8_error_why(err,
                     "at offset 0x%" PRIx64 " stands %02x %02x %02x, expected tag d2 and a length",
                     at, file.data[at], file.data[at + 1], file.data[at + 2]);
        x8_error_next(err, "the file is damaged: download it again");
        return rc;
    }
    if (!x8_fits(at, len, file.len))
        return bad_pointer(ivt, "end of the DCD", ivt->dcd + len, err);
    ivt->dcd_bytes = (struct x8_span){file.data + at, len};
    return 0;
}

static int follow(struct x8_span file, struct x8_ivt *ivt, struct x8_error *err)
{
    int rc;

    if (read_boot_data(file, ivt) != 0)
        return bad_pointer(ivt, "boot data", ivt->boot_data, err);
    rc = follow_boot_data(file, ivt, err);
    return rc < 0 ? rc : follow_dcd(file, ivt, err);
}

static int no_ivt(const struct x8_ivt_search *search, unsigned seen, struct x8_error *err)
{
    int rc;

    if (seen == 0)
        rc = x8_fail(err, X8_E_BAD_IMAGE, "no boot image: the file has no IVT header");
    else
        rc = x8_fail(err, X8_E_BAD_IMAGE, "the file has %u boot image%s, number %u was asked for",
                     seen, seen == 1 ? "" : "s", search->index);
    x8_error_why(err,
                 "searched for the bytes d1 00 20 40 or d1 00 20 41 at multiples of 4 from "
                 "offset 0x%" PRIx64,
                 search->from);
    x8_error_next(err, "check that this is the loader file (imx-boot-...), not the image or a "
                       "compressed file");
    return rc;
}

int x8_ivt_find(struct x8_span file, const struct x8_ivt_search *search, struct x8_ivt *out,
                struct x8_error *err)
{
    uint64_t limit = search->limit && search->limit < file.len ? search->limit : file.len;
    uint64_t at = search->from;
    unsigned seen = 0;
    uint8_t behind_hdmi = 0;

    while (at < limit && x8_fits(at, IVT_LEN, file.len)) {
        struct x8_ivt ivt;

        if (!is_header(file.data + at)) {
            at += 4;
            continue;
        }
        read_header(file, at, &ivt);
        if (ivt.version == 0x41 && read_boot_data(file, &ivt) == 0 && (ivt.plugin & ~PLUGIN_BIT)) {
            behind_hdmi = 1;
            at += 4;
            continue;
        }
        if (seen++ == search->index) {
            int rc;

            ivt.behind_hdmi = behind_hdmi;
            rc = follow(file, &ivt, err);
            if (rc == 0)
                *out = ivt;
            return rc;
        }
        at += IVT_LEN;
    }
    return no_ivt(search, seen, err);
}

/*
 * Where the packers put the first loader of NXP's chips, to name a wrong one. Source: NXP
 * imx-mkimage soc.mak, U-Boot configurations of i.MX 6 and 7 boards.
 */
static const struct {
    uint8_t version;
    uint32_t first, last;
    const char *chip;
} homes[] = {
    {0x41, 0x00911000, 0x00912fff, "i.MX 8M Nano"},
    {0x41, 0x0091f000, 0x00920fff, "i.MX 8M Plus"},
    {0x40, 0x00900000, 0x0093ffff, "i.MX 6 or 7"},
    {0x40, 0x10000000, 0xffffffff, "i.MX 6 or 7"},
};

static const char *chip_of(const struct x8_ivt *ivt)
{
    for (size_t i = 0; i < X8_COUNT(homes); i++)
        if (ivt->version == homes[i].version && ivt->self >= homes[i].first &&
            ivt->self <= homes[i].last)
            return homes[i].chip;
    return NULL;
}

/* The 8M Mini's tightly coupled memory, where its ROM puts the first loader. */
#define TCM_START 0x007e0000u
#define TCM_END   0x00820000u

int x8_ivt_suits_8mm(const struct x8_ivt *ivt, char why[128])
{
    char unused[128];
    char *out = why ? why : unused;
    const char *chip = chip_of(ivt);

    if (ivt->self < TCM_START || ivt->self >= TCM_END) {
        snprintf(out, 128, "its self address 0x%" PRIx32 " is %s%s", ivt->self,
                 chip ? "one of the " : "not in the chip's on-chip memory", chip ? chip : "");
        return 0;
    }
    if (ivt->behind_hdmi)
        snprintf(out, 128, "it begins with an HDMI firmware, as images for the i.MX 8MQ do");
    else if (ivt->load.len == 0)
        snprintf(out, 128, "its IVT has no boot data");
    else if (ivt->load.len > TCM_END - ivt->self)
        snprintf(out, 128, "its %zu bytes do not fit the on-chip memory from 0x%" PRIx32 " on",
                 ivt->load.len, ivt->self);
    else if (ivt->entry < ivt->self || ivt->entry - ivt->self >= ivt->load.len)
        snprintf(out, 128, "its entry 0x%" PRIx32 " lies outside of what is loaded", ivt->entry);
    else
        return 1;
    return 0;
}
