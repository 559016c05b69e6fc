/*
 * The check of a sketch: first what it is, then whether all of it is there, then where it goes.
 * The order matters: half of an ESP32's program is an ESP32's program, and an x86 program cut off
 * would not become a sketch by being copied again.
 */
#include "sketch/elf_parts.h"

#include "util/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define AGAIN "copy it again from where it was built, or build it: " ELF_BUILD

static const struct x8_sketch_region m4_flash = {X8_SKETCH_FLASH, X8_SKETCH_FLASH_LEN};

/* "NAME is WHAT", its cause and a next step. */
X8_PRINTF(6, 0)
static int fail(const struct elf_file *file, struct x8_error *err, enum x8_code code,
                const char *what, const char *next, const char *why, va_list args)
{
    char text[sizeof err->why];
    int rc = x8_fail(err, code, "%s %s", file->name, what);

    vsnprintf(text, sizeof text, why, args);
    x8_error_why(err, "%s", text);
    x8_error_next(err, "%s", next);
    return rc;
}

int elf_misfit(const struct elf_file *file, struct x8_error *err, const char *why, ...)
{
    va_list args;
    int rc;

    va_start(args, why);
    rc = fail(file, err, X8_E_MISFIT, "is not a sketch for the X8's M4", ELF_BUILD, why, args);
    va_end(args);
    return rc;
}

int elf_damaged(const struct elf_file *file, struct x8_error *err, const char *why, ...)
{
    va_list args;
    int rc;

    va_start(args, why);
    rc = fail(file, err, X8_E_BAD_IMAGE, "is damaged", AGAIN, why, args);
    va_end(args);
    return rc;
}

int elf_unfit(const struct elf_file *file, struct x8_error *err, const char *why, ...)
{
    va_list args;
    int rc;

    va_start(args, why);
    rc = fail(file, err, X8_E_BAD_IMAGE, "cannot run on the X8's M4", ELF_BUILD, why, args);
    va_end(args);
    return rc;
}

int elf_cut_off(const struct elf_file *file, uint64_t whole, struct x8_error *err)
{
    int rc = x8_fail(err, X8_E_BAD_IMAGE, "%s is cut off: %zu of %llu bytes", file->name,
                     file->bytes.len, (unsigned long long)whole);

    x8_error_why(err, "its headers name bytes behind its end: a copy or a download stopped early, "
                      "or it is still being written");
    x8_error_next(err, AGAIN);
    return rc;
}

static int no_elf(const struct elf_file *file, struct x8_error *err)
{
    char kind[200];
    int rc;

    x8_sketch_kind(file->bytes, file->name, kind, sizeof kind);
    rc = x8_fail(err, X8_E_BAD_IMAGE, "%s is not a sketch for the X8's M4", file->name);
    x8_error_why(err, "it is %s; the board takes the .elf file of a sketch", kind);
    x8_error_next(err, ELF_BUILD);
    return rc;
}

int x8_sketch_elf_check(struct x8_span bytes, const char *name, const struct x8_sketch_rules *rules,
                        struct x8_sketch_elf *out, struct x8_error *err)
{
    const struct x8_sketch_rules usual = {&m4_flash, 1};
    struct elf_file file = {.bytes = bytes};
    struct x8_sketch_elf elf = {0};
    int rc;

    x8_clean(file.name, sizeof file.name, name, strlen(name));
    if (!elf_is(bytes))
        return no_elf(&file, err);
    rc = elf_head(&file, err);
    if (rc == 0)
        rc = elf_whole(&file, &elf.has_debug, err);
    if (rc == 0)
        rc = elf_load(&file, rules && rules->count ? rules : &usual, &elf, err);
    if (rc == 0)
        *out = elf;
    return rc;
}
