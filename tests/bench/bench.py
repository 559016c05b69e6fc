#!/usr/bin/env python3
"""Runs the cases of tests/bench/run and prints their table. Called by that script."""
import argparse, json, os, statistics, subprocess, sys

parser = argparse.ArgumentParser()
parser.add_argument("--build", required=True)
parser.add_argument("--work", required=True)
parser.add_argument("--runs", type=int, required=True)
parser.add_argument("--size", type=int, required=True)
parser.add_argument("--large", type=int, required=True)
parser.add_argument("--cases", required=True)
parser.add_argument("--fixtures", required=True)
parser.add_argument("uuu", nargs="+")
args = parser.parse_args()

X8CTL = os.path.join(args.build, "x8ctl")
BOARD = os.path.join(args.build, "tests", "x8-board")
MKIMAGE = os.path.join(args.build, "tests", "x8-mkimage")
METER = os.path.join(args.build, "tests", "bench_meter")


def folder(name, mib, packed):
    """A vendor-shaped folder; made once, kept for all runs."""
    path = os.path.join(args.work, name)
    if not os.path.isdir(path):
        name = "lmp-factory-image-portenta-x8.wic" + (".gz" if packed else "")
        subprocess.run([MKIMAGE, "--size", f"{mib}M", "--folder", path, "--name", name,
                        "--fixtures", args.fixtures], check=True)
    return path


def script_of(path):
    for base, _, files in os.walk(path):
        if "full_image.uuu" in files:
            return os.path.join(base, "full_image.uuu")
    sys.exit(f"bench: no script in {path}")


def image_of(path):
    for name in os.listdir(path):
        if name.endswith((".wic", ".wic.gz")):
            return os.path.join(path, name)
    sys.exit(f"bench: no image in {path}")


def run(command, words, report, meter):
    line = [BOARD, *words, "--report", report, "--", METER, meter, *command]
    done = subprocess.run(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(line)}: status {done.returncode}\n{done.stderr.decode(errors='replace')[-2000:]}")
    with open(meter) as file:
        result = json.load(file)
    with open(report) as file:
        board = json.loads(file.readline())
    span = board["last_data_us"] - board["first_data_us"]
    result["wire"] = board["wire_out"]
    result["busy"] = board["link_busy_us"] / span if span > 0 else 0.0
    result["data_s"] = span / 1e6
    return result


def programs(path):
    script = script_of(path)
    rows = [(f"uuu {i + 1}" if len(args.uuu) > 1 else "uuu", [u, script]) for i, u in enumerate(args.uuu)]
    rows.append(("x8ctl", [X8CTL, "flash", path, "-y", "--verify", "none", "--progress", "none"]))
    rows.append(("x8ctl verified", [X8CTL, "flash", path, "-y", "--verify", "full", "--progress", "none"]))
    return rows


# The eMMC and the processor of a Portenta X8, as far as they are known: 50 MB/s written, 150 read, 270 summed.
BOARD_PACE = ["link=40000000", "write=50000000", "read=150000000", "sum=270000000"]


def ways(path):
    """The same flash in all the ways that x8ctl has, beside the vendor's tool."""
    flash = [X8CTL, "flash", path, "-y", "--progress", "none"]
    return programs(path)[:len(args.uuu)] + [
        ("filled", flash + ["--verify", "none", "--transfer", "raw", "--no-erase"]),
        ("raw", flash + ["--verify", "none", "--transfer", "raw"]),
        ("raw verified", flash + ["--verify", "full", "--transfer", "raw"]),
        ("gzip", flash + ["--verify", "none", "--transfer", "gzip"]),
        ("gzip verified", flash + ["--verify", "full", "--transfer", "gzip"]),
        ("auto verified", flash + ["--verify", "full"])]


