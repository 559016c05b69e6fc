/*
 * x8ctl update apply: everything is checked and told before anything is changed.
 */
#include "update_parts.h"

#include "update/keep.h"
#include "util/file.h"
#include "util/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PRICE_LEN = 400 };

/* --- what is told before --- */

static void tell_bundle(const struct x8_op *base, const struct x8_update_look *look)
{
    const struct x8_tuf *tuf = &look->bundle.tuf;
    struct x8_op op = *base;
    char type[80] = "";

    op.stage = "bundle";
    if (tuf->type[0])
        snprintf(type, sizeof type, ", %s%s%s", tuf->type, tuf->tag[0] ? " " : "", tuf->tag);
    x8_emit(&op, X8_EV_STAGE, "target %s%s, valid %" PRId64 " more days, signatures %s",
            look->bundle.target->name, type, x8_update_days_left(tuf->expires_s, x8_update_now_s()),
            tuf->is_anchored ? "ok" : "fit each other");
}

static void tell_fit(const struct x8_op *base, const struct x8_update_look *look)
{
    struct x8_op op = *base;
    char need[24], have[24];

    op.stage = "fits";
    x8_size_text(need, look->space.need);
    x8_size_text(have, look->space.free);
    x8_emit(&op, X8_EV_STAGE, "board has %s; needs %s, %s free",
            look->board.version[0] ? look->board.version : "an unknown image", need, have);
}

/* What is done about containers is told when it is done. */
static int is_seen_to(const struct x8_update_look *look, const struct x8_finding *item)
{
    return x8_update_opt.keep_apps && look->at_stake &&
           (strcmp(item->id, "containers") == 0 || strcmp(item->id, "docker-wipe") == 0);
}

static void tell_warnings(const struct x8_op *op, const struct x8_update_look *look)
{
    for (size_t i = 0; i < look->findings.count; i++) {
        const struct x8_finding *item = &look->findings.items[i];

        if (item->kind == X8_FOUND_WARN && !is_seen_to(look, item))
            x8_emit(op, X8_EV_WARN, "%s: %s%s%s", item->id, item->text, item->next[0] ? "; " : "",
                    item->next);
    }
}

static void put_price(const struct x8_update_look *look, char out[PRICE_LEN])
{
    char names[200] = "";

    for (size_t i = 0; i < look->board.container_count; i++) {
        const struct x8_container *container = &look->board.containers[i];
        size_t len = strlen(names);

        if (x8_keep_is_other(&look->bundle, container))
            snprintf(names + len, sizeof names - len, "%s%s", len ? ", " : "", container->name);
    }
    snprintf(out, PRICE_LEN, "It gets %s in the place of %s%s.", look->bundle.target->version,
             look->board.version[0] ? look->board.version : "what it has",
             x8_update_opt.no_reboot ? " at its next restart" : ", and restarts");
    if (names[0])
        snprintf(out + strlen(out), PRICE_LEN - strlen(out),
                 x8_update_opt.keep_apps
                     ? " Started again afterwards: %s."
                     : " Not in the target, and stopped or lost: %s (--keep-apps).",
                 names);
}

/* One question stands for all boards, so it cannot name what one of them would lose. */
static int agree(struct x8_job_on *job, const struct x8_update_look *look, struct x8_error *err)
{
    char price[PRICE_LEN];

    if (job->count > 1 && look->at_stake && !x8_update_opt.keep_apps && !job->ctx->globals->yes) {
        x8_fail(err, X8_E_NEED_YES, "%s has containers that the update may cost",
                job->target->label);
        x8_error_why(err, "one question for several boards does not tell which");
        x8_error_next(err, "--keep-apps, or -y    agrees beforehand; or update this board alone");
        return -(int)X8_E_NEED_YES;
    }
    put_price(look, price);
    if (job->count > 1)
        snprintf(price, sizeof price, "They get %s%s.", look->bundle.target->version,
                 x8_update_opt.no_reboot ? " at their next restart" : ", and restart");
    return x8_job_agree(job, "Update", price, err);
}

/* --- the update --- */

/* What another bundle left in the staging folder would be taken for a part of this one. */
static int clear_stage(struct x8_job_on *job, const struct x8_update_look *look,
                       const struct x8_update_journal *next, struct x8_error *err)
{
    if (look->has_journal && strcmp(look->journal.expected.commit, next->expected.commit) == 0 &&
        strcmp(look->journal.expected.target, next->expected.target) == 0)
        return 0;
    return x8_stage_remove(job->session, &job->op, &job->root, next->stage, err);
}

static int start(struct x8_job_on *job, struct x8_update_look *look, struct x8_error *err)
{
    struct x8_update_journal next;
    int rc = x8_update_begin(job, look, &next, err);

    if (rc == 0)
        rc = clear_stage(job, look, &next, err);
    if (rc == 0)
        rc = x8_update_journal_save(&next, err);
    if (rc == 0 && x8_update_opt.keep_apps && look->at_stake)
        rc = x8_update_hold(job, look, err);
    if (rc < 0)
        return rc;
    return x8_update_drive(job, x8_update_opt.tool ? x8_update_legacy_go : x8_update_go, &next,
                           &look->bundle, err);
}

