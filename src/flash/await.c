/*
 * Waiting for a board's next stage at its port, and the words for every way in which it does not
 * come.
 */
#include "flash/job.h"
#include "util/clock.h"

#include <stdlib.h>
#include <string.h>

#define HAB_LIMIT_MS 1000
#define LINUX_VID    0x2341 /* Arduino: what the board shows once it has booted */

const char *x8_stage_word(enum x8_proto proto)
{
    static const char *const words[] = {"-", "rom", "spl", "fastboot", "fbk"};

    return words[x8_proto_height(proto)];
}

/* What waits at the port now. 1 found (in *device), 0 nothing there, negative on error. */
static int look(struct x8_job *job, struct x8_device *device, struct x8_error *err)
{
    struct x8_device *all = NULL;
    int n = job->bus->ops->list(job->bus, &all, err), found = 0;

    for (int i = 0; i < n && !found; i++) {
        if (strcmp(all[i].port, job->port) == 0) {
            *device = all[i];
            found = 1;
        }
    }
    free(all);
    return n < 0 ? n : found;
}

/* Has the script commands for what is there, and is it new? */
static int is_next(const struct x8_job *job, const struct x8_device *device,
                   const struct x8_chip **chip)
{
    *chip = x8_chips_find(&job->plan->chips, device->vid, device->pid, device->bcd_device);
    return *chip && device->attach != job->seen_attach && x8_plan_has(job->plan, (*chip)->proto);
}

/* The board is still in the boot ROM although it was told to jump: its HAB status may say why. */
static void ask_hab(struct x8_job *job, struct x8_error *err)
{
    struct x8_error ignored;
    struct x8_sdp sdp = {.op = &job->op, .timeout_ms = HAB_LIMIT_MS};
    struct x8_transport *link = NULL;
    char text[160];
    uint32_t word;

    sdp.rom = x8_rom_of(&job->chip);
    if (!sdp.rom || sdp.rom->is_stream || job->chip.proto != X8_PROTO_SDP)
        return;
    if (job->bus->ops->open(job->bus, &job->op, &job->device, X8_LINK_HID, &link, &ignored) < 0)
        return;
    sdp.link = link;
    if (x8_sdp_status(&sdp, &word, &ignored) == 0 && word) {
        x8_hab_text(text, word);
        x8_error_why(err, "the boot ROM says: %s", text);
    }
    x8_transport_close(&link);
}

static int no_next_stage(struct x8_job *job, int is_there, const struct x8_device *device,
                         struct x8_error *err)
{
    const char *last = x8_stage_word(job->chip.proto);
    long long s = (long long)(job->stage_ms / 1000);

    if (is_there && device->attach == job->seen_attach) {
        x8_fail(err, X8_E_TIMEOUT, "the board is still in %s after %lld s", last, s);
        x8_error_why(err, "it did not start the loader it was given");
        ask_hab(job, err);
        x8_error_next(err,
                      "power-cycle the board and try again; the files may be for another board");
    } else if (is_there) {
        x8_fail(err, X8_E_WRONG_STATE, "the board came back %s%04x:%04x%s",
                device->vid == LINUX_VID ? "in Linux (" : "as ", device->vid, device->pid,
                device->vid == LINUX_VID ? ")" : ", which the script does not know");
        x8_error_why(err, "its boot switches are off, or it is past the stages of the script");
        x8_error_next(err, "set the boot switches (x8ctl guide) and power-cycle the board");
    } else {
        x8_fail(err, X8_E_GONE, "the board left %s and did not return within %lld s", last, s);
        if (job->is_retry)
            x8_error_why(err, "it was at work when the link broke: its cable, its power or the hub "
                              "between");
        else
            x8_error_why(err,
                         "the loader did not start (wrong or damaged, or the memory could not be "
                         "set up), or the cable lost contact");
        x8_error_next(
            err, "power-cycle the board, try another cable or port, then run the command again");
    }
    return err ? -(int)err->code : -(int)X8_E_GONE;
}

static int not_found(const struct x8_job *job, int is_there, const struct x8_device *device,
                     struct x8_error *err)
{
    if (is_there) {
        x8_fail(err, X8_E_WRONG_STATE, "the board at usb %s is in no stage of the script",
                job->port);
        x8_error_why(err, "it shows %04x:%04x; the script has no commands for it", device->vid,
                     device->pid);
        x8_error_next(err, "set the boot switches (x8ctl guide) and power-cycle the board");
        return -(int)X8_E_WRONG_STATE;
    }
    x8_fail(err, X8_E_NO_BOARD, "nothing at usb %s", job->port);
    x8_error_next(err, "x8ctl list    shows what is plugged in");
    return -(int)X8_E_NO_BOARD;
}

static void say_waiting(struct x8_job *job, int is_there, const struct x8_device *device)
{
    if (!is_there)
        x8_emit(&job->op, X8_EV_WAIT, "waiting for the board to return at usb %s", job->port);
    else if (device->attach == job->seen_attach)
        x8_emit(&job->op, X8_EV_WAIT, "waiting for the board to leave %s",
                x8_stage_word(job->chip.proto));
    else
        x8_emit(&job->op, X8_EV_WAIT, "waiting for the next stage; at usb %s is %04x:%04x",
                job->port, device->vid, device->pid);
}

/* Wait for the next stage at the port; job->device and job->chip are set then. */
int x8_await_stage(struct x8_job *job, struct x8_error *err)
{
    int is_first = job->seen_attach == 0 && !job->is_retry;
    int64_t deadline = x8_deadline_in(is_first ? job->arrive_ms : job->stage_ms);
    uint64_t seq = 0;

    for (;;) {
        struct x8_device device = {0};
        const struct x8_chip *chip;
        int64_t tick = x8_deadline_min(deadline, x8_deadline_in(1000));
        int rc, is_there = look(job, &device, err);

        if (is_there < 0)
            return is_there;
        if (is_there && is_next(job, &device, &chip)) {
            job->device = device;
            job->chip = *chip;
            job->seen_attach = device.attach;
            return 0;
        }
        if (x8_deadline_left(deadline, 1) == 0)
            return is_first ? not_found(job, is_there, &device, err)
                            : no_next_stage(job, is_there, &device, err);
        rc = job->bus->ops->wait(job->bus, &job->op, &seq, tick, err);
        if (rc < 0)
            return rc;
        if (rc == 0)
            say_waiting(job, is_there, &device);
    }
}
