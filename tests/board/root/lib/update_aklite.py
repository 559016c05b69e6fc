#!/usr/libexec/host/bin/python3
"""aklite-offline: options and usage of its three generations, then their commands."""
import os
import signal
import sys

from update_state import Speech, State, take_lock, unit_property
from update_world import World, fail, generation, host

COMMANDS = {"A": ("install", "run"), "B": ("install", "run"), "C": ("check", "install", "run", "current")}
CONF = ("/usr/lib/sota/conf.d", "/var/sota/sota.toml", "/etc/sota/conf.d")
PRIVATE = "X8_PRIVATE_AKLITE"
VALUED = {"-c": "config", "--config": "config", "--log-level": "level", "-s": "src", "--src-dir": "src", "-t": "target",
          "--target": "target"}


def usage(gen):
    if gen == "C":
        print("Usage:\n  aklite-offline <cmd> [flags]\n\nCommands:")
        for name, text in (("check", "Check an offline update bundle"), ("install", "Install an offline update"),
                           ("run", "Finalize an offline update"), ("current", "Show the current target")):
            print(f"  {name:<10} {text}")
        print("\nFlags:\n  -h [ --help ]         Print usage")
    else:
        print(f"Usage:\n\taklite-{'apps' if gen == 'A' else 'offline'} <cmd> [options]\nSupported commands: install run")


def flags(gen, command):
    print("Flags:" if gen == "C" else f"{command} options:")
    print("  -h [ --help ]         Print usage\n  --log-level arg       Set log level 0-5 (trace, debug, info, warning, error, fatal)\n"
          "  -c [ --config ] arg   Configuration file or directory")
    if command in ("install", "check"):
        print("  -s [ --src-dir ] arg  Directory that contains an offline update bundle")
    if gen == "C" and command == "install":
        print("  -f [ --force ]        Force downgrade\n  -t [ --target ] arg   Target to install")


class Options:
    src = target = None
    force = help = False
    level = 2


def wrong(gen, command, text):
    print(text, file=sys.stderr)
    flags(gen, command)
    sys.exit(1)


def parse(gen, command, words):
    """Boost's program options, as far as a caller can tell."""
    options, words = Options(), list(words)
    options.config = []
    while words:
        word = words.pop(0)
        name, equals, value = word.partition("=") if word.startswith("--") else (word[:2], word[2:], word[2:])
        if name in ("-h", "--help"):
            options.help = True
        elif name in ("-f", "--force") and gen == "C" and command == "install":
            options.force = True
        elif VALUED.get(name) and allowed(gen, command, VALUED[name]):
            if not equals and not words:
                wrong(gen, command, f"the required argument for option '{name}' is missing")
            take(options, gen, command, VALUED[name], value if equals else words.pop(0))
        else:
            wrong(gen, command, f"unrecognised option '{word}'")
    if command in ("install", "check") and options.src is None:
        wrong(gen, command, "the option '--src-dir' is required but missing")
    if options.help:
        flags(gen, command)
        sys.exit(1 if command in ("install", "check") else 0 if gen == "C" else 1)
    return options


def allowed(gen, command, option):
    if option == "target":
        return gen == "C" and command == "install"
    return option != "src" or command in ("install", "check")


def take(options, gen, command, name, value):
    if name == "level":
        if value not in "012345" or len(value) != 1:
            wrong(gen, command, f"the argument ('{value}') for option '--log-level' is invalid")
        value = int(value)
    if name == "config":
        options.config.append(value)
    else:
        setattr(options, name, value)


def read_config(speech, options):
    """Lines about each file, in the order they are merged; the later wins."""
    found = {}
    for place in options.config or CONF:
        files = sorted(os.path.join(place, n) for n in os.listdir(place)) if os.path.isdir(place) else [place]
        for name in files:
            if not name.endswith(".toml") or not os.path.exists(name):
                continue
            speech.info(f'Reading config: "{name}"')
            section = ""
            with open(name, encoding="utf-8") as f:
                for line in f.read().splitlines():
                    if line.startswith("["):
                        section = line.strip("[]")
                    elif "=" in line:
                        key, _, value = line.partition("=")
                        found[f"{section}.{key.strip()}"] = value.strip().strip('"')
    return found


