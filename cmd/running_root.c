/*
 * What a run asks its user: the password of the board's user, and whether to go on. Each question
 * comes once, for all boards.
 */
#include "running_parts.h"
#include "streams.h"

#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct x8_run *run_of(struct x8_job_on *job)
{
    return X8_CONTAINER(job, struct x8_on_board, job)->run;
}

/* The first line of what the descriptor gives. Byte by byte: what follows the line on a shared
 * stdin is the input of the command. */
static int read_secret(struct x8_ctx *ctx, int fd, const char *origin, struct x8_secret *out,
                       struct x8_error *err)
{
    size_t len = 0;
    ssize_t n = 1;
    char *end = NULL;
    int rc = 0;

    while (!end && n > 0 && len < sizeof out->text) {
        rc = x8_fd_await(ctx->cancel, fd, POLLIN, err);
        if (rc < 0) {
            x8_secret_wipe(out);
            return rc;
        }
        n = read(fd, out->text + len, 1);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            len += (size_t)n;
        end = memchr(out->text, '\n', len);
    }
    if (n < 0)
        rc = x8_fail_sys(err, X8_E_NO_FILE, errno, "the password cannot be read from %s", origin);
    else if (!end && len == sizeof out->text)
        rc = x8_fail(err, X8_E_USAGE, "the password in %s is longer than %zu bytes", origin,
                     sizeof out->text - 1);
    if (rc < 0) {
        x8_error_next(err, "put the password alone there, on one line");
        x8_secret_wipe(out);
        return rc;
    }
    if (end)
        len = (size_t)(end - out->text);
    if (len && out->text[len - 1] == '\r')
        len--;
    memset(out->text + len, 0, sizeof out->text - len);
    out->given = 1;
    return 0;
}

static int secret_from_file(struct x8_ctx *ctx, const char *path, struct x8_secret *out,
                            struct x8_error *err)
{
    X8_AUTO_FD fd = x8_file_open_for(ctx->cancel, path, 1, err);
    struct stat st;

    if (fd < 0)
        return fd;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077))
        x8_emit(&ctx->op, X8_EV_WARN,
                "password file %s can be read by others (mode %04o): chmod 600 %s", path,
                (unsigned)(st.st_mode & 07777), path);
    return read_secret(ctx, fd, path, out, err);
}

static int secret_from_fd(struct x8_ctx *ctx, uint64_t number, struct x8_secret *out,
                          struct x8_error *err)
{
    char origin[48];

    snprintf(origin, sizeof origin, "descriptor %llu", (unsigned long long)number);
    if (number > 65535)
        number = 65535; /* none that could be open: the read says so */
    return read_secret(ctx, (int)number, origin, out, err);
}

int x8_secret_from(struct x8_ctx *ctx, const char *option, const char *path, uint64_t fd,
                   struct x8_secret *out, struct x8_error *err)
{
    int rc = 0;

    if (path && fd != X8_NO_FD) {
        rc = x8_fail(err, X8_E_USAGE, "--%s-file and --%s-fd exclude each other", option, option);
        x8_error_why(err, "which of them holds the right one cannot be known");
        x8_error_next(err, "give one of them");
    } else if (path) {
        rc = secret_from_file(ctx, path, out, err);
    } else if (fd != X8_NO_FD) {
        rc = secret_from_fd(ctx, fd, out, err);
    }
    return rc;
}

int x8_run_secret(struct x8_run *run, struct x8_error *err)
{
    const struct x8_globals *globals = run->ctx->globals;
    int rc = 0;

    if (!run->secret_is_read)
        rc = x8_secret_from(run->ctx, "password", globals->password_file, globals->password_fd,
                            &run->secret, err);
    run->secret_is_read = rc == 0;
    return rc;
}

int x8_job_secret(struct x8_job_on *job, struct x8_secret *out, struct x8_error *err)
{
    struct x8_run *run = run_of(job);
    int rc;

    pthread_mutex_lock(&run->ask);
    rc = x8_run_secret(run, err);
    if (rc == 0)
        *out = run->secret;
    pthread_mutex_unlock(&run->ask);
    return rc;
}

