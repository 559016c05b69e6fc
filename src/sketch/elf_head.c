/*
 * What kind of program an ELF file holds: word size, byte order, machine, and how it was linked.
 */
#include "sketch/elf_parts.h"

#include "util/file.h"

#include <stdio.h>
#include <string.h>

enum { CLASS_AT = 4, ORDER_AT = 5, TYPE_AT = 16, MACHINE_AT = 18, VERSION_AT = 20 };

int elf_is(struct x8_span bytes)
{
    return bytes.len >= 4 && memcmp(bytes.data, "\177ELF", 4) == 0;
}

/* Numbers: the registry of e_machine that belongs to the generic ABI. The boards are those whose
 * owners meet the X8 in the same list of the IDE. */
static const struct {
    unsigned machine;
    const char *words; /* with an article, without "program" and boards */
    const char *boards;
} machines[] = {
    {2, "a SPARC", NULL},
    {3, "an x86 (32-bit)", NULL},
    {4, "a Motorola 68000", NULL},
    {8, "a MIPS", NULL},
    {20, "a PowerPC", NULL},
    {21, "a 64-bit PowerPC", NULL},
    {22, "an IBM S/390", NULL},
    {40, "an ARM", NULL},
    {42, "a SuperH", NULL},
    {43, "a 64-bit SPARC", NULL},
    {62, "an x86-64", NULL},
    {83, "an AVR", "UNO R3, Nano, Mega, Leonardo"},
    {93, "an ARC", "Arduino 101"},
    {94, "an Xtensa", "ESP8266, ESP32, Nano ESP32"},
    {105, "an MSP430", NULL},
    {113, "a Nios II", NULL},
    {164, "a Hexagon", NULL},
    {173, "a Renesas RX", NULL},
    {183, "a 64-bit ARM", NULL},
    {185, "an AVR32", NULL},
    {189, "a MicroBlaze", NULL},
    {195, "an ARC", "Arduino 101"},
    {243, "a RISC-V", "ESP32-C3, ESP32-C6 and others"},
    {247, "a BPF", NULL},
    {258, "a LoongArch", NULL},
};

#if defined(__x86_64__)
static const unsigned this_computer = 62;
#elif defined(__i386__)
static const unsigned this_computer = 3;
#elif defined(__riscv)
static const unsigned this_computer = 243;
#else
static const unsigned this_computer = 0; /* 64-bit ARM has words of its own: it may be the board */
#endif

void elf_machine_words(unsigned machine, unsigned bits, int is_big, char *out, size_t cap)
{
    const char *order = is_big ? ", big-endian" : "";

    if (machine == ELF_AARCH64) {
        snprintf(out, cap, "a Linux program for the board's A53 cores (AArch64%s)", order);
        return;
    }
    for (size_t i = 0; i < X8_COUNT(machines); i++) {
        /* 32-bit ARM in a 64-bit file is nothing a compiler makes */
        if (machines[i].machine != machine || (machine == ELF_ARM && bits == 64))
            continue;
        if (machine == this_computer && !is_big)
            snprintf(out, cap, "a program for this computer (%s)",
                     strchr(machines[i].words, ' ') + 1);
        else if (machines[i].boards)
            snprintf(out, cap, "%s program (%s)%s", machines[i].words, machines[i].boards, order);
        else
            snprintf(out, cap, "%s program%s", machines[i].words, order);
        return;
    }
    snprintf(out, cap, "a %u-bit program for machine number %u%s", bits, machine, order);
}

/* The way for programs of the board's other processor. A name that a shell would read differently
 * is left to the user. */
static void next_for_linux(const char *name, struct x8_error *err)
{
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+";
    const char *shown = name[strspn(name, plain)] == '\0' && name[0] != '-' ? name : "FILE";

    x8_error_next(err, "x8ctl push %s /home/fio/ && x8ctl exec -- /home/fio/%s", shown,
                  x8_path_base(shown));
}

static int other_machine(const struct elf_file *file, unsigned machine, unsigned bits, int is_big,
                         struct x8_error *err)
{
    char words[160];
    int rc;

