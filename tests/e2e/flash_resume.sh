#!/usr/bin/env bash
# A flash that was cut off and goes on: retries, --resume, --skip-same.
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"

cd "$work" || exit 1
"$X8_MKIMAGE" --size 48M --nonzero 60 --kernel-kb 64 --folder release --reference release.raw || exit 1
"$X8_MKIMAGE" --size 48M --nonzero 60 --kernel-kb 64 --seed 7 --folder other --reference other.raw || exit 1
hurry release
hurry other
journal=$X8CTL_HOME/state/flash/usb-1-2.jsonl
media=$(full_flash_of release release.raw)

# small pieces, so that there are many; slow enough to be stopped in between: what comes after the fifth takes two seconds
slow=(maxdl=2M link=10M)

# kill_at N SIGNAL: the signal for x8ctl when the journal has N pieces that the loader said OKAY to.
cat >kill_at <<'END'
#!/usr/bin/env bash
for ((i = 0; i < 3000; i++)); do
    n=$(grep -cs '"confirmed"' "$3")
    [ "${n:-0}" -ge "$1" ] && break
    sleep 0.02
done
kill "-$2" "$(cat pid)"
END
# Killed and called again while the board stays as it is.
cat >twice <<'END'
#!/usr/bin/env bash
"$1" flash -y release &
echo $! >pid
./kill_at 4 KILL "$2"
wait
exec "$1" flash -y --json --resume
END
# A run that is killed has a status that is none of the program's.
cat >begin <<'END'
#!/usr/bin/env bash
exec "$X8CTL" flash -y --json release
END
chmod +x kill_at twice begin

fresh() {
    rm -rf "$X8CTL_HOME/state" media
    mkdir media
}

# cut_off N SIGNAL STATUS: a flash of release/ onto the board of media/ that ends in the middle.
cut_off() {
    rm -f pid
    ./kill_at "$1" "$2" "$journal" &
    board "$3" dir=media emmc=128M "${slow[@]}" --pid-file pid -- ./begin
    wait
}

