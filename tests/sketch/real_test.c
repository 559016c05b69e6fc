/*
 * The check on real files: every one that the build script made, by its name, gives exactly the
 * code and the words below. The folder is in X8_SKETCHES.
 */
#include "testlib.h"

#include "sketch/find.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The default step of a refusal. */
#define BUILD "arduino-cli compile -b arduino:mbed_portenta:portenta_x8 --output-dir out"
#define AGAIN "copy it again from where it was built, or build it: " BUILD
#define NONE  " is not a sketch for the X8's M4"
#define WANT  "; the board takes the .elf file of a sketch"
#define NEED  "; the M4 needs 32-bit ARM, little-endian (arduino:mbed_portenta:portenta_x8)"
#define M7                                                                                         \
    "it was built for the M7 core or a Portenta H7, and would overwrite the bridge firmware of "   \
    "the M7"
#if defined(__x86_64__)
#define HOST "it is a program for this computer (x86-64)"
#else
#define HOST "it is an x86-64 program"
#endif

static const struct {
    const char *name;
    enum x8_code code;
    const char *what; /* behind the name */
    const char *why, *next;
} wrong[] = {
    {"aarch64.elf", X8_E_MISFIT, NONE,
     "it is a Linux program for the board's A53 cores (AArch64)" NEED,
     "x8ctl push aarch64.elf /home/fio/ && x8ctl exec -- /home/fio/aarch64.elf"},
    {"alone.bin", X8_E_BAD_IMAGE, NONE, "it is a sketch's .bin without addresses" WANT, BUILD},
    {"alone.dfu", X8_E_BAD_IMAGE, NONE,
     "it is a DFU file (.bin with a DFU suffix), without addresses" WANT, BUILD},
    {"alone.hex", X8_E_BAD_IMAGE, NONE, "it is an Intel HEX file" WANT, BUILD},
    {"alone.srec", X8_E_BAD_IMAGE, NONE, "it is a Motorola S-record file" WANT, BUILD},
    {"alone.uf2", X8_E_BAD_IMAGE, NONE, "it is a UF2 file, for boards that appear as a disk" WANT,
     BUILD},
    {"avr.elf", X8_E_MISFIT, NONE, "it is an AVR program (UNO R3, Nano, Mega, Leonardo)" NEED,
     BUILD},
    {"behind.elf", X8_E_MISFIT, NONE, "it is loaded at 0x08200000: the M4's flash has ended there",
     BUILD},
    {"big-endian.elf", X8_E_MISFIT, NONE, "it is an ARM program, big-endian" NEED, BUILD},
    {"blink.bin", X8_E_BAD_IMAGE, NONE, "it is a sketch's .bin without addresses" WANT,
     "x8ctl sketch upload blink.elf    the program with its addresses, beside it"},
    {"data-in-ram.elf", X8_E_MISFIT, NONE,
     "it is loaded at 0x10000400: that is RAM of the M4, which cannot be programmed; boards with "
     "an RP2040 (Nano RP2040 Connect, Pico) have their flash there",
     BUILD},
    {"debug-only.elf", X8_E_BAD_IMAGE, " cannot run on the X8's M4",
     "none of its segments has bytes to load: it may hold only the debug data of a sketch", BUILD},
    {"empty.elf", X8_E_BAD_IMAGE, NONE, "it is an empty file" WANT, BUILD},
    {"entry-outside.elf", X8_E_BAD_IMAGE, " cannot run on the X8's M4",
     "its entry 0x080f0001 lies outside of what is loaded", BUILD},
    {"erased.bin", X8_E_BAD_IMAGE, NONE, "it is nothing but 0xff bytes, as erased flash reads" WANT,
     BUILD},
    {"h7.bin", X8_E_BAD_IMAGE, NONE,
     "it is a .bin without addresses, and for another processor (its code is at 0x08040298)" WANT,
     BUILD},
    {"header-cut.elf", X8_E_BAD_IMAGE, " is cut off: 10 of 52 bytes",
     "its headers name bytes behind its end: a copy or a download stopped early, or it is still "
     "being written",
     AGAIN},
    {"header-half.elf", X8_E_BAD_IMAGE, " is cut off: 40 of 52 bytes",
     "its headers name bytes behind its end: a copy or a download stopped early, or it is still "
     "being written",
     AGAIN},
    {"host.elf", X8_E_MISFIT, NONE, HOST NEED, BUILD},
    {"late.elf", X8_E_MISFIT, NONE,
     "the linker put the file's own header at 0x08100000, where the vector table has to be: it was "
     "linked for a later address",
     BUILD},
    {"library.a", X8_E_BAD_IMAGE, NONE, "it is a library of object files (.a)" WANT, BUILD},
    {"library.so", X8_E_MISFIT, NONE,
     "it is a shared library, or a program that may lie anywhere; a sketch is linked to fixed "
     "addresses",
     BUILD},
    {"m4-wrong-bank.elf", X8_E_MISFIT, NONE, "it is loaded at 0x08040000: " M7, BUILD},
    {"m7-boot.elf", X8_E_MISFIT, NONE, "it is loaded at 0x08000000: " M7, BUILD},
    {"m7.elf", X8_E_MISFIT, NONE, "it is loaded at 0x08040000: " M7, BUILD},
    {"no-program-headers.elf", X8_E_BAD_IMAGE, " cannot run on the X8's M4",
     "it has no program headers: nothing says what of it is to be loaded, and where", BUILD},
    {"no-thumb.elf", X8_E_BAD_IMAGE, " cannot run on the X8's M4",
     "its reset vector 0x08100200 lacks the Thumb bit: the M4 would stop at its first instruction",
     BUILD},
    {"nothing-at-start.elf", X8_E_MISFIT, NONE,
     "nothing is loaded at 0x08100000, where the M4 takes its stack pointer and its first "
     "instruction from",
     BUILD},
    {"object.o", X8_E_MISFIT, NONE, "it is an object file: compiled, but not linked to a program",
     BUILD},
    {"other-stack.elf", X8_E_MISFIT, NONE,
     "its stack starts at 0x20020000; the board starts only sketches whose stack is in the M4's "
     "RAM at 0x10000000",
     BUILD},
    {"overlap.elf", X8_E_BAD_IMAGE, " is damaged",
     "two of its segments are loaded to the same place, 0x08100000 and 0x08100100", AGAIN},
    {"ram.elf", X8_E_MISFIT, NONE,
     "it is loaded at 0x24000000: that is RAM, which cannot be programmed", BUILD},
    {"reset-outside.elf", X8_E_BAD_IMAGE, " cannot run on the X8's M4",
     "its reset vector 0x08140001 points outside of what is loaded", BUILD},
    {"riscv.elf", X8_E_MISFIT, NONE, "it is a RISC-V program (ESP32-C3, ESP32-C6 and others)" NEED,
     BUILD},
    {"rp2040.elf", X8_E_MISFIT, NONE,
     "it is loaded at 0x10000000: that is RAM of the M4, which cannot be programmed; boards with "
     "an RP2040 (Nano RP2040 Connect, Pico) have their flash there",
     BUILD},
    {"samd.elf", X8_E_MISFIT, NONE,
     "it is loaded at 0x00002000: other boards have their flash there (Nano 33, MKR, Zero, Due, "
     "UNO R4), the X8 has not",
     BUILD},
    {"sketch.zip", X8_E_BAD_IMAGE, NONE, "it is a zip archive" WANT, BUILD},
    {"text.cpp", X8_E_BAD_IMAGE, NONE, "it is source text, which has to be compiled first" WANT,
     BUILD},
    {"too-large.elf", X8_E_MISFIT, " is too large for the X8's M4 by 1032 bytes",
     "it needs the memory up to 0x08200408, and that ends at 0x08200000",
     "make the sketch smaller (fewer libraries, less constant data), then: " BUILD},
    {"unknown-machine.elf", X8_E_MISFIT, NONE,
     "it is a 32-bit program for machine number 4660" NEED, BUILD},
    {"xtensa.elf", X8_E_MISFIT, NONE, "it is an Xtensa program (ESP8266, ESP32, Nano ESP32)" NEED,
     BUILD},
    {"zeros.bin", X8_E_BAD_IMAGE, NONE,
     "by its first bytes it is nothing but zeros, and its 64.0 MiB are more than any sketch "
     "has" WANT,
     BUILD},
};

