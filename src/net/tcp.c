/*
 * Making connections: each address of a name is tried in turn, with its share of the time.
 */
#include "net/tcp.h"

#include "net/holder.h"
#include "net/resolve.h"
#include "net/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* A board that lost its power says no goodbye: ask after 10 s of silence, believe it is gone
     * after three more questions. */
    KEEP_IDLE_S = 10,
    KEEP_EVERY_S = 3,
    KEEP_TIMES = 3,
    SHARE_MIN_MS = 1000, /* least time for one of several addresses */
};

static void set_int(int fd, int level, int name, int value)
{
    /* All of these are improvements: a kernel that refuses one does not stop the work. */
    (void)!setsockopt(fd, level, name, &value, sizeof value);
}

static void tune(int fd)
{
    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
    set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S);
    set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_EVERY_S);
    set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEP_TIMES);
#endif
}

static int set_blocking(int fd, int on)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 ? -1 : fcntl(fd, F_SETFL, on ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

/* socket() with the flag that keeps it from other programs, which not every system takes there. */
static int socket_new(int family)
{
    int fd = socket(family, SOCK_STREAM, 0);

    if (fd >= 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

static int refused(int errnum, const char *host, uint16_t port, struct x8_error *err)
{
    return x8_fail_sys(err, X8_E_NO_BOARD, errnum, "cannot connect to %s port %u", host,
                       (unsigned)port);
}

/* Wait for a connect() that was begun; 0 or an errno in *out_errno, negative when stopped or late.
 */
static int finish_connect(const struct x8_op *op, int fd, int64_t deadline, int *out_errno,
                          struct x8_error *err)
{
    socklen_t len = sizeof *out_errno;
    int rc = x8_sock_wait(op, fd, POLLOUT, deadline, err);

    if (rc == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, out_errno, &len) != 0)
        *out_errno = errno;
    return rc;
}

static int connect_one(const struct x8_op *op, const struct addrinfo *to, const char *host,
                       uint16_t port, int64_t deadline, int *out_fd, struct x8_error *err)
{
    int fd = socket_new(to->ai_family), errnum = 0, rc = 0;

    if (fd < 0)
        return refused(errno, host, port, err);
    set_blocking(fd, 0);
    if (connect(fd, to->ai_addr, to->ai_addrlen) != 0)
        errnum = errno;
    if (errnum == EINPROGRESS || errnum == EINTR)
        rc = finish_connect(op, fd, deadline, &errnum, err);
    if (rc == 0 && errnum != 0)
        rc = refused(errnum, host, port, err);
    if (rc < 0) {
        close(fd);
        if (rc == -(int)X8_E_TIMEOUT)
            x8_fail(err, X8_E_TIMEOUT, "%s port %u did not answer in time", host, (unsigned)port);
        return rc;
    }
    set_blocking(fd, 1);
    tune(fd);
    *out_fd = fd;
    return 0;
}

static int64_t share_of(int64_t deadline, unsigned addresses)
{
    int left = x8_deadline_left(deadline, INT_MAX), share = left / (int)addresses;

    if (addresses == 1)
        return deadline;
    return x8_deadline_min(deadline, x8_deadline_in(share < SHARE_MIN_MS ? SHARE_MIN_MS : share));
}

static int connect_any(const struct x8_op *op, const struct addrinfo *list, const char *host,
                       uint16_t port, int64_t deadline, int *out_fd, struct x8_error *err)
{
    struct x8_error last;
    unsigned left = 0;
    int rc = x8_fail(&last, X8_E_NO_BOARD, "the name '%s' leads to no address", host);

    for (const struct addrinfo *a = list; a; a = a->ai_next)
        left++;
    for (const struct addrinfo *a = list; a; a = a->ai_next, left--) {
        rc = connect_one(op, a, host, port, share_of(deadline, left), out_fd, &last);
        if (rc != -(int)X8_E_NO_BOARD && rc != -(int)X8_E_TIMEOUT)
            break;
    }
    if (rc < 0 && err)
        *err = last;
    return rc;
}

int x8_tcp_connect(const struct x8_op *op, const char *host, uint16_t port, int64_t deadline,
                   int *out_fd, struct x8_error *err)
{
    struct addrinfo *list = NULL;
    int rc = x8_cancel_check(op ? op->cancel : NULL, X8_CANCEL_HARD, err);

    if (op)
        deadline = x8_deadline_min(deadline, op->deadline);
    if (rc == 0)
        rc = x8_resolve(op, host, port, deadline, &list, err);
    if (rc < 0)
        return rc;
    rc = connect_any(op, list, host, port, deadline, out_fd, err);
    freeaddrinfo(list);
    return rc;
}

/* --- listening --- */

static int cannot_listen(int errnum, const char *host, uint16_t port, struct x8_error *err)
{
    char holder[X8_HOLDER_LEN];

    if (errnum == EACCES) {
        x8_fail_sys(err, X8_E_NO_PERMISSION, errnum, "cannot listen on %s port %u", host,
                    (unsigned)port);
        x8_error_next(err, "choose a port of 1024 or above");
        return -(int)X8_E_NO_PERMISSION;
    }
    if (errnum != EADDRINUSE) {
        x8_fail_sys(err, X8_E_USAGE, errnum, "cannot listen on %s port %u", host, (unsigned)port);
        x8_error_next(err, "name an address of this computer, such as 127.0.0.1");
        return -(int)X8_E_USAGE;
    }
    x8_fail_sys(err, X8_E_BUSY, errnum, "port %u of %s is taken", (unsigned)port, host);
    if (x8_port_holder(port, holder))
        x8_error_why(err, "%s listens there", holder);
    x8_error_next(err, "choose another port, or 0 for any that is free");
    return -(int)X8_E_BUSY;
}

static int listen_at(const struct addrinfo *at, const char *host, uint16_t port, int *out_fd,
                     struct x8_error *err)
{
    int fd = socket_new(at->ai_family);

    if (fd < 0)
        return cannot_listen(errno, host, port, err);
    set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1); /* the last program's closed connections may linger */
    if (set_blocking(fd, 0) != 0 || bind(fd, at->ai_addr, at->ai_addrlen) != 0 ||
        listen(fd, SOMAXCONN) != 0) {
        int errnum = errno;

        close(fd);
        return cannot_listen(errnum, host, port, err);
    }
    *out_fd = fd;
    return 0;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof name;

    if (getsockname(fd, (struct sockaddr *)&name, &len) != 0)
        return 0;
    if (name.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)&name)->sin6_port);
    return ntohs(((const struct sockaddr_in *)(const void *)&name)->sin_port);
}

