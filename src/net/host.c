/*
 * "HOST", "HOST:PORT" and "[v6]:PORT" as people write them.
 */
#include "net/tcp.h"

#include "util/text.h"

#include <ctype.h>
#include <string.h>

static int bad(const char *text, const char *why, struct x8_error *err)
{
    char clean[128];

    x8_clean(clean, sizeof clean, text, strlen(text));
    x8_fail(err, X8_E_USAGE, "'%s' is no address of a board", clean);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "write HOST, HOST:PORT or [IPV6]:PORT");
    return -(int)X8_E_USAGE;
}

static int is_host_char(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("-._:%", c)) || (unsigned char)c > 127;
}

static int parse_port(const char *text, uint16_t *out)
{
    uint32_t port;

    if (!isdigit((unsigned char)text[0]) || x8_parse_u32(text, &port) != 0 || port == 0 ||
        port > 65535)
        return -1;
    *out = (uint16_t)port;
    return 0;
}

/* Where the host ends and the port begins; NULL in *out_port when there is none. */
static int split(const char *text, const char **out_host, size_t *out_len, const char **out_port)
{
    const char *end = strchr(text, ':');

    *out_host = text;
    *out_port = NULL;
    if (text[0] == '[') {
        end = strchr(text, ']');
        if (!end || (end[1] != '\0' && end[1] != ':'))
            return -1;
        *out_host = text + 1;
        *out_len = (size_t)(end - text) - 1;
        *out_port = end[1] == ':' ? end + 2 : NULL;
        return 0;
    }
    /* More than one colon: an IPv6 address without brackets, which has no port. */
    if (end && strchr(end + 1, ':'))
        end = NULL;
    *out_len = end ? (size_t)(end - text) : strlen(text);
    *out_port = end ? end + 1 : NULL;
    return 0;
}

int x8_host_port(const char *text, uint16_t default_port, char *host, size_t cap,
                 uint16_t *out_port, struct x8_error *err)
{
    const char *name, *port;
    uint16_t number = default_port;
    size_t len;

    if (split(text, &name, &len, &port) != 0)
        return bad(text, "the bracket is not closed", err);
    if (len == 0)
        return bad(text, "there is no host", err);
    if (len >= cap)
        return bad(text, "the host is too long", err);
    for (size_t i = 0; i < len; i++)
        if (!is_host_char(name[i]))
            return bad(text, "a host has no such characters", err);
    if (port && parse_port(port, &number) != 0)
        return bad(text, "a port is a number from 1 to 65535", err);
    memcpy(host, name, len);
    host[len] = '\0';
    *out_port = number;
    return 0;
}
