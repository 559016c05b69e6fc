/*
 * The loop that accepts connections until it is stopped or the board is gone.
 */
#include "session/forward_parts.h"

#include "net/tcp.h"

#include <poll.h>
#include <unistd.h>

#define ACCEPT_PAUSE_MS      200
#define FULL_LOOK_MS         100   /* while all places are taken, the queue is looked at so often */
#define LOOK_MS              10000 /* a daemon that was started again leaves the link as it was */
#define PING_MS              15000
#define CAUSE_MS             1000
#define HALF_CLOSED_LEAST_MS 500 /* for an answer that is on its way */

void x8_forward_wake(struct x8_forwarder *f)
{
    ssize_t n = write(f->wake[1], "", 1);

    (void)n; /* a full pipe wakes as well */
}

static void wake_on_stop(void *ctx, enum x8_cancel_level level)
{
    (void)level;
    x8_forward_wake(ctx);
}

struct watch {
    struct x8_forwarder *forwarder;
    struct x8_op op;
};

/* 1 when the board is gone, negative when that is of no interest any more. */
static int await_end(const struct watch *watch)
{
    struct x8_session *session = watch->forwarder->session;

    for (;;) {
        int rc = session->ops->wait_gone(session, &watch->op, x8_deadline_in(LOOK_MS), NULL);

        if (rc != 0)
            return rc;
        rc = x8_session_ping(session, &watch->op, PING_MS, NULL);
        if (rc < 0)
            return rc == -X8_E_GONE ? 1 : rc;
    }
}

static void *watch_link(void *arg)
{
    struct watch *watch = arg;
    struct x8_forwarder *f = watch->forwarder;

    if (await_end(watch) > 0) {
        pthread_mutex_lock(&f->lock);
        f->gone = 1;
        pthread_mutex_unlock(&f->lock);
        x8_forward_wake(f);
    }
    return NULL;
}

/* Join what has ended; the index of a free slot, or -1. */
static int free_slot(struct x8_forwarder *f)
{
    int slot = -1;

    for (int i = 0; i < X8_FORWARD_CONNECTIONS; i++) {
        struct x8_forwarded *c = &f->connections[i];
        int ended;

        pthread_mutex_lock(&f->lock);
        ended = c->used && c->ended;
        pthread_mutex_unlock(&f->lock);
        if (ended) {
            pthread_join(c->thread, NULL);
            c->used = 0;
        }
        if (!c->used && slot < 0)
            slot = i;
    }
    return slot;
}

static int is_gone(struct x8_forwarder *f)
{
    int gone;

    pthread_mutex_lock(&f->lock);
    gone = f->gone;
    pthread_mutex_unlock(&f->lock);
    return gone;
}

/* Without descriptors for another connection the queue stays ready: a pause, not a busy loop. */
static void accept_one(struct x8_forwarder *f, const struct x8_op *op, size_t i, size_t slot)
{
    int fd = -1, rc = x8_tcp_accept(op, f->fds[i], x8_deadline_in(0), &fd, NULL);

    if (rc == 0)
        x8_forward_begin(f, op, slot, &f->forwards[i], fd);
    else if (rc != -X8_E_TIMEOUT)
        (void)x8_cancel_sleep(op->cancel, x8_deadline_in(ACCEPT_PAUSE_MS), X8_CANCEL_SOFT, NULL);
}

static int somebody_waits(const struct x8_forwarder *f)
{
    struct pollfd fds[X8_FORWARDS];

    for (size_t i = 0; i < f->count; i++)
        fds[i] = (struct pollfd){.fd = f->fds[i], .events = POLLIN};
    return poll(fds, (nfds_t)f->count, 0) > 0;
}

/* Most programs that ended their side have gone: that looks the same as waiting for a last answer.
 * The one that has waited longest gives its place to those in the queue. */
static void make_room(struct x8_forwarder *f)
{
    struct x8_forwarded *oldest = NULL;
    long long since = x8_now_ms() - HALF_CLOSED_LEAST_MS;

    for (size_t i = 0; i < X8_FORWARD_CONNECTIONS; i++) {
        struct x8_forwarded *c = &f->connections[i];
        long long at = atomic_load(&c->half_closed_ms);

        if (c->used && at && at < since) {
            oldest = c;
            since = at;
        }
    }
    if (oldest)
        x8_forward_cut(oldest);
}

/* Without a free slot nothing is accepted: the kernel's queue holds further connections. */
static void wait_and_accept(struct x8_forwarder *f, const struct x8_op *op)
{
    struct pollfd fds[X8_FORWARDS + 1] = {{.fd = f->wake[0], .events = POLLIN}};
    int slot = free_slot(f);
    char drain[64];

    if (slot < 0 && somebody_waits(f))
        make_room(f);
    for (size_t i = 0; i < f->count; i++)
        fds[i + 1] = (struct pollfd){.fd = slot < 0 ? -1 : f->fds[i], .events = POLLIN};
    if (poll(fds, (nfds_t)f->count + 1, slot < 0 ? FULL_LOOK_MS : -1) <= 0)
        return;
    while (fds[0].revents && read(f->wake[0], drain, sizeof drain) > 0)
        ;
    for (size_t i = 0; i < f->count && slot >= 0; i++)
        if (fds[i + 1].revents) {
            accept_one(f, op, i, (size_t)slot);
            slot = free_slot(f);
        }
}

static void end_all(struct x8_forwarder *f)
{
    x8_cancel_raise(&f->ending, X8_CANCEL_HARD, X8_E_STOPPED);
    for (size_t i = 0; i < X8_FORWARD_CONNECTIONS; i++)
        if (f->connections[i].used) {
            x8_forward_cut(&f->connections[i]);
            pthread_join(f->connections[i].thread, NULL);
            f->connections[i].used = 0;
        }
}

/* The link knows best what ended it. */
static int link_broke(const struct x8_forwarder *f, const struct x8_op *op, struct x8_error *err)
{
    struct x8_error cause = {.msg = ""};
    int is_known = x8_session_ping(f->session, op, CAUSE_MS, &cause) < 0;

    x8_fail(err, X8_E_GONE, "%s: the link broke, its ports are no longer forwarded",
            f->session->label);
    x8_error_why(err, "the board left %s: unplugged, restarted, or its server there ended%s%s%s",
                 f->session->via, is_known ? " (" : "", is_known ? cause.msg : "",
                 is_known ? ")" : "");
    x8_error_next(err, "x8ctl wait --state linux && run the command again");
    return -X8_E_GONE;
}

int x8_forward_serve(struct x8_forwarder *f, const struct x8_op *op, struct x8_error *err)
{
    struct x8_waker waker = {.wake = wake_on_stop, .ctx = f};
    struct watch watch = {f, *op};
    pthread_t watcher;
    int gone;

    watch.op.cancel = &f->ending;
    if (pthread_create(&watcher, NULL, watch_link, &watch) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no thread can be started for forwarded ports");
    x8_cancel_watch(op->cancel, &waker);
    while (x8_cancel_level(op->cancel) == X8_CANCEL_NONE && !is_gone(f))
        wait_and_accept(f, op);
    x8_cancel_unwatch(op->cancel, &waker);
    gone = is_gone(f);
    end_all(f);
    pthread_join(watcher, NULL);
    return gone ? link_broke(f, op, err) : 0;
}
