/*
 * Any bytes as header lines of a web server and as an address: what is read is consistent, what is
 * shown has no password, and what may be sent again has no line end.
 */
#include "net/http_header.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
    if (!ok)
        abort();
}

static void try_values(const char *value, size_t len)
{
    struct x8_http_range range;
    char out[160];
    int64_t wait = x8_http_retry_after(value, len, 1795219200);

    must(wait >= -1 && wait <= 3600000);
    if (x8_http_range(value, len, &range) == 0)
        must(range.has_part ? range.first <= range.last && range.last < range.total
                            : range.total != UINT64_MAX);
    if (x8_http_etag(value, len, out, sizeof out) || x8_http_modified(value, len, out, sizeof out))
        must(x8_http_is_validator(out) && !strpbrk(out, "\r\n"));
}

static void try_line(const char *line, size_t len)
{
    static const char *const names[] = {"Content-Range", "Retry-After", "ETag", "Last-Modified"};
    const char *value;
    size_t words;

    for (size_t i = 0; i < 4; i++) {
        int n = x8_http_value(line, len, names[i], &value);

        if (n >= 0)
            try_values(value, (size_t)n);
    }
    if (x8_http_status(line, len, &words) >= 0)
        must(words <= len);
    try_values(line, len);
}

static void try_url(const char *url)
{
    char shown[64], host[64];

    x8_http_scheme(url);
    x8_http_host(url, host, sizeof host);
    x8_http_shown(url, shown, sizeof shown);
    must(!strchr(host, '@') && !strpbrk(shown, "\r\n\033") && !strpbrk(host, "\r\n\033"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    char *text = calloc(1, size + 1);

    must(text != NULL);
    if (size)
        memcpy(text, data, size);
    try_url(text);
    free(text);
    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        size_t len = line ? (size_t)(line - at) + 1 : (size_t)(end - at);

        try_line(at, len);
        at += len;
    }
    return 0;
}
