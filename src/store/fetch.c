/*
 * A download into the cache: is it there already, whose turn is it, what of it is there, the rest,
 * and the proof.
 */
#include "store/fetch_parts.h"

#include "net/http_header.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct fetching {
    const struct x8_op *op;
    const struct x8_fetch *job;
    struct x8_cached *out;
    char name[128];
    char want[65]; /* the digest it must have */
    int wanted;    /* 1 known, 2 pinned, 0 none */
    struct fetch_part part;
    struct fetch_stream stream;
    struct x8_error *err;
};

/* --- Is it there? --- */

/* 1 when the wanted file is in the cache. One that was damaged meanwhile is told and fetched
 * again. */
static int find_there(struct fetching *f)
{
    struct x8_error bad = {0};
    int rc;

    rc = fetch_digest_wanted(f->job, f->want, f->err);
    if (rc < 0)
        return rc;
    f->wanted = rc;
    if (f->wanted == 0)
        return 0;
    rc = x8_cache_find(f->op, f->job->folder, f->want, 0, f->out, &bad);
    if (rc == -X8_E_BAD_DIGEST && !f->job->offline) {
        x8_emit(f->op, X8_EV_WARN, "%s: %s; it is downloaded again", bad.msg, bad.why);
        return 0;
    }
    if (rc < 0)
        *f->err = bad;
    if (rc == 1)
        x8_cache_touch(f->job->folder, f->out);
    return rc;
}

/* What the server has may rightly be another file than the one that is there. */
static int may_be_new(const struct fetching *f)
{
    return f->wanted != 1 && (f->job->moves || f->job->repin);
}

static int refuse_offline(struct fetching *f)
{
    x8_fail(f->err, X8_E_NETWORK, "%s is not in the cache", f->name);
    x8_error_why(f->err, "--offline forbids to download it");
    x8_error_next(f->err, "run it once without --offline, or name a file");
    return -X8_E_NETWORK;
}

/* --- The bytes --- */

static int begin(void *ctx, const struct fetch_stream *stream, uint64_t start, struct x8_error *err)
{
    struct fetching *f = ctx;
    uint64_t total = stream->total == UINT64_MAX ? f->job->size : stream->total;
    int rc = 0;

    if (start == 0)
        rc = part_restart(&f->part, err);
    if (rc == 0)
        rc = part_check_space(&f->part, total > start ? total - start : 0, err);
    return rc < 0 ? rc : part_note(&f->part, stream->validator, stream->total, err);
}

static int write_part(void *ctx, const void *data, size_t len, struct x8_error *err)
{
    struct fetching *f = ctx;

    return part_write(&f->part, data, len, err);
}

static const struct fetch_target target = {begin, write_part};

static void digest_text(struct fetching *f, char out[65])
{
    uint8_t digest[X8_SHA256_LEN];

    x8_sha256_take(f->stream.sha, digest);
    x8_hex(out, digest, X8_SHA256_LEN);
}

/* --- The proof --- */

static int take(struct fetching *f, const char *got)
{
    struct x8_cached *out = f->out;
    struct x8_error ignored = {0};
    int rc;

    rc = x8_cache_find(f->op, f->job->folder, got, 0, out, &ignored);
    if (rc == 1) { /* under another name, too */
        unlink(f->part.path);
        x8_cache_touch(f->job->folder, out);
        return 0;
    }
    memset(out, 0, sizeof(*out));
    snprintf(out->sha256, sizeof(out->sha256), "%s", got);
    if (f->job->moves)
        fetch_last_part(f->job->url, out->name, sizeof(out->name));
    else
        x8_copy(out->name, sizeof(out->name), f->name);
    x8_copy(out->url, sizeof(out->url), f->part.shown);
    out->is_known = f->wanted == 1 || (f->job->known && x8_catalogue_is(f->job->known, got));
    return x8_cache_take(f->job->folder, f->part.path, out, f->err);
}

/* It is what it should be: into the cache with it. */
static int complete(struct fetching *f, const char *got)
{
    char size[24];
    int rc = take(f, got);

    if (rc < 0)
        return rc;
    if (f->job->moves)
        fetch_seen_save(f->job, f->stream.validator, got);
    part_forget(&f->part);
    x8_size_text(size, f->out->size);
    x8_emit(&f->stream.op, X8_EV_STAGE, "%s, %s", f->name, size);
    return 0;
}

static int refuse(struct fetching *f, const char *got)
{
    int rc = cache_put_aside(f->job->folder, f->part.path, got, f->want, f->name, f->err);

    if (f->wanted == 2)
        fetch_explain_pin(f->job, f->err);
    part_forget(&f->part);
    return rc;
}

/* It has the size of a release and is not it. */
static int refuse_twin(struct fetching *f, const struct x8_release *twin, const char *got)
{
    int rc = cache_put_aside(f->job->folder, f->part.path, got, twin->sha256, f->name, f->err);

    fetch_explain_twin(twin, f->err);
    part_forget(&f->part);
    return rc;
}

