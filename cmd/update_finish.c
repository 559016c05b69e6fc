/*
 * x8ctl update finish and rollback: what the journal of a board knows, brought to an end.
 */
#include "update_parts.h"

#include "update/legacy.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

int x8_update_legacy_go(struct x8_session **session, const struct x8_op *op,
                        struct x8_update_run *run, struct x8_updated *out, struct x8_error *err)
{
    struct x8_legacy job = {.tool = x8_update_opt.tool, .run = run};

    return x8_update_legacy(session, op, &job, out, err);
}

static void say(struct x8_job_on *job, const char *line)
{
    x8_ui_flush(job->ctx->ui);
    if (!job->ctx->globals->json)
        x8_job_print(job, 0, line, strlen(line));
}

int x8_update_resume(struct x8_job_on *job, struct x8_update_look *look, struct x8_error *err)
{
    int is_legacy = look->journal.aklite == X8_AKLITE_NONE;

    return x8_update_drive(job, is_legacy ? x8_update_legacy_go : x8_update_go, &look->journal,
                           NULL, err);
}

/* Nothing is installed yet: the bundle is needed, and looked at again. */
static int send_again(struct x8_job_on *job, struct x8_update_look *look, struct x8_error *err)
{
    X8_AUTO_UPDATE_BUNDLE source = {0};
    const struct x8_update_journal *journal = &look->journal;
    int rc;

    if (journal->aklite == X8_AKLITE_NONE) {
        x8_fail(err, X8_E_WRONG_STATE, "nothing was installed on %s yet", job->target->label);
        x8_error_why(err, "the update came as far as sending, and needs its two files for that");
        x8_error_next(err, "x8ctl update legacy-399 %.200s --tool aklite-offline-399.tar.gz",
                      journal->bundle);
        return -(int)X8_E_WRONG_STATE;
    }
    x8_update_opt.allow_downgrade = journal->allow_downgrade;
    rc =
        x8_update_bundle_open(job->ctx, journal->bundle, journal->expected.target, 1, &source, err);
    if (rc == 0 && (!source.bundle.target ||
                    strcmp(source.bundle.target->commit, journal->expected.commit) != 0)) {
        rc = x8_fail(err, X8_E_MISFIT, "%.200s is another bundle now", journal->bundle);
        x8_error_why(err, "the update of %s was begun with commit %.16s...", job->target->label,
                     journal->expected.commit);
        x8_error_next(err, "x8ctl update apply BUNDLE    begins anew");
    }
    return rc < 0 ? rc : x8_update_apply_to(job, &source, look, err);
}

/* Without a journal here the board itself may still show that something waits. */
static int nothing_open(struct x8_job_on *job, const struct x8_update_look *look,
                        struct x8_error *err)
{
    char line[700], when[32];
    const struct x8_update_journal *journal = &look->journal;
    int waits = look->board.pending[0] || look->board.upgrade_available == 1;

    if (waits) {
        x8_fail(err, X8_E_WRONG_STATE, "an update of %s waits, but not one of this computer",
                job->target->label);
        x8_error_why(err, "%s; no journal here says what it should become",
                     look->board.pending[0] ? "another deployment starts with the next restart"
                                            : "the boot loader still counts the starts of the "
                                              "system that runs");
        x8_error_next(err, look->board.pending[0]
                               ? "x8ctl reboot; then x8ctl exec --root -- aklite-offline run"
                               : "x8ctl exec --root -- aklite-offline run    confirms it");
        return -(int)X8_E_WRONG_STATE;
    }
    x8_update_time_text(when, journal->changed_s);
    if (look->has_journal)
        snprintf(line, sizeof line,
                 "nothing is left to finish on %s: the last update (to %s) %s %s%s%s\n",
                 job->target->label, journal->expected.version,
                 journal->step == X8_STEP_DONE ? "ended well" : "failed", when,
                 journal->note[0] ? ": " : "", journal->note);
    else
        snprintf(line, sizeof line, "nothing is left to finish on %s\n", job->target->label);
    say(job, line);
    return 0;
}

