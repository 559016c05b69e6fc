/*
 * Where sketches may be loaded besides the M4's flash bank: the user's own list, for carriers and
 * firmware that have more memory than the X8 comes with.
 *
 *   {"regions": [{"start": "0x90000000", "length": "0x1000000"}]}
 *
 * Read strictly: what is not understood is an error, since a file that is misread would let a
 * sketch be written to the wrong place.
 */
#ifndef X8_SKETCH_REGIONS_H
#define X8_SKETCH_REGIONS_H

#include "sketch/elf.h"

#define X8_SKETCH_REGIONS_MAX 16

struct x8_sketch_regions {
    struct x8_sketch_region items[X8_SKETCH_REGIONS_MAX + 1]; /* the flash bank is the first */
    size_t count;
};

/* The flash bank alone. */
void x8_sketch_regions_usual(struct x8_sketch_regions *out);

/* The flash bank and those of the text. X8_E_BAD_IMAGE: no such list, a number that is none, a
 * region without bytes, past the end of the addresses, or over the bank in which the firmware of
 * the M7 lives. */
int x8_sketch_regions_parse(struct x8_span text, struct x8_sketch_regions *out,
                            struct x8_error *err);

/* The same from a file; one that is not there means the flash bank alone. */
int x8_sketch_regions_load(const char *path, struct x8_sketch_regions *out, struct x8_error *err);

/* The rules that x8_sketch_load takes; borrows `regions`. */
struct x8_sketch_rules x8_sketch_regions_rules(const struct x8_sketch_regions *regions);

#endif
