#!/usr/bin/env bash
# ADB over the USB of a virtual board: x8ctl's own link through the real libusb, and as a witness the real adb with its own
# USB code. What the board's Linux does with its power shows on the bus.
# shellcheck disable=SC2016 # programs in single quotes expand for themselves
set -euo pipefail
: "${X8_BOARD:?}" "${X8_BUILD:?}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export link=$X8_BUILD/tests/adb_link

fail() {
    echo "FAILED: $*" >&2
    cat "$work/out" "$work/err" >&2 2>/dev/null || true
    exit 1
}

# board STATUS [WORDS]... -- COMMAND...: on a running board that boots fast; output in $work/out and $work/err.
board() {
    local want=$1 status=0
    shift
    rm -f "$work/log"
    "$X8_BOARD" start=linux adbgap=200 down=100 gap=20 "log=$work/log" --idle-limit 60 "$@" >"$work/out" 2>"$work/err" ||
        status=$?
    if [ "$status" = 77 ]; then
        cat "$work/err"
        exit 77
    fi
    [ "$status" = "$want" ] || fail "status $status, not $want"
    ! grep -q 'Sanitizer\|runtime error:' "$work/err" || fail "a sanitizer spoke"
}

says() { grep -Eq -e "$1" "$work/out" || fail "lacks: $1"; }
logs() { grep -Eq -e "$1" "$work/log" || fail "log lacks: $1: $(cat "$work/log")"; }
in_order() { ! grep -q 'linux adb:' "$work/log" || fail "framing: $(cat "$work/log")"; }

echo "== bytes go both ways at the same time, wherever the interface is"
board 0 adbd=image=861 -- "$link" echo 500000
in_order
board 0 adbif=first product='"Generic Arduino Board"' adbd=image=861 -- "$link" echo 20000
in_order
board 0 speed=full adbd=image=861 -- "$link" echo 20000
in_order
board 1 adb=0 adbd=image=861 -- "$link" wake
says 'no board with ADB'

echo "== whoever waits without limit can be woken, and notices a departure"
board 0 adbd=image=861 -- "$link" wake
board 0 adbd=image=861 --control "$work/orders" -- sh -c '"$link" gone >"$1/gone" &
    for i in $(seq 1200); do grep -q open "$1/gone" && break; sleep 0.05; done
    echo "0 unplug" >"$1/orders"; wait $! && cat "$1/gone"' sh "$work"
says 'left the bus'

echo "== a daemon that dies is there again"
board 0 adbd="restart=100 fault=at:open,do:die" -- sh -c '"$link" limit 500; exec "$link" echo 1000'
says '^1000 of 1000 bytes'

echo "== a link that cannot be had names who has it"
board 0 adbd=image=861 -- "$link" busy

# ---- the real adb ----

if ! command -v adb >/dev/null; then
    echo "all good, without a witness: no adb on this machine"
    exit 0
