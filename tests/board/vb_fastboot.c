/*
 * Fastboot as NXP's U-Boot speaks it (drivers/fastboot/fb_fsl): one bulk transfer is one command,
 * answers are packets of at most 64 bytes, a download goes to memory and waits there for `flash:`.
 */
#include "vb_model.h"

#include <stdio.h>
#include <string.h>

#define EP_BUFFER    4096 /* U-Boot's receive buffer; a command ends with a short packet */
#define UPLOAD_LIMIT 0x20000u

/* ---- answers ---- */

static void send_packet(struct vb *vb, const char *tag, const char *text)
{
    char packet[65];
    int n = snprintf(packet, sizeof packet, "%s%.60s", tag, text);
    vb_reply_bytes(vb, packet, n < 64 ? (size_t)n : 64);
}

/* The final answer of the running command: due when the eMMC work is done, spoilt when a fault says
 * so. */
void vb_fb_answer(struct vb *vb, const char *tag, const char *fmt, ...)
{
    char text[160], doubled[170];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const struct vb_fault *f = vb->reply_fault;
    if (f && f->action == VB_DO_FAIL) {
        tag = "FAIL";
        snprintf(text, sizeof text, "%s", f->text);
        vb->reply_fault = NULL;
    }
    if (f && (f->action == VB_DO_WRONGWORD || f->action == VB_DO_WRONGSEC)) {
        tag = "OKEY";
        vb->reply_fault = NULL;
    }
    if (f && f->action == VB_DO_DELAY && f->for_us > 0)
        vb->cost_us += (double)f->for_us;
    if (!strcmp(tag, "FAIL") && vb_fault_standing(vb, VB_DO_DOUBLE)) {
        snprintf(doubled, sizeof doubled, "FAIL%s", text);
        snprintf(text, sizeof text, "%.159s", doubled);
    }
    vb_log(vb, "fastboot %.500s -> %s%s", vb->fb.cmd, tag, text);
    if (vb->cost_us > 0) {
        int64_t from = vb->busy_until > vb->now ? vb->busy_until : vb->now;
        vb->busy_until = from + (int64_t)vb->cost_us;
        vb->cost_us = 0;
    }
    const struct vb_fault *info = vb_fault_standing(vb, VB_DO_INFO);
    const struct vb_fault *late = vb->reply_fault;
    vb->reply_fault = NULL; /* what spoils the answer leaves INFO lines alone */
    if (vb->cfg.infoecho || info)
        send_packet(vb, "INFO", info && *info->text ? info->text : "one line of the console");
    vb->reply_fault = late;
    send_packet(vb, tag, text);
    vb->reply_fault = NULL;
}

static void console_flush(struct vb *vb)
{
    if (vb->fb.console_len == 0)
        return;
    vb->fb.console[vb->fb.console_len] = 0;
    send_packet(vb, "INFO", vb->fb.console);
    vb->fb.console_len = 0;
}

/* The console reaches the host only when `stdout` names fastboot. */
void vb_fb_console(struct vb *vb, const char *fmt, ...)
{
    const char *out = vb_env_get(vb, "stdout");
    if (!out || !strstr(out, "fastboot"))
        return;
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    for (const char *p = text; *p; p++) {
        if (*p != '\n' && *p != '\r')
            vb->fb.console[vb->fb.console_len++] = *p;
        if (*p == '\n' || vb->fb.console_len == 60)
            console_flush(vb);
    }
}

/* ---- commands ---- */

static void do_download(struct vb *vb, const char *arg)
{
    uint64_t bytes = vb_hex(arg);
    vb->fb.received = 0;
    vb->fb.expected = 0;
    if (bytes == 0 || (uint32_t)bytes == 0) {
        vb_fb_answer(vb, "FAIL", "Expected nonzero image size");
        return;
    }
    if (bytes > vb->cfg.maxdl || !vb_ram(vb, vb->fb.buffer, bytes)) {
        vb_fb_answer(vb, "FAIL", "%s", arg);
        return;
    }
    const struct vb_fault *f = vb->reply_fault;
    if (f && (f->action == VB_DO_FAIL || f->action == VB_DO_WRONGWORD)) {
        vb_fb_answer(vb, "FAIL", "%s", "");
        return;
    }
    if (f && f->action == VB_DO_DELAY && f->for_us > 0)
        vb->busy_until = vb->now + f->for_us;
    vb->fb.expected = (uint32_t)bytes;
    vb->fb.taking = 1;
    send_packet(vb, "DATA", arg);
    vb->reply_fault = NULL;
}

