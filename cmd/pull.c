/*
 * x8ctl pull: files and folders from the board.
 */
#include "copy.h"
#include "streams.h"

#include <string.h>

static struct {
    int root;
} opt;

static const struct x8_opt opts[] = {
    {.name = "root", .kind = X8_OPT_FLAG, .value = &opt.root, .help = "read as root, by sudo"},
    {0},
};

static int work(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_ctx *ctx = job->ctx;
    struct x8_stdout_sink sink;
    size_t sources = ctx->argc > 1 ? (size_t)ctx->argc - 1 : 1;
    struct x8_transfer transfer = {
        .sources = (const char *const *)ctx->argv,
        .source_count = sources,
        .target = ctx->argc > 1 ? ctx->argv[sources] : ".",
        .dry_run = ctx->globals->dry_run,
    };
    struct x8_transferred done = {0};
    int rc = opt.root ? x8_job_root(job, err) : 0;

    x8_stdout_sink_init(&sink, ctx->ui, job->op.cancel);
    transfer.root = opt.root ? &job->root : NULL;
    if (rc == 0 && strcmp(transfer.target, "-") == 0)
        rc = x8_pull_stream(job->session, &job->op, &transfer, &sink.sink, &done, err);
    else if (rc == 0)
        rc = x8_pull(job->session, &job->op, &transfer, &done, err);
    if (rc == 0)
        x8_copy_report(job, &done, "received");
    else if (sink.failed_errno)
        ctx->stdout_errno = sink.failed_errno;
    return rc;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = work, .needs_linux = 1, .one_only = 1};
    int to_stdout = ctx->argc > 1 && strcmp(ctx->argv[ctx->argc - 1], "-") == 0;

    if (ctx->argc == 0) {
        x8_fail(err, X8_E_USAGE, "pull needs what to fetch");
        x8_error_next(err, "x8ctl pull /etc/os-release .");
        return -X8_E_USAGE;
    }
    if (to_stdout && (ctx->argc > 2 || ctx->globals->json)) {
        x8_fail(err, X8_E_USAGE, "stdout (-) takes one file%s",
                ctx->globals->json ? ", and no --json" : "");
        x8_error_why(err, "in a stream nothing tells where a file ends");
        x8_error_next(err, "x8ctl pull /etc/os-release - | less");
        return -X8_E_USAGE;
    }
    x8_signals_say(
        "stopping, after the names that are just being changed; once more stops at once");
    return x8_run_on_boards(ctx, &plan, err);
}

static const struct x8_example examples[] = {
    {"x8ctl pull /var/log/app.log", "one file into this folder"},
    {"x8ctl pull /home/fio/data ./data", "a folder under a new name"},
    {"x8ctl pull --root /etc/shadow - | head -3", "to stdout, read as root"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2,  10, 11, 12, 13, 14,  15,  16, 17,
                                      20, 25, 30, 31, 40, 130, 143, 0};

const struct x8_cmd x8_cmd_pull = {
    .name = "pull",
    .group = "run",
    .summary = "copy files and folders from a running board",
    .usage = "SOURCE... [TARGET]",
    .description = "Copies files and folders of the board here, with their permission bits, times\n"
                   "and links. A target that ends in / or is a folder takes the sources into it;\n"
                   "else it is the new name; without one it is this folder. What arrived is\n"
                   "compared with the board's SHA-256 and appears under its final name only then.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl push",
    .logged = "",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS,
    .run = run,
};
