/*
 * Starting a command as root. sudo gets a mark as its prompt: the password is sent when and only
 * when sudo asks, and a second prompt means that the first answer was wrong. Once past sudo, the
 * shell prints another mark on both its streams, waits for a line, and prints a third: what is
 * written from then on is the command's input, and what stderr says behind the second is the
 * command's.
 */
#include "session/root.h"
#include "session/sentinel.h"

#include <string.h>

#define READY_MS   20000
#define PING_MS    5000
#define SAID_MAX   ((size_t)64 << 10) /* it is searched again at every line */
#define ASKS_MARK  '?'
#define READY_MARK 'r'

struct start {
    const struct x8_root *root;
    const struct x8_command *command;
    char nonce[X8_NONCE_LEN + 1];
    struct x8_channel *channel;
    struct x8_buf said[2]; /* stdout and stderr up to the command */
    size_t marks_seen[2];  /* how far they were searched */
    int is_ready[2];       /* the mark after sudo was seen there */
    int was_asked;
};

static int is_apart(const struct start *start)
{
    return !start->command->merge_errors && start->command->input != X8_INPUT_TTY;
}

static int add(struct x8_buf *out, const char *text)
{
    return x8_buf_add(out, text, strlen(text));
}

/* What root's shell runs. */
static int add_inner(struct x8_buf *out, const struct start *start)
{
    const struct x8_command *command = start->command;
    int asks = start->root->way != X8_ROOT_FREE, tty = command->input == X8_INPUT_TTY;

    if (asks && is_apart(start) &&
        x8_buf_addf(out, "printf '\\036X8%%s%c;' %s >&2;", READY_MARK, start->nonce) != 0)
        return -1;
    if (asks && !tty &&
        x8_buf_addf(out, "printf '\\036X8%%s%c;' %s;IFS= read -r x;unset x;", READY_MARK,
                    start->nonce) != 0)
        return -1;
    if (asks && x8_buf_addf(out, "printf '\\036X8%%s%c;' %s;", X8_MARK_START, start->nonce) != 0)
        return -1;
    if (asks && command->input == X8_INPUT_NONE && add(out, "exec </dev/null;") != 0)
        return -1;
    if (!command->text)
        return add(out, "resize(){ unset -f resize;};export -f resize;cd;exec -l bash");
    return add(out, "\n") == 0 ? add(out, command->text) : -1;
}

/* The text for the session's user. */
static int add_outer(struct x8_buf *out, const struct start *start)
{
    X8_AUTO_BUF inner = {0};
    int rc;

    if (add_inner(&inner, start) != 0)
        return -1;
    if (start->root->way == X8_ROOT_FREE)
        rc = add(out, "exec sudo -H -n -- bash -c ");
    else
        rc = x8_buf_addf(out, "exec sudo -H -S -p $'\\036X8%s%c;' -- bash -c ", start->nonce,
                         ASKS_MARK);
    return rc == 0 ? x8_quote(out, x8_buf_text(&inner)) : -1;
}

static int open_channel(struct start *start, struct x8_session *session, const struct x8_op *op,
                        struct x8_error *err)
{
    struct x8_command outer = *start->command;
    X8_AUTO_BUF text = {0};

