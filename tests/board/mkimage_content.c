/*
 * A disk image like those of a release: partition table, raw loaders in front, a FAT partition at 4
 * MiB, an ext4 one behind it; stretches of zeros, of one repeated word, of data that deflates to
 * about a half and of data that hardly does, from 4 KiB to 4 MiB long.
 */
#include "mkimage.h"

#include "util/bytes.h"
#include "vb_make.h"

#include <stdlib.h>
#include <string.h>

enum kind { ZERO, FILL, MIXED, DENSE, SPECIAL };

#define PHRASES    1024u
#define PHRASE_LEN 16u
#define FAT_AT     (4u << 20)
#define SPL_AT     0x8400u
#define FIT_AT     0x60000u

static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* 4 KiB to 4 MiB, short ones more often. */
static uint64_t stretch(uint64_t *state)
{
    unsigned bits = (unsigned)(next(state) % 11);

    return 1 + next(state) % (UINT64_C(1) << bits);
}

/* Of what is not zero: 7 % one word, 18 % dense, the rest mixed. */
static uint8_t kind_of(uint64_t *state, int want_zero)
{
    unsigned dice = (unsigned)(next(state) % 100);

    if (want_zero)
        return ZERO;
    return dice < 7 ? FILL : dice < 25 ? DENSE : MIXED;
}

/* Keeps the share of zeros near the wanted one all along, also in a small image. */
static void plan_stretches(struct mk_image *image, uint64_t blocks)
{
    uint64_t state = mix(image->seed), at = 0, used = 0;

    while (at < blocks) {
        uint64_t len = stretch(&state);
        uint8_t kind = kind_of(&state, used * 100 >= at * image->nonzero && image->nonzero < 100);

        for (; len > 0 && at < blocks; len--, at++) {
            image->kinds[at] = kind;
            used += kind != ZERO;
        }
    }
}

void mk_image_plan(struct mk_image *image)
{
    uint64_t blocks = image->size / MK_BLOCK, state = mix(image->seed + 1);

    image->kinds = malloc(blocks);
    image->phrases = malloc(PHRASES * PHRASE_LEN + 64);
    if (!image->kinds || !image->phrases)
        mk_die("memory");
    for (size_t i = 0; i < PHRASES * PHRASE_LEN + 64; i++)
        image->phrases[i] = (uint8_t)(next(&state) >> 32);
    plan_stretches(image, blocks);
    memset(image->kinds, SPECIAL, FAT_AT / MK_BLOCK + 1);
}

void mk_image_done(struct mk_image *image)
{
    free(image->kinds);
    free(image->phrases);
}

static void dense(uint64_t state, uint8_t *out)
{
    for (size_t i = 0; i < MK_BLOCK; i += 8)
        x8_put_le64(out + i, next(&state));
}

/* Eight letters of 64, then a phrase seen elsewhere: literals and matches for an inflater. */
static void mixed(const struct mk_image *image, uint64_t state, uint8_t *out)
{
    static const char letters[64] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._";
    size_t at = 0;

    while (at < MK_BLOCK) {
        uint64_t bits = next(&state);
        size_t phrase = (size_t)(bits >> 48) % PHRASES, len = 16 + (size_t)(bits >> 60);

        for (size_t i = 0; i < 8 && at < MK_BLOCK; i++, bits >>= 6)
            out[at++] = (uint8_t)letters[bits & 63];
        if (len > MK_BLOCK - at)
            len = MK_BLOCK - at;
        memcpy(out + at, image->phrases + phrase * PHRASE_LEN, len);
        at += len;
    }
}

static void fill(uint64_t state, uint8_t *out)
{
    uint32_t word = (uint32_t)state | 1;

    for (size_t i = 0; i < MK_BLOCK; i += 4)
        x8_put_le32(out + i, word);
}

/* ---- the blocks with a structure ---- */

static void partition(uint8_t *entry, uint8_t active, uint8_t type, uint64_t start, uint64_t end)
{
    entry[0] = active;
    entry[4] = type;
    x8_put_le32(entry + 8, (uint32_t)(start / 512));
    x8_put_le32(entry + 12, (uint32_t)((end - start) / 512));
}

/* Where the second partition begins: a quarter into a small image, else behind 64 MiB of FAT. */
static uint64_t root_at(const struct mk_image *image)
{
    uint64_t usual = UINT64_C(68) << 20;

    return image->size > 2 * usual ? usual : image->size / 4 / (1u << 20) * (1u << 20) + FAT_AT;
}

static void mbr(const struct mk_image *image, uint8_t *out)
{
    x8_put_le32(out + 440, (uint32_t)mix(image->seed));
    partition(out + 446, 0x80, 0x0c, FAT_AT, root_at(image));
    partition(out + 462, 0, 0x83, root_at(image), image->size);
    out[510] = 0x55;
    out[511] = 0xaa;
}

static void fat_header(uint8_t *out)
{
    memcpy(out, "\xeb\x58\x90mkfs.fat\0\x02\x01\x20\0\x02", 17);
    memcpy(out + 71, "boot       FAT32   ", 19);
    out[510] = 0x55;
    out[511] = 0xaa;
}

static void ext4_header(const struct mk_image *image, uint8_t *out)
{
    x8_put_le32(out + 1024 + 4, (uint32_t)((image->size - root_at(image)) / 4096));
    x8_put_le32(out + 1024 + 24, 2);
    x8_put_le16(out + 1024 + 56, 0xef53);
    memcpy(out + 1024 + 120, "otaroot", 7);
}

/* What the image holds in front of its first partition; loaders as a wic file carries them. */
static void front(const struct mk_image *image, uint64_t block, uint8_t *out)
{
    static uint8_t area[FAT_AT];
    static uint64_t made_for = UINT64_MAX;

    if (made_for != image->seed) {
        memset(area, 0, sizeof area);
        mbr(image, area);
        vb_make_spl(area + SPL_AT, FIT_AT - SPL_AT, 180000, (unsigned)image->seed + 11);
        vb_make_fit(area + FIT_AT, FAT_AT - FIT_AT, 900000, (unsigned)image->seed + 12);
        made_for = image->seed;
    }
    memcpy(out, area + block * MK_BLOCK, MK_BLOCK);
}

static void special(const struct mk_image *image, uint64_t block, uint8_t *out)
{
    memset(out, 0, MK_BLOCK);
    if (block < FAT_AT / MK_BLOCK)
        front(image, block, out);
    else if (block == FAT_AT / MK_BLOCK)
        fat_header(out);
}

static void one_block(const struct mk_image *image, uint64_t block, uint8_t *out)
{
    uint64_t state = mix(image->seed ^ mix(block + 7)) | 1;

    switch ((enum kind)image->kinds[block]) {
    case ZERO:
        memset(out, 0, MK_BLOCK);
        break;
    case FILL:
        fill(mix(image->seed + block / 64), out);
        break;
    case DENSE:
        dense(state, out);
        break;
    case MIXED:
        mixed(image, state, out);
        break;
    default:
        special(image, block, out);
    }
    if (block == root_at(image) / MK_BLOCK) {
        memset(out, 0, MK_BLOCK);
        ext4_header(image, out);
    }
}

void mk_image_blocks(const struct mk_image *image, uint64_t first, uint8_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        one_block(image, first + i, out + i * MK_BLOCK);
}
