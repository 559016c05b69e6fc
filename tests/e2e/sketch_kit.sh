#!/usr/bin/env bash
# Kit of the suites of sketches, sourced by each. Real programs for the M4 are in $sk (tests/sketch); what the board's
# programming took of them stands in its log, which is the proof:
#
#   programmed NAME...      since the last look exactly these were programmed, in this order, whole and well
#   log_is WHOLE RESULT...  since then one entry, with a file that was WHOLE (complete, partial, -) and that RESULT
#   untouched               since then nothing was programmed or tried
#   whole                   no entry at all is of half a file
#   m4_words WORDS...       words of the M4 side from here on (m4=, m4time=, bridge= ...); none: those of the boot
# shellcheck source=adb_kit.sh
. "$(dirname "${BASH_SOURCE[0]}")/adb_kit.sh"
sk=${X8_SKETCHES:-}
[ -d "$sk" ] || { echo "skipped: no compiler for ARM, so no programs for the M4"; exit 77; }
cd "$work" || exit 1
looked=0 # lines of the log that were looked at

m4_log() { cat "$root/run/m4/log" 2>/dev/null; }
m4_new() { m4_log | tail -n "+$((looked + 1))"; }
m4_seen() { looked=$(m4_log | wc -l); }
m4_words() { printf '%s\n' "$*" >"$root/run/m4/words"; }
digest() { sha256sum <"$1" | cut -d ' ' -f 1; }

programmed() {
    local name want='' got
    for name in "$@"; do want+="$(digest "$sk/$name") complete ok"$'\n'; done
    got=$(m4_new | cut -d ' ' -f 3,5,6)
    [ "$got"$'\n' = "$want" ] || problem "programmed was:
$(m4_new)
     not: $*"
    m4_seen
}

log_is() {
    local got
    got=$(m4_new | cut -d ' ' -f 5,6)
    [ "$got" = "$1 $2" ] || problem "the log has: $(m4_new); not: $1 $2"
    m4_seen
}

untouched() { log_was_nothing "$(m4_new)"; }
log_was_nothing() {
    [ -z "$1" ] || problem "programmed or tried was: $1"
    m4_seen
}

whole() { ! grep -q ' partial ' < <(m4_log) || problem "half a file was programmed: $(m4_log | grep ' partial ')"; }

# tidy: no file of x8ctl's is left beside the watched path.
tidy() { asked '' 'ls -A /tmp/arduino 2>/dev/null | grep -v "^m4-user-sketch.elf$"'; }

# size_text FILE: its size as x8ctl says it.
size_text() { stat -c %s "$1" | awk '{ if ($1 < 1024) print $1 " B"; else printf "%.1f KiB\n", $1 / 1024 }'; }

# sketch_boot WORDS...: boot, with an empty log.
sketch_boot() {
    boot "$@"
    looked=0
}

# settled: the board's programming is idle, and stays so.
settled() {
    await 60 "the end of the programming" is_idle
}
is_idle() {
    ! grep -q '^SubState=running' "$root/run/units/monitor-m4-elf-file.path" &&
        ! grep -q '^ActiveState=activating' "$root/run/units/monitor-m4-elf-file.service"
}

# upload STATUS ARGS...
upload() {
    local want=$1
    shift
    on "$want" sketch upload "$@"
}