fi
export HOME=$work ADB_VENDOR_KEYS='' ANDROID_SERIAL=''
unset ADB_VENDOR_KEYS ANDROID_SERIAL ADB_LIBUSB ADB_TRACE
# A port that nobody has; the server is this test's own, and is ended by its process id.
cat >"$work/with_adb" <<'END'
set -eu
# Not one that the system might give to a connection before the server has it.
ANDROID_ADB_SERVER_PORT=$(python3 -c '
import random, socket
while True:
    port = random.randrange(10240, 32768)
    try:
        socket.socket().bind(("127.0.0.1", port))
        break
    except OSError:
        pass
print(port)')
export ANDROID_ADB_SERVER_PORT
adb -P "$ANDROID_ADB_SERVER_PORT" nodaemon server >"$HOME/server.log" 2>&1 &
server=$!
# A client that finds no server starts one of its own.
for i in $(seq 1200); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$ANDROID_ADB_SERVER_PORT") 2>/dev/null; then break; fi
    sleep 0.05
done
trap 'kill "$server" || cat "$HOME/server.log"; wait "$server" || true' EXIT
# await TEXT: until it is in the list of devices.
await() {
    for i in $(seq 600); do
        adb devices -l >"$HOME/devices" 2>&1 || true
        if grep -q -e "$1" "$HOME/devices"; then return 0; fi
        sleep 0.1
    done
    echo "never seen: $1"
    cat "$HOME/devices" "$HOME/server.log"
    return 1
}
gone() {
    for i in $(seq 600); do
        adb devices >"$HOME/devices" 2>&1 || true
        if ! grep -q -e 'device$' "$HOME/devices"; then return 0; fi
        sleep 0.1
    done
    return 1
}
END

# witness STATUS [WORDS]... -- SCRIPT
witness() {
    local -a before=()
    while [ "$1" != -- ]; do
        before+=("$1")
        shift
    done
    board "${before[@]}" -- bash -c ". '$work/with_adb'; $2"
}

echo "== adb lists the board, runs commands, and moves files"
head -c 1000000 /dev/urandom >"$work/data"
head -c 8192 /dev/urandom >"$work/pages"
witness 0 serial=0a13b209dab6fad9 adbd=image=861 -- 'await "0A13B209DAB6FAD9 *device usb:1-2"
    adb shell id -u
    adb push "$HOME/data" "$HOME/pages" /tmp/ && adb pull /tmp/data "$HOME/back" && adb pull /tmp/pages "$HOME/back2"
    cmp "$HOME/data" "$HOME/back" && cmp "$HOME/pages" "$HOME/back2" && echo same'
says '^1000'
says '^same'
in_order

echo "== while adb has the board, nobody else gets it, and is told who does"
witness 0 adbd=image=861 -- 'await "device usb:"
    "$link" wake || true'
says 'held by .*adb \([0-9]+\)'

echo "== two boards, each with its own Linux"
witness 0 --board 'adbd=image=861' --board 'adbd=image=934' -- 'await "device usb:1-2"; await "device usb:1-3"
    echo one >"$X8_ROOT/var/mark"; echo two >"$X8_ROOT2/var/mark"
    adb -s 0E1A2C0D5B6F7788 shell cat /var/mark; adb -s 1B2C3D4E5F600001 shell cat /var/mark'
says '^one'
says '^two'

echo "== a reboot is a departure and another boot"
witness 0 adbd=image=822 -- 'await "device usb:"
    first=$(adb shell cat /proc/sys/kernel/random/boot_id)
    adb shell "echo fio | sudo -S reboot" || true
    gone; await "device usb:"
    second=$(adb shell cat /proc/sys/kernel/random/boot_id)
    [ "${#first}" = "${#second}" ] && [ "$first" != "$second" ] && echo another'
says 'another$'
logs 'linux down, next linux'
logs 'linux boot=2'

echo "== every reboot is one, not only the first"
witness 0 adbd=image=934 -- 'for boot in 1 2; do
        await "device usb:"
        adb shell "echo | sudo -S reboot" || true
        gone
    done
    await "device usb:" && [ -L "$X8_ROOT/power" ] && echo back'
says '^back'
[ "$(grep -c 'linux down, next linux' "$work/log")" = 2 ] || fail "not two departures: $(cat "$work/log")"
logs 'linux boot=3'

echo "== with erased boot areas it ends in the ROM, and both sides see the same bytes"
head -c 4194304 /dev/zero >"$work/zeros"
cat >"$work/erase" <<'END'
for area in mmcblk2boot0 mmcblk2boot1; do
    echo 0 >/sys/block/$area/force_ro
    dd if=/dev/zero of=/dev/$area bs=1M count=4
done
reboot
END
witness 0 --compare "boot0=$work/zeros,boot1=$work/zeros" adbd=image=822 -- 'await "device usb:"
    adb push "$HOME/erase" /tmp/ && adb shell "echo fio | sudo -S sh /tmp/erase" || true
    for i in $(seq 600); do grep -qs 0134 /sys/bus/usb/devices/1-2/idProduct && break; sleep 0.1; done
    cat /sys/bus/usb/devices/1-2/idProduct'
says '^0134'
logs 'stage rom'

echo "== switched off, it is off"
witness 0 adbd=image=822 -- 'await "device usb:"
    adb shell "echo fio | sudo -S poweroff" || true
    for i in $(seq 600); do [ -e /sys/bus/usb/devices/1-2 ] || break; sleep 0.1; done
    ls /sys/bus/usb/devices'
! grep -q 1-2 "$work/out" || fail "it is still there"

echo "== nothing is left behind"
mkdir "$work/tmp"
TMPDIR=$work/tmp board 0 adbd=image=861 -- true
[ -z "$(ls "$work/tmp")" ] || fail "left behind: $(ls "$work/tmp")"
echo "all good"
