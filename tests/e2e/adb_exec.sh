#!/usr/bin/env bash
# shellcheck disable=SC2016,SC1003 # what stands in single quotes is for the board's shell
# exec on a daemon that merges the outputs and loses the status: the true status, both outputs apart, input, arguments,
# root with every kind of password, several boards.
# shellcheck source=adb_kit.sh
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
bytes five 5000000

echo "== statuses"
boot image=881
start "false gives a status that is not 0"
on 1 exec -- false
prints_nothing
[ ! -s "$err" ] || problem "a status of the command is no error of ours"
start "every kind of status comes through"
for status in {0..20} {30..36} 40 41 50 63 64 100 {124..131} 137 143 {190..194} 253 254; do
    on "$status" exec -- sh -c "exit $status"
done
start "a status of 255 comes through, and JSON tells it from a failure of our own"
on 255 exec --json -- sh -c 'exit 255'
json 'd["boards"][0]["status"] == 255 and d["boards"][0]["code"] == "ok"'
start "a command that is not there is 127, one that may not be run 126"
on 127 exec -- no-such-program
says 'no-such-program: command not found'
on 126 exec -- /etc/hostname
says 'Permission denied'
start "killed by a signal is 128 and the signal"
for signal in KILL TERM INT HUP SEGV PIPE; do
    on $((128 + $(kill -l $signal))) exec -- bash -c "kill -$signal \$\$"
done
on 137 exec -- sh -c 'sleep 60 & kill -9 $!; wait $!'
start "words of the shell itself cannot hide the status"
while read -r want line; do
    on "$want" shell -c "$line"
done <<'END'
7 exit 7
1 set -e; false; exit 0
1 exec false
9 exec sh -c "exit 9"
137 kill -9 $$
137 kill -KILL "$$"
143 kill -TERM 0
4 exec >&-; exit 4
6 exec 2>&- 3>&- 7>&- 8>&- 9>&-; exit 6
5 trap "exit 5" EXIT
10 trap "" HUP INT TERM PIPE; exit 10
11 printf() { :; }; export -f printf; exit 11
12 stty sane 2>/dev/null; exit 12
13 ulimit -f 0; exit 13
14 exec </dev/null >/dev/null 2>&1; exit 14
15 read -r x; exit 15
16 e=0; n=0; c=0; unset PATH; exit 16
17 set -u; IFS=; POSIXLY_CORRECT=1; exit 17
2 if
2 case x in
2 "
END
start "a child that stays behind does not hold the end up"
on 0 exec -- sh -c 'sleep 30 & echo started'
out_is $'started\n'
within 5

