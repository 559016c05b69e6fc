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
        objects_staged;         /* of the target; on the board; staged before */
    uint64_t bytes, bytes_sent; /* of everything the bundle needs; over the link now */
    uint64_t need, free;        /* bytes the board needs in all from now on; has */
    uint64_t batches;
    int64_t took_ms;
};

/*
 * List, judge the space, send, verify. X8_E_BOARD_SPACE before anything is sent, with the numbers;
 * X8_E_VERIFY; X8_E_GONE, X8_E_STOPPED: what was acknowledged stays and is not sent again.
 * The stage folder is 0700 and made when missing. Stages: "send", "verify".
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
 * away. X8_E_REFUSED. */
int x8_stage_seal(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                  const char *stage, struct x8_error *err);
int x8_stage_remove(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                    const char *stage, struct x8_error *err);

#endif
