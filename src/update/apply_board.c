/*
 * What the steps of an update do with the board: ask it, restart it, run aklite-offline on it.
 */
#include "update/apply_parts.h"

#include "session/power.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define INSTALL_MS (90 * 60000) /* an eMMC that is nearly full writes slowly; it goes on anyway */
#define RUN_MS     (20 * 60000) /* apps are started; their images are on the board already */
#define SYNC_MS    120000
#define LINKS_LOST 5 /* so often a link is opened again while one run goes on */

void machine_at(struct machine *m, const char *stage)
{
    m->op = *m->base;
    m->op.stage = stage;
}

void machine_stage(struct machine *m, const char *stage)
{
    machine_at(m, stage);
    x8_emit_enter(&m->op);
}

int machine_step(struct machine *m, enum x8_update_step step, struct x8_error *err)
{
    m->entered = 1;
    return x8_update_journal_step(m->journal, step, err);
}

int machine_step_here(struct machine *m, enum x8_update_step step, struct x8_error *err)
{
    snprintf(m->journal->boot_id, sizeof(m->journal->boot_id), "%s", m->board.boot_id);
    return machine_step(m, step, err);
}

int machine_is_target(const struct machine *m, const char *commit)
{
    return commit[0] && strcmp(commit, m->journal->expected.commit) == 0;
}

int machine_was_restarted(const struct machine *m)
{
    return strcmp(m->board.boot_id, m->journal->boot_id) != 0;
}

int machine_probe(struct machine *m, struct x8_error *err)
{
    int rc = 0;

    x8_update_board_done(&m->board);
    memset(&m->board, 0, sizeof(m->board));
    if (!*m->session)
        rc = machine_reopen(m, "", err);
    if (rc == 0 && !m->root)
        rc = m->run->hooks.root(m->run->hooks.user, *m->session, &m->root, err);
    return rc < 0 ? rc : x8_update_board_probe(*m->session, m->base, m->root, &m->board, err);
}

int machine_reopen(struct machine *m, const char *boot_id, struct x8_error *err)
{
    const struct x8_update_hooks *hooks = &m->run->hooks;

    m->root = NULL;
    int rc = hooks->reopen(hooks->user, boot_id, m->run->wait_ms, m->session, err);
    /* Only after a restart that was asked for is a board that stays away one that does not boot. */
    if (!boot_id[0] && (rc == -X8_E_NO_BOOT || rc == -X8_E_TIMEOUT || rc == -X8_E_NO_BOARD)) {
        struct x8_error lower = *err;
        x8_fail(err, X8_E_GONE, "the board was lost, and did not come back");
        x8_error_why(err, "%s", lower.msg);
        rc = -X8_E_GONE;
    }
    return rc < 0 ? rc : hooks->root(hooks->user, *m->session, &m->root, err);
}

/* What is in the page cache only would be lost with a power cut right after the deployment. */
static int sync_board(struct machine *m, struct x8_error *err)
{
    return x8_run_ok(*m->session, &m->op, "sync", "sync", SYNC_MS, NULL, err);
}

int machine_restart(struct machine *m, struct x8_error *err)
{
    char boot_id[40], time[24];
    int64_t begun = x8_now_ms();

    snprintf(boot_id, sizeof(boot_id), "%s", m->board.boot_id);
    int rc = sync_board(m, err);
    if (rc == 0) {
        m->journal->restarts++;
        m->out->restarts++;
        rc = x8_update_journal_save(m->journal, err);
    }
    if (rc == 0)
        rc = x8_reboot(*m->session, &m->op, m->root, err);
    /* Whether a link that broke meanwhile took the request along, the boot tells. */
    if (rc < 0 && rc != -X8_E_GONE && rc != -X8_E_LINK && rc != -X8_E_TIMEOUT)
        return rc;
    rc = machine_reopen(m, boot_id, err);
    if (rc == 0)
        rc = machine_probe(m, err);
    m->out->reboot_ms += x8_now_ms() - begun;
    x8_time_text(time, x8_now_ms() - begun);
    if (rc == 0)
        x8_emit(&m->op, X8_EV_STAGE, "%s; image %s", time,
                m->board.version[0] ? m->board.version : "unknown");
    return rc;
}

/* The run's end, over as many links as it takes. */
static int await_end(struct machine *m, int64_t limit_ms, struct x8_aklite_run *seen,
                     struct x8_error *err)
{
    int64_t until = x8_deadline_in(limit_ms);

    for (unsigned lost = 0;; lost++) {
        int rc = x8_aklite_wait(*m->session, &m->op, m->root, m->journal->stage,
                                x8_deadline_left(until, (int)limit_ms), seen, err);
        if ((rc != -X8_E_GONE && rc != -X8_E_LINK) || lost == LINKS_LOST)
            return rc;
        x8_emit(&m->op, X8_EV_WARN, "the link broke; the board goes on, waiting for it");
        rc = machine_reopen(m, "", err);
        if (rc < 0)
            return rc;
        x8_aklite_run_done(seen);
    }
}

