"""Generated root file systems of the old and the new image, and the repositories they are committed to."""
import os
import random
import shutil
import subprocess

KERNELS = ((500, "5.4.134-lmp-standard"), (830, "5.10.93-lmp-standard"), (935, "6.1.24-lmp-standard"), (1 << 30, "6.6.52-lmp-standard"))
STAMP = 1700000000


def kernel_of(version):
    return next(name for limit, name in KERNELS if int(version) < limit)


def release_of(version):
    number = int(version)
    yocto, lmp = ("4.0.3", "88") if number < 844 else ("4.0.11", "91") if number < 935 else ("5.0.9", "95")
    return f"{yocto}-{version}-{lmp}", lmp


def os_release(version, options):
    text, _ = release_of(version)
    if version == "399":  # before there was a line IMAGE_VERSION
        text = "3.3.2-399-83-21-g3ad61e0"
        return (f'ID=lmp-xwayland\nNAME="Linux-microPlatform XWayland"\nVERSION="{text}"\nVERSION_ID={text}\n'
                f'PRETTY_NAME="Linux-microPlatform XWayland {text}"\nLMP_MACHINE="{options.hwid}"\n'
                f'LMP_FACTORY="{options.factory}"\nLMP_FACTORY_TAG="devel"\n')
    image = "lmp-factory-image" if int(version) >= 881 else "lmp-partner-arduino-image"
    return (f'ID=lmp-xwayland\nNAME="Linux-microPlatform XWayland"\nVERSION="{text}"\nVERSION_ID={text}\n'
            f'PRETTY_NAME="Linux-microPlatform XWayland {text}"\nIMAGE_ID={image}\nIMAGE_VERSION={version}\n'
            f'DEFAULT_HOSTNAME="portenta-x8"\nHOME_URL="https://foundries.io/"\nSUPPORT_URL="https://support.foundries.io/"\n'
            f'LMP_MACHINE="{options.hwid}"\nLMP_FACTORY="{options.factory}"\nLMP_FACTORY_TAG="{options.tag}"\n')


