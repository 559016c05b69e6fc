#!/usr/bin/env bash
# Bad inputs. What can be known from the files is said at once, without a board and before waiting for one; the rest ends
# before the board is touched, or never in success.
# The commands that spoil a release are texts, run by eval in its folder.
# shellcheck disable=SC2016,SC2059,SC2317
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"

image=lmp-factory-image-portenta-x8
mfg=mfgtool-files-portenta-x8
cd "$work" || exit 1
make_release plain
cp plain/imx-boot-portenta-x8 host-loader

# spoiled NAME COMMANDS...: begin a case with a copy of the release, in which the commands are run, as the present folder.
spoiled() {
    local what=$1
    shift
    start "$what"
    cd "$work" && rm -rf copy copy.tar.gz && cp -r plain copy && cd copy || exit 1
    eval "$*" >"$err" 2>&1 || problem "the case could not be set up"
}

# at_once CODE TEXT [ARGS...]: there is no board, and nobody waits for one.
at_once() {
    local code=$1 text=$2
    shift 2
    [ $# -gt 0 ] || set -- .
    alone "${code%% *}" flash -y --timeout 30s "$@"
    error_form "$code"
    says "$text"
    says_no 'wait'
    within 10
    prints_nothing
}

# Once a board was spoken to, the state of its eMMC is in the cause.
tells_state() {
    grep -q ' start usb 1-2' "$err" || return
    says '^  why    .*(the eMMC was not touched|the board needs a complete flash)$'
}

pack() { tar czf "$work/copy.tar.gz" -C "$work" copy "$@"; }
poke() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
size_of() { stat -c %s "$1"; }

echo "== packed images"
spoiled "a truncated .gz" 'truncate -s 100000 $image.wic.gz'
at_once '21 bad-image' 'truncated gzip'
spoiled "a .gz cut in its trailer" 'truncate -s -3 $image.wic.gz'
at_once '21 bad-image' 'truncated gzip'
spoiled "a .gz without its trailer" 'truncate -s -8 $image.wic.gz'
at_once '21 bad-image' 'truncated gzip'
spoiled "an empty .gz file" ': >$image.wic.gz'
at_once '21 bad-image' 'not packed, although its name says so'
spoiled "a .gz of nothing" ': | gzip >$image.wic.gz'
at_once '21 bad-image' 'is empty'
spoiled "a .gz of three bytes" 'printf "\037\213\010" >$image.wic.gz'
at_once '21 bad-image' 'truncated gzip'
spoiled "a .gz that is a web page" 'echo "<html>404 not found</html>" >$image.wic.gz'
at_once '21 bad-image' 'not packed, although its name says so'
spoiled "a .gz of a text" 'head -c 3000000 /dev/zero | tr "\\0" n | gzip >$image.wic.gz'
at_once '21 bad-image' 'is not a disk image'
spoiled "an image that ends before its last partition" 'rm *.gz; head -c 4000000 ../plain.raw >$image.wic'
at_once '21 bad-image' 'is cut short'
spoiled "the same, packed" 'head -c 4000256 ../plain.raw | gzip >$image.wic.gz'
at_once '21 bad-image' 'is cut short'
spoiled "an empty image" 'rm *.gz; : >$image.wic'
at_once '21 bad-image' 'is empty'
for kind in xz zstd bzip2; do
    spoiled "an image truncated in $kind" "gunzip $image.wic.gz; $kind -q $image.wic; rm -f $image.wic; truncate -s 300000 $image.wic.*"
    flash 21 start=fastboot emmc=1G -- flash -y .
    error_form '21 bad-image'
    tells_state
done

# Only decoding all of it shows these: the run says so and is no success, and a dry run finds it without a board.
for place in middle checksum length; do
    case $place in
    middle) command='poke $image.wic.gz 400000 "\377\377\377\377"' ;;
    checksum) command='poke $image.wic.gz $(($(size_of $image.wic.gz) - 8)) "\377\377"' ;;
    length) command='poke $image.wic.gz $(($(size_of $image.wic.gz) - 4)) "\1"' ;;
    esac
    spoiled "a .gz that is wrong in its $place: flash" "$command"
    flash 21 start=fastboot emmc=1G -- flash -y .
    error_form '21 bad-image'
    says 'damaged gzip|wrong checksum'
    tells_state
    spoiled "a .gz that is wrong in its $place: dry run" "$command"
    at_once '21 bad-image' 'damaged gzip|wrong checksum' --dry-run .
