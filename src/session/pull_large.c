/*
 * One large file, and meanwhile the board reads it for its SHA-256.
 *
 * Where the session has no file service, ranges come on channels side by side, from the front on,
 * and another thread digests what has come (pull_follow.c). Where it has one, two ways bring bytes,
 * and which is faster only shows on the link at hand:
 *
 *  - the protocol's own file service, one stream from the front: no terminal and no process between
 *    the file and the link, but one packet in flight;
 *  - ranges by dd on channels side by side: several packets in flight, for a terminal each.
 *
 * So the file service begins alone; after a second, ranges join from the back of the file; a second
 * later they have made the whole faster or they leave. Both meet somewhere in between.
 */
#include "session/pull_parts.h"
#include "session/unpack.h"

#include "util/await.h"
#include "util/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK     ((uint64_t)8 << 20) /* of a range; a multiple of RANGE_STEP */
#define LONE_MS   1000                /* how long the file service is measured alone */
#define WARM_MS   300                 /* until ranges run */
#define JOINED_MS 1000                /* how long both are measured */
#define PATH_MOST 1000                /* longer names the old file service refuses */

enum helpers { HELP_LATER, HELP_NOW, HELP_NO_MORE };

struct large {
    struct pull *pull;
    struct node *node;
    int fd;
    pthread_mutex_t lock;
    pthread_cond_t news;
    enum helpers helpers;
    uint64_t front;        /* bytes [0, front) are here by the file service */
    uint64_t back;         /* bytes [back, size) are here or somebody's by now */
    uint64_t came;         /* by either way */
    int ended;             /* the file service needs no help any more */
    atomic_int bad;        /* did not come as it should */
    struct x8_sha256 *sha; /* of [0, front) */
    uint8_t board[X8_SHA256_LEN];
    int has_board;
    struct x8_sink sink;
};

static int has_service(const struct pull *pull, const struct node *node)
{
    return pull->xfer.session->ops->get && !pull->xfer.root && pull->xfer.session->parallel > 1 &&
           strlen(pull->xfer.anchor) + 1 + strlen(node->rel) <= PATH_MOST;
}

int pull_large_fits(const struct pull *pull, const struct node *node)
{
    return has_service(pull, node) || pull_follow_fits(pull, node);
}

static void count(struct large *large, uint64_t len)
{
    pthread_mutex_lock(&large->lock);
    large->came += len;
    pthread_mutex_unlock(&large->lock);
    xfer_moved(&large->pull->xfer, len);
}

/* How many of `len` bytes at the front nobody else brings; the claim is made here. More than that
 * while nobody brings any is more than the file had. */
static size_t advance(struct large *large, size_t len)
{
    pthread_mutex_lock(&large->lock);
    uint64_t room = large->back - large->front;
    if (len > room && large->back == large->node->size)
        atomic_store(&large->bad, 1);
    len = len < room ? len : (size_t)room;
    large->front += len;
    pthread_mutex_unlock(&large->lock);
    return len;
}

static int store(struct large *large, uint64_t at, const uint8_t *data, size_t len,
                 struct x8_error *err)
{
    while (len) {
        ssize_t n = pwrite(large->fd, data, len, (off_t)at);
        if (n < 0 && errno != EINTR)
            return unpack_refused(errno, large->node->rel, err);
        if (n > 0) {
            data += n;
            at += (uint64_t)n;
            len -= (size_t)n;
        }
    }
    return 0;
}

/* When the front has met the back, the rest of the stream is not wanted: an error ends it, and
 * front == back tells that it is none. */
static int front_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct large *large = X8_CONTAINER(sink, struct large, sink);
    if (atomic_load(&large->pull->xfer.stopping))
        return x8_fail(err, X8_E_STOPPED, "stopped because another part failed");
    uint64_t at = large->front; /* moved by this thread alone */
    size_t mine = advance(large, len);
    int rc = store(large, at, data, mine, err);
    if (rc < 0)
        return rc;
    x8_sha256_add(large->sha, data, mine);
    count(large, mine);
    return mine < len ? x8_fail(err, X8_E_STOPPED, "the rest comes another way") : 0;
}

static int front_finish(struct x8_sink *sink, struct x8_error *err)
{
    (void)sink;
    (void)err;
    return 0;
}

static int bring_front(struct large *large, struct x8_error *err)
{
    struct xfer *xfer = &large->pull->xfer;
    X8_AUTO_BUF path = {0};
    int top = strcmp(xfer->anchor, "/") == 0;
    if (x8_buf_addf(&path, "%s/%s", top ? "" : xfer->anchor, large->node->rel) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    int rc =
        xfer->session->ops->get(xfer->session, &xfer->op, x8_buf_text(&path), &large->sink, err);
    pthread_mutex_lock(&large->lock);
    int met = large->front == large->back;
    if (!met)
        atomic_store(&large->bad, 1);
    large->ended = 1;
    pthread_cond_broadcast(&large->news);
    pthread_mutex_unlock(&large->lock);
    /* What the service refuses or has less of is tried another way. */
    return met || rc == -X8_E_NO_FILE || rc == -X8_E_REFUSED ? 0 : rc;
}

static int ask_board(struct large *large, struct x8_error *err)
{
    return board_file_digest(&large->pull->xfer, large->node, large->board, &large->has_board, err);
}

/* The next chunk from the back; 0 when the rest is better left to the front. */
static int claim(struct large *large, uint64_t *begin, uint64_t *len)
{
    int mine = 0;
    pthread_mutex_lock(&large->lock);
    while (large->helpers == HELP_LATER && !large->ended)
        pthread_cond_wait(&large->news, &large->lock);
    uint64_t from = (large->back - 1) / CHUNK * CHUNK;
    if (large->helpers == HELP_NOW && !large->ended && from >= large->front + CHUNK) {
        *begin = from;
        *len = large->back - from;
        large->back = from;
        mine = 1;
    }
    pthread_mutex_unlock(&large->lock);
    return mine;
}

struct chunk {
    struct x8_sink sink;
    struct large *large;
    uint64_t at;
};

static int chunk_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct chunk *chunk = X8_CONTAINER(sink, struct chunk, sink);
    int rc = store(chunk->large, chunk->at, data, len, err);
    chunk->at += len;
    count(chunk->large, len);
    return rc;
}

