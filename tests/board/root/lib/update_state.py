"""What the tool remembers in /var/sota, and what it says. The board's sql.db is SQLite; this one is JSON."""
import fcntl
import json
import os
import sys

from update_world import DEFAULTS  # noqa: F401  (the words are documented there)

LEVELS = ("trace", "debug", "info", "warning", "error", "fatal")
COLOURS = {"warning": "\033[33m", "error": "\033[31m", "fatal": "\033[31m"}
SENTINEL_DIR = "/var/run/aktualizr-session"
SENTINEL = SENTINEL_DIR + "/need_reboot"
LOCK = "/var/lock/aklite.lock"


class Speech:
    """Boost.Log's lines on stdout; on a terminal with severity and colours."""

    def __init__(self, level=2):
        self.level = level

    def log(self, severity, text):
        if LEVELS.index(severity) < self.level:
            return
        if sys.stdout.isatty():
            text = f"{severity:>7}: {text}"
            if severity in COLOURS:
                text = COLOURS[severity] + text + "\033[0m"
        print(text, flush=True)

    def info(self, text):
        self.log("info", text)

    def warning(self, text):
        self.log("warning", text)

    def error(self, text):
        self.log("error", text)

    @staticmethod
    def say(text, end="\n"):
        print(text, end=end, flush=True)

    @staticmethod
    def complain(text, end="\n"):
        print(text, end=end, file=sys.stderr, flush=True)


class State(dict):
    """installed: name -> {sha, version, bad, apps}; names: current, pending; need_reboot; tuf: role -> signed."""

    def __init__(self, world):
        super().__init__(installed={}, current=None, pending=None, need_reboot=False, docker=None, synced=None, optional=None,
                         tuf={})
        self.path, self.world, self.new = world.sota + "/sql.db", world, True
        try:
            with open(self.path, encoding="utf-8") as f:
                self.update(json.load(f))
            self.new = False
        except FileNotFoundError:
            self.initial()

    def initial(self):
        """The image as it was flashed."""
        booted, how = self.world.booted_commit(), self.world.word("previous")
        name = None
        if how == "initial":
            name, version, apps = "Initial Target", "0", {}
        elif how == "known":
            with open(self.world.sota + "/import/installed_versions", encoding="utf-8") as f:
                for name, target in json.load(f).items():
                    version, apps = target["custom"]["version"], apps_of(target)
        if name:
            self["installed"][name] = {"sha": booted, "version": version, "bad": False, "apps": apps, "was": True}
            self["current"] = name

    def save(self):
        with open(self.path + ".new", "w", encoding="utf-8") as f:
            json.dump(self, f, indent=1)
        os.rename(self.path + ".new", self.path)

    def remember(self, name, target):
        self["installed"][name] = {"sha": target["hashes"]["sha256"], "version": target["custom"]["version"], "bad": False,
                                   "apps": apps_of(target), "was": self["installed"].get(name, {}).get("was", False)}

    def one(self, name):
        return self["installed"].get(name) if name else None

    def rebooted(self):
        """The flag is in the database, the sentinel on a tmpfs: one without the other means that a boot was between."""
        return not (self["need_reboot"] and os.path.exists(SENTINEL))

    def want_reboot(self):
        self["need_reboot"] = True
        os.makedirs(SENTINEL_DIR, exist_ok=True)
        with open(SENTINEL, "w", encoding="ascii"):
            pass


def apps_of(target):
    return {name: app["uri"] for name, app in target["custom"].get("docker_compose_apps", {}).items()}


def take_lock():
    """C's lock; False while somebody else has it. It ends with the process."""
    fd = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def unit_property(unit, name):
    try:
        with open(f"/run/x8board/units/{unit}", encoding="utf-8") as f:
            for line in f:
                if line.startswith(name + "="):
                    return line.rstrip("\n").partition("=")[2]
    except OSError:
        pass
    return ""