done

echo "== missing parts"
for part in "$image.wic.gz" u-boot-portenta-x8.itb sit-portenta-x8.bin "$mfg/imx-boot-mfgtool" "$mfg/u-boot-mfgtool.itb"; do
    spoiled "without $part" "rm $part"
    at_once '20 no-file' "line [0-9]+: (\.\./)?$(basename "$part") is missing"
done
spoiled "an empty folder" 'rm -r *'
at_once '20 no-file' 'no first loader'
start "a source that does not exist"
at_once '20 no-file' 'nowhere.tar.gz' "$work/nowhere.tar.gz"
start "a disk image and nothing else"
cp "$work/plain.raw" "$work/alone.wic"
at_once '20 no-file' 'imx-boot-mfgtool' "$work/alone.wic"

echo "== loaders"
# Its IVT and all that it points to moved to where the i.MX 8M Nano has its memory.
cat >"$work/other-chip.py" <<'PYTHON'
import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
at = next(i for i in range(0, len(data), 4) if data[i:i + 3] == b"\xd1\x00\x20" and data[i + 3] >> 4 == 4)
boot = struct.unpack_from("<I", data, at + 16)[0] - struct.unpack_from("<I", data, at + 20)[0] + at
for field in [at + 4, at + 12, at + 16, at + 20, at + 24, boot]:
    old = struct.unpack_from("<I", data, field)[0]
    if old:
        struct.pack_into("<I", data, field, old + 0x912000 - 0x7e1000)
open(sys.argv[1], "wb").write(data)
PYTHON
for part in "$mfg/imx-boot-mfgtool" imx-boot-portenta-x8; do
    spoiled "a loader of another chip as $part" "python3 ../other-chip.py $part"
    at_once '23 misfit' 'is a loader for another chip'
done
spoiled "a boot image that leads outside of itself" 'poke $mfg/imx-boot-mfgtool 20 "\0\0\221\0"'
at_once '21 bad-image' 'is not a boot image'
spoiled "a FIT as boot image" 'cp $mfg/u-boot-mfgtool.itb $mfg/imx-boot-mfgtool'
at_once '21 bad-image' 'is not a boot image'
spoiled "a boot image as FIT" 'cp imx-boot-portenta-x8 u-boot-portenta-x8.itb'
at_once '21 bad-image' 'is not a FIT'
spoiled "a loader larger than its partition" 'head -c 400000 /dev/zero >>imx-boot-portenta-x8'
at_once '23 misfit' 'it has 608480 bytes, the first loader holds 359424'
spoiled "an empty loader" ': >u-boot-portenta-x8.itb'
at_once '21 bad-image' 'is empty'

echo "== scripts"
for spoil in '(printf "\357\273\277"; cat $script) >a' '(echo; cat $script) >a' 'sed "s/$/\r/" $script >a' \
    '(printf "\357\273\277\r\n"; sed "s/$/\r/" $script) >a'; do
    # shellcheck disable=SC2034  # used by the commands
    script=$mfg/full_image.uuu
    spoiled "a script with a byte order mark, a blank first line or DOS line ends works: $spoil" "$spoil; mv a \$script"
    flash 0 start=fastboot emmc=1G --compare "$(full_flash_of "$work/plain" "$work/plain.raw")" -- flash -y .
