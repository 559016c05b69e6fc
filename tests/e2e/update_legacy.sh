#!/usr/bin/env bash
# shellcheck disable=SC2016 # what stands in single quotes is for the board's shell
# x8ctl update legacy-399: a board without aklite-offline. What stands for Arduino's program is the virtual board's own one,
# brought along; what is inside of Arduino's nobody has published.
# shellcheck source=update_kit.sh
. "$(dirname "$0")/update_kit.sh"
bundle u --old-version 399 --version 861
bundle u569 --old-version 569 --version 861
bundle u746 --old-version 746 --version 861
new=$(fact u new commit)

# tool NAME LINES...: an archive as Arduino's, with that program.
tool() {
    local name=$1
    shift
    rm -rf t && mkdir -p t/usr/bin t/usr/lib
    printf '%s\n' '#!/bin/bash' '[ -e "$LD_LIBRARY_PATH/libaktualizr.so" ] || exit 99' "$@" >t/usr/bin/aklite-offline
    chmod 755 t/usr/bin/aklite-offline
    echo x >t/usr/lib/libaktualizr.so
    tar -C t -czf "$name" usr
}
# Whoever asks for the generation from here on is told A, as the program's words are.
tool tool.tar.gz "printf 'aklite=A\n' >>/run/x8board/update/words" 'exec /usr/libexec/board/bin/aklite-offline "$@"'
tool fails.tar.gz 'echo "Failed to install the offline update; src-dir: x; err: broken" >&2' 'exit 1'
mkdir -p empty && echo x >empty/readme && tar -C empty -czf empty.tar.gz readme
legacy() { update "$1" legacy-399 u/offline-updates --tool "$2" "${@:3}"; }

echo "== what does not begin"
again u aklite=none,A
start "apply names the way, and does nothing"
update 12 apply u/offline-updates -y
error_form '12 wrong-state'
says 'legacy-399'
start "an archive without the program, and one that is none, are told before any board"
run 23 "$X8CTL" -s "$nowhere" -t 2s update legacy-399 u/offline-updates --tool empty.tar.gz -y
error_form '23 misfit'
says 'empty.tar.gz'
echo hello >none.tar.gz
legacy - none.tar.gz -y
[ "$status" != 0 ] || problem "it ended well"
says '^  next   .'
log_is 'boot 399'
start "-n looks at everything and brings nothing"
legacy 0 tool.tar.gz -n
asked '' 'ls -d x8ctl-update-399 2>/dev/null'
start "the program refuses: its words are told, the old system runs"
legacy 30 fails.tar.gz -y
says 'broken|did not install'
log_is 'boot 399'
asked '' 'ls -d x8ctl-update-399 2>/dev/null'
update 0 status
prints '^journal	399 to 861, .* failed '
start "images with an aklite-offline of their own, and others without"
again u746
update 12 legacy-399 u746/offline-updates --tool tool.tar.gz -y
error_form '12 wrong-state'
says 'x8ctl update apply'
again u569 aklite=none,A
update 12 legacy-399 u569/offline-updates --tool tool.tar.gz -y
error_form '12 wrong-state'
says '569'

echo "== both halves"
again u aklite=none,A
start "installed with what was brought, confirmed by the new image's own"
legacy 0 tool.tar.gz -y
prints 'Updated .* from 399 to 861'
says 'not published'
log_is 'boot 399' 'aklite A install -> 100' reboot 'boot 861' 'aklite A run -> 0'
on_board 861
confirmed
tidy

echo "== cut off"
for step in pulled installed; do
    again u aklite=none,A
    start "killed at $step; finish goes on without the archive"
    killed_at "$step" legacy-399 u/offline-updates --tool tool.tar.gz -y
    update 0 finish -y
    prints 'Updated .* from 399 to 861'
    log_has "^2 boot 861 $new"
    [ "$(board_log | grep -c 'aklite A install --')" = 1 ] || problem "installed more than once: $(board_log)"
    confirmed
    tidy
done
start "the boot loader goes back to 399: told as such"
again u aklite=none,A bootfail=1
legacy 33 tool.tar.gz -y
error_form '33 rolled-back'
update 0 status
prints '^image	399$'
finish
