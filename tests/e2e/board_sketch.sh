#!/usr/bin/env bash
# The M4 side of the virtual board's Linux (tests/board/ROOT.md), tried without x8ctl: the watch of the sketch's file as
# systemd's, OpenOCD on real ELF files, and every word that makes one of them fail.
# shellcheck disable=SC2016 # scripts in single quotes are for the shell inside
export X8CTL=${X8CTL:-none} X8_BOARD=${X8_BOARD:-none} X8_MKIMAGE=${X8_MKIMAGE:-none}
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"
[ -x /usr/bin/python3 ] || { echo "skipped: no /usr/bin/python3 on this machine" && exit 77; }

root=$X8_TESTS/board/root
trap 'tidy "$work/r" "$work/plain"; rm -rf "$work"' EXIT
tidy() {
    local made
    for made in "$@"; do [ ! -e "$made" ] || "$root/remove" "$made"; done
}

# elf FILE SEED [ADDRESS]: a sketch of 3000 bytes at 0x08100000 and 500 behind them, a bss in RAM, then 40 kB that nobody loads.
cat >"$work/elf.py" <<'END'
import random, struct, sys
path, seed, address = sys.argv[1], int(sys.argv[2]), int(sys.argv[3], 0)
random.seed(seed)
text = struct.pack("<II", 0x10048000, address + 0x41) + random.randbytes(2992)
data, debug = random.randbytes(500), random.randbytes(40000)
where = 52 + 3 * 32
loads = [(1, where, address, address, len(text), len(text), 5, 8),
         (1, where + len(text), 0x10000000, address + 3000, len(data), len(data), 6, 8),
         (1, 0, 0x10000200, 0x10000200, 0, 4096, 6, 8)]
sections = where + len(text) + len(data) + len(debug)
head = b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, address + 0x41, 52, sections, 0x5000400, 52, 32, 3, 40, 2, 0)
table = bytes(40) + struct.pack("<10I", 0, 1, 0, 0, sections - len(debug), len(debug), 0, 0, 1, 0)
open(path, "wb").write(head + b"".join(struct.pack("<8I", *l) for l in loads) + text + data + debug + table)
END
elf() { python3 "$work/elf.py" "$work/$1" "$2" "${3:-0x08100000}"; }
elf a.elf 1
elf b.elf 2
elf m7.elf 3 0x08040000
elf ram.elf 4 0x24000000
digest() { sha256sum "$work/$1" | cut -c 1-64; }

# root WORDS...: a fresh root with these sketches in /mnt/s.
root() {
    tidy "$work/r"
    "$root/make" "$work/r" sudo=fio "$@" || problem "make failed: $*"
    chmod u+w "$work/r/var/rootdirs/mnt"
    mkdir "$work/r/var/rootdirs/mnt/s"
    cp "$work"/*.elf "$work/r/var/rootdirs/mnt/s"
}

# anew WORDS...: the same root as after `root` alone, but for words of the M4 side; nothing was programmed there.
anew() {
    local word
    [ -e "$work/plain" ] || "$root/make" "$work/plain" sudo=fio
    cp "$work/plain/board.conf" "$work/r/board.conf"
    for word in "$@"; do sed -i "s/\bboard_${word%%=*}=[^ ]*/board_$word/" "$work/r/board.conf"; done
    rm -f "$work/r/run/m4/log" "$work/r/run/m4/flash"
}

