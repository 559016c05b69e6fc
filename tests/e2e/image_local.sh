#!/usr/bin/env bash
# x8ctl image show, verify, map and prune: what lies on this computer.
# shellcheck source=image_kit.sh
. "$(dirname "$0")/image_kit.sh"
for tool in mke2fs e2fsck debugfs mkfs.vfat; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool on this machine"; exit 77; }
done

make_set
catalogue "$work/index.json" https://mirror.example/
export X8CTL_IMAGE_INDEX=$work/index.json
cd "$work" || exit 1

start "show: an archive that the catalogue knows"
image 0 show 777.tar.gz
prints "^sha256	$(sha_of "$archive")$"
prints '^release	777, Arduino.s 91.77, 2026-01-02, by its digest$'
prints '^machine	portenta-x8$'
prints '^partition	1  8.0 MiB at 1.0 MiB, fat12 BOOT, .* used$'
prints '^partition	2  16.0 MiB at 9.0 MiB, ext4 otaroot, .* used$'
prints "^unpacked	sha256 $(sha_of "$disk")$"
prints "^part	sit +512 B  $(sha_of "$set/sit-portenta-x8.bin")  777/sit-portenta-x8.bin$"

start "show: the same as JSON"
image 0 show 777.tar.gz --json
json "d['image'] == '777' and d['digest'] == 'good' and d['os']['size'] == 25 << 20 and 0 < d['os']['used'] < 6 << 20"
json "[p['kind'] for p in d['os']['partitions']] == ['fat12', 'ext4'] and d['os']['table'] == 'MBR'"
json "[p['digest'] for p in d['parts'] if p['role'] == 'sit'] == ['good'] and len(d['parts']) > 10"

start "show: a folder, an image, a script, and parts without a system image"
image 0 show 777
prints '^release	777, .*, by the digest of its system image$'
image 0 show disk.wic
prints '^image	disk.wic, 25.0 MiB unpacked$'
image 0 show 777/mfgtool-files-portenta-x8/full_image.uuu
prints '^used	.* of 25.0 MiB'
mkdir part && cp 777/sit-portenta-x8.bin part
image 0 show part
prints '^image	none: '

start "show and map: a server with the catalogue that sleeps is no hindrance; verify needs it"
X8CTL_IMAGE_INDEX=http://127.0.0.1:1/index.json image 0 show disk.wic --offline
says 'warn.*nothing is compared with the catalogue'
prints_no '^release'
X8CTL_IMAGE_INDEX=http://127.0.0.1:1/index.json image 0 map disk.wic -o - --offline
says_no 'catalogue'
X8CTL_IMAGE_INDEX=http://127.0.0.1:1/index.json image 24 verify disk.wic --offline
error_form 24

start "verify: good, by the archive, the folder and the image"
image 0 verify 777.tar.gz
prints "^good	$(sha_of "$archive")  777.tar.gz$"
prints '^good	[0-9a-f]{64}  777/lmp.*.wic.gz, unpacked$'
prints '^good	[0-9a-f]{64}  777/u-boot-portenta-x8.itb$'
prints_no '^unknown'
image 0 verify 777 --json
json "d['verdict'] == 'ok' and d['good'] == 2 and d['wrong'] == 0 and d['unknown'] > 5"

start "verify: an image that nobody knows is whole, and called unknown"
cp 777.tar.gz other.tar.gz
X8CTL_IMAGE_INDEX='' image 0 verify other.tar.gz
prints '^unknown	[0-9a-f]{64}  other.tar.gz$'
prints_no '^good'
prints '^release	none'

start "verify: what calls itself 777 and is not"
rm -rf fake && mkdir fake && cp -r 777 fake/777
printf x >>fake/777/sit-portenta-x8.bin
tar czf fake/777.tar.gz -C fake 777
image 22 verify fake/777.tar.gz
error_form 22
prints '^wrong	[0-9a-f]{64}  777.tar.gz$'
prints '^wrong	[0-9a-f]{64}  777/sit-portenta-x8.bin$'
image 22 verify fake/777/ --json
json "d['verdict'] == 'bad-digest' and d['wrong'] == 1 and d['error']['status'] == 22"

# fifo NAME FILE: a pipe that gives the file once; whoever opens it again waits in vain.
fifo() {
    mkfifo "$1"
    cat "$2" >"$1" &
}

