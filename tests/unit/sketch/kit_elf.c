/*
 * A sketch made byte by byte.
 */
#include "kit_elf.h"

#include <string.h>

void put_segment(uint8_t *p, uint32_t offset, uint32_t virtual, uint32_t address, uint32_t file_len,
                 uint32_t memory_len)
{
    const uint32_t words[] = {1, offset, virtual, address, file_len, memory_len, 5, 4};

    for (size_t i = 0; i < 8; i++)
        x8_put_le32(p + 4 * i, words[i]);
}

void put_section(uint8_t *p, uint32_t name, uint32_t type, uint32_t offset, uint32_t len)
{
    x8_put_le32(p, name);
    x8_put_le32(p + 4, type);
    x8_put_le32(p + 16, offset);
    x8_put_le32(p + 20, len);
}

void kit_sketch(uint8_t file[FILE_LEN])
{
    static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 1, 1, 1};
    static const char names[NAMES_LEN] = "\0.debug_info\0.names";

    memset(file, 0, FILE_LEN);
    memcpy(file, ident, sizeof ident);
    x8_put_le16(file + 16, 2);
    x8_put_le16(file + 18, 40);
    x8_put_le32(file + 20, 1);
    x8_put_le32(file + 24, 0x08100011);
    x8_put_le32(file + 28, SEGMENTS);
    x8_put_le32(file + 32, SECTIONS);
    x8_put_le16(file + 40, 52);
    x8_put_le16(file + 42, 32);
    x8_put_le16(file + 44, 2);
    x8_put_le16(file + 46, 40);
    x8_put_le16(file + 48, 3);
    x8_put_le16(file + 50, 2);
    put_segment(file + FIRST, CODE, 0x08100000, 0x08100000, CODE_LEN, CODE_LEN);
    put_segment(file + SECOND, DATA, 0x10000400, 0x08100000 + CODE_LEN, DATA_LEN, 4096);
    x8_put_le32(file + CODE, 0x10048000);
    x8_put_le32(file + CODE + 4, 0x08100011);
    memcpy(file + NAMES, names, NAMES_LEN);
    put_section(file + SECTIONS + 40, 1, 1, CODE, 8);
    put_section(file + SECTIONS + 80, 13, 3, NAMES, NAMES_LEN);
}