# What scripts find inside: S is sudo, T the file, `put FILE` renames one over it, `decided N` waits until N runs are in the
# log, `done_with N` until nothing is under way as well, `settled N` for a moment in which it stays so, and says how many
# they were; `state` and `unit` are what systemctl says; `mend` is the way back after too many starts.
prelude='S() { printf "fio\n" | sudo -S -k -p "" "$@"; }; T=/tmp/arduino/m4-user-sketch.elf R=/run/x8board P=monitor-m4-elf-file
exec 7<> <(:)
nap() { read -r -t "$1" -u 7; return 0; }
put() { cp /mnt/s/$1 /tmp/arduino/.put-$BASHPID && mv -f /tmp/arduino/.put-$BASHPID $T; }
runs() { n=0; [ ! -e $R/m4/log ] || while read -r l; do [[ $l == *nrst ]] || n=$((n + 1)); done <$R/m4/log; }
busy() { mapfile -t u < <(cat $R/units/$P.*); [[ "${u[*]}" == *SubState=running* || "${u[*]}" == *ActiveState=activating* ]]; }
until_() { for _ in {1..6000}; do if "$@"; then return 0; fi; nap 0.01; done; echo "never: $*"; }
decided() { is_decided() { runs; [ "$n" -ge "$1" ]; }; until_ is_decided "$1"; }
done_with() { decided "$1"; idle() { ! busy; }; until_ idle; }
settled() { done_with "$1"; nap 0.1; runs; echo "runs $n"; ! busy || echo busy; }
state() { systemctl show $P.path $P.service -p ActiveState,SubState,Result,ExecMainStatus,ExecMainCode | xargs; }
unit() { systemctl show $P.service --value -p $1; }
said() { S journalctl -u $P _SYSTEMD_INVOCATION_ID=$(unit InvocationID) -o cat --no-pager; }
mend() { S systemctl reset-failed $P.service $P.path; S systemctl start $P.path; }
word() { printf "%s\n" "$@" >$R/m4/words; }
'
ready='until_ [ -e $R/m4/ready ]; '
inside() {
    run "$1" "$root/enter" "$work/r" bash -c "$prelude$ready$2"
    [ ! -s "$work/r/run/m4/trace" ] || problem "the watch says: $(tail -n 1 "$work/r/run/m4/trace")"
}

# logged NTH RE: the NTH run, without time and invocation, was that.
logged() {
    local line
    line=$(sed -n "${1}p" "$work/r/run/m4/log" | cut -d ' ' -f 3-)
    [[ $line =~ ^$2$ ]] || problem "run $1 was: $line
     not: $2"
}

# flashed FILE: the flash holds what is loaded of it.
flashed() {
    cmp -s -n 3500 "$work/r/run/m4/flash" <(tail -c +149 "$work/$1") || problem "the flash does not hold $1"
}

start "a rename over the file is one run with all of it"
root
inside - 'state; mkdir /tmp/arduino; put a.elf; settled 1; state; unit InvocationID; said
    id=$(unit InvocationID) was=$(unit ExecMainStartTimestampMonotonic)
    put b.elf; settled 2; [ $(unit InvocationID) != $id ] && [ $(unit ExecMainStartTimestampMonotonic) -gt $was ] && echo new
    [ $(unit ExecMainExitTimestampMonotonic) -gt $(unit ExecMainStartTimestampMonotonic) ] && echo ended
    rm -r /tmp/arduino; nap 0.1; mkdir -m 775 /tmp/arduino; put a.elf; settled 3; unit ExecStart; S ls $R/m4'
if [ "$status" = 77 ]; then
    cat "$err"
    exit 77
fi
check_status 0
prints '^ActiveState=active SubState=waiting Result=success ActiveState=inactive SubState=dead Result=success ExecMainCode=0 ExecMainStatus=0$'
prints '^ActiveState=active SubState=waiting Result=success ActiveState=inactive SubState=dead Result=success ExecMainCode=1 ExecMainStatus=0$'
prints '^runs 3$'
prints_no busy
prints '^new$'
prints '^ended$'
prints '^\{ path=/bin/openocd ; argv\[\]=/bin/openocd -f .*imx_gpio.cfg -c program /tmp/arduino/m4-user-sketch.elf verify reset exit ; .* code=exited ; status=0/0 \}$'
grep -q 'triggered m4 programming \*\* Programming Started \*\* \*\* Programming Finished \*\* \*\* Verify Started \*\* \*\* Verified OK \*\* \*\* Resetting Target \*\*' < <(grep -E '^\*\*|triggered' "$out" | tr '\n' ' ') ||
    problem "OpenOCD's words are not in their order"
logged 1 "$(digest a.elf) 3500 complete ok"
logged 2 "$(digest b.elf) 3500 complete ok"
logged 3 "$(digest a.elf) 3500 complete ok"
flashed a.elf

start "a word that makes no sense is refused"
for word in m4=x m4time=1s m4watch=off m4reset=x m4journal=-1 bridge=x; do
    run 2 "$root/make" "$work/none" "$word"
    says "^make: ${word%%=*}="
done

start "the flash outlives a boot, and a boot with no file programs nothing"
inside 0 'settled 3; mkdir /tmp/arduino; nap 0.1; settled 3'
prints '^runs 3$'
flashed a.elf

