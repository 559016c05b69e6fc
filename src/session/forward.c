/*
 * Forwarded ports: what they are called, and the sockets that listen.
 */
#include "session/forward_parts.h"

#include "net/tcp.h"
#include "util/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int usage(const char *text, const char *why, struct x8_error *err)
{
    char clean[96];

    x8_clean(clean, sizeof clean, text, strlen(text));
    x8_fail(err, X8_E_USAGE, "\"%s\" is no pair of ports", clean);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "x8ctl forward 8080:80    leads port 8080 here to port 80 of the board");
    return -X8_E_USAGE;
}

/* A port of this text, up to its end or a colon. -1 when it is none. */
static int port_at(const char *text, size_t len, int may_be_zero, uint16_t *out)
{
    char digits[8];
    uint32_t port;

    if (len == 0 || len >= sizeof digits)
        return -1;
    memcpy(digits, text, len);
    digits[len] = '\0';
    if (!isdigit((unsigned char)digits[0]) || x8_parse_u32(digits, &port) < 0 || port > 65535 ||
        (port == 0 && !may_be_zero))
        return -1;
    *out = (uint16_t)port;
    return 0;
}

/* What the connection leads to: "80", "tcp:80", "unix:/run/x.sock". */
static int parse_remote(const char *text, struct x8_forward *out)
{
    const char *digits = x8_starts(text, "tcp:") ? text + 4 : text;
    uint16_t port;

    if (x8_starts(text, "unix:/"))
        return x8_copy(out->remote, sizeof out->remote, text) ? 0 : -1;
    if (port_at(digits, strlen(digits), 0, &port) < 0)
        return -1;
    snprintf(out->remote, sizeof out->remote, "tcp:%u", port);
    return 0;
}

/* The address in front of the local port ("127.0.0.1:", "[::1]:"); its end, or NULL. */
static const char *parse_host(const char *text, struct x8_forward *out)
{
    int bracket = text[0] == '[';
    const char *end = strchr(text, bracket ? ']' : ':');
    const char *start = text + bracket;
    size_t len = end ? (size_t)(end - start) : 0;

    if (!end || len == 0 || len >= sizeof out->host || (bracket && end[1] != ':'))
        return NULL;
    memcpy(out->host, start, len);
    out->host[len] = '\0';
    return end + bracket + 1;
}

int x8_forward_parse(const char *text, struct x8_forward *out, struct x8_error *err)
{
    struct x8_forward f = {.host = "127.0.0.1"};
    const char *rest = text, *colon = strchr(text, ':');

    if (!colon)
        return usage(text, "LOCAL:REMOTE is needed", err);
    if (port_at(rest, (size_t)(colon - rest), 1, &f.local_port) < 0) {
        rest = parse_host(text, &f);
        colon = rest ? strchr(rest, ':') : NULL;
        if (!colon || port_at(rest, (size_t)(colon - rest), 1, &f.local_port) < 0)
            return usage(text, "a local port is a number up to 65535, 0 for any", err);
    }
    if (parse_remote(colon + 1, &f) < 0)
        return usage(text, "the board's side is a port from 1 to 65535 or unix:/PATH", err);
    *out = f;
    return 0;
}

int x8_forward_open(struct x8_session *session, struct x8_forward *forwards, size_t count,
                    struct x8_forwarder **out, struct x8_error *err)
{
    struct x8_forwarder *f = calloc(1, sizeof *f);
    int rc = 0;

    if (!f)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for forwarded ports");
    f->session = session;
    f->wake[0] = f->wake[1] = -1;
    pthread_mutex_init(&f->lock, NULL);
    x8_cancel_init(&f->ending);
    if (count > X8_FORWARDS)
        rc = x8_fail(err, X8_E_USAGE, "more than %d forwarded ports", X8_FORWARDS);
    else if (pipe(f->wake) != 0)
        rc = x8_fail_open_files(err, errno, "no pipe can be made");
    /* A full pipe already says what another byte would. */
    for (int i = 0; i < 2 && rc == 0; i++)
        if (fcntl(f->wake[i], F_SETFL, O_NONBLOCK) != 0 ||
            fcntl(f->wake[i], F_SETFD, FD_CLOEXEC) != 0)
            rc = x8_fail_open_files(err, errno, "no pipe can be made");
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = x8_tcp_listen(forwards[i].host, forwards[i].local_port, &f->fds[i],
                           &forwards[i].local_port, err);
        if (rc == 0) {
            f->forwards[i] = forwards[i];
            f->count++;
        }
    }
    if (rc == 0)
        *out = f;
    else
        x8_forward_close(&f);
    return rc;
}

void x8_forward_close(struct x8_forwarder **forwarder)
{
    struct x8_forwarder *f = *forwarder;

    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++)
        close(f->fds[i]);
    for (int i = 0; i < 2; i++)
        if (f->wake[i] >= 0)
            close(f->wake[i]);
    x8_cancel_done(&f->ending);
    pthread_mutex_destroy(&f->lock);
    free(f);
    *forwarder = NULL;
}
