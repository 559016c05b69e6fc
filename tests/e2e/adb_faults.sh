#!/usr/bin/env bash
# The link is cut at messages of exec, push and pull, either way, and in the middle of some: in the usual run at every third
# one or fewer, beginning with the first, where a run asks and is answered; at every one with X8_LONG=1.
. "$(dirname "$0")/adb_faults_kit.sh"
cd "$work" || exit 1
make_files
boot image=881
home=$root$inner limit=20
echo 0 >order
python3 "$X8_TESTS/e2e/adb_cutter.py" "$adb" order count >cutter 2>cutter.err {hold}>&- &
cutter=$!
await 60 "the cutter" test -s cutter
select=(-s "adb:127.0.0.1:$(cat cutter)")

# every KIND STEP [half]: cut at message 1, 1 + STEP, ... and far beyond the last. How many messages a run has differs a little: a
# daemon sends the output of a command as it comes.
every() {
    local kind=$1 step=$2 half=${3:-} last k wells=0
    start "$kind: the link is cut at every ${step#1} message $half"
    echo "0 $kind${half:+ and half}" >order
    rm -f count
    [ "$(judge "$kind")" = well ] || problem "without a cut: $(judge "$kind")"
    await 60 "the count of messages" test -s count
    last=$(cat count)
    [ "$last" -ge 10 ] || problem "only $last messages"
    for k in $(seq 1 "$step" $((last + 3 * step))) $((9 * last)); do
        echo "$k $half" >order
        judge "$kind" >verdict
        [ -z "${X8_TRACE:-}" ] || echo "$kind $k $status $elapsed_ms $(tr '\n' ' ' <verdict | cut -c1-100) $(milliseconds)"
        ! grep -q '^wrong' verdict || problem "message $k of $last: $(grep '^wrong' verdict)"
        ! grep -q '^well' verdict || wells=$((wells + 1))
    done
    # Some get through: that beyond the last message, and where nothing but farewells is left to say. More would mean that the
    # cuts are none.
    grep -q '^well' verdict || problem "the run without a cut after all others: $(cat verdict)"
    [ "$wells" -le $((4 + (14 + last / 20) / step)) ] || problem "$wells of $((last / step)) runs got through"
}

# Odd, as messages go both ways: cuts of both directions are among them.
often=3 seldom=7
[ -z "${X8_LONG:-}" ] || often=1 seldom=2
every exec $often
every input $often
every push $often
every pull $often
every stdin $seldom
every stdout $seldom
every exec $often half
every input $seldom half
every push $seldom half
every pull $seldom half
start "the cutter itself is well"
[ ! -s cutter.err ] || problem "$(tail -n 3 cutter.err)"
kill "$cutter"
finish
