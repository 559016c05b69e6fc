/*
 * The state machine of one board: find it in whatever stage it is, run that stage's commands, wait
 * for the next stage, until `done` or until no stage of the script is left. The board is followed
 * by its port path, since its ids and serial change with every stage. Every wait has a limit; a
 * board that falls back to an earlier stage is told of, and stopped the second time.
 */
#include "flash/job.h"
#include "util/clock.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define FALLS_MAX      2
#define PROBE_LIMIT_MS 1500
#define RIGHTS_MS      3000
#define RIGHTS_STEP_MS 100
/* One answer and its INFO packets, at most; they wait in the board and come at once. */
#define OLD_ANSWERS_MAX 64
#define OLD_ANSWER_MS   50

static int stage_left(const struct x8_job *job, int height)
{
    for (int proto = X8_PROTO_SDPS; proto <= X8_PROTO_FB; proto++)
        if (x8_proto_height((enum x8_proto)proto) > height &&
            x8_plan_has(job->plan, (enum x8_proto)proto))
            return 1;
    return 0;
}

static void warn_speed(struct x8_job *job)
{
    uint64_t bytes = x8_plan_bytes(job->plan);

    if (job->device.speed != X8_SPEED_FULL && job->device.speed != X8_SPEED_LOW)
        return;
    job->result.full_speed = 1;
    /* About 1 MB/s of the 12 Mbit/s are left for data. */
    x8_emit(&job->op, X8_EV_WARN,
            "the link runs at full speed (12 Mbit/s) instead of 480: about %llu min instead of a "
            "few. Use another cable or port, without old hubs in between",
            (unsigned long long)(bytes / 60000000 + 1));
}

/* Each stage is a new device with a node of its own, whose rights come a moment after it: one that
 * could be opened before is tried for a while. */
static int open_link(struct x8_job *job, struct x8_error *err)
{
    int is_fb = job->chip.proto == X8_PROTO_FB || job->chip.proto == X8_PROTO_FBK;
    int64_t deadline = job->has_opened ? x8_deadline_in(RIGHTS_MS) : 0;
    struct x8_error stopped;
    int rc;

    do {
        rc = job->bus->ops->open(job->bus, &job->op, &job->device,
                                 is_fb ? X8_LINK_FASTBOOT : X8_LINK_HID, &job->link, err);
    } while (x8_code_of(rc) == X8_E_NO_PERMISSION && x8_deadline_left(deadline, 1) > 0 &&
             x8_cancel_sleep(job->op.cancel, x8_deadline_in(RIGHTS_STEP_MS), X8_CANCEL_SOFT,
                             &stopped) >= 0);
    job->has_opened |= rc == 0;
    if (rc < 0)
        x8_error_prefix(err, "%s", x8_stage_word(job->chip.proto));
    return rc;
}

static void close_link(struct x8_job *job)
{
    if (!job->link)
        return;
    job->result.sent += job->link->bytes_out;
    job->result.received += job->link->bytes_in;
    x8_transport_close(&job->link);
}

/* After a reset the device may be the same, a new one, or still the old one that is about to go. */
static int reopen(struct x8_job *job, struct x8_error *err)
{
    int64_t deadline = x8_deadline_in(job->stage_ms);
    uint64_t seq = 0;
    int rc;

    do {
        job->seen_attach = 0;
        rc = x8_await_stage(job, err);
        if (rc == 0)
            rc = open_link(job, err);
        if (x8_code_of(rc) != X8_E_GONE)
            return rc;
        rc = job->bus->ops->wait(job->bus, &job->op, &seq, x8_deadline_in(500), err);
    } while (rc >= 0 && x8_deadline_left(deadline, 1) > 0);
    return rc < 0 ? rc : x8_fail(err, X8_E_GONE, "the board did not return after a USB reset");
}

/* An answer that nobody read, of a run that was killed, would be taken for that to the next
 * command. */
static void drop_old_answers(struct x8_job *job)
{
    struct x8_error ignored;
    uint8_t packet[512];

    for (int i = 0; i < OLD_ANSWERS_MAX; i++)
        if (x8_recv(job->link, &job->op, packet, sizeof packet, OLD_ANSWER_MS, &ignored) < 0)
            return;
}

