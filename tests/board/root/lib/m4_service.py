"""monitor-m4-elf-file.service: a oneshot with a start limit of 5 in 10 s, as systemd runs it.

On images up to 934 a shell says what happened (ExecStartPre=), then OpenOCD is the main process; on
95 a script is, which hides what OpenOCD says about success.
"""
import os
import signal

import m4_board as board

UNIT = "monitor-m4-elf-file.service"
NAME = "Program stm32m4 on Portenta-X8 boards"
TARGET = "/tmp/arduino/m4-user-sketch.elf"
PRE = ["/bin/sh", "-c", f"echo {TARGET} changed, triggered m4 programming"]
OPENOCD = ["/bin/openocd", "-f", "/usr/arduino/extra/openocd_script-imx_gpio.cfg", "-c",
           f"program {TARGET} verify reset exit"]
SCRIPT = ["/usr/arduino/extra/program-m4.sh"]
BURST = 5
PATHS = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Service:
    """States as SubState= names them: dead, start-pre, start, failed."""

    def __init__(self, state, notify, poller):
        self.state, self.notify, self.poller = state, notify, poller
        self.result = "success" if state != "failed" else "start-limit-hit"
        self.limit_hit = state == "failed"
        self.began_us, self.count = (board.monotonic_us(), BURST) if self.limit_hit else (None, 0)
        self.invocation = self.main_begun = ""
        self.pid = self.ended_fd = self.out_fd = -1
        self.rest, self.late, self.waiters = b"", [], []
        words = board.words()
        self.is_script = int(words["number"]) >= 1000
        self.unmet = "an unmet" if self.is_script else "a failed"
        self.delay_us = int(words["m4journal"]) * 1000

    def is_active(self):
        return self.state in ("start-pre", "start")

    # ---- starting ----

    def below_limit(self):
        now, interval_us = board.monotonic_us(), int(board.words()["m4window"]) * 1000000
        if self.began_us is None or self.began_us + interval_us < now:
            self.began_us, self.count = now, 0
        self.count += 1
        return self.count <= BURST

    def start(self):
        """A start job. Says what became of it: started, active, skipped, limit."""
        if not self.below_limit():
            self.hit_limit()
            return "limit"
        self.limit_hit = False
        if self.is_active():
            return "active"
        met = os.path.exists(TARGET)
        self.write({"ConditionResult": "yes" if met else "no",
                    "ConditionTimestampMonotonic": board.monotonic_us()})
        if not met:
            board.log(f"{NAME} was skipped because of {self.unmet} condition check (ConditionPathExists={TARGET}).")
            return "skipped"
        self.invocation, self.result = board.new_id(), "success"
        board.log(f"Starting {NAME}...")
        self.state = "start" if self.is_script else "start-pre"
        self.write({"InvocationID": self.invocation, "Result": "success", "ActiveState": "activating",
                    "SubState": self.state, "InactiveExitTimestampMonotonic": board.monotonic_us()})
        self.spawn(SCRIPT if self.is_script else PRE)
        self.notify()
        return "started"

    def hit_limit(self):
        self.limit_hit = True
        board.log(f"{UNIT}: Start request repeated too quickly.", 4)
        if not self.is_active():
            self.enter_dead("start-limit-hit")
        else:
            self.notify()

    def spawn(self, argv):
        """Run one command of the unit, its output on a pipe to the journal."""
        back, out = os.pipe()
        nothing = os.open("/dev/null", os.O_RDONLY)
        environment = {"PATH": PATHS[5:], "LANG": "C.UTF-8", "INVOCATION_ID": self.invocation}
        actions = [(os.POSIX_SPAWN_DUP2, nothing, 0), (os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)]
        self.speaker = os.path.basename(argv[0])
        self.pid = os.posix_spawn(argv[0], argv, environment, file_actions=actions, setpgroup=0)
        os.close(out)
        os.close(nothing)
        os.set_blocking(back, False)
        self.out_fd, self.rest = back, b""
        self.ended_fd = os.pidfd_open(self.pid)
        self.poller.register(self.out_fd, 1)
        self.poller.register(self.ended_fd, 1)
        if self.state == "start":
            now = board.monotonic_us()
            self.main_begun = board.stamp(board.realtime_us())
            self.write({"MainPID": self.pid, "ExecMainPID": self.pid, "ExecMainCode": 0, "ExecMainStatus": 0,
                        "SubState": "start", "ExecMainStartTimestamp": self.main_begun,
                        "ExecMainStartTimestampMonotonic": now, "ExecMainExitTimestamp": "",
                        "ExecMainExitTimestampMonotonic": 0,
                        "ExecStart": exec_text(self.argv(), self.main_begun, "n/a", self.pid, "(null)", "0/0")})

    def argv(self):
        return SCRIPT if self.is_script else OPENOCD

    # ---- running ----

    def said(self):
        """Output of the command, line by line into the journal."""
        while True:
            try:
                data = os.read(self.out_fd, 65536)
            except BlockingIOError:
                return
            if not data:
                self.poller.unregister(self.out_fd)
                os.close(self.out_fd)
                self.out_fd = -1
                if self.rest:
                    self.line(self.rest)
                self.rest = b""
                return
            *lines, self.rest = (self.rest + data).split(b"\n")
            for line in lines:
                self.line(line)

    def line(self, text):
        at = board.realtime_us(), board.monotonic_us()
        self.late.append((at[1] + self.delay_us, text, self.speaker, self.invocation, self.pid, at))
        self.flush()

    def flush(self):
        """Lines whose time has come; says in how many ms the next one is due, or None."""
        while self.late and self.late[0][0] <= board.monotonic_us():
            _, text, speaker, invocation, pid, at = self.late.pop(0)
            board.log(text, 6, speaker, UNIT, invocation, pid, at)
        return max(1, (self.late[0][0] - board.monotonic_us()) // 1000 + 1) if self.late else None

    def ended(self):
        """The command's process has ended."""
        _, status = os.waitpid(self.pid, 0)
        self.poller.unregister(self.ended_fd)
        os.close(self.ended_fd)
        self.ended_fd = -1
        if self.out_fd >= 0:
            self.said()
        if self.out_fd >= 0:  # a grandchild has it still; it goes with the unit
            self.poller.unregister(self.out_fd)
            os.close(self.out_fd)
            self.out_fd = -1
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        killed, code = os.WIFSIGNALED(status), 0
        code = os.WTERMSIG(status) if killed else os.WEXITSTATUS(status)
        if self.state == "start-pre" and status == 0:
            self.state = "start"
            self.spawn(OPENOCD)
            return
        if self.state == "start":
            self.main_ended(killed, code)
        if code:
            kind, word = ("killed", signal.Signals(code).name[3:]) if killed else ("exited", f"{code}/FAILURE")
            what = "Main process" if self.state == "start" else "Control process"
            board.log(f"{UNIT}: {what} exited, code={kind}, status={f'{code}/{word}' if killed else word}", 5)
        self.enter_dead("signal" if killed else "exit-code" if code else "success")

    def main_ended(self, killed, code):
        now, shown = board.monotonic_us(), board.stamp(board.realtime_us())
        kind = "killed" if killed else "exited"
        self.write({"MainPID": 0, "ExecMainCode": 2 if killed else 1, "ExecMainStatus": code,
                    "ExecMainExitTimestamp": shown, "ExecMainExitTimestampMonotonic": now,
                    "ExecStart": exec_text(self.argv(), self.main_begun, shown, self.pid, kind, f"{code}/0")})

    def enter_dead(self, result):
        was_active = self.is_active()
        if self.result == "success":
            self.result = result
        failed = self.result != "success"
        self.state = "failed" if failed else "dead"
        now = board.monotonic_us()
        properties = {"Result": self.result, "ActiveState": "failed" if failed else "inactive",
                      "SubState": self.state, "StateChangeTimestampMonotonic": now, "MainPID": 0}
        if was_active:
            properties["InactiveEnterTimestampMonotonic"] = now
        self.write(properties)
        if failed:
            board.log(f"{UNIT}: Failed with result '{self.result}'.", 4)
            board.log(f"Failed to start {NAME}.", 3)
        else:
            board.log(f"{UNIT}: Deactivated successfully.")
            board.log(f"Finished {NAME}.")
        waiters, self.waiters = self.waiters, []
        for answer in waiters:
            answer(self.result)
        self.notify()

    # ---- what systemctl does to it ----

    def stop(self):
        if self.is_active():
            os.killpg(self.pid, signal.SIGTERM)

    def reset_failed(self):
        self.began_us, self.count, self.limit_hit, self.result = None, 0, False, "success"
        properties = {"Result": "success", "NRestarts": 0}
        if self.state == "failed":
            self.state = "dead"
            properties.update(ActiveState="inactive", SubState="dead")
        self.write(properties)

    def write(self, properties):
        board.set_unit(UNIT, properties)


def exec_text(argv, begun, ended, pid, code, status):
    """ExecStart= as `systemctl show` prints it: arguments are joined without quotes."""
    return (f"{{ path={argv[0]} ; argv[]={' '.join(argv)} ; ignore_errors=no ; start_time=[{begun}] ; "
            f"stop_time=[{ended}] ; pid={pid} ; code={code} ; status={status} }}")