/* Code, then constant data, then the initial values of two variables. */
enum { SMALL = 0x400 + 8, LARGE = SMALL + (300 << 10) };

static const struct {
    const char *name;
    uint32_t load;
    size_t file_min, file_max;
    int has_debug;
} right[] = {
    {"blink.elf", SMALL, 1 << 10, 64 << 10, 1},
    {"plain.elf", LARGE, 300 << 10, 330 << 10, 0},
    {"large.elf", LARGE, 2900 << 10, 3100 << 10, 1},
    {"stripped.elf", LARGE, 300 << 10, 330 << 10, 0},
    {"noheaders.elf", LARGE, 300 << 10, 330 << 10, 0},
};

static void sketches_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < X8_COUNT(right); i++) {
        X8_AUTO_SKETCH sketch = {0};
        struct x8_error err = {0};

        if (x8_sketch_load(right[i].name, NULL, &sketch, &err) < 0)
            fail_msg("%s; %s", err.msg, err.why);
        assert_int_equal(sketch.elf.load_bytes, right[i].load);
        assert_in_range(sketch.file.len, right[i].file_min, right[i].file_max);
        assert_int_equal(sketch.elf.has_debug, right[i].has_debug);
        assert_int_equal(sketch.elf.low, X8_SKETCH_FLASH);
        assert_int_equal(sketch.elf.high, X8_SKETCH_FLASH + sketch.elf.load_bytes);
        assert_int_equal(sketch.elf.stack, 0x10048000);
        assert_int_equal(sketch.elf.reset, sketch.elf.entry);
        assert_int_equal(sketch.elf.segments, 2);
    }
}

