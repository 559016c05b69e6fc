/*
 * Completion for bash 4.4 and newer, without the bash-completion package. The generated part is
 * three tables as shell functions; the walk over the line is the same for every command.
 */
#include "completion.h"
#include "opts.h"

#include <stdio.h>
#include <string.h>

/* The line is split by blanks only, since bash also splits at '=' and ':', which stand inside
 * --option=value and usb:1-4.2; what bash keeps of the word is cut off the answers again. */
static const char walk[] =
    "_x8ctl_boards() {\n"
    "    \"$1\" list --no-probe 2>/dev/null </dev/null | awk -F'\\t' '\n"
    "        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }\n"
    "        $at[\"SERIAL\"] != \"-\" { print $at[\"SERIAL\"] }\n"
    "        $at[\"NAME\"] != \"-\" { print $at[\"NAME\"] }\n"
    "        match($at[\"WHERE\"], /[0-9]+-[0-9.]+/) {\n"
    "            print \"usb:\" substr($at[\"WHERE\"], RSTART, RLENGTH) }'\n"
    "}\n"
    "\n"
    "_x8ctl_images() {\n"
    "    \"$1\" image list --offline 2>/dev/null </dev/null | awk -F'\\t' 'NR > 1 { print $1 }'\n"
    "}\n"
    "\n"
    "_x8ctl_answer() {\n"
    "    local kind=$1 cur=$2 program=$3 native=$4\n"
    "    case $kind in\n"
    "    'words '*) mapfile -t COMPREPLY < <(compgen -W \"${kind#words }\" -- \"$cur\") ;;\n"
    "    board) mapfile -t COMPREPLY < <(compgen -W \"$(_x8ctl_boards \"$program\")\" -- \"$cur\") "
    ";;\n"
    "    image)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$(_x8ctl_images \"$program\")\" -- \"$cur\"\n"
    "            compgen -f -- \"$native\")\n"
    "        ;;\n"
    "    file)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$native\")\n"
    "        ;;\n"
    "    dir)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -d -- \"$native\")\n"
    "        ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "_x8ctl() {\n"
    "    local line=${COMP_LINE:0:COMP_POINT} cur='' cmd='' want='' raw='' cut='' word\n"
    "    local verb='' flags=''\n"
    "    local -i operands=0 i\n"
    "    local -a words\n"
    "    local native=${COMP_WORDS[COMP_CWORD]}\n"
    "    [[ $native == = ]] && native=\n"
    "    COMPREPLY=()\n"
    "    read -ra words <<<\"$line\"\n"
    "    if [[ $line != *[[:space:]] ]]; then\n"
    "        cur=${words[-1]}\n"
    "        unset 'words[-1]'\n"
    "    fi\n"
    "    for word in \"${words[@]:1}\"; do\n"
    "        if [[ -n $want ]]; then\n"
    "            want=\n"
    "        elif [[ -z $raw && $word == -- ]]; then\n"
    "            raw=1\n"
    "        elif [[ -z $raw && $word == -?* ]]; then\n"
    "            flags+=\" $word\"\n"
    "            [[ $word == *=* ]] || want=$(_x8ctl_kind \"$cmd\" \"$word\")\n"
    "        elif [[ -z $cmd ]]; then\n"
    "            cmd=$word\n"
    "        else\n"
    "            ((operands)) || verb=$word\n"
    "            operands+=1\n"
    "        fi\n"
    "    done\n"
    "    if [[ -n $want ]]; then\n"
    "        _x8ctl_answer \"$want\" \"$cur\" \"${words[0]}\" \"$native\"\n"
    "    elif [[ -z $raw && $cur == --*=* ]]; then\n"
    "        want=$(_x8ctl_kind \"$cmd\" \"${cur%%=*}\")\n"
    "        cut=${cur%%=*}=\n"
    "        cur=${cur#*=}\n"
    "        _x8ctl_answer \"$want\" \"$cur\" \"${words[0]}\" \"$native\"\n"
    "        [[ $COMP_WORDBREAKS == *=* ]] && cut=\n"
    "        for i in \"${!COMPREPLY[@]}\"; do COMPREPLY[i]=$cut${COMPREPLY[i]}; done\n"
    "    elif [[ -z $raw && $cur == -* ]]; then\n"
    "        _x8ctl_answer \"words $(_x8ctl_options \"$cmd\" \"$verb\")\" \"$cur\" "
    "\"${words[0]}\" \"\"\n"
    "    elif [[ -z $cmd ]]; then\n"
    "        _x8ctl_answer \"words $(_x8ctl_operands '' 0 '')\" \"$cur\" \"${words[0]}\" \"\"\n"
    "    else\n"
    "        _x8ctl_answer \"$(_x8ctl_operands \"$cmd\" \"$operands\" \"$flags\")\" \"$cur\" "
    "\"${words[0]}\" \"$native\"\n"
    "    fi\n"
    "    if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then\n"
    "        cut=${cur%\"${cur##*:}\"}\n"
    "        for i in \"${!COMPREPLY[@]}\"; do COMPREPLY[i]=${COMPREPLY[i]#\"$cut\"}; done\n"
    "    fi\n"
    "}\n"
    "\n"
    "complete -F _x8ctl x8ctl\n";

static void kind_rows(struct x8_page *out, const char *cmd, const struct x8_opt *opts)
{
    for (; opts && opts->name; opts++) {
        X8_AUTO_PAGE kind = {0};

        x8_complete_kind(opts, &kind);
        if (!kind.buf.len)
            continue;
        x8_put(out, "    %s' --%s'", cmd, opts->name);
        if (opts->letter)
            x8_put(out, " | %s' -%c'", cmd, opts->letter);
        x8_put(out, ") echo '%s' ;;\n", x8_page_text(&kind));
    }
}

/* _x8ctl_kind COMMAND OPTION: what its value is; nothing for a flag. */
static void kinds(struct x8_page *out)
{
    x8_put(out, "_x8ctl_kind() {\n    case \"$1 $2\" in\n");

    for (const struct x8_cmd *const *c = x8_commands; *c; c++)
        kind_rows(out, (*c)->name, (*c)->opts);
    kind_rows(out, "*", x8_global_opts());
    x8_put(out, "    esac\n}\n\n");
}

/* Those that go with the verb; `cmd` or `verb` NULL: all. */
static void option_words(struct x8_page *out, const struct x8_opt *opts, const struct x8_cmd *cmd,
                         const char *verb)
{
    for (; opts && opts->name; opts++)
        if (!cmd || !verb || x8_complete_goes(cmd, verb, opts))
            x8_put(out, " --%s", opts->name);
}

static void options_of_verbs(struct x8_page *out, const struct x8_cmd *cmd)
{
    for (size_t i = 0; cmd->takes && cmd->verbs && cmd->verbs[i]; i++) {
        x8_put(out, "    '%s %s') echo '", cmd->name, cmd->verbs[i]);
        option_words(out, cmd->opts, cmd, cmd->verbs[i]);
        x8_put(out, "' ;;\n");
    }
}

/* _x8ctl_options COMMAND OPERAND: its options (as far as they go with a verb that stands there)
 * and those of every command. */
static void options(struct x8_page *out)
{
    x8_put(out, "_x8ctl_options() {\n    case \"$1 $2\" in\n");

    for (const struct x8_cmd *const *c = x8_commands; *c; c++) {
        if (!(*c)->opts || !(*c)->opts->name)
            continue;
        options_of_verbs(out, *c);
        x8_put(out, "    '%s '*) echo '", (*c)->name);
        option_words(out, (*c)->opts, NULL, NULL);
        x8_put(out, "' ;;\n");
    }
    x8_put(out, "    esac\n    echo '");
    option_words(out, x8_global_opts(), NULL, NULL);
    x8_put(out, "'\n}\n\n");
}

static void under_flags(struct x8_page *out, const struct x8_cmd *cmd)
{
    const char *flag;

    for (size_t i = 0;; i++) {
        X8_AUTO_PAGE words = {0};

        flag = x8_complete_under(cmd, i, &words);
        if (!flag)
            return;
        x8_put(out, "    '%s 0 '*' --%s'*) echo 'words %s' ;;\n", cmd->name, flag,
               x8_page_text(&words));
    }
}

static void operand_row(struct x8_page *out, const struct x8_cmd *cmd)
{
    X8_AUTO_PAGE words = {0};

    if (cmd->verbs) {
        x8_put(out, "    '%s 0 '*) echo 'words", cmd->name);
        for (size_t i = 0; cmd->verbs[i]; i++)
            x8_put(out, " %s", cmd->verbs[i]);
        x8_put(out, "' ;;\n");
    }
    if (!cmd->complete)
        return;
    x8_complete_words(cmd->complete, &words);
    under_flags(out, cmd);
    if (words.buf.len)
        x8_put(out, "    '%s 0 '*) echo 'words %s' ;;\n", cmd->name, x8_page_text(&words));
    else
        x8_put(out, "    '%s '*) echo '%s' ;;\n", cmd->name, cmd->complete);
}

/* _x8ctl_operands COMMAND N FLAGS: what operand number N is; without a command, the commands. */
static void operands(struct x8_page *out)
{
    x8_put(out, "_x8ctl_operands() {\n    case \"$1 $2 $3\" in\n    ' 0 '*) echo '");

    for (const struct x8_cmd *const *c = x8_commands; *c; c++)
        x8_put(out, "%s%s", c == x8_commands ? "" : " ", (*c)->name);
    x8_put(out, "' ;;\n");
    for (const struct x8_cmd *const *c = x8_commands; *c; c++)
        operand_row(out, *c);
    x8_put(out, "    esac\n}\n\n");
}

void x8_completion_bash(struct x8_page *out)
{
    x8_put(out, "# bash completion for x8ctl. Generated by x8ctl completion bash; do "
                "not edit.\n# shellcheck shell=bash\n\n");

    kinds(out);
    options(out);
    operands(out);
    x8_put(out, "%s", walk);
}
