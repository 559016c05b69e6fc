/*
 * The check of a sketch, on files made here byte by byte. Real ones are in tests/sketch.
 */
#include "kit_elf.h"
#include "testlib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An exact heap copy, so that a read one byte too far is seen. */
static int check_rules(const uint8_t *bytes, size_t len, const struct x8_sketch_rules *rules,
                       struct x8_sketch_elf *out, struct x8_error *err)
{
    uint8_t *copy = malloc(len ? len : 1);
    int rc;

    assert_non_null(copy);
    if (len)
        memcpy(copy, bytes, len);
    *err = (struct x8_error){0};
    rc = x8_sketch_elf_check((struct x8_span){copy, len}, "a.elf", rules, out, err);
    free(copy);
    return rc;
}

static int check(const uint8_t *bytes, size_t len, struct x8_error *err)
{
    struct x8_sketch_elf elf;

    return check_rules(bytes, len, NULL, &elf, err);
}

static void has(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("\"%s\" is not in \"%s\"", words, text);
}

static void a_sketch_is_taken_and_described(void **state)
{
    uint8_t file[FILE_LEN];
    struct x8_sketch_elf elf;
    struct x8_error err;

    (void)state;
    kit_sketch(file);
    assert_int_equal(check_rules(file, sizeof file, NULL, &elf, &err), 0);
    assert_int_equal(elf.low, 0x08100000);
    assert_int_equal(elf.high, 0x08100000 + CODE_LEN + DATA_LEN);
    assert_int_equal(elf.load_bytes, CODE_LEN + DATA_LEN);
    assert_int_equal(elf.stack, 0x10048000);
    assert_int_equal(elf.reset, 0x08100011);
    assert_int_equal(elf.entry, 0x08100011);
    assert_int_equal(elf.segments, 2);
    assert_int_equal(elf.has_debug, 1);
}

static void a_stripped_file_is_a_sketch(void **state)
{
    uint8_t file[FILE_LEN];
    struct x8_sketch_elf elf;
    struct x8_error err;

    (void)state;
    kit_sketch(file);
    x8_put_le32(file + 32, 0);
    x8_put_le16(file + 48, 0);
    x8_put_le16(file + 50, 0);
    assert_int_equal(check_rules(file, NAMES, NULL, &elf, &err), 0);
    assert_int_equal(elf.has_debug, 0);
}

/* One change each to the good file: where, how many bytes, what; the code; words of the message or
 * the cause. */
struct change {
    size_t at;
    unsigned bytes;
    uint32_t value;
    enum x8_code code;
    const char *words;
};

static void try_changes(const struct change *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t file[FILE_LEN];
        struct x8_error err;
        char text[sizeof err.msg + sizeof err.why + 8];

        kit_sketch(file);
        for (unsigned j = 0; j < rows[i].bytes; j++)
            file[rows[i].at + j] = (uint8_t)(rows[i].value >> (8 * j));
        if (check(file, sizeof file, &err) != -(int)rows[i].code)
            fail_msg("row %zu (%s): code %d: %s: %s", i, rows[i].words, (int)err.code, err.msg,
                     err.why);
        snprintf(text, sizeof text, "%s; %s", err.msg, err.why);
        has(text, rows[i].words);
        has(err.msg, "a.elf");
        assert_true(err.next[0]);
    }
}

static void another_machine_is_named(void **state)
{
    static const struct change rows[] = {
        {18, 2, 94, X8_E_MISFIT, "an Xtensa program (ESP8266, ESP32"},
        {18, 2, 83, X8_E_MISFIT, "an AVR program"},
        {18, 2, 243, X8_E_MISFIT, "a RISC-V program"},
        {18, 2, 8, X8_E_MISFIT, "a MIPS program; the M4 needs 32-bit ARM"},
        {18, 2, 0x1234, X8_E_MISFIT, "a 32-bit program for machine number 4660"},
        {18, 2, 0, X8_E_MISFIT, "machine number 0"},
        {4, 1, 2, X8_E_MISFIT, "a 64-bit program for machine number 40"},
        {5, 1, 2, X8_E_MISFIT, "big-endian"},
    };
    uint8_t file[FILE_LEN];
    struct x8_error err;

    (void)state;
    try_changes(rows, X8_COUNT(rows));
    kit_sketch(file);
    file[4] = 2;
    x8_put_le16(file + 18, 183);
    assert_int_equal(check(file, sizeof file, &err), -X8_E_MISFIT);
    has(err.why, "a Linux program for the board's A53 cores");
    test_same_text(err.next, "x8ctl push a.elf /home/fio/ && x8ctl exec -- /home/fio/a.elf");
    x8_put_le16(file + 18, 62);
    assert_int_equal(check(file, sizeof file, &err), -X8_E_MISFIT);
    has(err.why, "x86-64");
    test_same_text(err.next,
                   "arduino-cli compile -b arduino:mbed_portenta:portenta_x8 --output-dir out");
}

