#!/usr/bin/env bash
# x8ctl image and flash where the server, the disk or the address is not as it should be: nothing that is cut off is
# noted or kept as good, nothing secret is shown or stored, a dry run leaves everything as it was.
# shellcheck source=image_kit.sh
. "$(dirname "$0")/image_kit.sh"

set=$work/777 disk=$work/777.raw archive=$work/777.tar.gz
make_release "$set"
hurry "$set"
head -c 1500000 /dev/urandom >"$set/zz-last"
# The image behind all other parts, so that it goes to the board as it comes.
parts=(777/mfgtool-files-portenta-x8 777/imx-boot-portenta-x8 777/u-boot-portenta-x8.itb 777/sit-portenta-x8.bin)
tar -b1 -cf "$work/777.tar" -C "$work" "${parts[@]}" 777/$name.wic.gz 777/zz-last
gzip -nk "$work/777.tar"
same=$(full_flash_of "$set" "$disk")
serve
url=http://127.0.0.1:$port
catalogue "$work/index.json" "$url/"
export X8CTL_IMAGE_INDEX=$work/index.json
mkdir "$work/there"
cd "$work/there" || exit 1

pins() { find "$cache" -name 'pin-*' 2>/dev/null | wc -l; }
all_files() { find "$X8CTL_HOME" ! -name '*.lock' -printf '%P %s %T@\n' 2>/dev/null | sort; }
# shorten FILE BYTES NAME: all but its last bytes, as the server's own copy.
shorten() { head -c "-$2" "$1" >"$work/www/$3"; }
log=$work/log
on() {
    local want=$1
    shift
    rm -f "$log"
    flash "$want" start=fastboot emmc=1G log="$log" "$@"
}
untouched() { ! grep -s -Eq 'download:|flash:|erase' "$log" || problem "the board was written to: $(cat "$log")"; }
not_completed() { if grep -Eq 'flash:all|flash:bootloader' "$log"; then problem "the only piece was sent, or the script went on"; fi; }

echo "== archives that are cut off on their server"
python3 - "$work" <<'END'
import os, sys, zipfile
os.chdir(sys.argv[1])
with zipfile.ZipFile("777.zip", "w") as z:
    for folder, _, files in os.walk("777"):
        for file in files: z.write(os.path.join(folder, file))
END
xz -0kf "$work/777.tar"
while read -r file bytes; do
    start "get: $file without its last $bytes bytes is refused, kept aside, and not noted"
    shorten "$work/$file" "$bytes" "$file"
    X8CTL_IMAGE_INDEX='' image 21 get "$url/$file"
    error_form '21 bad-image'
    says 'not whole'
    says 'kept aside as'
    holds "it is not aside" test -e "$cache/bad-$(sha_of "$work/www/$file")"
    holds "a digest was noted" test "$(pins)" = 0
    holds "it is in the cache" test ! -e "$cache/$(sha_of "$work/www/$file")"
done <<'END'
777.tar 400000
777.tar 700
777.tar 512
777.tar.gz 400000
777.tar.gz 4
777.tar.xz 20
777.zip 400000
777.zip 30
END
start "get: what is no archive is left as it is, and the same address takes the whole file afterwards"
head -c 100000 "$disk" >"$work/www/part.wic"
image 0 get "$url/part.wic"
cp "$work/777.tar" "$work/777.zip" "$work/www/"
X8CTL_IMAGE_INDEX='' image 0 get "$url/777.tar"
X8CTL_IMAGE_INDEX='' image 0 get "$url/777.zip"
rm -rf "$cache"

for option in '' --only=loader; do
    start "flash --no-cache $option: cut off on its server: not completed, and the digest is not noted"
    shorten "$archive" 400000 short.tar.gz
    on 21 -- flash -y --no-cache $option "$url/short.tar.gz"
    error_form '21 bad-image'
    says 'short.tar.gz: .*truncated gzip'
    not_completed
    holds "a digest was noted" test "$(pins)" = 0
    shorten "$work/777.tar" 400000 short.tar
    on 21 -- flash -y --no-cache $option "$url/short.tar"
    not_completed
    holds "a digest was noted" test "$(pins)" = 0
done
start "flash --no-cache: the loaders alone do not touch the board then"
untouched
start "flash --no-cache: an image that is damaged inside a good archive is not noted either"
cp -r "$set" "$work/hurt"
head -c -3000 "$set/$name.wic.gz" >"$work/hurt/$name.wic.gz"
tar czf "$work/www/hurt.tar.gz" -C "$work" "${parts[@]/#777/hurt}" hurt/$name.wic.gz
on 21 -- flash -y --no-cache "$url/hurt.tar.gz"
not_completed
holds "a digest was noted" test "$(pins)" = 0
start "flash --no-cache: the whole file at the same address is taken, and noted once a board has it"
cp "$archive" "$work/www/short.tar.gz"
on 0 --compare "$same" -- flash -y --no-cache "$url/short.tar.gz"
says 'short.tar.gz is image 777, by its SHA-256'
holds "no digest was noted" test "$(pins)" = 1
start "flash --no-cache: a board that fails is no verdict on the file"
cp "$work/777.tar" "$work/www/fails.tar"
on 30 fault=stage:fastboot,at:flash,do:fail,text:no -- flash -y --no-cache --retries 0 "$url/fails.tar"
holds "a digest was noted" test "$(pins)" = 1

