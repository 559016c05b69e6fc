#!/usr/bin/env bash
# What the program says, where, and with which status: without a terminal, to programs, in a hurry, and when it must not go on.
# shellcheck disable=SC2016 # small programs in single quotes expand for themselves
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"

log=$work/log
cd "$work" || exit 1
make_release release
hurry release
"$X8_MKIMAGE" --size 48M --nonzero 95 --kernel-kb 64 --folder big
hurry big
script=release/mfgtool-files-portenta-x8/full_image.uuu
boards=(--board start=rom --board start=spl --board start=fastboot --board start=linux --board access=denied
    --board "start=fastboot speed=full")

plain_text() {
    if grep -q "$(printf '[\033\r\b\a]')" "$out" "$err"; then problem "there are control bytes"; fi
}
sent_nothing() {
    ! grep -Eq '^(rom|spl|fastboot) ' "$log" || problem "the board was spoken to: $(cat "$log")"
}

echo "== no terminal, no escape bytes"
for arguments in "flash -y release" "flash -y -q release" "flash -y -vvv release" "flash -y --json release" "flash -y nowhere" \
    "uuu -y $script" "list" "watch -t 1s" "explain $script" "guide" "guide breakout" "help" "help flash" "nonsense"; do
    for mode in auto lines json none bar; do
        # shellcheck disable=SC2086
        set -- $arguments
        start "$* --progress $mode"
        flash - start=fastboot emmc=1G -- --progress "$mode" "$@"
        [ "$status" -lt 98 ] || problem "status $status"
        plain_text
    done
done

echo "== stdin"
start "closed, and everything agreed: done"
board 0 start=fastboot emmc=1G -- sh -c 'exec "$@" <&-' sh "$X8CTL" flash -y release
start "closed, and a question: an error that names the answer, at once"
board 41 start=fastboot emmc=1G log="$log" -- sh -c 'exec "$@" <&-' sh "$X8CTL" flash release
error_form '41 need-yes'
says '^  next   .*-y'
within 10
sent_nothing
start "full of agreement is no agreement"
yes | head -c 100000 >"$work/yes"
input=$work/yes
flash 41 start=fastboot emmc=1G log="$log" -- flash release
input=/dev/null
sent_nothing
start "--no-input"
flash 41 start=fastboot emmc=1G log="$log" -- flash --no-input release
sent_nothing

echo "== stdout"
for arguments in "list" "flash -y release" "flash -y --json release" "explain $script" "watch -t 1s" "help"; do
    # shellcheck disable=SC2086
    set -- $arguments
    start "a full disk behind: $*"
    board 25 start=fastboot emmc=1G -- sh -c 'exec "$@" >/dev/full' sh "$X8CTL" "$@"
    says 'cannot write the result'
    start "closed: $*"
    board - start=fastboot emmc=1G -- sh -c 'exec "$@" >&-' sh "$X8CTL" "$@"
    [ "$status" != 0 ] || problem "no result is no success"
done
start "a failure keeps its own status when stdout is full"
board 30 start=fastboot emmc=1G fault=at:flash,do:fail -- sh -c 'exec "$@" >/dev/full' sh "$X8CTL" flash -y --json release

echo "== for programs"
start "--progress json: every line is an event, the result is the last of the board"
flash 0 start=fastboot emmc=1G -- flash -y --progress json release
json_lines 'set(x["ev"] for x in l) >= {"start", "stage", "progress", "result"}'
json_lines '[x["ok"] for x in l if x["ev"] == "result"] == [True]'
json_lines 'all(x["done"] <= x["total"] and x["unit"] == "B" for x in l if x["ev"] == "progress")'
json_lines 'len(set(x["run"] for x in l)) == 1'
start "--progress json: a failure"
flash 30 start=fastboot emmc=1G fault=at:flash,do:fail,text:no -- flash -y --progress json release
json_lines '[x["error"]["status"] for x in l if x["ev"] == "error"] == [30]'
start "--progress json with several boards"
flash 0 emmc=1G start=fastboot --count 3 -- flash -y --all --progress json release
json_lines 'set(x.get("board") for x in l) >= {"1-2", "1-3", "1-4"}'
start "--json: one document, nothing else"
flash 0 start=fastboot emmc=1G -- flash -y --json release
json 'd["boards"][0]["code"] == "ok" and d["boards"][0]["targets"][0]["bytes"] == 8 << 20'
start "--json and --progress json"
flash 0 start=fastboot emmc=1G -- flash -y --json --progress json release
json 'd["boards"][0]["verified"] == "full"'
json_lines 'l[-1]["v"] == 1'
for arguments in "20 flash -y nowhere" "10 flash -y -t 1s release" "10 list -s usb:9-9" "2 flash" "2 flash --nonsense"; do
    # shellcheck disable=SC2086
    set -- $arguments
    start "--json when there is no result: ${*:2}"
    alone "$1" "$2" --json "${@:3}"
    json 'list(d) == ["error"] and d["error"]["status"] == '"$1"
