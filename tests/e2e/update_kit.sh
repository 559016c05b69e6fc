#!/usr/bin/env bash
# Kit of the suites of updates, sourced by each. Bundles are made in the run, with real keys and a true repository
# (tests/update); what the board did stands in its log, which is the proof:
#
#   bundle NAME OPTIONS...   a bundle in $work/NAME/offline-updates, made by tests/update/make-bundle
#   again NAME WORDS...      boot a board on the bundle's old version; sudo needs no other password than fio
#   update STATUS ARGS...    x8ctl update ARGS on it
#   log_is LINE...           what the board did since its first boot: "aklite A install -> 100", "reboot", "boot 861"
#   log_has, log_has_no      a pattern of grep -E in that log
#   on_board VERSION         this image runs, confirmed, and is what the sysroot has booted
#   tidy                     nothing of the update is left on the board
#   word NAME=VALUE...       words of the running board from here on
# shellcheck source=adb_kit.sh
. "$(dirname "${BASH_SOURCE[0]}")/adb_kit.sh"
command -v ostree >/dev/null || { echo "skipped: no ostree"; exit 77; }
command -v openssl >/dev/null || { echo "skipped: no openssl"; exit 77; }
export X8_UPDATE_KEYS=$work/keys
printf fio >"$work/pw" && chmod 600 "$work/pw"
cd "$work" || exit 1
of=''

bundle() {
    local name=$1
    shift
    "$X8_TESTS/update/make-bundle" "$work/$name" "$@" >"$work/make" 2>&1 || {
        cat "$work/make"
        exit 1
    }
}

# fact NAME SIDE KEY: version, name or commit of its old or its new image.
fact() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]][sys.argv[3]])' "$work/$1/facts.json" "$2" "$3"; }

again() {
    of=$1
    shift
    rm -rf "$X8CTL_HOME/state"
    # A second of darkness is for running_power.sh; a restart is the same in less.
    boot sudo=fio down=200 update="$work/$of" "$@"
}

update() {
    local want=$1
    shift
    on "$want" --password-file "$work/pw" update "$@"
}

word() { printf '%s\n' "$@" >>"$root/run/update/words"; }

board_log() { cat "$root/run/update/log" 2>/dev/null; }

# Without the number of the boot, commits, flags, and what the tool was called with.
board_did() {
    board_log | sed -E 's/^[0-9]+ //; s/^(boot [^ ]+) .*/\1/; s/^(aklite [^ ]+ [a-z]+) (--|[^-]).*$/\1/' |
        grep -Ev '^aklite [^ ]+ (help|--help)( ->.*)?$' | grep -Ev '^aklite [^ ]+ (install|run)$'
}

log_is() {
    local want
    want=$(printf '%s\n' "$@")
    [ "$(board_did)" = "$want" ] || problem "the board's log:
$(board_log)
     as: $(board_did | tr '\n' ';')
     not: $(printf '%s' "$want" | tr '\n' ';')"
}
log_has() { grep -Eq -e "$1" < <(board_log) || problem "not in the board's log: $1
$(board_log)"; }
log_has_no() { ! grep -Eq -e "$1" < <(board_log) || problem "in the board's log: $1
$(board_log)"; }

on_board() {
    asked "IMAGE_VERSION=$1" 'tr -d \" </etc/os-release | grep ^IMAGE_VERSION='
}
confirmed() {
    local vars
    vars=$(inside 'echo fio | sudo -S -p "" fw_printenv upgrade_available bootcount rollback 2>/dev/null | tr "\n" " "')
    [ "$vars" = 'upgrade_available=0 bootcount=0 rollback=0 ' ] || problem "the boot loader has: $vars"
}
tidy() { asked '' 'ls -d x8ctl-update* 2>/dev/null'; }

# killed_at STEP ARGS...: x8ctl update ARGS until the board's tool stands still at STEP (word hold=), then this computer loses
# its power; the board goes on.
killed_at() {
    local step=$1 pid
    shift
    rm -f "$root/run/update/held-$step"
    word "hold=$step"
    "${via[@]}" "$X8CTL" "${select[@]}" --password-file "$work/pw" update "$@" >"$work/killed" 2>&1 &
    pid=$!
    await 60 "step $step" test -e "$root/run/update/held-$step" || cat "$work/killed"
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    word hold=
    : >"$root/run/update/go"
}
