/*
 * The board's side of a run of aklite-offline, in bash. Each run has a folder of its own,
 * STAGE/run/N, and a claim beside it, STAGE/run/N.claim. A claim is made by link(), with its
 * contents, and never taken away: of two starters exactly one gets the next number, and nobody has
 * to decide whose stale lock may be removed. In the folder:
 *
 *   verb, boot_id, since   what, in which boot, at which second of its uptime
 *   pid, child             "PID STARTTIME BOOT" of the job and of aklite-offline itself: a number
 *                          that was given to another process has another start time
 *   log, err               its streams
 *   status                 its exit status, written whole, after the end
 *   void                   the starter gave it up before it had begun
 *   ready, done            FIFOs: begun, ended
 *
 * The job writes its pid, then looks for `void` and a newer claim; a starter writes those, then
 * looks for the pid: whichever comes second sees the other. Start times are field 22 of
 * /proc/PID/stat (proc(5)); the name before them may hold anything but ends with the last ')'.
 */
#include "update/aklite_parts.h"

#include "session/run.h"

#include <string.h>

/* alive FILE: does what it names still run, in this boot? last: the number of the newest run. */
#define COMMON                                                                                     \
    "stat_of() { local s; { IFS= read -r -d '' s <\"/proc/$1/stat\"; } 2>/dev/null;"               \
    " s=${s##*) }; set -- $s; [ $# -ge 20 ] || return 1; z=$1 st=${20}; }\n"                       \
    "boot=-; read -r boot </proc/sys/kernel/random/boot_id\n"                                      \
    "alive() { local p t b; { read -r p t b <\"$1\"; } 2>/dev/null && [ \"$b\" = \"$boot\" ] &&"   \
    " stat_of \"$p\" && [ \"$st\" = \"$t\" ] && [ \"$z\" != Z ] && [ \"$z\" != X ]; }\n"           \
    "runs() { alive \"$1/pid\" || alive \"$1/child\"; }\n"                                         \
    "starts() { [ ! -e \"$r/$1/pid\" ] && [ ! -e \"$r/$1/void\" ] && alive \"$r/$1.claim\"; }\n"   \
    "last() { local c x; n=0; for c in \"$r\"/*.claim; do x=${c##*/}; x=${x%.claim};"              \
    " case $x in ''|*[!0-9]*|???????*) ;; *) [ $((10#$x)) -gt $n ] && n=$((10#$x));; esac;"        \
    " done; }\n"                                                                                   \
    "up() { local u; read -r u _ </proc/uptime; up=${u%%.*}; }\n"

/*
 * The folder is root's and nobody else's, or nothing is started: what lies in it is run. A program
 * of this name that was not started here (the daemon's, Arduino's units) is told by its file.
 */
#define CLAIM                                                                                      \
    "umask 077; cd / && mkdir -p \"$r\" || exit 1\n"                                               \
    "[ ! -L \"$r\" ] && [ -O \"$r\" ] && chmod 700 \"$r\" || { echo foreign; exit 0; }\n"          \
    "a=$(command -v \"$A\") || { echo notool; exit 0; }\n"                                         \
    "last; o=$n; [ $o = 0 ] || [ -e \"$r/$o/status\" ] || ! { runs \"$r/$o\" || starts $o; } ||"   \
    " { echo busy; exit 0; }\n"                                                                    \
    "for x in /proc/[0-9]*/exe; do [ \"$x\" -ef \"$a\" ] && { echo other \"${x//[!0-9]/}\";"       \
    " exit 0; }; done 2>/dev/null\n"                                                               \
    "n=$((o + 1)) d=$r/$n; stat_of $$ && up || exit 1; t=$r/.claim.$$\n"                           \
    "echo \"$$ $st $boot\" >\"$t\" || exit 1; ln \"$t\" \"$r/$n.claim\" 2>/dev/null ||"            \
    " { rm -f \"$t\"; echo busy; exit 0; }\n"                                                      \
    "rm -rf \"$t\" \"$d\"; mkdir \"$d\" && mkfifo \"$d/ready\" \"$d/done\" &&"                     \
    " echo \"$V\" >\"$d/verb\" && echo $up >\"$d/since\" && : >\"$d/log\" && : >\"$d/err\" &&"     \
    " echo \"$boot\" >\"$d/boot_id\" || exit 1\n"                                                  \
    "[ $o = 0 ] || [ -e \"$r/$o/status\" ] || ! runs \"$r/$o\" || { : >\"$d/void\"; echo busy;"    \
    " exit 0; }\n"

