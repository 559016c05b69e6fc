/*
 * One download for several readings that begin at its start: an archive is opened, walked as far as
 * somebody wants to know, closed, and opened again for its image.
 *
 * There is one download under way at most that can still be replayed: all that was read of it is in
 * memory (`head`). A reader that comes to the end of that takes the download over and goes on with
 * it. Where there is none, or another reader has it, it begins one of its own, passes over what it
 * gave out before, and compares it.
 */
#include "store/fetch_parts.h"

#include "util/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SKIP ((size_t)64 << 10)

/* A download, and the job that it borrows. */
struct flow {
    struct x8_reader *reader;
    struct x8_fetch job;
    char sha256[65]; /* what the job points to */
    uint64_t at;     /* bytes read of it */
    int is_compared; /* with the digest of an earlier reading, which is all that is known */
};

struct x8_fetch_again {
    const struct x8_op *op;
    const struct x8_fetch *job;
    pthread_mutex_t lock;
    uint8_t *head;
    size_t len, cap, keep;
    int is_whole;      /* `head` is all of it */
    struct flow *flow; /* nobody reads it now; all of it so far is in `head` */
    int is_settled;
    unsigned users; /* of `head` */
    unsigned count;
    char sha256[65];
    struct fetch_due due;
};

struct view {
    struct x8_reader reader; /* first */
    struct x8_fetch_again *again;
    struct flow *flow; /* its own now, or NULL */
    uint64_t at;
    int is_user;    /* it reads from `head` first */
    int is_growing; /* what it reads of its flow is kept */
    int end;        /* 1: as it ended, or a negative code */
    struct x8_error why;
};

static void flow_free(struct flow **flow)
{
    if (*flow)
        x8_reader_close(&(*flow)->reader);
    free(*flow);
    *flow = NULL;
}

static int flow_open(struct x8_fetch_again *again, struct flow **out, struct x8_error *err)
{
    struct flow *flow = calloc(1, sizeof(*flow));
    int rc;

    if (!flow)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    flow->job = *again->job;
    pthread_mutex_lock(&again->lock);
    again->count++;
    if (again->sha256[0]) {
        snprintf(flow->sha256, sizeof(flow->sha256), "%s", again->sha256);
        flow->is_compared = !(again->job->sha256 && again->job->sha256[0]);
        flow->job.sha256 = flow->sha256;
        flow->job.moves = flow->job.repin = 0;
    }
    pthread_mutex_unlock(&again->lock);
    rc = x8_fetch_reader(again->op, &flow->job, &flow->reader, err);
    if (rc < 0)
        flow_free(&flow);
    else
        *out = flow;
    return rc;
}

static int changed(const struct x8_fetch_again *again, struct x8_error *err)
{
    char name[128];

    fetch_name(again->job, name, sizeof(name));
    x8_fail(err, X8_E_BAD_DIGEST, "%s is another file now", name);
    x8_error_why(err, "it changed on the server since it was first read, a moment ago");
    x8_error_next(err, "run the command again; through the cache it is read once");
    return -X8_E_BAD_DIGEST;
}

/* Read the flow, and settle the digest at its end. */
static ssize_t flow_read(struct view *v, void *out, size_t cap, struct x8_error *err)
{
    struct x8_fetch_again *again = v->again;
    ssize_t n = x8_read(v->flow->reader, out, cap, err);
    struct fetch_due due;
    char sha256[65];

    if (n > 0)
        v->flow->at += (uint64_t)n;
    if (n == -X8_E_BAD_DIGEST && v->flow->is_compared)
        return changed(again, err);
    if (n != 0)
        return n;
    x8_fetch_reader_sha256(v->flow->reader, sha256);
    fetch_reader_due(v->flow->reader, &due);
    pthread_mutex_lock(&again->lock);
    int differs = again->sha256[0] && strcmp(again->sha256, sha256) != 0;
    if (!again->sha256[0]) {
        snprintf(again->sha256, sizeof(again->sha256), "%s", sha256);
        again->due = due;
    }
    again->is_whole |= !differs && v->is_growing && v->flow->at == again->len;
    pthread_mutex_unlock(&again->lock);
    return differs ? changed(again, err) : 0;
}