int x8_tcp_listen(const char *host, uint16_t port, int *out_fd, uint16_t *out_port,
                  struct x8_error *err)
{
    struct addrinfo *list = NULL;
    int rc;

    host = host ? host : "127.0.0.1";
    /* The one name that needs no look-up. */
    rc = x8_resolve_figures(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, port, 1, &list);
    if (rc != 0) {
        x8_fail(err, X8_E_USAGE, "'%s' is no address to listen on", host);
        x8_error_why(err, "%s", gai_strerror(rc));
        x8_error_next(err, "give an address of this computer in figures, such as 127.0.0.1");
        return -(int)X8_E_USAGE;
    }
    rc = listen_at(list, host, port, out_fd, err);
    freeaddrinfo(list);
    if (rc == 0)
        *out_port = port_of(*out_fd);
    return rc;
}

/* --- accepting --- */

/* The listening socket outlives a stop, so a pipe wakes the waiter. */
static void write_pipe(void *ctx, enum x8_cancel_level level)
{
    (void)level;
    (void)!write(*(const int *)ctx, "", 1);
}

static int wait_client(const struct x8_op *op, int listen_fd, const int pipes[2], int64_t deadline,
                       struct x8_error *err)
{
    struct pollfd pfds[2] = {{.fd = listen_fd, .events = POLLIN},
                             {.fd = pipes[0], .events = POLLIN}};
    struct x8_cancel *cancel = op ? op->cancel : NULL;
    int end = pipes[1], rc;
    struct x8_waker waker = {.wake = write_pipe, .ctx = &end};

    x8_cancel_watch(cancel, &waker);
    do {
        int ms = deadline == X8_NO_DEADLINE ? -1 : x8_deadline_left(deadline, INT_MAX);

        rc = poll(pfds, 2, ms);
    } while ((rc < 0 && errno == EINTR) || (rc == 0 && x8_deadline_left(deadline, 1) > 0));
    x8_cancel_unwatch(cancel, &waker);
    if (x8_cancel_level(cancel) >= X8_CANCEL_SOFT)
        return x8_cancel_check(cancel, X8_CANCEL_SOFT, err);
    return rc == 0 ? x8_fail(err, X8_E_TIMEOUT, "nobody connected in time") : 0;
}

static int accept_with(const struct x8_op *op, int listen_fd, const int pipes[2], int64_t deadline,
                       int *out_fd, struct x8_error *err)
{
    for (;;) {
        int rc = wait_client(op, listen_fd, pipes, deadline, err), fd;

        if (rc < 0)
            return rc;
        fd = accept(listen_fd, NULL, NULL);
        if (fd >= 0) {
            fcntl(fd, F_SETFD, FD_CLOEXEC);
            set_blocking(fd, 1);
            tune(fd);
            *out_fd = fd;
            return 0;
        }
        /* The client may have left again; anything else will not get better by trying. */
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNABORTED)
            return x8_fail_sys(err, X8_E_INTERNAL, errno, "cannot accept a connection");
    }
}

int x8_tcp_accept(const struct x8_op *op, int listen_fd, int64_t deadline, int *out_fd,
                  struct x8_error *err)
{
    int pipes[2], rc;

    if (op)
        deadline = x8_deadline_min(deadline, op->deadline);
    if (pipe(pipes) != 0)
        return x8_fail_open_files(err, errno, "no pipe can be made");
    for (int i = 0; i < 2; i++) {
        fcntl(pipes[i], F_SETFD, FD_CLOEXEC);
        set_blocking(pipes[i], 0);
    }
    rc = accept_with(op, listen_fd, pipes, deadline, out_fd, err);
    close(pipes[0]);
    close(pipes[1]);
    return rc;
}

void x8_tcp_acknowledge(int fd)
{
#ifdef TCP_QUICKACK
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#else
    (void)fd;
#endif
}
