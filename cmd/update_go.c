/*
 * A run of the update's machine on one board: the lock, the journal, the way back to the board
 * after its restarts, and what is told at the end.
 */
#include "update_parts.h"

#include "util/file.h"
#include "util/lock.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_LEN = 1024, BACK_MS = 300000 };

static int is_open(enum x8_update_step step)
{
    return step >= X8_STEP_SEND && step <= X8_STEP_PROVE;
}

int x8_update_is_open(const struct x8_update_look *look)
{
    return look->has_journal && is_open(look->journal.step);
}

int x8_update_lock(const struct x8_update_look *look, int *out_fd, struct x8_error *err)
{
    char name[64], path[PATH_LEN];
    int rc;

    snprintf(name, sizeof name, "update-%s", look->serial);
    x8_env_lock_path(name, path, sizeof path);
    rc = x8_lock_take(path, out_fd, err);
    if (rc == -(int)X8_E_BUSY)
        x8_error_prefix(err, "board %s is being updated", look->serial);
    return rc;
}

/* A file's place as it is found again from any folder. */
static void absolute(const char *path, char *out, size_t cap)
{
    char here[PATH_LEN];
    char *joined =
        !x8_update_is_url(path) && getcwd(here, sizeof here) ? x8_path_join(here, path) : NULL;
    char *whole = joined ? x8_path_normal(joined) : NULL;

    x8_copy(out, cap, whole ? whole : path);
    free(joined);
    free(whole);
}

int x8_update_begin(struct x8_job_on *job, const struct x8_update_look *look,
                    struct x8_update_journal *out, struct x8_error *err)
{
    const struct x8_tuf_target *target = look->bundle.target;
    struct x8_expected *expected = &out->expected;
    char folder[PATH_LEN];

    memset(out, 0, sizeof *out);
    x8_env_path("state", "update", folder, sizeof folder);
    x8_update_journal_path(folder, look->serial, out->path, sizeof out->path);
    out->step = X8_STEP_SEND;
    x8_copy(out->serial, sizeof out->serial, look->serial);
    x8_copy(out->board, sizeof out->board, job->target->label);
    x8_update_stage_path(look, out->stage, sizeof out->stage);
    out->aklite = look->board.aklite;
    out->begun_s = out->changed_s = x8_update_now_s();
    x8_copy(expected->old_version, sizeof expected->old_version, look->board.version);
    x8_copy(expected->old_commit, sizeof expected->old_commit, look->board.booted);
    x8_copy(out->boot_id, sizeof out->boot_id, look->board.boot_id);
    if (x8_update_opt.health)
        absolute(x8_update_opt.health, out->health, sizeof out->health);
    out->allow_downgrade = x8_update_opt.allow_downgrade;
    if (!target)
        return x8_env_make_folder(folder, err);
    absolute(look->bundle.path, out->bundle, sizeof out->bundle);
    x8_copy(expected->version, sizeof expected->version, target->version);
    x8_copy(expected->commit, sizeof expected->commit, target->commit);
    x8_copy(expected->target, sizeof expected->target, target->name);
    for (size_t i = 0; i < look->bundle.app_count; i++) {
        size_t len = strlen(expected->apps);

        if (look->bundle.apps[i].is_of_target)
            snprintf(expected->apps + len, sizeof expected->apps - len, "%s%s", len ? " " : "",
                     look->bundle.apps[i].name);
    }
    return x8_env_make_folder(folder, err);
}

/* --- hooks --- */

static int get_root(void *user, struct x8_session *session, const struct x8_root **out,
                    struct x8_error *err)
{
    struct x8_job_on *job = user;
    int rc;

    job->session = session;
    rc = x8_job_root(job, err);
    if (rc == 0)
        *out = &job->root;
    return rc;
}

static int reopen(void *user, const char *boot_id, int64_t limit_ms, struct x8_session **session,
                  struct x8_error *err)
{
    struct x8_job_on *job = user;
    struct x8_op op = job->op;
    struct x8_haste haste; /* between two looks at the bus a board may be asked, and not answer */
    int rc;

    x8_session_close(session);
    op.stage = "reboot";
    op.cancel = x8_haste_begin(&haste, op.cancel);
    rc = x8_target_wait(job->ctx->bus, &op, job->reach, job->target, X8_MODE_LINUX, boot_id,
                        x8_deadline_in(limit_ms), NULL, session, err);
    x8_haste_end(&haste);
    return rc;
}

/* --- the end --- */

