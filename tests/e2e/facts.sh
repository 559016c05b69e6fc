#!/usr/bin/env bash
# A terminal, a pipe and --json carry the same facts: every command that reads, three times, and facts.py compares.
# shellcheck source=update_kit.sh
. "$(dirname "$0")/update_kit.sh"
make_release release
hurry release
script=release/mfgtool-files-portenta-x8/full_image.uuu
runner=()

# said KIND STATUS ARGS...: x8ctl ARGS by "${runner[@]}", in the three ways.
said() {
    local kind=$1 want=$2
    shift 2
    rm -f screen
    # What goes to stderr is no result.
    run "$want" "${runner[@]}" python3 "$X8_TESTS/e2e/terminal.py" --columns 600 --report screen -- \
        sh -c 'exec "$@" 2>/dev/null' sh "$X8CTL" "$@"
    run "$want" "${runner[@]}" "$X8CTL" "$@"
    cp "$out" piped
    run "$want" "${runner[@]}" "$X8CTL" "$@" --json
    python3 "$X8_TESTS/e2e/facts.py" "$kind" screen piped "$out" >differ 2>&1 || problem "$(cat differ)"
}

echo "== without a board"
start "explain"
said explain 0 explain "$script"
said explain 4 explain "$X8_TESTS/golden/files/unsafe.uuu"
said explain 4 explain "$X8_TESTS/golden/files/full.uuu"
start "image list"
said images 0 image list --offline
said images 0 image list --all --offline
start "image show"
said image 0 image show release
tar -czf release.tar.gz -C release .
said image 0 image show release.tar.gz
start "udev check"
mkdir rules
run 0 "$X8CTL" udev install --dir rules
said udev 0 udev check --dir rules

echo "== boards on USB"
runner=("$X8_BOARD" gap=20 --idle-limit 60 --board start=rom --board start=spl --board start=fastboot --board "start=linux adbd=image=934"
    --board access=denied --board "start=fastboot speed=full" --)
start "list"
said list 0 list
runner=("$X8_BOARD" gap=20 --idle-limit 60 start=fastboot emmc=1G --)
start "flash"
said flash 0 flash -y release
runner=()

echo "== a running board"
bundle u --old-version 746 --version 861
again u
mine=("${select[@]}" --password-file "$work/pw")
start "list"
said list 0 "${mine[@]}" list
start "info"
said info 0 "${mine[@]}" info
start "os-release"
said os-release 0 "${mine[@]}" os-release
start "sketch status"
said sketch 0 "${mine[@]}" sketch status
start "update show"
said update-show 0 update show u/offline-updates
start "update status, before an update and with one that waits"
said update-status 0 "${mine[@]}" update status
run 3 "$X8CTL" "${mine[@]}" update apply u/offline-updates -y --no-reboot
said update-status 0 "${mine[@]}" update status
start "update status without root"
said update-status 0 "${select[@]}" update status
finish
