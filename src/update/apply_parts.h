/*
 * Inner header of the machine: what its steps share.
 */
#ifndef X8_UPDATE_APPLY_PARTS_H
#define X8_UPDATE_APPLY_PARTS_H

#include "update/aklite.h"
#include "update/apply.h"

struct machine {
    struct x8_session **session;
    const struct x8_op *base;
    struct x8_op op; /* with the stage of the step */
    struct x8_update_run *run;
    struct x8_update_journal *journal;
    struct x8_updated *out;
    const struct x8_root *root;   /* of the open session */
    struct x8_update_board board; /* as last asked */
    int entered;  /* this process came to the step by the one before it: nothing of it can be
                     under way yet, so it need not be looked for */
    int installs; /* `install` was started so often by this process */
    int runs;
    struct x8_aklite_verdict verdict; /* of the last run of aklite-offline */
};

/* The first, one after a boot firmware's restart, one after something was lost. */
#define MACHINE_INSTALLS 3
#define MACHINE_RUNS     3 /* `run` is started so often at most */

/* A step returns 0 when the machine goes on (with journal->step, which it may have changed), 1 when
 * the update has ended well, or a negative code. */
typedef int step_fn(struct machine *m, struct x8_error *err);
step_fn step_send, step_install, step_reboot, step_run, step_roll_back, step_prove;

/* apply.c: go through the steps from journal->step on. 1 at a good end. */
int machine_walk(struct machine *m, struct x8_error *err);
/* Say in an error that ended a step how it can be gone on with. */
void machine_say_how_to_go_on(const struct machine *m, int rc, struct x8_error *err);

/* apply_board.c */

/* Enter a stage of the op: what the user sees. */
void machine_stage(struct machine *m, const char *stage);
/* The same without a word, for what announces it by itself. */
void machine_at(struct machine *m, const char *stage);
/* Go on with that step: saved first. */
int machine_step(struct machine *m, enum x8_update_step step, struct x8_error *err);
/* The same, and the boot that the last probe saw has to be over before the step after it. */
int machine_step_here(struct machine *m, enum x8_update_step step, struct x8_error *err);
/* `commit` is that of the target. */
int machine_is_target(const struct machine *m, const char *commit);
/* The board is in another boot than the one the journal names; whoever restarted it. */
int machine_was_restarted(const struct machine *m);
/* Ask the board again, into m->board. */
int machine_probe(struct machine *m, struct x8_error *err);
/* Open the session again: in any boot (boot_id ""), or in another than that one. */
int machine_reopen(struct machine *m, const char *boot_id, struct x8_error *err);
/* Restart the board and wait until it is back. */
int machine_restart(struct machine *m, struct x8_error *err);
/* Do aklite-offline's verb to its end and judge it into m->verdict. `is_new`: nothing of it can be
 * under way; else what is there is taken up first. 0; 1 when a run was lost without a status. */
int machine_aklite(struct machine *m, enum x8_aklite_verb verb, int is_new, struct x8_error *err);
/* Start again what was stopped for the update. */
void machine_give_back(struct machine *m);
/* Fill the error from m->verdict and note the end in the journal. */
int machine_failed(struct machine *m, const char *what, struct x8_error *err);
/* The update has ended in failure: note why, give the board's services back. Returns `rc`. */
int machine_end(struct machine *m, int rc, struct x8_error *err);

#endif
