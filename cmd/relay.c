/*
 * One thread reads stdin; the caller's thread reads the channel. The first ends when the second
 * has seen the command end.
 */
#include "relay.h"

#include "session/run.h"
#include "ui/rawtty.h"
#include "util/text.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE    65536
#define KEEP_MAX ((size_t)4 << 20)
#define HELD_MAX ((size_t)8 << 10)

/* So long a command may be silent before the board is asked whether it still is there, and so long
 * a loaded board may take to answer. */
#define QUIET_MS 5000
#define PING_MS  15000

struct relay {
    struct x8_job_on *job;
    struct x8_channel *channel;
    int wake[2]; /* a byte ends the reading of stdin */
    pthread_t feeder;
    int feeds;
    int keeps;
    struct x8_buf kept[2];  /* by enum x8_output */
    x8_relay_sink_fn *sink; /* of stdout, or NULL */
    struct x8_buf *held;    /* stderr until stdout says something, or NULL */
};

int x8_outputs_are_one(void)
{
    struct stat out, errors;

    return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &errors) == 0 &&
           out.st_dev == errors.st_dev && out.st_ino == errors.st_ino;
}

/* A loop over a list of boards (while read ...; do x8ctl exec ...) feeds its list to every command;
 * ssh does the same, and people know `</dev/null` against it. */
enum x8_stdin x8_stdin_kind(int want_terminal)
{
    struct stat in, null;

    if (fstat(STDIN_FILENO, &in) != 0)
        return X8_STDIN_NONE;
    if (isatty(STDIN_FILENO))
        return want_terminal ? X8_STDIN_TERMINAL : X8_STDIN_NONE;
    if (S_ISCHR(in.st_mode) && stat("/dev/null", &null) == 0 && in.st_rdev == null.st_rdev)
        return X8_STDIN_NONE;
    return X8_STDIN_STREAM;
}

int x8_quote_all(struct x8_buf *out, char *const *argv, int argc)
{
    for (int i = 0; i < argc; i++)
        if ((i > 0 && x8_buf_add(out, " ", 1) < 0) || x8_quote(out, argv[i]) < 0)
            return -1;
    return 0;
}

static void pass_size(struct relay *r)
{
    unsigned rows, cols;

    if (x8_rawtty_size(&rows, &cols))
        (void)x8_channel_resize(r->channel, &r->job->op, rows, cols, NULL);
}

/* The end of stdin, or of the command's interest in it. */
static void *feed(void *arg)
{
    struct relay *r = arg;
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = r->wake[0], .events = POLLIN}};
    char *piece = malloc(PIECE);
    ssize_t n = piece ? 1 : 0;

    while (n > 0) {
        if (x8_rawtty_wait(fds, 2) < 0) /* a new window size interrupts it */
            pass_size(r);
        else if (fds[1].revents)
            break;
        else if (fds[0].revents) {
            n = read(STDIN_FILENO, piece, PIECE);
            if (n < 0 && (errno == EINTR || errno == EAGAIN))
                n = 1;
            else if (n > 0 &&
                     x8_channel_write(r->channel, &r->job->op, piece, (size_t)n, -1, NULL) < 0)
                break;
            else if (n <= 0)
                (void)x8_channel_end_input(r->channel, &r->job->op, NULL);
        }
    }
    free(piece);
    return NULL;
}

static int start_feeding(struct relay *r, enum x8_stdin input, struct x8_error *err)
{
    if (input == X8_STDIN_NONE)
        return 0;
    if (pipe(r->wake) != 0)
        return x8_fail_open_files(err, errno, "no pipe can be made");
    if (pthread_create(&r->feeder, NULL, feed, r) != 0)
        return x8_fail(err, X8_E_INTERNAL, "no thread can be started");
    r->feeds = 1;
    return 0;
}

static void stop_feeding(struct relay *r)
{
    if (r->feeds) {
        ssize_t told = write(r->wake[1], "", 1);

        (void)told; /* an empty pipe takes a byte */
        x8_channel_shut(r->channel);
        pthread_join(r->feeder, NULL);
    }
    if (r->wake[1] > 0) {
        close(r->wake[0]);
        close(r->wake[1]);
    }
}

