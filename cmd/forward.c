/*
 * x8ctl forward: ports of this computer that lead to ports of the board.
 */
#include "background.h"
#include "forward_kept.h"
#include "running.h"

#include "session/forward.h"
#include "util/lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_FORWARDS 16
#define AWAY_MS      120000 /* a board that restarts is back by then */

static struct {
    int background, list, stop;
} opt;

static const struct x8_opt opts[] = {
    {.name = "background",
     .kind = X8_OPT_FLAG,
     .value = &opt.background,
     .help = "go on without this terminal once the ports are open; --stop ends it"},
    {.name = "list",
     .kind = X8_OPT_FLAG,
     .value = &opt.list,
     .help = "show the ports that are forwarded in the background"},
    {.name = "stop",
     .kind = X8_OPT_FLAG,
     .value = &opt.stop,
     .help = "end those that hold these LOCAL ports, or all of them"},
    {0},
};

static void announce(struct x8_job_on *job, const struct x8_forward *forwards, size_t count)
{
    char end[48] = "Ctrl-C ends";

    if (opt.background) {
        x8_json_u64(job->result, "pid", (uint64_t)getpid());
        snprintf(end, sizeof end, "kill %ld ends", (long)getpid());
    }
    for (size_t i = 0; i < count; i++)
        x8_ui_say(job->ctx->ui, "forwarding %s:%u to %s of %s    (%s)", forwards[i].host,
                  forwards[i].local_port, forwards[i].remote, job->op.board, end);
    x8_json_add(job->result, "forwards", x8_forward_ports(forwards, count));
}

/* Ctrl-C is how it ends; another signal is told by the status. */
static int has_ended(const struct x8_job_on *job, struct x8_error *err)
{
    int rc = x8_cancel_check(job->op.cancel, X8_CANCEL_SOFT, err);

    return rc == -(int)X8_E_STOPPED ? 0 : rc;
}

/* A board has one place over USB. Who finds it taken is told how to have it. */
static void note_lock(const struct x8_job_on *job)
{
    char name[X8_PORT_LEN + 8], path[1024];

    if (!job->target->usb.device.port[0])
        return;
    snprintf(name, sizeof name, "usb-%s", job->target->usb.device.port);
    x8_env_lock_path(name, path, sizeof path);
    if (opt.background)
        x8_lock_note(path, "forwards ports of it in the background (x8ctl forward --list)",
                     "x8ctl forward --stop    gives the board's USB link back");
    else
        x8_lock_note(path, "forwards ports of it (x8ctl forward)",
                     "end it there with Ctrl-C: over USB only one at a time can use the board");
}

/* Everything that can fail is done before it is said that the ports are served. */
static int go_on_alone(struct x8_job_on *job, const struct x8_forward *forwards, size_t count,
                       int *note, struct x8_error *err)
{
    int rc = x8_background_prepare(err);

    if (rc < 0)
        return rc;
    x8_forward_note(job->op.board, forwards, count, note);
    announce(job, forwards, count);
    if (job->ctx->globals->json)
        x8_job_print_json(job);
    return x8_background_detach(job->ctx, err);
}

/* Until it is stopped or the board is gone. *is_told: the ports were said. */
static int serve(struct x8_job_on *job, struct x8_forward *forwards, int *is_told, int *note,
                 struct x8_error *err)
{
    struct x8_forwarder *forwarder = NULL;
    size_t count = (size_t)job->ctx->argc;
    int rc = x8_forward_open(job->session, forwards, count, &forwarder, err);

    if (rc == 0)
        note_lock(job);
    if (rc == 0 && !*is_told) {
        if (opt.background)
            rc = go_on_alone(job, forwards, count, note, err);
        else
            announce(job, forwards, count);
        *is_told = rc == 0;
    }
    if (rc == 0)
        rc = x8_forward_serve(forwarder, &job->op, err);
    x8_forward_close(&forwarder);
    return rc;
}

