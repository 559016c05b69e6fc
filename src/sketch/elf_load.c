/*
 * Where a sketch goes and how it starts: OpenOCD writes the segments that have bytes in the file to
 * their physical addresses, and the M7's firmware lets the M4 go when the word at the start of its
 * flash is a stack pointer into the RAM at 0x10000000.
 *
 * Sources: OpenOCD, src/target/image.c (which segments it takes); ArduinoCore-mbed,
 * variants/PORTENTA_X8/linker_script.ld; arduino/portentax8-stm32h7-fw (the word it looks at).
 */
#include "sketch/elf_parts.h"

/* The segments that are written. */
struct loads {
    struct elf_segment items[ELF_SEGMENTS_MAX];
    unsigned count;
};

/* What lies at an address that is no place for a sketch: the STM32H747's memory map (ST, RM0399)
 * and the linker scripts of the other Arduino cores. The first row that has the address counts. */
static const struct {
    uint32_t start, end; /* one past the last */
    const char *words;
} places[] = {
    {0x08000000, 0x08100000,
     "it was built for the M7 core or a Portenta H7, and would overwrite the bridge firmware of "
     "the "
     "M7"},
    {0x00000000, 0x08000000,
     "other boards have their flash there (Nano 33, MKR, Zero, Due, UNO R4), the X8 has not"},
    {0x08100000, 0x10000000, "the M4's flash has ended there"},
    {0x10000000, 0x11000000,
     "that is RAM of the M4, which cannot be programmed; boards with an RP2040 (Nano RP2040 "
     "Connect, Pico) have their flash there"},
    {0x20000000, 0x40000000, "that is RAM, which cannot be programmed"},
    {0x60000000, 0x80000000, "other boards have their flash there (Teensy 4), the X8 has not"},
    {0x90000000, 0xa0000000, "that is for external flash, which the X8's M4 does not have"},
    {0xc0000000, 0xe0000000, "that is for external RAM, which the X8's M4 does not have"},
};

static const char *place_words(uint32_t address)
{
    for (size_t i = 0; i < X8_COUNT(places); i++)
        if (address >= places[i].start && address < places[i].end)
            return places[i].words;
    return "nothing can be programmed there";
}

static int collect(const struct elf_file *file, struct loads *loads, struct x8_error *err)
{
    for (unsigned i = 0; i < file->head.segments; i++) {
        struct elf_segment it = elf_segment(file, i);

        if (it.type != ELF_PT_LOAD || it.file_len == 0)
            continue;
        if (it.file_len > it.memory_len)
            return elf_damaged(file, err, "its segment %u has %u bytes for %u bytes of memory", i,
                               it.file_len, it.memory_len);
        if (!x8_fits(it.address, it.file_len, UINT32_MAX))
            return elf_damaged(file, err, "its segment %u runs over the end of all addresses", i);
        loads->items[loads->count++] = it;
    }
    if (loads->count == 0)
        return elf_unfit(file, err,
                         "none of its segments has bytes to load: it may hold only the "
                         "debug data of a sketch");
    return 0;
}

static uint64_t end_of(const struct elf_segment *it)
{
    return (uint64_t)it->address + it->file_len;
}

static const struct x8_sketch_region *region_of(const struct x8_sketch_rules *rules,
                                                uint32_t address)
{
    for (size_t i = 0; i < rules->count; i++)
        if (address >= rules->regions[i].start &&
            address - rules->regions[i].start < rules->regions[i].len)
            return &rules->regions[i];
    return NULL;
}

static uint64_t limit_of(const struct x8_sketch_region *region)
{
    return (uint64_t)region->start + region->len;
}

/* Bytes behind a region belong to it when the program begins in it: it did not end in time. A
 * linker without a limit puts the initial values of variables there as a segment of their own. */
static const struct x8_sketch_region *
overrun_region(const struct loads *loads, const struct x8_sketch_rules *rules, uint32_t address)
{
    const uint32_t far = 16u << 20;

    for (size_t i = 0; i < rules->count; i++) {
        const struct x8_sketch_region *region = &rules->regions[i];

        if (address < limit_of(region) || address - limit_of(region) >= far)
            continue;
        for (unsigned j = 0; j < loads->count; j++)
            if (region_of(rules, loads->items[j].address) == region)
                return region;
    }
    return NULL;
}

static int too_large(const struct elf_file *file, uint64_t end,
                     const struct x8_sketch_region *region, struct x8_error *err)
{
    int rc = x8_fail(err, X8_E_MISFIT, "%s is too large for the X8's M4 by %llu bytes", file->name,
                     (unsigned long long)(end - limit_of(region)));

    x8_error_why(err, "it needs the memory up to 0x%08llx, and that ends at 0x%08llx",
                 (unsigned long long)end, (unsigned long long)limit_of(region));
    x8_error_next(err, "make the sketch smaller (fewer libraries, less constant data), then: %s",
                  ELF_BUILD);
    return rc;
}

