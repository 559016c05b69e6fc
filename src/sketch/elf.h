/*
 * Is this file a sketch for the X8's M4? Pure functions over bytes.
 *
 * What the board accepts: a 32-bit little-endian ARM executable whose loaded bytes lie, by physical
 * address, in the second flash bank of the STM32H747; the first word there is the stack pointer,
 * which the M7's firmware wants in the RAM at 0x10000000 before it lets the M4 go; the second is
 * the reset vector. Sources: ArduinoCore-mbed, variants/PORTENTA_X8 (linker script) and its
 * boards.txt; arduino/portentax8-stm32h7-fw (the check of the first word).
 */
#ifndef X8_SKETCH_ELF_H
#define X8_SKETCH_ELF_H

#include "util/bytes.h"
#include "util/error.h"

#include <stdint.h>

#define X8_SKETCH_FLASH     0x08100000u /* second bank of the STM32H747, 1 MiB */
#define X8_SKETCH_FLASH_LEN 0x00100000u
#define X8_SKETCH_FQBN      "arduino:mbed_portenta:portenta_x8"

/* A place where a sketch may be loaded. */
struct x8_sketch_region {
    uint32_t start, len; /* bytes */
};

/* Where sketches may lie. `regions` is borrowed; without one, the flash bank above. The vector
 * table has to be at the start of the first region. */
struct x8_sketch_rules {
    const struct x8_sketch_region *regions;
    size_t count;
};

/* What the file says about itself. */
struct x8_sketch_elf {
    uint32_t low, high;    /* first byte loaded, and one past the last */
    uint32_t load_bytes;   /* bytes that are written to flash */
    uint32_t stack, reset; /* the first two words of the vector table */
    uint32_t entry;        /* 0: none; the M4 starts by its vector table */
    unsigned segments;     /* that are loaded */
    int has_debug;         /* it carries debug data: most of a file's size */
};

/*
 * Check a whole file. X8_E_BAD_IMAGE: no ELF (what it is instead), one that is damaged or cut off
 * (how many bytes of how many), or one that cannot start. X8_E_MISFIT: a sound program for
 * something else (which), too large (by how much), or loaded where the bridge firmware of the M7
 * lives. What a program is for comes before what is missing of it. A file whose section headers
 * were stripped is a sketch like any other. `name` is used in messages, cleaned; `next` says how to
 * build the right one, or how to run a program for the board's Linux. *out is written on success
 * only.
 */
int x8_sketch_elf_check(struct x8_span file, const char *name, const struct x8_sketch_rules *rules,
                        struct x8_sketch_elf *out, struct x8_error *err);

/* What the first bytes of a file that is no sketch are, in words for messages: "an Intel HEX file",
 * "a program for this computer (x86-64)", "nothing but zeros", "a sketch's .bin without
 * addresses"... `file` may be the beginning only. */
void x8_sketch_kind(struct x8_span file, const char *name, char *out, size_t cap);

#endif