static void a_big_endian_file_is_read_in_its_order(void **state)
{
    uint8_t file[FILE_LEN];
    struct x8_error err;

    (void)state;
    kit_sketch(file);
    file[5] = 2;
    x8_put_be16(file + 18, 20);
    assert_int_equal(check(file, sizeof file, &err), -X8_E_MISFIT);
    has(err.why, "a PowerPC program, big-endian");
}

static void what_was_not_linked_to_a_program_is_told(void **state)
{
    static const struct change rows[] = {
        {16, 2, 1, X8_E_MISFIT, "an object file"},
        {16, 2, 3, X8_E_MISFIT, "a shared library"},
        {16, 2, 4, X8_E_MISFIT, "a core dump"},
        {16, 2, 9, X8_E_BAD_IMAGE, "its type is 9"},
        {FIRST, 4, 3, X8_E_MISFIT, "a 32-bit ARM program for Linux"},
    };

    (void)state;
    try_changes(rows, X8_COUNT(rows));
}

static void a_damaged_header_is_told(void **state)
{
    static const struct change rows[] = {
        {4, 1, 3, X8_E_BAD_IMAGE, "word size (3)"},
        {5, 1, 0, X8_E_BAD_IMAGE, "byte order (0)"},
        {20, 4, 2, X8_E_BAD_IMAGE, "format version is 2"},
        {28, 4, 0, X8_E_BAD_IMAGE, "no program headers"},
        {44, 2, 0, X8_E_BAD_IMAGE, "no program headers"},
        {42, 2, 56, X8_E_BAD_IMAGE, "program headers have 56 bytes"},
        {44, 2, 65, X8_E_BAD_IMAGE, "65 segments"},
        {44, 2, 0xffff, X8_E_BAD_IMAGE, "65535 segments"},
        {46, 2, 64, X8_E_BAD_IMAGE, "section headers have 64 bytes"},
        {FIRST + FILE_SIZE, 4, 2 * CODE_LEN, X8_E_BAD_IMAGE, "128 bytes for 64 bytes of memory"},
        {SECOND + ADDRESS, 4, 0xfffffff8, X8_E_BAD_IMAGE, "runs over the end of all addresses"},
        {SECOND + ADDRESS, 4, 0x08100008, X8_E_BAD_IMAGE, "to the same place"},
    };

    (void)state;
    try_changes(rows, X8_COUNT(rows));
}

static void what_lies_behind_the_end_is_a_file_cut_off(void **state)
{
    static const struct change rows[] = {
        {28, 4, FILE_LEN - 63, X8_E_BAD_IMAGE, "a.elf is cut off: 340 of 341 bytes"},
        {28, 4, 0xffffffff, X8_E_BAD_IMAGE, "cut off: 340 of 4294967359 bytes"},
        {32, 4, FILE_LEN, X8_E_BAD_IMAGE, "cut off: 340 of 460 bytes"},
        {48, 2, 0xffff, X8_E_BAD_IMAGE, "cut off"},
        {FIRST + OFFSET, 4, FILE_LEN - CODE_LEN + 1, X8_E_BAD_IMAGE, "cut off: 340 of 341 bytes"},
        {SECOND + OFFSET, 4, 0xffffffff, X8_E_BAD_IMAGE, "cut off"},
        {SECTIONS + 40 + 16, 4, FILE_LEN - 7, X8_E_BAD_IMAGE, "cut off: 340 of 341 bytes"},
        {SECTIONS + 80 + 20, 4, 0xffffffff, X8_E_BAD_IMAGE, "cut off"},
    };

    (void)state;
    assert_int_equal(FILE_LEN, 340);
    try_changes(rows, X8_COUNT(rows));
}

