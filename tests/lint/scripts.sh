#!/usr/bin/env bash
# Shell scripts, wherever they are: found by their first line.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need shellcheck
reference_is shellcheck 0.9.0

while IFS= read -r file; do
    shellcheck -x -P SCRIPTDIR "$file" || report "$file"
done < <(grep -rlE '^#!.*\b(ba)?sh\b' tests packaging .ci completions 2>/dev/null | grep -v /corpus/ | LC_ALL=C sort
    echo completions/x8ctl.bash)
finish
