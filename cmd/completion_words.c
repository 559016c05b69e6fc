/*
 * What all completion scripts share: which words can stand somewhere.
 */
#include "completion.h"
#include "help.h"
#include "opts.h"

#include "board/carriers.h"

#include <string.h>

static int join(struct x8_buf *out, const char *word)
{
    return x8_buf_addf(out, "%s%s", out->len ? " " : "", word);
}

int x8_complete_words(const char *what, struct x8_buf *out)
{
    const struct x8_carrier *row;
    int rc = 0;

    if (strcmp(what, "carrier") == 0)
        for (size_t i = 0; (row = x8_carrier_row(i)) && rc == 0; i++)
            rc = join(out, row->name);
    if (strcmp(what, "command") != 0)
        return rc;
    for (const struct x8_cmd *const *c = x8_commands; *c && rc == 0; c++)
        rc = join(out, (*c)->name);
    for (const struct x8_topic *t = x8_topics; t->name && rc == 0; t++)
        rc = join(out, t->name);
    return rc;
}

int x8_complete_kind(const struct x8_opt *opt, struct x8_buf *out)
{
    int rc = 0;

    if (!x8_opt_takes_value(opt))
        return 0;
    if (!opt->choices)
        return x8_buf_addf(out, "%s", opt->complete ? opt->complete : "value");
    rc = x8_buf_addf(out, "words");
    for (size_t i = 0; opt->choices[i] && rc == 0; i++)
        rc = x8_buf_addf(out, " %s", opt->choices[i]);
    return rc;
}

int x8_quoted(struct x8_buf *out, const char *text)
{
    int rc = x8_buf_addf(out, "'");

    for (; *text && rc == 0; text++)
        rc = *text == '\'' ? x8_buf_addf(out, "'\\''") : x8_buf_add(out, text, 1);
    return rc == 0 ? x8_buf_addf(out, "'") : rc;
}
