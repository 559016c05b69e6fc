/*
 * Into flashing mode. The order matters: a complete image is at hand, the boot areas are kept, the
 * user has confirmed; only then they are cleared, and the board is restarted at once.
 */
#include "boot_erase.h"
#include "running.h"

#include "board/carriers.h"
#include "session/bootareas.h"
#include "session/power.h"
#include "util/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_LEN = 1024, HANDS_LIMIT_MS = 300000, RESTART_LIMIT_MS = 120000 };

void x8_kept_folder(const char *serial, char *out, size_t cap)
{
    char name[128] = "boot-areas";
    size_t used = strlen(name);

    if (serial[0])
        name[used++] = '/';
    /* What a board says must not lead out of the folder. */
    for (; *serial && used < sizeof name - 1; serial++)
        if (isalnum((unsigned char)*serial))
            name[used++] = *serial;
    name[used] = '\0';
    x8_env_path("state", name, out, cap);
}

/* One folder per time, so that an older copy is never written over. */
static int new_folder(const char *serial, char *out, size_t cap, struct x8_error *err)
{
    char base[PATH_LEN - 40], time[32], stamp[32];
    size_t n = 0;

    x8_kept_folder(serial, base, sizeof base);
    x8_utc_text(time, 0);
    for (const char *p = time; *p; p++)
        if (isalnum((unsigned char)*p))
            stamp[n++] = *p;
    stamp[n] = '\0';
    snprintf(out, cap, "%s/%s", base, stamp);
    return x8_env_make_folder(base, err);
}

/* --- by hands --- */

static int64_t limit_of(const struct x8_ctx *ctx, int64_t usual_ms)
{
    int64_t limit = ctx->globals->timeout_ms;

    return x8_deadline_in(limit == X8_TIMEOUT_UNSET ? usual_ms : limit);
}

static int wait_for_rom(struct x8_job_on *job, int64_t deadline, struct x8_to_flash *how,
                        struct x8_error *err)
{
    struct x8_target *now = calloc(1, sizeof *now);
    int rc = now ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");

    x8_session_close(&job->session); /* its lock would keep a flash away from the port */
    if (rc == 0)
        rc = x8_target_wait(job->ctx->bus, &job->op, job->reach, job->target, X8_MODE_ROM, NULL,
                            deadline, now, NULL, err);
    if (rc == 0) {
        x8_copy(how->port, sizeof how->port, now->usb.device.port);
        x8_json_str(job->result, "port", how->port);
        x8_json_str(job->result, "state", now->state);
        x8_emit(&job->op, X8_EV_NOTICE, "in flashing mode at usb %s", how->port);
    }
    free(now);
    return rc;
}

static int by_hands(struct x8_job_on *job, const struct x8_carrier *carrier,
                    struct x8_to_flash *how, struct x8_error *err)
{
    int rc;

    x8_emit(&job->op, X8_EV_NOTICE, "now      %s   (picture: x8ctl guide %s)", carrier->hands,
            carrier->name);
    rc = wait_for_rom(job, limit_of(job->ctx, HANDS_LIMIT_MS), how, err);
    if (rc == -(int)X8_E_NO_BOOT)
        x8_error_next(err, "%s; --timeout DUR waits longer", carrier->hands);
    return rc;
}

/* --- by clearing the boot areas --- */

static int need_image(const struct x8_target *target, struct x8_error *err)
{
    x8_fail(err, X8_E_USAGE, "the boot areas of %s are cleared only with an image at hand",
            target->label);
    x8_error_why(err, "without its loader the board starts nothing until it is flashed");
    x8_error_next(err, "x8ctl reboot --to flash --image 934.tar.gz, or x8ctl flash "
                       "--via-boot-erase 934.tar.gz");
    return -(int)X8_E_USAGE;
}

static int wrong_answer(const char *serial, const char *last, struct x8_error *err)
{
    int rc = x8_fail(err, X8_E_NEED_YES, "not confirmed; nothing was changed on the board");

    x8_error_why(err, "clearing the boot areas of %s must name it by its last four: %s", serial,
                 last);
    x8_error_next(err, "--confirm %s", last);
    return rc;
}

