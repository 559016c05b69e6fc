#!/usr/bin/env bash
# Restarting a running board, bringing it into flashing mode, and undoing that while there is time.
# shellcheck disable=SC2016 # small programs in single quotes expand for themselves
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"
for tool in bwrap busybox; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool on this machine"; exit 77; }
done
cd "$work" || exit 1
make_release release
hurry release
bare=(start=linux "adbd=image=934 carrier=none" down=200 adbgap=200 emmc=1G)
kept=$X8CTL_HOME/state/boot-areas/0E1A2C0D5B6F7788

echo "== restart"
start "a restart is waited for until the board answers from another boot"
flash 0 start=linux "adbd=image=934" down=200 adbgap=200 -- reboot -y --json
json 'd["boards"][0]["seconds"] > 0 and d["boards"][0]["code"] == "ok"'
start "it asks first"
flash 41 start=linux "adbd=image=934" -- reboot
error_form '41 need-yes'
start "--no-wait ends when the board is gone"
flash 0 start=linux "adbd=image=934" down=60000 -- reboot -y --no-wait
within 40
start "a restart that a command asks for ends the link: what to do next is said"
flash 255 start=linux "adbd=image=934" down=5000 -- exec -- sh -c 'echo fio | sudo -S reboot; sleep 20'
error_form '15 gone'
says "the link ended before the command's exit status came"
says 'the board or its adb daemon restarted, or it lost its cable or power'
says 'x8ctl wait --state linux'
start "a board that does not come back"
flash 35 start=linux "adbd=image=934" down=20000 -- reboot -y -t 3s
error_form '35 no-boot'
start "there is no way into the loader"
flash 12 start=linux "adbd=image=934" -- reboot --to loader
error_form '12 wrong-state'

echo "== into flashing mode"
start "on a carrier hands do it: the switches are named, and the board is waited for"
flash 35 start=linux "adbd=image=934 carrier=max" -- reboot --to flash -t 1s
error_form '35 no-boot'
says 'BOOT SEL and BOOT to ON'
start "on a bare board nothing is cleared without an image"
flash 2 "${bare[@]}" -- reboot --to flash
error_form '2 usage'
start "nor with an image that lacks the loader"
cp -r release lacking
rm -f lacking/imx-boot-portenta-x8 lacking/*/imx-boot-mfgtool
flash - "${bare[@]}" -- reboot --to flash --image lacking --confirm 7788
[ "$status" != 0 ] || problem "status 0"
start "nor without its serial number, and then no copy is kept"
flash 41 "${bare[@]}" -- reboot --to flash --image release
error_form '41 need-yes'
flash 41 "${bare[@]}" -- reboot --to flash --image release --confirm 7789
error_form '41 need-yes'
[ ! -e "$kept" ] || problem "a copy was kept"
start "a dry run looks, and changes nothing"
flash 0 "${bare[@]}" -- reboot --to flash --image release -n
says 'nothing was changed'
[ ! -e "$kept" ] || problem "a copy was kept"
start "confirmed: kept, cleared, restarted, found in flashing mode"
flash 0 "${bare[@]}" -- reboot --to flash --image release --confirm 7788 --json
json 'd["boards"][0]["port"] == "1-2" and d["boards"][0]["state"] == "rom" and d["boards"][0]["kept"]'
says 'nothing but a flash brings the board back'
[ "$(find "$kept" -name 'boot?.img' -size 4194304c | wc -l)" = 2 ] || problem "no copies of 4 MiB"
start "flash --via-boot-erase does both, and what was written is there"
flash 0 "${bare[@]}" --compare "$(full_flash_of release release.raw)" -- flash --via-boot-erase --confirm 7788 --json release
json 'd["boards"][0]["verified"] == "full"'

echo "== undoing it"
start "the copies are listed"
alone 0 recover
prints '^0E1A2C0D5B6F7788	[0-9]{8}T[0-9]{6}Z	/'
start "the newest goes back, and only to its board"
flash 0 "${bare[@]}" -- recover --restore-boot -y
prints 'restored and compared'
flash 20 "${bare[@]}" serial=1111222233334444 -- recover --restore-boot -y
error_form '20 no-file'
flash 23 "${bare[@]}" serial=1111222233334444 -- recover --restore-boot -y "$(find "$kept" -mindepth 1 -maxdepth 1 | head -n 1)"
error_form '23 misfit'
start "a copy that is not what it was is refused"
newest=$(find "$kept" -mindepth 1 -maxdepth 1 | sort | tail -n 1)
chmod u+w "$newest/boot0.img"
printf 'x' | dd of="$newest/boot0.img" bs=1 seek=1000 conv=notrunc 2>/dev/null
flash 22 "${bare[@]}" -- recover --restore-boot -y "$newest"
error_form '22 bad-digest'
finish
