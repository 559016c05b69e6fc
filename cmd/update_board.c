/*
 * A board as an update sees it, and a bundle together with it. Nothing here changes the board.
 */
#include "update_parts.h"

#include "util/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_LEN = 1024 };

void x8_update_look_done(struct x8_update_look *look)
{
    x8_update_board_done(&look->board);
    x8_bundle_done(&look->own);
    x8_findings_done(&look->findings);
}

/* A board on the network may not have told its serial number yet. */
static int find_serial(struct x8_job_on *job, struct x8_update_look *out, struct x8_error *err)
{
    struct x8_facts *facts;
    int rc = 0;

    x8_copy(out->serial, sizeof out->serial, job->target->serial);
    if (out->serial[0])
        return 0;
    facts = calloc(1, sizeof *facts);
    rc = facts ? x8_facts_probe_short(job->session, &job->op, X8_RUN_TEXT_MS, facts, err)
               : x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        x8_copy(out->serial, sizeof out->serial, facts->serial);
    free(facts);
    if (rc == 0 && !out->serial[0]) {
        rc = x8_fail(err, X8_E_REFUSED, "%s does not say its serial number", job->target->label);
        x8_error_why(err, "the journal of an update is kept by it");
        x8_error_next(err, "x8ctl info    shows what the board is");
    }
    return rc;
}

static int find_home(struct x8_job_on *job, struct x8_update_look *out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = x8_run_ok(job->session, &job->op, "home folder", "cd && pwd -P", X8_RUN_TEXT_MS, &text,
                       err);

    if (rc == 0)
        x8_clean(out->home, sizeof out->home, x8_buf_text(&text),
                 strcspn(x8_buf_text(&text), "\n"));
    if (rc == 0 && (out->home[0] != '/' || strlen(out->home) >= sizeof out->home - 1)) {
        rc = x8_fail(err, X8_E_REFUSED, "%s does not say where its user's home is",
                     job->target->label);
        x8_error_why(err, "'%.150s' is no folder", out->home);
    }
    return rc;
}

static int load_journal(int needs_it, struct x8_update_look *out, struct x8_error *err)
{
    char folder[PATH_LEN], path[PATH_LEN];
    int rc;

    x8_env_path("state", "update", folder, sizeof folder);
    x8_update_journal_path(folder, out->serial, path, sizeof path);
    rc = x8_update_journal_load(path, &out->journal, err);
    out->has_journal = rc == 1;
    out->is_journal_bad = rc == -(int)X8_E_BAD_IMAGE;
    if (!out->is_journal_bad || (needs_it && !x8_update_opt.forget))
        return rc < 0 ? rc : 0;
    x8_copy(out->journal.path, sizeof out->journal.path, path);
    x8_found(&out->findings, X8_FOUND_WARN, X8_OK, "journal", "x8ctl update finish --forget",
             "%.140s: %.140s", err->msg, err->why);
    return 0;
}

static int get_root(struct x8_job_on *job, int needs_root, struct x8_update_look *out,
                    struct x8_error *err)
{
    struct x8_error failed;
    int rc = needs_root ? x8_job_root(job, err) : x8_job_root_unasked(job, &failed);

    if (needs_root || rc == 0)
        return rc;
    if (rc != -(int)X8_E_AUTH) {
        *err = failed;
        return rc;
    }
    x8_found(&out->findings, X8_FOUND_WARN, X8_OK, "root",
             "--password-file FILE, or x8ctl setup where the board has no password yet",
             "without root the board's trust, tags and boot loader stay unknown: %.160s",
             failed.why[0] ? failed.why : failed.msg);
    return 0;
}

int x8_update_look(struct x8_job_on *job, int needs_root, struct x8_update_look *out,
                   struct x8_error *err)
{
    int rc = find_serial(job, out, err);

    if (rc == 0)
        x8_job_serial(job, out->serial);
    if (rc == 0)
        rc = find_home(job, out, err);
    if (rc == 0)
        rc = load_journal(needs_root, out, err);
    if (rc == 0)
        rc = get_root(job, needs_root, out, err);
    if (rc == 0)
        rc = x8_update_board_probe(job->session, &job->op,
                                   job->root.way == X8_ROOT_NONE ? NULL : &job->root, &out->board,
                                   err);
    return rc;
}

