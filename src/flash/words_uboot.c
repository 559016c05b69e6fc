/*
 * Cutting text for the loader's shell into simple commands and words.
 */
#include "flash/words_uboot.h"

#include "util/text.h"

#include <string.h>

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Bytes of the separator at `at`, 0 when there is none. */
static size_t separator(const char *at)
{
    if (*at == ';' || *at == '\n')
        return 1;
    if ((at[0] == '&' && at[1] == '&') || (at[0] == '|' && at[1] == '|'))
        return 2;
    return 0;
}

/* Words of [from, to) into `out`; quotes go, a backslash keeps the next byte. */
static void split(const char *from, const char *to, struct x8_uboot_cmd *out)
{
    out->argc = 0;
    while (from < to && out->argc < X8_UBOOT_WORDS) {
        char *word = out->argv[out->argc];
        size_t n = 0;
        char quote = 0;

        for (; from < to && (quote || !is_blank(*from)); from++) {
            char c = *from;

            if (quote ? c == quote : c == '"' || c == '\'') {
                quote = quote ? 0 : c;
                continue;
            }
            if (c == '\\' && from + 1 < to && quote != '\'')
                c = *++from;
            if (n + 1 < X8_UBOOT_WORD_LEN)
                word[n++] = c;
        }
        word[n] = '\0';
        (void)x8_clean(word, X8_UBOOT_WORD_LEN, word, n);
        out->argc++;
        while (from < to && is_blank(*from))
            from++;
    }
}

static void keep_text(const char *from, const char *to, char *out, size_t cap)
{
    if (!x8_clean(out, cap - 3, from, (size_t)(to - from)))
        memcpy(out + strlen(out), "...", 4);
}

int x8_uboot_next(const char **at, struct x8_uboot_cmd *out)
{
    const char *from = *at, *to;
    char quote = 0;

    while (is_blank(*from) || separator(from))
        from += is_blank(*from) ? 1 : separator(from);
    for (to = from; *to && (quote || !separator(to)); to++) {
        if (*to == '\\' && to[1] && quote != '\'')
            to++;
        else if (quote ? *to == quote : *to == '"' || *to == '\'')
            quote = quote ? 0 : *to;
    }
    *at = to;
    while (to > from && is_blank(to[-1]))
        to--;
    if (to == from)
        return 0;
    split(from, to, out);
    keep_text(from, to, out->text, sizeof out->text);
    return 1;
}

int x8_uboot_is(const struct x8_uboot_cmd *cmd, int i, const char *word)
{
    return i < cmd->argc && strcmp(cmd->argv[i], word) == 0;
}

int x8_uboot_hex(const char *text, uint64_t *out)
{
    char number[X8_UBOOT_WORD_LEN + 2] = "0x";

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        text += 2;
    x8_copy(number + 2, sizeof number - 2, text);
    return x8_parse_u64(number, out);
}

int x8_uboot_hwpart(const struct x8_uboot_cmd *cmd)
{
    uint64_t part = 0;

    if (!x8_uboot_is(cmd, 0, "mmc") || !x8_uboot_is(cmd, 1, "dev"))
        return -1;
    if (cmd->argc > 3 && (x8_uboot_hex(cmd->argv[3], &part) != 0 || part > 7))
        return -1;
    return (int)part;
}

const char *x8_uboot_hwpart_name(int hwpart)
{
    switch (hwpart) {
    case 0:
        return "the user area";
    case 1:
        return "boot area 0 (boot0)";
    case 2:
        return "boot area 1 (boot1)";
    case 3:
        return "the protected area (RPMB)";
    default:
        return "a general purpose area";
    }
}
