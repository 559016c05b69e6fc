#!/usr/bin/env bash
# shellcheck disable=SC2016,SC1003 # what stands in single quotes is for the board's shell
# push and pull: contents, modes, names, links, what is not sent again, what is removed; a full, a read-only and a
# forbidden place; nothing half-written under its final name, nothing left behind, no secret readable by others.
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
umask 022
home=/var/rootdirs/home/fio
bytes five 5000000
five_sum=$(sha256sum <five)

# Everything below these folders of the board, with kinds, modes and sizes.
listing() { inside "find /tmp /dev/shm $home -mindepth 1 -printf '%p %y %m %s\n' 2>/dev/null | sort"; }
before() { listing >listed; }
nothing_new() {
    listing >listed.now
    cmp -s listed listed.now || problem "the board has changed: $(diff listed listed.now | grep '^[<>]' | head -n 5 | tr '\n' ';')"
}

boot image=881 sudo=fio
echo fio >password
chmod 600 password

echo "== contents and modes"
start "5 MB of all byte values, both ways"
before
on 0 push five /tmp/five
prints_nothing
says '1 file, '
asked "$five_sum" 'sha256sum </tmp/five'
on 0 pull /tmp/five back
same five back
on 0 push --json five /tmp/again
json "d['boards'][0]['files'] == 1 and d['boards'][0]['bytes'] == 5000000 and d['boards'][0]['sha256'] == '${five_sum%% *}'"
inside 'rm /tmp/five /tmp/again'
nothing_new
start "modes stay what they are, both ways"
for mode in 600 640 644 444 400 755 700 711 777 604; do
    echo "$mode" >"m$mode"
    chmod "$mode" "m$mode"
    on 0 push "m$mode" /tmp/
    asked "$mode" "stat -c %a /tmp/m$mode"
    on 0 pull "/tmp/m$mode" got/
    [ "$(stat -c %a "got/m$mode")" = "$mode" ] || problem "pulled with mode $(stat -c %a "got/m$mode"), not $mode"
    rm -f "got/m$mode"
done
start "the time stays as well"
touch -d '2001-02-03 04:05:06 UTC' old
on 0 push old /tmp/
asked 981173106 'stat -c %Y /tmp/old'
on 0 pull /tmp/old got/
[ "$(stat -c %Y got/old)" = 981173106 ] || problem "pulled with another time"
start "a changed mode alone is mended without sending"
chmod 640 old
on 0 push --json old /tmp/
json 'd["boards"][0]["moved_bytes"] == 0'
asked 640 'stat -c %a /tmp/old'
start "sizes around every limit of the protocol"
mkdir sizes
for size in 0 1 2 511 512 513 4071 4072 4073 4095 4096 4097 8192 65535 65536 65537 131071 131072 131073; do
    head -c "$size" five >"sizes/$size"
done
on 0 push sizes /tmp/
asked "$(cd sizes && sha256sum ./*)" 'cd /tmp/sizes && sha256sum ./*'
on 0 pull /tmp/sizes got/
diff -r sizes got/sizes >/dev/null || problem "pulled sizes differ"
start "an empty file and an empty folder"
mkdir -p empty/inner
: >empty/file
on 0 push empty /tmp/
asked 'file f 0
inner d 4096' "cd /tmp/empty && find . -mindepth 1 -printf '%P %y %s\n' | sed 's/ d .*/ d 4096/' | sort"
on 0 pull /tmp/empty got/
[ "$(cd got/empty && find . -mindepth 1 -printf '%P %y\n' | sort | tr '\n' ' ')" = 'file f inner d ' ] || problem "the empty ones did not come back"

echo "== names"
start "blanks, quotes, line ends, a dash in front, bytes that are no text"
mkdir names
while IFS= read -r -d '' name; do
    printf 'of %s' "$name" >"names/$name"
done < <(printf '%s\0' 'a b' ' lead' 'trail ' "it's" '"q"' '$HOME' '`id`' '*' '?' '[a]' '\' 'a\nb' $'new\nline' $'\n' $'tab\t' $'\r' '-rf' '--' '-' '~' '#' '!' '&;|<>' \
    'grüße' '日本' $'\xff\xfe' $'\xc3(' $'\e[31m' $'\x01' '.hidden' '...' '%s%n' '=' 'C:' "$(head -c 255 /dev/zero | tr '\0' n)")
