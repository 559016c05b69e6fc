#!/usr/bin/env bash
# shellcheck disable=SC2016,SC2317 # single quotes: for the board's shell; what is awaited is called by its name
# The link is cut at the messages of an upload, either way, whole and in the middle; the daemon dies, the board reboots. What
# the board programmed then is a whole file or nothing, what x8ctl says is never more than what it knows.
# shellcheck source=sketch_kit.sh
. "$(dirname "$0")/sketch_kit.sh"
echo fio >fio
chmod 600 fio
good=0 cuts=0

# The daemon ends the shells of a link that has broken a moment later, and one that has renamed goes on. Asked past the
# cutter: how many shells there are (those that ask are up to four), and whether one still has the folder open.
shells() { timeout -k 5 20 "$X8CTL" -s "adb:$daemon" exec -- bash -c 'n=0; for p in /proc/[0-9]*; do
    read -r c 2>/dev/null <$p/comm && [ "$c" = bash ] || continue; n=$((n + 1))
    for f in $p/fd/*; do [ ! $f -ef /tmp/arduino ] || n=100; done; done; echo $n' </dev/null; }
is_quiet() {
    local n
    n=$(shells) && [ "$n" -le 4 ]
}

wrong() { problem "cut at $where: $*; status $status; $(tr '\n' ' ' <"$err" | cut -c 1-600)"; }

# judge FILE: what the upload of it said against what the board did.
judge() {
    local entries count
    settled
    await 60 "the end of the board's shells" is_quiet
    settled
    entries=$(m4_new | cut -d ' ' -f 3,5,6)
    count=$(m4_new | wc -l)
    m4_seen
    [ -z "$entries" ] || [ "$entries" = "$(digest "$1") complete ok" ] || wrong "the board programmed $entries"
    case $status in
    0)
        [ "$count" = 1 ] || wrong "a success, and the board programmed nothing"
        good=$((good + 1))
        ;;
    10 | 12 | 14 | 15 | 16 | 17 | 30 | 34 | 40)
        grep -q '^  next   .' "$err" || wrong "no next step"
        if grep -q 'nothing was programmed' "$err" && [ "$count" != 0 ]; then wrong "it says that nothing was programmed"; fi
        if [ "$count" != 0 ] && ! grep -Eq 'outcome unknown|may still program|not known|nobody can say' "$err"; then wrong "the board programmed it, and nobody says that it may"; fi
        ;;
    *) wrong "a status of another kind" ;;
    esac
    [ ! -e "$root/run/m4/log" ] || ! grep -q ' partial ' "$root/run/m4/log" || wrong "half a file was programmed"
}

# every STEP [half] ARGS...: cut at message 1, 1 + STEP, ... up to the last of a run without a cut, then far beyond.
every() {
    local step=$1 half=$2 k last files=("$sk/blink.elf" "$sk/plain.elf") i=0
    shift 2
    echo "0 every ${step}th${half:+ and half}" >order
    rm -f count
    where='no message'
    on - sketch upload "${files[0]}" "$@"
    [ "$status" = 0 ] || wrong "it does not work without a cut"
    judge "${files[0]}"
    await 60 "the count of messages" test -s count
    last=$(cat count)
    [ "$last" -ge 20 ] || problem "only $last messages"
    good=0 cuts=0
    for k in $(seq 1 "$step" "$last") $((9 * last)); do
        echo "$k $half" >order
        where="message $k of $last $half" i=$((1 - i)) cuts=$((cuts + 1))
        on - sketch upload "${files[0]}" "$@" 2>/dev/null
        judge "${files[0]}"
    done
    [ "$status" = 0 ] || wrong "the one far behind the last did not get through"
    [ "$good" -lt $((cuts / 2)) ] || problem "$good of $cuts got through: the cuts are none"
}

for image in 861 95; do
    sketch_boot "image=$image" sudo=fio m4time=10
    daemon=$adb
    echo 0 >order
    python3 "$X8_TESTS/e2e/adb_cutter.py" "$daemon" order count >cutter 2>cutter.err {hold}>&- &
    cutter=$!
    await 60 "the cutter" test -s cutter
    select=(-s "adb:127.0.0.1:$(cat cutter)") limit=30
    start "image $image: cut at every second message"
    every 2 '' --password-file fio
    start "image $image: cut in the middle of every fifth"
    every 5 half --password-file fio
    select=(-s "adb:$daemon")
    start "image $image: nothing is left on the board"
    tidy
    kill "$cutter"
    [ ! -s cutter.err ] || problem "$(tail -n 3 cutter.err)"
    rm -f cutter
done
finish
