#!/usr/bin/env bash
# shellcheck disable=SC2016 # what stands in single quotes is for the board's shell
# x8ctl sketch on boards that are well: every image generation, way and form of a sketch; what is printed; wrong files.
# shellcheck source=sketch_kit.sh
. "$(dirname "$0")/sketch_kit.sh"
echo 'correct horse' >password
echo wrong >wrong
chmod 600 password wrong

# What the last upload took beside the board's own programming.
added_ms() {
    python3 -c 'import json, sys
row = json.load(open(sys.argv[1]))["boards"][0]
print(int(row["duration_ms"] - row["programming_ms"]))' "$out"
}

echo "== wrong files, before any board is looked for"
nobody=(-s adb:127.0.0.1:1)
while read -r code name file why; do
    start "$file is $code: $why"
    run "$code" "$X8CTL" sketch upload "$sk/$file" "${nobody[@]}"
    error_form "$code $name"
    says "$why"
    prints_nothing
done <<'END'
23 misfit host.elf x86-64
23 misfit aarch64.elf AArch64
23 misfit xtensa.elf Xtensa
23 misfit m7.elf M7
23 misfit m4-wrong-bank.elf 0x08040000
23 misfit too-large.elf too large
21 bad-image blink.bin addresses
21 bad-image zeros.bin zeros
21 bad-image header-cut.elf cut off
21 bad-image no-program-headers.elf program headers
21 bad-image empty.elf empty
END
start "cut at every sixteenth: none of them goes anywhere"
size=$(stat -c %s "$sk/large.elf")
for i in {0..15}; do
    head -c $((size * i / 16)) "$sk/large.elf" >cut.elf
    run 21 "$X8CTL" sketch upload cut.elf "${nobody[@]}"
    [ "$(grep -c '^  code   21 ' "$err")" = 1 ] || problem "cut at $i/16: no error of a damaged file"
done
start "a file that is not there, a folder that is none, nothing at all"
run 20 "$X8CTL" sketch upload nothing.elf "${nobody[@]}"
error_form '20 no-file'
mkdir -p empty
run 20 "$X8CTL" sketch upload empty "${nobody[@]}"
error_form '20 no-file'
run 2 "$X8CTL" sketch upload "${nobody[@]}"
error_form '2 usage'
start "the same error as JSON"
run 23 "$X8CTL" sketch upload "$sk/host.elf" --json "${nobody[@]}"
json "d['error']['code'] == 'misfit' and d['error']['why'] and d['error']['next']"

echo "== every generation of images"
for image in 822 861 934 95; do
    start "image $image: programmed and verified"
    sketch_boot "image=$image" home=1
    upload 0 "$sk/blink.elf"
    out_is "M4 runs blink.elf on tcp $adb"$'\n'
    says "stage check ARM 32-bit ELF, $(size_text "$sk/alone.bin"), fits the M4's flash"
    says 'confirmed on the board'
    says 'verified by OpenOCD'
    programmed blink.elf
    cmp -s -n "$(stat -c %s "$sk/alone.bin")" "$sk/alone.bin" "$root/run/m4/flash" || problem "the flash holds something else"
    tidy
    start "image $image: again, with debug data of megabytes, and the same once more"
    upload 0 "$sk/large.elf" --json
    json "d['boards'][0]['outcome'] == 'verified' and d['boards'][0]['sha256'] == '$(digest "$sk/large.elf")'"
    added=$(added_ms) pushed=60000
    # The smallest of three: what else runs on this computer only adds. Where it adds to each, a mere copy of the file says how much.
    for _ in 2 3; do
        on 0 push "$sk/large.elf" /tmp/large.elf
        [ "$elapsed_ms" -ge "$pushed" ] || pushed=$elapsed_ms
        inside 'rm /tmp/large.elf'
        upload 0 "$sk/large.elf" --json
        [ "$(added_ms)" -ge "$added" ] || added=$(added_ms)
    done
    [ "$added" -le 500 ] || [ "$added" -le $((pushed * 3 / 2)) ] ||
        problem "x8ctl adds $added ms to the board's own programming; a push takes $pushed ms"
    programmed large.elf large.elf large.elf
    start "image $image: the status knows it"
    on 0 sketch status
    prints 'large\.elf.*verified'
    prints "$(digest "$sk/large.elf")"
    prints 'listens'
    on 0 sketch status --json
    json "d['boards'][0]['record']['name'] == 'large.elf' and d['boards'][0]['record']['outcome'] == 'verified'"
    json "d['boards'][0]['record']['replaced'] is False and d['boards'][0]['bridge'] == 'answers'"
    json "d['boards'][0]['file']['sha256'] == '$(digest "$sk/large.elf")' and d['boards'][0]['watcher']['dead'] is False"