start "show and verify: one pass, as a pipe has no second"
fifo once 777.tar.gz
image 0 show once --json
json "d['sha256'] == '$(sha_of "$archive")' and d['image'] == '777' and d['machine'] == 'portenta-x8'"
json "d['os']['sha256'] == '$(sha_of "$disk")' and 0 < d['os']['used'] < 6 << 20 and len(d['os']['partitions']) == 2"
json "all(p['sha256'] and p['digest'] == 'good' for p in d['parts'])"
cp "$out" once.json
image 0 show 777.tar.gz --json
holds "the file gives other facts" python3 -c '
import json, sys
a, b = (json.load(open(f)) for f in sys.argv[1:])
assert {**a, "source": 0} == {**b, "source": 0}' once.json "$out"
# shellcheck disable=SC2016 # $0 is the inner shell's
run 0 bash -c '"$0" image verify /dev/stdin < <(exec cat 777.tar.gz)' "$X8CTL"
prints "^good	$(sha_of "$archive")  stdin$"
prints_no '^(unknown|wrong)'
rm once

start "show and verify: a stop ends the wait for a pipe, at once"
# stopped SIGNAL STATUS COMMAND...: ends so, soon, when the signal comes once while it waits.
stopped() {
    local pid began
    shown="${*:3}, and SIG$1"
    env --default-signal=INT "${@:3}" >"$out" 2>"$err" <"$input" &
    pid=$!
    until is_waiting "$pid" || ! kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
    began=$(milliseconds)
    kill -"$1" "$pid"
    wait "$pid"
    status=$?
    elapsed_ms=$(($(milliseconds) - began))
    check_status "$2"
    within 20
}
mkfifo silent
stopped INT 130 "$X8CTL" image show silent # nobody opens it
exec 7<>silent
stopped INT 130 "$X8CTL" image show silent # somebody has, and writes nothing
stopped TERM 143 "$X8CTL" image verify silent
# shellcheck disable=SC2094 # a pipe is its own writer
input=silent stopped INT 130 "$X8CTL" image show /dev/stdin
head -c 3000 777.tar.gz >&7
stopped TERM 143 "$X8CTL" image verify silent # and then stops in the middle
exec 7>&-

start "show: an archive in the archive, from a zip that was written to a pipe too"
cp -r 777 vendor
tar czf vendor/mfgtool-files-portenta-x8.tar.gz -C vendor mfgtool-files-portenta-x8
rm -r vendor/mfgtool-files-portenta-x8
sha_of vendor/mfgtool-files-portenta-x8.tar.gz >vendor/mfgtool-files-portenta-x8.tar.gz.sha256
tar c vendor | xz -0 >vendor.tar.xz
python3 -c '
import os, sys, zipfile
with zipfile.ZipFile(os.fdopen(1, "wb", closefd=False), "w", zipfile.ZIP_DEFLATED) as out:
    for name in sorted(os.listdir("vendor")):
        out.write("vendor/" + name)' | cat >vendor.zip
for form in vendor.tar.xz vendor.zip; do
    fifo once "$form"
    image 0 show once --json
    json "[p['sha256'] for p in d['parts'] if p['role'] == 'archive'] == ['$(sha_of vendor/mfgtool-files-portenta-x8.tar.gz)']"
    json "d['checksums']['good'] == 1 and sum(p['role'] == 'flash-fit' for p in d['parts']) == 1 and d['sha256'] == '$(sha_of "$form")'"
    json "d['os']['sha256'] == '$(sha_of "$disk")'"
    rm once
done

start "verify: lists of checksums in the archive, before and behind what they list"
cp -r 777 listed
(cd listed && find . -type f ! -name '*SUMS' -exec sha256sum {} + >SHA256SUMS)
sha_of "listed/$name.wic.gz" >"listed/$name.wic.gz.sha256"
sha256sum --tag disk.wic | sed "s#disk.wic#$name.wic#" >listed/unpacked.sha256
tar cf first.tar listed/SHA256SUMS listed/unpacked.sha256 listed/sit-portenta-x8.bin "listed/$name.wic.gz" \
    "listed/$name.wic.gz.sha256" listed/mfgtool-files-portenta-x8
