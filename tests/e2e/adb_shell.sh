#!/usr/bin/env bash
# shellcheck disable=SC2016 # what stands in single quotes is for the board's shell
# shell and exec --tty at a terminal (keyboard.py is the person), shell -c, shell < script.
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
report=$work/report
size=24x80
typed=()
bytes five 5000000

# tty STATUS ARGS...: x8ctl at a terminal, with the steps of $typed; stdout of the case is the screen.
tty() {
    local want=$1
    shift
    local -a steps=()
    for step in "${typed[@]}"; do steps+=(--step "$step"); done
    run - python3 "$X8_TESTS/e2e/keyboard.py" --size "$size" "${steps[@]}" --report "$report" -- "${via[@]}" "$X8CTL" "${select[@]}" "$@"
    # Colours, and the marks of pasted text that bash asks for, are not looked at.
    tr -d '\r' <"$report.screen" | sed 's/\x1b\[[0-9;]*m//g; s/\x1b\[?2004[hl]//g' >"$out"
    status=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["status"])' "$report")
    check_status "$want"
    if grep -Eq 'Sanitizer|runtime error:' "$out"; then problem "a sanitizer spoke"; fi
    reported 'd["settings_kept"]' "the terminal has other settings than before"
    reported 'not d["left"]' "a step was never taken"
    reported 'not d["hung"]' "it hung"
}
reported() {
    python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
sys.exit(0 if eval(sys.argv[2]) else str(d))' "$report" "$1" 2>"$work/python" || problem "$2: $(cat "$work/python")"
}
times() { [ "$(grep -o -e "$2" "$out" | wc -l)" = "$1" ] || problem "not $1 times on the screen: $2"; }

# What must hold on every board. With `part` only what depends on the link: keys, signals and much at once.
at_the_keyboard() {
    start "$1: prompt, command, exit status"
    typed=('$ =keys:echo $((6 * 7))\r' '42=keys:exit 7\r')
    tty 7 shell
    reported 'd["raw"] == [True, True]' "the terminal was not raw"
    times 1 'echo \$((6'
    start "$1: Ctrl-D ends it"
    typed=('$ =keys:true\r' '$ =keys:\x04')
    tty 0 shell
    start "$1: Ctrl-C reaches the command on the board, not us; so does Ctrl-\\"
    typed=('$ =keys:sleep 100; echo after $?\r' '$?=run:sleep 0.3&&&keys:\x03' '$ =keys:echo status $?\r' 'status 130=keys:exit 3\r')
    tty 3 shell
    prints_no 'safe point|stopped on request'
    typed=('$ =keys:bash -c '"'trap \"echo qu\"it\"; exit 4\" QUIT; echo re\"\"ady; while :; do sleep 0.05; done'"'\r' 'ready=keys:\x1c' 'quit=keys:exit 6\r')
    tty 6 shell
    start "$1: 40,000 bytes are pasted"
    lines=$(for i in {1..800}; do printf '%049d\\r' "$i"; done)
    typed=('$ =keys:stty -echo; cat >/tmp/pasted\r' 'pasted=run:sleep 0.3&&&keys:'"$lines"'\x04' '$ =keys:stty sane; wc -c </tmp/pasted; sha256sum </tmp/pasted; rm /tmp/pasted; exit\r')
    tty 0 shell
    prints '^40000$'
    prints "^$(for i in {1..800}; do printf '%049d\n' "$i"; done | sha256sum | cut -c 1-64)"
    [ "${2:-}" != part ] || [ -n "${X8_LONG:-}" ] || return 0
    start "$1: the window has its size, and gets another one"
    size=37x111
    typed=('$ =keys:stty size; bash -c '"'trap \"stty size; exit\" WINCH; echo wa\"\"iting; while :; do sleep 0.05; done'"'\r' '37 111=' 'waiting=resize:50x160' '50 160=keys:exit\r')
    tty 0 shell
    size=24x80
    start "$1: TERM comes along, HOME and the folder are the user's, control bytes and letters go through"
    typed=('$ =keys:echo "<$TERM $HOME $PWD>"; stty raw -echo; echo re""ady; head -c 6 | od -An -tx1; stty sane\r' '<xterm =' 'fio>=' 'ready=keys:\x01\x04\x13\x7f\xc3\xbc' ' 01 04 13 7f c3 bc=keys:exit\r')
    tty 0 shell
    start "$1: what is typed before the prompt is not lost"
    typed=('=keys:echo typed $((1 + 1)) early\r' 'typed 2 early=keys:exit 9\r')
    tty 9 shell
    start "$1: SIGTERM ends it, and the terminal is as it was"
    typed=('$ =keys:sleep 100\r' 'sleep=run:sleep 0.2&&&signal:TERM')
    tty 143 shell
    typed=('$ =signal:HUP')
    tty 143 shell
    start "$1: exec --tty: a terminal, the command's own status, Ctrl-C for it"
    typed=('24 80=keys:an answer\r' '<an answer>=')
    tty 4 exec --tty -- sh -c 'stty size; read -r word; echo "<$word>"; exit 4'
    typed=('ready=keys:\x03')
    # With exec: dash, between vfork and exec of a command, loses a SIGINT (its handler does nothing then).
    tty 130 exec --tty -- sh -c 'echo ready; exec sleep 100'
    typed=()
    tty 0 exec --tty -- sh -c 'test -t 0 && test -t 1 && test -t 2'
    start "$1: exec at a terminal without --tty: no terminal there, output as it is"
    typed=()
    tty 5 exec -- sh -c '[ -t 1 ] || echo none; printf "a\nb\n"; exit 5'
    prints '^none$'
    start "$1: shell -c at a terminal"
    typed=()
    tty 8 shell -c 'tty; exit 8'
    prints '^/dev/pts/'
}

