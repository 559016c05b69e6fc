/*
 * The serial download protocol, as the boot ROM speaks it on EP0 and as U-Boot's SPL speaks it on
 * EP0 or on its interrupt OUT endpoint.
 *
 * Strict: reports have their full size; the SPL says nothing before its report descriptor was asked
 * for, and after a command through EP0 it leaves the OUT endpoint alone (f_sdp.c clears
 * ep_int_enable); JUMP_ADDRESS looks at what was loaded.
 */
#include "vb_model.h"

#include <stdio.h>
#include <string.h>

#define REPORT1 17
#define REPORT2 1025

enum {
    READ_REGISTER = 0x0101,
    WRITE_REGISTER = 0x0202,
    WRITE_FILE = 0x0404,
    ERROR_STATUS = 0x0505,
    DCD_WRITE = 0x0a0a,
    JUMP_ADDRESS = 0x0b0b,
    SKIP_DCD_HEADER = 0x0c0c,
};

#define ACK_FILE     0x88888888u
#define ACK_REGISTER 0x128a8a12u
#define ACK_SKIP     0x900dd009u

static const char *command_word(uint16_t cmd)
{
    switch (cmd) {
    case READ_REGISTER:
        return "read_register";
    case WRITE_REGISTER:
        return "write_register";
    case WRITE_FILE:
        return "write_file";
    case ERROR_STATUS:
        return "error_status";
    case DCD_WRITE:
        return "dcd_write";
    case JUMP_ADDRESS:
        return "jump";
    case SKIP_DCD_HEADER:
        return "skip_dcd";
    default:
        return "unknown";
    }
}

/* ---- answers ---- */

static void send_security(struct vb *vb)
{
    const struct vb_fault *f = vb->reply_fault;
    /* the SPL always says open */
    uint32_t word = vb->stage == VB_ROM && vb->cfg.closed ? 0x12343412u : 0x56787856u;
    if (f && f->action == VB_DO_WRONGSEC) {
        word = 0x0badc0de;
        vb->reply_fault = NULL;
    }
    uint8_t report[5] = {3};
    x8_put_le32(report + 1, word);
    vb_reply_bytes(vb, report, sizeof report);
}

static void send_word(struct vb *vb, uint32_t word)
{
    const struct vb_fault *f = vb->reply_fault;
    if (f && (f->action == VB_DO_WRONGWORD || f->action == VB_DO_FAIL)) {
        word = 0x0badf00d;
        vb->reply_fault = NULL;
    }
    uint8_t report[65] = {4};
    x8_put_le32(report + 1, word);
    vb_reply_bytes(vb, report, sizeof report);
}

/* Report 3 and report 4. An SPL that nobody asked for its report descriptor does not come to this
 * point. */
static void acknowledge(struct vb *vb, uint32_t word)
{
    if (vb->stage == VB_SPL && !vb->sdp.asked)
        return;
    int64_t delay =
        vb->reply_fault && vb->reply_fault->action == VB_DO_DELAY ? vb->reply_fault->for_us : 0;
    send_security(vb);
    send_word(vb, word);
    if (delay > 0)
        vb_replies_due(vb, vb->now + delay);
    vb->reply_fault = NULL;
}

/* ---- registers ---- */

static uint32_t register_value(struct vb *vb, uint32_t addr)
{
    for (unsigned i = 0; i < vb->sdp.reg_count; i++)
        if (vb->sdp.regs[i][0] == addr)
            return vb->sdp.regs[i][1];
    const uint8_t *mem = vb->stage == VB_ROM ? vb_sram(vb, addr, 4) : vb_ram(vb, addr, 4);
    if (mem)
        return x8_get_le32(mem);
    return addr == 0x30360800u ? 0x00824010u : 0; /* ANAMIX_DIGPROG of an i.MX 8M Mini A1 */
}

static void write_register(struct vb *vb, uint32_t addr, uint32_t value)
{
    uint8_t *mem = vb_sram(vb, addr, 4);
    struct vb_sdp *sdp = &vb->sdp;
    if (mem) {
        x8_put_le32(mem, value);
        return;
    }
    unsigned i = 0;
    while (i < sdp->reg_count && sdp->regs[i][0] != addr)
        i++;
    if (i == sizeof sdp->regs / sizeof *sdp->regs)
        return;
    if (i == sdp->reg_count)
        sdp->reg_count++;
    sdp->regs[i][0] = addr;
    sdp->regs[i][1] = value;
}

static void read_register(struct vb *vb, uint32_t addr, uint32_t count)
{
    if (vb->stage == VB_SPL && !vb->sdp.asked)
        return;
    send_security(vb);
    if (count > 64 * 64)
        count = 64 * 64; /* one answer queue full; nobody reads more than a few words */
    while (count) {
        uint8_t report[65] = {4};
        uint32_t n = count < 64 ? count : 64;
        for (uint32_t i = 0; i < n; i++, addr++)
            report[1 + i] = (uint8_t)(register_value(vb, addr & ~3u) >> 8 * (addr & 3));
        vb_reply_bytes(vb, report, sizeof report);
        count -= n;
    }
    vb->reply_fault = NULL;
}

