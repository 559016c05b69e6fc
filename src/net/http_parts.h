/*
 * One call of x8_http_fetch, and the room's door to libcurl.
 */
#ifndef X8_NET_HTTP_PARTS_H
#define X8_NET_HTTP_PARTS_H

#include "net/http.h"
#include "net/http_header.h"

#include <curl/curl.h>

/* What an answer is to us; known when its headers are complete. */
enum http_answer {
    HTTP_NONE,     /* not yet */
    HTTP_BODY,     /* the file, or its rest */
    HTTP_COMPLETE, /* all of it was there before */
    HTTP_AGAIN,    /* another part than the one asked for: ask for everything */
    HTTP_MOVED,    /* somewhere else */
    HTTP_REFUSAL,  /* the rest */
};

struct http_call {
    const struct x8_op *op;
    const struct x8_http_config *config;
    const struct x8_http_get *get;
    const struct x8_http_body *body;
    struct x8_http_result *result;
    struct x8_error *err;
    CURL *easy;
    CURLM *multi;
    struct curl_slist *headers;
    char *url;       /* of this request */
    uint64_t offset; /* asked for in this request */
    unsigned redirects;

    enum http_answer answer;
    size_t header_len; /* of all header lines of this request's answers */
    int has_range;
    char *location;             /* as the answer says it, or NULL */
    struct x8_http_range range; /* of the answer */
    char etag[sizeof((struct x8_http_result *)0)->validator];
    char modified[40];
    char reason[80]; /* the words behind the status */

    int began;   /* begin() was called */
    int verdict; /* negative: what ended the call from our side; err is filled */
    int is_connected;
    int64_t asked_ms, waited_ms;         /* the request began; a wait was told */
    int64_t last_ms, window_ms, told_ms; /* last byte; begin of the measured time; last progress */
    uint64_t bytes, window_bytes;        /* of header and body */
    char words[CURL_ERROR_SIZE];         /* libcurl's */
};

/* Prepare the handle for everything but the address. */
int x8_http_setup(struct http_call *call);
void x8_http_teardown(struct http_call *call);

/* One request and its answer. 0, or negative with err filled. */
int x8_http_request(struct http_call *call);

/* libcurl's callbacks; `ctx` is the call. */
size_t x8_http_on_header(char *line, size_t size, size_t count, void *ctx);
size_t x8_http_on_body(char *data, size_t size, size_t count, void *ctx);

/* What the status and the headers mean; sets the result's fields. */
enum http_answer x8_http_judge(struct http_call *call);

/* The proxy for this call's address, or "". */
const char *x8_http_proxy_of(const struct http_call *call);

/* Fill err. Negative. */
int x8_http_explain_curl(struct http_call *call, CURLcode code);
int x8_http_explain_status(struct http_call *call);
int x8_http_explain_stall(struct http_call *call, int64_t ms, int is_trickle);
int x8_http_explain_short(struct http_call *call);

#endif
