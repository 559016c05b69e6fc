/*
 * Completion for zsh: one _arguments specification per command.
 */
#include "completion.h"
#include "opts.h"

#include <stdio.h>
#include <string.h>

static const char helpers[] =
    "_x8ctl_boards() {\n"
    "  local -a found\n"
    "  found=(${(f)\"$(x8ctl list --no-probe 2>/dev/null </dev/null | awk -F'\\t' '\n"
    "    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }\n"
    "    $at[\"SERIAL\"] != \"-\" { print $at[\"SERIAL\"] \":\" $at[\"STATE\"] }\n"
    "    $at[\"NAME\"] != \"-\" { print $at[\"NAME\"] \":\" $at[\"STATE\"] }\n"
    "    match($at[\"WHERE\"], /[0-9]+-[0-9.]+/) {\n"
    "      print \"usb\\\\:\" substr($at[\"WHERE\"], RSTART, RLENGTH) \":\" $at[\"STATE\"] "
    "}')\"})\n"
    "  _describe board found\n"
    "}\n"
    "\n"
    "_x8ctl_images() {\n"
    "  local -a found\n"
    "  found=(${(f)\"$(x8ctl image list --offline 2>/dev/null </dev/null | awk -F'\\t' '\n"
    "    NR > 1 { print $1 \":\" $2 \" \" $6 }')\"})\n"
    "  _describe image found\n"
    "}\n"
    "\n"
    "_x8ctl_sources() {\n"
    "  _alternative 'images:image:_x8ctl_images' 'files:file:_files'\n"
    "}\n"
    "\n";

/* Help inside a specification: no brackets, no colons. */
static void plain(struct x8_page *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("[]:\\", *text))
            x8_put(out, "\\");
        if (*text == '\'')
            x8_put(out, "'\\'");
        x8_put_bytes(out, text, 1);
    }
}

/* ":FILE:_files" behind an option that takes a value. */
static void action(struct x8_page *out, const struct x8_opt *opt)
{
    X8_AUTO_PAGE kind = {0};
    const char *text;

    x8_complete_kind(opt, &kind);
    text = x8_page_text(&kind);
    if (!text[0])
        return;
    x8_put(out, ":%s:", opt->arg ? opt->arg : "value");
    if (strncmp(text, "words ", 6) == 0)
        x8_put(out, "(%s)", text + 6);
    else if (strcmp(text, "file") == 0)
        x8_put(out, "_files");
    else if (strcmp(text, "dir") == 0)
        x8_put(out, "_files -/");
    else
        x8_put(out, "%s", strcmp(text, "board") == 0 ? "_x8ctl_boards" : " ");
}

static void option(struct x8_page *out, const struct x8_opt *opt)
{
    const char *equals = x8_opt_takes_value(opt) ? "=" : "";
    x8_put(out, "    '");

    if (opt->letter)
        x8_put(out, "*'{-%c%s,--%s%s}'[", opt->letter, *equals ? "+" : "", opt->name, equals);
    else
        x8_put(out, "*--%s%s[", opt->name, equals);
    plain(out, opt->help);
    x8_put(out, "]");
    action(out, opt);
    x8_put(out, "'\n");
}

static void options(struct x8_page *out, const char *name, const struct x8_opt *opts)
{
    x8_put(out, "  %s=(\n", name);

    for (; opts && opts->name; opts++)
        option(out, opts);
    x8_put(out, "  )\n");
}

static void operand(struct x8_page *out, const struct x8_cmd *cmd)
{
    X8_AUTO_PAGE words = {0};

    for (size_t i = 0; cmd->verbs && cmd->verbs[i]; i++)
        x8_put(&words, "%s%s", i ? " " : "", cmd->verbs[i]);
    if (!cmd->verbs && cmd->complete)
        x8_complete_words(cmd->complete, &words);
    if (words.buf.len)
        x8_put(out, " '1:operand:(%s)'", x8_page_text(&words));
    if ((cmd->verbs || !words.buf.len) && cmd->complete && strcmp(cmd->complete, "file") == 0)
        x8_put(out, " '*:file:_files'");
    if (cmd->complete && strcmp(cmd->complete, "image") == 0)
        x8_put(out, " '*:source:_x8ctl_sources'");
}

/* Without the options that do not go with the verb on the line. */
static void leave_out(struct x8_page *out, const struct x8_cmd *cmd)
{
    if (!cmd->takes || !cmd->verbs)
        return;
    x8_put(out, "  case ${words[(r)(");
    for (size_t i = 0; cmd->verbs[i]; i++)
        x8_put(out, "%s%s", i ? "|" : "", cmd->verbs[i]);
    x8_put(out, ")]} in\n");
    for (size_t i = 0; cmd->verbs[i]; i++) {
        size_t count = 0;

        for (const struct x8_opt *opt = cmd->opts; opt->name; opt++) {
            if (x8_complete_goes(cmd, cmd->verbs[i], opt))
                continue;
            if (count++ == 0)
                x8_put(out, "  %s) own=(${own:#\\*(", cmd->verbs[i]);
            x8_put(out, "%s--%s", count > 1 ? "|" : "", opt->name);
            if (opt->letter)
                x8_put(out, "|-%c", opt->letter);
        }
        if (count)
            x8_put(out, ")[=+\\[]*}) ;;\n");
    }
    x8_put(out, "  esac\n");
}

static void under_flags(struct x8_page *out, const struct x8_cmd *cmd)
{
    const char *flag;

    for (size_t i = 0;; i++) {
        X8_AUTO_PAGE words = {0};

        flag = x8_complete_under(cmd, i, &words);
        if (!flag)
            return;
        x8_put(out,
               "  if (( $words[(I)--%s] )); then\n"
               "    _arguments -s $own $global '1:operand:(%s)'\n    return\n  fi\n",
               flag, x8_page_text(&words));
    }
}

static void command(struct x8_page *out, const struct x8_cmd *cmd)
{
    x8_put(out, "  %s)\n", cmd->name);

    options(out, "own", cmd->opts);
    leave_out(out, cmd);
    under_flags(out, cmd);
    x8_put(out, "  _arguments -s $own $global");
    operand(out, cmd);
    x8_put(out, "\n  ;;\n");
}

static void command_names(struct x8_page *out)
{
    x8_put(out, "  commands=(\n");

    for (const struct x8_cmd *const *c = x8_commands; *c; c++) {
        x8_put(out, "    '%s:", (*c)->name);
        plain(out, (*c)->summary);
        x8_put(out, "'\n");
    }
    x8_put(out, "  )\n");
}

void x8_completion_zsh(struct x8_page *out)
{
    x8_put(out,
           "#compdef x8ctl\n# Generated by x8ctl completion zsh; do not "
           "edit.\n\n%s_x8ctl() {\n  local -a global own commands\n"
           "  local context state state_descr line\n  typeset -A opt_args\n",
           helpers);

    options(out, "global", x8_global_opts());
    command_names(out);
    x8_put(out, "  _arguments -C -s $global '1: :->command' '*:: :->rest'\n"
                "  [[ $state == command ]] && _describe command commands\n"
                "  [[ $state == rest ]] || return\n  case $words[1] in\n");
    for (const struct x8_cmd *const *c = x8_commands; *c; c++)
        command(out, *c);
    x8_put(out,
           "  esac\n}\n\n"
           "# Read by the completion system it completes; read by hand it only becomes known.\n"
           "if [[ $funcstack[1] == _x8ctl ]]; then\n  _x8ctl \"$@\"\n"
           "elif (( $+functions[compdef] )); then\n  compdef _x8ctl x8ctl\nfi\n");
}
