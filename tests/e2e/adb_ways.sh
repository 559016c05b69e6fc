#!/usr/bin/env bash
# shellcheck disable=SC2016 # what stands in single quotes is for the board's shell
# The ways to a board: TCP, USB, an adb server in front of either, the old daemon and a new one. The same commands give
# the same in all of them; then what stands in a way: servers that are none, keys, others who hold the board.
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
umask 022
bytes five 300000
five_sum=$(sha256sum <five)
mkdir -p "tree/a b"
head -c 70000 five >tree/big
echo '#!/bin/sh' >"tree/a b/run"
chmod 755 "tree/a b/run"
chmod 600 tree/big
touch -d @1000000000 tree/big "tree/a b/run"
ln -s big tree/link
echo fio >password
chmod 600 password

# ---- one row of commands, and what came of them ----

# plain: what in a result depends on the way, taken away.
plain() {
    python3 -c '
import json, sys
for board in json.load(open(sys.argv[1]))["boards"]:
    for key in ("serial", "name", "where", "seconds"):
        board.pop(key)
    print(json.dumps(board, sort_keys=True))' "$out"
}

did() {
    on - "$@"
    printf '\n--- %s: %s\n' "${*@Q}" "$status"
    case " $* " in
    *' --json '*) plain ;;
    *) cat "$out" ;;
    esac
    # Whose words and codes they are, without the board's name and place.
    grep -aE '^  (why|next|code) |error' "$err" | sed -E 's/x8ctl-[0-9a-f]{16}/x8ctl-N/'
}

# With `short` only the first half, which has all kinds of outputs, statuses, words and input.
short=''
row() {
    rm -rf back
    did exec -- true
    did exec -- false
    did exec -- bash -c 'echo out; echo err >&2; exit 7'
    did exec -- bash -c 'kill -9 $$'
    did exec -- no-such-program
    did exec -- printf '[%s]' '' 'a b' "it's" '$HOME' $'new\nline' 'grüße' $'\xff'
    did exec --json -- sh -c 'echo out; echo err >&2; exit 3'
    did exec --in /etc -- pwd
    did exec -- sh -c 'umask; pwd; echo "$HOME $USER"; [ -t 0 ] || [ -t 1 ] || [ -t 2 ] || echo no terminal'
    did shell -c "v='$(head -c 20000 /dev/zero | tr '\0' x)'; echo \${#v}; exit 6"
    input=five
    did exec -- sha256sum
    printf '\n=== half\n'
    [ -z "$short" ] || { input=/dev/null && return; }
    did exec -- head -c 5
    did push --json --mode 640 - /tmp/five
    input=script
    did shell
    input=/dev/null
    on 0 pull /tmp/five -
    same five "$out"
    did exec --root --password-file password -- id -u
    did exec --root --password-file nosuch -- id -u
    did push --json tree /tmp/tree
    did exec -- sh -c 'cd /tmp && find tree five -printf "%p %y %m %s %l\n" | sort; stat -c %Y tree/big'
    did push --json tree/. /tmp/tree
    did pull --json /tmp/tree back
    diff -r tree back >/dev/null || problem "the tree came back changed"
    did push tree/big /usr/big
    did push tree/big /tmp/no/such/place
    did pull /tmp/none back
    did exec -- sh -c 'rm -r /tmp/tree /tmp/five; ls -A /tmp'
}
echo 'echo script; read -r word; exit 9' >script

# way NAME [short]: the row gives what it gave first. What differs from another way by little is short in the usual run.
way() {
    start "$1"
    short=${2:-}
    [ -z "${X8_LONG:-}" ] || short=''
    row >"row.$1" 2>&1
    shown="the row of commands, $1"
    [ -s row.first ] || { cp "row.$1" row.first && sed '/^=== half$/q' row.first >row.firstshort; }
    diff -a -u "row.first$short" "row.$1" >differs || problem "not the same as over TCP: $(grep -a '^[-+]' differs | head -n 20 | cut -c 1-200)"
}

echo "== the same by all ways"
boot image=822
way tcp
grep -aq "$five_sum" row.first || problem "the row does not hold what it should"
[ "$(grep -ac '^---' row.first)" = 24 ] || problem "the row is not complete"
[ "$(grep -aEc '^--- .*: (0|1|3|6|7|9|20|30|127|137|255)$' row.first)" = 24 ] || problem "a status nobody expects: $(grep -a '^---' row.first)"
boot image=822 persona=new
way new-daemon
boot image=822 chop=7 clse=zero
way in-small-pieces short
plug start=linux adbgap=200 adbd=image=822
way usb
plug start=linux adbgap=200 speed=full adbif=first 'product="Generic Arduino Board"' 'adbd="image=822 persona=new"'
way usb-full-speed-new-daemon short
if command -v adb >/dev/null; then
    boot image=822 early=queue
    serve
    adb connect "$adb" >/dev/null
    select=()
    way server-tcp
    boot image=822 persona=new early=queue
    serve
    adb connect "$adb" >/dev/null
    select=()
    way server-tcp-new-daemon short
    plug start=linux adbgap=200 'adbd="image=822 early=queue"'
    serve
    await 60 "the board at the server" sh -c 'adb devices | grep -q "device$"'
    way server-usb short
    start "over the server, --via says so, and another way is refused with what holds the board"
    on 0 --via adb exec -- true
    on 255 --via usb exec -- true
    failed 14 busy
    says 'adb \([0-9]+\)'
    on 0 list
    prints '	adb	usb 1-2	'
