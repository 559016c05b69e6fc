#!/usr/bin/env bash
# Every command once with a standard stream closed or full: stdin closed keeps nobody waiting, a result that cannot go
# anywhere is an error that stderr tells, with the same status for all, without stderr the rest is the same; and no file or
# device gets the number of a stream.
# shellcheck disable=SC2030,SC2031,SC2317 # X8CTL is another one for a line only; functions that are called by their names
# shellcheck source=adb_kit.sh
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
printf fio >pw && chmod 600 pw
make_release release
hurry release
script=release/mfgtool-files-portenta-x8/full_image.uuu
echo text >file
limit=20

# plain STATUS ARGS...: without a board; on: with one (adb_kit.sh).
plain() { run "$1" timeout -k 5 "$limit" "$X8CTL" "${@:2}"; }

# without STREAM RUNNER STATUS ARGS...: a run whose stream is closed. STREAM is 0, 1 or 2; full: stdout on a full disk.
without() {
    local stream=$1 runner=$2 want=$3 real=$X8CTL
    shift 3
    case $stream in
    0) printf '#!/bin/sh\nexec "%s" "$@" <&-\n' "$real" ;;
    1) printf '#!/bin/sh\nexec "%s" "$@" >&-\n' "$real" ;;
    2) printf '#!/bin/sh\nexec "%s" "$@" 2>&-\n' "$real" ;;
    full) printf '#!/bin/sh\nexec "%s" "$@" >/dev/full\n' "$real" ;;
    esac >closed
    chmod +x closed
    X8CTL=$work/closed
    "$runner" "$want" "$@"
    X8CTL=$real
}

# each RUNNER STATUS RESULT ARGS...: STATUS is that of a good run; RESULT is "result" when it prints one, else "-".
each() {
    local runner=$1 want=$2 result=$3 lost=20 full=25
    shift 3
    case $1 in
    exec | shell) lost=255 full=255 ;;
    esac
    start "$*"
    echo "$1" >>asked
    without 0 "$runner" "$want" "$@"
    [ "$result" = - ] || prints .
    cp "$out" first
    without 2 "$runner" "$want" "$@"
    [ "$result" = - ] || [ -s "$out" ] || problem "without stderr there is no result"
    [ "$result" != same ] || cmp -s first "$out" || problem "without stderr the result is another"
    if [ "$result" = - ]; then
        without 1 "$runner" "$want" "$@"
    else
        without 1 "$runner" $lost "$@"
        says 'stdout'
        error_form '20 no-file'
        without full "$runner" $full "$@"
        says 'stdout'
        error_form '25 host-space'
    fi
}

echo "== without a board"
for line in help 'help flash' 'help E13' 'help --man' 'help --schema list' version 'guide' 'guide leds' 'completion bash' \
    'image list --offline' 'image show release' 'image verify release' 'udev print' \
    "explain $script"; do
    # shellcheck disable=SC2086
    each plain 0 same $line
done
each plain 0 result flash -n release
each plain 0 result image map -n -o map.bmap release
each plain 0 - udev install --dir .
each plain 0 same udev check --dir .
each plain 0 - udev remove --dir .
each plain 20 - flash -y nowhere
each plain 20 - uuu nowhere.uuu
each plain 0 result image prune -n
each plain - result doctor
each plain - result doctor --json
each plain - result doctor --fix -n
each plain 0 result report --force -o report.tar.gz
each plain 0 result report --force -o report.tar.gz --mask --json
each plain 0 - name
each plain 0 - recover

echo "== with a running board"
boot image=934 sudo=fio
each on 0 result list
each on 0 result info
each on 0 same info image
each on 0 same os-release
each on 0 result wait --state linux
each on 0 same exec -- echo one
each on 0 same shell -c 'echo one'
each on 0 result sketch status
each on 0 result update status
each on 0 - name bench-1
each on 0 - push file /tmp/file
each on 0 same pull /tmp/file -
each on - result doctor
each on 0 result report --board --force -o report.tar.gz
each on 0 - identify --for 1s --password-file pw
each on 0 result setup -n --name other --password-file pw
each on 40 - sketch reset
each on 0 - sketch reset -n --password-file pw
each on 41 - reboot --password-file pw
each on 0 result logs --password-file pw
each on 20 - update show nowhere
each on 20 - update apply nowhere
each on 255 - shell --root -c true
start "watch"
without 0 on 0 watch -t 1s
without 1 on 20 watch -t 5s
without 2 on 0 watch -t 1s
start "the shell of a script that is not there"
without 0 on 255 shell
says 'shell -c'
start "forward"
without 0 on 0 forward --background 0:80
port=$(grep -Eo '127.0.0.1:[0-9]+' "$err" | head -n 1)
[ -n "$port" ] || problem "no port was said"
kill "$(grep -Eo 'kill [0-9]+' "$err" | cut -d ' ' -f 2)"
start "what is pulled, written or logged does not become what a stream says"
printf '#!/bin/sh\nexec "%s" "$@" <&- >&- 2>&-\n' "$X8CTL" >closed
for line in 'pull /tmp/file back' 'pull --log log /tmp/file back'; do
    # shellcheck disable=SC2086
    (X8CTL=$work/closed && on - $line)
    same file back
done
! grep -q '^text$' log || problem "the log has what was pulled"
start "an archive for stdout"
# shellcheck disable=SC2016 # a small program
run 0 timeout "$limit" sh -c 'exec "$0" report -o - <&- | tar -tz' "$X8CTL"
prints '/doctor.json$'
without 1 plain 20 report -o -
without full plain 25 report -o -
start "no command was forgotten"
printf '%s\n' watch forward open >>asked # above; open's result is the address that forward says
for command in $("$X8CTL" completion bash | sed -n "s/^    ' 0 '\*) echo '\(.*\)' ;;$/\1/p"); do
    grep -qx "$command" asked || problem "$command was not asked"
done
finish
