/*
 * Partition tables: MBR in the first sector, GPT behind it when the MBR is a protective one.
 * Nothing in a table is believed that would lead outside what a disk of 2^48 sectors can hold.
 * Source: UEFI specification 2.10, 5.2 (MBR) and 5.3 (GPT).
 */
#include "image/parttable.h"

#include "util/digest.h"

#include <string.h>

#define SECTOR         512u
#define MBR_TABLE      446u
#define MBR_ENTRY      16u
#define MBR_PROTECTIVE 0xEEu
#define GPT_HEADER_MIN 92u
#define GPT_ENTRY_MIN  128u
#define SECTORS_MAX    (1ull << 48)

static int is_extended(uint8_t type)
{
    return type == 0x05 || type == 0x0F || type == 0x85;
}

static int bad(struct x8_error *err, const char *what)
{
    x8_fail(err, X8_E_BAD_IMAGE, "the partition table is damaged");
    x8_error_why(err, "%s", what);
    x8_error_next(err, "download the image again");
    return -(int)X8_E_BAD_IMAGE;
}

static void note_end(struct x8_parttable *table, uint64_t end)
{
    if (end > table->end)
        table->end = end;
}

static int overlaps(const struct x8_parttable *table, const struct x8_part *part)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct x8_part *other = &table->parts[i];

        if (part->start < other->start + other->len && other->start < part->start + part->len)
            return 1;
    }
    return 0;
}

static int add(struct x8_parttable *table, const struct x8_part *part, struct x8_error *err)
{
    if (overlaps(table, part))
        return bad(err, "two partitions overlap");
    if (table->count == X8_PART_MAX)
        return bad(err, "it has more partitions than any board uses");
    table->parts[table->count++] = *part;
    note_end(table, part->start + part->len);
    return 0;
}

/* ASCII of a UTF-16LE name of at most 36 units; other characters become '?'. */
static void gpt_name(char out[40], const uint8_t *units)
{
    size_t len = 0;

    for (; len < 36; len++) {
        uint16_t unit = x8_get_le16(units + 2 * len);

        if (!unit)
            break;
        out[len] = unit >= 0x20 && unit < 0x7f ? (char)unit : '?';
    }
    out[len] = '\0';
}

static int gpt_entry(struct x8_parttable *table, const uint8_t *entry, struct x8_error *err)
{
    static const uint8_t unused[16];
    struct x8_part part = {0};
    uint64_t first = x8_get_le64(entry + 32), last = x8_get_le64(entry + 40);

    if (memcmp(entry, unused, sizeof unused) == 0)
        return 0;
    if (!first || last < first || last >= SECTORS_MAX)
        return bad(err, "a GPT entry has impossible bounds");
    part.start = first * SECTOR;
    part.len = (last - first + 1) * SECTOR;
    gpt_name(part.name, entry + 56);
    return add(table, &part, err);
}

static int read_gpt(struct x8_span head, struct x8_parttable *table, struct x8_error *err)
{
    const uint8_t *header = head.data + SECTOR;
    uint32_t size = x8_get_le32(header + 12), count = x8_get_le32(header + 80),
             each = x8_get_le32(header + 84);
    uint64_t backup = x8_get_le64(header + 32), entries = x8_get_le64(header + 72);
    uint8_t copy[SECTOR];
    int rc = 0;

    if (size < GPT_HEADER_MIN || size > SECTOR)
        return bad(err, "the GPT header has an impossible size");
    memcpy(copy, header, size);
    memset(copy + 16, 0, 4);
    if (x8_crc32(0, copy, size) != x8_get_le32(header + 16))
        return bad(err, "the checksum of the GPT header is wrong");
    if (each < GPT_ENTRY_MIN || each > SECTOR || count > 1024 || entries >= SECTORS_MAX ||
        !x8_fits(entries * SECTOR, (uint64_t)count * each, head.len))
        return bad(err, "the GPT entries lie outside the beginning of the image");
    if (x8_crc32(0, head.data + entries * SECTOR, (size_t)count * each) != x8_get_le32(header + 88))
        return bad(err, "the checksum of the GPT entries is wrong");
    table->kind = X8_TABLE_GPT;
    for (uint32_t i = 0; rc == 0 && i < count; i++)
        rc = gpt_entry(table, head.data + entries * SECTOR + (size_t)i * each, err);
    if (rc == 0 && backup < SECTORS_MAX)
        note_end(table, (backup + 1) * SECTOR);
    return rc;
}

static int read_mbr(struct x8_span head, struct x8_parttable *table, struct x8_error *err)
{
    int rc = 0;

    table->kind = X8_TABLE_MBR;
    for (unsigned i = 0; rc == 0 && i < 4; i++) {
        const uint8_t *entry = head.data + MBR_TABLE + i * MBR_ENTRY;
        struct x8_part part = {.active = entry[0] == 0x80,
                               .mbr_type = entry[4],
                               .start = (uint64_t)x8_get_le32(entry + 8) * SECTOR,
                               .len = (uint64_t)x8_get_le32(entry + 12) * SECTOR};

        if (!entry[4] || !part.len)
            continue;
        if (entry[0] != 0 && entry[0] != 0x80)
            return bad(err, "an MBR entry has an impossible boot flag");
        if (!part.start && !is_extended(entry[4]))
            return bad(err, "a partition begins at the table itself");
        rc = add(table, &part, err);
    }
    return rc;
}

static int is_gpt(struct x8_span head)
{
    return head.len >= 2 * SECTOR && head.data[MBR_TABLE + 4] == MBR_PROTECTIVE &&
           memcmp(head.data + SECTOR, "EFI PART", 8) == 0;
}

int x8_parttable_read(struct x8_span head, struct x8_parttable *out, struct x8_error *err)
{
    struct x8_parttable table = {0};
    int rc = 0;

    if (head.len >= SECTOR && head.data[510] == 0x55 && head.data[511] == 0xAA)
        rc = is_gpt(head) ? read_gpt(head, &table, err) : read_mbr(head, &table, err);
    if (rc == 0)
        *out = table;
    return rc;
}