/* Nobody sits in front of it who could start it again after the board's restart. */
static int come_back(struct x8_job_on *job, struct x8_error *err)
{
    int64_t limit = job->ctx->globals->timeout_ms;

    x8_session_close(&job->session);
    return x8_target_wait(job->ctx->bus, &job->op, job->reach, job->target, X8_MODE_LINUX, NULL,
                          x8_deadline_in(limit == X8_TIMEOUT_UNSET ? AWAY_MS : limit), NULL,
                          &job->session, err);
}

static int work(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_forward forwards[MAX_FORWARDS];
    int rc = 0, is_told = 0, note = -1;

    for (int i = 0; i < job->ctx->argc && rc == 0; i++)
        rc = x8_forward_parse(job->ctx->argv[i], &forwards[i], err);
    if (rc == 0)
        rc = serve(job, forwards, &is_told, &note, err);
    while (opt.background && is_told && rc == -X8_E_GONE) {
        rc = come_back(job, err);
        if (rc == 0)
            rc = serve(job, forwards, &is_told, &note, err);
    }
    x8_forward_note_end(&note);
    return rc == 0 ? has_ended(job, err) : rc;
}

static int two_wishes(struct x8_error *err)
{
    x8_fail(err, X8_E_USAGE, "--background, --list and --stop are three things");
    x8_error_why(err, "the first begins to forward, the second shows, the third ends");
    x8_error_next(err, "x8ctl forward --list");
    return -X8_E_USAGE;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = work, .needs_linux = 1, .one_only = 1};
    struct x8_forward asked[MAX_FORWARDS];
    int rc = 0;

    if (opt.background + opt.list + opt.stop > 1)
        return two_wishes(err);
    if (opt.list)
        return x8_forward_list(ctx, err);
    if (opt.stop)
        return x8_forward_stop(ctx, err);
    if (ctx->argc == 0 || ctx->argc > MAX_FORWARDS) {
        x8_fail(err, X8_E_USAGE, "forward takes 1 to %d pairs of ports", MAX_FORWARDS);
        x8_error_next(err, "x8ctl forward 8080:80");
        return -X8_E_USAGE;
    }
    for (int i = 0; i < ctx->argc && rc == 0; i++)
        rc = x8_forward_parse(ctx->argv[i], &asked[i], err);
    if (rc == 0)
        rc = x8_forward_free(asked, (size_t)ctx->argc, err);
    if (rc == 0 && opt.background && !x8_background_is_child())
        return x8_background_start(ctx, err);
    plan.quiet_json = opt.background;
    return rc < 0 ? rc : x8_run_on_boards(ctx, &plan, err);
}

static const struct x8_example examples[] = {
    {"x8ctl forward 8080:80", "the board's port 80 as http://127.0.0.1:8080"},
    {"x8ctl forward 0:5432 2222:22", "two ports; 0 takes any free one and says which"},
    {"x8ctl forward --background 8080:80", "the same without keeping the terminal"},
    {"x8ctl forward --stop 8080", "the end of that; without a port of all"},
    {"x8ctl forward 127.0.0.1:8080:unix:/run/app.sock", "a socket of the board's file system"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2, 10, 11, 12, 13, 14, 15, 16, 17, 25, 30, 40, 143, 0};

const struct x8_cmd x8_cmd_forward = {
    .name = "forward",
    .group = "run",
    .summary = "lead ports of this computer to a running board",
    .usage = "[ADDRESS:]LOCAL:REMOTE...",
    .description =
        "Listens on ports of this computer and leads each connection to a port of the\n"
        "board, until Ctrl-C. Only this computer can connect unless an address is given.\n"
        "A connection that the board refuses is said and reset; the others go on.\n\n"
        "With --background it returns once the ports are open and the board has\n"
        "answered, and says the process that serves them. That one says nothing more\n"
        "(--log FILE writes it down), opens the same ports again when the board has\n"
        "restarted, and ends when it was away for two minutes (--timeout). --list shows\n"
        "all of them, --stop ends those that hold the ports it is given, or all.\n\n"
        "Over USB the board is taken for as long: other commands on it end with 14\n"
        "(busy), and say so. Over the network or an adb server they work beside it.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl open",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP,
    .run = run,
};