done
start "--json when nobody can be asked"
flash 41 start=fastboot -- flash --json release
json 'd["error"]["code"] == "need-yes"'
for arguments in list "explain $script" guide version; do
    # shellcheck disable=SC2086
    set -- $arguments
    start "$* --json"
    board - "${boards[@]}" -- "$X8CTL" "$@" --json
    json 'isinstance(d, dict)'
done

echo "== how much is said"
start "-q: the result alone"
flash 0 start=fastboot emmc=1G -- flash -y -q release
[ ! -s "$err" ] || problem "stderr must be empty"
prints '^1-2: written .* and verified on the board'
start "-q: an error all the same"
flash 30 start=fastboot emmc=1G fault=at:flash,do:fail -- flash -y -q release
error_form '30 refused'
start "--progress none is not quiet about errors"
flash 30 start=fastboot emmc=1G fault=at:flash,do:fail -- flash -y --progress none release
error_form '30 refused'
start "no line is broken for a program, in any mode"
for mode in lines none bar; do
    flash 0 start=fastboot emmc=1G -- flash -y --progress $mode release
    says 'now      set the boot switches back to OFF \(x8ctl guide\), then replug; without a carrier just replug'
    flash 10 start=linux -- flash -y -t 1s --progress $mode release
    says 'next   .*x8ctl flash --via-boot-erase$'
done
start "-v steps, -vv the dialogue, -vvv bytes"
flash 0 emmc=1G -- flash -y release
says_no ' (detail|trace|wire) '
lines=$(wc -l <"$err")
[ "$lines" -lt 40 ] || problem "$lines lines"
flash 0 emmc=1G -- flash -y -v release
says ' detail FB: ucmd setenv fastboot_dev mmc'
says_no ' (trace|wire) '
flash 0 emmc=1G -- flash -y -vv release
says ' trace > getvar:max-download-size'
says ' trace < OKAY0x40000000'
says_no ' wire '
flash 0 emmc=1G -- flash -y -vvv release
says ' wire '
start "the log of a flash of some length is short"
flash 0 start=fastboot emmc=1G link=3M -- flash -y big
[ "$elapsed_ms" -gt 10000 ] || problem "it was to last longer"
lines=$(wc -l <"$err")
[ "$lines" -lt 40 ] || problem "$lines lines"
says ' write [0-9]+% .*eta '
start "--log FILE has everything, -q or not"
flash 0 start=fastboot emmc=1G -- flash -y -q --log "$work/run.log" release
for word in ' detail ' ' trace ' ' result ok '; do
    grep -q "$word" "$work/run.log" || problem "the log lacks '$word'"
done
if grep -q "$(printf '[\033\r]')" "$work/run.log"; then problem "there are control bytes"; fi
start "--log FILE keeps an error's form"
flash 30 start=fastboot emmc=1G fault=at:flash,do:fail,text:enough -- flash -y --log "$work/run.log" release
grep -q '^  next ' "$work/run.log" || problem "$(cat "$work/run.log")"
start "--log into nothing"
flash 20 start=fastboot emmc=1G log="$log" -- flash -y --log "$work/nowhere/run.log" release
error_form '20 no-file'
sent_nothing
start "in a CI job: lines"
board 0 start=fastboot emmc=1G -- env GITHUB_ACTIONS=true "$X8CTL" flash -y release
says 'Z flash 1-2 stage write'

