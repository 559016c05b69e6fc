#!/usr/bin/env bash
# shellcheck disable=SC2016 # what stands in single quotes is for the board's shell
# forward and open: ports of this computer that lead to servers on the board's own loopback.
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
bytes five 5000000

# What speaks on the board: echo on a port and on a Unix socket, a page, one that says something first, one that hangs up,
# one that only takes, one that never ends. A board has no Python; the double keeps this computer's for such things.
cat >servers.py <<'END'
import hashlib, os, socket, threading
def serve(listener, talk):
    def careful(link):
        try:
            talk(link)
        except OSError:
            pass
        link.close()
    while True:
        threading.Thread(target=careful, args=(listener.accept()[0],), daemon=True).start()
def echo(link):
    while data := link.recv(65536):
        link.sendall(data)
def page(link):
    if link.recv(4096):
        link.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nthe page\r\n")
def first(link):
    link.sendall(b"220 welcome\r\n")
    link.recv(1)
def hangs_up(link):
    pass
def takes(link):
    digest, count = hashlib.sha256(), 0
    while count < 5000000:
        data = link.recv(65536)
        digest.update(data)
        count += len(data)
    link.sendall(digest.hexdigest().encode())
def streams(link):
    while link.recv(1):
        while True:
            link.sendall(bytes(65536))
talks = [echo, page, first, hangs_up, takes, streams]
listeners = [socket.create_server(("127.0.0.1", 0), backlog=200) for _ in talks]
unix = socket.socket(socket.AF_UNIX)
unix.bind("/tmp/echo socket")
unix.listen()
for listener, talk in zip(listeners + [unix], talks + [echo]):
    threading.Thread(target=serve, args=(listener, talk), daemon=True).start()
with open("/tmp/ports.new", "w") as out:
    print(*(listener.getsockname()[1] for listener in listeners), file=out)
os.rename("/tmp/ports.new", "/tmp/ports")
threading.Event().wait()
END

# servers: they run on the board; $echo and so on are their ports there.
servers() {
    "${via[@]}" "$X8CTL" "${select[@]}" push -q servers.py /tmp/ || exit 1
    inside 'setsid nohup /usr/libexec/host/bin/python3 /tmp/servers.py >/tmp/servers.log 2>&1 </dev/null &
        for i in {1..500}; do [ ! -e /tmp/ports ] || exit 0; sleep 0.02; done; cat /tmp/servers.log; exit 1' || exit 1
    read -r echo page first hangs_up takes streams < <(inside 'cat /tmp/ports')
}

# up WORD COUNT ARGS...: x8ctl ARGS in the background until it has said WORD so often; the local ports are in ${here[@]}.
up() {
    local word=$1 count=$2
    shift 2
    shown="$*"
    # The words of the one before must not be taken for its own.
    : >"$out" 2>"$err"
    env --default-signal=INT "${via[@]}" "$X8CTL" "${select[@]}" "$@" >"$out" 2>"$err" </dev/null &
    pid=$!
    await 60 "$word" eval '[ "$(cat "$out" "$err" | grep -c "$word")" -ge '"$count"' ]'
    mapfile -t here < <(sed -nE 's/.*forwarding [^ ]*:([0-9]+) to .*/\1/p; s|^http://127.0.0.1:([0-9]+)/$|\1|p' "$out" "$err")
}

# down SIGNAL STATUS: it ends so, soon.
down() {
    local began
    began=$(milliseconds)
    [ "$1" = - ] || kill -"$1" "$pid"
    wait "$pid"
    status=$?
    elapsed_ms=$(($(milliseconds) - began))
    check_status "$2"
    within 8
}

