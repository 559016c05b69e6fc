/*
 * Login by a key in a file.
 */
#include "net/ssh_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    ANSWER_MS = 30000,
    TRIES = 3,
};

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

    /* The public part alone names a key of the agent. */
    if (access(path, R_OK) != 0 || x8_ssh_is_public(path))
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
