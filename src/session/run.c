/*
 * Commands that answer with text: started, read to the end, their status kept.
 */
#include "session/run.h"

#include <pthread.h>
#include <string.h>

/* Input up to this length fits into what lies between here and any command (a terminal's buffer
 * takes 64 KiB), so that writing it cannot wait for somebody to read the answer. */
#define QUIET_INPUT ((size_t)16 << 10)

struct run {
    struct x8_channel *channel;
    const struct x8_op *op;
    int64_t deadline;
    struct x8_ran *ran;
    const uint8_t *input;
    size_t input_len;
    int has_writer;
    pthread_t writer;
};

void x8_ran_done(struct x8_ran *ran)
{
    x8_buf_done(&ran->out);
    x8_buf_done(&ran->errors);
}

/* A command that is waited for ends at the first request to stop, not at the second. */
static void stop_channel(void *ctx, enum x8_cancel_level level)
{
    (void)level;
    x8_channel_shut(ctx);
}

static int left_ms(const struct run *run)
{
    return run->deadline == X8_NO_DEADLINE ? -1 : x8_deadline_left(run->deadline, INT32_MAX);
}

/* What failed to be written is of no matter: the command's status tells. */
static void *write_input(void *ctx)
{
    struct run *run = ctx;
    struct x8_error ignored;

    if (x8_channel_write(run->channel, run->op, run->input, run->input_len, left_ms(run),
                         &ignored) != 0)
        return NULL;
    return NULL;
}

static int add_output(struct run *run, enum x8_output which, const void *data, size_t len,
                      struct x8_error *err)
{
    struct x8_buf *to = which == X8_STDERR ? &run->ran->errors : &run->ran->out;

    if (to->len + len > X8_RUN_TEXT_MAX) {
        x8_fail(err, X8_E_REFUSED, "the board said more than %zu MiB", X8_RUN_TEXT_MAX >> 20);
        return -X8_E_REFUSED;
    }
    return x8_buf_add(to, data, len) == 0 ? 0 : x8_fail(err, X8_E_INTERNAL, "no memory");
}

static int read_output(struct run *run, struct x8_error *err)
{
    uint8_t piece[4096];

    for (;;) {
        enum x8_output which = X8_STDOUT;
        ssize_t n =
            x8_channel_read(run->channel, run->op, &which, piece, sizeof piece, left_ms(run), err);
        int rc = n > 0 ? add_output(run, which, piece, (size_t)n, err) : (int)n;

        if (n <= 0 || rc != 0)
            return rc;
    }
}

static int feed_and_read(struct run *run, struct x8_error *err)
{
    int rc;

    if (run->input_len > QUIET_INPUT)
        run->has_writer = pthread_create(&run->writer, NULL, write_input, run) == 0;
    if (run->input_len > 0 && !run->has_writer)
        write_input(run);
    rc = read_output(run, err);
    if (run->has_writer) {
        /* The output has ended or will not be read: nobody waits for more input. */
        x8_channel_shut(run->channel);
        pthread_join(run->writer, NULL);
    }
    return rc;
}

static int finish(struct run *run, int rc, int timeout_ms, struct x8_error *err)
{
    int status = x8_channel_status(run->channel);
    struct x8_error stopped;

    if (rc < 0 && x8_cancel_check(run->op->cancel, X8_CANCEL_SOFT, &stopped) != 0) {
        *err = stopped;
        return -(int)stopped.code;
    }
    if (rc == -X8_E_TIMEOUT) {
        x8_fail(err, X8_E_TIMEOUT, "a command did not end within %d s", timeout_ms / 1000);
        x8_error_why(err, "the link is up, the command on the board still runs; it was hung up");
    }
    if (rc < 0)
        return rc;
    if (status == X8_STATUS_UNKNOWN) {
        x8_fail(err, X8_E_GONE, "a command on the board ended without a status: outcome unknown");
        x8_error_why(err, "its shell was killed, or the board's server that ran it ended");
        return -X8_E_GONE;
    }
    run->ran->status = status;
    return 0;
}

static int run_started(struct run *run, int timeout_ms, struct x8_error *err)
{
    struct x8_waker waker = {.wake = stop_channel, .ctx = run->channel};
    struct x8_error inner = {0};
    int rc;

    if (run->op->cancel)
        x8_cancel_watch(run->op->cancel, &waker);
    rc = feed_and_read(run, &inner);
    if (run->op->cancel)
        x8_cancel_unwatch(run->op->cancel, &waker);
    rc = finish(run, rc, timeout_ms, &inner);
    x8_channel_close(&run->channel);
    if (rc != 0 && err)
        *err = inner;
    return rc;
}

int x8_run_channel(struct x8_channel *channel, const struct x8_op *op, const void *input,
                   size_t len, int timeout_ms, struct x8_ran *out, struct x8_error *err)
{
    struct run run = {.channel = channel, .op = op, .ran = out, .input = input, .input_len = len};

    run.deadline = x8_deadline_min(op->deadline, x8_deadline_in(timeout_ms));
    out->out.len = out->errors.len = 0;
    return run_started(&run, timeout_ms, err);
}

int x8_run_input(struct x8_session *session, const struct x8_op *op, const char *text,
                 const void *input, size_t len, int timeout_ms, struct x8_ran *out,
                 struct x8_error *err)
{
    struct x8_command command = {.text = text,
                                 .input = len > 0 ? X8_INPUT_COUNT : X8_INPUT_NONE,
                                 .input_len = len,
                                 .ends_at_soft = 1};
    struct x8_channel *channel = NULL;
    int rc = x8_start(session, op, &command, &channel, err);

    return rc == 0 ? x8_run_channel(channel, op, input, len, timeout_ms, out, err) : rc;
}

int x8_run(struct x8_session *session, const struct x8_op *op, const char *text, int timeout_ms,
           struct x8_ran *out, struct x8_error *err)
{
    return x8_run_input(session, op, text, NULL, 0, timeout_ms, out, err);
}

int x8_run_result(const char *what, struct x8_ran *ran, struct x8_buf *out, struct x8_error *err)
{
    if (ran->status != 0)
        return x8_run_explain(what, ran->status, x8_buf_text(&ran->errors), err);
    if (!out)
        return 0;
    x8_buf_done(out);
    *out = ran->out;
    ran->out = (struct x8_buf){0};
    return 0;
}

int x8_run_ok(struct x8_session *session, const struct x8_op *op, const char *what,
              const char *text, int timeout_ms, struct x8_buf *out, struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    int rc = x8_run(session, op, text, timeout_ms, &ran, err);

    if (rc == 0)
        return x8_run_result(what, &ran, out, err);
    x8_error_prefix(err, "%s", what);
    return rc;
}
