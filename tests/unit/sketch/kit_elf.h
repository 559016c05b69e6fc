/*
 * A sketch of a few hundred bytes, for tests of the ELF check and of what uses it.
 */
#ifndef KIT_ELF_H
#define KIT_ELF_H

#include "sketch/elf.h"

/*
 * Where its parts are. Header, two segments (code in flash; initial data, in RAM when it runs),
 * their bytes, a table of names and three section headers.
 */
enum {
    SEGMENTS = 52,
    FIRST = SEGMENTS,
    SECOND = SEGMENTS + 32,
    CODE = SEGMENTS + 64,
    CODE_LEN = 64,
    DATA = CODE + CODE_LEN,
    DATA_LEN = 16,
    NAMES = DATA + DATA_LEN,
    NAMES_LEN = 24,
    SECTIONS = NAMES + NAMES_LEN,
    FILE_LEN = SECTIONS + 3 * 40
};
enum { OFFSET = 4, ADDRESS = 12, FILE_SIZE = 16, MEMORY_SIZE = 20 }; /* in a segment */

void put_segment(uint8_t *p, uint32_t offset, uint32_t virtual, uint32_t address, uint32_t file_len,
                 uint32_t memory_len);
void put_section(uint8_t *p, uint32_t name, uint32_t type, uint32_t offset, uint32_t len);

void kit_sketch(uint8_t file[FILE_LEN]);

#endif
