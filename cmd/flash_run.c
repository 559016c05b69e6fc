/*
 * The run of a plan over the boards that were picked: their locks and journals, the run itself, and
 * the watch behind it.
 */
#include "flash_boards.h"

#include "flash_report.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 512 /* of a Portenta X8's loader */, RETRIES_MAX = 1000 };

int x8_run_how(const struct x8_plan *plan, unsigned retries, struct x8_flash_how *how,
               struct x8_error *err)
{
    uint64_t asked = x8_run_opts.retries;
    int is_asked = asked != X8_RETRIES_UNSET;

    how->verify = (enum x8_verify)x8_run_opts.verify;
    how->retries = retries;
    if (is_asked && asked > RETRIES_MAX) {
        x8_fail(err, X8_E_USAGE, "--retries %llu are too many", (unsigned long long)asked);
        x8_error_why(err, "a link that fails so often does not get better by itself");
        x8_error_next(err, "at most --retries %d", RETRIES_MAX);
        return -(int)X8_E_USAGE;
    }
    if (is_asked)
        how->retries = (unsigned)asked;
    if (!(x8_plan_risks(plan) & X8_RISK_FUSE))
        return 0;
    if (is_asked && asked) {
        x8_fail(err, X8_E_USAGE, "what changes fuses or one-time settings is never tried again");
        x8_error_why(err, "\"%.200s\" may have worked although no answer came",
                     x8_plan_risky(plan, X8_RISK_FUSE)->command->text);
        x8_error_next(err, "leave --retries out");
        return -(int)X8_E_USAGE;
    }
    how->retries = 0;
    return 0;
}

/* A port is locked for the whole run: between two stages nothing else would keep another copy away
 * from it. */
static int lock_ports(const struct x8_board *boards, size_t count, int *fds, struct x8_error *err)
{
    int rc = 0;

    for (size_t i = 0; i < count; i++)
        fds[i] = -1;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        char name[X8_PORT_LEN + 8], path[512];

        snprintf(name, sizeof name, "usb-%s", boards[i].device.port);
        x8_env_lock_path(name, path, sizeof path);
        rc = x8_lock_take(path, &fds[i], err);
        if (rc < 0)
            x8_error_prefix(err, "board at usb %s", boards[i].device.port);
    }
    return rc;
}

static void unlock_ports(int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x8_fd_close(&fds[i]);
}

struct running {
    struct x8_ctx *ctx;
    const struct x8_plan *plan;
    const struct x8_run *run;
    const struct x8_op *op; /* of the user interface */
    struct x8_fleet_board *members;
    struct x8_flash_result *results;
    struct x8_came_up *came;
    size_t count;
};

/* A board's failure is told while others still run: what can be done about it must be in it. */
static void emit_with_hint(void *ctx, const struct x8_event *event)
{
    const struct running *r = ctx;
    struct x8_event told = *event;
    struct x8_error error;

    if (event->kind == X8_EV_ERROR && event->board && event->error) {
        error = *event->error;
        x8_kept_hint(&r->run->keeping, event->board, &error);
        told.error = &error;
    }
    if (r->op->emit)
        r->op->emit(r->op->emit_ctx, &told);
}

/* The same in the results, and in the error of the whole where it is the board's. */
static void add_hints(const struct running *r, struct x8_error *err)
{
    for (size_t i = 0; i < r->count; i++) {
        struct x8_error *error = &r->results[i].error;
        int is_next, is_why;

        if (r->results[i].rc == 0)
            continue;
        is_next = strcmp(err->next, error->next) == 0;
        is_why = strcmp(err->why, error->why) == 0;
        x8_kept_hint(&r->run->keeping, r->results[i].port, error);
        if (is_next)
            x8_copy(err->next, sizeof err->next, error->next);
        if (is_next && is_why)
            x8_copy(err->why, sizeof err->why, error->why);
    }
}

static void prepare(struct running *r, const struct x8_board *boards)
{
    const struct x8_keeping *keeping = &r->run->keeping;

    for (size_t i = 0; i < r->count; i++) {
        struct x8_fleet_board *member = &r->members[i];

        x8_copy(member->port, sizeof member->port, boards[i].device.port);
        x8_copy(member->label, sizeof member->label, boards[i].device.port);
        if (!keeping->items)
            continue;
        member->journal = x8_kept_begin(r->op, keeping, i);
        if (keeping->items[i].is_resumed)
            member->past = &keeping->items[i].past;
    }
}

