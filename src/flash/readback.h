/*
 * Reading on the board: a range of the eMMC into the board's memory, and its CRC-32 compared there.
 * No data comes back over USB. The loader's OKAY to a write is no proof, this is.
 *
 * Everything is joined with "&&": under the hush shell "a; b" answers with the status of b alone,
 * and a read beyond the device followed by a checksum of the old buffer said OKAY.
 */
#ifndef X8_FLASH_READBACK_H
#define X8_FLASH_READBACK_H

#include "flash/job.h"

/* The download buffer of the Portenta X8's loader: RAM that may be overwritten between two flash
 * commands. */
#define X8_BOARD_BUFFER "0x42800000"

struct x8_readback {
    struct x8_job *job; /* borrowed, as all of it */
    struct x8_fastboot *fb;
    const struct x8_place *place; /* offsets count from its start */
    const char *device;           /* number of the eMMC as the loader's shell takes it */
};

/*
 * 1 when the loader can do it, 0 when it has no `crc32 -v`, negative: the link. Asks the loader
 * for its device each time, as a script may change it.
 */
int x8_readback_open(struct x8_job *job, struct x8_fastboot *fb, const struct x8_place *place,
                     struct x8_readback *out, struct x8_error *err);

/* At most X8_REGION_MAX bytes. 1 equal, 0 not (or it cannot be read), negative: the link. */
int x8_readback_equal(const struct x8_readback *back, uint64_t offset, uint64_t len, uint32_t crc,
                      struct x8_error *err);
/* 1 when the range can be read at all. */
int x8_readback_readable(const struct x8_readback *back, uint64_t offset, uint64_t len,
                         struct x8_error *err);
/* Any length. 1 when all of it is zero. */
int x8_readback_is_zero(const struct x8_readback *back, uint64_t offset, uint64_t len,
                        struct x8_error *err);
/* All regions. 1 when all are equal; stops at the first that is not. */
int x8_readback_regions(const struct x8_readback *back, const struct x8_regions *regions,
                        struct x8_error *err);

/* A line for the loader's shell: 1 OKAY, 0 FAIL, negative: the link. */
int x8_shell_ask(struct x8_fastboot *fb, const char *command, int limit_ms, struct x8_error *err);
/*
 * The device that the loader's flash command writes to, as an expression of its shell. U-Boot takes
 * target_ubootdev, else mmcdev, else 2 (drivers/fastboot/fb_fsl). 0, or negative.
 */
int x8_shell_device(struct x8_fastboot *fb, const char **out, struct x8_error *err);

#endif
