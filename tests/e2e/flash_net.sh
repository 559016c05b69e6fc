#!/usr/bin/env bash
# x8ctl flash with a release or an address: out of the cache, or straight from a web server. Nothing wrong reaches a
# board, and nothing that is half wrong is completed on one.
# shellcheck source=image_kit.sh
. "$(dirname "$0")/image_kit.sh"

set=$work/777 disk=$work/777.raw archive=$work/777.tar.gz
make_release "$set"
hurry "$set"
# Behind the image comes more than the mebibyte that is held back until the digest was compared.
head -c 3000000 /dev/urandom >"$set/zz-last"
tar czf "$archive" -C "$work" 777/$name.wic.gz 777/mfgtool-files-portenta-x8 777/imx-boot-portenta-x8 \
    777/u-boot-portenta-x8.itb 777/sit-portenta-x8.bin 777/zz-last
digest=$(sha_of "$archive")
same=$(full_flash_of "$set" "$disk")
serve
url=http://127.0.0.1:$port
cp "$archive" "$work/www/777.tar.gz"
cp "$archive" "$work/www/latest.tar.gz"
catalogue "$work/index.json" "$url/"
export X8CTL_IMAGE_INDEX=$work/index.json
mkdir "$work/there"
cd "$work/there" || exit 1

# on STATUS WORDS... -- ARGS...: a flash from fastboot, its dialogue in $log.
log=$work/log
on() {
    local want=$1
    shift
    rm -f "$log"
    flash "$want" start=fastboot emmc=1G log="$log" "$@"
}
untouched() { ! grep -s -Eq 'download:|flash:|erase' "$log" || problem "the board was written to: $(cat "$log")"; }
forget() { rm -rf "$cache"; }

echo "== through the cache"
start "a release by its number: downloaded, compared, flashed"
on 0 --compare "$same" -- flash -y --json 777
says "777 is image 777 \(2026-01-02\), .*, in the cache, SHA-256 $digest \(known\)"
says 'comes over http: nothing proves who sends it, but its SHA-256 is known'
json "d['sha256'] == '$digest' and d['url'] == '$url/777.tar.gz' and d['source'] == '777.tar.gz'"
json 'd["boards"][0]["verified"] == "full"'
holds "it is not in the cache" test -f "$cache/$digest"
start "the second time nobody is asked, and --offline is enough"
on 0 --compare "$same" -- flash -y 91.77
on 0 --compare "$same" -- flash -y --offline 777
holds "it was downloaded again" test "$(asked 'GET /777.tar.gz')" = 1
start "offline, and not in the cache"
on 24 -- flash -y --offline 700
error_form '24 network'
untouched
start "an image that nobody knows"
on 20 -- flash -y 778
error_form '20 no-file'
says '777'
start "latest: what it turned out to be is said"
on 0 --compare "$same" -- flash -y --json latest
says "latest is image 777 .*SHA-256 $digest"
json "d['sha256'] == '$digest'"
on 0 --compare "$same" -- flash -y --offline latest
start "latest is another file by now: told, and pinned anew"
cp -r "$set" "$work/other"
echo more >"$work/other/more"
tar czf "$work/www/latest.tar.gz" -C "$work" other
on 0 --compare "$same" -- flash -y latest
says "latest is another file now: SHA-256 $(sha_of "$work/www/latest.tar.gz"), was $digest"
start "an address: pinned at first use, and another file there is refused later"
cp "$archive" "$work/www/mine.tar.gz"
on 0 --compare "$same" -- flash -y "$url/mine.tar.gz"
says 'nothing proves who sends it, and anybody on the way can replace it'
says 'mine.tar.gz is image 777, by its SHA-256'
start "a password in an address is shown nowhere"
for option in --verify=auto --no-cache; do
    on 0 -- flash -y --json $option "http://me:secret@127.0.0.1:$port/mine.tar.gz"
    says ' mine.tar.gz is (image 777|read from http://[^/]*127.0.0.1:)'
    says_no secret
    prints_no secret
