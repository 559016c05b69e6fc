/*
 * Services that lead to a socket or a file of the board: tcp:, local...:, dev:.
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "ad_model.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(int domain, const struct sockaddr *address, socklen_t len)
{
    int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, address, len)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Loopback only; "port:host" is refused. */
static int connect_tcp(const char *text)
{
    uint64_t port;
    int on = 1;
    if (ad_number(text, 1000, &port) || port == 0 || port > 65535)
        return -1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = connect_to(AF_INET, (const struct sockaddr *)&address, sizeof address);
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static int connect_unix(const char *path, int is_abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len + 1 >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path + is_abstract, path, len);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    return connect_to(AF_UNIX, (const struct sockaddr *)&address, size);
}

static int connect_reserved(const char *name)
{
    char path[128];
    int n = snprintf(path, sizeof path, "/dev/socket/%s", name);
    return n < 0 || (size_t)n >= sizeof path ? -1 : connect_unix(path, 0);
}

static const char *after(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static int open_service(const char *service)
{
    const char *rest;
    if ((rest = after(service, "tcp:")))
        return connect_tcp(rest);
    if ((rest = after(service, "localabstract:")))
        return connect_unix(rest, 1);
    if ((rest = after(service, "localreserved:")))
        return connect_reserved(rest);
    if ((rest = after(service, "localfilesystem:")) || (rest = after(service, "local:")))
        return connect_unix(rest, 0);
    if ((rest = after(service, "dev:")))
        return open(rest, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    return -1;
}

int ad_socket_open(struct ad_stream *s)
{
    int fd = open_service(s->service);
    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    s->in = s->out = fd;
    s->kind = &ad_kind_fds;
    return 0;
}
