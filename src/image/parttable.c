/*
 * Partition tables. The MBR is in the first sector, entries of logical partitions are not followed:
 * an image of a board has at most four. The GPT is read from the second sector on (UEFI
 * specification, 5.3), with sectors of 512 bytes, which is what eMMC has.
 */
#include "image/parttable.h"
#include "util/digest.h"

#include <string.h>

#define SECTOR      512u
#define MBR_ENTRIES 446u
#define MBR_GPT     0xEEu /* "everything belongs to the GPT" */

static int bad(const char *what, unsigned entry, struct x8_error *err)
{
    if (entry)
        return x8_fail(err, X8_E_BAD_IMAGE, "partition table: partition %u %s", entry, what);
    return x8_fail(err, X8_E_BAD_IMAGE, "partition table: %s", what);
}

static int add_part(struct x8_parttable *table, const struct x8_part *part, unsigned entry,
                    struct x8_error *err)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct x8_part *other = &table->parts[i];
        if (part->start < other->start + other->len && other->start < part->start + part->len)
            return bad("overlaps another", entry, err);
    }
    table->parts[table->count++] = *part;
    if (part->start + part->len > table->end)
        table->end = part->start + part->len;
    return 0;
}

static int read_mbr(struct x8_span head, struct x8_parttable *out, struct x8_error *err)
{
    for (unsigned i = 0; i < 4; i++) {
        const uint8_t *entry = head.data + MBR_ENTRIES + 16 * i;
        struct x8_part part = {.start = (uint64_t)x8_get_le32(entry + 8) * SECTOR,
                               .len = (uint64_t)x8_get_le32(entry + 12) * SECTOR,
                               .mbr_type = entry[4],
                               .active = entry[0] == 0x80};
        if (part.mbr_type == 0 || part.len == 0)
            continue;
        if (part.mbr_type == MBR_GPT && head.len >= 2 * SECTOR)
            return bad("stands for a GPT, but there is none", i + 1, err);
        if (part.start == 0)
            return bad("covers the table itself", i + 1, err);
        int rc = add_part(out, &part, i + 1, err);
        if (rc < 0)
            return rc;
    }
    out->kind = X8_TABLE_MBR;
    return 0;
}

/* A boot sector of a file system has the same signature. In a table the first byte of an entry is
 * 0 or 80. */
static int is_mbr(struct x8_span head)
{
    int used = 0;
    if (head.len < SECTOR || head.data[510] != 0x55 || head.data[511] != 0xAA)
        return 0;
    for (unsigned i = 0; i < 4; i++) {
        const uint8_t *entry = head.data + MBR_ENTRIES + 16 * i;
        if (entry[0] & 0x7f)
            return 0;
        used |= entry[4];
    }
    return used != 0;
}

/* UTF-16 name to ASCII; everything else becomes '?'. */
static void clean_name(char out[40], const uint8_t *utf16)
{
    size_t n = 0;
    for (; n < 36 && x8_get_le16(utf16 + 2 * n) != 0; n++) {
        uint16_t unit = x8_get_le16(utf16 + 2 * n);
        out[n] = unit >= 0x20 && unit < 0x7f ? (char)unit : '?';
    }
    out[n] = '\0';
}

static int is_unused(const uint8_t *entry)
{
    static const uint8_t zeros[16];
    return memcmp(entry, zeros, sizeof(zeros)) == 0;
}

static int read_gpt_entries(struct x8_span entries, uint32_t size, uint64_t first, uint64_t last,
                            struct x8_parttable *out, struct x8_error *err)
{
    for (unsigned i = 0; i < entries.len / size; i++) {
        const uint8_t *entry = entries.data + (size_t)i * size;
        uint64_t from = x8_get_le64(entry + 32), to = x8_get_le64(entry + 40);
        if (is_unused(entry))
            continue;
        if (from < first || to < from || to > last)
            return bad("lies outside of the usable sectors", i + 1, err);
        if (out->count == X8_PART_MAX)
            return bad("more than 128 partitions", 0, err);
        struct x8_part part = {.start = from * SECTOR,
                               .len = (to - from + 1) * SECTOR,
                               .active = (x8_get_le64(entry + 48) & 4) != 0};
        clean_name(part.name, entry + 56);
        int rc = add_part(out, &part, i + 1, err);
        if (rc < 0)
            return rc;
    }
    out->kind = X8_TABLE_GPT;
    return 0;
}

static int check_gpt_header(const uint8_t *header, struct x8_error *err)
{
    uint8_t copy[SECTOR];
    uint32_t len = x8_get_le32(header + 12), entry_size = x8_get_le32(header + 84);
    uint64_t first = x8_get_le64(header + 40), last = x8_get_le64(header + 48);
    uint64_t backup = x8_get_le64(header + 32);
    if (len < 92 || len > SECTOR)
        return bad("the GPT header has an impossible size", 0, err);
    memcpy(copy, header, len);
    memset(copy + 16, 0, 4);
    if (x8_crc32(0, copy, len) != x8_get_le32(header + 16))
        return bad("the GPT header has a wrong checksum", 0, err);
    if (x8_get_le64(header + 24) != 1)
        return bad("the GPT header is not in its place", 0, err);
    if (entry_size < 128 || entry_size > 4096 || entry_size % 8 != 0)
        return bad("the GPT has entries of an impossible size", 0, err);
    /* 2^54 sectors are 2^63 bytes: no sum below overflows. */
    if (first > last || last >= (uint64_t)1 << 54 || backup >= (uint64_t)1 << 54)
        return bad("the GPT has impossible limits", 0, err);
    return 0;
}

static int read_gpt(struct x8_span head, struct x8_parttable *out, struct x8_error *err)
{
    const uint8_t *header = head.data + SECTOR;
    int rc = check_gpt_header(header, err);
    if (rc < 0)
        return rc;
    uint64_t at = x8_get_le64(header + 72), backup = x8_get_le64(header + 32);
    uint32_t count = x8_get_le32(header + 80), size = x8_get_le32(header + 84);
    uint64_t len = (uint64_t)count * size;
    if (at < 2 || at > head.len / SECTOR || !x8_fits(at * SECTOR, len, head.len))
        return bad("the GPT's entries do not lie behind its header", 0, err);
    struct x8_span entries = {head.data + at * SECTOR, (size_t)len};
    if (x8_crc32(0, entries.data, entries.len) != x8_get_le32(header + 88))
        return bad("the GPT's entries have a wrong checksum", 0, err);
    rc = read_gpt_entries(entries, size, x8_get_le64(header + 40), x8_get_le64(header + 48), out,
                          err);
    /* The second header stands in the last sector. */
    if (rc >= 0 && (backup + 1) * SECTOR > out->end)
        out->end = (backup + 1) * SECTOR;
    return rc;
}

int x8_parttable_read(struct x8_span head, struct x8_parttable *out, struct x8_error *err)
{
    struct x8_parttable table = {.kind = X8_TABLE_NONE};
    int rc = 0;
    if (head.len >= 2 * SECTOR && memcmp(head.data + SECTOR, "EFI PART", 8) == 0)
        rc = read_gpt(head, &table, err);
    else if (is_mbr(head))
        rc = read_mbr(head, &table, err);
    if (rc >= 0)
        *out = table;
    return rc;
}