static int has_room(struct x8_fetch_again *again, size_t len)
{
    size_t cap = again->cap ? again->cap : SKIP;
    uint8_t *more;

    while (cap < len)
        cap = cap > again->keep / 2 ? again->keep : cap * 2;
    if (cap == again->cap)
        return 1;
    more = realloc(again->head, cap);
    if (!more)
        return 0;
    again->head = more;
    again->cap = cap;
    return 1;
}

/* With the lock: keep what was read as long as there is room. */
static void keep(struct view *v, const uint8_t *data, size_t n)
{
    struct x8_fetch_again *again = v->again;
    size_t room = again->keep - again->len, fits = n < room ? n : room;

    if (!v->is_growing)
        return;
    v->is_growing = v->flow->at - n == again->len && has_room(again, again->len + fits);
    if (!v->is_growing)
        return;
    memcpy(again->head + again->len, data, fits);
    again->len += fits;
    v->is_growing = fits == n;
}

/* Bytes that are in memory: 1 and *n, 0 when there are none at this place. */
static int from_head(struct view *v, void *out, size_t cap, size_t *n)
{
    struct x8_fetch_again *again = v->again;
    int is_there;

    *n = 0;
    pthread_mutex_lock(&again->lock);
    is_there = v->is_user && !v->flow && (v->at < again->len || again->is_whole);
    if (is_there && v->at < again->len) {
        *n = again->len - (size_t)v->at < cap ? again->len - (size_t)v->at : cap;
        memcpy(out, again->head + v->at, *n);
    }
    pthread_mutex_unlock(&again->lock);
    v->at += *n;
    return is_there;
}

/* With the lock. What nobody replays any more is given up. */
static void leave_head(struct view *v)
{
    struct x8_fetch_again *again = v->again;

    again->users -= v->is_user ? 1 : 0;
    v->is_user = 0;
    if (!again->is_settled || again->users || again->flow || again->is_whole)
        return;
    free(again->head);
    again->head = NULL;
    again->len = again->cap = 0;
}

/* A flow of its own: what was given out already passes by. */
static int pass_over(struct view *v, struct x8_error *err)
{
    struct x8_fetch_again *again = v->again;
    uint8_t *data = v->at ? malloc(SKIP) : NULL;
    int rc = v->at && !data ? x8_fail(err, X8_E_INTERNAL, "out of memory") : 0;

    while (rc == 0 && v->flow->at < v->at) {
        uint64_t from = v->flow->at;
        size_t want = v->at - from < SKIP ? (size_t)(v->at - from) : SKIP;
        ssize_t n = flow_read(v, data, want, err);

        if (n <= 0) {
            rc = n < 0 ? (int)n : changed(again, err);
            break;
        }
        pthread_mutex_lock(&again->lock);
        if (memcmp(data, again->head + from, (size_t)n) != 0)
            rc = changed(again, err);
        pthread_mutex_unlock(&again->lock);
    }
    free(data);
    return rc;
}

/* Behind what is in memory: the flow that is there goes on, or another one begins. */
static int take_flow(struct view *v, struct x8_error *err)
{
    struct x8_fetch_again *again = v->again;
    int rc;

    pthread_mutex_lock(&again->lock);
    if (v->is_user && again->flow && again->flow->at == v->at) {
        v->flow = again->flow;
        again->flow = NULL;
    }
    /* A first reading, or one that goes on: its bytes come behind those that are there. */
    v->is_growing = !again->is_settled && v->at == again->len && (v->flow || again->len == 0);
    if (again->is_settled && v->flow)
        leave_head(v);
    pthread_mutex_unlock(&again->lock);
    if (v->flow)
        return 0;
    rc = flow_open(again, &v->flow, err);
    return rc < 0 ? rc : pass_over(v, err);
}

