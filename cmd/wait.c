/*
 * x8ctl wait: until a board is in a state, or well.
 */
#include "rows.h"
#include "running.h"

#include "session/health.h"
#include "util/clock.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* LOOK: the bus tells of its changes, but not of daemons that come up. */
enum { LOOK_MS = 1000, CHECK_MS = 2000, LIMIT_MS = 120000, SELECTORS = 64 };

static const char *const states[] = {"linux", "rom", "spl", "fastboot", "initramfs", "gone", NULL};
enum { STATE_LINUX = 0, STATE_GONE = 5 };

static struct {
    int state;
    const char *health;
} opt = {.state = -1};

struct waiting {
    struct x8_ctx *ctx;
    struct x8_reach reach;
    struct x8_selector selectors[SELECTORS];
    const char *addresses[SELECTORS];
    size_t count, address_count;
    int64_t started, deadline;
    unsigned looks;
    char seen[300];
};

/* In the state that is waited for; for linux: the board answered. */
static int is_there(const struct x8_target *target)
{
    if (opt.state == STATE_LINUX)
        return target->probed || target->is_up;
    return strcmp(states[opt.state], x8_mode_name(target->mode)) == 0 && !target->trouble;
}

/* How many of the boards that are meant are as they should be; *out_all: none is missing. */
static size_t count_fitting(const struct waiting *w, const struct x8_target *targets, size_t count,
                            int *out_all)
{
    size_t fitting = 0, i, k;

    *out_all = 1;
    for (k = 0; k < w->count; k++) {
        for (i = 0; i < count; i++)
            if (x8_target_match(&w->selectors[k], &targets[i], NULL) && is_there(&targets[i]))
                break;
        *out_all &= i < count;
        fitting += i < count;
    }
    for (i = 0; w->count == 0 && i < count; i++)
        fitting += is_there(&targets[i]) != 0;
    return fitting;
}

/* An address is always in the list: it is gone when nothing answers there. */
static int is_gone(const struct x8_target *target)
{
    int answers = target->probed || target->is_up || target->has_usb || target->has_adb;

    return !answers && (target->trouble == X8_E_NO_BOARD || target->trouble == X8_E_GONE ||
                        target->trouble == X8_E_TIMEOUT);
}

static int is_any_there(const struct waiting *w, const struct x8_target *targets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_gone(&targets[i]))
            continue;
        if (w->count == 0)
            return 1;
        for (size_t k = 0; k < w->count; k++)
            if (x8_target_match(&w->selectors[k], &targets[i], NULL))
                return 1;
    }
    return 0;
}

static int is_done(const struct waiting *w, const struct x8_target *targets, size_t count)
{
    int all;

    if (opt.state == STATE_GONE)
        return !is_any_there(w, targets, count);
    return count_fitting(w, targets, count, &all) > 0 && all;
}

static int is_meant(const struct waiting *w, const struct x8_target *target)
{
    for (size_t k = 0; k < w->count; k++)
        if (x8_target_match(&w->selectors[k], target, NULL))
            return 1;
    return w->count == 0;
}

static void add_done(struct x8_ctx *ctx, const struct x8_target *target, struct x8_json *list)
{
    char room[32];
    const char *image = x8_row_cell(target, X8_COL_IMAGE, room);
    struct x8_json *row = x8_json_object();

    x8_json_str(row, "serial", target->serial[0] ? target->serial : NULL);
    x8_json_str(row, "name", target->name[0] ? target->name : NULL);
    x8_json_str(row, "state", target->state);
    x8_json_str(row, "where", target->where);
    x8_json_str(row, "image", image[0] ? image : NULL);
    x8_json_add(list, NULL, row);
    if (!ctx->globals->json)
        printf("%s\t%s\t%s\t%s\n", target->label, target->state, target->where,
               image[0] ? image : "-");
}

static void print_done(const struct waiting *w, const struct x8_target *targets, size_t count)
{
    struct x8_json *json = x8_json_object(), *list = x8_json_array();
    char time[24], *text;

    x8_time_text(time, x8_now_ms() - w->started);
    x8_ui_flush(w->ctx->ui);
    for (size_t i = 0; opt.state != STATE_GONE && i < count; i++)
        if (is_meant(w, &targets[i]) && is_there(&targets[i]))
            add_done(w->ctx, &targets[i], list);
    x8_json_add(json, "boards", list);
    x8_json_num(json, "seconds", (double)(x8_now_ms() - w->started) / 1000.0);
    if (w->ctx->globals->json) {
        text = x8_json_text(json, 1);
        puts(text);
        free(text);
    }
    x8_json_free(&json);
    (void)x8_stdout_flush(w->ctx);
    if (w->looks > 1)
        x8_ui_say(w->ctx->ui, "%s after %s", states[opt.state], time);
    else
        x8_ui_say(w->ctx->ui, "%s (%s)", states[opt.state],
                  opt.state == STATE_GONE ? "nothing was there" : "was there already");
}

