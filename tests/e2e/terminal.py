#!/usr/bin/env python3
"""A terminal for the suites: runs a program on a pseudo terminal, types answers, and keeps the screen.

terminal.py --columns 80 [--type 'SEEN=KEYS']... [--resize SECONDS:COLUMNS] --report FILE -- COMMAND...

Each --type waits until SEEN stands in the output (after what the one before it saw), then sends KEYS (\\n, \\x03 and
so on are understood). The report is JSON: status, screen (the lines as they stand at the end), wrapped (lines that ran
over the right edge), painted (times a line was drawn over), sgr (colour codes were used), ascii, hidden (the cursor),
column (of the cursor at the end), settings_kept (termios). What came is in FILE.raw. The status is the program's.
"""
import argparse
import codecs
import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import termios
import time


class Screen:
    def __init__(self, columns):
        self.columns = columns
        self.lines = [[]]
        self.row = self.column = self.painted = 0
        self.wrapped, self.unknown = [], []
        self.sgr = self.hidden = False
        self.pending = ""

    def text(self, row):
        return "".join(self.lines[row]).rstrip()

    def put(self, char):
        if self.column == self.columns:
            self.wrapped.append(self.text(self.row))
            self.down()
            self.column = 0
        line = self.lines[self.row]
        line.extend(" " * (self.column + 1 - len(line)))
        line[self.column] = char
        self.column += 1

    def down(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append([])

    def control(self, parameters, final):
        number = int(parameters) if parameters.isdigit() else 1
        if final == "m":
            self.sgr = True
        elif final == "A":
            self.row = max(0, self.row - number)
            self.painted += number
        elif final == "K":
            del self.lines[self.row][self.column:]
        elif final == "J":
            del self.lines[self.row][self.column:]
            del self.lines[self.row + 1:]
        elif parameters == "?25":
            self.hidden = final == "l"
        else:
            self.unknown.append(parameters + final)

    def feed(self, text):
        text = self.pending + text
        self.pending = ""
        at = 0
        while at < len(text):
            char = text[at]
            if char == "\033":
                match = re.match(r"\033\[([0-9;?]*)([A-Za-z])", text[at:])
                if not match and len(text) - at < 16:
                    self.pending = text[at:]
                    return
                if match:
                    self.control(*match.groups())
                    at += match.end()
                    continue
                self.unknown.append(text[at:at + 8])
            elif char == "\r":
                self.column = 0
            elif char == "\n":
                self.down()
            elif char == "\b":
                self.column = max(0, self.column - 1)
            elif char >= " ":
                self.put(char)
            at += 1


def set_columns(fd, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--type", action="append", default=[])
    parser.add_argument("--resize")
    parser.add_argument("--report", required=True)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    master, slave = pty.openpty()
    set_columns(slave, args.columns)
    before = termios.tcgetattr(slave)
    child = os.fork()
    if child == 0:
        os.close(master)
        os.login_tty(slave) if hasattr(os, "login_tty") else login(slave)
        os.execvp(command[0], command)
    screen, seen, raw = Screen(args.columns), "", b""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    answers = [answer.partition("=") for answer in args.type]
    resize = args.resize.split(":") if args.resize else None
    started, status = time.monotonic(), None
    # The slave stays open here, so that reading ends when the program does and not by an error.
    while status is None or select.select([master], [], [], 0)[0]:
        if resize and time.monotonic() - started > float(resize[0]):
            screen.columns = int(resize[1])
            set_columns(slave, screen.columns)
            resize = None
        if select.select([master], [], [], 0.02)[0]:
            data = os.read(master, 65536)
            raw += data
            text = decoder.decode(data)
            seen += text
            screen.feed(text)
        if answers and answers[0][0] in seen:
            seen = seen[seen.index(answers[0][0]) + len(answers[0][0]):]
            os.write(master, codecs.decode(answers.pop(0)[2], "unicode_escape").encode("latin-1"))
        if status is None:
            pid, status = os.waitpid(child, os.WNOHANG)
            status = status if pid else None
    report = {
        "status": os.waitstatus_to_exitcode(status),
        "screen": [screen.text(row) for row in range(len(screen.lines))],
        "wrapped": screen.wrapped, "unknown": screen.unknown, "painted": screen.painted, "sgr": screen.sgr,
        "ascii": max(raw or b"\0") < 128, "escapes": b"\033" in raw, "hidden": screen.hidden, "column": screen.column,
        "unanswered": [answer[0] for answer in answers],
        "settings_kept": termios.tcgetattr(slave) == before,
    }
    with open(args.report, "w") as file:
        json.dump(report, file, indent=1, ensure_ascii=False)
    with open(args.report + ".raw", "wb") as file:
        file.write(raw)
    sys.exit(report["status"] if report["status"] >= 0 else 128 - report["status"])


def login(slave):
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in range(3):
        os.dup2(slave, fd)
    if slave > 2:
        os.close(slave)


if __name__ == "__main__":
    main()
