/*
 * Which ids a board shows in which state, as one table. A Portenta X8 changes its ids, and its
 * serial number, at every step from boot ROM to Linux; the port it hangs on stays.
 */
#ifndef X8_BOARD_MODES_H
#define X8_BOARD_MODES_H

#include "link/bus.h"

enum x8_mode {
    X8_MODE_NONE,      /* none of our business */
    X8_MODE_ROM,       /* boot ROM, waits for a loader (SDP) */
    X8_MODE_SPL,       /* first loader in RAM, waits for the second (SDP over HID) */
    X8_MODE_FASTBOOT,  /* U-Boot in RAM, takes images */
    X8_MODE_LINUX,     /* the installed system */
    X8_MODE_INITRAMFS, /* NXP's or Arduino's flashing system in RAM */
};

enum x8_mode_trust {
    X8_TRUST_X8,      /* these ids belong to this board's chip or to Arduino's X8 */
    X8_TRUST_SHARED,  /* ids that other boards with the same loader show too */
    X8_TRUST_FOREIGN, /* boot ROM of another NXP chip: no Portenta X8 */
};

struct x8_mode_row {
    uint16_t vid, pid, bcd_min, bcd_max;
    enum x8_mode mode;
    enum x8_mode_trust trust;
    int needs_fastboot; /* generic ids: only with an interface FF/42/03 */
    const char *chip;   /* "i.MX 8M Mini", or NULL */
    const char *note;   /* a sentence for people, or NULL */
};

/* The row that fits, or NULL. */
const struct x8_mode_row *x8_mode_find(const struct x8_device *device);

/* The i-th row, or NULL past the end (for udev rules and documents). */
const struct x8_mode_row *x8_mode_row(size_t i);

/* "rom", "spl", "fastboot", "linux", "initramfs", "none"; and back, X8_MODE_NONE when unknown. */
const char *x8_mode_name(enum x8_mode mode);
enum x8_mode x8_mode_of(const char *name);

/* 1 for ROM, SPL and fastboot: somebody put the board into a mode made for flashing. */
int x8_mode_is_flashable(enum x8_mode mode);

#endif
