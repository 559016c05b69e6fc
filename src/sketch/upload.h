/*
 * A sketch onto a board's M4, and what became of it.
 *
 * The file is put beside the watched path under a name of its own, its digest is compared on the
 * board, and one rename hands it to the board's programming unit: one trigger, a complete file.
 * Then the unit is followed until it has ended. One remote command does all of this, so a link that
 * is cut before the rename leaves nothing, and one that is cut later does not change what happens
 * on the board.
 *
 * Threads: as the session.
 */
#ifndef X8_SKETCH_UPLOAD_H
#define X8_SKETCH_UPLOAD_H

#include "session/root.h"
#include "sketch/find.h"
#include "sketch/watcher.h"

enum x8_sketch_outcome {
    X8_SKETCH_UNKNOWN,  /* nobody can say; never success */
    X8_SKETCH_VERIFIED, /* programmed, and verified by OpenOCD */
    X8_SKETCH_UNPROVEN, /* the unit ended, nobody looked how (no_verify) */
    X8_SKETCH_REFUSED,  /* OpenOCD failed */
};
const char *x8_sketch_outcome_name(enum x8_sketch_outcome outcome);

struct x8_upload {
    const struct x8_sketch *sketch;
    /* Get root when it is needed: to read the journal where only that tells the outcome, to mend a
     * dead watcher or a folder of root's. *out stays valid for the call. May ask a person. */
    int (*root)(void *user, const struct x8_root **out, struct x8_error *err);
    void *user;
    int no_verify;    /* do without the journal: the outcome may be X8_SKETCH_UNPROVEN */
    int64_t limit_ms; /* for the board's programming; 60 s is usual */
    int dry_run;      /* say what would be done; nothing on the board changes */
};

struct x8_uploaded {
    enum x8_sketch_outcome outcome;
    int is_stalled;         /* the bridge (the M7's firmware) no longer answers: power-cycle */
    int64_t copy_ms;        /* until the digest was confirmed */
    int64_t programming_ms; /* of the board's own programming, by its clock */
    int64_t took_ms;        /* all of it */
    char sha256[65];        /* as the board computed it */
    char reason[200];       /* OpenOCD's words for a refusal, or "" */
    char mended[200];       /* what was repaired on the way, or "" */
};

/*
 * 0: programmed (see outcome). Otherwise *out says as much as is known, and:
 * X8_E_SKETCH OpenOCD failed, the watcher is not there or stopped; X8_E_AUTH root is needed;
 * X8_E_BUSY another upload did not end; X8_E_BOARD_SPACE; X8_E_VERIFY the copy differs;
 * X8_E_UNHEALTHY programmed, but the bridge is stalled; X8_E_UNKNOWN_STATE another file took the
 * place during the run, or nothing tells the outcome; X8_E_TIMEOUT; X8_E_GONE with whether the
 * board may still program it; X8_E_STOPPED; X8_E_REFUSED a link or something else is in the place
 * of the folder or the file, or the board cannot write there. A first stop ends it before the
 * rename, and waits for the unit after it.
 */
int x8_sketch_upload(struct x8_session *session, const struct x8_op *op,
                     const struct x8_upload *job, struct x8_uploaded *out, struct x8_error *err);

/* What is known of the board's M4. Empty strings and 0: not known. */
struct x8_sketch_status {
    struct x8_watcher watcher;
    int has_file; /* there is a file on the watched path (until the next boot) */
    char file_sha256[65];
    int64_t file_time_s; /* when it came, board's clock, seconds since 1970 */
    uint64_t file_size;
    int has_record; /* an upload of x8ctl's, kept in the user's home folder on the board */
    char record_name[256], record_sha256[65];
    int64_t record_time_s;
    enum x8_sketch_outcome record_outcome;
    int is_newer;   /* the file on the watched path is not the one of the record */
    int is_stalled; /* the bridge does not answer */
    char m7_version[64];
    struct x8_openocd last; /* of the last run since boot, where the journal could be read */
};

/* `root` may be NULL: then the journal is not read. */
int x8_sketch_status(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                     struct x8_sketch_status *out, struct x8_error *err);

/* Reset the STM32H7: the M7's bridge and the M4 start again. Needs root. X8_E_UNHEALTHY when the
 * bridge does not come back within the limit, X8_E_REFUSED when the board has no such script. */
int x8_sketch_reset(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                    struct x8_error *err);

#endif