# talk PORT WHAT...: a client; it fails with a sentence.
talk() {
    local problem
    problem=$(timeout 60 python3 - "$@" 2>&1 <<'END'
import hashlib, socket, sys, threading
port, what, arguments = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
def dial():
    return socket.create_connection(("127.0.0.1", port), 20)
def exactly(link, count):
    data = b""
    while len(data) < count:
        piece = link.recv(count - len(data))
        if not piece:
            raise SystemExit(f"the end after {len(data)} of {count} bytes")
        data += piece
    return data
if what == "echo":
    data = open("five", "rb").read()[: int(arguments[0])]
    link = dial()
    threading.Thread(target=link.sendall, args=(data,), daemon=True).start()
    assert exactly(link, len(data)) == data, "not the same bytes"
elif what == "many":
    links = [dial() for _ in range(int(arguments[0]))]
    for at, link in enumerate(links):
        link.sendall(b"%05d" % at)
    for at, link in enumerate(links):
        assert exactly(link, 5) == b"%05d" % at, f"wrong bytes on link {at}"
elif what == "more":
    # More than are served at once: those beyond get their turn when others leave.
    links = [dial() for _ in range(int(arguments[0]))]
    for at, link in enumerate(links):
        link.sendall(b"%05d" % at)
    for at, link in enumerate(links):
        assert exactly(link, 5) == b"%05d" % at, f"wrong bytes on link {at}"
        link.close()
elif what == "after another":
    for at in range(int(arguments[0])):
        link = dial()
        link.sendall(b"%05d" % at)
        assert exactly(link, 5) == b"%05d" % at, f"wrong bytes on link {at}"
        link.close()
elif what == "says":
    link = dial()
    link.sendall(arguments[1].encode() if len(arguments) > 1 else b"")
    wanted = arguments[0].encode()
    assert exactly(link, len(wanted)) == wanted, "other words"
elif what == "breaks off":
    for at in range(int(arguments[0])):
        link = dial()
        link.sendall(b"x")
        exactly(link, 20000 * at)
        link.close()
elif what == "ends":
    try: # an end may come as a reset, as soon as the connection is made
        assert dial().recv(1) == b"", "it says something"
    except ConnectionResetError:
        pass
elif what == "takes":
    link = dial()
    link.sendall(open("five", "rb").read())
    assert exactly(link, 64).decode() == hashlib.sha256(open("five", "rb").read()).hexdigest(), "other bytes arrived"
elif what == "closed":
    try:
        dial()
    except ConnectionRefusedError:
        sys.exit(0)
    sys.exit("somebody still listens")
END
    ) || problem "port $1, $2: ${problem##*$'\n'}"
}

echo "== forward"
boot image=881
servers
start "a free port, which is said, and bytes both ways"
up forwarding 1 forward "0:$echo"
talk "${here[0]}" echo 1000
talk "${here[0]}" says hello hello
prints_nothing
start "5 MB of all byte values, both ways at the same time; and one way"
talk "${here[0]}" echo 5000000
start "fifty connections at once, a hundred at once, a hundred one after the other"
talk "${here[0]}" many 50
talk "${here[0]}" more 100
talk "${here[0]}" "after another" 100
start "Ctrl-C is how it ends: 0, and the port is free again"
down INT 0
says_no '^x8ctl|  code|safe point'
talk "${here[0]}" closed
start "several pairs, and each its own"
up forwarding 4 forward "0:$page" "0:$first" "0:$takes" "0:unix:/tmp/echo socket"
talk "${here[0]}" says 'HTTP/1.0 200 OK' $'GET / HTTP/1.0\r\n\r\n'
talk "${here[1]}" says '220 welcome'
talk "${here[2]}" takes
if [ "${X8_KIT_WAY:-adb}" = ssh ]; then # dropbear leads to ports alone
    talk "${here[3]}" ends
    says 'warn .*does not connect to unix sockets \(/tmp/echo socket\): it is SSH-2.0-dropbear'
else
    talk "${here[3]}" echo 100000
