#!/usr/bin/env bash
# Shell scripts, wherever they are: found by their first line.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need shellcheck
reference_is shellcheck 0.9.0

# Each finding names its file of each finding by itself; two at a time, as each reads its kits anew.
{
    grep -rlE '^#!.*\b(ba)?sh\b' tests packaging .ci completions 2>/dev/null | grep -v /corpus/ | LC_ALL=C sort
    echo completions/x8ctl.bash
} | xargs -r -n 4 -P "$(nproc)" shellcheck -x -P SCRIPTDIR || report "scripts above"
finish
