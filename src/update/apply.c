/*
 * The machine: one step after the other until the end. A link that breaks between the steps' own
 * waits is opened again, and the step begun anew: each looks at the board first.
 */
#include "update/apply_parts.h"

#include <stdio.h>
#include <string.h>

#define REOPENS 4 /* for the whole update, beside those of a step's own waits */
#define STEPS                                                                                      \
    40 /* more cannot be walked: an end, should two steps send each other back and forth */

static step_fn *step_of(enum x8_update_step step)
{
    switch (step) {
    case X8_STEP_SEND:
        return step_send;
    case X8_STEP_INSTALL:
        return step_install;
    case X8_STEP_REBOOT:
        return step_reboot;
    case X8_STEP_RUN:
        return step_run;
    case X8_STEP_ROLL_BACK:
        return step_roll_back;
    case X8_STEP_PROVE:
        return step_prove;
    default:
        return NULL;
    }
}

/* Another board with this serial number is none: boards of one fixture are swapped. The commit that
 * runs must be one of the two that the journal knows. */
static int check_board(const struct machine *m, struct x8_error *err)
{
    const struct x8_expected *e = &m->journal->expected;

    if (m->journal->step == X8_STEP_SEND || !m->board.booted[0] || !e->old_commit[0] ||
        strcmp(m->board.booted, e->commit) == 0 || strcmp(m->board.booted, e->old_commit) == 0)
        return 0;
    x8_fail(err, X8_E_UNKNOWN_STATE, "the board runs neither image %s nor %s", e->old_version,
            e->version);
    x8_error_why(err, "it was flashed or updated otherwise since this update began");
    x8_error_next(err, "x8ctl update finish --forget    drops the record of this update");
    return -X8_E_UNKNOWN_STATE;
}

/* The same system and apps run already, confirmed. */
static int has_it(const struct machine *m)
{
    const struct x8_expected *e = &m->journal->expected;

    return m->journal->step == X8_STEP_SEND && !m->run->full && !m->board.pending[0] &&
           strcmp(m->board.booted, e->commit) == 0 && strcmp(m->board.target, e->target) == 0 &&
           m->board.upgrade_available <= 0;
}

int machine_walk(struct machine *m, struct x8_error *err)
{
    int reopens = 0, rc = machine_probe(m, err);

    if (rc == 0)
        rc = check_board(m, err);
    if (rc == 0 && has_it(m)) {
        m->out->nothing_to_do = 1;
        m->out->proof = X8_PROOF_NEW;
        return x8_update_journal_step(m->journal, X8_STEP_DONE, err);
    }
    m->entered |= m->journal->step == X8_STEP_SEND;
    for (int steps = 0; rc == 0 && steps < STEPS; steps++) {
        step_fn *step = step_of(m->journal->step);
        if (!step)
            return x8_fail(err, X8_E_INTERNAL, "an update has no step \"%s\"",
                           x8_update_step_name(m->journal->step));
        rc = step(m, err);
        if ((rc == -X8_E_GONE || rc == -X8_E_LINK) && reopens++ < REOPENS) {
            x8_emit(m->base, X8_EV_WARN, "%.200s; opening it again", err->msg);
            rc = machine_reopen(m, "", err);
            if (rc == 0)
                rc = machine_probe(m, err);
        }
    }
    return rc == 0 ? x8_fail(err, X8_E_INTERNAL, "an update without end") : rc;
}

/* The steps before the restart and after it can all be gone on with. */
void machine_say_how_to_go_on(const struct machine *m, int rc, struct x8_error *err)
{
    static const char *const state[] = {
        [X8_STEP_SEND] = "nothing was changed on the board but its staging folder",
        [X8_STEP_INSTALL] = "what was begun on the board goes on if it still has power",
        [X8_STEP_REBOOT] = "the new system is deployed and starts with the next restart",
        [X8_STEP_RUN] = "the new system waits to be confirmed",
        [X8_STEP_ROLL_BACK] = "the old system is being brought back",
        [X8_STEP_PROVE] = "only the proof is missing",
    };
    enum x8_update_step step = m->journal->step;
    struct x8_error lower;

    if (rc != -X8_E_GONE && rc != -X8_E_LINK && rc != -X8_E_STOPPED && rc != -X8_E_TERMINATED &&
        rc != -X8_E_TIMEOUT && rc != -X8_E_NO_BOOT)
        return;
    if (step < X8_STEP_SEND || step > X8_STEP_PROVE)
        return;
    lower = *err;
    x8_error_why(err, "%.200s%s%s", lower.why, lower.why[0] ? "; " : "", state[step]);
    x8_error_next(err, "x8ctl update finish    goes on from there");
}

int x8_update_go(struct x8_session **session, const struct x8_op *op, struct x8_update_run *run,
                 struct x8_updated *out, struct x8_error *err)
{
    struct machine m = {
        .session = session, .base = op, .op = *op, .run = run, .journal = run->journal, .out = out};
    int64_t begun = x8_now_ms();

    memset(out, 0, sizeof(*out));
    int rc = machine_walk(&m, err);
    out->took_ms = x8_now_ms() - begun;
    if (rc < 0)
        machine_say_how_to_go_on(&m, rc, err);
    x8_update_board_done(&m.board);
    return rc < 0 ? rc : 0;
}
