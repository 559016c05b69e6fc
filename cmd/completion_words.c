/*
 * What all completion scripts share: which words can stand somewhere.
 */
#include "completion.h"
#include "help.h"
#include "opts.h"

#include "board/carriers.h"

#include <string.h>

static void join(struct x8_page *out, const char *word)
{
    x8_put(out, "%s%s", out->buf.len ? " " : "", word);
}

void x8_complete_words(const char *what, struct x8_page *out)
{
    const struct x8_carrier *row;

    if (strcmp(what, "carrier") == 0)
        for (size_t i = 0; (row = x8_carrier_row(i)); i++)
            join(out, row->name);
    if (strcmp(what, "command") != 0)
        return;
    for (const struct x8_cmd *const *c = x8_commands; *c; c++)
        join(out, (*c)->name);
    for (const struct x8_topic *t = x8_topics; t->name; t++)
        join(out, t->name);
}

void x8_complete_kind(const struct x8_opt *opt, struct x8_page *out)
{
    if (!x8_opt_takes_value(opt))
        return;
    if (!opt->choices)
        x8_put(out, "%s", opt->complete ? opt->complete : "value");
    else
        x8_put(out, "words");
    for (size_t i = 0; opt->choices && opt->choices[i]; i++)
        x8_put(out, " %s", opt->choices[i]);
}

void x8_quoted(struct x8_page *out, const char *text)
{
    x8_put(out, "'");

    for (; *text; text++)
        if (*text == '\'')
            x8_put(out, "'\\''");
        else
            x8_put_bytes(out, text, 1);
    x8_put(out, "'");
}