static int help(struct large *large, struct x8_error *err)
{
    static const struct x8_sink_ops ops = {chunk_push, NULL};
    struct chunk chunk = {.sink.ops = &ops, .large = large};
    uint64_t len;
    int rc = 0;
    while (rc == 0 && !atomic_load(&large->pull->xfer.stopping) && claim(large, &chunk.at, &len)) {
        uint64_t end = chunk.at + len;
        rc = pull_range(&large->pull->xfer, large->node, chunk.at, len, &chunk.sink, err);
        if (chunk.at != end)
            atomic_store(&large->bad, 1);
    }
    return rc;
}

/* Bytes that come within `ms`, or -1 when the file service has ended. */
static int64_t measure(struct large *large, int64_t ms)
{
    struct timespec until = x8_deadline_timespec(x8_deadline_in(ms));
    pthread_mutex_lock(&large->lock);
    uint64_t before = large->came;
    while (!large->ended && pthread_cond_timedwait(&large->news, &large->lock, &until) != ETIMEDOUT)
        ;
    int64_t came = large->ended ? -1 : (int64_t)(large->came - before);
    pthread_mutex_unlock(&large->lock);
    return came;
}

static void set_helpers(struct large *large, enum helpers helpers)
{
    pthread_mutex_lock(&large->lock);
    large->helpers = helpers;
    pthread_cond_broadcast(&large->news);
    pthread_mutex_unlock(&large->lock);
}

/* They stay when they make it a tenth faster. */
static int direct(struct large *large)
{
    int64_t alone = measure(large, LONE_MS);
    if (alone < 0)
        return 0;
    set_helpers(large, HELP_NOW);
    if (measure(large, WARM_MS) < 0)
        return 0;
    int64_t joined = measure(large, JOINED_MS);
    if (joined >= 0 && joined * 10 < alone * 11 * JOINED_MS / LONE_MS)
        set_helpers(large, HELP_NO_MORE);
    x8_emit(&large->pull->xfer.op, X8_EV_TRACE, "file service %lld B/s, with ranges %lld B/s",
            (long long)alone * 1000 / LONE_MS, (long long)joined * 1000 / JOINED_MS);
    return 0;
}

static int work(struct xfer *xfer, void *ctx, unsigned i, struct x8_error *err)
{
    struct large *large = ctx;
    (void)xfer;
    if (i == 0)
        return bring_front(large, err);
    if (i == 1)
        return ask_board(large, err);
    return i == 2 ? direct(large) : help(large, err);
}

/* The front was digested on its way; the rest is read from the disk, in the page cache still. */
static int compare(struct large *large, struct x8_error *err)
{
    struct node *node = large->node;
    node->done = 0;
    if (atomic_load(&large->bad) || !large->has_board)
        return 0;
    if (lseek(large->fd, (off_t)large->front, SEEK_SET) < 0)
        return unpack_refused(errno, node->rel, err);
    int rc = host_digest_more(&large->pull->xfer.op, large->fd, large->sha, node->sha256, err);
    if (rc == 0)
        rc = unpack_settle(large->fd, node, err);
    node->done = rc == 0 && memcmp(node->sha256, large->board, X8_SHA256_LEN) == 0;
    return rc;
}

int pull_large(struct pull *pull, struct node *node, struct x8_error *err)
{
    static const struct x8_sink_ops ops = {front_push, front_finish};
    struct large large = {.pull = pull, .node = node, .back = node->size, .sink.ops = &ops};
    if (!has_service(pull, node))
        return pull_follow(pull, node, err);
    unsigned helpers = pull->xfer.session->parallel - 1;
    helpers = helpers > XFER_MOST_CREW - 3 ? XFER_MOST_CREW - 3 : helpers;
    large.fd = unpack_create(pull->stage_fd, node, err);
    if (large.fd < 0)
        return large.fd;
    large.sha = x8_sha256_new();
    pthread_mutex_init(&large.lock, NULL);
    x8_cond_init(&large.news);
    int rc = large.sha ? xfer_crew(&pull->xfer, work, &large, 3 + helpers, err)
                       : x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (rc == 0)
        rc = compare(&large, err);
    pthread_cond_destroy(&large.news);
    pthread_mutex_destroy(&large.lock);
    x8_sha256_free(&large.sha);
    x8_fd_close(&large.fd);
    return rc;
}
