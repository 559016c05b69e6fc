#!/usr/bin/env bash
# Running boards: which are there, which are one, who they are, and what is said of those that cannot be used. Boards with a
# real Linux userland behind USB and TCP, and the real adb server in front of some.
# shellcheck disable=SC2016 # small programs in single quotes expand for themselves
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"
: "${X8_ADBD:=$(dirname "$X8_BOARD")/x8-adbd}"
for tool in bwrap busybox; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool on this machine"; exit 77; }
done
cd "$work" || exit 1
export X8CTL

# adbd STATUS WORDS... -- ARGS...: x8ctl beside boards on loopback; {adb} is the address of the first.
adbd() {
    local want=$1
    local -a words=()
    shift
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    run "$want" "$X8_ADBD" "${words[@]}" -- "$X8CTL" "$@"
}
# beside STATUS WORDS... -- PROGRAM: a shell program there, with $X8_ADB, $X8_ADB2 and $X8CTL.
beside() {
    local want=$1
    local -a words=()
    shift
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    run "$want" "$X8_ADBD" "${words[@]}" -- bash -c "$2"
}
usb=(--board "start=linux adbd=image=934" --board "start=linux adbd=image=399" --board "start=linux" --board start=rom)
two=("${usb[@]:0:4}") # without the mute one, which costs its time

echo "== USB"
start "running boards are asked who they are, and a mute one does not hold them up"
flash 0 "${usb[@]}" -- list
within 20
prints '^0E1A2C0D5B6F7788	-	linux-setup	934	breakout	usb	usb 1-2	its user has no password yet, so ssh lets in nobody	x8ctl setup$'
prints '^1B2C3D4E5F600001	-	linux	399	[a-z]+	usb	usb 1-3	-	-$'
prints '^1b2c3d4e5f600002	-	mute	-	-	usb	usb 1-4	.*does not answer	replug the board$'
prints '^-	-	rom	-	-	usb	usb 1-5	-	-$'
start "--state linux finds those that run, also the mute one"
flash 0 "${usb[@]}" -- list --state linux --json
json '[b["port"] for b in d["boards"]] == ["1-2", "1-3", "1-4"]'
json '[b["image"] for b in d["boards"]] == ["934", "399", None]'
json 'd["boards"][0]["hostname"] == "portenta-x8-e1a2c0d5b6f7788" and d["boards"][0]["machine"] == "portenta-x8"'
json 'd["boards"][2]["code"] == "timeout" and d["boards"][2]["needs_something"]'
start "--no-probe asks nobody"
flash 0 "${usb[@]}" -- list --no-probe
prints '^0E1A2C0D5B6F7788	-	linux	-	-	usb	usb 1-2	-	-$'
start "several boards: the list, and how to choose"
flash 11 "${two[@]}" -- info
error_form '11 several-boards'
says 'usb 1-2 \(linux\).*usb 1-3 \(linux\)'
start "--all takes those that run; one that fails makes the sum"
flash 50 "${usb[@]}" -- info image --all
prints '^0E1A2C0D5B6F7788: 934$'
prints '^1B2C3D4E5F600001: 399$'
says 'board 1b2c3d4e5f600002 does not answer'
start "one in flashing mode is told how to start"
flash 12 start=rom -- info -s usb:1-2
error_form '12 wrong-state'
start "none runs"
flash 12 start=rom -- os-release
error_form '12 wrong-state'
start "no board at all"
alone 10 info
error_form '10 no-board'
start "a port that another run works on"
mkdir -p "$X8CTL_HOME/locks"
run 14 flock "$X8CTL_HOME/locks/usb-1-2" "$X8_BOARD" start=linux "adbd=image=934" -- "$X8CTL" info
error_form '14 busy'
run 0 flock "$X8CTL_HOME/locks/usb-1-2" "$X8_BOARD" start=linux "adbd=image=934" -- "$X8CTL" list
prints '	busy	.*	usb 1-2	'
start "a run that ends soon is waited for"
run 0 bash -c 'exec 9>"$X8CTL_HOME/locks/usb-1-2"; flock 9; (sleep 0.7) & exec 9>&-; "$@"; wait' bash \
    "$X8_BOARD" start=linux "adbd=image=934" -- "$X8CTL" info image
prints '^934$'
start "watch shows the same row, once"
flash 0 start=linux "adbd=image=934" -- watch -t 3s --json
prints '"ev":"present".*"image":"934".*"links":"usb"'
[ "$(wc -l <"$out")" = 1 ] || problem "more than one line"

echo "== an address"
start "a board on the network, by -s and by ANDROID_SERIAL"
adbd 0 image=934 -- list -s 'adb:{adb}'
prints '^0A13B209DAB6FAD9	-	linux-setup	934	breakout	tcp	tcp 127\.0\.0\.1:[0-9]+	its user has no password yet, so ssh lets in nobody	x8ctl setup$'
beside 0 image=934 -- 'ANDROID_SERIAL=$X8_ADB "$X8CTL" info image'
prints '^934$'
start "nobody listens there"
alone - info -s adb:127.0.0.1:9
[ "$status" != 0 ] || problem "status 0"
says 'cannot connect to 127\.0\.0\.1 port 9'
start "a machine that is no X8 says so"
adbd 0 image=foreign -- list -s 'adb:{adb}'
prints 'no Portenta X8'

