#!/usr/bin/env bash
# x8ctl update over ssh: the way to a board is another, what is done and told is not.
export X8_KIT_WAY=ssh
# shellcheck source=update_kit.sh
. "$(dirname "$0")/update_kit.sh"
# shellcheck source=../update/ssh_kit.sh
. "$X8_TESTS/update/ssh_kit.sh"
bundle u --old-version 746 --version 861

again u
start "sent, installed, restarted, confirmed"
update 0 apply u/offline-updates -y
prints 'Updated .* from 746 to 861'
log_has '^1 aklite A install -> 100'
log_has '^2 aklite A run -> 0'
on_board 861
confirmed
tidy
again u aklite=C
start "with the restart later"
update 3 apply u/offline-updates -y --no-reboot
error_form '3 pending'
update 0 finish -y
on_board 861
confirmed
again u aklite=B appfail=all
start "apps that do not start: the old system, and told so"
update 33 apply u/offline-updates -y
error_form '33 rolled-back'
on_board 746
finish