done
spoiled "an empty script" ': >$mfg/full_image.uuu'
at_once '21 bad-image' 'has no commands'
spoiled "a script in UTF-16" 'iconv -f UTF-8 -t UTF-16 $script >a; mv a $script'
at_once '21 bad-image' 'full_image.uuu'
spoiled "an unknown command, with its line" 'sed -i "s/FB: flash sit/FB: flesh sit/" $script'
at_once '21 bad-image' "line 17: .*'flesh'"
says "did you mean: FB: flash"
spoiled "a script that writes nothing" 'sed -i /flash/d $script'
at_once '21 bad-image' 'would write nothing'
spoiled "a script that runs a command on this computer" 'sed -i "3i FB: sh touch $work/touched" $script'
at_once '30 refused' 'the script wants to run a command on this computer'
[ ! -e "$work/touched" ] || problem "the command was run"
spoiled "a packed image without /* is unpacked all the same, and uuu's way told" 'sed -i "s,wic.gz/\*,wic.gz," $script'
flash 0 start=fastboot emmc=1G --compare "user=$work/plain.raw" -- flash -y .
says 'the name ends without /\*'
spoiled "an absolute path that is not there" 'sed -i "s,\.\./imx-boot,/nowhere/imx-boot," $script'
at_once '20 no-file' 'there is no file /nowhere/imx-boot-portenta-x8'
spoiled "an absolute path that is there, in a script of this computer" 'sed -i "s,\.\./imx-boot-portenta-x8,$work/host-loader," $script'
flash 0 start=fastboot emmc=1G --compare "boot0@0x8400=$work/host-loader" -- flash -y .
spoiled "a path with a drive letter" 'sed -i "s,\.\./imx-boot,C:\\\\release\\\\imx-boot," $script'
at_once '20 no-file' 'there is no file C:'
spoiled "backslashes as in Windows work" 'sed -i "s,\.\./,..\\\\," $script; grep -q "\.\.\\\\imx" $script'
flash 0 start=fastboot emmc=1G --compare "user=$work/plain.raw" -- flash -y .

echo "== archives"
spoiled "a truncated archive" 'pack; truncate -s -70000 ../copy.tar.gz'
at_once '21 bad-image' 'truncated gzip' ../copy.tar.gz
spoiled "an archive cut in its trailer" 'pack; truncate -s -2 ../copy.tar.gz'
at_once '21 bad-image' 'truncated gzip' ../copy.tar.gz
spoiled "a damaged archive" 'pack; poke ../copy.tar.gz 500000 "\377\377\377"'
at_once '21 bad-image' 'damaged gzip' ../copy.tar.gz
spoiled "an archive that is not packed and was cut" 'tar cf ../copy.tar.gz -C .. copy; truncate -s 900000 ../copy.tar.gz'
at_once '21 bad-image' 'truncated tar archive' ../copy.tar.gz
spoiled "an empty archive file" ': >../copy.tar.gz'
at_once '21 bad-image' 'neither an archive nor a script nor an image' ../copy.tar.gz
spoiled "an archive with a gzip around it that is one too many" 'pack; gzip -c ../copy.tar.gz >a; mv a ../copy.tar.gz'
at_once '21 bad-image' 'neither an archive nor a script nor an image' ../copy.tar.gz
spoiled "a member with '..' in its name" 'touch evil; pack -P --transform "s,copy/evil,../evil,"'
at_once '21 bad-image' "'../evil' points out of the archive" ../copy.tar.gz
spoiled "a member with an absolute name" 'touch evil; pack -P --transform "s,copy/evil,/tmp/evil,"'
at_once '21 bad-image' "'/tmp/evil' has an absolute name" ../copy.tar.gz
spoiled "a link out of the archive" 'ln -sf /etc/passwd imx-boot-portenta-x8; pack'
at_once '21 bad-image' 'is a link out of the archive' ../copy.tar.gz
spoiled "a FIFO in the archive" 'mkfifo pipe; pack'
at_once '21 bad-image' 'is a device or another special file' ../copy.tar.gz
cat >"$work/archive.py" <<'PYTHON'
import gzip, sys, tarfile
kind, out = sys.argv[1:]
with tarfile.open(out, "w:gz", compresslevel=1) as tar:
    tar.add(".", "copy")
    odd = tarfile.TarInfo("copy/odd")
    if kind == "device":
        odd.type, odd.devmajor, odd.devminor = tarfile.BLKTYPE, 8, 0
    elif kind == "hard":
        odd.type, odd.linkname = tarfile.LNKTYPE, "/etc/shadow"
    tar.addfile(odd)