echo "== which board"
start "a board with Linux is not waited for in silence"
flash 10 start=linux -- flash -y -t 2s release
error_form '10 no-board'
says 'waiting for a board in rom, spl or fastboot mode .*1-2 \(linux\)'
says 'next   .*boot switches to ON.*without a carrier: x8ctl flash --via-boot-erase'
within 10
flash 10 start=linux -- uuu -t 1s FB: ucmd mmc list
says 'next   .*boot switches to ON.*without a carrier: x8ctl reboot --to flash'
start "a chosen board with Linux needs the last four of its serial"
flash 41 start=linux log="$log" -- flash -y -t 2s -s usb:1-2 release
error_form '41 need-yes'
says 'next   --confirm 7788'
flash 41 start=linux log="$log" -- flash -y -t 2s -s usb:1-2 --confirm 7789 release
error_form '41 need-yes'
start "confirmed, it is waited for at its port"
flash 10 start=linux log="$log" -- flash -y -t 2s -s 7788 --confirm 7788 release
error_form '10 no-board'
says 'set its boot switches to ON'
start "confirmed and switched over, it is written"
mkfifo orders
(
    until grep -q 'boot switches' "$err" 2>/dev/null; do sleep 0.05; done
    echo "0 unplug 300"
) >orders &
flash 0 start=linux emmc=1G --control orders --compare "$(full_flash_of release release.raw)" -- \
    flash -y -t 20s -s usb:1-2 --confirm 7788 release
wait
start "several boards and none chosen"
flash 11 start=fastboot log="$log" --count 3 -- flash -y release
error_form '11 several-boards'
says '1-2 .*1-3 .*1-4'
says 'next   .*-s usb:1-2.*--all'
sent_nothing
start "one of several, by port, by serial, by its end, by uuu's form"
for selector in usb:1-3 1-3 1b2c3d4e5f600001 0001 1:3; do
    flash 0 start=fastboot emmc=1G --count 3 -- flash -y --json -s "$selector" release
    json '[b["port"] for b in d["boards"]] == ["1-3"]'
done
board 0 start=fastboot emmc=1G --count 2 -- env X8CTL_SERIAL=usb:1-3 "$X8CTL" flash -y --json release
json '[b["port"] for b in d["boards"]] == ["1-3"]'
for selector in '' 12 '{{port}}' 'usb:' '1-' 'a b'; do
    start "no selector: '$selector'"
    flash 2 start=fastboot log="$log" -- flash -y -s "$selector" release
    error_form '2 usage'
    sent_nothing
done
for selector in usb:9-9 ffff0000; do
    start "a selector that fits nothing: $selector"
    flash 10 start=fastboot log="$log" -- flash -y -s $selector release
    error_form '10 no-board'
    says 'seen: 1-2'
    within 10
    sent_nothing
done
start "no board at all: what is on the bus, and a limit"
alone 10 flash -y -t 1s release
error_form '10 no-board'
says 'on USB: nothing of NXP or Arduino'
within 10
start "a board that nobody may open"
flash 13 access=denied log="$log" -- flash -y release
error_form '13 no-permission'
says 'why    no permission on /dev/bus/usb/001/002: owner [a-z]+, mode 0[0-7]+, you are "[^"]+"'
says 'next   sudo x8ctl udev install'
start "a board at full speed is warned about"
flash 0 start=fastboot speed=full emmc=1G -- flash -y --json release
says 'warn the link runs at full speed \(12 Mbit/s\)'
json 'd["boards"][0]["full_speed"]'

echo "== list and watch"
start "list: a table with tabs and a header"
flash 0 "${boards[@]}" -- list
prints '^SERIAL	NAME	STATE	IMAGE	CARRIER	LINKS	WHERE	NOTE	NEXT$'
prints '^-	-	rom	-	-	usb	usb 1-2	-	-$'
prints '^-	-	spl	-	-	usb	usb 1-3	-	-$'
prints '^1b2c3d4e5f600002	-	fastboot	-	-	usb	usb 1-4	-	-$'
prints '^1b2c3d4e5f600003	-	mute	-	-	usb	usb 1-5	.*does not answer	replug the board$'
prints '^-	-	no-access	-	-	-	usb 1-6	.*owner [a-z]+, mode .*	sudo x8ctl udev install$'
prints '^1b2c3d4e5f600005	-	fastboot	-	-	usb	usb 1-7	full speed .*hour'
says '^6 boards, 3 need something$'
start "list --columns"
flash 0 "${boards[@]}" -- list --no-probe --columns where,SPEED,state
prints '^WHERE	SPEED	STATE$'
prints '^usb 1-5	480M	linux$'
start "list --json"
flash 0 "${boards[@]}" -- list --json
json '[b["state"] for b in d["boards"]] == ["rom", "spl", "fastboot", "mute", "no-access", "fastboot"]'
json '[b["mode"] for b in d["boards"]] == ["rom", "spl", "fastboot", "linux", "rom", "fastboot"]'
json 'd["boards"][4]["access"] is False and d["boards"][0]["vid"] == "1fc9"'
start "list --state"
flash 0 "${boards[@]}" -- list --state fastboot --json
json '[b["port"] for b in d["boards"]] == ["1-4", "1-7"]'
start "list without a board is no error"
alone 0 list
says 'no board'
start "watch: what is there, what leaves, what comes"
(
    until grep -q present "$out" 2>/dev/null; do sleep 0.05; done
    echo "0 unplug 300"
) >orders &
# Until the third line, however long that takes.
board 0 start=fastboot --control orders -- sh -c '"$@" | sed -u 3q' sh "$X8CTL" watch -t 120s --json
wait
python3 -c '
import json, sys
events = [(x["ev"], x["state"]) for x in map(json.loads, open(sys.argv[1]))]
assert events == [("present", "fastboot"), ("left", "fastboot"), ("arrived", "rom")], events' "$out" || problem "other events"
start "watch ends with the reader of its lines although nothing happens any more, and says nothing"
board 0 start=fastboot -- sh -c '"$@" | head -n 1' sh "$X8CTL" watch -t 120s
within 40
says_no 'cannot write'
prints '	present	usb 1-2	fastboot'