static void do_ucmd(struct vb *vb, const char *arg)
{
    int status = vb_shell_run(vb, arg);
    console_flush(vb);
    if (vb->crashed) { /* the processor is gone, nobody answers */
        vb_log(vb, "fastboot %.500s -> (crashed)", vb->fb.cmd);
        vb->dead = 1;
        return;
    }
    if (vb->leave_us != VB_NEVER) { /* reset, bootm: no way back to the answer */
        vb_log(vb, "fastboot %.500s -> (left)", vb->fb.cmd);
        return;
    }
    vb_fb_answer(vb, status ? "FAIL" : "OKAY", "%s", "");
    if (status == 0)
        vb_fb_setup(vb);
}

static void do_acmd(struct vb *vb, const char *arg)
{
    if (strlen(arg) >= sizeof vb->fb.acmd) {
        vb_fb_answer(vb, "FAIL", "too long command");
        return;
    }
    memcpy(vb->fb.acmd, arg, strlen(arg) + 1);
    vb->fb.acmd_armed = 1;
    vb_fb_answer(vb, "OKAY", "%s", "");
}

static void do_upload(struct vb *vb, const char *arg)
{
    (void)arg;
    uint32_t len = vb->fb.received;
    if (len > UPLOAD_LIMIT && vb->cfg.loader == 2022) {
        vb_fb_answer(vb, "FAIL", "Upload size too large");
        return;
    }
    char size[16];
    snprintf(size, sizeof size, "%08x", len);
    send_packet(vb, "DATA", size);
    if (len)
        vb_reply_ram(vb, vb->fb.buffer, len);
    vb_fb_answer(vb, "OKAY", "%s", "");
}

/* reboot, continue, boot: OKAY first. All lead out of fastboot, and from there the fall-back boot
 * command of these builds is `reset`. */
static void do_leave(struct vb *vb, const char *arg)
{
    (void)arg;
    vb->fb.leave_after_reply = 1;
    vb_fb_answer(vb, "OKAY", "%s", "");
}

static void do_getvar(struct vb *vb, const char *arg)
{
    vb_fb_getvar(vb, arg);
}

static const struct command {
    const char *word, *point, *missing; /* what FAIL says without an argument; NULL: none needed */
    void (*run)(struct vb *vb, const char *arg);
} commands[] = {
    {"getvar", "getvar", "missing var", do_getvar},
    {"download", "download", "Expected command parameter", do_download},
    {"flash", "flash", "missing partition name", vb_fb_flash},
    {"erase", "erase", "missing partition name", vb_fb_erase},
    {"UCmd", "ucmd", "missing command", do_ucmd},
    {"ACmd", "acmd", "missing command", do_acmd},
    {"upload", "upload", NULL, do_upload},
    {"get_staged", "upload", NULL, do_upload},
    {"reboot", "reboot", NULL, do_leave},
    {"reboot-bootloader", "reboot", NULL, do_leave},
    {"continue", "continue", NULL, do_leave},
    {"boot", "boot", NULL, do_leave},
};

/* Split at the first colon, without one at the first blank, as fastboot_handle_command does. */
static const struct command *find_command(const char *line, const char **arg)
{
    const char *cut = strchr(line, ':');
    if (!cut)
        cut = strchr(line, ' ');
    size_t len = cut ? (size_t)(cut - line) : strlen(line);
    *arg = cut ? cut + 1 : NULL;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strlen(commands[i].word) == len && memcmp(commands[i].word, line, len) == 0)
            return &commands[i];
    return NULL;
}

static struct vb_result handle_command(struct vb *vb, size_t len)
{
    struct vb_result result = {VB_OK, len, vb->now};
    const char *arg;
    const struct command *command = find_command(vb->fb.cmd, &arg);
    vb->stats.commands++;
    vb->cost_us = 0;
    vb->reply_fault = NULL;
    const struct vb_fault *fault =
        vb_fault_at(vb, command ? command->point : "unknown", vb->fb.cmd);
    if (fault && vb_fault_strike(vb, fault, &result)) {
        vb_log(vb, "fastboot %.500s -> (no answer)", vb->fb.cmd);
        if (fault->action == VB_DO_HANG)
            result = (struct vb_result){VB_OK, len, vb->now};
        return result;
    }
    vb->reply_fault = fault;
    if (!command)
        vb_fb_answer(vb, "FAIL", "unrecognized command");
    else if (!arg && command->missing)
        vb_fb_answer(vb, "FAIL", "%s", command->missing);
    else if (fault && fault->action == VB_DO_FAIL)
        vb_fb_answer(vb, "FAIL", "%s", ""); /* refused before anything was done */
    else
        command->run(vb, arg ? arg : "");
    return result;
}