done
start "an address: another file than the pinned one is refused"
forget_files() { find "$cache" -type f -regextype posix-extended -regex '.*/[0-9a-f]{64}(\.json)?' -delete; }
forget_files
cp "$work/www/latest.tar.gz" "$work/www/mine.tar.gz"
on 22 -- flash -y "$url/mine.tar.gz"
error_form '22 bad-digest'
untouched
start "another digest than the known one: refused before the board is touched"
forget
cp "$work/www/latest.tar.gz" "$work/www/777.tar.gz"
sed 's/"size": [0-9]*,//' "$work/index.json" >"$work/unsized.json"
on 22 -- flash -y --index "$work/unsized.json" 777
error_form '22 bad-digest'
untouched
cp "$archive" "$work/www/777.tar.gz"
start "what is no archive of a release"
head -c 100000 /dev/urandom >"$work/www/noise"
on 21 -- flash -y "$url/noise"
error_form '21 bad-image'
says 'noise: neither an archive'
untouched
start "a folder of that name comes first, and that is said"
mkdir 777
on 20 -- flash -y 777
says '777 is a folder here, and that is used'
rmdir 777
cp -r "$set" 777
on 0 --compare "$same" -- flash -y 777
rm -r 777
start "an address that is none of the web"
on 2 -- flash -y ftp://127.0.0.1/777.tar.gz
error_form '2 usage'

echo "== straight from the server"
whole_files() { find "$cache" -type f -regextype posix-extended -regex '.*/([0-9a-f]{64}|part-[^.]*)' 2>/dev/null | wc -l; }
forget
start "a release is written and nothing is kept"
on 0 --compare "$same" -- flash -y --no-cache --json 777
says '777 is read from .*777.tar.gz, and not kept'
json "d['sha256'] == '$digest' and d['boards'][0]['verified'] == 'full'"
holds "a file is in the cache" test "$(whole_files)" = 0
start "an address, without anything known of it"
on 0 --compare "$same" -- flash -y --no-cache "$url/mine.tar.gz?x=1"
on 0 --compare "$same" -- flash -y --no-cache latest
holds "a file is in the cache" test "$(whole_files)" = 0
start "a dry run, with the map of used blocks"
alone 0 flash --no-cache --dry-run --skip-unused --json 777
json "d['sha256'] == '$digest' and d['image_bytes'] == 8 << 20"
start "stopped while the server is slow: at once"
rm -f "$log" pid
(
    until grep -q 'is read from' "$err"; do sleep 0.05; done
    kill -INT "$(cat pid)"
) &
board 130 start=fastboot log="$log" --pid-file pid -- "$X8CTL" flash -y --no-cache "$url/crawl/777.tar.gz"
wait "$!"
error_form '130 stopped'
within 30 # all of it would take minutes
untouched
start "two boards"
flash 0 start=fastboot emmc=1G --count 2 --compare "$same" -- flash -y --all --no-cache 777
start "another digest than the known one: refused before the board is touched"
cp "$work/www/latest.tar.gz" "$work/www/777.tar.gz"
on 22 -- flash -y --no-cache --index "$work/unsized.json" 777
error_form '22 bad-digest'
untouched
cp "$archive" "$work/www/777.tar.gz"
start "truncated on the server, and no digest is known"
head -c 2000000 "$archive" >"$work/www/short.tar.gz"
on 21 -- flash -y --no-cache "$url/short.tar.gz"
error_form '21 bad-image'
says 'short.tar.gz: truncated gzip'
untouched
start "not there"
on 24 -- flash -y --no-cache "$url/nowhere.tar.gz"
error_form '24 network'
untouched
start "offline, and only for what comes from the network"
on 24 -- flash -y --no-cache --offline 777
error_form '24 network'
on 2 -- flash -y --no-cache "$archive"
error_form '2 usage'

