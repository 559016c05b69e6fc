/*
 * From Linux into flashing mode: by hands on the carrier's switches, or, on a board without a
 * carrier, by clearing the boot areas. Shared by `reboot --to flash` and `flash --via-boot-erase`.
 */
#ifndef X8_CMD_BOOT_ERASE_H
#define X8_CMD_BOOT_ERASE_H

#include "cmd.h"

struct x8_plan;

struct x8_to_flash {
    const char *carrier;    /* --carrier, or NULL: what the board says */
    int erase;              /* clear the boot areas, whatever the carrier */
    int has_image;          /* a complete image was checked: x8_to_flash_check */
    int is_quiet_json;      /* somebody else prints the --json document */
    char port[X8_PORT_LEN]; /* out: where the board waits for a flash now */
};

/* A plan that can bring a board with empty boot areas back: loader for the RAM, loader for the boot
 * area, OS image; with the image read through once. X8_E_MISFIT naming what is missing. */
int x8_to_flash_check(const struct x8_op *op, const struct x8_plan *plan, struct x8_error *err);
/* The same for a source that is not opened yet. */
int x8_to_flash_check_source(struct x8_ctx *ctx, const char *source, struct x8_error *err);

/*
 * Bring the one board that is meant from Linux into flashing mode and wait for it there. Clearing
 * needs `has_image`, a copy of the boot areas in the state folder, and the last four of the serial
 * number, typed or in --confirm. Errors say whether the areas are cleared already.
 */
int x8_to_flash(struct x8_ctx *ctx, struct x8_to_flash *job, struct x8_error *err);

/* Folder of the kept boot areas of a serial number, "" for all of them. */
void x8_kept_folder(const char *serial, char *out, size_t cap);

#endif
