/*
 * x8ctl exec: a command on the board, with its own exit status, stdout and stderr.
 */
#include "relay.h"

#include "session/run.h"

#include <unistd.h>

static struct {
    int root, tty, no_stdin;
    const char *in;
} opt;

static const struct x8_opt opts[] = {
    {.name = "root", .kind = X8_OPT_FLAG, .value = &opt.root, .help = "run it as root, by sudo"},
    {.name = "tty",
     .kind = X8_OPT_FLAG,
     .value = &opt.tty,
     .help = "give it a terminal: for top, vi and questions; stderr is merged then"},
    {.name = "in",
     .kind = X8_OPT_STRING,
     .value = &opt.in,
     .arg = "DIR",
     .help = "run it in this folder of the board"},
    {.name = "no-stdin",
     .kind = X8_OPT_FLAG,
     .value = &opt.no_stdin,
     .help = "do not read stdin, as in a loop that reads a list"},
    {0},
};

/* The text for the board's shell; each operand is one word there, whatever it holds. */
static int command_text(const struct x8_ctx *ctx, struct x8_buf *out, struct x8_error *err)
{
    int failed = 0;

    if (opt.in)
        failed = x8_buf_addf(out, "cd -- ") < 0 || x8_quote(out, opt.in) < 0 ||
                 x8_buf_addf(out, " || exit 126; ") < 0;
    if (failed || x8_quote_all(out, ctx->argv, ctx->argc) < 0)
        return x8_fail(err, X8_E_INTERNAL, "not enough memory");
    return 0;
}

static int work(struct x8_job_on *job, struct x8_error *err)
{
    int is_alone = job->count == 1 && !job->ctx->globals->json;
    struct x8_remote remote = {
        .text = job->user,
        .root = opt.root,
        .tty = opt.tty && is_alone && isatty(STDIN_FILENO),
    };

    remote.input = opt.no_stdin || job->count > 1 ? X8_STDIN_NONE : x8_stdin_kind(remote.tty);
    return x8_relay_command(job, &remote, err);
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    struct x8_job_plan plan = {.work = work, .needs_linux = 1};
    int rc;

    if (ctx->argc == 0) {
        x8_fail(err, X8_E_USAGE, "exec needs a command");
        x8_error_next(err, "x8ctl exec -- uname -a");
        return -X8_E_USAGE;
    }
    if (opt.tty && !isatty(STDIN_FILENO)) {
        x8_fail(err, X8_E_USAGE, "--tty needs a terminal on stdin");
        x8_error_why(err, "stdin comes from a file, a pipe or nowhere");
        x8_error_next(err, "leave --tty away");
        return -X8_E_USAGE;
    }
    rc = command_text(ctx, &text, err);
    plan.user = text.data;
    if (rc == 0)
        rc = x8_run_on_boards(ctx, &plan, err);
    return rc;
}

static const struct x8_example examples[] = {
    {"x8ctl exec -- uname -a", "one command; its exit status is x8ctl's"},
    {"x8ctl exec -- sh -c 'df -h /var | tail -1; exit 3'", "a line for a shell on the board"},
    {"x8ctl exec --root -- journalctl -n 20", "as root"},
    {"tar c src | x8ctl exec --in /var/local -- tar x", "stdin goes to the command"},
    {"x8ctl exec --all -- uptime", "on every running board, lines prefixed with its name"},
    {NULL, NULL},
};
static const unsigned char exits[] = {X8_E_SOME_FAILED, X8_E_STOPPED, X8_E_TERMINATED, 0};

const struct x8_cmd x8_cmd_exec = {
    .name = "exec",
    .group = "run",
    .summary = "run a command on a running board, with its true exit status",
    .usage = "-- COMMAND [ARGUMENT...]",
    .description =
        "Runs a command on the board. Each operand is one argument there; what the\n"
        "board's shell should interpret is given to a shell: exec -- sh -c '...'.\n"
        "stdout and stderr stay apart, also on the X8's ADB daemon, which by itself\n"
        "merges them and loses the exit status.\n\n"
        "The command's exit status (0 to 254) is that of x8ctl. When x8ctl itself fails\n"
        "its exit status is 255, and its own code is in the message and in --json. A\n"
        "status that did not come, because the link broke, is never taken for success.\n"
        "Several boards with the same status give that one, else 50.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl shell, x8ctl push",
    .logged = "",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP | X8_STATUS_IS_REMOTE,
    .run = run,
};
