/*
 * Looking up names. The helper thread and the one that waits share a look-up, which the last of
 * them frees.
 */
#include "net/resolve.h"

#include "util/await.h"
#include "util/text.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lookup {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int users, is_done, rc;
    struct addrinfo *found;
    char port[8];
    char host[]; /* a copy: the caller may be gone when the thread reads it */
};

static struct addrinfo hints_for(int flags)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};

    return hints;
}

int x8_resolve_figures(const char *host, uint16_t port, int for_listen, struct addrinfo **out)
{
    struct addrinfo hints = hints_for(AI_NUMERICHOST | (for_listen ? AI_PASSIVE : 0));
    char text[8];

    snprintf(text, sizeof text, "%u", (unsigned)port);
    return getaddrinfo(host, text, &hints, out);
}

static struct lookup *lookup_new(const char *host, uint16_t port)
{
    size_t len = strlen(host) + 1;
    struct lookup *lookup = calloc(1, sizeof *lookup + len);

    if (!lookup)
        return NULL;
    memcpy(lookup->host, host, len);
    snprintf(lookup->port, sizeof lookup->port, "%u", (unsigned)port);
    pthread_mutex_init(&lookup->lock, NULL);
    x8_cond_init(&lookup->changed);
    lookup->users = 1;
    return lookup;
}

static void lookup_leave(struct lookup *lookup)
{
    int users;

    pthread_mutex_lock(&lookup->lock);
    users = --lookup->users;
    pthread_mutex_unlock(&lookup->lock);
    if (users > 0)
        return;
    if (lookup->found)
        freeaddrinfo(lookup->found);
    pthread_cond_destroy(&lookup->changed);
    pthread_mutex_destroy(&lookup->lock);
    free(lookup);
}

static void *look_up(void *arg)
{
    struct lookup *lookup = arg;
    struct addrinfo hints = hints_for(AI_ADDRCONFIG), *found = NULL;
    int rc = getaddrinfo(lookup->host, lookup->port, &hints, &found);

    pthread_mutex_lock(&lookup->lock);
    lookup->rc = rc;
    lookup->found = rc == 0 ? found : NULL;
    lookup->is_done = 1;
    pthread_cond_broadcast(&lookup->changed);
    pthread_mutex_unlock(&lookup->lock);
    lookup_leave(lookup);
    return NULL;
}

static int lookup_start(struct lookup *lookup, struct x8_error *err)
{
    pthread_attr_t attr;
    pthread_t thread;
    int rc;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    lookup->users++;
    rc = pthread_create(&thread, &attr, look_up, lookup);
    pthread_attr_destroy(&attr);
    if (rc == 0)
        return 0;
    lookup->users--;
    return x8_fail_sys(err, X8_E_INTERNAL, rc, "cannot start a thread to look up %s", lookup->host);
}

static void wake_lookup(void *ctx, enum x8_cancel_level level)
{
    struct lookup *lookup = ctx;

    if (level < X8_CANCEL_HARD)
        return;
    pthread_mutex_lock(&lookup->lock);
    pthread_cond_broadcast(&lookup->changed);
    pthread_mutex_unlock(&lookup->lock);
}

static void lookup_wait(struct lookup *lookup, struct x8_cancel *cancel, int64_t deadline)
{
    struct x8_waker waker = {.wake = wake_lookup, .ctx = lookup};
    struct timespec until = x8_deadline_timespec(deadline == X8_NO_DEADLINE ? 0 : deadline);

    x8_cancel_watch(cancel, &waker);
    pthread_mutex_lock(&lookup->lock);
    while (!lookup->is_done && x8_deadline_left(deadline, 1) > 0 &&
           x8_cancel_level(cancel) < X8_CANCEL_HARD) {
        if (deadline == X8_NO_DEADLINE)
            pthread_cond_wait(&lookup->changed, &lookup->lock);
        else
            pthread_cond_timedwait(&lookup->changed, &lookup->lock, &until);
    }
    pthread_mutex_unlock(&lookup->lock);
    x8_cancel_unwatch(cancel, &waker);
}

static int no_such_name(int rc, const char *host, struct x8_error *err)
{
    char name[128];

    x8_clean(name, sizeof name, host, strlen(host));
    x8_fail(err, X8_E_NO_BOARD, "the name '%s' leads to no address", name);
    x8_error_why(err, "%s", gai_strerror(rc));
    x8_error_next(err, "check the name, or give the board's address in figures");
    return -(int)X8_E_NO_BOARD;
}

static int lookup_result(struct lookup *lookup, struct x8_cancel *cancel, struct addrinfo **out,
                         struct x8_error *err)
{
    int is_done, rc;

    pthread_mutex_lock(&lookup->lock);
    is_done = lookup->is_done;
    rc = lookup->rc;
    if (is_done && rc == 0) {
        *out = lookup->found;
        lookup->found = NULL;
    }
    pthread_mutex_unlock(&lookup->lock);
    if (is_done)
        return rc == 0 ? 0 : no_such_name(rc, lookup->host, err);
    rc = x8_cancel_check(cancel, X8_CANCEL_HARD, err);
    if (rc < 0)
        return rc;
    x8_fail(err, X8_E_TIMEOUT, "looking up the name '%s' took too long", lookup->host);
    x8_error_next(err, "give the board's address in figures");
    return -(int)X8_E_TIMEOUT;
}

int x8_resolve(const struct x8_op *op, const char *host, uint16_t port, int64_t deadline,
               struct addrinfo **out, struct x8_error *err)
{
    struct x8_cancel *cancel = op ? op->cancel : NULL;
    struct lookup *lookup;
    int rc;

    if (x8_resolve_figures(host, port, 0, out) == 0)
        return 0;
    lookup = lookup_new(host, port);
    if (!lookup)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    rc = lookup_start(lookup, err);
    if (rc == 0) {
        lookup_wait(lookup, cancel, deadline);
        rc = lookup_result(lookup, cancel, out, err);
    }
    lookup_leave(lookup);
    return rc;
}
