/*
 * A download as a reader: a thread that downloads into a ring, from which the caller reads.
 *
 * The last MiB stays in the ring until the digest of all was compared, so that what is written with
 * these bytes cannot be completed with a wrong one. Of a file without a digest nothing is given out
 * before its beginning was seen not to be text.
 */
#include "store/fetch_parts.h"

#include "util/await.h"
#include "util/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING ((size_t)4 << 20)
#define HELD ((size_t)1 << 20)

struct fetch_reader {
    struct x8_reader reader; /* first */
    const struct x8_op *op;
    const struct x8_fetch *job;
    char want[65];
    int wanted;  /* 1 known, 2 pinned, 0 none; the thread's once it runs */
    int is_held; /* there is a digest to compare with */
    struct fetch_stream stream;
    uint8_t head[FETCH_HEAD]; /* the thread's, as is its length */
    size_t head_len;

    /* Raised with op's, and by close. */
    struct x8_cancel cancel;
    struct x8_waker waker;
    pthread_t thread;
    int has_thread;

    pthread_mutex_t lock;
    pthread_cond_t moved;
    uint8_t *ring;
    uint64_t in, out; /* bytes of the file that came in and went out */
    int is_over;      /* nothing comes any more: `end` says how */
    int end;          /* 0 or negative */
    char got[65];     /* its digest; "" until it is proven */
    struct fetch_due due;
    struct x8_error why;
};

/* --- the thread --- */

static int begin(void *ctx, const struct fetch_stream *stream, uint64_t start, struct x8_error *err)
{
    struct fetch_reader *r = ctx;
    char name[128];

    if (start == r->in)
        return 0;
    fetch_name(r->job, name, sizeof(name));
    x8_fail(err, X8_E_NETWORK, "the download of %s broke off and cannot be gone on with", name);
    x8_error_why(err, "the server %s",
                 stream->validator[0] ? "has another file by now, or only sends it from the start"
                                      : "does not say which file it has");
    x8_error_next(err, "repeat it without --no-cache");
    return -X8_E_NETWORK;
}

/* Wait for room; how much there is in one piece, or "stopped". */
static ssize_t await_room(struct fetch_reader *r, struct x8_error *err)
{
    struct x8_await await;
    size_t room, piece;
    int rc;

    x8_await_enter(&await, &r->lock, &r->moved, &r->cancel);
    while ((rc = x8_cancel_check(&r->cancel, X8_CANCEL_SOFT, err)) == 0 && r->in - r->out == RING)
        x8_await_rest(&await, X8_NO_DEADLINE);
    room = RING - (size_t)(r->in - r->out);
    x8_await_leave(&await);
    piece = RING - (size_t)(r->in % RING);
    return rc < 0 ? rc : (ssize_t)(room < piece ? room : piece);
}

/* The first bytes of what nothing is known of: text is refused before any of it is given out. */
static int look(struct fetch_reader *r, const void *data, size_t len, struct x8_error *err)
{
    size_t n = FETCH_HEAD - r->head_len < len ? FETCH_HEAD - r->head_len : len;
    char name[128];

    if (n == 0)
        return 0;
    memcpy(r->head + r->head_len, data, n);
    r->head_len += n;
    if (r->wanted || r->head_len < FETCH_HEAD)
        return 0;
    fetch_name(r->job, name, sizeof(name));
    return fetch_look_at(name, r->head, r->head_len, err);
}

static int write_ring(void *ctx, const void *data, size_t len, struct x8_error *err)
{
    struct fetch_reader *r = ctx;
    const uint8_t *at = data;
    int rc = look(r, data, len, err);

    if (rc < 0)
        return rc;
    while (len) {
        ssize_t room = await_room(r, err);
        size_t n;

        if (room < 0)
            return (int)room;
        n = len < (size_t)room ? len : (size_t)room;
        memcpy(r->ring + r->in % RING, at, n); /* nobody reads there before `in` moves */
        at += n;
        len -= n;
        pthread_mutex_lock(&r->lock);
        r->in += n;
        pthread_cond_broadcast(&r->moved);
        pthread_mutex_unlock(&r->lock);
    }
    return 0;
}

static const struct fetch_target target = {begin, write_ring};

