#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # the variables are for the suites, and of the kits before this one
# Brought along by adb_kit.sh where X8_KIT_WAY is "ssh": boards are reached by the dropbear in their Linux. A suite that
# is not about one way in runs over both.
#
#   boot WORDS... [--board "WORDS"]...   as over adb; $root, ${roots[2]}, and ${ports[2]} of their ssh
#   person's key and known_hosts are in $HOME/.ssh; the board's key is known there
command -v dropbear dropbearkey ssh-keygen >/dev/null || { echo "skipped: no dropbear or ssh-keygen on this machine"; exit 77; }
unset SSH_AUTH_SOCK
mkdir -m 0700 "$HOME/.ssh"
ssh-keygen -q -t ed25519 -N '' -C person -f "$HOME/.ssh/id_ed25519"

nowhere=net:127.0.0.1:1
ports=() ssh_pids=()
eval "halt_adb() $(declare -f halt | tail -n +2)"
halt() {
    local pid
    for pid in ${ssh_pids[@]+"${ssh_pids[@]}"}; do { kill "$pid" && wait "$pid"; } 2>/dev/null; done
    ssh_pids=() ports=()
    halt_adb
}

# Words for adb's daemon alone mean nothing here.
board_words() {
    local word
    words=()
    for word; do
        case $word in
        persona=* | reaccept=* | down=* | rate=*) ;;
        *) words+=("$word") ;;
        esac
    done
}

# ssh_boot NUMBER WORDS...
ssh_boot() {
    local number=$1 dir=$work/board-$1-${#ssh_pids[@]}-$RANDOM home
    shift
    board_words "$@"
    "$X8_TESTS/board/root/make" "$dir" home=1 ${words[@]+"${words[@]}"} || exit 1
    home=$dir/var/rootdirs/home/fio
    mkdir -m 0700 "$home/.ssh"
    install -m 0600 "$HOME/.ssh/id_ed25519.pub" "$home/.ssh/authorized_keys"
    # Debian's bash, which is inside, reads it for whatever comes by ssh; the board's does not.
    sed -i '/^resize$/d' "$home/.bashrc"
    chmod u+w "$dir/etc" "$dir/etc/group"
    sed -i '/^tty:/d' "$dir/etc/group" # dropbear would give it the terminal, as only root may
    mkdir "$dir/etc/dropbear"
    printf '/bin/sh\n/bin/bash\n' >"$dir/etc/shells"
    chmod u-w "$dir/etc"
    dropbearkey -t ed25519 -f "$dir/etc/dropbear/key" >/dev/null 2>&1
    start_ssh "$number" "$dir"
}

# start_ssh NUMBER DIR: a boot of what ssh_boot made.
start_ssh() {
    local ready=$work/ready-$1
    rm -f "$ready"
    python3 "$X8_TESTS/e2e/ssh_board.py" "$X8_TESTS/board/root/enter" "$2" "$ready" ${ssh_port:+"$ssh_port"} >"$work/boards" 2>&1 &
    ssh_pids[$1]=$!
    await 60 "the board's ssh" test -s "$ready" || did_not_start ''
    ports[$1]=$(<"$ready") roots[$1]=$2
    places[$1]=net:127.0.0.1:${ports[$1]} labels[$1]=127.0.0.1:${ports[$1]}
    printf '[127.0.0.1]:%s %s\n' "${ports[$1]}" "$(dropbearkey -y -f "$2/etc/dropbear/key" | grep '^ssh-')" >>"$HOME/.ssh/known_hosts"
    timeout 20 "$X8CTL" -s "net:127.0.0.1:${ports[$1]}" exec -- true 2>"$work/boards" ||
        did_not_start "$(tail -n 2 "$work/boards" | grep -q 77 && echo 'ended 77')"
}

loses() {
    kill "${ssh_pids[1]}"
    wait "${ssh_pids[1]}" 2>/dev/null
}

reboots() {
    loses
    ssh_port=${ports[1]} start_ssh 1 "${roots[1]}"
}

boot() {
    local -a common=() boards=()
    local i
    halt
    while [ $# -gt 0 ]; do
        if [ "$1" = --board ]; then
            boards+=("$2")
            shift 2
        else
            common+=("$1")
            shift
        fi
    done
    [ ${#boards[@]} -gt 0 ] || boards=('')
    for ((i = 0; i < ${#boards[@]}; i++)); do
        eval "ssh_boot $((i + 1)) ${common[*]+"${common[@]@Q}"} ${boards[i]}"
    done
    root=${roots[1]}
    select=(-s "${places[1]}")
}
