/*
 * aklite-offline on the board: started so that a lost link does not end it, its outcome collected
 * whenever the board can be reached again, its exit codes told apart by generation. No exit code is
 * believed alone: update/proof.h looks at what really runs.
 *
 * Sources: aktualizr-lite at the commits that boards carry (8045ff19 A, 305682ab B, 6cda15b C).
 */
#ifndef X8_UPDATE_AKLITE_H
#define X8_UPDATE_AKLITE_H

#include "update/host.h"

enum x8_aklite_verb {
    X8_AKLITE_INSTALL,
    X8_AKLITE_RUN,
    X8_AKLITE_ROLLBACK, /* of aktualizr-lite, generation C alone */
};

/* What a code means, together with what was said. */
enum x8_aklite_means {
    X8_MEANS_DONE,         /* install: nothing to do; run: applied, or nothing was pending */
    X8_MEANS_REBOOT,       /* deployed: restart the board, then `run` */
    X8_MEANS_RUN,          /* apps only: `run` without a restart (A and B: docker first) */
    X8_MEANS_BOOTFW,       /* an earlier boot firmware is unconfirmed: restart, install again */
    X8_MEANS_DONE_REBOOT,  /* applied; one more restart confirms the boot firmware */
    X8_MEANS_NOT_REBOOTED, /* run: the board was not restarted since install */
    X8_MEANS_ROLLING,      /* run: apps failed, the old one is deployed: restart, `run` once more */
    X8_MEANS_ROLLED_BACK,  /* run: the old one runs */
    X8_MEANS_PENDING,      /* install: an earlier installation waits for its restart */
    X8_MEANS_UNDEFINED,    /* nobody knows which apps run */
    X8_MEANS_FAILED,       /* see code, why, next; nothing was deployed */
};

struct x8_aklite_verdict {
    enum x8_aklite_means means;
    enum x8_code code; /* FAILED, ROLLED_BACK, UNDEFINED: X8_E_BAD_DIGEST, X8_E_MISFIT,
                          X8_E_BOARD_SPACE, ... */
    char why[300];     /* in words, with the board's own where they say more */
    char next[200];
    char object[65]; /* an object that the board lacks ("Couldn't find file object"), or "" */
};

/* Judge. `log` is stdout, `errors` stderr, both may be long or empty. Pure. */
void x8_aklite_judge(enum x8_aklite generation, enum x8_aklite_verb verb, int status,
                     struct x8_span log, struct x8_span errors, struct x8_aklite_verdict *out);

/* The newest run of aklite-offline on the board, as its files in `stage`/run/N tell. */
struct x8_aklite_run {
    int exists;     /* it was started some time */
    int is_running; /* and has not ended */
    int status;     /* else: 0..255, or X8_STATUS_UNKNOWN: killed, or the board lost power */
    enum x8_aklite_verb verb;
    char boot_id[40];          /* of the boot it was started in */
    struct x8_buf log, errors; /* the last 256 KiB of each */
};
void x8_aklite_run_done(struct x8_aklite_run *run);
#define X8_AUTO_AKLITE_RUN X8_CLEANUP(x8_aklite_run_done) struct x8_aklite_run

/* Start it detached (systemd-run where there is one, else setsid), as root, outputs and status in
 * `stage`/run. Never starts a second one while one runs: X8_E_BUSY. */
int x8_aklite_start(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                    enum x8_aklite generation, enum x8_aklite_verb verb, const char *stage,
                    int allow_downgrade, struct x8_error *err);

/* The same with a program that was brought along; program and libraries (for LD_LIBRARY_PATH) may
 * be NULL: the board's own. */
struct x8_aklite_tool {
    enum x8_aklite generation;
    const char *program, *libraries;
};
int x8_aklite_start_tool(struct x8_session *session, const struct x8_op *op,
                         const struct x8_root *root, const struct x8_aklite_tool *tool,
                         enum x8_aklite_verb verb, const char *stage, int allow_downgrade,
                         struct x8_error *err);

/* How it stands, without waiting. */
int x8_aklite_look(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                   const char *stage, struct x8_aklite_run *out, struct x8_error *err);

/* Wait until it ended (a statement at least every two seconds of silence: how long it runs and what
 * it said last). X8_E_TIMEOUT after limit_ms: it goes on; X8_E_GONE: it goes on; X8_E_STOPPED. */
int x8_aklite_wait(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                   const char *stage, int64_t limit_ms, struct x8_aklite_run *out,
                   struct x8_error *err);

/* Services that get in the way: stopped, and started again later if they were active. */
int x8_update_daemon(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                     int start, struct x8_error *err);

#endif