static void every_cut_is_refused(void **state)
{
    uint8_t file[FILE_LEN];
    struct x8_error err;

    (void)state;
    kit_sketch(file);
    for (size_t len = 0; len < sizeof file; len++) {
        if (check(file, len, &err) != -X8_E_BAD_IMAGE)
            fail_msg("taken with %zu bytes", len);
        if (len >= 4)
            has(err.msg, "cut off");
    }
}

static void sections_without_bytes_may_be_anywhere(void **state)
{
    uint8_t file[FILE_LEN];
    struct x8_error err;

    (void)state;
    kit_sketch(file);
    put_section(file + SECTIONS + 40, 1, 8, FILE_LEN, 1 << 20);
    assert_int_equal(check(file, sizeof file, &err), 0);
}

static void other_addresses_are_refused_with_whose_they_are(void **state)
{
    static const struct change rows[] = {
        {FIRST + ADDRESS, 4, 0x08000000, X8_E_MISFIT, "built for the M7 core or a Portenta H7"},
        {FIRST + ADDRESS, 4, 0x08040000, X8_E_MISFIT, "would overwrite the bridge firmware"},
        {FIRST + ADDRESS, 4, 0x080ffffc, X8_E_MISFIT, "0x080ffffc: it was built for the M7"},
        {FIRST + ADDRESS, 4, 0x00000000, X8_E_MISFIT, "other boards have their flash there"},
        {FIRST + ADDRESS, 4, 0x00010000, X8_E_MISFIT, "Nano 33"},
        {FIRST + ADDRESS, 4, 0x20000000, X8_E_MISFIT, "that is RAM"},
        {SECOND + ADDRESS, 4, 0x10000400, X8_E_MISFIT, "RAM of the M4"},
        {FIRST + ADDRESS, 4, 0x60000000, X8_E_MISFIT, "Teensy"},
        {FIRST + ADDRESS, 4, 0x90000000, X8_E_MISFIT, "external flash"},
        {FIRST + ADDRESS, 4, 0xf0000000, X8_E_MISFIT, "nothing can be programmed there"},
        {SECOND + ADDRESS, 4, 0x081ffff8, X8_E_MISFIT, "too large for the X8's M4 by 8 bytes"},
        {SECOND + ADDRESS, 4, 0x08200000, X8_E_MISFIT, "too large for the X8's M4 by 16 bytes"},
        {SECOND + ADDRESS, 4, 0x09200000, X8_E_MISFIT, "the M4's flash has ended there"},
    };
    uint8_t file[FILE_LEN];
    struct x8_error err;

    (void)state;
    try_changes(rows, X8_COUNT(rows));
    kit_sketch(file);
    x8_put_le32(file + SECOND + ADDRESS, 0x081ffff0); /* the last place there is */
    assert_int_equal(check(file, sizeof file, &err), 0);
}

static void a_start_that_cannot_work_is_refused(void **state)
{
    static const struct change rows[] = {
        {CODE, 4, 0x20020000, X8_E_MISFIT, "its stack starts at 0x20020000"},
        {CODE, 4, 0xffffffff, X8_E_MISFIT, "its stack starts at 0xffffffff"},
        {CODE, 4, 0x11000000, X8_E_MISFIT, "its stack starts at 0x11000000"},
        {CODE, 4, 0x464c457f, X8_E_MISFIT, "the linker put the file's own header at 0x08100000"},
        {CODE + 4, 4, 0x08100010, X8_E_BAD_IMAGE, "lacks the Thumb bit"},
        {CODE + 4, 4, 0x08100051, X8_E_BAD_IMAGE, "0x08100051 points outside"},
        {CODE + 4, 4, 0x10000401, X8_E_BAD_IMAGE, "points outside"},
        {24, 4, 0x08100051, X8_E_BAD_IMAGE, "its entry 0x08100051 lies outside"},
        {FIRST + ADDRESS, 4, 0x08100100, X8_E_MISFIT, "nothing is loaded at 0x08100000"},
        {FIRST + FILE_SIZE, 4, 6, X8_E_MISFIT, "nothing is loaded at 0x08100000"},
        {FIRST + FILE_SIZE, 4, 0, X8_E_MISFIT, "nothing is loaded at 0x08100000"},
    };
    uint8_t file[FILE_LEN];
    struct x8_error err;

    (void)state;
    try_changes(rows, X8_COUNT(rows));
    kit_sketch(file);
    x8_put_le32(file + 24, 0); /* no entry: the M4 starts by its vector */
    assert_int_equal(check(file, sizeof file, &err), 0);
    x8_put_le32(file + FIRST + FILE_SIZE, 0);
    x8_put_le32(file + SECOND + FILE_SIZE, 0);
    assert_int_equal(check(file, sizeof file, &err), -X8_E_BAD_IMAGE);
    has(err.why, "none of its segments has bytes");
}

