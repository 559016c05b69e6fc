/*
 * x8ctl logs: the board's journal.
 */
#include "merge.h"
#include "relay.h"

#include "session/run.h"
#include "util/file.h"
#include "util/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many boards are read side by side; more than that take turns, and cannot wait for each other.
 */
#define MERGE_MAX 16

static struct {
    int follow, kernel, user;
    const char *level, *since, *until, *grep, *lines;
    struct x8_strings units;
} opt;

/* The manual's table of levels, which is journalctl's. */
static const char *const levels[] = {"emerg",   "alert",  "crit", "err",
                                     "warning", "notice", "info", "debug"};

static const struct x8_opt opts[] = {
    {.name = "follow",
     .letter = 'f',
     .kind = X8_OPT_FLAG,
     .value = &opt.follow,
     .help = "go on with new lines until Ctrl-C"},
    {.name = "priority",
     .letter = 'p',
     .kind = X8_OPT_STRING,
     .value = &opt.level,
     .arg = "LEVEL",
     .help = "this level and worse: emerg alert crit err warning notice info debug, or 0 to 7"},
    {.name = "unit",
     .letter = 'u',
     .kind = X8_OPT_LIST,
     .value = &opt.units,
     .arg = "UNIT",
     .help = "only this unit; may be given again"},
    {.name = "kernel",
     .letter = 'k',
     .kind = X8_OPT_FLAG,
     .value = &opt.kernel,
     .help = "only the kernel, this boot"},
    {.name = "since",
     .kind = X8_OPT_STRING,
     .value = &opt.since,
     .arg = "TIME",
     .help = "from then on: '10 min ago', today, '2026-03-01 10:00'"},
    {.name = "until",
     .kind = X8_OPT_STRING,
     .value = &opt.until,
     .arg = "TIME",
     .help = "up to then"},
    {.name = "grep",
     .kind = X8_OPT_STRING,
     .value = &opt.grep,
     .arg = "RE",
     .help = "only messages that match this regular expression"},
    {.name = "lines",
     .kind = X8_OPT_STRING,
     .value = &opt.lines,
     .arg = "N",
     .help = "the last N lines, or all (200; all with --since)"},
    {.name = "no-root",
     .kind = X8_OPT_FLAG,
     .value = &opt.user,
     .help = "only what the board's user may see, which is little"},
    {0},
};

static int check_level(struct x8_error *err)
{
    if (!opt.level)
        return 0;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (strcmp(opt.level, levels[i]) == 0 ||
            (opt.level[0] == (char)('0' + i) && opt.level[1] == '\0'))
            return 0;
    x8_fail(err, X8_E_USAGE, "\"%s\" is no level", opt.level);
    x8_error_why(err,
                 "levels are emerg, alert, crit, err, warning, notice, info and debug, or 0 to 7");
    x8_error_next(err, "--priority err");
    return -X8_E_USAGE;
}

/* Times and expressions are journalctl's to judge; this is told before a board is looked for. */
static int check_lines(struct x8_error *err)
{
    uint64_t lines;

    if (!opt.lines || strcmp(opt.lines, "all") == 0 || x8_parse_u64(opt.lines, &lines) == 0)
        return 0;
    x8_fail(err, X8_E_USAGE, "\"%s\" is no number of lines", opt.lines);
    x8_error_why(err, "--lines takes a number, or all");
    x8_error_next(err, "--lines 500");
    return -X8_E_USAGE;
}

static int add(struct x8_buf *out, const char *option, const char *value)
{
    if (!value)
        return 0;
    return x8_buf_addf(out, " %s", option) < 0 || x8_quote(out, value) < 0 ? -1 : 0;
}

/* What the boards of a run share. */
struct journals {
    pthread_mutex_t lock;
    struct x8_merge *merge; /* made by the first; NULL: lines are printed as they come */
    struct x8_job_on *jobs[MERGE_MAX];
};

static int is_merged(const struct x8_job_on *job)
{
    return job->count > 1 && job->count <= MERGE_MAX && !opt.follow;
}

/* Values stand behind an equal sign or as a word of their own; each is quoted. */
static int command_text(const struct x8_job_on *job, struct x8_buf *out, struct x8_error *err)
{
    const char *form = job->ctx->globals->json ? "json"
                       : is_merged(job)        ? "short-unix"
                                               : "short-iso";
    const char *lines = opt.lines ? opt.lines : opt.since || opt.until ? "all" : "200";
    int failed = x8_buf_addf(out, "exec journalctl --no-pager -o %s%s%s", form,
                             opt.follow ? " -f" : "", opt.kernel ? " -k" : "") < 0;

    failed = failed || add(out, "--lines=", lines) || add(out, "--priority=", opt.level) ||
             add(out, "--since=", opt.since) || add(out, "--until=", opt.until) ||
             add(out, "--grep=", opt.grep);
    for (size_t i = 0; i < opt.units.count; i++)
        failed = failed || add(out, "--unit=", opt.units.items[i]);
    return failed ? x8_fail(err, X8_E_INTERNAL, "not enough memory") : 0;
}

/* Mistakes that only journalctl finds. The strings are those of systemd 244 and later. */
static const struct {
    const char *text, *next;
} mistakes[] = {
    {"Failed to parse timestamp", "--since '10 min ago', today, '2026-03-01 10:00'"},
    {"Bad pattern", "--grep takes a Perl regular expression; a special letter by itself needs '\\' "
                    "in front"},
    {"Failed to parse lines", "--lines 200, or all"},
};

/* The line of `said` in which `at` stands. */
static void line_at(char *out, size_t cap, const char *said, const char *at)
{
    while (at > said && at[-1] != '\n')
        at--;
    x8_clean(out, cap, at, strcspn(at, "\r\n"));
}

