"""What the benchmarks of transfers share: files to send, a meter around a program, interleaved rounds, a table."""
import argparse, hashlib, json, os, random, socket, statistics, subprocess, sys

parser = argparse.ArgumentParser()
parser.add_argument("--build", required=True)
parser.add_argument("--work", required=True)
parser.add_argument("--runs", type=int, required=True)
parser.add_argument("--size", type=int, required=True)
parser.add_argument("--files", type=int, required=True)
parser.add_argument("--latency", type=int, default=0)
parser.add_argument("--cases", required=True)
parser.add_argument("--x8ctl")
parser.add_argument("--boards", nargs="*")
args = parser.parse_args()

X8CTL = args.x8ctl or os.path.join(args.build, "x8ctl")
METER = os.path.join(args.build, "tests", "bench_meter")


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
    for base, folders, files in sorted(os.walk(path)):
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


def digest_of_file(path):
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()
