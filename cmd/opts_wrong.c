/*
 * Errors of the command line. Each says what would have been right as far as the rows know it, so
 * that a new option or command brings its answers along.
 */
#include "opts_wrong.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 8 }; /* more names than these are not read, but looked up in the help */

/* "a, b and c": one more word of `count`. */
static void join(char *out, size_t cap, const char *word, size_t i, size_t count)
{
    size_t len = strlen(out);

    snprintf(out + len, cap - len, "%s%s", i == 0 ? "" : i + 1 == count ? " and " : ", ", word);
}

static int has(const struct x8_opt *rows, const char *name, size_t len)
{
    for (; rows && rows->name; rows++)
        if (len == 1 ? rows->letter == name[0]
                     : strlen(rows->name) == len && memcmp(rows->name, name, len) == 0)
            return 1;
    return 0;
}

/* Commands that have this option, "flash and uuu"; how many. */
static size_t owners_of(const struct x8_cmd *const *commands, const char *name, size_t len,
                        char *out, size_t cap)
{
    const char *found[64];
    size_t count = 0;

    out[0] = '\0';
    for (; *commands && count < X8_COUNT(found); commands++)
        if (has((*commands)->opts, name, len))
            found[count++] = (*commands)->name;
    for (size_t i = 0; i < count; i++)
        join(out, cap, found[i], i, count);
    return count;
}

static const struct x8_cmd *first_owner(const struct x8_cmd *const *commands, const char *name,
                                        size_t len)
{
    for (; *commands; commands++)
        if (has((*commands)->opts, name, len))
            return *commands;
    return NULL;
}

static const char *closest(const struct x8_cmd *cmd, const char *word)
{
    const char *names[128];
    size_t n = 0;

    for (const struct x8_opt *o = cmd ? cmd->opts : NULL; o && o->name && n < 64; o++)
        names[n++] = o->name;
    for (const struct x8_opt *o = x8_global_opts(); o->name && n < X8_COUNT(names); o++)
        names[n++] = o->name;
    return x8_closest(word, names, n);
}

/* No option that is near: those that there are. */
static void name_options(const struct x8_cmd *cmd, struct x8_error *err)
{
    char names[300] = "";
    size_t count = 0;

    while (cmd && cmd->opts && cmd->opts[count].name)
        count++;
    for (size_t i = 0; i < count && count <= LIST_MAX; i++) {
        char dashed[40];

        snprintf(dashed, sizeof dashed, "--%s", cmd->opts[i].name);
        join(names, sizeof names, dashed, i, count);
    }
    if (!cmd)
        x8_error_why(err, "no option of any command has this name");
    else if (count == 0)
        x8_error_why(err, "%s has only those that every command has", cmd->name);
    else if (count <= LIST_MAX)
        x8_error_why(err, "%s has %s, and those of every command", cmd->name, names);
    else
        x8_error_why(err, "none of the %zu options of %s is called so, nor one of every command",
                     count, cmd->name);
}

static void say_page(const struct x8_cmd *cmd, struct x8_error *err)
{
    if (cmd)
        x8_error_next(err, "x8ctl %s --help", cmd->name);
    else
        x8_error_next(err, "x8ctl help options");
}

int x8_wrong_option(const struct x8_cmd *const *commands, const struct x8_cmd *cmd, const char *arg,
                    const char *name, size_t len, struct x8_error *err)
{
    const struct x8_cmd *owner = cmd ? NULL : first_owner(commands, name, len);
    int rc = x8_fail(err, X8_E_USAGE, "unknown option '%s'", arg);
    char word[64], owners[200];
    const char *near;

    snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), name);
    near = len > 1 ? closest(cmd, word) : NULL;
    say_page(cmd, err);
    if (owner && len > 1) {
        x8_error_why(err, "'--%s' belongs to a command and stands behind its word", word);
        x8_error_next(err, "x8ctl %s --%s", owner->name, word);
    } else if (near) {
        x8_error_why(err, "did you mean '--%s'?", near);
    } else if (cmd && cmd->usage && strncmp(cmd->usage, "-- ", 3) == 0) {
        x8_error_why(err, "options of the board's command stand behind '--'");
        x8_error_next(err, "x8ctl %s %s", cmd->name, cmd->usage);
    } else if (owners_of(commands, name, len, owners, sizeof owners)) {
        x8_error_why(err, "it is one of %s%s%s", owners, cmd ? ", not of " : "",
                     cmd ? cmd->name : "");
    } else {
        name_options(cmd, err);
    }
    return rc;
}