static int too_late(const struct waiting *w, struct x8_error *err)
{
    x8_fail(err, opt.state == STATE_GONE ? X8_E_TIMEOUT : X8_E_NO_BOARD,
            "%s did not reach state %s in time", w->count ? w->selectors[0].text : "a board",
            states[opt.state]);
    x8_error_why(err, "seen: %s", w->seen);
    x8_error_next(err, opt.state == STATE_LINUX
                           ? "look at the board's LEDs (x8ctl guide leds), or wait longer with "
                             "--timeout"
                           : "wait longer with --timeout, or see x8ctl list");
    return -(int)err->code;
}

static int look(struct waiting *w, struct x8_error *err)
{
    struct x8_target *targets = NULL;
    int asks = opt.state == STATE_LINUX || (opt.state == STATE_GONE && w->address_count > 0);
    int probe_ms = asks ? X8_ROWS_PROBE_MS : 0;
    int count = x8_targets_find(w->ctx->bus, &w->ctx->op, &w->reach, w->addresses, w->address_count,
                                probe_ms, &targets, err);
    int done = count >= 0 && is_done(w, targets, (size_t)count);

    w->looks++;
    if (count >= 0)
        x8_targets_words(targets, (size_t)count, w->seen, sizeof w->seen);
    if (done && !opt.health) /* the checks that follow have a result of their own */
        print_done(w, targets, (size_t)count);
    free(targets);
    return count < 0 ? count : done;
}

static int wait_for_state(struct waiting *w, struct x8_error *err)
{
    struct x8_bus *bus = w->ctx->bus;
    uint64_t seq = 0;
    int rc;

    for (;;) {
        rc = look(w, err);
        if (rc != 0)
            return rc < 0 ? rc : 0;
        if (x8_deadline_left(w->deadline, 1) == 0)
            return too_late(w, err);
        x8_emit(&w->ctx->op, X8_EV_WAIT, "waiting for state %s; seen: %s", states[opt.state],
                w->seen);
        rc = bus->ops->wait(bus, &w->ctx->op, &seq,
                            x8_deadline_min(w->deadline, x8_deadline_in(LOOK_MS)), err);
        if (rc < 0)
            return rc;
    }
}

/* --- health --- */

struct checking {
    struct x8_health *health;
    int64_t deadline;
};

static void tell_check(void *ctx, const char *check, int passed, const char *text)
{
    struct x8_job_on *job = ctx;

    x8_emit(&job->op, X8_EV_DETAIL, "%s %s%s%s", passed ? "ok  " : "FAIL", check,
            text && text[0] ? ": " : "", text ? text : "");
}

static int check_once(struct x8_job_on *job, const struct x8_health *health, struct x8_error *err)
{
    int rc = job->session ? 0 : x8_job_open(job, err);

    if (rc == 0 && x8_health_needs_root(health) && job->root.way == X8_ROOT_NONE)
        rc = x8_job_root(job, err);
    if (rc == 0)
        rc =
            x8_health_run(job->session, &job->op, job->root.way == X8_ROOT_NONE ? NULL : &job->root,
                          health, tell_check, job, err);
    return rc;
}

/* Worth another try: a service that is not up yet, or a board on its way through a restart. */
static int may_change(int rc)
{
    return rc == -(int)X8_E_UNHEALTHY || rc == -(int)X8_E_GONE || rc == -(int)X8_E_TIMEOUT ||
           rc == -(int)X8_E_LINK || rc == -(int)X8_E_NO_BOARD;
}

static int check_health(struct x8_job_on *job, struct x8_error *err)
{
    const struct checking *checking = job->user;
    char words[64];
    int rc;

    for (;;) {
        struct x8_error stopped;

        rc = check_once(job, checking->health, err);
        if (!may_change(rc) || x8_deadline_left(checking->deadline, 1) == 0)
            break;
        if (rc != -(int)X8_E_UNHEALTHY)
            x8_session_close(&job->session);
        x8_emit(&job->op, X8_EV_WAIT, "not well yet: %s", err->msg);
        rc = x8_cancel_sleep(job->op.cancel,
                             x8_deadline_min(checking->deadline, x8_deadline_in(CHECK_MS)),
                             X8_CANCEL_SOFT, &stopped);
        if (rc < 0) {
            *err = stopped;
            return rc;
        }
    }
    if (rc < 0)
        return rc;
    x8_json_u64(job->result, "checks", x8_health_count(checking->health));
    snprintf(words, sizeof words, "healthy\t%zu checks\n", x8_health_count(checking->health));
    if (!job->ctx->globals->json)
        x8_job_print(job, 0, words, strlen(words));
    return 0;
}

