/*
 * Push, from the names a user gave to files in their place.
 */
#include "session/push_parts.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

static void push_done(struct push *push)
{
    place_done(&push->place);
    tree_done(&push->source);
    tree_done(&push->board);
    for (size_t i = 0; push->roots && i < push->job->source_count; i++)
        free(push->roots[i]);
    free(push->roots);
    xfer_done(&push->xfer);
}

static void count_source(struct push *push)
{
    struct x8_transferred *out = push->out;
    for (size_t i = 0; i < push->source.count; i++) {
        const struct node *node = &push->source.nodes[i];
        out->files += node->kind == NODE_FILE;
        out->folders += node->kind == NODE_DIR && node->host;
        out->links += node->kind == NODE_LINK;
        out->bytes += node->size;
        if (node->kind == NODE_FILE && node->wanted & PUSH_SEND) {
            out->changed++;
            out->sent_bytes += node->size;
        }
    }
    for (size_t i = 0; push->job->prune && i < push->board.count; i++)
        out->removed += (uint64_t)push_is_extra(push, &push->board.nodes[i]);
}

/* The digest of the one file, also when it was there already. */
static int name_digest(struct push *push, struct x8_error *err)
{
    struct node *one = NULL;
    if (push->out->files != 1 || push->out->folders || push->out->links)
        return 0;
    for (size_t i = 0; i < push->source.count; i++)
        if (push->source.nodes[i].kind == NODE_FILE)
            one = &push->source.nodes[i];
    int rc = one->done ? 0 : host_digest(&push->xfer.op, one, err);
    if (rc == 0)
        x8_hex(push->out->sha256, one->sha256, X8_SHA256_LEN);
    return rc;
}

/* 4096: the block of the eMMC's file system; every name takes one at most besides its contents. */
static int check_space(struct push *push, struct x8_error *err)
{
    uint64_t need = 0, have = push->place.space;
    char need_text[24], have_text[24];
    for (size_t i = 0; i < push->source.count; i++)
        if (push->source.nodes[i].wanted & PUSH_SEND)
            need += (push->source.nodes[i].size + 4095) / 4096 * 4096 +
                    (push->source.nodes[i].kind == NODE_DIR ? 4096 : 0);
    if (need <= have)
        return 0;
    x8_size_text(need_text, need);
    x8_size_text(have_text, have);
    x8_fail(err, X8_E_BOARD_SPACE, "no room in %.200s: %s needed, %s free", push->place.anchor,
            need_text, have_text);
    x8_error_why(err, "what is replaced stays until the new files are complete, so both need room");
    x8_error_next(err, "see what is full:  x8ctl exec -- df -h");
    return -X8_E_BOARD_SPACE;
}

static int move(struct push *push, struct x8_error *err)
{
    struct xfer *xfer = &push->xfer;
    int rc = check_space(push, err);
    if (rc == 0 && push->out->changed == 0) {
        int any = push->out->removed > 0;
        for (size_t i = 0; i < push->source.count && !any; i++)
            any = push->source.nodes[i].wanted & (PUSH_SEND | PUSH_MODE);
        if (!any)
            return 0;
    }
    if (rc == 0)
        rc = board_stage_open(xfer, push->job->target, err);
    if (rc == 0)
        rc = push_send(push, err);
    if (rc == 0)
        rc = push_install(push, err);
    if (rc < 0)
        rc = xfer_verdict(xfer, rc, err);
    board_stage_close(xfer, rc < 0);
    return rc;
}

static int run(struct push *push, struct x8_error *err)
{
    int rc = push_resolve(push, err);
    if (rc == 0)
        rc = push_compare(push, err);
    if (rc < 0)
        return xfer_verdict(&push->xfer, rc, err);
    count_source(push);
    if (!push->job->dry_run)
        rc = move(push, err);
    if (rc == 0)
        rc = name_digest(push, err);
    return rc;
}

int x8_push(struct x8_session *session, const struct x8_op *op, const struct x8_transfer *job,
            struct x8_transferred *out, struct x8_error *err)
{
    struct push push = {.job = job, .out = out};
    int64_t start = x8_now_ms();
    memset(out, 0, sizeof(*out));
    if (job->source_count == 0 || !job->target[0])
        return x8_fail(err, X8_E_USAGE, "push: a source and a target are needed");
    xfer_init(&push.xfer, session, op, job->root);
    int rc = run(&push, err);
    out->took_ms = x8_now_ms() - start;
    push_done(&push);
    return rc;
}
