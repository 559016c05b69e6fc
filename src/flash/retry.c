/*
 * A stage that failed is taken up again: where the board reappears on its port, from the stage's
 * first command. What its image has confirmed is compared on the board and left out (feed.c), so
 * a write that may have half arrived is never trusted and never simply repeated. Only faults of the
 * link are worth it: what a board refuses once, it refuses again.
 */
#include "flash/job.h"
#include "flash/risks.h"
#include "util/text.h"

#include <string.h>

int x8_may_retry(const struct x8_job *job, int rc)
{
    enum x8_code code = x8_code_of(rc);
    int height = x8_proto_height(job->chip.proto);

    if (code != X8_E_GONE && code != X8_E_LINK && code != X8_E_TIMEOUT)
        return 0;
    /* A dead disk or server is slow too, and the board cannot help it. */
    if (job->source_failed)
        return 0;
    /* A fuse that may have been burnt is not burnt again. */
    if (x8_plan_risks(job->plan) & X8_RISK_FUSE)
        return 0;
    return job->seen_attach != 0 && job->tries[height] < job->how.retries;
}

void x8_take_up(struct x8_job *job, const struct x8_error *error)
{
    struct x8_flash_result *result = &job->result;
    int height = x8_proto_height(job->chip.proto);

    job->tries[height]++;
    result->retries++;
    x8_emit(&job->op, X8_EV_WARN, "%s; taking the board up again, %u of %u", error->msg,
            job->tries[height], job->how.retries);
    /* The stage begins anew: its account of targets too. */
    result->target_count = 0;
    result->bad_count = 0;
    result->unproven[0] = '\0';
    job->flashed = job->proven = job->boot_parts = 0;
    job->is_retry = 1;
    job->must_check = 1;
    job->seen_attach = 0;
}

int x8_check_serial(struct x8_job *job, struct x8_error *err)
{
    const char *now = job->device.serial;
    const char *first = job->loader_serial;

    if (!now[0] || (job->chip.proto != X8_PROTO_FB && job->chip.proto != X8_PROTO_FBK))
        return 0;
    if (!first[0] && job->past)
        first = job->past->serial;
    if (first[0] && strcmp(first, now) != 0) {
        job->is_another = 1;
        x8_fail(err, X8_E_WRONG_STATE, "the board at usb %s is not the one that was being flashed",
                job->port);
        x8_error_why(err, "its loader says serial %s, before it was %s; nothing was written to it",
                     now, first);
        x8_error_next(err, "plug the right board in; or flash this one from its beginning, "
                           "without --resume");
        return -(int)X8_E_WRONG_STATE;
    }
    if (!job->loader_serial[0]) {
        x8_copy(job->loader_serial, sizeof job->loader_serial, now);
        x8_journal_serial(job->journal, &job->op, now);
    }
    return 0;
}

int x8_resume(struct x8_job *job, struct x8_error *err)
{
    const struct x8_progress *past = &job->past->progress;
    int rc = 0;

    job->result.is_resumed = 1;
    job->must_check = 1;
    x8_copy(job->progress.partition, sizeof job->progress.partition, past->partition);
    job->progress.erased = past->erased;
    for (size_t i = 0; rc == 0 && i < past->done_count; i++)
        rc = x8_progress_confirm(&job->progress, &past->done[i], err);
    return rc;
}
