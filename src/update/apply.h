/*
 * An update from its bundle to a proven end. A machine over the journal's steps: each looks at the
 * board first and then does what is due, so `apply` and `finish` are the same code, entered at
 * another step. Ends in the old or the new system, never in between, and says which.
 *
 *   send -> install -> reboot -> run -> prove -> done
 *                                  \-> roll_back (restart, run) -> failed (the old system)
 *
 * Rules: on generations A and B `run` is never issued before the board was restarted (it would undo
 * the update). Success is what runs and is confirmed, never an exit code.
 */
#ifndef X8_UPDATE_APPLY_H
#define X8_UPDATE_APPLY_H

#include "session/health.h"
#include "update/journal.h"
#include "update/send.h"

/* What the machine asks of the front end. */
struct x8_update_hooks {
    void *user;
    /* Root on this session's board; *out stays valid until the session is closed. */
    int (*root)(void *user, struct x8_session *session, const struct x8_root **out,
                struct x8_error *err);
    /*
     * *session (closed here, may be NULL) was lost or the board restarts: wait until the board runs
     * Linux, in another boot than `boot_id` when that is not "", and open it again. X8_E_NO_BOOT or
     * X8_E_TIMEOUT when it does not come; X8_E_STOPPED.
     */
    int (*reopen)(void *user, const char *boot_id, int64_t limit_ms, struct x8_session **session,
                  struct x8_error *err);
};

struct x8_aklite_tool;

struct x8_update_run {
    const struct x8_bundle *bundle; /* NULL at finish, when the bundle is not needed any more */
    struct x8_update_journal *journal;
    struct x8_update_hooks hooks;
    const struct x8_health *health;    /* or NULL */
    const struct x8_aklite_tool *tool; /* installs in place of the board's own, or NULL */
    int full, no_reboot;
    int64_t wait_ms; /* for the board to come back, each time */
};

struct x8_updated {
    enum x8_proof proof;
    struct x8_sent sent;
    int64_t install_ms, reboot_ms, took_ms;
    int restarts;
    int nothing_to_do; /* the board had it already */
    int reboot_advised;
    char reason[300];
};

/*
 * Go on from journal->step until the end. *session may be closed and opened again (hooks.reopen);
 * at the return it is the open one or NULL. 0: the target runs and is confirmed.
 * X8_E_PENDING (no_reboot: deployed, a restart is due: `x8ctl update finish`), X8_E_ROLLED_BACK,
 * X8_E_UNKNOWN_STATE, X8_E_NO_BOOT, X8_E_UNHEALTHY (new system, a health check failed), the codes
 * of x8_update_send and of aklite's verdicts, X8_E_GONE, X8_E_STOPPED (both: `x8ctl update
 * finish`).
 */
int x8_update_go(struct x8_session **session, const struct x8_op *op, struct x8_update_run *run,
                 struct x8_updated *out, struct x8_error *err);

/*
 * Back to the system from before, which the board still keeps. Only aktualizr-lite of generation C
 * has a verb for it, and gets the target's apps and metadata from the fleet's server, so the board
 * has to be registered. Where it has none: X8_E_REFUSED with what to do instead. Goes on like an
 * update; run->journal is filled here.
 */
/* Has the board a way back? 0, or X8_E_REFUSED as above; nothing is changed. */
int x8_update_can_roll_back(struct x8_session *session, const struct x8_op *op,
                            const struct x8_update_board *board, struct x8_error *err);

int x8_update_rollback(struct x8_session **session, const struct x8_op *op,
                       struct x8_update_run *run, struct x8_updated *out, struct x8_error *err);

#endif
