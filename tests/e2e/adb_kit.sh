#!/usr/bin/env bash
# shellcheck disable=SC2016,SC2034 # single quotes: for another shell; the variables are for the suites
# Kit of the suites of running boards, sourced by each; it brings kit.sh along. A board is made once for many cases:
#
#   boot WORDS... [--board "WORDS"]...   boards at their adb daemon over TCP (x8-adbd); $adb and $root are the first's,
#                                        ${adbs[2]} and ${roots[2]} the second's, ${places[2]} and ${labels[2]} its
#                                        selector and what messages call it; with X8_KIT_WAY=ssh at their ssh (ssh_kit.sh)
#   plug WORDS...                        boards on USB (x8-board); what x8ctl runs with then sees them
#   serve                                an adb server of Debian's adb for what is there; x8ctl goes through it
#   halt                                 all of that is gone (done by the next boot, plug, and at the end)
#   on STATUS ARGS...                    x8ctl ARGS on the board of the last boot or plug
#   reboots                              the board of the last boot restarts, and comes back at its place
#   loses                                it goes away and stays away
#   inside COMMAND                       its output: a line for the board's own shell, by x8ctl exec
#
# WORDS of boot and plug get reaccept=0: the half second that the board's daemon needs between two links has cases of
# its own.
# shellcheck source=kit.sh
. "$(dirname "${BASH_SOURCE[0]}")/kit.sh"
X8_ADBD=${X8_BUILD:?}/tests/x8-adbd
# Keys of the person who runs this, and a server on 5037, must not matter.
export HOME=$work/person
mkdir -p "$HOME"
unset ADB_SERVER_SOCKET ANDROID_ADB_SERVER_ADDRESS ADB_VENDOR_KEYS ADB_TRACE ANDROID_LOG_TAGS SSH_CONNECTION DISPLAY WAYLAND_DISPLAY
no_server=1 # a port where nothing listens
export ANDROID_ADB_SERVER_PORT=$no_server

via=() select=() adbs=() roots=() places=() labels=()
nowhere=adb:127.0.0.1:1
adb='' root='' holder='' held_pid='' hold='' server_pid=''

# Ends what this kit started, also when the suite is stopped.
halt() {
    [ -z "$server_pid" ] || { kill "$server_pid" && wait "$server_pid"; } 2>/dev/null
    # Its end of input would do, were there no processes of the suite that hold the other end, too.
    [ -z "$hold" ] || exec {hold}>&-
    [ -z "$holder" ] || { kill "$held_pid"; wait "$holder"; } 2>/dev/null
    via=() select=() adb='' root='' adbs=() roots=() places=() labels=() hold='' holder='' server_pid=''
    export ANDROID_ADB_SERVER_PORT=$no_server
    rm -f "$work/hold" "$work/said"
}
trap 'halt; rm -rf "$work" 2>/dev/null || { chmod -R u+rwx "$work"; rm -rf "$work"; }' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# held SCRIPT PROGRAM WORDS...: the program with a command that runs SCRIPT, then waits until nobody holds it any more.
# What SCRIPT prints, NUL-terminated, is in the array `heard`.
held() {
    local script=$1 said word
    shift
    halt
    mkfifo "$work/hold" "$work/said" || exit 1
    exec {hold}<>"$work/hold" {said}<>"$work/said"
    (
        exec 1>&"$said"
        exec 2>"$work/boards"
        exec {said}>&-
        exec {hold}>&-
        "$@" -- bash -c "{ $script; } >\"\$1\"; echo \"up \$\$\"; exec cat <\"\$0\" >/dev/null 2>&1" "$work/hold" "$work/heard"
        echo "ended $?"
    ) &
    holder=$!
    read -r -t 60 -u "$said" word held_pid
    exec {said}>&-
    [ "$word" = up ] || did_not_start "$word $held_pid"
    mapfile -d '' -t heard <"$work/heard"
}

did_not_start() {
    cat "$work/boards" >&2
    if [ "$1" = 'ended 77' ]; then
        echo "skipped: no sandbox on this machine"
        exit 77
    fi
    echo "the boards did not start: ${1:-no word of them}" >&2
    exit 1
}

