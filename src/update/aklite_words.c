/*
 * The streams of aklite-offline as plain text. Written to files they are bare; a terminal in
 * between adds colours, and the log's severity right-aligned to seven columns.
 */
#include "update/aklite_parts.h"

#include "util/text.h"

#include <string.h>

/* The length of a severity at the start of a line, as "warning: " or "   info: ". */
static size_t severity(const char *at, size_t len)
{
    static const char *const words[] = {"trace", "debug", "info", "warning", "error", "fatal"};
    size_t blanks = 0;

    while (blanks < len && blanks < 7 && at[blanks] == ' ')
        blanks++;
    for (size_t i = 0; i < X8_COUNT(words); i++) {
        size_t n = strlen(words[i]);

        if (blanks + n == 7 && len >= 9 && memcmp(at + blanks, words[i], n) == 0 &&
            memcmp(at + 7, ": ", 2) == 0)
            return 9;
    }
    return 0;
}

/* The length of a control sequence at the start, or 0. Source: ECMA-48, 5.4. */
static size_t escape(const uint8_t *at, size_t len)
{
    size_t n = 2;

    if (len < 2 || at[0] != 0x1b || at[1] != '[')
        return len && at[0] == 0x1b ? 1 : 0;
    while (n < len && at[n] >= 0x20 && at[n] <= 0x3f)
        n++;
    return n < len ? n + 1 : n;
}

/* Progress is written over itself with carriage returns: each is a line of its own. */
static size_t one(const uint8_t *at, size_t len, uint8_t *byte)
{
    size_t skip = escape(at, len);

    *byte = at[0] == '\r' ? '\n' : at[0] ? at[0] : ' ';
    return skip;
}

static void drop_severities(struct x8_buf *text)
{
    uint8_t *to = text->data;
    size_t at = 0;

    while (at < text->len) {
        const uint8_t *line = text->data + at;
        const uint8_t *end = memchr(line, '\n', text->len - at);
        size_t len = end ? (size_t)(end - line) + 1 : text->len - at;
        size_t skip = severity((const char *)line, len);

        memmove(to, line + skip, len - skip);
        to += len - skip;
        at += len;
    }
    text->len = (size_t)(to - text->data);
    text->data[text->len] = '\0';
}

int aklite_plain(struct x8_span from, struct x8_buf *out)
{
    if (x8_buf_reserve(out, from.len + 1) < 0 || x8_buf_add(out, "", 0) < 0)
        return -1;
    for (size_t i = 0; i < from.len;) {
        uint8_t byte;
        size_t skip = one(from.data + i, from.len - i, &byte);

        if (!skip && x8_buf_add(out, &byte, 1) < 0)
            return -1;
        i += skip ? skip : 1;
    }
    if (out->len)
        drop_severities(out);
    return 0;
}

/* Lines that come in every run and explain nothing. Source: aktualizr's logging and U-Boot's
 * fw_printenv, whose complaints are not fatal by themselves. */
static int is_noise(const char *line, size_t len)
{
    static const char *const starts[] = {"Reading config:", "Use existing SQL storage",
                                         "Failed resetting bootcount",
                                         "Configuration file wrong or corrupted"};

    for (size_t i = 0; i < X8_COUNT(starts); i++)
        if (len >= strlen(starts[i]) && memcmp(line, starts[i], strlen(starts[i])) == 0)
            return 1;
    for (size_t i = 0; i < len; i++)
        if (line[i] != ' ' && line[i] != '\t')
            return 0;
    return 1;
}

void aklite_last_words(const struct x8_buf *plain, char *out, size_t cap)
{
    const char *text = x8_buf_text(plain);
    size_t end = plain->len;

    out[0] = '\0';
    while (end > 0) {
        size_t start = end;

        while (start > 0 && text[start - 1] != '\n')
            start--;
        if (!is_noise(text + start, end - start)) {
            x8_clean(out, cap, text + start, end - start);
            return;
        }
        end = start ? start - 1 : 0;
    }
}