/*
 * The job. `ln` makes one of two jobs of the same run go on (systemd-run may fail after it has
 * begun). Its streams are files, so neither a terminal nor a link can end it; aklite-offline is
 * known by its own process in `child`, because it outlives a job that is killed.
 */
#define JOB                                                                                        \
    "trap '' HUP; exec </dev/null >>\"$d/log\" 2>>\"$d/err\"; cd /\n"                              \
    "stat_of $$ && echo \"$$ $st $boot\" >\"$d/.pid.$$\" && ln \"$d/.pid.$$\" \"$d/pid\" ||"       \
    " exit 1\n"                                                                                    \
    "rm -f \"$d/.pid.$$\"; [ -e \"$d/void\" ] || [ -e \"$r/$((n + 1)).claim\" ] && exit 1\n"       \
    "echo . 1<>\"$d/ready\"\n"                                                                     \
    "( stat_of $BASHPID && echo \"$BASHPID $st $boot\" >\"$d/child\" && exec \"$a\" \"$V\""        \
    " \"${W[@]}\" ) & wait $!; s=$?\n"                                                             \
    "echo $s >\"$d/.status\" && { sync \"$d/.status\" 2>/dev/null || sync; } &&"                   \
    " mv -f \"$d/.status\" \"$d/status\"\n"                                                        \
    "echo . 1<>\"$d/done\"\n"

/* systemd takes `$` in an argument for a variable. The FIFO is opened before the job is begun: what
 * a quick job writes to one that nobody else has open is gone when it closes it. */
#define LAUNCH                                                                                     \
    "{ printf 'export LANG=C LC_ALL=C PATH=%q HOME=%q\\n' \"$PATH\" \"${HOME:-/}\"\n"              \
    "[ -z \"$L\" ] || printf 'export LD_LIBRARY_PATH=%q\\n' \"$L\"\n"                              \
    "declare -p r n d a V W boot; declare -f stat_of; printf '%s\\n' \"$J\"; } >\"$d/job\"\n"      \
    "exec 7<>\"$d/ready\"; u=0; command -v systemd-run >/dev/null &&"                              \
    " systemd-run --quiet --no-ask-password --unit=x8ctl-update --collect --description='x8ctl "   \
    "update'"                                                                                      \
    " -- bash \"${d//\\$/\\$\\$}/job\" </dev/null >/dev/null 2>&1 7>&- && u=1\n"                   \
    "[ $u = 1 ] || { exec setsid nohup bash \"$d/job\"; } </dev/null >/dev/null 2>&1 7>&- &\n"     \
    "if read -r -t 20 x <&7; then echo started $n; exit 0; fi\n"                                   \
    ": >\"$d/void\"; if alive \"$d/pid\" || [ -e \"$d/status\" ]; then echo started $n;"           \
    " else echo silent; fi; exit 0\n"

static int add(struct x8_buf *out, const char *text)
{
    return x8_buf_add(out, text, strlen(text));
}

static int set(struct x8_buf *out, const char *name, const char *value)
{
    return add(out, name) < 0 || add(out, "=") < 0 || x8_quote(out, value) < 0 ? -1
                                                                               : add(out, "\n");
}

