#!/usr/bin/env bash
# shellcheck disable=SC2016 # what stands in single quotes is for nobody to expand
# What people and scripts mistype: selectors, operands, options, values. A clear sentence, the right code, and no board is
# touched by it.
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
echo text >file
plug --board 'start=linux adbgap=200 serial=0a13b209dab6fad9 adbd="image=881"' --board 'start=linux adbgap=200 serial=2d16ba09dab6fad9 adbd="image=934"' \
    --board 'start=rom'
on 0 -s 0A13B209DAB6FAD9 name bench-1

# Commands for one board, as a mistyped selector meets them; 255 is exec's and shell's own.
commands=('info' 'push file /tmp/' 'pull /etc/hostname here' 'forward 0:80' 'logs' 'reboot -y')

echo "== selectors"
for selector in '' ' ' '{x}' 's-{x}' '$x' '$SERIAL' '${SERIAL}' '%SERIAL%' '<serial>' 'usb:' 'usb:x' 'usb:1-' 'usb:1-2 ' 'adb:' 'adb::5555' 'adb:host:' 'adb:host:port' 'adb:host:0' \
    'adb:host:70000' 'adb:host:-1' 'adb:a b:5555' 'adb:[::1' 'net:' 'slot:x' 'nosuch:1' 'a/b' $'a\nb' 'ü' '*' "$(head -c 5000 /dev/zero | tr '\0' a)"; do
    start "-s '$(printf %s "$selector" | head -c 20 | tr '\n' ' ')' is no selector: 2, or 10 with what is there"
    on - -s "$selector" info
    case $status in
    2) failed 2 usage ;;
    10) failed 10 no-board ;;
    *) problem "status $status" ;;
    esac
    case $selector in
    '' | ' ' | *'$'* | *'{'* | usb: | adb: | adb::* | *: | adb:host:* | usb:x) [ "$status" = 2 ] || problem "status $status, not 2" ;;
    esac
    on 255 -s "$selector" exec -- true
    within 8
done
start "an empty selector in the environment is none, a broken one is said with the variable's name"
on 255 exec -- true
failed 11 several-boards
for variable in X8CTL_SERIAL ANDROID_SERIAL; do
    run 255 "${via[@]}" "$variable=" "$X8CTL" exec -- true
    failed 11 several-boards
    run 255 "${via[@]}" "$variable=\${x}" "$X8CTL" exec -- true
    failed 2 usage
    says "$variable"
    run 0 "${via[@]}" "$variable=0A13B209DAB6FAD9" "$X8CTL" exec -- true
done
start "nothing matches: 10, with what is there"
for command in "${commands[@]}"; do
    # shellcheck disable=SC2086 # the words of a command
    on 10 -s 0123456789abcdef $command
    error_form 10 no-board
    says 'bench-1|0A13B209DAB6FAD9'
    says '2D16BA09DAB6FAD9'
done
on 10 -s usb:1-9 info
error_form 10 no-board
on 10 -s nobody info
error_form 10 no-board
start "several match, or are there: 11, with the list"
for command in "${commands[@]}"; do
    # shellcheck disable=SC2086
    on 11 $command
    error_form 11 several-boards
    says 'bench-1'
    says '2D16BA09DAB6FAD9'
done
on 11 -s fad9 info
error_form 11 several-boards
on 11 -s bench-1 -s 2d16ba09dab6fad9 forward 0:80
failed 11 several-boards
on 11 --all pull /etc/hostname here
failed 11 several-boards
start "what is meant is found: serial in any case, a suffix, the name, the port"
for selector in 0A13B209DAB6FAD9 0a13b209dab6fad9 09dab6fad9 b209dab6fad9 a13b209dab6fad9 bench-1 BENCH-1 usb:1-2; do
    on - -s "$selector" exec -- sed -n s/^IMAGE_VERSION=//p /etc/os-release
    case $selector in
    09dab6fad9) [ "$status" = 255 ] && failed 11 several-boards ;;
    *) out_is $'881\n' ;;
    esac
done
start "a suffix that is too short is no serial number"
on - -s ad9 info
[ "$status" = 2 ] || [ "$status" = 10 ] || problem "status $status"
start "a board that does not run is 12, and how it gets there"
on 255 -s usb:1-4 exec -- true
error_form 12 wrong-state
says 'switches|boot'
on 12 -s usb:1-4 push file /tmp/
failed 12 wrong-state
start "the same board twice is one board"
on 0 -s bench-1 -s 0A13B209DAB6FAD9 exec -- echo once
out_is $'once\n'

