/*
 * Image 399 has no aklite-offline. Arduino's manual brings one along: an archive with the program
 * and its libraries, the bundle beside it, `install` as root, and the board restarted by hand or
 * otherwise. What the manual's two helper programs (399-install-update, 399-finalize-update) do
 * inside nobody has published; this follows the manual's other way, which shows every step.
 */
#ifndef X8_UPDATE_LEGACY_H
#define X8_UPDATE_LEGACY_H

#include "update/apply.h"

struct x8_legacy {
    const char *tool;          /* aklite-offline-399.tar.gz on this computer */
    struct x8_update_run *run; /* with the bundle and the journal */
};

/* Both halves with the restart in between; goes on where the journal says. Codes as x8_update_go;
 * X8_E_WRONG_STATE when the board's image has its own aklite-offline or another number. */
int x8_update_legacy(struct x8_session **session, const struct x8_op *op,
                     const struct x8_legacy *job, struct x8_updated *out, struct x8_error *err);

/* Whether a file can be the tool: an archive that holds aklite-offline and usr/lib. X8_E_MISFIT
 * when it does not, X8_E_NO_FILE, X8_E_BAD_IMAGE. Needs no board. */
int x8_legacy_check_tool(const char *path, struct x8_error *err);
/* X8_E_MISFIT; `tool` NULL: it is the one on the board. */
int x8_legacy_not_the_tool(const char *tool, struct x8_error *err);

#endif
