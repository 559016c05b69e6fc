"""update_boot.py DIR: what U-Boot does before Linux is there: it counts, goes back, writes boot firmware, and chooses the
deployment. Run by `enter`, as root over the files of DIR; leaves in run/update what that boot shows.

Variables and order: LmP's boot script; the limit of a Portenta X8 is 5."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from update_world import World, generation  # noqa: E402


def firmware(world, env, first):
    """The trial of new boot firmware: secondary images first, primary ones once Linux has confirmed the boot."""
    if env.get("bootupgrade_available") != "1":
        return
    if env.get("upgrade_available") == "1":
        if env.get("is_secondary_boot") != "1":
            env["is_secondary_boot"] = "1"
            world.note("uboot writes secondary boot firmware, resets")
        return
    env.update(bootupgrade_available="0", bootupgrade_primary_updated="1", is_secondary_boot="0")
    env["bootfirmware_version"] = world.firmware_of(first["dir"]) or env.get("bootfirmware_version", "")
    world.note("uboot writes primary boot firmware, resets")


def count(world, env, deployments):
    """One attempt to boot. True when it leads to Linux."""
    if env.get("upgrade_available") == "1" and env.get("rollback") != "1":
        env["bootcount"] = str(int(env.get("bootcount") or 0) + 1)
        if int(env["bootcount"]) > int(env.get("bootlimit") or 5):
            env.update(rollback="1", upgrade_available="0", bootupgrade_available="0", is_secondary_boot="0", bootcount="0")
            world.note("uboot gives up, goes back")
    second = env.get("rollback") == "1" and len(deployments) > 1
    comes = second or world.word("bootfail") != "1" or len(deployments) < 2 or env.get("upgrade_available") != "1"
    if not comes:
        world.note(f"uboot attempt {env['bootcount']} does not come up")
    return comes


def main(folder):
    world = World(folder)
    os.makedirs(world.run, exist_ok=True)
    world.write("boots", world.number() + 1)
    env, deployments = world.env() or {}, world.deployments()
    firmware(world, env, deployments[0])
    while not count(world, env, deployments):
        pass
    chosen = deployments[1 if env.get("rollback") == "1" and len(deployments) > 1 else 0]
    if world.number() == 1 and world.word("bootfw") == "pending":
        env["bootupgrade_available"] = "1"  # tried and confirmed in a boot before the first that is seen
    world.env_set(**env)
    version = world.version_of(chosen["dir"])
    world.write("booted", chosen["name"])
    world.write("cmdline", chosen["options"])
    if not world.read("first"):
        world.write("first", version)
    show(world, chosen)
    world.log(f"boot {version} {chosen['commit']} " + " ".join(
        f"{k}={env.get(k, '')}" for k in ("bootcount", "upgrade_available", "rollback", "bootupgrade_available")))


def show(world, chosen):
    """What `enter` binds: os-release, boot firmware, and the words that hang on the image."""
    with open(chosen["dir"] + "/usr/lib/os-release", encoding="utf-8") as f:
        world.write("os-release", f.read().rstrip())
    os.makedirs(world.run + "/firmware", exist_ok=True)
    with open(world.run + "/firmware/version.txt", "w", encoding="ascii") as f:
        f.write(f"bootfirmware_version={world.firmware_of(chosen['dir'])}\n")
    with open(world.root + "/board.conf", encoding="utf-8") as f:
        text = f.read()
    kernel = next(iter(os.listdir(chosen["dir"] + "/usr/lib/modules")), "")
    version = world.version_of(chosen["dir"])
    text = re.sub(r"\bboard_kernel=\S+", "board_kernel=" + kernel, text)
    text = re.sub(r"\bboard_number=\S+", "board_number=" + version, text)
    world.write("board.conf", text.rstrip())
    program = world.root + "/usr/bin/aklite-offline"
    if os.path.lexists(program):
        os.unlink(program)
    if generation(world, version) != "none":
        os.symlink("/usr/libexec/board/bin/aklite-offline", program)


main(sys.argv[1])
