/*
 * What the board's shell runs. Bash, and of other programs only what GNU's tools and busybox have
 * in common; few of those, since each costs the board milliseconds.
 *
 * The command says a word per line. SIGPIPE is ignored, so that a link which is cut does not end
 * it in front of its trap; SIGHUP removes the temporary file, until the rename. From then on it
 * goes to its end whatever the link does, and leaves the record.
 */
#include "session/run.h"
#include "sketch/upload_parts.h"

#include <stdio.h>
#include <string.h>

#define PROPERTIES                                                                                 \
    "LoadState,ActiveState,SubState,Result,InvocationID,ExecMainStatus,"                           \
    "ExecMainStartTimestampMonotonic,ExecMainExitTimestampMonotonic,ExecStart"

/*
 * nap: a tenth of a second, without a process: a pipe that is open for writing too never ends.
 * now: n, hundredths of a second since boot. get TEXT NAME: v, a property's value. see: what
 * systemd says. Its texts come without here-documents, for which bash wants room in /tmp.
 */
static const char common[] =
    "exec 2>/dev/null; export LC_ALL=C; trap '' PIPE; set -C\n"
    "d=" X8_SKETCH_FOLDER " F=" X8_SKETCH_TARGET " T=$d/.x8ctl-$N.elf L=$d/.x8ctl.held\n"
    "exec 5<> <(:)\n"
    "say() { printf '%s\\n' \"$*\"; }\n"
    "nap() { read -r -t 0.1 -u 5 || [ $? -gt 128 ] || sleep 0.1; }\n"
    "now() { read -r n _ </proc/uptime; n=$((10#${n/./})); }\n"
    "get() { v=$'\\n'$1; case $v in *$'\\n'\"$2\"=*) v=${v##*$'\\n'\"$2\"=} v=${v%%$'\\n'*};; "
    "*) v=;; esac; }\n"
    "see() {\n"
    "w=$(systemctl show " X8_SKETCH_PATH_UNIT " " X8_SKETCH_SERVICE " -p " PROPERTIES ")\n"
    "local p=${w%%$'\\n\\n'*} s=${w#*$'\\n\\n'}\n"
    "get \"$p\" ActiveState; a=$v; get \"$p\" SubState; b=$v; get \"$p\" Result; r=$v\n"
    "get \"$s\" ActiveState; A=$v; get \"$s\" Result; R=$v; get \"$s\" InvocationID; I=$v\n"
    "get \"$s\" ExecMainStatus; X=$v; get \"$s\" ExecMainStartTimestampMonotonic; U=${v:-0}\n"
    "get \"$s\" ExecStart; E=$v; }\n"
    "busy() { [ \"$b\" = running ] || case $A in activating|active|deactivating|reloading) ;; "
    "*) false;; esac; }\n"
    "units() { say \"units ${w//$'\\n'/$'\\t'}\"; }\n";

/* One upload at a time: the folder itself is locked, so that no file is left. Without flock, a link
 * that names the process; a moment later it must still be ours. LIM: hundredths of a second. */
static const char queue[] =
    "hold() { flock -n 9; case $? in 0) return;; 127) ;; *) return 1;; esac\n"
    "if ln -s $BASHPID $L; then h=1; nap; [ \"$(readlink $L)\" = $BASHPID ] && return; h=; return "
    "1; "
    "fi\n"
    "v=$(readlink $L); [ -z \"$v\" ] || [ -d \"/proc/$v\" ] || rm -f $L; return 1; }\n"
    "wait_() { say queue || exit 0; now; [ $n -lt $e ] || { units; bye busy; }; nap; "
    "}\n"
    "turn() { exec 9<$d; now; e=$((n + LIM))\n"
    "until hold; do wait_; done\n"
    "while see; busy; do wait_; done\n"
    "[ \"$a\" = active ] || { units; bye shut; }; }\n"
    "fin() { trap '' HUP INT TERM; rm -f $T; [ -z \"$h\" ] || rm -f $L; }\n"
    "bye() { fin; say end $*; exit 0; }\n"
    "trap fin EXIT; trap 'fin; exit 129' HUP INT TERM\n";

/*
 * A run is ours when it did not begin before the moment u, the later of: before the rename, and
 * 40 ms before its end was seen. OpenOCD opens the file only when it has reached the target, some
 * hundred milliseconds after its start, so a run from u on read the new file. One that began
 * earlier may have read the old file, and our rename went unheard while it ran: when it has ended,
 * and no other began, the same file is touched once. The run after that is ours whatever the clocks
 * say. So a board that was slow just then, or was suspended once (the two clocks differ then),
 * programs twice: never wrong.
 */
