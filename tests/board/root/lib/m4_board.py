"""What the board's M4 side shares: clocks, words, journal, property files of units."""
import os
import re
import time

RUN = "/run/x8board"
WORDS = {"m4": "ok", "m4time": "150", "m4reset": "ok", "m4watch": "on", "m4journal": "0", "bridge": "ok",
         "m4window": "10", "m4hold": "101"}


def monotonic_us():
    """Microseconds since the start of the kernel, as /proc/uptime tells the board."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


def realtime_us():
    try:
        with open(RUN + "/clock", encoding="ascii") as f:
            offset = int(f.read())
    except (OSError, ValueError):
        offset = 0
    return time.time_ns() // 1000 + offset * 1000000


def stamp(us):
    """A time as systemctl shows it."""
    return time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.gmtime(us // 1000000))


def words():
    """Those of `make`, and what a test has written into run/m4/words since."""
    found = dict(WORDS)
    try:
        with open(RUN + "/m4/words", encoding="utf-8") as f:
            later = f.read()
    except OSError:
        later = ""
    with open("/usr/libexec/board.conf", encoding="utf-8") as f:
        said = re.sub(r"\bboard_", "", f.read())
    for name, value in re.findall(r"(?:^|\s)(number|" + "|".join(WORDS) + r")=(\S*)", said + "\n" + later):
        found[name] = value
    return found


def new_id():
    return os.urandom(16).hex()


def log(message, priority=6, name="systemd", unit="init.scope", invocation="-", pid=1, at=None):
    """An entry into the journal; ROOT.md has the columns. `at`: both clocks, when not now."""
    real, mono = at or (realtime_us(), monotonic_us())
    with open(RUN + "/boot_id", encoding="ascii") as f:
        boot = f.read().strip().replace("-", "")
    text = message if isinstance(message, bytes) else message.encode()
    text = text.replace(b"\\", b"\\\\").replace(b"\t", b"\\t")
    head = f"{real}\t{mono}\t{boot}\t{priority}\tsyslog\t0\t{pid}\t{name}\t{unit}\t{invocation}\t"
    fd = os.open("/var/log/journal", os.O_WRONLY | os.O_APPEND)
    try:
        os.write(fd, head.encode() + text + b"\n")
    except OSError:
        pass  # a full /var: the entry is lost, the unit goes on
    os.close(fd)


def set_unit(name, properties):
    """Change properties in a unit's file; those it does not have yet are added."""
    path = f"{RUN}/units/{name}"
    left, lines = dict(properties), []
    with open(path, encoding="utf-8") as f:
        for line in f.read().splitlines():
            key = line.partition("=")[0]
            lines.append(f"{key}={left.pop(key)}" if key in left else line)
    lines += [f"{key}={value}" for key, value in left.items()]
    new = f"{RUN}/units/.{name}"
    with open(new, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    os.rename(new, path)
