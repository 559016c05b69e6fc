#!/usr/bin/env bash
# shellcheck disable=SC2016,SC2317 # single quotes: for the board's shell; what is awaited is called by its name
# Sketches when something else happens meanwhile: a bridge that does not come back, another upload, another program that
# writes the file, a stop by the user. No success that is none, and no half a file of x8ctl's that was programmed.
# shellcheck source=sketch_kit.sh
. "$(dirname "$0")/sketch_kit.sh"
one="$sk/blink.elf" other="$sk/plain.elf"

echo "== the bridge"
for image in 861 95; do
    start "image $image: it does not come back: programmed, and the next step is the plug"
    sketch_boot "image=$image" bridge=stalls
    upload 36 "$one" --json
    error_form '36 unhealthy'
    says 'next .*power'
    json "d['boards'][0]['outcome'] == 'verified' and d['boards'][0]['bridge'] == 'stalled'"
    programmed blink.elf
    on 0 sketch status
    prints 'bridge.*stalled'
done
start "it needs a second: waited for"
sketch_boot image=861 bridge=slow
upload 0 "$one"
programmed blink.elf
start "a reset from which it does not come back"
sketch_boot image=95 bridge=stalls
on 36 sketch reset
error_form '36 unhealthy'

echo "== others at the same time"
sketch_boot image=95 m4time=700
serve
run 0 adb -P "$ANDROID_ADB_SERVER_PORT" connect "$adb"
select=()
start "two uploads: one after the other, both verified"
timeout 60 "$X8CTL" sketch upload "$other" --json >second.out 2>second.err </dev/null &
second=$!
upload 0 "$one" --json
json "d['boards'][0]['outcome'] == 'verified'"
wait "$second" || problem "the second: $(cat second.err)"
grep -q '"outcome": "verified"' second.out || problem "the second: $(cat second.out)"
[ "$(m4_new | cut -d ' ' -f 3,5,6 | sort)" = "$(printf '%s complete ok\n' "$(digest "$one")" "$(digest "$other")" | sort)" ] ||
    problem "programmed was: $(m4_new)"
m4_seen
start "adb push over the file while it is programmed: nobody says that it is well"
m4_words m4time=5000
"$X8CTL" sketch upload "$one" --json >first.out 2>first.err </dev/null &
first=$!
await 60 "the programming" grep -q '^ActiveState=activating' "$root/run/units/monitor-m4-elf-file.service"
adb -P "$ANDROID_ADB_SERVER_PORT" push "$sk/large.elf" /tmp/arduino/m4-user-sketch.elf >push.out 2>&1 || problem "$(cat push.out)"
wait "$first"
status=$?
cp first.out "$out"
cp first.err "$err"
shown="sketch upload $one, with adb push meanwhile"
case $status in 32 | 34) ;; *) problem "status $status" ;; esac
json "d['boards'][0]['outcome'] != 'verified'"
settled
m4_seen
start "what adb push has begun is waited for, and the sketch is the last one"
m4_words m4time=600
adb -P "$ANDROID_ADB_SERVER_PORT" push "$sk/large.elf" /tmp/arduino/m4-user-sketch.elf >push.out 2>&1 || problem "$(cat push.out)"
upload 0 "$one" --json
[ "$(m4_log | tail -n 1 | cut -d ' ' -f 3,5,6)" = "$(digest "$one") complete ok" ] || problem "the last one is another: $(m4_new)"
m4_seen

echo "== a stop by the user"
# stopped NAME COUNT WHEN...: an upload that gets so many signals once WHEN holds. Jobs of a script do not hear SIGINT.
stopped() {
    local count=$1 i
    shift
    "$X8CTL" "${select[@]}" sketch upload "$file" --json >"$out" 2>"$err" </dev/null &
    first=$!
    shown="sketch upload $file, and SIGTERM"
    await 60 "the time for a signal" "$@"
    for ((i = 1; i <= count; i++)); do
        kill -TERM "$first"
        await 60 "a word about signal $i" heard_of "$i"
    done
    wait "$first"
    status=$?
    check_status -
}
heard_of() { [ "$(grep -ciE 'stopp|stops|waits' "$err")" -ge "$1" ] || ! kill -0 "$first" 2>/dev/null; }
programs() { grep -q '^ActiveState=activating' "$root/run/units/monitor-m4-elf-file.service"; }
copies() { grep -q 'stage copy$' "$err"; }
sketch_boot image=861 m4time=4000
start "while it is programmed the first one waits for the end"
file=$one
stopped 1 programs
[ "$status" = 0 ] || problem "status $status"
json "d['boards'][0]['outcome'] == 'verified'"
settled
programmed blink.elf
start "the second one does not wait, and says what the board goes on with"
stopped 2 programs
[ "$status" = 143 ] || problem "status $status"
says 'outcome unknown'
settled
programmed blink.elf
start "while it is copied it ends at once, and nothing is programmed"
sketch_boot image=861 rate=200K
file=$sk/large.elf
stopped 1 copies
[ "$status" = 143 ] || problem "status $status"
says 'nothing was programmed'
settled
untouched
tidy
finish