static int refuse(struct fetch_reader *r, const char *got, const char *want, struct x8_error *err)
{
    char name[128];

    fetch_name(r->job, name, sizeof(name));
    x8_fail(err, X8_E_BAD_DIGEST, "%.300s is not what it should be", name);
    x8_error_why(err, "its SHA-256 is %.64s, not %.64s", got, want);
    x8_error_next(err, "try again; if it stays so, the source or the way to it is damaged");
    return -X8_E_BAD_DIGEST;
}

/*
 * A file that nothing was known of, or that may be another one now: its digest is to be noted when
 * it can be an image, and all of it came that the server has. Whether that is whole its own packing
 * tells, which whoever reads undoes and this does not.
 */
static int note(struct fetch_reader *r, const char *got, struct x8_error *err)
{
    const struct x8_release *twin = fetch_twin(r->job, r->stream.have, got);
    int is_end_known = r->stream.total != UINT64_MAX && !r->stream.is_joined;
    char name[128];
    int rc;

    fetch_name(r->job, name, sizeof(name));
    rc = fetch_look_at(name, r->head, r->head_len, err);
    if (rc == 0 && twin) {
        rc = refuse(r, got, twin->sha256, err);
        fetch_explain_twin(twin, err);
    }
    if (rc < 0 || !r->job->folder)
        return rc;
    if (r->job->no_pin) {
        x8_emit(r->op, X8_EV_NOTICE, "%s is not pinned: its SHA-256 %s is only told", name, got);
        return 0;
    }
    if (!is_end_known) {
        x8_emit(r->op, X8_EV_NOTICE,
                "no checksum of %s is known, and none is noted: the server did not say how long it "
                "is, or it came in pieces",
                name);
        return 0;
    }
    pthread_mutex_lock(&r->lock);
    x8_copy(r->due.sha256, sizeof(r->due.sha256), got);
    x8_copy(r->due.was, sizeof(r->due.was), r->wanted ? r->want : "");
    pthread_mutex_unlock(&r->lock);
    return 0;
}

/* Everything came: is it what it should be? */
static int prove(struct fetch_reader *r, char got[65], struct x8_error *err)
{
    uint8_t digest[X8_SHA256_LEN];
    int rc;

    x8_sha256_take(r->stream.sha, digest);
    x8_hex(got, digest, X8_SHA256_LEN);
    if (!r->wanted && !r->job->repin) { /* another reader may have noted it meanwhile */
        rc = fetch_digest_wanted(r->job, r->want, err);
        if (rc < 0)
            return rc;
        r->wanted = rc;
    }
    if (r->wanted && strcmp(got, r->want) == 0)
        return 0;
    if (!r->wanted || (r->wanted == 2 && (r->job->moves || r->job->repin)))
        return note(r, got, err);
    rc = refuse(r, got, r->want, err);
    if (r->wanted == 2)
        fetch_explain_pin(r->job, err);
    return rc;
}

