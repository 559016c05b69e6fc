#!/usr/bin/env bash
# x8ctl doctor on this computer, with parts of it replaced where the kernel lets us, and on boards. Which cause belongs to
# which situation is the matter of the unit tests; here it is seen that the real doors lead there.
# shellcheck disable=SC2016 # small programs in single quotes expand for themselves
# shellcheck source=adb_kit.sh
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
export X8CTL
tab=$'\t'
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY X8CTL_IMAGE_INDEX SNAP_NAME

# row ID RESULT RE: a line of the table says so.
row() { prints "^[^$tab]+${tab}${1}${tab}${2}${tab}[^$tab]*${tab}.*${3}"; }
# seen WORDS... -- ARGS...: doctor beside boards on USB, whatever it finds on this computer.
seen() { flash - "$@"; }

echo "== this computer"
start "no board: a table with a heading, in less than two seconds"
alone - doctor
within 3
prints "^WHERE${tab}CHECK${tab}RESULT${tab}ABOUT${tab}CAUSE${tab}NEXT$"
says '^[0-9]+ problems?, [0-9]+ warnings? \([0-9.]+ s\)$'
row usb-link skipped 'no board is on USB'
row mdns skipped 'switched off'
row adb-server ok 'none runs'
[ "$(awk -F'\t' 'NF != 6' "$out" | wc -l)" = 0 ] || problem "not all lines have six columns"
cut -f2,3,5 "$out" | tail -n +2 | sort >rows
start "each name is in the help page"
cut -f1 rows | sort -u >names
run 0 "$X8CTL" help doctor
while IFS= read -r name; do prints "(^| )${name}([,;. ]|$)"; done <names
start "--json has the same rows"
alone - doctor --json
python3 -c '
import json, sys
for c in json.load(open(sys.argv[1]))["host"]:
    print(c["id"], c["result"], c["cause"], sep="\t")' "$out" | sort >json_rows
diff <(grep -v '^disk' rows) <(grep -v '^disk' json_rows) >differences || problem "$(cat differences)"
start "so has a terminal"
board - start=off -- sh -c 'script -qefc "$X8CTL doctor" /dev/null | tr -d "\r" >terminal'
while IFS=$tab read -r id _ cause; do
    [[ $id == disk* ]] || grep -qF -- "$cause" terminal || problem "not on the terminal: $cause"
done <rows
start "stdin closed, nothing changed"
find "$X8CTL_HOME" | sort >before
board - start=off -- sh -c 'exec "$@" <&-' sh "$X8CTL" doctor
row usb-link skipped 'no board'
find "$X8CTL_HOME" | sort >after
cmp -s before after || problem "files came or went"
start "a variable that is no proxy"
https_proxy=http://:1 alone 4 doctor
row proxy fail 'https_proxy is no proxy'
start "a damaged download, listed and removed"
mkdir -p "$X8CTL_HOME/cache/images"
echo x >"$X8CTL_HOME/cache/images/bad-0123"
alone - doctor
row cache warn '1 damaged download'
prints "${tab}x8ctl doctor --fix "
alone 0 image list --all --offline
prints "${tab}damaged${tab}bad-0123$"
alone 0 image prune -n
says 'bad-0123 .*  \(damaged\)$'
alone - doctor --fix -n
says 'host: remove damaged and unfinished downloads'
[ -e "$X8CTL_HOME/cache/images/bad-0123" ] || problem "-n did it"
alone 41 doctor --fix
error_form '41 need-yes'
# answered KEYS STATUS COMMAND...: at a terminal, with these keys for the question; what it showed is on stdout.
answered() {
    local keys=$1 want=$2
    shift 2
    run "$want" "$@" python3 "$X8_TESTS/e2e/terminal.py" --columns 80 --type "[y/N]=$keys" --report screen -- "${asked[@]}"
    python3 -c 'import json, sys; d = json.load(open("screen")); print("\n".join(d["screen"])); sys.exit(bool(d["unanswered"]))' >"$out" ||
        problem "nothing was asked"
}
asked=("$X8CTL" doctor --fix)
for keys in 'n\n' '\n' '\x04'; do
    answered "$keys" 41 "$X8_BOARD" start=off --
    prints 'Shall x8ctl remove damaged and unfinished downloads\? \[y/N\]'
    prints 'not confirmed; nothing was repaired$'
    prints '^  next   -y '
    prints '^  code   41 need-yes'
    [ -e "$X8CTL_HOME/cache/images/bad-0123" ] || problem "it was done all the same"
done
alone - doctor --fix -y
says 'host: done: remove damaged'
[ ! -e "$X8CTL_HOME/cache/images/bad-0123" ] || problem "it is still there"
alone - doctor --fix
says '^host: nothing that could be repaired from here$'
says_no 'code   41'
start "an update that nobody finished"
mkdir -p "$X8CTL_HOME/state/update"
echo '{"step":"install","board":"bench-1","serial":"0A13B209DAB6FAD9","changed":1700000000}' \
    >"$X8CTL_HOME/state/update/update-0A13B209DAB6FAD9.json"
