#!/usr/bin/env bash
# The proof: what the loader calls OKAY is read back; what differs is found and named, what cannot be proven is said.
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"

cd "$work" || exit 1
make_release release
hurry release
log=$work/log
mfg=mfgtool-files-portenta-x8

# proof STATUS WORDS... -- ARGS...: a flash of release/ from fastboot, with its JSON.
proof() {
    local want=$1
    shift
    rm -f "$log"
    flash "$want" start=fastboot emmc=1G log="$log" "$@"
}

all_regions='[r for b in d["boards"] for r in b["bad_regions"]]'

echo "== what was written is proven"
start "every target is read back, boot areas included"
proof 0 -- flash -y --json release
json 'd["boards"][0]["verified"] == "full" and d["boards"][0]["unverified_reason"] is None'
json '[t["partition"] for t in d["boards"][0]["targets"]] == ["all", "bootloader", "bootloader2", "bootloader_s", "bootloader2_s", "sit"]'
json 'all(t["verified"] and t["written"] + t["holes"] == t["bytes"] and t["written"] > 0 for t in d["boards"][0]["targets"])'
json "$all_regions == []"
grep -q 'mmc dev .* 1 && mmc read' "$log" || problem "boot areas were not read"
start "for people: one line that says so"
proof 0 -- flash -y release
prints '^1-2: written 3.4 MiB \(6.9 MiB of zeros left erased\) and verified on the board, in '
says 'result ok done in .* verified$'
start "nothing is erased first: zeros are written"
proof 0 -- flash -y --no-erase release
prints '^1-2: written 10.3 MiB and verified on the board, in '
if grep -q '0 && mmc erase' "$log"; then problem "it was erased"; fi

