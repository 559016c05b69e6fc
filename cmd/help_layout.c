/*
 * Columns of help pages. ASCII only, so that bytes are columns.
 */
#include "help.h"
#include "opts.h"

#include <stdio.h>
#include <string.h>

/* Length of the longest run of whole words of `text` that fits into `room`; one long word may not
 * fit and is taken all the same. */
static size_t line_length(const char *text, size_t room)
{
    size_t best = 0, n = 0;

    for (; text[n]; n++) {
        if (text[n] != ' ')
            continue;
        if (n > room)
            break;
        best = n;
    }
    return text[n] == '\0' && (n <= room || best == 0) ? n : best ? best : n;
}

/* "--state rom|spl|...": behind the last '|' that fits, the rest stands below. */
static size_t put_left(struct x8_page *out, const char *left)
{
    enum { INDENT = 10 };
    size_t room = X8_HELP_WIDTH - 2, used = 2;

    x8_put(out, "  ");
    while (strlen(left) > room) {
        size_t n = room;

        while (n > 0 && left[n - 1] != '|')
            n--;
        if (n == 0)
            break;
        x8_put(out, "%.*s\n%*s", (int)n, left, INDENT, "");
        left += n;
        used = INDENT;
        room = X8_HELP_WIDTH - INDENT;
    }
    x8_put(out, "%s", left);
    return used + strlen(left);
}

void x8_put_row(struct x8_page *out, const char *left, size_t column, const char *right)
{
    size_t used = put_left(out, left);

    if (used + 2 > column) {
        x8_put(out, "\n");
        used = 0;
    }
    while (*right) {
        size_t n = line_length(right, X8_HELP_WIDTH - column);

        x8_put(out, "%*s%.*s\n", (int)(column - used), "", (int)n, right);
        right += n;
        while (*right == ' ')
            right++;
        used = 0;
    }
}

void x8_opt_arg_text(const struct x8_opt *opt, char *out, size_t cap)
{
    size_t at = 0;

    out[0] = '\0';
    if (!x8_opt_takes_value(opt))
        return;
    if (!opt->choices) {
        snprintf(out, cap, "%s", opt->arg ? opt->arg : "VALUE");
        return;
    }
    for (size_t i = 0; opt->choices[i] && at < cap; i++) {
        int n = snprintf(out + at, cap - at, "%s%s", i ? "|" : "", opt->choices[i]);
        at += n > 0 ? (size_t)n : 0;
    }
}

void x8_put_options(struct x8_page *out, const struct x8_opt *opts)
{
    for (; opts && opts->name; opts++) {
        char left[160], arg[96], letter[5] = "    ";

        if (opts->letter)
            snprintf(letter, sizeof letter, "-%c, ", opts->letter);
        x8_opt_arg_text(opts, arg, sizeof arg);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, opts->name, arg[0] ? " " : "", arg);
        if (opts->kind == X8_OPT_MAYBE)
            snprintf(left, sizeof left, "%s--%s[=%s]", letter, opts->name, opts->arg);
        x8_put_row(out, left, 28, opts->help);
    }
}
