#!/usr/bin/env bash
# Offline updates of the virtual board's Linux (tests/board/ROOT.md), tried without x8ctl: bundles against openssl and ostree,
# the three generations of aklite-offline against the sequences of upstream's own tests, every word that makes one fail.
# shellcheck disable=SC2016 # scripts in single quotes are for the shell inside
export X8CTL=${X8CTL:-none} X8_BOARD=${X8_BOARD:-none} X8_MKIMAGE=${X8_MKIMAGE:-none}
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"
for tool in /usr/bin/python3 ostree openssl; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool on this machine" && exit 77; }
done

root=$X8_TESTS/board/root update=$X8_TESTS/update
export X8_UPDATE_KEYS=$work/keys
trap '[ ! -e "$work/r" ] || "$root/remove" "$work/r"; chmod -R u+rwX "$work"; rm -rf "$work"' EXIT

# bundle NAME OPTIONS...: made once; the others take their commits from the first.
bundle() {
    local name=$1
    shift
    "$update/make-bundle" "$work/$name" "$@" >"$work/made" 2>&1 || { cat "$work/made" && exit 1; }
}
fact() { python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."): d = d[key]
print(d)' "$work/$1/facts.json" "$2"; }

# board FIXTURE WORDS...: a fresh one, with that fixture's bundle in /home/fio/b.
board() {
    local fixture=$1
    shift
    [ ! -e "$work/r" ] || "$root/remove" "$work/r"
    "$root/make" "$work/r" sudo=fio "update=$work/$fixture" "$@" || problem "make failed: $*"
    give "$fixture" b
}
give() { rm -rf "${work:?}/r/var/rootdirs/home/fio/$2" && cp -a "$work/$1/offline-updates" "$work/r/var/rootdirs/home/fio/$2"; }
damage() { "$update/break-bundle" "$work/r/var/rootdirs/home/fio/b" "$1" || problem "break-bundle $1"; }
words() { printf '%s\n' "$@" >"$work/r/run/update/words"; }

# What scripts find inside: S is sudo; A aklite-offline, whose status it prints; I its install of b; V what runs.
prelude='S() { printf "fio\n" | sudo -S -k -p "" "$@"; }; A() { S aklite-offline "$@"; echo "[$1 $?]"; }
I() { A install --src-dir /home/fio/b "$@"; }; V() { . /etc/os-release; echo "[image $IMAGE_VERSION]"; }
E() { echo "[env $(S fw_printenv upgrade_available bootcount rollback | cut -d= -f2 | xargs)]"; }
T() { echo "[target $(S cat /var/sota/current-target | sed -n "s/^TARGET_NAME=//p")]"; }
'
inside() {
    run 0 "$root/enter" "$work/r" bash -c "$prelude$2
:"
    [ "$(grep -oE '\[[a-z]+ [^]]*\]' "$out" | xargs)" = "$1" ] || problem "said: $(grep -oE '\[[a-z]+ [^]]*\]' "$out" | xargs)
     not:  $1"
    [ ! -s "$work/r/run/update/trace" ] || problem "a unit says: $(tail -n 1 "$work/r/run/update/trace")"
    logged_no 'BUG'
}
logged() { grep -Eq -e "$1" "$work/r/run/update/details" || problem "what happened lacks: $1"; }
logged_no() { ! grep -Eq -e "$1" "$work/r/run/update/details" || problem "what happened has: $1"; }

# ---- bundles ----

start "a bundle is made within seconds, and sandboxes are allowed"
run 0 "$update/make-bundle" "$work/u" --pack tar,tar.gz,tar.zst
within 10
board u
run - "$root/enter" "$work/r" true
if [ "$status" = 77 ]; then
    cat "$err"
    exit 77
fi

start "ostree finds the repository whole, and its commit is the target's"
cp -r "$work/u/offline-updates/ostree_repo" "$work/repo"
mkdir -p "$work/repo/refs/remotes"
run 0 ostree fsck --repo="$work/repo"
run 0 ostree rev-parse --repo="$work/repo" lmp
prints "^$(fact u new.commit)\$"
run 0 ostree ls -R --repo="$work/repo" lmp
prints ' /usr/share/größe/日本語 – ñ.txt$'
prints '^-04755 0 0 .* /usr/bin/setuid$'
prints '^l00777 .* /usr/share/dangling -> /nowhere$'

start "openssl accepts the signatures, and sha256 the chain of files"
cat >"$work/judge.py" <<'END_'
import base64, hashlib, json, os, subprocess, sys
tuf = sys.argv[1]
def canonical(v):
    if isinstance(v, dict): return b"{" + b",".join(canonical(k) + b":" + canonical(v[k]) for k in sorted(v)) + b"}"
    if isinstance(v, list): return b"[" + b",".join(map(canonical, v)) + b"]"
    if isinstance(v, str): return b'"' + v.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'
    return json.dumps(v).encode()
def check(envelope, root, role):
    good = 0
    open("data", "wb").write(canonical(envelope["signed"]))
    for s in envelope["signatures"]:
        if s["keyid"] not in root["roles"][role]["keyids"]: continue
        key = root["keys"][s["keyid"]]
        assert hashlib.sha256(canonical(key)).hexdigest() == s["keyid"]
        open("sig", "wb").write(base64.b64decode(s["sig"]))
        if key["keytype"] == "RSA":
            open("pub", "w").write(key["keyval"]["public"])
            call = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "pub", "-rawin", "-digest", "sha256", "-sigfile", "sig", "-in", "data",
                    "-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:32"]
        else:
            open("pub", "wb").write(bytes.fromhex("302a300506032b6570032100" + key["keyval"]["public"]))
            call = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "pub", "-rawin", "-sigfile", "sig", "-in", "data"]
        good += subprocess.run(call, capture_output=True).returncode == 0
    assert good >= root["roles"][role]["threshold"], (role, good)
    return good
