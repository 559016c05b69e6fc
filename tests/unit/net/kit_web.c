#include "kit_web.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(int ok)
{
    if (!ok)
        abort();
}

/* Up to the empty line; nothing is ever sent behind it. */
static int read_request(struct web *web, int fd)
{
    char text[4096];
    size_t len = 0;

    while (len + 1 < sizeof text) {
        ssize_t n = recv(fd, text + len, sizeof text - 1 - len, 0);

        if (n <= 0)
            return -1;
        len += (size_t)n;
        text[len] = '\0';
        if (strstr(text, "\r\n\r\n"))
            break;
    }
    pthread_mutex_lock(&web->lock);
    if (web->asked + len < sizeof web->request) {
        memcpy(web->request + web->asked, text, len + 1);
        web->asked += len;
    }
    pthread_mutex_unlock(&web->lock);
    return 0;
}

static void *run(void *ctx)
{
    struct web *web = ctx;
    struct pollfd fds[] = {{.fd = web->listener, .events = POLLIN},
                           {.fd = web->stop[0], .events = POLLIN}};

    while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
        int fd = accept(web->listener, NULL, NULL);

        if (fd < 0)
            continue;
        if (read_request(web, fd) == 0)
            web->answer(web, fd, atomic_fetch_add(&web->count, 1));
        close(fd);
    }
    return NULL;
}

void web_start(struct web *web, void (*answer)(struct web *web, int fd, unsigned n), void *ctx)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;

    memset(web, 0, sizeof *web);
    web->answer = answer;
    web->ctx = ctx;
    web->listener = socket(AF_INET, SOCK_STREAM, 0);
    must(web->listener >= 0 && pipe(web->stop) == 0);
    must(bind(web->listener, (struct sockaddr *)&at, sizeof at) == 0);
    must(listen(web->listener, 16) == 0);
    must(getsockname(web->listener, (struct sockaddr *)&at, &len) == 0);
    web->port = ntohs(at.sin_port);
    pthread_mutex_init(&web->lock, NULL);
    must(pthread_create(&web->thread, NULL, run, web) == 0);
}

void web_stop(struct web *web)
{
    must(write(web->stop[1], "x", 1) == 1);
    pthread_join(web->thread, NULL);
    pthread_mutex_destroy(&web->lock);
    close(web->listener);
    close(web->stop[0]);
    close(web->stop[1]);
}

void web_url(const struct web *web, const char *path, char out[200])
{
    snprintf(out, 200, "http://127.0.0.1:%u/%s", (unsigned)web->port, path);
}

int web_asked(struct web *web, const char *part)
{
    int found;

    pthread_mutex_lock(&web->lock);
    found = strstr(web->request, part) != NULL;
    pthread_mutex_unlock(&web->lock);
    return found;
}

void web_say(int fd, const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    int len;

    va_start(ap, fmt);
    len = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    must(len >= 0 && (size_t)len < sizeof text);
    (void)!send(fd, text, (size_t)len, MSG_NOSIGNAL); /* a client that left is the test's subject */
}

void web_wait(struct web *web, int ms)
{
    struct pollfd fd = {.fd = web->stop[0], .events = POLLIN};

    poll(&fd, 1, ms);
}
