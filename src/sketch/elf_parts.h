/*
 * The parts of the ELF check. elf.c: in which order they are asked; elf_head.c: what kind of
 * program it is; elf_whole.c: is all of the file there; elf_load.c: where it is loaded and how it
 * starts; elf_kind.c: what a file is that is no ELF.
 *
 * Numbers and layouts: System V Application Binary Interface, edition 4.1 and its later drafts,
 * chapters 4 and 5 (not every platform has <elf.h>).
 */
#ifndef X8_SKETCH_ELF_PARTS_H
#define X8_SKETCH_ELF_PARTS_H

#include "sketch/elf.h"

enum {
    ELF_HEADER_LEN = 52, /* of 32-bit files, as the next two */
    ELF_SEGMENT_LEN = 32,
    ELF_SECTION_LEN = 40,
    ELF_MACHINE_END = 20, /* e_ident, e_type and e_machine: the same in 32-bit and 64-bit files */
    ELF_SEGMENTS_MAX = 64 /* a sketch has three to six */
};
#define ELF_MAGIC 0x464c457fu /* the first four bytes as a word */

enum elf_type { ELF_REL = 1, ELF_EXEC = 2, ELF_DYN = 3, ELF_CORE = 4 };
enum elf_segment_type { ELF_PT_LOAD = 1, ELF_PT_INTERP = 3 };
enum elf_machine { ELF_ARM = 40, ELF_AARCH64 = 183 };

struct elf_header {
    unsigned type, machine;
    uint32_t entry, segments_at, sections_at;
    unsigned segment_len, segments, section_len, sections, names;
};

struct elf_segment {
    uint32_t type, offset, address, file_len, memory_len; /* `address` is the physical one */
};

/* A file under check. `name` has been cleaned. */
struct elf_file {
    struct x8_span bytes;
    char name[160];
    struct elf_header head;
};

/* The next step for whatever is no sketch. */
#define ELF_BUILD "arduino-cli compile -b " X8_SKETCH_FQBN " --output-dir out"

/* 1 when the first four bytes are those of an ELF file. */
int elf_is(struct x8_span bytes);

/* "NAME is not a sketch for the X8's M4", with why and how to build one. */
int elf_misfit(const struct elf_file *file, struct x8_error *err, const char *why, ...)
    X8_PRINTF(3, 4);
/* "NAME is damaged", with why. */
int elf_damaged(const struct elf_file *file, struct x8_error *err, const char *why, ...)
    X8_PRINTF(3, 4);

/* "NAME cannot run on the X8's M4", with why: an ELF file for the right machine that is none to run
 * (X8_E_BAD_IMAGE). */
int elf_unfit(const struct elf_file *file, struct x8_error *err, const char *why, ...)
    X8_PRINTF(3, 4);
/* "NAME is cut off: 100 of 5000 bytes". */
int elf_cut_off(const struct elf_file *file, uint64_t whole, struct x8_error *err);

/* Read the header into file->head: a 32-bit little-endian executable for ARM, or what it is
 * instead. The beginning of a file is enough. */
int elf_head(struct elf_file *file, struct x8_error *err);

/* In words with an article: "an Xtensa program (ESP8266, ESP32)". `bits` is 32 or 64. */
void elf_machine_words(unsigned machine, unsigned bits, int is_big, char *out, size_t cap);

/* The i-th segment; i is below head.segments and elf_whole (or elf_segments_fit) said 0. */
struct elf_segment elf_segment(const struct elf_file *file, unsigned i);
/* 1 when the table of segments lies inside the file. */
int elf_segments_fit(const struct elf_file *file);

/* Tables, segments and sections all lie inside the file. Sets *has_debug. */
int elf_whole(const struct elf_file *file, int *has_debug, struct x8_error *err);

/* Addresses, overlaps, stack, reset vector, entry. Fills all of `out` but has_debug. */
int elf_load(const struct elf_file *file, const struct x8_sketch_rules *rules,
             struct x8_sketch_elf *out, struct x8_error *err);

#endif
