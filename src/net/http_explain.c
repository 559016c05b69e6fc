/*
 * Why a file did not come, in words: what the system, the proxy, the certificate or the server
 * said, and the one thing to do.
 */
#include "net/http_parts.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define NETWORK_NEXT "check the network of this computer and try again"
#define RESUME_NEXT  "try again: what came already is kept"
#define LATER_NEXT   "try again in a few minutes"
#define CLOCK_NEXT   "check the clock of this computer first; else tell whoever runs the server"

static int failed(struct http_call *call)
{
    return x8_fail(call->err, X8_E_NETWORK, "cannot get %s", call->result->url);
}

/* "3.1 MiB of 200 MiB" */
static void amount(const struct http_call *call, char out[64])
{
    const struct x8_http_result *r = call->result;
    char have[24], all[24];

    x8_size_text(have, r->start + r->received);
    x8_size_text(all, r->total);
    if (r->total == UINT64_MAX)
        snprintf(out, 64, "%s", have);
    else
        snprintf(out, 64, "%s of %s", have, all);
}

/* Who was asked: the host, and the proxy in between where one is set. */
static void peer(const struct http_call *call, char *out, size_t cap)
{
    const char *proxy = x8_http_proxy_of(call);
    char host[160], through[160] = "";

    x8_http_host(call->url, host, sizeof host);
    if (proxy[0])
        x8_http_host(proxy, through, sizeof through);
    snprintf(out, cap, "%s%s%s%s", host, proxy[0] ? " (a proxy is set: " : "", through,
             proxy[0] ? ")" : "");
}

/* 1 when libcurl's words are about the proxy. */
static int is_about_proxy(const struct http_call *call)
{
    const char *proxy = x8_http_proxy_of(call);
    char host[160], own[160];

    if (!proxy[0])
        return 0;
    x8_http_host(proxy, host, sizeof host);
    x8_http_host(call->url, own, sizeof own);
    host[strcspn(host, ":")] = own[strcspn(own, ":")] = '\0';
    return host[0] && (strstr(call->words, host) || strstr(call->words, "proxy")) &&
           (strcmp(host, own) == 0 || !strstr(call->words, own));
}

static const char *proxy_variable(const struct http_call *call)
{
    return x8_http_scheme(call->url) == X8_HTTP_TLS ? "https_proxy" : "http_proxy";
}

static int explain_proxy(struct http_call *call, long status)
{
    char host[160];

    x8_http_host(x8_http_proxy_of(call), host, sizeof host);
    failed(call);
    if (status == 407) {
        x8_error_why(call->err, "the proxy %s wants a user name and a password, or others", host);
        x8_error_next(call->err, "set %s=http://USER:PASSWORD@%s", proxy_variable(call), host);
    } else if (status) {
        x8_error_why(call->err, "the proxy %s does not let this through: it answers %ld", host,
                     status);
        x8_error_next(call->err, "ask whoever runs the proxy, or check %s", proxy_variable(call));
    } else {
        char words[CURL_ERROR_SIZE];

        x8_clean(words, sizeof words, call->words, strlen(call->words));
        x8_error_why(call->err, "the proxy %s cannot be reached: %s", host, words);
        x8_error_next(call->err, "check %s, or take the host out with no_proxy",
                      proxy_variable(call));
    }
    call->result->is_retriable = status == 502 || status == 503 || status == 504;
    return -X8_E_NETWORK;
}

/* Numbers of X.509 verification. Source: OpenSSL's documentation of X509_STORE_CTX_get_error. */
static int explain_certificate(struct http_call *call)
{
    enum { NOT_YET = 9, EXPIRED = 10, SELF = 18, CHAIN_SELF = 19, NO_ISSUER = 20, FIRST = 21 };
    const char *option = call->config->ca_option, *why = NULL;
    char host[160], words[CURL_ERROR_SIZE];
    long result = 0;

    curl_easy_getinfo(call->easy, CURLINFO_SSL_VERIFYRESULT, &result);
    x8_http_host(call->url, host, sizeof host);
    x8_clean(words, sizeof words, call->words, strlen(call->words));
    failed(call);
    if (result == EXPIRED || result == NOT_YET)
        why = result == EXPIRED ? "has expired" : "is not valid yet";
    if (why) {
        x8_error_why(call->err, "the certificate of %s %s, by the clock of this computer", host,
                     why);
        x8_error_next(call->err, CLOCK_NEXT);
    } else if (result == SELF || result == CHAIN_SELF || result == NO_ISSUER || result == FIRST) {
        x8_error_why(call->err,
                     "the certificate of %s was issued by nobody this computer trusts (%s)", host,
                     words);
        x8_error_next(call->err, "in a company's network give its authority's file: %s FILE",
                      option ? option : "--ca-file");
    } else {
        x8_error_why(call->err, "the certificate of %s is not accepted: %s", host, words);
        x8_error_next(call->err, "somebody else may answer in its place: try another network");
    }
    return -X8_E_NETWORK;
}