/* ---- jump ---- */

static void refuse_jump(struct vb *vb, uint32_t word, const char *why)
{
    vb->sdp.hab = word;
    vb_log(vb, "rom refused: %s hab=0x%08x", why, word);
    acknowledge(vb, word);
}

static void jump_rom(struct vb *vb, uint32_t addr, const struct vb_fault *fault)
{
    struct vb_sdp *sdp = &vb->sdp;
    char why[96] = "nothing was loaded there";
    uint32_t word = 0x360a0533; /* invalid IVT */
    const uint8_t *image = vb_sram(vb, sdp->seg_base, sdp->seg_len);
    if (image && sdp->seg_len && addr == sdp->seg_base)
        word = vb_ivt_check(image, sdp->seg_len, addr, vb->cfg.closed, why);
    if (fault && fault->action == VB_DO_BADHAB) {
        word = 0xff0a1833; /* invalid signature */
        snprintf(why, sizeof why, "bad signature");
    }
    if (word) {
        refuse_jump(vb, word, why);
        return;
    }
    enum vb_stage next = VB_SPL;
    if (fault && fault->action == VB_DO_ROM)
        next = VB_ROM;
    if (fault && fault->action == VB_DO_NEVER)
        next = VB_OFF;
    send_security(vb);
    if (fault && fault->action == VB_DO_STAY)
        return;
    vb->jump_armed = VB_JUMP_LEAVE;
    vb_go(vb, VB_UNREAD_US, next, vb->cfg.gap_us);
}

static void panic(struct vb *vb, const char *why)
{
    vb_log(vb, "spl panic: %s", why);
    if (vb->cfg.panic_to_rom) {
        vb->jump_armed = VB_JUMP_LEAVE;
        vb_go(vb, VB_UNREAD_US, VB_ROM, vb->cfg.gap_us);
    } else
        vb->jump_armed = VB_JUMP_PANIC;
}

static void jump_spl(struct vb *vb, uint32_t addr, const struct vb_fault *fault)
{
    struct vb_sdp *sdp = &vb->sdp;
    if (!sdp->asked)
        return;
    send_security(vb);
    if (fault && fault->action == VB_DO_STAY)
        return;
    char why[96] = "nothing was loaded there";
    const uint8_t *data = vb_ram(vb, sdp->fit_base, sdp->fit_len);
    addr = addr ? addr : VB_LOADADDR;
    int64_t found = -1;
    if (data && sdp->fit_len >= 4 && addr == sdp->fit_base) {
        if (data[0] == 0xd1) /* f_sdp.c would jump to the entry of this IVT */
            snprintf(why, sizeof why, "an i.MX image instead of a FIT");
        else
            found = vb_fit_find(data, sdp->fit_len, why);
    }
    if (found < 0) {
        panic(vb, why);
        return;
    }
    enum vb_stage next = VB_FASTBOOT;
    if (fault && (fault->action == VB_DO_ROM || fault->action == VB_DO_BADHAB))
        next = VB_ROM;
    if (fault && fault->action == VB_DO_NEVER)
        next = VB_OFF;
    vb->jump_armed = VB_JUMP_LEAVE;
    vb_go(vb, VB_UNREAD_US, next, vb->cfg.gap_us);
}

/* ---- data phase ---- */

static uint8_t *target(struct vb *vb, uint32_t addr, uint32_t len)
{
    return vb->stage == VB_ROM ? vb_sram(vb, addr, len) : vb_ram(vb, addr, len);
}

static void file_begins(struct vb *vb)
{
    struct vb_sdp *sdp = &vb->sdp;
    sdp->taking = 1;
    sdp->got = 0;
    sdp->base = sdp->addr;
    if (vb->stage == VB_SPL && sdp->addr == 0)
        sdp->base = VB_LOADADDR;
    if (sdp->cmd != WRITE_FILE)
        return;
    /* segments that follow each other, or that go over the same bytes again, are one image */
    if (sdp->base < sdp->seg_base || sdp->base - sdp->seg_base > sdp->seg_len) {
        sdp->seg_base = sdp->base;
        sdp->seg_len = 0;
    }
    sdp->fit_base = sdp->base;
    sdp->fit_len = 0;
}

static void file_ends(struct vb *vb)
{
    struct vb_sdp *sdp = &vb->sdp;
    sdp->taking = 0;
    if (sdp->cmd == WRITE_FILE) {
        uint64_t end = (uint64_t)(sdp->base - sdp->seg_base) + sdp->count;
        if (end > sdp->seg_len && end <= UINT32_MAX)
            sdp->seg_len = (uint32_t)end;
        sdp->fit_len = sdp->count;
    }
    acknowledge(vb, sdp->cmd == WRITE_FILE ? ACK_FILE : ACK_REGISTER);
}

