/*
 * What comes in: headers, what they make of the answer, and the body on its way to the caller.
 */
#include "net/http_parts.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TELL_MS    50                  /* between reports of progress */
#define HEADER_MAX ((size_t)256 << 10) /* nobody has that much to say; some would never end */

#define REDIRECT_OF(status)                                                                        \
    ((status) == 301 || (status) == 302 || (status) == 303 || (status) == 307 || (status) == 308)

/* The answer of a proxy or an interim one (100) comes first: the last block of headers counts.
 * libcurl takes "HTTP/nonsense" for a success, this does not. */
static int status_line(struct http_call *call, const char *line, size_t len)
{
    size_t words;

    call->has_range = 0;
    free(call->location);
    call->location = NULL;
    call->etag[0] = call->modified[0] = call->reason[0] = '\0';
    call->result->retry_after_ms = -1;
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
        len--;
    if (x8_http_status(line, len, &words) < 0)
        return x8_http_explain_curl(call, CURLE_WEIRD_SERVER_REPLY);
    x8_clean(call->reason, sizeof call->reason, line + words, len - words);
    return 0;
}

static void header(struct http_call *call, const char *line, size_t len)
{
    const char *value;
    int n;

    if ((n = x8_http_value(line, len, "Content-Range", &value)) >= 0)
        call->has_range = x8_http_range(value, (size_t)n, &call->range) == 0;
    else if ((n = x8_http_value(line, len, "ETag", &value)) >= 0)
        x8_http_etag(value, (size_t)n, call->etag, sizeof call->etag);
    else if ((n = x8_http_value(line, len, "Last-Modified", &value)) >= 0)
        x8_http_modified(value, (size_t)n, call->modified, sizeof call->modified);
    else if ((n = x8_http_value(line, len, "Retry-After", &value)) >= 0)
        call->result->retry_after_ms = x8_http_retry_after(value, (size_t)n, time(NULL));
    else if ((n = x8_http_value(line, len, "Location", &value)) > 0 && !call->location)
        call->location = strndup(value, (size_t)n);
}

size_t x8_http_on_header(char *line, size_t size, size_t count, void *ctx)
{
    struct http_call *call = ctx;
    size_t len = size * count;

    call->last_ms = x8_now_ms();
    call->bytes += len;
    call->header_len += len;
    if (call->header_len > HEADER_MAX)
        call->verdict = x8_http_explain_curl(call, CURLE_WEIRD_SERVER_REPLY);
    else if (len > 5 && memcmp(line, "HTTP/", 5) == 0)
        call->verdict = status_line(call, line, len);
    else
        header(call, line, len);
    return call->verdict < 0 ? 0 : len;
}

static int judge_part(const struct http_call *call)
{
    const char *validator = call->get->validator;

    if (!call->has_range || !call->range.has_part || call->range.first != call->offset)
        return 0;
    /* A server that ignores If-Range would glue two files together. */
    if (validator[0] == '"' && call->etag[0] && strcmp(call->etag, validator) != 0)
        return 0;
    return validator[0] == '"' || !call->modified[0] || strcmp(call->modified, validator) == 0;
}

static enum http_answer judge_resumed(struct http_call *call, long status)
{
    struct x8_http_result *r = call->result;

    if (status == 206 && judge_part(call)) {
        r->start = call->offset;
        r->total = call->range.total;
        return HTTP_BODY;
    }
    if (status == 416 && call->has_range && !call->range.has_part &&
        call->range.total == call->offset) {
        r->start = r->total = call->offset;
        return HTTP_COMPLETE;
    }
    return status == 206 || status == 416 ? HTTP_AGAIN : HTTP_REFUSAL;
}

enum http_answer x8_http_judge(struct http_call *call)
{
    struct x8_http_result *r = call->result;
    curl_off_t length = -1;
    long status = 0;

    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    r->status = (int)status;
    if (REDIRECT_OF(status) && call->location)
        return HTTP_MOVED;
    x8_copy(r->validator, sizeof r->validator, call->etag[0] ? call->etag : call->modified);
    if (status == 200) {
        curl_easy_getinfo(call->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        r->start = 0;
        r->total = length >= 0 ? (uint64_t)length : UINT64_MAX;
        return HTTP_BODY;
    }
    return call->offset ? judge_resumed(call, status) : HTTP_REFUSAL;
}

/* The first byte of a body. -1: it is not wanted, or the caller does not want it. */
static int begin_body(struct http_call *call)
{
    call->answer = x8_http_judge(call);
    if (call->answer != HTTP_BODY)
        return -1;
    call->began = 1;
    if (call->body->begin)
        call->verdict = call->body->begin(call->body->ctx, call->result, call->err);
    return call->verdict < 0 ? -1 : 0;
}

static int too_long(struct http_call *call)
{
    char limit[24];

    x8_size_text(limit, call->get->max);
    x8_fail(call->err, X8_E_BAD_IMAGE, "%s is larger than %s", call->result->url, limit);
    x8_error_why(call->err, "no file of this kind is that large");
    x8_error_next(call->err, "check the address");
    return -X8_E_BAD_IMAGE;
}

static void tell(struct http_call *call)
{
    const struct x8_http_result *r = call->result;

    if (call->last_ms - call->told_ms < TELL_MS)
        return;
    call->told_ms = call->last_ms;
    x8_emit_progress(call->op, r->start + r->received, r->total == UINT64_MAX ? 0 : r->total);
}

size_t x8_http_on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct http_call *call = ctx;
    struct x8_http_result *r = call->result;
    size_t len = size * count;

    if (len == 0)
        return 0;
    if (call->answer == HTTP_NONE && begin_body(call) < 0)
        return 0;
    if (call->get->max &&
        (r->start + r->received > call->get->max || len > call->get->max - r->start - r->received))
        call->verdict = too_long(call);
    else
        call->verdict = call->body->sink->ops->push(call->body->sink, data, len, call->err);
    if (call->verdict < 0)
        return 0;
    r->received += len;
    call->bytes += len;
    call->last_ms = x8_now_ms(); /* behind the push: a slow disk is not the server's silence */
    tell(call);
    return len;
}
