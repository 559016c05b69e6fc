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
    if grep -qiF -e "$1" < <(find there); then problem "a member is called $1"; fi
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
grep -q '^x8ctl-report-[0-9]*-[0-9]*/doctor.json$' < <(tar -tzf x8ctl-report-20*.tar.gz) || problem "not in a folder of its name"
start "a log that is not there; a folder that is not there; no room"
alone 20 report no-such.log
error_form '20 no-file'
alone - report -o no/such/r.tar.gz
[ "$status" != 0 ] || problem "it was written nowhere"
start "what is there already stays there"
ln -s one.tar.gz link.tar.gz
cp one.tar.gz before.tar.gz
alone 2 report -o one.tar.gz
error_form '2 usage'
says 'one.tar.gz is there already$'
alone 2 report -o link.tar.gz
says 'is there already, and is no plain file$'
alone 2 report -o link.tar.gz --force
alone 2 report -o /dev/full
says '/dev/full is there already, and is no plain file$'
cmp one.tar.gz before.tar.gz || problem "it was written"
alone 0 report -o one.tar.gz --force
start "a folder gets the usual name, - is stdout"
mkdir folder
alone 0 report -o folder
prints '^folder/x8ctl-report-20[0-9-]*.tar.gz$'
# shellcheck disable=SC2016 # a small program
board 0 start=off -- sh -c 'exec "$1" report -o - >piped.tar.gz' sh "$X8CTL"
grep -q '/doctor.json$' < <(tar -tzf piped.tar.gz) || problem "no archive on stdout"
alone 2 report -o - --json
says 'both want stdout$'
start "a board that is not there is in the report and in the exit status"
for how in "-s ffff" --board; do
    # shellcheck disable=SC2086 # options
    alone 10 report --json --force -o five.tar.gz $how
    error_form '10 no-board'
    json 'd["path"] == "five.tar.gz" and d["error"]["status"] == 10'
done
unpack five.tar.gz
member doctor.json '"error"'
start "nor is one that cannot be asked"
flash 12 start=rom -- report --board --force -o five.tar.gz
says '^[0-9]+ files, only passwords and the like hidden'
says 'what follows could not be asked'
error_form '12 wrong-state'
unpack five.tar.gz
member doctor.json '"code": "wrong-state"'
start "nor is one that answers no more"
boot image=934 silent=1
on 16 report --force --json -o five.tar.gz -t 2s
error_form '16 timeout'
within 10
json 'd["boards"][0]["code"] == "timeout" and d["error"] == d["boards"][0]["error"] and d["bytes"] > 200'
unpack five.tar.gz
member doctor.json '"code": "timeout"'
member doctor.json '"id": "proxy"'
halt
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
start "the newest of many of one second, whatever they are called"
for i in {10..39}; do echo "log $i" >"$X8CTL_HOME/state/logs/$((100 - i)).log" && touch -d "2026-01-01 00:00:00.$i" "$X8CTL_HOME/state/logs/$((100 - i)).log"; done
alone 0 report -o moment.tar.gz
unpack moment.tar.gz
if [ ! -e there/state/61.log ] || [ ! -e there/state/80.log ] || [ -e there/state/81.log ]; then problem "not the newest: $(ls there/state)"; fi
rm "$X8CTL_HOME"/state/logs/*

echo "== secrets"
start "none is in any report, masked or not"
cat >secrets.log <<'END'
proxy http://user:s3cret-a@proxy:3128/ and HTTPS_PROXY=me:s3cret-b@proxy:3128
wpa_passphrase="s3cret-c s3cret-d" psk=s3cret-e
password: s3cret-f
{"token": "s3cret-g", "log": "password: s3cret-h\nnext"}
run x8ctl 1: x8ctl image get user:s3cret-i@h/934.tar.gz 'http:/user:s3cret-j@h/x'
this line stays
END
alone 0 report -o six.tar.gz secrets.log
unpack six.tar.gz
hidden s3cret
member named/secrets.log '^this line stays$'
member named/secrets.log '^proxy http://user:\(hidden\)@proxy:3128/ and'
{ printf 'password: '; yes s3cret | tr -d '\n' | head -c 1100000; echo; echo 'the last line'; } >cut.log
alone 0 report --force -o six.tar.gz cut.log
unpack six.tar.gz
hidden s3cret
member named/cut.log '^the last line$'

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
x8ctl exec -s fad9 says ${mac//:/} of ${serial: -6}
$networks
END
echo "{\"step\":\"send\",\"board\":\"line-7-left\",\"serial\":\"$serial\",\"changed\":1700000000}" \
    >"$X8CTL_HOME/state/update/update-$serial.json"
on 0 report --mask --board -o three.tar.gz run.log
unpack three.tar.gz
for text in "$serial" "${serial#0}" fad9 "${mac//:/}" 0A13B209DAB6FAD9 a13b209dab6fad9 "$mac" "${mac//:/-}" acff:fe11 anastasia line-7-left \
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