static int forget(struct x8_job_on *job, const struct x8_update_look *look, struct x8_error *err)
{
    char price[300];
    int rc;

    if (!look->has_journal && !look->is_journal_bad) {
        say(job, "there is no journal\n");
        return 0;
    }
    snprintf(price, sizeof price, "Its step was '%s', to %s; what the board does stays as it is.",
             look->is_journal_bad ? "not readable" : x8_update_step_name(look->journal.step),
             look->is_journal_bad ? "an image that is not known" : look->journal.expected.version);
    rc = job->ctx->globals->dry_run ? 0 : x8_job_agree(job, "Forget the update of", price, err);
    if (rc == 0 && !job->ctx->globals->dry_run)
        x8_update_journal_remove(&look->journal);
    return rc;
}

static int finish(struct x8_job_on *job, struct x8_error *err)
{
    X8_AUTO_UPDATE_LOOK look = {0};
    X8_AUTO_FD lock = -1;
    int rc = x8_update_look(job, 1, &look, err);

    if (rc == 0)
        rc = x8_update_lock(&look, &lock, err);
    if (rc < 0)
        return rc;
    if (x8_update_opt.forget)
        return forget(job, &look, err);
    if (!x8_update_is_open(&look)) {
        x8_json_bool(job->result, "unfinished", 0);
        return nothing_open(job, &look, err);
    }
    if (job->ctx->globals->dry_run) {
        x8_json_bool(job->result, "unfinished", 1);
        x8_emit(&job->op, X8_EV_NOTICE, "the update of %s to %s would go on at '%s'",
                job->target->label, look.journal.expected.version,
                x8_update_step_name(look.journal.step));
        return 0;
    }
    if (look.journal.step == X8_STEP_SEND)
        return send_again(job, &look, err);
    rc = x8_job_agree(job, "Go on with the update of", "It may restart.", err);
    return rc < 0 ? rc : x8_update_resume(job, &look, err);
}

int x8_update_run_finish(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = finish, .needs_linux = 1};

    return x8_run_on_boards(ctx, &plan, err);
}

/* --- rollback --- */

static int roll_back(struct x8_job_on *job, struct x8_error *err)
{
    X8_AUTO_UPDATE_LOOK look = {0};
    X8_AUTO_FD lock = -1;
    struct x8_update_journal journal;
    int rc = x8_update_look(job, 1, &look, err);

    if (rc == 0)
        rc = x8_update_lock(&look, &lock, err);
    if (rc == 0 && x8_update_is_open(&look)) {
        rc = x8_fail(err, X8_E_WRONG_STATE, "an update of %s to %s is not finished",
                     job->target->label, look.journal.expected.version);
        x8_error_next(err, "x8ctl update finish    then x8ctl update rollback");
    }
    if (rc == 0)
        rc = x8_update_can_roll_back(job->session, &job->op, &look.board, err);
    if (rc == 0)
        rc = x8_update_begin(job, &look, &journal, err);
    if (rc < 0)
        return rc;
    x8_update_json_text(job->result, "to_commit", look.board.rollback);
    if (job->ctx->globals->dry_run) {
        x8_emit(&job->op, X8_EV_NOTICE, "%s would go back to %s; nothing was changed",
                job->target->label, look.board.rollback);
        return 0;
    }
    rc = x8_job_agree(job, "Go back to the system from before on", "It restarts.", err);
    return rc < 0 ? rc : x8_update_drive(job, x8_update_rollback, &journal, NULL, err);
}

int x8_update_run_rollback(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = roll_back, .needs_linux = 1};

    return x8_run_on_boards(ctx, &plan, err);
}

/* --- image 399 --- */

int x8_update_run_legacy(struct x8_ctx *ctx, const char *path, struct x8_error *err)
{
    int rc = 0;

    if (!x8_update_opt.tool) {
        rc = x8_fail(err, X8_E_USAGE, "update legacy-399 needs the program that image 399 lacks");
        x8_error_why(err, "Arduino offers it as aklite-offline-399.tar.gz, beside its images");
        x8_error_next(err, "x8ctl update legacy-399 BUNDLE --tool aklite-offline-399.tar.gz");
    } else if (x8_path_kind(x8_update_opt.tool) != X8_PATH_FILE) {
        rc = x8_fail(err, X8_E_NO_FILE, "there is no file %s", x8_update_opt.tool);
        x8_error_next(err, "https://downloads.arduino.cc/portentax8image/"
                           "aklite-offline-399.tar.gz    is where Arduino offers it");
    }
    if (rc == 0)
        rc = x8_legacy_check_tool(x8_update_opt.tool, err);
    return rc < 0 ? rc : x8_update_run_apply(ctx, path, err);
}
