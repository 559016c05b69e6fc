#!/usr/bin/env bash
# What goes wrong with offline updates of the virtual board's Linux (tests/board/ROOT.md), tried without x8ctl: metadata,
# contents, units that interfere, power.
# shellcheck disable=SC2016,SC2154 # scripts in single quotes are for the shell inside; variables of kit.sh
# shellcheck source=board_update_kit.sh
. "$(dirname "$0")/board_update_kit.sh"

# Tables are tried in part in the usual run, each outcome once; whole with X8_LONG=1. The program itself meets all of it in
# update_*.sh.
long=${X8_LONG:-}

start "sandboxes are allowed"
bundle u
bundle expired --from "$work/u" --expires timestamp=-1d
bundle soon --from "$work/u" --expires all=+1d
bundle older --from "$work/u" --meta-version 9
bundle hwid --from "$work/u" --hwid imx8mm-lpddr4-evk
bundle tag --from "$work/u" --tag devel
bundle prod --from "$work/u" --type prod
bundle noroots --from "$work/u" --no-roots12
bundle noapps --from "$work/u" --apps ''
bundle strict --from "$work/u" --threshold targets=2 --threshold snapshot=1
possible

# ---- metadata ----

start "expired, missing, for other boards, of another kind"
board expired aklite=C
inside '[check 12] [install 12]' 'A check -s b; I'
board noroots aklite=C
inside '[check 14]' 'A check -s b'
give u b
inside '[check 16]' 'A check -s b'
give noroots b
inside '[check 16]' 'A check -s b'
board noroots aklite=C tufroots=1
inside '[check 16]' 'A check -s b'
for case in hwid:6 tag:15 prod:0; do
    fixture=${case%:*} code=${case#*:}
    board "$fixture" aklite=C
    [ "$code" != 0 ] || code=16
    inside "[check $code]" 'A check -s b'
done
board prod aklite=C registered=ci daemon=off
inside '[check 1] [check 15]' 'A check -s b; S systemctl stop aktualizr-lite; A check -s b'
says 'Failed to obtain the aklite lock'
board u aklite=C clock=+34560000
inside '[check 12]' 'A check -s b'
board strict aklite=C
inside '[check 16]' 'A check -s b'
kinds=(signature:11 targets-signature:15 missing-targets:14 garbage:13 missing-commit:8)
[ -z "$long" ] || kinds+=(unsigned:11 key-id:11 snapshot-hash:11 missing-app:8 unlisted:15 uri:8 root-gap:14)
board u aklite=C
for kind in "${kinds[@]}"; do
    [ -z "$long" ] || board u aklite=C
    damage "${kind%:*}"
    inside "[check ${kind#*:}]" 'A check -s b'
done

start "metadata that is older than the board's: A stops, B and C go on with their own"
for case in A:1 ${long:+B:100} C:100; do
    board u "aklite=${case%:*}" die=deploy
    run - "$root/enter" "$work/r" bash -c "${prelude}I"
    give older b
    inside "[install ${case#*:}]" I
done
board older aklite=C
give u newer
inside '[check 16] [check 16]' 'A check -s newer; A check -s b'

start "A, B: expired between install and run"
for gen in A ${long:+B}; do
    board soon "aklite=$gen"
    inside "$good" I
    sed -i 's/^board_kernel=\(.*\) board_clock=.*/board_kernel=\1 board_clock=+172800/' "$work/r/board.conf"
    inside '[run 1]' 'A run'
    says 'Failed to run the offline update; err: Invalid local TUF metadata'
done

# ---- content ----

start "a wrong byte, exchanged objects and a changed folder are taken without a word"
for kind in flip ${long:+exchange} dirtree; do
    board noapps aklite=B
    damage "$kind"
    run - "$root/enter" "$work/r" bash -c "${prelude}I; S ostree fsck --repo=/sysroot/ostree/repo 2>&1"
    prints '\[install (100|1)\]'
    [ "$kind" = dirtree ] || prints '\[install 100\]'
    [ "$kind" = dirtree ] || prints '[Cc]orrupted|fsck content object'
done

start "a short object, a missing object, no room: the update fails, and works once that is mended"
for case in truncate:50 ${long:+empty:50} missing-object:50; do
    for gen in ${long:+A} C; do
        board u "aklite=$gen"
        damage "${case%:*}"
        code=1
        [ "$gen" = A ] || code=${case#*:}
        inside "[install $code]" I
        give u b
        inside "$good" I
    done
done
for gen in A ${long:+B} C; do
    board u "aklite=$gen" quota=1000
    code=1
    [ "$gen" != C ] || code=60
    inside "[install $code]" 'I 2>&1'
    prints 'min-free-space-percent.* would be exceeded'
    words quota=
    inside "$good" I
done

start "only objects that the board lacks are needed"
board u aklite=A
(cd "$work/r/sysroot/ostree/repo/objects" && find . -type f -name '*.file') | sed 's/file$/filez/' | (cd "$work/r/var/rootdirs/home/fio/b/ostree_repo/objects" && xargs rm -f)
inside "$good" I
inside "$after" 'A run; V; E; T; S ostree fsck --repo=/sysroot/ostree/repo'

start "a downgrade: A and B do it, C wants to be forced; a named target"
bundle down --old-version 934 --version 746 --keys "$work/keys"
board down aklite=A image=934
inside "$good" I
board down aklite=C image=934
inside '[install 102] [install 20] [install 100]' 'I; I -t nothing; I --force'

start "two targets in a bundle: the highest, or the named one"
bundle multi --version 861 --multi 881
board multi aklite=C
inside "$good" I
inside '[image 881]' V
board multi aklite=C
inside "$good" 'I -t portenta-x8-lmp-861'
inside '[image 861]' V

start "registered boards: apps that cannot be restored, and the daemon that finalises"
board u aklite=A registered=ci daemon=off
inside '[install 1]' I
says 'non-restorable app engine'
board u aklite=A registered=ci resetapps=1 daemon=0
inside "$good" 'S systemctl stop aktualizr-lite; I'
inside '[target portenta-x8-lmp-861] [run 0]' 'for i in {1..6000}; do grep -q "^2 daemon finalises" /run/x8board/update/details && break; sleep 0.01; done; T; A run'

start "the page's unit, its marker, and the unit behind the marker"
board u image=822 aklite=A
inside '' 'S cp -r b /var/sota/offline-updates; S systemctl start offline-update; ls /run/offline-update-success'
logged 'offline-update.service: 100'
inside '[target portenta-x8-lmp-861]' 'for i in {1..6000}; do S test -e /var/sota/offline-update-pending || break; sleep 0.01; done; T'
logged 'compose-apps-aklite-offline-run'

start "C: one at a time; whoever is hung up ends, whoever is detached does not"
board u aklite=C slow=1500
inside '[check 1] [late 100]' 'setsid nohup bash -c "echo fio | sudo -S -p \"\" aklite-offline install -s /home/fio/b >log 2>&1; echo [late \$?] >done" >/dev/null 2>&1 &
    until grep -q "pull begins" /run/x8board/update/details; do sleep 0.01; done; A check -s b; until [ -s done ]; do sleep 0.01; done; cat done'
board u aklite=A slow=20000
inside '' 'S aklite-offline install -s /home/fio/b >/dev/null 2>&1 &
    until grep -q "pull begins" /run/x8board/update/details; do sleep 0.01; done; S kill -HUP $(pgrep -f "update_aklit[e].py"); for i in {1..6000}; do grep -q SIGHUP /run/x8board/update/details && break; sleep 0.01; done'
logged 'install ended by SIGHUP'

# ---- power ----

start "the power fails at each step, and what is left can be ended"
for step in pull ${long:+pulled apps deploy} env; do
    board u aklite=C "die=$step"
    run - "$root/enter" "$work/r" bash -c "${prelude}I"
    logged "power lost at $step"
    [ "$(<"$work/r/power")" = reboot ] || problem "$step: the board does not come back"
    inside "[image 746] $good" 'V; I'
    inside '[run 0] [image 861]' 'A run; V'
done
for case in deployed:40 installed:0; do
    board u aklite=C "die=${case%:*}"
    run - "$root/enter" "$work/r" bash -c "${prelude}I"
    inside "[image 861] [run ${case#*:}] [env 0 0 0]" 'V; A run; E'
done
for step in ${long:+run} started confirm; do
    board u aklite=B "die=$step"
    inside "$good" I
    run - "$root/enter" "$work/r" bash -c "${prelude}A run"
    inside "$after" 'A run; V; E; T'
done

start "deploying fails: C restores the old state, or cannot"
for case in A:1:1 C:1:110 C:2:130; do
    IFS=: read -r gen word code <<<"$case"
    board u "aklite=$gen" "deployfail=$word"
    inside "[install $code] [image 746]" 'I; V'
done

start "image 399 has no such program; one that is brought along needs its libraries"
bundle old399 --old-version 399
run 0 "$update/make-legacy" "$work/tool.tar.gz"
board old399
tar -C "$work/r/var/rootdirs/home/fio" -xzf "$work/tool.tar.gz"
inside '[image ] [alone 127] [install 100]' 'V; ! command -v aklite-offline; P=/home/fio/aklite-offline-399/usr; S $P/bin/aklite-offline run; echo "[alone $?]"
    S env LD_LIBRARY_PATH=$P/lib $P/bin/aklite-offline install -s /home/fio/b; echo "[install $?]"'
says 'error while loading shared libraries'
inside "$after" 'A run; V; E; T'

start "what users see of containers, rooms and deployments"
board u space=123456789 containers=db:postgres:running,job:local/job:exited
inside '' 'df -P -k /sysroot /var; S docker ps --format "{{.Names}} {{.Image}} {{.Status}}"; S docker ps -aq; S docker inspect job; ostree admin status; S ostree admin status
    readlink -f "$(sed "s/.*ostree=//" /proc/cmdline)"; cat /usr/lib/firmware/version.txt; mountpoint /mnt/boot; ostree --repo=b/ostree_repo ls lmp >/dev/null; systemctl cat aktualizr-lite | head -n 1'
prints ' 120563 +[0-9]+% /$'
prints '^db postgres Up'
prints_no '^job'
prints '"Running":false'
says '^error: Permission denied$'
prints "^\* lmp $(fact u old.commit).0\$"
prints "^/sysroot/ostree/deploy/lmp/deploy/$(fact u old.commit).0\$"
prints '^bootfirmware_version=7$'
prints '^/mnt/boot is a mountpoint$'
finish