load = lambda n: json.load(open(f"{tuf}/{n}.json"), strict=False)
data = lambda n: open(f"{tuf}/{n}.json", "rb").read()
roots = [load(f"{n}.root") for n in (1, 2, 3)]
for before, after in zip([roots[0], *roots], roots):
    check(after, before["signed"], "root"); check(after, after["signed"], "root")
root = roots[-1]["signed"]
counts = {role: check(load(role), root, role) for role in ("timestamp", "snapshot", "targets")}
counts["bundle"] = check(load("bundle-targets"), root, "targets")
for upper, lower in (("timestamp", "snapshot"), ("snapshot", "targets")):
    said = load(upper)["signed"]["meta"][lower + ".json"]
    assert said["hashes"]["sha256"] == hashlib.sha256(data(lower)).hexdigest() and said["length"] == len(data(lower))
    assert canonical(load(lower)) == data(lower)
print(counts)
END_
run 0 bash -c 'cd "$1" && exec python3 "$1/judge.py" "$2"' - "$work" "$work/u/offline-updates/tuf"
prints "'targets': 2, 'bundle': 2"

start "packed bundles hold the same, below offline-updates"
for kind in tar tar.gz tar.zst; do
    run 0 bash -c 'mkdir -p "$1/x" && tar -C "$1/x" -xf "$1/u/bundle.$2" && diff -r "$1/x/offline-updates" "$1/u/offline-updates" && rm -r "$1/x"' - "$work" "$kind"
done

start "the same options make the same commits, and others from the same commits"
bundle again
[ "$(fact u new.commit)" = "$(fact again new.commit)" ] || problem "another commit"
bundle expired --from "$work/u" --expires timestamp=-1d
bundle soon --from "$work/u" --expires all=+1d
bundle older --from "$work/u" --meta-version 9
bundle hwid --from "$work/u" --hwid imx8mm-lpddr4-evk
bundle tag --from "$work/u" --tag devel
bundle prod --from "$work/u" --type prod
bundle apps --from "$work/u" --only-apps
bundle noroots --from "$work/u" --no-roots12
bundle boot --version 862 --bootfw 8
bundle noapps --from "$work/u" --apps ''
bundle strict --from "$work/u" --threshold targets=2 --threshold snapshot=1

