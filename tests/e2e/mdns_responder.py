#!/usr/bin/env python3
"""Multicast DNS as no daemon would do it: mdns_responder.py DEVICE MANNER

Answers questions for _sftp-ssh._tcp.local on DEVICE over IPv4, from each of its addresses.

  boards=N      a board each on N addresses, whole answers, to the group or straight as asked
  bare=N        the same, but each answer has the one record that was asked for and no more
  unicast=N     straight answers only, as behind an access point that drops multicast
  group=N       answers to the group only, as through a firewall
  goodbye       a board that leaves as soon as it was asked the second time
  hostile       all kinds of damage, hundreds of hosts, and one board among it
  flood         hosts and boards by the thousand
  offlink       straight answers from an address that is not of this network, and from a wrong port
"""
import socket
import struct
import sys

GROUP, PORT = "224.0.0.251", 5353
SERVICE = "_sftp-ssh._tcp.local"
A, PTR, SRV = 1, 12, 33


def name(text):
    if isinstance(text, bytes):
        return text
    return b"".join(bytes([len(x)]) + x.encode("latin-1") for x in text.split(".") if x) + b"\0"


def record(owner, kind, ttl, data, length=None):
    return name(owner) + struct.pack(">HHIH", kind, 1, ttl, len(data) if length is None else length) + data


def ptr(board, ttl=4500):
    return record(SERVICE, PTR, ttl, name(f"{board}.{SERVICE}"))


def srv(board, port=22, ttl=120):
    return record(f"{board}.{SERVICE}", SRV, ttl, struct.pack(">HHH", 0, 0, port) + name(board + ".local"))


def address(board, figures, ttl=120):
    return record(board + ".local", A, ttl, socket.inet_aton(figures))


def answer(records, count=None):
    return struct.pack(">6H", 0, 0x8400, 0, len(records) if count is None else count, 0, 0) + b"".join(records)


def questions(message):
    """Names and types that a query asks for; names that point back are followed once each."""
    def read(at):
        labels = []
        while message[at]:
            if message[at] >= 0xC0:
                rest, _ = read(struct.unpack_from(">H", message, at)[0] & 0x3FFF)
                return labels + rest, at + 2
            labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
            at += 1 + message[at]
        return labels, at + 1

    flags, count = struct.unpack_from(">HH", message, 2)
    at, found = 12, []
    for _ in range(0 if flags & 0x8000 else count):
        labels, at = read(at)
        found.append((".".join(labels).lower(), struct.unpack_from(">H", message, at)[0]))
        at += 4
    return found


def sender(device_address, port=PORT):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)  # not to ourselves
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(device_address))
    s.bind((device_address, port))
    return s


class Board:
    def __init__(self, number, device_address):
        self.name = f"portenta-x8-{0xa13b209dab6fa00 + number:x}"
        self.address = device_address
        self.socket = sender(device_address)

    def whole(self):
        return [ptr(self.name), srv(self.name), address(self.name, self.address)]

    def bare(self, asked):
        if asked == (SERVICE, PTR):
            return [ptr(self.name)]
        if asked == (f"{self.name}.{SERVICE}", SRV):
            return [srv(self.name)]
        if asked == (self.name + ".local", A):
            return [address(self.name, self.address)]
        return []


def reply(board, records, peer, ways=("group", "unicast")):
    if not records:
        return
    if peer[1] == PORT and "group" in ways:
        board.socket.sendto(answer(records), (GROUP, PORT))
    if peer[1] != PORT and "unicast" in ways:
        board.socket.sendto(answer(records), peer)