static void let_go(struct relay *r)
{
    if (r->held && r->held->len > 0)
        x8_job_print(r->job, 1, r->held->data, r->held->len);
    if (r->held)
        x8_buf_done(r->held);
    r->held = NULL;
}

/* What is kept goes into the result when the command has ended. */
static int give(struct relay *r, enum x8_output which, const char *bytes, size_t len,
                struct x8_error *err)
{
    struct x8_buf *kept = &r->kept[which];

    if (r->held && which == X8_STDERR && r->held->len + len <= HELD_MAX)
        return x8_buf_add(r->held, bytes, len) == 0
                   ? 0
                   : x8_fail(err, X8_E_INTERNAL, "not enough memory");
    let_go(r);
    if (r->sink && which == X8_STDOUT)
        return r->sink(r->job, bytes, len, err);
    if (!r->keeps) {
        x8_job_print(r->job, which == X8_STDERR, bytes, len);
        return 0;
    }
    if (kept->len + len > KEEP_MAX)
        return x8_fail(err, X8_E_REFUSED, "the command says more than %zu MiB, too much for --json",
                       KEEP_MAX >> 20);
    if (x8_buf_add(kept, bytes, len) < 0)
        return x8_fail(err, X8_E_INTERNAL, "not enough memory");
    return 0;
}

static void finish_output(struct relay *r)
{
    static const char *const keys[] = {"stdout", "stderr"};

    for (int i = 0; i < 2; i++) {
        if (r->keeps)
            x8_json_str(r->job->result, keys[i], x8_buf_text(&r->kept[i]));
        x8_buf_done(&r->kept[i]);
    }
}

static int take_output(struct relay *r, struct x8_error *err)
{
    char *piece = malloc(PIECE);
    int rc = piece ? 0 : x8_fail(err, X8_E_INTERNAL, "not enough memory");

    while (rc == 0) {
        enum x8_output which = X8_STDOUT;
        ssize_t n = x8_channel_read(r->channel, &r->job->op, &which, piece, PIECE, QUIET_MS, err);

        if (n == 0)
            break;
        if (n == -X8_E_TIMEOUT)
            rc = x8_session_ping(r->job->session, &r->job->op, PING_MS, err);
        else
            rc = n < 0 ? (int)n : give(r, which, piece, (size_t)n, err);
    }
    free(piece);
    return rc;
}

static void stop_channel(void *ctx, enum x8_cancel_level level)
{
    (void)level;
    x8_channel_shut(ctx);
}

/* A command has no safe point to wait for: the first request to stop hangs it up, as does a reader
 * of stdout who went away. */
static int relay_until_stopped(struct relay *r, enum x8_stdin input, struct x8_error *err)
{
    struct x8_waker waker = {.wake = stop_channel, .ctx = r->channel};
    struct x8_cancel *cancel = r->job->op.cancel;
    int rc, stopped;

    x8_cancel_watch(cancel, &waker);
    rc = start_feeding(r, input, err);
    if (rc == 0)
        rc = take_output(r, err);
    stop_feeding(r);
    x8_cancel_unwatch(cancel, &waker);
    stopped = rc < 0 ? x8_cancel_check(cancel, X8_CANCEL_SOFT, err) : 0;
    return stopped < 0 ? stopped : rc;
}

/* Who types `systemctl reboot` sees the link end too: that is no fault of a cable. */
static int link_ended(const struct x8_job_on *job, int rc, struct x8_error *err)
{
    static const char known[] = "outcome unknown: ";
    struct x8_error lower = *err;
    size_t skip = x8_starts(lower.msg, known) ? sizeof known - 1 : 0;
    int is_ssh = x8_starts(job->session->via, "ssh ");

    x8_fail(err, x8_code_of(rc), "%s: the link ended before the command's exit status came",
            job->op.board);
    x8_error_why(err,
                 "the board or its %s restarted, or it lost its %s or power; the outcome is "
                 "unknown (%.300s)",
                 is_ssh ? "ssh server" : "adb daemon", is_ssh ? "network" : "cable",
                 lower.msg + skip);
    x8_error_next(err, "x8ctl wait --state linux    then look before you run it again");
    return rc;
}

