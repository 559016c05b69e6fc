/*
 * A run over boards: pick them, give each a thread with a session, sum up. One board has no thread
 * of its own.
 */
#include "running_parts.h"

#include "util/text.h"

#include <stdlib.h>

/* More boards at once than this wait for their turn: each holds a link and two threads. */
enum { SIDE_BY_SIDE = 16 };

int x8_job_open(struct x8_job_on *job, struct x8_error *err)
{
    int64_t limit = job->ctx->globals->timeout_ms;
    struct x8_op op = job->op;
    struct x8_haste haste; /* on the way to a board there is no safe point to wait for */
    int rc;

    if (limit != X8_TIMEOUT_UNSET)
        op.deadline = x8_deadline_min(op.deadline, x8_deadline_in(limit));
    op.cancel = x8_haste_begin(&haste, op.cancel);
    rc = x8_target_open(job->ctx->bus, &op, job->reach, job->target, &job->session, err);
    x8_haste_end(&haste);
    return rc;
}

static void work_on(struct x8_on_board *board)
{
    const struct x8_job_plan *plan = board->run->plan;
    int rc = 0;

    if (plan->needs_linux)
        rc = x8_job_open(&board->job, &board->err);
    if (rc == 0)
        rc = plan->work(&board->job, &board->err);
    if (rc < 0)
        x8_suggest(&board->err, board->run->ctx->cmd);
    x8_run_print_rest(board);
    x8_session_close(&board->job.session);
    x8_secret_wipe(&board->job.root.secret);
    board->rc = rc;
}

static void *work_on_next(void *arg)
{
    struct x8_run *run = arg;
    size_t i;

    while ((i = atomic_fetch_add(&run->next, 1)) < run->count)
        work_on(&run->boards[i]);
    return NULL;
}

static int prepare(struct x8_run *run, struct x8_error *err)
{
    run->boards = calloc(run->count, sizeof *run->boards);
    if (!run->boards)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for %zu boards", run->count);
    for (size_t i = 0; i < run->count; i++) {
        struct x8_on_board *board = &run->boards[i];

        board->run = run;
        board->job = (struct x8_job_on){.ctx = run->ctx,
                                        .op = run->ctx->op,
                                        .reach = &run->reach,
                                        .target = &run->targets[i],
                                        .index = i,
                                        .count = run->count,
                                        .result = x8_json_object(),
                                        .user = run->plan->user};
        board->job.op.board = run->targets[i].label;
    }
    return 0;
}

/* The caller's thread works too, so that a system without room for threads only takes longer. */
static void work_on_all(struct x8_run *run)
{
    pthread_t threads[SIDE_BY_SIDE];
    size_t started = 0;

    while (started + 1 < run->count && started < SIDE_BY_SIDE - 1 &&
           pthread_create(&threads[started], NULL, work_on_next, run) == 0)
        started++;
    work_on_next(run);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

static void end(struct x8_run *run)
{
    for (size_t i = 0; run->boards && i < run->count; i++) {
        x8_json_free(&run->boards[i].job.result);
        x8_buf_done(&run->boards[i].partial[0]);
        x8_buf_done(&run->boards[i].partial[1]);
    }
    x8_secret_wipe(&run->secret);
    free(run->boards);
    free(run->targets);
    pthread_mutex_destroy(&run->print);
    pthread_mutex_destroy(&run->ask);
}

int x8_run_on_boards(struct x8_ctx *ctx, const struct x8_job_plan *plan, struct x8_error *err)
{
    struct x8_run run = {.ctx = ctx, .plan = plan};
    int rc = x8_env_reach(ctx->globals, &run.reach, err);

    pthread_mutex_init(&run.print, NULL);
    pthread_mutex_init(&run.ask, NULL);
    x8_run_answer_ssh(&run);
    if (rc == 0)
        rc = x8_run_pick(&run, err);
    if (rc > 0) {
        run.count = (size_t)rc;
        rc = prepare(&run, err);
    }
    if (rc == 0) {
        work_on_all(&run);
        rc = x8_run_sum_up(&run, err);
    }
    end(&run);
    return rc;
}
