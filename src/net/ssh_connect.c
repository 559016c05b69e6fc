/*
 * The TCP connection of an SSH connection, to one of the addresses that the server is said to have.
 */
#include "net/ssh_parts.h"

#include "net/resolve.h"
#include "net/tcp.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum {
    CONNECT_MS = 10000,
    ADDRESSES_MAX = 16,
    SHARE_MIN_MS = 1000, /* one lost packet: TCP asks again after a second */
};

static int no_connection(const struct x8_ssh *ssh, uint16_t port, struct x8_error *err)
{
    int code = -(int)err->code, sys = err->sys;

    if (sys == ECONNREFUSED) {
        code = x8_fail(err, X8_E_NO_BOARD, "no ssh server listens on %s, port %u", ssh->host,
                       (unsigned)port);
        err->sys = sys;
        x8_error_why(err, "ssh is switched off on the board (disable-ssh: it still shows itself on "
                          "the network), or it is another computer or port");
        x8_error_next(err, "connect its USB, then:  x8ctl exec --root -- systemctl enable --now "
                           "dropbear.socket");
    } else if (err->code == X8_E_NO_BOARD || err->code == X8_E_TIMEOUT) {
        x8_error_next(err, "see which boards are on the network:  x8ctl list");
    }
    return code;
}

/* The time left is for all of them: one that does not answer leaves some to those behind it. */
static int64_t share_of(int64_t deadline, size_t addresses)
{
    int share = x8_deadline_left(deadline, INT_MAX) / (int)addresses;

    if (addresses == 1)
        return deadline;
    return x8_deadline_min(deadline, x8_deadline_in(share < SHARE_MIN_MS ? SHARE_MIN_MS : share));
}

/* What is told when none answers is the first one's: they come in the order of their worth. */
static int connect_any(struct x8_ssh *ssh, const struct x8_op *op, const char *const *addresses,
                       size_t count, uint16_t port, size_t *out_at, struct x8_error *err)
{
    int64_t deadline = x8_deadline_min(op->deadline, x8_deadline_in(CONNECT_MS));
    int rc = x8_tcp_connect(op, addresses[0], port, share_of(deadline, count), &ssh->fd, err);

    *out_at = 0;
    for (size_t i = 1; i < count && (rc == -(int)X8_E_NO_BOARD || rc == -(int)X8_E_TIMEOUT); i++) {
        struct x8_error next = {0};
        int64_t until = share_of(deadline, count - i);
        int got = x8_tcp_connect(op, addresses[i], port, until, &ssh->fd, &next);

        if (got == 0)
            *out_at = i;
        if (got == -(int)X8_E_NO_BOARD || got == -(int)X8_E_TIMEOUT)
            continue;
        rc = got;
        *err = next;
    }
    return rc;
}

int x8_ssh_use_socket(struct x8_ssh *ssh, struct x8_error *err)
{
    int theirs = fcntl(ssh->fd, F_DUPFD_CLOEXEC, 0), rc;

    if (theirs < 0)
        return x8_fail_open_files(err, errno, "no connection can be made");
    rc = ssh_options_set(ssh->session, SSH_OPTIONS_FD, &theirs);
    if (rc == 0)
        return 0;
    close(theirs);
    return x8_fail(err, X8_E_INTERNAL, "libssh does not take the socket");
}

/* --- AddressFamily: those addresses alone --- */

struct figures {
    char text[ADDRESSES_MAX][80];
    const char *list[ADDRESSES_MAX];
    size_t count;
};

static void keep(struct figures *figures, const char *address, int family)
{
    if (figures->count == ADDRESSES_MAX || (strchr(address, ':') != NULL) != (family == 6))
        return;
    if (!x8_copy(figures->text[figures->count], sizeof figures->text[0], address))
        return;
    figures->list[figures->count] = figures->text[figures->count];
    figures->count++;
}

static int no_family(const struct x8_ssh *ssh, struct x8_error *err)
{
    x8_fail(err, X8_E_NO_BOARD, "%s has no IPv%d address", ssh->host, ssh->family);
    x8_error_why(err, "AddressFamily of the ssh configuration wants one of that family alone");
    x8_error_next(err, "give another address, or change that line for this host");
    return -(int)X8_E_NO_BOARD;
}

static int look_up(struct x8_ssh *ssh, const struct x8_op *op, const char *name, uint16_t port,
                   struct figures *out, struct x8_error *err)
{
    struct addrinfo *found = NULL;
    char text[80];
    int rc = x8_resolve(op, name, port, x8_deadline_min(op->deadline, x8_deadline_in(CONNECT_MS)),
                        &found, err);

    for (struct addrinfo *at = found; rc == 0 && at; at = at->ai_next)
        if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) ==
            0)
            keep(out, text, ssh->family);
    if (found)
        freeaddrinfo(found);
    return rc;
}

/* Of the addresses, or of those that the only one of them, a name, has. */
static int choose_family(struct x8_ssh *ssh, const struct x8_op *op, const char *const *addresses,
                         size_t count, uint16_t port, struct figures *out, struct x8_error *err)
{
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++)
        rc = look_up(ssh, op, addresses[i], port, out, err);
    return rc == 0 && out->count == 0 ? no_family(ssh, err) : rc;
}

int x8_ssh_connect(struct x8_ssh *ssh, const struct x8_op *op, const struct x8_ssh_way *way,
                   char *to, size_t cap, uint16_t port, struct x8_error *err)
{
    const char *here[] = {to}, *const *addresses = here;
    struct figures figures = {.count = 0};
    struct x8_error own = {0};
    size_t count = 1, at = 0;
    int rc;

    if (way->address_count && strcmp(to, way->host) == 0) {
        addresses = way->addresses;
        count = way->address_count;
    }
    if (ssh->family == 4 || ssh->family == 6) {
        rc = choose_family(ssh, op, addresses, count, port, &figures, err);
        if (rc != 0)
            return rc;
        addresses = figures.list;
        count = figures.count;
    }
    rc = connect_any(ssh, op, addresses, count, port, &at, &own);

    if (rc != 0) {
        rc = no_connection(ssh, port, &own);
        if (err)
            *err = own;
        return rc;
    }
    if (addresses != here)
        x8_copy(to, cap, addresses[at]);
    x8_copy(ssh->memory.address, sizeof ssh->memory.address, to);
    return x8_ssh_use_socket(ssh, err);
}
