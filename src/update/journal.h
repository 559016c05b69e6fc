/*
 * The host's record of an update of one board, kept until it ended: what was to be done, how far it
 * came, what was seen. Written before each step, so that whoever comes back after a power cut, a
 * Ctrl-C or a closed laptop knows what may have happened.
 */
#ifndef X8_UPDATE_JOURNAL_H
#define X8_UPDATE_JOURNAL_H

#include "update/host.h"
#include "update/proof.h"

enum x8_update_step {
    X8_STEP_NONE,
    X8_STEP_SEND,      /* the stage is being filled */
    X8_STEP_INSTALL,   /* install was, or is about to be, started */
    X8_STEP_REBOOT,    /* deployed; the restart was, or is about to be, asked for */
    X8_STEP_RUN,       /* up again; `run` was, or is about to be, started */
    X8_STEP_ROLL_BACK, /* apps failed: the old system is deployed, a restart and `run` are due */
    X8_STEP_PROVE,     /* `run` ended */
    X8_STEP_DONE,      /* ended well; only the clean-up may be left */
    X8_STEP_FAILED,    /* ended without the new system, and the user was told */
};
const char *x8_update_step_name(enum x8_update_step step); /* "send", "install", ... */
enum x8_update_step x8_update_step_of(const char *name);   /* NONE for no such name */

struct x8_update_journal {
    char path[1024]; /* of the file */
    enum x8_update_step step;
    char serial[40], board[128]; /* of the board: the one thing that must agree at finish */
    char bundle[1024];           /* as the user named it */
    struct x8_expected expected;
    enum x8_aklite aklite;
    char stage[256];  /* on the board */
    char boot_id[40]; /* of the boot in which the step was begun */
    int restarts;     /* that this update asked for */
    int allow_downgrade, keep_stage;
    int is_rollback;       /* the target is the system from before, which the board still keeps */
    int daemon_was_active; /* aktualizr-lite, to be started again */
    int ootb_was_pending;
    char health[1024];          /* file of checks, or "" */
    int64_t begun_s, changed_s; /* this computer's clock */
    char note[300];             /* what ended it, for `update status` */
};

/* Path of a board's journal in the folder `state`: update-SERIAL.json. */
void x8_update_journal_path(const char *state, const char *serial, char *out, size_t cap);

/* 1 and the journal, 0 when there is none, X8_E_BAD_IMAGE for a damaged one (its path is named). */
int x8_update_journal_load(const char *path, struct x8_update_journal *out, struct x8_error *err);

/* Replace the file (temporary name, fsync, rename). X8_E_HOST_SPACE, X8_E_NO_PERMISSION. */
int x8_update_journal_save(struct x8_update_journal *journal, struct x8_error *err);

/* Set the step and save. */
int x8_update_journal_step(struct x8_update_journal *journal, enum x8_update_step step,
                           struct x8_error *err);

void x8_update_journal_remove(const struct x8_update_journal *journal);

#endif
