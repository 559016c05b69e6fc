/*
 * The texts that a board's shell runs for a command.
 *
 * On a daemon without shell_v2 every service `shell:` is a terminal of its own with /bin/bash in
 * it, and says nothing of status or stderr. So:
 *
 *  - The terminal is made raw (`stty raw -echo`), else it turns LF into CRLF and eats control
 * bytes.
 *  - Output goes through a pipe and `cat`: to the command, stdout is no terminal, as with ssh.
 *    On one, tar refuses to write, ls makes columns and journalctl waits in a pager.
 *  - Everything the command does happens in a subshell, by `eval`: `exit`, `exec`, `set -e`, a
 * syntax error or a closed stdout ends there, and the outer shell lives to print the status. The
 * status goes through the same pipe, behind all that the command said.
 *  - A text with "$$" in it gets a bash of its own, since in a subshell that is the outer shell,
 * and `kill -9 $$` would take the status along.
 *  - stderr is a pipe of a second shell, on whose terminal it comes out; the outer shell opens it
 * as /proc/PID/fd/9, as the same user. An end mark follows the command's own stderr.
 *  - The start mark goes straight to the terminal, so that it is out before the command can do
 * harm.
 *  - Background children that live on keep what they hold; nothing waits for them.
 *  - At its end the outer shell waits for its terminal to be hung up: were it to leave first, the
 *    kernel would hang up on the `cat` that may still have something to say.
 *
 * A mark is printed by printf from its parts, so that neither `ps` nor `set` shows one in whole.
 */
#include "session/over_adb_parts.h"
#include "session/run.h"

#include <string.h>

/* As ssh has it: home folder, sane umask, HOME and names from passwd, which bash knows without a
 * further process: the daemon gives umask 0, "/" and no HOME. */
#define SURROUNDINGS                                                                               \
    "umask 022;export HOME=~;u='\\u';export USER=\"${u@P}\";export LOGNAME=$USER;unset u;"         \
    "cd 2>/dev/null||cd /;"

/* `kill 0` reaches the command alone: ignored signals are inherited, by `cat`, and what the outer
 * shell catches afterwards is not. */
#define UNHURT  "trap '' INT QUIT TERM;"
#define GUARDED "trap : INT QUIT TERM PIPE;"

#define RAW "stty raw -echo"

/* More than that fits in no argument of a program. Source: Linux, MAX_ARG_STRLEN. */
#define ARG_MAX_LEN ((size_t)100 << 10)

/* Something comes to the command through the main shell's terminal. */
static int is_fed(const struct x8_script *script)
{
    const struct x8_command *command = script->command;

    if (command->input == X8_INPUT_COUNT && command->input_len > 0)
        return 1;
    return command->has_lead && command->input != X8_INPUT_OPEN;
}

/* printf of one mark; `number` is a shell word or "". */
static int add_mark(struct x8_buf *out, const struct x8_script *script, char kind,
                    const char *number, const char *to)
{
    if (*number)
        return x8_buf_addf(out, "printf '\\036X8%%s%c%%s;' %s %s%s", kind, script->nonce, number,
                           to);
    return x8_buf_addf(out, "printf '\\036X8%%s%c;' %s%s", kind, script->nonce, to);
}

static int add(struct x8_buf *out, const char *text)
{
    return x8_buf_add(out, text, strlen(text));
}

/* The command as the last thing of a subshell. */
static int add_command(struct x8_buf *out, const struct x8_script *script)
{
    const char *text = script->command->text;
    int own_bash = (strstr(text, "$$") || strstr(text, "${$")) && strlen(text) < ARG_MAX_LEN;

    if (add(out, own_bash ? "exec bash -c " : "eval ") != 0)
        return -1;
    return script->by_input ? add(out, "\"$c\"") : x8_quote(out, text);
}

/* Fetch the text of the command through the terminal, which is raw. `head -c` may read ahead
 * (busybox), so nothing else is sent before the next mark. */
static int add_fetch(struct x8_buf *out, const struct x8_script *script)
{
    if (!script->by_input)
        return 0;
    if (add_mark(out, script, X8_MARK_SEND, "", ";") != 0)
        return -1;
    return x8_buf_addf(out, "c=$(head -c %zu);", strlen(script->command->text));
}

/* The same at a terminal that is not to stay raw. */
static int add_fetch_raw(struct x8_buf *out, const struct x8_script *script)
{
    if (!script->by_input)
        return 0;
    if (add(out, "o=$(stty -g);" RAW ";") != 0 || add_fetch(out, script) != 0)
        return -1;
    return add(out, "stty \"$o\";");
}

/* Make the terminal raw and stdout a pipe. Without input that may happen side by side with what
 * follows; fd 3 stays the terminal, for a status when the pipe broke. */
