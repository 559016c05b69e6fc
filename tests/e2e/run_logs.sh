#!/usr/bin/env bash
# Logs that are kept of the last runs: which runs leave one, what is in it and what never is, how many stay, that nothing of
# it is felt where it cannot be kept, and that a report has them.
# shellcheck disable=SC2016 # lines for a shell of the board
# shellcheck source=adb_kit.sh
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
make_release release
hurry release
logs=$X8CTL_HOME/state/logs
mkdir -p "$X8CTL_HOME/config"

fresh() { rm -rf "$X8CTL_HOME/state"; }
count() { find "$logs" -type f 2>/dev/null | wc -l; }
# logged RE, logged_no RE: in the only log there is.
logged() { grep -Eq -e "$1" "$logs"/* || problem "the log lacks: $1: $(head -c 2000 "$logs"/*)"; }
logged_no() { ! grep -Eq -e "$1" "$logs"/* || problem "the log must not have: $1: $(grep -E -e "$1" "$logs"/*)"; }
one_log() { [ "$(count)" = 1 ] || problem "$(count) logs, not 1: $(ls "$logs" 2>&1)"; }
no_log() { [ ! -e "$logs" ] || problem "there is a log: $(ls "$logs")"; }
# nowhere_yet: the quickest run that leaves a log.
nowhere_yet() { run 20 timeout -k 5 20 "$X8CTL" flash -y nowhere; }

echo "== a flash"
start "one log with the line, the dialogue and the end, for the user alone; the screen is as without"
flash 0 start=fastboot emmc=1G -- flash -q -y release
[ ! -s "$err" ] || problem "-q and still a word"
one_log
logged ' flash - run x8ctl [0-9.]+, process [0-9]+: x8ctl flash -q -y release$'
logged ' flash 1-2 stage write 1\.'
logged ' flash 1-2 trace > flash:all$'
logged ' flash - exit 0 after 0:[0-9]{2}$'
logged_no ' wire '
[[ $(ls "$logs") =~ ^20[0-9]{6}T[0-9]{6}Z-flash-[0-9]+\.log$ ]] || problem "it is called $(ls "$logs")"
[ "$(stat -c %a "$logs" "$logs"/* | tr '\n' ' ')" = '700 600 ' ] || problem "others may read it"
start "bytes on the wire are for the screen alone; -v says where the log is"
fresh
flash 0 start=fastboot emmc=1G -- flash -vvv -y release
says ' wire '
says "detail the log of this run is $logs/20.*-flash-[0-9]+.log\$"
one_log
logged_no ' wire '
start "one that fails: the whole error, and the code"
fresh
flash 30 start=fastboot emmc=1G fault=at:flash,do:fail -- flash -y --retries 0 release
logged '^x8ctl flash: '
logged '^  code   30 refused'
logged ' exit 30 after '

echo "== which runs"
start "who only looks, asks for help, tries, or names a file, leaves none"
fresh
for line in list 'image list --offline' 'image show release' 'flash --help' 'help flash' 'flash -n release' 'doctor' \
    'report -o r.tar.gz' 'explain release/mfgtool-files-portenta-x8/full_image.uuu' 'flash --nonsense' 'sketch status -s ffff'; do
    # shellcheck disable=SC2086 # words
    alone - $line
done
run 20 timeout -k 5 20 "$X8CTL" flash -y --log named.log nowhere
grep -q 'no-file' named.log || problem "--log FILE lacks the error"
run 20 env X8CTL_LOGS=0 timeout -k 5 20 "$X8CTL" flash -y nowhere
no_log
start "a number that is none is an error, before anything is done"
run 2 env X8CTL_LOGS=many timeout -k 5 20 "$X8CTL" flash -y nowhere
error_form '2 usage'
says 'X8CTL_LOGS'

echo "== how many"
start "twenty stay, of runs side by side too; what is not ours stays"
mkdir -p "$logs/20200101T000000Z-flash-1.log"
echo text >precious
ln -s "$work/precious" "$logs/20200101T000000Z-flash-2.log"
echo note >"$logs/note.txt"
for i in {10..28}; do : >"$logs/20200101T0000${i}Z-uuu-$i.log"; done
running=()
for _ in {1..12}; do
    "$X8CTL" flash -y nowhere >/dev/null 2>&1 &
    running+=($!)
done
wait "${running[@]}"
nowhere_yet
[ "$(find "$logs" -type f -name '*.log' | wc -l)" = 20 ] || problem "$(ls "$logs")"
[ "$(find "$logs" -name '*-flash-*.log' -type f | wc -l)" = 13 ] || problem "new ones are gone: $(ls "$logs")"
if [ ! -d "$logs/20200101T000000Z-flash-1.log" ] || [ ! -L "$logs/20200101T000000Z-flash-2.log" ] || [ ! -e "$logs/note.txt" ] ||
    [ "$(cat precious)" != text ]; then problem "something else is gone: $(ls "$logs")"; fi
X8CTL_LOGS=3 nowhere_yet
[ "$(find "$logs" -type f -name '*.log' | wc -l)" = 3 ] || problem "X8CTL_LOGS=3: $(ls "$logs")"

echo "== where it cannot be kept"
# as_before: status and screen are those of a run that keeps none.
as_before() {
    sed 's/^20[^ ]* //' "$err" | cmp -s - wanted || problem "the screen is another"
}
start "a file where the folder should be, a link, a home that is none: the run and the screen are the same"
fresh
X8CTL_LOGS=0 nowhere_yet
sed 's/^20[^ ]* //' "$err" >wanted
: >"$X8CTL_HOME/state"
nowhere_yet
as_before
rm "$X8CTL_HOME/state"
mkdir -p "$X8CTL_HOME/state" elsewhere
ln -s "$work/elsewhere" "$logs"
nowhere_yet
as_before
[ -z "$(ls elsewhere)" ] || problem "a link was followed"
rm "$logs"
: >homeless
for home in "$work/homeless/ana" /; do
    run 20 env -u X8CTL_HOME -u XDG_STATE_HOME HOME="$home" timeout -k 5 20 "$X8CTL" flash -y nowhere
    as_before
    run 20 env -u X8CTL_HOME -u XDG_STATE_HOME HOME="$home" timeout -k 5 20 "$X8CTL" flash -v -y nowhere
    says 'detail no log of this run is kept: .'
done
start "a disk that is full"
fresh
run 20 bash -c 'set -o pipefail; (ulimit -f 0 && exec "$0" flash -y nowhere 2>&1) | cat' "$X8CTL"
sed 's/^20[^ ]* //' "$out" | cmp -s - wanted || problem "the screen is another"
one_log
[ -z "$(cat "$logs"/*)" ] || problem "the disk was not full"

echo "== secrets"
boot image=861 sudo=expired serial=2D16BA09DAB6FAD9
printf 'Unmistakable77\n' >new
start "a password is in no log"
fresh
on 0 setup --new-password-file new
one_log
logged ' setup - run x8ctl .*--new-password-file new'
logged ' trace adb open shell'
on 0 push --root --password-file new precious /etc/precious
on 0 reboot -n --password-fd 7 7<new
! grep -arq Unmistakable "$X8CTL_HOME" || problem "$(grep -ar Unmistakable "$X8CTL_HOME")"
start "what is run on a board is in no log, and leaves one only when x8ctl failed"
fresh
on 3 exec -- sh -c 'exit 3'
on 0 shell -c true
on 255 exec --root --password-file nothing -- login Unforgettable88
run 255 "$X8CTL" -s "$nowhere" shell -c 'login Unforgettable88'
[ "$(count)" = 2 ] || problem "$(ls "$logs")"
logged 'exec - run x8ctl .*: x8ctl exec \(its words are left out\)'
logged ' exec - exit 255 after '
logged '^  code   20 no-file'
logged_no 'login|Unforgettable'

echo "== the report"
start "it has the logs, and journals beside them; masked, nothing private is in them"
fresh
boot image=934 sudo=fio serial=2D16BA09DAB6FAD9
network="Grandma Unmistakable"
printf 'fio\n' >pw
on 0 exec --root --password-file pw -- bash -c 'mkdir -p "$0" && : >"$0/$1"' /var/lib/NetworkManager/connections "$network"
on 0 exec -- nmcli -t -f NAME,TYPE connection show
grep -q "^$network:" "$out" || problem "the board does not know the network"
on 0 push precious "/tmp/of $network and 2D16BA09DAB6FAD9"
for i in {1..25}; do echo "log $i" >"$logs/20200101T0000$((10 + i))Z-uuu-$i.log"; done
mkdir -p "$X8CTL_HOME/state/flash"
echo '{"format":1}' >"$X8CTL_HOME/state/flash/usb-1-2.jsonl"
touch -d 2020-01-01 "$X8CTL_HOME/state/flash/usb-1-2.jsonl" "$logs"/2020*
mkdir there && on 0 report --mask --board -o masked.tar.gz && tar -xzf masked.tar.gz -C there --strip-components=1
log=$(find there/state -name '*-push-*.log')
grep -q ' push .*result ok' "$log" || grep -q ' push - exit 0 ' "$log" || problem "not the log of push: $(cat "$log")"
for text in "$network" 2D16BA09DAB6FAD9; do
    ! grep -rniF -e "$text" there || problem "it can be read: $text"
done
grep -q "/tmp/of ssid-[0-9]* and serial-[0-9]*" "$log" || problem "$(cat "$log")"
[ "$(find there/state -name '*.log' | wc -l)" = 20 ] || problem "$(ls there/state)"
[ -e there/state/usb-1-2.jsonl ] || problem "no journal"
finish