# How often a server is asked. A plain tar with 130 MiB behind everything is more than is kept in memory.
truncate -s 130M "$set/zz-last"
parts=(777/mfgtool-files-portenta-x8 777/imx-boot-portenta-x8 777/u-boot-portenta-x8.itb 777/sit-portenta-x8.bin)
tar cf "$work/www/once.tar" -C "$work" "${parts[@]}" 777/$name.wic.gz 777/zz-last
tar cf "$work/www/twice.tar" -C "$work" 777/$name.wic.gz "${parts[@]}" 777/zz-last
# from_server FILE TIMES: so often all of the file was sent, and nothing else was.
from_server() {
    local whole end=$((SECONDS + 60))
    whole="^200 GET /$1 HTTP/1.1 $(stat -c %s "$work/www/$1")\$"
    # nginx writes the line when it is done; and who asked too often has asked by then.
    until [ "$(asked "GET /$1")" -ge "$2" ] || [ "$SECONDS" -ge "$end" ]; do sleep 0.05; done
    sleep 0.1
    holds "asked: $(grep "GET /$1" "$work/asked")" test "$(asked "$whole") $(asked "GET /$1")" = "$2 $2"
    : >"$work/asked"
}
start "the image behind its parts: the server is asked once"
on 0 --compare "$same" -- flash -y --no-cache --json "$url/once.tar"
says 'once.tar is read once: its image goes to the board as it comes'
says 'no checksum of once.tar is known: it is pinned'
json "d['sha256'] == '$(sha_of "$work/www/once.tar")'"
from_server once.tar 1
start "the image before its parts: once to find them, and once to write it"
on 0 --compare "$same" -- flash -y --no-cache "$url/twice.tar"
says 'twice.tar is read again to write it: parts that a flash begins with come behind its image'
from_server twice.tar 2
start "two boards that begin together share it"
flash 0 start=fastboot emmc=1G --count 2 --compare "$same" -- flash -y --all --no-cache "$url/once.tar"
from_server once.tar 1
start "what the image uses has to be known before it is written"
on 0 -- flash -y --no-cache --skip-unused "$url/once.tar"
says 'once.tar is read again to write it: what its image uses had to be known first'
from_server once.tar 2
start "loaders alone: all of it is read, for its digest"
on 0 -- flash -y --no-cache --only loader "$url/once.tar"
from_server once.tar 1
start "a dry run of all of it"
alone 0 flash --no-cache --dry-run --json "$url/once.tar"
from_server once.tar 1
start "in one pass another file than the pinned one is not completed"
printf '\001' | dd of="$work/www/once.tar" bs=1 seek=$(($(stat -c %s "$work/www/once.tar") - 20000)) conv=notrunc status=none
on 22 -- flash -y --no-cache "$url/once.tar"
error_form '22 bad-digest'
says 'the board needs a complete flash'
if grep -Eq 'flash:all|flash:bootloader' "$log"; then problem "the only piece was sent, or the script went on"; fi
from_server once.tar 1
start "loaders alone of another file than the pinned one: the board is not touched"
on 22 -- flash -y --no-cache --only loader "$url/once.tar"
error_form '22 bad-digest'
untouched
start "a web page in its place is not pinned"
echo '<html>log in</html>' >"$work/www/page.tar.gz"
on 21 -- flash -y --no-cache "$url/page.tar.gz"
error_form '21 bad-image'
says 'web page'
cp "$archive" "$work/www/page.tar.gz"
on 0 -- flash -y --no-cache "$url/page.tar.gz"

# Another file as soon as all of it was sent once: the last byte of its last member differs, far behind the image.
cat >"$work/changing.py" <<'PYTHON'
import http.server, sys
first, then = (open(path, "rb").read() for path in sys.argv[1:3])
whole = 0
class Changing(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global whole
        data = then if whole else first
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            for at in range(0, len(data), 1 << 20):
                self.wfile.write(data[at:at + (1 << 20)])
            whole += 1
        except OSError:
            pass  # enough was read
    def log_message(self, *words):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Changing)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
start "a file that changes between the check and the write: the last piece is not sent"
cp "$work/www/twice.tar" "$work/changed.tar"
printf '\001' | dd of="$work/changed.tar" bs=1 seek=$(($(stat -c %s "$work/changed.tar") - 20000)) conv=notrunc status=none
exec 3< <(exec python3 "$work/changing.py" "$work/www/twice.tar" "$work/changed.tar")
changing=$!
read -r -u 3 its_port
on 22 -- flash -y --no-cache "http://127.0.0.1:$its_port/changing.tar"
error_form '22 bad-digest'
says 'it changed on the server since it was first read'
says 'the board needs a complete flash'
if grep -Eq 'flash:all|flash:bootloader' "$log"; then problem "the only piece was sent, or the script went on"; fi
kill "$changing"
finish