echo "== cut off"
start "killed in the middle: --resume knows the source, and sends the rest"
fresh
cut_off 5 KILL 137
[ "$(stat -c %a "$journal")" = 600 ] || problem "the journal can be read by others"
flash 0 dir=media keep=1 emmc=128M maxdl=2M --compare "$media" -- flash -y --json --resume
says 'the run of release begun at .* is resumed; .* of the image had arrived'
json "d['source'].endswith('/release') and d['boards'][0]['resumed'] and d['boards'][0]['verified'] == 'full'"
json "d['boards'][0]['pieces_same'] >= 4 and d['boards'][0]['targets'][0]['same'] > 0"
[ ! -e "$journal" ] || problem "the journal is still there"
start "the board is still in the middle of a download when --resume comes"
fresh
board 0 dir=media emmc=128M "${slow[@]}" --compare "$media" -- ./twice "$X8CTL" "$journal"
json "d['boards'][0]['resumed'] and d['boards'][0]['verified'] == 'full' and d['boards'][0]['pieces_same'] >= 3"
start "Ctrl-C: the next step is --resume, and says where it goes on"
fresh
cut_off 5 INT 130
error_form '130 stopped'
says 'next   x8ctl flash --resume    goes on at [0-9.]+ MiB'
cp "$journal" before
start "a run that ends before the board is touched leaves what is known of it"
flash 13 dir=media keep=1 emmc=128M maxdl=2M access=denied -- flash -y --retries 0 release
says 'next   .*udev install.*; then  x8ctl flash --resume    goes on at [0-9.]+ MiB'
flash 13 dir=media keep=1 emmc=128M maxdl=2M access=denied -- flash -y --retries 0 other
says_no '--resume'
cmp -s before "$journal" || problem "the journal is another one"
start "--dry-run says what --resume would go on with"
alone 0 flash -n --json --resume
says 'the run of release begun at .* can be resumed; [0-9.]+ MiB of the image had arrived'
json "d['source'].endswith('/release') and d['dry_run'] and not d['may_erase']"
alone 0 flash -n --resume other
says 'no earlier run of this image is known'
alone 0 flash -n release
prints 'erased before: zeros of the fill are not written where'
start "the board runs Linux: it must come into flashing mode"
flash 41 start=linux -- flash -y --resume
says 'next   .*boot switches.*; then  x8ctl flash --resume'
start "the loader alone: the image is unfinished all the same"
flash 0 dir=media keep=1 emmc=128M maxdl=2M -- flash -y --resume --only loader
says 'the OS image on the board at usb 1-2 is still unfinished: [0-9.]+ MiB of release'
says '^now .*x8ctl flash --resume -s usb:1-2'
says_no '^now .*switches'
cmp -s before "$journal" || problem "the journal is another one"
start "refused in the middle: --resume goes on there, too"
flash 30 dir=media keep=1 emmc=128M maxdl=2M fault=stage:fastboot,at:flash,nth:3,do:fail -- flash -y --json --retries 0 --resume
error_form '30 refused'
says 'next   x8ctl flash --resume -s usb:1-2    goes on at'
says_no 'run the command again'
flash 0 dir=media keep=1 emmc=128M maxdl=2M --compare "$media" -- flash -y --resume
prints '^1-2: written [0-9.]+ MiB \(.*MiB found right already\) and verified on the board'
start "unplugged for good: the same, after its way back"
fresh
flash 15 dir=media emmc=128M maxdl=2M fault=stage:fastboot,after:20M,do:unplug -- flash -y --json --retries 0 --stage-timeout 2s release
error_form '15 gone'
says 'next   .*flashing mode.* x8ctl flash --resume    goes on at'
json "'--resume' in d['boards'][0]['error']['next'] and '--resume' in d['error']['next']"
flash 0 dir=media keep=1 emmc=128M maxdl=2M --compare "$media" -- flash -y --json --resume
json "d['boards'][0]['resumed'] and d['boards'][0]['targets'][0]['same'] > 0"