static int ask_secret(struct x8_job_on *job, struct x8_run *run, struct x8_error *err)
{
    char question[256];
    int rc;

    if (job->count > 1)
        snprintf(question, sizeof question, "Password of the user on the boards (for root):");
    else
        snprintf(question, sizeof question,
                 "Password of the user on %s (for root):", job->target->label);
    rc = x8_ui_ask_secret(run->ctx->ui, question, run->secret.text, sizeof run->secret.text, err);
    run->secret.given = run->secret_is_typed = rc == 0;
    return rc;
}

static int probe(struct x8_job_on *job, struct x8_run *run, struct x8_error *err)
{
    return x8_root_probe(job->session, &job->op, &run->secret, &job->root, err);
}

/* *had_secret: the user has said a password, which is then the wrong one. */
static int root_from_options(struct x8_job_on *job, int *had_secret, struct x8_error *err)
{
    struct x8_run *run = run_of(job);
    int rc;

    pthread_mutex_lock(&run->ask);
    rc = x8_run_secret(run, err);
    *had_secret = run->secret.given;
    pthread_mutex_unlock(&run->ask);
    return rc == 0 ? probe(job, run, err) : rc;
}

int x8_job_root_unasked(struct x8_job_on *job, struct x8_error *err)
{
    int had_secret;

    return root_from_options(job, &had_secret, err);
}

int x8_job_root(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_run *run = run_of(job);
    int had_secret, rc = root_from_options(job, &had_secret, err);

    if (rc != -(int)X8_E_AUTH || had_secret)
        return rc;
    if (!x8_ui_can_ask(run->ctx->ui)) {
        x8_error_next(err, "give it with --password-file FILE or --password-fd N; one that has "
                           "expired is changed first: x8ctl setup");
        return rc;
    }
    pthread_mutex_lock(&run->ask);
    rc = run->secret.given ? 0 : ask_secret(job, run, err);
    pthread_mutex_unlock(&run->ask);
    return rc < 0 ? rc : probe(job, run, err);
}

static int list_labels(const struct x8_run *run, struct x8_buf *out)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct x8_target *target = &run->targets[i];
        int is_same = strcmp(target->label, target->where) == 0;

        if (x8_buf_addf(out, "%s%s%s%s%s", i ? ", " : "", target->label, is_same ? "" : " (",
                        is_same ? "" : target->where, is_same ? "" : ")") < 0)
            return -1;
    }
    return 0;
}

/* 1, or the negative code of the answer. Under run->ask. */
static int ask_to_go_on(struct x8_run *run, const char *what, const char *price,
                        struct x8_error *err)
{
    X8_AUTO_BUF list = {0}, question = {0};
    int rc;

    if (list_labels(run, &list) < 0 ||
        x8_buf_addf(&question, "%s %s? %s", what, x8_buf_text(&list), price) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for a question");
    rc = x8_ui_ask_yes(run->ctx->ui, x8_buf_text(&question), err);
    if (rc != 0)
        return rc;
    rc = x8_cancel_check(run->ctx->cancel, X8_CANCEL_SOFT, err);
    if (rc < 0)
        return rc;
    rc = x8_fail(err, X8_E_NEED_YES, "not confirmed; nothing was done");
    x8_error_why(err, "the answer was not yes");
    x8_error_next(err, "-y    agrees beforehand");
    return rc;
}

int x8_job_agree(struct x8_job_on *job, const char *what, const char *price, struct x8_error *err)
{
    struct x8_run *run = run_of(job);
    int answer;

    pthread_mutex_lock(&run->ask);
    if (run->agreed == 0)
        run->agreed = ask_to_go_on(run, what, price, &run->disagreed);
    answer = run->agreed;
    if (answer < 0 && err)
        *err = run->disagreed;
    pthread_mutex_unlock(&run->ask);
    return answer < 0 ? answer : 0;
}
