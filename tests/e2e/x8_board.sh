#!/usr/bin/env bash
# x8-board itself: what it passes on to the program, when it ends, what it says afterwards.
# shellcheck disable=SC2016 # programs in single quotes expand for themselves
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tmp"
export TMPDIR=$work/tmp

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# The status of x8-board with these arguments; its output is in $work/out and $work/err.
status_of() {
    local status=0
    "$X8_BOARD" "$@" >"$work/out" 2>"$work/err" || status=$?
    echo "$status"
}

is() {
    [ "$1" = "$2" ] || fail "$3: $1, not $2: $(cat "$work/out" "$work/err")"
}

echo "== status, arguments and streams are the program's"
is "$(status_of start=rom -- sh -c 'exit 7')" 7 "exit status"
is "$(status_of start=rom -- sh -c 'kill -9 $$')" 137 "killed program"
is "$(status_of start=rom -- /nonexistent/program)" 127 "missing program"
is "$(status_of start=nonsense -- true)" 2 "bad word"
is "$(status_of --nonsense 1 -- true)" 2 "bad option"
is "$(status_of start=rom)" 2 "no program"
is "$(echo hello | "$X8_BOARD" start=rom -- sh -c 'read -r line; echo "$line" "$@"' sh 'a b' --c)" "hello a b --c" "streams"

echo "== boards are on the program's bus, each at its port"
is "$(status_of start=rom --count 3 -- ls /sys/bus/usb/devices)" 0 "ls"
is "$(tr '\n' ' ' <"$work/out")" "1-2 1-3 1-4 usb1 " "devices"
is "$(status_of --board 'start=fastboot port=1-7 serial=00112233445566aa' --board 'start=off' -- \
    sh -c 'cat /sys/bus/usb/devices/1-7/serial /sys/bus/usb/devices/1-7/idProduct; ls /sys/bus/usb/devices')" 0 "two boards"
is "$(tr '\n' ' ' <"$work/out")" "00112233445566aa 0152 1-7 usb1 " "attributes"
is "$(status_of start=off -- sh -c 'ls /sys/bus/usb/devices')" 0 "no board"
is "$(cat "$work/out")" usb1 "devices"

echo "== a denied node cannot be written, by root neither"
is "$(status_of access=denied start=rom -- sh -c ': >>/dev/bus/usb/001/002')" 2 "denied"
grep -qi 'permission denied' "$work/err" || fail "$(cat "$work/err")"
is "$(status_of access=ok start=rom -- sh -c ': >>/dev/bus/usb/001/002')" 0 "allowed"

echo "== signals"
# A shell starts background programs with SIGINT ignored; from a terminal it is not.
env --default-signal=INT "$X8_BOARD" start=rom --pid-file "$work/pid" -- \
    sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done' >"$work/out" 2>"$work/err" &
board=$!
for _ in $(seq 1200); do
    grep -q ready "$work/out" && break
    sleep 0.05
done
kill -INT "$board"
kill -0 "$board" || fail "an interrupt ended x8-board before its program"
kill -TERM "$board"
status=0
wait "$board" || status=$?
is "$status" 9 "SIGTERM goes to the program"
[ "$(cat "$work/pid")" -gt 1 ] || fail "pid file"

echo "== the time limit"
is "$(status_of start=rom --idle-limit 1 -- sleep 100)" 124 "limit"

echo "== orders: pull the cable and plug it in again"
is "$(status_of start=rom --control "$work/orders" --report "$work/report" -- sh -c '
    dir=/sys/bus/usb/devices/1-2
    before=$(cat $dir/devnum)
    echo "0 unplug 200" >'"$work"'/orders
    for i in $(seq 3000); do [ -e $dir ] || break; sleep 0.02; done
    [ -e $dir ] && exit 3
    for i in $(seq 1200); do [ -e $dir/descriptors ] && break; sleep 0.05; done
    [ "$(cat $dir/devnum)" != "$before" ]')" 0 "replugged"
grep -q '"attaches":2[,}]' "$work/report" || fail "report: $(cat "$work/report")"

echo "== what is kept and compared"
head -c 100000 /dev/zero >"$work/zeros"
is "$(status_of emmc=8M --keep "$work/kept" --compare "user=$work/zeros" -- true)" 99 "an untouched eMMC is noise"
grep -q 'never written' "$work/err" || fail "$(cat "$work/err")"
[ -e "$work/kept/user.img" ] || fail "nothing kept: $(ls "$work/kept")"
is "$(status_of emmc=8M --compare "user=$work/zeros" -- false)" 1 "the program's own failure comes first"
is "$(status_of --compare "user=$work/missing" -- true)" 2 "a file that is not there is no equality"
is "$(status_of --compare "nonsense" -- true)" 2 "a comparison that is not understood"

[ -z "$(ls "$TMPDIR")" ] || fail "left behind: $(ls "$TMPDIR")"
echo "all good"
