#!/usr/bin/env bash
# x8ctl image list and get: releases from a real web server into the cache, once, whole, proven.
# shellcheck source=image_kit.sh
. "$(dirname "$0")/image_kit.sh"

set=$work/777 disk=$work/777.raw archive=$work/777.tar.gz
make_release "$set" --name "$name.wic"
head -c 300000 /dev/urandom >"$set/noise.bin"
tar czf "$archive" -C "$work" 777
digest=$(sha_of "$archive")
serve
url=http://127.0.0.1:$port
cp "$archive" "$work/www/777.tar.gz"
cp "$set/sit-portenta-x8.bin" "$work/www/latest.tar.gz"
catalogue "$work/www/index.json" "$url/"
export X8CTL_IMAGE_INDEX=$url/index.json
# A folder 777 would be what "777" means.
mkdir "$work/there"
cd "$work/there" || exit 1

start "list: a catalogue from an address, nothing is here yet"
image 0 list
prints '^777	2026-01-02	91.77	91	no	'
prints '^latest	.*	no	'
prints_no '^600	'
image 0 list --all
prints '^600	.*	no	lost; no place'

start "get: the release by its number, proven by its digest"
image 0 get 777
prints "^$cache/$digest$"
holds "the file differs" cmp -s "$archive" "$cache/$digest"
image 0 list --json
json "[(i['cached'], i['path'][-64:], i['sha256']) for i in d['images'] if i['image'] == '777'] == [('yes', '$digest', '$digest')]"

start "get: the second time from the cache, by either name, and nobody is asked for it"
image 0 get 91.77 --json
json "d['image'] == '777' and d['known'] and d['sha256'] == '$digest' and d['url'] == '$url/777.tar.gz'"
holds "it was downloaded again" test "$(asked 'GET /777.tar.gz')" = 1

start "get: under its usual name, atomically, and never over another file"
mkdir here
image 0 get 777 -o here
prints '^here/777.tar.gz$'
holds "the file differs" cmp -s "$archive" here/777.tar.gz
image 0 get 777 -o here
image 0 get 777 -o here/mine.tar.gz
echo other >here/mine.tar.gz.2
image 2 get 777 -o here/mine.tar.gz.2
error_form 2
says -- '--force'
image 0 get 777 -o here/mine.tar.gz.2 --force
holds "it was not replaced" cmp -s "$archive" here/mine.tar.gz.2
image 2 get 777 -o nowhere/x
holds "something was left" test "$(find here -type f | wc -l)" = 3

start "get: what is given out is a copy, and -o has to be a file"
holds "it is the cache's own file" test "$(stat -c %h "$cache/$digest")" = 1
holds "others cannot read it" test "$(stat -c %a here/777.tar.gz)" = "$(printf '%o' $((0666 & ~$(umask))))"
ln -f "$cache/$digest" here/second.tar.gz
image 0 get 777 -o here/second.tar.gz
holds "it stayed the cache's own file" test "$(stat -c %h "$cache/$digest")" = 1
rm here/second.tar.gz
ln -s mine.tar.gz here/link
image 2 get 777 -o here/link --force
says_no -- '--force'
image 2 get 777 -o -
error_form 2

start "get: a limit of file sizes is no room, and leaves nothing half"
# shellcheck disable=SC2016 # $0 is the inner shell's
run 25 bash -c 'ulimit -f 100 && exec "$0" image get 777 -o here/limit.tar.gz' "$X8CTL"
error_form 25
holds "something was left" test "$(find here -name 'limit*' | wc -l)" = 0

start "show: an address is asked for once, and its file read once"
cp "$archive" "$work/www/once.tar.gz"
image 0 show "$url/once.tar.gz" --json
json "d['sha256'] == '$digest' and d['digest'] == 'good' and d['os']['size'] > 0 and d['os']['used'] > 0"
holds "it was asked for more than once" test "$(asked 'once.tar.gz')" = 1
image 0 get "$url/once.tar.gz" --json
json "d['name'] == 'once.tar.gz' and d['url'] == '$url/once.tar.gz'"
image 0 get 777 --json
json "d['name'] == '777' and d['url'] == '$url/777.tar.gz'"

start "show and verify: a release, through the cache"
image 0 show 777
prints '^release	777, .*, by its digest$'
image 0 verify 777
prints "^good	$digest"
holds "it was downloaded again" test "$(asked 'GET /777.tar.gz')" = 1

