#!/usr/bin/env bash
# The search by multicast DNS among responders that no daemon would be: twenty at once, terse ones, networks that drop one
# way or the other, liars and vandals. In networks of its own.
# shellcheck source=net_kit.sh
. "$(dirname "$0")/net_kit.sh"

first=portenta-x8-a13b209dab6fa00

# search STATUS ARGUMENTS...: with what it may never print.
search() {
    local want=$1
    shift
    run "$want" "$X8_BUILD/tests/mdns_probe" "$@"
    prints ' files=0$'
    if LC_ALL=C grep -q '[^ -~]' "$out"; then problem "something that is no plain text was printed"; fi
}

finds() { prints "^end rc=$1 "; }

# The latest that any host was told, in milliseconds.
latest() { sed -nE 's/^host .* at=([0-9]+).*/\1/p' "$out" | sort -n | tail -n 1; }

# among MANNER: the one responder is this now.
among() {
    [ -z "${last:-}" ] || { kill "$last" && wait "$last" 2>/dev/null; }
    responder crowd eth0 "$1"
}

# beside MS: a search in the background, $searching, that writes to $work/beside.
beside() {
    rm -f "$work/beside" # or what is waited for may be of an earlier one
    "$X8_BUILD/tests/mdns_probe" "$1" >"$work/beside" 2>&1 &
    searching=$!
}

lan lan
host here lan net0 10.77.0.1/24 fe80::1/64
host crowd lan eth0 10.77.0.{100..119}/24

start "twenty boards are all found within a second"
among boards=20
search 0 1000
finds 20
[ "$(latest)" -lt 1000 ] || problem "the last one after $(latest) ms"
[ "$(grep -c '^host portenta-x8-a13b209dab6fa[01][0-9a-f] .* ssh=1 port=22 at=[0-9]* 10\.77\.0\.1[01][0-9]$' "$out")" = 20 ] ||
    problem "not each was told once and whole"
echo "    the last of twenty after $(latest) ms"

start "also when each answer is to what was asked and no more"
among bare=20
search 0 1000
finds 20
[ "$(latest)" -lt 1000 ] || problem "the last one after $(latest) ms"
echo "    the last of twenty after $(latest) ms"

start "a network that passes on no answers to the group"
among unicast=3
search 0 500
finds 3

start "a firewall that lets in only port 5353"
among group=3
search 0 500
finds 3

start "a daemon that shares the port the old way loses no message to the search"
python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 5353))
print("ready", flush=True)
while True:
    if s.recv(9000) == b"for the daemon":
        print("got", flush=True)' >"$work/daemon" &
daemon=$!
await 60 grep -qs ready "$work/daemon" || problem "it did not start"
beside 1000
await 60 grep -qs '^host' "$work/beside" || problem "nothing found beside it"
on crowd python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(20):
    s.sendto(b"for the daemon", ("10.77.0.1", 5353))'
wait "$searching"
cp "$work/beside" "$out"
finds 3
[ "$(grep -c got "$work/daemon")" = 20 ] || problem "it got $(grep -c got "$work/daemon") of 20"
kill "$daemon"
wait "$daemon" 2>/dev/null

start "straight answers from outside of the network, or from another port, are not heard"
on crowd ip addr add 10.99.0.1/32 dev eth0
among offlink
search 0 500
finds 0
prints_no '^host'

start "a board that says goodbye is told to be gone"
among goodbye
search 0 1000
finds 0
prints "^host $first serial=0A13B209DAB6FA00 ssh=1 port=22 at=[0-9]+ 10\.77\.0\.100$"
prints "^host $first serial=0A13B209DAB6FA00 ssh=0 port=22 at=[0-9]+$"

start "damage, crowds and control characters"
among hostile
for word in boards foreign; do
    search 0 1000 "$word"
    within 10
    finds 255 # one of 256 has no address
    prints "^host $first serial=0A13B209DAB6FA00 ssh=1 port=22 at=[0-9]+ 10\.77\.0\.100$"
    prints '^event [0-9]+ the network names more hosts than are looked at; some are left out$'
    prints_no '^host portenta-x8-bad[23]'
done
prints '^host \\027\\0930\\059owned\\007 serial=- ssh=1 port=22 '

start "a flood neither prolongs the search nor breaks it"
among flood
for word in boards foreign; do
    search 0 1000 "$word"
    within 10
    prints '^end rc=2[0-9]{2} '
done

start "a stop is heard in it"
input=$work/stop
mkfifo "$input"
(sleep 0.3 && echo stop) >"$input" &
search 130 60000 stop
within 20
input=/dev/null

finish
