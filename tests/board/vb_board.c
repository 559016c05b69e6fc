/*
 * One board: made from words, driven by the time it is told, going from stage to stage. The parts
 * below do the talking of each stage; this file knows when the board is on the bus and as what.
 */
#include "vb_model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AFTER_ANSWER_US 2000 /* the answer gets out before the gadget is torn down */

const char *vb_stage_word(enum vb_stage stage)
{
    static const char *const words[] = {"off",   "rom",  "spl",      "fastboot",
                                        "linux", "dead", "initramfs"};
    return (size_t)stage < sizeof words / sizeof *words ? words[stage] : "?";
}

void vb_log(struct vb *vb, const char *fmt, ...)
{
    if (vb->log_fd < 0)
        return;
    char line[768];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof line - 1, fmt, args);
    va_end(args);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof line - 2 ? (size_t)n : sizeof line - 2;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 32 || (unsigned char)line[i] > 126)
            line[i] = '?';
    line[len++] = '\n';
    while (write(vb->log_fd, line, len) < 0 && errno == EINTR)
        ;
}

uint64_t vb_random(struct vb *vb)
{
    vb->random = vb->random * 6364136223846793005ull + 1442695040888963407ull;
    return vb->random >> 33;
}

/* ---- on and off the bus ---- */

static void leave(struct vb *vb)
{
    if (vb->stage != VB_OFF)
        vb_log(vb, "stage off");
    vb->stage = VB_OFF;
    vb->dead = 0;
    vb->leave_us = VB_NEVER;
    vb->jump_armed = 0;
    vb->hang_until = vb->busy_until = 0;
    vb->halted_in = vb->halted_out = 0;
    vb_replies_clear(vb);
    vb_adb_cut(vb);
}

/* Linux comes up; the USB gadget is bound a while later. */
void vb_linux_boot(struct vb *vb)
{
    vb->boots++;
    vb->is_linux_up = 1;
    vb_log(vb, "linux boot=%u", vb->boots);
}

static void arrive(struct vb *vb, enum vb_stage stage)
{
    vb->arrive_us = VB_NEVER;
    if (stage == VB_OFF)
        return;
    if (stage == VB_LINUX && *vb->cfg.daemon && !vb->is_linux_up) {
        vb_linux_boot(vb);
        vb->arrive_us = vb->now + vb->cfg.adb_gap_us;
        return;
    }
    vb->stage = stage;
    vb->attach++;
    vb->stats.attaches++;
    vb->stage_bytes = 0;
    vb->link_now = vb->cfg.link;
    vb_usb_describe(vb);
    vb_log(vb, "stage %s attach=%u", vb_stage_word(stage), vb->attach);
    if (stage == VB_ROM || stage == VB_SPL)
        vb_sdp_start(vb);
    if (stage == VB_FASTBOOT && vb->kept)
        vb_fb_reset(vb);
    else if (stage == VB_FASTBOOT)
        vb_fb_start(vb);
    vb->kept = 0;
    const struct vb_fault *fault = vb_fault_at(vb, "connect", "");
    struct vb_result ignored;
    if (fault && fault->action == VB_DO_DENIED)
        vb->denied_until = fault->for_us < 0 ? VB_NEVER : vb->now + fault->for_us;
    else if (fault)
        (void)vb_fault_strike(vb, fault, &ignored);
}

/* Leave the bus after `delay_us` and come back as `next` after another `gap_us`. */
void vb_go(struct vb *vb, int64_t delay_us, enum vb_stage next, int64_t gap_us)
{
    vb->leave_us = vb->now + delay_us;
    vb->next_stage = next;
    vb->next_gap_us = gap_us;
}

/* The power was gone: memory is empty, the loader's world is new. */
void vb_power_cycle(struct vb *vb)
{
    vb_ram_clear(vb);
    vb_env_free(vb);
    vb->denied_until = 0;
    vb->is_linux_up = 0;
}