start "offline: what is here is enough; what is not, is not fetched"
kill "$server" && wait "$server" 2>/dev/null
image 0 get 777 --offline
prints "$digest$"
image 24 get 700 --offline
error_form 24
says -- '--offline'
image 0 list --offline
prints '^777	.*	yes	'

start "a server that does not answer: the kept catalogue, with a warning"
image 0 list
says 'warn'
prints '^777	'
serve

start "a cached file of another size is told by list, without reading it"
cp "$cache/$digest" "$work/kept" && truncate -s -1 "$cache/$digest"
image 0 list
prints '^777	.*	damaged	'
image 0 list --json
json "[(i['cached'], i['path']) for i in d['images'] if i['image'] == '777'] == [('damaged', None)]"
cp "$work/kept" "$cache/$digest"
image 0 list
prints '^777	.*	yes	'
mv "$cache/$digest" "$work/kept" && mkdir "$cache/$digest"
image 13 get 777
error_form 13
says 'is in the way'
says 'remove it'
rmdir "$cache/$digest" && mv "$work/kept" "$cache/$digest"

start "a cached file that was changed is no longer it"
printf x >>"$cache/$digest"
image 22 verify 777 --offline
error_form 22
image 0 get 777
holds "the file differs" cmp -s "$archive" "$cache/$digest"

start "a cached file whose bytes alone changed is found by verify"
touch -r "$cache/$digest" "$work/when"
python3 -c '
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(100000)
    byte = file.read(1)[0]
    file.seek(100000)
    file.write(bytes([byte ^ 1]))' "$cache/$digest"
touch -r "$work/when" "$cache/$digest"
image 22 verify 777
error_form 22
image 0 get 777
holds "the file differs" cmp -s "$archive" "$cache/$digest"

start "a wrong digest: refused, kept aside, nothing under its name"
sed "s/$digest/$(printf '%064d' 0)/" "$work/www/index.json" >wrong.json
image 22 get 777 --index wrong.json
error_form 22
says "$digest"
holds "it was not kept aside" test -e "$cache/bad-$digest"
holds "it got the name" test ! -e "$cache/$(printf '%064d' 0)"

# begin ADDRESS: a slow download in the background, of which there is a part.
begin() {
    "$X8CTL" image get "$1" >"$work/first" 2>"$err" &
    getting=$!
    for _ in $(seq 1200); do
        [ "$(find "$cache" -name 'part-*' -size +200k ! -name '*.*' | wc -l)" = 1 ] && return
        sleep 0.05
    done
    problem "there is no part"
}

head -c 1500000 /dev/urandom >"$work/www/700.tar.gz"
start "resume: killed in the middle, it goes on where it was"
begin "$url/slow/700.tar.gz"
kill -9 "$getting"
wait "$getting" 2>/dev/null
image 0 list --all
prints '	part	'
image 0 get "$url/slow/700.tar.gz"
holds "the file differs" cmp -s "$work/www/700.tar.gz" "$(cat "$out")"
holds "it was not resumed" test "$(asked '^206 GET /slow/700')" = 1
says 'pinned|noted|not known|unknown|first'

head -c 1500000 /dev/urandom >"$work/www/701.tar.gz"
start "stopped by a signal: what is there stays, and the words say so"
begin "$url/slow/701.tar.gz"
kill -TERM "$getting" # a shell has what runs in its background ignore SIGINT
wait "$getting"
holds "the status is not 143" test $? = 143
says 'goes on next time'
holds "the part is gone" test "$(find "$cache" -name 'part-*' ! -name '*.*' | wc -l)" = 1

# stopped ARGS...: at a terminal, Ctrl-C as soon as there is a bar; the screen is what stdout is for the checks.
stopped() {
    run 130 python3 "$X8_TESTS/e2e/terminal.py" --columns 80 --type '%=\x03' --report "$work/report" -- "$X8CTL" image "$@"
    python3 -c 'import json, sys; print("\n".join(json.load(open(sys.argv[1]))["screen"]))' "$work/report" >"$out"
}

start "stopped at a terminal: no bar stays, with --json too, and only a download is said to go on"
head -c 1500000 /dev/urandom >"$work/www/702.tar.gz"
stopped get "$url/slow/702.tar.gz" --json
prints '"stopped"'
prints 'goes on next time'
prints_no '[▕█▏]|\[#'
truncate -s 2G big.wic
stopped map big.wic -o -
prints 'stopping'
prints_no 'goes on next time'
rm big.wic "$work/www/702.tar.gz"
rm -f "$cache"/part-*

