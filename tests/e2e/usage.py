#!/usr/bin/env python3
"""Wrong lines for every command, and how each is answered. usage.sh runs it where no board is.

    usage.py X8CTL COLUMNS [WORD...]   only the commands named, else all

The commands, their verbs and options are read from the program's own completion script, the names of values from its help:
a new command or option is covered on the day it comes. Each line is run at a terminal of COLUMNS, with nothing to answer
it. An answer must be the three-part form with a code that is a line's fault, each part once, none saying what another says,
none wider than the terminal; and a next step that begins with x8ctl is a line that this program understands.
"""
import concurrent.futures
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios

PROGRAM, COLUMNS = sys.argv[1], int(sys.argv[2])
LIMIT = 60
PARTS = ("why", "next", "code")
REMOTE = ("exec", "shell")  # own failures end with 255 there


class Tables:
    """What the completion script and the help pages say about the command line."""

    def __init__(self):
        script = output("completion", "bash")
        self.kinds = {}
        for names, kind in re.findall(r"^    (\S+' -\S+'(?: \| \S+' -\S+')*)\) echo '(.*)' ;;$", script, re.M):
            for name in names.split(" | "):
                command, _, option = name.replace("'", "").partition(" ")
                self.kinds[command, option] = kind
        self.commands = re.search(r"^    ' 0 '\*\) echo '(.*)' ;;$", script, re.M)[1].split()
        self.options, self.verbs = {}, {}
        for command, verb, words in re.findall(r"^    '(\S+) (\S*)'\*?\) echo '((?: --\S+)*)' ;;$", script, re.M):
            self.options[command, verb] = words.split()
        self.common = re.search(r"^    echo '((?: --\S+)+)'$", script, re.M)[1].split()
        pages = {}
        for command in self.commands:
            words = re.search(rf"^    '{command} 0 '\*\) echo 'words (.*)' ;;$", script, re.M)
            page = pages[command] = output("help", command)
            # A noun: its usage begins with a verb, not with the name of an operand.
            noun = re.search(rf"^  x8ctl {command} [a-z]+[| \[]", page, re.M)
            self.verbs[command] = words[1].split() if words and noun else []
        pages[""] = output("help", "options")
        self.args = {(command, option): arg for command, page in pages.items()
                     for option, arg in re.findall(r"^ +(?:-\S, )?(--[a-z0-9-]+)\[?[= ](\S+?)\]?(?:  .*)?$", page, re.M)}

    def of(self, command, verb=""):
        return self.options.get((command, verb), self.options.get((command, ""), []))

    def knows(self, command, option):
        return option in self.of(command) + self.common

    def kind(self, command, option):
        return self.kinds.get((command, option)) or self.kinds.get(("*", option))

    def arg(self, command, option):
        return self.args.get((command, option)) or self.args.get(("", option), "")


def output(*words):
    return subprocess.run([PROGRAM, *words], check=True, capture_output=True, text=True).stdout


