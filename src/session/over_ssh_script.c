/*
 * The texts that a command becomes on a board that is reached over SSH.
 *
 * A server hands a text to the user's login shell and knows its status, streams and end of input by
 * itself. What it does not do without a terminal is to end a command whose channel was closed:
 * dropbear and OpenSSH both let it run on. So a bash of ours stands above the command, which has a
 * process group of its own (`set -m`), and passes SIGHUP on to all of that group: when the server
 * is asked to send one, as a closing channel does; and, where the command has no input, when the
 * channel's own input ends, which a second process waits for, so that a link that breaks ends such
 * a command as well. A command with input sees its end then. At the end of the command the group
 * gets SIGHUP too, for the children it leaves behind.
 *
 * A shell whose stdin is a socket reads ~/.bashrc first (OpenSSH's server gives it one): what that
 * says comes before the start marks.
 */
#include "session/over_ssh_parts.h"
#include "session/run.h"

#include <string.h>

/* More than that fits in no argument of a program. Source: Linux, MAX_ARG_STRLEN. */
#define ARG_MAX_LEN ((size_t)100 << 10)

static int add(struct x8_buf *out, const char *text)
{
    return x8_buf_add(out, text, strlen(text));
}

/* printf of one mark from its parts, so that neither `ps` nor `set` shows one in whole. */
static int add_mark(struct x8_buf *out, char kind, const char *nonce, const char *to)
{
    return x8_buf_addf(out, "printf \"\\036X8%%s%c;\" %s%s;", kind, nonce, to);
}

/* The text is in $c. In a subshell "$$" is the shell above, which must live to tell the status. */
static int add_run(struct x8_buf *out, const char *text)
{
    int own_bash = (strstr(text, "$$") || strstr(text, "${$")) && strlen(text) < ARG_MAX_LEN;

    return add(out, own_bash ? "exec bash -c \"$c\"" : "eval \"$c\"");
}

/* SIGHUP before $p is known is passed on later, by PASS_ON. */
#define BEGIN                                                                                      \
    "umask 022;cd;exec 7<&0 8>&2;h=;k=;p=;"                                                        \
    "trap \"h=1;[ \\$p ]&&[ ! \\$k ]&&k=1&&kill -HUP -- -\\$p\" HUP;"
/* From here on bash's own remarks ("Killed") are nobody's output. */
#define QUIET   "p=$!;exec </dev/null >/dev/null 2>&1 8>&-;"
#define PASS_ON "[ $h ]&&[ ! $k ]&&k=1&&kill -HUP -- -$p;"
#define WATCH   "(read -r c;kill -HUP $$)<&7 7<&- &w=$!;"
/* A wait that a signal ended is no end of the command. */
#define AWAIT "exec 7<&-;while h=;wait $p;e=$?;[ $h ];do :;done;[ $k ]||kill -HUP -- -$p;"

/* What runs in bash, without a single quote: it is put into a pair of them. */
static int add_body(struct x8_buf *out, const struct x8_command *command, const char *nonce,
                    int by_input)
{
    int fed = command->input != X8_INPUT_NONE || command->has_lead;
    int apart = !command->merge_errors;

    if (add(out, BEGIN) != 0 || (!apart && add(out, "exec 8>&1;") != 0))
        return -1;
    if (by_input ? add_mark(out, X8_MARK_SEND, nonce, "") != 0 ||
                       x8_buf_addf(out, "c=$(head -c %zu);", strlen(command->text)) != 0
                 : add(out, "c=$1;shift;") != 0)
        return -1;
    if (add_mark(out, X8_MARK_START, nonce, "") != 0 ||
        (apart && add_mark(out, X8_MARK_START, nonce, " >&2") != 0) ||
        add(out, "set -m;(unset h k p;") != 0 || add_run(out, command->text) != 0 ||
        add(out, fed ? ")<&7" : ")</dev/null") != 0 || add(out, " 2>&8 7<&- 8>&- &") != 0)
        return -1;
    if (fed)
        return add(out, QUIET PASS_ON AWAIT "exit $e");
    return add(out, QUIET PASS_ON WATCH AWAIT "kill $w;exit $e");
}

int x8_over_ssh_script(struct x8_buf *out, const struct x8_command *command, const char *nonce,
                       int by_input)
{
    if (add(out, "exec bash -c '") != 0 || add_body(out, command, nonce, by_input) != 0 ||
        add(out, "' bash") != 0)
        return -1;
    if (by_input)
        return 0;
    return add(out, " ") == 0 ? x8_quote(out, command->text) : -1;
}

/* The server hangs the terminal up by itself. */
int x8_over_ssh_script_tty(struct x8_buf *out, const char *text)
{
    if (add(out, "exec bash -c 'umask 022;cd;c=$1;shift;") != 0 || add_run(out, text) != 0 ||
        add(out, "' bash ") != 0)
        return -1;
    return x8_quote(out, text);
}