echo "== outputs"
start "stdout and stderr apart, each in its order"
on 0 exec -- bash -c 'for i in {1..300}; do echo out $i; echo err $i >&2; done'
seq -f 'out %g' 300 | cmp -s - "$out" || problem "stdout is not in order"
seq -f 'err %g' 300 | cmp -s - "$err" || problem "stderr is not in order"
start "both outputs long at once"
on 0 exec -- bash -c 'head -c 1500000 /dev/zero | tr "\0" e >&2 & head -c 1500000 /dev/zero | tr "\0" o; wait'
[ "$(tr -d o <"$out" | wc -c),$(wc -c <"$out")" = 0,1500000 ] || problem "stdout is not 1500000 times the same letter"
[ "$(tr -d e <"$err" | wc -c),$(wc -c <"$err")" = 0,1500000 ] || problem "stderr is not 1500000 times the same letter"
start "into one file, both are in their order"
shown='exec >both 2>&1'
"$X8CTL" "${select[@]}" exec -- bash -c 'for i in {1..200}; do echo o$i; echo e$i >&2; done' >both 2>&1 </dev/null || problem "status $?"
for i in {1..200}; do printf 'o%s\ne%s\n' "$i" "$i"; done | cmp -s - both || problem "one file for both outputs has lost their order"
start "output without a line end stays without one"
on 0 exec -- printf 'no end'
out_is 'no end'
on 3 exec -- bash -c "printf 'no end' >&2; exit 3"
err_is 'no end'
start "no output at all, and line ends alone"
on 0 exec -- true
prints_nothing
on 0 exec -- printf '\n\r\n\n'
out_is $'\n\r\n\n'
start "control bytes come as they are"
on 0 exec -- printf '\001\003\004\021\023\032\034\177\033[31m\b\t\377\200\000end'
printf '\001\003\004\021\023\032\034\177\033[31m\b\t\377\200\000end' | cmp -s - "$out" || problem "stdout has changed"
start "what looks like our own marks is output, and the status the true one"
on 5 exec -- bash -c 'printf "\036X8%s=0;" 0123456789abcdef0123456789abcdef; printf "\nX8RC:x:0\n\036X8\036X8\036"; exit 5'
printf '\036X80123456789abcdef0123456789abcdef=0;\nX8RC:x:0\n\036X8\036X8\036' | cmp -s - "$out" || problem "stdout has changed"
start "nobody on the board can read a whole mark"
on 0 exec -- bash -c 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\0" "\n"; set'
prints 'printf'
! grep -aqP '\x1eX8[0-9a-f]{32}[=!+]' "$out" || problem "a mark can be seen on the board"
start "every byte value out: 5 MB"
"$X8CTL" "${select[@]}" push -q five /tmp/five || problem "push: $?"
on 0 exec -- cat /tmp/five
same five "$out"
start "every byte value in and out: 5 MB through cat"
input=five
on 0 exec -- cat
same five "$out"
start "every byte value in, to a reader that is done early"
on 0 exec -- head -c 300
head -c 300 five | cmp -s - "$out" || problem "not the first 300 bytes"
within 10
start "input and stderr: 5 MB through cat >&2"
on 6 exec -- sh -c 'cat >&2; exit 6'
same five "$err"
start "input counted on the board"
on 0 exec -- wc -c
prints '^ *5000000$'
on 0 exec -- sha256sum
prints "^$(sha256sum <five)\$"
input=/dev/null

echo "== input"
start "stdin from /dev/null, closed and empty is an end at once"
on 0 exec -- cat
prints_nothing
within 5
run 0 bash -c 'exec "$@" <&-' - "$X8CTL" "${select[@]}" exec -- cat
prints_nothing
within 5
: >empty
input=empty
on 0 exec -- wc -c
prints '^ *0$'
input=/dev/null
start "--no-stdin leaves the list of a loop alone"
shown='while read; do exec --no-stdin'
printf 'one\ntwo\nthree\n' | while read -r word; do
    "$X8CTL" "${select[@]}" exec --no-stdin -- echo "$word"
done >"$out" 2>"$err"
out_is $'one\ntwo\nthree\n'
start "a pipe that never ends does not keep a command that has ended"
mkfifo endless
exec 5<>endless
input=endless
on 4 exec -- sh -c 'exit 4'
within 5
printf 'first\nsecond\n' >&5
on 0 exec -- head -n 1
out_is $'first\n'
within 5
exec 5<&-
input=/dev/null
start "stdin that comes bit by bit is there as it comes"
shown='a conversation'
mkfifo asks
("$X8CTL" "${select[@]}" exec -- bash -c 'while read -r word; do echo "<$word>"; done; exit 9' <asks >answers 2>"$err"; echo "$?" >ended) &
exec 5>asks
: >answers
for word in one two three; do
    echo "$word" >&5
    await 60 "the answer to $word" grep -q "<$word>" answers
done
exec 5>&-
wait $!
[ "$(cat ended)" = 9 ] || problem "status $(cat ended), not 9"

echo "== arguments"
start "each operand is one word there, whatever it holds"
words=('' ' ' 'a b' "it's" '"quoted"' '$HOME' '`id`' '$(id)' '*' '~' '\' 'back\slash' '!' '!!' '#' '&' '|' ';' '<' '>' '(' '{a,b}' '[x]' '-n' '--' '=' '%s' $'two\nlines'
    $'tab\there' $'\r' 'grüße 日本' $'not \xff utf-8 \xfe' $'\e[31m' $'\x1eX8' "'" "''" "'\\''" $'trailing\n' 'a=b' '$$')
