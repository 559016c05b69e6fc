#!/usr/bin/env bash
# x8ctl update finish: this computer dies at every step, and the board at every step; always the old or the new system, and
# never a success that is none.
# shellcheck source=update_kit.sh
. "$(dirname "$0")/update_kit.sh"
bundle a --old-version 746 --version 861
bundle c --old-version 950 --version 960 --seed 9

# both NAME OLD NEW GENERATION: the same for each.
both() {
    local name=$1 old=$2 new=$3 gen=$4 step
    for step in pull pulled deploy installed run confirm; do
        again "$name" "image=$old"
        start "generation $gen: killed at $step, then finish"
        killed_at "$step" apply "$name/offline-updates" -y
        update 0 finish -y
        prints "Updated .* from $old to $new"
        on_board "$new"
        confirmed
        tidy
        [ "$(board_log | grep -Ec "aklite $gen install --")" = 1 ] || problem "installed more than once: $(board_log)"
        start "generation $gen: and once more there is nothing to finish"
        update 0 finish -y
        prints 'nothing is left'
    done
    for step in pull pulled deploy env deployed installed run started confirm; do
        again "$name" "image=$old" "die=$step"
        start "generation $gen: the board loses its power at $step"
        update - apply "$name/offline-updates" -y --wait 60s
        [ "$status" = 0 ] || update 0 finish -y --wait 60s
        on_board "$new"
        confirmed
        tidy
    done
}
both a 746 861 A
both c 950 960 C

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