static int relay(struct relay *r, enum x8_stdin input, int *out_status, struct x8_error *err)
{
    struct x8_job_on *job = r->job;
    int rc = relay_until_stopped(r, input, err);

    finish_output(r);
    if (rc == -X8_E_GONE || rc == -X8_E_LINK)
        return link_ended(job, rc, err);
    if (rc < 0)
        return rc;
    *out_status = x8_channel_status(r->channel);
    if (*out_status != X8_STATUS_UNKNOWN)
        return 0;
    rc = x8_fail(err, X8_E_GONE, "%s: the command's exit status did not come", job->op.board);
    x8_error_why(err, "the link or the board's shell ended first; the outcome is unknown, and the "
                      "command may still run");
    x8_error_next(err, "x8ctl list    shows whether the board is there; look before you run it "
                       "again");
    return rc;
}

int x8_relay(struct x8_job_on *job, struct x8_channel *channel, enum x8_stdin input, int keep,
             int *out_status, struct x8_error *err)
{
    struct relay r = {.job = job, .channel = channel, .keeps = keep};

    return relay(&r, input, out_status, err);
}

int x8_relay_held(struct x8_job_on *job, struct x8_channel *channel, struct x8_buf *held,
                  x8_relay_sink_fn *sink, int *out_status, struct x8_error *err)
{
    struct relay r = {.job = job, .channel = channel, .held = held, .sink = sink};
    int rc = relay(&r, X8_STDIN_NONE, out_status, err);

    if (rc < 0 || *out_status == 0)
        let_go(&r);
    return rc;
}

static struct x8_command command_of(const struct x8_job_on *job, const struct x8_remote *remote)
{
    int is_alone = job->count == 1 && !job->ctx->globals->json;
    struct x8_command command = {
        .text = remote->text,
        .input = remote->tty                      ? X8_INPUT_TTY
                 : remote->input == X8_STDIN_NONE ? X8_INPUT_NONE
                                                  : X8_INPUT_OPEN,
        .merge_errors = is_alone && x8_outputs_are_one(),
        .ends_at_soft = 1,
        .term = remote->tty ? x8_env_for_script(NULL, "TERM") : NULL,
    };

    if (remote->tty && !x8_rawtty_size(&command.rows, &command.cols))
        command.rows = command.cols = 0;
    return command;
}

/* The command may have begun, and the board's word of that was lost or not waited for. */
static int not_started(int rc, struct x8_error *err)
{
    struct x8_error lower = *err;
    int is_stop = rc == -X8_E_STOPPED || rc == -X8_E_TERMINATED;

    if (is_stop || rc == -X8_E_GONE || rc == -X8_E_LINK || rc == -X8_E_TIMEOUT)
        x8_error_why(err, "%.400s; whether the command began is unknown",
                     lower.why[0] ? lower.why : "no word of it came");
    if (is_stop)
        x8_error_next(err, "look on the board before you run it again");
    return rc;
}

int x8_relay_command(struct x8_job_on *job, const struct x8_remote *remote, struct x8_error *err)
{
    struct x8_command command = command_of(job, remote);
    X8_AUTO_CHANNEL channel = NULL;
    int status = X8_STATUS_UNKNOWN, rc = remote->root ? x8_job_root(job, err) : 0;

    if (rc == 0) /* what has not begun for certain is not to be called unknown */
        rc = x8_cancel_check(job->op.cancel, X8_CANCEL_SOFT, err);
    if (rc < 0)
        return rc;
    rc = x8_start_as(job->session, &job->op, remote->root ? &job->root : NULL, &command, &channel,
                     err);
    if (rc < 0)
        return not_started(rc, err);
    if (remote->tty)
        rc = x8_rawtty_enter(err);
    if (rc == 0)
        rc = x8_relay(job, channel, remote->tty ? X8_STDIN_TERMINAL : remote->input,
                      job->ctx->globals->json, &status, err);
    if (remote->tty)
        x8_rawtty_leave();
    if (rc < 0)
        return rc;
    x8_json_num(job->result, "status", status);
    return status;
}
