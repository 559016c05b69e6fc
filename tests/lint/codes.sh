#!/usr/bin/env bash
# Exit codes: each that the sources raise is explained (x8ctl help E13) and is on the page of some command; each
# explanation has causes and what to do, and fits the width. X8CTL: the binary.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# "X8_E_USAGE 2" for each row of the table.
codes=$(sed -nE 's/^ *X\((X8_E_[A-Z_]+), ([0-9]+),.*/\1 \2/p' src/util/error.h)
[ -n "$codes" ] || report "src/util/error.h: no table of codes was found"
used=$(grep -rhoE '\bX8_E_[A-Z_]+\b' src cmd --include='*.c' | sort -u)

while read -r name number; do
    page=$("${X8CTL:?}" help "E$number")
    if ! grep -qx "$name" <<<"$used"; then
        report "$name: nothing in src or cmd raises it"
        continue
    fi
    grep -q '^reserved' <<<"$page" && report "$name: raised, but in no command's list of exit codes"
    for part in 'usual causes' 'what to do'; do
        grep -A 1 "^$part" <<<"$page" | grep -q '^  \* .' || report "help E$number has no '$part'"
    done
    wide=$(awk 'length > 80' <<<"$page")
    [ -z "$wide" ] || report "help E$number: too wide: $wide"
done <<<"$codes"

# What the page of a command lists is in the table; 255 is that of exec and shell for all of them.
for command in $("$X8CTL" help --man | sed -nE 's/^\\fBx8ctl\\-(.*)\\fR\(1\)$/\1/p'); do
    while read -r number; do
        grep -q " $number\$" <<<"$codes" || report "help $command lists $number, which is no code"
    done < <("$X8CTL" help "$command" | sed -n '/^exit codes/,/^$/p' | grep -Eo '^ +[1-9][0-9]*  ' | tr -d ' ' | grep -vx 255)
done
finish
