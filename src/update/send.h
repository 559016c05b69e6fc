/*
 * A bundle onto the board, as a delta: objects that the board's own repository or an earlier try
 * has are left out. tar streams travel side by side in batches; each ends with its status, and what
 * arrived is compared by SHA-256 on the board before it gets its name, so a cut link loses at most
 * one batch a stream. Order: objects and apps, then refs and config, then tuf/: a folder that is
 * not complete is none to aklite-offline.
 *
 * Digests are compared because the board's pull does not look: a flipped bit would be deployed.
 */
#ifndef X8_UPDATE_SEND_H
#define X8_UPDATE_SEND_H

#include "session/root.h"
#include "update/bundle.h"

#define X8_STAGE_FOLDER "x8ctl-update" /* in the home folder of the session's user */

struct x8_send {
    const struct x8_bundle *bundle; /* opened and checked */
    const char *stage;              /* absolute folder on the board */
    const struct x8_root *root; /* used where the user may not list the board's objects; or NULL */
    int full;                   /* all objects, whatever the board has */
    int dry_run;                /* list and count only */
};

struct x8_sent {
    uint64_t objects, objects_there,
        objects_staged;  /* of the target; on the board; staged before, and proven to be right */
    uint64_t bytes;      /* of everything the bundle needs */
    uint64_t bytes_sent; /* over the link now; with dry_run: that would be sent */
    uint64_t need, free; /* bytes the board needs in all from now on; has (what is of another bundle
                            in the folder counts as free: it is removed) */
    uint64_t batches;
    int64_t took_ms;
};

/*
 * List, judge the space, send, verify. X8_E_BOARD_SPACE before anything is changed, with the
 * numbers; X8_E_VERIFY; X8_E_NO_FILE: a file of the bundle changed since it was checked;
 * X8_E_REFUSED: the stage is no folder, or somebody else's and there is no root; X8_E_GONE,
 * X8_E_STOPPED: what was acknowledged stays and is not sent again.
 *
 * The stage folder is 0700 and made when missing; one that was handed to root is taken back. What
 * is in its tuf/, ostree_repo/ and apps/ and not of this bundle is removed, tuf/ before all else;
 * what an earlier try left is believed when its SHA-256 is right. Stages: "verify" (only where
 * something was left), "send".
 */
int x8_update_send(struct x8_session *session, const struct x8_op *op, const struct x8_send *job,
                   struct x8_sent *out, struct x8_error *err);

/*
 * How many bytes the board needs for an update: what is still to be staged, 1.05 times the
 * uncompressed new objects, 2.2 times the apps' blobs, and 3 % of the file system (libostree's
 * min-free-space-percent). The factors are ours. Pure.
 */
uint64_t x8_update_need(uint64_t staged, uint64_t new_uncompressed, uint64_t blobs,
                        uint64_t fs_size);

/* Hand the stage to root before it is installed (nobody alters it after the check), or take it
 * away (0 also when there is none). X8_E_REFUSED: its name is not X8_STAGE_FOLDER, it is a link, or
 * the board does not let `root` do it. */
int x8_stage_seal(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                  const char *stage, struct x8_error *err);
int x8_stage_remove(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                    const char *stage, struct x8_error *err);

#endif
