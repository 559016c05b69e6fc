#!/usr/bin/env python3
"""Stands between an ssh client and a server, and cuts all links between the two at a byte.

ssh_cutter.py HOST:PORT ORDER COUNT

The port it listens on is its first line. ORDER says "RUN N": when the connections of that run have carried N bytes
together, either way, all of them end, and so does each further one: the server is gone. "RUN 0" lets everything through.
RUN is any word; another one begins anew. When a connection has ended, the bytes of its run are written to COUNT, if ORDER
still says the same: on a loaded computer the end of a run may come when the next one has begun.
"""
import os
import socket
import sys
import threading


class Run:
    def __init__(self, order):
        self.order, self.last = order, int(order.split()[1])
        self.count, self.ends, self.lock = 0, [], threading.Lock()

    def pass_on(self, data):
        """What of it goes on; the server is gone after less than all."""
        with self.lock:
            if self.last:
                data = data[: max(self.last - self.count, 0)]
            self.count += len(data)
            return data

    def join(self, ends):
        with self.lock:
            self.ends += ends
            return not self.last or self.count < self.last

    def end(self):
        with self.lock:
            ends, self.ends = self.ends, []
        for end in ends:
            shut(end)

    def tell(self):
        own = f"{sys.argv[3]}.{threading.get_ident()}"
        with open(own, "w") as file:
            file.write(str(self.count))
        if order() == self.order:
            os.rename(own, sys.argv[3])
        else:
            os.unlink(own)


def order():
    with open(sys.argv[2]) as file:
        return file.read().strip()


def shut(end):
    # What was said before still arrives.
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def carry(run, source, target):
    try:
        while data := source.recv(65536):
            passed = run.pass_on(data)
            target.sendall(passed)
            if len(passed) < len(data):
                run.end()
                break
    except OSError:
        pass
    for end in (source, target):
        shut(end)


def serve(run, client):
    server = socket.create_connection(address)
    ends = [client, server]
    for end in ends:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if run.join(ends):
        back = threading.Thread(target=carry, args=(run, server, client))
        back.start()
        carry(run, client, server)
        back.join()
    for end in ends:
        end.close()
    run.tell()


host, port = sys.argv[1].rsplit(":", 1)
address = (host, int(port))
listener = socket.create_server(("127.0.0.1", 0), backlog=50)
print(listener.getsockname()[1], flush=True)
now = None
while True:
    client, _ = listener.accept()
    said = order()
    if not now or now.order != said:
        now = Run(said)
    threading.Thread(target=serve, args=(now, client), daemon=True).start()