fi
start "SIGTERM ends it as well, with connections open"
python3 -c 'import socket, sys; link = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); open("open", "w"); link.recv(1)' "${here[0]}" &
other=$!
await 60 "the open connection" test -e open
down TERM 143
kill "$other" 2>/dev/null
wait "$other" 2>/dev/null
start "a server that hangs up at once, a port where nothing listens: the connection ends, the rest goes on"
up forwarding 3 forward "0:$hangs_up" 0:9 "0:$echo"
talk "${here[0]}" ends
talk "${here[1]}" ends
says 'warn .*nothing on the board listens on tcp:9$'
talk "${here[2]}" echo 1000
talk "${here[1]}" ends
talk "${here[2]}" echo 1000
down INT 0
start "downloads that are broken off: the rest goes on"
up forwarding 2 forward "0:$streams" "0:$echo"
talk "${here[0]}" "breaks off" 20
talk "${here[1]}" echo 1000
down INT 0
start "a port of one's choice and an address; a port that is taken is 14"
port=$(free_port)
up forwarding 1 forward "127.0.0.1:$port:$echo"
[ "${here[0]}" = "$port" ] || problem "another port: ${here[0]}"
talk "$port" echo 1000
down INT 0
python3 -c 'import socket, sys; s = socket.create_server(("127.0.0.1", int(sys.argv[1]))); open("taken", "w"); s.accept()' "$port" &
other=$!
await 60 "the other server" test -e taken
on 14 forward "$port:$echo"
failed 14 busy
says "$port"
on 14 forward "0:$echo" "$port:$echo"
kill "$other"
wait "$other" 2>/dev/null
start "only this computer can connect, unless an address is given"
up forwarding 1 forward "0:$echo"
python3 - "${here[0]}" <<'END' >listens 2>&1 || problem "$(cat listens)"
import sys
port = "%04X" % int(sys.argv[1])
rows = [row.split()[1] for name in ("/proc/net/tcp", "/proc/net/tcp6") for row in open(name).readlines()[1:] if row.split()[3] == "0A"]
found = [row for row in rows if row.endswith(":" + port)]
if found != ["0100007F:" + port]:
    sys.exit(f"it listens at {found}")
END
down INT 0
start "pairs that are none: 2"
for pair in '' 80 : 80: :80 a:b 70000:80 80:70000 80:0 -1:80 80:80:80:80 80:unix: 80:unix:relative 1.2.3.4.5:80:80 '80:80 ' 80:http; do
    on 2 forward "$pair"
    failed 2 usage
done
on 2 forward
on 2 forward 0:1 0:2 0:3 0:4 0:5 0:6 0:7 0:8 0:9 0:10 0:11 0:12 0:13 0:14 0:15 0:16 0:17
start "JSON names the ports at the end"
up forwarding 1 --json forward "0:$echo"
down INT 0
json "d['boards'][0]['forwards'][0]['port'] == ${here[0]} and d['boards'][0]['forwards'][0]['remote'] == 'tcp:$echo'"

echo "== open"
start "the address on stdout, the page behind it"
up http 1 open --print --port "$page"
talk "${here[0]}" says 'HTTP/1.0 200 OK' $'GET / HTTP/1.0\r\n\r\n'
[ "$(cat "$out")" = "http://127.0.0.1:${here[0]}/" ] || problem "more than the address on stdout"
start "where the usual port is taken it is another one"
down INT 0
# Taken by ourselves, as the daemon has one place over TCP; suites beside this one may have it before.
python3 -c '
import socket, time
while True:
    try:
        server = socket.create_server(("127.0.0.1", 8080))
        break
    except OSError:
        time.sleep(0.02)
open("taken8080", "w")
server.accept()' &
other=$!
await 60 "the usual port" test -e taken8080
up http 1 open --print --port "$page"
[ "${here[0]}" != 8080 ] || problem "the port was taken"
talk "${here[0]}" says 'HTTP/1.0 200 OK' $'GET / HTTP/1.0\r\n\r\n'
kill "$other"
wait "$other" 2>/dev/null
down INT 0
start "where there is a screen, the browser is started with the address"
mkdir -p bin
printf '#!/bin/sh\necho "$1" >"%s/browsed.new"; mv "%s/browsed.new" "%s/browsed"\n' "$work" "$work" "$work" >bin/xdg-open
chmod 755 bin/xdg-open
for screen in DISPLAY WAYLAND_DISPLAY; do
    rm -f browsed
    via=(env "PATH=$work/bin:$PATH" "$screen=:0")
    up http 1 open --port "$page"
    await 60 "the browser" test -e browsed
    [ "$(cat browsed)" = "http://127.0.0.1:${here[0]}/" ] || problem "another address: $(cat browsed)"
    down INT 0
    says_no 'safe point'
