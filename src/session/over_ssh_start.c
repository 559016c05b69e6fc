/*
 * Starting a command over SSH: up to its start marks, behind which everything is the command's own.
 */
#include "session/over_ssh_parts.h"
#include "util/clock.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

enum { SHELL_UP_MS = 15000 }; /* limit for a shell to come up */

/* dropbear takes a command of 9000 bytes, OpenSSH about 250 KB. Longer ones travel as input.
 * Source: dropbear's sysoptions.h, MAX_CMD_LEN. */
#define COMMAND_MAX ((size_t)8900)

/* Both marks are said before the command runs: an honest server has little of one stream before it
 * comes to the other's mark. */
#define SAID_MAX  ((size_t)64 << 10)
#define EARLY_MAX ((size_t)2 << 20)

/* What a starting command says before it is one, on either stream. */
struct prelude {
    const char *nonce, *text;
    struct x8_buf said[2];
    int has_started[2];
    int is_apart; /* stderr has a mark of its own */
    int64_t deadline;
};

static int left_ms(int64_t deadline)
{
    return deadline == X8_NO_DEADLINE ? -1 : x8_deadline_left(deadline, INT32_MAX);
}

static int expired(struct x8_error *err)
{
    x8_fail(err, X8_E_AUTH, "the password of the board's user has expired");
    x8_error_why(err, "images 844 to 861 want a new one at the first login, and run no command "
                      "until then");
    x8_error_next(err, "set a new one at a terminal:  x8ctl shell, or over USB:  x8ctl setup");
    return -X8_E_AUTH;
}

static int has_expired(const struct x8_buf *said)
{
    const char *text = x8_buf_text(said);

    /* OpenSSH; OpenSSH without a terminal; PAM and login. */
    return strstr(text, "must change your password") || strstr(text, "assword change required") ||
           strstr(text, "required to change your password") || strstr(text, "assword has expired");
}

/* The server ended it before its shell came to the marks. */
static int ended_early(const struct prelude *prelude, int status, struct x8_error *err)
{
    const struct x8_buf *said = &prelude->said[prelude->said[1].len > 0];
    char text[200];

    if (has_expired(&prelude->said[0]) || has_expired(&prelude->said[1]))
        return expired(err);
    x8_fail(err, X8_E_REFUSED, "start: the board's shell ended at once (status %d)", status);
    x8_clean(text, sizeof text, x8_buf_text(said), said->len);
    if (text[0])
        x8_error_why(err, "it said: %s", text);
    x8_error_next(err, "look at the login shell and ~/.bashrc of the user; commands need bash");
    return -X8_E_REFUSED;
}

static int no_shell(struct x8_error *err)
{
    x8_fail(err, X8_E_TIMEOUT, "start: the board's shell did not come up in time");
    x8_error_why(err, "the link answers, but no command starts: the board may be overloaded, or "
                      "its ~/.bashrc does not end");
    x8_error_next(err, "try again in a minute; a ~/.bashrc can be mended over USB");
    return -X8_E_TIMEOUT;
}

/* Look at what came of one stream up to now. */
static int look(struct x8_over_ssh *over, struct prelude *prelude, const struct x8_op *op,
                int which, struct x8_error *err)
{
    struct x8_buf *said = &prelude->said[which];
    struct x8_mark mark;

    if (!x8_mark_find(prelude->nonce, said->data, said->len, &mark))
        return 0;
    said->len = 0;
    if (mark.kind == X8_MARK_SEND)
        return x8_ssh_write(over->channel, op, prelude->text, strlen(prelude->text),
                            left_ms(prelude->deadline), err);
    prelude->has_started[which] = 1;
    return 0;
}