static int add_stdout(struct x8_buf *out, const struct x8_script *script)
{
    if (!is_fed(script) && !script->by_input)
        return add(out, UNHURT "exec 3>&1 > >(" RAW " <&2;exec cat 3>&-);" GUARDED);
    return add(out, RAW ";" UNHURT "exec 3>&1 > >(exec cat 3>&-);" GUARDED);
}

/* The other ends of stderr (8) and stdin (7): pipes of other shells, whose processes the line
 * names, or named ones. */
static int add_opens(struct x8_buf *out, const struct x8_script *script, int apart, int open)
{
    const char *folder = script->folder;

    if (folder)
        return (apart && x8_buf_addf(out, "&&exec 8>%s/e", folder) != 0) ||
                       (open && x8_buf_addf(out, "&&exec 7<%s/i", folder) != 0)
                   ? -1
                   : x8_buf_addf(out, "&&rm -rf %s", folder);
    return (apart && add(out, "&&exec 8>/proc/$e/fd/9") != 0) ||
                   (open && add(out, "&&exec 7</proc/$i/fd/7") != 0)
               ? -1
               : 0;
}

static int add_ends(struct x8_buf *out, const struct x8_script *script)
{
    const struct x8_command *command = script->command;
    int apart = !command->merge_errors, open = command->input == X8_INPUT_OPEN;

    if (!apart && add(out, "exec 8>&1;") != 0)
        return -1;
    if (apart || open) {
        if (add(out, script->folder ? "{ :" : "IFS=' ' read -r e i;{ :") != 0 ||
            add_opens(out, script, apart, open) != 0 || add(out, ";} 2>/dev/null||{ ") != 0 ||
            add_mark(out, script, X8_MARK_NO_WAY, "", ";read -r e;exit;};") != 0)
            return -1;
    }
    /* From here on bash's own remarks ("Killed") are nobody's output. */
    return add(out, "exec 2>/dev/null;");
}

/*
 * What hands the terminal's input on, of known length, as /dev/fd/N, so that a command which ends
 * early is not waited for. `head` keeps what it reads until it has 4 KiB or all, bash's `read` does
 * not; it reads ahead, so a lead is ended by a line of its own and an answer.
 */
static int add_feed(struct x8_buf *out, const struct x8_script *script)
{
    const struct x8_command *command = script->command;

    if (add(out, "< <(exec 3>&- 8>&-;") != 0)
        return -1;
    if (command->has_lead &&
        x8_buf_addf(out,
                    "while IFS= read -r e&&[ \"$e\" != %s ];do printf '%%s\\n' \"$e\";done;echo;",
                    script->nonce) != 0)
        return -1;
    if (command->input == X8_INPUT_COUNT && command->input_len > 0 &&
        x8_buf_addf(out, "exec head -c %llu", (unsigned long long)command->input_len) != 0)
        return -1;
    return add(out, ")");
}

static int add_run(struct x8_buf *out, const struct x8_script *script)
{
    const struct x8_command *command = script->command;

    if (add(out, "(unset e i;") != 0 || add_command(out, script) != 0 || add(out, ")") != 0)
        return -1;
    if (command->input == X8_INPUT_OPEN)
        return add(out, "<&7 2>&8 7<&- 3>&- 8>&-;e=$?;");
    if ((is_fed(script) ? add_feed(out, script) : add(out, "</dev/null")) != 0)
        return -1;
    return add(out, " 2>&8 3>&- 8>&-;e=$?;");
}

int x8_script_main(struct x8_buf *out, const struct x8_script *script)
{
    if (add(out, "shell:") != 0 || add_stdout(out, script) != 0 || add(out, SURROUNDINGS) != 0 ||
        add_ends(out, script) != 0 || add_fetch(out, script) != 0 ||
        add_mark(out, script, X8_MARK_START, "$$", " >&3;") != 0 || add_run(out, script) != 0)
        return -1;
    /* The end of stderr first: at the status the host closes this stream, and its hang-up would
     * come before a mark that follows. */
    if (!script->command->merge_errors && add_mark(out, script, X8_MARK_END, "", " >&8;") != 0)
        return -1;
    if (add_mark(out, script, X8_MARK_STATUS, "$e", "||") != 0 ||
        add_mark(out, script, X8_MARK_STATUS, "$e", " >&3;") != 0)
        return -1;
    /* Input that the command left may still be coming: a `read` would take a line of it and end. */
    return add(out, is_fed(script) ? "exec cat >/dev/null" : "read -r e");
}

int x8_script_errors(struct x8_buf *out, const struct x8_script *script)
{
    if (script->folder) {
        if (add(out, "shell:" RAW ";") != 0 || add_mark(out, script, X8_MARK_START, "$$", ";") != 0)
            return -1;
        return x8_buf_addf(out, "exec cat <%s/e", script->folder);
    }
    if (add(out, "shell:exec 9> >(" RAW " <&2;exec cat);") != 0 ||
        add_mark(out, script, X8_MARK_START, "$$", ";") != 0)
        return -1;
    return add(out, "read -r e");
}

