/*
 * x8ctl identify: blink a board's status LED.
 */
#include "running.h"

#include "session/power.h"

static int64_t blink_ms = 10000;

static int work(struct x8_job_on *job, struct x8_error *err)
{
    int rc = x8_job_root(job, err);

    if (rc < 0)
        return rc;
    x8_emit(&job->op, X8_EV_NOTICE, "the status LED of %s blinks for %lld s", job->target->label,
            (long long)(blink_ms + 999) / 1000);
    return x8_identify(job->session, &job->op, &job->root, blink_ms, err);
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = work, .needs_linux = 1};

    if (ctx->argc > 0) {
        x8_fail(err, X8_E_USAGE, "identify takes no operand, not '%s'", ctx->argv[0]);
        x8_error_why(err, "a board is chosen by -s");
        x8_error_next(err, "x8ctl identify -s %s", ctx->argv[0]);
        return -(int)X8_E_USAGE;
    }
    if (blink_ms <= 0) {
        x8_fail(err, X8_E_USAGE, "--for needs a time that ends");
        x8_error_why(err, "nobody would stop the blinking");
        x8_error_next(err, "x8ctl identify --for 30s");
        return -(int)X8_E_USAGE;
    }
    return x8_run_on_boards(ctx, &plan, err);
}

static const struct x8_opt opts[] = {
    {"for", 0, X8_OPT_DURATION, &blink_ms, "DUR", NULL, "how long (10s)", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl identify -s fad9", "which of the boards on the desk is it?"},
    {"x8ctl identify --all --for 1m", "all that run"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2, 10, 11, 12, 13, 14, 15, 16, 17, 30, 40, 50, 130, 143, 0};

const struct x8_cmd x8_cmd_identify = {
    .name = "identify",
    .group = "look",
    .summary = "blink the status LED of a running board",
    .usage = "",
    .description = "Blinks the status LED, then puts it back as it was, also after Ctrl-C.\n"
                   "Needs root on the board: see --password-file.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl list, x8ctl name, x8ctl guide leds",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP,
    .run = run,
};