alone - doctor
row updates warn 'an update of bench-1 stopped at "install"'
rm -r "$X8CTL_HOME/state/update"
start "another program in the adb server's place"
python3 -c '
import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True:
    c, _ = s.accept()
    c.sendall(b"220 mail\r\n")
    c.close()' >port &
listener=$!
while [ ! -s port ]; do read -r -t 0.05 <> <(:) || true; done
ANDROID_ADB_SERVER_PORT=$(cat port) alone - doctor
kill $listener
wait $listener 2>/dev/null
row adb-server warn 'is no adb server'
start "other programs: ModemManager and uuu"
cp "$(command -v sleep)" ModemManager && cp ModemManager uuu
./ModemManager 60 & mm=$!
./uuu 60 & uuu=$!
alone - doctor
kill $mm $uuu
wait $mm $uuu 2>/dev/null
row modemmanager '(warn|ok)' '(no rule tells it|leaves 2341:0061 alone)'
row flashers warn "uuu \($uuu, "
start "an operand, a wrong option"
alone 2 doctor bench-1
error_form '2 usage'

echo "== USB"
start "a board in flashing mode, and one at full speed"
seen start=rom -- doctor
row usb-access ok 'rom, open to'
row usb-link ok '480 Mbit/s, 0 hubs'
seen start=fastboot speed=full -- doctor
row usb-speed fail 'full speed \(12 Mbit/s\) instead of 480'
[ "$status" = 4 ] || problem "status $status"
start "a board that is closed"
seen start=rom access=denied -- doctor
row usb-access fail 'may not write to /dev/bus/usb'

echo "== rules, in a root of their own"
if bwrap --dev-bind / / true 2>/dev/null; then
    start "none, late ones, current ones; a full disk"
    box=(bwrap --dev-bind / / --tmpfs /etc/udev --tmpfs /run --tmpfs /usr/lib/udev --size 262144 --tmpfs /mnt)
    script='mkdir -p /etc/udev/rules.d /run/udev; : >/run/udev/control; "$X8CTL" udev print >"/etc/udev/rules.d/$1"; shift; exec "$@"'
    run - "${box[@]}" sh -c 'mkdir -p /run/udev; : >/run/udev/control; exec "$@"' sh "$X8CTL" doctor
    row udev-rules fail 'no udev rules for the board'
    run - "${box[@]}" sh -c "$script" sh 99-x8ctl.rules "$X8CTL" doctor
    row udev-rules fail '99-x8ctl.rules comes too late'
    X8CTL_HOME=/mnt run - "${box[@]}" sh -c "$script" sh 70-x8ctl.rules "$X8CTL" doctor
    row udev-rules ok '70-x8ctl.rules, current'
    row disk-cache fail 'only [0-9.]+ KiB free'
    row disk-state fail 'only'
fi

echo "== boards"
start "one that is well"
boot image=934 sudo=custom
on - doctor
within 3
row image ok '934 \(91.9, 2025-08'
row units ok 'none has failed'
row m4-watcher ok 'waits for sketches'
row password ok 'is set'
row board-clock ok ''
! grep -P "^(?!host\t)[^\t]+\t[^\t]+\t(warn|fail)" "$out" || problem "there are findings"
on - doctor --json
json 'd["boards"][0]["code"] == "ok" and [c for c in d["boards"][0]["checks"] if c["id"] == "docker"]'
start "one that is not: expired, role, units, clock, bridge"
boot image=861 role=host failed=m4-proxy.service clock=-864000 bridge=stalled
on 4 doctor
row password fail 'has expired'
row usb-role warn 'in host role'
row units fail 'failed units: .*m4-proxy.service'
row board-clock fail '10 days behind'
row m7-firmware fail 'the STM32H7 does not answer'
start "watcher and folder are repaired, after a question"
boot image=934 sudo=fio m4watch=dead tmparduino=root clock=+7230
printf fio >pw && chmod 600 pw
on 4 doctor
row m4-watcher fail 'unit-start-limit-hit|has failed'
row m4-folder fail '/tmp/arduino .*no sketch can be put there'
row board-clock warn '120 minutes ahead'
on 41 doctor --fix --password-file pw
asked=("$X8CTL" "${select[@]}" doctor --fix --password-file pw)
answered 'n\n' 41 env
prints 'not confirmed'
prints_no 'done: '
on 4 doctor
row m4-watcher fail 'unit-start-limit-hit|has failed'
on - doctor --fix -y --password-file pw
says 'done: start the board.s watcher'
says 'done: give /tmp/arduino'
row m4-watcher ok 'repaired: '
on - doctor
row m4-watcher ok 'waits'
prints_no "${tab}m4-folder$tab"
start "one whose daemon is mute: this computer's rows, then the error"
boot image=934 silent=1
on 16 doctor -t 2s
error_form '16 timeout'
row proxy ok 'none is set'
start "a full /var, no board at all"
boot image=934 full=/var
on 4 doctor
row space fail '/var is full'
halt
alone 10 doctor --board -t 1s
error_form '10 no-board'
row proxy ok 'none is set'
finish
