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

start "a dry run of a script that writes sends nothing"
mkdir dry
board 0 emmc=1G --keep dry --board start=fastboot -- "$X8CTL" uuu -y -n release/*/full_image.uuu
prints 'nothing was sent'
if [ -s dry/user.map ] || [ -s dry/0/user.map ]; then problem "the board was written"; fi
finish