/* Signs with a meaning of their own end a password where nobody meant it to end. Source: RFC 3986,
 * 2.1 and 3.2. */
#define SIGNS_NEXT "# is %%23 there, / %%2F, ? %%3F, @ %%40 and %% %%25"

static int explain_address(struct http_call *call)
{
    x8_fail(call->err, X8_E_USAGE, "'%s' is no address of a web server", call->result->url);
    if (x8_http_has_login(call->url)) {
        x8_error_why(call->err, "there is no host and port where they should be: a sign in the "
                                "user name or the password may end it too early");
        x8_error_next(call->err, "write such signs as their numbers: " SIGNS_NEXT);
    } else {
        x8_error_why(call->err, "what follows http:// or https:// is no host, or no port");
        x8_error_next(call->err, "check how it is written");
    }
    return -X8_E_USAGE;
}

/* The answer 401. */
static void explain_login(struct http_call *call)
{
    char host[320];

    x8_http_host(call->url, host, sizeof host);
    if (x8_http_has_login(call->url))
        x8_error_next(call->err, "check the user name and the password; signs in them have to be "
                                 "written as their numbers: " SIGNS_NEXT);
    else
        x8_error_next(call->err, "put them into the address: %s://USER:PASSWORD@%.200s/...",
                      x8_http_scheme(call->url) == X8_HTTP_TLS ? "https" : "http", host);
}

/* What needs more than a row of the table. 1 when it was one of these. */
static int explain_special(struct http_call *call, CURLcode code, int *rc)
{
    const char *ca = call->config->ca_file;
    long connect_status = 0;

    curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
        *rc = explain_certificate(call);
        return 1;
    }
    if (connect_status >= 300 || code == CURLE_COULDNT_RESOLVE_PROXY ||
        ((code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT) &&
         is_about_proxy(call))) {
        *rc = explain_proxy(call, connect_status >= 300 ? connect_status : 0);
        return 1;
    }
    if (code == CURLE_SSL_CACERT_BADFILE) {
        *rc = x8_fail(call->err, X8_E_NO_FILE, "cannot read the authorities in %s",
                      ca ? ca : "this system's store");
        x8_error_why(call->err, "it is not there, or no PEM file with certificates");
        x8_error_next(call->err, ca ? "check the name of the file" : "install ca-certificates");
        return 1;
    }
    if (code == CURLE_URL_MALFORMAT) {
        *rc = explain_address(call);
        return 1;
    }
    return 0;
}

struct row {
    CURLcode code;
    int is_retriable;
    const char *why; /* %s: the peer */
    const char *next;
};

static const struct row rows[] = {
    {CURLE_COULDNT_RESOLVE_HOST, 1, "the name of %s has no address", NETWORK_NEXT},
    {CURLE_COULDNT_CONNECT, 1, "%s cannot be reached", NETWORK_NEXT},
    {CURLE_OPERATION_TIMEDOUT, 1, "%s did not take the connection in time", NETWORK_NEXT},
    {CURLE_SSL_CONNECT_ERROR, 1, "no secure connection with %s", NETWORK_NEXT},
    {CURLE_GOT_NOTHING, 1, "%s closed the connection without an answer", LATER_NEXT},
    {CURLE_SEND_ERROR, 1, "the connection to %s broke", RESUME_NEXT},
    {CURLE_RECV_ERROR, 1, "the connection to %s broke", RESUME_NEXT},
    {CURLE_PARTIAL_FILE, 1, "the connection to %s ended too early", RESUME_NEXT},
    {CURLE_UNSUPPORTED_PROTOCOL, 0, "%s does not speak HTTP", "check the address and its port"},
    {CURLE_WEIRD_SERVER_REPLY, 0, "%s does not speak HTTP", "check the address and its port"},
};

