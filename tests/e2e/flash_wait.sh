#!/usr/bin/env bash
# The watch after a flash: somebody sets the switches back and power-cycles the board.
# shellcheck source=image_kit.sh
. "$(dirname "$0")/image_kit.sh"
for tool in bwrap busybox; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool on this machine"; exit 77; }
done
cd "$work" || exit 1
make_release release
hurry release
cp -r release 934 # what a source is called may be wrong: nobody checked it
mkfifo orders
linux=(start=fastboot reset=linux down=100 adbgap=100 emmc=1G)

# replug ORDER...: give x8-board these orders when the program says that it waits.
replug() {
    for ((i = 0; i < 1200; i++)); do
        grep -qE 'now +set' "$err" && break
        sleep 0.05
    done
    printf '%s\n' "$@" >orders
}

# watched STATUS ORDERS WORDS... -- ARGS...: x8ctl on boards whose cables are pulled when it waits. ORDERS: one a line.
watched() {
    local want=$1 orders
    mapfile -t orders <<<"$2"
    shift 2
    : >"$err"
    replug "${orders[@]}" &
    feeder=$!
    flash "$want" --control orders "$@"
    wait "$feeder"
}

echo "== without a terminal"
start "nobody asked: the run ends when all is verified"
flash 0 "${linux[@]}" adbd=image=934 -- flash -y --json release
json "'linux' not in d['boards'][0] and d['boards'][0]['retries'] == 0 and not d['boards'][0]['resumed']"
says_no 'Linux'
start "a time behind a blank is taken for an image: both words are named, and how it is written"
flash 2 start=off -- flash --wait forever release
says "takes one source, not both 'forever' and 'release'"
says 'next   --wait=DUR'
start "--wait: the cable is pulled, and Linux comes up at the same port"
watched 0 "0 switch 200" "${linux[@]}" adbd=image=934 -- flash -y --wait=60s release
prints '^1-2: written .* and verified on the board'
prints '^1-2: Linux answers, image 934, [0-9]+ s after it left flashing mode'
start "the same in JSON"
watched 0 "0 switch 200" "${linux[@]}" adbd=image=934 -- flash -y --json --wait=60s release
json "d['boards'][0]['linux']['image'] == '934' and d['boards'][0]['linux']['seconds'] > 0"
json "d['boards'][0]['linux']['serial'] == '0E1A2C0D5B6F7788'"
start "a board that comes back in flashing mode: its switches are still there"
watched 35 "0 unplug 200" start=fastboot emmc=1G -- flash -y --json --wait=60s --carrier max release
error_form '35 no-boot'
says 'came back in rom mode'
says 'boot switches still stand on flashing'
says 'next   set BOOT SEL and BOOT to OFF, then power-cycle; then  x8ctl wait --state linux -s usb:1-2'
json "d['boards'][0]['code'] == 'no-boot' and d['boards'][0]['verified'] == 'full' and d['error']['status'] == 35"
start "nobody power-cycles it"
flash 35 "${linux[@]}" adbd=image=934 -- flash -y --wait=1s release
error_form '35 no-boot'
says 'was not power-cycled in time'
start "nothing comes up"
watched 35 "0 unplug" "${linux[@]}" adbd=image=934 -- flash -y --wait=2s release
error_form '35 no-boot'
says 'nothing came up at usb 1-2'
says 'x8ctl guide leds'
start "its Linux cannot be asked"
watched 35 "0 switch 100" "${linux[@]}" "adbd=image=934 auth=ask" -- flash -y --wait=3s release
error_form '35 no-boot'
says 'Linux came up at usb 1-2, but it cannot be asked'
start "another image than the source is called: a warning, as nobody checked that name"
watched 0 "0 switch 200" "${linux[@]}" adbd=image=861 -- flash -y --wait=60s 934
says 'image 861 runs at usb 1-2, though the source is called 934'
start "a stop ends the wait, and says so"
(
    for ((i = 0; i < 1200; i++)); do
        grep -q 'to be power-cycled' "$err" && break
        sleep 0.05
    done
    kill -INT "$(cat pid)"
) &
flash 130 "${linux[@]}" adbd=image=934 --pid-file pid -- flash -y --wait release
wait
error_form '130 stopped'
says 'what was written stays'
says 'x8ctl wait --state linux -s usb:1-2'
prints 'verified on the board'

echo "== several boards"
start "each is watched at its port; one of them comes back in flashing mode"
watched 50 $'0 switch 200\n1 unplug 200' emmc=1G --board "start=fastboot reset=linux down=100 adbgap=100 adbd=image=934" \
    --board start=fastboot -- flash --all -y --json --wait=60s release
