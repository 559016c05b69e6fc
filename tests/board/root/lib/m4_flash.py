"""The H7's flash, what OpenOCD takes an ELF file for, and the log of what was programmed."""
import hashlib
import os
import struct

import m4_board as board

M7_BANK, M4_BANK, BANK = 0x08000000, 0x08100000, 0x100000
SECTOR = 0x20000
VERSION = "/sys/kernel/x8h7_firmware/version"
M7_GONE = board.RUN + "/m4/m7gone"  # until the next boot, which programs it again
RAM = 0xA5  # what memory that is no flash is taken to hold


class Bad(Exception):
    """The words OpenOCD has for a file that it does not take."""


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError as error:
        raise Bad(f"couldn't open {path}") from error


def segments(data):
    """(address, bytes) of each part to write, as src/target/image.c finds them: the machine does not
    matter, and bytes that the file lacks are whatever memory held, here zeros."""
    if len(data) < 9:
        raise Bad("cannot read file header")
    if data[:4] != b"\x7fELF":
        return [(0, data)]  # a binary, which has no address of its own
    if len(data) < 52:
        raise Bad("cannot read ELF file header, only partially read")
    if data[4] != 1:
        raise Bad("invalid ELF file, only 32bits files are supported")
    if data[5] not in (1, 2):
        raise Bad("invalid ELF file, unknown endianness setting")
    order = "<>"[data[5] - 1]
    (at,), (count,) = struct.unpack_from(order + "I", data, 28), struct.unpack_from(order + "H", data, 44)
    if count == 0:
        raise Bad("invalid ELF file, no program headers")
    if at + 32 * count > len(data):
        raise Bad("cannot read ELF segment headers, only partially read")
    found = [struct.unpack_from(order + "8I", data, at + 32 * i) for i in range(count)]
    loads = [h for h in found if h[0] == 1 and h[4] != 0]
    physical = any(h[3] for h in loads)
    return sorted((h[3] if physical else h[2], data[h[1]:h[1] + h[4]].ljust(h[4], b"\0")) for h in loads)


def is_complete(data):
    """Whether nothing that the headers of an ELF file speak of is missing; None when it is none."""
    if data[:4] != b"\x7fELF":
        return None
    if len(data) < 52 or data[4] != 1:
        return False if len(data) < 64 else None
    order = "<" if data[5] == 1 else ">"
    program, sections = struct.unpack_from(order + "II", data, 28)
    _, size, count, section_size, section_count = struct.unpack_from(order + "5H", data, 40)
    if program + size * count > len(data) or sections + section_size * section_count > len(data):
        return False
    ends = [sum(struct.unpack_from(order + "8I", data, program + size * i)[1:5:3]) for i in range(count)]
    for i in range(section_count):
        header = struct.unpack_from(order + "6I", data, sections + section_size * i)
        if header[1] != 8:  # NOBITS
            ends.append(header[4] + header[5])
    return max(ends, default=0) <= len(data)


class Flash:
    """The M4's bank, kept in a file. The M7's is not: what is written there is lost with its firmware."""

    def __init__(self):
        self.path = board.RUN + "/m4/flash"
        try:
            with open(self.path, "rb") as f:
                self.bytes = bytearray(f.read())
        except OSError:
            self.bytes = bytearray(b"\xff" * BANK)
        self.overwrites_m7 = False

    def write(self, address, data, limit=None):
        """Erase the sectors, then write. Says how many bytes that were; 0 outside of any flash."""
        if M7_BANK <= address < M4_BANK:
            self.overwrites_m7 = True
            with open(M7_GONE, "w", encoding="ascii"):
                pass
            return len(data)
        if not M4_BANK <= address < M4_BANK + BANK:
            return 0
        start = address - M4_BANK
        data = data[:BANK - start]
        for sector in range(start // SECTOR, (start + len(data) - 1) // SECTOR + 1):
            if sector not in self.erased:
                self.bytes[sector * SECTOR:(sector + 1) * SECTOR] = b"\xff" * SECTOR
                self.erased.add(sector)
        data = data if limit is None else data[:limit]
        self.bytes[start:start + len(data)] = data
        return len(data)

    def begin(self):
        self.erased = set()

    def differs(self, address, data):
        """Offsets at which the memory is not the data; all of them where there is no flash."""
        if M7_BANK <= address < M4_BANK:
            return []
        if not M4_BANK <= address < M4_BANK + BANK:
            return [(i, RAM, byte) for i, byte in enumerate(data) if byte != RAM][:130]
        start = address - M4_BANK
        held = self.bytes[start:start + len(data)]
        if held == data:
            return []
        return [(i, held[i] if i < len(held) else 0, byte) for i, byte in enumerate(data)
                if i >= len(held) or held[i] != byte][:130]

    def save(self):
        with open(self.path + ".new", "wb") as f:
            f.write(self.bytes)
        os.rename(self.path + ".new", self.path)


def record(data, written, result):
    """One line of run/m4/log."""
    whole = {None: "-", True: "complete", False: "partial"}[is_complete(data) if data else None]
    digest = hashlib.sha256(data).hexdigest() if data else "-"
    invocation = os.environ.get("INVOCATION_ID", "-")
    with open(board.RUN + "/m4/log", "a", encoding="ascii") as f:
        f.write(f"{board.monotonic_us()} {invocation} {digest} {written} {whole} {result}\n")


# ---- the bridge: the M7's firmware, and what reading its version gives ----

def silence():
    """No answer from the M7: reading its version fails (here with EIO; the stub of cat knows better)."""
    os.symlink("/proc/self/mem", VERSION + ".new")
    os.rename(VERSION + ".new", VERSION)


def speak():
    with open(VERSION + ".new", "w", encoding="ascii") as f:
        with open("/usr/libexec/board.conf", encoding="utf-8") as conf:
            f.write([w for w in conf.read().split() if w.startswith("board_m7=")][0][9:] + "\n")
    os.chmod(VERSION + ".new", 0o444)
    os.rename(VERSION + ".new", VERSION)


def after_reset(words):
    """M7 and M4 start again, or do not."""
    bridge = words["bridge"]
    if bridge in ("stalled", "hangs"):
        return
    if os.path.exists(M7_GONE) or bridge == "stalls" or words["m4reset"] == "lost":
        return silence()
    if bridge == "slow":
        silence()
        if os.fork() == 0:  # it comes back while nobody waits for it
            os.setsid()
            for fd in (0, 1, 2):
                os.close(fd)
            import time
            time.sleep(1)
            speak()
            os._exit(0)
    elif os.path.islink(VERSION):
        speak()
