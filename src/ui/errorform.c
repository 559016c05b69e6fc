/*
 * The three-part form of an error: what, why, next, and the code with its help page.
 */
#include "ui/parts.h"

#include <string.h>

#define INDENT 9 /* "  why    " */

static const char *sgr(int color, const char *code)
{
    return color ? code : "";
}

/* Bytes of `text` that go on this line: up to a line end, and when it is too wide up to the last
 * blank that fits; a word wider than the line is not torn, it may have to be copied. */
static size_t line_len(const char *text, size_t columns)
{
    size_t len = strcspn(text, "\n"), fit, cut;

    if (columns == 0)
        return len;
    fit = x8_columns_fit(text, columns);
    if (fit >= len)
        return len;
    for (cut = fit; cut > 0 && text[cut] != ' '; cut--)
        ;
    return cut > 0 ? cut : strcspn(text, " \n");
}

static void put_wrapped(struct x8_buf *out, const char *text, size_t columns)
{
    while (*text) {
        size_t len = line_len(text, columns);

        x8_put(out, "%.*s\n", (int)len, text);
        text += len;
        text += strspn(text, *text == '\n' ? "\n" : " ");
        if (*text)
            x8_put(out, "%*s", INDENT, "");
    }
}

static void put_part(struct x8_buf *out, const char *label, const char *text, int columns,
                     int color)
{
    if (text[0] == '\0')
        return;
    x8_put(out, "  %s%s%s", sgr(color, "\033[2m"), label, sgr(color, "\033[0m"));
    x8_put(out, "%*s", INDENT - 2 - (int)strlen(label), "");
    put_wrapped(out, text, columns > INDENT + 20 ? (size_t)(columns - INDENT - 1) : 0);
}

void x8_error_form(const char *command, const struct x8_error *error, int columns, int color,
                   struct x8_buf *out)
{
    struct x8_buf code = {0};

    x8_put(out, "%s%s:%s %s\n", sgr(color, "\033[1;31m"), command, sgr(color, "\033[0m"),
           error->msg);
    put_part(out, "why", error->why, columns, color);
    put_part(out, "next", error->next, columns, color);
    x8_put(&code, "%d %s", (int)error->code, x8_code_name(error->code));
    x8_put(out, "  %scode%s   %-33sx8ctl help E%d\n", sgr(color, "\033[2m"), sgr(color, "\033[0m"),
           x8_buf_text(&code), (int)error->code);
    x8_buf_done(&code);
}
