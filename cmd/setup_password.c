/*
 * The dialogue about the password: what it is now, what it shall be, and changing it.
 */
#include "setup.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

enum { TRIES = 3 };

struct dialogue {
    struct x8_job_on *job;
    const struct x8_setup_options *options;
    enum x8_account_state state;
    struct x8_secret given, chosen; /* by --password-file and by --new-password-file */
    struct x8_secret old, wanted;
    int knows_old, is_expired, is_typed; /* is_typed: `wanted` may be asked for again */
};

static void wipe(struct dialogue *d)
{
    x8_secret_wipe(&d->given);
    x8_secret_wipe(&d->chosen);
    x8_secret_wipe(&d->old);
    x8_secret_wipe(&d->wanted);
}

static int is_same(const struct x8_secret *a, const struct x8_secret *b)
{
    return a->given && b->given && strcmp(a->text, b->text) == 0;
}

static struct x8_secret sold_with(void)
{
    struct x8_secret secret = {.given = 1};

    x8_copy(secret.text, sizeof secret.text, X8_ACCOUNT_SOLD_WITH);
    return secret;
}

/* --- what it is now --- */

static int try_one(struct dialogue *d, const struct x8_secret *secret, struct x8_error *err)
{
    enum x8_account_answer answer = X8_ACCOUNT_WRONG;
    int rc;

    if (d->knows_old || !secret->given)
        return 0;
    rc = x8_account_try(d->job->session, &d->job->op, secret, &answer, err);
    if (rc < 0 || answer == X8_ACCOUNT_WRONG)
        return rc;
    d->old = *secret;
    d->knows_old = 1;
    d->is_expired = answer == X8_ACCOUNT_EXPIRED;
    return 0;
}

/* Said before it is tried: it is nobody's business to guess passwords behind a user's back. */
static int try_sold_with(struct dialogue *d, struct x8_error *err)
{
    struct x8_secret secret = sold_with();

    if (d->knows_old || is_same(&d->given, &secret) || is_same(&d->chosen, &secret))
        return 0;
    x8_emit(&d->job->op, X8_EV_NOTICE,
            "trying the password that images up to 861 come with: \"%s\"", X8_ACCOUNT_SOLD_WITH);
    return try_one(d, &secret, err);
}

static int unknown_old(struct x8_error *err)
{
    x8_fail(err, X8_E_AUTH, "the password that the board has now is not known");
    x8_error_why(err, "it is neither the one that was given nor the one of a new image, and nobody "
                      "can be asked");
    x8_error_next(err, "x8ctl setup --password-file NOW --new-password-file NEW");
    return -(int)X8_E_AUTH;
}

static int ask_old(struct dialogue *d, struct x8_error *err)
{
    struct x8_ui *ui = d->job->ctx->ui;
    char question[200];
    int rc = 0;

    if (!x8_ui_can_ask(ui))
        return unknown_old(err);
    snprintf(question, sizeof question, "Password that %s has now:", d->job->target->label);
    for (int i = 0; i < TRIES && rc == 0 && !d->knows_old; i++) {
        X8_AUTO_SECRET typed = {.given = 1};

        if (i)
            x8_ui_say(ui, "The board did not accept it.");
        rc = x8_ui_ask_secret(ui, question, typed.text, sizeof typed.text, err);
        if (rc == 0)
            rc = try_one(d, &typed, err);
    }
    return rc == 0 && !d->knows_old ? unknown_old(err) : rc;
}

static int is_change_wanted(const struct dialogue *d)
{
    return d->options->change_password || d->chosen.given || d->given.given;
}

static int find_old(struct dialogue *d, struct x8_error *err)
{
    int rc = try_one(d, &d->given, err);

    if (rc == 0)
        rc = try_one(d, &d->chosen, err);
    if (rc == 0)
        rc = try_sold_with(d, err);
    if (rc == 0 && !d->knows_old && is_change_wanted(d))
        rc = ask_old(d, err);
    return rc;
}

/* --- what it shall be --- */

static int no_new(const struct dialogue *d, struct x8_error *err)
{
    x8_fail(err, X8_E_AUTH, "board %s needs a new password, and none was given",
            d->job->target->label);
    x8_error_why(err, "%s; there is no terminal to ask at",
                 d->state == X8_ACCOUNT_EMPTY
                     ? "it has none, and its ssh lets in nobody without one"
                 : d->is_expired ? "the one it has has expired: nothing is allowed before"
                                 : "everybody knows the one it was sold with");
    x8_error_next(err, "x8ctl setup --password-file FILE, with the new one in FILE");
    return -(int)X8_E_AUTH;
}

