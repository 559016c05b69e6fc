/*
 * The order of an upload: look, clear the way, copy, follow, judge. When the watcher turns out to
 * be dead on the way, it is mended and the rest is done again, once.
 */
#include "sketch/upload_parts.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS   30000
#define MARGIN_MS 30000    /* over the board's own limits, which it keeps by itself */
#define NO_LIMIT  86400000 /* what the board is told for none */

static int has_facts(const struct upload *up)
{
    return up->said.has_facts;
}

static int is_ready(const struct upload *up)
{
    return up->said.is_ready;
}

static int has_sum(const struct upload *up)
{
    return up->said.sum[0] != '\0';
}

static int has_ended(const struct upload *up)
{
    return up->said.word[0] != '\0';
}

/* A turn may take the limit, and the programming too. */
static int follow(struct upload *up, struct x8_error *err)
{
    return upload_talk_until(up, has_ended, 2 * up->job->limit_ms + MARGIN_MS, err);
}

static int look(struct upload *up, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc;

    memset(&up->said, 0, sizeof(up->said));
    upload_phase(up, UPLOAD_LOOK);
    if (upload_script_copy(&text, up) < 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    rc = upload_talk_start(up, &text, !up->job->dry_run, err);
    return rc < 0 ? rc : upload_talk_until(up, has_facts, LOOK_MS, err);
}

/* The command waits for a line meanwhile. */
static int copy(struct upload *up, struct x8_error *err)
{
    int rc = x8_channel_begin(up->channel, &up->op, err);

    upload_phase(up, UPLOAD_COPY);
    if (rc == 0)
        rc = upload_talk_until(up, is_ready, LOOK_MS, err);
    if (rc < 0 || has_ended(up))
        return rc;
    upload_enter(up, "copy");
    rc = upload_talk_send(up, err);
    return rc < 0 ? rc : upload_talk_until(up, has_sum, LOOK_MS, err);
}

static void tell_plan(struct upload *up)
{
    char size[24];

    x8_size_text(size, up->job->sketch->file.len);
    x8_emit(&up->op, X8_EV_NOTICE, "%s, %s, would be copied and programmed; nothing was changed",
            up->job->sketch->name, size);
    if (up->said.watcher.hides_status)
        x8_emit(&up->op, X8_EV_NOTICE, "%s",
                up->job->no_verify ? "the outcome would not be proven (no journal)"
                                   : "root would be needed to read the outcome in the journal");
    if (up->out->mended[0])
        x8_emit(&up->op, X8_EV_NOTICE, "to be mended, with root: %s", up->out->mended);
    up->out->mended[0] = '\0';
}

/* One command: up to its last word. */
static int once(struct upload *up, struct x8_error *err)
{
    int rc = look(up, err);

    if (rc < 0)
        return upload_lost(up, rc, err);
    rc = upload_clear_way(up, err);
    if (rc < 0 || up->job->dry_run) {
        upload_talk_end(up);
        if (rc == 0)
            tell_plan(up);
        return rc;
    }
    rc = copy(up, err);
    if (rc == 0)
        rc = follow(up, err);
    if (rc < 0)
        return upload_lost(up, rc, err);
    upload_talk_end(up);
    return 0;
}

/* The file lies there and nobody listened. */
static int again(struct upload *up, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = upload_mend_watcher(up, err);

    if (rc < 0)
        return rc;
    up->said.word[0] = '\0';
    if (upload_script_again(&text, up) < 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    upload_phase(up, UPLOAD_DONE);
    rc = upload_talk_start(up, &text, 0, err);
    if (rc == 0)
        rc = follow(up, err);
    if (rc < 0)
        return upload_lost(up, rc, err);
    upload_talk_end(up);
    return 0;
}

static int all(struct upload *up, struct x8_error *err)
{
    int rc = once(up, err);

    if (rc < 0 || up->job->dry_run)
        return rc;
    if (strcmp(up->said.word, "shut") == 0 && x8_watcher_is_dead(&up->said.watcher))
        rc = once(up, err);
    if (rc == 0 && strcmp(up->said.word, "dead") == 0 && x8_watcher_is_dead(&up->said.watcher) &&
        up->said.is_same)
        rc = again(up, err);
    return rc < 0 ? rc : upload_judge(up, err);
}

static void tell_end(struct upload *up)
{
    if (up->out->mended[0])
        x8_emit(&up->op, X8_EV_NOTICE, "%s", up->out->mended);
    if (up->job->dry_run || up->out->outcome == X8_SKETCH_UNKNOWN)
        return;
    x8_emit(&up->op, X8_EV_STAGE, "%s, %lld.%lld s",
            up->out->outcome == X8_SKETCH_VERIFIED
                ? "programmed and verified by OpenOCD"
                : "the board's programming has ended, nobody looked how",
            (long long)(up->out->programming_ms / 1000),
            (long long)(up->out->programming_ms / 100 % 10));
}

int x8_sketch_upload(struct x8_session *session, const struct x8_op *op,
                     const struct x8_upload *job, struct x8_uploaded *out, struct x8_error *err)
{
    struct x8_upload own = *job;
    struct upload up = {.session = session, .op = *op, .job = &own, .out = out};
    struct x8_error inner = {0};
    int rc;

    memset(out, 0, sizeof(*out));
    if (own.limit_ms <= 0)
        own.limit_ms = NO_LIMIT;
    up.start_ms = x8_now_ms();
    pthread_mutex_init(&up.lock, NULL);
    rc = x8_nonce_make(up.nonce, &inner);
    if (rc == 0)
        rc = all(&up, &inner);
    upload_talk_end(&up);
    out->took_ms = x8_now_ms() - up.start_ms;
    if (rc == 0)
        tell_end(&up);
    else if (err)
        *err = inner;
    x8_buf_done(&up.text);
    pthread_mutex_destroy(&up.lock);
    return rc;
}