boot image=881 sudo=fio
if [ "${X8_KIT_WAY:-adb}" = ssh ]; then at_the_keyboard ssh; else at_the_keyboard "old daemon"; fi

start "Ctrl-Z stops a job of the board, not us"
typed=('$ =keys:sleep 100\r' 'sleep 100=run:sleep 0.3&&&keys:\x1a' 'Stopped=keys:fg\r' 'fg' 'sleep 100=run:sleep 0.3&&&keys:\x03' '$ =keys:exit 2\r')
tty 2 shell
start "a full screen program"
typed=('$ =keys:less -X /etc/os-release\r' 'IMAGE_VERSION=keys:q' '$ =keys:exit 2\r')
tty 2 shell
start "a long line for -c at a terminal"
typed=()
long="v='$(head -c 20000 /dev/zero | tr '\0' x)'; echo \${#v}; exit 8"
if [ "${X8_KIT_WAY:-adb}" = ssh ]; then # dropbear takes commands of 9000 bytes
    tty 255 shell -c "$long"
    prints 'code   2 usage'
    prints 'too long for a terminal over ssh'
else
    tty 8 shell -c "$long"
    prints '^20000$'
fi

echo "== root"
start "the password is asked for without echo, and given to the board"
typed=('assword=keys:fio\r' '# =keys:id -u; exit 6\r')
tty 6 shell --root
prints '^0$'
times 0 'fio$'
typed=('assword=keys:fio\r')
tty 0 exec --root -- id -u
prints '^0$'
start "a wrong one is 255, and the terminal echoes again"
typed=('assword=keys:wrong\r')
tty 255 shell --root
prints 'code   40 '
start "Ctrl-C and Ctrl-D at the question"
typed=('assword=keys:\x03')
tty 130 shell --root
typed=('assword=keys:\x04')
tty 255 exec --root -- true

echo "== the board goes away"
start "in the middle of a session: 255, the reason, the terminal as it was"
typed=('$ =keys:echo $((6 * 7))\r' "42=run:kill ${ssh_pids[1]:-$held_pid}")
tty 255 shell
prints 'code   15 gone'
within 20

echo "== the image's .bashrc asks the terminal for its size"
boot image=934
start "the prompt is there soon, and the first keys are not eaten"
typed=('=keys:echo $((6 * 7))\r' '42=keys:exit 7\r')
tty 7 shell
within 3
prints_no '999'

echo "== without a terminal"
boot image=881
cat >script <<'END'
echo out
echo err >&2
for i in 1 2 3; do echo "line $i"; done
[ -t 0 ] || echo no terminal
exit 11
END
start "shell < script: its outputs and its status"
input=script
on 11 shell
out_is $'out\nline 1\nline 2\nline 3\nno terminal\n'
err_is $'err\n'
(cat script; head -c 300000 five | od -An -tx1 | sed 's/^/# /') >long
input=long
on 11 shell
out_is $'out\nline 1\nline 2\nline 3\nno terminal\n'
start "a script on a pipe; one without an exit; one that is empty"
shown='echo ... | shell'
printf 'false\ntrue\nexit 12' | "$X8CTL" "${select[@]}" shell >"$out" 2>"$err"
[ $? = 12 ] || problem "another status"
printf 'echo a\nfalse' >script
input=script
on 1 shell
: >empty
input=empty
on 0 shell
prints_nothing
start "input for the command of -c"
input=five
on 0 shell -c 'cat'
same five "$out"
input=/dev/null
start "no terminal and nothing to read: 2"
on 255 shell
failed 2 usage
start "-c: one line with everything a shell knows"
on 3 shell -c 'f() { echo "$1"; return 3; }; f "a b" | cat; x=(1 2 3); echo ${#x[@]}; f >/dev/null'
out_is $'a b\n3\n'
on 255 shell ls
failed 2 usage
on 2 shell -c 'echo ('
says 'syntax error'
start "-c on several boards"
boot --board image=881 --board image=934
select=(-s "${places[1]}" -s "${places[2]}" --all)
on 0 shell -c 'sed -n s/^IMAGE_VERSION=//p /etc/os-release'
prints ': 881$'
prints ': 934$'
input=script
on 255 shell
failed 11 several-boards
input=/dev/null

[ "${X8_KIT_WAY:-adb}" = adb ] || finish
echo "== other ways"
boot image=881 persona=new sudo=fio
at_the_keyboard "new daemon"
plug start=linux adbgap=200 adbd=image=881
at_the_keyboard "USB" part
finish
