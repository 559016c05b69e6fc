# What the stubs share. Sourced inside the sandbox by every program of bin/, as the board's user or as root.
# shellcheck shell=bash

board=/usr/libexec/board
host=/usr/libexec/host/bin
export LC_ALL=C
. /usr/libexec/board.conf

me=${0##*/}

is_root() { [ "$EUID" = 0 ]; }

die() {
    local status=$1
    shift
    printf '%s\n' "$@" >&2
    exit "$status"
}

# as_root COMMAND...: what a daemon or a program with more rights would do for the user. It has nothing to ask him.
as_root() {
    if is_root; then "$@"; else "$host/unshare" -r -- "$@"; fi
}

# again_as_root ARGUMENTS...: this program once more, as root; `asker` keeps who asked. Sets nothing when root already.
again_as_root() {
    if is_root; then
        asker=${X8_ASKER:-0}
        unset X8_ASKER
    else
        X8_ASKER=$EUID exec "$host/unshare" -r -- "$0" "$@"
    fi
}

# real NAME ARGUMENTS...: becomes the program that the stub stands in front of.
real() {
    local name=$1
    shift
    unset LC_ALL
    if [ "$board_tools" = busybox ]; then exec -a "$name" "$host/busybox" "$@"; fi
    exec -a "$name" "$host/$name" "$@"
}

# now: the board's time in seconds, which clock= and `date -s` move away from that of this computer.
now() {
    local offset=0
    if [ -r /run/x8board/clock ]; then offset=$(</run/x8board/clock); fi
    printf '%s' "$((EPOCHSECONDS + offset))"
}

# update_log TEXT: into the log of the world of updates, as its own tools write there.
update_log() {
    printf '%s %s\n' "$(</run/x8board/update/boots)" "$1" >>/run/x8board/update/log
    printf '%s %s\n' "$(</run/x8board/update/boots)" "$1" >>/run/x8board/update/details
}

# power WORD: what the caller of `enter` does next; then the daemon is stopped, as the init system would.
power() {
    local word=$1 pid area
    local zeroed=0
    for area in /dev/mmcblk2boot0 /dev/mmcblk2boot1; do
        if "$host/cmp" -s -n 4194304 "$area" /dev/zero; then zeroed=$((zeroed + 1)); fi
    done
    [ "$zeroed" != 2 ] || word="$word rom"
    if [ -d /run/x8board/update ]; then update_log "$word"; fi
    printf '%s\n' "$word" >/run/x8board/power.new
    "$host/mv" /run/x8board/power.new /run/x8board/power
    if [ -r /run/x8board/adbd.pid ]; then
        read -r pid </run/x8board/adbd.pid || true
        if [[ $pid =~ ^[0-9]+$ ]]; then kill -TERM "$pid" 2>/dev/null || true; fi
    fi
}

# log_entry PRIORITY IDENTIFIER UNIT MESSAGE: into the journal; ROOT.md has the columns.
log_entry() {
    local up boot text=$4 stamp
    read -r up _ </proc/uptime
    boot=$(</run/x8board/boot_id)
    text=${text//\\/\\\\}
    text=${text//$'\n'/\\n}
    text=${text//$'\t'/\\t}
    stamp=$(now)
    printf '%s\t%s\t%s\t%s\tsyslog\t%s\t%s\t%s\t%s\t-\t%s\n' "${stamp}000000" "${up/./}0000" "${boot//-/}" "$1" \
        "${X8_ASKER:-$EUID}" "$$" "$2" "$3" "$text" >>/var/log/journal
}
