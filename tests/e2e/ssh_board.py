"""ssh_board.py ENTER DIR READY [PORT]: one boot of the board's Linux in DIR with its ssh server, dropbear for each connection as
the board's dropbear.socket starts it. READY gets the port on 127.0.0.1 as soon as somebody listens there."""
import os
import socket
import sys

# Runs inside, where the socket is descriptor 9: its network is the one it was made in.
SERVER = """
import os, signal, socket
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listener = socket.socket(fileno=9)
while True:
    link, _ = listener.accept()
    if os.fork() == 0:
        # A suite's shell has these ignored in what it starts in the background; nobody inside could trap them again.
        for name in ("SIGCHLD", "SIGINT", "SIGQUIT"):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        os.dup2(link.fileno(), 0)
        os.dup2(link.fileno(), 1)
        os.closerange(3, 64)
        os.execv("/usr/libexec/host/sbin/dropbear", ["dropbear", "-i", "-m", "-r", "/etc/dropbear/key"])
    link.close()
"""

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[4]) if len(sys.argv) > 4 else 0))
listener.listen(128)
os.dup2(listener.fileno(), 9)
with open(sys.argv[3], "w") as ready:
    ready.write("%d\n" % listener.getsockname()[1])
os.execv(sys.argv[1], ["enter", sys.argv[2], "/usr/libexec/host/bin/python3", "-c", SERVER])