echo "== stopping"
# stopped STATUS SIGNALS WHEN WORDS...: signals to a flash of the big release once its dialogue shows WHEN; "/" waits
# between two.
sending='trace < DATA00ff'
writing='trace > flash:all'
reading='trace > UCmd:mmc dev .* mmc read '
stopped() {
    local want=$1 signals=$2 moment=$3 began signal board_pid
    shift 3
    rm -f pid "$log"
    shown="$signals at '$moment' with $*"
    # A shell starts background programs with SIGINT ignored, and x8ctl lets it be so.
    env --default-signal=INT "$X8_BOARD" start=fastboot gap=20 emmc=1G log="$log" --idle-limit 60 --pid-file pid "$@" -- \
        "$X8CTL" flash -y -vv --json big >"$out" 2>"$err" </dev/null &
    board_pid=$!
    until grep -q -e "$moment" "$err" || ! kill -0 $board_pid 2>/dev/null; do sleep 0.05; done
    sleep 0.3
    began=$(milliseconds)
    for signal in $signals; do
        if [ "$signal" = / ]; then sleep 0.3; else kill -"$signal" "$(cat pid)" 2>/dev/null; fi # the last may find it gone
    done
    wait $board_pid
    status=$?
    elapsed_ms=$(($(milliseconds) - began))
    check_status "$want"
}

start "Ctrl-C once: the piece on the wire is written first"
stopped 130 INT "$sending" link=8M
error_form '130 stopped'
says 'stopping at the next safe point'
says 'why    .*the eMMC is partly written$'
[ "$(tail -n 1 "$log")" = 'fastboot flash:all -> OKAY' ] || problem "the board was left in the middle: $(tail -n 1 "$log")"
json 'd["boards"][0]["code"] == "stopped"'
start "Ctrl-C twice: at once"
stopped 130 'INT / INT' "$sending" link=2M
error_form '130 stopped'
says 'stopping at once'
says 'why    .*parts of the eMMC are erased; the board needs a complete flash$'
within 3
start "Ctrl-C three times: the program ends whatever it does"
stopped 130 'INT / INT INT' "$sending" link=2M
within 3
start "SIGTERM"
stopped 143 TERM "$sending" link=8M
error_form '143 terminated'
says 'why    .*the eMMC is partly written$'
start "Ctrl-C while the eMMC works"
stopped 130 'INT / INT' "$writing" write=2M
error_form '130 stopped'
says 'the eMMC is partly written'
within 3
json 'd["boards"][0]["verified"] == "none"'
start "Ctrl-C while it is read back"
stopped 130 'INT / INT' "$reading" read=4M
error_form '130 stopped'
within 3
start "SIGINT that was ignored from the start stays so"
"$X8_BOARD" start=fastboot emmc=1G --pid-file pid link=4M -- sh -c 'trap "" INT; exec "$@"' sh "$X8CTL" flash -y release >"$out" 2>"$err" &
board_pid=$!
until grep -q ' stage write' "$err"; do sleep 0.05; done
kill -INT "$(cat pid)"
wait $board_pid
status=$?
check_status 0
start "Ctrl-C while waiting for a board"
env --default-signal=INT "$X8_BOARD" start=off --pid-file pid -- "$X8CTL" flash -y -t 60s release >"$out" 2>"$err" &
board_pid=$!
until grep -q ' wait ' "$err"; do sleep 0.05; done
kill -INT "$(cat pid)"
wait $board_pid
status=$?
check_status 130
error_form '130 stopped'
finish