void vb_linux_exit(struct vb *vb, enum vb_stage next)
{
    vb_log(vb, "linux down, next %s", vb_stage_word(next));
    leave(vb);
    vb_power_cycle(vb);
    vb->is_switched_off = next == VB_OFF;
    vb->next_stage = next;
    vb->arrive_us = next == VB_OFF ? VB_NEVER : vb->now + vb->cfg.down_us;
}

/* The ROM finds no loader where Linux erased both boot areas. */
static enum vb_stage after_power_on(struct vb *vb)
{
    return *vb->cfg.daemon && vb_medium_is_zero(vb, 1) && vb_medium_is_zero(vb, 2)
               ? VB_ROM
               : vb->cfg.after_reset;
}

void vb_unplug(struct vb *vb, int64_t back_after_us)
{
    enum vb_stage back = vb->stage == VB_OFF ? vb->next_stage : vb->stage;
    if (vb->is_switched_off)
        back = VB_LINUX;
    if (!vb->cfg.own_power && back != VB_OFF) {
        vb_power_cycle(vb);
        back = back == VB_LINUX ? after_power_on(vb) : VB_ROM;
    }
    vb->is_switched_off = 0;
    vb->kept = vb->stage == VB_FASTBOOT && vb->stage == back;
    leave(vb);
    vb->next_stage = back;
    vb->arrive_us = back_after_us < 0 ? VB_NEVER : vb->now + back_after_us;
}

void vb_switch_back(struct vb *vb, int64_t back_after_us)
{
    vb_unplug(vb, back_after_us);
    if (vb->next_stage != VB_ROM)
        return;
    vb->next_stage = after_power_on(vb);
    vb->kept = 0;
}

void vb_reset(struct vb *vb)
{
    vb->halted_in = vb->halted_out = 0;
    if (vb->hang_until || vb->dead || vb->stage == VB_OFF)
        return;
    vb_log(vb, "%s (port reset)", vb_stage_word(vb->stage));
    vb_replies_clear(vb);
    vb_adb_cut(vb);
    vb->busy_until = 0;
    if (vb->stage == VB_FASTBOOT)
        vb_fb_reset(vb);
    vb->sdp.taking = 0;
    vb->sdp.by_ep0 = 0;
}

/* ---- time ---- */

void vb_tick(struct vb *vb, int64_t now_us)
{
    if (now_us > vb->now)
        vb->now = now_us;
    if (vb->hang_until && vb->now >= vb->hang_until)
        vb->hang_until = 0;
    if (vb->denied_until && vb->now >= vb->denied_until)
        vb->denied_until = 0;
    if (vb->leave_us <= vb->now) {
        enum vb_stage next = vb->next_stage;
        int64_t back = vb->leave_us + vb->next_gap_us;
        leave(vb);
        vb->next_stage = next;
        vb->arrive_us = next == VB_OFF ? VB_NEVER : back;
    }
    if (vb->arrive_us <= vb->now)
        arrive(vb, vb->next_stage);
}

static void earlier(const struct vb *vb, int64_t *next, int64_t at)
{
    if (at > vb->now && at < *next)
        *next = at;
}

static void overdue(const struct vb *vb, int64_t *next, int64_t at)
{
    if (at <= vb->now)
        *next = vb->now;
    else
        earlier(vb, next, at);
}

int64_t vb_next_us(const struct vb *vb)
{
    int64_t next = VB_NEVER;
    overdue(vb, &next, vb->leave_us);
    overdue(vb, &next, vb->arrive_us);
    earlier(vb, &next, vb->hang_until);
    earlier(vb, &next, vb->denied_until);
    earlier(vb, &next, vb->busy_until);
    if (vb->reply_count)
        earlier(vb, &next, vb->replies[vb->reply_head].due_us);
    return next;
}

/* ---- transfers ---- */