done

echo "== passwords, where only the journal knows"
sketch_boot image=95 sudo=custom
start "without one nothing is copied, and nobody is asked"
upload 40 "$sk/blink.elf"
error_form '40 auth'
says 'nothing was copied'
says 'next .*--password-file'
upload 40 "$sk/blink.elf" --password-file wrong
error_form '40 auth'
untouched
asked '' 'ls -A /tmp/arduino 2>/dev/null'
start "with the right one it is verified"
upload 0 "$sk/blink.elf" --password-file password
out_is "M4 runs blink.elf on tcp $adb"$'\n'
programmed blink.elf
start "without verification it needs none, and says that it is not verified"
upload 0 "$sk/plain.elf" --no-verify
prints 'NOT verified'
says_no 'verified by OpenOCD'
upload 0 "$sk/plain.elf" --no-verify --json
json "d['boards'][0]['outcome'] == 'unproven' and d['boards'][0]['code'] == 'ok'"
programmed plain.elf plain.elf
start "status says what it lacks, and asks nobody"
on 0 sketch status
prints 'last-run.*root.*password'
on 0 sketch status --json
json "d['boards'][0]['last'] is None and d['boards'][0]['last_unread_reason']"
on 0 sketch status --password-file password
prints 'last-run.*verified by OpenOCD'
on 0 sketch status --json --password-file password
cp "$out" status.json
json "d['boards'][0]['last']['verdict'] == 'verified'"
start "where the board has no home folder it keeps no record, and status goes by the file"
cp status.json "$out"
json "d['boards'][0]['record'] is None and d['boards'][0]['file']['sha256'] == '$(digest "$sk/plain.elf")'"
start "reset wants it too"
on 40 sketch reset
error_form '40 auth'
untouched
on 0 sketch reset --password-file password
out_is $'M4 and M7 have started again\n'
log_is - nrst
start "where the unit tells, no password is needed"
sketch_boot image=861 sudo=custom
upload 0 "$sk/blink.elf"
programmed blink.elf

echo "== what changes nothing"
start "a dry run checks the file and the board"
sketch_boot image=95
upload 0 "$sk/blink.elf" -n
says 'nothing was changed'
prints_nothing
upload 0 "$sk/blink.elf" -n --json
json "d['boards'][0]['dry_run'] and d['boards'][0]['outcome'] is None"
on 0 sketch reset -n
says 'nothing was changed'
untouched
asked '' 'ls -A /tmp/arduino 2>/dev/null'
start "status of a board that has not had a sketch"
on 0 sketch status
prints 'no record of an upload'
prints 'none came since'
on 0 sketch status --json
json "d['boards'][0]['file'] is None and d['boards'][0]['record'] is None and d['boards'][0]['watcher']['present']"

echo "== sketch folders"
fqbn=arduino.mbed_portenta.portenta_x8
mkdir -p "my blink/build/$fqbn" other/build/arduino.avr.uno
touch -d '1 hour ago' "my blink/my blink.ino" other/other.ino
cp "$sk/blink.elf" "my blink/build/$fqbn/my blink.ino.elf"
cp "$sk/blink.elf" other/build/arduino.avr.uno/other.ino.elf
start "the exported binary of a folder, of its .ino, of the folder one stands in"
upload 0 "my blink"
out_is "M4 runs my blink.ino.elf on tcp $adb"$'\n'
says_no 'is older than'
upload 0 "my blink/my blink.ino"
cd "my blink" || exit 1
upload 0
out_is "M4 runs my blink.ino.elf on tcp $adb"$'\n'
cd .. || exit 1
programmed blink.elf blink.elf blink.elf
start "a source that is newer than the binary is told, and does not stop it"
touch -d '1 hour' "my blink/my blink.ino"
upload 0 "my blink"
says 'warn .*older than .*my blink\.ino'
programmed blink.elf
start "built for another board only; not built"
upload 23 other
error_form '23 misfit'
says 'avr'
rm -r other/build
upload 20 other
error_form '20 no-file'
says 'next .*arduino-cli compile'
untouched
start "regions of the user's own"
mkdir -p "$X8CTL_HOME/config"
echo '{"regions": [{"start": "0x08000000", "length": "0x1000"}]}' >"$X8CTL_HOME/config/sketch.json"
upload 21 "$sk/blink.elf"
error_form '21 bad-image'
says 'sketch\.json: region 1'
echo '{"regions": [{"start": "0x90000000", "length": "0x1000"}]}' >"$X8CTL_HOME/config/sketch.json"
upload 0 "$sk/blink.elf"
programmed blink.elf
rm "$X8CTL_HOME/config/sketch.json"

