#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154,SC2317 # of and for the kits; called by await
# The board's ssh server falls silent while commands run: no word, no end of the connection, no packet back, as when its
# power is cut. Each command ends by itself, all of them within the patience that -t sets, with the code of a lost link
# and words for it. What stands between the two is stopped, so that the kernel's buffers are all that still takes bytes.
export X8_KIT_WAY=ssh
# shellcheck source=adb_kit.sh
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
patience=3 # seconds: of -t
boot image=881 sudo=fio
printf 'fio\n' >fio
chmod 600 fio
home=$root/var/rootdirs/home/fio
head -c 150000000 /dev/urandom >large
cp large "$home/large"
inside 'setsid nohup /usr/libexec/host/bin/python3 -c "
import socket
s = socket.socket()
s.bind((\"127.0.0.1\", 5000))
s.listen(1)
open(\"/tmp/listens\", \"w\").close()
c = s.accept()[0]
while True: c.sendall(c.recv(99))" >/dev/null 2>&1 </dev/null & until [ -e /tmp/listens ]; do sleep 0.02; done'

echo "x 0" >order
betweens=()
# between NAME: one more that stands between the two; what begins from then on goes through it.
between() {
    python3 "$X8_TESTS/e2e/ssh_cutter.py" "127.0.0.1:${ports[1]}" order "count-$1" >"between-$1" 2>/dev/null &
    betweens+=($!)
    await 60 "what stands between" test -s "between-$1"
    place=127.0.0.1:$(cat "between-$1")
    sed -n "s/^\[127.0.0.1\]:${ports[1]} /[${place/:/]:} /p" "$HOME/.ssh/known_hosts" >known
    cat known >>"$HOME/.ssh/known_hosts"
}

names=() pids=()
# begin NAME ARGS...: in the background, its streams in NAME.out and NAME.err.
begin() {
    local name=$1
    shift
    names+=("$name")
    : >"$name.out"
    : >"$name.err"
    timeout -k 5 60 "$X8CTL" -s "net:$place" -t "${patience}s" "$@" >"$name.out" 2>"$name.err" </dev/null &
    pids+=($!)
}

between first
start "they run: exec, exec with input, shell, a followed journal, a port, push and pull"
begin exec exec -- sh -c 'echo begun; sleep 300'
await 60 "exec" grep -q begun exec.out
begin logs logs -f --password-file fio
await 60 "logs" grep -q 'Startup finished' logs.out
begin forward forward 0:5000
await 60 "forward" grep -q 'forwarding 127' forward.err
port=$(sed -nE 's/^forwarding 127.0.0.1:([0-9]+) .*/\1/p' forward.err)
timeout 60 python3 -c '
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 50)
s.sendall(b"hello")
open("client.begun", "wb").write(s.recv(5))
try:
    print("end" if not s.recv(5) else "bytes")
except ConnectionResetError:
    print("reset")' "$port" >client.out 2>&1 &
client=$!
await 60 "a byte through the port" test -s client.begun
timeout -k 5 60 python3 "$X8_TESTS/e2e/terminal.py" --columns 80 --type '$ =echo be""gun\n' --report shell.report -- \
    "$X8CTL" -s "net:$place" -t "${patience}s" shell >shell.out 2>&1 &
names+=(shell) pids+=($!)
# Its screen is told at its end only; the board knows whom it let in.
await 60 "shell" bash -c "timeout 20 '$X8CTL' -s '${places[1]}' exec -- ps -e -o tty= | grep -q pts"
begin input exec -- sh -c 'echo begun; cat >/dev/null; sleep 300'
await 60 "exec with input" grep -q begun input.out
# freeze_at FOLDER: the last one is silent as soon as something of a file is in that folder.
bytes_at() { [ "$(find "$1" -path "*/.x8ctl-*" -type f -printf '%s\n' 2>/dev/null | awk '{ n += $1 } END { print n + 0 }')" -gt 200000 ]; }
freeze_at() {
    await 60 "the first bytes" bytes_at "$1"
    kill -STOP "${betweens[-1]}"
}
between pull
mkdir there
begin pull pull /var/rootdirs/home/fio/large there/
freeze_at there
between push
begin push push large /var/rootdirs/home/fio/new
freeze_at "$home"
kill -STOP "${betweens[0]}"
began=$(milliseconds)

start "each ends by itself: 15 gone, the place, what to do next"
for i in "${!pids[@]}"; do
    wait "${pids[i]}"
    status=$? elapsed_ms=$(($(milliseconds) - began)) shown=${names[i]} out=$work/${names[i]}.out err=$work/${names[i]}.err
    want=15
    case ${names[i]} in
    exec | input) want=255 ;;
    shell)
        # On a terminal both streams are one, with colours, and the message may stand behind a prompt.
        sed -E 's/\r//g; s/\x1b\[[?0-9;]*[a-z]//g; s/^.*[$] (x8ctl shell: )/\1/' shell.report.raw >"$err"
        want=255
        ;;
    esac
    check_status "$want"
    failed 15 gone
    says 'no longer answers over ssh'
    [ -z "${X8_TRACE:-}" ] || cat "$err"
    [ "$elapsed_ms" -lt 15000 ] || problem "$shown took $elapsed_ms ms"
done
start "of a command nobody knows the outcome"
err=$work/exec.err
says 'unknown'
start "the terminal is as it was"
shown=shell
python3 -c 'import json; exit(not json.load(open("shell.report"))["settings_kept"])' || problem "its settings were changed"
start "who was connected to the port is told that it ended"
wait "$client" || problem "it hung"
grep -Eq '^(end|reset)$' client.out || problem "it was told: $(cat client.out)"
start "no half file has a final name"
[ ! -e there/large ] || problem "there/large is there"
[ ! -e "$home/new" ] || problem "new is on the board"

start "one that falls silent before it greets, or while it lets in, has a limit as well"
begin late exec -- true
wait "${pids[-1]}"
status=$? elapsed_ms=0 shown=late err=$work/late.err
check_status 255
failed 16 timeout
{ kill -KILL "${betweens[@]}" && wait "${betweens[@]}"; } 2>/dev/null
finish
