/*
 * The steps until the new system is deployed. Each finds out how the board stands before it does
 * anything, because nobody knows what happened since the journal was written.
 */
#include "update/apply_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

/* What an earlier update left of aklite-offline's outcome must not be taken for this one's. */
static int forget_runs(struct machine *m, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};

    if (x8_buf_addf(&text, "rm -rf -- ") < 0 || x8_quote(&text, m->journal->stage) < 0 ||
        x8_buf_addf(&text, "/run") < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return x8_run_as_ok(*m->session, &m->op, m->root, "clean up", x8_buf_text(&text),
                        X8_RUN_TEXT_MS, NULL, err);
}

static void tell_sent(struct machine *m)
{
    const struct x8_sent *sent = &m->out->sent;
    char bytes[24];
    /* With its frames a small delta can be more than the bundle's own bytes. */
    uint64_t went = sent->bytes_sent < sent->bytes ? sent->bytes_sent : sent->bytes;
    unsigned there =
        sent->bytes ? (unsigned)(100 - (went * 100 + sent->bytes - 1) / sent->bytes) : 0;

    x8_size_text(bytes, sent->bytes_sent);
    x8_emit(&m->op, X8_EV_STAGE, "%s (%u %% was on the board already), digests equal", bytes,
            there);
}

static int send_bundle(struct machine *m, int full, struct x8_error *err)
{
    struct x8_send job = {
        .bundle = m->run->bundle, .stage = m->journal->stage, .root = m->root, .full = full};
    int rc = x8_update_send(*m->session, &m->op, &job, &m->out->sent, err);

    if (rc == 0)
        tell_sent(m);
    return rc;
}

int step_send(struct machine *m, struct x8_error *err)
{
    if (!m->run->bundle) {
        x8_fail(err, X8_E_NO_FILE, "the bundle was not sent whole, and is not at hand");
        x8_error_next(err, "x8ctl update apply %.300s", m->journal->bundle);
        return -X8_E_NO_FILE;
    }
    m->journal->daemon_was_active |= m->board.daemon_active;
    m->journal->ootb_was_pending = m->board.ootb_pending;
    machine_at(m, "send"); /* the transfer announces it, with its size */
    int rc = forget_runs(m, err);
    if (rc == 0)
        rc = send_bundle(m, m->run->full, err);
    return rc < 0 ? rc : machine_step_here(m, X8_STEP_INSTALL, err);
}

/* The pull said which object it misses: what was taken for the board's own is not there after all.
 * Everything is sent, once. */
static int send_all(struct machine *m, struct x8_error *err)
{
    if (!m->run->bundle || m->run->full || m->installs >= MACHINE_INSTALLS)
        return machine_failed(m, "the update was not installed", err);
    x8_emit(&m->op, X8_EV_WARN, "the board lacks object %.16s...; sending everything",
            m->verdict.object);
    m->run->full = 1;
    return machine_step(m, X8_STEP_SEND, err);
}

/* No status: killed, or the board lost its power. What is deployed tells whether it was done. */
static int lost_install(struct machine *m, struct x8_error *err)
{
    int rc = machine_probe(m, err);
    if (rc < 0)
        return rc;
    if (machine_is_target(m, m->board.pending) || machine_is_target(m, m->board.booted))
        return machine_step(m, X8_STEP_REBOOT, err);
    if (m->installs < MACHINE_INSTALLS)
        return machine_step_here(m, X8_STEP_INSTALL, err);
    x8_fail(err, X8_E_REFUSED, "the installation does not come to its end on the board");
    x8_error_why(err, "aklite-offline was killed %d times, or the board restarted meanwhile",
                 m->installs);
    x8_error_next(err, "look for the reason:  x8ctl logs -b -1");
    return machine_end(m, -X8_E_REFUSED, err);
}

/* The restart is due only when it is the target that waits for it. */
static int earlier_pending(struct machine *m, struct x8_error *err)
{
    int rc = machine_probe(m, err);
    if (rc < 0)
        return rc;
    if (machine_is_target(m, m->board.pending))
        return machine_step_here(m, X8_STEP_REBOOT, err);
    m->verdict.code = X8_E_WRONG_STATE;
    snprintf(m->verdict.why, sizeof(m->verdict.why),
             "an installation of something else waits for its restart");
    snprintf(m->verdict.next, sizeof(m->verdict.next),
             "x8ctl reboot    lets it finish; then apply this bundle again");
    return machine_failed(m, "the update was not installed", err);
}

static int restart_docker(struct machine *m, struct x8_error *err)
{
    if (m->journal->aklite == X8_AKLITE_C)
        return 0;
    return x8_run_as_ok(*m->session, &m->op, m->root, "restart docker", "systemctl restart docker",
                        180000, NULL, err);
}

static int installed(struct machine *m, struct x8_error *err)
{
    int rc;

    switch (m->verdict.means) {
    case X8_MEANS_REBOOT:
        x8_emit(&m->op, X8_EV_STAGE, "deployed; a restart is needed");
        return machine_step(m, X8_STEP_REBOOT, err);
    case X8_MEANS_RUN:
        x8_emit(&m->op, X8_EV_STAGE, "the apps changed, the system is the same");
        rc = restart_docker(m, err);
        if (rc < 0)
            return rc;
        m->journal->boot_id[0] = '\0'; /* no boot has to be over before `run` */
        return machine_step(m, X8_STEP_RUN, err);
    case X8_MEANS_DONE:
        x8_emit(&m->op, X8_EV_STAGE, "the board had it already");
        return machine_step(m, X8_STEP_PROVE, err);
    case X8_MEANS_BOOTFW:
        if (m->installs >= MACHINE_INSTALLS)
            return machine_failed(m, "the update was not installed", err);
        x8_emit(&m->op, X8_EV_NOTICE, "an earlier boot firmware waits for a restart first");
        rc = machine_restart(m, err);
        return rc < 0 ? rc : machine_step_here(m, X8_STEP_INSTALL, err);
    case X8_MEANS_PENDING:
        return earlier_pending(m, err);
    default:
        return m->verdict.object[0] ? send_all(m, err)
                                    : machine_failed(m, "the update was not installed", err);
    }
}

int step_install(struct machine *m, struct x8_error *err)
{
    int64_t begun = x8_now_ms();
    int is_new = m->entered, is_rollback = m->journal->is_rollback;

    machine_stage(m, is_rollback ? "rollback" : "install");
    int rc = x8_update_daemon(*m->session, &m->op, m->root, 0, err);
    if (rc == 0 && !is_rollback)
        rc = x8_stage_seal(*m->session, &m->op, m->root, m->journal->stage, err);
    if (rc == 0) {
        m->installs += is_new;
        m->entered = 0; /* if the link is lost now, what was started is taken up */
        rc = machine_aklite(m, is_rollback ? X8_AKLITE_ROLLBACK : X8_AKLITE_INSTALL, is_new, err);
    }
    m->out->install_ms += x8_now_ms() - begun;
    if (rc < 0)
        return rc;
    return rc == 1 ? lost_install(m, err) : installed(m, err);
}
