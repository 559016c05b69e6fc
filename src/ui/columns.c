/*
 * How wide a text is on a terminal. The C library's answer depends on the locale, which this
 * program never sets; these ranges are the blocks that Unicode's EastAsianWidth.txt marks as wide
 * and the combining marks in use.
 */
#include "ui/parts.h"
#include "util/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NARROW 20 /* with less room than this for text nothing is gained by wrapping it */

static const struct {
    uint32_t first, last;
    size_t width;
} ranges[] = {
    {0x0300, 0x036f, 0},   {0x1100, 0x115f, 2},   {0x1ab0, 0x1aff, 0}, {0x200b, 0x200d, 0},
    {0x20d0, 0x20ff, 0},   {0x2e80, 0xa4cf, 2},   {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2},
    {0xfe00, 0xfe0f, 0},   {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2},
    {0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2},
};

static size_t width_of(uint32_t cp)
{
    for (size_t i = 0; i < X8_COUNT(ranges); i++)
        if (cp >= ranges[i].first && cp <= ranges[i].last)
            return ranges[i].width;
    return 1;
}

/* Walk until the end or until the next character would pass `limit`; bytes walked. */
static size_t walk(const char *text, size_t limit, size_t *columns)
{
    size_t len = strlen(text), i = 0;

    *columns = 0;
    while (i < len) {
        uint32_t cp = '?';
        size_t n = x8_utf8_next(text + i, len - i, &cp);

        if (width_of(cp) > limit - *columns)
            break;
        *columns += width_of(cp);
        i += n ? n : 1;
    }
    return i;
}

size_t x8_columns(const char *text)
{
    size_t columns;

    walk(text, SIZE_MAX, &columns);
    return columns;
}

size_t x8_columns_fit(const char *text, size_t columns)
{
    size_t used;

    return walk(text, columns, &used);
}

void x8_put(struct x8_buf *out, const char *fmt, ...)
{
    char small[512], *text = small;
    va_list ap;
    int need;

    va_start(ap, fmt);
    need = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (need < 0)
        abort();
    if ((size_t)need >= sizeof small) {
        text = malloc((size_t)need + 1);
        if (!text)
            abort();
        va_start(ap, fmt);
        vsnprintf(text, (size_t)need + 1, fmt, ap);
        va_end(ap);
    }
    if (x8_buf_add(out, text, (size_t)need) < 0)
        abort();
    if (text != small)
        free(text);
}

void x8_put_padded(struct x8_buf *out, const char *text, size_t columns)
{
    size_t have = x8_columns(text);

    x8_put(out, "%s", text);
    for (; have < columns; have++)
        x8_put(out, " ");
}

/* Bytes of `text` that go on this line: up to a line end, and when it is too wide up to the last
 * blank that fits; a word wider than the line is not torn, it may have to be copied. */
static size_t line_len(const char *text, size_t columns)
{
    size_t len = strcspn(text, "\n"), fit = x8_columns_fit(text, columns), cut;

    if (fit >= len)
        return len;
    for (cut = fit; cut > 0 && text[cut] != ' '; cut--)
        ;
    return cut > 0 ? cut : strcspn(text, " \n");
}

void x8_put_wrapped(struct x8_buf *out, const char *text, int columns, size_t used, size_t indent)
{
    size_t wide = columns > 0 ? (size_t)columns - 1 : SIZE_MAX;

    if (wide < indent + NARROW)
        wide = SIZE_MAX;
    do {
        size_t len = line_len(text, wide > used ? wide - used : 0);

        x8_put(out, "%.*s\n", (int)len, text);
        text += len;
        text += strspn(text, *text == '\n' ? "\n" : " ");
        if (*text)
            x8_put(out, "%*s", (int)indent, "");
        used = indent;
    } while (*text);
}