start "two at once: one downloads, both have it"
begin "$url/slow/701.tar.gz"
image 0 get "$url/slow/701.tar.gz"
wait "$getting"
holds "the first failed" test $? = 0
holds "they have different files" cmp -s "$out" "$work/first"
holds "the file differs" cmp -s "$work/www/701.tar.gz" "$(cat "$out")"
holds "it was downloaded twice" test "$(asked ' GET /slow/701')" = 2

start "an address whose file is another one now: refused until --repin"
cp "$work/www/latest.tar.gz" "$work/www/own.tar.gz"
image 0 get "$url/own.tar.gz"
printf 'changed\0' >"$work/www/own.tar.gz"
rm -f "$cache"/[0-9a-f]*
image 22 get "$url/own.tar.gz"
error_form 22
image 0 get "$url/own.tar.gz" --repin
holds "the file differs" cmp -s "$work/www/own.tar.gz" "$(cat "$out")"

start "what is noted of addresses goes when it is told to, and its file is gone"
noted() { find "$cache" -name 'pin-*.json' | wc -l; }
before=$(noted)
image 2 prune --pins --keep 1
image 2 list --pins
image 0 prune -y --pins --older 1d
prints '^0 noted digests removed$'
image 0 prune --pins --dry-run --json
json "d['dry_run'] and not d['freed_bytes'] and all(len(i['sha256']) == 64 for i in d['removed'])"
json "'$url/own.tar.gz' not in [i['url'] for i in d['removed']]"
rm -f "$cache"/[0-9a-f]*
image 41 prune --pins
says "$url/own.tar.gz"
image 0 prune -y --pins
prints "^$before noted digests? removed$"
holds "notes are left" test "$(noted)" = 0

start "an address with the name of a release has to be that release"
mkdir "$work/www/mirror"
head -c "$(stat -c %s "$archive")" /dev/urandom >"$work/www/mirror/777.tar.gz"
rm -f "$cache"/[0-9a-f]* "$cache"/bad-*
image 22 get "$url/mirror/777.tar.gz"
error_form 22
says '777.tar.gz is the name of image 777 in the catalogue'
says "$digest"
holds "it was not kept aside" test -e "$cache/bad-$(sha_of "$work/www/mirror/777.tar.gz")"
cp "$work/www/mirror/777.tar.gz" "$work/www/mirror/renamed" # as large to the byte: a damaged copy
image 22 get "$url/mirror/renamed"
error_form 22
says 'as large as image 777'
cp "$archive" "$work/www/mirror/777.tar.gz"
image 0 get "$url/mirror/777.tar.gz" --json
json "d['image'] == '777' and d['known'] and d['url'] == '$url/mirror/777.tar.gz'"

start "a full disk, and a limit of file sizes: no room"
cp "$archive" "$work/www/limit.tar.gz"
# shellcheck disable=SC2016 # $0 is the inner shell's
run 25 bash -c 'ulimit -f 100 && exec "$0" image get "$1"' "$X8CTL" "$url/limit.tar.gz"
error_form 25
says 'kept and gone on with'
image 0 get "$url/limit.tar.gz"
# shellcheck disable=SC2016
run 25 bash -c 'exec "$0" image list --json >/dev/full' "$X8CTL"
error_form 25

start "latest: asked each time, and told when it moved"
image 0 get latest --json
json "d['size'] == 512"
printf 'moved again\0' >"$work/www/latest.tar.gz"
image 0 get latest --json
json "d['size'] == 12"

# What answers where no file is: a server without sizes, which breaks off at will.
cat >"$work/odd.py" <<'END'
import http.server, sys
ARCHIVE = open(sys.argv[1], "rb").read()
class Odd(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        if "login" in self.path: self.wfile.write(b"\n<!DOCTYPE html><html><body>Log in</body></html>")
        if "half" in self.path: self.wfile.write(ARCHIVE[:len(ARCHIVE) // 2])
        if "whole" in self.path: self.wfile.write(ARCHIVE)
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Odd)
print(server.server_port, flush=True)
server.serve_forever()
END
python3 "$work/odd.py" "$archive" >"$work/odd.port" &
odd=$!
trap 'kill $server $odd 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 1200); do [ -s "$work/odd.port" ] && break; sleep 0.05; done
odd_url=http://127.0.0.1:$(cat "$work/odd.port")

start "what cannot be an image is refused, and its digest is not noted"
pins() { find "$cache" -name 'pin-*' | wc -l; }
before=$(pins)
for answer in login empty half; do
    image 21 get "$odd_url/$answer/a.tar.gz"
    error_form 21
    case $answer in
    login) says 'web page' ;;
    empty) says 'is empty' ;;
    half) says 'is not whole' ;;
    esac
