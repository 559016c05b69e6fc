/*
 * The sparse parser of U-Boot (lib/image-sparse.c), in two personalities.
 *
 * 2022 (the 2022.04 and 2023.04 trees of the boards in the field): the value -1 of a failed RAW
 * write is added to the position as if it were a count, so that the following chunks land one
 * sector before the failed one, and the final answer is OKAY. 2024: the failure is reported. FILL
 * failures are reported by both.
 *
 * The parser trusts its input: it runs over the download buffer without looking at how much was
 * downloaded, so a short piece reads what an earlier one left.
 */
#include "vb_model.h"

#include <string.h>

#define MAGIC          0xed26ff3au
#define FILE_HEADER    28u
#define CHUNK_HEADER   12u
#define RAW            0xcac1u
#define FILL           0xcac2u
#define DONT_CARE      0xcac3u
#define CRC32          0xcac4u
#define FILL_PIECE     1024u  /* sectors: 512 KiB */
#define RAW_PIECE_2022 4096u  /* sectors: 2 MiB through an aligned buffer */
#define RAW_PIECE_2024 16384u /* 8 MiB */

struct parser {
    struct vb *vb;
    uint64_t at; /* address of what is read next */
    uint32_t block_size, chunk_header, total_blocks;
    uint64_t first, sectors; /* the partition */
    uint64_t pos;            /* sector; wraps as the loader's own variable does */
};

int vb_sparse_seen(struct vb *vb)
{
    const uint8_t *h = vb_ram(vb, vb->fb.buffer, FILE_HEADER);
    return h && x8_get_le32(h) == MAGIC && x8_get_le16(h + 4) == 1;
}

/* 0 or -1 for a piece of the medium that refuses. */
static int write_raw(struct parser *p, uint64_t count, const uint8_t *data)
{
    uint64_t piece = p->vb->cfg.loader == 2024 ? RAW_PIECE_2024 : RAW_PIECE_2022, pos = p->pos;
    while (count) {
        uint64_t n = count < piece ? count : piece;
        if (vb_medium_write(p->vb, 0, pos, n, data))
            return -1;
        pos += n;
        data += n * VB_SECTOR;
        count -= n;
    }
    return 0;
}

static const char *raw(struct parser *p, uint32_t blocks, uint32_t total, uint64_t bytes)
{
    if (total != p->chunk_header + bytes)
        return "Bogus chunk size for chunk type Raw";
    uint64_t count = bytes / VB_SECTOR;
    if (p->pos + count > p->first + p->sectors)
        return "Request would exceed partition size!";
    const uint8_t *data = vb_ram(p->vb, p->at, bytes);
    if (!data) {
        vb_crash(p->vb, "sparse data runs out of the memory");
        return "";
    }
    vb_cost(p->vb, bytes, p->vb->cfg.write);
    if (write_raw(p, count, data) == 0)
        p->pos += count;
    else if (p->vb->cfg.loader == 2024)
        return "flash write failure(incomplete)";
    else {
        vb_log(p->vb, "emmc write failed at sector %llu: swallowed", (unsigned long long)p->pos);
        p->pos -= 1;
    }
    p->total_blocks += blocks;
    p->at += bytes;
    return NULL;
}

static const char *fill(struct parser *p, uint32_t blocks, uint32_t total, uint64_t bytes)
{
    if (total != p->chunk_header + 4)
        return "Bogus chunk size for chunk type FILL";
    const uint8_t *data = vb_ram(p->vb, p->at, 4);
    if (!data) {
        vb_crash(p->vb, "sparse data runs out of the memory");
        return "";
    }
    uint64_t count = bytes / VB_SECTOR;
    p->at += 4;
    if (p->pos + count > p->first + p->sectors)
        return "Request would exceed partition size!";
    vb_cost(p->vb, bytes, p->vb->cfg.write);
    uint32_t pattern = x8_get_le32(data);
    /* one call for all of it unless a fault may sit inside: then piece by piece as the loader does
     */
    uint64_t piece = vb_fault_standing(p->vb, VB_DO_WRITEFAIL) ? FILL_PIECE : count;
    for (uint64_t n; count; count -= n) {
        n = count < piece ? count : piece;
        if (vb_medium_fill(p->vb, 0, p->pos, n, pattern))
            return "flash write failure";
        p->pos += n;
    }
    p->total_blocks += blocks;
    return NULL;
}

static const char *crc(struct parser *p, uint32_t blocks, uint32_t total, uint64_t bytes)
{
    int is_2024 = p->vb->cfg.loader == 2024;
    if (is_2024 && total != p->chunk_header + 4)
        return "Bogus chunk size for chunk type CRC32";
    if (!is_2024 && total != p->chunk_header)
        return "Bogus chunk size for chunk type Dont Care";
    p->total_blocks += blocks;
    p->at += bytes; /* by block count: the 4 bytes of a standard CRC chunk are not skipped */
    return NULL;
}

static const char *chunk(struct parser *p)
{
    const uint8_t *h = vb_ram(p->vb, p->at, CHUNK_HEADER);
    if (!h) {
        vb_crash(p->vb, "sparse chunks run out of the memory");
        return "";
    }
    uint32_t blocks = x8_get_le32(h + 4), total = x8_get_le32(h + 8);
    uint64_t bytes = (uint64_t)p->block_size * blocks;
    p->at += p->chunk_header > CHUNK_HEADER ? p->chunk_header : CHUNK_HEADER;
    switch (x8_get_le16(h)) {
    case RAW:
        return raw(p, blocks, total, bytes);
    case FILL:
        return fill(p, blocks, total, bytes);
    case DONT_CARE:
        p->pos += bytes / VB_SECTOR;
        p->total_blocks += blocks;
        return NULL;
    case CRC32:
        return crc(p, blocks, total, bytes);
    default:
        return "Unknown chunk type";
    }
}

/* Write the sparse image in the download buffer to the partition. NULL for OKAY, else the text of
 * FAIL. */
const char *vb_sparse_write(struct vb *vb, uint64_t start, uint64_t sectors)
{
    const uint8_t *h = vb_ram(vb, vb->fb.buffer, FILE_HEADER);
    if (!h)
        return "";
    uint32_t header = x8_get_le16(h + 8), want = x8_get_le32(h + 16), chunks = x8_get_le32(h + 20);
    struct parser p = {.vb = vb, .first = start, .sectors = sectors, .pos = start};
    p.chunk_header = x8_get_le16(h + 10);
    p.block_size = x8_get_le32(h + 12);
    /* what a longer header has more is skipped twice */
    p.at = (uint64_t)vb->fb.buffer + header + (header > FILE_HEADER ? header - FILE_HEADER : 0);
    if (p.block_size % VB_SECTOR)
        return "sparse image block size issue";
    for (uint32_t i = 0; i < chunks; i++) {
        const char *failed = chunk(&p);
        if (failed)
            return failed;
    }
    return p.total_blocks == want ? NULL : "sparse image write failure";
}