    if (add_outer(&text, start) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    outer.text = x8_buf_text(&text);
    outer.has_lead = start->root->way != X8_ROOT_FREE && outer.input != X8_INPUT_TTY;
    return x8_start(session, op, &outer, &start->channel, err);
}

/* The password, or nothing, and a line end. */
static int write_password(struct start *start, const struct x8_op *op, struct x8_error *err)
{
    struct x8_secret line = {0};
    size_t len = 0;
    int rc;

    if (start->root->way == X8_ROOT_PASSWORD)
        len = strnlen(start->root->secret.text, sizeof line.text - 1);
    memcpy(line.text, start->root->secret.text, len);
    line.text[len] = '\n';
    rc = x8_channel_write(start->channel, op, line.text, len + 1, READY_MS, err);
    x8_secret_wipe(&line);
    return rc;
}

static int wrong_password(struct x8_error *err)
{
    x8_fail(err, X8_E_AUTH, "the board did not accept the password");
    x8_error_why(err, "sudo on the board refused it; it was tried once, not again");
    x8_error_next(err, "run the command again with the right one: at the prompt, or "
                       "--password-file FILE");
    return -X8_E_AUTH;
}

static int expired(struct x8_error *err)
{
    x8_fail(err, X8_E_AUTH, "the password of the board's user has expired");
    x8_error_why(err, "images 844 to 861 want a new one at the first login, and sudo refuses "
                      "until then");
    x8_error_next(err, "set a new one:  x8ctl setup");
    return -X8_E_AUTH;
}

/* sudo asks. */
static int answer(struct start *start, const struct x8_op *op, struct x8_error *err)
{
    if (start->was_asked)
        return wrong_password(err);
    start->was_asked = 1;
    return write_password(start, op, err);
}

/* Past sudo. The streams come side by side: only when both have said so is sudo's talk over. */
static int ready(struct start *start, enum x8_output which, const struct x8_op *op,
                 struct x8_error *err)
{
    start->is_ready[which] = 1;
    if (is_apart(start) && !(start->is_ready[X8_STDOUT] && start->is_ready[X8_STDERR]))
        return 0;
    return x8_channel_begin(start->channel, op, err);
}

/* The command runs; what it said on stderr meanwhile is given back. */
static int begun(struct start *start, struct x8_error *err)
{
    const struct x8_buf *errors = &start->said[X8_STDERR];
    size_t seen = start->marks_seen[X8_STDERR];

    if (is_apart(start) && errors->len > seen &&
        x8_channel_unread(start->channel, errors->data + seen, errors->len - seen) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    return 1;
}

/* Look at what came. 1: the command is about to run. */
static int look(struct start *start, enum x8_output which, const struct x8_op *op,
                struct x8_error *err)
{
    struct x8_buf *said = &start->said[which];
    size_t *seen = &start->marks_seen[which];
    struct x8_mark mark;

    if (strstr(x8_buf_text(said), "password is expired"))
        return expired(err);
    if (!x8_mark_find(start->nonce, said->data + *seen, said->len - *seen, &mark))
        return 0;
    *seen += mark.at + mark.len;
    if (mark.kind == X8_MARK_START)
        return begun(start, err);
    return mark.kind == ASKS_MARK ? answer(start, op, err) : ready(start, which, op, err);
}

/* The shell is gone before it said that it is root. */
static int refused(struct start *start, struct x8_error *err)
{
    const struct x8_buf *said =
        &start->said[start->said[X8_STDERR].len > 0 ? X8_STDERR : X8_STDOUT];
    int status = x8_channel_status(start->channel);

    if (status == X8_STATUS_UNKNOWN)
        return x8_fail(err, X8_E_GONE, "sudo on the board ended without a status");
    if (strstr(x8_buf_text(said), "try again") || strstr(x8_buf_text(said), "incorrect password"))
        return wrong_password(err);
    return x8_run_explain("sudo", status, x8_buf_text(said), err);
}

/* A daemon that was started again is as silent as a sudo that hangs. */
static int silent(struct x8_session *session, const struct x8_op *op, struct x8_error *err)
{
    struct x8_error gone;

    if (x8_session_ping(session, op, PING_MS, &gone) != -X8_E_GONE)
        return x8_fail(err, X8_E_TIMEOUT, "sudo on the board did not answer in time");
    if (err)
        *err = gone;
    x8_error_prefix(err, "the link ended while sudo was awaited, the outcome is unknown");
    return -X8_E_GONE;
}

/* Read byte by byte, so that nothing of the command's own output is taken. */
static int await_root(struct start *start, struct x8_session *session, const struct x8_op *op,
                      struct x8_error *err)
{
    int64_t deadline = x8_deadline_min(op->deadline, x8_deadline_in(READY_MS));

    for (;;) {
        enum x8_output which = X8_STDOUT;
        uint8_t byte;
        int rc, left = x8_deadline_left(deadline, READY_MS);
        /* Reading what is there takes no time, so a board that talks without end is not waited for
         * either. */
        ssize_t n = left == 0 ? -X8_E_TIMEOUT
                              : x8_channel_read(start->channel, op, &which, &byte, 1, left, err);

        if (n == 0)
            return refused(start, err);
        if (n == -X8_E_TIMEOUT)
            return silent(session, op, err);
        if (n < 0)
            return (int)n;
        if (start->said[which].len >= SAID_MAX)
            return x8_fail(err, X8_E_AUTH, "sudo on the board talks without end");
        if (x8_buf_add(&start->said[which], &byte, 1) != 0)
            return x8_fail(err, X8_E_INTERNAL, "no memory");
        rc = byte == ';' || byte == '\n' ? look(start, which, op, err) : 0;
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
}

static int start_with_sudo(struct start *start, struct x8_session *session, const struct x8_op *op,
                           struct x8_error *err)
{
    int rc = x8_nonce_make(start->nonce, err);

    if (rc == 0)
        rc = open_channel(start, session, op, err);
    if (rc == 0 && start->root->way != X8_ROOT_FREE)
        rc = await_root(start, session, op, err);
    if (rc != 0)
        x8_channel_close(&start->channel);
    x8_buf_done(&start->said[X8_STDOUT]);
    x8_buf_done(&start->said[X8_STDERR]);
    return rc;
}

int x8_start_as(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                const struct x8_command *command, struct x8_channel **out, struct x8_error *err)
{
    struct start start = {.root = root, .command = command};
    struct x8_haste haste = {0};
    struct x8_op own = *op;
    int rc;

    if (!root || root->way == X8_ROOT_IS_ROOT)
        return x8_start(session, op, command, out, err);
    if (root->way == X8_ROOT_NONE)
        return x8_fail(err, X8_E_AUTH, "root on the board is not possible");
    if (root->way == X8_ROOT_PASSWORD && strpbrk(root->secret.text, "\r\n"))
        return x8_fail(err, X8_E_USAGE, "the password has a line end in it");
    if (command->ends_at_soft)
        own.cancel = x8_haste_begin(&haste, op->cancel);
    rc = start_with_sudo(&start, session, &own, err);
    x8_haste_end(&haste);
    if (rc == 0)
        *out = start.channel;
    return rc;
}
