/*
 * A line of a result: whole for programs, broken between words for people.
 */
#include "flash_line.h"

#include "ui/rawtty.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The rest of a line that was broken; less room for words than NARROW is none. */
enum { INDENT = 4, NARROW = 20 };

/* Bytes of `text` up to the last blank within `columns`; a longer word stays whole, as it may have
 * to be copied. */
static size_t fitting(const char *text, size_t columns)
{
    size_t len = 0, used = 0, blank = 0;

    for (; text[len]; len++) {
        if (text[len] == ' ')
            blank = len;
        used += ((unsigned char)text[len] & 0xc0) != 0x80; /* not inside of a character */
        if (used > columns && blank)
            return blank;
    }
    return len;
}

static void print_wrapped(const char *text, size_t columns)
{
    size_t room = columns;

    while (*text) {
        size_t len = fitting(text, room);

        printf("%.*s\n", (int)len, text);
        text += len;
        text += strspn(text, " ");
        if (*text)
            printf("%*s", INDENT, "");
        room = columns - INDENT;
    }
}

void x8_result_line(const char *fmt, ...)
{
    char text[2048];
    unsigned rows, columns;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (isatty(STDOUT_FILENO) && x8_rawtty_size(&rows, &columns) && columns > NARROW + INDENT)
        print_wrapped(text, columns - 1);
    else
        printf("%s\n", text);
}