if kind == "huge":
    odd.name, odd.size = "copy/lmp-factory-image-portenta-x8.wic", 400 << 30
    open(out, "wb").write(gzip.compress(odd.tobuf(format=tarfile.GNU_FORMAT) + bytes(1 << 20)))
PYTHON
spoiled "a device node in the archive" 'python3 ../archive.py device ../copy.tar.gz'
at_once '21 bad-image' 'is a device or another special file' ../copy.tar.gz
spoiled "a hard link to a file of this computer" 'python3 ../archive.py hard ../copy.tar.gz'
at_once '21 bad-image' "'/etc/shadow' has an absolute name" ../copy.tar.gz
spoiled "a member that claims 400 GiB" 'python3 ../archive.py huge ../copy.tar.gz'
at_once '21 bad-image' 'claims a size no board can hold' ../copy.tar.gz
for name in "$work/host-loader" '>../host-loader'; do
    spoiled "a script in an archive that reads $name of this computer" 'sed -i "s,\.\./imx-boot-portenta-x8,$name," $script; pack'
    at_once '30 refused' 'the script wants to read a file of this computer' ../copy.tar.gz
done
spoiled "a script in an archive that writes a file of this computer" 'sed -i "/FB: done/i FB: upload -f stolen" $script; pack'
at_once '30 refused' 'the script wants to write a file of this computer' ../copy.tar.gz
spoiled "a script in an archive that leads out of it by dots finds its parts inside" 'sed -i "s,\.\./imx,../../../host-loader/imx," $script; pack'
flash 0 start=fastboot emmc=1G --compare "boot0@0x8400=$work/plain/imx-boot-portenta-x8" -- flash -y ../copy.tar.gz

