/*
 * x8ctl setup --renew-host-key: a board that was flashed has made new keys.
 */
#include "setup.h"

#include "net/ssh_known.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

struct known {
    struct x8_job_on *job;
    const struct x8_host_key *now;
    struct x8_json *list;
    size_t count;
    int has_now;
};

/* Each connection has the time of -t for itself: between them a person is asked. */
static struct x8_op limited(const struct x8_job_on *job)
{
    int64_t limit = job->ctx->globals->timeout_ms;
    struct x8_op op = job->op;

    if (limit != X8_TIMEOUT_UNSET)
        op.deadline = x8_deadline_min(op.deadline, x8_deadline_in(limit));
    return op;
}

static void show_old(void *ctx, const char *type, const char *print)
{
    struct known *known = ctx;
    struct x8_json *key = x8_json_object();

    known->count++;
    known->has_now |= strcmp(print, known->now->print) == 0;
    x8_ui_say(known->job->ctx->ui, "known here:  %s %s", type, print);
    x8_json_str(key, "type", type);
    x8_json_str(key, "fingerprint", print);
    x8_json_add(known->list, NULL, key);
}

static int replace(struct x8_job_on *job, const char *name, const struct x8_host_key *now,
                   struct x8_error *err)
{
    const char *path = job->reach->net.way.known_hosts;
    struct x8_op op;
    int rc = x8_job_agree(job, "Keep the new key of",
                          "If it was not flashed, somebody else may be answering.", err);

    if (rc == 0)
        rc = x8_ssh_known_forget(path, name, err);
    op = limited(job);
    if (rc >= 0)
        rc = x8_target_keep_key(&op, job->reach, job->target, now, err);
    if (rc == 0)
        x8_setup_tell(job, "host-key", "renewed", now->print);
    return rc;
}

static int no_net(const struct x8_job_on *job, struct x8_error *err)
{
    x8_fail(err, X8_E_NO_BOARD, "board %s was not found on the network", job->target->label);
    x8_error_why(err, "only ssh has a key of the board");
    x8_error_next(err, "give its address: x8ctl setup --renew-host-key -s net:HOST");
    return -(int)X8_E_NO_BOARD;
}

int x8_setup_renew_key(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_host_key now;
    struct known known = {.job = job, .now = &now, .list = x8_json_array()};
    char name[300];
    struct x8_op op = limited(job);
    int rc = job->target->has_net ? x8_target_host_key(&op, job->reach, job->target, &now, err)
                                  : no_net(job, err);

    if (rc == 0) {
        x8_target_key_name(job->target, name, sizeof name);
        rc = x8_ssh_known_find(job->reach->net.way.known_hosts, name, show_old, &known, err);
    }
    x8_json_add(job->result, "known", known.list);
    if (rc < 0)
        return rc;
    x8_ui_say(job->ctx->ui, "shown now:   %s %s", now.type, now.print);
    x8_json_str(job->result, "type", now.type);
    x8_json_str(job->result, "fingerprint", now.print);
    if (known.has_now) {
        x8_setup_tell(job, "host-key", "unchanged", now.print);
        return 0;
    }
    if (job->ctx->globals->dry_run) {
        x8_setup_tell(job, "host-key", "would be renewed", now.print);
        return 0;
    }
    return replace(job, name, &now, err);
}
