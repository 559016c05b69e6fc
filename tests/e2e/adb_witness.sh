#!/usr/bin/env bash
# The real adb, with a server of its own, works against the double of the board's daemon: this keeps the double honest, it
# is no private agreement between x8ctl and its tests. What the real one cannot do with an old daemon is checked too.
#
# The script starts itself again as the command of x8-adbd: adb_witness.sh CASE ADDRESS ROOT...
# shellcheck disable=SC2016 # text in single quotes is for the board's shell
set -euo pipefail

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

same() {
    [ "$1" = "$2" ] || fail "$3: $(printf '%q' "$1"), not $(printf '%q' "$2")"
}

# connect ADDRESS STATE: until the server knows it so.
connect() {
    local i
    timeout 20 adb connect "$1" >"$work/connect" 2>&1 || true
    for i in $(seq 600); do
        [ "$(adb -s "$1" get-state 2>&1 | sed -n '1s/^error: device //; 1s/\.$//; 1p')" = "$2" ] && return
        sleep 0.1
    done
    fail "$1 is not $2: $(cat "$work/connect"; adb devices)"
}

status_of() {
    local status=0
    timeout "${limit:-60}" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    echo "$status"
}

# ---- cases ----

# What both daemons do.
files() {
    local address=$1 count=$2
    echo "   5 MB of all byte values, both ways; the owner's bits are given to all"
    python3 -c 'import sys; sys.stdout.buffer.write(bytes((i ^ i >> 8) & 255 for i in range(5000001)))' >"$work/five"
    chmod 640 "$work/five"
    adb -s "$address" push "$work/five" /tmp/five >"$work/log" 2>&1 || fail "push: $(cat "$work/log")"
    adb -s "$address" pull /tmp/five "$work/back" >"$work/log" 2>&1 || fail "pull: $(cat "$work/log")"
    cmp "$work/five" "$work/back"
    rm "$work/back"
    same "$(adb -s "$address" shell 'stat -c "%a %s" /tmp/five' | tr -d '\r')" '666 5000001' 'mode and size'
    adb -s "$address" exec-out 'cat /tmp/five' >"$work/back"
    tail -c 5000001 "$work/back" | cmp - "$work/five"

    echo "   a folder of $((count * 2)) files"
    mkdir -p "$work/many/sub"
    for i in $(seq "$count"); do
        head -c $((i * 37)) "$work/five" >"$work/many/file $i"
        head -c $((i * 91)) "$work/five" >"$work/many/sub/$i"
    done
    adb -s "$address" push "$work/many" /tmp/ >"$work/log" 2>&1 || fail "push: $(cat "$work/log")"
    adb -s "$address" pull /tmp/many "$work/many-back" >"$work/log" 2>&1 || fail "pull: $(cat "$work/log")"
    diff -r "$work/many" "$work/many-back"
    rm -r "$work/many-back" "$work/many"

    echo "   ls, and what is not there"
    adb -s "$address" ls /tmp >"$work/out"
    grep -q '^000081b6 004c4b41 .* five' "$work/out" || fail "ls: $(cat "$work/out")"
    same "$(status_of adb -s "$address" pull /nonexistent "$work/none")" 1 'status of a pull of nothing'
    same "$(status_of adb -s "$address" push "$work/five" /usr/bin/five)" 1 'status of a push to a read-only place'
    grep -Eq 'Read-only|Permission denied' "$work/out" "$work/err" || fail "push: $(cat "$work/out" "$work/err")"

    echo "   a port of the board"
    adb -s "$address" shell 'setsid /usr/libexec/host/bin/busybox nc -ll -p 8765 -e /usr/libexec/host/bin/cat >/dev/null 2>&1 </dev/null &
        for i in 1 2 3 4 5 6 7 8 9; do (: </dev/tcp/127.0.0.1/8765) 2>/dev/null && break; sleep 0.1; done'
    local port
    port=$(adb -s "$address" forward tcp:0 tcp:8765)
    same "$(exec 3<>"/dev/tcp/127.0.0.1/$port" && echo there and back >&3 && head -n 1 <&3)" 'there and back' forward
    adb -s "$address" forward --remove-all
}

old() {
    local address=$1
    connect "$address" device
    echo "   no features; status is lost, stderr is merged, lines end as on a terminal"
    same "$(adb -s "$address" features)" '' features
    same "$(status_of adb -s "$address" shell 'echo out; echo err >&2; exit 7')" 0 status
    same "$(od -An -c "$work/out" | tr -d ' \n')" 'out\r\nerr\r\n' output
    same "$(adb -s "$address" exec-out 'printf "a\nb"' | od -An -c | tr -d ' \n')" 'a\nb' exec-out
    same "$(status_of adb -s "$address" shell -T id)" 1 'shell -T'
    grep -q 'device only supports allocating a pty' "$work/err" || fail "shell -T: $(cat "$work/err")"
    same "$(adb -s "$address" root)" 'adbd cannot run as root in production builds' root
    files "$address" "${2:-100}"
}

new() {
    local address=$1
    connect "$address" device
    echo "   features; status and stderr come apart"
    adb -s "$address" features >"$work/out"
    grep -q shell_v2 "$work/out" || fail "features: $(cat "$work/out")"
    same "$(status_of adb -s "$address" shell 'echo out; echo err >&2; exit 7')" 7 status
    same "$(cat "$work/out")" out stdout
    same "$(cat "$work/err")" err stderr
    same "$(printf 'a b\nc' | adb -s "$address" shell 'cat; echo; echo end' | od -An -c | tr -d ' \n')" 'ab\nc\nend\n' stdin
    same "$(status_of adb -s "$address" shell -x false)" 0 'without the protocol the status is lost'
    same "$(status_of adb -s "$address" shell -tt 'tty; exit 3')" 3 'status over a terminal'
    grep -q pts "$work/out" || fail "no terminal: $(cat "$work/out")"
    files "$address" "${2:-100}"
}