int x8_http_explain_curl(struct http_call *call, CURLcode code)
{
    static const struct row other = {CURLE_OK, 0, "%s cannot be used", NETWORK_NEXT};
    const struct row *row = &other;
    char who[320], why[400], words[CURL_ERROR_SIZE], came[64];
    const char *said = call->words[0] ? call->words : curl_easy_strerror(code);
    int rc;

    if (explain_special(call, code, &rc))
        return rc;
    for (size_t i = 0; i < X8_COUNT(rows); i++)
        if (rows[i].code == code)
            row = &rows[i];
    peer(call, who, sizeof who);
    x8_clean(words, sizeof words, said, strlen(said));
    amount(call, came);
    failed(call);
    /* the row's one %s, put in by hand: a format must be a literal */
    snprintf(why, sizeof why, "%.*s%s%s", (int)(strstr(row->why, "%s") - row->why), row->why, who,
             strstr(row->why, "%s") + 2);
    if (call->began)
        x8_error_why(call->err, "%s after %s: %.120s", why, came, words);
    else
        x8_error_why(call->err, "%s: %.120s", why, words);
    x8_error_next(call->err, "%s", row->next);
    call->result->is_retriable = row->is_retriable;
    return -X8_E_NETWORK;
}

int x8_http_explain_stall(struct http_call *call, int64_t ms, int is_trickle)
{
    char who[320], came[64];

    peer(call, who, sizeof who);
    amount(call, came);
    failed(call);
    if (call->began)
        x8_error_why(call->err, "%s came from %s for %d s, after %s",
                     is_trickle ? "hardly anything" : "nothing", who, (int)(ms / 1000), came);
    else
        x8_error_why(call->err, "%s took the request and said nothing for %d s", who,
                     (int)(ms / 1000));
    x8_error_next(call->err, RESUME_NEXT);
    call->result->is_retriable = 1;
    return -X8_E_NETWORK;
}

int x8_http_explain_short(struct http_call *call)
{
    char who[320], came[64];

    peer(call, who, sizeof who);
    amount(call, came);
    failed(call);
    x8_error_why(call->err, "%s sent only a part: %s", who, came);
    x8_error_next(call->err, RESUME_NEXT);
    call->result->is_retriable = 1;
    return -X8_E_NETWORK;
}

struct status_row {
    int status, is_retriable;
    const char *why, *next;
};

static const struct status_row statuses[] = {
    {401, 0, "asks for a user name and a password", NULL}, /* explain_login() */
    {403, 0, "does not give this file to us", "check the address, or try another network"},
    {404, 0, "has no such file", "check the address, or whether the file was moved"},
    {408, 1, "was tired of waiting", NETWORK_NEXT},
    {410, 0, "has this file no longer", "check the address, or whether the file was moved"},
    {429, 1, "was asked too often", LATER_NEXT},
    {500, 1, "has trouble of its own", LATER_NEXT},
    {502, 1, "has trouble of its own", LATER_NEXT},
    {503, 1, "has trouble of its own", LATER_NEXT},
    {504, 1, "has trouble of its own", LATER_NEXT},
};

int x8_http_explain_status(struct http_call *call)
{
    static const struct status_row other = {0, 0, "does not send this file", "check the address"};
    const struct status_row *row = &other;
    int status = call->result->status;
    char who[320];

    if (status == 407 && x8_http_proxy_of(call)[0])
        return explain_proxy(call, status);
    for (size_t i = 0; i < X8_COUNT(statuses); i++)
        if (statuses[i].status == status)
            row = &statuses[i];
    peer(call, who, sizeof who);
    failed(call);
    x8_error_why(call->err, "%s %s: it answers %d%s%s", who,
                 status == 401 && x8_http_has_login(call->url)
                     ? "does not take this user name with this password"
                     : row->why,
                 status, call->reason[0] ? " " : "", call->reason);
    if (status == 401)
        explain_login(call);
    else if (row->is_retriable && call->result->retry_after_ms > 0)
        x8_error_next(call->err, "try again in %lld s, as the server asks",
                      (long long)(call->result->retry_after_ms + 999) / 1000);
    else
        x8_error_next(call->err, "%s", row->next);
    call->result->is_retriable = row->is_retriable;
    return -X8_E_NETWORK;
}
