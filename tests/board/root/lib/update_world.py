"""What the parts of the offline update share: words, log, boot loader's variables, deployments, steps."""
import os
import re
import signal
import struct
import subprocess
import sys
import time
import zlib

ENV_SIZE = 16384
DEFAULTS = {"aklite": "", "previous": "known", "registered": "no", "resetapps": "0", "daemon": "300", "tag": "main",
            "hwid": "portenta-x8", "tufroots": "0", "space": "", "quota": "", "slow": "0", "hold": "", "appfail": "",
            "appfail2": "", "bootfail": "0", "bootfw": "", "deployfail": "0", "ootb": "", "die": "", "containers": "",
            "update": ""}


class World:
    """Inside of the sandbox, or with `folder` the same from outside."""

    def __init__(self, folder=""):
        self.root = folder
        self.run = (folder + "/run" if folder else "/run/x8board") + "/update"
        self.sysroot = folder + "/sysroot"
        self.repo = self.sysroot + "/ostree/repo"
        self.sota = folder + "/var/sota"
        self.env_file = folder + "/var/rootdirs/mnt/boot/uboot.env"
        self.words_file = folder + "/update.words" if folder else "/usr/libexec/board.update"
        self.tool = ""

    # ---- words and log ----

    def words(self):
        found = dict(DEFAULTS)
        for path in (self.words_file, self.run + "/words"):
            try:
                with open(path, encoding="utf-8") as f:
                    lines = f.read().splitlines()
            except OSError:
                continue
            found.update(line.split("=", 1) for line in lines if "=" in line)
        return found

    def word(self, name):
        return self.words().get(name, "")

    def number(self):
        """How many boots there were."""
        return int(self.read("boots", "0"))

    def read(self, name, default=""):
        try:
            with open(f"{self.run}/{name}", encoding="utf-8") as f:
                return f.read().strip()
        except OSError:
            return default

    def write(self, name, text):
        with open(f"{self.run}/{name}.new", "w", encoding="utf-8") as f:
            f.write(f"{text}\n")
        os.rename(f"{self.run}/{name}.new", f"{self.run}/{name}")

    def log(self, text, *files):
        """What was called, and what became of it: into `log`, and into `details` as everything."""
        for name in files or ("log", "details"):
            fd = os.open(f"{self.run}/{name}", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            os.write(fd, f"{self.number()} {self.tool}{text}\n".encode())
            os.close(fd)

    def note(self, text):
        """What happened on the way."""
        self.log(text, "details")

    def clock(self):
        """The board's time, in seconds."""
        try:
            with open(os.path.dirname(self.run) + "/clock", encoding="ascii") as f:
                return time.time() + int(f.read())
        except (OSError, ValueError):
            return time.time()

    # ---- steps, at which a test makes the power fail or the world stand still ----

    def step(self, name):
        self.note("step " + name)
        words = self.words()
        if name in words["hold"].split(",") and not os.path.exists(self.run + "/held-" + name):
            self.write("held-" + name, "")
            while not os.path.exists(self.run + "/go"):
                time.sleep(0.01)
            os.unlink(self.run + "/go")
        if name in words["die"].split(",") and not os.path.exists(self.run + "/died-" + name):
            self.write("died-" + name, "")
            self.note("power lost at " + name)
            self.lose_power()

    def lose_power(self):
        """Everything inside ends at once; the board starts again."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        folder = os.path.dirname(self.run)
        with open(folder + "/power.new", "w", encoding="ascii") as f:
            f.write("reboot\n")
        os.rename(folder + "/power.new", folder + "/power")
        try:
            with open(folder + "/adbd.pid", encoding="ascii") as f:
                os.kill(int(f.read()), signal.SIGTERM)
        except (OSError, ValueError):
            pass
        os.kill(-1, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    # ---- the boot loader's variables ----

    def env(self):
        """None when the file is damaged."""
        with open(self.env_file, "rb") as f:
            data = f.read()
        if len(data) != ENV_SIZE or struct.unpack("<I", data[:4])[0] != zlib.crc32(data[4:]):
            return None
        lines = data[4:].split(b"\0\0")[0].split(b"\0")
        return dict(line.decode().split("=", 1) for line in lines if b"=" in line)

    def env_set(self, **values):
        found = self.env()
        if found is None:
            return False
        if all(found.get(name) == value for name, value in values.items()):
            return True
        found.update(values)
        body = b"".join(f"{k}={v}".encode() + b"\0" for k, v in found.items()).ljust(ENV_SIZE - 4, b"\0")
        with open(self.env_file, "wb") as f:
            f.write(struct.pack("<I", zlib.crc32(body)) + body)
        return True

    # ---- deployments ----

    def deployments(self):
        """Dictionaries in the loader's order, the first is what it boots."""
        found, folder = [], self.sysroot + "/boot/loader/entries"
        for name in os.listdir(folder):
            with open(f"{folder}/{name}", encoding="utf-8") as f:
                entry = dict(line.split(" ", 1) for line in f.read().splitlines() if " " in line)
            link = re.search(r"ostree=(\S+)", entry["options"])[1]
            where = os.path.realpath(self.sysroot + link)
            commit, _, serial = os.path.basename(where).rpartition(".")
            found.append({"order": int(entry["version"]), "options": entry["options"], "dir": where, "commit": commit,
                          "serial": serial, "name": f"{commit}.{serial}"})
        return sorted(found, key=lambda d: -d["order"])

    def booted(self):
        """NAME of the running deployment, <commit>.<serial>."""
        return self.read("booted")

    def booted_commit(self):
        return self.booted().rpartition(".")[0]

    def find(self, name):
        return next((d for d in self.deployments() if d["name"] == name), None)

    @staticmethod
    def firmware_of(folder):
        try:
            with open(folder + "/usr/lib/firmware/version.txt", encoding="ascii") as f:
                return f.read().strip().partition("=")[2]
        except OSError:
            return ""

    @staticmethod
    def version_of(folder):
        """IMAGE_VERSION; of images without that line, the middle of VERSION."""
        try:
            with open(folder + "/usr/lib/os-release", encoding="utf-8") as f:
                text = f.read()
        except OSError:
            return ""
        found = re.search(r"^IMAGE_VERSION=(\S+)", text, re.M) or re.search(r'^VERSION="[\d.]+-(\d+)-', text, re.M)
        return found[1] if found else ""


def generation(world, version):
    """That of the image which runs: by its number, or as `aklite=` says (X,Y: Y on the image of the update)."""
    word = world.word("aklite")
    if word:
        choices = word.split(",")
        return choices[-1] if world.read("first") not in ("", version) else choices[0]
    number = int(version) if version.isdigit() else 861
    return "none" if number < 674 else "A" if number < 914 else "B" if number <= 934 else "C"


def host(*arguments, **more):
    """A program of this computer, for what the board's own would do."""
    path = "/usr/libexec/host/bin/" + arguments[0]
    if not os.path.exists(path):
        path = arguments[0]
    return subprocess.run([path, *arguments[1:]], stdin=subprocess.DEVNULL, check=False, **more)


def fail(text, status=1):
    sys.stderr.write(text)
    sys.stderr.flush()
    raise SystemExit(status)
