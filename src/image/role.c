/*
 * What a file of a release is for, told from its name and confirmed by its first bytes. Names are
 * those of meta-lmp and of Yocto's deploy folders; the machine's name in them is not looked at.
 */
#include "image/setparts.h"
#include "util/file.h"
#include "util/text.h"

#include <string.h>

static const char *const packed_suffixes[] = {".gz", ".bz2", ".xz", ".zst"};
static const char *const os_suffixes[] = {".wic", ".img", ".sdimg", ".sdcard", ".simg"};

/* What stands in for a role only when nothing better is there: signed for closed boards, or a
 * build's further flavours. */
static const char *const second_choices[] = {".signed", ".bin-flash", "-nodtb", ".unsigned"};

size_t unpacked_name_len(const char *path)
{
    for (size_t i = 0; i < X8_COUNT(packed_suffixes); i++)
        if (x8_ends(path, packed_suffixes[i]))
            return strlen(path) - strlen(packed_suffixes[i]);
    return strlen(path);
}

static int is_os_name(const char *name)
{
    size_t len = unpacked_name_len(name);
    for (size_t i = 0; i < X8_COUNT(os_suffixes); i++) {
        size_t n = strlen(os_suffixes[i]);
        if (len > n && memcmp(name + len - n, os_suffixes[i], n) == 0)
            return 1;
    }
    return 0;
}

enum x8_role role_of_name(const char *path)
{
    static const struct {
        const char *prefix, *suffix;
        enum x8_role role;
    } rows[] = {
        {"", ".uuu", X8_ROLE_SCRIPT},    {"uuu.auto", "uuu.auto", X8_ROLE_SCRIPT},
        {"", ".bmap", X8_ROLE_BMAP},     {"imx-boot-mfgtool", "", X8_ROLE_MFG_SPL},
        {"imx-boot", "", X8_ROLE_SPL},   {"u-boot-mfgtool", ".itb", X8_ROLE_MFG_FIT},
        {"u-boot", ".itb", X8_ROLE_FIT}, {"sit-", ".bin", X8_ROLE_SIT},
    };
    const char *name = x8_path_base(path);
    for (size_t i = 0; i < X8_COUNT(rows); i++)
        if (x8_starts(name, rows[i].prefix) && x8_ends(name, rows[i].suffix))
            return rows[i].role;
    return is_os_name(name) ? X8_ROLE_OS : X8_ROLE_OTHER;
}

/* The image vector table of the boot ROM: tag d1, length 32, version 40 or 41. It stands first in
 * loaders for the 8M Mini and further in for others. */
static int has_ivt(struct x8_span head)
{
    for (size_t i = 0; i + 4 <= head.len; i += 4)
        if ((x8_get_be32(head.data + i) & 0xfffffffeu) == 0xd1002040u)
            return 1;
    return 0;
}

static int is_text(struct x8_span head)
{
    return head.len == 0 || !memchr(head.data, 0, head.len < 512 ? head.len : 512);
}

int role_confirmed(enum x8_role role, struct x8_span head)
{
    switch (role) {
    case X8_ROLE_SCRIPT:
    case X8_ROLE_BMAP:
        return is_text(head);
    case X8_ROLE_MFG_SPL:
    case X8_ROLE_SPL:
        return has_ivt(head);
    case X8_ROLE_MFG_FIT:
    case X8_ROLE_FIT: /* a flattened device tree */
        return head.len >= 4 && x8_get_be32(head.data) == 0xd00dfeedu;
    case X8_ROLE_SIT: /* secondary image table: chip, driver, tag */
        return head.len >= 12 && x8_get_le32(head.data + 8) == 0x00112233u;
    default:
        return 1;
    }
}

int role_is_small(enum x8_role role)
{
    return role != X8_ROLE_OTHER && role != X8_ROLE_OS;
}

const char *role_words(enum x8_role role)
{
    static const char *const words[X8_ROLE_COUNT] = {
        [X8_ROLE_OTHER] = "other file",
        [X8_ROLE_SCRIPT] = "script (*.uuu)",
        [X8_ROLE_MFG_SPL] = "first loader for the flash (imx-boot-mfgtool)",
        [X8_ROLE_MFG_FIT] = "second loader for the flash (u-boot-mfgtool.itb)",
        [X8_ROLE_OS] = "system image (*.wic, *.wic.gz)",
        [X8_ROLE_SPL] = "boot loader (imx-boot-<machine>)",
        [X8_ROLE_FIT] = "second boot loader (u-boot-<machine>.itb)",
        [X8_ROLE_SIT] = "secondary image table (sit-<machine>.bin)",
        [X8_ROLE_BMAP] = "block map (*.bmap)"};
    return words[role];
}

int is_nested_archive(const char *path)
{
    const char *name = x8_path_base(path);
    size_t len = unpacked_name_len(name);
    int is_tar = len > 4 && memcmp(name + len - 4, ".tar", 4) == 0;
    /* Not its checksum or signature, which have its name and one more ending. */
    return x8_starts(name, "mfgtool-files") && (is_tar || x8_ends(name, ".tgz"));
}

static int same_file(const struct item *a, const struct item *b)
{
    if (a->box || b->box)
        return a->box == b->box && a->ordinal == b->ordinal;
    return a->ino == b->ino && a->dev == b->dev;
}

static int is_second_choice(const struct item *item)
{
    for (size_t i = 0; i < X8_COUNT(second_choices); i++)
        if (strstr(x8_path_base(item->path), second_choices[i]))
            return 1;
    return 0;
}

/* The same image once packed and once not: the packed one proves that it is whole. */
static int is_unpacked_twin(const struct item *a, const struct item *b)
{
    size_t len = strlen(a->path);
    return unpacked_name_len(a->path) == len && unpacked_name_len(b->path) == len &&
           strlen(b->path) > len && memcmp(a->path, b->path, len) == 0;
}

/* Builds also leave *.img files that are no whole images: initial RAM disks, boot partitions. */
static int is_wic(const struct item *item)
{
    size_t len = unpacked_name_len(item->path);
    return len > 4 && memcmp(item->path + len - 4, ".wic", 4) == 0;
}

/* Is `b` to be taken instead of `a`? */
static int beats(enum x8_role role, const struct item *b, const struct item *a)
{
    if (same_file(a, b)) {
        size_t la = strlen(a->path), lb = strlen(b->path);
        return lb < la || (lb == la && strcmp(b->path, a->path) < 0);
    }
    if (is_second_choice(a) != is_second_choice(b))
        return is_second_choice(a);
    if (role == X8_ROLE_SCRIPT)
        return !strcmp(x8_path_base(b->path), "full_image.uuu") &&
               strcmp(x8_path_base(a->path), "full_image.uuu") != 0;
    if (role == X8_ROLE_OS && is_wic(a) != is_wic(b))
        return is_wic(b);
    if (role == X8_ROLE_OS && is_unpacked_twin(a, b))
        return 1;
    /* Yocto links the plain name to the newest build; the older ones stay beside it. */
    if (role == X8_ROLE_OS && is_unpacked_twin(b, a))
        return 0;
    return b->is_link && !a->is_link;
}

size_t role_choose(enum x8_role role, const struct item **candidates, size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count && candidates[i]; k++)
            if (k != i && candidates[k] && beats(role, candidates[k], candidates[i]))
                candidates[i] = NULL;
    for (size_t i = 0; i < count; i++)
        if (candidates[i])
            candidates[left++] = candidates[i];
    return left;
}
