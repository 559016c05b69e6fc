/*
 * Is all of the file there? Everything its tables name must end inside it. The table of sections
 * usually comes last, so any copy that stopped early shows; a file without one (stripped) shows it
 * by its segments.
 */
#include "sketch/elf_parts.h"

#include <string.h>

enum { SECTION_EMPTY = 0, SECTION_NO_BYTES = 8 }; /* SHT_NULL, SHT_NOBITS */

struct section {
    uint32_t name, type, offset, len;
};

static struct section section(const struct elf_file *file, unsigned i)
{
    const uint8_t *p =
        file->bytes.data + file->head.sections_at + (size_t)i * (size_t)ELF_SECTION_LEN;

    return (struct section){.name = x8_get_le32(p),
                            .type = x8_get_le32(p + 4),
                            .offset = x8_get_le32(p + 16),
                            .len = x8_get_le32(p + 20)};
}

static int has_sections(const struct elf_file *file)
{
    return file->head.sections_at > 0 && file->head.sections > 0;
}

static int check_tables(const struct elf_file *file, struct x8_error *err)
{
    const struct elf_header *head = &file->head;

    if (head->segments == 0 || head->segments_at == 0)
        return elf_unfit(file, err,
                         "it has no program headers: nothing says what of it is to be "
                         "loaded, and where");
    if (head->segment_len != ELF_SEGMENT_LEN)
        return elf_damaged(file, err, "its program headers have %u bytes each; they have %d",
                           head->segment_len, ELF_SEGMENT_LEN);
    if (head->segments > ELF_SEGMENTS_MAX)
        return elf_damaged(file, err, "it names %u segments; a sketch has a few, %d at most",
                           head->segments, ELF_SEGMENTS_MAX);
    if (has_sections(file) && head->section_len != ELF_SECTION_LEN)
        return elf_damaged(file, err, "its section headers have %u bytes each; they have %d",
                           head->section_len, ELF_SECTION_LEN);
    return 0;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The end of the last thing the file's tables name, as far as the tables can be read. */
static uint64_t named_end(const struct elf_file *file)
{
    const struct elf_header *head = &file->head;
    uint64_t end = head->segments_at + (uint64_t)head->segments * ELF_SEGMENT_LEN, table;

    if (elf_segments_fit(file))
        for (unsigned i = 0; i < head->segments; i++) {
            struct elf_segment it = elf_segment(file, i);

            end = it.file_len ? larger(end, (uint64_t)it.offset + it.file_len) : end;
        }
    if (!has_sections(file))
        return end;
    table = head->sections_at + (uint64_t)head->sections * ELF_SECTION_LEN;
    end = larger(end, table);
    if (table <= file->bytes.len)
        for (unsigned i = 0; i < head->sections; i++) {
            struct section it = section(file, i);

            if (it.type != SECTION_EMPTY && it.type != SECTION_NO_BYTES)
                end = larger(end, (uint64_t)it.offset + it.len);
        }
    return end;
}

static int is_debug(const struct elf_file *file, struct section names, struct section it)
{
    static const char *const prefixes[] = {".debug_", ".zdebug_"};
    uint64_t left = it.name < names.len ? names.len - it.name : 0;

    for (size_t i = 0; i < X8_COUNT(prefixes); i++) {
        size_t len = strlen(prefixes[i]);

        if (left >= len && memcmp(file->bytes.data + names.offset + it.name, prefixes[i], len) == 0)
            return 1;
    }
    return 0;
}

/* Only after named_end: every section lies inside the file. */
static int finds_debug(const struct elf_file *file)
{
    const struct elf_header *head = &file->head;
    struct section names;

    if (!has_sections(file) || head->names >= head->sections)
        return 0;
    names = section(file, head->names);
    if (names.type == SECTION_EMPTY || names.type == SECTION_NO_BYTES)
        return 0;
    for (unsigned i = 0; i < head->sections; i++)
        if (is_debug(file, names, section(file, i)))
            return 1;
    return 0;
}

int elf_whole(const struct elf_file *file, int *has_debug, struct x8_error *err)
{
    int rc = check_tables(file, err);
    uint64_t end;

    if (rc < 0)
        return rc;
    end = named_end(file);
    if (end > file->bytes.len)
        return elf_cut_off(file, end, err);
    *has_debug = finds_debug(file);
    return 0;
}
