/*
 * Commands in plain words, for people who never saw the protocols: what happens to the board, not
 * what is sent. Loader texts are in words_ucmd.c.
 */
#include "flash/words.h"

#include "flash/script.h"
#include "util/attr.h"
#include "util/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct target {
    const char *partition, *words;
};

static const struct target targets[] = {
    {"all", "the whole user area of the eMMC, replacing system and data"},
    {"gpt", "the partition table of the eMMC"},
    {"sit", "boot area 0 as the note that tells the boot ROM where the spare loader lies"},
    {"bootloader", "boot area 0 as the first loader (SPL)"},
    {"bootloader2", "boot area 0 as the second loader (U-Boot and secure firmware)"},
    {"bootloader_s", "boot area 0 as the spare first loader (SPL)"},
    {"bootloader2_s", "boot area 0 as the spare second loader (U-Boot and secure firmware)"},
};

void x8_words_file(char out[256], const char *text)
{
    struct x8_file_ref ref;
    struct x8_error unused;
    char name[128], member[112];

    if (!text) {
        x8_copy(out, 256, "a file");
        return;
    }
    if (x8_file_ref_parse(text, &ref, &unused) != 0) {
        (void)x8_clean(out, 256, text, strlen(text));
        return;
    }
    if (!ref.member[0]) {
        (void)x8_clean(out, 256, ref.path, strlen(ref.path));
        return;
    }
    (void)x8_clean(name, sizeof name, ref.path, strlen(ref.path));
    (void)x8_clean(member, sizeof member, ref.member, strlen(ref.member));
    snprintf(out, 256, "%s in %s", member, name);
}

static void delay(const struct x8_command *c, char out[512])
{
    if (c->delay_ms % 1000 == 0)
        snprintf(out, 512, "waits %" PRIu64 " s", c->delay_ms / 1000);
    else
        snprintf(out, 512, "waits %" PRIu64 " ms", c->delay_ms);
}

static void boot(const struct x8_command *c, const char *file, char out[512])
{
    snprintf(out, 512, "loads %s into the chip's own memory%s", file,
             c->no_jump ? " without starting it"
                        : " and starts it: the first loader (SPL), which sets up the main memory");
}

static void jump(const struct x8_command *c, const char *file, char out[512])
{
    if (c->proto == X8_PROTO_SDP)
        snprintf(out, 512, "starts %s, which was loaded before", file);
    else if (c->has_addr)
        snprintf(out, 512, "starts what lies in the main memory at 0x%" PRIx64, c->addr);
    else
        x8_copy(out, 512, "starts what was just loaded: the second loader (U-Boot)");
}

static void load(const struct x8_command *c, const char *file, char out[512])
{
    char part[64] = "";

    if (c->skip_spl)
        x8_copy(part, sizeof part, ", leaving out the first loader in front,");
    else if (c->offset)
        snprintf(part, sizeof part, " from byte 0x%" PRIx64 " on", c->offset);
    if (c->proto == X8_PROTO_SDP)
        snprintf(out, 512, "loads %s%s into the board's memory", file, part);
    else
        snprintf(out, 512, "sends %s%s to the first loader, into the main memory", file, part);
}

static void flash(const struct x8_command *c, const char *file, char out[512])
{
    char other[128];
    const char *where = NULL;

    for (size_t i = 0; i < X8_COUNT(targets); i++)
        if (strcmp(targets[i].partition, c->partition) == 0)
            where = targets[i].words;
    if (!where) {
        char name[80];

        (void)x8_clean(name, sizeof name, c->partition, strlen(c->partition));
        snprintf(other, sizeof other, "the partition '%s'", name);
        where = other;
    }
    snprintf(out, 512, "writes %s to %s", file, where);
}

static void with_name(char out[512], const char *format_before, const char *name,
                      const char *format_after)
{
    char shown[256];

    (void)x8_clean(shown, sizeof shown, name ? name : "", name ? strlen(name) : 0);
    snprintf(out, 512, "%s%s%s", format_before, shown, format_after);
}

static void condition(const struct x8_command *c, char out[512])
{
    char inner[512] = "", first[300], left[96], right[96];

    if (c->then)
        x8_command_words(c->then, inner);
    (void)x8_copy(first, sizeof first, inner);
    (void)x8_clean(left, sizeof left, c->if_left, strlen(c->if_left));
    (void)x8_clean(right, sizeof right, c->if_right, strlen(c->if_right));
    snprintf(out, 512, "if %s %s %s: %s", left, c->if_equal ? "is" : "is not",
             right[0] ? right : "empty", first);
}

static void cfg(const struct x8_command *c, char out[512])
{
    snprintf(out, 512, "takes USB devices with id %04x:%04x for %s", c->cfg.vid, c->cfg.pid,
             x8_proto_name(c->cfg.proto));
}

static void copy_file(const struct x8_command *c, const char *file, char out[512])
{
    char there[160];

    (void)x8_clean(there, sizeof there, c->variable, strlen(c->variable));
    if (c->from_board)
        snprintf(out, 512, "copies %s from the Linux on the board to %s", there, file);
    else
        snprintf(out, 512, "copies %s to %s in the Linux on the board", file, there);
}