echo "== bits that flip"
# In noise, in a run of zeros (left erased, or sent as FILL), in the first and the last byte. Erasing is the first write.
zeros=$(python3 -c '
data = open("release.raw", "rb").read()
print(next(i for i in range(1 << 20, len(data), 65536) if not data[i:i + 65536].strip(b"\0")) + 1000)')
for case in 0 600000 "$zeros" 8388607 "$zeros --no-erase"; do
    read -ra words <<<"$case"
    at=${words[0]}
    start "a bit that flips at byte $case is found in its MiB"
    proof 31 fault=do:flip,off:"$at",times:2 -- flash -y --json "${words[@]:1}" release
    error_form '31 verify-failed'
    says 'the loader said OKAY to it; the eMMC is partly written$'
    json "[(r['partition'], r['offset'], r['unreadable']) for r in $all_regions] == [('all', $at >> 20 << 20, False)]"
    json 'd["boards"][0]["verified"] != "full" and d["boards"][0]["code"] == "verify-failed"'
    if grep -q 'partconf' "$log"; then problem "the script went on"; fi
done
start "two places are two regions, neighbours are one"
proof 31 fault=do:flip,off:1500000 fault=do:flip,off:6500000 fault=do:flip,off:7400000 -- flash -y --json release
json "[(r['offset'], r['bytes']) for r in $all_regions] == [(1 << 20, 1 << 20), (6 << 20, 2 << 20)]"
says 'more places'
start "a boot area: the area is named"
# The first write is the erase.
proof 31 fault=do:flip,off:40000,area:boot0,times:2 -- flash -y --json release
error_form '31 verify-failed'
json "[r['partition'] for r in $all_regions] == ['bootloader']"
start "a place that cannot be read"
proof 31 fault=do:readfail,sector:9000 -- flash -y --json release
error_form '31 verify-failed'
says 'the eMMC cannot be read'
json "[(r['offset'], r['unreadable']) for r in $all_regions] == [(4 << 20, True)]"
start "an eMMC that answers differently from one read to the next"
proof 31 fault=at:ucmd,match:0x800000,do:fail -- flash -y --json release
error_form '31 verify-failed'
says 'answers differently from one read to the next'
start "a flip is found on one of three boards, the others are good"
flash 50 emmc=1G --board start=fastboot --board "start=fastboot fault=do:flip,off:5000000" --board start=fastboot -- \
    flash -y --all --json release
json '[b["code"] for b in d["boards"]] == ["ok", "verify-failed", "ok"]'

echo "== writes that fail and are answered OKAY (U-Boot 2022.04)"
# Noise with two runs of zeros: the write that fails lies in a RAW chunk, and what follows lands at a wrong place.
cp -r release noise
rm noise/*.wic.gz
python3 - noise/lmp-factory-image-portenta-x8.wic <<'PYTHON'
import random, struct, sys
image = bytearray(random.Random(99).randbytes(6 << 20))
image[:512] = bytes(512)
image[64 << 10:256 << 10] = bytes(192 << 10)
image[1536 << 10:1600 << 10] = bytes(64 << 10)
struct.pack_into("<BBBBBBBBII", image, 446, 0, 0, 0, 0, 0x0c, 0, 0, 0, 2048, len(image) // 512 - 2048)
image[510:512] = b"\x55\xaa"
open(sys.argv[1], "wb").write(image)
PYTHON
raw=noise/lmp-factory-image-portenta-x8.wic
start "without verification nobody notices"
flash 99 start=fastboot emmc=1G loader=2022 fault=do:writefail,sector:2900 --compare user=$raw -- flash -y --verify none noise
prints 'NOT verified'
start "with it the run fails and names the places"
proof 31 loader=2022 fault=do:writefail,sector:2900 -- flash -y --json noise
error_form '31 verify-failed'
json "len($all_regions) >= 1 and all(r['partition'] == 'all' for r in $all_regions)"
grep -q 'swallowed' "$log" || problem "the loader said no by itself"
start "U-Boot 2024 says no by itself"
proof 30 loader=2024 fault=do:writefail,sector:2900 -- flash -y --json noise
error_form '30 refused'
start "a boot area whose write fails"
cat >release/$mfg/boot.uuu <<'UUU'
uuu_version 1.2.39
FB: ucmd setenv fastboot_dev mmc
FB: ucmd setenv mmcdev ${emmc_dev}
FB: flash bootloader ../imx-boot-portenta-x8
FB: done
UUU
for loader in 2022 2024; do
    proof - loader=$loader fault=do:writefail,sector:100,area:boot0 -- uuu -y --json release/$mfg/boot.uuu
    [ "$status" = 31 ] || [ "$status" = 30 ] || problem "loader $loader: status $status"
done

echo "== loaders that cannot prove anything"
start "auto: written, and said to be unverified"
proof 0 crcv=0 --compare "$(full_flash_of release release.raw)" -- flash -y release
prints '^1-2: written 10.3 MiB, NOT verified: the loader cannot compute checksums'
says 'result ok .*NOT verified'
proof 0 crcv=0 -- flash -y --json release
json 'd["boards"][0]["verified"] == "none" and "checksums" in d["boards"][0]["unverified_reason"]'
json 'd["boards"][0]["code"] == "ok" and not any(t["verified"] for t in d["boards"][0]["targets"])'
start "auto: a flip goes unnoticed, but nobody claimed otherwise"
flash 99 start=fastboot emmc=1G crcv=0 fault=do:flip,off:5000000 --compare user=release.raw -- flash -y release
prints 'NOT verified'
start "full: an error"
proof 31 crcv=0 -- flash -y --verify full --json release
error_form '31 verify-failed'
says 'cannot be verified'
json 'd["boards"][0]["verified"] == "none"'
start "full: a good board"
proof 0 -- flash -y --verify full --json release
json 'd["boards"][0]["verified"] == "full"'
start "a loader that says no to every checksum is not believed"
proof 0 fault=at:ucmd,match:crc32,do:fail,times:0 -- flash -y --json release
json 'd["boards"][0]["verified"] == "none"'
proof 31 fault=at:ucmd,match:crc32,do:fail,times:0 -- flash -y --verify full --json release

echo "== switched off"
start "none: what was written is not read, and it is said"
proof 0 -- flash -y --verify none release
prints 'NOT verified: verification was switched off'
sed -n '/ flash:/,$p' "$log" >"$own/after"
grep -q ' flash:sit' "$own/after" || problem "nothing was written"
if grep -Eq 'crc32|mmc read' "$own/after"; then problem "it was read back"; fi
proof 0 -- flash -y --verify none --no-erase release
if grep -q 'mmc read' "$log"; then problem "it was read"; fi
proof 0 -- flash -y --verify none --json release
json 'd["boards"][0]["verified"] == "none" and d["boards"][0]["verify_seconds"] == 0'

echo "== a run that wrote nothing"
start "a script that ends before its first flash line"
cp -r release early
sed -i 's/^FB: flash -raw2sparse/FB: done\n&/' early/$mfg/full_image.uuu
proof 21 -- flash -y early
error_form '21 bad-image'
says 'nothing was written|would write nothing'

echo "== sparse images pass through, and are proven too"
cp -r release sparse
rm sparse/*.wic.gz
python3 - release.raw sparse/lmp-factory-image-portenta-x8.wic <<'PYTHON'
import struct, sys
data = open(sys.argv[1], "rb").read()
chunks, out = 0, b""
blocks = [data[i:i + 4096] for i in range(0, len(data), 4096)]
at = 0
while at < len(blocks):
    end = at
    zero = not blocks[at].strip(b"\0")
    while end < len(blocks) and (not blocks[end].strip(b"\0")) == zero:
        end += 1
    body = bytes(4) if zero else b"".join(blocks[at:end])
    out += struct.pack("<HHII", 0xcac2 if zero else 0xcac1, 0, end - at, 12 + len(body)) + body
    chunks, at = chunks + 1, end
open(sys.argv[2], "wb").write(struct.pack("<IHHHHIIII", 0xed26ff3a, 1, 0, 28, 12, 4096, len(blocks), chunks, 0) + out)
PYTHON
start "a sparse image"
proof 0 --compare "$(full_flash_of release release.raw)" -- flash -y --json sparse
json 'd["boards"][0]["verified"] == "full"'
start "a sparse image and a bit that flips"
proof 31 fault=do:flip,off:5000000 -- flash -y --json sparse
json "[r['offset'] for r in $all_regions] == [4 << 20]"
finish
