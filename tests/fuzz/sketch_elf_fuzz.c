/*
 * Files that say they are sketches: what is accepted holds what it promises, what is refused has a
 * cause and a next step.
 */
#include "sketch/elf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int ok)
{
    if (!ok)
        abort();
}

static void check_good(const struct x8_sketch_elf *elf, size_t size, uint64_t start, uint64_t end)
{
    need(elf->low >= start && elf->high <= end && elf->low < elf->high);
    need(elf->load_bytes > 0 && elf->load_bytes <= elf->high - elf->low);
    need((elf->stack & 0xff000000u) == 0x10000000u);
    need((elf->reset & 1) && elf->reset >= elf->low && elf->reset - 1 < elf->high);
    need(elf->segments > 0 && elf->segments <= size / 32);
}

static void check_bad(int rc, const struct x8_error *err)
{
    need(rc == -X8_E_BAD_IMAGE || rc == -X8_E_MISFIT);
    need(err->code == (enum x8_code) - rc && err->msg[0] && err->why[0] && err->next[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct x8_sketch_region regions[] = {
        {X8_SKETCH_FLASH, X8_SKETCH_FLASH_LEN},
        {0x90000000, 0x70000000}, /* to the end of all addresses */
    };
    const struct x8_sketch_rules rules = {regions, 2};
    const struct x8_span file = {data, size};
    struct x8_sketch_elf elf;
    struct x8_error err = {0};
    char kind[80];
    int rc;

    x8_sketch_kind(file, size % 2 ? "a.ino" : "a.bin", kind, sizeof kind);
    need(kind[0] && strlen(kind) < sizeof kind);
    rc = x8_sketch_elf_check(file, "a.elf", NULL, &elf, &err);
    if (rc == 0)
        check_good(&elf, size, X8_SKETCH_FLASH, X8_SKETCH_FLASH + X8_SKETCH_FLASH_LEN);
    else
        check_bad(rc, &err);
    if (x8_sketch_elf_check(file, "a.elf", &rules, &elf, &err) == 0)
        check_good(&elf, size, X8_SKETCH_FLASH, UINT32_MAX);
    else
        need(rc < 0); /* more places never refuse what fewer allow */
    return 0;
}
