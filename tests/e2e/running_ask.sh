#!/usr/bin/env bash
# What is asked of a person at a terminal about running boards: which one, whether to go on, and the password.
# shellcheck disable=SC2016 # small programs in single quotes expand for themselves
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"
for tool in bwrap busybox; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool on this machine"; exit 77; }
done
cd "$work" || exit 1
report=$work/report
typed=()

# tty STATUS WORDS... -- ARGS...: x8ctl at a terminal, with the keys of $typed. What is shown is in $out, all of it.
tty() {
    local want=$1
    local -a words=()
    shift
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    rm -f "$report" "$report.raw"
    board "$want" "${words[@]}" -- python3 "$X8_TESTS/e2e/terminal.py" --columns "${columns:-100}" --report "$report" "${typed[@]}" -- \
        "$X8CTL" "$@"
    cp "$report.raw" "$out"
    python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
sys.exit(0 if not d["unanswered"] and d["settings_kept"] and not d["hidden"] and d["column"] == 0 else 1)' "$report" ||
        problem "the terminal was not left as it was: $(cat "$report")"
}
two=(--board "start=linux adbd=image=934" --board "start=linux adbd=image=399")
old=(start=linux "adbd=image=822" down=200 adbgap=200)

echo "== which board"
start "several boards: a numbered choice"
typed=(--type 'Which one? [1-2]=2\n')
tty 0 "${two[@]}" -- info image
prints '2 boards are there'
prints '^399'
start "an answer that is no number of the list: it is asked again"
typed=(--type 'Which one? [1-2]=3\n' --type 'Which one? [1-2]=two\n' --type 'Which one? [1-2]=2\n')
tty 0 "${two[@]}" -- info image
prints 'no number from 1 to 2'
prints '^399'
start "three of them, or none, are the error that a script gets"
typed=(--type 'Which one? [1-2]=3\n' --type 'Which one? [1-2]=0\n' --type 'Which one? [1-2]=two\n')
tty 11 "${two[@]}" -- info image
prints 'several-boards'
typed=(--type 'Which one? [1-2]=\n')
tty 11 "${two[@]}" -- info image
prints 'several-boards'
start "Ctrl-C at the choice is a stop, and nobody speaks of a safe point"
typed=(--type 'Which one? [1-2]=\x03')
tty 130 "${two[@]}" -- info image
prints_no 'safe point'

echo "== the password"
start "it is asked for once, and not shown"
typed=(--type 'Restart=y\n' --type 'Password of=fio\n')
tty 0 "${old[@]}" -- reboot
prints 'back after'
prints_no 'fio'
start "a wrong one is tried once"
typed=(--type 'Password of=wrong\n')
tty 40 "${old[@]}" -- reboot -y
prints 'did not accept the password'
prints_no 'wrong$'
[ "$(grep -c 'Password of' "$out")" = 1 ] || problem "it was asked more than once"
start "Ctrl-C at the password is a stop, and the echo is back"
typed=(--type 'Password of=\x03')
tty 130 "${old[@]}" -- reboot -y
prints_no 'safe point'
start "nobody types: end of input"
typed=(--type 'Password of=\x04')
tty 40 "${old[@]}" -- reboot -y
start "--no-input asks nothing"
typed=()
tty 40 "${old[@]}" -- reboot -y --no-input
prints_no 'Password of'

echo "== whether to go on"
start "no is no"
typed=(--type 'Restart=n\n')
tty 41 "${old[@]}" -- reboot
prints 'nothing was done'
start "Ctrl-C is no as well"
typed=(--type 'Restart=\x03')
tty 130 "${old[@]}" -- reboot
prints_no 'safe point|restarts'
start "Ctrl-C while the board restarts: it ends at once, and the restart does not"
typed=(--type 'waiting for=\x03')
tty 130 start=linux "adbd=image=934" down=20000 -- reboot -y
prints_no 'safe point'
prints 'restarts all the same'
prints 'x8ctl wait --state linux'
within 15
start "Ctrl-C while list searches: its rows stay, and say nothing of boards that were asked no further"
typed=(--type 'SERIAL=\x03')
tty 130 "${two[@]}" -- list --net 20s
within 15
prints 'the search ends; what was found up to now is shown'
prints_no 'does not answer'
python3 -c '
import json, sys
lines = json.load(open(sys.argv[1]))["screen"]
sys.exit([l.split()[0] for l in lines if "usb 1-" in l] != ["0E1A2C0D5B6F7788", "1B2C3D4E5F600001"])' "$report" ||
    problem "the screen: $(cat "$report")"
start "Ctrl-C while a state is waited for"
typed=(--type 'waiting for=\x03')
tty 130 start=linux "adbd=image=934" -- wait --state rom
prints_no 'safe point'

echo "== 40 columns"
columns=40
not_wrapped() {
    python3 -c 'import json, sys; sys.exit(1 if json.load(open(sys.argv[1]))["wrapped"] else 0)' "$report" ||
        problem "it ran over the edge: $(cat "$report")"
}
start "a numbered choice has a line for each board"
typed=(--type 'Which one? [1-2]=2\n')
tty 0 "${two[@]}" -- info image
not_wrapped
[ "$(grep -cE '^  [12]  [0-9A-F]{16}  linux +usb 1-[23]' "$out")" = 2 ] || problem "not two lines: $(cat "$out")"
head -c 3000000 /dev/urandom >big
start "what is told while a file goes, a board restarts and a state is waited for stays in its line"
typed=()
tty 0 start=linux "adbd=image=934 rate=3M" -- push big /tmp/big
not_wrapped
tty 0 start=linux "adbd=image=934" down=1000 -- reboot -y
not_wrapped
tty 10 start=linux "adbd=image=934" -- wait --state rom -t 2s
not_wrapped
finish
