#!/usr/bin/env python3
"""Stands between an ADB client and a daemon over TCP, and cuts the link at a message.

adb_cutter.py HOST:PORT ORDER COUNT

The port it listens on is its first line. For every connection ORDER is read anew: "N" cuts before the N-th message of
the connection (either direction) goes on, "N half" lets half of it go out; "0" lets everything through; other words
tell runs apart. When a connection has ended, how many messages came is written to COUNT, if ORDER still says the same:
on a loaded computer the end of a run may come when the next one has begun.
"""
import os
import socket
import sys
import threading


class Link:
    def __init__(self, client, order):
        self.client, self.order, self.count, self.lock = client, order, 0, threading.Lock()
        self.daemon = socket.create_connection(daemon)
        for end in (client, self.daemon):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number, *words = order.split()
        self.last, self.half = int(number), "half" in words

    def carry(self, source, target):
        try:
            while message := self.read(source):
                with self.lock:
                    self.count += 1
                    if self.last and self.count >= self.last:
                        if self.half and self.count == self.last:
                            target.sendall(message[: len(message) // 2])
                        break
                    target.sendall(message)
        except OSError:
            pass
        # What was said before still arrives: both ends are shut in an orderly way.
        for end in (self.client, self.daemon):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def read(self, source):
        header = exactly(source, 24)
        if not header:
            return None
        length = int.from_bytes(header[12:16], "little")
        payload = exactly(source, length)
        return None if payload is None else header + payload

    def run(self):
        other = threading.Thread(target=self.carry, args=(self.daemon, self.client))
        other.start()
        self.carry(self.client, self.daemon)
        other.join()
        self.client.close()
        self.daemon.close()
        own = f"{sys.argv[3]}.{threading.get_ident()}"
        with open(own, "w") as file:
            file.write(str(self.count))
        if said() == self.order:
            os.rename(own, sys.argv[3])
        else:
            os.unlink(own)


def exactly(source, length):
    data = b""
    while len(data) < length:
        piece = source.recv(length - len(data))
        if not piece:
            return None
        data += piece
    return data


def said():
    with open(sys.argv[2]) as file:
        return file.read().strip()


def accept(client):
    Link(client, said()).run()


host, port = sys.argv[1].rsplit(":", 1)
daemon = (host, int(port))
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=accept, args=(listener.accept()[0],), daemon=True).start()