echo "== retries"
start "unplugged for a moment: taken up again by itself"
fresh
flash 0 dir=media emmc=128M maxdl=2M fault=stage:fastboot,after:20M,do:unplug,for:300 --compare "$media" -- flash -y --json release
json "d['boards'][0]['retries'] == 1 and d['boards'][0]['verified'] == 'full' and not d['boards'][0]['resumed']"
start "the line says so; uuu ends at the first fault, unless it is told"
fresh
flash 0 dir=media emmc=128M maxdl=2M fault=stage:fastboot,after:20M,do:unplug,for:300 -- flash -y release
prints '1 retry'
flash 15 emmc=128M maxdl=2M fault=stage:fastboot,after:20M,do:unplug,for:300 -- uuu -y release/*/full_image.uuu
error_form '15 gone'
[ ! -e "$journal" ] || problem "uuu keeps no journal"

echo "== another board, another image"
start "swapped: the loader says another serial number, and nothing is written"
fresh
cut_off 5 KILL 137
mkdir swapped
flash 12 dir=swapped emmc=128M maxdl=2M serial=1111222233334444 -- flash -y --json --resume
error_form '12 wrong-state'
if [ -s swapped/user.map ]; then problem "the other board was written"; fi
[ -e "$journal" ] || problem "the journal is gone"
flash 0 dir=media keep=1 emmc=128M maxdl=2M --compare "$media" -- flash -y --json --resume
json "d['boards'][0]['resumed']"
start "another SOURCE than the journal's: everything is compared, what differs is written"
fresh
cut_off 5 KILL 137
flash 0 dir=media keep=1 emmc=128M maxdl=2M --compare "$(full_flash_of other other.raw)" -- flash -y --json --resume other
says 'the last run there was of another image|no earlier run is known'
json "not d['boards'][0]['resumed'] and d['boards'][0]['verified'] == 'full'"
start "another SOURCE that got no further than its erase: what was there before is gone"
fresh
cut_off 5 KILL 137
flash 15 dir=media keep=1 emmc=128M maxdl=2M fault=stage:fastboot,at:ucmd,match:erase,do:unplug -- flash -y --retries 0 --stage-timeout 1s other
says_no '--resume'
if grep -q confirmed "$journal"; then problem "the journal is still the old one"; fi
start "--skip-same: of an image that is there nothing is sent"
fresh
flash 0 dir=media emmc=128M maxdl=2M -- flash -y release
flash 0 dir=media keep=1 emmc=128M maxdl=2M --compare "$media" -- flash -y --json --skip-same release
json "d['boards'][0]['pieces_sent'] == 0 and d['boards'][0]['targets'][0]['same'] > 0 and d['boards'][0]['targets'][0]['sent'] == 0"

echo "== which run"
start "none is left"
fresh
alone 20 flash -y --resume
error_form '20 no-file'
says 'next   x8ctl flash SOURCE --skip-same'
says 'why    a flash that ends well'
start "what cannot be read is named"
mkdir -p "$X8CTL_HOME/state/flash/usb-1-2.jsonl"
alone 20 flash --resume
says 'why    .*usb-1-2.jsonl: .*it is a folder'
rmdir "$journal"
: >"$journal"
alone 20 flash --resume
says 'why    .*usb-1-2.jsonl: .*it is empty'
truncate -s 9M "$journal"
alone 20 flash --resume
says 'why    .*usb-1-2.jsonl: .*longer than any journal'
rm -r "$X8CTL_HOME/state/flash"
: >"$X8CTL_HOME/state/flash"
alone 20 flash --resume
says 'why    .*state/flash: Not a directory'
rm "$X8CTL_HOME/state/flash"
start "several are left: one must be named"
mkdir -p "$X8CTL_HOME/state/flash"
for port in 1-2 1-3; do
    printf '{"event":"begin","format":1,"port":"%s","source":"%s","image":"lmp.wic","sha256":"","script":"","only":"all","skip_unused":false,"started":1790000000}\n' \
        "$port" "$work/release" >"$X8CTL_HOME/state/flash/usb-$port.jsonl"
done
flash 11 start=fastboot -- flash -y --resume
error_form '11 several-boards'
says 'next   x8ctl flash --resume --all'
start "-s names another port: the run that is there is named"
alone 20 flash --resume -s usb:1-7
says 'that of release at usb 1-[23]'
says 'next   x8ctl flash --resume -s usb:1-[23]'
start "runs of two sources do not go on together"
sed -i 's|/release"|/other"|' "$X8CTL_HOME/state/flash/usb-1-3.jsonl"
alone 11 flash --resume --all
says 'why    only runs of one source .*/(release|other) at usb 1-[23], .*/(release|other) at usb'
says 'next   x8ctl flash --resume -s usb:1-[23]'
rm "$X8CTL_HOME/state/flash/usb-1-3.jsonl"
start "a journal that is damaged is no reason to fail"
printf 'garbage\n' >"$journal"
flash 0 dir=media emmc=128M --compare "$media" -- flash -y --json --resume release
says 'not the journal of a flash'
json "not d['boards'][0]['resumed'] and d['boards'][0]['verified'] == 'full'"
start "a state folder that cannot be written: a warning, and the flash goes on"
fresh
printf '' >"$X8CTL_HOME/state"
flash 0 dir=media emmc=128M --compare "$media" -- flash -y --json release
says 'no journal can be kept'
rm "$X8CTL_HOME/state"
mkdir "$X8CTL_HOME/state"
: >"$X8CTL_HOME/state/flash"
flash 13 access=denied -- flash -y --json release
says 'no journal can be kept: .*/state/flash is no folder'
rm -r "$X8CTL_HOME/state"
finish