    elf_machine_words(machine, bits, is_big, words, sizeof words);
    rc = elf_misfit(file, err, "it is %s; the M4 needs 32-bit ARM, little-endian (%s)", words,
                    X8_SKETCH_FQBN);
    if (machine == ELF_AARCH64)
        next_for_linux(file->name, err);
    return rc;
}

static void read_header(struct elf_file *file)
{
    const uint8_t *p = file->bytes.data;

    file->head = (struct elf_header){
        .type = x8_get_le16(p + TYPE_AT),
        .machine = x8_get_le16(p + MACHINE_AT),
        .entry = x8_get_le32(p + 24),
        .segments_at = x8_get_le32(p + 28),
        .sections_at = x8_get_le32(p + 32),
        .segment_len = x8_get_le16(p + 42),
        .segments = x8_get_le16(p + 44),
        .section_len = x8_get_le16(p + 46),
        .sections = x8_get_le16(p + 48),
        .names = x8_get_le16(p + 50),
    };
}

int elf_segments_fit(const struct elf_file *file)
{
    const struct elf_header *head = &file->head;

    return head->segment_len == ELF_SEGMENT_LEN && head->segments_at > 0 &&
           x8_fits(head->segments_at, (uint64_t)head->segments * ELF_SEGMENT_LEN, file->bytes.len);
}

struct elf_segment elf_segment(const struct elf_file *file, unsigned i)
{
    const uint8_t *p =
        file->bytes.data + file->head.segments_at + (size_t)i * (size_t)ELF_SEGMENT_LEN;

    return (struct elf_segment){.type = x8_get_le32(p),
                                .offset = x8_get_le32(p + 4),
                                .address = x8_get_le32(p + 12),
                                .file_len = x8_get_le32(p + 16),
                                .memory_len = x8_get_le32(p + 20)};
}

/* A program that wants a dynamic loader runs on an operating system. */
static int wants_loader(const struct elf_file *file)
{
    if (!elf_segments_fit(file))
        return 0;
    for (unsigned i = 0; i < file->head.segments; i++)
        if (elf_segment(file, i).type == ELF_PT_INTERP)
            return 1;
    return 0;
}

static int check_type(const struct elf_file *file, struct x8_error *err)
{
    unsigned type = file->head.type;

    if ((type == ELF_EXEC || type == ELF_DYN) && wants_loader(file))
        return elf_misfit(file, err,
                          "it is a 32-bit ARM program for Linux, which needs its loader; "
                          "a sketch runs without an operating system");
    if (type == ELF_EXEC)
        return 0;
    if (type == ELF_REL)
        return elf_misfit(file, err, "it is an object file: compiled, but not linked to a program");
    if (type == ELF_DYN)
        return elf_misfit(file, err,
                          "it is a shared library, or a program that may lie anywhere; "
                          "a sketch is linked to fixed addresses");
    if (type == ELF_CORE)
        return elf_misfit(file, err, "it is a core dump: the memory of a program that ended badly");
    return elf_damaged(file, err, "its type is %u, which is none of a program", type);
}

int elf_head(struct elf_file *file, struct x8_error *err)
{
    const uint8_t *p = file->bytes.data;
    unsigned bits, machine;
    int is_big;

    if (file->bytes.len < ELF_MACHINE_END)
        return elf_cut_off(file, ELF_HEADER_LEN, err);
    if ((p[CLASS_AT] != 1 && p[CLASS_AT] != 2) || (p[ORDER_AT] != 1 && p[ORDER_AT] != 2))
        return elf_damaged(file, err, "its word size (%u) or byte order (%u) is none there is",
                           p[CLASS_AT], p[ORDER_AT]);
    bits = p[CLASS_AT] == 1 ? 32 : 64;
    is_big = p[ORDER_AT] == 2;
    machine = is_big ? x8_get_be16(p + MACHINE_AT) : x8_get_le16(p + MACHINE_AT);
    if (machine != ELF_ARM || bits != 32 || is_big)
        return other_machine(file, machine, bits, is_big, err);
    if (file->bytes.len < ELF_HEADER_LEN)
        return elf_cut_off(file, ELF_HEADER_LEN, err);
    if (x8_get_le32(p + VERSION_AT) != 1)
        return elf_damaged(file, err, "its format version is %u; there is only version 1",
                           x8_get_le32(p + VERSION_AT));
    read_header(file);
    return check_type(file, err);
}
