/*
 * ext2, ext3 and ext4: superblock, group descriptors, one bitmap of blocks (or clusters) for each
 * group. A bitmap counts only when its number of free bits is the one its descriptor says.
 *
 * Offsets from the kernel's Documentation/filesystems/ext4 (super.rst, group_descr.rst).
 */
#include "image/usedmap_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUPER_AT 1024u
#define MAGIC    0xef53u

enum { STATE_CLEAN = 1, STATE_ERRORS = 2 };
enum { COMPAT_JOURNAL = 4, COMPAT_SPARSE_SUPER2 = 0x200 };
/* FILETYPE, EXTENTS, 64BIT, MMP, FLEX_BG, EA_INODE, CSUM_SEED, LARGEDIR, INLINE_DATA, ENCRYPT,
 * CASEFOLD. Others change where things are (META_BG), or need a replay first (RECOVER). */
enum {
    INCOMPAT_RECOVER = 4,
    INCOMPAT_EXTENTS = 0x40,
    INCOMPAT_64BIT = 0x80,
    INCOMPAT_KNOWN =
        0x2 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000
};
/* SPARSE_SUPER, LARGE_FILE, BTREE_DIR, HUGE_FILE, GDT_CSUM, DIR_NLINK, EXTRA_ISIZE, QUOTA,
 * BIGALLOC, METADATA_CSUM, READONLY, PROJECT, SHARED_BLOCKS, VERITY, ORPHAN_PRESENT. */
enum {
    RO_SPARSE_SUPER = 1,
    RO_GDT_CSUM = 0x10,
    RO_BIGALLOC = 0x200,
    RO_METADATA_CSUM = 0x400,
    RO_KNOWN = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200 | 0x400 | 0x1000 |
               0x2000 | 0x4000 | 0x8000 | 0x10000
};
enum { GROUP_BLOCK_UNINIT = 2 };

static uint64_t fs_start(struct x8_usedmap *map, const struct used_fs *fs)
{
    return used_part(map, fs)->start;
}

/* Byte offset in the image of a block of the file system. */
static uint64_t at_block(struct x8_usedmap *map, const struct used_fs *fs, uint64_t block)
{
    return fs_start(map, fs) + block * fs->block;
}

static const uint8_t *desc_of(const struct used_fs *fs, uint32_t group)
{
    return fs->descs + (size_t)group * fs->desc_size;
}

/* A block number of a descriptor: low half at `lo`, high half at `hi` where descriptors are long.
 */
static uint64_t desc_block(const struct used_fs *fs, uint32_t group, unsigned lo, unsigned hi)
{
    const uint8_t *desc = desc_of(fs, group);

    return x8_get_le32(desc + lo) |
           (fs->desc_size >= 64 ? (uint64_t)x8_get_le32(desc + hi) << 32 : 0);
}

static uint64_t group_first(const struct used_fs *fs, uint32_t group)
{
    return fs->first + (uint64_t)group * fs->per_group * fs->cluster_ratio;
}

/* Clusters of a group; the last one may be shorter. */
static uint32_t group_bits(const struct used_fs *fs, uint32_t group)
{
    uint64_t blocks = fs->blocks - group_first(fs, group);
    uint64_t bits = (blocks + fs->cluster_ratio - 1) / fs->cluster_ratio;

    return bits < fs->per_group ? (uint32_t)bits : fs->per_group;
}

static void free_clusters(struct x8_usedmap *map, const struct used_fs *fs, uint32_t group,
                          uint32_t from, uint32_t to)
{
    uint64_t first = group_first(fs, group);
    uint64_t a = first + (uint64_t)from * fs->cluster_ratio;
    uint64_t b = first + (uint64_t)to * fs->cluster_ratio;

    used_free(map, fs, at_block(map, fs, a), at_block(map, fs, b < fs->blocks ? b : fs->blocks));
}

static int bit(const uint8_t *bits, uint32_t i)
{
    return bits[i / 8] >> i % 8 & 1;
}

