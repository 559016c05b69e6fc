/*
 * x8ctl name: the user's own names for boards.
 */
#include "rows.h"
#include "running.h"

#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int clear;

static void add_row(void *ctx, const char *serial, const char *name)
{
    const char *cells[] = {serial, name};

    x8_table_row(ctx, cells);
}

static int list_names(struct x8_ctx *ctx, const char *path, struct x8_error *err)
{
    static const char *const columns[] = {"SERIAL", "NAME", NULL};
    struct x8_table *table = x8_table_new(columns);
    int rc = x8_names_each(path, add_row, table, err);

    if (rc >= 0 && ctx->globals->json)
        x8_table_print_json(table, "names", stdout);
    else if (rc > 0)
        x8_table_print(table, stdout, isatty(STDOUT_FILENO));
    else if (rc == 0)
        x8_ui_say(ctx->ui, "no board has a name yet: x8ctl name bench-1");
    x8_table_free(&table);
    return rc < 0 ? rc : 0;
}

static int make_folder_of(const char *path, struct x8_error *err)
{
    char *dir = x8_path_dir(path);
    int rc = dir ? x8_env_make_folder(dir, err) : x8_fail(err, X8_E_INTERNAL, "out of memory");

    free(dir);
    return rc;
}

static int no_serial(const struct x8_target *target, struct x8_error *err)
{
    x8_fail(err, X8_E_WRONG_STATE, "the serial number of the board at %s is not known",
            target->where);
    x8_error_why(err, "%s",
                 target->note[0] ? target->note
                                 : "a name belongs to the number that a board shows in Linux");
    x8_error_next(err, "start Linux on it, then give it a name");
    return -(int)X8_E_WRONG_STATE;
}

static int work(struct x8_job_on *job, struct x8_error *err)
{
    const char *name = job->ctx->argc ? job->ctx->argv[0] : NULL;
    const struct x8_target *target = job->target;
    const char *path = job->reach->names_path;
    int rc;

    if (target->mode != X8_MODE_LINUX || !target->serial[0])
        return no_serial(target, err);
    rc = name ? make_folder_of(path, err) : 0;
    if (rc == 0)
        rc = x8_names_set(path, target->serial, clear ? NULL : name, err);
    if (rc < 0)
        return rc;
    if (clear)
        x8_ui_say(job->ctx->ui, "%s has no name of its own any more", target->serial);
    else
        x8_ui_say(job->ctx->ui, "%s is called %s from now on", target->serial, name);
    return 0;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = work, .one_only = 1, .probe_ms = X8_ROWS_PROBE_MS};
    struct x8_reach reach;
    int rc = 0;

    if (ctx->argc > 1 || (clear && ctx->argc)) {
        rc = x8_fail(err, X8_E_USAGE, clear ? "--clear takes no name" : "name takes one name");
        x8_error_why(err, clear ? "the board whose name goes is chosen by -s"
                                : "a board has one name, and is chosen by -s");
        x8_error_next(err, clear ? "x8ctl name --clear -s fad9" : "x8ctl name bench-1 -s fad9");
        return rc;
    }
    if (clear || ctx->argc)
        return x8_run_on_boards(ctx, &plan, err);
    rc = x8_env_reach(ctx->globals, &reach, err);
    return rc < 0 ? rc : list_names(ctx, reach.names_path, err);
}

static const struct x8_opt opts[] = {
    {"clear", 0, X8_OPT_FLAG, &clear, NULL, NULL, "take the board's name away", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl name bench-1 -s fad9", "from now on -s bench-1 means this board"},
    {"x8ctl name", "all names"},
    {"x8ctl name --clear -s bench-1", "forget one"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2, 10, 11, 12, 13, 20, 21, 25, 130, 143, 0};

const struct x8_cmd x8_cmd_name = {
    .name = "name",
    .group = "house",
    .summary = "give a board a name of your own",
    .usage = "[NAME]",
    .description =
        "The name is kept on this computer, in boards.json beside x8ctl's configuration,\n"
        "under the serial number that the board shows in Linux; nothing changes on the\n"
        "board. It is shown by x8ctl list and understood by -s. A name has 4 to 63\n"
        "characters, no spaces, and does not look like a port. Without NAME all names\n"
        "are listed.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl list, x8ctl help selectors",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP,
    .run = run,
};
