/*
 * Notes that need more than one line: what never runs, what runs elsewhere than it stands, what
 * cannot be undone, and where uuu would end in false success.
 */
#include "flash/script_parser.h"

#include "flash/risks.h"
#include "flash/words_uboot.h"
#include "util/text.h"

#include <string.h>

#define LONG_DELAY_MS 60000
#define ACMD_MAX      127 /* U-Boot stores at most this many bytes of an ACmd */

struct check {
    struct x8_sp *p;
    const struct x8_command *done[X8_PROTO_CFG + 1]; /* of each group */
    const struct x8_command *first[X8_PROTO_CFG + 1], *last[X8_PROTO_CFG + 1];
    enum x8_proto furthest; /* stage of the furthest command so far */
    int has_done;           /* also inside an if */
    int hwpart;             /* selected by "mmc dev", -1: not known */
    int has_fastboot_dev;
    struct x8_chips chips;
};

static void check_order(struct check *k, const struct x8_command *c)
{
    const struct x8_command *before = k->last[c->proto], *done = k->done[c->proto];

    if (done) {
        x8_sp_note(k->p, c->line, X8_NOTE_WARN, "never runs: line %d ends the %s lines with 'done'",
                   done->line, x8_proto_name(c->proto));
        return;
    }
    if (x8_proto_height(c->proto) && x8_proto_height(c->proto) < x8_proto_height(k->furthest)) {
        if (before && before->verb == X8_VERB_JUMP)
            x8_sp_note(k->p, c->line, X8_NOTE_INFO,
                       "runs in the %s stage, right after the jump of line %d and before all %s "
                       "lines, not where it stands",
                       x8_proto_name(c->proto), before->line, x8_proto_name(k->furthest));
        else
            x8_sp_note(k->p, c->line, X8_NOTE_INFO,
                       "runs in the %s stage, before all %s lines, not where it stands",
                       x8_proto_name(c->proto), x8_proto_name(k->furthest));
    }
    if (x8_proto_height(c->proto) > x8_proto_height(k->furthest))
        k->furthest = c->proto;
    if (c->verb == X8_VERB_DONE)
        k->done[c->proto] = c;
    k->last[c->proto] = c;
    if (!k->first[c->proto])
        k->first[c->proto] = c;
}

static void check_packed(struct check *k, const struct x8_command *c, const struct x8_file_ref *ref)
{
    const char *name = ref->member[0] ? ref->member : ref->path;
    int packed = x8_ends(name, ".gz") || x8_ends(name, ".bz2") || x8_ends(name, ".zst");

    if (x8_ends(name, ".xz"))
        x8_sp_note(k->p, c->line, X8_NOTE_INFO, "x8ctl unpacks .xz; uuu cannot");
    else if (packed && !ref->unpack && c->verb == X8_VERB_FLASH)
        x8_sp_note(k->p, c->line, X8_NOTE_WARN,
                   "the name ends without /*: uuu would write the packed bytes to the board and "
                   "call it success; x8ctl unpacks what is packed");
}

static void check_file(struct check *k, const struct x8_command *c, const char *text)
{
    struct x8_file_ref ref;
    struct x8_error unused;
    int line = c->line;

    if (!text || x8_file_ref_parse(text, &ref, &unused) != 0)
        return;
    if (strchr(text, '\\'))
        x8_sp_note(k->p, line, X8_NOTE_INFO, "'\\' in the file name is read as '/'");
    if (ref.is_absolute && ref.path[0] != '/')
        x8_sp_note(k->p, line, X8_NOTE_WARN,
                   "the file name is a Windows path; it works on that computer only");
    else if (ref.is_absolute && !ref.from_cwd)
        x8_sp_note(k->p, line, X8_NOTE_INFO,
                   "the file name is absolute: it works on computers that have this folder only, "
                   "and not in uuu when the script is named with a folder");
    else if (ref.from_cwd)
        x8_sp_note(k->p, line, X8_NOTE_INFO,
                   "'>' means the folder where x8ctl is started, not the folder of the script");
    check_packed(k, c, &ref);
}

static void check_erase(struct check *k, const struct x8_command *c, const struct x8_uboot_cmd *cmd)
{
    uint64_t start, count;
    char size[24];

    if (!x8_uboot_is(cmd, 0, "mmc") || !x8_uboot_is(cmd, 1, "erase") || cmd->argc < 4 ||
        x8_uboot_hex(cmd->argv[2], &start) != 0 || x8_uboot_hex(cmd->argv[3], &count) != 0)
        return;
    x8_size_text(size, count < UINT64_MAX / X8_EMMC_BLOCK ? count * X8_EMMC_BLOCK : UINT64_MAX);
    if (k->hwpart == 0)
        x8_sp_note(k->p, c->line, X8_NOTE_WARN,
                   "erases %s of the user area: system and data that lie there are lost", size);
    if ((k->hwpart == 1 || k->hwpart == 2) &&
        (start > X8_EMMC_BOOT_BLOCKS || count > X8_EMMC_BOOT_BLOCKS - start))
        x8_sp_note(
            k->p, c->line, X8_NOTE_WARN,
            "asks to erase %llu blocks (%s) of %s, which holds %d blocks (4 MiB): expect it to "
            "fail, or to erase less than it says",
            (unsigned long long)count, size, x8_uboot_hwpart_name(k->hwpart), X8_EMMC_BOOT_BLOCKS);
}

