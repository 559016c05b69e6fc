#!/usr/bin/env python3
"""Runs the cases of tests/bench/adb and prints their tables. Called by that script; calls itself below x8-adbd, where the boards are."""
import json, os, subprocess, sys, time

from kit import METER, X8CTL, args, big_file, case, digest, digest_of_file, free_port, listens, run, small_files, table

ADBD = os.path.join(args.build, "tests", "x8-adbd")
BOARD = os.path.join(args.build, "tests", "x8-board")
TARGET = "/var/rootdirs/home/fio/bench"


def with_boards():
    """Below x8-adbd: board 1 belongs to the adb server, board 2 is reached directly."""
    wanted = args.cases.split(",")
    port = free_port()
    env = dict(os.environ, HOME=args.work, ANDROID_ADB_SERVER_PORT=str(port), X8CTL_HOME=os.path.join(args.work, "x8home"), X8CTL_NET="0")
    direct = dict(env, ANDROID_ADB_SERVER_PORT=str(free_port()))
    first, second = args.boards
    server = subprocess.Popen(["adb", "-P", str(port), "nodaemon", "server"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not listens(port):
            time.sleep(0.05)
        for _ in range(50):
            if b"connected to" in subprocess.run(["adb", "connect", first], env=env, stdout=subprocess.PIPE).stdout:
                break
            time.sleep(0.1)
        run(["adb", "-s", first, "wait-for-device"], env)
        adb = ["adb", "-s", first]
        via = [X8CTL, "-s", first, "--progress", "none"]
        straight = [X8CTL, "-s", "adb:" + second, "--progress", "none"]
        clean = lambda label: (run([*adb, "shell", f"rm -rf {TARGET}; mkdir {TARGET}"], env),
                               run([*straight, "exec", "--", "sh", "-c", f"rm -rf {TARGET}; mkdir {TARGET}"], direct))
        back = os.path.join(args.work, "back")
        forget = lambda label: subprocess.run(["rm", "-rf", back], check=True)

        def all_of(adb_words, x8_words):
            return {"adb": ([*adb, *adb_words], env), "x8ctl (server)": ([*via, *x8_words], env), "x8ctl (direct)": ([*straight, *x8_words], direct)}

        if "push" in wanted:
            case(f"push of {args.size} MiB", all_of(["push", big_file(), TARGET + "/big"], ["push", big_file(), TARGET + "/big"]), clean)
        if "pull" in wanted:
            big = digest_of_file(big_file())
            clean("")
            run([*adb, "push", big_file(), TARGET + "/big"], env)
            run([*straight, "push", big_file(), TARGET + "/big"], direct)
            case(f"pull of {args.size} MiB", all_of(["pull", TARGET + "/big", back], ["pull", TARGET + "/big", back]), forget,
                 lambda label: digest_of_file(back) == big or sys.exit(f"bench: {label} pulled other bytes"))
        if "small" in wanted:
            case(f"push of {args.files} files of 1 to 16 KiB", all_of(["push", small_files(args.files), TARGET + "/small"], ["push", small_files(args.files), TARGET + "/small"]), clean)
        if "smallpull" in wanted:
            few = max(args.files // 10, 1)
            folder = small_files(few)
            small = digest(folder)
            clean("")
            run([*adb, "push", folder, TARGET + "/small"], env)
            run([*straight, "push", folder, TARGET + "/small"], direct)
            case(f"pull of {few} files of 1 to 16 KiB", all_of(["pull", TARGET + "/small", back], ["pull", TARGET + "/small", back]), forget,
                 lambda label: digest(back) == small or sys.exit(f"bench: {label} pulled other bytes"))
        if "exec" in wanted:
            case("a command (true)", all_of(["shell", "true"], ["exec", "--", "true"]))
    finally:
        subprocess.run(["adb", "-P", str(port), "kill-server"], env=env, stderr=subprocess.DEVNULL)
        server.wait()


def list_of_eight():
    words = []
    for i in range(8):
        words += ["--board", f'start=linux port=1-{i + 1} serial={0x0A13B209DAB6FA00 + i:016X} adbgap=100 adbd="image=934 sudo=fio latency={args.latency}"']
    env = dict(os.environ, ANDROID_ADB_SERVER_PORT=str(free_port()), X8CTL_HOME=os.path.join(args.work, "x8home"), X8CTL_NET="0")
    script = ('for n in 1 2 3 4 5 6 7 8 9 10; do [ "$("$1" list --state linux 2>/dev/null | grep -c 934)" = 8 ] && break; sleep 1; done; '
              'for n in $(seq "$2"); do "$3" "$4.$n" "$1" list >"$4.out" || exit; done; [ "$(grep -c 934 "$4.out")" = 8 ]')
    meter = os.path.join(args.work, "list")
    run([BOARD, *words, "--", "sh", "-c", script, "sh", X8CTL, str(args.runs + 1), METER, meter], env)
    results = []
    for n in range(2, args.runs + 2):
        with open(f"{meter}.{n}") as file:
            results.append(json.load(file))
    table("list with eight boards on USB, each asked for its image", ["x8ctl list"], {"x8ctl list": results})


if args.boards:
    with_boards()
else:
    board = f"latency={args.latency} var=4G"
    if set(args.cases.split(",")) - {"list"}:
        again = [sys.executable, __file__, *sys.argv[1:], "--boards", "{adb}", "{adb2}"]
        if subprocess.run([ADBD, "--board", board, "--board", board + " reaccept=0", "--", *again]).returncode != 0:
            sys.exit(1)
    if "list" in args.cases.split(","):
        list_of_eight()