on 0 push names /tmp/
(cd names && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum -z | sha256sum) >sum
asked "$(cat sum)" 'cd /tmp/names && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum -z | sha256sum'
on 0 pull /tmp/names got/
diff -r names got/names >/dev/null || problem "pulled names differ"
on 0 push --json names /tmp/
json 'd["boards"][0]["changed"] == 0 and d["boards"][0]["files"] > 30'
on 0 push --json --checksum names /tmp/
json 'd["boards"][0]["changed"] == 0'
start "each of them as an operand, too"
for name in 'a b' "it's" '$HOME' '*' '\' $'new\nline' '-rf' '~' $'\xff\xfe' 'grüße'; do
    on 0 push "./names/$name" "/tmp/to $name"
    on 0 pull "/tmp/to $name" "./one $name"
    cmp -s "names/$name" "one $name" || problem "not the same: $name"
done
cd names || exit 1
on 0 push -- -rf /tmp/dash-
cd "$work" || exit 1
asked 'of -rf' 'cat /tmp/dash-'
start "names in the home folder are relative to it"
on 0 push old here
asked 981173106 "stat -c %Y $home/here"
on 0 pull here got/here
start "a name that leads nowhere, upwards, or is too long"
on 20 pull /tmp/no/such .
failed 20 no-file
on 20 push nosuch /tmp/
failed 20 no-file
on 30 push old /tmp/no/such/folder
failed 30 refused
says 'mkdir|/.? at its end'
on 30 push old "/tmp/$(head -c 300 /dev/zero | tr '\0' n)"
says '[Ff]ile name too long'
on 2 push old ''
on 2 pull ''
on 2 push '' /tmp/

echo "== folders and links"
mkdir -p app/sub/deep
echo one >app/one
echo two >app/sub/two
echo three >app/sub/deep/three
ln -s one app/link
ln -s ../one app/sub/up
ln -s /no/where app/dangling
ln -s sub app/dirlink
ln -s "$(printf 'odd \n "name"')" app/odd
chmod 700 app/sub
chmod 750 app/sub/deep
want=$(cd app && find . -mindepth 1 -printf '%P %y %m %l\n' | LC_ALL=C sort)
there() { asked "$want" "cd $1 && find . -mindepth 1 -printf '%P %y %m %l\n' | LC_ALL=C sort"; }
start "a folder under a new name, with its links, both ways"
on 0 push app /tmp/new
there /tmp/new
on 0 pull /tmp/new got/new
[ "$(cd got/new && find . -mindepth 1 -printf '%P %y %m %l\n' | LC_ALL=C sort)" = "$want" ] || problem "pulled folder differs"
on 0 pull /tmp/new got/new
on 0 pull /tmp/new got/
start "into an existing folder, with and without a slash"
inside 'mkdir /tmp/in1 /tmp/in2 /tmp/in3'
on 0 push app /tmp/in1
there /tmp/in1/app
on 0 push app /tmp/in2/
there /tmp/in2/app
on 0 push app/ /tmp/in3/
there /tmp/in3/app
start "the folder of the same name is brought up to date, not filled with itself"
on 0 push app /tmp/in1/app
there /tmp/in1/app
start "what a folder holds: app/."
inside 'mkdir /tmp/in4'
on 0 push app/. /tmp/in4
there /tmp/in4
start "several sources into a folder that is made"
on 0 push app/one app/sub /tmp/several/
asked 'one
sub
sub/deep
sub/deep/three
sub/two
sub/up' "cd /tmp/several && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort"
on 30 push app/one app/sub /tmp/several2
failed 30 refused
on 0 pull /tmp/several/one /tmp/several/sub got/sev/
[ -f got/sev/sub/deep/three ] || problem "several sources did not come back"
start "a link that is named is followed"
on 0 push app/link /tmp/followed
asked 'regular file one' 'stat -c %F /tmp/followed | tr "\n" " "; cat /tmp/followed'
start "a target that is a link: the file it leads to is replaced, the link stays or is replaced, nothing else"
inside 'echo before >/tmp/real; ln -s real /tmp/alias; ln -s /tmp/in4 /tmp/dir-alias'
on 0 push app/one /tmp/alias
asked one 'cat /tmp/alias'
on 0 push app/one /tmp/dir-alias
asked one 'cat /tmp/in4/one'
asked 'symbolic link' 'stat -c %F /tmp/dir-alias'
start "pipes and sockets in a folder are left out with a warning"
mkdir odd
echo plain >odd/plain
mkfifo odd/pipe
on 0 push odd /tmp/
says 'pipe'
asked plain 'ls /tmp/odd'
inside 'mkfifo /tmp/odd/board-pipe'
on 0 pull /tmp/odd got/
[ "$(ls got/odd)" = plain ] || problem "pulled: $(ls got/odd)"
start "a file where a folder is, a folder where a file is"
on 30 push app /tmp/real
failed 30 refused
on 30 push app/one /tmp/real/inside
failed 30 refused
asked one 'cat /tmp/real'
inside 'mkdir -p /tmp/clash/one'
mkdir -p clash
echo file >clash/one
on 30 push clash /tmp/
failed 30 refused
asked directory 'stat -c %F /tmp/clash/one'

