#!/usr/bin/env bash
# x8ctl report: what is in the archive, and what is not when it is masked: it is unpacked and searched.
# shellcheck source=adb_kit.sh
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
export USER=anastasia LOGNAME=anastasia
host=$(uname -n)
serial=2D16BA09DAB6FAD9
mac=02:42:AC:11:00:02
mkdir -p "$X8CTL_HOME/state/update" "$X8CTL_HOME/config" "$X8CTL_HOME/state/logs"

# unpack FILE: its members in the folder "there", without the folder that they are in.
unpack() {
    rm -rf there && mkdir there
    tar -xzf "$1" -C there --strip-components=1 || problem "it cannot be unpacked"
}
member() { grep -Eq -e "$2" "there/$1" || problem "there/$1 lacks: $2: $(head -c 600 "there/$1")"; }
# hidden TEXT: no member has it, in any case, and no name of a member.
hidden() {
    if found=$(grep -rniaF -e "$1" there); then problem "it can be read: $found"; fi
    if find there | grep -qiF -e "$1"; then problem "a member is called $1"; fi
}

echo "== what is in it"
start "without a board: versions, doctor, list"
alone 0 report -o one.tar.gz
prints '^one.tar.gz$'
unpack one.tar.gz
member system.txt '^x8ctl [0-9]'
member system.txt '^Linux '
member doctor.json '"id": "usb-link"'
member list.json '"boards"'
[ "$(stat -c %a one.tar.gz)" = 600 ] || problem "others may read it"
start "its own name, and --json"
alone 0 report --json
json 'd["path"].startswith("x8ctl-report-20") and d["bytes"] > 200 and d["masked"] is False and "doctor.json" in d["members"]'
tar -tzf x8ctl-report-20*.tar.gz | grep -q '^x8ctl-report-[0-9]*-[0-9]*/doctor.json$' || problem "not in a folder of its name"
start "a log that is not there; a folder that is not there; no room"
alone 20 report no-such.log
error_form '20 no-file'
alone - report -o no/such/r.tar.gz
[ "$status" != 0 ] || problem "it was written nowhere"
start "of a large log the end; the newest of many"
yes 'a line of it' | head -c 3000000 >long.log
printf '\nthe last line\n' >>long.log
for i in {1..30}; do echo "log $i" >"$X8CTL_HOME/state/logs/$i.log" && touch -d "2026-01-01 00:$i" "$X8CTL_HOME/state/logs/$i.log"; done
alone 0 report -o two.tar.gz long.log
unpack two.tar.gz
[ "$(stat -c %s there/named/long.log)" -le 1048576 ] || problem "all of it"
member named/long.log '^the last line$'
[ "$(find there/state -type f | wc -l)" = 20 ] || problem "$(ls there/state)"
if [ ! -e there/state/30.log ] || [ -e there/state/10.log ]; then problem "not the newest: $(ls there/state)"; fi
rm "$X8CTL_HOME"/state/logs/*

echo "== masked"
start "nothing of it can be read any more, and boards can still be told apart"
echo "{\"$serial\": \"line-7-left\"}" >"$X8CTL_HOME/config/boards.json"
boot image=934 serial=$serial sudo=custom
on 0 exec -- nmcli -t -f NAME,TYPE connection show
networks=$(sed -n 's/:802-11-wireless$//p' "$out" | sed 's/\\:/:/g')
cat >run.log <<END
$host x8ctl[12]: user anastasia, /home/anastasia/x.log; board $serial and 0A13B209DAB6FAD9, then $serial
portenta-x8-${serial,,}.local ($mac, ${mac,,}, ${mac//:/-}) fe80::42:acff:fe11:2 line-7-left
wpa: SSID="Café \"Sol\"" joined; ssid: Grandma's Net, channel 6
nmcli said: Café "Sol" is near; Grandma's Net is not
sha256 2f2065c7b10ce33d8444a138353187c507727b5109ddca325506ecaea1efe221 stays
$networks
END
echo "{\"step\":\"send\",\"board\":\"line-7-left\",\"serial\":\"$serial\",\"changed\":1700000000}" \
    >"$X8CTL_HOME/state/update/update-$serial.json"
on 0 report --mask --board -o three.tar.gz run.log
unpack three.tar.gz
for text in "$serial" "${serial#0}" 0A13B209DAB6FAD9 a13b209dab6fad9 "$mac" "${mac//:/-}" acff:fe11 anastasia line-7-left \
    'Café' 'Sol\"' "Grandma"; do
    hidden "$text"
done
while IFS= read -r name; do [ -z "$name" ] || hidden "$name"; done <<<"$networks"
[ ${#host} -lt 3 ] || ! grep -rqw -- "$host" there || problem "$(grep -rw -- "$host" there)"
member named/run.log 'board serial-([0-9]+) and serial-[0-9]+, then serial-\1$'
member named/run.log '^portenta-x8-serial-[0-9]+\.local \(mac-1, mac-1, mac-[12]\) mac-[0-9] board-1$'
member named/run.log 'near; ssid-[0-9]+ is not$'
member named/run.log '^sha256 2f2065c7b10ce33d8444a138353187c507727b5109ddca325506ecaea1efe221 stays$'
member doctor.json '"code": "ok"'
for document in there/*.json there/state/*.json; do python3 -m json.tool "$document" >/dev/null || problem "$document is no JSON any more"; done
start "without --mask it is all there"
on 0 report --board -o four.tar.gz run.log
unpack four.tar.gz
member named/run.log "$serial"
member state/update-$serial.json line-7-left
finish