start "every damage is done, and ostree sees those of the repository"
for kind in $("$update/break-bundle" --list); do
    rm -rf "$work/d"
    cp -a "$work/u" "$work/d"
    run 0 "$update/break-bundle" "$work/d" "$kind"
    ! diff -r "$work/u/offline-updates" "$work/d/offline-updates" >/dev/null 2>&1 || problem "$kind changed nothing"
    case $kind in
    flip | exchange | dirtree | truncate | empty | header | missing-object | missing-dirtree | missing-commit | commit)
        mkdir -p "$work/d/offline-updates/ostree_repo/refs/remotes"
        run 1 ostree fsck --repo="$work/d/offline-updates/ostree_repo"
        ;;
    esac
done
run 2 "$update/break-bundle" "$work/d" nonsense
rm -rf "$work/d"

# ---- the tool's shape ----

start "a word that makes no sense is refused"
for word in update=/none aklite=D previous=x registered=x resetapps=2 daemon=x space=1K quota=x slow=x bootfail=2 bootfw=x deployfail=3 die=x hold=x ootb=x; do
    run 2 "$root/make" "$work/none" "$word"
    says "^make: ${word%%=*}="
done

start "each generation is told by its usage"
shape='aklite-offline --help >o; echo "[help $?]"; aklite-offline 2>e >/dev/null; echo "[none $?]"; aklite-offline install --help >i 2>&1; echo "[install $?]"
    aklite-offline run --help >/dev/null 2>&1; echo "[run $?]"; aklite-offline check --help >/dev/null 2>&1; echo "[check $?]"; cat o e i'
for gen in A B C; do
    board u "aklite=$gen"
    if [ $gen = C ]; then
        inside "[help 1] [none 1] [install 1] [run 0] [check 1]" "$shape"
        prints '^  aklite-offline <cmd> \[flags\]$'
        prints '^  current  '
    else
        inside "[help 1] [none 1] [install 1] [run 1] [check 1]" "$shape"
        prints "^$(printf '\t')aklite-$([ $gen = A ] && echo apps || echo offline) <cmd> \[options\]\$"
        prints 'Unsuported command: --help'
        prints '^Supported commands: install run$'
    fi
    prints '^Missing command$'
    prints "^the option '--src-dir' is required but missing\$"
done
board u aklite=none
run 0 "$root/enter" "$work/r" bash -c '! command -v aklite-offline'
board u aklite=B
inside '[install 1] [install 1] [install 1] [install 1]' 'aklite-offline install -s b 2>/dev/null; echo "[install $?]"; I --nonsense 2>/dev/null; I --log-level 6 2>/dev/null; A install -s /none'
says '^Failed to install the offline update; src-dir: "/none"; err: /none: No such file or directory'

start "failures of A and B end without a line end; colours are for terminals"
board expired aklite=A
inside '[install 1]' 'x=$(I --log-level 4 2>&1; echo .); printf "%s\n" "$x"; script -qc "printf fio | sudo -S -p \"\" aklite-offline run" /dev/null | cat -v'
prints 'The timestamp metadata was expired\.\[install 1\]'
prints '^   info: No any pending'

# ---- upstream's own sequences ----

good='[install 100]'
after='[run 0] [image 861] [env 0 0 0] [target portenta-x8-lmp-861]'
for gen in A B C; do
    start "$gen: an update of root file system and apps"
    board u "aklite=$gen"
    inside "$good [image 746] [env 1 0 0]" 'I; V; E'
    inside "$after" 'A run; V; E; T; S docker ps'
    prints ' arduino-ootb-arduino-ootb-1|  *arduino-ootb'
    inside '[image 861] [env 0 0 0]' 'V; E'
