#!/usr/bin/env bash
# Offline updates of the virtual board's Linux (tests/board/ROOT.md), tried without x8ctl: bundles against openssl and ostree,
# the three generations of aklite-offline against the sequences of upstream's own tests.
# shellcheck disable=SC2016,SC2154 # scripts in single quotes are for the shell inside; variables of kit.sh
# shellcheck source=board_update_kit.sh
. "$(dirname "$0")/board_update_kit.sh"

# In the usual run generation B, whose program is A's but for some codes, is tried where these differ, and of what was before
# one of each outcome; all of them with X8_LONG=1.
gens=(A C)
[ -z "${X8_LONG:-}" ] || gens=(A B C)

# ---- bundles ----

start "a bundle is made within seconds, and sandboxes are allowed"
run 0 "$update/make-bundle" "$work/u" --pack tar,tar.gz,tar.zst
within 10
possible

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
bundle apps --from "$work/u" --only-apps
bundle boot --version 862 --bootfw 8

start "every damage is done, and ostree sees those of the repository"
# A damage of each part: update_show.sh tries what the others come to.
mapfile -t kinds < <("$update/break-bundle" --list)
[ -n "${X8_LONG:-}" ] || kinds=(flip dirtree missing-object missing-commit wrong-ref signature no-roots unlisted blob uri)
for kind in "${kinds[@]}"; do
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
        prints 'Unsu[p]orted command: --help'
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

for gen in "${gens[@]}"; do
    start "$gen: an update of root file system and apps"
    board u "aklite=$gen"
    inside "$good [image 746] [env 1 0 0]" 'I; V; E'
    inside "$after" 'A run; V; E; T; S docker ps'
    prints ' arduino-ootb-arduino-ootb-1|  *arduino-ootb'
    inside '[image 861] [env 0 0 0]' 'V; E'
done

start "A, B: apps alone need docker anew"
for gen in A B; do
    if [ -n "${X8_LONG:-}" ] || [ $gen = A ]; then
        board apps "aklite=$gen"
        inside '[install 101] [run 0]' 'I; S systemctl restart docker; A run'
    fi
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
cases=(A:known:0 B:unknown:110 C:initial:99)
[ -z "${X8_LONG:-}" ] || cases+=(A:unknown:0 B:known:99 C:known:99 C:unknown:99)
for case in "${cases[@]}"; do
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
for gen in "${gens[@]}"; do
    for previous in ${X8_LONG:+known} initial; do
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
finish
