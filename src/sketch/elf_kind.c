/*
 * What a file is that is no sketch. By its first bytes, most certain first; names are not believed,
 * but they tell one kind of text from another.
 */
#include "sketch/elf_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_MAX = 4096 }; /* bytes that decide whether it is text */

static const struct {
    const char *magic;
    size_t len;
    const char *words;
} magics[] = {
    {"PK\003\004", 4, "a zip archive"},
    {"PK\005\006", 4, "an empty zip archive"},
    {"\037\213", 2, "a gzip-compressed file"},
    {"BZh", 3, "a bzip2-compressed file"},
    {"\375"
     "7zXZ",
     5, "an xz-compressed file"},
    {"\050\265\057\375", 4, "a zstd-compressed file"},
    {"7z\274\257\047\034", 6, "a 7z archive"},
    {"UF2\n\127\121\135\236", 8, "a UF2 file, for boards that appear as a disk"},
    {"DfuSe", 5, "a DfuSe file, for ST's own loader"},
    {"!<arch>\n", 8, "a library of object files (.a)"},
    {"\317\372\355\376", 4, "a macOS program"},
    {"\316\372\355\376", 4, "a macOS program"},
    {"\312\376\272\276", 4, "a macOS program or a Java class"},
    {"MZ", 2, "a Windows program"},
    {"#!", 2, "a script"},
    {"%PDF", 4, "a PDF document"},
    {"\211PNG", 4, "a picture (PNG)"},
};

static const char *by_magic(struct x8_span file)
{
    for (size_t i = 0; i < X8_COUNT(magics); i++)
        if (file.len >= magics[i].len && memcmp(file.data, magics[i].magic, magics[i].len) == 0)
            return magics[i].words;
    return NULL;
}

static const char *by_one_value(struct x8_span file)
{
    for (size_t i = 1; i < file.len; i++)
        if (file.data[i] != file.data[0])
            return NULL;
    if (file.data[0] == 0)
        return "nothing but zeros";
    return file.data[0] == 0xff ? "nothing but 0xff bytes, as erased flash reads" : NULL;
}

/* The last 16 bytes say so: USB Device Firmware Upgrade 1.1, appendix B. */
static int has_dfu_suffix(struct x8_span file)
{
    const uint8_t *suffix;

    if (file.len < 16)
        return 0;
    suffix = file.data + file.len - 16;
    return memcmp(suffix + 8, "UFD", 3) == 0 && suffix[11] == 16;
}

static int hex_digits(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'A' && p[i] <= 'F') ||
              (p[i] >= 'a' && p[i] <= 'f')))
            return 0;
    return 1;
}

/* Records of text: ":LLAAAATT..." and "S0LL...". */
static const char *by_record(struct x8_span file)
{
    if (file.len >= 11 && file.data[0] == ':' && hex_digits(file.data + 1, 10))
        return "an Intel HEX file";
    if (file.len >= 10 && file.data[0] == 'S' && file.data[1] >= '0' && file.data[1] <= '9' &&
        hex_digits(file.data + 2, 8))
        return "a Motorola S-record file";
    return NULL;
}

static int is_text(struct x8_span file)
{
    size_t len = file.len < LOOK_MAX ? file.len : LOOK_MAX;

    for (size_t i = 0; i < len;) {
        uint32_t code;
        size_t n = x8_utf8_next(file.data + i, len - i, &code);

        if (n == 0) /* a character may be cut at the end of what is looked at */
            return len - i < 4 && i > 0;
        if (code < 0x20 && !(code >= '\t' && code <= '\r') && code != 0x1b)
            return 0;
        i += n;
    }
    return 1;
}

static const char *text_words(const char *name)
{
    static const struct {
        const char *end, *words;
    } ends[] = {
        {".ino", "the source text of a sketch, which has to be compiled first"},
        {".pde", "the source text of a sketch, which has to be compiled first"},
        {".cpp", "source text, which has to be compiled first"},
        {".c", "source text, which has to be compiled first"},
        {".h", "source text, which has to be compiled first"},
        {".map", "a linker's map, a description of a program"},
    };

    for (size_t i = 0; i < X8_COUNT(ends); i++)
        if (x8_ends(name, ends[i].end))
            return ends[i].words;
    return "a text file";
}

/* A Cortex-M's memory image starts with its vector table: the stack pointer, then the addresses of
 * code, odd since it is Thumb code. NMI and hard fault have to be there too. */
static int is_vector_table(struct x8_span file)
{
    uint32_t stack;

    if (file.len < 16)
        return 0;
    stack = x8_get_le32(file.data);
    if (stack % 4 || !((stack >= 0x10000000 && stack < 0x11000000) ||
                       (stack >= 0x1fff0000 && stack < 0x40000000)))
        return 0;
    for (size_t i = 4; i < 16; i += 4) {
        uint32_t code = x8_get_le32(file.data + i);

        if (!(code & 1) || code >= 0xa0000000)
            return 0;
    }
    return 1;
}

static void vector_words(struct x8_span file, char *out, size_t cap)
{
    uint32_t stack = x8_get_le32(file.data), reset = x8_get_le32(file.data + 4);

    if ((stack & 0xff000000u) == 0x10000000 && reset >= X8_SKETCH_FLASH &&
        reset - X8_SKETCH_FLASH < X8_SKETCH_FLASH_LEN)
        x8_copy(out, cap, "a sketch's .bin without addresses");
    else
        snprintf(out, cap,
                 "a .bin without addresses, and for another processor (its code is at 0x%08x)",
                 reset & ~1u);
}

static void elf_words(struct x8_span file, char *out, size_t cap)
{
    unsigned bits, machine;
    int is_big;

    if (file.len < ELF_MACHINE_END) {
        x8_copy(out, cap, "the beginning of an ELF file");
        return;
    }
    bits = file.data[4] == 2 ? 64 : 32;
    is_big = file.data[5] == 2;
    machine = is_big ? x8_get_be16(file.data + 18) : x8_get_le16(file.data + 18);
    if (machine == ELF_ARM && bits == 32 && !is_big)
        x8_copy(out, cap, "a 32-bit ARM program");
    else
        elf_machine_words(machine, bits, is_big, out, cap);
}

void x8_sketch_kind(struct x8_span file, const char *name, char *out, size_t cap)
{
    const char *words;

    if (file.len == 0) {
        x8_copy(out, cap, "an empty file");
        return;
    }
    if (elf_is(file)) {
        elf_words(file, out, cap);
        return;
    }
    words = by_magic(file);
    if (!words)
        words = by_one_value(file);
    if (!words && has_dfu_suffix(file))
        words = "a DFU file (.bin with a DFU suffix), without addresses";
    if (!words)
        words = by_record(file);
    if (!words && is_vector_table(file)) {
        vector_words(file, out, cap);
        return;
    }
    if (!words && is_text(file))
        words = text_words(name);
    if (words)
        x8_copy(out, cap, words);
    else
        x8_copy(out, cap, "none of the kinds of file that x8ctl knows");
}
