/*
 * x8ctl update check, and status, which is what is left of it without a bundle but for what is
 * newer.
 */
#include "update_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print(struct x8_job_on *job, const struct x8_buf *out)
{
    x8_ui_flush(job->ctx->ui);
    x8_job_print(job, 0, x8_buf_text(out), out->len);
}

static void add_json(struct x8_job_on *job, const struct x8_update_look *look)
{
    x8_json_add(job->result, "board", x8_update_board_json(look));
    if (look->has_journal)
        x8_json_add(job->result, "journal", x8_update_journal_json(&look->journal));
    else
        x8_json_str(job->result, "journal", NULL);
    x8_json_bool(job->result, "unfinished", x8_update_is_open(look));
    x8_json_add(job->result, "findings", x8_update_findings_json(&look->findings));
}

/* --- status --- */

static int show_status(struct x8_job_on *job, struct x8_error *err)
{
    const struct x8_update_newest *newest = job->user; /* check asks for it, status does not */
    X8_AUTO_UPDATE_LOOK look = {0};
    X8_AUTO_BUF out = {0};
    int is_person = isatty(STDOUT_FILENO);
    int rc = x8_update_look(job, 0, &look, err);

    if (rc < 0)
        return rc;
    add_json(job, &look);
    if (newest)
        x8_json_add(job->result, "newest_known", x8_update_newest_json(newest, look.board.version));
    if (job->ctx->globals->json)
        return 0;
    x8_update_board_text(&out, is_person, &look);
    if (newest)
        x8_update_newest_text(&out, is_person, newest, look.board.version);
    x8_update_journal_text(&out, is_person, &look);
    if (look.findings.count)
        x8_update_findings_text(&out, is_person, &look.findings);
    print(job, &out);
    return 0;
}

int x8_update_run_status(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = show_status, .needs_linux = 1};

    return x8_run_on_boards(ctx, &plan, err);
}

/* --- check --- */

int x8_update_tell_verdict(struct x8_job_on *job, const struct x8_update_look *look,
                           struct x8_error *err)
{
    int rc = x8_findings_judge(&look->findings, "an update with this bundle is not possible", err);

    if (rc == 0 && x8_update_is_open(look) &&
        strcmp(look->journal.expected.commit, look->bundle.target->commit) != 0) {
        rc = x8_fail(err, X8_E_WRONG_STATE, "an update of %s to %s is not finished",
                     job->target->label, look->journal.expected.version);
        x8_error_next(err, "x8ctl update finish");
    }
    if (rc == 0 && look->is_there && !x8_update_opt.full) {
        rc = x8_fail(err, X8_E_DIFFERS, "there is nothing to do: %s runs %s already",
                     job->target->label, look->bundle.target->version);
        x8_error_why(err, "its system is that of %s, confirmed", look->bundle.target->name);
        x8_error_next(err, "--full    installs it once more all the same");
    }
    x8_json_str(job->result, "verdict",
                rc == -(int)X8_E_DIFFERS ? "nothing-to-do"
                                         : x8_code_name(rc < 0 ? x8_code_of(rc) : X8_OK));
    return rc;
}

/* Everything that apply would look at was looked at. */
static int is_complete(const struct x8_job_on *job)
{
    return job->root.way != X8_ROOT_NONE;
}

static int check(struct x8_job_on *job, struct x8_error *err)
{
    const struct x8_update_bundle *source = job->user;
    X8_AUTO_UPDATE_LOOK look = {0};
    X8_AUTO_BUF out = {0};
    int is_person = isatty(STDOUT_FILENO);
    const struct x8_globals *globals = job->ctx->globals;
    /* A password that is given has to be right; without one, what needs root stays unknown. */
    int asks_root = globals->password_file || globals->password_fd != X8_NO_FD;
    int rc = x8_update_look(job, asks_root, &look, err);

    if (rc == 0)
        rc = x8_update_look_at(job, source, &look, err);
    if (rc < 0)
        return rc;
    x8_json_add(job->result, "bundle", x8_update_bundle_json(&look.bundle));
    add_json(job, &look);
    x8_json_add(job->result, "space", x8_update_sent_json(&look.space));
    x8_json_bool(job->result, "complete", is_complete(job));
    rc = x8_update_tell_verdict(job, &look, err);
    if (job->ctx->globals->json)
        return rc;
    x8_update_findings_text(&out, is_person, &look.findings);
    if (rc == 0)
        x8_update_line(&out, is_person, "verdict", "%s can be updated from %s to %s%s",
                       job->target->label, look.board.version, look.bundle.target->version,
                       is_complete(job) ? ""
                                        : ", as far as can be seen without root: not checked are "
                                          "whether the board trusts the bundle, its tags, and its "
                                          "boot loader");
    print(job, &out);
    return rc;
}

static int check_catalogue(struct x8_ctx *ctx, struct x8_error *err)
{
    X8_AUTO_UPDATE_NEWEST newest = {.trouble = ""};
    struct x8_job_plan plan = {.work = show_status, .needs_linux = 1, .user = &newest};
    int rc = x8_update_newest_find(ctx, &newest, err);

    return rc < 0 ? rc : x8_run_on_boards(ctx, &plan, err);
}

int x8_update_run_check(struct x8_ctx *ctx, struct x8_error *err)
{
    X8_AUTO_UPDATE_BUNDLE source = {0};
    struct x8_job_plan plan = {.work = check, .needs_linux = 1, .user = &source};
    int rc;

    if (!x8_update_opt.to)
        return check_catalogue(ctx, err);
    rc = x8_update_bundle_open(ctx, x8_update_opt.to, x8_update_opt.target, 1, &source, err);
    return rc < 0 ? rc : x8_run_on_boards(ctx, &plan, err);
}