static void take_bitmap(struct x8_usedmap *map, struct used_want *want)
{
    struct used_fs *fs = want->fs;
    uint32_t group = want->number, bits = group_bits(fs, group), unused = 0;
    const uint8_t *desc = desc_of(fs, group);
    uint32_t said =
        x8_get_le16(desc + 12) | (fs->desc_size >= 64 ? (uint32_t)x8_get_le16(desc + 44) << 16 : 0);

    for (uint32_t i = 0; i < bits; i++)
        unused += !bit(want->data, i);
    if (unused != said) {
        used_fail(map, fs, "a block bitmap does not fit what its group says");
        return;
    }
    for (uint32_t i = 0, end; i < bits; i = end) {
        int is_used = bit(want->data, i);
        for (end = i + 1; end < bits && bit(want->data, end) == is_used; end++)
            ;
        if (!is_used)
            free_clusters(map, fs, group, i, end);
    }
}

static int is_power(uint32_t n, uint32_t base)
{
    while (n > 1 && n % base == 0)
        n /= base;
    return n == 1;
}

/* Does the group begin with a copy of the superblock and the descriptors? */
static int has_super(const struct used_fs *fs, uint32_t group)
{
    if (fs->sparse_super2)
        return group == 0 || group == fs->backups[0] || group == fs->backups[1];
    if (!fs->sparse_super || group <= 1)
        return 1;
    return is_power(group, 3) || is_power(group, 5) || is_power(group, 7);
}

/* A group whose bitmap was never written holds nothing but copies and tables. */
static void take_uninit(struct x8_usedmap *map, const struct used_fs *fs, uint32_t group)
{
    uint64_t first = group_first(fs, group);
    uint64_t own = has_super(fs, group) ? 2 + (uint64_t)fs->gdt_blocks + fs->reserved_gdt : 0;

    free_clusters(map, fs, group, 0, group_bits(fs, group));
    used_keep(map, fs, at_block(map, fs, first), at_block(map, fs, first + own));
}

/* Bitmaps and inode tables, wherever they lie: some groups hold those of others (flex_bg). */
static void keep_tables(struct x8_usedmap *map, struct used_fs *fs)
{
    uint64_t table = ((uint64_t)fs->inodes_per_group * fs->inode_size + fs->block - 1) / fs->block;

    for (uint32_t g = 0; g < fs->groups; g++) {
        uint64_t at[] = {desc_block(fs, g, 0, 32), desc_block(fs, g, 4, 36),
                         desc_block(fs, g, 8, 40)};
        used_keep(map, fs, at_block(map, fs, at[0]), at_block(map, fs, at[0] + 1));
        used_keep(map, fs, at_block(map, fs, at[1]), at_block(map, fs, at[1] + 1));
        used_keep(map, fs, at_block(map, fs, at[2]), at_block(map, fs, at[2] + table));
    }
}

static int is_inside(const struct used_fs *fs, uint32_t group, uint64_t table)
{
    uint64_t a = desc_block(fs, group, 0, 32), b = desc_block(fs, group, 4, 36);
    uint64_t c = desc_block(fs, group, 8, 40);

    return a && b && c && a < fs->blocks && b < fs->blocks && c < fs->blocks &&
           table <= fs->blocks - c;
}

static void take_descs(struct x8_usedmap *map, struct used_want *want)
{
    struct used_fs *fs = want->fs;
    uint64_t table = ((uint64_t)fs->inodes_per_group * fs->inode_size + fs->block - 1) / fs->block;

    fs->descs = want->data;
    want->data = NULL;
    for (uint32_t g = 0; g < fs->groups; g++)
        if (!is_inside(fs, g, table)) {
            used_fail(map, fs, "a group's tables lie outside of it");
            return;
        }
    for (uint32_t g = 0; g < fs->groups; g++)
        if (fs->has_uninit && x8_get_le16(desc_of(fs, g) + 18) & GROUP_BLOCK_UNINIT)
            take_uninit(map, fs, g);
    keep_tables(map, fs);
    for (uint32_t g = 0; g < fs->groups; g++) {
        if (fs->has_uninit && x8_get_le16(desc_of(fs, g) + 18) & GROUP_BLOCK_UNINIT)
            continue;
        if (used_ask(map, fs, at_block(map, fs, desc_block(fs, g, 0, 32)),
                     (group_bits(fs, g) + 7) / 8, g, take_bitmap) < 0)
            return;
    }
}

