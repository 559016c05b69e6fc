/*
 * One file on its way, however many requests it takes. A try that fails in a way that may pass is
 * repeated after a while, from where the last one came to.
 */
#include "store/fetch_parts.h"

#include "net/http_header.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define TRIES    5u
#define WAIT_MAX 60000
#define TELL_MS  2000
#define NEW_COUNTS                                                                                 \
    ((uint64_t)1 << 20) /* so much more than ever, and the tries are counted anew                  \
                         */

void fetch_last_part(const char *url, char *out, size_t cap)
{
    char shown[X8_HTTP_URL];
    const char *slashes, *last;

    x8_http_shown(url, shown, sizeof(shown));
    shown[strcspn(shown, "?")] = '\0';
    slashes = strstr(shown, "://");
    last = strrchr(shown, '/');
    if (slashes && last && last > slashes + 2 && last[1])
        x8_copy(out, cap, last + 1);
    else
        x8_http_host(url, out, cap);
}

void fetch_name(const struct x8_fetch *job, char *out, size_t cap)
{
    if (job->name && job->name[0])
        x8_copy(out, cap, job->name);
    else
        fetch_last_part(job->url, out, cap);
}

void fetch_address(const char *url, char *out, size_t cap)
{
    char shown[X8_HTTP_URL], key[64] = "";

    x8_http_shown(url, shown, sizeof(shown));
    if (strcmp(shown, url) != 0)
        x8_cache_path("", "", url, "", key, sizeof(key));
    snprintf(out, cap, "%s%s%s", shown, key[0] ? " " : "", key[0] ? key + 2 : "");
}

static int wrong_size(const struct fetch_stream *stream, uint64_t size, struct x8_error *err)
{
    char name[128];

    fetch_name(stream->job, name, sizeof(name));
    x8_fail(err, X8_E_BAD_IMAGE, "the server has another file as %s", name);
    x8_error_why(err, "%s has %llu bytes there, and should have %llu", stream->result.url,
                 (unsigned long long)size, (unsigned long long)stream->job->size);
    x8_error_next(err, "x8ctl image list    says what is known of it; the server's owner may have "
                       "replaced it");
    return -X8_E_BAD_IMAGE;
}

/* The rest that comes belongs to a file of another size than before. */
static int other_file(struct fetch_stream *stream, struct x8_error *err)
{
    stream->is_other = 1;
    return x8_fail(err, X8_E_NETWORK, "%s changed on the server meanwhile", stream->result.url);
}

static int begin(void *ctx, const struct x8_http_result *result, struct x8_error *err)
{
    struct fetch_stream *stream = ctx;
    uint8_t ignored[X8_SHA256_LEN];

    if (stream->job->size && result->total != UINT64_MAX && result->total != stream->job->size)
        return wrong_size(stream, result->total, err);
    if (result->start > 0 && stream->total != UINT64_MAX && result->total != UINT64_MAX &&
        stream->total != result->total)
        return other_file(stream, err);
    stream->is_joined = result->start > 0;
    if (result->start == 0) {
        x8_sha256_take(stream->sha, ignored);
        stream->have = stream->resumed = 0;
        x8_copy(stream->validator, sizeof(stream->validator), result->validator);
        stream->total = result->total;
    } else if (result->total != UINT64_MAX) {
        stream->total = result->total;
    }
    return stream->target->begin(stream->ctx, stream, result->start, err);
}

static int push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct fetch_stream *stream = (struct fetch_stream *)sink;
    int rc = stream->target->write(stream->ctx, data, len, err);

    if (rc < 0)
        return rc;
    x8_sha256_add(stream->sha, data, len);
    stream->have += len;
    return 0;
}

static int finish(struct x8_sink *sink, struct x8_error *err)
{
    (void)sink;
    (void)err;
    return 0;
}

static int once(struct fetch_stream *stream, struct x8_error *err)
{
    const struct x8_http_body body = {.begin = begin, .ctx = stream, .sink = &stream->sink};
    const struct x8_http_get get = {.url = stream->job->url,
                                    .offset = stream->have,
                                    .validator = stream->validator[0] ? stream->validator : NULL,
                                    .max = stream->job->size};
    int rc = x8_http_fetch(&stream->op, stream->job->http, &get, &body, &stream->result, err);

    /* A server that never says a size can end too early without anybody noticing. */
    if (rc == 0 && stream->job->size && stream->have != stream->job->size)
        return wrong_size(stream, stream->have, err);
    return rc;
}

/*
 * Wait, and say for what. Which try failed is worth a line of its own: what is repeated while
 * waiting is thinned out by whoever shows it, so that tries would seem to be left out.
 */
static int wait_again(struct fetch_stream *stream, const struct x8_error *cause, unsigned attempt,
                      unsigned tries, struct x8_error *err)
{
    int64_t ms = x8_http_backoff_ms(&stream->result, attempt);
    int64_t until =
        x8_deadline_min(stream->op.deadline, x8_deadline_in(ms < WAIT_MAX ? ms : WAIT_MAX));
    int rc = 0, left = x8_deadline_left(until, WAIT_MAX);

    x8_emit(&stream->op, X8_EV_NOTICE, "try %u of %u: %s (%s); again in %d s", attempt, tries,
            cause->msg, cause->why, (left + 999) / 1000);
    while (rc == 0 && (left = x8_deadline_left(until, WAIT_MAX)) > 0) {
        rc = x8_cancel_sleep(stream->op.cancel, x8_deadline_min(until, x8_deadline_in(TELL_MS)),
                             X8_CANCEL_SOFT, err);
        left = x8_deadline_left(until, WAIT_MAX);
        if (rc == 0 && left > 0)
            x8_emit(&stream->op, X8_EV_WAIT, "%s; again in %d s, try %u of %u", cause->msg,
                    (left + 999) / 1000, attempt + 1, tries);
    }
    return rc;
}

static int passes(const struct fetch_stream *stream, int rc)
{
    return rc == -X8_E_NETWORK && stream->result.is_retriable &&
           (stream->op.deadline == X8_NO_DEADLINE || x8_deadline_left(stream->op.deadline, 1) > 0);
}

int fetch_stream_run(struct fetch_stream *stream, struct x8_error *err)
{
    static const struct x8_sink_ops ops = {push, finish};
    unsigned tries = stream->job->tries ? stream->job->tries : TRIES, attempt = 1, others = 0;
    struct x8_error cause = {0};
    int rc;

    stream->sink.ops = &ops;
    stream->most = stream->have;
    x8_emit_enter(&stream->op);
    for (;;) {
        stream->is_other = 0;
        rc = once(stream, &cause);
        if (rc < 0 && stream->is_other && others++ < tries) {
            stream->validator[0] = '\0'; /* from the start */
            continue;
        }
        if (rc == 0 || !passes(stream, rc))
            break;
        if (stream->have >= stream->most + NEW_COUNTS) {
            stream->most = stream->have;
            attempt = 1;
        }
        if (attempt >= tries)
            break;
        rc = wait_again(stream, &cause, attempt++, tries, &cause);
        if (rc < 0)
            break;
    }
    if (rc < 0 && err)
        *err = cause;
    return rc;
}
