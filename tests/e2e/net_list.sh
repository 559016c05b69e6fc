#!/usr/bin/env bash
# Boards that the network announces, as x8ctl list, watch, info and -s see them: real avahi daemons and a real ssh server
# in networks of their own.
# shellcheck source=net_kit.sh
. "$(dirname "$0")/net_kit.sh"
have_avahi || { echo "skipped: no avahi-daemon on this machine"; exit 77; }
unset X8CTL_NET
export HOME=$work/person
mkdir -p "$HOME"
one=portenta-x8-a13b209dab6fad9 two=dev-portenta-x8-2d16ba09dab6fad9

x8() {
    local want=$1
    shift
    run "$want" timeout -k 5 60 "$X8CTL" "$@"
}

# silent STATUS ARGS...: the same, and nobody on the network is asked for anything.
sent() { awk '/^Udp: [0-9]/ { print $5 } /^Udp6OutDatagrams/ { print $2 }' /proc/net/snmp /proc/net/snmp6; }
silent() {
    local before
    before=$(sent)
    x8 "$@"
    [ "$(sent)" = "$before" ] || problem "it searched"
}

# found STATUS ARGS...: the same in a search of half a minute, which ends with the answer.
found() {
    X8CTL_NET=30s x8 "$@"
    within 20
}

lan lan
host here lan net0 10.77.0.1/24 fe80::1/64

start "nobody is there: no error, after a second"
x8 0 list
prints_nothing
[ "$elapsed_ms" -ge 900 ] || problem "it did not search: $elapsed_ms ms"
within 10
start "info says where it looked"
x8 10 info
error_form '10 no-board'
says 'nor the network in 1 s'
start "--net 0, X8CTL_NET=0 and --via usb look nowhere"
silent 0 list --net 0
X8CTL_NET=0 silent 0 list
X8CTL_NET=off silent 10 info
silent 10 info --via usb
start "a time that is none: 2"
X8CTL_NET=soon x8 2 info
error_form '2 usage'
x8 2 list --net 2h
x8 2 list --net none

host board1 lan eth0 10.77.0.11/24 fe80::11/64
avahi board1 "$one"
host board2 lan eth0 fe80::22/64
avahi board2 "$two"
host laptop lan eth0 10.77.0.33/24
avahi laptop somebodys-laptop
start "boards are listed, one by its link-local address; a computer is not"
x8 0 list --json
json '[b["serial"] for b in d["boards"]] == ["0A13B209DAB6FAD9", "2D16BA09DAB6FAD9"] or [b["serial"] for b in d["boards"]] == ["2D16BA09DAB6FAD9", "0A13B209DAB6FAD9"]'
json 'sorted(b["where"] for b in d["boards"]) == ["10.77.0.11", "fe80::22%net0"] and {b["links"] for b in d["boards"]} == {"net"}'
json 'sorted(b["net_name"] for b in d["boards"]) == sorted(["'"$two"'", "'"$one"'"])'
within 15
start "a long search says how many have come"
x8 0 list --net 2s --log "$work/log"
grep -q 'searching the network for 2 s: 2 boards so far$' "$work/log" || problem "it does not: $(cat "$work/log")"
start "their ssh refuses: the row says so"
x8 0 list
prints "^0A13B209DAB6FAD9	-	no-ssh	-	-	net	10.77.0.11	"
start "a selector is found by the network alone, and not later than the answer comes"
for selector in 0A13B209DAB6FAD9 "net:$one" "net:$one.local" "$one"; do
    found 10 info -s "$selector"
    error_form '10 no-board'
    says 'ssh is switched off'
done
start "the end of a serial number may fit one that answers later"
x8 11 info -s fad9
error_form '11 several-boards'
[ "$elapsed_ms" -ge 900 ] || problem "it did not wait for the others: $elapsed_ms ms"
start "several on the network, and none was chosen: 11"
x8 11 info
error_form '11 several-boards'
says 'choose one'

start "an address is not searched for"
silent 10 info -s net:10.77.0.11
start "your own name for a board finds it when that is its name there"
host board3 lan eth0 10.77.0.44/24
avahi board3 bench-1
mkdir -p "$X8CTL_HOME/config"
echo '{"3F7700D1C2B4A590": "bench-1"}' >"$X8CTL_HOME/config/boards.json"
x8 0 list
prints '^3F7700D1C2B4A590	bench-1	no-ssh	-	-	net	10.77.0.44	'
found 10 info -s bench-1
says 'switched off'

start "on a terminal a row is there as soon as its board answers"
# tty STATUS ARGS...: the screen at the end is in `report`, all that came in report.raw.
tty() {
    local want=$1
    shift
    rm -f "$work/report" "$work/report.raw"
    run "$want" timeout -k 5 120 python3 "$X8_TESTS/e2e/terminal.py" --columns 100 --report "$work/report" "${typed[@]}" -- "$X8CTL" "$@"
}
typed=(--type '0A13B209DAB6FAD9=\x03')
tty 130 list --net 60s # long before the end of the search: Ctrl-C is typed when it is seen
within 30
typed=()
start "at the end the table stands there once, whatever was drawn before"
tty 0 list --net 2s
python3 - "$work/report" <<'END' || problem "the screen: $(cat "$work/report")"
import json, sys
report = json.load(open(sys.argv[1]))
screen = "\n".join(report["screen"])
raw = open(sys.argv[1] + ".raw").read()
sys.exit(not (screen.count("0A13B209DAB6FAD9") == 1 and screen.count("2D16BA09DAB6FAD9") == 1 and
              screen.count("SERIAL") == 1 and "searching" not in screen and not report["unknown"] and
              raw.count("0A13B209DAB6FAD9") > 1 and report["column"] == 0))
END

start "watch tells of one that comes"
X8CTL_NET=3s timeout 200 "$X8CTL" watch >"$out" 2>"$err" &
pid=$!
await 60 grep -q 'present.*0A13B209DAB6FAD9' "$out" || problem "those that are there are not told"
host board4 lan eth0 10.77.0.55/24
avahi board4 portenta-x8-77
await 60 grep -q 'arrived.*0000000000000077' "$out" || problem "a new one is not told"
kill "$pid"
wait "$pid"
[ "$(grep -c 'present' "$out")" = 3 ] || problem "not three at first"
finish
