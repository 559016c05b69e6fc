/*
 * The parser. One pass over argv: options are looked up in the rows of the command (once its word
 * was seen) and in the global rows; what is left are operands. Nothing is abbreviated and nothing
 * is guessed: an unknown word is an error with the closest known one as a suggestion.
 */
#include "opts.h"
#include "opts_wrong.h"

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
            return x8_wrong_missing(p->line->cmd, opt, next, err);
        value = next;
        p->at++;
    }
    if (!x8_opt_takes_value(opt) && value && opt->kind != X8_OPT_MAYBE) {
        int rc = x8_fail(err, X8_E_USAGE, "option '--%s' takes no value", opt->name);
        x8_error_why(err, "'%s' was given", value);
        x8_error_next(err, "leave out '=%s'", value);
        return rc;
    }
    if (value && !value[0])
        return x8_wrong_empty(opt, err);
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
        return x8_wrong_option(p->commands, p->line->cmd, arg, name, len, err);
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
            return x8_wrong_option(p->commands, p->line->cmd, c == arg + 1 && !c[1] ? shown : arg,
                                   c, 1, err);
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
    const struct x8_cmd *cmd = p->line->cmd;

    if (!arg[0] && !p->only_operands &&
        !(cmd && cmd->needs & (X8_STATUS_IS_REMOTE | X8_RAW_OPERANDS)))
        return x8_wrong_empty(NULL, err);
    if (cmd) {
        p->line->argv[p->line->argc++] = arg;
        if (cmd->needs & X8_RAW_OPERANDS && strpbrk(arg, ":["))
            p->only_operands = 1;
        return 0;
    }
    cmd = x8_command_find(p->commands, arg);
    if (!cmd)
        return x8_wrong_command(p->commands, arg, err);
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