echo "== what has not changed"
start "is not sent again"
inside 'mkdir /tmp/sync'
on 0 push app /tmp/sync/app
on 0 push --json app /tmp/sync/app
json 'd["boards"][0]["changed"] == 0 and d["boards"][0]["moved_bytes"] == 0 and d["boards"][0]["files"] == 3 and d["boards"][0]["links"] == 5'
on 0 push app /tmp/sync/app
says 'nothing had changed'
echo one more >app/one
on 0 push --json app /tmp/sync/app
json 'd["boards"][0]["changed"] == 1 and d["boards"][0]["moved_bytes"] == 9'
asked 'one more' 'cat /tmp/sync/app/one'
start "--checksum finds what has the same size and time"
touch -d @1000000000 app/one
on 0 push app /tmp/sync/app
inside "printf 'ONE MORE\n' >/tmp/sync/app/one; touch -d @1000000000 /tmp/sync/app/one"
on 0 push --json app /tmp/sync/app
json 'd["boards"][0]["changed"] == 0'
asked 'ONE MORE' 'cat /tmp/sync/app/one'
on 0 push --json --checksum app /tmp/sync/app
json 'd["boards"][0]["changed"] == 1'
asked 'one more' 'cat /tmp/sync/app/one'
start "without --delete what is extra stays, with it it goes"
inside 'echo extra >/tmp/sync/app/extra; mkdir -p /tmp/sync/app/more/deep; echo x >"/tmp/sync/app/more/deep/a b"; ln -s /etc/hostname /tmp/sync/app/outside; mkdir /tmp/sync/beside; echo keep >/tmp/sync/beside/keep'
on 0 push app /tmp/sync/app
asked extra 'cat /tmp/sync/app/extra'
on 0 push -n --json --delete app /tmp/sync/app
json 'd["boards"][0]["removed"] > 0 and d["boards"][0]["dry_run"]'
asked extra 'cat /tmp/sync/app/extra'
on 0 push --json --delete app /tmp/sync/app
json 'd["boards"][0]["removed"] >= 4 and d["boards"][0]["changed"] == 0'
there /tmp/sync/app
asked keep 'cat /tmp/sync/beside/keep; test -s /etc/hostname'
start "--dry-run changes nothing"
before
on 0 push -n --json app /tmp/never
json 'd["boards"][0]["dry_run"] and d["boards"][0]["changed"] == 3'
on 0 pull -n /tmp/sync got/never
[ ! -e got/never ] || problem "a dry run has pulled"
nothing_new

