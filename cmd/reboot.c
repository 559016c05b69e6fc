/*
 * x8ctl reboot: restart a running board, or bring it into flashing mode.
 */
#include "boot_erase.h"
#include "running.h"

#include "board/carriers.h"
#include "session/power.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

enum { BOOT_LIMIT_MS = 120000, BOOT_ID_LEN = 40 };

static const char *const to_words[] = {"linux", "flash", "loader", NULL};
enum { TO_LINUX, TO_FLASH, TO_LOADER };

static struct {
    int to, no_wait, boot_erase;
    const char *image, *carrier;
} opt;

static int64_t limit_of(const struct x8_ctx *ctx)
{
    int64_t limit = ctx->globals->timeout_ms;

    return x8_deadline_in(limit == X8_TIMEOUT_UNSET ? BOOT_LIMIT_MS : limit);
}

/* A stop of this program is none of the restart. */
static int stopped(int rc, struct x8_error *err)
{
    struct x8_error lower = *err;

    x8_error_why(err, "%.300s; the board restarts all the same", lower.why);
    x8_error_next(err, "x8ctl wait --state linux    waits until the board is up");
    return rc;
}

static int come_back(struct x8_job_on *job, const char *boot_id, int64_t started,
                     struct x8_error *err)
{
    char time[24], words[64];
    struct x8_op op = job->op;
    struct x8_haste haste; /* between two looks at the bus a board may be asked, and not answer */
    int rc;

    x8_session_close(&job->session);
    op.cancel = x8_haste_begin(&haste, op.cancel);
    rc = x8_target_wait(job->ctx->bus, &op, job->reach, job->target, X8_MODE_LINUX, boot_id,
                        limit_of(job->ctx), NULL, NULL, err);
    x8_haste_end(&haste);
    if (rc == -(int)X8_E_STOPPED || rc == -(int)X8_E_TERMINATED)
        return stopped(rc, err);
    if (rc < 0)
        return rc;
    x8_time_text(time, x8_now_ms() - started);
    x8_json_num(job->result, "seconds", (double)(x8_now_ms() - started) / 1000.0);
    snprintf(words, sizeof words, "back after %s\n", time);
    if (!job->ctx->globals->json)
        x8_job_print(job, 0, words, strlen(words));
    return 0;
}

static int restart(struct x8_job_on *job, struct x8_error *err)
{
    char boot_id[BOOT_ID_LEN] = "";
    int64_t started = x8_now_ms();
    int rc = 0;

    if (!job->ctx->globals->dry_run)
        rc = x8_job_agree(job, "Restart", "What runs on it is stopped.", err);
    if (rc == 0)
        rc = x8_job_root(job, err);
    if (rc == 0)
        rc = x8_boot_id(job->session, &job->op, boot_id, err);
    if (rc < 0)
        return rc;
    if (job->ctx->globals->dry_run) {
        x8_emit(&job->op, X8_EV_NOTICE, "%s would be restarted; nothing was changed",
                job->target->label);
        return 0;
    }
    rc = x8_reboot(job->session, &job->op, &job->root, err);
    return rc < 0 || opt.no_wait ? rc : come_back(job, boot_id, started, err);
}

static int to_loader(struct x8_error *err)
{
    x8_fail(err, X8_E_WRONG_STATE, "no software leads from Linux into the loader of a Portenta X8");
    x8_error_why(err, "its U-Boot takes no commands over USB and does not look at what Linux asks "
                      "for at a restart; ADB's own reboot service hangs the daemon");
    x8_error_next(err, "for flashing: x8ctl reboot --to flash; for U-Boot's prompt: the serial "
                       "console of the carrier");
    return -(int)X8_E_WRONG_STATE;
}

