#!/usr/bin/env bash
# shellcheck disable=SC2016 # what stands in single quotes is for the board's shell
# A board by its ssh, as dropbear serves it: the same answers as over adb, and who is who: keys of hosts and of people,
# passwords, a server that is not there, stalls or goes away. What exec, push, pull and setup promise in all is looked at
# by their own suites, which run over ssh too.
export X8_KIT_WAY=ssh
# shellcheck source=adb_kit.sh
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
umask 077
known=$HOME/.ssh/known_hosts

echo "== the same answers"
boot image=822 serial=0A13B209DAB6FAD9 sudo=fio
start "what the board is"
on 0 info image serial hostname user
prints '^image	822$'
prints '^serial	0A13B209DAB6FAD9$'
prints '^hostname	portenta-x8-a13b209dab6fad9$'
prints '^user	fio$'
on 0 info
prints '^via	ssh 127.0.0.1:[0-9]+$'
on 0 os-release IMAGE_VERSION
out_is $'822\n'
start "status, outputs, input"
on 3 exec -- sh -c 'cat; echo err >&2; exit 3'
err_is $'err\n'
start "a file there and back"
bytes five 500000
on 0 push five /tmp/five
on 0 pull /tmp/five back
same five back
start "its journal"
printf 'fio\n' >fio
on 0 logs --password-file fio
prints 'Startup finished'
start "root"
on 0 exec --root --password-file fio -- id -u
out_is $'0\n'
start "a row of list, which asks the board"
on 0 list
prints "^0A13B209DAB6FAD9	-	linux	822	breakout	net	${labels[1]}	-	-\$"
on 0 list --json
json 'd["boards"][0]["links"] == "net" and d["boards"][0]["net_address"] == "'"${labels[1]}"'" and d["boards"][0]["code"] == "ok"'
start "wait is done at once"
on 0 wait --state linux
within 30
start "a name of the user's, once it has the board's serial number"
on 0 name bench-1
run 0 "$X8CTL" name
prints '0A13B209DAB6FAD9	bench-1'
start "--via net is that way, --via adb and usb are not"
on 0 --via net exec -- true
on 10 --via usb info
error_form '10 no-board'
on 10 --via adb info
error_form '10 no-board'
start "a port of the board"
inside 'setsid nohup /usr/libexec/host/bin/python3 -c "
import socket
s = socket.socket()
s.bind((\"127.0.0.1\", 5000))
s.listen(1)
open(\"/tmp/listens\", \"w\").close()
s.accept()[0].sendall(b\"hello\n\")" >/dev/null 2>&1 </dev/null & until [ -e /tmp/listens ]; do sleep 0.02; done'
env --default-signal=INT "$X8CTL" "${select[@]}" forward 0:5000 >"$out" 2>"$err" &
pid=$!
await 60 "the port" grep -q 'forwarding 127' "$err"
port=$(sed -nE 's/^forwarding 127.0.0.1:([0-9]+) .*/\1/p' "$err")
got=$(timeout 10 python3 -c 'import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
s.settimeout(5)
print(s.recv(99).decode().strip())' "$port" 2>&1)
[ "$got" = hello ] || problem "the port says: $got"
kill -INT "$pid"
wait "$pid" || problem "Ctrl-C is how it ends, not with $?"

echo "== the board's key"
: >"$known"
start "an unknown one is refused where nobody can be asked, and not kept"
on 255 exec -- true
failed 40 auth
says 'SHA256:'
says '[-]-accept-new-host-key'
[ ! -s "$known" ] || problem "it was kept"
on 0 list
prints '	linux	.*not known on this computer yet'
start "nor does -y agree to it"
on 40 info -y
error_form '40 auth'
[ ! -s "$known" ] || problem "it was kept"
start "--accept-new-host-key keeps it, and says so once"
on 0 exec --accept-new-host-key -- true
says 'is new here and is kept: ssh-ed25519 SHA256:'
[ "$(grep -c . "$known")" = 1 ] || problem "not one line in known_hosts"
on 0 exec --accept-new-host-key -- true
says_no 'SHA256'
start "on a terminal it is asked for"
tty() {
    local want=$1
    shift
    rm -f report report.raw
    run "$want" python3 "$X8_TESTS/e2e/terminal.py" --columns 120 --report report "${typed[@]}" -- "$X8CTL" "${select[@]}" "$@"
    cp report.raw "$out"
}
: >"$known"
typed=(--type 'to be kept?=n\n')
tty 40 info image
prints 'SHA256:'
[ ! -s "$known" ] || problem "it was kept"
typed=(--type 'to be kept?=y\n')
tty 0 info image
prints '822'
[ "$(grep -c . "$known")" = 1 ] || problem "not one line in known_hosts"
start "a changed one is refused, also with the option, and explained"
printf 'other.example %s\n' "$(cut -d ' ' -f 2- "$known")" >others
ssh-keygen -q -t ed25519 -N '' -f another
printf '[127.0.0.1]:%s %s\n' "${ports[1]}" "$(cut -d ' ' -f 1,2 another.pub)" >mine
cat others mine >"$known"
on 40 info --accept-new-host-key
error_form '40 auth'
says 'flashed'
says "x8ctl setup --renew-host-key -s 'net:"
start "--renew-host-key shows both, and asks"
on 0 setup --renew-host-key --dry-run
says "known here: .*$(ssh-keygen -lf another.pub | cut -d ' ' -f 2 | sed 's/[+]/[+]/g')"
says "shown now: .*$(ssh-keygen -lf others | cut -d ' ' -f 2 | sed 's/[+]/[+]/g')"
on 41 setup --renew-host-key
error_form '41 need-yes'
cat others mine | cmp -s - "$known" || problem "known_hosts was changed"
on 0 setup --renew-host-key -y
prints '^host-key	renewed	SHA256:'
on 0 info image
prints '^822$'
grep -q '^other.example' "$known" || problem "another host was forgotten"
[ "$(grep -c . "$known")" = 2 ] || problem "not two lines in known_hosts"
on 0 setup --renew-host-key -y --json
json 'd["boards"][0]["host_key"] == "unchanged" and len(d["boards"][0]["known"]) == 1'
start "a hashed line is found as well"
mv "$known" plain
{
    cat others
    cat mine
} >"$known"
ssh-keygen -q -H -f "$known" >/dev/null 2>&1
rm -f "$known.old"
on 0 setup --renew-host-key -y
prints 'renewed'
on 0 info image

echo "== people"
start "without a key nobody is let in: 40, and what was tried"
mv "$HOME/.ssh/id_ed25519" kept
on 255 exec -- true
failed 40 auth
on 0 list
prints '	linux	.*asks for a password'
on 255 exec --password-file fio -- true
failed 40 auth
says_no '^.*fio$'
mv kept "$HOME/.ssh/id_ed25519"
start "the user of ~/.ssh/config"
printf 'Host 127.0.0.1\n  User nobody-here\n' >"$HOME/.ssh/config"
on 255 exec -- true
failed 40 auth
rm "$HOME/.ssh/config"
on 0 exec -- true

echo "== a server that is not there"
start "a port where nothing listens: 10, and what that means"
select=(-s net:127.0.0.1:1)
on 10 info
error_form '10 no-board'
says 'switched off'
on 10 list
prints '	gone	'
error_form '10 no-board'
on 10 list --json
json "[b['state'] for b in d['boards']] == ['gone'] and d['error']['code'] == 'no-board'"
start "one that never greets: 16, within its limit"
python3 -c '
import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(8)
open("silent.new", "w").write(str(s.getsockname()[1]))
__import__("os").rename("silent.new", "silent")
time.sleep(300)' &
pid=$!
await 60 "the silent server" test -s silent
select=(-s "net:127.0.0.1:$(<silent)")
on 16 info -t 2s
within 30
on 0 list
prints '	mute	'
within 30
kill "$pid"
wait "$pid" 2>/dev/null
start "wait is done by an answer"
select=(-s "${places[1]}")
on 0 wait --state linux
start "one that restarts is waited for at its address"
listen=${ports[1]}
"$X8CTL" "${select[@]}" reboot -y --password-file fio -t 40s >"$out" 2>"$err" &
pid=$!
await 60 "the restart" test -e "${roots[1]}/run/power"
kill "${ssh_pids[1]}"
wait "${ssh_pids[1]}" 2>/dev/null
ssh_port=$listen start_ssh 1 "${roots[1]}"
wait "$pid"
status=$? shown=reboot
check_status 0
prints 'back after'
start "one that goes away while a command runs: 15, the outcome is unknown"
timeout 60 "$X8CTL" "${select[@]}" exec -- sh -c 'echo begun; sleep 300' >"$out" 2>"$err" &
pid=$!
await 60 "the command" grep -q begun "$out"
began=$(milliseconds)
kill "${ssh_pids[1]}"
wait "$pid"
status=$? elapsed_ms=$(($(milliseconds) - began)) shown="exec, and the board is gone"
check_status 255
failed 15 gone
says 'unknown'
within 20
start "gone is when nothing answers there"
on 0 wait --state gone -t 20s
[ ! -s "$out" ] || problem "stdout: $(cat "$out")"
says 'gone'
finish
