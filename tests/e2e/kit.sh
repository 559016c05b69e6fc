#!/usr/bin/env bash
# Kit of the end-to-end suites, sourced by each. A suite is a row of cases:
#
#   start "what the case says"          ends the case before, begins one
#   flash STATUS WORDS... -- ARGS...    x8ctl ARGS on virtual boards, and the status it must end with
#   says/says_no RE, prints/prints_no RE, error_form CODE, json EXPRESSION, within SECONDS
#   finish                              ends the last case, and the suite with 1 if one of them failed
#
# A case that holds prints "ok ..."; one that does not prints what it wanted and all that the program said.
set -uo pipefail
: "${X8CTL:?}" "${X8_BOARD:?}" "${X8_MKIMAGE:?}" "${X8_TESTS:?}"
command -v python3 >/dev/null || { echo "skipped: no python3 on this machine"; exit 77; }

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# What the person who runs the suite has set must not matter. Findings of a sanitizer have a status that is none of ours:
# that of its leaks would be "misfit".
unset X8CTL_SERIAL ANDROID_SERIAL X8CTL_TIMEOUT X8CTL_PROGRESS X8CTL_LOGS NO_COLOR CLICOLOR_FORCE GITHUB_ACTIONS GITLAB_CI
unset ADB_SERVER_SOCKET
export ANDROID_ADB_SERVER_PORT=9 # an adb server of this computer is none of ours: nobody listens there
# Nothing of a test leaves this computer, and nobody waits for what the network might answer.
export X8CTL_NET=0
unset SSH_AUTH_SOCK
export LC_ALL=C.UTF-8 TERM=xterm
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=98 LSAN_OPTIONS=${LSAN_OPTIONS:+$LSAN_OPTIONS:}exitcode=98

# Two runs on one port keep each other out: the boards of another suite are not ours.
export X8CTL_HOME=$work/x8ctl
mkdir "$X8CTL_HOME" || exit 1

title='' bad=0 failed=0 shown='' documents=0
out=$work/out err=$work/err input=/dev/null
own=$work/.kit # what the kit itself keeps: none of a suite's files
mkdir "$own" || exit 1

conclude() {
    [ -z "$title" ] && return
    if [ "$bad" = 0 ]; then echo "ok $title"; else failed=1; fi
    title=
}

start() {
    conclude
    title=$1 bad=0 shown='(nothing was run)' status=0 elapsed_ms=0
    : >"$out"
    : >"$err"
}

finish() {
    conclude
    if [ -e "$own/statuses" ]; then check_statuses; fi
    if [ -e "$work/seen/index" ]; then python3 "$X8_TESTS/lib/schema.py" --seen "$work/seen" || failed=1; fi
    exit "$failed"
}

show() {
    echo "  $1:"
    head -c 4000 "$2" | tr '\r' '\n' | cat -v | sed 's/^/    | /'
}

problem() {
    if [ "$bad" = 0 ]; then
        echo "FAILED: $title"
        echo "  command: $shown"
        echo "  status:  $status after $elapsed_ms ms"
        show stdout "$out"
        show stderr "$err"
    fi
    bad=1
    echo "  -> $*"
}

# free_ports COUNT: the first of so many ports in a row that are free. None of those that the system gives to connections and
# to whoever asks for any: suites run side by side, and it would be another one's before its server is there.
free_ports() {
    python3 -c '
import random, socket, sys
count = int(sys.argv[1])
while True:
    first, held = random.randrange(10240, 32768 - count), []
    try:
        for port in range(first, first + count):
            held.append(socket.socket())
            held[-1].bind(("127.0.0.1", port))
    except OSError:
        continue
    print(first)
    break' "$1"
}
free_port() { free_ports 1; }

milliseconds() {
    local now=${EPOCHREALTIME/[.,]/}
    echo $((now / 1000))
}

# run STATUS COMMAND...: with stdin from $input. STATUS "-" is any.
run() {
    local want=$1 began
    shift
    shown="$*"
    began=$(milliseconds)
    "$@" >"$out" 2>"$err" <"$input"
    status=$?
    elapsed_ms=$(($(milliseconds) - began))
    check_status "$want"
}

check_status() {
    [ "$1" = - ] || [ "$status" = "$1" ] || problem "status $status, not $1"
    if grep -qE 'Sanitizer|runtime error:' "$err"; then problem "a sanitizer spoke"; fi
    case $shown in *"$X8CTL "*) check_output " ${shown#*"$X8CTL "} " ;; esac
}