X8CTL_IMAGE_INDEX='' image 22 verify first.tar --json # not all that is listed is in it
json "d['checksums']['lists'] == 3 and d['checksums']['first_absent'] and d['checksums']['good'] > 10 and d['checksums']['wrong'] == 0 and d['checksums']['absent'] > 0"
image 0 show listed
prints '^checksums	SHA256SUMS and 2 more: [0-9]+ right, 0 wrong'
printf x >>listed/imx-boot-portenta-x8
tar czf last.tar.gz --exclude='*.wic.gz' listed && X8CTL_IMAGE_INDEX='' image 22 verify last.tar.gz
error_form 22
says 'does not fit its own list of checksums: listed/imx-boot-portenta-x8'
X8CTL_IMAGE_INDEX='' image 22 verify listed
image 0 show last.tar.gz
prints '1 wrong.*; wrong is listed/imx-boot-portenta-x8$'

start "verify: a list that lies beside a file is of that file"
mkdir beside && cp disk.wic beside/a.wic && cp 777.tar.gz beside/b.tar.gz && gzip -1 -c disk.wic >beside/c.wic.gz
(cd beside && sha256sum a.wic >a.wic.sha256 && sha256sum ./*.gz >SHA256SUMS && sha_of ../disk.wic >c.wic.sha256)
for form in a.wic b.tar.gz c.wic.gz; do
    X8CTL_IMAGE_INDEX='' image 0 verify "beside/$form"
    prints '^checksums	.*: [12] right, 0 wrong$'
done
flipped=$(printf '%064d' 7)
echo "$flipped  somewhere/a.wic" >beside/a.wic.sha256
echo "$flipped  b.tar.gz" >>beside/SHA256SUMS
echo "$flipped" >beside/c.wic.sha256
for form in a.wic b.tar.gz c.wic.gz; do
    X8CTL_IMAGE_INDEX='' image 22 verify "beside/$form"
    error_form 22
    image 0 show "beside/$form"
    prints '1 wrong; wrong is '
done
echo "$flipped  other.wic" >beside/a.wic.sha256
X8CTL_IMAGE_INDEX='' image 21 verify beside/a.wic
says 'a.wic.sha256 cannot be read.*|it is of other.wic, and not of a.wic'

start "show and verify: what is called a list and is none is said"
mkdir bad && cp 777/sit-portenta-x8.bin bad
unread() { # WHY: of bad/SHA256SUMS
    image 0 show bad
    prints "^not read	SHA256SUMS: .*$1"
    image 21 verify bad
    error_form 21
    says 'SHA256SUMS cannot be read as a list of checksums'
}
mkfifo bad/SHA256SUMS && unread 'no file'
ln -sf /no/where bad/SHA256SUMS && unread 'link to nothing'
rm bad/SHA256SUMS && truncate -s 1G bad/SHA256SUMS && unread 'larger than 1 MiB'
rm bad/SHA256SUMS && echo 'this is no list' >bad/SHA256SUMS && unread 'no line'
sha256sum bad/sit-portenta-x8.bin | cut -c8- >bad/SHA256SUMS && unread '64 digits'
image 21 verify bad --json
json "d['checksums']['unread'] == 1 and d['checksums']['first_unread'] == 'SHA256SUMS' and d['verdict'] == 'bad-image'"
md5sum bad/sit-portenta-x8.bin >bad/SHA256SUMS && image 0 verify bad
echo "$flipped  gone.bin" >bad/SHA256SUMS
image 22 verify bad
says 'not all that its list of checksums names: gone.bin'

start "verify: a block map before its image is compared in the pass, one behind it in another"
image 0 map disk.wic -o "777/$name.wic.bmap"
tar cf before.tar "777/$name.wic.bmap" "777/$name.wic.gz"
tar cf behind.tar "777/$name.wic.gz" "777/$name.wic.bmap"
X8CTL_IMAGE_INDEX='' image 0 verify before.tar
prints '^bmap	all [0-9]+ ranges'
says_no 'once more'
X8CTL_IMAGE_INDEX='' image 0 verify behind.tar
prints '^bmap	all [0-9]+ ranges'
says 'read once more'
for order in before behind; do
    fifo once "$order.tar"
    X8CTL_IMAGE_INDEX='' image 0 verify once --json
    json "(d['bmap_ranges'] > 0) == ('$order' == 'before')"
    rm once
done
says 'is not compared'
rm "777/$name.wic.bmap"

start "verify: damage inside is found, by whichever layer has it"
python3 - "$archive" <<'END'
import sys
data = open(sys.argv[1], "rb").read()
open("cut.tar.gz", "wb").write(data[:len(data) // 2])
mid = len(data) // 2
open("flipped.tar.gz", "wb").write(data[:mid] + bytes([data[mid] ^ 1]) + data[mid + 1:])
END
image 21 verify cut.tar.gz
error_form 21
image 21 verify flipped.tar.gz
cp -r 777 inner
python3 - "inner/$name.wic.gz" <<'END'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[-6] ^= 1
open(sys.argv[1], "wb").write(data)
END
image 21 verify inner
says "$name.wic.gz"
tar cf inner.tar inner
image 21 verify inner.tar

# What a map says: its ranges, their digests, and the disk with nothing but them.
cat >"$work/check_map.py" <<'END'
import hashlib, re, sys
disk, xml = open(sys.argv[1], "rb").read(), open(sys.argv[2]).read()
assert int(re.search(r"<ImageSize>\s*(\d+)", xml)[1]) == len(disk)
block = int(re.search(r"<BlockSize>\s*(\d+)", xml)[1])
zeroed = re.sub(r"(<BmapFileChecksum>\s*)[0-9a-f]{64}", lambda m: m[1] + "0" * 64, xml)
assert hashlib.sha256(zeroed.encode()).hexdigest() == re.search(r"<BmapFileChecksum>\s*([0-9a-f]{64})", xml)[1]
kept, used = bytearray(b"\xa5" * len(disk)), 0
for digest, first, last in re.findall(r'chksum="([0-9a-f]+)">\s*(\d+)(?:-(\d+))?', xml):
    start, end = int(first) * block, (int(last or first) + 1) * block
    assert hashlib.sha256(disk[start:end]).hexdigest() == digest, first
    kept[start:end] = disk[start:end]
    used += end - start
assert used < 6 << 20, used
open(sys.argv[3], "wb").write(kept)
open(sys.argv[3] + ".ext", "wb").write(kept[9 << 20:25 << 20])
END

start "map: beside the image, and with nothing but its ranges the file systems are whole"
image 0 map disk.wic
prints '^disk.wic.bmap: .* of 25.0 MiB in use \([0-9]+ %\), [0-9]+ ranges$'
python3 check_map.py disk.wic disk.wic.bmap kept || problem "the map is wrong"
e2fsck -fn kept.ext >"$work/e2fsck" 2>&1 || problem "e2fsck: $(cat "$work/e2fsck")"
debugfs -R "dump /random $work/random" kept.ext 2>/dev/null
holds "a file differs" cmp -s random files/random

start "map: the same from every form, to a file, to stdout"
cp disk.wic.bmap want.bmap
image 0 map "777/$name.wic.gz" -o gz.bmap
image 0 map 777.tar.gz -o archive.bmap
image 0 map 777 -o folder.bmap
for got in gz archive folder; do
    holds "$got.bmap differs" cmp -s want.bmap "$got.bmap"
done
image 0 map disk.wic -o -
holds "stdout differs" cmp -s want.bmap "$out"
says 'of 25.0 MiB in use'
image 0 map disk.wic -o j.bmap --json
json "d['written'] and d['size'] == 25 << 20 and 0 < d['used'] < 6 << 20"

start "map: never over a file that is there, but with --force"
echo mine >mine.bmap
image 2 map disk.wic -o mine.bmap
error_form 2
says -- '--force replaces it'
holds "it was overwritten" grep -qx mine mine.bmap
image 0 map disk.wic -o mine.bmap --force
holds "it was not replaced" cmp -s want.bmap mine.bmap
image 2 map disk.wic -o part
image 2 map disk.wic -o no/such/folder.bmap
says 'no folder'
image 0 map disk.wic -o dry.bmap --dry-run
holds "a dry run wrote" test ! -e dry.bmap

start "map: never over the image itself, nor through a link"
cp disk.wic keep.wic
ln -s keep.wic link.wic
for target in keep.wic link.wic ./keep.wic; do
    image 2 map keep.wic -o "$target" --force
    error_form 2
    says_no -- '--force'
done
cp -r 777 own
image 2 map own -o "own/$name.wic.gz" --force
holds "the image in a folder went" cmp -s "777/$name.wic.gz" "own/$name.wic.gz"
echo mine >mine.txt
ln -s mine.txt mine.link
image 2 map keep.wic -o mine.link --force
holds "it wrote through a link" grep -qx mine mine.txt
holds "the image went" cmp -s disk.wic keep.wic

start "map: flash finds it beside the image; verify and show compare it"
image 0 map 777
run 0 "$X8CTL" flash --dry-run --skip-unused 777
prints 'unused: .* of the image would not be sent'
image 0 show 777
prints '^bmap	fits: [0-9]+ ranges$'
image 0 verify 777
prints '^bmap	all [0-9]+ ranges'
cp -r 777 changed && cp disk.wic changed.wic
printf XXXX | dd of=changed.wic bs=1 seek=2048 conv=notrunc status=none
gzip -c changed.wic >"changed/$name.wic.gz"
image 22 verify changed
says 'bytes 0 to [0-9]+ have another SHA-256'

start "map: what is not understood counts as used, and is said"
"$X8_MKIMAGE" --size 8M --kernel-kb 64 --folder odd
image 0 map odd -o odd.bmap
prints '\(100 %\), 1 range$'
says 'partition 1 counts as used as a whole: '
head -c 100000 /dev/urandom >noise.wic
image 0 map noise.wic -o -
says 'counts as used'

start "no stdout: said at once"
# shellcheck disable=SC2016 # $0 is the inner shell's
run 20 bash -c '"$0" image show no-such.wic >&-' "$X8CTL"
error_form "20 no-file"
says "stdout takes no result"

start "wrong input"
image 20 show no-such.wic
image 20 map part
: >empty.wic
image 21 map empty.wic
image 21 verify empty.wic
error_form 21
image 21 show empty.wic
says 'empty.wic is empty'
ln -s loop loop && ln -s no/where dangling
image 20 show loop
says 'why +.*[Ll]oop|why +.*levels of symbolic links'
image 20 show dangling
says 'why +[Nn]o such file'
image 2 show
image 2 list 777
image 2 map disk.wic --keep 3
image 2 prune --older yesterday
image 20 list --index no-such.json
error_form 20
image 21 list --index disk.wic
error_form 21
echo '{"format": 1, "images": [{"image": 5}]}' >bad.json
image 21 list --index bad.json
says 'x8ctl help images'
image 2 list --index ''
image 2 list --index ftp://example.com/index.json
error_form 2
mkdir nothing two && cp disk.wic two/a.wic && cp disk.wic two/b.wic
image 20 verify nothing
image 20 show nothing
error_form 20
image 21 verify two
image 0 show two
prints '^image	none: .*2 files'
image 0 verify part
mkdir "$work/file" && touch "$work/file/cache"
X8CTL_HOME=$work/file image 13 list
error_form 13

# put N: a file in the cache that was last used N days ago.
put() {
    local digest
    head -c $((1000 * $1 + 1000)) /dev/urandom >"$cache/new"
    digest=$(sha_of "$cache/new")
    mv "$cache/new" "$cache/$digest"
    touch -d "$1 days ago" "$cache/$digest"
}
mkdir -p "$cache"
for days in 1 10 40 90; do put "$days"; done
files() { find "$cache" -regex '.*/[0-9a-f]+' | wc -l; }

start "prune: asks, and without a terminal says what to give"
image 41 prune
says '-y|--yes'
holds "something went" test "$(files)" = 4
image 0 prune --dry-run
prints '^2 files would be removed, 128.9 KiB would be freed$'
holds "a dry run removed" test "$(files)" = 4

start "prune: the oldest go"
image 0 prune -y --older 60d
prints '^1 file removed, 88.9 KiB freed$'
image 0 prune -y --keep 1 --json
json "d['freed_bytes'] == 52000 and len(d['removed']) == 2 and not d['dry_run']"
holds "too much went" test "$(files)" = 1
image 0 prune -y --keep 0
image 0 prune -y --keep 0
prints '^0 files removed, 0 B freed$'
finish