static int take_byte(struct x8_over_ssh *over, struct prelude *prelude, const struct x8_op *op,
                     int which, uint8_t byte, struct x8_error *err)
{
    struct x8_buf *to = prelude->has_started[which] ? &over->early[which] : &prelude->said[which];

    if (to->len >= SAID_MAX && !prelude->has_started[which])
        to->len = 0;
    if (to->len >= EARLY_MAX)
        return x8_fail(err, X8_E_LINK, "start: the board's ssh server does not come to the point");
    if (x8_buf_add(to, &byte, 1) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    return prelude->has_started[which] || byte != ';' ? 0 : look(over, prelude, op, which, err);
}

/* Up to the start marks, byte by byte, so that nothing of the command's own output is lost. */
static int await_start(struct x8_over_ssh *over, struct prelude *prelude, const struct x8_op *op,
                       struct x8_error *err)
{
    while (!prelude->has_started[0] || (prelude->is_apart && !prelude->has_started[1])) {
        int which = 0, rc;
        uint8_t byte;
        ssize_t n;

        /* Reading what is there takes no time, and some ~/.bashrc talks without end. */
        if (x8_deadline_left(prelude->deadline, 1) == 0)
            return no_shell(err);
        n = x8_ssh_read(over->channel, op, &which, &byte, 1, left_ms(prelude->deadline), err);
        if (n == -X8_E_TIMEOUT)
            return no_shell(err);
        if (n == 0)
            return ended_early(prelude, x8_ssh_status(over->channel), err);
        if (n < 0)
            return (int)n;
        rc = take_byte(over, prelude, op, which, byte, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int script_for(const struct x8_command *command, const char *nonce, struct x8_buf *out,
                      struct x8_error *err)
{
    int rc = x8_over_ssh_script(out, command, nonce, 0);

    if (rc == 0 && out->len > COMMAND_MAX) {
        out->len = 0;
        rc = x8_over_ssh_script(out, command, nonce, 1);
    }
    return rc == 0 ? 0 : x8_fail(err, X8_E_INTERNAL, "no memory");
}

static int bring_up(struct x8_over_ssh *over, struct x8_ssh *ssh, const struct x8_op *op,
                    const struct x8_command *command, struct x8_error *err)
{
    char nonce[X8_NONCE_LEN + 1];
    struct prelude prelude = {.nonce = nonce, .text = command->text};
    X8_AUTO_BUF text = {0};
    int rc = x8_nonce_make(nonce, err);

    prelude.is_apart = !command->merge_errors;
    prelude.deadline = x8_deadline_min(op->deadline, x8_deadline_in(SHELL_UP_MS));
    if (rc == 0)
        rc = script_for(command, nonce, &text, err);
    if (rc == 0)
        rc = x8_ssh_exec(ssh, op, x8_buf_text(&text), NULL, &over->channel, err);
    if (rc == 0)
        rc = await_start(over, &prelude, op, err);
    x8_buf_done(&prelude.said[0]);
    x8_buf_done(&prelude.said[1]);
    /* With no input at all the channel's own stays open: its end means that the channel ended. */
    if (rc == 0 && over->input == X8_INPUT_COUNT && over->input_left == 0 && !over->in_lead)
        rc = x8_ssh_end_input(over->channel, op, err);
    return rc;
}

/* What is typed there is the person's: the text has no other way in. */
static int too_long(struct x8_error *err)
{
    x8_fail(err, X8_E_USAGE, "the command is too long for a terminal over ssh");
    x8_error_why(err, "%zu bytes are the most that every board takes", COMMAND_MAX);
    x8_error_next(err, "x8ctl push it as a file, and run that");
    return -X8_E_USAGE;
}

/* A person's shell, or a command at a terminal: what the server gives is what is wanted. */
static int bring_up_tty(struct x8_over_ssh *over, struct x8_ssh *ssh, const struct x8_op *op,
                        const struct x8_command *command, struct x8_error *err)
{
    const struct x8_ssh_terminal terminal = {command->rows, command->cols, command->term};
    X8_AUTO_BUF text = {0};

    if (!command->text)
        return x8_ssh_exec(ssh, op, NULL, &terminal, &over->channel, err);
    if (x8_over_ssh_script_tty(&text, command->text) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    if (text.len > COMMAND_MAX)
        return too_long(err);
    return x8_ssh_exec(ssh, op, x8_buf_text(&text), &terminal, &over->channel, err);
}

static int start(struct x8_ssh *ssh, const struct x8_op *op, const struct x8_command *command,
                 struct x8_channel **out, struct x8_error *err)
{
    struct x8_over_ssh *over = calloc(1, sizeof *over);
    int rc;

    if (!over)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    over->base.ops = &x8_over_ssh_ops;
    over->input = command->input;
    over->input_left = command->input == X8_INPUT_COUNT ? command->input_len : 0;
    over->in_lead = command->has_lead && command->input != X8_INPUT_TTY;
    rc = command->input == X8_INPUT_TTY ? bring_up_tty(over, ssh, op, command, err)
                                        : bring_up(over, ssh, op, command, err);
    if (rc != 0) {
        over->base.ops->close(&over->base);
        return rc;
    }
    *out = &over->base;
    return 0;
}

int x8_over_ssh_start(struct x8_session *base, const struct x8_op *op,
                      const struct x8_command *command, struct x8_channel **out,
                      struct x8_error *err)
{
    struct x8_ssh_session *session = X8_CONTAINER(base, struct x8_ssh_session, base);
    struct x8_ssh *ssh;
    int rc;

    if (!command->text && command->input != X8_INPUT_TTY)
        return x8_fail(err, X8_E_INTERNAL, "a login shell needs a terminal");
    rc = x8_line_take(session, op, &ssh, err);
    if (rc != 0)
        return rc;
    rc = start(ssh, op, command, out, err);
    x8_line_give(session, ssh);
    if (rc == 0)
        X8_CONTAINER(*out, struct x8_over_ssh, base)->session = session;
    return rc;
}