static void a_vector_table_in_two_segments_is_read(void **state)
{
    uint8_t file[FILE_LEN];
    struct x8_sketch_elf elf;
    struct x8_error err;

    (void)state;
    kit_sketch(file);
    put_segment(file + FIRST, CODE, 0x08100000, 0x08100000, 6, 6);
    put_segment(file + SECOND, CODE + 6, 0x08100006, 0x08100006, CODE_LEN - 6, CODE_LEN);
    assert_int_equal(check_rules(file, sizeof file, NULL, &elf, &err), 0);
    assert_int_equal(elf.reset, 0x08100011);
}

static void a_region_of_the_users_is_allowed(void **state)
{
    static const struct x8_sketch_region regions[] = {
        {X8_SKETCH_FLASH, X8_SKETCH_FLASH_LEN},
        {0x90000000, 16},
    };
    const struct x8_sketch_rules rules = {regions, 2}, none = {regions, 0};
    uint8_t file[FILE_LEN];
    struct x8_sketch_elf elf;
    struct x8_error err;

    (void)state;
    kit_sketch(file);
    x8_put_le32(file + SECOND + ADDRESS, 0x90000000);
    assert_int_equal(check_rules(file, sizeof file, &rules, &elf, &err), 0);
    assert_int_equal(elf.low, 0x08100000);
    assert_int_equal(elf.high, 0x90000010);
    assert_int_equal(check_rules(file, sizeof file, &none, &elf, &err), -X8_E_MISFIT);
    x8_put_le32(file + SECOND + ADDRESS, 0x90000004);
    assert_int_equal(check_rules(file, sizeof file, &rules, &elf, &err), -X8_E_MISFIT);
    has(err.msg, "too large for the X8's M4 by 4 bytes");
}

static void a_failure_leaves_the_result_alone(void **state)
{
    struct x8_sketch_elf elf = {.segments = 77};
    struct x8_error err;

    (void)state;
    assert_int_equal(check_rules((const uint8_t *)"x", 1, NULL, &elf, &err), -X8_E_BAD_IMAGE);
    assert_int_equal(elf.segments, 77);
    assert_int_equal(x8_sketch_elf_check((struct x8_span){NULL, 0}, "n", NULL, &elf, NULL),
                     -X8_E_BAD_IMAGE);
}

static void a_name_cannot_move_the_cursor(void **state)
{
    struct x8_sketch_elf elf;
    struct x8_error err = {0};

    (void)state;
    assert_int_equal(
        x8_sketch_elf_check((struct x8_span){NULL, 0}, "a\033[2J\nb", NULL, &elf, &err),
        -X8_E_BAD_IMAGE);
    assert_null(strpbrk(err.msg, "\033\n"));
}

