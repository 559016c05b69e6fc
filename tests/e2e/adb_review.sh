#!/usr/bin/env bash
# What must not hang, lose bytes or look like success: stops while somebody else is waited for, shells that talk without
# end, links that break before a command was sent.
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"
# shellcheck source=adb_kit.sh
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
mkfifo silent full
exec 8<>silent 9<>full # somebody holds them, and neither writes nor reads
bytes big 9000000

# stopped_while INPUT OUTPUT ARGS...: SIGTERM once, when x8ctl waits; it ends with 143.
stopped_while() {
    local in=$1 to=$2 pid began
    shift 2
    shown="x8ctl $*"
    "$X8CTL" "${select[@]}" "$@" <"$in" >"$to" 2>"$err" &
    pid=$!
    await 60 "a wait" is_waiting "$pid"
    began=$(milliseconds)
    kill -TERM "$pid"
    await 30 "its end" gone "$pid" || kill -KILL "$pid"
    wait "$pid"
    status=$?
    elapsed_ms=$(($(milliseconds) - began))
    check_status 143
}
# shellcheck disable=SC2317 # await calls it
gone() { ! kill -0 "$1" 2>/dev/null; }

echo "== one stop is enough"
boot image=934 sudo=custom password=fio1
start "a command of the board ends at the first stop"
stopped_while /dev/null "$out" exec -- sleep 600
start "a journal that is followed does"
stopped_while /dev/null "$out" logs -f --no-root
start "a command that waits for our stdin does"
stopped_while silent "$out" exec -- cat
start "a push of what nobody writes does, and leaves nothing"
stopped_while silent "$out" push - /tmp/x
asked '' 'ls -A /tmp'
start "a pull into what nobody reads does"
run 0 "$X8CTL" "${select[@]}" push big /tmp/big
stopped_while /dev/null full pull /tmp/big -
start "a password that does not come does"
stopped_while silent "$out" --password-fd 0 exec --root -- id
start "a reader who went away ends an endless command"
run 0 bash -c "timeout 20 '$X8CTL' ${select[*]} exec -- yes | head -1"
prints '^y$'

echo "== bytes"
start "behind the password's line stdin is the command's"
printf '%s\n' fio1 one two three >lines
input=lines
on 0 --password-fd 0 exec --root -- cat
[ "$(cat "$out")" = $'one\ntwo\nthree' ] || problem "not the three lines"
start "an empty stdin is an empty file"
input=/dev/null
on 0 push - /tmp/empty
asked 0 'stat -c %s /tmp/empty'

echo "== the browser"
start "a browser has a process group of its own and says nothing into our result"
mkdir tools
cat >tools/xdg-open <<'END'
#!/bin/sh
echo NOISE
read -r _ _ _ _ group _ </proc/self/stat
echo "$group $$" >"${0%/*}/../browser"
END
chmod +x tools/xdg-open
inside 'setsid nohup /usr/libexec/host/bin/busybox nc -ll -p 8099 -e /usr/libexec/host/bin/cat >/dev/null 2>&1 </dev/null &
    until (: </dev/tcp/127.0.0.1/8099) 2>/dev/null; do sleep 0.05; done'
shown='open'
env PATH="$work/tools:$PATH" DISPLAY=:0 "$X8CTL" "${select[@]}" open --port 8099 >"$out" 2>"$err" </dev/null &
pid=$!
await 60 "the browser" test -s browser
kill -TERM "$pid"
wait "$pid"
prints '^http://127.0.0.1:'
prints_no 'NOISE'
group='' leader=none
read -r group leader <browser || problem "no browser was started"
[ "$group" = "$leader" ] || problem "group $group, not $leader"

echo "== the link breaks"
boot image=934 fault=at:open,match:reboot,do:drop
start "a restart that was never asked for is no success"
on 15 -y reboot --no-wait
failed 15 gone
[ ! -e "$root/power" ] || problem "the board went down"

echo "== without end"
boot image=934 persona=new
start "a shell whose .bashrc never ends is given up"
echo 'while :; do echo noise; done' >>"$root/var/rootdirs/home/fio/.bashrc"
on 255 exec -- id
failed 16 timeout
within 40
finish
