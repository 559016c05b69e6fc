"""update_units.py boot|offline-update: units that deal with updates by themselves, as root.

boot: at every start the daemon of a registered board, and Arduino's unit behind the marker of its web page."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from update_state import unit_property  # noqa: E402
from update_world import World, generation  # noqa: E402

MARKER = "/var/sota/offline-update-pending"
STAGED = "/var/sota/offline-updates"
SELF = "/usr/libexec/board/lib/"


def called(*words):
    """The tool as a unit calls it."""
    return subprocess.run(["/usr/bin/aklite-offline", *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode


def daemon(world):
    """aktualizr-lite finalises what is pending, as long as nobody stopped it before."""
    from update_aklite import Options, Speech, run_tool
    wait = world.word("daemon")
    if wait == "off" or unit_property("aktualizr-lite.service", "ActiveState") != "active":
        return
    time.sleep(int(wait) / 1000)
    if unit_property("aktualizr-lite.service", "ActiveState") != "active":
        return
    gen = generation(world, World.version_of(""))
    if gen == "none":
        return
    options = Options()
    options.config, options.level = [], 5
    Speech.say = staticmethod(lambda *_, **__: None)
    world.tool = "daemon "
    world.log(f"finalises -> {run_tool(world, gen, 'run', options)}")


def marker(world):
    """compose-apps-aklite-offline-run.service, from image 822 on: at most two attempts, and the marker goes after a success."""
    version = World.version_of("")
    if not os.path.exists(MARKER) or os.path.exists("/var/sota/sota.toml") or not version.isdigit() or int(version) < 822:
        return
    for _ in range(2):
        world.log("compose-apps-aklite-offline-run starts")
        if called("run") == 0:
            os.unlink(MARKER)
            return


def offline_update(world):
    """offline-update.service: always ends with 0. 0, 100 and 101 count as success, a reboot follows in a minute."""
    if not os.path.isdir(STAGED):
        return
    world.log("offline-update.service starts")
    status = called("install", "--log-level=0", "--src-dir", STAGED + "/")
    led = "ledG" if status in (0, 100, 101) else "ledR"
    try:
        with open(f"/sys/class/leds/{led}/trigger", "w", encoding="ascii") as f:
            f.write("default-on\n")
    except OSError:
        pass
    world.log(f"offline-update.service: {status}")
    if led == "ledG":
        with open("/var/run/offline-update-success", "w", encoding="ascii"), open(MARKER, "w", encoding="ascii"):
            pass
        if os.fork() == 0:
            os.setsid()
            time.sleep(60)
            os.execv("/usr/bin/reboot", ["reboot"])


def main(what):
    world = World()
    if what == "offline-update":
        offline_update(world)
        return
    os.setsid()
    os.closerange(3, 1024)
    marker(world)
    daemon(world)


main(sys.argv[1])