done

start "A, B: apps alone need docker anew"
for gen in A B; do
    board apps "aklite=$gen"
    inside '[install 101] [run 0]' 'I; S systemctl restart docker; A run'
    board apps "aklite=$gen"
    inside "[install 101] [run $([ $gen = A ] && echo 100 || echo 120)]" 'I; A run'
done

start "C: apps alone need no reboot"
board apps aklite=C
inside '[check 17] [install 10] [run 0] [check 0]' 'A check -s b; I; A run; A check -s b'

start "the current target once more: A 101, B 0 or 101, C 10"
board u aklite=A
inside "$good" I
inside '[run 0] [install 101]' 'A run; I'
board u aklite=B
inside "$good" I
inside '[run 0] [install 0]' 'A run; I'
prints 'has been already installed'
board u aklite=C
inside "[check 16] $good [install 30] [run 100] [current 1]" 'A check -s b; I; I; A run; A current'
prints '^Target: portenta-x8-lmp-746$'
prints "Install finalization wasn't invoked"
inside '[run 0] [install 10] [run 0] [run 40]' 'A run; I; A run; A run'

start "boot firmware: a trial, then one more reboot; an earlier one comes first"
board boot aklite=C bootfw=pending
inside '[install 90]' I
inside "$good" I
inside '[run 5] [install 90]' 'A run; I'
inside '[run 40]' 'A run'
logged 'uboot writes secondary'
logged 'uboot writes primary'
board boot aklite=B
inside "$good" I
inside '[run 90] [install 90]' 'A run; I'
inside '[run 0]' 'A run'

start "the boot loader goes back: A 0, B and C 99, whatever was before"
for case in A:known:0 A:unknown:0 B:known:99 B:unknown:110 C:known:99 C:initial:99 C:unknown:99; do
    IFS=: read -r gen previous rc <<<"$case"
    board u "aklite=$gen" "previous=$previous" bootfail=1
    inside "$good" I
    inside "[run $rc] [image 746]" 'A run; V; S fw_printenv rollback; S ostree admin status'
    prints '^rollback=1$'
    prints '^  lmp .*\(pending\)$'
    logged 'uboot gives up'
done

start "six boots that nobody confirms lead back"
board u aklite=A
inside "$good" I
for i in 1 2 3 4 5; do inside "[image 861] [env 1 $i 0]" 'V; E'; done
inside '[image 746] [env 0 0 1]' 'V; E'

start "an app that does not start brings the old system back, and the last run says 0"
for gen in A B C; do
    for previous in known initial; do
        board u "aklite=$gen" "previous=$previous" appfail=all
        inside "$good" I
        inside "[run 100] [image 861] [env 1 0 0]" 'A run; V; E'
        inside '[run 0] [image 746] [env 0 0 0]' 'A run; V; E'
    done
done
inside '[check 18] [install 100]' 'A check -s b; I'

start "an app that does not start, and nothing to go back to"
board u aklite=C previous=unknown appfail=arduino-ootb
inside "$good" I
inside '[run 120] [image 861]' 'A run; V'
board u aklite=B previous=unknown appfail=arduino-ootb
inside "$good" I
inside '[run 120] [image 861]' 'A run; V'

start "run before the reboot: A cancels the update, B leaves disagreement, C waits"
board u aklite=A
inside "$good [run 100]" 'I; A run'
prints 'Rollback to portenta-x8-lmp-746'
logged 'run before the reboot'
inside '[image 746] [run 0]' 'V; A run'
board u aklite=B
inside "$good [run 120]" 'I; A run'
inside '[image 861]' V

# ---- metadata ----