done
rm -f browsed
up http 1 open --print --port "$page"
down INT 0
[ ! -e browsed ] || problem "--print has started a browser"
via=()
start "nothing behind the port: 30, why, and no address"
on 30 open --print --port 9
error_form 30 refused
prints_nothing
on 30 open --print
error_form 30 refused
says 'port 80'
on 2 open --port 0
on 2 open --port 70000
on 2 open me

echo "== the board goes away"
start "forward ends with 15 soon, and says so"
up forwarding 1 forward "0:$echo"
talk "${here[0]}" echo 1000
loses
down - 15
failed 15 gone
start "a reboot ends it, too"
boot image=934 sudo=empty
servers
up forwarding 1 forward "0:$echo"
shown='forward, and a reboot of the board'
reboots
down - 15

echo "== in the background"
# background ARGS...: forward with --background; the process that serves in $served, the ports in ${here[@]}.
background() {
    on 0 "$@"
    within 10
    served=$(sed -nE 's/.*\(kill ([0-9]+) ends\).*/\1/p' "$err" | head -n 1)
    mapfile -t here < <(sed -nE 's/.*forwarding [^ ]*:([0-9]+) to .*/\1/p' "$err")
}
# shellcheck disable=SC2317 # await calls it
# What talk says, as an answer and not as a problem.
talks() { python3 -c 'import socket, sys
try:
    link = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
except OSError:
    sys.exit(0 if sys.argv[2] == "closed" else 1)
sys.exit(1 if sys.argv[2] == "closed" else 0)' "${here[0]}" "$1"; }
# shellcheck disable=SC2317 # await calls it
ended() { ! kill -0 "$served" 2>/dev/null; }
boot image=881
servers
start "it returns when the ports are open, and says who serves them"
background forward --background "0:$echo" "0:$page"
prints_nothing
[ "${#here[@]}" = 2 ] || problem "not two ports"
talk "${here[0]}" echo 1000000
talk "${here[1]}" says 'HTTP/1.0 200 OK' $'GET / HTTP/1.0\r\n\r\n'
start "it has no terminal, no stream of ours and a session of its own"
[ "$(readlink "/proc/$served/fd/0" "/proc/$served/fd/1" "/proc/$served/fd/2" | sort -u)" = /dev/null ] || problem "$(ls -l "/proc/$served/fd")"
[ "$(ps -o sid= -p "$served" | tr -d ' ')" = "$served" ] || problem "it is in our session"
start "kill ends it, and the ports are free again"
kill "$served"
await 60 "its end" ended
talk "${here[0]}" closed
start "a mistake is told by the one that was started, once, and nobody stays"
on 14 forward --background "0:$echo" "127.0.0.1:${busy:=$(free_port)}:1" "127.0.0.1:$busy:2"
failed 14 busy
on 2 forward --background a:b
failed 2 usage
start "JSON: the process and the ports, at once"
on 0 --json forward --background "0:$echo"
json "d['boards'][0]['code'] == 'ok' and d['boards'][0]['pid'] > 1 and d['boards'][0]['forwards'][0]['remote'] == 'tcp:$echo'"
served=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["boards"][0]["pid"])' "$out")
port=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["boards"][0]["forwards"][0]["port"])' "$out")
talk "$port" echo 1000
kill "$served"
await 60 "its end" ended
start "--list shows what is forwarded, --stop ends what it is asked to"
on 0 forward --list
prints_nothing
says 'nothing is forwarded in the background'
background forward --background "0:$echo" "0:$page"
on 0 forward --list
prints "^127.0.0.1	${here[1]}	tcp:$page	.*	$served	20[0-9T:Z-]+\$"
prints "^127.0.0.1	${here[0]}	tcp:$echo	.*	$served	"
[ "$(wc -l <"$out")" = 3 ] || problem "not two rows: $(cat "$out")"
[ "$(find "$X8CTL_HOME/locks" -name 'forward-*' ! -perm 600 | wc -l)" = 0 ] || problem "others may read it"
on 0 forward --list --json
json "len(d['forwards']) == 2 and {f['pid'] for f in d['forwards']} == {$served} and {f['port'] for f in d['forwards']} == {${here[0]}, ${here[1]}}"
on 14 forward "${here[0]}:$page"
failed 14 busy
says "x8ctl itself forwards it in the background.*process $served"
says "next .*x8ctl forward --stop ${here[0]} "
[ "$(cat "/proc/$served/comm")" = x8ctl ] || problem "it is called $(cat "/proc/$served/comm")"
on 2 forward --stop "${here[1]}" 1
error_form '2 usage'
talk "${here[0]}" echo 1000
on 0 forward --stop "${here[1]}"
prints "	${here[0]}	"
talk "${here[0]}" closed
background forward --background "0:$echo"
on 0 forward --stop --json
json "[f['pid'] for f in d['forwards']] == [$served]"
talk "${here[0]}" closed
on 0 forward --stop
prints_nothing
start "one that was killed is not there, nor is what somebody else wrote"
background forward --background "0:$echo"
kill -KILL "$served"
await 60 "its end" ended
echo '{"pid": 1, "board": "x", "ports": [{"host": "h", "port": 1, "remote": "r"}]}' >"$X8CTL_HOME/locks/forward-1"
on 0 forward --list
prints_nothing
[ -z "$(find "$X8CTL_HOME/locks" -name "forward-$served")" ] || problem "its note is still there"
start "with too few open files it is not said that it serves, and not an internal error"
for files in {9..20}; do
    via=(bash -c "ulimit -n $files"' && exec "$@"' --)
    on - forward --background "0:$echo"
    via=()
    if [ "$status" = 0 ]; then
        says 'forwarding'
        on 0 forward --stop
        [ -s "$out" ] || problem "it was not known (limit $files)"
    else
        [ "$status" != 1 ] || problem "internal error (limit $files)"
        says_no 'forwarding'
    fi
