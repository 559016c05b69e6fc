/*
 * Text for the loader's shell, cut into simple commands: enough to say what a line does and to
 * notice what is dangerous, far from a shell. Pure.
 */
#ifndef X8_FLASH_WORDS_UBOOT_H
#define X8_FLASH_WORDS_UBOOT_H

#include <stddef.h>
#include <stdint.h>

#define X8_UBOOT_WORDS    12
#define X8_UBOOT_WORD_LEN 80

/* One simple command: between ';', '&&', '||' and line ends. Words and text are cut when long. */
struct x8_uboot_cmd {
    int argc;
    char argv[X8_UBOOT_WORDS][X8_UBOOT_WORD_LEN]; /* quotes gone, cleaned */
    char text[256];                               /* as written, trimmed */
};

/* The next command at *at, which moves on. 1, or 0 at the end. Empty commands are skipped. */
int x8_uboot_next(const char **at, struct x8_uboot_cmd *out);

/* 1 when word i of `cmd` is `word`. */
int x8_uboot_is(const struct x8_uboot_cmd *cmd, int i, const char *word);

/* A number as the loader reads most of them: hexadecimal with or without 0x. 0, or -1. */
int x8_uboot_hex(const char *text, uint64_t *out);

/* The hardware partition that "mmc dev N P" selects (0 when P is absent); -1 for other commands. */
int x8_uboot_hwpart(const struct x8_uboot_cmd *cmd);

/* What a hardware partition is for a reader: "boot area 0 (boot0)". */
const char *x8_uboot_hwpart_name(int hwpart);

#define X8_EMMC_BLOCK       512
#define X8_EMMC_BOOT_BLOCKS 0x2000 /* 4 MiB: each boot area of the X8's eMMC */

#endif