def at_terminal(words):
    """Status, what came on stdout, and on a terminal that is stderr."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    run = subprocess.Popen([PROGRAM, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave,
                           env={**os.environ, "NO_COLOR": "1"})
    os.close(slave)
    told = b""
    try:
        out = run.communicate(timeout=LIMIT)[0]
    except subprocess.TimeoutExpired:
        run.kill()
        run.communicate()
        return None, b"", ""
    try:
        while piece := os.read(master, 65536):
            told += piece
    except OSError:  # EIO: nobody holds the other end any more
        pass
    os.close(master)
    return run.returncode, out, told.decode("utf-8", "replace").replace("\r\n", "\n")


def lines_of(tables, command, verb):
    """(words, statuses): each line, and what it may end with (None: any failure, or success)."""
    head = [command] + ([verb] if verb else [])
    wrong = {255} if command in REMOTE else {2}
    seen = set()
    for option in tables.of(command, verb):
        yield from wrong_values(tables, head, option, wrong, seen)
    if not verb:
        yield head + ["--no-such-option"], wrong
        yield head + ["-Z"], wrong
        yield head + [""], None
        yield head + ["--json"], None
    for option in sorted(set(tables.of(command)) - set(tables.of(command, verb))):
        yield head + [option + sample(tables, command, option)], wrong
    yield head, None
    yield head + ["nonsense"], None
    yield head + ["nonsense"] * 3, None
    yield head + [option + sample(tables, command, option) for option in tables.of(command, verb)], None


def wrong_values(tables, head, option, wrong, seen):
    """Of what the parser does for each kind of option once for a command; what differs, for each option."""
    kind, arg = tables.kind(head[0], option), tables.arg(head[0], option)
    if not kind:
        if "flag" not in seen:
            yield head + [option + "=nonsense"], wrong
        seen.add("flag")
        return
    if "value" not in seen:
        yield head + [option], wrong
    seen.add("value")
    yield head + [option + "="], wrong
    if kind.startswith("words ") or kind == "carrier" or arg in ("DUR", "N"):
        yield head + [option + "=nonsense"], wrong
    if arg == "N":
        yield head + [option + "=-1"], wrong
        yield head + [option + "=99999999999999999999"], wrong


def sample(tables, command, option):
    kind, arg = tables.kind(command, option), tables.arg(command, option)
    if not kind:
        return ""
    if kind.startswith("words "):
        return "=" + kind.split()[1]
    return "=" + {"DUR": "1s", "N": "1"}.get(arg, "nonsense")


def all_lines(tables):
    for command in tables.commands:
        for verb in [""] + tables.verbs[command]:
            for words, statuses in lines_of(tables, command, verb):
                yield words, statuses
        if tables.verbs[command]:
            yield [command, tables.verbs[command][0] + "x"], {2}
    for option in tables.common:
        yield from wrong_values(tables, ["list"], option, {2}, set())
    yield ["nonsense"], {2}
    yield [""], {2}
    yield ["--json"], {2}
    yield ["-"], {2}


def parse(told):
    """The parts of the one error in what was told; None when it is not one."""
    parts, at = {}, None
    for line in told.splitlines():
        match = re.match(r"x8ctl[^:]*: |  (why|next|code) +", line)
        if match:
            at = match[1] or "what"
            if at in parts:
                return None
            parts[at] = line[match.end():].strip()
        elif at and line.startswith("  "):
            parts[at] += " " + line.strip()
        elif at:
            return None
    return parts


def faults(tables, words, statuses, status, out, told):
    if status is None:
        yield f"it did not end within {LIMIT} s"
        return
    if status < 0 or status == 98:
        yield f"it ended with {status}"
    if statuses and status not in statuses:
        yield f"status {status}, not {statuses}"
    for line in told.splitlines():
        if len(line) > COLUMNS:
            yield f"wider than {COLUMNS} columns: {line}"
    if status == 0:
        return
    if "--json" in words:
        error = json.loads(out)["error"]
        if not all(error[part] for part in ("what", "why", "next")):
            yield f"a part of the document's error is empty: {error}"
    elif statuses and out:
        yield "something is on stdout"
    parts = parse(told)
    if parts is None or set(parts) != {"what", *PARTS} or not all(parts.values()):
        yield f"not the three-part form: {sorted(parts or [])}"
        return
    for a, b in ("what", "why"), ("why", "what"), ("why", "next"):
        if plain(parts[a]) in plain(parts[b]):
            yield f"{a} says nothing that {b} does not say"
    yield from next_faults(tables, words, parts)


def plain(text):
    return re.sub(r"\W+", " ", text.lower()).strip()


def next_faults(tables, words, parts):
    """What a next step names exists."""
    for line in re.split(r";|    |, or ", parts["next"]):
        match = re.match(r"\s*x8ctl (\S+)(.*)", line)
        command = match[1] if match else words[0]
        if match and command not in tables.commands and not command.startswith("-"):
            yield f"the next step names a command that is none: {command}"
            continue
        for option in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", match[2] if match else line):
            if command in tables.commands and not tables.knows(command, option) and " -- " not in line:
                yield f"the next step names an option that {command} has not: {option}"


def main():
    tables = Tables()
    only = sys.argv[3:]
    # Boards are not waited for, and nothing is changed by a line that turns out to be right.
    cases = [case for case in all_lines(tables) if not only or case[0][0] in only]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        runs = pool.map(lambda case: at_terminal(["-n", "-t", "100ms", *case[0]]), cases)
        for (words, statuses), (status, out, told) in zip(cases, runs):
            found = list(faults(tables, words, statuses, status, out, told))
            failed += bool(found)
            if found:
                print(f"FAILED: x8ctl {' '.join(words)}  = {status}")
                print("\n".join("    | " + line for line in told.splitlines()[:12]))
                print("\n".join("  -> " + fault for fault in found))
    print(f"{len(cases)} lines, {failed} not answered well")
    sys.exit(failed > 0 or len(cases) < 300 and not only)


main()
