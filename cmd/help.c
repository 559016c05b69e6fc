/*
 * x8ctl help: the overview, a command, a topic, an exit code, or a manual page.
 */
#include "help.h"
#include "help_json.h"
#include "opts.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int as_man, as_schema;

static const struct x8_opt options[] = {
    {"man", 0, X8_OPT_FLAG, &as_man, NULL, NULL,
     "print a manual page (roff) of x8ctl, a command, errors, or json", NULL},
    {"schema", 0, X8_OPT_FLAG, &as_schema, NULL, NULL,
     "print the JSON Schema of what a command prints with --json; alone: their names", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};

static const struct x8_example example_rows[] = {
    {"x8ctl help flash", "everything about one command"},
    {"x8ctl help E13", "what exit code 13 means and what to do about it"},
    {"x8ctl help --man flash | man -l -", "the manual page, also where it is not installed"},
    {"x8ctl help --schema update check", "members of its --json document, for a validator"},
    {NULL, NULL},
};

int x8_help_for(const struct x8_cmd *cmd, struct x8_error *err)
{
    X8_AUTO_PAGE text = {0};

    if (cmd)
        x8_page_command(cmd, &text);
    else
        x8_page_overview(&text);
    return x8_page_print(&text, err);
}

int x8_help_short(struct x8_error *err)
{
    static const char *const favourites[] = {"list", "guide", "flash", "explain", "udev"};
    X8_AUTO_PAGE text = {0};

    x8_put(&text, "x8ctl sees Arduino Portenta X8 boards and flashes them over USB.\n\n");
    for (size_t i = 0; i < X8_COUNT(favourites); i++) {
        const struct x8_cmd *cmd = x8_command_find(x8_commands, favourites[i]);

        if (cmd)
            x8_put(&text, "  x8ctl %-10s %s\n", cmd->name, cmd->summary);
    }
    x8_put(&text, "All commands and topics: x8ctl help    One in full: x8ctl help flash\n");
    return x8_page_print(&text, err);
}

/* "E13" or "13". */
static int code_of(const char *word, enum x8_code *out)
{
    const char *name, *meaning, *digits = word[0] == 'E' || word[0] == 'e' ? word + 1 : word;
    enum x8_code code;
    uint32_t number;

    for (unsigned i = 0; x8_code_row(i, &code, &name, &meaning); i++) {
        if (strcmp(name, word) == 0 || (digits[0] >= '0' && digits[0] <= '9' &&
                                        x8_parse_u32(digits, &number) == 0 && number == code)) {
            *out = code;
            return 1;
        }
    }
    return 0;
}

static int looks_like_code(const char *word)
{
    word += *word == 'E' || *word == 'e';
    return *word >= '0' && *word <= '9';
}

static int unknown(const char *word, struct x8_error *err)
{
    const char *names[96], *near;
    size_t n = 0;
    int rc = x8_fail(err, X8_E_USAGE, "no command, topic or exit code is called '%s'", word);

    for (const struct x8_cmd *const *c = x8_commands; *c && n < 48; c++)
        names[n++] = (*c)->name;
    for (const struct x8_topic *t = x8_topics; t->name && n < X8_COUNT(names); t++)
        names[n++] = t->name;
    near = x8_closest(word, names, n);
    if (near)
        x8_error_why(err, "did you mean '%s'?", near);
    x8_error_next(err, looks_like_code(word) ? "x8ctl help exit-codes" : "x8ctl help");
    return rc;
}

static const struct x8_topic *find_topic(const char *word)
{
    for (const struct x8_topic *t = x8_topics; t->name; t++)
        if (strcmp(t->name, word) == 0)
            return t;
    return NULL;
}

/* Two words of which the first is no command: what is wrong is said of the one that is wrong. */
static int two_words(const char *first, const char *second, struct x8_error *err)
{
    const struct x8_json_doc *doc = x8_json_doc_find(second);
    enum x8_code code;
    int rc;

    if (!find_topic(first) && !code_of(first, &code))
        return unknown(first, err);
    rc = x8_fail(err, X8_E_USAGE, "help explains one thing: '%.60s' and '%.60s' are two", first,
                 second);
    x8_error_why(err, "only a command may have a second word, as in: x8ctl help udev install");
    if (strcmp(first, "json") == 0 && doc && doc->what != X8_JSON_SHAPE)
        x8_error_next(err, "x8ctl help --schema %.60s    describes its --json document", second);
    else
        x8_error_next(err, "x8ctl help %.60s", first);
    return rc;
}

/* 0 when nothing has that name. */
static int man_page(const char *word, struct x8_page *out)
{
    const struct x8_cmd *cmd = word ? x8_command_find(x8_commands, word) : NULL;

    if (!word || strcmp(word, "x8ctl") == 0)
        x8_man_overview(out);
    else if (strcmp(word, "errors") == 0)
        x8_man_errors(out);
    else if (strcmp(word, "json") == 0)
        x8_man_json(out);
    else if (cmd)
        x8_man_command(cmd, out);
    else
        return 0;
    return 1;
}

/* 0 when nothing has that name. */
static int help_page(const char *word, struct x8_page *out)
{
    const struct x8_cmd *cmd = word ? x8_command_find(x8_commands, word) : NULL;
    enum x8_code code;

    if (!word)
        x8_page_overview(out);
    else if (cmd)
        x8_page_command(cmd, out);
    else if (find_topic(word))
        x8_page_topic(find_topic(word), out);
    else if (code_of(word, &code))
        x8_page_code(code, out);
    else
        return 0;
    return 1;
}

/* "update check": the document update-check. */
static int schema(const struct x8_ctx *ctx, struct x8_page *out, struct x8_error *err)
{
    const struct x8_json_doc *doc;
    char name[80] = "";

    if (ctx->argc == 0) {
        x8_schema_names(out);
        return 0;
    }
    for (int i = 0; i < ctx->argc; i++)
        snprintf(name + strlen(name), sizeof name - strlen(name), "%s%s", i ? "-" : "",
                 ctx->argv[i]);
    doc = x8_json_doc_find(name);
    if (!doc || doc->what == X8_JSON_SHAPE) {
        int rc = x8_fail(err, X8_E_USAGE, "no document of --json is called '%s'", name);
        x8_error_why(err, "a document is named as the command that prints it");
        x8_error_next(err, "x8ctl help --schema    lists them");
        return rc;
    }
    x8_schema(doc, out);
    return 0;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    X8_AUTO_PAGE text = {0};
    const char *word = ctx->argc > 0 ? ctx->argv[0] : NULL;

    if (as_schema) {
        int rc = schema(ctx, &text, err);

        return rc < 0 ? rc : x8_page_print(&text, err);
    }
    /* `x8ctl help udev install`: the page of the noun says it. */
    if (ctx->argc > 1 && !x8_command_find(x8_commands, word))
        return two_words(word, ctx->argv[1], err);
    if (!(as_man ? man_page(word, &text) : help_page(word, &text)))
        return unknown(word, err);
    return x8_page_print(&text, err);
}

static const unsigned char exit_rows[] = {X8_E_USAGE, 0};

const struct x8_cmd x8_cmd_help = {
    .name = "help",
    .group = "house",
    .summary = "explain a command, a topic or an exit code",
    .usage = "[COMMAND|TOPIC|E<code>]",
    .description =
        "Without an operand: all commands by group, and the topics. All texts are in the\n"
        "program itself; nothing is looked up on the network.",
    .opts = options,
    .examples = example_rows,
    .exits = exit_rows,
    .see_also = "x8ctl help options, x8ctl help exit-codes",
    .complete = "command",
    .run = run,
};
