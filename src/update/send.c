/*
 * Sending a bundle, from the lists to the folder that is complete. Steps that only look come first;
 * nothing on the board has changed when there is not enough room.
 */
#include "update/send_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is wanted and cannot be sent is told before anything travels. */
static int check_bundle(const struct send *send, struct x8_error *err)
{
    for (size_t i = 0; i < send->graph->count; i++) {
        const struct x8_object *object = &send->graph->objects[i];
        char rel[SEND_REL];
        if (!(object->missing || object->bad) || !send_is_wanted(send, i))
            continue;
        send_rel(send, (uint32_t)i, rel);
        x8_fail(err, X8_E_BAD_DIGEST, "%s: %s", rel,
                object->missing ? "not in the bundle" : "not what its name says");
        x8_error_why(err, "the bundle is damaged, and the board does not have this file either");
        x8_error_next(err, "fetch the bundle again");
        return -X8_E_BAD_DIGEST;
    }
    return 0;
}

static void count(struct send *send, struct x8_sent *out)
{
    out->objects = send->graph->count;
    out->objects_there = out->objects_staged = 0;
    out->bytes = send->graph->stored;
    for (size_t i = 0; i < send->graph->count; i++) {
        out->objects_there += (send->flags[i] & SEND_THERE) != 0;
        out->objects_staged += (send->flags[i] & SEND_STAGED) != 0;
    }
    for (size_t i = 0; i < send->file_count; i++)
        out->bytes += send->files[i].size;
}

static int look(struct send *send, struct x8_error *err)
{
    int rc = send_name_things(send, err);
    if (rc == 0)
        rc = send_probe(send, err);
    if (rc == 0)
        rc = send_list_board(send, err);
    if (rc == 0 && send->kind != STAGE_NONE)
        rc = send_list_stage(send, err);
    if (rc < 0)
        return rc;
    count(send, send->out);
    rc = check_bundle(send, err);
    return rc < 0 ? rc : send_judge_space(send, err);
}

/* With the lists alone: what would travel. */
static void guess(struct send *send)
{
    for (size_t i = 0; i < send->things; i++)
        if (send_is_wanted(send, i))
            send->out->bytes_sent += send_cost(send, (uint32_t)i);
}

/* Everything but tuf/ is in place, with its size: nobody took anything away meanwhile, and no name
 * went elsewhere. */
static int check_whole(struct send *send, struct x8_error *err)
{
    int rc = send_list_stage(send, err);
    for (size_t i = 0; i < send->things && rc == 0; i++) {
        char rel[SEND_REL];
        int is_tuf =
            i >= send->graph->count && send->files[i - send->graph->count].phase == SEND_TUF;
        int may_miss = i < send->graph->count && !send->job->full &&
                       send->graph->objects[i].type == X8_OBJECT_FILE &&
                       send->flags[i] & SEND_THERE;
        if (is_tuf || may_miss || send->flags[i] & SEND_STAGED)
            continue;
        send_rel(send, (uint32_t)i, rel);
        rc = x8_fail(err, X8_E_VERIFY, "%.300s: was sent, but is not in its place on the board",
                     rel);
        x8_error_next(err, "make sure that nothing else works in %.200s, then try again",
                      send->job->stage);
    }
    return rc;
}

static int fill(struct send *send, struct x8_error *err)
{
    int rc = send_prove(send, err);
    if (rc < 0)
        return rc;
    count(send, send->out);
    rc = check_bundle(send, err);
    if (rc == 0)
        rc = send_queue(send, 0, err);
    if (rc == 0)
        rc = send_batches(send, err);
    if (rc == 0)
        rc = send_last(send, SEND_REFS, err);
    if (rc == 0)
        rc = send_last(send, SEND_CONFIG, err);
    if (rc == 0)
        rc = check_whole(send, err);
    return rc < 0 ? rc : send_last(send, SEND_TUF, err);
}

static int transfer(struct send *send, struct x8_error *err)
{
    int rc = send_prepare(send, err);
    if (rc < 0)
        return rc;
    send->xfer.anchor = strdup(send->job->stage);
    if (!send->xfer.anchor)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    rc = board_stage_open(&send->xfer, send->job->stage, err);
    if (rc == 0)
        rc = fill(send, err);
    if (rc < 0)
        rc = xfer_verdict(&send->xfer, rc, err);
    board_stage_close(&send->xfer, rc < 0);
    send->out->bytes_sent = send->wire;
    return rc;
}

int send_from(struct x8_session *session, const struct x8_op *op, const struct x8_send *job,
              const char *repo, struct x8_sent *out, struct x8_error *err)
{
    struct send send = {
        .job = job, .graph = &job->bundle->graph, .repo = repo, .dir_fd = -1, .out = out};
    int64_t start = x8_now_ms();
    memset(out, 0, sizeof(*out));
    int rc = send_check_name(job->stage, err);
    if (rc < 0)
        return rc;
    xfer_init(&send.xfer, session, op, NULL);
    rc = look(&send, err);
    if (rc == 0 && job->dry_run)
        guess(&send);
    else if (rc == 0)
        rc = transfer(&send, err);
    rc = xfer_verdict(&send.xfer, rc, err);
    out->took_ms = x8_now_ms() - start;
    send_forget_things(&send);
    xfer_done(&send.xfer);
    return rc;
}

int x8_update_send(struct x8_session *session, const struct x8_op *op, const struct x8_send *job,
                   struct x8_sent *out, struct x8_error *err)
{
    return send_from(session, op, job, SEND_BOARD_REPO, out, err);
}