def hostile(board, peer):
    def send(data):
        board.socket.sendto(data, (GROUP, PORT) if peer[1] == PORT else peer)

    send(b"")
    send(b"\0" * 11)
    send(answer([], 65535))
    send(answer([record(b"\xc0\x0c", A, 120, b"\x0a\1\2\3")]))
    send(answer([record(SERVICE, PTR, 120, b"\xc0" + bytes([12 + 22 + 10]))]))
    send(answer([record(board.name + ".local", A, 120, b"\x0a\1\2\3", 60000)]))
    send(answer([record(board.name + ".local", A, 120, b"\x0a\1\2\3", 3)]))
    send(answer([ptr("portenta-x8-bad1\x1b[2J\r\n"), srv("portenta-x8-bad1\x1b[2J\r\n"),
                 address("portenta-x8-bad1\x1b[2J\r\n", "10.77.0.66")]))
    send(answer([ptr("\x1b]0;owned\x07"), srv("\x1b]0;owned\x07"), address("\x1b]0;owned\x07", "10.77.0.66")]))
    send(answer([srv("portenta-x8-bad2", 0), ptr("portenta-x8-bad2")]))
    send(answer([srv("portenta-x8-bad3"), address("portenta-x8-bad3", "127.0.0.1"),
                 address("portenta-x8-bad3", "224.0.0.1"), address("portenta-x8-bad3", "0.0.0.0")]))
    send(answer([record("x" * 63 + "." + "y" * 63 + "." + SERVICE, PTR, 120, name(SERVICE))] * 30))
    send(answer([address("", "10.77.0.66")] * 500))
    send(b"\0\0\x84\0" + b"\xff" * 20000)
    for first in range(0, 300, 10):
        send(crowd("foreign-%d", first, 10))
    send(answer(board.whole()))
    for first in range(0, 300, 10):
        send(crowd("portenta-x8-%x", first, 10))


def crowd(pattern, first, count):
    """Hosts with the service, all in one message."""
    names = [pattern % (i + 1) for i in range(first, first + count)]
    return answer([x for n in names for x in (srv(n), address(n, "10.77.0.66"))])


def flood(board, peer):
    for first in range(0, 5000, 50):
        for pattern in ("foreign-%d", "portenta-x8-%x"):
            board.socket.sendto(crowd(pattern, first, 50), (GROUP, PORT) if peer[1] == PORT else peer)


def offlink(board, peer):
    if peer[1] == PORT:
        return
    for liar, port in (("10.99.0.1", PORT), (board.address, 5354)):
        s = sender(liar, port)
        s.sendto(answer(board.whole()), peer)
        s.close()


def addresses_of(device):
    """All IPv4 addresses of the device, as the system lists them."""
    import subprocess
    text = subprocess.run(["ip", "-4", "-o", "addr", "show", "dev", device], check=True, capture_output=True, text=True)
    return [line.split()[3].split("/")[0] for line in text.stdout.splitlines()]


def main():
    device, manner = sys.argv[1:3]
    manner, _, count = manner.partition("=")
    found = addresses_of(device)
    boards = [Board(i, a) for i, a in enumerate(found[:int(count or 1)])]
    hears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    hears.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    hears.bind((GROUP, PORT))
    index = struct.pack("4s4si", socket.inet_aton(GROUP), socket.inet_aton(found[0]), socket.if_nametoindex(device))
    hears.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, index)
    asked = 0
    print("ready", flush=True)
    while True:
        message, peer = hears.recvfrom(9000)
        for question in questions(message):
            asked += question == (SERVICE, PTR)
            if manner == "bare":
                for board in boards:
                    reply(board, board.bare(question), peer)
            elif question != (SERVICE, PTR):
                continue
            elif manner == "goodbye" and asked > 2:
                b = boards[0]
                reply(b, [ptr(b.name, 0), srv(b.name, 22, 0), address(b.name, b.address, 0)], peer)
            elif manner in ("hostile", "flood", "offlink"):
                globals()[manner](boards[0], peer)
            else:
                for board in boards:
                    reply(board, board.whole(), peer, (manner,) if manner in ("unicast", "group") else ("group", "unicast"))


if __name__ == "__main__":
    main()
