/*
 * Login by keys of an agent: all of them, or those alone that the configuration names.
 *
 * libssh offers all keys of an agent or none. Where only some are wanted it talks to the agent
 * through a thread, which takes the others out of the list. Source: OpenSSH's PROTOCOL.agent.
 */
#include "net/ssh_parts.h"

#include "util/bytes.h"
#include "util/digest.h"
#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    AGENT_MS = 60000, /* an agent may ask its user to confirm, or to touch a token */
    MESSAGE_MAX = 256 << 10,
    KEY_MAX = 4096,
    LIST = 12, /* SSH_AGENT_IDENTITIES_ANSWER */
};

/* --- the agent: libssh waits for it without a limit, so its socket is shut when the time is up ---
 */

struct watch {
    int fd;
    struct x8_cancel over; /* raised when the agent has answered */
    pthread_t thread;
    struct x8_waker waker;
};

static void *shut_late(void *ctx)
{
    struct watch *watch = ctx;

    if (x8_cancel_sleep(&watch->over, x8_deadline_in(AGENT_MS), X8_CANCEL_HARD, NULL) == 0)
        shutdown(watch->fd, SHUT_RDWR);
    return NULL;
}

static void shut_stopped(void *ctx, enum x8_cancel_level level)
{
    const struct watch *watch = ctx;

    if (level >= X8_CANCEL_HARD)
        shutdown(watch->fd, SHUT_RDWR);
}