/* ---- transfers ---- */

static void download_ends(struct vb *vb)
{
    vb->fb.taking = 0;
    (void)vb_env_setf(vb, "filesize", "%x", vb->fb.received);
    (void)vb_env_setf(vb, "fastboot_bytes", "%x", vb->fb.received);
    vb_fb_answer(vb, "OKAY", "%s", "");
}

static struct vb_result take_data(struct vb *vb, const uint8_t *data, size_t len)
{
    struct vb_result result = {VB_OK, len, vb->now};
    uint32_t left = vb->fb.expected - vb->fb.received;
    size_t n = len < left ? len : left, before = 0;
    const struct vb_fault *fault = vb_fault_data(vb, n, &before);
    if (fault && vb_fault_strike(vb, fault, &result)) {
        result.actual = result.status == VB_STALL ? before : 0;
        if (result.status == VB_NAK) /* offered again when the hang is over */
            vb->stage_bytes -= n;
        return result;
    }
    if (fault)
        vb->reply_fault = fault;
    uint8_t *to = vb_ram(vb, (uint64_t)vb->fb.buffer + vb->fb.received, n);
    if (to && n)
        memcpy(to, data, n);
    if (vb->stats.first_data_us == 0)
        vb->stats.first_data_us = vb->now;
    result.ready_us = vb_link_time(vb, n);
    vb->stats.last_data_us = result.ready_us;
    vb->fb.received += (uint32_t)n;
    if (vb->fb.received == vb->fb.expected) {
        download_ends(vb);
        vb_replies_due(vb, result.ready_us);
    }
    return result;
}

static struct vb_result take_command(struct vb *vb, const uint8_t *data, size_t len)
{
    size_t packet = vb->cfg.full_speed ? 64 : 512;
    size_t room = EP_BUFFER - vb->fb.cmd_len;
    size_t n = len < room ? len : room;
    if (n)
        memcpy(vb->fb.cmd + vb->fb.cmd_len, data, n);
    vb->fb.cmd_len += n;
    /* a full last packet does not end the request: the loader waits for more */
    if (len && len % packet == 0 && vb->fb.cmd_len < EP_BUFFER)
        return (struct vb_result){VB_OK, len, vb->now};
    vb->fb.cmd[vb->fb.cmd_len] = 0;
    vb->fb.cmd_len = 0;
    return handle_command(vb, len);
}

struct vb_result vb_fb_out(struct vb *vb, const uint8_t *data, size_t len)
{
    if (!vb->fb.taking)
        return take_command(vb, data, len);
    if (len == 0)
        return (struct vb_result){VB_OK, 0, vb->now};
    /* the last receive request is as long as the packets of what is left; more is a command */
    size_t packet = vb->cfg.full_speed ? 64 : 512;
    size_t left = vb->fb.expected - vb->fb.received, room = (left + packet - 1) / packet * packet;
    struct vb_result result = take_data(vb, data, len);
    if (result.status == VB_OK && !vb->fb.taking && len > room)
        (void)take_command(vb, data + room, len - room);
    return result;
}

/* The last waiting answer was read: what was to come after it comes now. */
void vb_fb_sent(struct vb *vb)
{
    if (vb->fb.leave_after_reply) {
        vb->fb.leave_after_reply = 0;
        vb_power_cycle(vb);
        vb_go(vb, 2000, vb->cfg.after_reset, vb->cfg.gap_us);
    }
    if (vb->fb.acmd_armed) {
        vb->fb.acmd_armed = 0;
        vb->cost_us = 0;
        (void)vb_shell_run(vb, vb->fb.acmd);
        vb->fb.console_len = 0;
        if (vb->crashed)
            vb->dead = 1;
        if (vb->cost_us > 0)
            vb->busy_until = vb->now + (int64_t)vb->cost_us;
        vb->cost_us = 0;
    }
}

void vb_fb_reset(struct vb *vb)
{
    vb->fb.taking = 0;
    vb->fb.cmd_len = 0;
    vb->fb.acmd_armed = 0;
    vb->fb.leave_after_reply = 0;
}

void vb_fb_start(struct vb *vb)
{
    memset(&vb->fb, 0, sizeof vb->fb);
    vb->fb.buffer = VB_FB_BUFFER;
    vb->fb.dev = -1;
    vb->mmc_dev = -1;
    vb->hwpart = 0;
    vb->crashed = 0;
    vb_env_free(vb);
    vb_env_defaults(vb);
    vb_fb_setup(vb);
}