static void memory(const struct x8_command *c, char out[512])
{
    if (c->verb == X8_VERB_RDMEM)
        snprintf(out, 512, "reads %u bits at address 0x%" PRIx64 " and shows them", c->bits,
                 c->addr);
    else
        snprintf(out, 512, "writes 0x%" PRIx64 " (%u bits) to address 0x%" PRIx64, c->value,
                 c->bits, c->addr);
}

/* Verbs whose sentence needs no values. */
static const char *fixed_words(const struct x8_command *c)
{
    switch (c->verb) {
    case X8_VERB_DONE:
        return "ends here: the board is finished";
    case X8_VERB_STATUS:
        return "asks the boot ROM for its error status";
    case X8_VERB_BLOG:
        return "shows what the boot ROM or the loader logged";
    case X8_VERB_REBOOT:
        return "restarts the board";
    case X8_VERB_CONTINUE:
        return "leaves fastboot and lets the loader start the system";
    case X8_VERB_FB_BOOT:
        return "starts the image that was sent before";
    case X8_VERB_SYNC:
        return "waits until the command that runs on the board has ended";
    default:
        return NULL;
    }
}

/* Verbs with one name in the sentence. */
static int named_words(const struct x8_command *c, char out[512])
{
    static const struct {
        enum x8_verb verb;
        const char *before, *after;
    } rows[] = {
        {X8_VERB_SHELL, "runs on this computer: ", ""},
        {X8_VERB_SHELL_LINE, "runs on this computer and then does what it prints: ", ""},
        {X8_VERB_ERROR, "stops with the error: ", ""},
        {X8_VERB_OEM, "asks the loader for the vendor command '", "'"},
        {X8_VERB_FLASHING, "changes the lock that protects the board from being written: '", "'"},
        {X8_VERB_SET_ACTIVE, "makes slot '", "' the one to start from"},
    };

    for (size_t i = 0; i < X8_COUNT(rows); i++)
        if (rows[i].verb == c->verb) {
            with_name(out, rows[i].before, c->rest, rows[i].after);
            return 1;
        }
    return 0;
}

static void partition_words(const struct x8_command *c, char out[512])
{
    switch (c->verb) {
    case X8_VERB_ERASE:
        with_name(out, "erases the partition '", c->partition, "'");
        break;
    case X8_VERB_CREATE_PARTITION:
        with_name(out, "makes a new logical partition '", c->partition, "'");
        break;
    case X8_VERB_DELETE_PARTITION:
        with_name(out, "removes the logical partition '", c->partition, "'");
        break;
    case X8_VERB_RESIZE_PARTITION:
        with_name(out, "changes the size of the logical partition '", c->partition, "'");
        break;
    default:
        with_name(out, "rewrites the table of logical partitions in '", c->partition, "'");
        break;
    }
}

static void file_words(const struct x8_command *c, const char *file, char out[512])
{
    switch (c->verb) {
    case X8_VERB_BOOT:
        boot(c, file, out);
        break;
    case X8_VERB_JUMP:
        jump(c, file, out);
        break;
    case X8_VERB_WRITE:
        load(c, file, out);
        break;
    case X8_VERB_DCD:
        snprintf(out, 512, "sends the memory settings (DCD) of %s to the boot ROM", file);
        break;
    case X8_VERB_DOWNLOAD:
        snprintf(out, 512, "sends %s into the board's memory; nothing is stored", file);
        break;
    case X8_VERB_UPLOAD:
        snprintf(out, 512, "fetches data from the board into %s", file);
        break;
    case X8_VERB_FLASH:
        flash(c, file, out);
        break;
    case X8_VERB_CRC:
        snprintf(out, 512, "reads back what the board has stored and compares it with %s", file);
        break;
    case X8_VERB_FB_WRITE:
        snprintf(out, 512, "writes %s block by block to the board's storage", file);
        break;
    default:
        copy_file(c, file, out);
        break;
    }
}

void x8_command_words(const struct x8_command *c, char out[512])
{
    const char *fixed = fixed_words(c);
    char file[256];

    out[0] = '\0';
    if (fixed) {
        x8_copy(out, 512, fixed);
        return;
    }
    if (named_words(c, out))
        return;
    x8_words_file(file, c->file);
    switch (c->verb) {
    case X8_VERB_NONE:
        break;
    case X8_VERB_DELAY:
        delay(c, out);
        break;
    case X8_VERB_IF:
        condition(c, out);
        break;
    case X8_VERB_CFG:
        cfg(c, out);
        break;
    case X8_VERB_RDMEM:
    case X8_VERB_WRMEM:
        memory(c, out);
        break;
    case X8_VERB_GETVAR:
        with_name(out, "asks the loader for the value '", c->variable, "'");
        break;
    case X8_VERB_UCMD:
    case X8_VERB_ACMD:
        x8_words_ucmd(c, out);
        break;
    case X8_VERB_ERASE:
    case X8_VERB_CREATE_PARTITION:
    case X8_VERB_DELETE_PARTITION:
    case X8_VERB_RESIZE_PARTITION:
    case X8_VERB_UPDATE_SUPER:
        partition_words(c, out);
        break;
    default:
        file_words(c, file, out);
        break;
    }
}