static const char follow[] =
    "follow() { local s=$((n + 500)) z=0 g=; e=$((n + LIM))\n"
    "while nap; do see; now\n"
    "if busy; then [ \"$g\" ] || { g=1; say program; }\n"
    "[ $n -lt $e ] || { k=late; return; }\n"
    "elif [ \"$I\" != \"$i\" ] && [ \"$R\" != start-limit-hit ]; then\n"
    "if [ \"$U\" -ge $u ]; then k=done; return; fi\n"
    "i=$I z=1 g= s=$((n + 50))\n"
    "elif [ \"$a\" = failed ]; then k=dead; return\n"
    "elif [ $n -ge $s ] && [ $z = 1 ]; then z=2 u=0 s=$((n + 500)); say again; touch -c $F\n"
    "elif [ $n -ge $s ]; then k=none; return; fi\n"
    "done; }\n";

/* The record: for the same user, by a rename. O: the outcome. */
static const char record[] =
    "record() { local h=~/.local/state/x8ctl; umask 077; [ -d $h ] || mkdir -p $h\n"
    "printf 'name %s\\nsha256 %s\\ntime %(%s)T\\noutcome %s\\n' \"$M\" $H -1 $O >$h/.sketch-$N &&\n"
    "mv -f $h/.sketch-$N $h/sketch || echo norecord; }\n";

/* Whose file lies there now, and does the M7 answer? It restarts with the programming, and has
 * three seconds. Busybox's timeout leaves a process behind for a second, which must not keep the
 * lock. */
static const char after[] =
    "after() { local y=no m=none v=/sys/kernel/x8h7_firmware/version\n"
    "[ /dev/fd/8 -ef $F ] && x=$(sha256sum <$F) && [ \"${x%% *}\" = $H ] && y=yes\n"
    "O=unknown\n"
    "if [ $k = done ]; then\n"
    "type timeout >/dev/null || timeout() { shift; \"$@\"; }\n"
    "if [ -e $v ]; then now; e=$((n + 300)) m=stalled\n"
    "while :; do x=$(timeout 3 cat $v 8<&- 9<&-) && [ \"$x\" ] && m=ok && break\n"
    "now; [ $n -lt $e ] || break; nap; done; fi\n"
    "x=${E#*path=}; x=${x%%' ;'*}\n"
    "if [ $y = no ]; then :\n"
    "elif [ \"$R\" != success ] || [ \"$X\" != 0 ]; then O=refused\n"
    "else case $E in *ignore_errors=yes*) ;; *) case $x in */openocd) O=verified;; esac;; esac; "
    "fi\n"
    "fi; record; units; say same $y; say m7 $m; say end $k $O; }\n";

/* How things stand, before anything is changed. */
static const char facts[] =
    "space() { { read -r _; read -r _ _ _ v _; } < <(df -P -k /tmp); say space $v; }\n"
    "see; units\n"
    "if [ -L $d ]; then v=link; elif [ ! -e $d ]; then v=absent; elif [ ! -d $d ]; then v=other\n"
    "elif [ -w $d ] && [ -x $d ]; then v=ok; else v=\"shut $(stat -c %u $d)\"; fi; say folder $v\n"
    "what() { if [ -L $F ]; then v=link; elif [ ! -e $F ] || [ -f $F ]; then v=ok; else v=other; "
    "fi; say target $v; }\n"
    "what; say user $EUID; space; say facts\n";

/*
 * The line comes when the way is clear. The shell itself makes the file, not the subshell that
 * fills it: one that is forked in the moment of a SIGHUP may lose it and live a little longer, and
 * would make the file again behind the trap's back. It is closed before the rename, since the end
 * of writing is an event as well.
 */
static const char copy[] = "read -r _ || exit 0\n"
                           "[ -d $d ] || mkdir -m 775 $d\n"
                           "if [ -L $d ] || [ ! -d $d ]; then bye target; fi\n"
                           "umask 022; say ready\n"
                           "unable() { rm -f $T; space; say error \"${x##*: }\"; bye write; }\n"
                           "exec 7>$T || { x=$({ : >$T; } 2>&1); cat >/dev/null; unable; }\n"
                           "x=$(cat 2>&1 >&7) || { cat >/dev/null; unable; }\n"
                           "exec 7>&-\n"
                           "x=$(sha256sum <$T) v=$(stat -c %i $T); say sum ${x%% *} $v\n"
                           "[ \"${x%% *}\" = $H ] || bye differs\n"
                           "turn; exec 8<$T; what; [ $v = ok ] || bye target\n"
                           "i=$I; say commit || exit 0\n"
                           "trap '' HUP INT TERM; now; u=$n\n"
                           "x=$(mv -fT $T $F 2>&1) || x=$([ ! -d $F ] && mv -f $T $F 2>&1) ||\n"
                           "{ say error \"${x##*: }\"; bye write; }\n"
                           "now; [ $((n - 4)) -le $u ] || u=$((n - 4)); u=${u}0000\n"
                           "follow; after\n";