static int run_fleet(struct running *r, struct x8_error *err)
{
    struct x8_fleet fleet = {.bus = r->ctx->bus,
                             .plan = r->plan,
                             .op = r->ctx->op,
                             .how = r->run->how,
                             .arrive_ms = x8_run_opts.stage_ms,
                             .stage_ms = x8_run_opts.stage_ms};
    int rc;

    fleet.op.emit = emit_with_hint;
    fleet.op.emit_ctx = r;
    rc = x8_fleet_run(&fleet, r->members, r->count, r->results, err);
    if (rc < 0)
        add_hints(r, err);
    x8_report_results(r->ctx, r->plan, r->results, NULL, r->count);
    return rc;
}

/* The sum over all boards once some of them failed behind their flash. */
static int sum_up(const struct running *r, struct x8_error *err)
{
    size_t failed = 0, first = 0;
    int same = 1;

    for (size_t i = r->count; i-- > 0;) {
        if (r->results[i].rc == 0)
            continue;
        same = same && (!failed || r->results[i].rc == r->results[first].rc);
        first = i;
        failed++;
    }
    if (!failed)
        return 0;
    *err = r->results[first].error;
    if (same && failed == r->count)
        return r->results[first].rc;
    x8_fail(err, X8_E_SOME_FAILED, "%zu of %zu boards failed", failed, r->count);
    x8_error_why(err, "the first: %s", r->results[first].error.msg);
    x8_error_next(err, "%s", r->results[first].error.next);
    return -(int)X8_E_SOME_FAILED;
}

static int watch_good(struct running *r, struct x8_error *err)
{
    int rc;

    (void)x8_stdout_flush(r->ctx);
    for (size_t i = 0; i < r->count; i++) {
        x8_copy(r->came[i].port, sizeof r->came[i].port, r->results[i].port);
        r->came[i].is_watched = r->results[i].rc == 0;
    }
    rc = x8_watch_boards(r->ctx, r->run->watch, r->came, r->count, err);
    for (size_t i = 0; i < r->count; i++)
        if (r->came[i].is_watched && r->came[i].rc < 0) {
            r->results[i].rc = r->came[i].rc;
            r->results[i].error = r->came[i].error;
        }
    x8_report_results(r->ctx, r->plan, r->results, r->came, r->count);
    return rc < 0 ? rc : sum_up(r, err);
}

/* Whatever failed before, the good boards are watched; but a stop is a stop. */
static int finish(struct running *r, int rc, struct x8_error *err)
{
    size_t good = 0;

    for (size_t i = 0; i < r->count; i++)
        good += r->results[i].rc == 0;
    if (!good || rc == -(int)X8_E_STOPPED || rc == -(int)X8_E_TERMINATED)
        return rc;
    if (r->run->before_watch)
        r->run->before_watch(r->ctx, r->run->user);
    return r->run->watch ? watch_good(r, err) : rc;
}

int x8_run_boards(struct x8_ctx *ctx, const struct x8_plan *plan, const struct x8_run *run,
                  const struct x8_board *boards, size_t count, struct x8_error *err)
{
    struct running r = {.ctx = ctx,
                        .plan = plan,
                        .run = run,
                        .op = &ctx->op,
                        .members = calloc(count, sizeof *r.members),
                        .results = calloc(count, sizeof *r.results),
                        .came = calloc(count, sizeof *r.came),
                        .count = count};
    int fds[X8_FLEET_MAX], rc = lock_ports(boards, count, fds, err);

    if (rc == 0 && (!r.members || !r.results || !r.came))
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory for %zu boards", count);
    else if (rc == 0) {
        prepare(&r, boards);
        rc = run_fleet(&r, err);
        unlock_ports(fds, count);
        rc = finish(&r, rc, err);
    }
    unlock_ports(fds, count);
    free(r.members);
    free(r.results);
    free(r.came);
    return rc;
}

int x8_dry_run(struct x8_ctx *ctx, const struct x8_plan *plan, const struct x8_flash_how *how,
               struct x8_error *err)
{
    struct x8_measure measure;
    int rc = x8_plan_measure(&ctx->op, plan, BLOCK_SIZE, &measure, err);

    if (rc == 0)
        x8_report_measure(ctx, plan, &measure, how);
    return rc;
}