echo "== a dry run"
start "-n with a catalogue from an address: no copy is kept"
rm -rf "$cache"
cp "$work/index.json" "$work/www/index.json"
cp "$archive" "$work/www/777.tar.gz"
before=$(all_files)
image 0 get -n 777 --index "$url/index.json"
says "would get $url/777.tar.gz"
alone 0 flash -n --no-cache 777 --index "$url/index.json"
holds "something changed" test "$(all_files)" = "$before"
image 0 list --index "$url/index.json"
sed -i 's/the test/another/' "$work/www/index.json"
before=$(all_files)
image 0 get -n 777 --index "$url/index.json"
holds "the old copy changed" test "$(all_files)" = "$before"

echo "== addresses"
secret=s3cret
# hidden STATUS ARGS...: the password of an address is in nothing that is said, printed or kept.
hidden() {
    local want=$1
    shift
    image "$want" "$@"
    says_no "$secret"
    prints_no "$secret"
    holds "it is kept: $(grep -rl "$secret" "$X8CTL_HOME")" test -z "$(grep -rl "$secret" "$X8CTL_HOME")"
}
at=me:$secret@127.0.0.1
start "a password in an address is shown and kept nowhere, whatever is wrong with the address"
hidden 0 get "http://$at:$port/777.tar.gz?key=$secret" -o .
hidden 0 show "http://$at:$port/777.tar.gz" --json
hidden 0 list --index "http://$at:$port/index.json"
hidden 2 list --index "ftp://$at/index.json"
hidden 24 get "http://$at:$port/none.tar"
hidden 24 get "http://$at:$port/none.tar" --json
hidden 2 get "ftp://$at/x.tar"
hidden 2 get "http://me:a/$secret@127.0.0.1/x.tar"
hidden 2 get "http://me:a?$secret@127.0.0.1/x.tar"
hidden 2 get "http://$at:port/x.tar"
X8CTL_LOGS=0 hidden 20 get "$at/x.tar"
hidden 2 list "http://$at/x.tar"
start "a flash that was cut off keeps no password either, and says what it needs to go on"
cp "$work/777.tar" "$work/www/cut-off.tar"
X8CTL_IMAGE_INDEX='' on 30 fault=stage:fastboot,at:flash,nth:2,do:fail,text:no -- flash -y --retries 0 "http://$at:$port/cut-off.tar"
holds "it is kept: $(grep -rl "$secret" "$X8CTL_HOME")" test -z "$(grep -rl "$secret" "$X8CTL_HOME")"
if ls "$X8CTL_HOME"/state/flash/*.jsonl >/dev/null 2>&1; then
    on 2 -- flash -y --resume
    says 'the address of the run that was cut off is needed again'
    # The virtual board has forgotten what was written to it.
    on 12 -- flash -y --resume "http://$at:$port/cut-off.tar"
    says 'the run of cut-off.tar .* is resumed'
    says_no "$secret"
else
    problem "there is no journal"
fi
start "names come from the address, and lead nowhere else"
cat >"$work/any.py" <<'END'
import http.server
class Any(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.send_header("Content-Disposition", 'attachment; filename="../../evil"')
        self.end_headers()
        self.wfile.write(bytes(range(250)) * 4)
    def log_message(self, *words): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Any)
print(server.server_port, flush=True)
server.serve_forever()
END
exec 3< <(exec python3 "$work/any.py")
any=$!
read -r -u 3 any_port
mkdir names
for path in '..' '.hidden' 'a%2f..%2fb' ''; do image 0 get "http://127.0.0.1:$any_port/any/$path?x=/../y" -o names; done
image 0 get "http://token@127.0.0.1:$any_port" -o names
kill "$any"
found=$(find names -type f -printf '%f ' | tr ' ' '\n' | sort | tr '\n' ' ')
holds "other names: $found" test "$found" = 'a%2f..%2fb any image '

echo "== the cache and the disk"
start "what a killed run left in the way of a copy is no hindrance, in a container either"
# shellcheck disable=SC2016 # the inner shell's
run 0 bash -c 'echo old >"copy.tar.gz.$$-0.part"; exec "$0" image get 777 -o copy.tar.gz' "$X8CTL"
holds "the file differs" cmp -s "$archive" copy.tar.gz
holds "another run's file is gone" test "$(cat copy.tar.gz.*-0.part)" = old
rm copy.tar.gz*
start "a folder whose name is too long for what lies in it"
X8CTL_HOME=$work/$(printf 'long%.0s' $(seq 60))/$(printf 'long%.0s' $(seq 60))/$(printf 'long%.0s' $(seq 60)) image 2 get 777
error_form 2

echo "== a file that is called like a release"
start "another file with the name and the size of a release: verify and flash refuse it"
cp "$archive" 777.tar.gz
image 0 verify 777.tar.gz
on 0 --compare "$same" -- flash -y 777.tar.gz
says_no 'warn'
# The same members with another byte in one of them, packed to the same length.
"$X8_TESTS/lib/flip" "$work/777.tar" -20000
gzip -nc "$work/777.tar" >777.tar.gz
holds "the test has no file of this size" test "$(stat -c %s 777.tar.gz)" = "$(stat -c %s "$archive")"
image 22 verify 777.tar.gz
error_form '22 bad-digest'
on 22 -- flash -y 777.tar.gz
error_form '22 bad-digest'
says 'called like image 777'
says 'x8ctl image get 777'
untouched
alone 22 flash -n 777.tar.gz
start "under another name it is the user's own, and that is told"
mv 777.tar.gz own.tar.gz
on 0 -- flash -y own.tar.gz
says 'warn.*own.tar.gz is as large as image 777 to the byte, and not it'
finish
