#!/usr/bin/env bash
# --skip-unused: images made by mke2fs, mkfs.vfat and sfdisk onto a board full of noise. What is not sent is not missed:
# every file is equal and every file system clean, by their own tools; and little more than what is in use was sent.
# Nine images that differ in much, or two hundred with X8_LONG=1.
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"

PATH=$PATH:/usr/sbin:/sbin
for tool in mke2fs debugfs dumpe2fs e2fsck mkfs.vfat fsck.vfat mcopy mdel sfdisk; do
    command -v $tool >/dev/null || { echo "skipped: no $tool on this machine (e2fsprogs, dosfstools, mtools, fdisk)"; exit 77; }
done
export MTOOLS_SKIP_CHECK=1 MTOOLSRC=/dev/null
images=(0 1 2 4 5 6 8 9 10)
[ "${X8_LONG:-0}" = 0 ] || mapfile -t images < <(seq 0 199)
image=lmp-factory-image-portenta-x8
maker=$X8_TESTS/e2e/unused_images.py
cd "$work" || exit 1
make_release plain
hurry plain

# A release whose image is set/image.wic.
release() {
    rm -rf release && cp -r plain release && rm release/$image.wic.gz
    case $1 in
    packed) gzip -1 -c set/image.wic >release/$image.wic.gz ;;
    *) ln set/image.wic release/$image.wic ;;
    esac
}

# unused STATUS WORDS... -- ARGS...: from fastboot, the OS only.
unused() {
    local want=$1
    shift
    flash "$want" start=fastboot emmc=512M "$@"
}

# The files are there, and `used` is what the file systems' own tools call in use.
prove() {
    python3 "$maker" check set kept/user.img >used 2>why || problem "$(cat why)"
}

make_set() {
    rm -rf set kept
    python3 "$maker" make "$1" set >why 2>&1 || problem "image $1 could not be made: $(cat why)"
}

echo "== images of all kinds"
for number in "${images[@]}"; do
    start "image $number"
    make_set "$number"
    if [ $((number % 3)) = 0 ]; then release packed; else release plain; fi
    unused 0 noise=$((number + 7)) --keep kept -- flash -y --only os --skip-unused --json release
    prove
    says 'not, and stay on the board as they are'
    json 'd["unused"]["by"] == "map" and d["boards"][0]["verified"] == "full" and len(d["boards"][0]["targets"]) == 1'
    json 'd["unused"]["used_bytes"] + d["unused"]["left_bytes"] == d["unused"]["image_bytes"] == d["boards"][0]["targets"][0]["bytes"]'
    json 'd["boards"][0]["targets"][0]["skipped"] == d["unused"]["left_bytes"] > 0'
    json 'd["boards"][0]["targets"][0]["written"] == d["unused"]["used_bytes"]'
    json "d['boards'][0]['targets'][0]['sent'] <= 1.03 * $(cat used)"
    json "d['unused']['used_bytes'] <= 1.03 * $(cat used) + 65536"
    [ "$bad" = 0 ] || python3 -c 'import json; print(json.load(open("set/parts.json")))'
done

echo "== what is said"
start "an image without a block map: two readings, the first one a stage of its own"
make_set 0
release plain
unused 0 -- flash -y --only os --skip-unused --progress json release
json_lines '{"map", "write"} <= {x.get("stage") for x in l if x["ev"] == "progress"}'
json_lines 'all(x["done"] <= x["total"] for x in l if x["ev"] == "progress" and x.get("total"))'
prints 'unused left as it was\) and verified on the board'
start "a dry run measures it"
alone 0 flash --only os --skip-unused --dry-run --json release
json 'd["skip_bytes"] == d["unused"]["left_bytes"] > 0 and d["send_bytes"] < d["image_bytes"] - d["skip_bytes"]'
json '[p["kind"] for p in d["unused"]["partitions"]] == ["fat12", "ext4"]'
alone 0 flash --only os --skip-unused --dry-run release
prints '^unused: .* would not be sent; there the board keeps what it has$'
start "without the option all of it is written"
unused 0 --compare user=set/image.wic -- flash -y --only os --json release
json '"unused" not in d and d["boards"][0]["targets"][0]["skipped"] == 0'
start "a place that was sent is proven as ever"
unused 31 fault=do:flip,off:100 -- flash -y --only os --skip-unused release
error_form '31 verify-failed'

start "a block map beside the image comes first"
"$X8CTL" image map set/image.wic -o release/$image.wic.bmap >why 2>&1 || problem "$(cat why)"
unused 0 -- flash -y --only os --skip-unused --json release
says 'says the block map beside the image'
json 'd["unused"]["by"] == "bmap" and d["boards"][0]["targets"][0]["skipped"] == d["unused"]["left_bytes"] > 0'
start "a file system that nobody knows counts as used, and the image is sent whole"
release plain
rm release/$image.wic
cp set/image.wic release/$image.wic
sfdisk -d set/image.wic | sed -n 's/.*start= *\([0-9]*\),.*/\1/p' | while read -r sector; do
    head -c 4096 /dev/urandom | dd of=release/$image.wic bs=512 seek="$sector" conv=notrunc status=none
done
unused 0 --compare user=release/$image.wic -- flash -v -y --only os --skip-unused release
says 'nothing of .* is known to be unused: all of it is sent'
says 'partition 1 counts as used from end to end: '
start "a damaged image is told before the board is touched"
release packed
truncate -s -3000 release/$image.wic.gz
alone 21 flash -y --only os --skip-unused release
error_form '21 bad-image'
finish
