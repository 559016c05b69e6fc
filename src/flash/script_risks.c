/*
 * What a command may do that cannot be taken back, or that reaches outside the board. Loader text
 * is searched word by word, also inside quotes and variables that are only run later: a needless
 * question costs a key press, a missed one a board.
 */
#include "flash/risks.h"

#include "flash/words_uboot.h"
#include "util/attr.h"
#include "util/text.h"

#include <string.h>

struct phrase {
    const char *first, *second; /* second NULL: the first word alone */
    size_t least;               /* letters of `first` that the loader accepts as abbreviation */
    unsigned risk;
};

/* U-Boot runs any unambiguous abbreviation of a command word. */
static const struct phrase loader_phrases[] = {
    {"fuse", "prog", 2, X8_RISK_FUSE},        {"fuse", "override", 2, X8_RISK_FUSE},
    {"fuse", "writebuff", 2, X8_RISK_FUSE},   {"fiohab_close", NULL, 8, X8_RISK_FUSE},
    {"ahab_close", NULL, 6, X8_RISK_FUSE},    {"ahab_commit", NULL, 8, X8_RISK_FUSE},
    {"mmc", "hwpartition", 3, X8_RISK_FUSE}, /* eMMC partitioning can be set once */
    {"mmc", "rst-function", 3, X8_RISK_FUSE}, {"mmc", "bkops-enable", 3, X8_RISK_FUSE},
    {"rpmb", "key", 4, X8_RISK_FUSE},         {"mmc", "erase", 3, X8_RISK_ERASE},
    {"mmc", "write", 3, X8_RISK_ERASE},       {"mmc", "swrite", 3, X8_RISK_ERASE},
    {"gzwrite", NULL, 3, X8_RISK_ERASE},      {"gpt", "write", 3, X8_RISK_ERASE},
    {"mbr", "write", 3, X8_RISK_ERASE},       {"sf", "erase", 2, X8_RISK_ERASE},
    {"sf", "write", 2, X8_RISK_ERASE},        {"sf", "update", 2, X8_RISK_ERASE},
    {"nand", "erase", 3, X8_RISK_ERASE},      {"nand", "write", 3, X8_RISK_ERASE},
    {"fatwrite", NULL, 4, X8_RISK_ERASE},     {"ext4write", NULL, 5, X8_RISK_ERASE},
};

/* The shell of the Linux that runs behind FBK. */
static const struct phrase linux_phrases[] = {
    {"dd", NULL, 2, X8_RISK_ERASE},
    {"mkfs", NULL, 4, X8_RISK_ERASE},
    {"mkfs.ext4", NULL, 9, X8_RISK_ERASE},
    {"mkfs.vfat", NULL, 9, X8_RISK_ERASE},
    {"blkdiscard", NULL, 10, X8_RISK_ERASE},
    {"flash_erase", NULL, 11, X8_RISK_ERASE},
    {"flash_eraseall", NULL, 14, X8_RISK_ERASE},
    {"parted", NULL, 6, X8_RISK_ERASE},
    {"sfdisk", NULL, 6, X8_RISK_ERASE},
    {"sgdisk", NULL, 6, X8_RISK_ERASE},
    {"fdisk", NULL, 5, X8_RISK_ERASE},
    {"nandwrite", NULL, 9, X8_RISK_ERASE},
    {"nvmem", NULL, 5, X8_RISK_FUSE}, /* the fuses as a file of the kernel */
    {"mmc", "hwreset", 3, X8_RISK_FUSE},
    {"mmc", "enh_area", 3, X8_RISK_FUSE},
    {"mmc", "gp", 3, X8_RISK_FUSE},
    {"mmc", "write_reliability", 3, X8_RISK_FUSE},
    {"mmc", "writeprotect", 3, X8_RISK_FUSE},
    {"mmc", "bkops", 3, X8_RISK_FUSE},
    {"rpmb", "write-key", 4, X8_RISK_FUSE},
};

/* Registers of the fuse controller of an i.MX 8M: what is written there can burn a fuse. Source:
 * NXP's reference manual of the i.MX 8M Mini, OCOTP_CTRL. */
#define OCOTP_FIRST 0x30350000u
#define OCOTP_LAST  0x3035ffffu

#define SAME_COMMAND " \t()="
#define WORD_ENDS    SAME_COMMAND "\n;&|"
#define QUOTES       "\"'\\"

/* Quotes and backslashes go: f"u"se is fuse to a shell, and what stands in quotes may be run later.
 * Of a path the last part stays. What is too long for any known word comes empty. */
static const char *next_word(const char *at, char word[32])
{
    size_t len = 0;

    at += strspn(at, WORD_ENDS QUOTES);
    if (!*at)
        return NULL;
    for (; *at && !strchr(WORD_ENDS, *at); at++) {
        if (*at == '/')
            len = 0;
        else if (!strchr(QUOTES, *at) && ++len < 32)
            word[len - 1] = *at;
    }
    word[len < 32 ? len : 0] = '\0';
    return at;
}

/* The word behind `at` in the same simple command, or "". */
static const char *word_behind(const char *at, char word[32])
{
    size_t blanks = strspn(at, WORD_ENDS QUOTES), same = strspn(at, SAME_COMMAND QUOTES);

    word[0] = '\0';
    return blanks == same ? next_word(at, word) : NULL;
}

