/*
 * What all completion scripts share: which words can stand somewhere.
 */
#include "completion.h"
#include "help.h"
#include "help_json.h"
#include "opts.h"

#include "board/carriers.h"

#include <string.h>

static void join(struct x8_page *out, const char *word)
{
    x8_put(out, "%s%s", out->buf.len ? " " : "", word);
}

static void codes(struct x8_page *out)
{
    const char *name, *meaning;
    enum x8_code code;

    for (unsigned i = 0; x8_code_row(i, &code, &name, &meaning); i++)
        if (code != X8_OK && x8_code_in_use(code))
            x8_put(out, " E%d", (int)code);
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
    codes(out);
}

/* x8ctl help --schema and --man have pages of their own. */
static void schemas(struct x8_page *out)
{
    for (const struct x8_json_doc *const *list = x8_json_docs; *list; list++)
        for (const struct x8_json_doc *doc = *list; doc->name; doc++)
            if (doc->what != X8_JSON_SHAPE)
                join(out, doc->name);
}

const char *x8_complete_under(const struct x8_cmd *cmd, size_t i, struct x8_page *out)
{
    static const char *const more[] = {"x8ctl", "errors", "json"};

    if (!cmd->complete || strcmp(cmd->complete, "command") != 0 || i > 1)
        return NULL;
    if (i == 0) {
        schemas(out);
        return "schema";
    }
    for (const struct x8_cmd *const *c = x8_commands; *c; c++)
        join(out, (*c)->name);
    for (size_t k = 0; k < X8_COUNT(more); k++)
        join(out, more[k]);
    return "man";
}

int x8_complete_goes(const struct x8_cmd *cmd, const char *verb, const struct x8_opt *opt)
{
    return !cmd->takes || cmd->takes(verb, opt->name);
}

int x8_complete_is_of_some(const struct x8_cmd *cmd, const struct x8_opt *opt)
{
    for (size_t i = 0; cmd->takes && cmd->verbs && cmd->verbs[i]; i++)
        if (!x8_complete_goes(cmd, cmd->verbs[i], opt))
            return 1;
    return 0;
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
