#!/usr/bin/env bash
# The watch after a flash: somebody sets the switches back and power-cycles the board.
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"
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
    for ((i = 0; i < 600; i++)); do
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
    flash "$want" --control orders "$@"
    wait
}

echo "== without a terminal"
start "nobody asked: the run ends when all is verified"
flash 0 "${linux[@]}" adbd=image=934 -- flash -y --json release
json "'linux' not in d['boards'][0] and d['boards'][0]['retries'] == 0 and not d['boards'][0]['resumed']"
says_no 'Linux'
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
watched 35 "0 unplug" "${linux[@]}" adbd=image=934 -- flash -y --wait=3s release
error_form '35 no-boot'
says 'nothing came up at usb 1-2'
says 'x8ctl guide leds'
start "its Linux cannot be asked"
watched 35 "0 switch 100" "${linux[@]}" "adbd=image=934 auth=ask" -- flash -y --wait=5s release
error_form '35 no-boot'
says 'Linux came up at usb 1-2, but it cannot be asked'
start "another image than the source is called: a warning, as nobody checked that name"
watched 0 "0 switch 200" "${linux[@]}" adbd=image=861 -- flash -y --wait=60s 934
says 'image 861 runs at usb 1-2, though the source is called 934'
start "a stop ends the wait, and says so"
(
    for ((i = 0; i < 600; i++)); do
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

echo "== options"
start "--wait and --no-wait, and a time without its sign"
alone 2 flash --wait --no-wait release
says 'contradict each other'
alone 2 flash --wait 5m release
says 'next   --wait=5m'
start "fuses are never tried again"
printf 'uuu_version 1.4\nFB: ucmd fuse prog -y 1 3 0x1\nFB: done\n' >fuse.uuu
flash 2 start=fastboot -- uuu --confirm fuse --retries 2 fuse.uuu
error_form '2 usage'
says 'never tried again'
finish
