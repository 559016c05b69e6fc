#!/usr/bin/env python3
"""Disk images for flash_unused.sh, and what came of them.

  make I DIR     image number I: DIR/image.wic with a partition table, ext2/3/4 and FAT, DIR/files/N as the files of
                 partition N, DIR/parts.json. Some files were removed again, so that free blocks hold old data.
  check DIR USER the medium of a board (user.img and user.map) on which sectors that were never written are noise: all files
                 equal, all file systems clean. Prints what is in use of the image, as the tools of the file systems say.
"""
import json, os, random, re, shutil, subprocess, sys

MB = 1 << 20
# Options of mke2fs; "size" is the partition's in MiB.
EXT = [
    ("-t ext4 -b 4096", 40),
    ("-t ext4 -b 1024", 24),
    ("-t ext2 -b 2048", 24),
    ("-t ext3 -b 4096", 32),
    ("-t ext4 -b 4096 -O ^64bit,^metadata_csum -I 128", 32),
    ("-t ext4 -b 4096 -O bigalloc -C 16384", 48),
    ("-t ext4 -b 1024 -O ^flex_bg,^resize_inode -J size=1", 32),
    ("-t ext4 -b 1024 -O sparse_super2,^resize_inode", 40),
    ("-t ext4 -b 4096 -O uninit_bg,^metadata_csum -E lazy_itable_init=1,lazy_journal_init=1", 40),
    ("-t ext4 -b 4096 -O inline_data -I 512", 32),
    ("-t ext4 -b 4096 -g 2048 -N 2048", 48),
    ("-t ext4 -b 2048 -O ^has_journal -m 0", 20),
    ("-t ext2 -b 1024 -I 128 -O ^dir_index,^resize_inode", 16),
    ("-t ext4 -b 4096 -O ^extent,^64bit,^huge_file", 28),
    ("-t ext4 -b 1024 -g 1024 -J size=1", 18),
    ("-t ext2 -b 4096 -O ^sparse_super,^resize_inode", 24),
]
FAT = [("-F 12 -s 4", 4), ("-F 16 -s 4", 12), ("-F 32 -s 1", 36), ("-F 16 -s 1 -f 1", 6), ("-F 12 -s 8 -r 112", 3)]


def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)
    if done.returncode:
        sys.exit("%s: %d\n%s" % (" ".join(command), done.returncode, done.stdout[-3000:]))
    return done.stdout