start "a file that grows slowly is read before it is whole"
anew m4time=100
inside 0 'mkdir /tmp/arduino; { head -c 2000 /mnt/s/a.elf; done_with 1 >&2; tail -c +2001 /mnt/s/a.elf; } >$T; settled 2; said | tail -n 4; state'
prints '^runs 2$'
logged 1 '[0-9a-f]{64} 3500 partial (ok|verify)'
logged 2 "$(digest a.elf) 3500 complete ok"

start "what happens during a run is lost, what comes after it is not"
anew m4time=1600
inside 0 'mkdir /tmp/arduino; put a.elf; until_ [ -e $R/m4/flash ]; put b.elf; touch $T; settled 1; state; sha256sum <$T; word m4time=10; touch $T; settled 2'
prints '^runs 1$'
prints 'SubState=waiting .*ActiveState=failed SubState=failed Result=exit-code ExecMainCode=1 ExecMainStatus=1'
prints "^$(digest b.elf)"
prints '^runs 2$'
logged 1 "$(digest a.elf) 3500 complete verify"
logged 2 "$(digest b.elf) 3500 complete ok"

start "a removed file is no run, a touched one is, a folder of root's is watched as well"
root tmparduino=root
inside 0 'S cp /mnt/s/a.elf /tmp/arduino/.x; S mv /tmp/arduino/.x $T; settled 1; S rm $T; nap 0.1; settled 1; state; S touch $T; settled 2; S journalctl -b -g skipped -o cat'
prints '^runs 1$'
prints 'SubState=waiting .*SubState=dead Result=success'
prints '^runs 2$'
prints 'was skipped because of a failed condition check'
logged 1 "$(digest a.elf) 3500 complete ok"
logged 2 '- 0 - program'

start "the sixth start within ten seconds ends the watch, until root mends it"
root m4time=10
inside 0 'mkdir /tmp/arduino; for i in 1 2 3 4 5; do put a.elf; done_with $i; done; put b.elf; until_ grep -q ^Result=start-limit $R/units/$P.service; settled 5; state
    put b.elf; nap 0.2; settled 5; systemctl start $P.path; echo "as the user: $?"; S systemctl start $P.path; put b.elf; nap 0.3; settled 5; state
    S journalctl -b -g "too quickly|limit" -o cat; mend; state; put b.elf; settled 6; state'
prints '^runs 5$'
[ "$(grep -c '^ActiveState=failed SubState=failed Result=unit-start-limit-hit ActiveState=failed SubState=failed Result=start-limit-hit' "$out")" = 2 ] ||
    problem "the units do not say that they hit the limit"
prints '^as the user: 1$'
says 'Interactive authentication required'
prints '^monitor-m4-elf-file.service: Start request repeated too quickly.$'
prints "^monitor-m4-elf-file.path: Failed with result 'unit-start-limit-hit'.\$"
prints '^runs 6$'
logged 6 "$(digest b.elf) 3500 complete ok"

start "the watch is stopped, dead or not there from the beginning"
root m4watch=stopped
inside 0 'state; mkdir /tmp/arduino; put a.elf; settled 0; S systemctl start $P.path; settled 0; state; touch $T; settled 1; S systemctl stop $P.path; touch $T; nap 0.2; settled 1; state'
prints '^ActiveState=inactive SubState=dead Result=success ActiveState=inactive'
prints '^ActiveState=active SubState=waiting'
prints '^runs 1$'
root m4watch=dead
inside 0 'state; mkdir /tmp/arduino; put a.elf; settled 0; S systemctl start $P.path; touch $T; nap 0.2; state; mend; touch $T; settled 1'
prints '^ActiveState=failed SubState=failed Result=unit-start-limit-hit ActiveState=failed SubState=failed Result=start-limit-hit ExecMainCode=0 ExecMainStatus=0$'
prints '^runs 1$'
root m4watch=none
run 0 "$root/enter" "$work/r" bash -c "${prelude}systemctl show \$P.path -p LoadState --value; systemctl is-active \$P.path; mkdir /tmp/arduino; put a.elf; nap 0.2; ls \$R/m4"
prints '^not-found$'
prints_no 'log|flash|ready'

