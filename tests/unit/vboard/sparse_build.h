/*
 * Sparse images by hand, right and wrong ones, for the tests of the sparse parser.
 */
#ifndef VB_SPARSE_BUILD_H
#define VB_SPARSE_BUILD_H

#include "drive.h"

static uint8_t image[48 << 20];
static size_t image_len;

static inline void header(uint32_t block_size, uint32_t total_blocks, uint32_t chunks)
{
    memset(image, 0, 64);
    x8_put_le32(image, 0xed26ff3a);
    x8_put_le16(image + 4, 1);
    x8_put_le16(image + 8, 28);
    x8_put_le16(image + 10, 12);
    x8_put_le32(image + 12, block_size);
    x8_put_le32(image + 16, total_blocks);
    x8_put_le32(image + 20, chunks);
    image_len = 28;
}

static inline void chunk(uint16_t type, uint32_t blocks, uint32_t total)
{
    uint8_t *h = image + image_len;
    x8_put_le16(h, type);
    x8_put_le16(h + 2, 0);
    x8_put_le32(h + 4, blocks);
    x8_put_le32(h + 8, total);
    image_len += 12;
}

static inline void bytes(size_t len, uint8_t value)
{
    memset(image + image_len, value, len);
    image_len += len;
}

static inline void raw(uint32_t blocks, uint32_t block_size, uint8_t value)
{
    chunk(0xcac1, blocks, 12 + blocks * block_size);
    bytes((size_t)blocks * block_size, value);
}

static inline void fill(uint32_t blocks, uint32_t pattern)
{
    chunk(0xcac2, blocks, 16);
    x8_put_le32(image + image_len, pattern);
    image_len += 4;
}

static inline void dont_care(uint32_t blocks)
{
    chunk(0xcac3, blocks, 12);
}

static inline const char *flash(struct drive *d)
{
    assert_string_equal(drive_download(d, image, image_len), "OKAY");
    return drive_fb(d, "flash:all");
}

/* 1 when every byte of `blocks` blocks of 512 from `first` has this value. */
static inline int holds(struct drive *d, uint64_t first, uint64_t blocks, uint8_t value)
{
    uint8_t sector[512];
    for (uint64_t i = 0; i < blocks; i++) {
        assert_int_equal(drive_read(d, 0, (first + i) * 512, sector, sizeof sector), 0);
        for (size_t k = 0; k < sizeof sector; k++)
            if (sector[k] != value)
                return 0;
    }
    return 1;
}

static inline uint64_t touched(struct drive *d)
{
    return vb_medium_touched(d->vb, 0, 0, vb_medium_size(d->vb, 0)) / 512;
}

static const char *const loaders[] = {"loader=2022", "loader=2024"};
#define BOTH(i) for (size_t i = 0; i < 2; i++)

#endif