static void all_else_is_refused_in_its_own_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < X8_COUNT(wrong); i++) {
        X8_AUTO_SKETCH sketch = {0};
        struct x8_error err = {0};
        size_t len = strlen(wrong[i].name);
        int rc = x8_sketch_load(wrong[i].name, NULL, &sketch, &err);

        if (rc != -(int)wrong[i].code || strncmp(err.msg, wrong[i].name, len) != 0 ||
            strcmp(err.msg + len, wrong[i].what) != 0 || strcmp(err.why, wrong[i].why) != 0 ||
            strcmp(err.next, wrong[i].next) != 0)
            fail_msg("%s: %d\n%s\n%s\n%s", wrong[i].name, rc, err.msg, err.why, err.next);
    }
}

/* A file that nobody wrote down here is a file that is not tested. */
static void no_file_is_left_out(void **state)
{
    DIR *dir = opendir(".");
    struct dirent *entry;

    (void)state;
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        int is_known = entry->d_name[0] == '.';

        for (size_t i = 0; i < X8_COUNT(right) && !is_known; i++)
            is_known = strcmp(entry->d_name, right[i].name) == 0;
        for (size_t i = 0; i < X8_COUNT(wrong) && !is_known; i++)
            is_known = strcmp(entry->d_name, wrong[i].name) == 0;
        if (!is_known)
            fail_msg("%s is in no table", entry->d_name);
    }
    closedir(dir);
}

static void refused_as_cut(const char *dir, const char *name, const char *data, size_t len,
                           size_t whole)
{
    X8_AUTO_SKETCH sketch = {0};
    struct x8_error err = {0};
    char *path = test_file(dir, name, data, len), want[64];

    snprintf(want, sizeof want, "is cut off: %zu of ", len);
    if (x8_sketch_load(path, NULL, &sketch, &err) != -X8_E_BAD_IMAGE || !strstr(err.msg, want))
        fail_msg("%s, %zu of %zu bytes: %s; %s", name, len, whole, err.msg, err.why);
    free(path);
}

static void every_sixteenth_of_a_sketch_is_refused(void **state)
{
    char *dir = test_dir_new();

    (void)state;
    for (size_t i = 0; i < X8_COUNT(right); i++) {
        size_t len;
        char *data = test_read(right[i].name, &len);

        for (size_t part = 1; part < 16; part++)
            refused_as_cut(dir, right[i].name, data, len * part / 16, len);
        refused_as_cut(dir, right[i].name, data, len - 1, len);
        free(data);
    }
    test_dir_free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sketches_are_taken),
        cmocka_unit_test(all_else_is_refused_in_its_own_words),
        cmocka_unit_test(no_file_is_left_out),
        cmocka_unit_test(every_sixteenth_of_a_sketch_is_refused),
    };

    const char *folder = getenv("X8_SKETCHES");

    if (!folder || chdir(folder) != 0) {
        puts("skipped: no sketches were built; arm-none-eabi-gcc is not installed (Debian: "
             "gcc-arm-none-eabi)");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
