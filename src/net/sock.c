/*
 * Bytes through a connected socket. A call tries without waiting first: where the peer keeps up, it
 * is one system call and touches no stop token.
 */
#include "net/sock.h"

#include "net/tcp.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

static void shut_down(void *ctx, enum x8_cancel_level level)
{
    if (level >= X8_CANCEL_HARD)
        shutdown(*(const int *)ctx, SHUT_RDWR);
}

static int poll_until(int fd, short events, int64_t deadline)
{
    struct pollfd pfd = {.fd = fd, .events = events};
    int rc;

    do {
        int ms = deadline == X8_NO_DEADLINE ? -1 : x8_deadline_left(deadline, INT_MAX);

        rc = poll(&pfd, 1, ms);
    } while ((rc < 0 && errno == EINTR) || (rc == 0 && x8_deadline_left(deadline, 1) > 0));
    return rc;
}

int x8_sock_wait(const struct x8_op *op, int fd, short events, int64_t deadline,
                 struct x8_error *err)
{
    struct x8_cancel *cancel = op ? op->cancel : NULL;
    struct x8_waker waker = {.wake = shut_down, .ctx = &fd};
    int rc, errnum, stopped;

    x8_cancel_watch(cancel, &waker);
    rc = poll_until(fd, events, deadline);
    errnum = errno;
    x8_cancel_unwatch(cancel, &waker);
    stopped = x8_cancel_check(cancel, X8_CANCEL_HARD, err);
    if (stopped < 0)
        return stopped;
    if (rc < 0)
        return x8_fail_sys(err, X8_E_INTERNAL, errnum, "cannot wait for a socket");
    return rc > 0 ? 0 : x8_fail(err, X8_E_TIMEOUT, "the peer did not answer in time");
}

static int64_t limit_of(const struct x8_op *op, int timeout_ms)
{
    return x8_deadline_min(x8_deadline_in(timeout_ms), op ? op->deadline : X8_NO_DEADLINE);
}

/* A call that nothing can stop but the socket itself need not be polled for. */
static int may_block(const struct x8_op *op, int timeout_ms)
{
    return timeout_ms < 0 && (!op || (!op->cancel && op->deadline == X8_NO_DEADLINE));
}

static int broken(const struct x8_op *op, int errnum, struct x8_error *err)
{
    int rc = x8_cancel_check(op ? op->cancel : NULL, X8_CANCEL_HARD, err);

    return rc < 0 ? rc : x8_fail_sys(err, X8_E_GONE, errnum, "the connection broke");
}

int x8_sock_send(const struct x8_op *op, int fd, const void *data, size_t len, int timeout_ms,
                 struct x8_error *err)
{
    int flags = MSG_NOSIGNAL | (may_block(op, timeout_ms) ? 0 : MSG_DONTWAIT);
    const char *at = data;

    while (len > 0) {
        ssize_t n = send(fd, at, len, flags);
        int rc = 0;

        if (n > 0) {
            at += n;
            len -= (size_t)n;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            rc = x8_sock_wait(op, fd, POLLOUT, limit_of(op, timeout_ms), err);
        } else if (n < 0 && errno != EINTR) {
            rc = broken(op, errno, err);
        }
        if (rc < 0)
            return rc;
    }
    return 0;
}

ssize_t x8_sock_recv(const struct x8_op *op, int fd, void *out, size_t cap, int timeout_ms,
                     struct x8_error *err)
{
    int flags = may_block(op, timeout_ms) ? 0 : MSG_DONTWAIT;
    int64_t deadline = limit_of(op, timeout_ms);

    for (;;) {
        ssize_t n = recv(fd, out, cap, flags);
        int rc = 0;

        if (n > 0)
            return n;
        /* A stop also looks like the end of the stream. */
        if (n == 0)
            return x8_cancel_check(op ? op->cancel : NULL, X8_CANCEL_HARD, err);
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            rc = x8_sock_wait(op, fd, POLLIN, deadline, err);
        else if (errno != EINTR)
            rc = broken(op, errno, err);
        if (rc < 0)
            return rc;
    }
}

int x8_sock_recv_full(const struct x8_op *op, int fd, void *out, size_t len, int timeout_ms,
                      struct x8_error *err)
{
    size_t have = 0;

    while (have < len) {
        ssize_t n = x8_sock_recv(op, fd, (char *)out + have, len - have, timeout_ms, err);

        if (n < 0)
            return (int)n;
        if (n == 0)
            return x8_fail(err, X8_E_GONE, "the peer closed the connection");
        have += (size_t)n;
    }
    return 0;
}