echo "== ways"
start "a daemon of today"
sketch_boot image=95 persona=new
upload 0 "$sk/large.elf"
programmed large.elf
start "through an adb server"
sketch_boot image=861
serve
run 0 adb -P "$ANDROID_ADB_SERVER_PORT" connect "$adb"
select=()
upload 0 "$sk/large.elf"
programmed large.elf
start "over USB"
plug start=linux adbd='image=861'
upload 0 "$sk/large.elf" --json
json "d['boards'][0]['outcome'] == 'verified' and d['boards'][0]['where'].startswith('usb')"
on 0 sketch status
prints 'large\.elf, verified'
start "busybox's tools on the board"
sketch_boot image=861 tools=busybox
upload 0 "$sk/blink.elf"
programmed blink.elf

echo "== several boards"
sketch_boot --board image=861 --board "image=95 m4time=600"
select=(-s "adb:${adbs[1]}" -s "adb:${adbs[2]}")
start "side by side, each line with its board"
upload 0 "$sk/blink.elf"
[ "$(sort "$out")" = "$(printf 'tcp %s: M4 runs blink.elf\n' "${adbs[@]}" | sort)" ] || problem "stdout is not one line for each"
programmed blink.elf
start "as JSON, one row for each"
upload 0 "$sk/blink.elf" --json
json "[b['outcome'] for b in d['boards']] == ['verified'] * 2 and len({b['where'] for b in d['boards']}) == 2"
start "one of them fails: the sum, and the other is done"
m4_words m4=dp
upload 50 "$sk/blink.elf" --json
json "sorted(b['outcome'] for b in d['boards']) == ['refused', 'verified']"
json "[(b['code'], b['error']['status']) for b in d['boards'] if b['outcome'] == 'refused'] == [('sketch-failed', 32)]"
says '^  code   50 some-failed '
start "the password is read once for all"
sketch_boot image=95 sudo=custom --board serial=0A13B209DAB6FAD8 --board serial=0A13B209DAB6FAD9
select=(-s "adb:${adbs[1]}" -s "adb:${adbs[2]}")
input=password
upload 0 "$sk/blink.elf" --password-fd 0 --json
input=/dev/null
json "[b['outcome'] for b in d['boards']] == ['verified'] * 2"

echo "== at a terminal"
# tty STATUS KEYS... -- ARGS...: what is shown is in $out.
tty() {
    local want=$1
    local -a keys=()
    shift
    while [ "$1" != -- ]; do
        keys+=(--type "$1")
        shift
    done
    shift
    rm -f report report.raw
    run "$want" timeout -k 5 60 python3 "$X8_TESTS/e2e/terminal.py" --columns 80 --report report "${keys[@]}" -- "$X8CTL" "${select[@]}" "$@"
    python3 -c 'import json, sys; print("\n".join(json.load(open(sys.argv[1]))["screen"]))' report >"$out"
    python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
sys.exit(0 if not d["unanswered"] and d["settings_kept"] and not d["hidden"] and d["column"] == 0 else 1)' report ||
        problem "the terminal was not left as it was: $(cat report)"
}
sketch_boot image=95 sudo=custom
start "a finished stage is a line with a mark; the password is asked for and not shown"
tty 0 'Password of=correct horse\n' -- sketch upload "$sk/blink.elf"
prints '^✓ check +ARM 32-bit ELF'
prints '^✓ copy +.*confirmed on the board'
prints '^✓ .*verified by OpenOCD'
prints "^M4 runs blink.elf on tcp $adb"
prints_no 'correct horse'
programmed blink.elf
start "a password that is wrong is the error"
tty 40 'Password of=wrong\n' -- sketch upload "$sk/blink.elf"
prints 'code   40 auth'
untouched
start "status asks for none"
tty 0 -- sketch status
prints '^sketch +not known'
prints "^file +$(size_text "$sk/blink.elf"), .*, sha256 [0-9a-f]{12}$"
prints '^bridge +the M7 answers'
finish