static void add_json(struct x8_job_on *job, const struct x8_update_journal *journal,
                     const struct x8_updated *done, int rc)
{
    static const char *const proofs[] = {[X8_PROOF_NEW] = "new",
                                         [X8_PROOF_UNCONFIRMED] = "unconfirmed",
                                         [X8_PROOF_OLD] = "old",
                                         [X8_PROOF_MIXED] = "mixed"};
    struct x8_json *out = job->result;
    int is_proven = rc == 0 || done->reason[0];

    x8_update_json_text(out, "from", journal->expected.old_version);
    x8_update_json_text(out, "to", journal->expected.version);
    x8_update_json_text(out, "target", journal->expected.target);
    x8_update_json_text(out, "commit", journal->expected.commit);
    x8_json_str(out, "step", x8_update_step_name(journal->step));
    x8_json_str(out, "proof", is_proven ? proofs[done->proof] : NULL);
    x8_update_json_text(out, "reason", done->reason);
    x8_json_bool(out, "unfinished", is_open(journal->step));
    x8_json_bool(out, "nothing_to_do", done->nothing_to_do);
    x8_json_bool(out, "reboot_advised", done->reboot_advised);
    x8_json_num(out, "restarts", done->restarts);
    x8_json_num(out, "install_ms", (double)done->install_ms);
    x8_json_num(out, "reboot_ms", (double)done->reboot_ms);
    x8_json_num(out, "duration_ms", (double)done->took_ms);
    x8_json_add(out, "sent", x8_update_sent_json(&done->sent));
    x8_json_str(out, "journal", journal->path);
}

/* A registered board may have a command for it (its daemon was active); all take an older bundle.
 */
static const char *way_back(const struct x8_update_journal *journal)
{
    if (journal->is_rollback)
        return "";
    return journal->daemon_was_active && journal->aklite == X8_AKLITE_C
               ? "  Go back: x8ctl update rollback"
               : "  Go back: x8ctl update apply OLD_BUNDLE --allow-downgrade";
}

/* The result, on stdout. */
static void tell(struct x8_job_on *job, const struct x8_update_journal *journal,
                 const struct x8_updated *done)
{
    const struct x8_expected *expected = &journal->expected;
    char line[400];

    if (job->ctx->globals->json)
        return;
    if (done->nothing_to_do)
        snprintf(line, sizeof line, "%s runs %s already\n", job->target->label, expected->version);
    else
        snprintf(line, sizeof line, "Updated %s from %s to %s.%s\n", job->target->label,
                 expected->old_version[0] ? expected->old_version : "?", expected->version,
                 way_back(journal));
    x8_ui_flush(job->ctx->ui); /* behind the lines of its stages, also where both are one pipe */
    x8_job_print(job, 0, line, strlen(line));
    if (done->reboot_advised)
        x8_emit(&job->op, X8_EV_NOTICE,
                "one more restart makes the new boot firmware permanent: x8ctl reboot");
}

/* What a check says of the board's health is asked for again, where the file is still there. */
static int load_health(struct x8_job_on *job, const struct x8_update_journal *journal,
                       struct x8_health **out, struct x8_error *err)
{
    if (!journal->health[0])
        return 0;
    if (x8_path_kind(journal->health) == X8_PATH_NONE) {
        x8_emit(&job->op, X8_EV_WARN, "%s is gone: its checks are left out", journal->health);
        return 0;
    }
    return x8_health_load(journal->health, out, err);
}

int x8_update_drive(struct x8_job_on *job, x8_update_machine *machine,
                    struct x8_update_journal *journal, const struct x8_bundle *bundle,
                    struct x8_error *err)
{
    struct x8_update_run run = {
        .bundle = bundle,
        .journal = journal,
        .hooks = {.user = job, .root = get_root, .reopen = reopen},
        .full = x8_update_opt.full,
        .no_reboot = x8_update_opt.no_reboot,
        .wait_ms = x8_update_opt.wait_ms == X8_TIMEOUT_UNSET ? BACK_MS : x8_update_opt.wait_ms,
    };
    struct x8_updated done = {0};
    struct x8_health *health = NULL;
    int rc = load_health(job, journal, &health, err);

    if (rc < 0)
        return rc;
    run.health = health;
    x8_signals_say("stopping at the next safe point; the board is left in a state that x8ctl "
                   "update finish goes on from");
    rc = machine(&job->session, &job->op, &run, &done, err);
    x8_health_free(&health);
    rc = x8_update_let_go(job, journal, rc, err);
    add_json(job, journal, &done, rc);
    if (rc == 0)
        tell(job, journal, &done);
    return rc;
}