/* 1: one was found, its end is in `seen`; 0: none of this verb. A `run` counts for the boot it was
 * made in alone: after a restart it has something else to finish. */
static int take_up(struct machine *m, enum x8_aklite_verb verb, int64_t limit_ms,
                   struct x8_aklite_run *seen, struct x8_error *err)
{
    int rc = x8_aklite_look(*m->session, &m->op, m->root, m->journal->stage, seen, err);
    if (rc < 0 || !seen->exists || seen->verb != verb)
        return rc < 0 ? rc : 0;
    if (verb == X8_AKLITE_RUN && strcmp(seen->boot_id, m->board.boot_id) != 0)
        return 0;
    if (!seen->is_running)
        return 1;
    x8_emit(&m->op, X8_EV_NOTICE, "aklite-offline is at work on the board already");
    x8_aklite_run_done(seen);
    rc = await_end(m, limit_ms, seen, err);
    return rc < 0 ? rc : 1;
}

/* The program of the image that is up, or one that was brought along where that has none. After a
 * restart it may be of another generation, also for an `install` that is done again. */
static struct x8_aklite_tool tool_of(const struct machine *m, enum x8_aklite_verb verb)
{
    if (verb == X8_AKLITE_INSTALL && m->board.aklite == X8_AKLITE_NONE && m->run->tool)
        return *m->run->tool;
    return (struct x8_aklite_tool){
        .program = verb == X8_AKLITE_ROLLBACK ? "aktualizr-lite" : NULL,
        .generation = m->board.aklite != X8_AKLITE_NONE ? m->board.aklite : m->journal->aklite};
}

/* A run of an earlier boot was the old image's. */
static enum x8_aklite generation_of(const struct machine *m, enum x8_aklite_verb verb,
                                    const struct x8_aklite_run *seen)
{
    if (!seen->boot_id[0] || strcmp(seen->boot_id, m->board.boot_id) == 0)
        return tool_of(m, verb).generation;
    return m->journal->aklite == X8_AKLITE_NONE && m->run->tool ? m->run->tool->generation
                                                                : m->journal->aklite;
}

static void judge(struct machine *m, enum x8_aklite_verb verb, const struct x8_aklite_run *seen)
{
    x8_aklite_judge(generation_of(m, verb, seen), verb, seen->status, x8_buf_span(&seen->log),
                    x8_buf_span(&seen->errors), &m->verdict);
    x8_emit(&m->op, X8_EV_DETAIL, "aklite-offline ended with %d", seen->status);
}

int machine_aklite(struct machine *m, enum x8_aklite_verb verb, int is_new, struct x8_error *err)
{
    X8_AUTO_AKLITE_RUN seen = {0};
    struct x8_aklite_tool tool = tool_of(m, verb);
    int64_t limit_ms = verb == X8_AKLITE_RUN ? RUN_MS : INSTALL_MS;
    int rc = is_new ? 0 : take_up(m, verb, limit_ms, &seen, err);

    if (rc < 0)
        return rc;
    if (rc == 0) {
        x8_aklite_run_done(&seen);
        rc = x8_aklite_start_tool(*m->session, &m->op, m->root, &tool, verb, m->journal->stage,
                                  m->journal->allow_downgrade, err);
        if (rc == 0)
            rc = await_end(m, limit_ms, &seen, err);
        if (rc < 0)
            return rc;
    }
    /* Beyond 128 a signal ended it, but for the one code of generation C that is so high. */
    if (seen.status == X8_STATUS_UNKNOWN ||
        (seen.status > 128 && !(m->journal->aklite == X8_AKLITE_C && seen.status == 130)))
        return 1;
    judge(m, verb, &seen);
    return 0;
}

void machine_give_back(struct machine *m)
{
    struct x8_error ignored = {0};

    if (m->journal->daemon_was_active && *m->session &&
        x8_update_daemon(*m->session, m->base, m->root, 1, &ignored) < 0)
        x8_emit(m->base, X8_EV_WARN, "aktualizr-lite could not be started again: %.200s",
                ignored.msg);
}

int machine_failed(struct machine *m, const char *what, struct x8_error *err)
{
    what = m->journal->is_rollback ? "the board did not go back" : what;
    x8_fail(err, m->verdict.code ? m->verdict.code : X8_E_REFUSED, "%s", what);
    x8_error_why(err, "%s", m->verdict.why);
    x8_error_next(err, "%s", m->verdict.next);
    return machine_end(m, -(int)(m->verdict.code ? m->verdict.code : X8_E_REFUSED), err);
}

int machine_end(struct machine *m, int rc, struct x8_error *err)
{
    struct x8_error ignored = {0};

    machine_give_back(m);
    snprintf(m->journal->note, sizeof(m->journal->note), "%.140s: %.140s", err->msg, err->why);
    if (x8_update_journal_step(m->journal, X8_STEP_FAILED, &ignored) < 0)
        x8_emit(m->base, X8_EV_WARN, "%s: %.200s", ignored.msg, ignored.why);
    return rc;
}