static void the_kind_is_told_by_the_first_bytes(void **state)
{
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
    static const struct {
        const char *name;
        const uint8_t *data;
        size_t len;
        const char *words;
    } rows[] = {
        {"a", BYTES(""), "an empty file"},
        {"a", BYTES("\0"), "nothing but zeros"},
        {"a", BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "nothing but zeros"},
        {"a", BYTES("\377\377\377\377"), "nothing but 0xff bytes, as erased flash reads"},
        {"a", BYTES(":020000040810E2\r\n"), "an Intel HEX file"},
        {"a", BYTES(":nothex0000"), "a text file"},
        {"a", BYTES("S00D0000616C6F\n"), "a Motorola S-record file"},
        {"a", BYTES("PK\003\004...."), "a zip archive"},
        {"a", BYTES("UF2\n\127\121\135\236"), "a UF2 file, for boards that appear as a disk"},
        {"a", BYTES("UF2\nis what we sell"), "a text file"},
        {"a", BYTES("\037\213\010"), "a gzip-compressed file"},
        {"a", BYTES("!<arch>\n"), "a library of object files (.a)"},
        {"a", BYTES("MZ\220\0\003"), "a Windows program"},
        {"a.sh", BYTES("#!/bin/sh\n"), "a script"},
        {"a.ino", BYTES("void setup() {}\n"),
         "the source text of a sketch, which has to be compiled first"},
        {"a.cpp", BYTES("// H\303\266he\n"), "source text, which has to be compiled first"},
        {"a.txt", BYTES("cut in a character: \303"), "a text file"},
        {"a.txt", BYTES("not text: \303 there"), "none of the kinds of file that x8ctl knows"},
        {"a.elf", BYTES("\177ELF"), "the beginning of an ELF file"},
        {"a.elf", BYTES("\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\050\0"), "a 32-bit ARM program"},
        {"a.elf", BYTES("\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\136\0"),
         "an Xtensa program (ESP8266, ESP32, Nano ESP32)"},
        {"a.bin", BYTES("\0\200\4\020\021\0\020\010\023\0\020\010\023\0\020\010"),
         "a sketch's .bin without addresses"},
        {"a.bin", BYTES("\0\0\2\040\021\0\0\010\023\0\0\010\023\0\0\010"),
         "a .bin without addresses, and for another processor (its code is at 0x08000010)"},
        {"a.bin", BYTES("\0\200\4\020\020\0\020\010\023\0\020\010\023\0\020\010"),
         "none of the kinds of file that x8ctl knows"},
        {"a.dfu", BYTES("\1\2\3\4\377\377\133\003\101\043\0\1UFD\020\0\0\0\0"),
         "a DFU file (.bin with a DFU suffix), without addresses"},
        {"a.dfu", BYTES("\1\2\3UFD\020\0\0\0\0"), "none of the kinds of file that x8ctl knows"},
    };

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        uint8_t *copy = malloc(rows[i].len + 1);
        char kind[128];

        assert_non_null(copy);
        memcpy(copy, rows[i].data, rows[i].len);
        copy = realloc(copy, rows[i].len ? rows[i].len : 1);
        x8_sketch_kind((struct x8_span){copy, rows[i].len}, rows[i].name, kind, sizeof kind);
        test_same_text(kind, rows[i].words);
        free(copy);
    }
}

static void a_short_place_for_the_kind_is_not_overrun(void **state)
{
    (void)state;
    for (size_t cap = 1; cap < 40; cap++) {
        char *out = malloc(cap);

        x8_sketch_kind((struct x8_span){(const uint8_t *)"\0", 1}, "a", out, cap);
        assert_true(strlen(out) < cap);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sketch_is_taken_and_described),
        cmocka_unit_test(a_stripped_file_is_a_sketch),
        cmocka_unit_test(another_machine_is_named),
        cmocka_unit_test(a_big_endian_file_is_read_in_its_order),
        cmocka_unit_test(what_was_not_linked_to_a_program_is_told),
        cmocka_unit_test(a_damaged_header_is_told),
        cmocka_unit_test(what_lies_behind_the_end_is_a_file_cut_off),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(sections_without_bytes_may_be_anywhere),
        cmocka_unit_test(other_addresses_are_refused_with_whose_they_are),
        cmocka_unit_test(a_start_that_cannot_work_is_refused),
        cmocka_unit_test(a_vector_table_in_two_segments_is_read),
        cmocka_unit_test(a_region_of_the_users_is_allowed),
        cmocka_unit_test(a_failure_leaves_the_result_alone),
        cmocka_unit_test(a_name_cannot_move_the_cursor),
        cmocka_unit_test(the_kind_is_told_by_the_first_bytes),
        cmocka_unit_test(a_short_place_for_the_kind_is_not_overrun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
