/*
 * Where the loader's partition names lie on the eMMC of an i.MX 8M Mini board. The loader does not
 * tell, so the places are constants of its build; they are needed to check sizes before anything is
 * sent and to read back what was written. Source: U-Boot (foundriesio)
 * drivers/fastboot/fb_fsl/fb_fsl_partitions.c and include/fb_fsl.h; LmP's 2 MiB secondary boot
 * offset.
 */
#ifndef X8_FLASH_LAYOUT_H
#define X8_FLASH_LAYOUT_H

#include "util/bytes.h"

#define X8_SECTOR 512u

/* What a partition is expected to hold, as far as it can be recognised. */
enum x8_holds { X8_HOLDS_ANY, X8_HOLDS_DISK, X8_HOLDS_IVT, X8_HOLDS_FIT, X8_HOLDS_SIT };

struct x8_place {
    const char *name;
    int hwpart;      /* 0 user area, 1 boot0, 2 boot1 */
    uint64_t offset; /* bytes */
    uint64_t max;    /* bytes; 0: to the end of the area */
    enum x8_holds holds;
    const char *words; /* for people */
};

/* NULL for a name this table does not know. */
const struct x8_place *x8_place_of(const char *partition);

/* 1 when the loader writes this name raw, never as sparse image (names that begin with boot or
 * misc, and sit). */
int x8_place_is_raw(const char *partition);

#endif