def files(rng, top, room, is_fat):
    """A tree of about `room` bytes; the files that are to be removed again."""
    gone = []
    for n in range(rng.randint(12, 40)):
        folder = os.path.join(top, *("d%d" % rng.randint(0, 3) for _ in range(rng.randint(0, 2))))
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "F%d.BIN" % n)
        size = int(min(room * rng.choice([0.0, 0.0001, 0.001, 0.01, 0.03, 0.06]), room / 8)) + rng.randint(0, 5000)
        with open(path, "wb") as f:
            f.write(rng.randbytes(size) if rng.random() < 0.8 else b"text %d\n" % n * (size // 8))
            if not is_fat and rng.random() < 0.2:
                f.seek(rng.randint(1, 300000), 1)
                f.write(b"behind a hole")
        if rng.random() < 0.3:
            gone.append(path)
    if not is_fat:
        os.symlink("F0.BIN", os.path.join(top, "link"))
        os.symlink("long/" * 20, os.path.join(top, "longlink"))
        os.makedirs(os.path.join(top, "empty"))
    return gone


def make_ext(rng, options, part, size, top):
    gone = files(rng, top, size * rng.choice([0.1, 0.4, 0.7]), False)
    run("mke2fs", "-q", "-F", *options.split(), "-d", top, "-E" if "-E" not in options else "-L",
        "root_owner=0:0" if "-E" not in options else "root", part, "%dk" % (size >> 10))
    script = "".join("rm /%s\n" % os.path.relpath(path, top) for path in gone)
    run("debugfs", "-w", "-f", "/dev/stdin", part, input=script)
    return gone


def make_fat(rng, options, part, size, top):
    gone = files(rng, top, size * rng.choice([0.1, 0.4, 0.7]), True)
    with open(part, "wb") as f:
        f.truncate(size)
    run("mkfs.vfat", *options.split(), "-n", "BOOT", part)
    for name in sorted(os.listdir(top)):
        run("mcopy", "-s", "-i", part, os.path.join(top, name), "::")
    for path in gone:
        run("mdel", "-i", part, "::" + os.path.relpath(path, top))
    return gone


def make(number, folder):
    rng = random.Random(number)
    ext, fat = EXT[number % len(EXT)], FAT[number // 2 % len(FAT)]
    kinds = [[("fat",) + fat, ("ext",) + ext], [("ext",) + ext], [("ext",) + ext, ("fat",) + fat],
             [("fat",) + fat, ("ext",) + ext, ("ext",) + rng.choice(EXT)]][number % 4]
    label, at = ("gpt", "dos")[number // 3 % 2], rng.choice([64, 1024, 2048, 8192])
    at, parts, table = at if label == "dos" else max(at, 2048), [], "label: %s\n" % label
    os.makedirs(folder)
    for n, (kind, options, size) in enumerate(kinds):
        size, top, part = size * MB, os.path.join(folder, "files", str(n)), os.path.join(folder, "part%d" % n)
        os.makedirs(top)
        gone = (make_fat if kind == "fat" else make_ext)(rng, options, part, size, top)
        for path in gone:
            os.unlink(path)
        parts.append({"kind": kind, "options": options, "start": at * 512, "size": size})
        table += "start=%d, size=%d, type=%s\n" % (at, size // 512, ("linux" if label == "gpt" else "83") if kind == "ext"
                                                   else "uefi" if label == "gpt" else "c")
        at += size // 512 + rng.choice([0, 8, 2048])
    image = os.path.join(folder, "image.wic")
    with open(image, "wb") as f:
        f.truncate(at * 512 + (MB if label == "gpt" else 0))
    run("sfdisk", "-q", image, input=table)
    for n, part in enumerate(parts):
        run("dd", "if=" + os.path.join(folder, "part%d" % n), "of=" + image, "bs=64k", "conv=notrunc,sparse",
            "oflag=seek_bytes", "seek=%d" % part["start"])
        os.unlink(os.path.join(folder, "part%d" % n))
    json.dump(parts, open(os.path.join(folder, "parts.json"), "w"))


def medium(user, size, out):
    """What the board reads: noise, but for the sectors that were written."""
    noise = random.Random(size).randbytes(MB)
    with open(user, "rb") as f, open(out, "wb") as o:
        for _ in range(0, size, MB):
            o.write(noise)
        o.truncate(size)
        for line in open(user[: -len(".img")] + ".map"):
            first, count = (int(word) * 512 for word in line.split()[:2])
            while count and first < size:
                step = min(count, MB, size - first)
                f.seek(first)
                o.seek(first)
                o.write(f.read(step))
                first, count = first + step, count - step


def check_ext(part, top):
    run("e2fsck", "-f", "-n", part)
    out = part + ".d"
    os.makedirs(out)
    run("debugfs", "-R", "rdump / " + out, part)
    shutil.rmtree(os.path.join(out, "lost+found"))
    run("diff", "-r", "--no-dereference", top, out)
    head = run("dumpe2fs", "-h", part)
    free, block = (int(re.search(word + r":\s+(\d+)", head).group(1)) for word in ("Free blocks", "Block size"))
    return free * block


def check_fat(part, top):
    said = run("fsck.vfat", "-n", "-v", part)
    out = part + ".d"
    os.makedirs(out)
    if os.listdir(top):
        run("mcopy", "-s", "-n", "-i", part, "::", out)
    run("diff", "-r", top, out)
    used, total = re.search(r"(\d+)/(\d+) clusters", said).groups()
    return (int(total) - int(used)) * int(re.search(r"(\d+) bytes per cluster", said).group(1))


def check(folder, user):
    image, size = os.path.join(folder, "image.wic"), os.path.getsize(os.path.join(folder, "image.wic"))
    whole = os.path.join(folder, "medium")
    medium(user, size, whole)
    free = 0
    for n, part in enumerate(json.load(open(os.path.join(folder, "parts.json")))):
        at, name = part["start"], os.path.join(folder, "back%d" % n)
        run("dd", "if=" + whole, "of=" + name, "bs=64k", "iflag=skip_bytes,count_bytes", "skip=%d" % at, "count=%d" % part["size"])
        free += (check_fat if part["kind"] == "fat" else check_ext)(name, os.path.join(folder, "files", str(n)))
    print(size - free)


if sys.argv[1] == "make":
    make(int(sys.argv[2]), sys.argv[3])
else:
    check(sys.argv[2], sys.argv[3])