# What every run keeps to. LINE: its words. No control bytes outside a terminal, but for what comes from the board; and
# documents and events are kept for the end of the suite, which compares them with the schemas.
check_output() {
    local line="${1%% -- *} "
    case $line in
    *' exec '* | *' shell '* | *' pull '* | *' logs '*) ;;
    *) if grep -qa "$(printf '[\033\r]')" "$out" "$err"; then problem "there are control bytes"; fi ;;
    esac
    awk '/^  code   /{c++} /^  next   ./{n++} END{exit c != n}' "$err" || problem "an error without a next step"
    awk '/^x8ctl/{w=0} /^  why .*needs a complete flash/{w=1} /^  next .*flash --resume/{if (w) exit 1}' "$err" ||
        problem "a complete flash is needed, and the rest of it would do"
    # Two are x8-board's own: the media differ after a good end, and the limit of time.
    case $status in 99 | 124) ;; *) printf '%s\t%s\n' "$status" "$line" >>"$own/statuses" ;; esac
    case $line in *' --json '*) keep_seen "$out" document "$line" ;; esac
    case $line in *' --progress json '* | *' --progress=json '*) keep_seen "$err" events "$line" ;; esac
}

# Each status is one that the page of the command lists, or one that every command may have (x8ctl help exit-codes).
check_statuses() {
    local status line command pages=$own/pages
    mkdir -p "$pages"
    while IFS=$'\t' read -r status line; do
        case $status in 1 | 2 | 20 | 25) continue ;; esac
        command=$(command_of "$line")
        [ -n "$command" ] || continue
        [ -e "$pages/$command" ] || "$X8CTL" help "$command" >"$pages/$command" 2>&1
        grep -Eq "^ +$status  " "$pages/$command" || {
            echo "FAILED: x8ctl$line"
            echo "  -> status $status is not on the page of $command"
            failed=1
        }
    done < <(sort -u "$own/statuses")
}

# The first word that is a command; not those that pass on what a program on the board ends with.
command_of() {
    local word
    for word in $1; do
        case $word in
        exec | shell | help | completion) return ;;
        list | watch | info | os-release | wait | identify | logs | doctor | guide | sketch | update | flash | uuu | explain | image | \
            recover | setup | push | pull | forward | open | reboot | name | udev | version | report)
            echo "$word"
            return
            ;;
        esac
    done
}

keep_seen() {
    [ -s "$1" ] || return
    mkdir -p "$work/seen"
    documents=$((documents + 1))
    cp "$1" "$work/seen/$documents"
    printf '%s\t%s\t%s\t%s\n' "$documents" "$2" "$title" "${3//[$'\t\n']/ }" >>"$work/seen/index"
}

# is_waiting PID: it hears signals (SIGTERM is blocked for the thread that takes them), and for a while none of its threads
# has anything to do.
is_waiting() {
    local blocked
    for _ in 1 2 3; do
        blocked=$(sed -n 's/^SigBlk:[[:blank:]]*//p' "/proc/$1/status" 2>/dev/null)
        [ $((0x${blocked:-0} & 0x4000)) != 0 ] || return 1
        if grep -qv '^State:.S' < <(grep -h '^State' "/proc/$1/task/"*/status 2>/dev/null); then return 1; fi
        sleep 0.2
    done
}

# board STATUS WORDS... -- COMMAND...: any program on virtual boards.
board() {
    local want=$1
    shift
    run "$want" "$X8_BOARD" gap=20 --idle-limit 60 "$@"
}

# flash STATUS WORDS... -- ARGS...: x8ctl on virtual boards. Faults end soon: changes of stage take milliseconds here.
flash() {
    local want=$1
    local -a words=()
    shift
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    board "$want" "${words[@]}" -- "$X8CTL" "$@"
}

# alone STATUS ARGS...: x8ctl on a computer without a board.
alone() {
    local want=$1
    shift
    board "$want" start=off -- "$X8CTL" "$@"
}

says() { grep -Eq -e "$1" "$err" || problem "stderr lacks: $1"; }
says_no() { ! grep -Eq -e "$1" "$err" || problem "stderr must not say: $1"; }
prints() { grep -Eq -e "$1" "$out" || problem "stdout lacks: $1"; }
prints_no() { ! grep -Eq -e "$1" "$out" || problem "stdout must not say: $1"; }
prints_nothing() { [ ! -s "$out" ] || problem "stdout must be empty"; }
within() { [ "$elapsed_ms" -le "$(($1 * 1000))" ] || problem "took $elapsed_ms ms, more than $1 s"; }

