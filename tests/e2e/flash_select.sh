#!/usr/bin/env bash
# Several boards chosen by name: all of them are written, or it is said which one is not there.
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"

cd "$work" || exit 1
make_release release
hurry release

start "two chosen, both written"
flash 0 emmc=1G --compare "$(full_flash_of release release.raw)" --board start=fastboot --board start=spl -- \
    flash -y -s usb:1-2 -s usb:1-3 --json release
json "[b['code'] for b in d['boards']] == ['ok', 'ok']"

start "one of two runs Linux and stays there: the other is not written alone"
mkdir kept
board 10 emmc=1G --keep kept --board start=fastboot --board start=linux -- "$X8CTL" flash -y -s usb:1-2 -s usb:1-3 --confirm 0001 -t 3s release
error_form 10 no-board
says 'usb:1-3'
[ ! -s kept/0/user.map ] || problem "the board at 1-2 was written"

start "several, at a terminal: the number decides, and the other is left alone"
mkdir chosen
board 0 emmc=1G --keep chosen --board start=fastboot --board start=fastboot -- python3 "$X8_TESTS/e2e/terminal.py" --columns 100 \
    --type 'Which one? [1-2]=3\n' --type 'Which one? [1-2]=2\n' --report report -- "$X8CTL" flash -y --no-wait release
grep -q 'no number from 1 to 2' report.raw || problem "$(cat report.raw)"
[ ! -s chosen/0/user.map ] || problem "the board at 1-2 was written"
[ -s chosen/1/user.map ] || problem "the board at 1-3 was not written"
start "no number: what a script gets, and nothing is written"
mkdir none
board 11 emmc=1G --keep none --board start=fastboot --board start=fastboot -- python3 "$X8_TESTS/e2e/terminal.py" --columns 100 \
    --type 'Which one? [1-2]=\n' --report report -- "$X8CTL" flash -y --no-wait release
grep -q 'several-boards' report.raw || problem "$(cat report.raw)"
if [ -s none/0/user.map ] || [ -s none/1/user.map ]; then problem "a board was written"; fi

start "a dry run of a script that writes sends nothing"
mkdir dry
board 0 emmc=1G --keep dry --board start=fastboot -- "$X8CTL" uuu -y -n release/*/full_image.uuu
prints 'nothing was sent'
if [ -s dry/user.map ] || [ -s dry/0/user.map ]; then problem "the board was written"; fi
finish