/* A socket to the agent, or -1. */
static int reach_agent(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof at.sun_path)
        return -1;
    x8_copy(at.sun_path, sizeof at.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int ask_agent(struct x8_ssh_login *login, struct x8_error *err)
{
    int64_t deadline = x8_deadline_in(AGENT_MS);
    int again, rc;

    do {
        again = ssh_userauth_agent(login->ssh->session, NULL);
        rc = x8_ssh_answer(login, again, deadline, err);
    } while (rc == 0 && again == SSH_AUTH_AGAIN);
    return rc;
}

/* Takes `fd`, which libssh closes with its session. */
static int try_socket(struct x8_ssh_login *login, int fd, struct x8_error *err)
{
    struct watch watch = {.fd = fd};
    struct x8_cancel *cancel = login->op->cancel;
    int rc, stopped;

    if (ssh_set_agent_socket(login->ssh->session, watch.fd) != SSH_OK) {
        close(watch.fd);
        return SSH_AUTH_DENIED;
    }
    x8_cancel_init(&watch.over);
    if (pthread_create(&watch.thread, NULL, shut_late, &watch) != 0) {
        x8_cancel_done(&watch.over);
        return x8_fail(err, X8_E_INTERNAL, "cannot start a thread");
    }
    watch.waker = (struct x8_waker){.wake = shut_stopped, .ctx = &watch};
    x8_cancel_watch(cancel, &watch.waker);
    rc = ask_agent(login, err);
    x8_cancel_unwatch(cancel, &watch.waker);
    x8_cancel_raise(&watch.over, X8_CANCEL_HARD, X8_E_STOPPED);
    pthread_join(watch.thread, NULL);
    x8_cancel_done(&watch.over);
    stopped = x8_cancel_check(cancel, X8_CANCEL_HARD, err);
    if (stopped < 0)
        return stopped;
    /* An agent that fails is no reason not to try the rest. */
    return rc == X8_SSH_SERVER_GONE && ssh_is_connected(login->ssh->session) ? SSH_AUTH_DENIED : rc;
}

/* --- some of its keys --- */

struct filter {
    int agent, side; /* the agent's socket, and our end of the pair whose other end libssh has */
    const char *const *wanted; /* keys as the files have them, in base64 */
    size_t count;
    uint8_t message[4 + MESSAGE_MAX];
    size_t len;
};

static int receive_full(int fd, uint8_t *out, size_t len)
{
    while (len > 0) {
        ssize_t n = recv(fd, out, len, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        out += n;
        len -= (size_t)n;
    }
    return 0;
}

static int receive(int fd, struct filter *filter)
{
    uint32_t len;

    if (receive_full(fd, filter->message, 4) != 0)
        return -1;
    len = x8_get_be32(filter->message);
    if (len == 0 || len > MESSAGE_MAX)
        return -1;
    filter->len = 4 + len;
    return receive_full(fd, filter->message + 4, len);
}

static int pass(int fd, const struct filter *filter)
{
    size_t at = 0;

    while (at < filter->len) {
        ssize_t n = send(fd, filter->message + at, filter->len - at, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        at += (size_t)n;
    }
    return 0;
}

static int is_wanted(const struct filter *filter, const uint8_t *key, size_t len)
{
    char text[KEY_MAX / 3 * 4 + 8];

    if (len > KEY_MAX)
        return 0;
    x8_base64(text, key, len);
    for (size_t i = 0; i < filter->count; i++)
        if (strcmp(filter->wanted[i], text) == 0)
            return 1;
    return 0;
}

/* Of a list of keys and comments those that are wanted stay. A damaged one ends there. */
static void thin_out(struct filter *filter)
{
    uint8_t *message = filter->message;
    size_t at = 9, to = 9;
    uint32_t kept = 0;

    if (filter->len < 9 || message[4] != LIST)
        return;
    while (filter->len - at >= 4) {
        size_t key = x8_get_be32(message + at), rest = filter->len - at - 4, comment;

        if (key > rest || rest - key < 4)
            break;
        comment = x8_get_be32(message + at + 4 + key);
        if (comment > rest - key - 4)
            break;
        if (is_wanted(filter, message + at + 4, key)) {
            memmove(message + to, message + at, 8 + key + comment);
            to += 8 + key + comment;
            kept++;
        }
        at += 8 + key + comment;
    }
    x8_put_be32(message + 5, kept);
    x8_put_be32(message, (uint32_t)to - 4);
    filter->len = to;
}

static void *pass_on(void *ctx)
{
    struct filter *filter = ctx;

    while (receive(filter->side, filter) == 0 && pass(filter->agent, filter) == 0 &&
           receive(filter->agent, filter) == 0) {
        thin_out(filter);
        if (pass(filter->side, filter) != 0)
            break;
    }
    shutdown(filter->side, SHUT_RDWR);
    return NULL;
}

/* `filter` has all but its sockets. Whoever shuts libssh's socket ends the thread, which waits for
 * the agent only while that is being shut as well. */
static int try_filtered(struct x8_ssh_login *login, struct filter *filter, int agent,
                        struct x8_error *err)
{
    int pair[2], rc;
    pthread_t thread;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return x8_fail_open_files(err, errno, "no connection can be made");
    for (int i = 0; i < 2; i++)
        fcntl(pair[i], F_SETFD, FD_CLOEXEC);
    filter->agent = agent;
    filter->side = pair[0];
    if (pthread_create(&thread, NULL, pass_on, filter) != 0) {
        close(pair[0]);
        close(pair[1]);
        return x8_fail(err, X8_E_INTERNAL, "cannot start a thread");
    }
    rc = try_socket(login, pair[1], err);
    shutdown(filter->side, SHUT_RDWR);
    shutdown(filter->agent, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(filter->side);
    return rc;
}

/* The key in FILE.pub, or in FILE where that is a public one: the second word of its line. */
static char *public_text(const char *path)
{
    static const char *const ends[] = {".pub", ""};
    ssh_key key = NULL;
    char file[4096], *text = NULL;

    for (size_t i = 0; i < X8_COUNT(ends) && !text; i++) {
        snprintf(file, sizeof file, "%.4000s%s", path, ends[i]);
        if (ssh_pki_import_pubkey_file(file, &key) != SSH_OK)
            continue;
        if (ssh_pki_export_pubkey_base64(key, &text) != SSH_OK)
            text = NULL;
        ssh_key_free(key);
        key = NULL;
    }
    return text;
}

int x8_ssh_is_public(const char *path)
{
    ssh_key key = NULL;
    int is_public = x8_ends(path, ".pub") && ssh_pki_import_pubkey_file(path, &key) == SSH_OK;

    ssh_key_free(key);
    return is_public;
}

int x8_ssh_try_agent(struct x8_ssh_login *login, const char *path, const char *const *files,
                     size_t count, struct x8_error *err)
{
    X8_AUTO_FD agent = reach_agent(path);
    char *wanted[X8_SSH_IDENTITIES] = {NULL};
    struct filter *filter = NULL;
    int rc = SSH_AUTH_DENIED, whole = agent;

    if (agent < 0)
        return SSH_AUTH_DENIED; /* none runs: then there is none to try */
    if (!files) {
        agent = -1; /* libssh's */
        x8_ssh_note_tried(login, "agent");
        return try_socket(login, whole, err);
    }
    filter = calloc(1, sizeof *filter);
    if (!filter)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    for (size_t i = 0; i < count && i < X8_SSH_IDENTITIES; i++)
        if ((wanted[filter->count] = public_text(files[i])))
            filter->count++;
    filter->wanted = (const char *const *)wanted;
    x8_ssh_note_tried(login, filter->count ? "the agent's keys of IdentityFile (IdentitiesOnly)"
                                           : "no key of the agent, as IdentitiesOnly is yes and no "
                                             "IdentityFile has its public part beside it");
    if (filter->count)
        rc = try_filtered(login, filter, agent, err);
    for (size_t i = 0; i < filter->count; i++)
        ssh_string_free_char(wanted[i]);
    free(filter);
    return rc;
}