static int add_words(struct x8_buf *out, const struct aklite_start *start)
{
    if (start->verb == X8_AKLITE_ROLLBACK) /* aktualizr-lite spells it so */
        return add(out, "W=(--loglevel 2)\n");
    if (add(out, "W=(--log-level 2") < 0)
        return -1;
    if (start->verb == X8_AKLITE_INSTALL) {
        if (add(out, " --src-dir ") < 0 || x8_quote(out, start->stage) < 0)
            return -1;
        /* Older generations have no such option, and no such guard. */
        if (start->allow_downgrade && start->generation == X8_AKLITE_C && add(out, " --force") < 0)
            return -1;
    }
    return add(out, ")\n");
}

static int begin(struct x8_buf *out, const char *stage)
{
    if (set(out, "S", stage) < 0 || add(out, "r=$S/run\n") < 0)
        return -1;
    return add(out, COMMON);
}

int aklite_start_text(struct x8_buf *out, const struct aklite_start *start)
{
    if (begin(out, start->stage) < 0 || set(out, "V", aklite_verb_name(start->verb)) < 0 ||
        set(out, "A", start->program ? start->program : "aklite-offline") < 0 ||
        set(out, "L", start->libraries ? start->libraries : "") < 0 || add_words(out, start) < 0)
        return -1;
    return set(out, "J", JOB) < 0 ? -1 : add(out, CLAIM LAUNCH);
}

/* Whether it runs is asked before whether it has ended: the other way round its end could fall in
 * between. A file only grows, so its first LEN bytes stay what they are. */
#define LOOK                                                                                       \
    "tail_of() { local l o; l=$(wc -c <\"$2\") || return; l=$((l)); o=$((l > 262144 ?"             \
    " l - 262144 : 0)); echo \"$1 $((l - o))\"; tail -c +$((o + 1)) \"$2\" |"                      \
    " head -c $((l - o)); echo; }\n"                                                               \
    "first() { local x; { read -r x <\"$2\"; } 2>/dev/null && echo \"$1 $x\"; }\n"                 \
    "last; d=$r/$n; [ $n -gt 0 ] || { echo 'end .'; exit 0; }; echo \"run $n\"\n"                  \
    "first boot \"$d/boot_id\"; first verb \"$d/verb\"\n"                                          \
    "{ runs \"$d\" || starts $n; } && echo 'alive 1'\n"                                            \
    "first status \"$d/status\"; tail_of log \"$d/log\"; tail_of err \"$d/err\"\n"                 \
    "echo 'end .'; exit 0\n"

int aklite_look_text(struct x8_buf *out, const char *stage)
{
    return begin(out, stage) < 0 ? -1 : add(out, LOOK);
}

/*
 * Streams what is new in the log, as "L LEN" and the bytes, and once a second "T AGE", a sign of
 * life. The end is an event: a FIFO that the job writes to. A broken link ends it: nothing can be
 * printed any more.
 */
#define WAIT                                                                                       \
    "last; d=$r/$n; [ $n -gt 0 ] && cd \"$d\" 2>/dev/null || { echo end; exit 0; }\n"              \
    "b=0; { read -r b <since; } 2>/dev/null; exec 7<>done || exit 0\n"                             \
    "l=$(wc -c <log); p=$((l > 4096 ? l - 4096 : 0))\n"                                            \
    "more() { l=$(($(wc -c <log))); while [ $l -gt $p ]; do k=$((l - p > 65536 ? 65536 : l - "     \
    "p))\n"                                                                                        \
    "echo \"L $k\" || exit; tail -c +$((p + 1)) log | head -c $k; p=$((p + k)); done; }\n"         \
    "while :; do w=0; { runs . || starts $n; } && w=1; more\n"                                     \
    "[ -e status ] || [ $w = 0 ] && break; up; echo \"T $((up - b))\" || exit\n"                   \
    "read -r -t 1 x <&7; done; more; echo end; exit 0\n"

int aklite_wait_text(struct x8_buf *out, const char *stage)
{
    return begin(out, stage) < 0 ? -1 : add(out, WAIT);
}