struct vb_result vb_out(struct vb *vb, uint8_t ep, const uint8_t *data, size_t len)
{
    struct vb_result result = {.status = VB_OK, .actual = len, .ready_us = vb->now};
    if (vb->stage == VB_OFF)
        result.status = VB_GONE;
    else if (vb->halted_out)
        result = (struct vb_result){VB_STALL, 0, vb->now};
    else if (vb->hang_until || vb->dead)
        result.status = VB_NAK;
    else if (vb->stage == VB_SPL && ep == 0x02)
        result.status = vb_sdp_report(vb, 0, data, len, &result);
    else if (vb->stage == VB_FASTBOOT && ep == 0x02)
        result = vb->busy_until > vb->now ? (struct vb_result){VB_NAK, 0, vb->now}
                                          : vb_fb_out(vb, data, len);
    else if (vb->stage == VB_LINUX && ep == vb_usb_adb_out(vb))
        result = vb_adb_out(vb, data, len);
    else
        result.status = vb->stage == VB_LINUX ? VB_NAK : VB_STALL;
    if (result.status != VB_OK)
        result.actual = result.status == VB_STALL ? result.actual : 0;
    vb->stats.wire_out += result.status == VB_OK ? result.actual : 0;
    return result;
}

/* What waited for its answer to be read happens now. */
static void answer_was_read(struct vb *vb)
{
    if (vb->reply_count)
        return;
    if (vb->jump_armed == VB_JUMP_LEAVE)
        vb->leave_us = vb->now + AFTER_ANSWER_US;
    if (vb->jump_armed == VB_JUMP_PANIC)
        vb->dead = 1;
    vb->jump_armed = 0;
    if (vb->stage == VB_FASTBOOT)
        vb_fb_sent(vb);
}

struct vb_result vb_in(struct vb *vb, uint8_t ep, uint8_t *out, size_t cap)
{
    struct vb_result result = {.status = VB_NAK, .ready_us = vb->now};
    if (vb->stage == VB_OFF)
        result.status = VB_GONE;
    else if (vb->halted_in)
        result.status = VB_STALL;
    else if (ep != 0x81 && vb->stage != VB_LINUX)
        result.status = VB_STALL;
    else if (vb->hang_until || vb->dead)
        result.status = VB_NAK;
    else if (vb->stage == VB_LINUX && ep == vb_usb_adb_in(vb))
        result = vb_adb_in(vb, out, cap);
    else if (ep == 0x81) {
        result = vb_replies_take(vb, out, cap);
        if (result.status == VB_OK)
            answer_was_read(vb);
    }
    return result;
}

/* ---- birth and death ---- */

static int open_log(struct vb *vb, char why[256])
{
    if (!*vb->cfg.log)
        return 0;
    vb->log_fd = open(vb->cfg.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (vb->log_fd >= 0)
        return 0;
    snprintf(why, 256, "cannot write %.180s: %s", vb->cfg.log, strerror(errno));
    return -1;
}

struct vb *vb_new(const char *words, char why[256])
{
    struct vb *vb = calloc(1, sizeof *vb);
    *why = 0;
    if (!vb) {
        snprintf(why, 256, "no memory");
        return NULL;
    }
    vb->log_fd = vb->area[0].fd = vb->area[1].fd = vb->area[2].fd = -1;
    vb->leave_us = vb->arrive_us = VB_NEVER;
    vb->random = 88172645463325252ull;
    if (vb_words_parse(vb, words, why) || open_log(vb, why) || vb_medium_open(vb, why)) {
        vb_free(vb);
        return NULL;
    }
    if (*vb->cfg.daemon && *vb->cfg.dir && (vb_medium_settle(vb, 1) || vb_medium_settle(vb, 2))) {
        snprintf(why, 256, "cannot write the boot areas");
        vb_free(vb);
        return NULL;
    }
    vb->next_stage = vb->cfg.start;
    if (vb->cfg.start == VB_LINUX) /* found running: no wait for the gadget */
        vb_linux_boot(vb);
    arrive(vb, vb->cfg.start);
    return vb;
}

void vb_free(struct vb *vb)
{
    if (!vb)
        return;
    vb_medium_close(vb);
    vb_env_free(vb);
    vb_ram_free(vb);
    vb_adb_free(vb);
    if (vb->log_fd >= 0)
        close(vb->log_fd);
    free(vb);
}

void vb_stats(const struct vb *vb, struct vb_stats *out)
{
    *out = vb->stats;
}
