/*
 * Several boards at once.
 */
#include "flash/fleet.h"

#include "util/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct member {
    struct x8_job job;
    pthread_t thread;
    int started;
};

/* "done in 0:12, 1.50 GiB written, verified": the last line of a board in a log. */
static void sum_up_words(const struct x8_flash_result *result, char *out, size_t cap)
{
    static const char *const proofs[] = {"NOT verified", "only partly verified", "verified"};
    char time[24], size[24];
    uint64_t written = 0;

    x8_time_text(time, result->ended_ms - result->started_ms);
    for (size_t i = 0; i < result->target_count; i++)
        written += result->targets[i].written;
    x8_size_text(size, written);
    if (result->target_count)
        snprintf(out, cap, "done in %s, %s written, %s", time, size, proofs[result->proof]);
    else
        snprintf(out, cap, "done in %s", time);
}

static void tell_end(const struct x8_job *job)
{
    char words[128];
    struct x8_event event = {.kind = job->result.rc < 0 ? X8_EV_ERROR : X8_EV_RESULT,
                             .board = job->label,
                             .stage = "result",
                             .text = job->result.rc < 0 ? job->result.error.msg : words,
                             .error = job->result.rc < 0 ? &job->result.error : NULL};

    sum_up_words(&job->result, words, sizeof words);
    if (job->op.emit)
        job->op.emit(job->op.emit_ctx, &event);
}

static void *run_member(void *ctx)
{
    struct member *member = ctx;

    x8_job_run(&member->job);
    tell_end(&member->job);
    return NULL;
}

static void prepare(struct member *member, const struct x8_fleet *fleet,
                    const struct x8_fleet_board *board)
{
    struct x8_job *job = &member->job;

    job->bus = fleet->bus;
    job->plan = fleet->plan;
    job->op = fleet->op;
    job->how = fleet->how;
    job->journal = board->journal;
    job->past = board->past;
    job->arrive_ms = fleet->arrive_ms;
    job->stage_ms = fleet->stage_ms;
    x8_copy(job->port, sizeof job->port, board->port);
    x8_copy(job->label, sizeof job->label, board->label);
}

static void not_started(struct x8_job *job)
{
    struct x8_flash_result *result = &job->result;

    x8_sources_leave(job->sources);
    x8_journal_end(&job->journal, &job->op, -(int)X8_E_INTERNAL);

    x8_copy(result->port, sizeof result->port, job->port);
    result->rc =
        x8_fail(&result->error, X8_E_INTERNAL, "cannot start a thread for board %s", job->label);
    x8_error_why(&result->error, "the system has no room for more; the eMMC was not touched");
    x8_error_next(&result->error, "flash fewer boards at once");
}

static int sum_up(const struct x8_flash_result *results, size_t count, struct x8_error *err)
{
    size_t failed = 0, first = 0;
    int same = 1;

    for (size_t i = count; i-- > 0;) {
        if (results[i].rc < 0) {
            same = same && (!failed || results[i].rc == results[first].rc);
            first = i;
            failed++;
        }
    }
    if (!failed)
        return 0;
    *err = results[first].error;
    /* The user's own stop is the answer, whatever else had gone wrong before. */
    for (size_t i = 0; i < count; i++) {
        if (results[i].rc == -(int)X8_E_STOPPED || results[i].rc == -(int)X8_E_TERMINATED) {
            *err = results[i].error;
            return results[i].rc;
        }
    }
    if (count == 1 || (same && failed == count))
        return results[first].rc;
    x8_fail(err, X8_E_SOME_FAILED, "%zu of %zu boards failed", failed, count);
    x8_error_why(err, "the first: %s", results[first].error.msg);
    x8_error_next(err, "%s", results[first].error.next);
    return -(int)X8_E_SOME_FAILED;
}

int x8_fleet_run(const struct x8_fleet *fleet, const struct x8_fleet_board *boards, size_t count,
                 struct x8_flash_result *results, struct x8_error *err)
{
    struct member *members = calloc(count ? count : 1, sizeof *members);
    struct x8_sources *sources = NULL;
    int rc;

    if (!members)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for %zu boards", count);
    rc = count > 1 ? x8_sources_new((unsigned)count, &sources, err) : 0;
    if (rc < 0) {
        free(members);
        return rc;
    }
    for (size_t i = 0; i < count; i++) {
        prepare(&members[i], fleet, &boards[i]);
        members[i].job.sources = sources;
        members[i].started = pthread_create(&members[i].thread, NULL, run_member, &members[i]) == 0;
        if (!members[i].started)
            not_started(&members[i].job);
    }
    for (size_t i = 0; i < count; i++) {
        if (members[i].started)
            pthread_join(members[i].thread, NULL);
        results[i] = members[i].job.result;
    }
    x8_sources_free(&sources);
    free(members);
    return sum_up(results, count, err);
}
