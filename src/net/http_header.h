/*
 * What web servers say in their headers, and addresses. Pure.
 *
 * Source: RFC 9110 (HTTP semantics), RFC 3986 (addresses).
 */
#ifndef X8_NET_HTTP_HEADER_H
#define X8_NET_HTTP_HEADER_H

#include <stddef.h>
#include <stdint.h>

/* The value of a header line "Name: value" when it is called `name` (any case): its trimmed length
 * and *out_value, or -1. */
int x8_http_value(const char *line, size_t len, const char *name, const char **out_value);

/* The status of "HTTP/1.1 200 OK" or "HTTP/2 200", and where its words begin; -1 when the line is
 * no status line. */
int x8_http_status(const char *line, size_t len, size_t *out_words);

struct x8_http_range {
    int has_part;         /* 0: "bytes * / N", nothing of it is sent */
    uint64_t first, last; /* inclusive */
    uint64_t total;       /* UINT64_MAX: not said */
};
/* A Content-Range. 0, or -1 when it is none of bytes that makes sense. */
int x8_http_range(const char *value, size_t len, struct x8_http_range *out);

/* Retry-After, seconds or a date: milliseconds from `now_s` (since 1970), at most an hour; -1 when
 * it cannot be read. */
int64_t x8_http_retry_after(const char *value, size_t len, int64_t now_s);

/* "Sun, 06 Nov 1994 08:49:37 GMT" to seconds since 1970; -1 when it is no such date. */
int64_t x8_http_date(const char *value, size_t len);

/* Copy an ETag that is strong (may be used to go on), or a Last-Modified. 1 when copied. */
int x8_http_etag(const char *value, size_t len, char *out, size_t cap);
int x8_http_modified(const char *value, size_t len, char *out, size_t cap);

/* 1 when this text may be sent as If-Range: one of the two above. */
int x8_http_is_validator(const char *text);

enum x8_http_scheme { X8_HTTP_OTHER, X8_HTTP_PLAIN, X8_HTTP_TLS };
enum x8_http_scheme x8_http_scheme(const char *url);

/* 1 when a user name stands in front of the host, also of an address that is none because of it. */
int x8_http_has_login(const char *url);

/* The host of an address, and ":PORT" where it names one, without user and password. */
void x8_http_host(const char *url, char *out, size_t cap);

/* The address as it may be shown: "***" for user and password, "?..." for what signed addresses
 * carry there, no fragment, no control characters. */
void x8_http_shown(const char *url, char *out, size_t cap);

#endif
