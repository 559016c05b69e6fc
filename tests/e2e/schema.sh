#!/usr/bin/env bash
# --json of every command, when it goes well and when it fails: one document, as tests/fixtures/schema says. The kit keeps
# what it sees of --json in all suites; this one is about having seen each.
# shellcheck disable=SC2317 # functions that are called by their names
# shellcheck source=adb_kit.sh
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
printf fio >pw && chmod 600 pw
make_release release
hurry release
script=release/mfgtool-files-portenta-x8/full_image.uuu

# fails STATUS ARGS...: the document is the error.
fails() {
    local want=$1
    shift
    "$runner" "$want" "$@" --json
    json "d['error']['status'] == ${told:-$want} and d['error']['what'] and d['error']['next']"
}

# What looks at no board needs none around it.
plain() { run "$1" "$X8CTL" "${@:2}"; }

echo "== wrong lines"
runner=plain
for command in list watch info os-release wait identify logs doctor report guide sketch update flash uuu explain image recover setup push pull \
    forward open reboot name udev help version; do
    start "$command: a wrong option"
    fails 2 "$command" --nonsense
    json "list(d) == ['error']"
done
for command in exec shell; do
    start "$command: a wrong option ends with 255, the document has the code"
    told=2 fails 255 "$command" --nonsense
done
for verb in upload status reset; do
    start "sketch $verb: a wrong option"
    fails 2 sketch $verb --nonsense
done
for line in 'update show' 'update apply' 'sketch upload' 'image get' 'image show' 'image verify' 'image map' 'flash' 'uuu' 'explain' 'wait' 'udev'; do
    start "$line: nothing named"
    # shellcheck disable=SC2086
    fails 2 $line
done
start "before a board is chosen: the error alone"
runner=alone
fails 10 info -t 1s
json "list(d) == ['error']"
fails 10 flash -y -t 1s release
json "list(d) == ['error']"

echo "== without a board"
start "what needs none"
for line in list guide 'guide leds' version recover name 'image list --offline' 'image list --all --offline' "explain $script" \
    "image show release" "image verify release" "image map -o map.bmap release" 'image prune -n' "flash -n release"; do
    # shellcheck disable=SC2086
    plain 0 $line --json
    json "'error' not in d"
done
start "this computer examined, and an archive of what was seen"
alone - doctor --json
json "{c['id'] for c in d['host']} >= {'usb-link', 'disk-cache', 'adb-server'} and d['boards'] == [] and 'error' not in d"
json "d['problems'] == sum(c['result'] == 'fail' for c in d['host'])"
alone 0 report --json -o report.tar.gz
json "d['path'] == 'report.tar.gz' and 'boards' not in d and 'error' not in d"
tar -tzf report.tar.gz | sed 's|^[^/]*/||' | sort >listed
json "sorted(d['members']) == open('listed').read().split()"
start "a board that is not there: the error beside what was found all the same"
alone 10 doctor --board -t 1s --json
json "d['host'] and d['boards'] == [] and d['error']['status'] == 10"
alone 10 report --board --force --json -o report.tar.gz -t 1s
json "d['bytes'] > 0 and d['error']['code'] == 'no-board'"
mkdir rules
start "udev check: a result and an error in one document"
plain 4 udev check --dir rules --json
json "d['present'] is False and d['error']['status'] == 4"
plain 0 udev install --dir rules
plain 0 udev check --dir rules --json
json "d['current'] and d['effective'] and 'error' not in d"
start "explain of a script with something missing: exit code 4 is the answer"
mkdir lone && cp "$script" lone/
plain 4 explain lone/full_image.uuu --json
json "d['missing'] > 0"

echo "== the schemas themselves"
# refused PYTHON: the document `d` of udev check, changed so, does not fit any more.
refused() {
    python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
exec(sys.argv[2])
json.dump(d, open(sys.argv[3], "w"))' "$out" "$1" changed
    ! python3 "$X8_TESTS/lib/schema.py" udev-check changed 2>why || problem "it fits although: $1"
    grep -q 'not as .*udev-check.json says' why || problem "$(cat why)"
}
start "a member more, one less, one of another kind: refused"
plain 0 udev check --dir rules --json
python3 "$X8_TESTS/lib/schema.py" udev-check "$out" || problem "the document itself does not fit"
refused 'd["more"] = 1'
refused 'del d["path"]'
refused 'd["present"] = "yes"'
refused 'd["other_files"] = [1]'
refused 'd["error"] = {"code": "differs"}'
refused 'd["error"] = {"code": "other", "status": 4, "what": "", "why": None, "next": None}'