static void check_shell(struct check *k, const struct x8_command *c)
{
    struct x8_uboot_cmd cmd;
    const char *at = c->rest;

    if (c->verb == X8_VERB_ACMD && strlen(c->rest) > ACMD_MAX)
        x8_sp_note(k->p, c->line, X8_NOTE_WARN,
                   "the loader refuses acmd texts of more than %d bytes; this one has %zu",
                   ACMD_MAX, strlen(c->rest));
    if (c->proto != X8_PROTO_FB)
        return;
    if (strstr(c->rest, "fastboot_dev"))
        k->has_fastboot_dev = 1;
    while (x8_uboot_next(&at, &cmd)) {
        if (x8_uboot_is(&cmd, 0, "mmc") && x8_uboot_is(&cmd, 1, "dev"))
            k->hwpart = x8_uboot_hwpart(&cmd);
        check_erase(k, c, &cmd);
    }
}

static void check_cfg(struct check *k, const struct x8_command *c)
{
    struct x8_error err;
    const struct x8_chip *known = x8_chips_find(&k->chips, c->cfg.vid, c->cfg.pid, c->cfg.bcd_max);
    const char *now = known ? x8_proto_name(known->proto) : "";

    if (x8_chips_add(&k->chips, &c->cfg, &err) != 0 && err.code == X8_E_REFUSED)
        x8_sp_note(k->p, c->line, X8_NOTE_WARN,
                   "%04x:%04x is a known device%s%s; uuu would lose it and flashing breaks without "
                   "a word; x8ctl refuses the line",
                   c->cfg.vid, c->cfg.pid, now[0] ? " of " : "", now);
}

static void check_risks(struct check *k, const struct x8_command *c)
{
    unsigned risks = x8_command_risks(c);

    if (c->verb == X8_VERB_SHELL_LINE)
        x8_sp_note(k->p, c->line, X8_NOTE_UNSAFE,
                   "runs a command on this computer and then does what it prints; refused without "
                   "--allow-host-commands");
    else if (risks & X8_RISK_HOST)
        x8_sp_note(k->p, c->line, X8_NOTE_UNSAFE,
                   "runs a command on this computer; refused without --allow-host-commands");
    else if (risks & X8_RISK_FUSE)
        x8_sp_note(k->p, c->line, X8_NOTE_UNSAFE,
                   "changes fuses or one-time settings, which can never be undone: needs --confirm "
                   "fuse, -y does not agree to it");
}

static void check_one(struct check *k, const struct x8_command *c)
{
    if (c->verb == X8_VERB_DONE)
        k->has_done = 1;
    if (c->verb == X8_VERB_DELAY && c->delay_ms > LONG_DELAY_MS) {
        char time[24];

        x8_time_text(time, (int64_t)c->delay_ms);
        x8_sp_note(k->p, c->line, X8_NOTE_WARN,
                   "waits %s without doing anything (the number is in milliseconds)", time);
    }
    if (c->verb == X8_VERB_UCMD || c->verb == X8_VERB_ACMD)
        check_shell(k, c);
    if (c->verb == X8_VERB_FLASH && !k->has_fastboot_dev) {
        x8_sp_note(k->p, c->line, X8_NOTE_WARN,
                   "no line before this one sets fastboot_dev: the X8's loader refuses to flash "
                   "until it knows the device");
        k->has_fastboot_dev = 1; /* once is enough */
    }
    if (c->verb != X8_VERB_UPLOAD)
        check_file(k, c, c->file);
    check_file(k, c, c->bmap);
    if (c->verb == X8_VERB_CFG)
        check_cfg(k, c);
    else if (c->then)
        check_one(k, c->then);
    else
        check_risks(k, c);
}

static void check_whole(struct check *k)
{
    const struct x8_script *s = k->p->out;
    const struct x8_command *fb = k->first[X8_PROTO_FB];
    int has_rom = k->last[X8_PROTO_SDP] || k->last[X8_PROTO_SDPS];
    int has_spl = k->last[X8_PROTO_SDPU] || k->last[X8_PROTO_SDPV];

    if (!k->has_done)
        x8_sp_note(
            k->p, s->commands[s->count - 1].line, X8_NOTE_WARN,
            "no line says 'done': uuu would wait for ever after the last command; x8ctl ends "
            "there");
    if (fb && !has_rom)
        x8_sp_note(k->p, fb->line, X8_NOTE_INFO,
                   "there are no SDP: lines for the boot ROM: the board must be in %s mode already",
                   has_spl ? "SPL or fastboot" : "fastboot");
}

/* By line, notes of one line in the order they were made (insertion: nearly sorted already). */
static void sort_notes(struct x8_script *s)
{
    for (size_t i = 1; i < s->note_count; i++) {
        struct x8_note note = s->notes[i];
        size_t at = i;

        for (; at > 0 && s->notes[at - 1].line > note.line; at--)
            s->notes[at] = s->notes[at - 1];
        s->notes[at] = note;
    }
}

void x8_sp_check(struct x8_sp *p)
{
    struct check k = {.p = p, .hwpart = -1};

    x8_chips_init(&k.chips);
    x8_script_find_hidden(p->out);
    if (p->options->is_command_line)
        k.has_fastboot_dev = 1; /* an earlier call may have set it */
    for (size_t i = 0; i < p->out->count; i++) {
        const struct x8_command *c = &p->out->commands[i];

        check_order(&k, c);
        check_one(&k, c);
    }
    if (!p->options->is_command_line)
        check_whole(&k);
    sort_notes(p->out);
}