echo "== options and operands"
select=(-s bench-1)
start "operands that are missing, or too many"
for command in push 'push file' pull forward 'info nosuch' 'logs docker' 'open now' 'reboot now' 'identify now' 'name a b' 'push - ' 'wait now' 'os-release a b c d'; do
    # shellcheck disable=SC2086
    on - $command
    case $command in
    *) [ "$status" != 0 ] || problem "$command: it went through" ;;
    esac
    says '^  code   (2|4|20) '
    says '^  next   .'
    prints_nothing
done
on 255 exec
failed 2 usage
on 255 exec --
failed 2 usage
start "options that do not exist, or lack their value"
for command in push pull forward logs open info reboot; do
    on 2 "$command" --no-such-option
    failed 2 usage
    says 'no-such-option'
done
on 255 exec --in
failed 2 usage
on 255 exec --no-such-option -- true
failed 2 usage
on 255 exec true --in
[ "$status" = 255 ] || [ "$status" = 127 ] || problem "status $status"
on 2 push --mode
failed 2 usage
start "values that are none"
for mode in '' x 8 999 0o644 -1 77777 ' 644' '644 ' u+x 6440000000000; do
    input=./file
    on 2 push --mode "$mode" - /tmp/x
    failed 2 usage
    input=/dev/null
done
on 2 push --mode 644 file /tmp/
failed 2 usage
for level in 8 -1 error loud '' 3x; do
    on 2 logs -p "$level"
    failed 2 usage
done
on 2 logs --no-root --lines=x
failed 2 usage
says 'no number of lines'
for fd in x -1 99999999999999999999 ''; do
    on 255 exec --root --password-fd "$fd" -- true
    failed 2 usage
done
for duration in x -1s 5x '' 1e3s 99999999999999999999s; do
    on 255 -t "$duration" exec -- true
    failed 2 usage
done
for way in '' ether ssh USBB; do
    on 255 --via "$way" exec -- true
    failed 2 usage
done
start "a lonely dash is stdin or stdout, once"
on 2 push - - /tmp/x
failed 2 usage
on 2 push file - /tmp/
failed 2 usage
on 2 pull /etc/hostname /etc/os-release -
failed 2 usage
on 2 pull --json /etc/hostname -
failed 2 usage
start "journalctl's own complaints come through with its words"
for option in '--since=soon' '--grep=('; do
    on 2 logs --no-root "$option"
    error_form 2 usage
    says 'why    .*(Failed to parse|Bad pattern)'
done

echo "== what is huge, and what is odd"
start "an operand of 100,000 bytes: a sentence of ordinary length"
long=$(head -c 100000 /dev/zero | tr '\0' a)
on - push file "/tmp/$long"
[ "$status" != 0 ] || problem "it went through"
[ "$(wc -c <"$err")" -lt 3000 ] || problem "the message has $(wc -c <"$err") bytes"
on 20 push "$long" /tmp/
[ "$(wc -c <"$err")" -lt 3000 ] || problem "the message has $(wc -c <"$err") bytes"
on 2 forward "$long"
[ "$(wc -c <"$err")" -lt 3000 ] || problem "the message has $(wc -c <"$err") bytes"
on - pull "/tmp/$long" here
[ "$status" != 0 ] || problem "it went through"
[ "$(wc -c <"$err")" -lt 3000 ] || problem "the message has $(wc -c <"$err") bytes"
on 2 info "$long"
[ "$(wc -c <"$err")" -lt 3000 ] || problem "the message has $(wc -c <"$err") bytes"
start "a thousand operands, and one too many forwards"
mapfile -t many < <(printf '%s\n' {1..1000})
on 0 exec -- sh -c 'echo $#' - "${many[@]}"
out_is $'1000\n'
start "bytes that a terminal would obey are not passed on by messages"
on 20 push $'\e[31m\a\x9bno such' /tmp/
! grep -aqP '[\x00-\x08\x0b-\x1f\x7f]' "$err" || problem "control bytes in the message: $(cat -v "$err")"
on 20 pull $'/tmp/\e]0;title\a' here
! grep -aqP '[\x00-\x08\x0b-\x1f\x7f]' "$err" || problem "control bytes in the message: $(cat -v "$err")"
on - -s $'\e[2J' info
! grep -aqP '[\x00-\x08\x0b-\x1f\x7f]' "$err" || problem "control bytes in the message: $(cat -v "$err")"
start "an operand that looks like an option of the board's programs is a name"
for name in -rf --help -n -- '-e x'; do
    on 0 exec -- mkdir -p /tmp/x
    on 0 push file "/tmp/x/$name"
    on 0 pull "/tmp/x/$name" ./back
    same file back
done
start "nothing of all that reached the other board"
select=(-s 2d16ba09dab6fad9)
asked '' 'ls -A /tmp'
finish
