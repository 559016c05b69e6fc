#!/usr/bin/env bash
# Wrong lines for every command and option: each is answered by what is wrong, why, and what to do instead. usage.py has the
# lines from the program itself, so a new command is in here without a change.
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"
cd "$work" || exit 1

start "wrong options, values and operands of every command, at a terminal of 60 columns"
board 0 --idle-limit 600 start=off -- python3 "$X8_TESTS/e2e/usage.py" "$X8CTL" 60
[ "$status" = 0 ] || cat "$out"
finish
