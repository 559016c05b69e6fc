/*
 * One request through libcurl: options, waiting, what comes in.
 *
 * libcurl reads the environment where it is not told otherwise; it is told otherwise here for all
 * it would look up (proxies). A thread of its own looks up names, so nothing below waits without a
 * limit.
 */
#include "net/http_parts.h"
#include "util/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOK_MS = 200,  /* between looks at the clock; a stop wakes at once */
    WAIT_MS = 2000, /* of silence, before and between words about it */
    BUFFER = 256 * 1024,
};

static void global_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Older versions of libcurl must not be set up by two threads at once. */
static void init_library(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, global_init);
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

const char *x8_http_proxy_of(const struct http_call *call)
{
    return or_empty(x8_http_scheme(call->url) == X8_HTTP_TLS ? call->config->https_proxy
                                                             : call->config->http_proxy);
}

/* Every option whose default would be a decision. */
static CURLcode set_options(struct http_call *call)
{
    const struct x8_http_config *c = call->config;
    long connect_ms = (long)(c->connect_ms ? c->connect_ms : X8_HTTP_CONNECT_MS);
    CURL *e = call->easy;
    CURLcode rc = CURLE_OK;

#define SET(option, value) (rc = rc ? rc : curl_easy_setopt(e, option, value))
    SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    /* One file on one connection: the newer versions bring nothing but more ways to fail. */
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_USERAGENT, or_empty(c->user_agent));
    SET(CURLOPT_NOPROXY, or_empty(c->no_proxy));
    SET(CURLOPT_PROXYAUTH, (long)CURLAUTH_ANY);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (or_empty(c->ca_file)[0]) {
        SET(CURLOPT_CAINFO, c->ca_file);
        SET(CURLOPT_PROXY_CAINFO, c->ca_file);
    }
    SET(CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    SET(CURLOPT_BUFFERSIZE, (long)BUFFER);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_ERRORBUFFER, call->words);
    SET(CURLOPT_HEADERFUNCTION, x8_http_on_header);
    SET(CURLOPT_HEADERDATA, call);
    SET(CURLOPT_WRITEFUNCTION, x8_http_on_body);
    SET(CURLOPT_WRITEDATA, call);
#undef SET
    return rc;
}

int x8_http_setup(struct http_call *call)
{
    init_library();
    call->easy = curl_easy_init();
    call->multi = curl_multi_init();
    if (!call->easy || !call->multi || set_options(call) != CURLE_OK)
        return x8_fail(call->err, X8_E_INTERNAL, "libcurl cannot be set up");
    return 0;
}

void x8_http_teardown(struct http_call *call)
{
    curl_easy_cleanup(call->easy);
    curl_multi_cleanup(call->multi);
    curl_slist_free_all(call->headers);
    free(call->location);
}

static int add_header(struct http_call *call, const char *line)
{
    struct curl_slist *list = curl_slist_append(call->headers, line);

    if (!list)
        return -1;
    call->headers = list;
    return 0;
}

/* Address, proxy and the part that is wanted. */
static int prepare(struct http_call *call)
{
    char range[64], condition[256];
    int rc;

    curl_slist_free_all(call->headers);
    call->headers = NULL;
    /* What is stored is the file as the server has it; a packed one would have another checksum. */
    rc = add_header(call, "Accept-Encoding: identity");
    if (call->offset) {
        snprintf(range, sizeof range, "Range: bytes=%llu-", (unsigned long long)call->offset);
        snprintf(condition, sizeof condition, "If-Range: %s", call->get->validator);
        rc |= add_header(call, range) | add_header(call, condition);
    }
    if (rc < 0 || curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers) != CURLE_OK ||
        curl_easy_setopt(call->easy, CURLOPT_PROXY, x8_http_proxy_of(call)) != CURLE_OK ||
        curl_easy_setopt(call->easy, CURLOPT_URL, call->url) != CURLE_OK)
        return x8_fail(call->err, X8_E_INTERNAL, "libcurl cannot be set up");
    call->answer = HTTP_NONE;
    call->header_len = 0;
    call->is_connected = 0;
    call->asked_ms = call->waited_ms = x8_now_ms();
    call->result->status = 0;
    call->words[0] = '\0';
    x8_http_shown(call->url, call->result->url, sizeof call->result->url);
    x8_emit(call->op, X8_EV_DETAIL, "get %s", call->result->url);
    return 0;
}

/* Silence begins when the request is out; before that the limit for connecting holds. */
static int is_out(struct http_call *call, int64_t now)
{
    curl_off_t sent_us = 0;

    if (call->is_connected)
        return 1;
    curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_us);
    if (sent_us <= 0)
        return 0;
    call->is_connected = 1;
    call->last_ms = call->window_ms = now;
    call->window_bytes = call->bytes;
    return 1;
}

