/*
 * Inside of the boot areas: what the board is asked (bootareas.c), the kept copy on this computer
 * (bootareas_kept.c), and what changes the board (bootareas_write.c).
 */
#ifndef X8_SESSION_BOOTAREAS_PARTS_H
#define X8_SESSION_BOOTAREAS_PARTS_H

#include "session/bootareas.h"
#include "util/buf.h"

#define X8_BOOT_AREAS   2
#define X8_BOOT_AREA_MS 120000 /* reading or writing 4 MiB on a busy board over a slow link */

/* A copy in memory with its digests. */
struct x8_kept {
    struct x8_buf bytes[X8_BOOT_AREAS]; /* X8_BOOT_AREA_LEN each */
    char sha256[X8_BOOT_AREAS][65];
};
void x8_kept_done(struct x8_kept *kept);
#define X8_AUTO_KEPT X8_CLEANUP(x8_kept_done) struct x8_kept

/* SHA-256 as 64 digits. -1 without memory. */
int x8_boot_sha256(const void *data, size_t len, char out[65]);

/* Read a folder and prove it: X8_E_NO_FILE, X8_E_MISFIT (another board's), X8_E_BAD_DIGEST. */
int x8_kept_load(const char *folder, const char *serial, struct x8_kept *out, struct x8_error *err);
/* Write one; the record last, so that a folder with a record is complete. */
int x8_kept_save(const char *folder, const char *serial, const struct x8_kept *kept,
                 struct x8_error *err);

/* Write both areas of the board from a copy and read them back. 0, or a negative code. */
int x8_boot_areas_write(struct x8_session *session, const struct x8_op *op,
                        const struct x8_root *root, const struct x8_kept *kept,
                        struct x8_error *err);

#endif
