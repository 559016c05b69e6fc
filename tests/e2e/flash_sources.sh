#!/usr/bin/env bash
# Whatever a release lies in (archives, folders, compressions, scripts): the eMMC holds the same in the end, and nothing was
# unpacked to disk.
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"

plain=$work/plain
make_release "$plain"
raw=$plain.raw
same=$(full_flash_of "$plain" "$raw")
image=lmp-factory-image-portenta-x8
mfg=mfgtool-files-portenta-x8

# copy NAME: a release of its own to be changed.
copy() {
    rm -rf "${work:?}/$1"
    cp -r "$plain" "$work/$1"
    cd "$work/$1" || exit 1
}

# written SOURCE [ARGS...]: the board, found in its ROM, holds all of it.
written() {
    flash 0 emmc=1G --compare "$same" -- flash -y "$@"
    prints 'verified on the board'
}

# quickly SOURCE [ARGS...]: the same for a board that is in fastboot already.
quickly() {
    flash 0 start=fastboot emmc=1G --compare "$same" -- flash -y "$@"
    prints 'verified on the board'
}

start "a folder as the vendor's archive unpacks to"
written "$plain"

start "an archive as downloaded"
"$X8_MKIMAGE" --size 8M --kernel-kb 64 --archive "$work/934.tar.gz"
written "$work/934.tar.gz"

for order in "$image.wic.gz" "$image.wic.gz,$mfg.tar.gz" "$mfg.tar.gz,$image.wic.gz" "sit-portenta-x8.bin,$mfg.tar.gz"; do
    start "an archive with $order first"
    "$X8_MKIMAGE" --size 8M --kernel-kb 64 --archive "$work/order.tar.gz" --order "$order"
    quickly "$work/order.tar.gz"
done

start "an archive with its files and no folder around them"
copy flat
tar czf ../flat.tar.gz ./*
quickly ../flat.tar.gz

start "an archive whose tool files are packed twice"
copy nested
tar czf "$mfg.tar.gz" "$mfg"
rm -r "$mfg"
cd .. && tar czf nested.tar.gz nested
quickly nested.tar.gz

start "a folder whose tool files are still packed"
rm -rf "$work/packed"
make_release "$work/packed" --packed
cd "$work" || exit 1
quickly packed

for tool in 'tar cf' 'tar cJf' 'tar cjf' 'tar c --zstd -f'; do
    start "an archive made with $tool"
    $tool "$work/a.tar" -C "$work" plain
    quickly "$work/a.tar"
done

start "an archive behind a name that says nothing"
mv "$work/a.tar" "$work/download"
quickly "$work/download"

start "an image that is not compressed"
rm -rf "$work/wic"
make_release "$work/wic" --name "$image.wic"
quickly "$work/wic"

for pack in 'gzip' 'xz' 'zstd -q --rm' 'bzip2'; do
    start "an image packed with $pack, the script asks for another name"
    copy "by-${pack%% *}"
    gunzip "$image.wic.gz"
    $pack "$image.wic"
    quickly .
done

start "an image packed with xz whose script names it"
copy named-xz
gunzip "$image.wic.gz"
xz "$image.wic"
sed -i "s/$image.wic.gz/$image.wic.xz/" "$mfg/full_image.uuu"
quickly .

start "an image as a gzip stream of several members"
rm -rf "$work/members"
make_release "$work/members" --members 5
quickly "$work/members"

start "an image of several members inside an archive, image first"
"$X8_MKIMAGE" --size 8M --kernel-kb 64 --members 3 --archive "$work/m.tar.gz" --order "$image.wic.gz"
quickly "$work/m.tar.gz"

for name in lmp-partner-arduino-image-portenta-x8.wic "$image.rootfs.wic.gz" my-own-image.wic.gz; do
    start "an image called $name, the script names the usual one"
    copy other-name
    if [[ $name == *.gz ]]; then
        mv "$image.wic.gz" "$name"
    else
        gunzip -c "$image.wic.gz" >"$name"
        rm "$image.wic.gz"
    fi
    quickly .
done

start "a Yocto deploy folder: links, builds beside each other, no script"
copy yocto
mv "$mfg"/{imx-boot-mfgtool,u-boot-mfgtool.itb} .
rm -r "$mfg"
mv "$image.wic.gz" "$image-20260102.rootfs.wic.gz"
ln -s "$image-20260102.rootfs.wic.gz" "$image.wic.gz"
head -c 4000000 "$raw" | gzip >"$image-20250101.rootfs.wic.gz"
mv imx-boot-portenta-x8 imx-boot-portenta-x8-1.0-r0
ln -s imx-boot-portenta-x8-1.0-r0 imx-boot-portenta-x8
echo notes >manifest.txt
written .

start "the script itself: x8ctl flash"
written "$plain/$mfg/full_image.uuu"

start "the script itself: x8ctl uuu"
flash 0 emmc=1G --compare "$same" -- uuu -y "$plain/$mfg/full_image.uuu"
prints 'verified on the board'

start "a script beside its files, named from its own folder"
cd "$plain/$mfg" || exit 1
quickly full_image.uuu

start "another script of the source"
cd "$work" || exit 1
flash 0 start=fastboot emmc=1G --compare "boot0@0x8400=$plain/imx-boot-portenta-x8" -- \
    flash -y --script bootloader.uuu "$work/934.tar.gz"
prints 'verified'

start "only the loader: the user area keeps its noise"
flash 0 start=fastboot emmc=1G --compare "boot0@0x60000=$plain/u-boot-portenta-x8.itb" -- flash -y --only loader "$plain"
flash 99 start=fastboot emmc=1G --compare "user=$raw" -- flash -y --only loader "$plain"

start "only the OS: the boot areas keep their noise"
flash 0 start=fastboot emmc=1G --compare "user=$raw" -- flash -y --only os "$plain"
flash 99 start=fastboot emmc=1G --compare "boot0@0x8400=$plain/imx-boot-portenta-x8" -- flash -y --only os "$plain"

start "a dry run reads all of it and sends nothing"
flash 0 log="$work/dry.log" emmc=1G -- flash --dry-run "$work/934.tar.gz"
prints 'nothing was sent'
alone 0 flash --dry-run --json "$work/934.tar.gz"
json 'd["dry_run"] and d["image_bytes"] == 8 << 20 and 0 < d["send_bytes"] < 9 << 20'
[ "$(grep -vc '^stage' "$work/dry.log")" = 0 ] || problem "the board saw: $(cat "$work/dry.log")"

# Root can write everywhere; so the folders are looked at afterwards. The lock of the port is no data.
start "nothing is written to disk"
mkdir "$work/home" "$work/tmp" "$work/here"
chmod 555 "$work/home" "$work/tmp" "$work/here"
touch "$work/before"
cd "$work/here" || exit 1
# The board keeps its media in TMPDIR: only the program gets ours.
board 0 start=fastboot emmc=1G --compare "$same" -- env HOME="$work/home" TMPDIR="$work/tmp" \
    XDG_CACHE_HOME="$work/home/c" XDG_STATE_HOME="$work/home/s" X8CTL_LOGS=0 "$X8CTL" flash -y "$work/934.tar.gz"
found=$(find "$work" "$work/home" "$work/tmp" "$work/here" -newer "$work/before" -type f ! -path "$out" ! -path "$err" ! -path "$own/*" ! -path "$X8CTL_HOME/locks/*")
[ -z "$found" ] || problem "files appeared: $found"
finish
