/*
 * Login: without anything where the server lets in so, by the agent, by key files, by password.
 */
#include "net/ssh_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ANSWER_MS = 30000, /* a board needs a second or two to check a password */
    TRIES = 3,
    USABLE = SSH_AUTH_METHOD_PUBLICKEY | SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_INTERACTIVE,
};

void x8_ssh_note_tried(struct x8_ssh_login *login, const char *what)
{
    size_t len = strlen(login->tried);

    snprintf(login->tried + len, sizeof login->tried - len, "%s%s", len > 0 ? ", " : "", what);
}

int x8_ssh_answer(struct x8_ssh_login *login, int rc, int64_t deadline, struct x8_error *err)
{
    if (rc == SSH_AUTH_ERROR)
        return X8_SSH_SERVER_GONE;
    return rc == SSH_AUTH_AGAIN ? x8_ssh_await(login->ssh, login->op, deadline, err) : rc;
}

/* --- refusals --- */

/* dropbear counts ten refused keys and closes without a word; an agent may hold that many. Else a
 * connection that just ends was lost: a server that refuses says so. */
static int was_lost(const struct x8_ssh_login *login, const char *said)
{
    return x8_starts(said, "Socket error") && !strstr(login->tried, "agent");
}

static int hung_up(const struct x8_ssh_login *login, struct x8_error *err)
{
    const struct x8_ssh *ssh = login->ssh;
    const char *tried = login->tried[0] ? login->tried : "nothing";
    char said[200];

    x8_ssh_said(ssh, said, sizeof said);
    if (was_lost(login, said)) {
        x8_fail(err, X8_E_GONE, "the ssh connection to %s broke while %s logged in", ssh->host,
                ssh->user);
        x8_error_why(err,
                     "the board rebooted, lost its network, or lets nobody in now; tried so far: "
                     "%s",
                     tried);
        x8_error_next(err, "see whether it is there:  x8ctl list");
        return -X8_E_GONE;
    }
    x8_fail(err, X8_E_AUTH, "%s broke the login of %s off", ssh->host, ssh->user);
    x8_error_why(err,
                 "tried: %s; %s; an agent with many keys uses up the tries before the right "
                 "one comes",
                 tried, said);
    x8_error_next(err, "give the board a key or a password:  x8ctl setup");
    return -X8_E_AUTH;
}

static void methods_text(unsigned methods, char *out, size_t cap)
{
    snprintf(out, cap, "%s%s%s", methods & SSH_AUTH_METHOD_PUBLICKEY ? " publickey" : "",
             methods & SSH_AUTH_METHOD_PASSWORD ? " password" : "",
             methods & SSH_AUTH_METHOD_INTERACTIVE ? " keyboard-interactive" : "");
    if (!out[0])
        x8_copy(out, cap, " nothing this program can do");
}

/* What the server takes, and the configuration does not forbid. */
static unsigned allowed(const struct x8_ssh_login *login, unsigned methods)
{
    const struct x8_ssh_config *config = login->config;

    if (config->key_login == 2)
        methods &= ~(unsigned)SSH_AUTH_METHOD_PUBLICKEY;
    if (config->password_login == 2)
        methods &= ~(unsigned)SSH_AUTH_METHOD_PASSWORD;
    if (config->question_login == 2)
        methods &= ~(unsigned)SSH_AUTH_METHOD_INTERACTIVE;
    return methods;
}

static int forbidden(const struct x8_ssh_login *login, const char *offers, struct x8_error *err)
{
    const struct x8_ssh_config *config = login->config;

    x8_fail(err, X8_E_AUTH, "the ssh configuration forbids every login that %s takes",
            login->ssh->host);
    x8_error_why(err, "the server takes:%s; no is said to%s%s%s", offers,
                 config->key_login == 2 ? " PubkeyAuthentication" : "",
                 config->password_login == 2 ? " PasswordAuthentication" : "",
                 config->question_login == 2 ? " KbdInteractiveAuthentication" : "");
    x8_error_next(err,
                  "let one of them be yes for %.60s in the ssh configuration (ssh -G %.60s "
                  "shows it)",
                  login->way->host, login->way->host);
    return -X8_E_AUTH;
}

