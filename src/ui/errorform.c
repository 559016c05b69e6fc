/*
 * The three-part form of an error: what, why, next, and the code with its help page.
 */
#include "ui/parts.h"

#include <string.h>

#define INDENT    9  /* "  why    " */
#define CODE_WIDE 58 /* the line with the code and its help page */

static const char *sgr(int color, const char *code)
{
    return color ? code : "";
}

static void put_part(struct x8_buf *out, const char *label, const char *text, int columns,
                     int color)
{
    if (text[0] == '\0')
        return;
    x8_put(out, "  %s%s%s", sgr(color, "\033[2m"), label, sgr(color, "\033[0m"));
    x8_put(out, "%*s", INDENT - 2 - (int)strlen(label), "");
    x8_put_wrapped(out, text, columns, INDENT, INDENT);
}

void x8_error_form(const char *command, const struct x8_error *error, int columns, int color,
                   struct x8_buf *out)
{
    int is_narrow = columns > 0 && columns < CODE_WIDE;
    struct x8_buf code = {0};

    x8_put(out, "%s%s:%s ", sgr(color, "\033[1;31m"), command, sgr(color, "\033[0m"));
    x8_put_wrapped(out, error->msg, columns, x8_columns(command) + 2, INDENT);
    put_part(out, "why", error->why, columns, color);
    put_part(out, "next", error->next, columns, color);
    x8_put(&code, "%d %s%s", (int)error->code, x8_code_name(error->code), is_narrow ? "   " : "");
    x8_put(out, "  %scode%s   %-*sx8ctl help E%d\n", sgr(color, "\033[2m"), sgr(color, "\033[0m"),
           is_narrow ? 0 : 33, x8_buf_text(&code), (int)error->code);
    x8_buf_done(&code);
}