says 'code   50 some-failed'
says '1-3 error 35 no-boot'
json "[b['code'] for b in d['boards']] == ['ok', 'no-boot'] and d['boards'][0]['linux']['image'] == '934'"

echo "== at a terminal"
# at_terminal STATUS ORDER WORDS... -- ARGS...: as watched, with the screen in $out.
at_terminal() {
    local want=$1 order=$2
    local -a words=()
    shift 2
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    : >log
    # The first time the switches were forgotten. One opening for both orders: its end is the end of them.
    {
        for ((i = 0; i < 1200; i++)); do
            grep -q 'to be power-cycled' log && break
            sleep 0.05
        done
        echo '0 unplug 200'
        for ((i = 0; i < 1200; i++)); do
            grep -q 'came back in rom' log && break
            sleep 0.05
        done
        echo "$order"
    } >orders &
    feeder=$!
    board "$want" --control orders "${words[@]}" -- python3 "$X8_TESTS/e2e/terminal.py" --columns 100 --report report -- "$X8CTL" --log log "$@"
    wait "$feeder"
    python3 -c 'import json, sys; print("\n".join(json.load(open(sys.argv[1]))["screen"]))' report >"$out"
}
start "it is waited for unasked, and forgotten switches are told of while there is time"
at_terminal 0 '0 switch 200' "${linux[@]}" adbd=image=934 -- flash -y release
prints 'the board at usb 1-2 came back in rom mode, not in Linux: set the boot switches back'
prints '^1-2: Linux answers, image 934'
start "but not with --json or without an image"
board 0 "${linux[@]}" adbd=image=934 -- python3 "$X8_TESTS/e2e/terminal.py" --columns 100 --report report -- "$X8CTL" flash -y --json release
within 40
board 0 "${linux[@]}" adbd=image=934 -- python3 "$X8_TESTS/e2e/terminal.py" --columns 100 --report report -- "$X8CTL" flash -y --only loader release
within 40

echo "== a script that restarts the board itself"
mkdir restarts
cp -r release/. restarts
sed -i 's/^FB: done/FB: acmd reset/' restarts/*/full_image.uuu
start "into Linux"
flash 0 "${linux[@]}" adbd=image=934 -- flash -y --json --wait=60s restarts
json "d['boards'][0]['linux']['image'] == '934'"
start "into flashing mode, as the switches could not be set yet: that is not held against it"
flash 35 start=fastboot emmc=1G -- flash -y --wait=2s restarts
says 'was not power-cycled in time'

echo "== options"
start "--wait and --no-wait, and a time without its sign"
alone 2 flash --wait --no-wait release
says 'contradict each other'
alone 2 flash --wait 5m release
says 'next   --wait=5m'
start "no time to wait: --no-wait is what is meant"
alone 2 flash -y --wait=0 release
says 'next   --no-wait'
start "a result breaks between words at a terminal"
board 0 start=off -- python3 "$X8_TESTS/e2e/terminal.py" --columns 40 --report report -- "$X8CTL" flash -n release
grep -q '"wrapped": \[\]' report || problem "$(cat report)"
start "fuses are never tried again"
printf 'uuu_version 1.4\nFB: ucmd fuse prog -y 1 3 0x1\nFB: done\n' >fuse.uuu
flash 2 start=fastboot -- uuu --confirm fuse --retries 2 fuse.uuu
error_form '2 usage'
says 'never tried again'

echo "== a release that is known"
command -v nginx >/dev/null || finish
serve
tar czf www/934.tar.gz 934
printf '{"format":1,"base":"http://127.0.0.1:%s/","images":[{"image":"934","file":"934.tar.gz","sha256":"%s"}]}' \
    "$port" "$(sha_of www/934.tar.gz)" >index.json
export X8CTL_IMAGE_INDEX=$work/index.json
mkdir elsewhere
mv 934 elsewhere
start "it comes up"
watched 0 "0 switch 200" "${linux[@]}" adbd=image=934 -- flash -y --wait=60s 934
prints '^1-2: Linux answers, image 934'
start "something else comes up"
watched 4 "0 switch 200" "${linux[@]}" adbd=image=861 -- flash -y --json --wait=60s 934
error_form '4 differs'
says 'image 861 runs at usb 1-2, and 934 was written'
json "d['boards'][0]['code'] == 'differs' and d['boards'][0]['linux']['image'] == '861'"
finish
