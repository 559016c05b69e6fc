/*
 * A kept copy of a board's boot areas: a folder of this computer with boot0.img, boot1.img and
 * boot-areas.json, which is written last and makes the copy complete.
 */
#ifndef X8_SESSION_BOOTAREAS_KEPT_H
#define X8_SESSION_BOOTAREAS_KEPT_H

#include "session/bootareas.h"

struct x8_kept {
    struct x8_buf area[2]; /* X8_BOOT_AREA_LEN bytes each */
    char sha256[2][65];
};
void x8_kept_done(struct x8_kept *kept);
#define X8_AUTO_KEPT X8_CLEANUP(x8_kept_done) struct x8_kept

/* Digests of what is in area[]; X8_E_INTERNAL. */
int x8_kept_digest(struct x8_kept *kept, struct x8_error *err);

/* Write all of it, mode 0600, the folder 0700. X8_E_MISFIT when the folder has the copy of another
 * board; X8_E_HOST_SPACE, X8_E_NO_PERMISSION. */
int x8_kept_save(const struct x8_kept *kept, const char *serial, const char *folder,
                 struct x8_error *err);

/* Read and check. X8_E_NO_FILE (no complete copy), X8_E_MISFIT (of another board),
 * X8_E_BAD_DIGEST, X8_E_BAD_IMAGE. */
int x8_kept_load(const char *folder, const char *serial, struct x8_kept *out, struct x8_error *err);

#endif
