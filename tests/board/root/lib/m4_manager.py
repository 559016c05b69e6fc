"""Both units together, and the requests of the stub of systemctl.

A request is a line "ANSWER VERB UNIT" into run/m4/requests; ANSWER is a pipe that gets one line: the
status, and what became of the job.
"""
import os
import select

import m4_board as board
from m4_path import Path
from m4_service import Service

PATH_UNIT = "monitor-m4-elf-file.path"
STARTS = {"on": ("waiting", "dead"), "stopped": ("dead", "dead"), "dead": ("failed", "failed")}
ACTIVE = {"dead": "inactive", "waiting": "active", "running": "active", "failed": "failed"}


class Manager:
    def __init__(self, libc, requests):
        path, service = STARTS[board.words()["m4watch"]]
        self.requests, self.rest = requests, b""
        self.poller = select.poll()
        self.poller.register(requests, select.POLLIN)
        self.service = Service(service, self.service_changed, self.poller)
        self.path = Path(libc, path, self.path_changed, self.service.start)
        self.again = False
        if path == "waiting":
            # The unit has been there since the boot began, and the file was not.
            self.path.enter_waiting()

    def path_changed(self, old):
        now = board.monotonic_us()
        properties = {"ActiveState": ACTIVE[self.path.state], "SubState": self.path.state,
                      "Result": self.path.result}
        if old != self.path.state:
            properties["StateChangeTimestampMonotonic"] = now
        if ACTIVE[old] != ACTIVE[self.path.state]:
            if ACTIVE[self.path.state] == "active":
                properties.update(InvocationID=board.new_id(), ActiveEnterTimestampMonotonic=now)
            if self.path.state == "failed":
                board.log(f"{PATH_UNIT}: Failed with result '{self.path.result}'.", 4)
        board.set_unit(PATH_UNIT, properties)

    def service_changed(self):
        self.again = True  # never from inside of the path's own steps

    def tell_path(self):
        """A skipped start changes nothing, yet the path unit hears that its job is over."""
        self.again = False
        self.path.notify(self.service.is_active(), self.service.limit_hit)

    def settle(self):
        """Until nothing has to be told any more. Says what is to be watched, or -1."""
        while self.again or (self.path.state == "running" and not self.service.is_active()):
            self.tell_path()
        return self.path.fd

    def loop(self):
        while True:
            fd = self.settle()
            if fd >= 0:
                self.poller.register(fd, select.POLLIN)
            ready = [one for one, _ in self.poller.poll(self.service.flush())]
            if fd >= 0:
                self.poller.unregister(fd)
            if self.service.out_fd in ready:
                self.service.said()
            if self.service.ended_fd in ready:
                self.service.ended()
            elif fd in ready and fd >= 0:
                self.path.event()
            if self.requests in ready:
                self.request()

    # ---- systemctl ----

    def request(self):
        *lines, self.rest = (self.rest + os.read(self.requests, 65536)).split(b"\n")
        for line in lines:
            words = line.decode().split(" ")
            if len(words) == 3:
                self.do(*words)

    def do(self, answer, verb, unit):
        reply = Reply(answer)
        if unit == PATH_UNIT:
            if verb in ("stop", "restart"):
                self.path.stop()
            if verb in ("start", "restart"):
                self.path.start()
            if verb == "reset-failed":
                self.path.reset_failed()
            reply("success")
        elif verb == "reset-failed":
            self.service.reset_failed()
            reply("success")
        elif verb == "start" or not self.service.is_active():
            self.start_service(reply) if verb != "stop" else reply("success")
        else:
            after = self.start_service if verb == "restart" else lambda one: one("success")
            self.service.waiters.append(lambda _: after(reply))
            self.service.stop()

    def start_service(self, reply):
        """A start job, answered when the oneshot has ended."""
        outcome = self.service.start()
        if outcome in ("started", "active"):
            self.service.waiters.append(reply)
        else:
            reply("start-limit-hit" if outcome == "limit" else "success")


class Reply:
    def __init__(self, path):
        self.path = path

    def __call__(self, result):
        try:
            fd = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return  # whoever asked has gone
        os.write(fd, result.encode() + b"\n")
        os.close(fd)


def run(libc, requests):
    Manager(libc, requests).loop()