static const char *last_four(const char *serial)
{
    size_t len = strlen(serial);

    return len >= 4 ? serial + len - 4 : serial;
}

/* Said before anything is kept: with a wrong --confirm, or where nobody can be asked, the run goes
 * nowhere. */
static int can_confirm(const struct x8_job_on *job, const char *serial, struct x8_error *err)
{
    const char *last = last_four(serial);

    if (x8_confirmed(job->ctx, last))
        return 0;
    if (job->ctx->globals->confirm)
        return wrong_answer(serial, last, err);
    if (x8_ui_can_ask(job->ctx->ui))
        return 0;
    x8_fail(err, X8_E_NEED_YES, "clearing the boot areas of %s must be confirmed",
            job->target->label);
    x8_error_why(err, "after that nothing but a flash brings the board back, and nobody can be "
                      "asked here");
    x8_error_next(err, "--confirm %s    the last four of its serial", last);
    return -(int)X8_E_NEED_YES;
}

static int confirm(struct x8_job_on *job, const char *serial, struct x8_error *err)
{
    const char *last = last_four(serial);
    char question[400], answer[64] = "";
    int rc;

    if (x8_confirmed(job->ctx, last))
        return 0;
    snprintf(
        question, sizeof question,
        "Clearing the boot areas of %s: once it restarts or loses power, nothing but a flash "
        "brings it back, and a flash erases everything on it. Type the last four of its serial "
        "to go on:",
        job->target->label);
    rc = x8_ui_ask_severe(job->ctx->ui, question, answer, sizeof answer, err);
    if (rc < 0)
        return rc;
    return *last && x8_casecmp(answer, last) == 0 ? 0 : wrong_answer(serial, last, err);
}

static int keep(struct x8_job_on *job, const char *serial, char folder[PATH_LEN],
                struct x8_error *err)
{
    int rc = new_folder(serial, folder, PATH_LEN, err);

    if (rc == 0)
        rc = x8_boot_areas_keep(job->session, &job->op, &job->root, serial, folder, err);
    if (rc < 0) {
        x8_error_prefix(err, "nothing was changed on the board");
        return rc;
    }
    x8_json_str(job->result, "kept", folder);
    x8_emit(&job->op, X8_EV_NOTICE, "kept     a copy of the boot areas in %s", folder);
    return 0;
}

static int still_runs(struct x8_job_on *job, struct x8_error *err)
{
    x8_error_prefix(err, "the boot areas are cleared, but the board still runs Linux");
    x8_error_next(err,
                  "x8ctl recover --restore-boot -s %s    while Linux still runs; do not pull its "
                  "power",
                  job->target->label);
    return -(int)err->code;
}

/* The restart may be under way, so nobody is told that the board still runs. */
static int may_restart(struct x8_job_on *job, struct x8_error *err)
{
    x8_error_prefix(err, "the boot areas are cleared");
    x8_error_next(err,
                  "while Linux still runs:  x8ctl recover --restore-boot -s %s    once it has "
                  "restarted:  x8ctl flash",
                  job->target->label);
    return -(int)err->code;
}

static int restart(struct x8_job_on *job, struct x8_to_flash *how, struct x8_error *err)
{
    int rc = x8_reboot(job->session, &job->op, &job->root, err);

    if (rc == -(int)X8_E_STOPPED || rc == -(int)X8_E_TERMINATED)
        return may_restart(job, err);
    if (rc < 0)
        return still_runs(job, err);
    rc = wait_for_rom(job, limit_of(job->ctx, RESTART_LIMIT_MS), how, err);
    if (rc < 0)
        x8_error_prefix(err, "the boot areas are cleared");
    return rc;
}

static int clear(struct x8_job_on *job, const char *serial, const char *folder,
                 struct x8_error *err)
{
    int rc = x8_boot_areas_clear(job->session, &job->op, &job->root, serial, folder, err);

    if (rc < 0)
        return rc; /* what state the areas are in stands in the message */
    x8_emit(&job->op, X8_EV_WARN,
            "the boot areas are cleared: from the restart on nothing but a flash brings the board "
            "back");
    return 0;
}

