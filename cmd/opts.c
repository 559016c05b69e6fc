/*
 * The parser. One pass over argv: options are looked up in the rows of the command (once its word
 * was seen) and in the global rows; what is left are operands. Nothing is abbreviated and nothing
 * is guessed: an unknown word is an error with the closest known one as a suggestion.
 */
#include "opts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

struct parser {
    const struct x8_cmd *const *commands;
    int argc, at; /* `at`: next argument to look at */
    char **argv;
    struct x8_line *line;
    int only_operands; /* behind "--", or behind the first operand of a raw command */
};

static const struct x8_opt *find_long(const struct x8_opt *rows, const char *name, size_t len)
{
    for (; rows && rows->name; rows++)
        if (strlen(rows->name) == len && memcmp(rows->name, name, len) == 0)
            return rows;
    return NULL;
}

static const struct x8_opt *find_letter(const struct x8_opt *rows, char letter)
{
    for (; rows && rows->name; rows++)
        if (rows->letter == letter)
            return rows;
    return NULL;
}

const struct x8_opt *x8_global_opt(const char *name)
{
    return find_long(x8_global_opts(), name, strlen(name));
}

const struct x8_cmd *x8_command_find(const struct x8_cmd *const *commands, const char *word)
{
    for (; *commands; commands++)
        if (strcmp((*commands)->name, word) == 0)
            return *commands;
    return NULL;
}

const char *x8_command_closest(const struct x8_cmd *const *commands, const char *word)
{
    const char *names[64];
    size_t n = 0;

    for (; *commands && n < X8_COUNT(names); commands++)
        names[n++] = (*commands)->name;
    return x8_closest(word, names, n);
}

int x8_opt_takes_value(const struct x8_opt *opt)
{
    return opt->kind != X8_OPT_FLAG && opt->kind != X8_OPT_NO && opt->kind != X8_OPT_MAYBE;
}

/* The command that has this option, when the line has not named a command yet. */
static const struct x8_cmd *owner_of(const struct parser *p, const char *name, size_t len)
{
    for (const struct x8_cmd *const *c = p->commands; *c; c++)
        if (find_long((*c)->opts, name, len))
            return *c;
    return NULL;
}

static const char *closest_option(const struct x8_cmd *cmd, const char *name)
{
    const char *names[128];
    size_t n = 0;

    for (const struct x8_opt *o = cmd ? cmd->opts : NULL; o && o->name && n < 64; o++)
        names[n++] = o->name;
    for (const struct x8_opt *o = x8_global_opts(); o->name && n < X8_COUNT(names); o++)
        names[n++] = o->name;
    return x8_closest(name, names, n);
}

static int unknown_option(const struct parser *p, const char *arg, const char *name, size_t len,
                          struct x8_error *err)
{
    const struct x8_cmd *cmd = p->line->cmd;
    const struct x8_cmd *owner = cmd ? NULL : owner_of(p, name, len);
    char word[64];
    const char *near;
    int rc = x8_fail(err, X8_E_USAGE, "unknown option '%s'", arg);

    snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), name);
    near = closest_option(cmd, word);
    if (owner) {
        x8_error_why(err, "'--%s' belongs to a command and stands behind its word", word);
        x8_error_next(err, "x8ctl %s --%s", owner->name, word);
    } else if (near && len > 1) {
        x8_error_why(err, "did you mean '--%s'?", near);
        x8_error_next(err, "x8ctl %s%s--help", cmd ? cmd->name : "", cmd ? " " : "");
    } else if (cmd && cmd->usage && strncmp(cmd->usage, "-- ", 3) == 0) {
        x8_error_why(err, "options of the board's command stand behind '--'");
        x8_error_next(err, "x8ctl %s %s", cmd->name, cmd->usage);
    } else {
        x8_error_next(err, "x8ctl %s%s--help", cmd ? cmd->name : "", cmd ? " " : "");
    }
    return rc;
}

static int missing_value(const struct parser *p, const struct x8_opt *opt, const char *seen,
                         struct x8_error *err)
{
    const char *arg = opt->arg ? opt->arg : "VALUE";
    int rc = x8_fail(err, X8_E_USAGE, "option '--%s' needs a value: %s", opt->name, arg);

    if (seen) {
        x8_error_why(err, "the next argument is '%s', which looks like an option", seen);
        x8_error_next(err, "--%s=%s when that is meant as the value", opt->name, seen);
    } else {
        x8_error_next(err, "x8ctl %s%s--help", p->line->cmd ? p->line->cmd->name : "",
                      p->line->cmd ? " " : "");
    }
    return rc;
}

/* "-1" where a number belongs: no option begins with a digit. */
static int is_negative(const struct x8_opt *opt, const char *text)
{
    return (opt->kind == X8_OPT_U64 || opt->kind == X8_OPT_DURATION) && text[0] == '-' &&
           text[1] >= '0' && text[1] <= '9';
}

