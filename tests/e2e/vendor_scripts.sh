#!/usr/bin/env bash
# The vendor's scripts byte for byte, through x8ctl uuu and x8ctl explain; single commands; what scripts may not do.
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"

vendor=$X8_TESTS/fixtures/vendor
image=lmp-factory-image-portenta-x8
tools=$work/934/mfgtool-files-portenta-x8
log=$work/log

make_release "$work/934" --signed
raw=$work/934.raw
cp "$vendor"/*.uuu "$tools"
cp "$raw" "$work/934/lmp-partner-arduino-image-portenta-x8.wic"
ln "$work/934/$image.wic.gz" "$work/934/$image.rootfs.wic.gz"
cd "$tools" || exit 1

# logged RE: the board was told so. not_logged RE: it was not.
logged() { grep -Eq -e "$1" "$log" || problem "the board was not told: $1"; }
not_logged() { ! grep -Eq -e "$1" "$log" || problem "the board was told: $(grep -E -m 1 -e "$1" "$log")"; }

# script STATUS NAME WORDS... -- ARGS...: the script on a board in its ROM.
script() {
    local want=$1 name=$2
    local -a words=()
    shift 2
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    rm -f "$log"
    flash "$want" emmc=1G log="$log" "${words[@]}" -- uuu "$@" "$name"
    cmp -s "$vendor/$name" "$name" || problem "$name was changed"
}

signed_flash() {
    local boot=$work/934/imx-boot-portenta-x8.signed
    full_flash_of "$work/934" "$raw" | sed "s,=$work/934/imx-boot-portenta-x8\\>,=$boot,g"
}

echo "== scripts that write"
for name in full_image full_image-83 full_image-rootfs; do
    start "$name.uuu writes all of it, and it is read back"
    script 0 $name.uuu --compare "$(full_flash_of "$work/934" "$raw")" -- -y
    prints 'verified on the board'
    says_no 'takes its place'
    logged 'mmc partconf .* -> OKAY'
done
start "full_image-sec.uuu on an open board: signed loaders"
script 0 full_image-sec.uuu --compare "$(signed_flash)" -- -y
logged 'setenv fiovb_rpmb 1; else true; fi -> OKAY'
start "full_image-sec.uuu on a closed board"
script 0 full_image-sec.uuu closed=1 --compare "$(signed_flash)" -- -y
prints 'verified on the board'
start "full_image.uuu on a closed board is refused by its ROM"
script 30 full_image.uuu closed=1 -- -y
error_form '30 refused'
says 'use a loader signed with the key this board was closed with'
start "a signed loader that is missing is not replaced by one without a signature"
cp -r "$work/934" "$work/unsigned"
rm "$work/unsigned/imx-boot-portenta-x8.signed"
alone 20 uuu -y "$work/unsigned/mfgtool-files-portenta-x8/full_image-sec.uuu"
error_form '20 no-file'
says 'imx-boot-portenta-x8.signed is missing'
start "bootloader.uuu writes the boot areas and leaves the image alone"
script 0 bootloader.uuu --compare "boot0@0x8400=$work/934/imx-boot-portenta-x8,boot0@0x260000=$work/934/u-boot-portenta-x8.itb" -- -y
not_logged 'flash:all'
prints 'written 2.3 MiB and verified'
start "what a script's flash lines wrote is verified: a bit that flips is found"
script 31 full_image.uuu fault=do:flip,off:5000000 -- -y
error_form '31 verify-failed'
start "erase_emmc.uuu asks for more than the boot area has, and fails"
script 30 erase_emmc.uuu -- -y
error_form '30 refused'
says 'script line 11: asks to erase 4881792 blocks'
says 'parts of the eMMC may be erased'

echo "== scripts that only look"
start "probe_emmc.uuu"
script 0 probe_emmc.uuu --
logged 'mmc info -> OKAY'
start "probe_sdcard.uuu: there is no card"
script 30 probe_sdcard.uuu --
error_form '30 refused'
says 'line 10: the board refused "UCmd:mmc dev 1"'
says 'the eMMC was not touched'
start "test_ram.uuu"
script 0 test_ram.uuu --
logged 'ACmd:mtest 0x40000000 0x40040000 0xaa55aa55 0x100 -> OKAY'
start "linux_initramfs.uuu starts what it sent"
script 0 linux_initramfs.uuu reset=linux --
logged 'download:.* -> OKAY'
logged 'ACmd:bootm .* -> OKAY'

echo "== scripts that cannot be undone"
for name in fuse close; do
    for answers in '' -y '-y --confirm 7788'; do
        start "$name.uuu needs a confirmation of its own: '$answers' is none"
        # shellcheck disable=SC2086
        script 41 $name.uuu -- $answers
        error_form '41 need-yes'
        says 'fuses .* which can never be undone'
        says '^  why    line [0-9]+ says: FB.*(fuse prog|fiohab_close).*-y does not agree'
        says '^  next   .*--confirm (7788,)?fuse'
        not_logged '^(rom|spl|fastboot) '
    done
    start "$name.uuu with --confirm fuse is run, without any other answer"
    script 0 $name.uuu -- --confirm fuse
    says 'warn .*can never be undone'
done
logged 'fiohab_close'
script 0 fuse.uuu -- -y --confirm 7788,Fuse
logged 'fuse prog -y 7 3'
start "the word is asked for before a board is waited for"
alone 41 uuu -y -t 30s FB: ucmd fuse prog -y 6 0 1
within 10
says 'the command changes fuses'
start "a board that runs Linux needs both: its serial and the word"
flash 41 start=linux -- uuu -y -t 1s -s usb:1-2 --confirm fuse fuse.uuu
says '^  next   --confirm 7788,fuse'
flash 41 start=linux -- uuu -y -t 1s -s usb:1-2 --confirm 7788 fuse.uuu
says '^  next   --confirm 7788,fuse'
flash 10 start=linux -- uuu -y -t 1s -s usb:1-2 --confirm 7788,fuse fuse.uuu
start "a fuse script that waits behind flash --script"
printf 'uuu_version 1.2.39\nFB: ucmd setenv fastboot_dev mmc\nFB: flash sit ../sit-portenta-x8.bin\nFB: ucmd fuse prog -y 1 0 1\nFB: done\n' >"$tools/both.uuu"
rm -f "$log"
flash 41 start=fastboot emmc=1G log="$log" -- flash -y --script both.uuu "$work/934"
error_form '41 need-yes'
says 'next   .*--confirm fuse'
not_logged '^fastboot '
flash 0 start=fastboot emmc=1G log="$log" -- flash --confirm fuse --script both.uuu "$work/934"
logged 'fuse prog -y 1 0 1'
prints 'written .* and verified'
start "fuses behind variables, stored commands and lists"
# shellcheck disable=SC2016 # the variables are those of the loader
hidden=(
    'ucmd setenv f fuse\nFB: ucmd true; ${f} prog -y 6 0 1'
    "ucmd setenv burn 'fuse prog -y 6 0 1'\nFB: ucmd run burn"
    'ucmd true && fuse prog -y 6 0 1'
    'if @CHIP@ != X then ucmd f\\use prog -y 6 0 1'
    'ucmd fuse $op 6 0 1'
)
for lines in "${hidden[@]}"; do
    printf 'uuu_version 1.2.39\nFB: %b\nFB: done\n' "$lines" >"$tools/hidden.uuu"
    rm -f "$log"
    flash 41 start=fastboot log="$log" -- uuu -y hidden.uuu
    error_form '41 need-yes'
    not_logged '^fastboot '
    run 4 "$X8CTL" explain hidden.uuu
    prints 'unsafe   changes fuses'
done
start "fuses in a line that a command of this computer prints: refused before the board is told"
printf 'uuu_version 1.2.39\nFB: < echo ucmd fuse prog -y 6 0 1\nFB: done\n' >"$tools/hidden.uuu"
rm -f "$log"
flash 41 start=fastboot log="$log" -- uuu -y --allow-host-commands hidden.uuu
error_form '41 need-yes'
says 'next   .*--confirm fuse'
not_logged 'fuse'
flash 0 start=fastboot log="$log" -- uuu -y --allow-host-commands --confirm fuse hidden.uuu
logged 'fuse prog -y 6 0 1'
for name in full_image bootloader erase_emmc full_image-sec; do
    start "$name.uuu without -y sends nothing"
    script 41 $name.uuu --
    error_form '41 need-yes'
    says 'the eMMC'
    not_logged '^(rom|spl|fastboot) '
done

echo "== explained"
for file in "$vendor"/*.uuu; do
    name=$(basename "$file")
    case $name in fuse.uuu | close.uuu) want=4 ;; *) want=0 ;; esac
    start "x8ctl explain $name"
    run $want "$X8CTL" explain "$name"
    prints 'In the boot ROM \(SDP:\)'
    prints 'line 3 +loads imx-boot-mfgtool'
    prints 'ends here: the board is finished'
    prints_no 'MISSING'
    run $want "$X8CTL" explain --json "$name"
    json 'all(s["line"] and s["words"] for g in d["stages"] for s in g["steps"]) and d["missing"] == 0'
done
start "explain names what is missing, with its line, and needs no board"
run 4 "$X8CTL" explain "$vendor/full_image.uuu"
prints 'MISSING +\.\./lmp-factory-image-portenta-x8\.wic\.gz/\* +\(line 12\)'
start "explain tells of the image that flash would take instead, and flash takes it"
rm -rf "$work/named" && cp -r "$work/934" "$work/named"
rm "$work"/named/*.wic.gz "$work/named/lmp-partner-arduino-image-portenta-x8.wic"
cp "$raw" "$work/named/lmp-other-image-portenta-x8.wic"
for source in "$work/named/mfgtool-files-portenta-x8/full_image.uuu" "$work/named"; do
    run 0 "$X8CTL" explain "$source"
    prints 'replaced +\.\./lmp-factory-image-portenta-x8\.wic\.gz/\* +\(line 12, .*lmp-other-image-portenta-x8\.wic takes its place'
    run 0 "$X8CTL" explain --json "$source"
    json '[f["state"] for f in d["files"] if "wic" in f["name"]] == ["replaced"]'
done
alone 0 flash -n "$work/named"
says 'lmp-other-image-portenta-x8\.wic takes its place'
tar -C "$work" -czf "$work/named.tar.gz" named
run 0 "$X8CTL" explain "$work/named.tar.gz"
prints 'replaced '
start "explain of a folder without a script: the one that flash makes"
rm -r "$work/named/mfgtool-files-portenta-x8"/*.uuu
run 0 "$X8CTL" explain "$work/named"
prints '^\(made from the parts\): '
prints 'there +lmp-other-image-portenta-x8\.wic'
alone 0 flash -n "$work/named"
start "explain marks what cannot be undone"
run 4 "$X8CTL" explain fuse.uuu
prints 'line 9 ! +burns fuses'
prints '8 unsafe lines'

# single STATUS WORDS...: a single command on a board in fastboot.
single() {
    local want=$1
    shift
    start "x8ctl uuu $*"
    rm -f "$log"
    flash "$want" start=fastboot emmc=1G log="$log" -- uuu --stage-timeout 2s "$@"
}

echo "== single commands"
single 0 FB: ucmd mmc list
logged 'fastboot UCmd:mmc list -> OKAY'
single 0 FB: getvar version
prints '^0\.4$'
[ "$(wc -l <"$out")" = 1 ] || problem "stdout holds more than the value"
single 0 --json FB: getvar version
json 'd["boards"][0]["variables"] == {"version": "0.4"}'
start "x8ctl uuu FB: getvar on two boards: which one says what"
board 0 start=fastboot --count 2 -- "$X8CTL" uuu --all FB: getvar version
prints '^1-2	0\.4$'
prints '^1-3	0\.4$'
start "getvar in a script: told on the way, and in the JSON result"
printf 'uuu_version 1.2.39\nFB: getvar version\nFB: done\n' >"$tools/vars.uuu"
flash 0 start=fastboot -- uuu --json vars.uuu
says 'version: 0\.4'
json 'd["boards"][0]["variables"]["version"] == "0.4"'
single 0 'FB: ucmd mmc dev 2'
logged 'UCmd:mmc dev 2 -> OKAY'
single 0 'FB[-t' '5000]:' ucmd mmc list
logged 'UCmd:mmc list -> OKAY'
single 30 FB: ucmd mmc dev 1
error_form '30 refused'
single 30 FB: getvar nothing
error_form '30 refused'
says 'board says: unknown variable'
single 2 FB: flesh all x
error_form '2 usage'
for words in FB: SDP: SDPV: 'FB[-t 100]:' CFG:; do
    single 2 "$words"
    error_form '2 usage'
    says 'behind'
    says '^  next   x8ctl uuu '
done
single 2 FB: ucmd
error_form '2 usage'
says 'the text is missing'
single 41 FB: ucmd mmc erase 0 1
not_logged 'erase'
for answers in '' -y; do
    # shellcheck disable=SC2086
    single 41 $answers FB: ucmd fuse prog -y 6 0 1
    not_logged 'fuse'
    says 'never be undone'
    says '^  next   .*--confirm fuse'
done
single 0 --confirm fuse FB: ucmd fuse prog -y 6 0 1
logged 'fuse prog -y 6 0 1'
single 12 SDP: boot -f imx-boot-mfgtool
error_form '12 wrong-state'
says 'fastboot|1fc9:0152'
start "x8ctl uuu SDP: boot in the ROM"
flash 0 log="$log" -- uuu SDP: boot -f imx-boot-mfgtool
logged 'rom JUMP'
start "a script of two lines: what it writes is read back"
cat >"$tools/two.uuu" <<'UUU'
uuu_version 1.2.39
FB: ucmd setenv fastboot_dev mmc
FB: flash sit ../sit-portenta-x8.bin
FB: done
UUU
flash 0 start=fastboot emmc=1G --compare "boot0@0x8200=$work/934/sit-portenta-x8.bin" -- uuu -y two.uuu
prints 'verified on the board'

echo "== commands for this computer"
number=0
for line in "FB: sh touch $work/ran" "FB: shell touch $work/ran" "SDP: sh touch $work/ran" "FB: < touch $work/ran"; do
    number=$((number + 1))
    start "refused without --allow-host-commands: ${line%%"$work"*}"
    printf 'uuu_version 1.2.39\n%s\nFB: ucmd mmc list\nFB: done\n' "$line" >"$tools/host.uuu"
    rm -f "$work/ran" "$log"
    flash 30 start=fastboot log="$log" -- uuu -y host.uuu
    error_form '30 refused'
    says 'line 2: the script wants to run a command on this computer'
    says 'next   .*--allow-host-commands'
    [ ! -e "$work/ran" ] || problem "the command was run"
    not_logged 'mmc list'
    run 4 "$X8CTL" explain host.uuu
    prints 'unsafe'
done
start "allowed with --allow-host-commands"
printf 'uuu_version 1.2.39\nFB: sh touch %s/ran\nFB: done\n' "$work" >"$tools/host.uuu"
flash 0 start=fastboot -- uuu -y --allow-host-commands host.uuu
[ -e "$work/ran" ] || problem "the command was not run"
start "a command of this computer that fails ends the script"
printf 'uuu_version 1.2.39\nFB: sh false\nFB: ucmd mmc list\nFB: done\n' >"$tools/host.uuu"
rm -f "$log"
flash - start=fastboot log="$log" -- uuu -y --allow-host-commands host.uuu
[ "$status" != 0 ] || problem "it must not succeed"
not_logged 'mmc list'
finish