boot() {
    held 'printf "%s\0" "$X8_ADB" "$X8_ROOT"; for i in {2..16}; do a=X8_ADB$i r=X8_ROOT$i; [ -z "${!a:-}" ] || printf "%s\0" "${!a}" "${!r}"; done' \
        "$X8_ADBD" reaccept=0 "$@"
    for ((i = 0; i < ${#heard[@]}; i += 2)); do
        adbs[i / 2 + 1]=${heard[i]} roots[i / 2 + 1]=${heard[i + 1]}
        places[i / 2 + 1]=adb:${heard[i]} labels[i / 2 + 1]="tcp ${heard[i]}"
    done
    adb=${adbs[1]} root=${roots[1]} select=(-s "adb:${adbs[1]}")
}

# plug WORDS...: words of x8-board; those of the daemon stand in adbd=.
plug() {
    held 'printf "%s\0" "LD_PRELOAD=$LD_PRELOAD" "UMOCKDEV_DIR=$UMOCKDEV_DIR" "ASAN_OPTIONS=$ASAN_OPTIONS"' \
        "$X8_BOARD" gap=20 "$@"
    via=(env "${heard[@]}")
}

# Whatever the one place of a board's power file is used for.
reboots() {
    printf reboot >"$root/power"
    printf reboot >"$root/run/power"
    python3 - "$root" <<'END'
import os, signal, sys
# The daemon's process as this computer sees it: the one in whose root the power file is.
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        words = open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0")
        if b"--listen-fd" in words and os.path.samefile(f"/proc/{pid}/root/run/x8board", sys.argv[1] + "/run"):
            os.kill(int(pid), signal.SIGTERM)
    except OSError:
        pass
END
}

loses() {
    kill "$held_pid"
    wait "$holder" 2>/dev/null
}

# serve: a free port, Debian's adb server on it, without a client that would replace it.
serve() {
    local port
    port=$(free_port)
    export ANDROID_ADB_SERVER_PORT=$port
    "${via[@]}" adb -P "$port" server nodaemon >"$work/server" 2>&1 {hold}>&- &
    server_pid=$!
    await 60 "the adb server" listens "$port"
}

listens() { python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1).close()' "$1" 2>/dev/null; }

# await SECONDS WHAT COMMAND...: until the command succeeds; it is asked every few milliseconds as nothing tells.
await() {
    local until=$(($(milliseconds) + $1 * 1000)) what=$2
    shift 2
    until "$@"; do
        [ "$(milliseconds)" -lt "$until" ] || {
            problem "$what did not come"
            return 1
        }
        read -r -t 0.02 _ <>"$work/never" || :
    done
}
mkfifo "$work/never"

# A program that hangs is ended, with 124, long before ctest would do it without a word.
on() {
    local want=$1
    shift
    run "$want" timeout -k 5 "${limit:-60}" "${via[@]}" "$X8CTL" "${select[@]}" "$@"
}

# A line for the board's shell, outside of what a case looks at. Its status is the line's.
inside() { timeout -k 5 60 "${via[@]}" "$X8CTL" "${select[@]}" exec -- bash -c "$1" </dev/null; }

# asked OUTPUT COMMAND: the line's output is exactly that.
asked() {
    local got
    got=$(inside "$2" 2>&1)
    [ "$got" = "$1" ] || problem "on the board: $2
     gives: $got
     not:   $1"
}

# failed CODE NAME: one error, with its code and what to do next; error_form wants the cause as well.
failed() {
    [ "$(grep -Ec "^  code   $1 $2 " "$err")" = 1 ] || problem "not once in stderr: code $1 $2"
    [ "$(grep -Ec '^x8ctl[^:]*: .' "$err")" = 1 ] || problem "not one error in stderr"
    says '^  next   .'
}

same() { cmp "$1" "$2" >"$work/cmp" 2>&1 || problem "$(cat "$work/cmp")"; }
out_is() { printf '%s' "$1" | cmp -s - "$out" || problem "stdout is not exactly: $1"; }
err_is() { printf '%s' "$1" | cmp -s - "$err" || problem "stderr is not exactly: $1"; }

# bytes FILE COUNT: all byte values in an order without a rule, the first 256 being 0 to 255.
bytes() {
    python3 -c '
import random, sys
random.seed(7)
count = int(sys.argv[2])
open(sys.argv[1], "wb").write((bytes(range(256)) + random.randbytes(count))[:count])' "$1" "$2"
}

# watch LOOP: a loop body that runs on the board again and again until `watched`, its output in /tmp/.watch.
watch() {
    inside "rm -f /tmp/.enough; setsid nohup bash -c ': >/tmp/.begun; while [ ! -e /tmp/.enough ]; do $1
        done; : >/tmp/.watched' >/tmp/.watch 2>/dev/null </dev/null & until [ -e /tmp/.begun ]; do sleep 0.01; done" ||
        problem "the watch did not begin"
}

# watched: what the loop said, into the file "$work/watch".
watched() {
    inside ': >/tmp/.enough; until [ -e /tmp/.watched ]; do sleep 0.01; done; cat /tmp/.watch; rm -f /tmp/.watch /tmp/.watched /tmp/.enough /tmp/.begun' >"$work/watch" ||
        problem "the watch did not end"
}
saw() { grep -aFq -e "$1" "$work/watch" || problem "the watch never saw: $1"; }
saw_no() { ! grep -aFq -e "$1" "$work/watch" || problem "the watch saw: $1"; }

# shellcheck source=ssh_kit.sh
[ "${X8_KIT_WAY:-adb}" = adb ] || . "$(dirname "${BASH_SOURCE[0]}")/${X8_KIT_WAY}_kit.sh"