/* Nothing says what it must be: at least it must be able to be an image. */
static int look(struct fetching *f, const char *got)
{
    const struct x8_release *twin = fetch_twin(f->job, f->stream.have, got);
    int is_end_known = f->stream.total != UINT64_MAX && !f->stream.is_joined;

    if (twin)
        return refuse_twin(f, twin, got);
    int rc = fetch_look(f->op, f->name, f->part.path, is_end_known, f->err);

    if (rc == -X8_E_BAD_IMAGE) {
        fetch_set_aside(f->job->folder, f->part.path, got, f->err);
        part_forget(&f->part);
    }
    return rc;
}

/* Everything is there. 1: what was there from before was damaged, and all must come again. */
static int prove(struct fetching *f)
{
    int may_differ = f->wanted == 0 || may_be_new(f), differs, rc = 0;
    char got[65];

    digest_text(f, got);
    differs = f->wanted && strcmp(got, f->want) != 0;
    if (differs && !may_differ && f->stream.resumed) {
        x8_emit(&f->stream.op, X8_EV_WARN,
                "%s: what was there from before does not fit; it is downloaded from the start",
                f->name);
        return 1;
    }
    if (differs && !may_differ)
        return refuse(f, got);
    if (differs || !f->wanted)
        rc = look(f, got);
    if (rc == 0 && (differs || !f->wanted))
        rc = fetch_pin(&f->stream.op, f->job, differs ? f->want : NULL, got, f->err);
    return rc < 0 ? rc : complete(f, got);
}

/* What is there from before, hashed; 1 when that is all of a file whose digest is known. */
static int look_back(struct fetching *f)
{
    int rc = part_open(&f->part, f->err);
    char got[65];

    if (rc == 0 && f->part.have)
        rc = part_hash(&f->part, f->op, f->stream.sha, f->err);
    if (rc < 0)
        return rc;
    f->stream.have = f->stream.resumed = f->part.have;
    f->stream.total = f->part.total;
    x8_copy(f->stream.validator, sizeof(f->stream.validator), f->part.validator);
    if (!f->wanted || may_be_new(f) || f->part.have == 0 || f->part.have != f->part.total)
        return 0;
    digest_text(f, got);
    if (strcmp(got, f->want) == 0) {
        rc = complete(f, got);
        return rc < 0 ? rc : 1;
    }
    f->stream.have = f->stream.resumed = 0;
    f->stream.validator[0] = '\0';
    return 0;
}

static int download(struct fetching *f)
{
    int rc = look_back(f);

    if (rc != 0)
        return rc < 0 ? rc : 0;
    rc = fetch_stream_run(&f->stream, f->err);
    if (rc == 0)
        rc = prove(f);
    if (rc <= 0)
        return rc;
    f->stream.validator[0] = '\0';
    f->stream.have = f->stream.resumed = 0;
    rc = fetch_stream_run(&f->stream, f->err);
    return rc < 0 ? rc : prove(f);
}

/* What stays of a download that failed. */
static void leave(struct fetching *f, int rc)
{
    char have[24];

    if (f->part.fd < 0)
        return;
    part_keep(&f->part);
    if (f->part.have == 0) {
        unlink(f->part.path);
        part_forget(&f->part);
    } else if (rc == -X8_E_STOPPED || rc == -X8_E_TERMINATED) {
        x8_size_text(have, f->part.have);
        x8_error_why(f->err, "%s of %s are kept", have, f->name);
        x8_error_next(f->err, "the same command goes on there");
    }
}

/* With the lock. */
static int run(struct fetching *f)
{
    int rc;

    f->stream = (struct fetch_stream){
        .op = *f->op, .job = f->job, .target = &target, .ctx = f, .sha = x8_sha256_new()};
    f->stream.op.stage = "download";
    rc = f->stream.sha ? download(f) : x8_fail(f->err, X8_E_INTERNAL, "out of memory");
    x8_sha256_free(&f->stream.sha);
    if (rc < 0)
        leave(f, rc);
    return rc;
}

/* `old`: the file that is there and is not enough, or "". */
static int with_turn(struct fetching *f, const char *old)
{
    int rc = part_make_folder(f->job->folder, f->err);

    if (rc == 0)
        rc = part_take_turn(&f->part, f->op, f->name, f->err);
    if (rc == 0) /* it may have come meanwhile */
        rc = find_there(f);
    if (rc < 0)
        return rc;
    if (rc == 1 && strcmp(old, f->out->sha256) != 0) {
        unlink(f->part.lock);
        return 0;
    }
    return run(f);
}

int x8_fetch(const struct x8_op *op, const struct x8_fetch *job, struct x8_cached *out,
             struct x8_error *err)
{
    struct x8_error own = {0};
    struct fetching f = {.op = op, .job = job, .out = out, .err = err ? err : &own};
    char address[FETCH_ADDRESS], shown[sizeof(f.part.shown)], old[65] = "";
    int rc;

    fetch_name(job, f.name, sizeof(f.name));
    fetch_address(job->url, address, sizeof(address));
    x8_http_shown(job->url, shown, sizeof(shown));
    part_init(&f.part, job->folder, address, shown);
    rc = find_there(&f);
    if (rc == 1 && !job->offline && may_be_new(&f)) {
        snprintf(old, sizeof(old), "%s", out->sha256);
        rc = fetch_seen_ask(op, job, out, f.err);
    }
    if (rc == 0)
        rc = job->offline ? refuse_offline(&f) : with_turn(&f, old);
    part_done(&f.part);
    return rc < 0 ? rc : 0;
}
