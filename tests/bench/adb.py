#!/usr/bin/env python3
"""Runs the cases of tests/bench/adb and prints their tables. Called by that script; calls itself below x8-adbd, where the boards are."""
import argparse, hashlib, json, os, random, socket, statistics, subprocess, sys, time

parser = argparse.ArgumentParser()
parser.add_argument("--build", required=True)
parser.add_argument("--work", required=True)
parser.add_argument("--runs", type=int, required=True)
parser.add_argument("--size", type=int, required=True)
parser.add_argument("--files", type=int, required=True)
parser.add_argument("--latency", type=int, required=True)
parser.add_argument("--cases", required=True)
parser.add_argument("--boards", nargs="*")
args = parser.parse_args()

X8CTL = os.path.join(args.build, "x8ctl")
ADBD = os.path.join(args.build, "tests", "x8-adbd")
BOARD = os.path.join(args.build, "tests", "x8-board")
METER = os.path.join(args.build, "tests", "bench_meter")
TARGET = "/var/rootdirs/home/fio/bench"


def fail(command, done):
    sys.exit(f"bench: {' '.join(command)}: status {done.returncode}\n{done.stderr.decode(errors='replace')[-2000:]}")


def run(command, env=None):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        fail(command, done)
    return done.stdout


def metered(command, env):
    meter = os.path.join(args.work, "meter")
    run([METER, meter, *command], env)
    with open(meter) as file:
        return json.load(file)


def half_random(rng, length):
    """Bytes that compress about 2:1, as programs and texts do."""
    block = rng.randbytes(length // 2 + 1)
    return (block + bytes(b & 15 for b in block))[:length]


def big_file():
    path = os.path.join(args.work, "big")
    if not os.path.exists(path):
        rng = random.Random(1)
        with open(path + ".part", "wb") as file:
            for _ in range(args.size):
                file.write(half_random(rng, 1 << 20))
        os.rename(path + ".part", path)
    return path


def small_files(count):
    path = os.path.join(args.work, f"small{count}")
    if not os.path.isdir(path):
        rng = random.Random(2)
        for i in range(count):
            folder = os.path.join(path, f"d{i % 50:02}")
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, f"f{i:05}"), "wb") as file:
                file.write(half_random(rng, rng.randrange(1024, 16385)))
    return path


def digest(path):
    sha = hashlib.sha256()
    for _, folders, files in sorted(os.walk(path)):
        folders.sort()
        for name in sorted(files):
            sha.update(name.encode())
            with open(os.path.join(base, name), "rb") as file:
                while block := file.read(1 << 20):
                    sha.update(block)
    return sha.hexdigest()


def table(name, rows, results):
    first = rows[0]
    median = lambda label, key: statistics.median(r[key] for r in results[label])
    cpu = lambda label: statistics.median(r["user"] + r["sys"] for r in results[label])
    print(f"\n{name}  ({args.runs} interleaved runs, medians; ratio to {first})")
    print(f"{'program':<18}{'wall s':>9}{'ratio':>7}{'CPU s':>9}{'ratio':>7}{'anon MiB':>10}")
    for label in rows:
        print(f"{label:<18}{median(label, 'wall'):9.3f}{median(label, 'wall') / median(first, 'wall'):7.2f}{cpu(label):9.3f}"
              f"{cpu(label) / max(cpu(first), 1e-6):7.2f}{median(label, 'anon_kb') / 1024:10.1f}", flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def case(name, programs, before=None, check=None):
    results = {label: [] for label in programs}
    for turn in range(args.runs + 1):
        for label, (command, env) in programs.items():
            if before:
                before(label)
            got = metered(command, env)
            if check and turn == 0:
                check(label)
            if turn:
                results[label].append(got)
    table(name, list(programs), results)


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


def digest_of_file(path):
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()


def list_of_eight():
    words = []
    for i in range(8):
        words += ["--board", f'start=linux port=1-{i + 1} serial={0x0A13B209DAB6FA00 + i:016X} adbgap=100 adbd="latency={args.latency}"']
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
        if subprocess.run([ADBD, "--board", board, "--board", board, "--", *again]).returncode != 0:
            sys.exit(1)
    if "list" in args.cases.split(","):
        list_of_eight()
