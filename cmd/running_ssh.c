/*
 * What ssh asks on the way to a board: whether its key is the right one, and the password of its
 * user.
 */
#include "running_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

/* -y agrees to what a command does, not to who answers. */
static int ask_key(struct x8_run *run, const char *host, const char *type, const char *fingerprint)
{
    char question[400], answer[16] = "";

    x8_ui_say(run->ctx->ui, "The ssh key of %s is not known on this computer:", host);
    x8_ui_say(run->ctx->ui, "  %s %s", type, fingerprint);
    snprintf(question, sizeof question, "Is that the board, and its key to be kept? [y/N]");
    int rc = x8_ui_ask_severe(run->ctx->ui, question, answer, sizeof answer, NULL);

    if (rc < 0)
        return rc;
    return x8_casecmp(answer, "y") == 0 || x8_casecmp(answer, "yes") == 0;
}

static int accept_key(void *ctx, const char *host, const char *type, const char *fingerprint)
{
    struct x8_run *run = ctx;
    int answer = 0;

    pthread_mutex_lock(&run->ask);
    if (run->ctx->globals->accept_new_host_key) {
        x8_emit(&run->ctx->op, X8_EV_NOTICE, "the ssh key of %s is new here and is kept: %s %s",
                host, type, fingerprint);
        answer = 1;
    } else if (x8_ui_can_ask(run->ctx->ui)) {
        answer = ask_key(run, host, type, fingerprint);
    }
    pthread_mutex_unlock(&run->ask);
    return answer;
}

/* A path is a key file's: the options have no password for that. */
static int is_key_file(const char *what)
{
    return what[0] == '/';
}

static int ask_for(struct x8_run *run, const char *what, char *out, size_t cap,
                   struct x8_error *err)
{
    char question[400];
    int rc;

    snprintf(question, sizeof question, "Password of %.300s:", what);
    rc = x8_ui_ask_secret(run->ctx->ui, question, out, cap, err);
    if (rc == -(int)X8_E_AUTH && !x8_ui_can_ask(run->ctx->ui))
        x8_error_prefix(err, "%.200s", what);
    return rc;
}

static int wrong(const char *what, struct x8_error *err)
{
    x8_fail(err, X8_E_AUTH, "%s was not let in with the password that was given", what);
    x8_error_why(err, "it is wrong, or the board's ssh takes none: it refuses an empty one (images "
                      "from 881 on), and one that has expired (844 to 861)");
    x8_error_next(err,
                  "give the one it has now with --password-file FILE; a new one is set over USB:  "
                  "x8ctl setup --new-password-file FILE");
    return -(int)X8_E_AUTH;
}

/* Under run->ask. The password for ssh is that of sudo: it is asked for once. */
static int user_password(struct x8_run *run, const char *what, int try_number, char *out,
                         size_t cap, struct x8_error *err)
{
    int rc = x8_run_secret(run, err), is_from_options = run->secret.given && !run->secret_is_typed;

    if (rc < 0)
        return rc;
    if (try_number > 1 && is_from_options)
        return wrong(what, err);
    if (try_number > 1 || !run->secret.given) {
        rc = ask_for(run, what, run->secret.text, sizeof run->secret.text, err);
        run->secret.given = run->secret_is_typed = rc == 0;
    }
    if (rc == 0)
        x8_copy(out, cap, run->secret.text);
    return rc;
}

static int password(void *ctx, const char *what, int try_number, char *out, size_t cap,
                    struct x8_error *err)
{
    struct x8_run *run = ctx;
    int rc;

    pthread_mutex_lock(&run->ask);
    rc = is_key_file(what) ? ask_for(run, what, out, cap, err)
                           : user_password(run, what, try_number, out, cap, err);
    pthread_mutex_unlock(&run->ask);
    return rc;
}

void x8_run_answer_ssh(struct x8_run *run)
{
    run->reach.net.way.asker =
        (struct x8_ssh_asker){.accept_key = accept_key, .password = password, .ctx = run};
}
