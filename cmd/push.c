/*
 * x8ctl push: files and folders to the board.
 */
#include "copy.h"
#include "streams.h"

#include <string.h>
#include <sys/stat.h>

static struct {
    int root, checksum, prune;
    const char *mode;
} opt;

static const struct x8_opt opts[] = {
    {.name = "root", .kind = X8_OPT_FLAG, .value = &opt.root, .help = "write as root, by sudo"},
    {.name = "checksum",
     .kind = X8_OPT_FLAG,
     .value = &opt.checksum,
     .help = "compare contents, not size and time, to find what has changed"},
    {.name = "delete",
     .kind = X8_OPT_FLAG,
     .value = &opt.prune,
     .help = "remove from the board's folder what the source folder does not have"},
    {.name = "mode",
     .kind = X8_OPT_STRING,
     .value = &opt.mode,
     .arg = "MODE",
     .help = "permission bits of what comes from stdin (644)"},
    {0},
};

static int push_stdin(struct x8_job_on *job, const struct x8_transfer *transfer,
                      struct x8_transferred *done, struct x8_error *err)
{
    struct x8_stdin_reader input;
    unsigned mode = 0644;
    int rc = opt.mode ? x8_parse_mode(opt.mode, &mode, err) : 0;

    x8_stdin_reader_init(&input, job->op.cancel);
    if (rc == 0)
        rc = x8_push_stream(job->session, &job->op, transfer, &input.reader, mode, done, err);
    return rc;
}

static int work(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_ctx *ctx = job->ctx;
    size_t sources = (size_t)ctx->argc - 1;
    struct x8_transfer transfer = {
        .sources = (const char *const *)ctx->argv,
        .source_count = sources,
        .target = ctx->argv[sources],
        .checksum = opt.checksum,
        .prune = opt.prune,
        .dry_run = ctx->globals->dry_run,
    };
    struct x8_transferred done = {0};
    int rc = opt.root ? x8_job_root(job, err) : 0;

    transfer.root = opt.root ? &job->root : NULL;
    if (rc == 0 && strcmp(ctx->argv[0], "-") == 0)
        rc = push_stdin(job, &transfer, &done, err);
    else if (rc == 0)
        rc = x8_push(job->session, &job->op, &transfer, &done, err);
    if (rc == 0)
        x8_copy_report(job, &done, "sent");
    return rc;
}

/* A misspelt name is told before a board is looked for. */
static int check_sources(const struct x8_ctx *ctx, struct x8_error *err)
{
    for (int i = 0; i + 1 < ctx->argc; i++) {
        struct stat st;

        if (strcmp(ctx->argv[i], "-") == 0 || lstat(ctx->argv[i], &st) == 0)
            continue;
        x8_fail(err, X8_E_NO_FILE, "%.300s: not on this computer",
                ctx->argv[i][0] ? ctx->argv[i] : "an empty name");
        x8_error_why(err, "nothing has this name here, or its folder cannot be searched");
        x8_error_next(err, "check the name and the folder");
        return -(int)X8_E_NO_FILE;
    }
    return 0;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = work, .needs_linux = 1};
    int from_stdin = 0, rc;

    for (int i = 0; i + 1 < ctx->argc; i++)
        from_stdin |= strcmp(ctx->argv[i], "-") == 0;
    if (ctx->argc < 2) {
        x8_fail(err, X8_E_USAGE, "push needs what to send and where to");
        x8_error_why(err, ctx->argc ? "the place on the board is missing" : "both are missing");
        x8_error_next(err, "x8ctl push ./app /home/fio/app");
        return -X8_E_USAGE;
    }
    if (from_stdin && (ctx->argc > 2 || ctx->globals->all || ctx->globals->serial.count > 1)) {
        x8_fail(err, X8_E_USAGE, "stdin (-) goes to one file of one board");
        x8_error_why(err, "what comes from stdin can be read once, and has no name");
        x8_error_next(err, "x8ctl push - /home/fio/file < file");
        return -X8_E_USAGE;
    }
    if (opt.mode && !from_stdin) {
        x8_fail(err, X8_E_USAGE, "--mode is for stdin (-); files keep the mode they have");
        x8_error_why(err, "what comes from stdin has no mode of its own, a file has");
        x8_error_next(err, "chmod the file here, then push it");
        return -X8_E_USAGE;
    }
    rc = check_sources(ctx, err);
    if (rc < 0)
        return rc;
    x8_signals_say(
        "stopping, after the names that are just being changed; once more stops at once");
    return x8_run_on_boards(ctx, &plan, err);
}

static const struct x8_example examples[] = {
    {"x8ctl push app.conf /home/fio/", "one file into a folder"},
    {"x8ctl push ./app /home/fio/app", "a folder; only what has changed is sent"},
    {"x8ctl push --root app.service /etc/systemd/system/", "where only root may write"},
    {"tar c . | x8ctl push - /var/local/all.tar", "what stdin gives"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2,  10, 11, 12, 13, 14, 15,  16,  17,
                                      20, 26, 30, 31, 40, 50, 130, 143, 0};

const struct x8_cmd x8_cmd_push = {
    .name = "push",
    .group = "run",
    .summary = "copy files and folders to a running board",
    .usage = "SOURCE... TARGET",
    .description =
        "Copies files and folders, with their permission bits, times and links. A target\n"
        "that ends in / or is a folder takes the sources into it; else it is the new\n"
        "name. Every file that was sent is read back on the board as SHA-256 and\n"
        "compared, and appears under its final name only then: a broken link or a full\n"
        "board leaves what was there before. Files of equal size and time are not sent\n"
        "again. Many small files travel together over several streams.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl pull, x8ctl exec",
    .complete = "file",
    .logged = "",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS,
    .run = run,
};
