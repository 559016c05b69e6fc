/*
 * The daemon: its words' defaults, its log, and links accepted one at a time.
 */
#define _GNU_SOURCE /* accept4 */
#include "ad_model.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct ad *ad_new(void)
{
    struct ad *ad = calloc(1, sizeof *ad);
    if (!ad)
        abort();
    ad->cfg = (struct ad_config){.reaccept_ms = 500, .restart_ms = -1, .noise = 2};
    ad->marks = ad->own_marks;
    ad->stop_fd = ad->log_fd = ad->keys_fd = -1;
    signal(SIGPIPE, SIG_IGN);
    return ad;
}

void ad_free(struct ad *ad)
{
    if (!ad)
        return;
    if (ad->marks != ad->own_marks)
        munmap(ad->marks, sizeof ad->own_marks);
    for (size_t i = 0; i < ad->orphan_count; i++)
        close(ad->orphans[i].fd);
    if (ad->log_fd >= 0)
        close(ad->log_fd);
    if (ad->keys_fd >= 0)
        close(ad->keys_fd);
    free(ad);
}

void ad_stop_at(struct ad *ad, int fd)
{
    ad->stop_fd = fd;
}

/* One line; what the host made up must not break it. */
void ad_log(struct ad *ad, const char *format, ...)
{
    char line[1024];
    va_list args;
    if (ad->log_fd < 0)
        return;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    if (n < 0)
        return;
    size_t len = (size_t)n < sizeof line - 1 ? (size_t)n : sizeof line - 2;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < ' ')
            line[i] = '?';
    line[len++] = '\n';
    if (write(ad->log_fd, line, len) < 0)
        ad->log_fd = -1; /* nobody keeps it */
}

/* ---- links ---- */

/*
 * The daemon knows one client by the name "host": while it is there, and a moment longer, another
 * one is accepted and never heard. Those stay open until they give up.
 */
#define UNHEARD_MAX 32

struct door {
    struct ad *ad;
    int fd, is_unix;
    int unheard[UNHEARD_MAX];
    size_t unheard_count;
    int64_t free_at_us;
};

/* 0 when the time is over, 1 when there is something to accept, -1 when told to stop. */
static int wait_at(struct door *d, int64_t until, int accepting)
{
    struct pollfd fds[2] = {{d->ad->stop_fd, POLLIN, 0}, {d->fd, POLLIN, 0}};
    for (;;) {
        int64_t left = until == AD_FOREVER ? -1 : (until - ad_now_us() + 999) / 1000;
        if (until != AD_FOREVER && left <= 0)
            return 0;
        int timeout = left < 0 || left > 1000 ? 1000 : (int)left;
        int n = poll(fds, accepting ? 2 : 1, timeout);
        ad_orphans_reap(d->ad);
        if (n > 0 && fds[0].revents)
            return -1;
        if (n > 0 && accepting && fds[1].revents)
            return 1;
    }
}

static void keep_unheard(struct door *d, int fd)
{
    if (d->unheard_count == UNHEARD_MAX) {
        close(d->unheard[0]);
        memmove(d->unheard, d->unheard + 1, sizeof(int) * (UNHEARD_MAX - 1));
        d->unheard_count--;
    }
    ad_log(d->ad, "a second client is not heard");
    d->unheard[d->unheard_count++] = fd;
}

static void drop_unheard(struct door *d)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->unheard_count; i++) {
        char byte;
        ssize_t n = recv(d->unheard[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        struct pollfd fd = {d->unheard[i], POLLIN, 0};
        if (n == 0 || (poll(&fd, 1, 0) > 0 && fd.revents & (POLLHUP | POLLERR)))
            close(d->unheard[i]);
        else
            d->unheard[kept++] = d->unheard[i];
    }
    d->unheard_count = kept;
}

/* Off the network: connections are refused. A Unix socket cannot be opened again after that, so
 * there they only wait. */
static int stay_away(struct door *d, int64_t until)
{
    if (!d->is_unix)
        shutdown(d->fd, SHUT_RD);
    int told = wait_at(d, until, 0);
    while (told == 0 && !d->is_unix && listen(d->fd, 16)) {
        ad_log(d->ad, "cannot listen again yet: %s", strerror(errno));
        told = wait_at(d, ad_now_us() + 200000, 0);
    }
    return told;
}

/* What follows a link. 0 go on, else the daemon ends with `status`. */
static int after_link(struct door *d, enum ad_end end, int *status)
{
    struct ad *ad = d->ad;
    *status = 0;
    d->free_at_us = ad_now_us() + ad->cfg.reaccept_ms * 1000;
    if (end == AD_STOPPED)
        return 1;
    if (end == AD_DIED) {
        *status = ad->exit_status;
        if (ad->cfg.restart_ms < 0)
            return 1;
        d->free_at_us = 0;
        return stay_away(d, ad_now_us() + ad->cfg.restart_ms * 1000) < 0;
    }
    int64_t until = ad->away_until_us;
    ad->away_until_us = 0;
    if (until == 0)
        return 0;
    d->free_at_us = 0;
    return stay_away(d, until) < 0;
}

static int accept_link(struct door *d)
{
    int fd = accept4(d->fd, NULL, NULL, SOCK_CLOEXEC);
    drop_unheard(d);
    if (fd >= 0 && ad_now_us() < d->free_at_us) {
        keep_unheard(d, fd);
        return -1;
    }
    return fd;
}

int ad_listen(struct ad *ad, int fd)
{
    struct door d = {.ad = ad, .fd = fd};
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    int status = 0, done = 0;
    d.is_unix = getsockname(fd, (struct sockaddr *)&name, &len) || name.ss_family == AF_UNIX;
    while (!done && wait_at(&d, AD_FOREVER, 1) > 0) {
        int link = accept_link(&d);
        if (link >= 0)
            done = after_link(&d, ad_serve(ad, link), &status);
    }
    for (size_t i = 0; i < d.unheard_count; i++)
        close(d.unheard[i]);
    return status;
}
