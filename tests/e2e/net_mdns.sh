#!/usr/bin/env bash
# The search by multicast DNS against the real avahi-daemon, in networks of its own.
# shellcheck source=net_kit.sh
. "$(dirname "$0")/net_kit.sh"

have_avahi || { echo "skipped: no avahi-daemon on this machine"; exit 77; }
one=portenta-x8-a13b209dab6fad9 two=dev-portenta-x8-2d16ba09dab6fad9

# search STATUS ARGUMENTS...
search() {
    local want=$1
    shift
    run "$want" "$X8_BUILD/tests/mdns_probe" "$@"
    prints ' files=0$'
}

# finds COUNT: and not later than it should.
finds() {
    prints "^end rc=$1 "
    within 10
}

# host_line NAME ENDING: the last time the host was told, the line ended so.
host_line() {
    grep -Eq -e "$2\$" < <(grep "^host $1 " "$out" | tail -n 1) || problem "$1 was not told with: $2"
}

# beside MS: a search in the background, $searching, that writes to $work/beside.
beside() {
    rm -f "$work/beside" # or what is waited for may be of an earlier one
    "$X8_BUILD/tests/mdns_probe" "$1" >"$work/beside" 2>&1 &
    searching=$!
}

lan lan
lan workshop
host here lan net0 10.77.0.1/24 fe80::1/64

start "the networks of this suite lead nowhere"
[ "$(readlink /proc/self/ns/net)" != "$X8_NET_OUTSIDE" ] || problem "this is the network of the computer"
run 0 ip -brief link
grep -vE '^(lo|lan|workshop|net0|cable[0-9]+)[ @]' "$out" && problem "an interface that is not of this suite"

start "nobody is there"
search 0 200
finds 0
prints_no '^host'

start "a board is found over IPv4 and IPv6"
host board1 lan eth0 10.77.0.11/24 fe80::11/64
avahi board1 "$one"
board1=$last
search 0 1000
finds 1
host_line "$one" 'serial=0A13B209DAB6FAD9 ssh=1 port=22 at=[0-9]{1,3} 10\.77\.0\.11 fe80::11%net0'
[ "$elapsed_ms" -ge 1000 ] || problem "ended after $elapsed_ms ms"

start "nothing stays joined"
for list in igmp igmp6; do
    grep -Ei 'FB0000E0|ff0200000000000000000000000000fb' "/proc/net/$list" && problem "still in the group ($list)"
done

start "asked twice at once and again at once, it answers each time"
beside 1000
search 0 1000
finds 1
wait "$searching"
grep -q '^end rc=1 ' "$work/beside" || problem "the other search: $(cat "$work/beside")"
for _ in 1 2 3; do
    search 0 300
    finds 1
done

start "a board on another interface, by link-local IPv6 alone"
host here workshop net1 fe80::1/64
host board2 workshop eth0 fe80::22/64
avahi board2 "$two"
search 0 1000
finds 2
host_line "$one" ' 10\.77\.0\.11 fe80::11%net0'
host_line "$two" 'serial=2D16BA09DAB6FAD9 ssh=1 port=22 at=[0-9]+ fe80::22%net1'

start "the name of another board is taken: -2, and the same number"
host board3 lan eth0 10.77.0.13/24 fe80::13/64
avahi board3 "$one"
search 0 1000
finds 3
host_line "$one-2" 'serial=0A13B209DAB6FAD9 ssh=1 port=22 at=[0-9]+ 10\.77\.0\.13 fe80::13%net0'
host_line "$one" ' 10\.77\.0\.11 fe80::11%net0'

start "another computer that offers ssh is told when it is wanted"
host desk lan eth0 10.77.0.40/24 fe80::40/64
avahi desk desk
search 0 1000
finds 3
prints_no '^host desk '
search 0 1000 foreign
finds 4
host_line desk 'serial=- ssh=1 port=22 at=[0-9]+ 10\.77\.0\.40 fe80::40%net0'

start "beside a daemon of this computer"
avahi here this-computer
own=$last
search 0 1000
finds 3
kill -0 "$own" || problem "the daemon has ended"

start "beside a daemon and somebody who shares port 5353 with nobody"
kill "$own" && wait "$own" 2>/dev/null
python3 -c '
import socket, sys
a = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
a.bind(("::", 5353))
print("taken", flush=True)
sys.stdin.read()' >"$work/taken" < <(sleep 60) &
holder=$!
await 60 grep -qs taken "$work/taken" || problem "the port could not be taken"
search 0 1000
finds 3
kill "$holder"
wait "$holder" 2>/dev/null

start "an interface that vanishes is no error"
beside 1500
await 60 grep -qs "^host $two " "$work/beside" || problem "not found before"
ip link del net1
wait "$searching"
grep -q '^end rc=3 ms=1[5-9]' "$work/beside" || problem "the search: $(cat "$work/beside")"
grep -qE 'Sanitizer|runtime error' "$work/beside" && problem "$(cat "$work/beside")"
search 0 1000
finds 2

start "without IPv6"
ip addr del fe80::1/64 dev net0
search 0 1000
finds 2
host_line "$one" ' 10\.77\.0\.11 fe80::11%net0' # which it says over IPv4

start "without IPv4"
ip addr add fe80::1/64 dev net0 nodad
ip addr del 10.77.0.1/24 dev net0
search 0 1000
finds 2
host_line "$one" ' fe80::11%net0'
ip addr add 10.77.0.1/24 dev net0

start "a board that is shut down says goodbye"
beside 3000
await 60 grep -qs "^host $one " "$work/beside" || problem "not found before"
kill "$board1"
wait "$searching"
cp "$work/beside" "$out"
prints '^end rc=1 '
host_line "$one" 'serial=0A13B209DAB6FAD9 ssh=0 port=22 at=[0-9]+'

start "a stop ends it at once"
input=$work/stop
mkfifo "$input"
(sleep 0.3 && echo stop) >"$input" &
search 130 60000 stop
within 20
prints '^end rc=-130 '
input=/dev/null

start "no interface that could be asked is an error with a next step"
ip link set net0 down
search 24 60000
within 20
prints '^error the network cannot be searched for boards; no network interface is up that can do multicast; check .* -s net:HOST'

finish