echo "== declared sizes"
cat >"$work/sizes.py" <<'PYTHON'
import struct, sys
kind, out = sys.argv[1:]
if kind == "mbr":        # one partition of 400 GB
    head = bytearray(1 << 20)
    struct.pack_into("<BBBBBBBBII", head, 446, 0, 0, 0, 0, 0x83, 0, 0, 0, 2048, 400 * 10**9 // 512)
    head[510:512] = b"\x55\xaa"
elif kind == "sparse":   # 400 GB of nothing
    blocks = 400 * 10**9 // 4096
    head = struct.pack("<IHHHHIIII", 0xed26ff3a, 1, 0, 28, 12, 4096, blocks, 1, 0)
    head += struct.pack("<HHIII", 0xcac2, 0, blocks, 16, 0)
elif kind == "chunk":    # a chunk that claims more than there is
    head = struct.pack("<IHHHHIIII", 0xed26ff3a, 1, 0, 28, 12, 4096, 16, 1, 0)
    head += struct.pack("<HHII", 0xcac1, 0, 16, 400 * 10**9 & 0xffffffff) + bytes(4096)
open(out, "wb").write(head)
PYTHON
spoiled "a partition table of 400 GB" 'rm *.gz; python3 ../sizes.py mbr $image.wic'
at_once '21 bad-image' 'is cut short'
spoiled "a sparse image of 400 GB: the eMMC is smaller" 'rm *.gz; python3 ../sizes.py sparse $image.wic'
flash 23 start=fastboot emmc=1G -- flash -y .
error_form '23 misfit'
says 'the eMMC was not touched|does not fit'
spoiled "a sparse chunk larger than its image" 'rm *.gz; python3 ../sizes.py chunk $image.wic'
flash 21 start=fastboot emmc=1G -- flash -y .
error_form '21 bad-image'

echo "== block maps"
cat >"$work/bmap.py" <<'PYTHON'
import hashlib, os, sys
raw, out, fault = sys.argv[1:]
data = open(raw, "rb").read()
blocks = [data[i:i + 4096] for i in range(0, len(data), 4096)]
ranges = []
for i, block in enumerate(blocks):
    if not block.strip(b"\0"):
        continue
    if ranges and ranges[-1][1] == i - 1:
        ranges[-1][1] = i
    else:
        ranges.append([i, i])
lines = []
for n, (a, b) in enumerate(ranges):
    digest = hashlib.sha256(data[a * 4096:(b + 1) * 4096]).hexdigest()
    if fault == "range" and n == len(ranges) // 2:
        digest = "0" * 64
    lines.append('<Range chksum="%s"> %s </Range>' % (digest, a if a == b else "%d-%d" % (a, b)))
size = len(data) + (4096 if fault == "size" else 0)
if fault == "huge":
    size = 400 * 10**9
text = """<?xml version="1.0" ?>
<bmap version="2.0">
<ImageSize> %d </ImageSize>
<BlockSize> 4096 </BlockSize>
<BlocksCount> %d </BlocksCount>
<MappedBlocksCount> %d </MappedBlocksCount>
<ChecksumType> sha256 </ChecksumType>
<BmapFileChecksum> %s </BmapFileChecksum>
<BlockMap>
%s
</BlockMap>
</bmap>
""" % (size, size // 4096, sum(b - a + 1 for a, b in ranges), "0" * 64, "\n".join(lines))
digest = hashlib.sha256(text.encode()).hexdigest()
if fault != "checksum":
    text = text.replace("0" * 64, digest, 1)
open(out, "w").write(text)
PYTHON
same=$(full_flash_of "$work/plain" "$work/plain.raw")
spoiled "a true block map" 'python3 ../bmap.py ../plain.raw $image.wic.bmap none'
flash 0 start=fastboot emmc=1G --compare "$same" -- flash -y .
spoiled "a true block map, unused blocks are skipped when asked" 'python3 ../bmap.py ../plain.raw $image.wic.bmap none'
flash 0 start=fastboot emmc=1G -- flash -y --skip-unused --json .
json 'd["boards"][0]["targets"][0]["skipped"] > 0 and d["boards"][0]["verified"] == "full"'
spoiled "a block map that is no XML" 'echo "<bmap" >$image.wic.bmap'
at_once '21 bad-image' 'bmap: block map, line 1: unclosed token'
spoiled "an empty block map" ': >$image.wic.bmap'
at_once '21 bad-image' 'wic.bmap'
spoiled "a block map with a wrong checksum of itself" 'python3 ../bmap.py ../plain.raw $image.wic.bmap checksum'
at_once '22 bad-digest' 'wic.bmap'
spoiled "a block map for another size" 'python3 ../bmap.py ../plain.raw $image.wic.bmap size; gunzip $image.wic.gz'
at_once '22 bad-digest' 'does not belong to'
spoiled "a block map of 400 GB" 'python3 ../bmap.py ../plain.raw $image.wic.bmap huge; gunzip $image.wic.gz'
at_once '22 bad-digest' 'the map is for 400000000000 bytes'
spoiled "a block map with a wrong range" 'python3 ../bmap.py ../plain.raw $image.wic.bmap range'
flash 22 start=fastboot emmc=1G -- flash -y .
error_form '22 bad-digest'
tells_state
at_once '22 bad-digest' '' --dry-run .

echo "== larger than the eMMC"
cd "$work" || exit 1
"$X8_MKIMAGE" --size 24M --kernel-kb 64 --folder large
"$X8_MKIMAGE" --size 24M --kernel-kb 64 --folder members --members 3
"$X8_MKIMAGE" --size 24M --kernel-kb 64 --archive large.tar.gz
for source in large members large.tar.gz; do
    start "$source is larger than the eMMC, which is not touched"
    flash 23 emmc=16M start=fastboot log="$work/log" -- flash -y "$source"
    error_form '23 misfit'
    says 'the image has 25165824 bytes, the board holds 16777216; the eMMC was not touched$'
    if grep -Eq 'erase|flash:|download:' "$work/log"; then problem "$(cat "$work/log")"; fi
done
start "an image larger than the eMMC whose size nobody knows beforehand"
gunzip -c large/$image.wic.gz | bzip2 -1 >large/$image.wic.bz2
rm large/$image.wic.gz
flash 23 emmc=16M start=fastboot -- flash -y large
error_form '23 misfit'
says '^  why    .*the board needs a complete flash$'
finish
