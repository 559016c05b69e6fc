/*
 * FAT12, FAT16 and FAT32: the first allocation table says which clusters are free.
 *
 * Offsets and the count of clusters that tells the three apart: Microsoft's FAT specification 1.03.
 */
#include "image/usedmap_parts.h"

#include <stdio.h>
#include <string.h>

#define FAT12_CLUSTERS 4085u
#define FAT16_CLUSTERS 65525u
#define FAT32_CLUSTERS 0x0ffffff5u

/* The entry of a cluster. */
static uint32_t entry(const struct used_fs *fs, const uint8_t *fat, uint64_t cluster)
{
    if (fs->bits == 32)
        return x8_get_le32(fat + cluster * 4) & 0x0fffffff;
    if (fs->bits == 16)
        return x8_get_le16(fat + cluster * 2);
    uint16_t pair = x8_get_le16(fat + cluster * 3 / 2);
    return cluster % 2 ? pair >> 4 : pair & 0xfff;
}

/* Entry 1 has a bit that drivers take away while the volume is mounted. */
static int is_clean(const struct used_fs *fs, const uint8_t *fat)
{
    if (fs->bits == 32)
        return (x8_get_le32(fat + 4) & 0x08000000) != 0;
    return fs->bits == 12 || (x8_get_le16(fat + 2) & 0x8000) != 0;
}

static void take_fat(struct x8_usedmap *map, struct used_want *want)
{
    struct used_fs *fs = want->fs;
    uint64_t end = fs->clusters + 2;

    if (!is_clean(fs, want->data)) {
        used_fail(map, fs, "it was not unmounted cleanly");
        return;
    }
    for (uint64_t c = 2, next; c < end; c = next) {
        int is_free = entry(fs, want->data, c) == 0;
        for (next = c + 1; next < end && (entry(fs, want->data, next) == 0) == is_free; next++)
            ;
        if (is_free)
            used_free(map, fs, fs->data_at + (c - 2) * fs->cluster,
                      fs->data_at + (next - 2) * fs->cluster);
    }
}

static int is_power(uint32_t n)
{
    return n && (n & (n - 1)) == 0;
}

static void name_it(struct x8_used_part *part, const struct used_fs *fs, const uint8_t *boot)
{
    const char *label = (const char *)boot + (fs->bits == 32 ? 71 : 43);
    int len = 11;

    snprintf(part->kind, sizeof(part->kind), "fat%u", fs->bits);
    while (len > 0 && (label[len - 1] == ' ' || label[len - 1] == '\0'))
        len--;
    if (boot[fs->bits == 32 ? 66 : 38] == 0x29)
        snprintf(part->label, sizeof(part->label), "%.*s", len, label);
    part->block = fs->cluster;
}

int used_fat_begin(struct x8_usedmap *map, struct used_fs *fs, const uint8_t *head)
{
    struct x8_used_part *part = used_part(map, fs);
    uint32_t sector = x8_get_le16(head + 11), per_cluster = head[13], fats = head[16];
    uint64_t reserved = x8_get_le16(head + 14), root = x8_get_le16(head + 17);
    uint64_t total = x8_get_le16(head + 19) ? x8_get_le16(head + 19) : x8_get_le32(head + 32);
    uint64_t fat = x8_get_le16(head + 22) ? x8_get_le16(head + 22) : x8_get_le32(head + 36);

    if ((head[0] != 0xeb && head[0] != 0xe9) || head[510] != 0x55 || head[511] != 0xaa ||
        !is_power(sector) || sector < 512 || sector > 4096 || !is_power(per_cluster) ||
        reserved == 0 || fats == 0 || fats > 2 || head[21] < 0xf0 || total == 0 || fat == 0)
        return 0;
    uint64_t before = reserved + fats * fat + (root * 32 + sector - 1) / sector;
    fs->cluster = sector * per_cluster;
    fs->clusters = total > before ? (total - before) / per_cluster : 0;
    fs->bits = fs->clusters < FAT12_CLUSTERS ? 12 : fs->clusters < FAT16_CLUSTERS ? 16 : 32;
    fs->data_at = part->start + before * sector;
    name_it(part, fs, head);
    /* The table must hold every cluster, and the partition all of it. */
    uint64_t need = ((fs->clusters + 2) * fs->bits + 7) / 8;
    if (fs->clusters == 0 || fs->clusters > FAT32_CLUSTERS || need > fat * sector ||
        total > part->len / sector || (fs->bits == 32) != (root == 0))
        used_fail(map, fs, "its numbers make no sense");
    else if (!used_fits(part->start, total, sector))
        used_fail(map, fs, "it is larger than what is read here");
    else
        used_ask(map, fs, part->start + reserved * sector, need + 1, 0, take_fat);
    return 1;
}