static void *run(void *ctx)
{
    struct fetch_reader *r = ctx;
    struct x8_error err = {0};
    char got[65] = "";
    int rc = fetch_stream_run(&r->stream, &err);

    if (rc == 0)
        rc = prove(r, got, &err);
    pthread_mutex_lock(&r->lock);
    if (rc == 0)
        snprintf(r->got, sizeof(r->got), "%s", got);
    r->is_over = 1;
    r->end = rc;
    r->why = err;
    pthread_cond_broadcast(&r->moved);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* --- the caller's side --- */

/* Bytes that may be given out; with the lock held. */
static size_t ready(const struct fetch_reader *r)
{
    int is_proven = r->is_over && r->end == 0;
    uint64_t held = r->is_held && !is_proven ? HELD : 0;

    if (!r->is_held && !is_proven && r->in < FETCH_HEAD)
        return 0;
    return r->in - r->out > held ? (size_t)(r->in - r->out - held) : 0;
}

static ssize_t read_ring(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct fetch_reader *r = (struct fetch_reader *)reader;
    size_t n, piece = RING - (size_t)(r->out % RING);
    int end;

    /* A stop is heard by the thread, whose end wakes this one. */
    pthread_mutex_lock(&r->lock);
    while ((n = ready(r)) == 0 && !r->is_over)
        pthread_cond_wait(&r->moved, &r->lock);
    end = r->end;
    if (n == 0 && end < 0 && err)
        *err = r->why;
    pthread_mutex_unlock(&r->lock);
    if (n == 0)
        return end;
    n = n < cap ? n : cap;
    n = n < piece ? n : piece;
    memcpy(out, r->ring + r->out % RING, n);
    pthread_mutex_lock(&r->lock);
    r->out += n;
    pthread_cond_broadcast(&r->moved);
    pthread_mutex_unlock(&r->lock);
    return (ssize_t)n;
}

static void close_ring(struct x8_reader *reader)
{
    struct fetch_reader *r = (struct fetch_reader *)reader;

    x8_cancel_raise(&r->cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    if (r->has_thread)
        pthread_join(r->thread, NULL);
    x8_cancel_unwatch(r->op->cancel, &r->waker);
    x8_cancel_done(&r->cancel);
    pthread_cond_destroy(&r->moved);
    pthread_mutex_destroy(&r->lock);
    x8_sha256_free(&r->stream.sha);
    free(r->ring);
    free(r);
}

/* Any stop of the operation ends the thread at once. */
static void pass_on(void *ctx, enum x8_cancel_level level)
{
    struct fetch_reader *r = ctx;

    (void)level;
    x8_cancel_raise(&r->cancel, X8_CANCEL_HARD, (enum x8_code)atomic_load(&r->op->cancel->code));
}

static struct fetch_reader *reader_new(const struct x8_op *op, const struct x8_fetch *job)
{
    static const struct x8_reader_ops ops = {read_ring, close_ring};
    struct fetch_reader *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->reader.ops = &ops;
    r->op = op;
    r->job = job;
    x8_cancel_init(&r->cancel);
    pthread_mutex_init(&r->lock, NULL);
    x8_cond_init(&r->moved);
    r->waker = (struct x8_waker){.wake = pass_on, .ctx = r};
    x8_cancel_watch(op->cancel, &r->waker);
    r->ring = malloc(RING);
    r->stream = (struct fetch_stream){.op = *op,
                                      .job = job,
                                      .target = &target,
                                      .ctx = r,
                                      .sha = x8_sha256_new(),
                                      .total = UINT64_MAX};
    r->stream.op.stage = "download";
    r->stream.op.cancel = &r->cancel;
    return r;
}

static int start(struct fetch_reader *r, struct x8_error *err)
{
    int rc = fetch_digest_wanted(r->job, r->want, err);

    if (rc < 0)
        return rc;
    r->wanted = rc;
    r->is_held = rc != 0;
    if (!r->ring || !r->stream.sha || pthread_create(&r->thread, NULL, run, r) != 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory or threads for a download");
    r->has_thread = 1;
    return 0;
}

void x8_fetch_reader_sha256(const struct x8_reader *reader, char out[65])
{
    struct fetch_reader *r = (struct fetch_reader *)(uintptr_t)reader;

    pthread_mutex_lock(&r->lock);
    snprintf(out, 65, "%s", r->got);
    pthread_mutex_unlock(&r->lock);
}

void fetch_reader_due(const struct x8_reader *reader, struct fetch_due *out)
{
    struct fetch_reader *r = (struct fetch_reader *)(uintptr_t)reader;

    pthread_mutex_lock(&r->lock);
    *out = r->due;
    pthread_mutex_unlock(&r->lock);
}

int x8_fetch_reader_accept(struct x8_reader *reader, struct x8_error *err)
{
    struct fetch_reader *r = (struct fetch_reader *)reader;
    struct fetch_due due;

    fetch_reader_due(reader, &due);
    return fetch_accept(r->op, r->job, &due, err);
}

int x8_fetch_reader(const struct x8_op *op, const struct x8_fetch *job, struct x8_reader **out,
                    struct x8_error *err)
{
    struct x8_error own = {0};
    struct fetch_reader *r;
    int rc;

    *out = NULL;
    if (job->offline) {
        x8_fail(err, X8_E_NETWORK, "%s cannot be downloaded", job->name ? job->name : "the image");
        x8_error_why(err, "--offline forbids it");
        x8_error_next(err, "leave --offline out, or --no-cache where it is in the cache");
        return -X8_E_NETWORK;
    }
    r = reader_new(op, job);
    if (!r)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    rc = start(r, err ? err : &own);
    if (rc < 0)
        close_ring(&r->reader);
    else
        *out = &r->reader;
    return rc;
}