static int refused(const struct x8_ssh_login *login, unsigned methods, struct x8_error *err)
{
    char offers[80];

    methods_text(methods, offers, sizeof offers);
    if (!(allowed(login, methods) & USABLE) && (methods & USABLE))
        return forbidden(login, offers, err);
    x8_fail(err, X8_E_AUTH, "%s did not let %s in", login->ssh->host, login->ssh->user);
    x8_error_why(err,
                 "tried: %s; the server takes:%s. A board's ssh refuses an empty password "
                 "(new images have one) and an expired one (images 844 to 861)%s%s",
                 login->tried[0] ? login->tried : "nothing", offers,
                 login->config->unused[0] ? "; not used of the ssh configuration: " : "",
                 login->config->unused);
    x8_error_next(err, "give the board a password or a key:  x8ctl setup");
    return -X8_E_AUTH;
}

static int expired(const struct x8_ssh_login *login, struct x8_error *err)
{
    x8_fail(err, X8_E_AUTH, "the password of %s on %s has expired", login->ssh->user,
            login->ssh->host);
    x8_error_why(err, "images 844 to 861 want a new one at the first login");
    x8_error_next(err, "connect its USB and set a new one there:  x8ctl setup");
    return -X8_E_AUTH;
}

/* --- password --- */

static int ask(const struct x8_ssh_login *login, int number, char out[X8_SSH_SECRET_LEN],
               struct x8_error *err)
{
    char what[330];

    snprintf(what, sizeof what, "%s@%s", login->ssh->user, login->ssh->host);
    return x8_ssh_ask(login->ssh, login->way, what, number, out, err);
}

static int one_password(struct x8_ssh_login *login, int number, struct x8_error *err)
{
    char secret[X8_SSH_SECRET_LEN];
    int rc = ask(login, number, secret, err), again;
    int64_t deadline = x8_deadline_in(ANSWER_MS);

    while (rc == 0) {
        again = ssh_userauth_password(login->ssh->session, NULL, secret);
        rc = x8_ssh_answer(login, again, deadline, err);
        if (again != SSH_AUTH_AGAIN)
            break;
    }
    x8_wipe(secret, sizeof secret);
    return rc;
}

/* What PAM asks instead of letting in. */
static int asks_for_new(const char *prompt)
{
    return strstr(prompt, "ew password") || strstr(prompt, "ew UNIX password") ||
           strstr(prompt, "urrent password") || strstr(prompt, "urrent UNIX password");
}

/* One round of questions: none, or the password. */
static int one_round(struct x8_ssh_login *login, int number, int *asked, struct x8_error *err)
{
    ssh_session session = login->ssh->session;
    int count = ssh_userauth_kbdint_getnprompts(session), rc;
    char echo = 0, secret[X8_SSH_SECRET_LEN];
    const char *prompt;

    if (count == 0)
        return 0;
    prompt = ssh_userauth_kbdint_getprompt(session, 0, &echo);
    if (prompt && *asked && asks_for_new(prompt))
        return expired(login, err);
    if (count != 1 || echo || *asked) {
        char clean[100];

        x8_clean(clean, sizeof clean, prompt ? prompt : "", prompt ? strlen(prompt) : 0);
        return x8_fail(err, X8_E_AUTH, "%s asks more than a password: %s", login->ssh->host, clean);
    }
    *asked = 1;
    rc = ask(login, number, secret, err);
    if (rc == 0 && ssh_userauth_kbdint_setanswer(session, 0, secret) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "no memory");
    x8_wipe(secret, sizeof secret);
    return rc;
}