/* Store, taking the value from the next argument when the option itself did not carry one. */
static int take(struct parser *p, const struct x8_opt *opt, const char *value, struct x8_error *err)
{
    char origin[80];

    snprintf(origin, sizeof origin, "option '--%s'", opt->name);
    if (x8_opt_takes_value(opt) && !value) {
        const char *next = p->at < p->argc ? p->argv[p->at] : NULL;

        if (!next || (next[0] == '-' && next[1] != '\0' && !is_negative(opt, next)))
            return missing_value(p, opt, next, err);
        value = next;
        p->at++;
    }
    if (!x8_opt_takes_value(opt) && value && opt->kind != X8_OPT_MAYBE) {
        int rc = x8_fail(err, X8_E_USAGE, "option '--%s' takes no value", opt->name);
        x8_error_why(err, "'%s' was given", value);
        x8_error_next(err, "leave out '=%s'", value);
        return rc;
    }
    return x8_opts_from_text(opt, origin, value, err);
}

static int long_option(struct parser *p, const char *arg, struct x8_error *err)
{
    const char *name = arg + 2, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const struct x8_opt *opt = NULL;

    if (p->line->cmd)
        opt = find_long(p->line->cmd->opts, name, len);
    if (!opt)
        opt = find_long(x8_global_opts(), name, len);
    if (!opt)
        return unknown_option(p, arg, name, len, err);
    return take(p, opt, equals ? equals + 1 : NULL, err);
}

/* "-vv", "-yq", "-t30s", "-t 30s": letters without a value may be joined; the rest of the argument
 * behind a letter that takes one is its value. */
static int letters(struct parser *p, const char *arg, struct x8_error *err)
{
    for (const char *c = arg + 1; *c; c++) {
        const struct x8_opt *opt = NULL;
        int rc;

        if (p->line->cmd)
            opt = find_letter(p->line->cmd->opts, *c);
        if (!opt)
            opt = find_letter(x8_global_opts(), *c);
        if (!opt) {
            char shown[3] = {'-', *c, '\0'};
            return unknown_option(p, c == arg + 1 && !c[1] ? shown : arg, c, 1, err);
        }
        if (x8_opt_takes_value(opt))
            return take(p, opt, c[1] == '=' ? c + 2 : c[1] ? c + 1 : NULL, err);
        rc = take(p, opt, NULL, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int operand(struct parser *p, char *arg, struct x8_error *err)
{
    const struct x8_cmd *cmd;
    const char *near;

    if (p->line->cmd) {
        p->line->argv[p->line->argc++] = arg;
        if (p->line->cmd->needs & X8_RAW_OPERANDS && strpbrk(arg, ":["))
            p->only_operands = 1;
        return 0;
    }
    cmd = x8_command_find(p->commands, arg);
    if (!cmd) {
        int rc = x8_fail(err, X8_E_USAGE, "unknown command '%s'", arg);
        near = x8_command_closest(p->commands, arg);
        if (near)
            x8_error_why(err, "did you mean '%s'?", near);
        x8_error_next(err, "x8ctl help");
        return rc;
    }
    p->line->cmd = cmd;
    return 0;
}

static int argument(struct parser *p, char *arg, struct x8_error *err)
{
    if (p->only_operands || arg[0] != '-' || arg[1] == '\0')
        return operand(p, arg, err);
    if (strcmp(arg, "--") == 0) {
        p->only_operands = 1;
        return 0;
    }
    return arg[1] == '-' ? long_option(p, arg, err) : letters(p, arg, err);
}

/* After an error the rest of the line may still ask for help: that is then the answer. */
static void look_for_help(const struct parser *p)
{
    for (int i = p->at; i < p->argc && !p->only_operands; i++) {
        if (strcmp(p->argv[i], "--") == 0)
            return;
        if (strcmp(p->argv[i], "--help") == 0 || strcmp(p->argv[i], "-h") == 0)
            x8_globals()->help = 1;
    }
}

int x8_opts_parse(const struct x8_cmd *const *commands, int argc, char **argv, struct x8_line *line,
                  struct x8_error *err)
{
    struct parser p = {commands, argc, 1, argv, line, 0};
    int rc = 0;

    /* Operands are collected at the front of argv: never more of them than arguments seen. */
    *line = (struct x8_line){NULL, 0, argv};
    *x8_globals() = (struct x8_globals){
        .timeout_ms = X8_TIMEOUT_UNSET, .progress = -1, .password_fd = X8_NO_FD};
    while (p.at < argc && rc == 0)
        rc = argument(&p, argv[p.at++], err);
    if (rc < 0)
        look_for_help(&p);
    return rc;
}