static int to_flash(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_to_flash how = {
        .carrier = opt.carrier, .erase = opt.boot_erase, .has_image = opt.image != NULL};
    int rc = 0;

    if (opt.carrier && !x8_carrier_find(opt.carrier)) {
        rc = x8_fail(err, X8_E_USAGE, "no carrier is called \"%s\"", opt.carrier);
        x8_error_why(err, "known are max, breakout, hat, mid and none");
        x8_error_next(err, "x8ctl guide    lists them");
    } else if (opt.no_wait) {
        rc = x8_fail(err, X8_E_USAGE, "--no-wait does not go with --to flash");
        x8_error_why(err, "flashing mode is reached with your hands, or with boot areas that are "
                          "cleared: both are watched");
        x8_error_next(err, "leave it out; --timeout limits the wait");
    }
    if (rc == 0 && opt.image)
        rc = x8_to_flash_check_source(ctx, opt.image, err);
    if (rc == 0)
        rc = x8_to_flash(ctx, &how, err);
    if (rc == 0 && how.port[0] && !ctx->globals->json)
        x8_ui_say(ctx->ui, "next     x8ctl flash -s usb:%s %s", how.port,
                  opt.image ? opt.image : "SOURCE");
    return rc;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = restart, .needs_linux = 1};

    if (ctx->argc > 0) {
        x8_fail(err, X8_E_USAGE, "reboot takes no operand, not '%s'", ctx->argv[0]);
        x8_error_why(err, "a board is chosen by -s");
        x8_error_next(err, "x8ctl reboot -s %s", ctx->argv[0]);
        return -(int)X8_E_USAGE;
    }
    if (opt.to != TO_FLASH && (opt.image || opt.boot_erase || opt.carrier)) {
        x8_fail(err, X8_E_USAGE, "--image, --boot-erase and --carrier go with --to flash");
        x8_error_why(err, "they say how a board gets there");
        x8_error_next(err, "x8ctl reboot --to flash --image 934.tar.gz");
        return -(int)X8_E_USAGE;
    }
    if (opt.to == TO_LOADER)
        return to_loader(err);
    if (opt.to == TO_LINUX)
        x8_signals_expect(); /* all its waits end at once, and how it stands is said at the end */
    return opt.to == TO_FLASH ? to_flash(ctx, err) : x8_run_on_boards(ctx, &plan, err);
}

static const struct x8_opt opts[] = {
    {"to", 0, X8_OPT_CHOICE, &opt.to, "WHERE", to_words, "linux (again), or flash: flashing mode",
     NULL},
    {"no-wait", 0, X8_OPT_FLAG, &opt.no_wait, NULL, NULL,
     "end as soon as the board is gone, not when it is back", NULL},
    {"image", 0, X8_OPT_STRING, &opt.image, "SOURCE", NULL,
     "with --to flash: the image that will be flashed; checked before anything is cleared", "file"},
    {"boot-erase", 0, X8_OPT_FLAG, &opt.boot_erase, NULL, NULL,
     "with --to flash: clear the boot areas, also on a carrier", NULL},
    {"carrier", 0, X8_OPT_STRING, &opt.carrier, "NAME", NULL,
     "with --to flash: the carrier, when the board does not know it", "carrier"},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl reboot", "restart the only board, wait until it is back; asks first"},
    {"x8ctl reboot --all -y", "every running board"},
    {"x8ctl reboot --to flash", "on a carrier: says which switches, waits for flashing mode"},
    {"x8ctl reboot --to flash --image 934.tar.gz", "on a bare board: clears its boot areas"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2,  10, 11, 12, 13, 14, 15, 16, 17,  20,  21, 22,
                                      23, 25, 30, 31, 35, 40, 41, 50, 130, 143, 0};

const struct x8_cmd x8_cmd_reboot = {
    .name = "reboot",
    .group = "run",
    .summary = "restart a running board, or bring it into flashing mode",
    .usage = "",
    .description =
        "Restarts with the board's own systemd, as root, waits until it answers from\n"
        "another boot, and says how long that took. --timeout limits the wait (2m).\n"
        "\n"
        "--to flash: on a carrier only its switches lead there; they are named, and the\n"
        "board is waited for. Without a carrier (or with --boot-erase) the boot areas\n"
        "are cleared, as Arduino's manual does it: only after --image was found complete\n"
        "and read through, a copy of the areas was kept on this computer, and the last\n"
        "four of the serial were typed (--confirm in scripts). THERE IS NO WAY BACK by\n"
        "software once the board has restarted or lost its power, except flashing, and\n"
        "that erases everything on it. While it still runs Linux,\n"
        "x8ctl recover --restore-boot undoes it.\n"
        "\n"
        "--to loader does not exist on this board; it says why.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl flash, x8ctl recover, x8ctl wait, x8ctl guide",
    .logged = "",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS,
    .run = run,
};
