/*
 * How long a board may stay silent over a piece of work: longer than any in order needs, and known
 * beforehand.
 */
#include "flash/job.h"
#include "flash/words_uboot.h"

#include <string.h>

/* A command line of the loader may train or probe something. */
#define COMMAND_LIMIT_MS 60000
/* Erasing of unknown extent: a secure erase of a whole eMMC takes minutes. */
#define ERASE_LIMIT_MS 300000
/* Erasing takes a fraction of what writing does. */
#define ERASE_BYTES_PER_MS 10000

int x8_write_limit_ms(uint64_t bytes, int at_least_ms)
{
    uint64_t ms = 20000 + bytes / 2000;

    if (ms > 3600000)
        ms = 3600000;
    return (int)ms > at_least_ms ? (int)ms : at_least_ms;
}

/* What `mmc erase START COUNT` erases is known. */
static int erase_limit(const char *text)
{
    struct x8_uboot_cmd cmd;
    uint64_t blocks, limit = 0;

    while (x8_uboot_next(&text, &cmd)) {
        if (!x8_uboot_is(&cmd, 1, "erase"))
            continue;
        if (!x8_uboot_is(&cmd, 0, "mmc") || cmd.argc != 4 ||
            x8_uboot_hex(cmd.argv[3], &blocks) < 0 || blocks > UINT32_MAX)
            return ERASE_LIMIT_MS;
        limit += 30000 + blocks * X8_SECTOR / ERASE_BYTES_PER_MS;
    }
    return limit && limit < ERASE_LIMIT_MS ? (int)limit : ERASE_LIMIT_MS;
}

int x8_ucmd_limit_ms(const char *text)
{
    return strstr(text, "erase") ? erase_limit(text) : COMMAND_LIMIT_MS;
}