static int one_interactive(struct x8_ssh_login *login, int number, struct x8_error *err)
{
    int64_t deadline = x8_deadline_in(ANSWER_MS);
    int asked = 0, again, rc;

    do {
        again = ssh_userauth_kbdint(login->ssh->session, NULL, NULL);
        if (again == SSH_AUTH_INFO) {
            rc = one_round(login, number, &asked, err);
            deadline = x8_deadline_in(ANSWER_MS);
        } else {
            rc = x8_ssh_answer(login, again, deadline, err);
        }
    } while (rc >= 0 && (again == SSH_AUTH_INFO || again == SSH_AUTH_AGAIN));
    return rc;
}

static int by_password(struct x8_ssh_login *login, unsigned methods, struct x8_error *err)
{
    int plain = (methods & SSH_AUTH_METHOD_PASSWORD) != 0, rc = SSH_AUTH_DENIED;

    if (!login->way->asker.password)
        return SSH_AUTH_DENIED;
    x8_ssh_note_tried(login, "password");
    for (int i = 1; i <= TRIES && rc == SSH_AUTH_DENIED; i++)
        rc = plain ? one_password(login, i, err) : one_interactive(login, i, err);
    return rc;
}

/* --- all of it --- */

/* Asking for nothing tells what the server takes, and some let in so: a board with an empty
 * password whose server allows it. */
static int by_nothing(struct x8_ssh_login *login, struct x8_error *err)
{
    int64_t deadline = x8_deadline_in(ANSWER_MS);
    int again, rc;

    do {
        again = ssh_userauth_none(login->ssh->session, NULL);
        rc = x8_ssh_answer(login, again, deadline, err);
    } while (rc == 0 && again == SSH_AUTH_AGAIN);
    return rc;
}

static const char *const usual_files[] = {"id_ed25519", "id_ecdsa", "id_rsa"};

struct files {
    char text[X8_SSH_IDENTITIES][4096];
    const char *list[X8_SSH_IDENTITIES];
    size_t count;
};

/* The files whose keys are wanted: those that are named, or the usual ones. */
static int name_files(struct x8_ssh_login *login, struct files *out, struct x8_error *err)
{
    const struct x8_ssh_config *config = login->config;
    int rc = 0;

    for (size_t i = 0; i < config->identity_count && rc == 0; i++) {
        if (x8_casecmp(config->identities[i], "none") == 0)
            continue;
        rc = x8_ssh_config_expand(config->identities[i], &login->tokens, 1, out->text[out->count],
                                  sizeof out->text[0], err);
        out->count += rc == 0;
    }
    for (size_t i = 0; i < X8_COUNT(usual_files) && !config->identity_count; i++)
        if (login->way->key_folder)
            snprintf(out->text[out->count++], sizeof out->text[0], "%s/%s", login->way->key_folder,
                     usual_files[i]);
    for (size_t i = 0; i < out->count; i++)
        out->list[i] = out->text[i];
    return rc;
}

static int by_some(struct x8_ssh_login *login, const char *path, struct x8_error *err)
{
    struct files *files = calloc(1, sizeof *files);
    int rc;

    if (!files)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    rc = name_files(login, files, err);
    if (rc == 0)
        rc = x8_ssh_try_agent(login, path, files->list, files->count, err);
    free(files);
    return rc;
}

static int by_agent(struct x8_ssh_login *login, struct x8_error *err)
{
    const char *wanted = login->config->agent, *path = login->way->agent;
    char file[X8_SSH_FILE_LEN];
    int rc = 0;

    if (x8_casecmp(wanted, "none") == 0)
        return SSH_AUTH_DENIED;
    if (wanted[0] && wanted[0] != '$' && strcmp(wanted, "SSH_AUTH_SOCK") != 0) {
        rc = x8_ssh_config_expand(wanted, &login->tokens, 1, file, sizeof file, err);
        path = file;
    }
    if (rc < 0 || !path)
        return rc < 0 ? rc : SSH_AUTH_DENIED;
    return login->config->identities_only == 1 ? by_some(login, path, err)
                                               : x8_ssh_try_agent(login, path, NULL, 0, err);
}

