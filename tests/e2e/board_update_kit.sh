#!/usr/bin/env bash
# shellcheck disable=SC2016,SC2034,SC2154 # scripts in single quotes are for the shell inside; variables of kit.sh, and for the suites
# Kit of the suites of the double for offline updates, without x8ctl; sourced by both.
export X8CTL=${X8CTL:-none} X8_BOARD=${X8_BOARD:-none} X8_MKIMAGE=${X8_MKIMAGE:-none}
# shellcheck source=kit.sh
. "$(dirname "${BASH_SOURCE[0]}")/kit.sh"
for tool in /usr/bin/python3 ostree openssl; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool on this machine" && exit 77; }
done

root=$X8_TESTS/board/root update=$X8_TESTS/update
export X8_UPDATE_KEYS=$work/keys
trap '[ ! -e "$work/r" ] || "$root/remove" "$work/r"; chmod -R u+rwX "$work"; rm -rf "$work"' EXIT

# bundle NAME OPTIONS...: made once; the others take their commits from the first.
bundle() {
    local name=$1
    shift
    "$update/make-bundle" "$work/$name" "$@" >"$work/made" 2>&1 || { cat "$work/made" && exit 1; }
}
fact() { python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."): d = d[key]
print(d)' "$work/$1/facts.json" "$2"; }

# board FIXTURE WORDS...: a fresh one, with that fixture's bundle in /home/fio/b.
board() {
    local fixture=$1
    of=$1
    shift
    [ ! -e "$work/r" ] || "$root/remove" "$work/r"
    "$root/make" "$work/r" sudo=fio "update=$work/$fixture" "$@" || problem "make failed: $*"
    give "$fixture" b
}
give() { rm -rf "${work:?}/r/var/rootdirs/home/fio/$2" && cp -a "$work/$1/offline-updates" "$work/r/var/rootdirs/home/fio/$2"; }
# damage KIND: the board's copy of its bundle. It is damaged beside the old commits, so that what the board lacks is hit.
damage() {
    rm -rf "$work/damaged"
    cp -a "$work/$of" "$work/damaged"
    "$update/break-bundle" "$work/damaged" "$1" || problem "break-bundle $1"
    give damaged b
}
words() { printf '%s\n' "$@" >"$work/r/run/update/words"; }

# What scripts find inside: S is sudo; A aklite-offline, whose status it prints; I its install of b; V what runs.
prelude='S() { printf "fio\n" | sudo -S -k -p "" "$@"; }; A() { S aklite-offline "$@"; echo "[$1 $?]"; }
I() { A install --src-dir /home/fio/b "$@"; }; V() { . /etc/os-release; echo "[image $IMAGE_VERSION]"; }
E() { echo "[env $(S fw_printenv upgrade_available bootcount rollback | cut -d= -f2 | xargs)]"; }
T() { echo "[target $(S cat /var/sota/current-target | sed -n "s/^TARGET_NAME=//p")]"; }
'
inside() {
    run 0 "$root/enter" "$work/r" bash -c "$prelude$2
:"
    [ "$(grep -oE '\[[a-z]+ [^]]*\]' "$out" | xargs)" = "$1" ] || problem "said: $(grep -oE '\[[a-z]+ [^]]*\]' "$out" | xargs)
     not:  $1"
    [ ! -s "$work/r/run/update/trace" ] || problem "a unit says: $(tail -n 1 "$work/r/run/update/trace")"
    logged_no 'BUG'
}
logged() { grep -Eq -e "$1" "$work/r/run/update/details" || problem "what happened lacks: $1"; }
logged_no() { ! grep -Eq -e "$1" "$work/r/run/update/details" || problem "what happened has: $1"; }


# What an install, and the boot after it, say when all is well.
good='[install 100]'
after='[run 0] [image 861] [env 0 0 0] [target portenta-x8-lmp-861]'

# possible: end with 77 where sandboxes are not allowed. A board of the bundle u is made for that.
possible() {
    board u
    run - "$root/enter" "$work/r" true
    if [ "$status" = 77 ]; then
        cat "$err"
        exit 77
    fi
}