echo "== stdin and stdout"
start "- both ways"
input=five
on 0 push - /tmp/stdin
asked "$five_sum" 'sha256sum </tmp/stdin'
asked 644 'stat -c %a /tmp/stdin'
on 0 push --mode 600 - /tmp/stdin6
asked 600 'stat -c %a /tmp/stdin6'
input=/dev/null
on 0 push - /tmp/stdin0
asked 'regular empty file' 'stat -c %F /tmp/stdin0'
on 0 pull /tmp/stdin -
same five "$out"
on 20 pull /tmp/no/such -
prints_nothing
start "stdin that was read already, and one that is a socket"
shown='a file of which 5 bytes were read'
(python3 -c 'import os; os.lseek(0, 5, 0)'; "$X8CTL" "${select[@]}" push -q - /tmp/rest) <five || problem "status $?"
tail -c +6 five | sha256sum >sum
asked "$(cat sum)" 'sha256sum </tmp/rest'
shown='a socket'
python3 -c '
import socket, subprocess, sys
here, there = socket.socketpair()
program = subprocess.Popen(sys.argv[1:], stdin=there)
there.close()
here.sendall(open("five", "rb").read())
here.close()
sys.exit(program.wait())' "$X8CTL" "${select[@]}" push -q - /tmp/socket || problem "status $?"
asked "$five_sum" 'sha256sum </tmp/socket'
start "a pipe as stdin, and a reader of stdout that leaves"
head -c 5000000 five | "$X8CTL" "${select[@]}" push -q - /tmp/piped || problem "status $?"
asked "$five_sum" 'sha256sum </tmp/piped'
"$X8CTL" "${select[@]}" pull /tmp/piped - 2>"$err" | head -c 1000 >"$out"
head -c 1000 five | cmp -s - "$out" || problem "not the first bytes"
says_no '^x8ctl|code'
start "stdout that is full"
run 25 bash -c 'exec "$@" >/dev/full' - "$X8CTL" "${select[@]}" pull /tmp/piped -
failed 25 host-space

echo "== places"
start "a folder of root: 30 and the hint; with --root it works"
before
on 30 push app/one /etc/x8test
error_form 30 refused
says '/etc/x8test: nothing can be made in /etc'
says_no '\.x8ctl-'
says 'next .*--root'
nothing_new
on 0 push --root --password-file password app /etc/x8test
there /etc/x8test
on 0 exec --root --password-file password -- sh -c 'echo secret >/etc/x8secret; chmod 0 /etc/x8secret' # which is how the double keeps a file from the user
on 30 pull /etc/x8secret got/
failed 30 refused
says '/etc/x8secret: '
says '[Pp]ermission denied'
says 'next .*x8ctl pull --root /etc/x8secret'
on 0 pull --root --password-file password /etc/x8secret got/
chmod 600 got/x8secret
[ "$(cat got/x8secret)" = secret ] || problem "not what root wrote"
input=five
on 0 push --root --password-file password --mode 640 - /etc/x8five
input=/dev/null
on 0 pull --root --password-file password /etc/x8five -
same five "$out"
start "a read-only place: 30 and why"
before
on 30 push app/one /usr/bin/x8test
error_form 30 refused
says '[Rr]ead-only'
says_no '  next .*--root'
on 30 push --root --password-file password app/one /usr/x8test
says '[Rr]ead-only'
nothing_new
start "a program that runs is replaced, and goes on"
inside 'cp -L "$(command -v sleep)" /tmp/prog; chmod 755 /tmp/prog; setsid nohup /tmp/prog 100 >/dev/null 2>&1 </dev/null & echo $! >/tmp/prog.pid
    until [ "$(cat /proc/$!/comm)" = prog ]; do :; done'
on 0 push app/one /tmp/prog
asked 'one more' 'cat /tmp/prog; kill "$(cat /tmp/prog.pid)"'
start "hard links and open files keep what they had"
inside 'echo shared >/tmp/hard; ln /tmp/hard /tmp/hard2'
on 0 push app/one /tmp/hard
asked 'shared' 'cat /tmp/hard2'