/* The noun that has this verb, or NULL. */
static const struct x8_cmd *noun_of(const struct x8_cmd *const *commands, const char *verb)
{
    for (; *commands; commands++)
        for (size_t i = 0; (*commands)->verbs && (*commands)->verbs[i]; i++)
            if (strcmp((*commands)->verbs[i], verb) == 0)
                return *commands;
    return NULL;
}

int x8_wrong_command(const struct x8_cmd *const *commands, const char *word, struct x8_error *err)
{
    const char *near = x8_command_closest(commands, word);
    const struct x8_cmd *noun = noun_of(commands, word);
    char clean[100];
    int rc;

    x8_clean(clean, sizeof clean, word, strlen(word));
    rc = x8_fail(err, X8_E_USAGE, "unknown command '%s'", clean);
    x8_error_next(err, "x8ctl help");
    if (near) {
        x8_error_why(err, "did you mean '%s'?", near);
    } else if (noun) {
        x8_error_why(err, "it is a word that stands behind '%s'", noun->name);
        x8_error_next(err, "x8ctl %s %s", noun->name, clean);
    } else {
        x8_error_why(err, "no command has a name like that");
    }
    return rc;
}

int x8_wrong_missing(const struct x8_cmd *cmd, const struct x8_opt *opt, const char *seen,
                     struct x8_error *err)
{
    const char *arg = opt->arg ? opt->arg : "VALUE";
    int rc = x8_fail(err, X8_E_USAGE, "option '--%s' needs a value: %s", opt->name, arg);
    char words[200];

    if (seen) {
        x8_error_why(err, "the next argument is '%s', which looks like an option", seen);
        x8_error_next(err, "--%s=%s when that is meant as the value", opt->name, seen);
    } else if (opt->choices) {
        x8_choices_text(opt->choices, words, sizeof words);
        x8_error_why(err, "the line ends behind it; it takes %s", words);
        x8_error_next(err, "--%s %s", opt->name, opt->choices[0]);
    } else {
        x8_error_why(err, "the line ends behind it");
        say_page(cmd, err);
    }
    return rc;
}

int x8_wrong_empty(const struct x8_opt *opt, struct x8_error *err)
{
    int rc;

    if (opt) {
        rc = x8_fail(err, X8_E_USAGE, "the value of '--%s' is empty", opt->name);
        x8_error_next(err, "--%s=%s, or leave it out", opt->name, opt->arg ? opt->arg : "VALUE");
    } else {
        rc = x8_fail(err, X8_E_USAGE, "an argument of the line is empty");
        x8_error_next(err, "leave it out, or write what it stands for");
    }
    x8_error_why(err, "a variable that is not set, in quotes, looks like this");
    return rc;
}

int x8_wrong_verb(const struct x8_cmd *cmd, const char *verb, const char *option,
                  struct x8_error *err)
{
    int rc = x8_fail(err, X8_E_USAGE, "--%s does not go with %s %s", option, cmd->name, verb);
    const char *found[16];
    size_t count = 0;
    char names[200] = "";

    for (size_t i = 0; cmd->verbs[i] && count < X8_COUNT(found); i++)
        if (cmd->takes(cmd->verbs[i], option))
            found[count++] = cmd->verbs[i];
    for (size_t i = 0; i < count; i++)
        join(names, sizeof names, found[i], i, count);
    x8_error_why(err, "it belongs to %s %s", cmd->name, names);
    x8_error_next(err, "leave it out; x8ctl help %s    says what it does", cmd->name);
    return rc;
}

void x8_wrong_form(const struct x8_cmd *cmd, struct x8_error *err)
{
    int has_usage = cmd->usage && cmd->usage[0];

    x8_error_why(err, "the form is: x8ctl %s [OPTIONS]%s%s", cmd->name, has_usage ? " " : "",
                 has_usage ? cmd->usage : "");
}