# error_form CODE: the parts of an error, each exactly once and with something in it.
error_form() {
    local part
    for part in '^x8ctl[^:]*: .' '^  why    .' '^  next   .' "^  code   $1 "; do
        [ "$(grep -Ec -e "$part" "$err")" = 1 ] || problem "not once in stderr: $part"
    done
}

# json EXPRESSION: stdout is one JSON document `d`, for which the Python expression holds.
json() {
    python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
if not eval(sys.argv[2]):
    sys.exit("the JSON does not satisfy: " + sys.argv[2])' "$out" "$1" 2>"$work/python" || problem "$(tail -n 1 "$work/python")"
}

# json_lines EXPRESSION: every line of stderr is a JSON object; for the list `l` of them the expression holds.
json_lines() {
    python3 -c '
import json, sys
l = [json.loads(x) for x in open(sys.argv[1])]
if not l or not all(isinstance(x, dict) and x["v"] == 1 for x in l):
    sys.exit("not all lines are events")
if not eval(sys.argv[2]):
    sys.exit("the lines do not satisfy: " + sys.argv[2])' "$err" "$1" 2>"$work/python" || problem "$(tail -n 1 "$work/python")"
}

# The media after a full flash of FOLDER whose image is RAW: targets for --compare.
full_flash_of() {
    local boot=$1/imx-boot-portenta-x8 fit=$1/u-boot-portenta-x8.itb
    echo "user=$2,boot0@0x8400=$boot,boot0@0x60000=$fit,boot0@0x208400=$boot,boot0@0x260000=$fit,boot0@0x8200=$1/sit-portenta-x8.bin"
}

# The vendor's script pauses for a second in the SPL: where the same is done many times, do without it.
hurry() {
    find "$1" -name '*.uuu' -exec sed -i '/SDPV: delay/d' {} +
}

# make_release FOLDER [OPTIONS...]: a small release; its raw image is FOLDER.raw.
make_release() {
    local folder=$1
    shift
    "$X8_MKIMAGE" --size 8M --kernel-kb 64 --folder "$folder" --reference "$folder.raw" "$@" || exit 1
}

# ---- faults: of release/ in the present folder ----

# fault CODE NAME STATE SECONDS WORDS...: the run ends so where no stage is taken up again. What the eMMC is said to be like
# is in the cause.
fault() {
    local code=$1 name=$2 state=$3 seconds=$4
    shift 4
    start "$code after $*"
    flash "$code" emmc=1G "$@" -- flash -y --json --retries 0 --stage-timeout 3s release
    error_form "$code $name"
    says "^  why    .*$state"
    within "$seconds"
    json "[b['code'] for b in d['boards']] == ['$name']"
    json "d['boards'][0]['result'] == 'failed' and d['boards'][0]['error']['status'] == $code"
    json "d['boards'][0]['error']['what'] and d['boards'][0]['error']['why'] and d['boards'][0]['error']['next']"
}

# fault_each CODE NAME STATE SECONDS BOARD...: the same for slow ends, on boards side by side. BOARD: its words.
fault_each() {
    local code=$1 name=$2 state=$3 seconds=$4 words
    local -a boards=()
    shift 4
    for words; do boards+=(--board "$words"); done
    start "$code on boards with $*"
    flash "$code" emmc=1G "${boards[@]}" -- flash -y --all --json --retries 0 --stage-timeout 3s release
    says "^  code   $code $name "
    within "$seconds"
    json "[b['code'] for b in d['boards']] == ['$name'] * $#"
    json "all(b['error']['status'] == $code and b['error']['what'] and b['error']['next'] for b in d['boards'])"
    json "all(b['error']['why'].endswith('${state%$}') for b in d['boards'])"
}

# passes WORDS...: what the program must cope with, without taking up a stage again.
passes() {
    start "all is well after $*"
    flash 0 emmc=1G "$@" --compare "$(full_flash_of release release.raw)" -- flash -y --json --retries 0 --stage-timeout 3s release
    json "d['boards'][0]['code'] == 'ok' and d['boards'][0]['verified'] == 'full'"
}

# survives N WORDS...: a stage is taken up again N times, and then all is written and proven.
survives() {
    local times=$1
    shift
    start "taken up again after $*"
    flash 0 emmc=1G "$@" --compare "$(full_flash_of release release.raw)" -- flash -y --json --stage-timeout 3s release
    json "d['boards'][0]['code'] == 'ok' and d['boards'][0]['verified'] == 'full' and d['boards'][0]['retries'] == $times"
    says "taking the board up again, $times of 3"
}