static ssize_t step(struct view *v, void *out, size_t cap, struct x8_error *err)
{
    size_t kept;
    ssize_t n;
    int rc;

    if (from_head(v, out, cap, &kept))
        return (ssize_t)kept;
    rc = v->flow ? 0 : take_flow(v, err);
    if (rc < 0)
        return rc;
    n = flow_read(v, out, cap, err);
    if (n > 0) {
        pthread_mutex_lock(&v->again->lock);
        keep(v, out, (size_t)n);
        pthread_mutex_unlock(&v->again->lock);
        v->at += (uint64_t)n;
    }
    return n;
}

static ssize_t view_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct view *v = (struct view *)reader;
    ssize_t n;

    if (v->end) {
        if (v->end < 0 && err)
            *err = v->why;
        return v->end < 0 ? v->end : 0;
    }
    n = step(v, out, cap, &v->why);
    if (n <= 0)
        v->end = n < 0 ? (int)n : 1;
    if (n < 0 && err)
        *err = v->why;
    return n;
}

static void view_close(struct x8_reader *reader)
{
    struct view *v = (struct view *)reader;
    struct x8_fetch_again *again = v->again;

    pthread_mutex_lock(&again->lock);
    /* It can be gone on with when nobody missed a byte of it. */
    if (v->flow && v->is_growing && !v->end && !again->flow && v->flow->at == again->len) {
        again->flow = v->flow;
        v->flow = NULL;
    }
    leave_head(v);
    pthread_mutex_unlock(&again->lock);
    flow_free(&v->flow);
    free(v);
}

int x8_fetch_again_open(struct x8_fetch_again *again, struct x8_reader **out, struct x8_error *err)
{
    static const struct x8_reader_ops ops = {view_read, view_close};
    struct view *v = calloc(1, sizeof(*v));

    if (!v)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    v->reader.ops = &ops;
    v->again = again;
    pthread_mutex_lock(&again->lock);
    /* Of those that read all of it one goes on with the download that is there. */
    v->is_user = !again->is_settled || again->is_whole || (again->flow && !again->users);
    again->users += v->is_user ? 1 : 0;
    pthread_mutex_unlock(&again->lock);
    *out = &v->reader;
    return 0;
}

int x8_fetch_again_new(const struct x8_op *op, const struct x8_fetch *job, size_t keep_len,
                       struct x8_fetch_again **out, struct x8_error *err)
{
    struct x8_fetch_again *again = calloc(1, sizeof(*again));

    if (!again)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    again->op = op;
    again->job = job;
    again->keep = keep_len;
    pthread_mutex_init(&again->lock, NULL);
    *out = again;
    return 0;
}

void x8_fetch_again_free(struct x8_fetch_again **again)
{
    if (!*again)
        return;
    flow_free(&(*again)->flow);
    pthread_mutex_destroy(&(*again)->lock);
    free((*again)->head);
    free(*again);
    *again = NULL;
}

int x8_fetch_again_settle(struct x8_fetch_again *again)
{
    struct view nobody = {.again = again};

    pthread_mutex_lock(&again->lock);
    again->is_settled = 1;
    leave_head(&nobody);
    int is_there = again->flow || again->is_whole;
    pthread_mutex_unlock(&again->lock);
    return is_there;
}

int x8_fetch_again_accept(struct x8_fetch_again *again, struct x8_error *err)
{
    struct fetch_due due;

    pthread_mutex_lock(&again->lock);
    due = again->due;
    pthread_mutex_unlock(&again->lock);
    return fetch_accept(again->op, again->job, &due, err);
}

unsigned x8_fetch_again_count(struct x8_fetch_again *again)
{
    pthread_mutex_lock(&again->lock);
    unsigned count = again->count;
    pthread_mutex_unlock(&again->lock);
    return count;
}

const char *x8_fetch_again_sha256(const struct x8_fetch_again *again)
{
    return again->sha256;
}