else
    echo "left out: no adb on this machine"
fi

echo "== a server that is none"
# listener WHAT: something on the port of the adb server; what it was asked is in the file "asked".
listener() {
    : >asked
    export ANDROID_ADB_SERVER_PORT=$no_server
    [ -z "${listener_pid:-}" ] || kill "$listener_pid"
    rm -f listener.port
    python3 - "$@" >listener.log 2>&1 <<'END' &
import os, socket, sys, threading
kind, real = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
open("listener.tmp", "w").write(str(server.getsockname()[1]))
os.rename("listener.tmp", "listener.port")
def note(text):
    with open("asked", "ab") as out:
        out.write(text + b"\n")
def exactly(link, count):
    data = b""
    while len(data) < count:
        piece = link.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
def copy(here, there):
    try:
        while piece := here.recv(65536):
            there.sendall(piece)
        there.shutdown(socket.SHUT_WR)
    except OSError:
        pass
def ask(link):
    text = exactly(link, int(exactly(link, 4), 16))
    note(text)
    return text
def text(link, words):
    link.sendall(b"OKAY%04x" % len(words) + words)
def answer(link):
    if kind == "http":
        note(link.recv(100))
        link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    elif kind == "silent":
        note(link.recv(100))
        threading.Event().wait()
    elif kind == "garbage":
        link.sendall(bytes(range(255, -1, -1)) * 20)
    elif kind == "shuts":
        pass
    elif kind in ("offline", "unauthorized", "huge", "broken"):
        words = ask(link)
        if words == b"host:version":
            text(link, b"0029")
        elif kind == "huge":
            link.sendall(b"OKAYffff" + b"x" * 65535)
        elif kind == "broken":
            link.sendall(b"OKAY00ff0A13")
        elif words.startswith(b"host:devices-l"):
            text(link, b"0A13B209DAB6FAD9       %s usb:1-2 transport_id:1\n" % kind.encode())
        elif words.startswith(b"host:devices"):
            text(link, b"0A13B209DAB6FAD9\t%s\n" % kind.encode())
        else:
            words = b"device " + kind.encode()
            link.sendall(b"FAIL%04x" % len(words) + words)
    elif kind.startswith("version"):
        words = ask(link)
        if words == b"host:version":
            text(link, kind[7:].encode())
        else:
            there = socket.create_connection(("127.0.0.1", real))
            there.sendall(b"%04x" % len(words) + words)
            threading.Thread(target=copy, args=(there, link), daemon=True).start()
            copy(link, there)
            return
    link.close()
def careful(link):
    try:
        answer(link)
    except (EOFError, OSError, ValueError):
        link.close()
while True:
    threading.Thread(target=careful, args=(server.accept()[0],), daemon=True).start()
END
    listener_pid=$!
    await 60 "the listener" test -e listener.port
    ANDROID_ADB_SERVER_PORT=$(cat listener.port)
}
no_listener() {
    kill "$listener_pid"
    wait "$listener_pid" 2>/dev/null
    listener_pid=
    export ANDROID_ADB_SERVER_PORT=$no_server
}
if command -v adb >/dev/null; then
    start "servers of other versions are talked to, and never told to end"
    boot image=881
    serve
    real=$ANDROID_ADB_SERVER_PORT
    adb connect "$adb" >/dev/null
    select=()
    for version in 001f 0020 0029 002a 00ff; do
        listener "version$version" "$real"
        on 5 exec -- sh -c 'echo through; exit 5'
        out_is $'through\n'
        [ -s asked ] || problem "the server was not asked at all"
        ! grep -aq kill asked || problem "the server was told to end"
    done
    ANDROID_ADB_SERVER_PORT=$real
    adb devices >known
    grep -q 'device$' known || problem "the real server has gone"
    no_listener
fi
plug start=linux adbgap=200 adbd=image=881
for kind in http garbage shuts silent huge broken; do
    start "something else on the server's port ($kind): the board on USB works all the same"
    listener $kind
    on 5 exec -- sh -c 'echo through; exit 5'
    out_is $'through\n'
    within 8
    ! grep -aq kill asked || problem "it was told to end"
done
halt
for kind in http silent; do
    start "something else on the server's port ($kind), and no board: 10"
    listener $kind
    on 255 exec -- true
    failed 10 no-board
    within 8
done
start "a board that the server calls unauthorized: 40; offline: 12 or 16; and what to do"
listener unauthorized
on 255 exec -- true
failed 40 auth
listener offline
on 255 exec -- true
says '^  code   (12|16) '
says 'offline'
on 0 list
prints 'offline'
no_listener

