#!/usr/bin/env bash
# shellcheck disable=SC2016 # what stands in single quotes is for the board's shell
# What can go wrong with a sketch on the board's side: OpenOCD, the unit, the folder. Two things hold throughout: no
# success that is none, and no half a file of x8ctl's that was programmed.
# shellcheck source=sketch_kit.sh
. "$(dirname "$0")/sketch_kit.sh"
echo fio >fio
chmod 600 fio
one="$sk/blink.elf" other="$sk/plain.elf"

# refused REASON: the error, its words from OpenOCD, and JSON.
refused() {
    json "d['boards'][0]['code'] == 'sketch-failed' and d['boards'][0]['outcome'] == 'refused'"
    json "'$1' in (d['boards'][0]['reason'] or '')"
    error_form '32 sketch-failed'
}

for image in 861 95; do
    echo "== OpenOCD on image $image"
    sketch_boot "image=$image" sudo=fio home=1
    while read -r fault reason; do
        start "$fault is a refusal with OpenOCD's words"
        m4_words "m4=$fault"
        upload 32 "$one" --json --password-file fio
        refused "$reason"
        log_is complete "$fault"
        tidy
        on 0 sketch status --json --password-file fio
        json "d['boards'][0]['last']['verdict'] == 'failed' and d['boards'][0]['record']['outcome'] == 'refused'"
        inside 'printf "fio\n" | sudo -S -p "" systemctl reset-failed monitor-m4-elf-file.service' || problem "reset-failed"
    done <<'END'
program flash write failed
verify mismatch
END
    while read -r fault reason; do
        start "$fault is a refusal with OpenOCD's words"
        m4_words "m4=$fault"
        upload 32 "$one" --json --password-file fio
        refused "$reason"
        log_is - "$fault"
        inside 'printf "fio\n" | sudo -S -p "" systemctl reset-failed monitor-m4-elf-file.service' || problem "reset-failed"
    done <<'END'
dp Error connecting DP
init init mode failed
timeout timed out
END
    start "it is killed: no success"
    m4_words m4=killed
    upload - "$one" --json --password-file fio
    case $status in 32 | 34) ;; *) problem "status $status" ;; esac
    json "d['boards'][0]['outcome'] in ('refused', 'unknown')"
    log_is complete killed
    start "without root the failure is one too"
    m4_words m4=program
    case $image in
    861)
        upload 32 "$one" --json
        json "d['boards'][0]['outcome'] == 'refused' and d['boards'][0]['reason'] is None"
        says 'root'
        log_is complete program
        ;;
    95)
        upload 40 "$one" --json
        untouched
        upload 0 "$one" --json --no-verify # asked for: nobody says that it is verified
        json "d['boards'][0]['outcome'] == 'unproven'"
        log_is complete program
        ;;
    esac
    start "verified, but the reset failed: no success"
    m4_words m4reset=lost
    upload - "$one" --json --password-file fio
    case $status in
    32) says 'Error connecting DP' ;;
    36) says 'bridge no longer answers' ;;
    *) problem "status $status" ;;
    esac
    log_is complete reset
    m4_words
    start "the board is well again: so is the upload"
    upload 0 "$one" --password-file fio
    programmed blink.elf
    start "it hangs: the limit is kept, and the next upload says who is in the way"
    m4_words m4=hang
    upload 16 "$one" -t 2s --json --password-file fio
    error_form '16 timeout'
    json "d['boards'][0]['outcome'] == 'unknown'"
    within 8
    log_is complete hang
    upload 14 "$other" -t 1s --password-file fio
    error_form '14 busy'
    within 8
    untouched
    tidy
    whole
done
start "OpenOCD's words come late: waited for a while, then not known"
sketch_boot image=95 m4journal=700
upload 0 "$one"
programmed blink.elf
m4_words m4journal=9000
sketch_boot image=95 m4journal=9000
upload 34 "$one" --json
json "d['boards'][0]['outcome'] == 'unknown'"

echo "== the unit"
start "stopped by somebody: said, not mended"
sketch_boot image=861 m4watch=stopped sudo=fio
upload 32 "$one" --password-file fio
error_form '32 sketch-failed'
says 'next .*systemctl start monitor-m4-elf-file.path'
untouched
on 0 sketch status
prints 'watcher.*does not listen'
start "not in this image"
sketch_boot image=861 m4watch=none
upload 32 "$one"
error_form '32 sketch-failed'
untouched
on 0 sketch status
prints 'watcher.*not there'
start "dead after too many triggers: mended, with root"
sketch_boot image=861 m4watch=dead sudo=fio
on 0 sketch status
prints 'watcher.*too many uploads'
upload 40 "$one"
error_form '40 auth'
untouched
upload 0 "$one" -n --password-file fio
says 'to be mended'
untouched
upload 0 "$one" --json --password-file fio
json "'reset' in d['boards'][0]['mended'] and d['boards'][0]['outcome'] == 'verified'"
programmed blink.elf
for image in 861 95; do
    start "image $image: eight uploads in less than ten seconds are eight programmings"
    sketch_boot "image=$image" m4time=20 sudo=fio
    began=$(milliseconds)
    for i in 1 2 3 4; do
        upload 0 "$one" --password-file fio
        upload 0 "$other" --password-file fio
    done
    took=$(($(milliseconds) - began))
    [ "$took" -lt 10000 ] || echo "(took $took ms: the limit of starts was not reached)"
    programmed blink.elf plain.elf blink.elf plain.elf blink.elf plain.elf blink.elf plain.elf
    tidy
done
start "without root the one too many says so, and is not programmed"
sketch_boot image=861 m4time=20 sudo=fio
for i in 1 2 3 4 5 6 7; do
    upload - "$one"
    case $status in
    0) programmed blink.elf ;;
    *) break ;;
    esac
done
[ "$status" = 40 ] || problem "status $status"
error_form '40 auth'
says 'too often'
untouched

echo "== the folder"
start "no room in /tmp"
sketch_boot image=861 tmp=2M
upload 26 "$sk/large.elf"
error_form '26 board-space'
untouched
sketch_boot image=861 full=/tmp
upload 26 "$one"
error_form '26 board-space'
untouched
tidy
start "it belongs to root: given back, with root"
sketch_boot image=861 tmparduino=root sudo=fio
upload 40 "$one"
error_form '40 auth'
untouched
upload 0 "$one" --json --password-file fio
json "'given to' in d['boards'][0]['mended']"
programmed blink.elf
start "a link or a folder where the file should be is left alone"
sketch_boot image=861
inside 'mkdir -p /tmp/arduino/m4-user-sketch.elf' || problem "mkdir"
upload 30 "$one"
error_form '30 refused'
inside 'rmdir /tmp/arduino/m4-user-sketch.elf; rmdir /tmp/arduino; ln -s /tmp /tmp/arduino' || problem "ln"
upload 30 "$one"
error_form '30 refused'
finish
