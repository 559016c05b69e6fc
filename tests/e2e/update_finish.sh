#!/usr/bin/env bash
# x8ctl update finish: this computer dies at every step, and the board at every step; always the old or the new system, and
# never a success that is none.
# shellcheck source=update_kit.sh
. "$(dirname "$0")/update_kit.sh"
bundle a --old-version 746 --version 861

# each GENERATION: of the tool, on both images.
each() {
    local gen=$1 step
    for step in pull pulled deploy installed run confirm; do
        again a "aklite=$gen"
        start "generation $gen: killed at $step, then finish"
        killed_at "$step" apply a/offline-updates -y
        update 0 finish -y
        prints 'Updated .* from 746 to 861'
        on_board 861
        confirmed
        tidy
        [ "$(board_log | grep -Ec "aklite ${gen%,*} install --")" = 1 ] || problem "installed more than once: $(board_log)"
        start "generation $gen: and once more there is nothing to finish"
        update 0 finish -y
        prints 'nothing is left'
    done
    for step in pull pulled deploy env deployed installed run started confirm; do
        again a "aklite=$gen" "die=$step"
        start "generation $gen: the board loses its power at $step"
        update - apply a/offline-updates -y --wait 60s
        [ "$status" = 0 ] || update 0 finish -y --wait 60s
        on_board 861
        confirmed
        tidy
    done
}
# The usual run has a case of each step in update_kill.sh; all of them with each generation are for X8_LONG=1.
ways=()
[ -z "${X8_LONG:-}" ] || ways=(A B C "A,C")
for one in ${ways[@]+"${ways[@]}"}; do each "$one"; done

echo "== with other bundles and without"
again a
start "killed while sending is not needed: the bundle is away, and finish says so"
killed_at pull apply a/offline-updates -y
mv a/offline-updates a/away
update 0 finish -y
on_board 861
mv a/away a/offline-updates
start "an apply of the same bundle goes on as finish would"
again a
killed_at installed apply a/offline-updates -y
update 0 apply a/offline-updates -y
says 'goes on where it was left'
on_board 861
confirmed
start "forget: the journal is dropped, and what waits is told as nobody's"
again a
update 3 apply a/offline-updates -y --no-reboot
update 0 finish --forget -y
update 12 finish -y
error_form '12 wrong-state'
says 'not one of this computer'
finish
