/*
 * x8ctl open: the board's own web page, in a browser of this computer.
 */
#include "running.h"

#include "session/forward.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WEB_PORT 80 /* Arduino's first-start page: container arduino-ootb, host port 80 */

static struct {
    int print;
    uint64_t port;
} opt = {.port = WEB_PORT};

static const struct x8_opt opts[] = {
    {.name = "print",
     .kind = X8_OPT_FLAG,
     .value = &opt.print,
     .help = "print the address only; start no browser"},
    {.name = "port",
     .kind = X8_OPT_U64,
     .value = &opt.port,
     .arg = "PORT",
     .help = "another web server of the board (80)"},
    {0},
};

/* It outlives us: our Ctrl-C, the signals we block or ignore and our streams are none of its
 * business. */
static int spawn_apart(char *argv[])
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, plain;
    pid_t pid;
    int rc;

    sigemptyset(&none);
    sigemptyset(&plain);
    sigaddset(&plain, SIGPIPE);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_init(&files);
    rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                             POSIX_SPAWN_SETSIGDEF);
    rc = rc ? rc : posix_spawnattr_setpgroup(&attr, 0);
    rc = rc ? rc : posix_spawnattr_setsigmask(&attr, &none);
    rc = rc ? rc : posix_spawnattr_setsigdefault(&attr, &plain);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && rc == 0; fd++)
        rc = posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
    rc = rc ? rc : posix_spawnp(&pid, argv[0], &files, &attr, argv, x8_env_all());
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    return rc;
}

/* A browser needs a screen; without one the address is all there is. */
static int start_browser(const char *url)
{
    const char *screen = x8_env_for_script(NULL, "DISPLAY"),
               *wayland = x8_env_for_script(NULL, "WAYLAND_DISPLAY");
    char program[] = "xdg-open", address[96];
    char *argv[] = {program, address, NULL};

    if (opt.print || ((!screen || !*screen) && (!wayland || !*wayland)))
        return 0;
    snprintf(address, sizeof address, "%s", url);
    return spawn_apart(argv) == 0;
}

/* Is there a page at all? A browser's "connection reset" would tell nobody why. */
static int check_page(struct x8_job_on *job, const char *remote, struct x8_error *err)
{
    X8_AUTO_CHANNEL channel = NULL;
    int rc = x8_dial(job->session, &job->op, remote, &channel, err);

    if (rc == -X8_E_REFUSED) {
        x8_fail(err, X8_E_REFUSED, "%s: nothing answers on port %llu of the board", job->op.board,
                (unsigned long long)opt.port);
        x8_error_why(err, "the board's web page comes from the container arduino-ootb, which is "
                          "not running (or not there: self-made images have none)");
        x8_error_next(err, "x8ctl exec --root -- docker ps");
    }
    return rc;
}

/* Ctrl-C is how it ends; another signal is told by the status. */
static int has_ended(const struct x8_job_on *job, struct x8_error *err)
{
    int rc = x8_cancel_check(job->op.cancel, X8_CANCEL_SOFT, err);

    return rc == -(int)X8_E_STOPPED ? 0 : rc;
}

static int serve(struct x8_job_on *job, struct x8_forward *forward, struct x8_error *err)
{
    struct x8_forwarder *forwarder = NULL;
    char url[96];
    int rc = x8_forward_open(job->session, forward, 1, &forwarder, err);

    if (rc == 0) {
        snprintf(url, sizeof url, "http://%s:%u/", forward->host, forward->local_port);
        x8_json_str(job->result, "url", url);
        if (!job->ctx->globals->json)
            printf("%s\n", url);
        (void)x8_stdout_flush(job->ctx);
        x8_ui_say(job->ctx->ui, "%s leads to port %llu of %s    (Ctrl-C ends)",
                  start_browser(url) ? "the browser is being started; it" : "open the address; it",
                  (unsigned long long)opt.port, job->op.board);
        rc = x8_forward_serve(forwarder, &job->op, err);
    }
    x8_forward_close(&forwarder);
    return rc == 0 ? has_ended(job, err) : rc;
}

static int work(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_forward forward = {.host = "127.0.0.1", .local_port = 8080};
    int rc;

    snprintf(forward.remote, sizeof forward.remote, "tcp:%u", (unsigned)opt.port);
    rc = check_page(job, forward.remote, err);
    if (rc == 0)
        rc = serve(job, &forward, err);
    if (rc == -X8_E_BUSY) { /* 8080 is a popular number: any other does as well */
        forward.local_port = 0;
        rc = serve(job, &forward, err);
    }
    return rc;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = work, .needs_linux = 1, .one_only = 1};

    if (ctx->argc > 0 || opt.port == 0 || opt.port > 65535) {
        x8_fail(err, X8_E_USAGE, ctx->argc > 0 ? "open takes no operand" : "there is no such port");
        x8_error_why(err, ctx->argc > 0 ? "the port of the board is the value of --port"
                                        : "ports are numbers from 1 to 65535");
        x8_error_next(err, "x8ctl open --port 8080");
        return -X8_E_USAGE;
    }
    return x8_run_on_boards(ctx, &plan, err);
}

static const struct x8_example examples[] = {
    {"x8ctl open", "the board's first-start page"},
    {"x8ctl open --print", "only say its address here"},
    {"x8ctl open --port 1880", "a web server of your own on the board"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2, 10, 11, 12, 13, 14, 15, 16, 17, 30, 40, 143, 0};

const struct x8_cmd x8_cmd_open = {
    .name = "open",
    .group = "run",
    .summary = "open the board's web page here",
    .usage = "",
    .description = "Leads a port of this computer to the board's web server and opens it in the\n"
                   "browser. Where there is no screen the address is printed. Until Ctrl-C.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl forward",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP,
    .run = run,
};