def eight(path):
    """One board and eight: what the other seven cost."""
    flash = [X8CTL, "flash", path, "-y", "--progress", "none", "--verify", "none", "--transfer", "raw"]
    words = [*emmc, "link=40000000"]
    got = {}
    for count in (1, 8):
        got[count] = run(flash + (["--all"] if count > 1 else []), words + ["--count", str(count)],
                         os.path.join(args.work, "report"), os.path.join(args.work, "meter"))
    cpu = {n: got[n]["user"] + got[n]["sys"] for n in got}
    print()
    print("eight boards at 40 MB/s each")
    for n in got:
        print(f"{n} board(s): wall {got[n]['wall']:.1f} s, CPU {cpu[n]:.2f} s, anon {got[n]['anon_kb'] / 1024:.1f} MiB")
    print(f"ratio: CPU {cpu[8] / cpu[1]:.2f}, memory {got[8]['anon_kb'] / got[1]['anon_kb']:.2f}", flush=True)


def case(name, path, words, runs, rows=None):
    rows = rows or programs(path)
    results = {row[0]: [] for row in rows}
    for turn in range(runs + 1):
        for label, command in rows:
            play = words + (["usbhid=1"] if label.startswith("uuu") else [])
            got = run(command, play, os.path.join(args.work, "report"), os.path.join(args.work, "meter"))
            if turn or runs == 0:
                results[label].append(got)
    first = rows[0][0]
    median = lambda label, key: statistics.median(r[key] for r in results[label])
    print(f"\n{name}  ({runs} interleaved runs, medians; ratio to {first})")
    print(f"{'program':<16}{'wall s':>9}{'ratio':>7}{'CPU s':>8}{'ratio':>7}{'anon MiB':>10}{'wire MB':>10}{'ratio':>7}{'busy':>7}")
    cpu = lambda label: statistics.median(r["user"] + r["sys"] for r in results[label])
    for label, _ in rows:
        print(f"{label:<16}{median(label, 'wall'):9.2f}{median(label, 'wall') / median(first, 'wall'):7.2f}"
              f"{cpu(label):8.2f}{cpu(label) / cpu(first):7.2f}{median(label, 'anon_kb') / 1024:10.1f}"
              f"{median(label, 'wire') / 1e6:10.1f}{median(label, 'wire') / median(first, 'wire'):7.2f}{median(label, 'busy'):7.2%}",
              flush=True)


def content(path):
    """Bytes that have to travel: blocks of 4 KiB that are neither zero nor one repeated 32-bit word."""
    image = image_of(path)
    total = need = nonzero = 0
    with open(image, "rb") as file:
        while block := file.read(4096):
            total += len(block)
            if block.count(0) != len(block):
                nonzero += len(block)
                if block != block[:4] * (len(block) // 4):
                    need += len(block)
    print(f"image: {total / 1e6:.1f} MB, {nonzero / 1e6:.1f} MB in non-zero 4 KiB blocks, {need / 1e6:.1f} MB in blocks that are not constant")


wanted = args.cases.split(",")
raw = folder("raw", args.size, False)
content(raw)
emmc = [f"emmc={max(16, args.large // 1024 + 1)}G"]
if "gz" in wanted:
    case(".wic.gz, link free", folder("gz", args.size, True), emmc, args.runs)
if "raw" in wanted:
    case("raw .wic, link free", raw, emmc, args.runs)
if "gz40" in wanted:
    case(".wic.gz, link 40 MB/s", folder("gz", args.size, True), emmc + ["link=40000000"], max(1, args.runs // 3))
if "raw40" in wanted:
    case("raw .wic, link 40 MB/s", raw, emmc + ["link=40000000"], max(1, args.runs // 3))
if "large" in wanted:
    case(f"{args.large} MiB .wic.gz, link free", folder("large", args.large, True), emmc, 1)
if "board" in wanted:
    gz = folder("gz", args.size, True)
    case(".wic.gz, board as paced", gz, emmc + BOARD_PACE, max(1, args.runs // 3), ways(gz))
if "eight" in wanted:
    eight(folder("gz", args.size, True))
