#!/usr/bin/env bash
# Power that goes at each step of an update on the board, and x8ctl that is killed at each of its own: `update finish` ends in
# the new system or the old one, confirmed, and says which. In the usual run the steps that differ for whoever comes after, each
# with one generation: nothing is deployed, the boot loader is told, the new system is first, it runs, it is about to be
# confirmed. X8_LONG=1: every step with every generation.
# shellcheck source=update_kit.sh
. "$(dirname "$0")/update_kit.sh"
bundle u --old-version 746 --version 861

# Whatever was left undone is brought to its end, and what is said is what runs.
ended() {
    local status
    # It may be restarting: that is no matter of the update's.
    "$X8CTL" "${select[@]}" wait --state linux -t 60s >"$work/out" 2>&1 || problem "the board stays away: $(cat "$work/out")"
    "$X8CTL" "${select[@]}" --password-file "$work/pw" update finish -y >"$work/out" 2>"$work/err"
    status=$?
    [ $status = 0 ] || [ $status = 33 ] || problem "update finish ended with $status: $(cat "$work/err")"
    if grep -q 'to 861) ended well\|Updated .* to 861' "$work/out"; then
        on_board 861
        confirmed
        log_has ' run -> (0|40)'
    else
        on_board 746
    fi
    log_has_no 'twice'
}

generations=(A B C)
echo "== the board loses its power"
steps=(pull:A env:C deployed:A run:B confirm:C)
[ -z "${X8_LONG:-}" ] || steps=({pull,pulled,apps,deploy,env,deployed,installed,run,started,confirm}:{A,B,C})
for case in "${steps[@]}"; do
    step=${case%:*} generation=${case#*:}
    start "at $step, $generation"
    again u "aklite=$generation" "die=$step"
    "$X8CTL" "${select[@]}" --password-file "$work/pw" update apply u/offline-updates -y >"$work/out" 2>"$work/err"
    status=$?
    case $status in
    0) grep -q 'Updated .* to 861' "$work/out" || problem "success without its line: $(cat "$work/out")" ;;
    15 | 16 | 33 | 34 | 35) ;;
    *) problem "apply ended with $status: $(cat "$work/err")" ;;
    esac
    ended
done

echo "== x8ctl is killed"
# killed PATTERN: SIGKILL when a line of stderr matches.
killed() {
    local line pid
    exec {lines}< <(exec "$X8CTL" "${select[@]}" --password-file "$work/pw" update apply u/offline-updates -y 2>&1 >"$work/out")
    pid=$!
    while IFS= read -r -t 60 -u "$lines" line; do
        [[ $line =~ $1 ]] && { kill -KILL "$pid" 2>/dev/null && break; }
    done
    exec {lines}<&-
    wait "$pid" 2>/dev/null
}
# One of each part of its work: sending, installing, waiting, confirming.
moments=('stage send .*equal' 'stage install .*deployed' 'wait waiting for' 'stage run$')
[ -z "${X8_LONG:-}" ] || moments+=('stage send$' 'stage install$' 'stage reboot$' 'stage reboot .*image' 'stage prove$')
turn=0
for at in "${moments[@]}"; do
    turn=$((turn + 1))
    start "at '$at'"
    again u "aklite=${generations[turn % 3]}" slow=300
    killed "$at"
    ended
    [ "$(board_log | grep -c 'install -> 100')" -le 1 ] || problem "it was installed twice: $(board_log)"
done
finish
