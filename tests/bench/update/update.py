#!/usr/bin/env python3
"""Runs the cases of tests/bench/update/run and prints their tables. Called by that script; calls itself below x8-adbd, where the boards are."""
import json, os, random, shutil, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from kit import args, case, digest, free_port, listens, run

ADBD = os.path.join(args.build, "tests", "x8-adbd")
SEND = os.path.join(args.build, "tests", "send_bench")
HOME = "/var/rootdirs/home/fio"
STAGE = HOME + "/x8ctl-update"
BUNDLE = os.path.join(args.work, "bundle")
OLD = os.path.join(args.work, "old")  # names of the objects that the board has


def make_bundle():
    """Version 1 and 2 of a tree whose twentieth differs; the bundle holds version 2 alone."""
    if os.path.exists(os.path.join(BUNDLE, "tuf")):
        return
    for path in (BUNDLE, OLD):
        shutil.rmtree(path, ignore_errors=True)
    source, every = os.path.join(args.work, "source"), os.path.join(args.work, "every")
    rng = random.Random(3)
    average = args.size * (1 << 20) // args.files
    for i in range(args.files):
        folder = os.path.join(source, "usr", f"d{i % 300:03}")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, f"f{i:06}"), "wb") as file:
            file.write(rng.randbytes(rng.randrange(average // 4, average * 7 // 4)))

    def ostree(repo, *words):
        run(["ostree", f"--repo={repo}", *words])

    def commit():
        ostree(every, "commit", "-b", "lmp", "--owner-uid=0", "--owner-gid=0", "--canonical-permissions", f"--tree=dir={source}")

    def names():
        return {os.path.join(f, n) for f in os.listdir(os.path.join(every, "objects")) for n in os.listdir(os.path.join(every, "objects", f))}

    ostree(every, "init", "--mode=archive")
    ostree(every, "config", "set", "core.fsync", "false")
    ostree(every, "config", "set", "archive.zlib-level", "1")
    commit()
    with open(OLD + ".part", "w") as file:
        file.writelines(name.replace(".filez", ".file") + "\n" for name in sorted(names()))
    for i in range(0, args.files, 20):
        with open(os.path.join(source, "usr", f"d{i % 300:03}", f"f{i:06}"), "r+b") as file:
            file.write(rng.randbytes(100))
    commit()
    repo = os.path.join(BUNDLE, "ostree_repo")
    os.makedirs(BUNDLE)
    ostree(repo, "init", "--mode=archive")
    ostree(repo, "config", "set", "core.fsync", "false")
    ostree(repo, "pull-local", every, "lmp")
    shutil.rmtree(source)
    shutil.rmtree(every)
    os.rename(OLD + ".part", OLD)
    os.makedirs(os.path.join(BUNDLE, "tuf"))
    with open(os.path.join(BUNDLE, "tuf", "targets.json"), "w") as file:
        file.write("{}\n")


def sent_files(path):
    """One digest of all that travels, whatever else lies in the folder."""
    return [digest(os.path.join(path, part)) for part in ("tuf", "ostree_repo/objects", "ostree_repo/refs/heads")]


def give_board(root):
    """Names are all that is asked of the board's repository."""
    objects = os.path.join(root, "sysroot", "ostree", "repo", "objects")
    with open(OLD) as file:
        for line in file:
            path = os.path.join(objects, line.strip())
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").close()


def again(second):
    """Once more by itself: a daemon that has lost its client takes half a second to take the next."""
    time.sleep(1)
    return json.loads(run([SEND, second, BUNDLE, STAGE]))


def with_boards():
    """Below x8-adbd: board 1 belongs to the adb server, board 2 is reached directly."""
    first, second, first_root, second_root = args.boards
    port = free_port()
    env = dict(os.environ, HOME=args.work, ANDROID_ADB_SERVER_PORT=str(port))
    server = subprocess.Popen(["adb", "-P", str(port), "nodaemon", "server"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    homes = {"adb push": first_root + HOME, "update": second_root + HOME}
    want = sent_files(BUNDLE)

    def clean(label):
        for name in ("bundle", "x8ctl-update"):
            shutil.rmtree(os.path.join(homes[label], name), ignore_errors=True)
        os.sync()

    def check(label):
        path = os.path.join(homes[label], "bundle" if label == "adb push" else "x8ctl-update")
        if sent_files(path) != want:
            sys.exit(f"bench: {label} brought other bytes")

    try:
        while not listens(port):
            time.sleep(0.05)
        for _ in range(50):
            if b"connected to" in subprocess.run(["adb", "connect", first], env=env, stdout=subprocess.PIPE).stdout:
                break
            time.sleep(0.1)
        run(["adb", "-s", first, "wait-for-device"], env)
        programs = {"adb push": (["adb", "-s", first, "push", BUNDLE, HOME + "/bundle"], env), "update": ([SEND, second, BUNDLE, STAGE], env)}
        case(f"a bundle of {args.files} files, {args.size} MiB", programs, clean, check)
        say = lambda what, got: print(f"{what:<38}{got['sent'] / 1e6:9.1f} MB of {got['bytes'] / 1e6:.1f} ({100 * got['sent'] / got['bytes']:.2f} %), {got['ms'] / 1000:.2f} s", flush=True)
        print()
        say("again, all of it staged:", again(second))
        give_board(second_root)
        clean("update")
        got = again(second)
        say("to a board that has all but a 20th:", got)
        if got["there"] < args.files * 9 // 10:
            sys.exit("bench: the board's objects were not seen")
    finally:
        subprocess.run(["adb", "-P", str(port), "kill-server"], env=env, stderr=subprocess.DEVNULL)
        server.wait()


if args.boards:
    with_boards()
else:
    make_bundle()
    board = f"latency={args.latency}"
    below = [sys.executable, __file__, *sys.argv[1:], "--boards", "{adb}", "{adb2}", "{root}", "{root2}"]
    sys.exit(subprocess.run([ADBD, "--board", board, "--board", board, "--", *below]).returncode)
