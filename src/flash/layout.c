/*
 * Partition names of the loader and their places.
 */
#include "flash/layout.h"

#include "util/attr.h"
#include "util/text.h"

#include <string.h>

/* 0x2BE sectors from 33 KiB to 384 KiB hold the SPL, 0xD00 sectors behind it the FIT; the second
 * set lies 0x1000 sectors higher. */
#define SPL_MAX (0x2BEu * X8_SECTOR)
#define FIT_MAX (0xD00u * X8_SECTOR)

static const struct x8_place places[] = {
    {"all", 0, 0, 0, X8_HOLDS_DISK, "the eMMC user area"},
    {"sit", 1, 0x41 * X8_SECTOR, X8_SECTOR, X8_HOLDS_SIT, "the secondary image table"},
    {"bootloader", 1, 0x42 * X8_SECTOR, SPL_MAX, X8_HOLDS_IVT, "the first loader"},
    {"bootloader2", 1, 0x300 * X8_SECTOR, FIT_MAX, X8_HOLDS_FIT, "the second loader"},
    {"bootloader_s", 1, 0x1042 * X8_SECTOR, SPL_MAX, X8_HOLDS_IVT, "the spare first loader"},
    {"bootloader2_s", 1, 0x1300 * X8_SECTOR, FIT_MAX, X8_HOLDS_FIT, "the spare second loader"},
};

const struct x8_place *x8_place_of(const char *partition)
{
    for (size_t i = 0; partition && i < X8_COUNT(places); i++)
        if (strcmp(places[i].name, partition) == 0)
            return &places[i];
    return NULL;
}

int x8_place_is_raw(const char *partition)
{
    return x8_starts(partition, "boot") || x8_starts(partition, "misc") ||
           strcmp(partition, "sit") == 0;
}