start "each failure of OpenOCD has its words, its status and its line in the log"
root m4time=20
fails() {
    inside 0 "mkdir /tmp/arduino; word m4=$1; put a.elf; settled 1; state; said"
    prints "$2"
    prints "$3"
    logged 1 "$4"
    : >"$work/r/run/m4/log"
}
ended='ActiveState=failed SubState=failed Result=exit-code ExecMainCode=1 ExecMainStatus=1'
fails dp "$ended" '^Error: Error connecting DP: cannot read IDR$' '- 0 - dp'
fails init "$ended" '^Error: init mode failed' '- 0 - init'
fails timeout "$ended" '^Error: timed out while waiting for target halted$' '- 0 - timeout'
prints '^\*\* Unable to reset target \*\*$'
fails program "$ended" '^\*\* Programming Failed \*\*$' "$(digest a.elf) 1750 complete program"
prints_no 'Programming Finished'
fails verify "$ended" '^\*\* Verify Failed \*\*$' "$(digest a.elf) 3500 complete verify"
prints '^diff 0 address 0x08100010'
fails killed 'Result=signal ExecMainCode=2 ExecMainStatus=9' '^\*\* Programming Started \*\*$' "$(digest a.elf) 1750 complete killed"
prints_no 'shutdown command'

start "a run that hangs is busy until root stops it"
anew m4time=20
inside 0 'mkdir /tmp/arduino; word m4=hang; put a.elf; decided 1; state; put b.elf; nap 0.2; systemctl is-active $P; S systemctl stop $P; state; word; touch $T; settled 2; state'
prints '^ActiveState=active SubState=running Result=success ActiveState=activating SubState=start Result=success ExecMainCode=0 ExecMainStatus=0$'
prints '^activating$'
prints 'ActiveState=failed SubState=failed Result=signal ExecMainCode=2 ExecMainStatus=15$'
prints '^runs 2$'
logged 1 "$(digest a.elf) 1750 complete hang"
logged 2 "$(digest b.elf) 3500 complete ok"

start "the service is started by hand, and the path unit knows"
anew m4time=1000
inside 0 'mkdir /tmp/arduino; S systemctl start $P; echo "no file: $?"; S systemctl stop $P.path; put a.elf; word m4time=10; S systemctl start $P; word; S systemctl start $P.path
    S systemctl start $P & until_ grep -q SubState=running $R/units/$P.path; state; wait; settled 2; word m4=dp; S systemctl start $P; echo "dp: $?"; settled 3'
prints '^no file: 0$'
prints '^ActiveState=active SubState=running Result=success ActiveState=activating'
prints '^dp: 1$'
prints '^runs 3$'
says '^Job for monitor-m4-elf-file.service failed because the control process exited with error code.$'

start "on 95 the status hides what OpenOCD says"
root image=95 m4time=20
inside 0 'mkdir /tmp/arduino; word m4=verify; put a.elf; settled 1; state; said; unit ExecStart; word; put b.elf; settled 2; said'
prints 'ActiveState=inactive SubState=dead Result=success ExecMainCode=1 ExecMainStatus=0$'
prints '^\*\* Verify Failed \*\*$'
prints '^M4 programming done$'
prints '^\{ path=/usr/arduino/extra/program-m4.sh ; argv\[\]=/usr/arduino/extra/program-m4.sh ;'
prints '^Open On-Chip Debugger 0.12.0$'
prints '^\*\* Verified OK \*\*$'

start "the journal of a run is root's, and may come later than its end"
root m4time=20 m4journal=1500
inside 0 'mkdir /tmp/arduino; put a.elf; done_with 1; said | grep -c Verified; journalctl -u $P -o cat -q; told() { said | grep -q Verified; }; until_ told'
prints '^0$'
prints_no never
prints_no Programming

start "OpenOCD by hand: only root, any file, and nothing outside of the flash"
anew m4time=1
inside 0 'mkdir /tmp/arduino; O() { S /bin/openocd -f /usr/arduino/extra/openocd_script-imx_gpio.cfg -c "program $1 verify reset exit"; echo "$1: $?"; }
    /bin/openocd -c init; echo "user: $?"; O /mnt/s/ram.elf; O /mnt/s/m7.elf; O /none; head -c 3000 /dev/zero >/tmp/x.bin; O /tmp/x.bin
    size=$(stat -c %s /mnt/s/a.elf); for n in {0..15}; do head -c $((size * n / 16)) /mnt/s/a.elf >/tmp/cut$n; O /tmp/cut$n; done; cat $R/m4/log; cat /sys/kernel/x8h7_firmware/version; :'
