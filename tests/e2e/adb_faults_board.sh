#!/usr/bin/env bash
# Boards that die, reboot, send rubbish, refuse, are slow or fall silent in the middle of exec, push and pull. Each run
# has a board of its own; where it takes time, several run side by side.
#
#   adb_faults_board.sh               the suite
#   adb_faults_board.sh --on KIND     one run, as the command of x8-adbd
if [ "${1:-}" = --on ]; then
    . "$(dirname "$0")/adb_faults_kit.sh"
    make_files
    home=$X8_ROOT$inner select=(-s "adb:$X8_ADB") limit=${X8_LIMIT:-20}
    judge "$2"
    exit 0
fi
. "$(dirname "$0")/adb_faults_kit.sh"
cd "$work" || exit 1

# once KIND FILE FAULT [WORDS...]
once() {
    local kind=$1 file=$2 fault=$3 ended
    shift 3
    "$X8_ADBD" reaccept=0 image=881 "fault=$fault" "$@" -- bash "$X8_TESTS/e2e/adb_faults_board.sh" --on "$kind" >"$file" 2>"$file.err" </dev/null
    ended=$?
    [ "$ended" = 0 ] || echo "wrong: x8-adbd ended with $ended: $(head -c 300 "$file.err")" >>"$file"
}

# some WANT KIND FAULT...: "well", "ill" or "either" is how it must end.
some() {
    local want=$1 kind=$2 fault
    shift 2
    for fault in "$@"; do
        start "$kind: $fault"
        shown="$kind with fault=$fault"
        once "$kind" verdict "$fault" "${words[@]}"
        ! grep -q '^wrong' verdict || problem "$(grep '^wrong' verdict)"
        case $want in
        well) grep -q '^well' verdict || problem "it did not get through" ;;
        ill) ! grep -q '^well' verdict || problem "it got through, so the fault does nothing" ;;
        esac
    done
}
words=()

# Boards that fall silent are waited for half a minute: they begin here, all others run meanwhile, and they are judged at the end.
stalled=()
while read -r kind fault; do
    X8_LIMIT=50 once "$kind" "verdict.$kind.${#stalled[@]}" "$fault" </dev/null &
    stalled+=($!)
done <<'END'
exec at:open,dir:in,do:stall
exec at:wrte,dir:out,nth:1,do:stall
push at:open,dir:in,nth:1,do:stall
push at:wrte,dir:in,nth:3,do:stall
pull at:wrte,dir:out,nth:6,do:stall
stdin at:wrte,dir:in,nth:4,do:stall
END

echo "== what the board sends is damaged"
# Every damage in one way of working, each way with two of them; all of both with X8_LONG=1.
damages=('at:wrte,dir:out,nth:2,do:badsum' 'at:wrte,dir:out,nth:2,do:badmagic' 'at:wrte,dir:out,nth:3,do:oversize' 'at:msg,dir:out,nth:5,do:garbage')
some ill exec "${damages[@]}"
for kind in push pull; do
    if [ -n "${X8_LONG:-}" ]; then some ill $kind "${damages[@]}"; else some ill $kind "${damages[0]}" "${damages[3]}"; fi
done
some either exec at:cnxn,dir:out,do:badsum
some ill exec at:cnxn,dir:out,do:badsum,times:0 at:cnxn,dir:out,do:garbage,times:0

echo "== the daemon dies and comes back"
words=(restart=100)
for kind in exec input; do some ill $kind at:msg,nth:7,do:die; done
for kind in push pull; do some ill $kind at:msg,nth:9,do:die at:msg,nth:90,do:die ${X8_LONG:+at:msg,nth:50,do:die}; done
words=()

echo "== the board reboots: what was being written has no time to clean up"
export untidy=1
for kind in exec input; do some ill $kind at:msg,nth:8,do:reboot; done
some ill push at:msg,nth:40,do:reboot ${X8_LONG:+at:msg,nth:80,do:reboot}
some ill pull at:msg,nth:80,do:reboot ${X8_LONG:+at:msg,nth:40,do:reboot}

echo "== the board refuses, or is slow"
unset untidy
some ill exec at:open,dir:in,do:refuse,times:0
some ill push at:open,dir:in,nth:3,do:refuse,times:0
some ill pull at:open,dir:in,nth:4,do:refuse,times:0
some well exec at:open,dir:in,do:delay,for:1500
for kind in push pull; do some well $kind at:wrte,dir:out,nth:3,do:delay,for:1500 at:open,do:slow,rate:30K; done

echo "== the board falls silent"
start "nobody waits for it longer than half a minute"
shown="side by side: exec, push and pull with do:stall"
wait "${stalled[@]}"
for verdict in verdict.*.[0-9]; do
    ! grep -q '^wrong' "$verdict" || problem "$verdict: $(grep '^wrong' "$verdict")"
    ! grep -q '^well' "$verdict" || problem "$verdict: it got through, so the fault does nothing"
done
finish