echo "== in flashing mode"
start "a flash, a line, and a dry run"
flash 0 start=fastboot emmc=1G -- flash -y --json --progress json release
json "d['boards'][0]['verified'] == 'full' and 'error' not in d"
flash 0 start=fastboot emmc=1G -- uuu --json FB: getvar max-download-size
json "d['boards'][0]['variables']"
flash 0 start=fastboot emmc=1G -- watch -t 1s --json
start "a flash that fails: the board's row, and the error of the run"
flash 30 start=fastboot emmc=1G fault=at:flash,do:fail,text:no -- flash -y --json release
json "d['boards'][0]['error']['status'] == 30 and d['error'] == d['boards'][0]['error']"
start "one of two fails: an error of its own, and one of both"
flash 50 start=fastboot emmc=1G --board fault=at:flash,do:fail --board gap=20 -- flash -y --all --json release
json "[b['result'] for b in d['boards']] == ['failed', 'ok'] and d['error']['status'] == 50"

echo "== running"
boot image=934 sudo=fio
start "what looks"
on 0 list --json
on 0 info --json
on 0 info image var uptime --json
json "d['boards'][0]['image'] == '934' and 'kernel' not in d['boards'][0]"
on 0 os-release --json
on 0 os-release IMAGE_VERSION --json
json "d['boards'][0]['os_release'] == {'IMAGE_VERSION': '934'}"
on 0 os-release --check 'IMAGE_VERSION>=844' --json
on 0 wait --state linux --json
echo '{"image": ">=844"}' >well.json
echo '{"image": "<844"}' >ill.json
on 0 wait --health well.json --json
json "d['boards'][0]['checks'] == 1"
on 0 sketch status --json
on 0 update status --json
on 0 update check --json
json "d['boards'][0]['newest_known']['image'] == '934' and d['boards'][0]['newest_known']['newer'] is False"
on - doctor --json
json "d['boards'][0]['code'] == 'ok' and {c['id'] for c in d['boards'][0]['checks']} >= {'image', 'units', 'password'} and 'error' not in d"
on 0 report --json --force -o report.tar.gz
json "d['boards'][0]['code'] == 'ok' and d['masked'] is False"
on 0 report --mask --json --force -o report.tar.gz
json "d['masked'] is True"
on 30 open --print --json
start "what acts"
on 0 exec --json -- sh -c 'echo one; echo two >&2'
json "(d['boards'][0]['stdout'], d['boards'][0]['stderr'], d['boards'][0]['status']) == ('one\\n', 'two\\n', 0)"
on 3 exec --json -- sh -c 'exit 3'
json "d['boards'][0]['status'] == 3 and 'error' not in d"
on 0 shell --json -c 'echo one'
echo text >file
on 0 push file /tmp/file --json
on 0 pull /tmp/file back --json
on 0 push -n file /tmp/file --json
on 0 name bench-1 --json
on 0 name --json
json "d['names'][0]['name'] == 'bench-1'"
on 0 setup -n --name other --password-file pw --json
on 0 identify --for 1s --password-file pw --json
on 0 sketch reset -n --password-file pw --json
on 0 forward --background 0:80 --json
json "d['boards'][0]['forwards'][0]['port'] > 0"
kill "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["boards"][0]["pid"])' "$out")"
start "after a board is chosen: its row, and the same error at the same place as before"
runner=on
fails 4 os-release --check 'IMAGE_VERSION<844'
json "d['boards'][0]['code'] == 'differs' and d['boards'][0]['error'] == d['error']"
fails 4 os-release NOTHING
fails 36 wait --health ill.json -t 1s
fails 20 push no-such-file /tmp/
fails 40 sketch reset
json "d['error']['code'] == 'auth'"
start "restarted"
on 0 reboot -y --no-wait --password-file pw --json

start "every document was seen here, but for those of suites of their own"
others=(open watch image-get sketch-upload update-show update-check update-apply update-finish update-rollback update-legacy-399 image-prune)
python3 "$X8_TESTS/lib/schema.py" --lacks "$work/seen" "${others[@]}" >"$work/lacks" 2>&1 || problem "$(cat "$work/lacks")"
finish
