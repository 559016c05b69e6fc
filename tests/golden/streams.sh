#!/usr/bin/env bash
# Standard streams that are closed, full or broken: a result that did not arrive is no success, and a
# closed input is no answer. X8CTL: the binary.
set -u
program=${X8CTL:?}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failed=0

expect() {
    local what=$1 want=$2 got=$3
    [ "$want" = "$got" ] && return
    printf '%s\n  expected: %s\n  got:      %s\n' "$what" "$want" "$got"
    sed 's/^/  stderr: /' "$scratch/err"
    failed=1
}

says() {
    grep -q "$2" "$scratch/err" && return
    printf '%s\n  stderr lacks: %s\n' "$1" "$2"
    sed 's/^/  stderr: /' "$scratch/err"
    failed=1
}

"$program" version >/dev/null 2>"$scratch/err"
expect 'all is well' 0 $?

"$program" help >/dev/full 2>"$scratch/err"
expect 'a full disk behind stdout' 25 $?
says 'a full disk behind stdout' 'cannot write the result'

"$program" version >&- 2>"$scratch/err"
expect 'stdout closed' 20 $?
says 'stdout closed' 'next '

# A reader that opened the pipe and is gone for sure before anything is written.
mkfifo "$scratch/pipe"
true <"$scratch/pipe" &
exec 4>"$scratch/pipe"
wait $!
"$program" help >&4 2>"$scratch/err"
expect 'a reader that left' 20 $?
expect 'a reader that left is not worth a message' '' "$(cat "$scratch/err")"
exec 4>&-

# With stderr closed the result and the status are the same, and a file opened later is not stderr.
"$program" version 2>&- >"$scratch/out"
expect 'stderr closed' 0 $?
grep -q '^x8ctl ' "$scratch/out" || expect 'stderr closed: result' 'x8ctl ...' "$(cat "$scratch/out")"
"$program" lst 2>&- >"$scratch/out"
expect 'an error with stderr closed' 2 $?
"$program" --log "$scratch/log" lst 2>&- >"$scratch/out"
expect 'an error with stderr closed and a log' 2 $?
expect 'the result stays empty' '' "$(cat "$scratch/out")"

"$program" version <&- >"$scratch/out" 2>"$scratch/err"
expect 'stdin closed' 0 $?
"$program" version <&- >&- 2>&-
expect 'all three closed' 20 $?

"$program" --log "$scratch/nowhere/log" version >"$scratch/out" 2>"$scratch/err"
expect 'a log that cannot be written' 20 $?
says 'a log that cannot be written' 'nowhere/log'

# No terminal anywhere: no escape codes.
for line in 'help flash' 'lst' 'help E13' 'version -v'; do
    # shellcheck disable=SC2086
    TERM=xterm "$program" $line >"$scratch/out" 2>"$scratch/err" </dev/null
    grep -l "$(printf '\033')" "$scratch/out" "$scratch/err" && failed=1
done
[ "$failed" = 0 ] && echo ok
exit "$failed"
