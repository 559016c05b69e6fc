#!/usr/bin/env bash
# x8ctl update on boards and with bundles that something is wrong with: the right code, the board's own log as witness, and the
# old or the new system in the end, never anything else. One board a case, but for what is refused before anything is done to it.
# Where the generations of aklite-offline behave alike one of them is tried; each with X8_LONG=1.
# shellcheck source=update_kit.sh
. "$(dirname "$0")/update_kit.sh"
bundle u --old-version 746 --version 861
long=${X8_LONG:-}

# ends STATUS IMAGE [ARGS...]: apply ends so, and the board runs that image.
ends() {
    local want=$1 image=$2
    shift 2
    update "$want" apply "$of/offline-updates" -y "$@"
    [ "$want" = 0 ] || says "^  code   $want "
    on_board "$image"
}

# is_refused STATUS TEXT: before anything is installed, and nothing is left on the board.
is_refused() {
    ends "$1" 746 "${@:3}"
    says "$2"
    log_has_no ' install '
}

echo "== refused before anything is sent"
again u
start "expired by this computer's clock"
bundle expired --from "$work/u" --expires timestamp=-2h
of=expired
is_refused 22 'timestamp.*expired|expired.*timestamp'
start "hardware id of another machine"
bundle hwid --from "$work/u" --hwid intel-corei7-64
of=hwid
is_refused 23 'intel-corei7-64'
start "a tag that the board does not take"
bundle tag --from "$work/u" --tag devel
of=tag
is_refused 23 'devel'
start "several targets, which generations A and B do not take"
bundle multi --old-version 746 --version 861 --multi 846
of=multi
update 0 show multi/offline-updates
is_refused 23 'targets'
for kind in flip missing-object signature missing-blob truncate dirtree; do
    start "damaged: $kind"
    rm -rf broken && cp -a u broken && "$X8_TESTS/update/break-bundle" broken/offline-updates "$kind"
    case $kind in missing-blob) update 21 apply broken/offline-updates -y ;; *) update 22 apply broken/offline-updates -y ;; esac
    says "$([ "$kind" = missing-blob ] && echo '^  code   21 bad-image' || echo '^  code   22 bad-digest')"
    log_is 'boot 746'
done
start "no room on the board"
again u space=1500000
is_refused 26 'MiB|KiB|GiB'
start "expired by the board's clock alone"
again u clock=+5184000
is_refused 22 "board"
start "production bundle, board of a ci factory"
bundle prod --from "$work/u" --type prod
again prod registered=ci resetapps=1
is_refused 23 'prod'
start "registered without restorable apps"
again u registered=ci
is_refused 23 'reset_apps'
start "the mark of an update by the board's own page: said, and its unit is not disturbed"
again u ootb=pending
ends 0 861
says 'page'
[ "$(board_did | grep -n 'offline-run starts\|run -> ' | head -n 1 | grep -c starts)" = 1 ] || problem "run came before the unit: $(board_log)"

echo "== no program for it on the board"
bundle old --old-version 569 --version 861
start "image 569"
again old
update 12 apply old/offline-updates -y
error_form '12 wrong-state'
says 'legacy-399|flash'
log_is 'boot 569'

echo "== the board refuses or breaks off"
start "its own room runs out in the middle of the pull"
again u quota=2000
ends 26 746
log_has 'install -> (1|60)$'
start "deployment fails, the state from before is restored (C)"
again u aklite=C deployfail=1
ends 33 746
log_has 'install -> 110'
start "deployment fails, and so does the way back (C)"
again u aklite=C deployfail=2
ends 34 746
start "metadata that expires between install and run (A): the new image runs, unconfirmed, and that is what is said"
bundle soon --from "$work/u" --expires timestamp=+1d
again soon hold=installed
# While it stands still the days go by: the next boot has another clock.
(await 60 "the installed bundle" test -e "$root/run/update/held-installed" &&
    sed -i 's/^board_kernel=\(.*\) board_clock=.*/board_kernel=\1 board_clock=+172800/' "$root/board.conf" && : >"$root/run/update/go") &
update 34 apply soon/offline-updates -y
wait "$!"
error_form '34 unknown-state'
says 'not be confirmed|not confirmed'
on_board 861

echo "== apps and boot loader"
for generation in A ${long:+B} C; do
    start "app does not start, $generation: back to the old system, which is told although the last run ends with 0"
    again u "aklite=$generation" appfail=all
    ends 33 746
    log_has "^2 aklite $generation run -> 100"
    log_has "^3 aklite $generation run -> 0"
done
for generation in A B ${long:+C}; do
    start "the new system never comes up, $generation: the boot loader goes back"
    again u "aklite=$generation" bootfail=1
    ends 33 746
done
start "app does not start and nobody knows the old system (C): the state is not certain"
again u aklite=C appfail=all previous=unknown
update 34 apply u/offline-updates -y
error_form '34 unknown-state'
start "the loader goes back to a system that the board has no record of (B)"
again u aklite=B bootfail=1 previous=unknown
update 34 apply u/offline-updates -y
error_form '34 unknown-state'
start "an earlier boot firmware is unconfirmed: one restart more"
again u aklite=C bootfw=pending
ends 0 861
log_has 'install -> 90'
log_has 'install -> 100'
confirmed
start "a board that no fleet knows cannot go back by itself, and what can is told"
update 30 rollback -y
error_form '30 refused'
says 'allow-downgrade'
on_board 861
start "a new boot firmware: applied, and a restart is advised (C)"
bundle firmware --old-version 746 --version 861 --bootfw 9
again firmware aklite=C
ends 0 861
log_has 'run -> 5'
says 'x8ctl reboot'

echo "== only the apps changed"
bundle apps --old-version 746 --version 747 --only-apps
for generation in A C; do
    start "generation $generation: no restart"
    again apps "aklite=$generation"
    update 0 apply apps/offline-updates -y
    log_has_no '^1 reboot'
    log_has 'run -> 0'
done

echo "== in generations A and B, run never comes before the restart"
for generation in ${long:+A} B; do
    again u "aklite=$generation"
    start "$generation"
    ends 0 861
    [ "$(board_log | grep -nE "aklite $generation run|reboot$" | head -n 1 | grep -c reboot)" = 1 ] ||
        problem "run came before the restart: $(board_log)"
done

echo "== a registered board, whose daemon finishes by itself"
for generation in ${long:+A} C; do
    again u "aklite=$generation" registered=ci resetapps=1 daemon=200
    start "it is stopped meanwhile and started again, $generation"
    ends 0 861
    confirmed
    asked active 'systemctl is-active aktualizr-lite.service'
done

echo "== back to the system from before"
start "a registered board of generation C can: aktualizr-lite's rollback, proven like an update"
update 0 rollback -y
prints 'from 861 to 746'
log_has 'lite rollback -> 100'
on_board 746
confirmed
asked active 'systemctl is-active aktualizr-lite.service'
start "and has nothing to go back to from there but what was left"
update 0 status
prints '^image	746$'
finish
