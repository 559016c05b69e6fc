/*
 * Login by a key: of the agent, or in a file.
 */
#include "net/ssh_parts.h"

#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    ANSWER_MS = 30000,
    AGENT_MS = 60000, /* an agent may ask its user to confirm, or to touch a token */
    TRIES = 3,
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

int x8_ssh_try_agent(struct x8_ssh_login *login, const char *path, struct x8_error *err)
{
    struct watch watch = {.fd = reach_agent(path)};
    struct x8_cancel *cancel = login->op->cancel;
    int rc, stopped;

    if (watch.fd < 0)
        return SSH_AUTH_DENIED; /* none runs: then there is none to try */
    x8_ssh_note_tried(login, "agent");
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

/* --- files --- */

struct secret_ask {
    const struct x8_ssh_login *login;
    const char *path;
    int number; /* of the try */
    int is_encrypted;
    int rc; /* of the asker */
    struct x8_error err;
};

static int ask_secret(const char *prompt, char *buf, size_t len, int echo, int verify, void *ctx)
{
    struct secret_ask *ask = ctx;
    char secret[X8_SSH_SECRET_LEN];

    (void)prompt;
    (void)echo;
    (void)verify;
    ask->is_encrypted = 1;
    if (!ask->login->way->asker.password)
        return -1;
    ask->rc =
        x8_ssh_ask(ask->login->ssh, ask->login->way, ask->path, ask->number, secret, &ask->err);
    if (ask->rc == 0 && !x8_copy(buf, len, secret))
        ask->rc = x8_fail(&ask->err, X8_E_USAGE, "the password is too long");
    x8_wipe(secret, sizeof secret);
    return ask->rc == 0 ? 0 : -1;
}

/* The private key, asking for its password where it has one. SSH_AUTH_SUCCESS, SSH_AUTH_DENIED
 * (cannot be used), or negative. */
static int load_key(struct x8_ssh_login *login, const char *path, ssh_key *out,
                    struct x8_error *err)
{
    for (int i = 1; i <= TRIES; i++) {
        struct secret_ask ask = {.login = login, .path = path, .number = i};

        if (ssh_pki_import_privkey_file(path, NULL, ask_secret, &ask, out) == SSH_OK)
            return SSH_AUTH_SUCCESS;
        if (ask.rc == -(int)X8_E_STOPPED || ask.rc == -(int)X8_E_TERMINATED) {
            if (err)
                *err = ask.err;
            return ask.rc;
        }
        /* Nobody is there to ask for it: the rest may still let in. */
        if (ask.rc < 0) {
            login->is_locked = 1;
            x8_ssh_note_tried(login, "which is encrypted, and its password was not given");
            return SSH_AUTH_DENIED;
        }
        if (!ask.is_encrypted || !login->way->asker.password)
            break;
    }
    return SSH_AUTH_DENIED;
}

/* Would the server take this key? Asked with its public part alone, so that no password of a file
 * is asked for in vain. */
static int offer(struct x8_ssh_login *login, ssh_key key, struct x8_error *err)
{
    int64_t deadline = x8_deadline_in(ANSWER_MS);
    int again, rc;

    do {
        again = ssh_userauth_try_publickey(login->ssh->session, NULL, key);
        rc = x8_ssh_answer(login, again, deadline, err);
    } while (rc == 0 && again == SSH_AUTH_AGAIN);
    return rc;
}

static int prove(struct x8_ssh_login *login, ssh_key key, struct x8_error *err)
{
    int64_t deadline = x8_deadline_in(ANSWER_MS);
    int again, rc;

    do {
        again = ssh_userauth_publickey(login->ssh->session, NULL, key);
        rc = x8_ssh_answer(login, again, deadline, err);
    } while (rc == 0 && again == SSH_AUTH_AGAIN);
    return rc;
}

static int offer_public(struct x8_ssh_login *login, const char *path, struct x8_error *err)
{
    ssh_key key = NULL;
    char file[4096];
    int rc;

    snprintf(file, sizeof file, "%s.pub", path);
    if (ssh_pki_import_pubkey_file(file, &key) != SSH_OK)
        return SSH_AUTH_SUCCESS; /* unknown: the private part will tell */
    rc = offer(login, key, err);
    ssh_key_free(key);
    return rc;
}

int x8_ssh_try_key(struct x8_ssh_login *login, const char *path, struct x8_error *err)
{
    const char *slash = strrchr(path, '/');
    ssh_key key = NULL;
    int rc;

    if (access(path, R_OK) != 0)
        return SSH_AUTH_DENIED;
    x8_ssh_note_tried(login, slash ? slash + 1 : path);
    rc = offer_public(login, path, err);
    if (rc == SSH_AUTH_SUCCESS)
        rc = load_key(login, path, &key, err);
    if (rc == SSH_AUTH_SUCCESS)
        rc = prove(login, key, err);
    ssh_key_free(key);
    return rc;
}
