"""Pull, deploy, apps: what `install` and a rollback do to the board, with the real ostree."""
import os
import re
import shutil
import subprocess
import time

from update_state import unit_property
from update_world import host

REMOTE = "aktualizr-remote"


class Failed(Exception):
    """kind: space pull deploy"""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


def docker_now():
    """Names one life of docker's daemon."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as f:
        return f.read().strip() + unit_property("docker.service", "InvocationID")


def ostree(world, *arguments):
    done = host("ostree", *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    world.note(f"ostree {' '.join(a for a in arguments if not a.startswith('--'))} -> {done.returncode}")
    return done


def unpacked(world, src):
    """Objects that would be new in the board's repository, and what their contents take there."""
    found, folder = [], os.path.join(src, "ostree_repo", "objects")
    for prefix in sorted(os.listdir(folder)):
        for name in sorted(os.listdir(f"{folder}/{prefix}")):
            stem, _, kind = name.rpartition(".")
            if kind != "filez" or os.path.lexists(f"{world.repo}/objects/{prefix}/{stem}.file"):
                continue
            with open(f"{folder}/{prefix}/{name}", "rb") as f:
                found.append((prefix + stem, int.from_bytes(f.read(16)[8:], "big")))
    return found


def pull_partly(world, commit):
    """As an interrupted pull leaves it: the commit object, marked as partial."""
    ostree(world, f"--repo={world.repo}", "pull", "--commit-metadata-only", REMOTE, commit)


def progress(world, speech, new, slow_ms):
    """Lines that overwrite each other, and the time that a slow eMMC takes."""
    steps = 4 if slow_ms == 0 else max(4, min(100, slow_ms // 100))
    for step in range(1, steps + 1):
        part = len(new) * step // steps
        speech.say(f"ostree-pull: Receiving objects: {100 * step // steps}% ({part}/{len(new)})\r", end="")
        if slow_ms:
            time.sleep(slow_ms / steps / 1000)
    speech.say("")


def pull(world, speech, src, commit):
    """From file://, by hash, and with the trust that the real one has in what lies on its own disk."""
    words = world.words()
    ostree(world, f"--repo={world.repo}", "remote", "delete", "--if-exists", REMOTE)
    ostree(world, f"--repo={world.repo}", "remote", "add", "--no-gpg-verify", REMOTE, f"file://{src}/ostree_repo")
    new = unpacked(world, src)
    world.note(f"pull begins: {len(new)} new files")
    progress(world, speech, new, int(words["slow"]))
    if "pull" in words["die"].split(","):
        pull_partly(world, commit)
    world.step("pull")
    room, used = words["quota"] or words["space"], 0
    for name, size in new:
        used += size
        if room and used > int(room):
            pull_partly(world, commit)
            raise Failed("space", f"Writing content object: min-free-space-percent '3%' would be exceeded, at least {size} bytes requested")
    done = ostree(world, f"--repo={world.repo}", "pull", REMOTE, commit)
    if done.returncode:
        raise Failed("pull", re.sub(r"^error: ", "", done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "unknown"))
    world.step("pulled")


def bad_store(folder):
    """The blobs of the app store whose bytes are not those of their names."""
    import hashlib
    found = []
    blobs = os.path.join(folder, "blobs/sha256")
    for name in os.listdir(blobs) if os.path.isdir(blobs) else ():
        with open(os.path.join(blobs, name), "rb") as f:
            if hashlib.sha256(f.read()).hexdigest() != name:
                found.append(name)
    return found


def pull_apps(world, src, apps):
    """Into the store of restorable apps, each checked by its digest."""
    source = os.path.join(src, "apps")
    if not apps or not os.path.isdir(source):
        return
    bad = bad_store(source)
    if bad:
        raise Failed("apps", f"Failed to pull app: blob sha256:{bad[0]} has another digest")
    for name, uri in apps.items():
        folder = f"apps/{name}/{uri.rpartition(':')[2]}"
        for part in (folder, "blobs"):
            if os.path.isdir(os.path.join(source, part)):
                shutil.copytree(os.path.join(source, part), f"{world.sota}/reset-apps/{part}", dirs_exist_ok=True)
    world.step("apps")


def prune(world, keep):
    """Deployments that are neither next nor running go."""
    while True:
        names = [d["name"] for d in world.deployments()]
        extra = [i for i, name in enumerate(names) if i > 0 and name != keep]
        if not extra:
            return
        ostree(world, "admin", "undeploy", "--sysroot=" + world.sysroot, str(extra[-1]))


def deploy(world, commit, failing=False):
    """Flags of the boot loader first, then the switch of the loader's files."""
    world.step("deploy")
    if failing:
        raise Failed("deploy", "Failed to deploy: the loader's files could not be written")
    values = {"bootcount": "0", "rollback": "0", "upgrade_available": "1"}
    if not world.env_set(**values):
        print("Warning: Configuration file wrong or corrupted\nFailed resetting bootcount", flush=True)
    world.step("env")
    # Without a booted deployment of its own view ostree would drop the running one.
    done = ostree(world, "admin", "deploy", "--sysroot=" + world.sysroot, "--os=lmp", "--retain", commit)
    if done.returncode:
        raise Failed("deploy", done.stderr.strip())
    prune(world, world.booted())
    firmware = world.firmware_of(world.deployments()[0]["dir"])
    if firmware and firmware != (world.env() or {}).get("bootfirmware_version", firmware):
        world.env_set(bootupgrade_available="1")
    world.step("deployed")


def confirm(world, state):
    """Any program of aklite that finds nothing waiting for a reboot tells the boot loader that this boot is good."""
    env = world.env()
    if env is None:
        print("Warning: Configuration file wrong or corrupted\nFailed resetting bootcount", flush=True)
    elif state.rebooted() and (env.get("upgrade_available") == "1" or env.get("bootcount", "0") != "0"):
        world.env_set(bootcount="0", upgrade_available="0")
        world.note("boot confirmed")


def firmware_waits(world):
    """Boot firmware that was tried and confirmed, and becomes permanent at the next boot."""
    env = world.env() or {}
    return env.get("bootupgrade_available") == "1" and env.get("upgrade_available") != "1"


def start_apps(world, name, apps, old, docker=None):
    """The app that does not start, or None."""
    words = world.words()
    failing = words["appfail2" if old else "appfail"]
    lines = []
    for app in apps:
        if failing in (app, "all") or (docker is not None and docker == docker_now()):
            world.note(f"app {app} of {name} does not start")
            return app
        lines.append(f"{app}-{app}-1\thub.foundries.io/{app}\trunning\t{app}")
        os.makedirs(f"{world.sota}/compose-apps/{app}", exist_ok=True)
    if lines:
        world.write("containers", "\n".join(lines))
    world.note(f"apps of {name} started: {','.join(apps)}")
    return None