start "expired, missing, for other boards, of another kind"
board expired aklite=C
inside '[check 12] [install 12]' 'A check -s b; I'
give noroots b
inside '[check 14]' 'A check -s b'
give hwid b
inside '[check 15]' 'A check -s b'
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
for kind in signature:11 unsigned:11 key-id:11 snapshot-hash:11 targets-signature:15 missing-targets:14 garbage:13 missing-commit:8 \
    missing-app:8 unlisted:15 uri:8 root-gap:14; do
    board u aklite=C
    damage "${kind%:*}"
    inside "[check ${kind#*:}]" 'A check -s b'
done

start "metadata that is older than the board's: A stops, B and C go on with their own"
for case in A:1 B:100 C:100; do
    board u "aklite=${case%:*}" die=deploy
    run - "$root/enter" "$work/r" bash -c "${prelude}I"
    give older b
    inside "[install ${case#*:}]" I
done
board older aklite=C
give u newer
inside '[check 16] [check 16]' 'A check -s newer; A check -s b'

start "A, B: expired between install and run"
for gen in A B; do
    board soon "aklite=$gen"
    inside "$good" I
    sed -i 's/^board_kernel=\(.*\) board_clock=.*/board_kernel=\1 board_clock=+172800/' "$work/r/board.conf"
    inside '[run 1]' 'A run'
    says 'Failed to run the offline update; err: Invalid local TUF metadata'
done

# ---- content ----

start "a wrong byte, exchanged objects and a changed folder are taken without a word"
for kind in flip exchange dirtree; do
    board noapps aklite=B
    damage "$kind"
    run - "$root/enter" "$work/r" bash -c "${prelude}I; S ostree fsck --repo=/sysroot/ostree/repo 2>&1"
    prints '\[install (100|1)\]'
    [ "$kind" = dirtree ] || prints '\[install 100\]'
    [ "$kind" = dirtree ] || prints '[Cc]orrupted|fsck content object'
done

start "a short object, a missing object, no room: the update fails, and works once that is mended"
for case in truncate:50 empty:50 missing-object:50; do
    for gen in A C; do
        board u "aklite=$gen"
        damage "${case%:*}"
        code=1
        [ $gen = A ] || code=${case#*:}
        inside "[install $code]" I
        give u b
        inside "$good" I
    done
done
for gen in A B C; do
    board u "aklite=$gen" quota=1000
    code=1
    [ $gen != C ] || code=60
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
inside '[target portenta-x8-lmp-861] [run 0]' 'for i in {1..500}; do grep -q "daemon finalises" /run/x8board/update/details && break; sleep 0.01; done; T; A run'

start "the page's unit, its marker, and the unit behind the marker"
board u image=822 aklite=A
inside '' 'S cp -r b /var/sota/offline-updates; S systemctl start offline-update; ls /run/offline-update-success'
logged 'offline-update.service: 100'
inside '[target portenta-x8-lmp-861]' 'for i in {1..1000}; do S test -e /var/sota/offline-update-pending || break; sleep 0.01; done; T'
logged 'compose-apps-aklite-offline-run'

start "C: one at a time; whoever is hung up ends, whoever is detached does not"
board u aklite=C slow=1500
inside '[check 1] [late 100]' 'setsid nohup bash -c "echo fio | sudo -S -p \"\" aklite-offline install -s /home/fio/b >log 2>&1; echo [late \$?] >done" >/dev/null 2>&1 &
    until grep -q "pull begins" /run/x8board/update/details; do sleep 0.01; done; A check -s b; until [ -s done ]; do sleep 0.01; done; cat done'
board u aklite=A slow=20000
inside '' 'script -qc "echo fio | sudo -S -p \"\" aklite-offline install -s /home/fio/b" /dev/null >/dev/null 2>&1 & p=$!
    until grep -q "pull begins" /run/x8board/update/details; do sleep 0.01; done; kill $p; for i in {1..300}; do grep -q SIGHUP /run/x8board/update/details && break; sleep 0.01; done'
logged 'install ended by SIGHUP'

# ---- power ----

start "the power fails at each step, and what is left can be ended"
for step in pull pulled apps deploy env; do
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
for step in run started confirm; do
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