static enum vb_status take_data(struct vb *vb, const uint8_t *data, size_t len,
                                struct vb_result *result)
{
    struct vb_sdp *sdp = &vb->sdp;
    if (!sdp->taking || len != REPORT2) {
        vb_log(vb, "%s refused: report 2 of %zu bytes%s", vb_stage_word(vb->stage), len,
               sdp->taking ? "" : " without a command");
        return VB_STALL;
    }
    size_t before = 0;
    const struct vb_fault *fault = vb_fault_data(vb, len - 1, &before);
    if (fault && vb_fault_strike(vb, fault, result)) {
        if (result->status == VB_NAK) /* the host will send it again when the hang is over */
            vb->stage_bytes -= len - 1;
        return result->status;
    }
    if (fault)
        vb->reply_fault = fault;
    uint32_t left = sdp->count - sdp->got;
    uint32_t n = left < REPORT2 - 1 ? left : REPORT2 - 1;
    /* all of the report is stored, the announced end in the middle of the last one notwithstanding
     */
    uint8_t *to = target(vb, sdp->base + sdp->got, REPORT2 - 1);
    if (to && sdp->cmd == WRITE_FILE)
        memcpy(to, data + 1, REPORT2 - 1);
    else if ((to = target(vb, sdp->base + sdp->got, n)) != NULL && sdp->cmd == WRITE_FILE)
        memcpy(to, data + 1, n);
    sdp->got += n;
    if (sdp->got == sdp->count)
        file_ends(vb);
    return VB_OK;
}

/* ---- commands ---- */

static void run(struct vb *vb, const uint8_t *block, const struct vb_fault *fault)
{
    struct vb_sdp *sdp = &vb->sdp;
    uint32_t value = x8_get_be32(block + 11);
    switch (sdp->cmd) {
    case READ_REGISTER:
        read_register(vb, sdp->addr, sdp->count);
        break;
    case WRITE_REGISTER:
        if (vb->stage != VB_ROM) /* not in U-Boot's gadget */
            break;
        write_register(vb, sdp->addr, value);
        acknowledge(vb, ACK_REGISTER);
        break;
    case WRITE_FILE:
    case DCD_WRITE:
        file_begins(vb);
        break;
    case ERROR_STATUS:
        acknowledge(vb, vb->stage == VB_ROM ? sdp->hab : 0);
        break;
    case SKIP_DCD_HEADER:
        acknowledge(vb, ACK_SKIP);
        break;
    case JUMP_ADDRESS:
        if (vb->stage == VB_ROM)
            jump_rom(vb, sdp->addr, fault);
        else
            jump_spl(vb, sdp->addr, fault);
        break;
    default: /* nobody answers */
        break;
    }
}

static enum vb_status take_command(struct vb *vb, const uint8_t *data, size_t len,
                                   struct vb_result *result)
{
    struct vb_sdp *sdp = &vb->sdp;
    if (len != REPORT1) {
        vb_log(vb, "%s refused: report 1 of %zu bytes", vb_stage_word(vb->stage), len);
        return VB_STALL;
    }
    const uint8_t *block = data + 1;
    sdp->cmd = x8_get_be16(block);
    sdp->addr = x8_get_be32(block + 2);
    sdp->count = x8_get_be32(block + 7);
    sdp->taking = 0;
    vb_replies_clear(vb);
    vb->stats.commands++;
    const char *word = command_word(sdp->cmd);
    char upper[24] = "";
    for (size_t i = 0; word[i] && i + 1 < sizeof upper; i++)
        upper[i] = (char)(word[i] == '_' ? '_' : word[i] - 32);
    vb_log(vb, "%s %s addr=0x%08x count=0x%x", vb_stage_word(vb->stage), upper, sdp->addr,
           sdp->count);
    const struct vb_fault *fault = vb_fault_at(vb, word, "");
    if (fault && vb_fault_strike(vb, fault, result)) {
        if (fault->action != VB_DO_HANG)
            return result->status;
        result->actual = len; /* taken, and never answered */
        return VB_OK;
    }
    vb->reply_fault = fault;
    run(vb, block, fault);
    return VB_OK;
}

enum vb_status vb_sdp_report(struct vb *vb, int by_ep0, const uint8_t *data, size_t len,
                             struct vb_result *result)
{
    struct vb_sdp *sdp = &vb->sdp;
    if (len == 0)
        return VB_STALL;
    /* the SPL takes the next report from its endpoint only when its answers were read; before its
     * start it takes none */
    if (!by_ep0 && (sdp->by_ep0 || !sdp->asked || vb->reply_count))
        return VB_NAK;
    result->actual = len;
    if (data[0] == 1) {
        sdp->by_ep0 |= by_ep0;
        return take_command(vb, data, len, result);
    }
    if (data[0] == 2)
        return take_data(vb, data, len, result);
    vb_log(vb, "%s refused: report %u", vb_stage_word(vb->stage), data[0]);
    return VB_STALL;
}

void vb_sdp_start(struct vb *vb)
{
    memset(&vb->sdp, 0, sizeof vb->sdp);
    vb->sdp.asked = vb->cfg.usbhid;
}