/* Once more with the file that lies there. */
static const char again[] = "turn; exec 8<$F; x=$(sha256sum <&8)\n"
                            "[ \"${x%% *}\" = $H ] || { units; say same no; bye none unknown; }\n"
                            "i=$I u=0; say commit || exit 0\n"
                            "trap '' HUP INT TERM; now; touch -c $F; follow; after\n";

static int add(struct x8_buf *out, const char *text)
{
    return x8_buf_add(out, text, strlen(text));
}

static int add_names(struct x8_buf *out, const struct upload *up)
{
    int64_t limit = up->job->limit_ms > 0 ? up->job->limit_ms / 10 : 6000;

    if (x8_buf_addf(out, "N=%s H=%s LIM=%lld M=", up->nonce, up->job->sketch->sha256,
                    (long long)limit) < 0 ||
        x8_quote(out, up->job->sketch->name) < 0)
        return -1;
    return add(out, "; M=${M//[[:cntrl:]]/?} h=\n");
}

static int add_all(struct x8_buf *out, const struct upload *up, const char *const *parts, size_t n)
{
    if (add_names(out, up) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (add(out, parts[i]) < 0)
            return -1;
    return 0;
}

int upload_script_copy(struct x8_buf *out, const struct upload *up)
{
    static const char *const parts[] = {common, facts, queue, follow, record, after, copy};

    /* A dry run ends with the facts. */
    return add_all(out, up, parts, up->job->dry_run ? 2 : X8_COUNT(parts));
}

int upload_script_again(struct x8_buf *out, const struct upload *up)
{
    static const char *const parts[] = {common, queue, follow, record, after, again};

    return add_all(out, up, parts, X8_COUNT(parts));
}

int upload_script_check(struct x8_buf *out, const struct upload *up)
{
    if (add_names(out, up) < 0 || add(out, common) < 0)
        return -1;
    return x8_buf_addf(out,
                       "now; e=$((n + 300)); while [ -e $T ]; do now; [ $n -lt $e ] || exit 1; "
                       "nap; done\n"
                       "if [ \"$(stat -c %%i $F)\" = %llu ]; then say yes; else say no; fi\n",
                       (unsigned long long)up->said.inode);
}

int upload_script_record(struct x8_buf *out, const struct upload *up, const char *outcome)
{
    if (add_names(out, up) < 0 || add(out, "set -C\n") < 0 || add(out, record) < 0)
        return -1;
    return x8_buf_addf(out, "O=%s; record\n", outcome);
}

/* The journal comes a moment later than the end of the run: up to two seconds. */
int upload_script_journal(struct x8_buf *out, const char *invocation)
{
    if (add(out, "N=\n") < 0 || add(out, common) < 0)
        return -1;
    return x8_buf_addf(
        out,
        "now; e=$((n + 200))\n"
        "while :; do x=$(journalctl -q --no-pager -o cat -u " X8_SKETCH_SERVICE
        " _SYSTEMD_INVOCATION_ID=%s)\n"
        "case $x in *'programming done'*|*'shutdown command invoked'*|*' Failed **'*|"
        "*'init failed **'*|*'reset target **'*) break;; esac\n"
        "now; [ $n -lt $e ] || break; nap; done; say \"$x\"\n",
        invocation);
}

/* The record comes last: its lines are somebody's. */
int upload_script_status(struct x8_buf *out)
{
    if (add(out, "N=\n") < 0 || add(out, common) < 0)
        return -1;
    return add(
        out, "see; units\n"
             "if [ -f $F ]; then x=$(sha256sum <$F); say file ${x%% *} $(stat -c '%Y %s' $F); fi\n"
             "type timeout >/dev/null || timeout() { shift; \"$@\"; }\n"
             "v=/sys/kernel/x8h7_firmware/version\n"
             "if [ -e $v ]; then if x=$(timeout 3 cat $v) && [ \"$x\" ]; then say m7 ok $x\n"
             "else say m7 stalled; fi; fi\n"
             "v=" X8_SKETCH_RECORD "; if [ -f $v ]; then while read -r x; do say record \"$x\"\n"
             "done <$v; fi; say end\n");
}

/* The bridge counts as back when its version can be read. */
int upload_script_reset(struct x8_buf *out)
{
    if (add(out, "N=\n") < 0 || add(out, common) < 0)
        return -1;
    return add(out, "s=/usr/arduino/extra/reset.sh v=/sys/kernel/x8h7_firmware/version\n"
                    "[ -f $s ] || { say none; exit 0; }\n"
                    "x=$(sh $s 2>&1 </dev/null) || { say failed \"${x##*$'\\n'}\"; exit 0; }\n"
                    "[ -e $v ] || { say blind; exit 0; }\n"
                    "type timeout >/dev/null || timeout() { shift; \"$@\"; }\n"
                    "now; e=$((n + 1000)); nap\n"
                    "while :; do x=$(timeout 3 cat $v) && [ \"$x\" ] && { say ok; exit 0; }\n"
                    "now; [ $n -lt $e ] || break; nap; done; say stalled\n");
}