/* NULL, or why the numbers of the superblock cannot be used. */
static const char *read_super(struct used_fs *fs, const uint8_t *super, uint64_t part_len)
{
    uint32_t incompat = x8_get_le32(super + 96), ro = x8_get_le32(super + 100);
    uint32_t log_block = x8_get_le32(super + 24), log_cluster = x8_get_le32(super + 28);
    int is_64 = (incompat & INCOMPAT_64BIT) != 0;

    if (incompat & INCOMPAT_RECOVER)
        return "its journal was not replayed";
    if (incompat & ~(uint32_t)INCOMPAT_KNOWN || ro & ~(uint32_t)RO_KNOWN)
        return "it has features that are not known here";
    if (x8_get_le16(super + 58) != STATE_CLEAN)
        return "it was not unmounted cleanly";
    if (log_block > 6 || (ro & RO_BIGALLOC && (log_cluster < log_block || log_cluster > 20)))
        return "its block size makes no sense";
    fs->block = 1024u << log_block;
    fs->cluster_ratio = ro & RO_BIGALLOC ? 1u << (log_cluster - log_block) : 1;
    fs->blocks = x8_get_le32(super + 4) | (is_64 ? (uint64_t)x8_get_le32(super + 336) << 32 : 0);
    fs->first = x8_get_le32(super + 20);
    fs->per_group = x8_get_le32(super + (ro & RO_BIGALLOC ? 36 : 32));
    fs->inodes_per_group = x8_get_le32(super + 40);
    fs->inode_size = x8_get_le32(super + 76) ? x8_get_le16(super + 88) : 128;
    fs->desc_size = is_64 ? x8_get_le16(super + 254) : 32;
    fs->reserved_gdt = x8_get_le16(super + 206);
    fs->sparse_super = (ro & RO_SPARSE_SUPER) != 0;
    fs->sparse_super2 = (x8_get_le32(super + 92) & COMPAT_SPARSE_SUPER2) != 0;
    fs->backups[0] = x8_get_le32(super + 588);
    fs->backups[1] = x8_get_le32(super + 592);
    fs->has_uninit = (ro & (RO_GDT_CSUM | RO_METADATA_CSUM)) != 0;
    if (fs->per_group == 0 || fs->per_group > fs->block * 8 || fs->desc_size < 32 ||
        fs->desc_size > fs->block || fs->first > 1 || fs->inodes_per_group == 0 ||
        fs->inodes_per_group > fs->block * 8 || fs->inode_size < 128 ||
        fs->inode_size > fs->block || fs->blocks <= fs->first || fs->blocks > part_len / fs->block)
        return "its numbers make no sense";
    uint64_t span = (uint64_t)fs->per_group * fs->cluster_ratio;
    uint64_t groups = (fs->blocks - fs->first + span - 1) / span;
    if (groups > USED_GROUPS_MAX)
        return "it is larger than what is read here";
    fs->groups = (uint32_t)groups;
    fs->gdt_blocks = (uint32_t)((groups * fs->desc_size + fs->block - 1) / fs->block);
    return NULL;
}

static const char *kind_of(const uint8_t *super)
{
    if (x8_get_le32(super + 96) & INCOMPAT_EXTENTS)
        return "ext4";
    return x8_get_le32(super + 92) & COMPAT_JOURNAL ? "ext3" : "ext2";
}

int used_ext_begin(struct x8_usedmap *map, struct used_fs *fs, const uint8_t *head)
{
    const uint8_t *super = head + SUPER_AT;
    struct x8_used_part *part = used_part(map, fs);

    if (x8_get_le16(super + 56) != MAGIC)
        return 0;
    snprintf(part->kind, sizeof(part->kind), "%s", kind_of(super));
    snprintf(part->label, sizeof(part->label), "%.16s", (const char *)super + 120);
    const char *why = read_super(fs, super, part->len);
    if (!why && !used_fits(part->start, fs->blocks, fs->block))
        why = "it is larger than what is read here";
    if (why) {
        used_fail(map, fs, why);
        return 1;
    }
    part->block = fs->block;
    /* They follow the block of the superblock, which is not the first one of 1 KiB clusters. */
    used_ask(map, fs, at_block(map, fs, SUPER_AT / fs->block + 1),
             (uint64_t)fs->groups * fs->desc_size, 0, take_descs);
    return 1;
}
