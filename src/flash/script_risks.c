/*
 * What a command may do that cannot be taken back, or that reaches outside the board. Loader text
 * is searched word by word, also inside quotes and variables that are only run later: a needless
 * question costs a key press, a missed one a board.
 */
#include "flash/script.h"

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
    {"fuse", "prog", 2, X8_RISK_FUSE},
    {"fuse", "override", 2, X8_RISK_FUSE},
    {"fuse", "writebuff", 2, X8_RISK_FUSE},
    {"fiohab_close", NULL, 8, X8_RISK_FUSE},
    {"ahab_close", NULL, 6, X8_RISK_FUSE},
    {"mmc", "hwpartition", 3, X8_RISK_FUSE}, /* eMMC partitioning can be set once */
    {"mmc", "rst-function", 3, X8_RISK_FUSE},
    {"mmc", "erase", 3, X8_RISK_ERASE},
    {"mmc", "write", 3, X8_RISK_ERASE},
    {"mmc", "swrite", 3, X8_RISK_ERASE},
    {"gzwrite", NULL, 3, X8_RISK_ERASE},
    {"gpt", "write", 3, X8_RISK_ERASE},
    {"mbr", "write", 3, X8_RISK_ERASE},
    {"sf", "erase", 2, X8_RISK_ERASE},
    {"sf", "write", 2, X8_RISK_ERASE},
    {"sf", "update", 2, X8_RISK_ERASE},
    {"nand", "erase", 3, X8_RISK_ERASE},
    {"nand", "write", 3, X8_RISK_ERASE},
    {"fatwrite", NULL, 4, X8_RISK_ERASE},
    {"ext4write", NULL, 5, X8_RISK_ERASE},
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
};

#define WORD_ENDS " \t;&|\"'\\(){}="

static const char *next_word(const char *at, char word[32])
{
    size_t len;

    at += strspn(at, WORD_ENDS);
    len = strcspn(at, WORD_ENDS);
    if (len == 0)
        return NULL;
    word[0] = '\0';
    if (len < 32) {
        memcpy(word, at, len);
        word[len] = '\0';
    }
    return at + len;
}

/* `word` is `full` or an abbreviation of it with at least `least` letters. */
static int is_short_for(const char *word, const char *full, size_t least)
{
    size_t len = strlen(word);

    return len >= least && strncmp(full, word, len) == 0;
}

static int is_phrase(const char *word, const char *after, const struct phrase *phrase)
{
    const char *slash = strrchr(word, '/');

    return is_short_for(slash ? slash + 1 : word, phrase->first, phrase->least) &&
           (!phrase->second || is_short_for(after, phrase->second, 2));
}

static unsigned search(const char *text, const struct phrase *phrases, size_t n)
{
    char word[32], after[32];
    unsigned risks = 0;
    const char *at = text;

    while ((at = next_word(at, word))) {
        if (!next_word(at, after))
            after[0] = '\0';
        for (size_t i = 0; i < n; i++)
            if (is_phrase(word, after, &phrases[i]))
                risks |= phrases[i].risk;
    }
    return risks;
}

static unsigned shell_risks(enum x8_proto proto, const char *text)
{
    if (!text)
        return 0;
    if (proto == X8_PROTO_FBK)
        return search(text, linux_phrases, X8_COUNT(linux_phrases));
    return search(text, loader_phrases, X8_COUNT(loader_phrases));
}

unsigned x8_command_risks(const struct x8_command *c)
{
    switch (c->verb) {
    case X8_VERB_SHELL:
        return X8_RISK_HOST;
    case X8_VERB_SHELL_LINE: /* what it prints is run as a command, and nobody knows it yet */
        return X8_RISK_HOST | X8_RISK_ERASE | X8_RISK_FUSE;
    case X8_VERB_IF:
        return c->then ? x8_command_risks(c->then) : 0;
    case X8_VERB_UCMD:
    case X8_VERB_ACMD:
        return shell_risks(c->proto, c->rest);
    case X8_VERB_CRC: /* -format is loader text too */
        return shell_risks(c->proto, c->format);
    case X8_VERB_FB_WRITE:
        return X8_RISK_ERASE | shell_risks(c->proto, c->format);
    case X8_VERB_FLASH:
    case X8_VERB_ERASE:
    case X8_VERB_FLASHING:
    case X8_VERB_OEM: /* vendor words: lock, unlock and format are among them */
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