# 2,000, with names as long in all as those of 20,000, which are for X8_LONG=1.
many=2000 tail=' a name that makes the list of all names a long one, as many names would'
[ -z "${X8_LONG:-}" ] || many=20000 tail=
echo "== $many files"
start "both ways, and nothing the second time"
python3 - "$many" "$tail" <<'END'
import os, random, sys
random.seed(3)
for folder in range(int(sys.argv[1]) // 100):
    os.makedirs(f"many/{folder % 20}/{folder}")
    for file in range(100):
        with open(f"many/{folder % 20}/{folder}/f{file}{sys.argv[2]}", "wb") as out:
            out.write(random.randbytes(random.randrange(200)))
END
(cd many && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum -z | sha256sum) >sum
on 0 push --json many /tmp/
json "d['boards'][0]['files'] == $many and d['boards'][0]['changed'] == $many"
asked "$(cat sum)" 'cd /tmp/many && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum -z | sha256sum'
on 0 push --json many /tmp/
json 'd["boards"][0]["changed"] == 0'
on 0 pull /tmp/many got/
diff -r many got/many >/dev/null || problem "pulled files differ"
rm -rf many got/many

echo "== no room"
boot image=881 tmp=2M
start "a file that does not fit: 26, the old one stays, nothing is left"
inside 'echo old >/tmp/target'
before
on 26 push five /tmp/target
error_form 26 board-space
nothing_new
input=five
on 26 push - /tmp/target
failed 26 board-space
input=/dev/null
nothing_new
mkdir bulk
for i in {1..30}; do head -c 200000 five >"bulk/$i"; done
on 26 push bulk /tmp/
failed 26 board-space
nothing_new
asked old 'cat /tmp/target'
start "what fits still goes there, and other places have room"
on 0 push app/one /tmp/target
on 0 push five "$home/"
asked "$five_sum" "sha256sum <$home/five"
boot image=881 full=/tmp
start "a full /tmp: 26; commands and other places work"
before
on 26 push app/sub/two /tmp/
failed 26 board-space
nothing_new
on 3 exec -- sh -c 'echo out; echo err >&2; exit 3'
out_is $'out\n'
err_is $'err\n'
on 0 push five "$home/"
on 0 pull "$home/five" back2
same five back2

echo "== while it is on its way"
boot image=881 rate=2M
start "a file appears under its name when it is whole, and not before"
inside 'echo before >/tmp/target; mkdir -m 755 /tmp/open'
watch 'stat -c "size %s" /tmp/target'
on 0 push five /tmp/target
watched
saw 'size 7'
saw 'size 5000000'
[ "$(grep '^size' "$work/watch" | sort -u | wc -l)" = 2 ] || problem "sizes seen: $(sort -u "$work/watch" | tr '\n' ' ')"
[ "$(grep -c '^size 7$' "$work/watch")" -gt 20 ] || problem "the watch was too slow to prove anything"
start "here as well"
echo before >slow
(while [ ! -e enough ]; do stat -c 'size %s' slow; done >sizes-seen 2>&1) &
looker=$!
on 0 pull /tmp/target slow
: >enough
wait $looker
[ "$(sort -u sizes-seen | tr '\n' ' ')" = 'size 5000000 size 7 ' ] || problem "sizes seen: $(sort -u sizes-seen | tr '\n' ' ')"
start "a secret is readable by nobody else on the board, at no time"
# A folder that others may not enter hides what is in it, whatever its mode.
inside 'rm /tmp/target'
watch 'find /tmp /dev/shm /var/rootdirs -type d ! -perm -001 -prune -o -type f \( -perm -040 -o -perm -004 \) -size +99k -printf "open %p %m %s\n"'
head -c 300000 five >control
on 0 push control /tmp/open/control
head -c 2000000 five >secret
chmod 600 secret
on 0 push secret /tmp/open/secret
mkdir secrets
head -c 900000 five >secrets/key
chmod 600 secrets/key
on 0 push secrets /tmp/open/
input=secret
on 0 push --mode 600 - /tmp/open/secret2
input=/dev/null
watched
saw 'open /tmp/open/control 644 300000'
! grep -vq '/control\| 300000$' < <(grep '^open' "$work/watch") || problem "others could read: $(grep '^open' "$work/watch" | sort -u | head -n 3)"
asked '600 600 600' 'stat -c %a /tmp/open/secret /tmp/open/secrets/key /tmp/open/secret2 | tr "\n" " " | sed "s/ $//"'
start "Ctrl-C in the middle: the old file stays, nothing is left"
inside 'echo before >/tmp/target; rm -rf /tmp/open/*'
before
env --default-signal=INT "$X8CTL" "${select[@]}" push five /tmp/target >"$out" 2>"$err" &
pid=$!
shown='push, then SIGINT'
began=$(milliseconds)
await 60 "progress" grep -q 'send\|stage' "$err"
kill -INT $pid
wait $pid
status=$? elapsed_ms=$(($(milliseconds) - began))
check_status 130
within 10
nothing_new
rm -f slow
on 0 push five /tmp/target
"$X8CTL" "${select[@]}" pull /tmp/target slow >"$out" 2>"$err" &
pid=$!
shown='pull, then SIGTERM'
await 60 "progress" grep -q 'receive\|stage' "$err"
kill -TERM $pid
wait $pid
status=$?
check_status 143
[ ! -e slow ] || problem "a partial file has the final name"
# shellcheck disable=SC2012
[ -z "$(find . -maxdepth 1 -name '.*x8*' -o -maxdepth 1 -name 'slow*')" ] || problem "left here: $(ls -A | tr '\n' ' ')"
finish
