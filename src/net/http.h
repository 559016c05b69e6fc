/*
 * Files from web servers: GET over HTTP and HTTPS, and nothing else of either.
 *
 * Certificates are always verified. No cookies, no passwords from files, no other schemes, never
 * from https to http. What the environment says about proxies is handed in by the caller.
 *
 * Errors of this file are X8_E_NETWORK with what the server, the proxy or the system said as cause,
 * unless another code is named. User names and passwords in addresses are never shown.
 *
 * Threads: any; each call is on its own.
 */
#ifndef X8_NET_HTTP_H
#define X8_NET_HTTP_H

#include "util/stream.h"

#define X8_HTTP_REDIRECTS  8
#define X8_HTTP_CONNECT_MS 15000
#define X8_HTTP_STALL_MS   30000
#define X8_HTTP_URL        1024 /* longest address that can be shown whole */

/* How this computer reaches the network. All texts are borrowed; NULL or "": not set. */
struct x8_http_config {
    const char *user_agent; /* "x8ctl/1.2" */
    const char *http_proxy,
        *https_proxy;      /* "http://USER:PASSWORD@HOST:PORT", as in the variables */
    const char *no_proxy;  /* hosts that are reached directly, comma separated; "*" */
    const char *ca_file;   /* PEM of the authorities to trust: a company's, with or without the
                              system's, as libcurl was built */
    const char *ca_option; /* how messages call the option that sets ca_file */
    int64_t connect_ms, stall_ms; /* 0: the values above */
};

struct x8_http_get {
    const char *url;
    uint64_t offset;       /* bytes of the body that are there already; needs `validator` */
    const char *validator; /* x8_http_result.validator of the answer they came from, or NULL */
    uint64_t max;          /* a longer body is refused (X8_E_BAD_IMAGE); 0: any */
};

/* Filled as far as it came, also when the call fails. */
struct x8_http_result {
    int status;             /* of the last answer; 0: none came */
    uint64_t start;         /* of what was pushed: `offset` where the server went on, else 0 */
    uint64_t received;      /* bytes pushed */
    uint64_t total;         /* whole size as the server says it; UINT64_MAX: it does not */
    char validator[160];    /* strong ETag, or Last-Modified; "": the file cannot be gone on with */
    char url[X8_HTTP_URL];  /* that answered, behind redirects; as it may be shown */
    int is_retriable;       /* failed: the same request may succeed later */
    int64_t retry_after_ms; /* what the server asks to wait, at most an hour; -1: nothing */
};

/* What to do with the body. */
struct x8_http_body {
    /* The answer is good and its body begins: result->start and ->total are known. Truncate or
     * append here. May be NULL. A negative code ends the call with it. */
    int (*begin)(void *ctx, const struct x8_http_result *result, struct x8_error *err);
    void *ctx;
    struct x8_sink *sink; /* finished when everything came */
};

/*
 * Get `get->url`. With an offset the rest is asked for; a server that has another file by now, or
 * cannot go on, sends it from the start (result->start is 0 then). A file that was complete already
 * is success with nothing pushed but begin and finish. Reports op->stage's progress. Errors besides
 * X8_E_NETWORK: X8_E_USAGE (no http or https address), X8_E_NO_FILE (ca_file), X8_E_STOPPED (SOFT),
 * X8_E_TIMEOUT (op->deadline), X8_E_BAD_IMAGE (`max`), and those of `begin` and the sink. What was
 * pushed before a failure is good as far as it goes: offset + result->received with
 * result->validator goes on from there.
 */
int x8_http_fetch(const struct x8_op *op, const struct x8_http_config *config,
                  const struct x8_http_get *get, const struct x8_http_body *body,
                  struct x8_http_result *result, struct x8_error *err);

/* A document of at most `max` bytes into memory. */
int x8_http_load(const struct x8_op *op, const struct x8_http_config *config, const char *url,
                 size_t max, struct x8_buf *out, struct x8_http_result *result,
                 struct x8_error *err);

/*
 * How long to wait before attempt `attempt` (from 1) of what failed retriably: what the server
 * asked for, else (and where it asked for no wait at all) 1 s, doubled each time up to 30 s.
 */
int64_t x8_http_backoff_ms(const struct x8_http_result *result, unsigned attempt);

#endif
