#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2154 # variables of the kits before this one
# After adb_kit.sh with X8_KIT_WAY=ssh: boards that come back after a reboot, on the same port (ssh_board.py).
start_ssh() {
    local ready=$work/ready-$1
    rm -f "$ready"
    python3 "$X8_TESTS/update/ssh_board.py" "$X8_TESTS/board/root/enter" "$2" "$ready" ${ssh_port:+"$ssh_port"} >"$work/boards" 2>&1 &
    ssh_pids[$1]=$!
    await 60 "the board's ssh" test -s "$ready" || did_not_start ''
    ports[$1]=$(<"$ready") roots[$1]=$2
    places[$1]=net:127.0.0.1:${ports[$1]} labels[$1]=127.0.0.1:${ports[$1]}
    printf '[127.0.0.1]:%s %s\n' "${ports[$1]}" "$(dropbearkey -y -f "$2/etc/dropbear/key" | grep '^ssh-')" >>"$HOME/.ssh/known_hosts"
    timeout 20 "$X8CTL" -s "net:127.0.0.1:${ports[$1]}" exec -- true 2>"$work/boards" ||
        did_not_start "$(tail -n 2 "$work/boards" | grep -q 77 && echo 'ended 77')"
}