on 0 exec -- printf '[%s]\0' "${words[@]}"
printf '[%s]\0' "${words[@]}" | cmp -s - "$out" || problem "the words are not the same"
start "a name of a program with a blank and a quote in it"
inside "mkdir -p \"/tmp/a b'c\"; printf '#!/bin/sh\necho here\n' >\"/tmp/a b'c/prog\"; chmod 755 \"/tmp/a b'c/prog\""
on 0 exec -- "/tmp/a b'c/prog"
out_is $'here\n'
start "a command longer than a service of the daemon takes: 4089 bytes and more"
for length in 3000 4000 4089 4096 8192 50000 120000; do
    long=$(head -c "$length" /dev/zero | tr '\0' x)
    on 8 shell -c "v='$long'; echo \${#v}; exit 8"
    out_is "$length"$'\n'
done
shown='exec -- printf, with 4 times 110000 bytes'
long=$(head -c 110000 five | tr '\0' "'")
on 0 exec -- printf '%s|' "$long" "$long" "$long" "$long"
out_is "$long|$long|$long|$long|"
start "a long command with input"
input=five
long=$(head -c 9000 /dev/zero | tr '\0' 'y')
on 0 exec -- sh -c "cat # $long"
same five "$out"
input=/dev/null
start "--in chooses the folder, and one that is not there is said"
on 0 exec --in /etc -- pwd
out_is $'/etc\n'
inside "mkdir -p '/tmp/ü it'\\''s'"
on 0 exec --in "/tmp/ü it's" -- pwd
out_is "/tmp/ü it's"$'\n'
on 126 exec --in /no/such -- pwd
says '/no/such: No such file or directory'
prints_nothing
start "the surroundings are those of a login"
on 0 exec -- sh -c 'umask; pwd; echo $HOME $USER $LOGNAME; [ -t 1 ] || echo no terminal; tar c -f - /etc/hostname | tar t'
prints '^0022$'
prints '^/(var/rootdirs/)?home/fio$'
prints '/home/fio fio fio$'
prints '^no terminal$'
prints '^etc/hostname$'

echo "== our own failures"
start "they are 255, with their code in the message"
grep -q 255 < <("$X8CTL" help exec) || problem "help does not say so"
run 255 "$X8CTL" -s "$nowhere" exec -- true
says '^  code   [0-9]+ '
run 255 "$X8CTL" "${select[@]}" exec
failed 2 usage
run 255 "$X8CTL" "${select[@]}" exec --no-such-option -- true
failed 2 usage
run 255 "$X8CTL" "${select[@]}" exec --tty -- true
failed 2 usage
says 'terminal'
start "JSON has status and outputs, and an error its code"
on 3 exec --json -- sh -c 'echo out; echo err >&2; exit 3'
json 'd["boards"][0]["status"] == 3 and d["boards"][0]["stdout"] == "out\n" and d["boards"][0]["stderr"] == "err\n"'
[ ! -s "$err" ] || problem "stderr of the command is in the document"
run 255 "$X8CTL" --json -s "$nowhere" exec -- true
json 'd["error"]["status"] in (10, 12, 15, 16) and d["error"]["what"]'

echo "== the image's .bashrc asks the terminal for its size"
boot image=934
start "its noise is in no output, and its three seconds in no time"
input=five
on 0 exec -- cat
same five "$out"
input=/dev/null
on 0 exec -- echo quiet
out_is $'quiet\n'
within 2
on 7 shell -c 'echo quiet; exit 7'
out_is $'quiet\n'
within 2

echo "== root"
umask 077
secret="it's \"a\" \$HOME grüße \\x"
printf '%s\n' "$secret" >password
printf 'wrong\n' >wrong
printf 'fio\n' >fio
boot --board "image=822 sudo=fio" --board "image=861 sudo=expired" --board "image=934 sudo=empty" --board "image=881 sudo=custom password='$(printf %s "$secret" | sed "s/'/'\"'\"'/g")'" \
    --board "image=822 sudo=dev"