static int ask_new(struct dialogue *d, struct x8_error *err)
{
    struct x8_ui *ui = d->job->ctx->ui;
    X8_AUTO_SECRET again = {.given = 1};
    char question[200];
    int rc = 0;

    if (!x8_ui_can_ask(ui))
        return no_new(d, err);
    snprintf(question, sizeof question, "New password for %s:", d->job->target->label);
    for (int i = 0; i < TRIES; i++) {
        rc = x8_ui_ask_secret(ui, question, d->wanted.text, sizeof d->wanted.text, err);
        if (rc == 0)
            rc = x8_ui_ask_secret(ui, "The same once more:", again.text, sizeof again.text, err);
        d->wanted.given = d->is_typed = 1;
        if (rc < 0 || (d->wanted.text[0] && is_same(&d->wanted, &again)))
            return rc;
        x8_ui_say(ui,
                  d->wanted.text[0] ? "These are two different ones." : "An empty one is none.");
    }
    x8_fail(err, X8_E_AUTH, "no new password was given");
    x8_error_why(err, "what was typed twice was not the same");
    x8_error_next(err, "run it again, or put the new one in a file: --password-file FILE");
    return -(int)X8_E_AUTH;
}

/* 1 when there is something to change. */
static int choose_new(struct dialogue *d, int is_alone, enum x8_password_end *out,
                      struct x8_error *err)
{
    struct x8_secret sold = sold_with();
    int is_sold = d->state == X8_ACCOUNT_ASKS && is_same(&d->old, &sold), rc;
    int is_needed = d->state == X8_ACCOUNT_EMPTY || d->is_expired || is_sold;

    if (d->chosen.given)
        d->wanted = d->chosen;
    else if (d->given.given && !is_same(&d->given, &d->old))
        d->wanted = d->given;
    if (is_same(&d->wanted, &d->old) && !d->is_expired) {
        *out = X8_PASSWORD_KEPT;
        return 0;
    }
    if (d->wanted.given)
        return 1;
    if (!is_needed && !d->options->change_password) {
        *out = d->knows_old ? X8_PASSWORD_KEPT : X8_PASSWORD_ALONE;
        return 0;
    }
    /* What else was asked for is done without it, where the board allows that. */
    if (!x8_ui_can_ask(d->job->ctx->ui) && !is_alone && !d->is_expired &&
        !d->options->change_password) {
        *out = is_sold ? X8_PASSWORD_DEFAULT : X8_PASSWORD_EMPTY;
        return 0;
    }
    rc = ask_new(d, err);
    return rc < 0 ? rc : 1;
}

/* --- changing it --- */

static int change(struct dialogue *d, struct x8_error *err)
{
    const struct x8_secret *old = d->state == X8_ACCOUNT_ASKS ? &d->old : NULL;
    int rc = 0;

    for (int i = 0; i < TRIES; i++) {
        if (i) {
            x8_ui_say(d->job->ctx->ui, "The board does not take it: %s.", err->why);
            rc = ask_new(d, err);
        }
        if (rc == 0)
            rc = x8_account_change(d->job->session, &d->job->op, d->state, old, &d->wanted, err);
        if (rc != -(int)X8_E_REFUSED || !d->is_typed)
            break;
        rc = i + 1 < TRIES ? 0 : rc;
    }
    return rc;
}

static int take_root(struct dialogue *d, const struct x8_secret *password, struct x8_error *err)
{
    return x8_root_probe(d->job->session, &d->job->op, password, &d->job->root, err);
}

static int begin(struct dialogue *d, struct x8_error *err)
{
    int rc = x8_job_secret(d->job, &d->given, err);

    if (rc == 0)
        rc = x8_secret_from(d->job->ctx, "new-password", d->options->new_file, d->options->new_fd,
                            &d->chosen, err);
    if (rc == 0 &&
        ((d->chosen.given && !d->chosen.text[0]) || (d->given.given && !d->given.text[0]))) {
        rc = x8_fail(err, X8_E_USAGE, "the password that was given is empty");
        x8_error_why(err, "an account without a password is open to everybody");
        x8_error_next(err, "put it on the first line of the file");
    }
    if (rc == 0)
        rc = x8_account_look(d->job->session, &d->job->op, &d->state, err);
    if (rc == 0 && d->state == X8_ACCOUNT_ASKS)
        rc = find_old(d, err);
    return rc;
}

static int run(struct dialogue *d, int is_alone, enum x8_password_end *out, struct x8_error *err)
{
    int rc = begin(d, err);

    if (rc == 0)
        rc = choose_new(d, is_alone, out, err);
    if (rc == 0 && d->knows_old)
        return take_root(d, &d->old, err);
    if (rc <= 0)
        return rc;
    *out = X8_PASSWORD_SET;
    if (d->job->ctx->globals->dry_run)
        return 0;
    rc = change(d, err);
    if (rc == 0)
        rc = take_root(d, &d->wanted, err);
    return rc;
}

int x8_setup_password(struct x8_job_on *job, const struct x8_setup_options *options, int is_alone,
                      enum x8_password_end *out, struct x8_error *err)
{
    struct dialogue d = {.job = job, .options = options};
    int rc = run(&d, is_alone, out, err);

    wipe(&d);
    return rc;
}
