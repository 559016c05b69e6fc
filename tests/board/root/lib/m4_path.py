"""monitor-m4-elf-file.path: PathModified= as systemd 250 to 255 do it (src/core/path.c).

Every folder on the way is watched until the next one is there; events on the file itself always
trigger, and so does a change of whether it exists. While the service runs nothing is watched, so
what happens then is lost.
"""
import ctypes
import os
import sys

TARGET = "/tmp/arduino/m4-user-sketch.elf"
STEPS = ["/", "/tmp", "/tmp/arduino", TARGET]

MODIFY, ATTRIB, CLOSE_WRITE, MOVED_FROM, MOVED_TO = 0x2, 0x4, 0x8, 0x40, 0x80
CREATE, DELETE, DELETE_SELF, MOVE_SELF = 0x100, 0x200, 0x400, 0x800
ON_THE_WAY = MOVE_SELF | DELETE_SELF | ATTRIB | CREATE | MOVED_TO
ON_THE_FILE = (DELETE_SELF | MOVE_SELF | ATTRIB | CLOSE_WRITE | CREATE | DELETE | MOVED_FROM | MOVED_TO
               | MODIFY)
MISSING = (2, 13)  # ENOENT, EACCES


class Path:
    """States as SubState= names them: dead, waiting, running, failed."""

    def __init__(self, libc, state, changed, start):
        self.libc, self.state, self.changed, self.start_service = libc, state, changed, start
        self.result = "success" if state != "failed" else "unit-start-limit-hit"
        self.fd, self.primary, self.existed = -1, -1, False

    def set(self, state):
        old, self.state = self.state, state
        if state != "waiting":
            self.unwatch()
        self.changed(old)

    def unwatch(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = self.primary = -1

    def watch(self):
        self.unwatch()
        self.fd = self.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise OSError("no inotify")
        for i, step in enumerate(STEPS):
            last = step == TARGET
            wd = self.libc.inotify_add_watch(self.fd, step.encode(), ON_THE_FILE if last else ON_THE_WAY)
            if wd < 0:
                if ctypes.get_errno() in MISSING:
                    return True
                return False  # such as a file where the folder should be
            if i > 0:
                self.libc.inotify_add_watch(self.fd, STEPS[i - 1].encode(), MOVE_SELF)
            if last:
                self.primary = wd
        return True

    def good(self, initial, notified):
        exists = os.access(TARGET, os.F_OK)
        changed = exists != self.existed
        self.existed = exists
        return changed and not initial and not notified

    def enter_waiting(self, initial=False, notified=False):
        if self.good(initial, notified):
            return self.enter_running()
        if not self.watch():
            return self.fail("resources")
        # It may have come or gone meanwhile.
        if self.good(False, notified):
            return self.enter_running()
        return self.set("waiting")

    def enter_running(self):
        self.set("running")
        self.start_service()

    def fail(self, result):
        if self.result == "success":
            self.result = result
        self.set("failed")

    def event(self):
        """The inotify descriptor is readable."""
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return
        at, hit = 0, False
        while at < len(data):
            wd = int.from_bytes(data[at:at + 4], sys.byteorder, signed=True)
            at += 16 + int.from_bytes(data[at + 12:at + 16], sys.byteorder)
            hit = hit or wd == self.primary
        if hit:
            self.enter_running()
        else:
            self.enter_waiting()

    def notify(self, service_active, limit_hit):
        """The service changed its state."""
        if self.state not in ("waiting", "running"):
            return
        if limit_hit:
            self.fail("unit-start-limit-hit")
        elif self.state == "running" and not service_active:
            self.enter_waiting(notified=True)
        elif self.state == "waiting" and service_active:
            self.set("running")

    def start(self):
        if self.state in ("dead", "failed"):
            self.result = "success"
            self.enter_waiting(initial=True)

    def stop(self):
        if self.state in ("waiting", "running"):
            self.set("dead")

    def reset_failed(self):
        self.result = "success"
        if self.state == "failed":
            self.set("dead")