worlds=("" fio expired empty custom dev)
board_of() { select=(-s "${places[$1]}"); }
start "the password fio"
board_of 1
on 0 exec --root --password-file fio -- id -u
out_is $'0\n'
on 9 exec --root --password-file fio -- sh -c 'echo out; echo err >&2; exit 9'
out_is $'out\n'
err_is $'err\n'
start "no password where none is needed"
board_of 3
on 0 exec --root -- id -u
out_is $'0\n'
on 0 exec --root --password-file wrong -- id -u
out_is $'0\n'
start "an expired one is said to be expired"
board_of 2
on 255 exec --root --password-file fio -- id -u
error_form 40 auth
says '[Ee]xpired'
prints_nothing
start "a password with quotes, blanks, a dollar sign and letters that are not ASCII"
board_of 4
on 0 exec --root --password-file password -- id -u
out_is $'0\n'
start "from a descriptor"
run 0 bash -c 'exec "$@" 7<password' - "$X8CTL" "${select[@]}" exec --root --password-fd 7 -- id -u
out_is $'0\n'
start "a password and 5 MB of input do not meet"
input=five
on 0 exec --root --password-file password -- cat
same five "$out"
input=/dev/null
for world in 1 2 4; do
    start "no password where one is needed (${worlds[world]}) is 40, and nothing is run"
    board_of $world
    on 255 exec --root --no-input -- touch /tmp/ran
    error_form 40 auth
    says 'next .*--password-file'
    start "a wrong password (${worlds[world]}) is 40, and nothing is run"
    on 255 exec --root --password-file wrong -- touch /tmp/ran
    error_form 40 auth
    asked '' 'ls /tmp/ran 2>/dev/null; :'
done
board_of 4
start "a wrong password is tried once"
on 255 exec --root --password-file wrong -- true
says 'did not accept.*password'
within 6
start "a password file that is not there, empty, or open to others"
on 255 exec --root --password-file nosuch -- true
failed 20 no-file
: >empty
on 255 exec --root --password-file empty -- true
says '^  code   (2|20|40) '
on 255 exec --root --password-fd 77 -- true
says '^  code   (2|20) '
start "the password is in no process list of the board, not in what we say, not in the log"
# A password without special letters, so that it would look the same wherever it were.
boot image=881 sudo=custom password=Unmistakable77
printf 'Unmistakable77\n' >password
watch 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ'
on 0 exec -- sh -c 'sleep 0.3; : Control88'
on 0 exec --root --password-file password -vvv --log log -- sh -c 'sleep 0.3; id -u; : Control99'
out_is $'0\n'
watched
saw Control88
saw Control99
saw_no Unmistakable77
says_no 'Unmistakable|556e6d697374|55 6e 6d 69'
if [ "${X8_KIT_WAY:-adb}" = adb ]; then # libssh shows nobody what it sends
    [ "$(wc -c <"$err")" -gt 1000 ] || problem "-vvv says little"
    [ -s log ] || problem "there is no log"
fi
! grep -aqE 'Unmistakable|556e6d697374|55 6e 6d 69' log || problem "the password is in the log"
! grep -arq Unmistakable "$X8CTL_HOME" || problem "the password is in a file of ours"
start "nor does it stay in a file of the board"
inside 'grep -rl Unmistakable /tmp /run /var/rootdirs/home /dev/shm 2>/dev/null; :' >found
[ ! -s found ] || problem "it is in $(cat found)"

echo "== several boards"
boot --board "image=881 serial=0A13B209DAB6FAD9" --board "image=934 serial=1822AA09DAB6FAD9" --board "image=822 persona=new serial=2D16BA09DAB6FAD9"
select=(-s "${places[1]}" -s "${places[2]}" -s "${places[3]}" --all)
start "lines have the name of their board in front, whole"
on 0 exec --all -- bash -c 'for i in 1 2 3 4 5; do printf "li"; echo "ne $i"; echo "error $i" >&2; done; printf "no end"'
[ "$(grep -cE '^(tcp )?[^ ]+: line [1-5]$' "$out")" = 15 ] || problem "not 15 whole lines on stdout"
[ "$(grep -cE '^(tcp )?[^ ]+: no end$' "$out")" = 3 ] || problem "what had no line end is not in a line of its own"
[ "$(grep -cE '^(tcp )?[^ ]+: error [1-5]$' "$err")" = 15 ] || problem "not 15 whole lines on stderr"
[ "$(sed 's/: .*//' "$out" | sort -u | wc -l)" = 3 ] || problem "not three names"
start "equal statuses are the status, unequal ones 50 with each board's"
on 7 exec --all -- sh -c 'exit 7'
on 50 exec --all -- sh -c '. /etc/os-release; [ "$IMAGE_VERSION" != 934 ]'
says '1 of 3 boards'
says ' 0, .* 1, .* 0$'
on 50 exec --all --json -- sh -c '. /etc/os-release; echo $IMAGE_VERSION; [ "$IMAGE_VERSION" != 934 ]'
json '[(b["stdout"], b["status"]) for b in d["boards"]] == [("881\n", 0), ("934\n", 1), ("822\n", 0)]'
start "one of several cannot be reached: the others run"
select=(-s "${places[1]}" -s "$nowhere" --all)
on 50 exec --all -- echo here
prints 'here$'
says '127.0.0.1:1'