static int has_it_already(struct x8_job_on *job, const struct x8_update_look *look)
{
    char line[300];

    x8_json_str(job->result, "from", look->board.version);
    x8_json_str(job->result, "to", look->bundle.target->version);
    snprintf(line, sizeof line, "%s runs %s already; nothing was done\n", job->target->label,
             look->bundle.target->version);
    x8_ui_flush(job->ctx->ui);
    if (!job->ctx->globals->json)
        x8_job_print(job, 0, line, strlen(line));
    return 0;
}

int x8_update_apply_to(struct x8_job_on *job, const struct x8_update_bundle *source,
                       struct x8_update_look *look, struct x8_error *err)
{
    int rc = x8_update_look_at(job, source, look, err);

    if (rc < 0)
        return rc;
    rc = x8_update_tell_verdict(job, look, err);
    x8_json_bool(job->result, "dry_run", job->ctx->globals->dry_run);
    x8_json_add(job->result, "findings", x8_update_findings_json(&look->findings));
    if (look->bundle.target)
        tell_bundle(&job->op, look);
    tell_warnings(&job->op, look);
    if (rc == -(int)X8_E_DIFFERS)
        return has_it_already(job, look);
    if (rc < 0)
        return rc;
    tell_fit(&job->op, look);
    if (job->ctx->globals->dry_run) {
        x8_json_add(job->result, "space", x8_update_sent_json(&look->space));
        x8_emit(&job->op, X8_EV_NOTICE, "%s would be updated to %s; nothing was changed",
                job->target->label, look->bundle.target->version);
        return 0;
    }
    rc = agree(job, look, err);
    return rc < 0 ? rc : start(job, look, err);
}

/* An update that was begun: with this bundle it goes on, with another it is in the way. */
static int go_on(struct x8_job_on *job, const struct x8_update_bundle *source,
                 struct x8_update_look *look, struct x8_error *err)
{
    const struct x8_expected *begun = &look->journal.expected;

    if (!source->bundle.target || strcmp(begun->commit, source->bundle.target->commit) != 0) {
        x8_fail(err, X8_E_WRONG_STATE, "an update of %s to %s is not finished", job->target->label,
                begun->version);
        x8_error_why(err, "it came as far as '%s', with %.300s",
                     x8_update_step_name(look->journal.step), look->journal.bundle);
        x8_error_next(err, "x8ctl update finish    then this one");
        return -(int)X8_E_WRONG_STATE;
    }
    x8_emit(&job->op, X8_EV_NOTICE, "the update to %s goes on where it was left: %s",
            begun->version, x8_update_step_name(look->journal.step));
    return x8_update_resume(job, look, err);
}

static int would_go_on(struct x8_job_on *job, const struct x8_update_look *look)
{
    x8_json_bool(job->result, "unfinished", 1);
    x8_emit(&job->op, X8_EV_NOTICE,
            "an update of %s to %s is not finished (%s); x8ctl update finish goes on with it",
            job->target->label, look->journal.expected.version,
            x8_update_step_name(look->journal.step));
    return 0;
}

static int apply(struct x8_job_on *job, struct x8_error *err)
{
    const struct x8_update_bundle *source = job->user;
    X8_AUTO_UPDATE_LOOK look = {0};
    X8_AUTO_FD lock = -1;
    int rc = x8_update_look(job, 1, &look, err);

    if (rc == 0)
        rc = x8_update_lock(&look, &lock, err);
    if (rc < 0)
        return rc;
    if (x8_update_is_open(&look) && look.journal.step > X8_STEP_SEND && job->ctx->globals->dry_run)
        return would_go_on(job, &look);
    if (x8_update_is_open(&look) && look.journal.step > X8_STEP_SEND)
        return go_on(job, source, &look, err);
    return x8_update_apply_to(job, source, &look, err);
}

int x8_update_run_apply(struct x8_ctx *ctx, const char *path, struct x8_error *err)
{
    X8_AUTO_UPDATE_BUNDLE source = {0};
    struct x8_job_plan plan = {.work = apply, .needs_linux = 1, .user = &source};
    struct x8_health *health = NULL;
    int rc = x8_update_opt.health ? x8_health_load(x8_update_opt.health, &health, err) : 0;

    x8_health_free(&health); /* a mistake in it is told before anything else */
    if (rc == 0)
        rc = x8_update_bundle_open(ctx, path, x8_update_opt.target, 1, &source, err);
    if (rc == 0)
        rc = x8_findings_judge(&source.signed_part, "the bundle cannot be used", err);
    if (rc == 0)
        rc = x8_findings_judge(&source.content, "the bundle cannot be used", err);
    return rc < 0 ? rc : x8_run_on_boards(ctx, &plan, err);
}
