/*
 * Addresses: which scheme, whose host, and how they are shown.
 */
#include "net/http_header.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

/* 1 when `url` begins with `scheme`, in any case. */
static int begins(const char *url, const char *scheme)
{
    for (; *scheme; url++, scheme++) {
        char c = *url >= 'A' && *url <= 'Z' ? (char)(*url + 32) : *url;

        if (c != *scheme)
            return 0;
    }
    return 1;
}

enum x8_http_scheme x8_http_scheme(const char *url)
{
    if (begins(url, "https://"))
        return X8_HTTP_TLS;
    return begins(url, "http://") ? X8_HTTP_PLAIN : X8_HTTP_OTHER;
}

/* The part between "//" and the path; proxies are also written without a scheme. */
static const char *authority(const char *url, size_t *out_len)
{
    const char *slashes = strstr(url, "://");
    const char *at = slashes ? slashes + 3 : url;

    *out_len = strcspn(at, "/?#\\");
    return at;
}

/* How long "user:password@" is, and *len what follows it: of an address that is none the password
 * may reach behind a '/'. */
static size_t user_len(const char *at, size_t *len)
{
    size_t user = x8_login_len(at, strlen(at));

    if (user > *len)
        *len = user + strcspn(at + user, "/?#\\");
    return user;
}

int x8_http_has_login(const char *url)
{
    size_t len;
    const char *at = authority(url, &len);

    return user_len(at, &len) > 0;
}

void x8_http_host(const char *url, char *out, size_t cap)
{
    size_t len;
    const char *at = authority(url, &len);
    size_t user = user_len(at, &len);

    x8_clean(out, cap, at + user, len - user);
}

void x8_http_shown(const char *url, char *out, size_t cap)
{
    size_t len, used;
    const char *at = authority(url, &len);
    size_t user = user_len(at, &len);

    x8_clean(out, cap, url, (size_t)(at - url));
    used = strlen(out);
    if (user && cap - used > 4) {
        memcpy(out + used, "***@", 5);
        used += 4;
    }
    at += user;
    len = strcspn(at, "?#");
    x8_clean(out + used, cap - used, at, len);
    used = strlen(out);
    if (at[len] == '?' && cap - used > 4) /* signed addresses carry their key there */
        memcpy(out + used, "?...", 5);
}
