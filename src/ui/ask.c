/*
 * Questions. Only ever on a terminal; everywhere else the answer has to be an option, and the
 * error says which.
 */
#include "ui/parts.h"
#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define STOPPED (-1)
#define ENDED   0
#define GOT     1

int x8_ui_can_ask(const struct x8_ui *ui)
{
    const struct x8_ui_config *config = &ui->config;

    return !config->no_input && config->progress != X8_PROGRESS_JSON && isatty(STDIN_FILENO) &&
           isatty(STDERR_FILENO);
}

static int fail_need(const struct x8_ui *ui, const char *flag, const char *question,
                     struct x8_error *err)
{
    const struct x8_ui_config *config = &ui->config;
    char clean[160];
    int rc = x8_fail(err, X8_E_NEED_YES, "a confirmation is needed and nobody can be asked");

    x8_clean(clean, sizeof clean, question, strcspn(question, "\n"));
    x8_error_why(err, "the question is \"%s\", but %s", clean,
                 config->no_input                       ? "--no-input forbids to ask"
                 : config->progress == X8_PROGRESS_JSON ? "--progress json leaves no room for it"
                                                        : "there is no terminal");
    x8_error_next(err, "add %s if that is what you want", flag);
    return rc;
}

/* 1 once stdin has something (its end included), 0 when the stop token was raised. */
static int wait_for_input(struct x8_cancel *cancel, int wake)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = wake, .events = POLLIN}};

        if (x8_cancel_level(cancel) != X8_CANCEL_NONE)
            return 0;
        if (poll(fds, wake >= 0 ? 2 : 1, -1) < 0 && errno != EINTR)
            return 1;
        if (x8_cancel_level(cancel) == X8_CANCEL_NONE && fds[0].revents)
            return 1;
    }
}

/* A line without its end, cut to fit. */
static int read_line(struct x8_cancel *cancel, int wake, char *out, size_t cap)
{
    size_t len = 0;
    char c = 0;

    for (;;) {
        ssize_t n;

        if (!wait_for_input(cancel, wake))
            return STOPPED;
        n = read(STDIN_FILENO, &c, 1);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0 || c == '\n')
            break;
        if (len + 1 < cap)
            out[len++] = c; /* what is too long is read and forgotten */
    }
    out[len] = '\0';
    return c == '\n' || len ? GOT : ENDED;
}

static void on_stop(void *ctx, enum x8_cancel_level level)
{
    ssize_t n = write(*(int *)ctx, "", 1);

    (void)level;
    (void)n; /* a full pipe wakes as well */
}

static int ask(struct x8_ui *ui, const char *question, char *out, size_t cap)
{
    struct x8_cancel *cancel = x8_ui_cancel_of(ui);
    X8_AUTO_FD wake_read = -1;
    X8_AUTO_FD wake_write = -1;
    struct x8_waker waker = {.wake = on_stop, .ctx = &wake_write};
    struct x8_buf line_end = {0}, prompt = {0};
    char *clean = x8_clean_copy(question, 1);
    int ends[2], got;

    x8_put(&line_end, "\n");
    if (pipe(ends) == 0) {
        wake_read = ends[0];
        wake_write = ends[1];
        fcntl(wake_write, F_SETFL, O_NONBLOCK);
    }
    x8_ui_hold(ui, 1);
    x8_put(&prompt, "%s ", clean ? clean : "");
    (void)!x8_write_all(STDERR_FILENO, &prompt);
    x8_cancel_watch(cancel, &waker);
    got = read_line(cancel, wake_read, out, cap);
    x8_cancel_unwatch(cancel, &waker);
    if (got != GOT)
        (void)!x8_write_all(STDERR_FILENO, &line_end); /* the line that Enter would have ended */
    x8_ui_hold(ui, 0);
    x8_buf_done(&line_end);
    x8_buf_done(&prompt);
    free(clean);
    return got;
}

int x8_ui_ask_yes(struct x8_ui *ui, const char *question, struct x8_error *err)
{
    char answer[16] = "", prompt[512];

    if (ui->config.assume_yes)
        return 1;
    if (!x8_ui_can_ask(ui))
        return fail_need(ui, "-y", question, err);
    snprintf(prompt, sizeof prompt, "%s [y/N]", question);
    if (ask(ui, prompt, answer, sizeof answer) != GOT)
        return 0;
    return x8_casecmp(answer, "y") == 0 || x8_casecmp(answer, "yes") == 0;
}

int x8_ui_ask_line(struct x8_ui *ui, const char *question, char *out, size_t cap,
                   struct x8_error *err)
{
    if (!x8_ui_can_ask(ui))
        return fail_need(ui, "--confirm", question, err);
    out[0] = '\0';
    if (ask(ui, question, out, cap) == STOPPED)
        return x8_cancel_check(x8_ui_cancel_of(ui), X8_CANCEL_SOFT, err);
    return 0;
}

int x8_ui_ask_severe(struct x8_ui *ui, const char *question, char *out, size_t cap,
                     struct x8_error *err)
{
    if (x8_ui_can_ask(ui))
        (void)tcflush(STDIN_FILENO, TCIFLUSH);
    return x8_ui_ask_line(ui, question, out, cap, err);
}

/* Switch the echo off; *was is how it was. 0 when the terminal does not do as told: then nothing
 * may be typed. */
static int hide(struct termios *was)
{
    struct termios quiet;

    if (tcgetattr(STDIN_FILENO, was) != 0)
        return 0;
    quiet = *was;
    quiet.c_lflag &= (tcflag_t) ~(unsigned)(ECHO | ECHOE | ECHOK | ECHONL);
    quiet.c_lflag |= (tcflag_t)ICANON;
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
}

int x8_ui_ask_secret(struct x8_ui *ui, const char *question, char *out, size_t cap,
                     struct x8_error *err)
{
    struct termios was;
    struct x8_buf line_end = {0};
    int got, rc = 0;

    out[0] = '\0';
    if (!x8_ui_can_ask(ui) || !hide(&was)) {
        rc = x8_fail(err, X8_E_AUTH, "a password is needed and nobody can be asked");
        x8_error_why(err, "%s",
                     ui->config.no_input ? "--no-input forbids to ask"
                                         : "there is no terminal that could hide what is typed");
        x8_error_next(err, "--password-file FILE or --password-fd N gives it");
        return rc;
    }
    got = ask(ui, question, out, cap);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
    if (got == STOPPED)
        return x8_cancel_check(x8_ui_cancel_of(ui), X8_CANCEL_SOFT, err);
    x8_put(&line_end, "\n"); /* Enter was not shown either */
    if (got == GOT)
        (void)!x8_write_all(STDERR_FILENO, &line_end);
    x8_buf_done(&line_end);
    if (got == ENDED) {
        rc = x8_fail(err, X8_E_AUTH, "no password was given");
        x8_error_next(err, "type it, or give it with --password-file FILE");
    }
    return rc;
}
