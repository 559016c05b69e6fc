/*
 * The two boot areas of the eMMC, where the loader lives: keeping a copy, clearing them so that the
 * chip's ROM waits for a flash, putting them back while Linux still runs.
 * Source: the vendor's manual, "flashing without a carrier": boot0 and boot1, 4 MiB of zeros each,
 * after force_ro was set to 0.
 */
#ifndef X8_SESSION_BOOTAREAS_H
#define X8_SESSION_BOOTAREAS_H

#include "session/root.h"

#define X8_BOOT_AREA_LEN ((size_t)4 << 20) /* bytes of each; what the manual clears */

struct x8_boot_state {
    uint64_t size[2];   /* bytes of boot0 and boot1; 0: not there */
    char sha256[2][65]; /* of their first X8_BOOT_AREA_LEN bytes */
    int is_cleared[2];  /* nothing but zeros */
};

/* Look, change nothing. X8_E_WRONG_STATE when this is no X8 or has no such areas, X8_E_AUTH. */
int x8_boot_areas_look(struct x8_session *session, const struct x8_op *op,
                       const struct x8_root *root, struct x8_boot_state *out, struct x8_error *err);

/* What the look printed. Pure. */
int x8_boot_areas_parse(const char *text, struct x8_boot_state *out, struct x8_error *err);

/* Read both into `folder` of this computer (made when missing): boot0.img, boot1.img and
 * boot-areas.json with serial number, time and digests; complete and compared, or not there. An
 * older copy of the same board in that folder is replaced, one of another board is X8_E_MISFIT;
 * X8_E_WRONG_STATE when both are cleared already. */
int x8_boot_areas_keep(struct x8_session *session, const struct x8_op *op,
                       const struct x8_root *root, const char *serial, const char *folder,
                       struct x8_error *err);

/*
 * Clear both and read them back; refused unless `folder` holds a copy of this board (serial) with
 * the digests that the areas have right now (X8_E_WRONG_STATE, X8_E_MISFIT, X8_E_BAD_DIGEST). When
 * it fails half-way the copy is written back at once; the message says what state the areas are in:
 * X8_E_VERIFY or X8_E_REFUSED when they are as before, X8_E_UNKNOWN_STATE when that is not certain
 * (the link broke, or writing back failed): the board must then keep its power until
 * `x8ctl recover --restore-boot` went through. Once it has begun it goes on whatever `op` is told,
 * and says so when it is told to stop; so does a restore.
 */
int x8_boot_areas_clear(struct x8_session *session, const struct x8_op *op,
                        const struct x8_root *root, const char *serial, const char *folder,
                        struct x8_error *err);

/* Write a kept folder back, read back, compare. X8_E_MISFIT when it was kept from another board,
 * X8_E_BAD_DIGEST when a file is not what it was, X8_E_UNKNOWN_STATE when the link broke. */
int x8_boot_areas_restore(struct x8_session *session, const struct x8_op *op,
                          const struct x8_root *root, const char *serial, const char *folder,
                          struct x8_error *err);

#endif