prints '^user: 1$'
says "^Error: couldn't open /dev/mem$"
prints '^/mnt/s/ram.elf: 1$'
says '^Warn : no flash bank found for address 0x24000000$'
says '^\*\* Verify Failed \*\*$'
prints '^/mnt/s/m7.elf: 0$'
prints '^/tmp/x.bin: 1$'
says '^Warn : no flash bank found for address 0x00000000$'
says "^Error: couldn't open /none$"
prints ' 3500 complete m7$'
says 'x8h7_firmware/version: (Input/output error|Connection timed out)'
[ "$(grep -c ' partial ' "$out")" = 15 ] || problem "not every file that was cut is partial in the log"
prints '^/tmp/cut0: 1$'
says '^Error: cannot read file header$'

start "the bridge: no answer, none after a run, none for a while, none until a reset"
version='v() { timeout ${1:-5} cat /sys/kernel/x8h7_firmware/version 2>&1; echo "v: $?"; }; mkdir /tmp/arduino; '
root m4time=20 bridge=stalled
inside 0 "$version"'v; put a.elf; settled 1; v; S /usr/arduino/extra/reset.sh; v; S cat /sys/kernel/x8h7_firmware/version; head -c 1 /sys/kernel/x8h7_firmware/version; :'
[ "$(grep -c '^cat: /sys/kernel/x8h7_firmware/version: Connection timed out$' "$out")" = 3 ] || problem "the bridge answers"
says '^head: error reading .*Input/output error$'
root m4time=20 bridge=stalls
inside 0 "$version"'v; put a.elf; settled 1; v; S /usr/arduino/extra/reset.sh; v'
[ "$(grep '^v: ' "$out" | xargs)" = 'v: 0 v: 1 v: 1' ] || problem "the bridge does not stall"
inside 0 "$version v"
prints '^v: 0$'
root m4time=20 bridge=slow
inside 0 "$version"'v; put a.elf; decided 1; v; until_ test -f /sys/kernel/x8h7_firmware/version -a ! -h /sys/kernel/x8h7_firmware/version; v'
[ "$(grep '^v: ' "$out" | xargs)" = 'v: 0 v: 1 v: 0' ] || problem "the bridge is not slow"
root m4time=20 bridge=halts m4=verify
inside 0 "$version"'put a.elf; settled 1; v; S /usr/arduino/extra/reset.sh; v; grep -c nrst $R/m4/log'
[ "$(grep '^v: ' "$out" | xargs)" = 'v: 1 v: 0' ] || problem "the M7 does not stay halted until the reset"
root bridge=hangs
inside 0 "$version"'v 0.3'
prints '^v: 124$'

start "a full /var loses the journal alone"
root full=/var m4time=20
inside 0 'mkdir /tmp/arduino; put a.elf; settled 1; state; said; :'
prints '^runs 1$'
prints 'SubState=waiting .*SubState=dead Result=success ExecMainCode=1 ExecMainStatus=0$'
prints_no Verified

start "a reset that the H7 does not come back from"
root m4time=20 m4reset=lost
inside 0 "$version"'put a.elf; settled 1; said | tail -n 2; state; v'
prints '^Error: Error connecting DP: cannot read IDR$'
prints '^\*\* Resetting Target \*\*$'
prints 'Result=exit-code'
prints '^v: 1$'
logged 1 "$(digest a.elf) 3500 complete reset"
inside 0 "$version"'v; /usr/arduino/extra/reset.sh; echo "user: $?"; sh /usr/arduino/extra/reset.sh; echo "user: $?"; v; S /usr/arduino/extra/reset.sh; echo "root: $?"; v'
[ "$(grep '^v: ' "$out" | xargs)" = 'v: 0 v: 0 v: 1' ] || problem "the user resets, or root does not"
prints '^user: 126$'
prints '^user: 1$'
prints '^root: 0$'

start "what an upload needs is in PATH, of GNU and of busybox"
root
inside 0 'type flock stat sha256sum timeout mktemp mv'
command -v busybox >/dev/null || { echo "  (left out: no busybox on this computer)" && finish; }
root tools=busybox m4time=20
inside 0 'type flock stat sha256sum timeout mktemp mv; readlink /usr/bin/stat; mkdir /tmp/arduino; put a.elf; settled 1; sha256sum $T; said | grep Verified; f=$(mktemp /tmp/arduino/.x8ctl-XXXXXX) && flock $f stat -c %s $f'
prints '^runs 1$'
prints '^\*\* Verified OK \*\*$'
prints '^0$'
finish
