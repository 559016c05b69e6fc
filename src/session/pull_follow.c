/*
 * One large file in stretches, several side by side, begun in the order of the file. So what has
 * come is the front of the file but for the last few stretches, and a thread follows it with the
 * digest while the rest is on its way; the board reads the file for its own at the same time. Each
 * computer digests every byte once, and none waits for the other to have done so.
 */
#include "session/pull_parts.h"
#include "session/unpack.h"

#include "util/await.h"
#include "util/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STRETCH ((uint64_t)16 << 20) /* worth a command on the board */
#define WORTH   ((uint64_t)1 << 20)  /* worth waking the digest for */
#define LOOK_MS 100                  /* how late the digest learns of a stop */

struct follow {
    struct pull *pull;
    struct node *node;
    int fd;
    uint64_t step; /* of a stretch; a multiple of RANGE_STEP */
    pthread_mutex_t lock;
    pthread_cond_t news;
    uint64_t next;               /* where the next stretch begins */
    uint64_t at[XFER_MOST_CREW]; /* how far the stretch of each thread has come */
    int bad;                     /* did not come as it should */
    struct x8_sha256 *sha;
    uint8_t board[X8_SHA256_LEN];
    int has_board;
};

/* The stretch of one thread. */
struct stretch {
    struct x8_sink sink;
    struct follow *follow;
    unsigned i;
};

int pull_follow_fits(const struct pull *pull, const struct node *node)
{
    return pull->xfer.session->parallel > 1 && node->size / pull->xfer.session->parallel >= STRETCH;
}

/* With the lock held: everything before is here. */
static uint64_t front(const struct follow *follow)
{
    uint64_t least = follow->next;
    for (size_t i = 0; i < X8_COUNT(follow->at); i++)
        least = follow->at[i] < least ? follow->at[i] : least;
    return least;
}

static int is_over(const struct follow *follow)
{
    return follow->bad || atomic_load(&follow->pull->xfer.stopping);
}

/* --- bringing --- */

static int claim(struct follow *follow, unsigned i, uint64_t *begin, uint64_t *len)
{
    pthread_mutex_lock(&follow->lock);
    uint64_t left = is_over(follow) ? 0 : follow->node->size - follow->next;
    *begin = follow->next;
    *len = left < follow->step ? left : follow->step;
    follow->at[i] = left ? follow->next : UINT64_MAX;
    follow->next += *len;
    pthread_cond_signal(&follow->news);
    pthread_mutex_unlock(&follow->lock);
    return left > 0;
}

static int stretch_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct stretch *stretch = X8_CONTAINER(sink, struct stretch, sink);
    struct follow *follow = stretch->follow;
    uint64_t at = follow->at[stretch->i]; /* moved by this thread alone */
    const uint8_t *from = data;
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(follow->fd, from + done, len - done, (off_t)(at + done));
        if (n < 0 && errno != EINTR)
            return unpack_refused(errno, follow->node->rel, err);
        done += n > 0 ? (size_t)n : 0;
    }
    pthread_mutex_lock(&follow->lock);
    follow->at[stretch->i] += len;
    pthread_mutex_unlock(&follow->lock);
    xfer_moved(&follow->pull->xfer, len);
    return 0;
}

static int bring(struct follow *follow, unsigned i, struct x8_error *err)
{
    static const struct x8_sink_ops ops = {stretch_push, NULL};
    struct stretch stretch = {.sink.ops = &ops, .follow = follow, .i = i};
    uint64_t begin, len;
    int rc = 0;
    while (rc == 0 && claim(follow, i, &begin, &len)) {
        rc = pull_range(&follow->pull->xfer, follow->node, begin, len, &stretch.sink, err);
        pthread_mutex_lock(&follow->lock);
        follow->bad |= follow->at[i] != begin + len;
        pthread_mutex_unlock(&follow->lock);
    }
    return rc;
}

/* --- digesting --- */

/* Wait for more than [0, at). 0 when there will be none. */
static uint64_t await_front(struct follow *follow, uint64_t at)
{
    uint64_t size = follow->node->size, to;
    pthread_mutex_lock(&follow->lock);
    while ((to = front(follow)) < size && to < at + WORTH && !is_over(follow)) {
        struct timespec soon = x8_deadline_timespec(x8_deadline_in(LOOK_MS));
        pthread_cond_timedwait(&follow->news, &follow->lock, &soon);
    }
    to = is_over(follow) ? 0 : to;
    pthread_mutex_unlock(&follow->lock);
    return to;
}

static int digest(struct follow *follow, struct x8_error *err)
{
    uint8_t *block = malloc(XFER_BLOCK);
    int rc = block ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    uint64_t at = 0, to = 0;
    while (rc == 0 && at < follow->node->size) {
        if (at == to && (to = await_front(follow, at)) == 0)
            break;
        ssize_t n = pread(follow->fd, block, to - at < XFER_BLOCK ? (size_t)(to - at) : XFER_BLOCK,
                          (off_t)at);
        if (n > 0)
            x8_sha256_add(follow->sha, block, (size_t)n);
        else if (n == 0 || errno != EINTR)
            rc = x8_fail_sys(err, X8_E_NO_FILE, n ? errno : EIO, "what came cannot be read again");
        at += n > 0 ? (uint64_t)n : 0;
    }
    x8_sha256_take(follow->sha, follow->node->sha256);
    free(block);
    return rc;
}

/* --- all --- */

static int work(struct xfer *xfer, void *ctx, unsigned i, struct x8_error *err)
{
    struct follow *follow = ctx;
    if (i == 0)
        return digest(follow, err);
    if (i == 1)
        return board_file_digest(xfer, follow->node, follow->board, &follow->has_board, err);
    return bring(follow, i, err);
}

/* All threads have as many stretches, so that they end together. */
static uint64_t step_of(const struct node *node, unsigned parallel)
{
    uint64_t count = node->size / STRETCH / parallel * parallel;
    return (node->size / count + RANGE_STEP) / RANGE_STEP * RANGE_STEP;
}

static int run(struct follow *follow, unsigned parallel, struct x8_error *err)
{
    struct node *node = follow->node;
    int rc = xfer_crew(&follow->pull->xfer, work, follow, 2 + parallel, err);
    if (rc < 0)
        return rc;
    node->done = 0;
    rc = unpack_settle(follow->fd, node, err);
    node->done = rc == 0 && !follow->bad && follow->has_board &&
                 memcmp(node->sha256, follow->board, X8_SHA256_LEN) == 0;
    return rc;
}

int pull_follow(struct pull *pull, struct node *node, struct x8_error *err)
{
    unsigned parallel = pull->xfer.session->parallel;
    struct follow follow = {.pull = pull, .node = node};
    parallel = parallel > XFER_MOST_CREW - 2 ? XFER_MOST_CREW - 2 : parallel;
    follow.step = step_of(node, parallel);
    for (size_t i = 0; i < X8_COUNT(follow.at); i++)
        follow.at[i] = UINT64_MAX;
    follow.fd = unpack_create(pull->stage_fd, node, err);
    if (follow.fd < 0)
        return follow.fd;
    follow.sha = x8_sha256_new();
    pthread_mutex_init(&follow.lock, NULL);
    x8_cond_init(&follow.news);
    int rc =
        follow.sha ? run(&follow, parallel, err) : x8_fail(err, X8_E_INTERNAL, "out of memory");
    pthread_cond_destroy(&follow.news);
    pthread_mutex_destroy(&follow.lock);
    x8_sha256_free(&follow.sha);
    x8_fd_close(&follow.fd);
    return rc;
}
