#!/usr/bin/env bash
# shellcheck disable=SC2154,SC2317 # of the kits; called by await
# The board's ssh server is gone in the middle of exec, push and pull: the right code, the old file or the new one,
# nothing left behind.
export X8_KIT_WAY=ssh
. "$(dirname "$0")/adb_faults_kit.sh"
cd "$work" || exit 1
make_files
bytes small 300000
boot image=881
home=$root$inner limit=60
echo "0 0" >order
python3 "$X8_TESTS/e2e/ssh_cutter.py" "127.0.0.1:${ports[1]}" order count >cutter 2>cutter.err &
cutter=$!
await 60 "the cutter" test -s cutter
select=(-s "net:127.0.0.1:$(cat cutter)")
sed -n "s/^\[127.0.0.1\]:${ports[1]} /[127.0.0.1]:$(cat cutter) /p" "$HOME/.ssh/known_hosts" >known
cat known >>"$HOME/.ssh/known_hosts"

# at KIND PERCENT...: cut there, of the bytes that a run carries.
at() {
    local kind=$1 all percent
    shift
    start "$kind: the server is gone at $* per cent"
    echo "$kind 0" >order
    rm -f count
    [ "$(judge "$kind")" = well ] || problem "without a cut: $(judge "$kind")"
    await 60 "the count of bytes" test -s count
    all=$(cat count)
    [ "$all" -ge 3000 ] || problem "only $all bytes"
    for percent; do
        echo "$kind-$percent $((all * percent / 100))" >order
        judge "$kind" >verdict
        [ -z "${X8_TRACE:-}" ] || echo "$kind $percent $status $elapsed_ms $(tr '\n' ' ' <verdict | cut -c1-300) $(sed -n 's/^  code//p' "$err")"
        ! grep -q '^wrong' verdict || problem "at $percent per cent of $all bytes: $(grep '^wrong' verdict)"
        ! grep -q '^well' verdict || problem "done with $percent per cent of $all bytes"
        # Once it is let in, a lost link is 15 and nothing else.
        [ "$percent" -lt 50 ] || grep -q '^  code   15 gone ' "$err" || problem "at $percent per cent: $(cat "$err")"
    done
}

at exec 1 30 85
at input 50 70 90
at push 5 30 50 60 75 85 95
at stdin 40 60 80 93
at pull 3 30 50 60 75 90
at stdout 40 60 80 93
start "the cutter itself is well"
[ ! -s cutter.err ] || problem "$(tail -n 3 cutter.err)"
kill "$cutter"

# The whole board is gone, with a file on its way.
select=(-s "${places[1]}")
bytes large 120000000
await_bytes() { [ "$(find "$1" -path "*/.x8ctl-*" -type f -printf '%s\n' 2>/dev/null | awk '{ n += $1 } END { print n + 0 }')" -gt 1000000 ]; }
# loses_while FOLDER ARGS...: it is lost once a million bytes are in a temporary folder there.
loses_while() {
    local folder=$1
    shift
    shown="$* and the board is lost"
    timeout -k 5 60 "$X8CTL" "${select[@]}" "$@" >"$out" 2>"$err" &
    pid=$!
    await 60 "the first bytes" await_bytes "$folder"
    loses
    wait "$pid"
    status=$?
    check_status 15
    failed 15 gone
}
start "push, and the board is lost: 15, and the old file is there"
echo old >"$home/large"
loses_while "$home" push large "$inner/large"
[ "$(cat "$home/large")" = old ] || problem "not the old file"
start "once it is back, the file arrives"
ssh_port=${ports[1]} start_ssh 1 "$root"
on 0 push large "$inner/large"
same large "$home/large"
start "pull, and the board is lost: 15, the old file is there and nothing else"
mkdir there
echo old >there/large
loses_while there pull "$inner/large" there/
[ "$(cat there/large)" = old ] || problem "not the old file"
[ "$(ls -A there)" = large ] || problem "left here: $(ls -A there)"
finish
