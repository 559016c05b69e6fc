#!/usr/bin/env bash
# x8ctl update show: bundles that are right, in every form; every kind of damage; what is no bundle; the line itself.
# shellcheck source=update_kit.sh
. "$(dirname "$0")/update_kit.sh"
nobody=(-s adb:127.0.0.1:1)
looks() { # STATUS ARGS...
    local want=$1
    shift
    run "$want" "$X8CTL" update show "$@"
}
bundle right --version 861 --pack tar,tar.gz,tar.zst
commit=$(fact right new commit)

echo "== bundles that are right"
start "everything that is in it is told, without a board"
looks 0 right/offline-updates
prints "^bundle	right/offline-updates$"
prints '^type	ci, tag main$'
prints '^target	portenta-x8-lmp-861$'
prints "^commit	$commit$"
prints '^hardware	portenta-x8$'
prints '^app	arduino-ootb, hub\.foundries\.io/.*@sha256:'
prints '^timestamp	version 10, until .*Z \((29|30) days left\), 1 of 1 signatures$'
prints '^usable	(29|30) days left \((timestamp|bundle-targets)\)$'
prints '^check	warning	roots	'
prints_no '^check	bad'
start "as JSON"
looks 0 right/offline-updates --json
json "d['verdict'] == 'ok' and 'error' not in d"
json "d['bundle']['target'] == 'portenta-x8-lmp-861' and d['bundle']['targets'][0]['commit'] == '$commit'"
json "d['bundle']['days_left'] in (29, 30) and d['bundle']['roles']['targets']['good'] == 2 and not d['bundle']['anchored']"
json "{f['status'] for f in d['findings']} <= {'ok', 'info', 'warning'} and any(f['id'] == 'graph' for f in d['findings'])"
for form in tar tar.gz tar.zst; do
    start "as $form, and nothing of it stays on this computer"
    looks 0 "right/bundle.$form" --json
    json "d['bundle']['targets'][0]['commit'] == '$commit' and d['bundle']['path'] == 'right/bundle.$form'"
    [ -z "$(find "$X8CTL_HOME" -name '*.filez' 2>/dev/null | head -n 1)" ] || problem "objects stay in $X8CTL_HOME"
done
start "a root that is trusted, from a file"
looks 0 right/offline-updates --trust-root right/offline-updates/tuf/1.root.json --json
json "d['bundle']['anchored'] and not any(f['status'] == 'warning' for f in d['findings'])"
start "a root of somebody else's"
bundle foreign --keys "$work/keys-of-others"
looks 22 right/offline-updates --trust-root foreign/offline-updates/tuf/1.root.json
error_form '22 bad-digest'
prints '^check	bad	roots	'
start "several targets: the newest, or the one that is named"
bundle several --version 861 --multi 881,846
looks 0 several/offline-updates
prints '^version	881$'
prints '^other	portenta-x8-lmp-846$'
looks 0 several/offline-updates --target portenta-x8-lmp-846
prints '^version	846$'
looks 0 several/offline-updates --target 861
prints '^version	861$'
start "one that it does not have"
looks 2 several/offline-updates --target 900
error_form '2 usage'
says '900'

echo "== what is over or nearly so"
for role in timestamp snapshot targets bundle-targets root; do
    start "$role expired"
    bundle "over-$role" --from "$work/right" --expires "$role=-3d"
    looks 22 "over-$role/offline-updates"
    error_form '22 bad-digest'
    says "$role"
    prints '^check	bad	expiry	'
    prints "^$role	.*\(over for [34] days\)"
done
start "one that is over tomorrow works, and says so"
bundle soon --from "$work/right" --expires all=+30h
looks 0 soon/offline-updates
prints '^check	warning	expiry	'
prints '^usable	1 day left'

echo "== every kind of damage"
while read -r kind code name quick; do
    start "$kind"
    rm -rf broken
    cp -a right/offline-updates broken
    "$X8_TESTS/update/break-bundle" "$work/broken" "$kind" >/dev/null || problem "break-bundle cannot do that"
    looks "$code" broken --deep
    error_form "$code $name"
    [ "$quick" = deep ] || looks "$code" broken
    # The document has its error from where the text has it: in the usual run some of them are enough.
    [ "$quick" = deep ] || [ -n "${X8_LONG:-}" ] || continue
    looks "$code" broken --json --deep
    json "d['error']['code'] == '$name' and d['error']['why'] and d['error']['next']"