/* All addresses before any length, so that a file for another board is not called too large. */
static int check_places(const struct elf_file *file, const struct loads *loads,
                        const struct x8_sketch_rules *rules, struct x8_error *err)
{
    const struct x8_sketch_region *region, *over = NULL;
    uint64_t end = 0;

    for (unsigned i = 0; i < loads->count; i++) {
        const struct elf_segment *it = &loads->items[i];

        region = region_of(rules, it->address);
        if (!region)
            region = overrun_region(loads, rules, it->address);
        if (!region)
            return elf_misfit(file, err, "it is loaded at 0x%08x: %s", it->address,
                              place_words(it->address));
        if (end_of(it) > limit_of(region) && end_of(it) > end) {
            end = end_of(it);
            over = region;
        }
    }
    return over ? too_large(file, end, over, err) : 0;
}

static int check_overlap(const struct elf_file *file, const struct loads *loads,
                         struct x8_error *err)
{
    for (unsigned i = 0; i < loads->count; i++)
        for (unsigned j = 0; j < i; j++) {
            const struct elf_segment *a = &loads->items[j], *b = &loads->items[i];

            if (a->address < end_of(b) && b->address < end_of(a))
                return elf_damaged(file, err,
                                   "two of its segments are loaded to the same place, "
                                   "0x%08x and 0x%08x",
                                   a->address, b->address);
        }
    return 0;
}

/* The loaded byte at an address, or -1. */
static int byte_at(const struct elf_file *file, const struct loads *loads, uint32_t address)
{
    for (unsigned i = 0; i < loads->count; i++) {
        const struct elf_segment *it = &loads->items[i];

        if (address >= it->address && address < end_of(it))
            return file->bytes.data[(size_t)it->offset + (address - it->address)];
    }
    return -1;
}

/* A word that may lie across two segments. 0, or -1 when some of it is not loaded. */
static int word_at(const struct elf_file *file, const struct loads *loads, uint32_t address,
                   uint32_t *out)
{
    uint8_t bytes[4];

    for (uint32_t i = 0; i < 4; i++) {
        int byte = byte_at(file, loads, address + i);

        if (byte < 0)
            return -1;
        bytes[i] = (uint8_t)byte;
    }
    *out = x8_get_le32(bytes);
    return 0;
}

/* The low bit of a code address says Thumb, the only instructions a Cortex-M has. */
static int check_start(const struct elf_file *file, const struct loads *loads, uint32_t vectors,
                       struct x8_sketch_elf *out, struct x8_error *err)
{
    if (word_at(file, loads, vectors, &out->stack) < 0 ||
        word_at(file, loads, vectors + 4, &out->reset) < 0)
        return elf_misfit(file, err,
                          "nothing is loaded at 0x%08x, where the M4 takes its stack "
                          "pointer and its first instruction from",
                          vectors);
    if (out->stack == ELF_MAGIC)
        return elf_misfit(file, err,
                          "the linker put the file's own header at 0x%08x, where the "
                          "vector table has to be: it was linked for a later address",
                          vectors);
    if ((out->stack & 0xff000000u) != 0x10000000u)
        return elf_misfit(file, err,
                          "its stack starts at 0x%08x; the board starts only sketches "
                          "whose stack is in the M4's RAM at 0x10000000",
                          out->stack);
    if (!(out->reset & 1))
        return elf_unfit(file, err,
                         "its reset vector 0x%08x lacks the Thumb bit: the M4 would "
                         "stop at its first instruction",
                         out->reset);
    if (byte_at(file, loads, out->reset & ~1u) < 0)
        return elf_unfit(file, err, "its reset vector 0x%08x points outside of what is loaded",
                         out->reset);
    /* 0 is no entry; the M4 starts by the vector anyway. */
    if (file->head.entry != 0 && byte_at(file, loads, file->head.entry & ~1u) < 0)
        return elf_unfit(file, err, "its entry 0x%08x lies outside of what is loaded",
                         file->head.entry);
    return 0;
}

int elf_load(const struct elf_file *file, const struct x8_sketch_rules *rules,
             struct x8_sketch_elf *out, struct x8_error *err)
{
    struct loads loads = {.count = 0};
    int rc = collect(file, &loads, err);

    if (rc == 0)
        rc = check_places(file, &loads, rules, err);
    if (rc == 0)
        rc = check_overlap(file, &loads, err);
    if (rc == 0)
        rc = check_start(file, &loads, rules->regions[0].start, out, err);
    if (rc < 0)
        return rc;
    out->low = UINT32_MAX;
    out->entry = file->head.entry;
    out->segments = loads.count;
    for (unsigned i = 0; i < loads.count; i++) {
        const struct elf_segment *it = &loads.items[i];

        out->load_bytes += it->file_len;
        out->low = it->address < out->low ? it->address : out->low;
        out->high = end_of(it) > out->high ? (uint32_t)end_of(it) : out->high;
    }
    return 0;
}