/*
 * A loader that was left in the middle of a download takes the next command as data and stays
 * silent. A USB reset makes it forget; that is tried once, when the board was already in fastboot
 * as the run began.
 */
static int wake_fastboot(struct x8_job *job, struct x8_error *err)
{
    struct x8_fastboot fb = {.link = job->link, .op = &job->op, .timeout_ms = PROBE_LIMIT_MS};
    struct x8_error ignored;
    char value[256];
    int rc;

    drop_old_answers(job);
    rc = x8_fb_getvar(&fb, "version", value, &ignored);
    if (x8_code_of(rc) != X8_E_TIMEOUT && x8_code_of(rc) != X8_E_LINK)
        return 0;
    x8_emit(&job->op, X8_EV_NOTICE,
            "the loader does not answer, perhaps after an interrupted run: resetting its USB");
    rc = job->link->ops->reset(job->link, err);
    close_link(job);
    if (rc < 0 && x8_code_of(rc) != X8_E_GONE)
        return rc;
    return reopen(job, err);
}

/* An aborted download or report is forgotten by a reset of the board's USB, before anything is
 * sent again. A board that left needs none. */
static void calm(struct x8_job *job, int rc)
{
    struct x8_error ignored;

    if (job->link && x8_code_of(rc) != X8_E_GONE)
        job->link->ops->reset(job->link, &ignored);
}

static int run_stage(struct x8_job *job, int is_first, struct x8_error *err)
{
    int rc = job->is_retry ? reopen(job, err) : open_link(job, err);

    if (rc == 0 && (is_first || job->is_retry) && job->chip.proto == X8_PROTO_FB)
        rc = wake_fastboot(job, err);
    if (rc == 0)
        rc = x8_check_serial(job, err);
    job->is_retry = 0;
    if (rc == 0)
        rc = job->chip.proto == X8_PROTO_FB || job->chip.proto == X8_PROTO_FBK
                 ? x8_stage_fb(job, err)
                 : x8_stage_sdp(job, err);
    if (rc < 0 && x8_may_retry(job, rc))
        calm(job, rc);
    close_link(job);
    return rc;
}

/* The board is in a stage that is not above the last one. */
static int note_fall(struct x8_job *job, int falls, const char *last, struct x8_error *err)
{
    const char *now = x8_stage_word(job->chip.proto);

    if (falls < FALLS_MAX) {
        x8_emit(&job->op, X8_EV_WARN,
                "the board fell back from %s to %s: its loader did not start; one more try", last,
                now);
        return 0;
    }
    x8_fail(err, X8_E_MISFIT, "the board fell back from %s to %s twice", last, now);
    x8_error_why(err, "the loader starts and gives up: it is damaged, or made for another board");
    x8_error_next(err,
                  "check that the files belong to a Portenta X8 release and were downloaded whole");
    return -(int)X8_E_MISFIT;
}

static void tell_stage(struct x8_job *job, int height)
{
    static const char *const done[] = {"", "loader given to the boot ROM",
                                       "U-Boot given to the SPL", "script done", "script done"};

    job->op.stage = x8_stage_word(job->chip.proto);
    x8_emit(&job->op, X8_EV_STAGE, "%s", done[height]);
}

static void tell_arrival(struct x8_job *job, int is_first, int height)
{
    job->op.stage = x8_stage_word(job->chip.proto);
    if (is_first) {
        x8_copy(job->result.first_stage, sizeof job->result.first_stage, job->op.stage);
        if (height > 1)
            x8_emit(&job->op, X8_EV_NOTICE, "already in %s: continuing there", job->op.stage);
        warn_speed(job);
    }
    if (job->device.serial[0])
        x8_copy(job->result.serial, sizeof job->result.serial, job->device.serial);
    x8_emit_enter(&job->op);
    x8_emit(&job->op, X8_EV_DETAIL, "found at usb %s (%04x:%04x)", job->port, job->device.vid,
            job->device.pid);
}

/* How far the board came, over all its stages. */
struct climb {
    const char *last;
    int height, falls;
    int is_first;
};

