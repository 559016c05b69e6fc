/*
 * x8ctl sketch status and reset.
 */
#include "sketch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int print(struct x8_job_on *job, struct x8_sketch_shown *shown, struct x8_error *err)
{
    X8_AUTO_BUF out = {0};

    shown->is_person = isatty(STDOUT_FILENO);
    if (x8_sketch_show(shown, &out) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    x8_job_print(job, 0, out.data, out.len);
    return 0;
}

/* Root where it is to be had without a question; its lack is part of the answer. */
static int try_root(struct x8_job_on *job, struct x8_sketch_shown *shown, struct x8_error *err)
{
    int rc = x8_job_root_unasked(job, &shown->no_root);

    shown->has_root = rc == 0;
    if (rc == 0 || rc == -(int)X8_E_AUTH)
        return 0;
    *err = shown->no_root;
    return rc;
}

static int show(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_sketch_shown *shown = calloc(1, sizeof *shown);
    int rc = shown ? try_root(job, shown, err) : x8_fail(err, X8_E_INTERNAL, "out of memory");

    if (rc == 0)
        rc = x8_sketch_status(job->session, &job->op, shown->has_root ? &job->root : NULL,
                              &shown->status, err);
    if (rc == 0 && job->ctx->globals->json)
        x8_sketch_show_json(shown, job->result);
    else if (rc == 0)
        rc = print(job, shown, err);
    free(shown);
    return rc;
}

int x8_sketch_run_status(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = show, .needs_linux = 1};

    return x8_run_on_boards(ctx, &plan, err);
}

static int reset(struct x8_job_on *job, struct x8_error *err)
{
    static const char done[] = "M4 and M7 have started again\n";
    int rc = x8_job_root(job, err);

    if (rc < 0)
        return rc;
    x8_json_bool(job->result, "dry_run", job->ctx->globals->dry_run);
    if (job->ctx->globals->dry_run) {
        x8_emit(&job->op, X8_EV_NOTICE, "the STM32H7 of %s would be reset; nothing was changed",
                job->target->label);
        return 0;
    }
    rc = x8_sketch_reset(job->session, &job->op, &job->root, err);
    if (rc == 0 && !job->ctx->globals->json)
        x8_job_print(job, 0, done, sizeof done - 1);
    return rc;
}

int x8_sketch_run_reset(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = reset, .needs_linux = 1};

    return x8_run_on_boards(ctx, &plan, err);
}