done
start "three things at once are none"
on 2 forward --list --stop
error_form '2 usage'
start "when the board has restarted, the same port leads to it again"
boot image=934 sudo=empty down=2000
background -t 60s forward --background 0:9
talk "${here[0]}" ends
reboots
await 60 "the end of the link" talks closed
await 60 "the board" talks ends
kill "$served"
await 60 "its end" ended
start "a board that stays away ends it after the limit"
background -t 2s forward --background 0:22
loses
await 60 "its end" ended

[ "${X8_KIT_WAY:-adb}" = adb ] || finish
echo "== by other ways"
for words in 'persona=new' 'usb'; do
    start "forward and open: $words"
    if [ "$words" = usb ]; then plug start=linux adbgap=200 adbd=image=881; else boot image=881 "$words"; fi
    servers
    up forwarding 2 forward "0:$echo" "0:$takes"
    talk "${here[0]}" echo 1000000
    talk "${here[0]}" many 40
    talk "${here[1]}" takes
    down INT 0
    up http 1 open --print --port "$page"
    talk "${here[0]}" says 'HTTP/1.0 200 OK' $'GET / HTTP/1.0\r\n\r\n'
    down INT 0
    [ "$words" = usb ] || continue
    start "over USB one has the board: the next is told that ports are forwarded, and how that is ended"
    up forwarding 1 forward "0:$echo"
    on 14 info
    says "process $pid forwards ports of it"
    says 'next .*Ctrl-C'
    down INT 0
    background forward --background "0:$echo"
    on 14 info
    says "process $served forwards ports of it in the background"
    says 'next .*x8ctl forward --stop '
    on 0 list
    prints '	busy	|  busy '
    talk "${here[0]}" echo 1000
    on 0 forward --stop
    on 0 exec true
done
if command -v adb >/dev/null; then
    start "forward through adb's server"
    boot image=881
    servers
    serve
    adb connect "$adb" >/dev/null
    select=()
    up forwarding 2 forward "0:$echo" 0:9
    talk "${here[0]}" echo 1000000
    talk "${here[0]}" many 40
    talk "${here[1]}" ends
    down INT 0
fi
finish