void x8_update_stage_path(const struct x8_update_look *look, char *out, size_t cap)
{
    snprintf(out, cap, "%s/%s", look->home, X8_STAGE_FOLDER);
}

/* The metadata once more, now with what this board trusts. */
static int judge_metadata(struct x8_job_on *job, const struct x8_update_bundle *source,
                          struct x8_update_look *look, struct x8_error *err)
{
    struct x8_bundle_open how = {.path = source->bundle.dir,
                                 .target = source->bundle.target->name,
                                 .trusted = x8_buf_span(&source->trusted),
                                 .trusted_from = x8_update_opt.trust_root};
    struct x8_op op = job->op;
    int rc;

    op.stage = "bundle";
    if (!source->trusted.len && look->board.root_json.len) {
        how.trusted = x8_buf_span(&look->board.root_json);
        how.trusted_from = "the board's root";
    }
    rc = x8_bundle_open(&op, &how, &look->own, &look->findings, err);
    if (rc < 0)
        return rc;
    x8_tuf_judge_expiry(&look->own.tuf, x8_update_now_s(), "this computer", &look->findings);
    look->bundle = source->bundle;
    look->bundle.tuf = look->own.tuf;
    look->bundle.target = look->own.target;
    return 0;
}

/* The target runs, is the recorded one, and nothing waits. */
static int is_there(const struct x8_update_look *look)
{
    const struct x8_tuf_target *target = look->bundle.target;
    const struct x8_update_board *board = &look->board;

    return strcmp(board->booted, target->commit) == 0 && !board->pending[0] &&
           board->upgrade_available != 1 &&
           (strcmp(board->target, target->name) == 0 || target->app_count == 0);
}

/* Too little space is one of the findings, so that the others are told as well. */
static int judge_space(struct x8_job_on *job, struct x8_update_look *look, struct x8_error *err)
{
    char stage[sizeof look->home + 32], need[24], have[24], sent[24];
    struct x8_send send = {.bundle = &look->bundle,
                           .stage = stage,
                           .root = job->root.way == X8_ROOT_NONE ? NULL : &job->root,
                           .full = x8_update_opt.full,
                           .dry_run = 1};
    struct x8_op op = job->op;
    struct x8_error failed;
    int rc;

    op.stage = "compare";
    x8_update_stage_path(look, stage, sizeof stage);
    rc = x8_update_send(job->session, &op, &send, &look->space, &failed);
    if (rc == -(int)X8_E_BOARD_SPACE) {
        x8_found(&look->findings, X8_FOUND_BAD, X8_E_BOARD_SPACE, "space", failed.next, "%s%s%s",
                 failed.msg, failed.why[0] ? ": " : "", failed.why);
        return 0;
    }
    if (rc < 0) {
        *err = failed;
        return rc;
    }
    x8_size_text(need, look->space.need);
    x8_size_text(have, look->space.free);
    x8_size_text(sent, look->space.bytes_sent);
    x8_found(&look->findings, X8_FOUND_OK, X8_OK, "space", NULL,
             "needs %s, %s free; %s to be sent, %" PRIu64 " of %" PRIu64 " objects are there", need,
             have, sent, look->space.objects_there + look->space.objects_staged,
             look->space.objects);
    return 0;
}

int x8_update_look_at(struct x8_job_on *job, const struct x8_update_bundle *source,
                      struct x8_update_look *look, struct x8_error *err)
{
    struct x8_fit fit = {.allow_downgrade = x8_update_opt.allow_downgrade,
                         .keep_apps = x8_update_opt.keep_apps};
    enum x8_aklite own = look->board.aklite;
    int rc;

    if (!source->bundle.target) {
        x8_update_findings_add(&look->findings, &source->signed_part);
        return 0;
    }
    rc = judge_metadata(job, source, look, err);
    if (rc < 0)
        return rc;
    x8_update_findings_add(&look->findings, &source->content);
    if (!look->own.target)
        return 0;
    if (own == X8_AKLITE_NONE && x8_update_opt.tool)
        look->board.aklite = X8_AKLITE_A; /* it is brought along */
    x8_update_fit(&look->bundle, &look->board, &fit, &look->findings);
    look->at_stake = x8_update_apps(&look->bundle, &look->board, &look->findings);
    look->board.aklite = own;
    look->is_there = is_there(look);
    return x8_findings_bad(&look->findings) ? 0 : judge_space(job, look, err);
}
