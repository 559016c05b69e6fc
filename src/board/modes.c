/*
 * The table of ids. Sources: NXP's uuu for the boot ROMs and loaders of its chips, U-Boot and
 * Foundries.io's board files for the ids of SPL and fastboot before and after their change, and
 * Arduino's gadget set-up for Linux.
 */
#include "board/modes.h"

#include "util/text.h"

#define ANY 0x0000, 0xffff

static const char foreign_note[] = "boot ROM of another NXP chip: not a Portenta X8";
static const char shared_note[] = "U-Boot fastboot by its ids, which other NXP boards show too";

static const struct x8_mode_row rows[] = {
    {0x1fc9, 0x0134, ANY, X8_MODE_ROM, X8_TRUST_X8, 0, "i.MX 8M Mini", NULL},
    {0x1fc9, 0x0151, ANY, X8_MODE_SPL, X8_TRUST_SHARED, 0, NULL, NULL},
    {0x0525, 0xb4a4, ANY, X8_MODE_SPL, X8_TRUST_SHARED, 0, NULL, NULL},
    {0x1fc9, 0x0152, ANY, X8_MODE_FASTBOOT, X8_TRUST_SHARED, 1, NULL, NULL},
    {0x0525, 0xa4a5, ANY, X8_MODE_FASTBOOT, X8_TRUST_SHARED, 1, NULL, NULL},
    {0x18d1, 0x0d02, ANY, X8_MODE_FASTBOOT, X8_TRUST_SHARED, 1, NULL, shared_note},
    {0x3016, 0x0001, ANY, X8_MODE_FASTBOOT, X8_TRUST_SHARED, 1, NULL, shared_note},
    {0x3016, 0x1001, ANY, X8_MODE_SPL, X8_TRUST_SHARED, 0, NULL, NULL},
    {0x2341, 0x0061, ANY, X8_MODE_LINUX, X8_TRUST_X8, 0, NULL, NULL},
    {0x066f, 0x9bff, ANY, X8_MODE_INITRAMFS, X8_TRUST_SHARED, 0, NULL,
     "a flashing system in RAM; power-cycle to leave it"},
    {0x066f, 0x9afe, ANY, X8_MODE_INITRAMFS, X8_TRUST_SHARED, 0, NULL,
     "a flashing system in RAM; power-cycle to leave it"},
    {0x1fc9, 0x0153, ANY, X8_MODE_INITRAMFS, X8_TRUST_SHARED, 0, NULL,
     "a flashing system in RAM; power-cycle to leave it"},
#define FOREIGN(vid, pid, chip)                                                                    \
    {                                                                                              \
        vid, pid, ANY, X8_MODE_ROM, X8_TRUST_FOREIGN, 0, chip, foreign_note                        \
    }
    FOREIGN(0x1fc9, 0x012b, "i.MX 8M Quad"),
    FOREIGN(0x1fc9, 0x013e, "i.MX 8M Nano"),
    FOREIGN(0x1fc9, 0x0146, "i.MX 8M Plus"),
    FOREIGN(0x1fc9, 0x012f, "i.MX 8QuadXPlus"),
    FOREIGN(0x1fc9, 0x0129, "i.MX 8QuadMax"),
    FOREIGN(0x1fc9, 0x0147, "i.MX 8DXL"),
    FOREIGN(0x1fc9, 0x014a, "i.MX 8ULP"),
    FOREIGN(0x1fc9, 0x014b, "i.MX 8ULP"),
    FOREIGN(0x1fc9, 0x014e, "i.MX 93"),
    FOREIGN(0x1fc9, 0x0159, "i.MX 91"),
    FOREIGN(0x1fc9, 0x015d, "i.MX 95"),
    FOREIGN(0x1fc9, 0x015c, "i.MX 95"),
    FOREIGN(0x1fc9, 0x0027, "i.MX 943"),
    FOREIGN(0x1fc9, 0x0028, "i.MX 952"),
    FOREIGN(0x1fc9, 0x0128, "i.MX 6SLL"),
    FOREIGN(0x1fc9, 0x0126, "i.MX 7ULP"),
    FOREIGN(0x1fc9, 0x0135, "i.MX RT106x"),
    FOREIGN(0x15a2, 0x004f, "i.MX 28"),
    FOREIGN(0x15a2, 0x0076, "i.MX 7Dual"),
    FOREIGN(0x15a2, 0x0054, "i.MX 6Quad"),
    FOREIGN(0x15a2, 0x0061, "i.MX 6Dual"),
    FOREIGN(0x15a2, 0x0063, "i.MX 6SoloLite"),
    FOREIGN(0x15a2, 0x0071, "i.MX 6SoloX"),
    FOREIGN(0x15a2, 0x007d, "i.MX 6UltraLite"),
    FOREIGN(0x15a2, 0x0080, "i.MX 6ULL"),
#undef FOREIGN
};

static int is_fastboot(const struct x8_device *device)
{
    return device->if_class == 0xff && device->if_subclass == 0x42 && device->if_protocol == 0x03;
}

const struct x8_mode_row *x8_mode_find(const struct x8_device *device)
{
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        const struct x8_mode_row *row = &rows[i];

        if (row->vid == device->vid && row->pid == device->pid &&
            row->bcd_min <= device->bcd_device && device->bcd_device <= row->bcd_max &&
            (!row->needs_fastboot || is_fastboot(device)))
            return row;
    }
    return NULL;
}

const struct x8_mode_row *x8_mode_row(size_t i)
{
    return i < X8_COUNT(rows) ? &rows[i] : NULL;
}

static const char *const names[] = {
    [X8_MODE_NONE] = "none",         [X8_MODE_ROM] = "rom",     [X8_MODE_SPL] = "spl",
    [X8_MODE_FASTBOOT] = "fastboot", [X8_MODE_LINUX] = "linux", [X8_MODE_INITRAMFS] = "initramfs",
};

const char *x8_mode_name(enum x8_mode mode)
{
    return (size_t)mode < X8_COUNT(names) ? names[mode] : names[X8_MODE_NONE];
}

enum x8_mode x8_mode_of(const char *name)
{
    for (size_t i = 0; i < X8_COUNT(names); i++)
        if (x8_casecmp(names[i], name) == 0)
            return (enum x8_mode)i;
    return X8_MODE_NONE;
}

int x8_mode_is_flashable(enum x8_mode mode)
{
    return mode == X8_MODE_ROM || mode == X8_MODE_SPL || mode == X8_MODE_FASTBOOT;
}