done <<'END'
flip 22 bad-digest deep
exchange 22 bad-digest deep
dirtree 22 bad-digest -
truncate 22 bad-digest deep
empty 22 bad-digest -
header 22 bad-digest deep
missing-object 22 bad-digest -
missing-dirtree 22 bad-digest -
missing-commit 21 bad-image -
commit 22 bad-digest -
missing-config 21 bad-image -
signature 22 bad-digest -
targets-signature 22 bad-digest -
unsigned 22 bad-digest -
key-id 22 bad-digest -
root-key-id 22 bad-digest -
snapshot-hash 22 bad-digest -
targets-version 22 bad-digest -
missing-timestamp 21 bad-image -
missing-snapshot 21 bad-image -
missing-targets 21 bad-image -
missing-tuf 21 bad-image -
root-gap 22 bad-digest -
garbage 21 bad-image -
unlisted 22 bad-digest -
blob 22 bad-digest deep
missing-app 21 bad-image -
uri 22 bad-digest -
flash-image 21 bad-image -
END
start "a flash image is called one, and the way to flash it named"
looks 21 broken
says 'x8ctl flash'
for kind in missing-ref missing-bundle-targets no-roots; do
    start "$kind is said, and is no fault of every board"
    rm -rf broken
    cp -a right/offline-updates broken
    "$X8_TESTS/update/break-bundle" "$work/broken" "$kind" >/dev/null
    looks 0 broken
    prints '^check	warning	'
done
start "both damages of two are told, the first one gives the status"
rm -rf broken
cp -a right/offline-updates broken
"$X8_TESTS/update/break-bundle" "$work/broken" flip >/dev/null
"$X8_TESTS/update/break-bundle" "$work/broken" signature >/dev/null
looks 22 broken --deep
prints '^check	bad	signatures	'
prints '^check	bad	graph	'
start "a repository that is a link is called one, and followed nowhere"
rm -rf broken
cp -a right/offline-updates broken
mv broken/ostree_repo elsewhere
ln -s ../elsewhere broken/ostree_repo
looks 21 broken
prints 'ostree_repo is a symbolic link'
prints 'cp -rL'

start "an archive that ends too soon"
for form in tar tar.gz tar.zst; do
    head -c 60000 "right/bundle.$form" >"cut.$form"
    looks 21 "cut.$form"
    error_form '21 bad-image'
done
start "members that lead out of the archive are not written"
mkdir -p evil/tuf
printf x >evil/tuf/x
tar -C evil -cf evil.tar --transform 's,^tuf/x,../../escaped,' tuf/x
looks 21 evil.tar
error_form '21 bad-image'
[ -z "$(find "$work" -name escaped)" ] || problem "it was written"

echo "== what is no bundle"
start "nothing there, a file of anything, an empty folder"
looks 20 no-such-bundle
error_form '20 no-file'
printf 'hello' >file
looks 21 file
error_form '21 bad-image'
says "why    it begins with 'hello'"
mkdir -p empty
looks 21 empty
error_form '21 bad-image'
start "an address: fetched, kept, and named as such"
python3 -c '
import http.server, sys
class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
print(server.server_port, flush=True)
server.serve_forever()' >port 2>/dev/null &
server=$!
await 60 "a web server" test -s port
url=http://127.0.0.1:$(cat port)/right/bundle.tar.gz
looks 0 "$url" --json
json "d['bundle']['path'] == '$url' and d['verdict'] == 'ok'"
kill "$server"
wait "$server" 2>/dev/null
start "without the network what was fetched is enough, what was not is told"
looks 0 "$url" --offline
looks 24 "$url.other" --offline
error_form '24 network'
start "apply, and check, look at the bundle before they look for a board"
run 20 "$X8CTL" update apply no-such-bundle "${nobody[@]}"
run 20 "$X8CTL" update check --to no-such-bundle "${nobody[@]}"
rm -rf broken
cp -a right/offline-updates broken
"$X8_TESTS/update/break-bundle" "$work/broken" flip >/dev/null
run 22 "$X8CTL" update apply broken "${nobody[@]}" -y
error_form '22 bad-digest'
finish
