#!/usr/bin/env python3
"""A person at a terminal: runs a program on a pseudo terminal and does what steps say when something is seen.

keyboard.py --size 24x80 [--step 'SEEN=ACTION']... [--limit SECONDS] --report FILE -- COMMAND...

Each step waits until SEEN stands in the output behind what the step before it saw; an empty one does not wait. Actions:
    keys:TEXT       type it (\\r, \\x03 and so on are understood)
    resize:RxC      the window gets another size
    signal:NAME     to the program alone, as by kill
    run:COMMAND     by sh
Several actions of one step are joined by "&&&". The report is JSON: status (128 + n for a signal), settings_kept (of
termios, at the end), raw (was the terminal raw when a step was taken, one for each), left (steps that were never
taken), ms, hung (the limit came). What came is in FILE.screen. The status is that of the program.
"""
import argparse
import codecs
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time


def set_size(fd, size):
    rows, columns = (int(number) for number in size.split("x"))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def start(slave, command):
    child = os.fork()
    if child == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(slave, fd)
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)
    return child


def act(action, master, child):
    kind, _, text = action.partition(":")
    if kind == "keys":
        data = codecs.decode(text.encode("utf-8").decode("latin-1"), "unicode_escape").encode("latin-1")
        while data:
            # The other side may be full and have something to say first.
            data = data[os.write(master, data[:512]):]
            if data and select.select([master], [], [], 0.01)[0]:
                return data
    elif kind == "resize":
        set_size(master, text)
    elif kind == "signal":
        os.kill(child, getattr(signal, "SIG" + text))
    elif kind == "run":
        subprocess.run(["sh", "-c", text], check=False)
    elif action:
        sys.exit("no such action: " + action)
    return b""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="24x80")
    parser.add_argument("--step", action="append", default=[])
    parser.add_argument("--limit", type=float, default=30)
    parser.add_argument("--report", required=True)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    steps = [step.partition("=") for step in args.step]
    master, slave = pty.openpty()
    set_size(slave, args.size)
    before = termios.tcgetattr(slave)
    began = time.monotonic()
    child = start(slave, command)
    screen, at, raw, typing, status, hung = b"", 0, [], b"", None, False
    # The slave stays open here, so that reading ends when the program does and not by an error.
    while status is None or select.select([master], [], [], 0)[0]:
        if select.select([master], [], [], 0.01)[0]:
            screen += os.read(master, 65536)
        if typing:
            typing = typing[os.write(master, typing[:512]):]
        elif steps:
            seen = codecs.decode(steps[0][0].encode("utf-8").decode("latin-1"), "unicode_escape").encode("latin-1")
            found = screen.find(seen, at)
            if found >= 0:
                at = found + len(seen)
                raw.append(not termios.tcgetattr(slave)[3] & termios.ICANON)
                for action in steps.pop(0)[2].split("&&&"):
                    typing += act(action, master, child)
        if status is None:
            pid, status = os.waitpid(child, os.WNOHANG)
            status = status if pid else None
        if status is None and time.monotonic() - began > args.limit:
            hung = True
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
    code = os.waitstatus_to_exitcode(status)
    report = {
        "status": code if code >= 0 else 128 - code, "settings_kept": termios.tcgetattr(slave) == before, "raw": raw,
        "left": [step[0] for step in steps], "ms": int((time.monotonic() - began) * 1000), "hung": hung,
    }
    with open(args.report, "w") as file:
        json.dump(report, file)
    with open(args.report + ".screen", "wb") as file:
        file.write(screen)
    sys.exit(report["status"])


if __name__ == "__main__":
    main()
