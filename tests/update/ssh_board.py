"""ssh_board.py ENTER DIR READY [PORT]: a board of root/make with its ssh server on 127.0.0.1, boot after boot: when it goes down
for a reboot its port refuses for a second, then the next boot listens there. READY gets the port once. `poweroff` ends it.

As tests/e2e/ssh_board.py, which is one boot."""
import os
import signal
import socket
import subprocess
import sys
import time

# Runs inside, where the socket is descriptor 9: its network is the one it was made in. As the daemon of adb it leaves its
# pid, which the stub of systemctl ends when the board goes down; with it goes everything inside.
SERVER = """
import os, signal, socket
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
with open("/run/x8board/adbd.pid", "w") as f:
    f.write("%d\\n" % os.getpid())
listener = socket.socket(fileno=9)
while True:
    link, _ = listener.accept()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(link.fileno(), 0)
        os.dup2(link.fileno(), 1)
        os.closerange(3, 64)
        os.execv("/usr/libexec/host/sbin/dropbear", ["dropbear", "-i", "-m", "-r", "/etc/dropbear/key"])
    link.close()
"""
DOWN_S = 1.0


def bound(port):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", port))
    return one


def boot(enter, folder, listener):
    """Until it goes down; what it left in DIR/power."""
    os.dup2(listener.fileno(), 9)
    child = subprocess.Popen([enter, folder, "/usr/libexec/host/bin/python3", "-c", SERVER], pass_fds=[9])
    os.close(9)
    listener.close()

    def stop(*_):
        child.kill()
        sys.exit(143)

    signal.signal(signal.SIGTERM, stop)
    status = child.wait()
    try:
        with open(folder + "/power", encoding="ascii") as f:
            return f.read().split()[0]
    except (OSError, IndexError):
        sys.exit(status)


def main(enter, folder, ready, port="0"):
    listener = bound(int(port))
    number = listener.getsockname()[1]
    kept = bound(number)  # nobody else gets it while the board is down
    listener.listen(128)
    with open(ready, "w", encoding="ascii") as f:
        f.write(f"{number}\n")
    while boot(enter, folder, listener) == "reboot":
        time.sleep(DOWN_S)
        listener = bound(number)
        listener.listen(128)
    kept.close()


main(*sys.argv[1:])
