#!/usr/bin/env bash
# What info, os-release and logs say of a board that is reached by ssh, all of it and in each form.
export X8_KIT_WAY=ssh
# shellcheck source=adb_kit.sh
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
boot image=861 serial=0A13B209DAB6FAD9 sudo=fio
printf 'fio\n' >fio
chmod 600 fio

echo "== info"
start "every field has its line, and the way is ssh"
on 0 info
for field in image release machine kernel serial hostname user carrier uptime via; do prints "^$field	"; done
prints '^via	ssh 127.0.0.1:[0-9]+$'
prints '^user	fio$'
prints_no '^adbd	.*running over'
start "fields by name, in the order asked for"
on 0 info user image serial
out_is $'user\tfio\nimage\t861\nserial\t0A13B209DAB6FAD9\n'
start "as one document"
on 0 info --json
json 'len(d["boards"]) == 1 and d["boards"][0]["image"] == "861" and d["boards"][0]["via"].startswith("ssh 127.0.0.1:")'
start "on a terminal as a page, the way above it"
python3 "$X8_TESTS/e2e/terminal.py" --columns 80 --report report -- "$X8CTL" "${select[@]}" info >/dev/null 2>&1 || problem "it failed"
python3 -c 'import json; r = json.load(open("report")); s = "\n".join(r["screen"]); exit(not ("861" in s and "ssh" in s and not r["wrapped"]))' ||
    problem "the page: $(cat report)"
start "a field that is none: 2, before the board is asked"
on 2 info nosuch
error_form '2 usage'
start "a check that differs: 4"
on 4 os-release --check 'IMAGE_VERSION>=900'
on 0 os-release --check 'IMAGE_VERSION>=844'

echo "== logs"
start "the journal, with the password of the board's user"
on 0 logs --password-file fio
prints 'Startup finished'
all=$(wc -l <"$out")
[ "$all" -gt 3 ] || problem "only $all lines"
start "without a password: 40, and how to give one, or what the user alone may see"
on 40 logs --no-input
error_form '40 auth'
on 0 logs --no-root
start "journalctl's options reach it"
on 0 logs --password-file fio --lines 2
[ "$(wc -l <"$out")" = 2 ] || problem "not two lines: $(cat "$out")"
on 0 logs --password-file fio -k
kernel=$(wc -l <"$out")
[ "$kernel" -lt "$all" ] || problem "-k chose nothing: $kernel of $all lines"
on 0 logs --password-file fio --grep 'Startup fin' --since today --until tomorrow
start "one JSON object a line"
on 0 logs --password-file fio --json --lines 3
python3 -c 'import json, sys; rows = [json.loads(line) for line in sys.stdin]; exit(len(rows) != 3 or "MESSAGE" not in rows[0])' <"$out" ||
    problem "not so: $(head -c 300 "$out")"
start "what journalctl does not take: 2, in its words"
on 2 logs --password-file fio --since nonsense
error_form '2 usage'
says 'Failed to parse timestamp'
start "a level that is none: 2, without the board"
on 2 logs -p loud
error_form '2 usage'
start "followed, new lines come at once, and Ctrl-C ends it"
env --default-signal=INT "$X8CTL" "${select[@]}" logs -f --password-file fio >follow 2>"$err" &
pid=$!
await 60 "the journal" grep -q 'Startup finished' follow
inside 'logger "a new line comes"'
await 60 "the new line" grep -q 'a new line comes' follow
kill -INT "$pid"
wait "$pid"
status=$? shown="logs -f"
check_status 0 # how it ends
[ "$(grep -c 'a new line comes' follow)" = 1 ] || problem "it came $(grep -c 'a new line comes' follow) times"
echo "== update check, without a bundle"
start "the catalogue knows a newer image, and no root is needed to hear of it"
on 0 update check
prints '^image	861$'
prints "^newest-known	934, release 91.9 of 2025-08, of x8ctl's own catalogue: newer than the board's\$"
on 0 update check --json
json 'd["boards"][0]["newest_known"] == {"image": "934", "release": "91.9", "date": "2025-08", "catalogue": "built in", "trouble": None, "newer": True}'
on 0 update status
prints_no '^newest-known'
start "a company's own catalogue counts instead"
echo '{"format": 1, "images": [{"image": "850"}, {"image": "861"}]}' >index.json
X8CTL_IMAGE_INDEX=index.json on 0 update check
prints "^newest-known	861, of index.json: not newer than the board's\$"
echo '{"format": 1, "images": [{"image": "ours-7"}]}' >index.json
X8CTL_IMAGE_INDEX=index.json on 0 update check --json
json 'd["boards"][0]["newest_known"]["newer"] is None'
start "one that cannot be had now is said; what the board says is worth something without it"
X8CTL_IMAGE_INDEX=http://127.0.0.1:1/index.json on 0 update check
prints '^image	861$'
prints '^newest-known	not known: '
X8CTL_IMAGE_INDEX=http://127.0.0.1:1/index.json on 0 update check --json
json 'd["boards"][0]["newest_known"]["image"] is None and d["boards"][0]["newest_known"]["trouble"]'
start "a mute one holds up the board's answer for 10 s at most, or for as long as -t says"
python3 -c '
import socket, time
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
time.sleep(600)' >mute 2>/dev/null &
mute=$!
await 60 "a mute server" test -s mute
X8CTL_IMAGE_INDEX=http://127.0.0.1:$(cat mute)/index.json on 0 update check
within 30
prints '^image	861$'
prints '^newest-known	not known: http://127.0.0.1:[0-9]+/index.json did not send the catalogue within 10 s'
X8CTL_IMAGE_INDEX=http://127.0.0.1:$(cat mute)/index.json on 0 update check -t 2s
prints 'did not send the catalogue within 2 s'
kill "$mute"
wait "$mute" 2>/dev/null
start "one that is none is an error"
echo '{' >index.json
X8CTL_IMAGE_INDEX=index.json on 21 update check
error_form '21 bad-image'
X8CTL_IMAGE_INDEX=missing.json on 20 update check
error_form '20 no-file'
finish