/* `word` is `full` or an abbreviation of it with at least `least` letters. */
static int is_short_for(const char *word, const char *full, size_t least)
{
    size_t len = strlen(word);

    return len >= least && strncmp(full, word, len) == 0;
}

static int is_phrase(const char *word, const char *after, const struct phrase *phrase)
{
    return is_short_for(word, phrase->first, phrase->least) &&
           (!phrase->second || is_short_for(after, phrase->second, 2));
}

/* "$f prog", "fuse $op": a variable whose value nobody knows yet where a fuse command has a word.
 */
static int is_half_known(const char *word, const char *after)
{
    if (word[0] == '$')
        return strcmp(after, "prog") == 0 || strcmp(after, "override") == 0;
    return after[0] == '$' && is_short_for(word, "fuse", 2);
}

/* "mw.l 0x30350000 ...", "cp.l 40000000 30350000 1": a memory command with a fuse register. */
static int is_fuse_register(const char *word, const char *after, const char *next)
{
    static const char *const commands[] = {"mw", "mwc", "mm", "nm", "cp"};
    size_t len = strcspn(word, ".");
    uint64_t first = 0, second = 0;
    int writes = 0;

    for (size_t i = 0; i < X8_COUNT(commands); i++)
        writes |= strlen(commands[i]) == len && memcmp(word, commands[i], len) == 0;
    if (!writes)
        return 0;
    (void)x8_uboot_hex(after, &first);
    if (word[0] == 'c')
        (void)x8_uboot_hex(next, &second);
    return (first >= OCOTP_FIRST && first <= OCOTP_LAST && word[0] != 'c') ||
           (second >= OCOTP_FIRST && second <= OCOTP_LAST);
}

static unsigned search(const char *text, const struct phrase *phrases, size_t n)
{
    char word[32], after[32], next[32];
    unsigned risks = 0;
    const char *at = text, *behind;

    while ((at = next_word(at, word))) {
        behind = word_behind(at, after);
        (void)word_behind(behind ? behind : "", next);
        for (size_t i = 0; i < n; i++)
            if (is_phrase(word, after, &phrases[i]))
                risks |= phrases[i].risk;
        if (is_half_known(word, after) || is_fuse_register(word, after, next))
            risks |= X8_RISK_FUSE;
    }
    return risks;
}

unsigned x8_shell_risks(enum x8_proto proto, const char *text)
{
    if (!text)
        return 0;
    if (proto == X8_PROTO_FBK)
        return search(text, linux_phrases, X8_COUNT(linux_phrases));
    return search(text, loader_phrases, X8_COUNT(loader_phrases));
}

const char *x8_command_shell_text(const struct x8_command *c)
{
    switch (c->verb) {
    case X8_VERB_UCMD:
    case X8_VERB_ACMD:
        return c->rest;
    case X8_VERB_CRC: /* -format is loader text too */
    case X8_VERB_FB_WRITE:
        return c->format;
    default:
        return NULL;
    }
}

/* Vendor words: lock, unlock and format are among them, and on boards with a secure boot service
 * those that burn its keys. */
static unsigned oem_risks(const char *text)
{
    return X8_RISK_ERASE | (strstr(text, "fuse") || strstr(text, "rpmb") ? X8_RISK_FUSE : 0);
}

/* From the ROM or the SPL straight into memory. */
static unsigned memory_risks(const struct x8_command *c)
{
    return c->has_addr && c->addr >= OCOTP_FIRST && c->addr <= OCOTP_LAST ? X8_RISK_FUSE : 0;
}

unsigned x8_command_risks(const struct x8_command *c)
{
    switch (c->verb) {
    case X8_VERB_SHELL:
        return X8_RISK_HOST;
    case X8_VERB_SHELL_LINE: /* what it prints is run as a command, which nobody knows yet; one
                                that burns fuses is stopped when it is known */
        return X8_RISK_HOST | X8_RISK_ERASE;
    case X8_VERB_IF:
        return c->then ? x8_command_risks(c->then) : 0;
    case X8_VERB_UCMD:
    case X8_VERB_ACMD:
    case X8_VERB_CRC:
        return c->hidden_risks | x8_shell_risks(c->proto, x8_command_shell_text(c));
    case X8_VERB_FB_WRITE:
        return X8_RISK_ERASE | c->hidden_risks | x8_shell_risks(c->proto, x8_command_shell_text(c));
    case X8_VERB_OEM:
        return oem_risks(c->rest);
    case X8_VERB_WRMEM:
    case X8_VERB_WRITE:
        return memory_risks(c);
    case X8_VERB_FLASH:
    case X8_VERB_ERASE:
    case X8_VERB_FLASHING:
    case X8_VERB_CREATE_PARTITION:
    case X8_VERB_DELETE_PARTITION:
    case X8_VERB_RESIZE_PARTITION:
    case X8_VERB_UPDATE_SUPER:
        return X8_RISK_ERASE;
    case X8_VERB_UCP:
        return !c->from_board && x8_starts(c->variable, "/dev/") ? X8_RISK_ERASE : 0;
    default:
        return 0;
    }
}