static int by_erasing(struct x8_job_on *job, const struct x8_facts *facts, struct x8_to_flash *how,
                      struct x8_error *err)
{
    struct x8_boot_state state;
    char folder[PATH_LEN];
    int is_cleared, rc = how->has_image ? x8_job_root(job, err) : need_image(job->target, err);

    if (rc == 0)
        rc = x8_boot_areas_look(job->session, &job->op, &job->root, &state, err);
    if (rc < 0)
        return rc;
    if (job->ctx->globals->dry_run) {
        x8_emit(&job->op, X8_EV_NOTICE,
                "the boot areas of %s would be kept and cleared; nothing was changed",
                job->target->label);
        return 0;
    }
    is_cleared = state.is_cleared[0] && state.is_cleared[1];
    rc = can_confirm(job, facts->serial, err);
    if (rc == 0 && !is_cleared)
        rc = keep(job, facts->serial, folder, err);
    if (rc == 0)
        rc = confirm(job, facts->serial, err);
    if (rc == 0 && !is_cleared)
        rc = clear(job, facts->serial, folder, err);
    return rc < 0 ? rc : restart(job, how, err);
}

/* --- which of the two --- */

static int check_board(const struct x8_job_on *job, const struct x8_facts *facts,
                       struct x8_error *err)
{
    if (!x8_os_is_x8(&facts->os) || !facts->serial[0]) {
        x8_fail(err, X8_E_MISFIT, "%s is no Portenta X8", job->target->label);
        x8_error_why(err, "its os-release names another machine, or it has no serial number");
        x8_error_next(err, "choose the board with -s");
        return -(int)X8_E_MISFIT;
    }
    if (!job->target->has_usb) {
        x8_fail(err, X8_E_WRONG_STATE, "%s is not on the USB of this computer", job->target->label);
        x8_error_why(err, "it is reached by %s, and flashing works over USB alone",
                     job->session->via);
        x8_error_next(err, "plug its USB-C port into this computer");
        return -(int)X8_E_WRONG_STATE;
    }
    return 0;
}

static int unknown_carrier(const struct x8_job_on *job, const struct x8_facts *facts,
                           struct x8_error *err)
{
    x8_fail(err, X8_E_USAGE, "it is not known which carrier %s sits on", job->target->label);
    x8_error_why(err, facts->carrier[0] ? "the board says \"%s\"" : "the board does not say%s",
                 facts->carrier);
    x8_error_next(err, "--carrier max, breakout, hat or mid for its switches; --boot-erase for a "
                       "board without");
    return -(int)X8_E_USAGE;
}

static int choose_way(struct x8_job_on *job, const struct x8_facts *facts, struct x8_error *err)
{
    struct x8_to_flash *how = job->user;
    const char *name = how->carrier ? how->carrier : facts->carrier;
    const struct x8_carrier *carrier = x8_carrier_find(name);
    int rc = check_board(job, facts, err);

    if (rc < 0)
        return rc;
    x8_json_str(job->result, "carrier", name[0] ? name : NULL);
    if (how->erase || (carrier && strcmp(carrier->name, "none") == 0))
        return by_erasing(job, facts, how, err);
    if (!carrier)
        return unknown_carrier(job, facts, err);
    if (job->ctx->globals->dry_run) {
        x8_emit(&job->op, X8_EV_NOTICE, "by hands: %s", carrier->hands);
        return 0;
    }
    return by_hands(job, carrier, how, err);
}

static int work(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_facts *facts = calloc(1, sizeof *facts);
    int rc = facts ? x8_facts_probe_short(job->session, &job->op, X8_RUN_TEXT_MS, facts, err)
                   : x8_fail(err, X8_E_INTERNAL, "out of memory");

    if (rc == 0)
        rc = choose_way(job, facts, err);
    free(facts);
    return rc;
}

int x8_to_flash(struct x8_ctx *ctx, struct x8_to_flash *job, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = work,
                               .user = job,
                               .needs_linux = 1,
                               .one_only = 1,
                               .quiet_json = job->is_quiet_json};

    job->port[0] = '\0';
    return x8_run_on_boards(ctx, &plan, err);
}
