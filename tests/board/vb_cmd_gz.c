/*
 * `gzwrite`: inflate a gzip member from memory to the device (U-Boot lib/gunzip.c). It checks the
 * member's trailer, which it takes from the last 8 bytes it was given, and looks at no result of a
 * write: a failed one is not reported, and what follows lands too early.
 */
#include "vb_model.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct gz {
    struct vb *vb;
    const uint8_t *data;
    uint64_t len; /* of the member with header and trailer */
    uint64_t header;
    uint64_t buffer, sector, expected;
    int hwpart;
};

/* "2" or "2.1": device and hardware partition. */
static int device(const char *text, int *hwpart)
{
    char *end;
    unsigned long dev = strtoul(text, &end, 16), part = 0;
    if (*end == '.')
        part = strtoul(end + 1, &end, 16);
    *hwpart = (int)part;
    return *end || dev != VB_EMMC_DEV || part > 2;
}

static uint64_t skip_text(const uint8_t *data, uint64_t len, uint64_t at)
{
    while (at < len && data[at])
        at++;
    return at + 1;
}

/* Only the method and the reserved flags are looked at; the two magic bytes are not. */
static int read_header(struct gz *gz)
{
    const uint8_t *d = gz->data;
    if (gz->len < 18 || d[2] != 8 || d[3] & 0xe0)
        return -1;
    uint64_t at = 10;
    if (d[3] & 4)
        at += 2 + (uint64_t)x8_get_le16(d + 10);
    if (d[3] & 8)
        at = skip_text(d, gz->len, at);
    if (d[3] & 16)
        at = skip_text(d, gz->len, at);
    if (d[3] & 2)
        at += 2;
    gz->header = at;
    return at + 8 > gz->len ? -1 : 0;
}

static void write_out(struct gz *gz, uint8_t *buffer, uint64_t filled)
{
    uint64_t sectors = (filled + VB_SECTOR - 1) / VB_SECTOR;
    memset(buffer + filled, 0, (size_t)(sectors * VB_SECTOR - filled));
    vb_cost(gz->vb, sectors * VB_SECTOR, gz->vb->cfg.write);
    vb_cost(gz->vb, filled, gz->vb->cfg.inflate);
    if (vb_medium_write(gz->vb, gz->hwpart, gz->sector, sectors, buffer) == 0)
        gz->sector += sectors;
}

static int inflate_all(struct gz *gz, uint8_t *buffer)
{
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)(gz->data + gz->header),
                  .avail_in = (uInt)(gz->len - gz->header - 8)};
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return -1;
    uLong crc = crc32(0, NULL, 0);
    uint64_t total = 0;
    int state;
    do {
        z.next_out = buffer;
        z.avail_out = (uInt)gz->buffer;
        state = inflate(&z, Z_SYNC_FLUSH);
        uint64_t filled = gz->buffer - z.avail_out;
        if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
            break;
        crc = crc32(crc, buffer, (uInt)filled);
        total += filled;
        if (filled)
            write_out(gz, buffer, filled);
        else if (state != Z_STREAM_END)
            break; /* truncated */
    } while (state != Z_STREAM_END && total < gz->expected);
    inflateEnd(&z);
    return state == Z_STREAM_END && total == gz->expected &&
                   (uint32_t)crc == x8_get_le32(gz->data + gz->len - 8)
               ? 0
               : -1;
}

int vb_cmd_gzwrite(struct vb *vb, int argc, char **argv)
{
    struct gz gz = {.vb = vb};
    if (argc < 5 || strcmp(argv[1], "mmc") || device(argv[2], &gz.hwpart))
        return 1;
    vb->mmc_dev = VB_EMMC_DEV;
    vb->hwpart = gz.hwpart;
    gz.len = vb_hex(argv[4]);
    gz.data = vb_ram(vb, vb_hex(argv[3]), gz.len);
    gz.buffer = argc > 5 ? vb_hex(argv[5]) : 0x100000;
    uint64_t offset = argc > 6 ? vb_hex(argv[6]) : 0, outsize = argc > 7 ? vb_hex(argv[7]) : 0;
    if (!gz.data)
        return vb_crash(vb, "gzwrite reads outside the memory");
    if (gz.buffer == 0 || gz.buffer % VB_SECTOR || gz.buffer > 1u << 28 || offset % VB_SECTOR ||
        read_header(&gz))
        return 1;
    uint32_t trailer = x8_get_le32(gz.data + gz.len - 4);
    if (outsize && (uint32_t)outsize != trailer)
        return 1;
    gz.expected = outsize ? outsize : trailer;
    gz.sector = offset / VB_SECTOR;
    if (!x8_fits(offset, gz.expected, vb->area[gz.hwpart].size))
        return 1;
    uint8_t *buffer = malloc((size_t)gz.buffer);
    int bad = !buffer || inflate_all(&gz, buffer);
    free(buffer);
    return bad;
}