/*
 * The feeder of an input of unknown length: a length in a line, a mark back, so many bytes, a mark
 * back when they are with the command; 0 is the end. Bash and busybox's head both read ahead on a
 * raw terminal, so there is never more on the way than the one of them takes. It keeps the reading
 * end (7) until the command has it too.
 */
int x8_script_input(struct x8_buf *out, const struct x8_script *script)
{
    if (add(out, "shell:" RAW ";exec 2>/dev/null;") != 0 ||
        (!script->folder && add(out, "exec 7< <(:);exec 8>/proc/$$/fd/7;") != 0) ||
        add_mark(out, script, X8_MARK_START, "$$", ";") != 0 ||
        (script->folder && x8_buf_addf(out, "exec 8>%s/i;", script->folder) != 0) ||
        add(out, "while read -r n&&exec 7<&-&&[ \"$n\" != 0 ];do ") != 0 ||
        add_mark(out, script, X8_MARK_NEXT, "", ";head -c \"$n\" >&8||break;") != 0 ||
        add_mark(out, script, X8_MARK_NEXT, "", ";done;exec 8>&-;") != 0 ||
        add_mark(out, script, X8_MARK_END, "", ";") != 0)
        return -1;
    return add(out, "exec cat >/dev/null");
}

/* A shell for a person, or a command at a terminal. The boards' .bashrc ends with `resize`, which
 * asks the terminal for its size and waits; the size is known here, so the first call of that name
 * does nothing. */
static int add_for_tty(struct x8_buf *out, const struct x8_script *script)
{
    if (script->command->text)
        return add(out, "(") == 0 && add_command(out, script) == 0 ? add(out, ")") : -1;
    return add(out, "resize(){ unset -f resize;};export -f resize;(exec -l bash)");
}

/* The size of the terminal, set by its own shell: before the command, whatever the daemon does
 * first. A daemon of today starts it side by side with reading the size that the host sends. */
static int add_size(struct x8_buf *out, const struct x8_command *command)
{
    if (!command->rows || !command->cols)
        return 0;
    return x8_buf_addf(out, "stty rows %u cols %u;", command->rows, command->cols);
}

static int add_term(struct x8_buf *out, const char *term)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+._-";

    if (!term || !*term || strspn(term, allowed) != strlen(term))
        return 0;
    return x8_buf_addf(out, "export TERM=%s;", term);
}

int x8_script_tty(struct x8_buf *out, const struct x8_script *script)
{
    const struct x8_command *command = script->command;

    if (add(out, "shell:trap : INT QUIT TERM;") != 0)
        return -1;
    if (add_fetch_raw(out, script) != 0)
        return -1;
    if (add_size(out, command) != 0)
        return -1;
    if (add_term(out, command->term) != 0 || add(out, SURROUNDINGS) != 0 ||
        add_mark(out, script, X8_MARK_START, "$$", ";") != 0 || add_for_tty(out, script) != 0 ||
        add(out, ";e=$?;") != 0 || add_mark(out, script, X8_MARK_STATUS, "$e", ";") != 0)
        return -1;
    return add(out, "read -r e");
}

/*
 * A daemon of today, whose shell is bash: without a terminal stdin is a socket, and bash takes that
 * for a remote shell daemon and reads ~/.bashrc. What that says comes before the start marks.
 */
int x8_script_v2(struct x8_buf *out, const struct x8_script *script)
{
    const struct x8_command *command = script->command;
    int tty = command->input == X8_INPUT_TTY, apart = !tty && !command->merge_errors;

    if (add(out, tty ? "shell,v2,pty:" : "shell,v2,raw:") != 0 || add(out, SURROUNDINGS) != 0 ||
        (tty && (add_term(out, command->term) != 0 || add_size(out, command) != 0)))
        return -1;
    if ((tty ? add_fetch_raw(out, script) : add_fetch(out, script)) != 0)
        return -1;
    if ((!tty && !apart && add(out, "exec 2>&1;") != 0) ||
        (command->input == X8_INPUT_NONE && !command->has_lead &&
         add(out, "exec </dev/null;") != 0) ||
        add_mark(out, script, X8_MARK_START, "$$", ";") != 0 ||
        (apart && add_mark(out, script, X8_MARK_START, "$$", " >&2;") != 0))
        return -1;
    if (tty && !command->text)
        return add_for_tty(out, script);
    if (script->by_input)
        return add(out, "eval \"$c\"");
    return add(out, "\n") == 0 ? add(out, command->text) : -1;
}

int x8_script_resize(struct x8_buf *out, uint32_t process, unsigned rows, unsigned cols)
{
    return x8_buf_addf(out, "shell:stty rows %u cols %u </proc/%u/fd/0", rows, cols, process);
}
