/*
 * x8ctl shell: an interactive shell on the board, or one line for it.
 */
#include "relay.h"

#include <unistd.h>

static struct {
    int root;
    const char *command;
} opt;

static const struct x8_opt opts[] = {
    {.name = "root", .kind = X8_OPT_FLAG, .value = &opt.root, .help = "a shell of root, by sudo"},
    {.name = "command",
     .letter = 'c',
     .kind = X8_OPT_STRING,
     .value = &opt.command,
     .arg = "LINE",
     .help = "run this line in the board's shell and end"},
    {0},
};

/* With a terminal on both sides it is given one on the board; else stdin is a script, or input. */
static int work(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_remote remote = {
        .root = opt.root,
        .tty = job->count == 1 && !job->ctx->globals->json && isatty(STDIN_FILENO) &&
               isatty(STDOUT_FILENO),
    };

    remote.text = opt.command ? opt.command : remote.tty ? NULL : "exec bash";
    remote.input = job->count > 1 ? X8_STDIN_NONE : x8_stdin_kind(remote.tty);
    return x8_relay_command(job, &remote, err);
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = work, .needs_linux = 1, .one_only = opt.command == NULL};

    if (ctx->argc > 0) {
        x8_fail(err, X8_E_USAGE, "shell takes no operand, not '%s'", ctx->argv[0]);
        x8_error_why(err, "what stands behind the word would be a command");
        x8_error_next(err, "x8ctl exec -- %s ...    or    x8ctl shell -c '%s ...'", ctx->argv[0],
                      ctx->argv[0]);
        return -X8_E_USAGE;
    }
    if (!opt.command && x8_stdin_kind(1) == X8_STDIN_NONE) {
        x8_fail(err, X8_E_USAGE, "shell has no terminal and no input to read");
        x8_error_why(err, "stdin is closed, or empty from the start");
        x8_error_next(err, "x8ctl exec -- COMMAND    or    x8ctl shell -c LINE");
        return -X8_E_USAGE;
    }
    return x8_run_on_boards(ctx, &plan, err);
}

static const struct x8_example examples[] = {
    {"x8ctl shell", "a shell on the only board"},
    {"x8ctl shell --root -s fad9", "root's shell on the board whose serial number ends so"},
    {"x8ctl shell -c 'uptime; df -h /var'", "one line, then end"},
    {"x8ctl shell < script.sh", "a script; its exit status is x8ctl's"},
    {NULL, NULL},
};
static const unsigned char exits[] = {X8_E_SOME_FAILED, X8_E_STOPPED, X8_E_TERMINATED, 0};

const struct x8_cmd x8_cmd_shell = {
    .name = "shell",
    .group = "run",
    .summary = "open a shell on a running board",
    .usage = "",
    .description =
        "Opens the shell of the board's user. At a terminal every key goes to the board,\n"
        "Ctrl-C too; `exit` or Ctrl-D ends it, and the size of the window is passed on.\n"
        "Without a terminal stdin is a script. The shell's exit status (0 to 254) is\n"
        "that of x8ctl; 255 means that x8ctl itself failed.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl exec",
    .logged = "",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP | X8_STATUS_IS_REMOTE,
    .run = run,
};
