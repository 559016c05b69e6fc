/*
 * Boot images made by hand for tests: as the vendor's packers make them, with places to damage.
 */
#ifndef TEST_IMAGES_H
#define TEST_IMAGES_H

#include "util/bytes.h"

#include <string.h>

#define MM_SELF  0x007e0fc0u
#define MM_ENTRY 0x007e1000u

struct image_words {
    uint8_t version;
    uint32_t entry, dcd, boot_data, self, csf, start, size, plugin;
};

/* IVT at `at`, boot data behind it when its pointer says so. */
static inline void put_ivt(uint8_t *at, const struct image_words *w)
{
    memset(at, 0, 0x40);
    at[0] = 0xd1;
    at[2] = 0x20;
    at[3] = w->version;
    x8_put_le32(at + 4, w->entry);
    x8_put_le32(at + 12, w->dcd);
    x8_put_le32(at + 16, w->boot_data);
    x8_put_le32(at + 20, w->self);
    x8_put_le32(at + 24, w->csf);
    x8_put_le32(at + 32, w->start);
    x8_put_le32(at + 36, w->size);
    x8_put_le32(at + 40, w->plugin);
}

/* What imx-mkimage writes for an i.MX 8M Mini SPL of `spl` bytes (a multiple of 0x200, less 0x40).
 */
static inline struct image_words mm_words(uint32_t file_len)
{
    return (struct image_words){.version = 0x41,
                                .entry = MM_ENTRY,
                                .boot_data = MM_SELF + 0x20,
                                .self = MM_SELF,
                                .csf = MM_SELF + file_len - 0x2060,
                                .start = MM_SELF - 0x400,
                                .size = file_len + 0x400};
}

#endif