unknown() {
    local asks=$1 open=$2
    connect "$asks" unauthorized
    connect "$open" device
    echo "   an unauthorised board refuses, the other one works"
    same "$(status_of adb -s "$asks" shell true)" 1 status
    grep -q 'device unauthorized' "$work/err" || fail "shell: $(cat "$work/err")"
    same "$(adb -s "$open" shell echo there | tr -d '\r')" there shell
    echo "   the key is known now"
    cat "$HOME/.android/adbkey.pub" >>"$work/keys"
    adb disconnect "$asks" >/dev/null
    sleep 0.7 # the daemon's moment between two clients
    connect "$asks" device
    same "$(adb -s "$asks" shell echo there | tr -d '\r')" there shell
    adb disconnect "$open" >/dev/null
}

# ESC 7 and so on, in front of what was asked for.
noisy() {
    connect "$1" device
    same "$(adb -s "$1" exec-out 'echo there' | od -An -c | tr -d ' \n')" '0337033[r033[999;999H033[6nthere\n' exec-out
    same "$(adb -s "$1" shell 'echo there')" $'there\r' 'shell is quiet'
}

quiet() {
    connect "$1" device
    same "$(adb -s "$1" exec-out 'echo there')" there exec-out
}

cut() {
    local address=$1 root=$2
    connect "$address" device
    echo "   a cut in the middle of a push is noticed, and nothing is left"
    head -c 1000000 /dev/zero >"$work/million"
    same "$(status_of adb -s "$address" push "$work/million" /home/fio/million)" 1 status
    [ ! -e "$root/var/rootdirs/home/fio/million" ] || fail "a part of the file is left"
}

spoiled() {
    local address=$1 limit=5
    timeout 20 adb connect "$address" >/dev/null 2>&1 || true
    echo "   after a wrong packet adb listens no more"
    [ "$(status_of adb -s "$address" shell echo there)" != 0 ] || fail "shell works"
    ! grep -q there "$work/out" || fail "shell works"
    grep -q '^fault at message' "$work/board" || fail "no fault: $(cat "$work/board")"
}

reboot() {
    local address=$1
    connect "$address" device
    echo "   a reboot: the port refuses, then there is another boot"
    local before after
    before=$(adb -s "$address" shell cat /proc/sys/kernel/random/boot_id)
    status_of adb -s "$address" shell 'echo reboot >/run/x8board/power; kill -TERM $(cat /run/x8board/adbd.pid); sleep 5' >/dev/null
    sleep 0.2
    ! (exec 3<>"/dev/tcp/${address%:*}/${address#*:}") 2>/dev/null || fail "the port still answers"
    sleep 1
    adb disconnect "$address" >/dev/null 2>&1 || true
    connect "$address" device
    after=$(adb -s "$address" shell cat /proc/sys/kernel/random/boot_id)
    [ "$before" != "$after" ] || fail "the boot is the same: $before"
}

if [ $# -gt 0 ]; then
    "$@"
    adb disconnect "$2" >/dev/null 2>&1 || true
    exit 0
fi

# ---- all of them ----

: "${X8_ADBD:=${X8_BUILD:?}/tests/x8-adbd}"
command -v adb >/dev/null || { echo "skipped: no adb on this machine"; exit 77; }
command -v python3 >/dev/null || { echo "skipped: no python3 on this machine"; exit 77; }

work=$(mktemp -d)
export work HOME=$work/home TMPDIR=$work
mkdir "$HOME"
unset ANDROID_SERIAL ADB_VENDOR_KEYS ADB_SERVER_SOCKET
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=98

# A server of our own, far from the ports that servers look at.
for _ in $(seq 20); do
    ANDROID_ADB_SERVER_PORT=$((20000 + RANDOM % 10000))
    (exec 3<>"/dev/tcp/127.0.0.1/$ANDROID_ADB_SERVER_PORT") 2>/dev/null || break
done
export ANDROID_ADB_SERVER_PORT
trap 'adb kill-server >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
adb start-server >"$work/log" 2>&1 || fail "adb server: $(cat "$work/log")"

# board CASE WORDS... -- ARGS...
board() {
    local case=$1 status=0
    local -a words=()
    shift
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    echo "== $case ${words[*]}"
    "$X8_ADBD" log="$work/board" "${words[@]}" -- bash "$0" "$case" "$@" || status=$?
    if [ "$status" = 77 ]; then exit 77; fi
    [ "$status" = 0 ] || fail "$case: status $status; the board: $(tail -n 30 "$work/board")"
    ! grep -q 'link ends: [^cft]' "$work/board" || fail "$case: $(grep 'link ends' "$work/board")"
    rm -f "$work/board"
}

board old noise=0 -- '{adb}'
board old image=399 chop=1001 noise=0 -- '{adb}' 10
board new persona=new noise=0 -- '{adb}'
board new persona=new chop=313 noise=0 -- '{adb}' 10
board noisy image=934 -- '{adb}'
board noisy image=822 noise=1 -- '{adb}'
board quiet image=822 -- '{adb}'
board unknown --board "auth=ask keys=$work/keys" --board image=934 -- '{adb}' '{adb2}'
board cut fault=match:sync,dir:in,after:500000,do:drop -- '{adb}' '{root}'
board spoiled fault=at:okay,dir:out,times:0,do:badmagic -- '{adb}'
board spoiled fault=at:okay,dir:out,times:0,do:oversize -- '{adb}'
board reboot down=500 noise=0 -- '{adb}'
echo "all as expected"