def content(options, index, version, size):
    """Half noise, half text: deflate makes about 60 % of it. The same for every version but where it changed."""
    changed = random.Random(f"{options.seed} change {index}").random() * 100 < options.change
    chance = random.Random(f"{options.seed} {index} {version if changed else ''}")
    line = b"%d %d a line that is like the others\n" % (index, chance.getrandbits(30))
    noise = chance.randbytes(size // 2)
    return noise + (line * (size // len(line) + 1))[:size - len(noise)]


def write(root, path, data, mode=0o644):
    name = os.path.join(root, path)
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    os.chmod(name, mode)


def odd_ones(root, version):
    """What file systems also have: empty files, odd names, modes, links whose target is long."""
    write(root, "usr/share/empty", b"")
    write(root, "usr/share/also empty", b"", 0o444)
    write(root, "usr/share/" + "n" * 255, "a name of 255 bytes\n")
    write(root, "usr/share/größe/日本語 – ñ.txt", "names are UTF-8\n")
    write(root, "usr/share/" + "/".join(f"level{i}" for i in range(30)) + "/deep", "deep\n")
    write(root, "usr/bin/setuid", "#!/bin/sh\n", 0o4755)
    write(root, "usr/lib/private", f"only root reads {version}\n", 0o600)
    os.mkdir(os.path.join(root, "usr/share/nothing-inside"), 0o700)
    for name, target in (("dangling", "/nowhere"), ("long", "/".join(["target"] * 60)), ("ünïcode", "größe"),
                         ("versioned", f"to-{version}")):
        os.symlink(target, os.path.join(root, "usr/share", name))


def xattrs(root):
    """As far as the file system allows: user.* only, as nobody is root here. The second makes a header of over 255 bytes."""
    os.setxattr(os.path.join(root, "usr/bin/setuid"), "user.x8", b"value\0with a zero")
    os.setxattr(os.path.join(root, "usr/share/empty"), "user.long", b"v" * 400)
    os.setxattr(os.path.join(root, "usr/share"), "user.folder", b"1")


def sizes(options):
    """`--objects` files whose sizes add up to about `--bytes`: most are small, some are large."""
    chance = random.Random(options.seed)
    weights = [chance.lognormvariate(0, 1.2) for _ in range(options.objects)]
    scale = options.bytes / (sum(weights) or 1)
    return [int(w * scale) for w in weights]


def make_tree(root, version, options):
    modules = f"usr/lib/modules/{kernel_of(version)}"
    for folder in ("proc", "sys", "dev", "run", "var", "tmp", "sysroot", "boot"):
        os.makedirs(os.path.join(root, folder))
    write(root, "usr/lib/os-release", os_release(version, options))
    write(root, "usr/etc/hostname", "portenta-x8\n")
    write(root, "usr/etc/sota/readme", f"settings of {version}\n")
    write(root, modules + "/vmlinuz", f"kernel of {version}\n")
    write(root, modules + "/initramfs.img", "initramfs\n")
    firmware = options.bootfw if version != options.old_version and options.bootfw else 7
    write(root, "usr/lib/firmware/version.txt", f"bootfirmware_version={firmware}\n")
    os.symlink("usr/bin", os.path.join(root, "bin"))
    os.symlink("sysroot/ostree", os.path.join(root, "ostree"))
    os.symlink("../usr/lib/os-release", os.path.join(root, "usr/etc/os-release"))
    odd_ones(root, version)
    for index, size in enumerate(sizes(options)):
        write(root, f"usr/lib/objects/{index % 97:02d}/{index:06d}.so", content(options, index, version, size),
              0o755 if index % 7 == 0 else 0o644)
    if options.xattrs:
        xattrs(root)


def ostree(*arguments):
    done = subprocess.run(["ostree", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"make-bundle: ostree {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def new_repo(path, options):
    ostree("init", f"--repo={path}", "--mode=archive")
    ostree("config", f"--repo={path}", "set", "core.fsync", "false")
    if options.bytes > 50_000_000:
        ostree("config", f"--repo={path}", "set", "archive.zlib-level", "1")


def commit(repo, scratch, version, options):
    root = os.path.join(scratch, f"tree-{version}")
    make_tree(root, version, options)
    arguments = ["--repo=" + repo, "--branch=v" + version, "--tree=dir=" + root, "--owner-uid=0", "--owner-gid=0",
                 "--parent=none", f"--timestamp=@{STAMP + int(version)}", f"--subject=portenta-x8-lmp-{version}",
                 f"--add-metadata-string=version={version}"]
    if not options.xattrs:
        arguments.append("--no-xattrs")
    found = ostree("commit", *arguments)
    subprocess.run(["chmod", "-R", "u+rwX", root], check=True)
    shutil.rmtree(root)
    return found


def bundle_repo(work, path, commits, options):
    """As fioctl leaves it: nothing but config, refs/heads and objects."""
    new_repo(path, options)
    for one in commits:
        ostree("pull-local", f"--repo={path}", work, one)
    for extra in ("tmp", "state", "extensions", "refs", ".lock"):
        name = os.path.join(path, extra)
        if os.path.isdir(name):
            shutil.rmtree(name)
        elif os.path.exists(name):
            os.unlink(name)
    with open(os.path.join(path, "config"), "w", encoding="ascii") as f:
        f.write("[core]\nrepo_version=1\nmode=archive-z2\n")
    for number, one in enumerate(commits):
        write(path, "refs/heads/lmp" + (f"-{number}" if number else ""), one + "\n")


def counts(repo):
    """Objects and bytes as they lie there, and bytes of content when unpacked: the first field of each header."""
    found = {"objects": 0, "filez": 0, "stored": 0, "unpacked": 0}
    for folder, _, names in os.walk(os.path.join(repo, "objects")):
        for name in names:
            path = os.path.join(folder, name)
            found["objects"] += 1
            found["stored"] += os.path.getsize(path)
            if name.endswith(".filez"):
                found["filez"] += 1
                with open(path, "rb") as f:
                    found["unpacked"] += int.from_bytes(f.read(16)[8:], "big")
    return found
