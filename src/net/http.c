/*
 * Getting a file: one request after the other until an answer is the file, an end, or a refusal.
 *
 * Redirects are followed here and not by libcurl: it can be told which schemes to accept, but not
 * that the second step of http -> https -> http is the wrong one.
 */
#include "net/http.h"

#include "net/http_parts.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_address(const char *url, struct x8_error *err)
{
    char shown[X8_HTTP_URL];

    if (url && x8_http_scheme(url) != X8_HTTP_OTHER)
        return 0;
    x8_http_shown(url ? url : "", shown, sizeof shown);
    x8_fail(err, X8_E_USAGE, "'%s' is no address of a web server", shown);
    x8_error_why(err, "only http:// and https:// are known");
    x8_error_next(err, "give an address that begins with https://, or the name of a file");
    return -X8_E_USAGE;
}

static int refuse_redirect(struct http_call *call, const char *why)
{
    x8_fail(call->err, X8_E_NETWORK, "cannot get %s", call->result->url);
    x8_error_why(call->err, "%s", why);
    x8_error_next(call->err, "tell whoever runs the server, or use the file's final address");
    return -X8_E_NETWORK;
}

/* Where the answer sends to: its Location, seen from the address that was asked. For curl_free();
 * NULL when that is no address. */
static char *destination(const struct http_call *call)
{
    CURLU *at = curl_url();
    char *to = NULL;

    if (at && curl_url_set(at, CURLUPART_URL, call->url, 0) == CURLUE_OK &&
        curl_url_set(at, CURLUPART_URL, call->location,
                     CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        curl_url_get(at, CURLUPART_URL, &to, 0) != CURLUE_OK)
        to = NULL;
    curl_url_cleanup(at);
    return to;
}

/* `to` becomes the address of the next request. */
static int go_to(struct http_call *call, const char *to)
{
    char shown[200], why[300], *copy;

    x8_http_shown(to, shown, sizeof shown);
    if (x8_http_scheme(to) == X8_HTTP_OTHER ||
        (x8_http_scheme(call->url) == X8_HTTP_TLS && x8_http_scheme(to) != X8_HTTP_TLS)) {
        snprintf(why, sizeof why, "the server sends to %s, which is not https", shown);
        return refuse_redirect(call, why);
    }
    x8_emit(call->op, X8_EV_TRACE, "redirected to %s", shown);
    copy = strdup(to);
    if (!copy)
        return x8_fail(call->err, X8_E_INTERNAL, "out of memory for an address");
    free(call->url);
    call->url = copy;
    return 0;
}

static int follow(struct http_call *call)
{
    char *to;
    int rc;

    if (call->redirects++ == X8_HTTP_REDIRECTS)
        return refuse_redirect(call,
                               "the server sends from one address to the next, more than 8 times");
    to = destination(call);
    rc =
        to ? go_to(call, to) : refuse_redirect(call, "the server sends to an address that is none");
    curl_free(to);
    return rc;
}

/* Everything came, or was there already: is it all? */
static int end_body(struct http_call *call)
{
    const struct x8_http_result *r = call->result;
    struct x8_sink *sink = call->body->sink;

    if (!call->began) { /* without a single byte */
        call->began = 1;
        if (call->body->begin) {
            int rc = call->body->begin(call->body->ctx, r, call->err);

            if (rc < 0)
                return rc;
        }
    }
    if (r->total != UINT64_MAX && r->start + r->received != r->total)
        return x8_http_explain_short(call);
    x8_emit_progress(call->op, r->start + r->received, r->total == UINT64_MAX ? 0 : r->total);
    return sink->ops->finish(sink, call->err);
}

static int fetch(struct http_call *call)
{
    int rc = x8_http_setup(call);

    while (rc == 0) {
        rc = x8_http_request(call);
        if (rc < 0)
            return rc;
        switch (call->answer) {
        case HTTP_BODY:
        case HTTP_COMPLETE:
            return end_body(call);
        case HTTP_MOVED:
            rc = follow(call);
            break;
        case HTTP_AGAIN:
            x8_emit(call->op, X8_EV_DETAIL, "the server cannot go on at byte %llu: from the start",
                    (unsigned long long)call->offset);
            call->offset = 0;
            break;
        default:
            return x8_http_explain_status(call);
        }
    }
    return rc;
}

int x8_http_fetch(const struct x8_op *op, const struct x8_http_config *config,
                  const struct x8_http_get *get, const struct x8_http_body *body,
                  struct x8_http_result *result, struct x8_error *err)
{
    struct x8_error own;
    struct http_call call = {.op = op,
                             .config = config,
                             .get = get,
                             .body = body,
                             .result = result,
                             .err = err ? err : &own};
    int rc;

    memset(result, 0, sizeof *result);
    result->total = UINT64_MAX;
    result->retry_after_ms = -1;
    rc = check_address(get->url, call.err);
    if (rc < 0)
        return rc;
    x8_http_shown(get->url, result->url, sizeof result->url);
    if (get->offset > 0 && x8_http_is_validator(get->validator))
        call.offset = get->offset;
    call.url = strdup(get->url);
    if (!call.url)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for an address");
    rc = fetch(&call);
    x8_http_teardown(&call);
    free(call.url);
    return rc;
}

struct load {
    struct x8_sink sink;
    struct x8_buf *out;
};

static int load_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct load *load = (struct load *)sink;

    return x8_buf_add(load->out, data, len) == 0
               ? 0
               : x8_fail(err, X8_E_INTERNAL, "out of memory for %zu bytes", load->out->len + len);
}

static int load_finish(struct x8_sink *sink, struct x8_error *err)
{
    (void)sink;
    (void)err;
    return 0;
}

int x8_http_load(const struct x8_op *op, const struct x8_http_config *config, const char *url,
                 size_t max, struct x8_buf *out, struct x8_http_result *result,
                 struct x8_error *err)
{
    static const struct x8_sink_ops ops = {load_push, load_finish};
    struct load load = {{&ops}, out};
    struct x8_http_get get = {.url = url, .max = max};
    struct x8_http_body body = {.sink = &load.sink};

    return x8_http_fetch(op, config, &get, &body, result, err);
}

int64_t x8_http_backoff_ms(const struct x8_http_result *result, unsigned attempt)
{
    if (result->retry_after_ms > 0)
        return result->retry_after_ms;
    return attempt > 5 ? 30000 : (int64_t)1000 << (attempt ? attempt - 1 : 0);
}