class Tool:
    """What a command works with."""

    def __init__(self, world, gen, command, options, speech):
        self.world, self.gen, self.command, self.options, self.speech = world, gen, command, options, speech
        self.config = read_config(speech, options)
        if os.geteuid() != 0:
            raise PermissionError("unable to open database file /var/sota/sql.db: Permission denied")
        self.state = State(world)
        speech.info(('Bootstrap empty SQL storage' if self.state.new else 'Use existing SQL storage: "/var/sota/sql.db"'))
        self.state.save()
        tags = self.config.get("pacman.tags", "")
        self.tags = [t.strip() for t in tags.split(",") if t.strip()]
        self.registered = os.path.exists("/var/sota/sota.toml")
        self.kind = "ci"
        if self.registered:
            said = host("openssl", "x509", "-noout", "-subject", "-in", "/var/sota/client.pem", capture_output=True).stdout
            self.kind = "prod" if b"businessCategory" in said and b"production" in said else "ci"

    def restorable(self):
        return not self.registered or "pacman.reset_apps" in self.config

    def src(self):
        src = self.options.src
        if self.gen != "A" and not os.path.isdir(src):
            raise FileNotFoundError(f"{src}: No such file or directory")
        return os.path.realpath(src)


def commands_of(gen):
    if gen == "C":
        import update_c
        return update_c.COMMANDS
    import update_ab
    return update_ab.COMMANDS


def run_tool(world, gen, command, options):
    """One command; its status."""
    speech = Speech(options.level)
    if gen == "C":
        held = os.geteuid() == 0 and (unit_property("aktualizr-lite.service", "ActiveState") == "active" or not take_lock())
        if held and not world.tool.startswith("daemon"):
            speech.complain("Failed to obtain the aklite lock: Resource temporarily unavailable")
            return 1
    try:
        tool = Tool(world, gen, command, options, speech)
        return commands_of(gen)[command](tool)
    except Exception as e:  # noqa: BLE001  (the real one's main ends so, too)
        if os.environ.get("X8_TRACE"):
            raise
        what = {"install": f'install the offline update; src-dir: "{options.src}"; err: ', "run": "run the offline update; err: "}
        end = "\n" if gen == "C" else ""
        if not isinstance(e, (OSError, ValueError, RuntimeError)):
            world.note(f"BUG {e!r}")
        speech.complain(("Failed to " + what[command] if gen != "C" and command in what else "Failed: ") + str(e), end=end)
        return 1


def hung_up(world, command):
    def handler(*_):
        world.note(f"{command} ended by SIGHUP")
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGHUP)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handler)


def main(arguments):
    world = World()
    version = World.version_of("")
    alive = bool(world.read("booted"))
    gen = generation(world, version) if alive else generation_plain(world, version)
    if PRIVATE in os.environ:  # a copy beside the bundle, for an image that has none
        gen = os.environ[PRIVATE]
    if gen == "none":
        fail("aklite-offline: this image has no such program\n", 127)
    if not arguments:
        print("Missing command", file=sys.stderr)
        usage(gen)
        return 1
    command, known = arguments[0], COMMANDS[gen]
    if command not in known:
        if gen != "C":
            Speech().error("Unsu" f"ported command: {command}")  # spelt so
        elif command not in ("-h", "--help"):
            print(f"Unsupported command: {command}", file=sys.stderr)
        usage(gen)
        return 1
    options = parse(gen, command, arguments[1:])
    if not alive:
        fail("aklite-offline: this board was made without update=\n")
    if os.geteuid() == 0:
        world.tool = f"aklite {gen} "
        world.log(" ".join(arguments))
        hung_up(world, command)
    status = run_tool(world, gen, command, options)
    if os.geteuid() == 0:
        world.log(f"{command} -> {status}")
    return status


def generation_plain(world, version):
    """A board without update=: the word, or the number of its image."""
    word = world.word("aklite").partition(",")[0]
    return word or generation(world, version)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