static int check_usage(const struct x8_ctx *ctx, struct x8_error *err)
{
    if (ctx->argc == 0 && (opt.state >= 0 || opt.health))
        return 0;
    if (ctx->argc) {
        x8_fail(err, X8_E_USAGE, "wait takes no operand, not '%s'", ctx->argv[0]);
        x8_error_why(err, "what to wait for is an option, a board is chosen by -s");
    } else {
        x8_fail(err, X8_E_USAGE, "wait needs --state or --health");
        x8_error_why(err, "nothing says what to wait for");
    }
    x8_error_next(err, "x8ctl wait --state linux");
    return -(int)X8_E_USAGE;
}

static int prepare(struct waiting *w, struct x8_error *err)
{
    const struct x8_globals *globals = w->ctx->globals;
    int rc = x8_env_reach(globals, &w->reach, err);

    if (rc == 0)
        rc = x8_addresses_of(globals, w->addresses, &w->address_count, err);
    for (size_t i = 0; rc == 0 && i < globals->serial.count; i++)
        rc = x8_selector_parse(globals->serial.items[i], &w->selectors[w->count++], err);
    w->reach.net.is_wide = w->reach.via == X8_VIA_NET;
    for (size_t i = 0; rc == 0 && i < w->count; i++)
        w->reach.net.is_wide |=
            w->selectors[i].kind == X8_SELECT_NET && !x8_selector_is_place(&w->selectors[i]);
    return rc;
}

static int wait_for_health(struct x8_ctx *ctx, struct x8_health *health, int64_t deadline,
                           struct x8_error *err)
{
    struct checking checking = {.health = health, .deadline = deadline};
    struct x8_job_plan plan = {.work = check_health, .needs_linux = 1, .user = &checking};

    return x8_run_on_boards(ctx, &plan, err);
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    int64_t limit = ctx->globals->timeout_ms;
    struct waiting w = {.ctx = ctx, .started = x8_now_ms()};
    struct x8_health *health = NULL;
    int rc = check_usage(ctx, err);

    w.deadline = x8_deadline_in(limit == X8_TIMEOUT_UNSET ? LIMIT_MS : limit);
    if (rc == 0 && opt.health) /* a mistake in the file is told before the wait */
        rc = x8_health_load(opt.health, &health, err);
    if (rc == 0 && opt.health && opt.state < 0)
        opt.state = STATE_LINUX;
    if (rc == 0)
        rc = prepare(&w, err);
    if (rc == 0)
        rc = wait_for_state(&w, err);
    if (rc == 0 && health)
        rc = wait_for_health(ctx, health, w.deadline, err);
    x8_health_free(&health);
    return rc;
}

static const struct x8_opt opts[] = {
    {"state", 0, X8_OPT_CHOICE, &opt.state, "STATE", states,
     "until the board is in this state; linux: until it answers", NULL},
    {"health", 0, X8_OPT_STRING, &opt.health, "FILE", NULL,
     "until it runs and all checks of this file pass", "file"},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl wait --state linux", "until a board has started and answers"},
    {"x8ctl wait --state rom -s usb:1-4.2 -t 5m", "until somebody has set its switches"},
    {"x8ctl wait --health health.json --timeout 90s", "until it is well"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2, 10, 12, 13, 15, 16, 20, 36, 40, 50, 130, 143, 0};

const struct x8_cmd x8_cmd_wait = {
    .name = "wait",
    .group = "look",
    .summary = "wait until a board is in a state, or healthy",
    .usage = "",
    .description =
        "Waits at most --timeout (2m). Without -s any board will do, with -s each one\n"
        "that is named must be in the state. gone waits until none of them is there.\n"
        "\n"
        "A health file lists checks: {\"image\": \">=861\", \"units\": [\"docker.service\"],\n"
        "\"commands\": [{\"run\": \"test -e /x\"}], \"ports\": [80], \"free\": {\"/var\":\n"
        "\"500M\"}, \"temperature_below\": 80}. They are repeated until all pass; exit\n"
        "status 36 when they do not in time. -v shows each.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl list, x8ctl reboot",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP,
    .run = run,
};
