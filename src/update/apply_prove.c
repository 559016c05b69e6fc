/*
 * The last step: what really runs, whatever anybody said. Only the target, running and confirmed,
 * is success.
 */
#include "update/apply_parts.h"

#include <stdio.h>
#include <string.h>

#define APPS_MS 90000 /* containers of several hundred megabytes start slowly from an eMMC */
#define LOOK_MS 2000

/* Containers come up after `run` has ended. */
static int await_apps(struct machine *m, struct x8_proven *proven, struct x8_error *err)
{
    int64_t until = x8_deadline_in(APPS_MS);
    int rc = 0;

    while (rc == 0 && proven->apps_down[0] && x8_now_ms() < until) {
        x8_emit(&m->op, X8_EV_WAIT, "waiting for the apps: %s", proven->apps_down);
        rc = x8_cancel_sleep(m->base->cancel, x8_deadline_in(LOOK_MS), X8_CANCEL_SOFT, err);
        if (rc == 0)
            rc = machine_probe(m, err);
        if (rc == 0)
            x8_proof_judge(&m->board, &m->journal->expected, proven);
    }
    return rc;
}

static int clean_up(struct machine *m, struct x8_error *err)
{
    int rc = 0;

    if (!m->journal->keep_stage)
        rc = x8_stage_remove(*m->session, m->base, m->root, m->journal->stage, err);
    if (rc < 0)
        x8_emit(m->base, X8_EV_WARN, "%s stays on the board: %.200s", m->journal->stage, err->msg);
    machine_give_back(m);
    return x8_update_journal_step(m->journal, X8_STEP_DONE, err);
}

static int check_health(struct machine *m, struct x8_error *err)
{
    if (!m->run->health)
        return 0;
    int rc = x8_health_run(*m->session, &m->op, m->root, m->run->health, NULL, NULL, err);
    if (rc == -X8_E_UNHEALTHY)
        x8_error_next(err, "x8ctl update rollback    goes back to %s",
                      m->journal->expected.old_version);
    return rc;
}

static int is_new(struct machine *m, struct x8_proven *proven, struct x8_error *err)
{
    int rc = await_apps(m, proven, err);
    if (rc < 0)
        return rc;
    m->out->reboot_advised |= proven->reboot_advised;
    rc = check_health(m, err);
    if (rc < 0 && rc != -X8_E_UNHEALTHY)
        return rc;
    struct x8_error ignored = {0};
    int saved = clean_up(m, rc < 0 ? &ignored : err);
    if (rc < 0 || saved < 0)
        return rc < 0 ? rc : saved;
    if (proven->apps_down[0]) {
        x8_fail(err, X8_E_UNHEALTHY, "image %s runs and is confirmed, but apps are down: %s",
                m->journal->expected.version, proven->apps_down);
        x8_error_next(err, "x8ctl exec --root -- docker ps -a");
        return -X8_E_UNHEALTHY;
    }
    x8_emit(&m->op, X8_EV_STAGE, "%s%s", proven->reason,
            m->run->health ? "; health checks passed" : "");
    return 1;
}

static int is_old(struct machine *m, const struct x8_proven *proven, struct x8_error *err)
{
    x8_fail(err, X8_E_ROLLED_BACK, "the update to %s failed, the board runs %s again",
            m->journal->expected.version, m->journal->expected.old_version);
    x8_error_why(err, "%s", m->journal->note[0] ? m->journal->note : proven->reason);
    x8_error_next(err,
                  "x8ctl logs --root -b -1    tells why; what was sent is kept for another try");
    return machine_end(m, -X8_E_ROLLED_BACK, err);
}

int step_prove(struct machine *m, struct x8_error *err)
{
    struct x8_proven proven;

    machine_stage(m, "prove");
    int rc = machine_probe(m, err);
    if (rc < 0)
        return rc;
    x8_proof_judge(&m->board, &m->journal->expected, &proven);
    m->out->proof = proven.proof;
    snprintf(m->out->reason, sizeof(m->out->reason), "%s", proven.reason);
    if (proven.proof == X8_PROOF_NEW)
        return is_new(m, &proven, err);
    if (proven.proof == X8_PROOF_OLD)
        return is_old(m, &proven, err);
    /* It was deployed, and the power went before that was written down: there is nothing pending to
     * finish, and installing what runs already writes it. */
    if (proven.proof == X8_PROOF_UNCONFIRMED && proven.record_is_old && m->runs &&
        m->installs < MACHINE_INSTALLS)
        return machine_step_here(m, X8_STEP_INSTALL, err);
    if (proven.proof == X8_PROOF_UNCONFIRMED && m->runs < MACHINE_RUNS)
        return machine_step(m, X8_STEP_RUN, err);
    x8_fail(err, X8_E_UNKNOWN_STATE, "what the board runs after the update is not certain");
    x8_error_why(err, "%s", proven.reason);
    x8_error_next(err, "x8ctl update status    shows what it says");
    return machine_end(m, -X8_E_UNKNOWN_STATE, err);
}