/* A file that is named is to be there; the usual ones may be. */
static int by_named(struct x8_ssh_login *login, const char *name, struct x8_error *err)
{
    char path[4096], missing[120];
    int rc;

    if (x8_casecmp(name, "none") == 0)
        return SSH_AUTH_DENIED;
    rc = x8_ssh_config_expand(name, &login->tokens, 1, path, sizeof path, err);
    if (rc < 0)
        return rc;
    if (access(path, R_OK) != 0) {
        x8_clean(missing, sizeof missing, path, strlen(path));
        x8_ssh_note_tried(login, missing);
        x8_ssh_note_tried(login, "which cannot be read");
        return SSH_AUTH_DENIED;
    }
    return x8_ssh_try_key(login, path, err);
}

/* The usual files are tried where the configuration names none, as ssh does. */
static int by_keys(struct x8_ssh_login *login, struct x8_error *err)
{
    const struct x8_ssh_config *config = login->config;
    const char *folder = config->identity_count ? NULL : login->way->key_folder;
    int rc = by_agent(login, err);

    for (size_t i = 0; i < config->identity_count && rc == SSH_AUTH_DENIED; i++)
        rc = by_named(login, config->identities[i], err);
    for (size_t i = 0; i < X8_COUNT(usual_files) && folder && rc == SSH_AUTH_DENIED; i++) {
        char path[4096];

        snprintf(path, sizeof path, "%s/%s", folder, usual_files[i]);
        rc = x8_ssh_try_key(login, path, err);
    }
    return rc;
}

static unsigned methods_now(const struct x8_ssh_login *login)
{
    return allowed(login, (unsigned)ssh_userauth_list(login->ssh->session, NULL));
}

/* A server may want two proofs: then the rest is tried with what it takes now. */
static int by_all(struct x8_ssh_login *login, struct x8_error *err)
{
    int rc = by_nothing(login, err);
    unsigned methods = methods_now(login);

    if (rc == SSH_AUTH_DENIED && (methods & SSH_AUTH_METHOD_PUBLICKEY))
        rc = by_keys(login, err);
    if (rc == SSH_AUTH_PARTIAL) {
        methods = methods_now(login);
        rc = SSH_AUTH_DENIED;
    }
    if (rc == SSH_AUTH_DENIED &&
        (methods & (SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_INTERACTIVE)))
        rc = by_password(login, methods, err);
    return rc;
}

/* Where the password failed as well, the key may be the one that was meant. */
static void tell_locked(const struct x8_ssh_login *login, struct x8_error *err)
{
    char why[sizeof err->why];

    x8_copy(why, sizeof why, err->why);
    x8_error_why(err, "%.250s%stried before: %.200s", why, why[0] ? "; " : "", login->tried);
}

int x8_ssh_login(struct x8_ssh *ssh, const struct x8_op *op, const struct x8_ssh_way *way,
                 const struct x8_ssh_config *config, struct x8_error *err)
{
    struct x8_ssh_login login = {.ssh = ssh, .op = op, .way = way, .config = config};
    int rc;

    login.tokens = (struct x8_ssh_tokens){.host = ssh->host,
                                          .original = way->host,
                                          .user = ssh->user,
                                          .folder = way->key_folder,
                                          .port = ssh->port};
    rc = by_all(&login, err);
    if (rc == SSH_AUTH_SUCCESS)
        return 0;
    if (rc < 0) {
        if (login.is_locked && err)
            tell_locked(&login, err);
        return rc;
    }
    return rc == X8_SSH_SERVER_GONE
               ? hung_up(&login, err)
               : refused(&login, (unsigned)ssh_userauth_list(ssh->session, NULL), err);
}
