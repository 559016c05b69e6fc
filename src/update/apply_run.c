/*
 * The steps from the restart on: the board comes up in the new system, `run` confirms it or brings
 * the old one back.
 */
#include "update/apply_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define UNIT_MS 210000 /* the board's page has its own unit, which waits for docker first */

int step_reboot(struct machine *m, struct x8_error *err)
{
    int rc = 0;

    machine_stage(m, "reboot");
    if (machine_was_restarted(m))
        return machine_step(m, X8_STEP_RUN, err);
    if (m->run->no_reboot) {
        x8_fail(err, X8_E_PENDING, "image %s is deployed; it starts with the next restart",
                m->journal->expected.version);
        x8_error_why(err, "--no-reboot was given; the board runs %s until then",
                     m->journal->expected.old_version);
        x8_error_next(err, "x8ctl update finish    restarts it and confirms the update");
        machine_give_back(m);
        return -X8_E_PENDING;
    }
    rc = machine_restart(m, err);
    return rc < 0 ? rc : machine_step(m, X8_STEP_RUN, err);
}

/* Arduino's unit that finalises an update of the board's own page: two at a time disturb each
 * other on A and B, which take no lock. */
static int await_page(struct machine *m, struct x8_error *err)
{
    static const char text[] =
        "u=compose-apps-aklite-offline-run.service; n=0; while [ $((n+=1)) -le 90 ]; do "
        "[ \"$(systemctl is-active $u)\" = activating ] || "
        "[ -n \"$(systemctl list-jobs --no-legend $u)\" ] || break; sleep 2; done";

    if (!m->board.ootb_pending)
        return 0;
    x8_emit(&m->op, X8_EV_WAIT, "waiting for the board's own update unit (3 minutes at most)");
    return x8_run_ok(*m->session, &m->op, "wait for the board's unit", text, UNIT_MS, NULL, err);
}

/* `run` said it failed: what runs decides what that means. */
static int run_failed(struct machine *m, struct x8_error *err)
{
    int rc = machine_probe(m, err);
    if (rc < 0)
        return rc;
    if (!machine_is_target(m, m->board.booted))
        return machine_step(m, X8_STEP_PROVE, err);
    x8_fail(err, X8_E_UNKNOWN_STATE, "image %s runs, but the update could not be confirmed",
            m->journal->expected.version);
    x8_error_why(err, "%s", m->verdict.why);
    x8_error_next(err,
                  "%.120s%sx8ctl update finish    before five more starts bring the old one back",
                  m->verdict.next, m->verdict.next[0] ? "; then " : "");
    machine_give_back(m);
    return -X8_E_UNKNOWN_STATE;
}

static int undefined(struct machine *m, struct x8_error *err)
{
    m->verdict.code = X8_E_UNKNOWN_STATE;
    return machine_failed(m, "the update failed, and which apps run is not certain", err);
}

static int ran(struct machine *m, struct x8_error *err)
{
    switch (m->verdict.means) {
    case X8_MEANS_DONE_REBOOT:
        m->out->reboot_advised = 1;
        return machine_step(m, X8_STEP_PROVE, err);
    case X8_MEANS_DONE:
    case X8_MEANS_ROLLED_BACK:
        if (m->verdict.means == X8_MEANS_ROLLED_BACK)
            x8_copy(m->journal->note, sizeof(m->journal->note), m->verdict.why);
        return machine_step(m, X8_STEP_PROVE, err);
    case X8_MEANS_NOT_REBOOTED:
        return m->runs < MACHINE_RUNS ? machine_step_here(m, X8_STEP_REBOOT, err)
                                      : run_failed(m, err);
    case X8_MEANS_ROLLING:
    case X8_MEANS_REBOOT:
        x8_emit(&m->op, X8_EV_WARN, "%s", m->verdict.why);
        /* for the end, which another process may come to */
        x8_copy(m->journal->note, sizeof(m->journal->note), m->verdict.why);
        return machine_step_here(m, X8_STEP_ROLL_BACK, err);
    case X8_MEANS_UNDEFINED:
        return undefined(m, err);
    default:
        return run_failed(m, err);
    }
}

/* Lost without a status: the same boot may try again, another one must be looked at. */
static int again(struct machine *m, struct x8_error *err)
{
    int rc = machine_probe(m, err);
    if (rc < 0)
        return rc;
    if (m->runs < MACHINE_RUNS)
        return machine_step(m, X8_STEP_RUN, err);
    snprintf(m->verdict.why, sizeof(m->verdict.why), "`aklite-offline run` was killed %d times",
             m->runs);
    m->verdict.next[0] = '\0';
    return run_failed(m, err);
}

int step_run(struct machine *m, struct x8_error *err)
{
    int is_new = m->entered;

    machine_stage(m, "run");
    /* Before the restart `run` would undo the update (A and B). */
    if (m->journal->boot_id[0] && !machine_was_restarted(m))
        return machine_step(m, X8_STEP_REBOOT, err);
    /* The boot loader went back to an image without aklite-offline (399): nothing to run there. */
    if (m->board.aklite == X8_AKLITE_NONE && m->runs++ < MACHINE_RUNS)
        return machine_step(m, X8_STEP_PROVE, err);
    int rc = x8_update_daemon(*m->session, &m->op, m->root, 0, err);
    if (rc == 0)
        rc = await_page(m, err);
    if (rc == 0) {
        m->entered = 0; /* if the link is lost now, what was started is taken up */
        m->runs++;
        rc = machine_aklite(m, X8_AKLITE_RUN, is_new, err);
    }
    if (rc < 0)
        return rc;
    return rc == 1 ? again(m, err) : ran(m, err);
}

int step_roll_back(struct machine *m, struct x8_error *err)
{
    int rc = 0;

    machine_stage(m, "rollback");
    int is_new = m->entered;
    if (!machine_was_restarted(m))
        rc = machine_restart(m, err);
    if (rc < 0)
        return rc;
    m->entered = 0;
    rc = machine_aklite(m, X8_AKLITE_RUN, is_new, err);
    if (rc < 0)
        return rc;
    if (rc == 0 && m->verdict.means == X8_MEANS_UNDEFINED)
        return undefined(m, err);
    return machine_step(m, X8_STEP_PROVE, err);
}