echo "== journals of several boards"
boot --board "image=881 serial=0A13B209DAB6FAD9" --board "image=934 sudo=fio serial=1822AA09DAB6FAD9"
printf 'fio\n' >password
chmod 600 password
select=(-s "${places[1]}" -s "${places[2]}" --all --password-file password)
start "they are merged by time, whole, and each with its name"
on 0 logs
[ "$(grep -cE "^${labels[1]}: [0-9-]+T[0-9:.]+Z " "$out")" -gt 5 ] || problem "no lines of the first board"
[ "$(grep -cE "^${labels[2]}: [0-9-]+T[0-9:.]+Z " "$out")" -gt 5 ] || problem "no lines of the second board"
grep -oE ' [0-9-]+T[0-9:.]+Z ' "$out" | sort -c 2>sorted || problem "not in order: $(cat sorted)"
start "one that cannot be reached holds nobody up"
select=(-s "${places[1]}" -s "$nowhere" --all --password-file password)
on 50 logs
prints 'Z '
within 20

[ "${X8_KIT_WAY:-adb}" = adb ] || finish # the rest is adb's alone

echo "== the daemon ends while a command runs"
ends=(exec --root -- sh -c 'systemctl restart android-tools-adbd; sleep 600')
unknown() {
    error_form '15 gone'
    says 'outcome is unknown'
}
for persona in old new; do
    start "over TCP: 15, at once ($persona)"
    boot image=934 "persona=$persona"
    on 255 "${ends[@]}"
    unknown
    within 10
done
start "over USB, where the next daemon knows nothing of the command: 15, soon"
plug start=linux adbgap=200 adbd=image=934
on 255 "${ends[@]}"
unknown
within 40
on 0 exec -- true
if command -v adb >/dev/null; then
    start "through adb's server, which calls the board offline: 15, at once"
    boot image=934
    serve
    adb connect "$adb" >/dev/null
    select=()
    on 255 "${ends[@]}"
    unknown
    within 10
fi

echo "== Ctrl-C before the command has begun"
# interrupted SEEN WORDS...: exec on a board that falls silent, and Ctrl-C once its daemon has logged SEEN.
interrupted() {
    local seen=$1 began
    shift
    boot image=822 "log=$work/daemon" "$@"
    printf 'fio\n' >password
    env --default-signal=INT "$X8CTL" "${select[@]}" exec --root --password-file password -- sleep 60 >"$out" 2>"$err" </dev/null &
    pid=$!
    shown="exec and Ctrl-C: $*"
    await 60 "$seen" grep -qs -e "$seen" "$work/daemon"
    began=$(milliseconds)
    kill -INT "$pid"
    wait "$pid"
    status=$?
    elapsed_ms=$(($(milliseconds) - began))
    check_status 130
    error_form '130 stopped'
    says_no 'safe point'
    within 5
}
start "while the link begins"
interrupted 'link begins' silent=1
says_no 'unknown'
start "while the question for root is started"
interrupted 'open .*shell' fault=at:wrte,dir:out,do:stall
says_no 'unknown'
start "while sudo asks: whether the command began is unknown"
interrupted 'open .*sudo -H -S.*sleep' persona=new fault=at:wrte,dir:in,match:sleep,do:stall
says 'whether the command began is unknown'
finish
