/*
 * Receiving, several channels side by side: small files and links as tar streams from lists of
 * names, a large file in ranges. Then the board is asked for the digests of what it sent. What
 * differs or did not come (a log that is being written) is fetched again by itself.
 */
#include "session/pull_parts.h"
#include "session/unpack.h"

#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RANGES_FROM  ((uint64_t)8 << 20) /* a file this large travels in ranges */
#define SHARE_LEAST  ((uint64_t)1 << 20) /* a share of small files is worth a channel */
#define COST_OF_NAME 2048                /* what a name costs, in bytes on the wire */
#define AGAIN_MOST   500                 /* more files that differ are no accident */

struct share {
    struct node **nodes; /* a tar stream; borrowed */
    size_t count;
    struct node *file; /* or a range of this file */
    int fd;            /* open for it; borrowed */
    uint64_t begin, len;
    uint8_t sha256[X8_SHA256_LEN];
    int bad; /* did not come as it should */
};

struct receive {
    struct pull *pull;
    struct node **nodes; /* of the tar streams */
    size_t count;
    int *fds; /* of the files in ranges */
    size_t fd_count;
    struct share *shares;
    size_t share_count;
    atomic_size_t next;
};

static int internal(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

static int open_ranges(struct receive *receive, struct node *file, unsigned parallel,
                       struct x8_error *err)
{
    uint64_t step = (file->size / parallel + RANGE_STEP - 1) / RANGE_STEP * RANGE_STEP;
    int fd = unpack_create(receive->pull->stage_fd, file, err);
    if (fd < 0)
        return fd;
    receive->fds[receive->fd_count++] = fd;
    for (uint64_t at = 0; at < file->size; at += step) {
        struct share *share = &receive->shares[receive->share_count++];
        share->file = file;
        share->fd = fd;
        share->begin = at;
        share->len = file->size - at < step ? file->size - at : step;
    }
    return 0;
}

/* Neighbours stay together, shares cost about the same. */
static void divide_files(struct receive *receive, unsigned parallel)
{
    uint64_t total = 0, sum = 0;
    for (size_t i = 0; i < receive->count; i++)
        total += receive->nodes[i]->size + COST_OF_NAME;
    unsigned parts = (unsigned)(total / SHARE_LEAST < parallel ? total / SHARE_LEAST : parallel);
    parts = parts ? parts : 1;
    size_t from = 0;
    for (unsigned part = 0; part < parts; part++) {
        size_t to = from;
        while (to < receive->count && (part + 1 == parts || sum < total / parts * (part + 1)))
            sum += receive->nodes[to++]->size + COST_OF_NAME;
        if (to == from)
            continue;
        struct share *share = &receive->shares[receive->share_count++];
        share->nodes = receive->nodes + from;
        share->count = to - from;
        from = to;
    }
}

static int divide(struct receive *receive, unsigned parallel, struct x8_error *err)
{
    struct tree *tree = &receive->pull->tree;
    size_t large = 0;
    int rc = 0;
    for (size_t i = 0; i < tree->count; i++)
        large += tree->nodes[i].size >= RANGES_FROM;
    receive->nodes = calloc(tree->count, sizeof(struct node *));
    receive->fds = calloc(large + 1, sizeof(int));
    receive->shares = calloc(large * (parallel + 1) + parallel, sizeof(*receive->shares));
    if (!receive->nodes || !receive->fds || !receive->shares)
        return internal(err);
    for (size_t i = 0; i < tree->count && rc == 0; i++) {
        struct node *node = &tree->nodes[i];
        if (!(node->wanted & PULL_GET) || node->kind == NODE_DIR)
            continue;
        if (node->size >= RANGES_FROM && pull_large_fits(receive->pull, node)) {
            node->wanted |= PULL_LARGE;
        } else if (node->size >= RANGES_FROM) {
            node->wanted |= PULL_RANGES;
            rc = open_ranges(receive, node, parallel, err);
        } else {
            receive->nodes[receive->count++] = node;
        }
    }
    divide_files(receive, parallel);
    return rc;
}

/* tar's complaints about files that changed or vanished are looked at through what came. */
static int receive_files(struct receive *receive, struct share *share, struct x8_error *err)
{
    struct xfer *xfer = &receive->pull->xfer;
    struct x8_channel *channel = NULL;
    struct xfer_reader reader;
    struct xfer_feed feed;
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF names = {0};
    int rc = board_begin(&text, xfer, err);
    if (rc == 0 && x8_buf_addf(&text, "xargs -0 -r tar cf -") < 0)
        rc = internal(err);
    if (rc == 0)
        rc = board_names(&names, share->nodes, share->count, err);
    if (rc == 0)
        rc = xfer_start(xfer, x8_buf_text(&text), X8_INPUT_COUNT, names.len, &channel, err);
    if (rc < 0)
        return rc;
    xfer_reader_init(&reader, xfer, channel, XFER_IDLE_MS);
    rc = xfer_feed_start(&feed, xfer, channel, names.data, names.len, err);
    if (rc == 0)
        rc = unpack_files(&xfer->op, &reader.reader, receive->pull->stage_fd, share->nodes,
                          share->count, err);
    xfer_feed_join(&feed, rc < 0);
    if (rc == 0 && !reader.ended)
        rc = xfer_finish(xfer, channel, "pack on the board", XFER_IDLE_MS, NULL, NULL) == -X8_E_GONE
                 ? x8_fail(err, X8_E_GONE, "the link broke while files were read")
                 : 0;
    else if (rc == 0 && x8_channel_status(channel) == X8_STATUS_UNKNOWN)
        rc = x8_fail(err, X8_E_GONE, "the link broke while files were read");
    reader.reader.ops->close(&reader.reader);
    xfer_end(xfer, &channel);
    return rc;
}

static int store(struct share *share, uint64_t at, const uint8_t *data, size_t len,
                 struct x8_error *err)
{
    while (len) {
        ssize_t n = pwrite(share->fd, data, len, (off_t)(share->begin + at));
        if (n < 0 && errno != EINTR)
            return unpack_refused(errno, share->file->rel, err);
        if (n > 0) {
            data += n;
            at += (uint64_t)n;
            len -= (size_t)n;
        }
    }
    return 0;
}

static int take_range(struct share *share, struct xfer_reader *reader, struct x8_sha256 *sha,
                      uint8_t *block, struct x8_error *err)
{
    uint64_t at = 0;
    for (;;) {
        ssize_t n = x8_read(&reader->reader, block, XFER_BLOCK, err);
        if (n < 0)
            return (int)n;
        if (n == 0)
            break;
        if ((uint64_t)n > share->len - at) { /* it has grown: the last block holds more */
            share->bad = 1;
            n = (ssize_t)(share->len - at);
        }
        x8_sha256_add(sha, block, (size_t)n);
        int rc = store(share, at, block, (size_t)n, err);
        if (rc < 0)
            return rc;
        at += (uint64_t)n;
    }
    share->bad |= at != share->len;
    x8_sha256_take(sha, share->sha256);
    return 0;
}

static int receive_range(struct receive *receive, struct share *share, struct x8_error *err)
{
    struct xfer *xfer = &receive->pull->xfer;
    struct x8_channel *channel = NULL;
    struct xfer_reader reader;
    X8_AUTO_BUF text = {0};
    int rc = board_begin(&text, xfer, err);
    if (rc == 0)
        rc = board_range_text(&text, share->file->rel, share->begin, share->len, err);
    if (rc == 0)
        rc = xfer_start_bare(xfer, x8_buf_text(&text), &channel, err);
    if (rc < 0)
        return rc;
    xfer_reader_init(&reader, xfer, channel, XFER_IDLE_MS);
    struct x8_sha256 *sha = x8_sha256_new();
    uint8_t *block = malloc(XFER_BLOCK);
    rc = sha && block ? take_range(share, &reader, sha, block, err) : internal(err);
    int status = rc == 0 ? x8_channel_status(channel) : 0;
    if (status == X8_STATUS_UNKNOWN)
        rc = x8_fail(err, X8_E_GONE, "the link broke while a file was read");
    share->bad |= status != 0;
    free(block);
    x8_sha256_free(&sha);
    reader.reader.ops->close(&reader.reader);
    xfer_end(xfer, &channel);
    return rc;
}

static int verify_files(struct receive *receive, struct share *share, struct x8_error *err)
{
    uint8_t(*digests)[X8_SHA256_LEN] = calloc(share->count, sizeof(*digests));
    uint8_t *has = calloc(share->count, 1);
    struct node **files = calloc(share->count, sizeof(struct node *));
    size_t count = 0;
    for (size_t i = 0; files && i < share->count; i++)
        if (share->nodes[i]->kind == NODE_FILE)
            files[count++] = share->nodes[i];
    int rc = digests && has && files ? 0 : internal(err);
    if (rc == 0 && count)
        rc = board_digests(&receive->pull->xfer, 0, files, count, digests, has, err);
    for (size_t i = 0; i < count && rc == 0; i++) {
        if (!has[i] || memcmp(digests[i], files[i]->sha256, X8_SHA256_LEN) != 0)
            files[i]->done = 0;
        xfer_moved(&receive->pull->xfer, files[i]->size);
    }
    free(digests);
    free(has);
    free(files);
    return rc;
}

static int verify_range(struct receive *receive, struct share *share, struct x8_error *err)
{
    uint8_t digest[X8_SHA256_LEN];
    if (share->bad)
        return 0;
    int rc = board_range_digest(&receive->pull->xfer, 0, share->file->rel, share->begin, share->len,
                                digest, err);
    if (rc == 0)
        share->bad = memcmp(digest, share->sha256, sizeof(digest)) != 0;
    xfer_moved(&receive->pull->xfer, share->len);
    return rc;
}

static int work_off(struct xfer *xfer, struct receive *receive, int verify, struct x8_error *err)
{
    int rc = 0;
    while (rc == 0 && !atomic_load(&xfer->stopping)) {
        size_t at = atomic_fetch_add(&receive->next, 1);
        if (at >= receive->share_count)
            break;
        struct share *share = &receive->shares[at];
        if (verify)
            rc =
                share->file ? verify_range(receive, share, err) : verify_files(receive, share, err);
        else
            rc = share->file ? receive_range(receive, share, err)
                             : receive_files(receive, share, err);
    }
    return rc;
}

static int receive_work(struct xfer *xfer, void *ctx, unsigned i, struct x8_error *err)
{
    (void)i;
    return work_off(xfer, ctx, 0, err);
}

static int verify_work(struct xfer *xfer, void *ctx, unsigned i, struct x8_error *err)
{
    (void)i;
    return work_off(xfer, ctx, 1, err);
}

/* A file in ranges is done when all of them are; one that is the only one is read as a whole for
 * the digest its caller wants. */
static int settle_ranges(struct receive *receive, struct x8_error *err)
{
    struct share *last = NULL;
    for (size_t i = 0; i < receive->share_count; i++) {
        struct share *share = &receive->shares[i];
        if (!share->file)
            continue;
        share->file->done =
            (!last || last->file != share->file || share->file->done) && !share->bad;
        last = share;
        int rc = unpack_settle(share->fd, share->file, err);
        if (rc < 0)
            return rc;
    }
    if (!last || receive->pull->is_dir)
        return 0;
    return lseek(last->fd, 0, SEEK_SET) != 0
               ? x8_fail(err, X8_E_INTERNAL, "a file cannot be read again")
               : host_digest_fd(&receive->pull->xfer.op, last->fd, last->file->sha256, err);
}

/* What did not come whole, one by one. */
static int again(struct receive *receive, struct x8_error *err)
{
    struct tree *tree = &receive->pull->tree;
    unsigned count = 0;
    int rc = 0;
    for (size_t i = 0; i < tree->count && rc == 0; i++) {
        struct node *node = &tree->nodes[i];
        if (!(node->wanted & PULL_GET) || node->done || node->kind == NODE_DIR)
            continue;
        if (node->kind == NODE_LINK)
            return x8_fail(err, X8_E_NO_FILE, "%.200s: vanished from the board while it was read",
                           node->rel);
        if (++count > AGAIN_MOST)
            return x8_fail(err, X8_E_VERIFY,
                           "more than %u files did not arrive as the board has them", AGAIN_MOST);
        rc = pull_whole(receive->pull, node, err);
    }
    return rc;
}

static int run(struct receive *receive, struct x8_error *err)
{
    struct xfer *xfer = &receive->pull->xfer;
    unsigned parallel = xfer->session->parallel ? xfer->session->parallel : 1;
    parallel = parallel > XFER_MOST_CREW ? XFER_MOST_CREW : parallel;
    int rc = divide(receive, parallel, err);
    unsigned crew = receive->share_count < parallel ? (unsigned)receive->share_count : parallel;
    xfer_enter(xfer, "receive", receive->pull->out->sent_bytes);
    for (size_t i = 0; i < receive->pull->tree.count && rc == 0; i++)
        if (receive->pull->tree.nodes[i].wanted & PULL_LARGE)
            rc = pull_large(receive->pull, &receive->pull->tree.nodes[i], err);
    if (rc == 0)
        rc = xfer_crew(xfer, receive_work, receive, crew, err);
    if (rc < 0)
        return rc;
    xfer_enter(xfer, "verify", receive->pull->out->sent_bytes);
    atomic_store(&receive->next, 0);
    rc = xfer_crew(xfer, verify_work, receive, crew, err);
    if (rc == 0)
        rc = settle_ranges(receive, err);
    return rc < 0 ? rc : again(receive, err);
}

int pull_receive(struct pull *pull, struct x8_error *err)
{
    struct receive receive = {.pull = pull};
    struct node *only = pull->tree.nodes;
    /* One small file: tar would believe the size that /proc and /sys tell. */
    if (!pull->is_dir && only->size < RANGES_FROM) {
        xfer_enter(&pull->xfer, "receive", only->size);
        return pull_whole(pull, only, err);
    }
    atomic_init(&receive.next, 0);
    int rc = run(&receive, err);
    for (size_t i = 0; i < receive.fd_count; i++)
        close(receive.fds[i]);
    free(receive.fds);
    free(receive.nodes);
    free(receive.shares);
    return rc;
}
