/*
 * Dividing what is sent into shares, and working them off side by side. Everything goes into the
 * temporary folder: small files as tar streams, a large file in ranges that are written in place.
 * When all is there, each share is read back (push_share.c).
 *
 * Side by side because the X8's daemon has one packet of 4096 bytes in flight per stream: one
 * stream does 33 MB/s over loopback, four do 67.
 */
#include "session/push_send.h"

#include "session/pack.h"

#include <stdlib.h>
#include <string.h>

#define RANGES_FROM  ((uint64_t)8 << 20) /* a file this large travels in ranges */
#define SHARE_LEAST  ((uint64_t)1 << 20) /* a share of small files is worth a channel */
#define COST_OF_NAME 4096                /* what making a file costs, in bytes on the wire */

static int internal(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

/* Every folder on the way to what is sent has to be in the temporary folder too. */
static void mark_parents(struct tree *tree, const struct node *node)
{
    char *name = strdup(node->rel);
    for (size_t len; name && (len = tree_parent_len(name)) > 0;) {
        name[len] = '\0';
        struct node *parent = tree_find(tree, name);
        if (!parent || parent->wanted & PUSH_SEND)
            break;
        parent->wanted |= PUSH_SEND;
    }
    free(name);
}

static int collect(struct send *send, struct x8_error *err)
{
    struct tree *tree = &send->push->source;
    send->nodes = calloc(tree->count + 1, sizeof(struct node *));
    if (!send->nodes)
        return internal(err);
    for (size_t i = 0; i < tree->count; i++)
        if (tree->nodes[i].wanted & PUSH_SEND)
            mark_parents(tree, &tree->nodes[i]);
    for (size_t i = 0; i < tree->count; i++)
        if (tree->nodes[i].wanted & PUSH_SEND && tree->nodes[i].kind != NODE_FILE)
            send->nodes[send->count++] = &tree->nodes[i];
    send->skeleton = send->count;
    for (size_t i = 0; i < tree->count; i++) {
        struct node *node = &tree->nodes[i];
        if (!(node->wanted & PUSH_SEND) || node->kind != NODE_FILE)
            continue;
        if (node->size >= RANGES_FROM)
            node->wanted |= PUSH_RANGES;
        else
            send->nodes[send->count++] = node;
    }
    return 0;
}

static struct share *add_share(struct send *send)
{
    return &send->shares[send->share_count++];
}

static void share_ranges(struct send *send, struct node *file, unsigned parallel)
{
    uint64_t step = (file->size / parallel + RANGE_STEP - 1) / RANGE_STEP * RANGE_STEP;
    for (uint64_t at = 0; at < file->size; at += step) {
        struct share *share = add_share(send);
        share->file = file;
        share->begin = at;
        share->len = file->size - at < step ? file->size - at : step;
    }
}

static uint64_t cost_of(const struct node *node)
{
    return node->size + COST_OF_NAME;
}

/* Neighbours stay together, so that a folder's files are made by few channels. */
static void share_files(struct send *send, unsigned parallel)
{
    uint64_t total = 0, sum = 0;
    for (size_t i = send->skeleton; i < send->count; i++)
        total += cost_of(send->nodes[i]);
    unsigned parts = (unsigned)(total / SHARE_LEAST < parallel ? total / SHARE_LEAST : parallel);
    parts = parts ? parts : 1;
    size_t from = send->skeleton;
    for (unsigned part = 0; part < parts; part++) {
        size_t to = from;
        while (to < send->count && (part + 1 == parts || sum < total / parts * (part + 1)))
            sum += cost_of(send->nodes[to++]);
        if (to == from)
            continue;
        struct share *share = add_share(send);
        share->nodes = send->nodes + from;
        share->count = to - from;
        from = to;
    }
}

static int divide(struct send *send, unsigned parallel, struct x8_error *err)
{
    struct tree *tree = &send->push->source;
    size_t large = 0;
    for (size_t i = 0; i < tree->count; i++)
        large += (tree->nodes[i].wanted & PUSH_RANGES) != 0;
    send->shares = calloc(large * (parallel + 2) + parallel + 1, sizeof(*send->shares));
    if (!send->shares)
        return internal(err);
    /* The digest of a file is not that of its ranges: the one file a caller wants to know it of is
     * read once more as a whole, beside the others. */
    for (size_t i = 0; i < tree->count && tree->count == 1 && large; i++) {
        struct share *whole = add_share(send);
        whole->file = &tree->nodes[i];
        whole->is_whole = 1;
    }
    for (size_t i = 0; i < tree->count; i++)
        if (tree->nodes[i].wanted & PUSH_RANGES)
            share_ranges(send, &tree->nodes[i], parallel);
    share_files(send, parallel);
    send->in_one = !large && send->share_count <= 1;
    return 0;
}

static int work_off(struct xfer *xfer, struct send *send,
                    int (*step)(struct send *, struct share *, struct x8_error *),
                    struct x8_error *err)
{
    int rc = 0;
    while (rc == 0 && !atomic_load(&xfer->stopping)) {
        size_t at = atomic_fetch_add(&send->next, 1);
        if (at >= send->share_count)
            break;
        rc = step(send, &send->shares[at], err);
    }
    return rc;
}

static int send_work(struct xfer *xfer, void *ctx, unsigned i, struct x8_error *err)
{
    (void)i;
    return work_off(xfer, ctx, share_send, err);
}

static int verify_work(struct xfer *xfer, void *ctx, unsigned i, struct x8_error *err)
{
    (void)i;
    return work_off(xfer, ctx, share_verify, err);
}

/* The exact lengths of all archives: commands are told theirs, the progress their sum. */
static int measure(struct send *send, struct x8_error *err)
{
    size_t first = send->in_one ? send->count : send->skeleton;
    int rc = first ? pack_length(send->nodes, first, &send->stage_len, err) : 0;
    send->bytes = send->stage_len;
    for (size_t i = 0; i < send->share_count && rc == 0 && !send->in_one; i++) {
        struct share *share = &send->shares[i];
        if (share->nodes)
            rc = pack_length(share->nodes, share->count, &share->len, err);
        send->bytes += share->len;
    }
    return rc;
}

static int run(struct send *send, struct x8_error *err)
{
    struct xfer *xfer = &send->push->xfer;
    unsigned parallel = xfer->session->parallel ? xfer->session->parallel : 1;
    int rc = collect(send, err);
    parallel = parallel > XFER_MOST_CREW - 1 ? XFER_MOST_CREW - 1 : parallel;
    if (rc == 0)
        rc = divide(send, parallel, err);
    if (rc == 0)
        rc = measure(send, err);
    if (rc < 0)
        return rc;
    unsigned crew = send->share_count < parallel + 1 ? (unsigned)send->share_count : parallel + 1;
    xfer_enter(xfer, "send", send->bytes);
    rc = share_stage(send, err);
    if (rc == 0 && !send->in_one)
        rc = xfer_crew(xfer, send_work, send, crew, err);
    if (rc < 0)
        return rc;
    xfer_enter(xfer, "verify", send->push->out->sent_bytes);
    atomic_store(&send->next, 0);
    return xfer_crew(xfer, verify_work, send, crew, err);
}

int push_send(struct push *push, struct x8_error *err)
{
    struct send send = {.push = push};
    atomic_init(&send.next, 0);
    int rc = run(&send, err);
    free(send.nodes);
    free(send.shares);
    return rc;
}