static int64_t stall_limit(const struct http_call *call)
{
    return call->config->stall_ms ? call->config->stall_ms : X8_HTTP_STALL_MS;
}

/* Somebody may be looking at a screen on which nothing moves. */
static void tell_wait(struct http_call *call)
{
    int64_t connect_ms = call->config->connect_ms ? call->config->connect_ms : X8_HTTP_CONNECT_MS;
    int64_t limit = call->is_connected ? stall_limit(call) : connect_ms;
    int64_t now = x8_now_ms(), since = call->is_connected ? call->last_ms : call->asked_ms;
    char host[128];

    if (now - since < WAIT_MS || now - call->waited_ms < WAIT_MS)
        return;
    call->waited_ms = now;
    x8_http_host(call->url, host, sizeof host);
    x8_emit(call->op, X8_EV_WAIT, "%s %s for %d s; the limit is %d s", host,
            call->is_connected ? "sends nothing" : "is not connected", (int)((now - since) / 1000),
            (int)((limit + 999) / 1000));
}

/* Nothing for the whole limit, or less than a byte a second over it. */
static int check_stall(struct http_call *call)
{
    int64_t limit = stall_limit(call), now = x8_now_ms();

    if (!is_out(call, now))
        return 0;
    if (now - call->last_ms >= limit)
        return x8_http_explain_stall(call, now - call->last_ms, 0);
    if (now - call->window_ms < limit)
        return 0;
    if (call->bytes - call->window_bytes < (uint64_t)(limit / 1000))
        return x8_http_explain_stall(call, now - call->window_ms, 1);
    call->window_ms = now;
    call->window_bytes = call->bytes;
    return 0;
}

static int check_end(struct http_call *call)
{
    const struct x8_op *op = call->op;
    int rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, call->err);

    if (rc < 0)
        return rc;
    if (op->deadline != X8_NO_DEADLINE && x8_now_ms() >= op->deadline) {
        x8_fail(call->err, X8_E_TIMEOUT, "cannot get %s", call->result->url);
        x8_error_why(call->err, "the time for it is over");
        x8_error_next(call->err, "repeat it with a longer --timeout");
        return -X8_E_TIMEOUT;
    }
    rc = check_stall(call);
    if (rc == 0)
        tell_wait(call);
    return rc;
}

static void wake(void *ctx, enum x8_cancel_level level)
{
    (void)level;
    curl_multi_wakeup(ctx);
}

/* Until the transfer is over: 0 and *out, or negative. */
static int wait_for(struct http_call *call, CURLcode *out)
{
    int running = 1, left, rc = 0;
    CURLMsg *message;

    *out = CURLE_FAILED_INIT;
    while (rc == 0) {
        if (curl_multi_perform(call->multi, &running) != CURLM_OK)
            return x8_fail(call->err, X8_E_INTERNAL, "libcurl lost its way");
        if (!running)
            break;
        rc = check_end(call);
        if (rc == 0)
            curl_multi_poll(call->multi, NULL, 0, x8_deadline_left(call->op->deadline, LOOK_MS),
                            NULL);
    }
    while (rc == 0 && (message = curl_multi_info_read(call->multi, &left)))
        if (message->msg == CURLMSG_DONE)
            *out = message->data.result;
    return rc;
}

static int perform(struct http_call *call, CURLcode *out)
{
    struct x8_waker waker = {.wake = wake, .ctx = call->multi};
    int rc;

    if (curl_multi_add_handle(call->multi, call->easy) != CURLM_OK)
        return x8_fail(call->err, X8_E_INTERNAL, "libcurl cannot be set up");
    x8_cancel_watch(call->op->cancel, &waker);
    rc = wait_for(call, out);
    x8_cancel_unwatch(call->op->cancel, &waker);
#if LIBCURL_VERSION_NUM >= 0x075700
    if (rc < 0) /* a look-up of a name that hangs is left to itself */
        curl_easy_setopt(call->easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    curl_multi_remove_handle(call->multi, call->easy);
    return rc;
}

int x8_http_request(struct http_call *call)
{
    CURLcode code = CURLE_OK;
    int rc = prepare(call);

    if (rc == 0)
        rc = perform(call, &code);
    if (rc == 0)
        rc = call->verdict;
    if (rc < 0)
        return rc;
    /* A body that nobody wants was cut off by us: the headers say all. */
    if (code == CURLE_WRITE_ERROR && call->answer != HTTP_NONE && call->answer != HTTP_BODY)
        return 0;
    if (code != CURLE_OK)
        return x8_http_explain_curl(call, code);
    if (call->answer == HTTP_NONE)
        call->answer = x8_http_judge(call);
    return 0;
}
