/*
 * Starting a command on a daemon without shell_v2: up to three shells, each with a terminal that
 * the daemon gives it. They are opened one after the other without waiting for what they say, so
 * that they come up side by side; then the main one is told whose pipes to open, and answers with
 * its start mark.
 */
#include "session/over_adb_pty.h"
#include "session/over_adb_parts.h"
#include "session/run.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

/* The shells cannot reach each other; nobody was told yet. */
#define NO_WAY 1

typedef int script_fn(struct x8_buf *out, const struct x8_script *script);

static int open_lane(struct x8_pty *pty, const struct x8_op *op, const struct x8_script *script,
                     script_fn *text, struct x8_lane *lane, int64_t deadline, struct x8_error *err)
{
    X8_AUTO_BUF service = {0};

    if (text(&service, script) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    return x8_lane_open(lane, pty->session->adb, op, x8_buf_text(&service), deadline, err);
}

/* 1 when the text is too long for a service of this daemon, -1 without memory. */
static int is_too_long(struct x8_pty *pty, const struct x8_script *script, script_fn *text)
{
    X8_AUTO_BUF service = {0};

    if (text(&service, script) != 0)
        return -1;
    return service.len > x8_adb_service_max(pty->session->adb);
}

/* Write down the process of the shell behind `lane`, once it says so. */
static int add_process(struct x8_pty *pty, const struct x8_op *op, struct x8_lane *lane,
                       int64_t deadline, struct x8_buf *line, struct x8_error *err)
{
    struct x8_mark mark;
    int rc = 0;

    if (lane->stream)
        rc = x8_lane_await(lane, pty->nonce, op, deadline, "start", &mark, err);
    if (rc == 0 && x8_buf_addf(line, "%u ", lane->stream ? mark.value : 0) != 0)
        rc = x8_fail(err, X8_E_INTERNAL, "no memory");
    return rc;
}

/* Tell the main shell where the other two are. */
static int introduce(struct x8_pty *pty, const struct x8_op *op, int64_t deadline,
                     struct x8_error *err)
{
    X8_AUTO_BUF line = {0};
    int rc;

    if (pty->folder[0] || (!pty->errors.stream && !pty->feed.stream))
        return 0;
    rc = add_process(pty, op, &pty->errors, deadline, &line, err);
    if (rc == 0)
        rc = add_process(pty, op, &pty->feed, deadline, &line, err);
    if (rc != 0)
        return rc;
    line.data[line.len - 1] = '\n';
    return x8_adb_write(pty->out.stream, op, line.data, line.len, x8_wait_ms(deadline), err);
}

/* Up to the start mark; the text of the command is sent when it is asked for. */
static int await_start(struct x8_pty *pty, const struct x8_op *op, const char *text,
                       int64_t deadline, struct x8_error *err)
{
    struct x8_mark mark;

    for (;;) {
        int rc = x8_lane_await(&pty->out, pty->nonce, op, deadline, "start", &mark, err);

        if (rc == 0 && mark.kind == X8_MARK_SEND)
            rc = x8_adb_write(pty->out.stream, op, text, strlen(text), x8_wait_ms(deadline), err);
        if (rc != 0)
            return rc;
        if (mark.kind == X8_MARK_NO_WAY)
            return NO_WAY;
        if (mark.kind == X8_MARK_START) {
            pty->process = mark.value;
            return 0;
        }
    }
}

static int bring_up(struct x8_pty *pty, const struct x8_op *op, const struct x8_command *command,
                    struct x8_error *err)
{
    script_fn *text = command->input == X8_INPUT_TTY ? x8_script_tty : x8_script_main;
    struct x8_script script = {
        .command = command, .nonce = pty->nonce, .folder = pty->folder[0] ? pty->folder : NULL};
    int64_t deadline = x8_wait_until(op, X8_SHELL_UP_MS);
    int rc = 0;

    script.by_input = is_too_long(pty, &script, text);
    if (script.by_input < 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    if (command->input != X8_INPUT_TTY && !command->merge_errors)
        rc = open_lane(pty, op, &script, x8_script_errors, &pty->errors, deadline, err);
    if (rc == 0 && command->input == X8_INPUT_OPEN)
        rc = open_lane(pty, op, &script, x8_script_input, &pty->feed, deadline, err);
    if (rc == 0)
        rc = open_lane(pty, op, &script, text, &pty->out, deadline, err);
    if (rc == 0)
        rc = introduce(pty, op, deadline, err);
    if (rc == 0)
        rc = await_start(pty, op, command->text, deadline, err);
    return rc;
}

static int start_once(struct x8_adb_session *session, const struct x8_op *op,
                      const struct x8_command *command, const char *folder, struct x8_channel **out,
                      struct x8_error *err)
{
    struct x8_pty *pty = calloc(1, sizeof *pty);
    int rc;

    if (!pty)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    pty->base.ops = &x8_pty_ops;
    pty->session = session;
    x8_copy(pty->folder, sizeof pty->folder, folder);
    pty->input = command->input;
    pty->input_left = command->input == X8_INPUT_COUNT ? command->input_len : 0;
    pty->in_lead = command->has_lead;
    pty->status = X8_STATUS_UNKNOWN;
    pty->may_feed = 1;
    rc = x8_nonce_make(pty->nonce, err);
    if (rc == 0)
        rc = bring_up(pty, op, command, err);
    pty->errors.is_done = !pty->errors.stream;
    if (rc == 0)
        *out = &pty->base;
    else
        pty->base.ops->close(&pty->base);
    return rc;
}

/* A folder with named pipes on the board, made by a command that needs none. */
static int make_pipes(struct x8_adb_session *session, const struct x8_op *op, char *out, size_t cap,
                      struct x8_error *err)
{
    static const struct x8_command command = {
        .text = "d=$(mktemp -d /tmp/x8ctl.XXXXXXXX)&&mkfifo -m 600 $d/e $d/i&&printf %s $d",
        .merge_errors = 1};
    struct x8_channel *channel = NULL;
    X8_AUTO_RAN ran = {0};
    int rc = start_once(session, op, &command, "", &channel, err);

    if (rc == 0)
        rc = x8_run_channel(channel, op, NULL, 0, X8_SHELL_UP_MS, &ran, err);
    if (rc == 0 && (ran.status != 0 || !x8_starts(x8_buf_text(&ran.out), "/tmp/x8ctl.") ||
                    !x8_copy(out, cap, x8_buf_text(&ran.out))))
        rc = x8_run_explain("start", ran.status, x8_buf_text(&ran.out), err);
    return rc;
}

int x8_pty_start(struct x8_adb_session *session, const struct x8_op *op,
                 const struct x8_command *command, struct x8_channel **out, struct x8_error *err)
{
    char folder[sizeof((struct x8_pty *)0)->folder] = "";
    int rc = NO_WAY;

    if (!atomic_load(&session->has_no_proc))
        rc = start_once(session, op, command, "", out, err);
    if (rc != NO_WAY)
        return rc;
    atomic_store(&session->has_no_proc, 1);
    rc = 0;
    if (command->input == X8_INPUT_OPEN ||
        (command->input != X8_INPUT_TTY && !command->merge_errors))
        rc = make_pipes(session, op, folder, sizeof folder, err);
    if (rc == 0)
        rc = start_once(session, op, command, folder, out, err);
    return rc == NO_WAY
               ? x8_fail(err, X8_E_REFUSED, "start: one shell of the board cannot reach the other")
               : rc;
}