echo "== keys"
start "a daemon that asks gets the user's key; one it does not know is 40"
: >keys
boot image=881 auth=ask "keys=$work/keys"
rm -rf "$HOME/.android"
on 255 exec -- true
error_form 40 auth
within 20
[ "$(stat -c %a "$HOME/.android/adbkey")" = 600 ] || problem "the new key has mode $(stat -c %a "$HOME/.android/adbkey")"
grep -q 'PRIVATE KEY' "$HOME/.android/adbkey" || problem "the new key is none"
sum=$(sha256sum <"$HOME/.android/adbkey")
start "the key is kept, and lets in as soon as the board has it"
on 255 -t 2s exec -- true
failed 40 auth
[ "$sum" = "$(sha256sum <"$HOME/.android/adbkey")" ] || problem "there is another key now"
cat "$HOME/.android/adbkey.pub" >>keys
on 0 exec -- id -u
out_is $'1000\n'
[ "$sum" = "$(sha256sum <"$HOME/.android/adbkey")" ] || problem "there is another key now"
if command -v adb >/dev/null; then
    start "a key that adb has made is used, and adb uses ours"
    rm -rf "$HOME/.android"
    mkdir -m 750 "$HOME/.android"
    adb keygen "$HOME/.android/adbkey" >/dev/null 2>&1
    sum=$(sha256sum <"$HOME/.android/adbkey")
    cat "$HOME/.android/adbkey.pub" >keys
    on 0 exec -- id -u
    out_is $'1000\n'
    [ "$sum" = "$(sha256sum <"$HOME/.android/adbkey")" ] || problem "adb's key was changed"
    rm -rf "$HOME/.android"
    : >keys
    on 255 -t 2s exec -- true
    cat "$HOME/.android/adbkey.pub" >keys
    serve
    adb connect "$adb" >/dev/null
    await 60 "the board at the server" sh -c 'adb devices | grep -q "device$"'
    select=()
    on 0 exec -- true
    start "the server's own word for a key that the board does not know: 40"
    : >keys
    boot image=881 auth=ask "keys=$work/keys"
    serve
    timeout 10 adb connect "$adb" >/dev/null 2>&1
    await 60 "the word of the server" sh -c 'adb devices | grep -q unauthorized'
    select=()
    on 255 exec -- true
    failed 40 auth
fi
start "a key file that is damaged is said, and left alone"
boot image=881 auth=ask "keys=$work/keys"
mkdir -p "$HOME/.android"
echo 'no key' >"$HOME/.android/adbkey"
on 255 exec -- true
says 'adbkey'
says '^  next   .'
[ "$(cat "$HOME/.android/adbkey")" = 'no key' ] || problem "the file was changed"
start "a board that asks for nothing needs no key"
boot image=881
on 0 exec -- true
[ "$(cat "$HOME/.android/adbkey")" = 'no key' ] || problem "the file was changed"
rm -rf "$HOME/.android"

echo "== two boards, one of which asks for a key"
start "each is said for itself: the list, one by its name, both"
: >keys
plug --board 'start=linux adbgap=200 serial=0a13b209dab6fad9 adbd="image=881"' --board "start=linux adbgap=200 adbd=\"image=934 auth=ask keys=$work/keys\""
on 0 list
prints '	linux-setup	881	'
prints '	unauthorized	'
on 255 exec -- true
failed 11 several-boards
on 0 -s usb:1-2 exec -- true
on 255 -t 2s -s usb:1-3 exec -- true
failed 40 auth
on 50 -t 6s --all exec -- echo here
prints 'here$'
[ "$(wc -l <"$out")" = 1 ] || problem "not one line"
says '(^|[^a-z])auth'

echo "== the only place is taken"
start "a TCP daemon that another client holds: 14 or 16 in a short time, and why"
boot image=881
shown='a client that holds the link'
python3 - "$adb" <<'END' &
import os, socket, struct, sys
host, port = sys.argv[1].split(":")
link = socket.create_connection((host, int(port)))
data = b"host::\0"
link.sendall(struct.pack("<6I", 0x4e584e43, 0x01000000, 4096, len(data), sum(data), 0x4e584e43 ^ 0xffffffff) + data)
link.recv(24)
open("holds.tmp", "w").close()
os.rename("holds.tmp", "holds")
link.recv(100000)
link.recv(100000)
END
other=$!
await 60 "the other client" test -e holds
on 255 exec -- true
says '^  code   (14|16) '
says 'another|one client|only'
within 15
kill $other
wait $other 2>/dev/null
on 0 exec -- true
start "the half second that the daemon needs between two clients"
boot image=881 reaccept=500
for _ in 1 2 3; do on 0 exec -- true; done
start "nobody there, a port that is closed, a daemon that is silent"
halt
on 255 -s adb:127.0.0.1:1 exec -- true
failed 10 no-board
boot image=881 silent=1
on 255 exec -- true
failed 16 timeout
within 15
on 255 -t 2s exec -- true
within 6
plug start=linux adbgap=200 'adbd="image=881 silent=1"'
on 255 -t 2s exec -- true
says '^  code   16 '
within 8
finish