done
holds "a digest was noted" test "$(pins)" = "$before"
holds "a part is left" test "$(find "$cache" -name 'part-*.json' | wc -l)" = 0
image 0 get "$odd_url/whole/a.tar.gz"
holds "the file differs" cmp -s "$archive" "$(cat "$out")"
holds "no digest was noted" test "$(pins)" = "$((before + 1))"

start "a file that is cut off on its server is refused, and not noted"
head -c $(($(stat -c %s "$archive") / 2)) "$archive" >"$work/www/cut.tar.gz"
before=$(pins)
image 21 get "$url/cut.tar.gz"
error_form 21
says 'not whole'
says 'all that the server has of it came'
says 'warn.*cut.tar.gz comes over http: nothing proves who sends it'
holds "a digest was noted" test "$(pins)" = "$before"

start "a dry run of flash: --no-cache keeps and notes nothing; else the cache is filled, which is said"
cp "$archive" "$work/www/dry.tar.gz"
whole() { find "$cache" -type f | sort | md5sum; }
before=$(whole)
X8CTL_IMAGE_INDEX='' run 0 "$X8CTL" flash -n --no-cache "$url/dry.tar.gz"
says "dry.tar.gz is not pinned: its SHA-256 $digest is only told"
holds "something was kept" test "$(whole)" = "$before"
X8CTL_IMAGE_INDEX='' image 0 get -n "$url/dry.tar.gz"
holds "something was kept" test "$(whole)" = "$before"
rm -f "$cache/$digest"
X8CTL_IMAGE_INDEX='' run 0 "$X8CTL" flash -n "$url/dry.tar.gz"
says 'dry.tar.gz is downloaded into the cache to check it, and stays there \(--no-cache keeps nothing\)'
holds "it is not in the cache" test -e "$cache/$digest"
X8CTL_IMAGE_INDEX='' run 0 "$X8CTL" flash -n "$url/dry.tar.gz"
says_no 'is downloaded into the cache'

start "a file that is called like a release and has another size: flash says so"
cp "$archive" 777.tar.gz
run 0 "$X8CTL" flash -n 777.tar.gz
says_no 'is called like'
head -c 90000 /dev/urandom >"$set/more.bin"
tar czf 777.tar.gz -C "$work" 777
run 0 "$X8CTL" flash -n 777.tar.gz
says 'warn.*777.tar.gz is called like image 777 and is not that file: .*x8ctl image verify 777.tar.gz'
rm 777.tar.gz

start "a proxy from the environment is used, but for what no_proxy names"
rm -f "$cache"/[0-9a-f]*
cp "$work/www/701.tar.gz" "$work/www/700.tar.gz"
http_proxy=http://127.0.0.1:1 image 24 get 700
says '127.0.0.1:1|proxy'
http_proxy=http://127.0.0.1:1 no_proxy=127.0.0.1 image 0 get 700

tls=$(free_ports 4)
mkdir -p "$work/tls/www"
cp "$work/www/700.tar.gz" "$work/tls/www/file"
"$X8_TESTS/web/serve" "$work/tls" "$tls" 2>"$work/tls/err" &
authority=$!
trap 'kill $server $odd $authority 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 1200); do
    if : >"/dev/tcp/127.0.0.1/$((tls + 1))" || ! kill -0 "$authority"; then break; fi
    sleep 0.05
done 2>/dev/null
if kill -0 "$authority" 2>/dev/null; then
    start "a company's own authority: refused, and taken with --ca-file"
    image 24 get "https://127.0.0.1:$((tls + 1))/file"
    error_form 24
    says 'certificate'
    image 0 get "https://127.0.0.1:$((tls + 1))/file" --ca-file "$work/tls/ca.pem"
    image 24 get "https://127.0.0.1:$((tls + 2))/file" --ca-file "$work/tls/ca.pem"
fi

start "what the server does not have, and what nobody has"
image 24 get "$url/none.tar.gz"
error_form 24
says '404'
image 20 get 600
error_form 20
image 20 get 778
says '777'
image 2 get "file://$archive"
error_form 2
image 20 get "https://127.0.0.1:$port/x" --ca-file no-such.pem
finish
