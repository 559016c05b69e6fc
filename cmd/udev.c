/*
 * x8ctl udev print|install|check|remove: the rules that let users open a board.
 */
#include "cmd.h"

#include "doctor/udev.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

static const char *dir;

static int run_print(struct x8_ctx *ctx, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};

    (void)ctx;
    if (x8_udev_text(x8_udev_group(), &text) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory while writing udev rules");
    fputs(x8_buf_text(&text), stdout);
    return 0;
}

static struct x8_json *report_json(const struct x8_udev_report *report)
{
    struct x8_json *top = x8_json_object(), *others = x8_json_array();

    x8_json_str(top, "path", report->path);
    x8_json_bool(top, "present", report->is_present);
    x8_json_bool(top, "current", report->is_current);
    x8_json_bool(top, "effective", report->is_effective);
    x8_json_bool(top, "udevadm", report->has_udev);
    for (size_t i = 0; i < report->other_count; i++)
        x8_json_str(others, NULL, report->others[i]);
    x8_json_add(top, "other_files", others);
    return top;
}

static int run_check(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_udev_report report;
    int rc = x8_udev_check(dir, &report, err);
    struct x8_json *json = report_json(&report);

    x8_result(ctx, &json);
    if (ctx->globals->json)
        return rc;
    if (rc == 0)
        printf("%s: in place and current\n", report.path);
    for (size_t i = 0; i < report.other_count; i++)
        x8_ui_say(ctx->ui, "%s names some of the same ids", report.others[i]);
    return rc;
}

/* With --dry-run only what would happen is said. */
static int would(struct x8_ctx *ctx, const char *what)
{
    x8_ui_say(ctx->ui, "would %s %s/70-x8ctl.rules", what, dir ? dir : X8_UDEV_DIR);
    return 0;
}

static int run_install(struct x8_ctx *ctx, struct x8_error *err)
{
    int rc;

    if (ctx->globals->dry_run)
        return would(ctx, "write");
    rc = x8_udev_install(&ctx->op, dir, err);
    if (rc >= 0)
        x8_ui_say(ctx->ui, "%s/70-x8ctl.rules %s", dir ? dir : X8_UDEV_DIR,
                  rc ? "written" : "was in place already");
    return rc < 0 ? rc : 0;
}

static int run_remove(struct x8_ctx *ctx, struct x8_error *err)
{
    int rc;

    if (ctx->globals->dry_run)
        return would(ctx, "remove");
    rc = x8_udev_remove(&ctx->op, dir, err);
    if (rc >= 0)
        x8_ui_say(ctx->ui, "%s/70-x8ctl.rules %s", dir ? dir : X8_UDEV_DIR,
                  rc ? "removed" : "was not there");
    return rc < 0 ? rc : 0;
}

static const char *const verbs[] = {"print", "install", "check", "remove", NULL};

static int not_a_verb(const struct x8_ctx *ctx, struct x8_error *err)
{
    const char *near = ctx->argc == 1 ? x8_closest(ctx->argv[0], verbs, X8_COUNT(verbs) - 1) : NULL;

    if (ctx->argc == 1)
        x8_fail(err, X8_E_USAGE, "udev cannot '%s'", ctx->argv[0]);
    else
        x8_fail(err, X8_E_USAGE,
                ctx->argc ? "udev takes one word" : "udev needs a word: what to do");
    if (near)
        x8_error_why(err, "did you mean '%s'?", near);
    else
        x8_error_why(err, "it takes one of: print, install, check, remove");
    x8_error_next(err, "x8ctl udev %s", near ? near : "check");
    return -X8_E_USAGE;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    static int (*const runs[])(struct x8_ctx *, struct x8_error *) = {run_print, run_install,
                                                                      run_check, run_remove};

    for (size_t i = 0; ctx->argc == 1 && verbs[i]; i++)
        if (strcmp(ctx->argv[0], verbs[i]) == 0)
            return runs[i](ctx, err);
    return not_a_verb(ctx, err);
}

static const struct x8_opt opts[] = {
    {"dir", 0, X8_OPT_STRING, &dir, "DIR", NULL,
     "folder of the rules instead of " X8_UDEV_DIR "; udev is not told", "dir"},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"sudo x8ctl udev install", "once per computer: boards can be opened without root"},
    {"x8ctl udev check", "exit status 0 when the rules are in place, else 4"},
    {"x8ctl udev print > 70-x8ctl.rules", "for a package or another computer"},
    {NULL, NULL},
};
static const unsigned char exits[] = {X8_E_USAGE, X8_E_DIFFERS, X8_E_NO_PERMISSION, X8_E_NO_FILE,
                                      0};

const struct x8_cmd x8_cmd_udev = {
    .name = "udev",
    .group = "house",
    .summary = "print, install, check or remove the udev rules",
    .usage = "print|install|check|remove",
    .verbs = verbs,
    .description = "A board in flashing mode shows USB ids that only root may open, until a\n"
                   "udev rule says otherwise. install writes " X8_UDEV_DIR "/70-x8ctl.rules\n"
                   "and makes udev apply it to boards that are plugged in. The rules give\n"
                   "access to whoever sits at the computer, and to the group plugdev where it\n"
                   "exists, and keep ModemManager away from the board's serial line.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl list",
    .run = run,
};
