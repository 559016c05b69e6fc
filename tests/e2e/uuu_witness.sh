#!/usr/bin/env bash
# The real uuu walks a virtual board from its ROM to a written eMMC with the vendor's own scripts, and so does x8ctl: the
# media must equal the same files. This keeps the virtual board honest: it is no private agreement between x8ctl and
# its tests.
set -euo pipefail

if ! command -v uuu >/dev/null; then
    echo "skipped: no uuu on this machine"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Locks, logs and journals of x8ctl: none of the person's who runs this, nor of another run.
export X8CTL_HOME=$work/x8ctl
mkdir "$X8CTL_HOME"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# What a full flash leaves: targets of x8-board's --compare.
full_flash_of() {
    local boot=$1/imx-boot-portenta-x8 fit=$1/u-boot-portenta-x8.itb
    echo "user=$2,boot0@0x8400=$boot,boot0@0x60000=$fit,boot0@0x208400=$boot,boot0@0x260000=$fit,boot0@0x8200=$1/sit-portenta-x8.bin"
}

# uuu never asks for the report descriptor that makes an SPL speak; a desktop's usbhid does (usbhid=1).
run_uuu() {
    local expected=$1 status=0
    shift
    "$X8_BOARD" usbhid=1 gap=50 --idle-limit 100 --report "$work/report" "$@" >"$work/uuu.log" 2>"$work/board.log" || status=$?
    if [ "$status" != "$expected" ]; then
        tail -c 1000 "$work/uuu.log" | tr '\r' '\n'
        cat "$work/board.log"
        fail "status $status, not $expected: $*"
    fi
}

reported() {
    grep -q "\"$1\":$2[,}]" "$work/report" || fail "the board's $1 is not $2: $(cat "$work/report")"
}

new=$work/934
old=$work/569
"$X8_MKIMAGE" --size 48M --folder "$new" --reference "$work/new.wic"
"$X8_MKIMAGE" --size 16M --seed 2 --folder "$old" --name lmp-partner-arduino-image-portenta-x8.wic
cp "$X8_TESTS/fixtures/vendor/full_image-83.uuu" "$old/mfgtool-files-portenta-x8/full_image.uuu"
cmp "$X8_TESTS/fixtures/vendor/full_image.uuu" "$new/mfgtool-files-portenta-x8/full_image.uuu"

echo "== uuu, full_image.uuu, packed image"
run_uuu 0 --compare "$(full_flash_of "$new" "$work/new.wic")" -- uuu "$new/mfgtool-files-portenta-x8/full_image.uuu"
reported stage '"fastboot"'
reported attaches 3
reported partconf 8

echo "== uuu, full_image.uuu of an old release, raw image"
run_uuu 0 --compare "$(full_flash_of "$old" "$old/lmp-partner-arduino-image-portenta-x8.wic")" -- \
    uuu "$old/mfgtool-files-portenta-x8/full_image.uuu"

echo "== uuu, bootloader.uuu: the image is not touched"
run_uuu 0 --compare "boot0@0x8400=$new/imx-boot-portenta-x8" -- uuu "$new/mfgtool-files-portenta-x8/bootloader.uuu"
run_uuu 99 --compare "user=$work/new.wic" -- uuu "$new/mfgtool-files-portenta-x8/bootloader.uuu"

echo "== uuu, the other scripts"
for script in probe_emmc test_ram; do
    run_uuu 0 -- uuu "$new/mfgtool-files-portenta-x8/$script.uuu"
done
run_uuu 255 -- uuu "$new/mfgtool-files-portenta-x8/probe_sdcard.uuu" # there is no card

echo "== a difference of one byte is seen"
cp "$old/lmp-partner-arduino-image-portenta-x8.wic" "$work/changed.wic"
printf 'x' | dd of="$work/changed.wic" bs=1 seek=9000001 conv=notrunc status=none
run_uuu 99 --compare "user=$work/changed.wic" -- uuu "$old/mfgtool-files-portenta-x8/full_image.uuu"
grep -q 'differs from .* first at 0x895441' "$work/board.log" || fail "$(cat "$work/board.log")"

echo "== uuu sees what the board refuses"
run_uuu 255 "fault=at:cmd:flash,do:fail" -- uuu "$old/mfgtool-files-portenta-x8/full_image.uuu"

if [ -x "${X8CTL:-}" ]; then
    echo "== x8ctl writes the same"
    status=0
    "$X8_BOARD" gap=50 --idle-limit 100 --compare "$(full_flash_of "$new" "$work/new.wic")" -- \
        "$X8CTL" flash -y "$new" >"$work/x8ctl.log" 2>&1 || status=$?
    [ "$status" = 0 ] || fail "x8ctl: status $status: $(cat "$work/x8ctl.log")"
fi
echo "all equal"