/* The next stage, to its end. 1: it failed and is taken up again. */
static int next_stage(struct x8_job *job, struct climb *climb, struct x8_error *err)
{
    int now, is_again = job->is_retry, rc = x8_await_stage(job, err);

    if (rc < 0)
        return rc;
    now = x8_proto_height(job->chip.proto);
    /* One that was taken up again may come back anywhere. */
    if (!climb->is_first && !is_again && now <= climb->height)
        rc = note_fall(job, ++climb->falls, climb->last, err);
    if (rc == 0) {
        tell_arrival(job, climb->is_first, now);
        rc = run_stage(job, climb->is_first, err);
        climb->is_first = 0;
        /* A reset of its USB may have brought up another stage. */
        now = x8_proto_height(job->chip.proto);
    }
    if (rc == 0)
        tell_stage(job, now);
    climb->height = now;
    climb->last = x8_stage_word(job->chip.proto);
    if (rc < 0 && x8_may_retry(job, rc)) {
        x8_take_up(job, err);
        climb->height = 0;
        return 1;
    }
    return rc;
}

static int run_stages(struct x8_job *job, struct x8_error *err)
{
    struct climb climb = {.last = "", .is_first = 1};
    int rc = job->past ? x8_resume(job, err) : 0;

    if (rc < 0)
        return rc;
    do {
        rc = next_stage(job, &climb, err);
    } while (rc > 0 || (rc == 0 && !job->is_done && stage_left(job, climb.height)));
    return rc;
}

static void sum_up_proof(struct x8_job *job)
{
    if (job->proven && job->proven == job->flashed)
        job->result.proof = X8_PROOF_FULL;
    else
        job->result.proof = job->proven ? X8_PROOF_PARTLY : X8_PROOF_NONE;
}

/* A flash that reached its end without a byte on the medium is no success. */
static int check_written(struct x8_job *job, struct x8_error *err)
{
    if (!job->plan->options.is_flash || job->result.target_count)
        return 0;
    x8_fail(err, X8_E_BAD_IMAGE, "nothing was written");
    x8_error_why(err, "the script ended before its first flash command");
    x8_error_next(err, "x8ctl explain SCRIPT    shows what it does");
    return -(int)X8_E_BAD_IMAGE;
}

static const char *state_words(enum x8_touched touched)
{
    switch (touched) {
    case X8_TOUCHED_NOT:
        return "the eMMC was not touched";
    case X8_TOUCHED_MAYBE:
        return "parts of the eMMC may be erased" X8_NEEDS_FLASH;
    case X8_TOUCHED_ERASED:
        return "parts of the eMMC are erased" X8_NEEDS_FLASH;
    case X8_TOUCHED_PARTLY:
        return "the eMMC is partly written" X8_NEEDS_FLASH;
    case X8_TOUCHED_ALL:
        return "everything was written";
    }
    return "";
}

/* What a failure leaves behind belongs into its cause: the user must know whether the board still
 * starts. */
static void add_state(const struct x8_job *job, struct x8_error *err)
{
    const char *state = state_words(job->result.touched);
    size_t len = strlen(err->why);

    /* Another board than the one that was touched: of that one nothing can be said here. */
    if (job->is_another)
        return;
    snprintf(err->why + len, sizeof err->why - len, "%s%s", len ? "; " : "", state);
    if (!err->next[0])
        x8_error_next(err, "run the command again");
}

int x8_job_run(struct x8_job *job)
{
    struct x8_flash_result *result = &job->result;
    int rc;

    job->op.board = job->label;
    job->can_verify = job->can_gzwrite = -1;
    x8_copy(result->port, sizeof result->port, job->port);
    result->started_ms = x8_now_ms();
    x8_emit(&job->op, X8_EV_START, "usb %s", job->port);
    rc = run_stages(job, &result->error);
    if (rc == 0)
        rc = check_written(job, &result->error);
    if (rc == 0 && result->target_count)
        result->touched = X8_TOUCHED_ALL;
    sum_up_proof(job);
    if (rc < 0)
        add_state(job, &result->error);
    close_link(job);
    x8_sources_leave(job->sources);
    x8_journal_end(&job->journal, &job->op, rc);
    x8_progress_done(&job->progress);
    result->rc = rc;
    result->ended_ms = x8_now_ms();
    return rc;
}