echo "== facts and comparisons"
start "os-release of the images"
adbd 0 image=934 -- os-release IMAGE_VERSION -s 'adb:{adb}'
prints '^934$'
adbd 0 image=399 -- os-release IMAGE_VERSION -s 'adb:{adb}'
prints '^399$'
adbd 0 image=861 -- os-release --json -s 'adb:{adb}'
json 'd["boards"][0]["os_release"]["LMP_MACHINE"] == "portenta-x8"'
start "--check: 0 when all hold, 4 with what is there when one differs, 2 for what cannot be read"
adbd 0 image=861 -- os-release --check 'IMAGE_VERSION>=844' --check 'LMP_MACHINE==portenta-x8' -s 'adb:{adb}'
prints_nothing
adbd 4 image=861 -- os-release --check 'IMAGE_VERSION>=844' --check 'IMAGE_VERSION>=900' -s 'adb:{adb}'
error_form '4 differs'
says 'IMAGE_VERSION is 861, wanted >=900'
adbd 2 image=861 -- os-release --check 'IMAGE_VERSION=>900' -s 'adb:{adb}'
error_form '2 usage'
start "a key that is not there"
adbd 4 image=861 -- os-release IMAGE_VERSIO -s 'adb:{adb}'
error_form '4 differs'
says 'did you mean IMAGE_VERSION'
start "info: fields by name, all of them, and JSON"
adbd 0 image=861 -- info image carrier -s 'adb:{adb}'
prints '^image	861$'
adbd 0 image=861 -- info -s 'adb:{adb}' --json
json 'd["boards"][0]["image"] == "861" and d["boards"][0]["var"]["size"] > 0 and d["boards"][0]["code"] == "ok"'
adbd 2 image=861 -- info imag -s 'adb:{adb}'
error_form '2 usage'
says "did you mean 'image'"
start "wait: there, in time, and not"
adbd 0 image=861 -- wait --state linux -s 'adb:{adb}'
prints '^[^	]+	linux-setup	tcp 127\.0\.0\.1:[0-9]+	861$'
adbd 10 silent=1 -- wait --state linux -t 1s -s 'adb:{adb}'
error_form '10 no-board'
within 10
flash 0 start=rom -- wait --state rom -t 5s
alone 0 wait --state gone -t 5s

echo "== names"
start "a name is given, shown, understood and taken away"
beside 0 image=934 -- 'set -e; S="-s adb:$X8_ADB"
    "$X8CTL" name bench-1 $S; "$X8CTL" list $S; "$X8CTL" name; "$X8CTL" name --clear $S; "$X8CTL" list $S'
prints '^0A13B209DAB6FAD9	bench-1	linux'
prints '^0A13B209DAB6FAD9	bench-1$'
prints '^0A13B209DAB6FAD9	-	linux'
says 'is called bench-1'
start "a name selects its board"
flash 0 "${two[@]}" -- name bench-1 -s usb:1-2
flash 0 "${two[@]}" -- info image serial -s bench-1
prints '^image	934$'
prints '^serial	0E1A2C0D5B6F7788$'
flash 0 "${two[@]}" -- name --clear -s BENCH-1
start "a name that could not be typed is refused"
flash 2 "${two[@]}" -- name "$(printf 'a\033[31mb')" -s usb:1-2
error_form '2 usage'
says_no "$(printf '\033')"

echo "== what journalctl does not take"
start "is a mistake in the arguments, in its own words"
flash 2 start=linux adbd=image=934 -- logs --since nonsense
error_form '2 usage'
says 'why .*Failed to parse timestamp: nonsense'
says "next .*--since '10 min ago'"
flash 2 start=linux adbd=image=934 -- logs --grep '('
error_form '2 usage'
says 'why .*Bad pattern'

echo "== an adb server"
if command -v adb >/dev/null; then
    export HOME=$work/home
    mkdir -p "$HOME"
    port=$(free_port)
    export ANDROID_ADB_SERVER_PORT=$port
    server='adb connect "$X8_ADB" >/dev/null; trap "adb kill-server" EXIT;'
    start "what a running server has is reached through it; it is asked what it is"
    beside 0 --board image=934 --board image=foreign -- \
        "$server"' adb connect "$X8_ADB2" >/dev/null; "$X8CTL" list; "$X8CTL" info image via'
    prints '^0A13B209DAB6FAD9	-	linux-setup	934	breakout	adb	tcp 127\.0\.0\.1:[0-9]+	its user has no password yet, so ssh lets in nobody	x8ctl setup$'
    [ "$(grep -c linux "$out")" = 1 ] || problem "a machine that is no X8 is listed"
    prints '^image	934$'
    prints "^via	adb server on $port\$"
    start "unauthorized is told with its cause"
    beside 0 auth=ask -- "$server"' "$X8CTL" list; "$X8CTL" info; test $? = 40'
    prints '	unauthorized	'
    error_form '40 auth'
    start "the server's place on TCP is taken: the other way says who may hold it"
    beside 0 image=934 -- "$server"' "$X8CTL" info image --via tcp -s adb:$X8_ADB; test $? = 16'
    error_form '16 timeout'
    start "no server runs, and none is started"
    adbd 10 image=934 -- info --via adb -s 'adb:{adb}'
    error_form '10 no-board'
    run 1 bash -c 'exec 3<>/dev/tcp/127.0.0.1/$ANDROID_ADB_SERVER_PORT'
else
    echo "skipped: no adb on this machine"
fi
finish