/* Its last line is the reason: a hint about groups may stand in front. */
static int explain(const struct x8_job_on *job, int status, const char *said, struct x8_error *err)
{
    char words[400];
    size_t len = strlen(said);

    for (size_t i = 0; i < X8_COUNT(mistakes); i++) {
        const char *at = strstr(said, mistakes[i].text);

        if (!at)
            continue;
        x8_fail(err, X8_E_USAGE, "%s: journalctl does not take it", job->op.board);
        line_at(words, sizeof words, said, at);
        x8_error_why(err, "%s", words);
        x8_error_next(err, "%s", mistakes[i].next);
        return -X8_E_USAGE;
    }
    while (len > 0 && strchr("\r\n", said[len - 1]))
        len--;
    line_at(words, sizeof words, said, said + len);
    x8_fail(err, X8_E_REFUSED, "%s: journalctl ended with status %d", job->op.board, status);
    x8_error_why(err, "%s", len ? words : "it gives no reason, or its words are above");
    x8_error_next(err, "x8ctl exec --root -- journalctl -n 5    tells whether it works at all");
    return -X8_E_REFUSED;
}

static void print_merged(void *ctx, size_t board, const char *line, size_t len)
{
    const struct journals *journals = ctx;

    x8_job_print(journals->jobs[board], 0, line, len);
    if (line[len - 1] != '\n') /* the end of a journal */
        x8_job_print(journals->jobs[board], 0, "\n", 1);
}

static int take_line(struct x8_job_on *job, const char *bytes, size_t len, struct x8_error *err)
{
    const struct journals *journals = job->user;

    return x8_merge_add(journals->merge, &job->op, job->index, bytes, len, err);
}

/* Every board joins before it is opened: the others wait for its first line or its end. */
static int join(struct x8_job_on *job, struct x8_error *err)
{
    struct journals *journals = job->user;
    int rc = 0;

    pthread_mutex_lock(&journals->lock);
    if (!journals->merge)
        journals->merge = x8_merge_new(job->count, print_merged, journals);
    if (journals->merge)
        journals->jobs[job->index] = job;
    else
        rc = x8_fail(err, X8_E_INTERNAL, "not enough memory");
    pthread_mutex_unlock(&journals->lock);
    return rc;
}

static int read_journal(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_command command = {.ends_at_soft = 1};
    X8_AUTO_CHANNEL channel = NULL;
    X8_AUTO_BUF said = {0}, text = {0};
    int status = X8_STATUS_UNKNOWN, rc = x8_job_open(job, err);

    if (rc == 0)
        rc = command_text(job, &text, err);
    if (rc == 0 && !opt.user)
        rc = x8_job_root(job, err);
    command.text = x8_buf_text(&text);
    if (rc == 0)
        rc = x8_start_as(job->session, &job->op, opt.user ? NULL : &job->root, &command, &channel,
                         err);
    if (rc == 0)
        rc = x8_relay_held(job, channel, &said, is_merged(job) ? take_line : NULL, &status, err);
    if (rc == -X8_E_STOPPED && opt.follow)
        return 0; /* that is how following ends */
    if (rc < 0 || status == 0)
        return rc;
    return explain(job, status, x8_buf_text(&said), err);
}

static int work(struct x8_job_on *job, struct x8_error *err)
{
    const struct journals *journals = job->user;
    int rc;

    if (!is_merged(job))
        return read_journal(job, err);
    rc = join(job, err);
    if (rc < 0)
        return rc;
    rc = read_journal(job, err);
    x8_merge_end(journals->merge, job->index);
    return rc;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct journals journals = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct x8_job_plan plan = {.work = work, .user = &journals, .quiet_json = 1};
    int rc = check_level(err);

    if (rc == 0)
        rc = check_lines(err);
    if (rc == 0 && ctx->argc > 0) {
        rc = x8_fail(err, X8_E_USAGE, "logs takes no operand, not '%s'", ctx->argv[0]);
        if (ctx->argv[0][strspn(ctx->argv[0], "0123456789")] == '\0') {
            x8_error_why(err, "-n is --dry-run here, as everywhere in x8ctl");
            x8_error_next(err, "x8ctl logs --lines %s", ctx->argv[0]);
        } else {
            x8_error_why(err, "units are named behind -u, boards behind -s");
            x8_error_next(err, "x8ctl logs -u %s    for one unit", ctx->argv[0]);
        }
    }
    plan.one_only = ctx->globals->json; /* entries do not say which board they are from */
    if (rc == 0)
        rc = x8_run_on_boards(ctx, &plan, err);
    x8_merge_free(journals.merge);
    return rc;
}

static const struct x8_example examples[] = {
    {"x8ctl logs", "the last 200 lines"},
    {"x8ctl logs -f -u docker", "follow one unit"},
    {"x8ctl logs -p err --since today", "errors and worse, from midnight on"},
    {"x8ctl logs -k --grep 'usb|mmc'", "the kernel's messages about two subsystems"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2, 10, 11, 12, 13, 14, 15, 16, 17, 30, 40, 50, 130, 143, 0};

const struct x8_cmd x8_cmd_logs = {
    .name = "logs",
    .group = "look",
    .summary = "show the journal of a running board",
    .usage = "",
    .description =
        "Shows the board's journal, read as root, since the board's user sees almost\n"
        "nothing of it. The options below are journalctl's, but for -n: that is --dry-run\n"
        "here, and --lines N says how many. Lines begin with the time as the board knows\n"
        "it. With --json each line is one entry as a JSON object.\n\n"
        "The lines of several boards (--all) are merged by time, in UTC, each as its\n"
        "board's clock has it; with -f, and of more than 16 boards, they come as they\n"
        "arrive.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl exec, x8ctl info",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP,
    .run = run,
};
