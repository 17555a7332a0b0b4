"""A name server of the tests' own (RFC 1035), on loopback, over UDP and TCP.

Its answers are a function of the question, so that they can change from one to the next.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

A, CNAME, PTR, AAAA = 1, 5, 12, 28
NXDOMAIN, REFUSED = 3, 5
_HEAD = struct.Struct(">6H")

# Records of a name, as pairs of a type and an address or a name; a number is an error of RFC 1035.
Answers = Sequence[tuple[int, str]] | int
Zone = Callable[[str, int], Answers | None]


def encoded(name: str) -> bytes:
    labels = [label for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def _record(kind: int, value: str) -> bytes:
    data = encoded(value) if kind in (CNAME, PTR) else ipaddress.ip_address(value).packed
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(data)) + data


def question_of(query: bytes) -> tuple[str, int, int]:
    """The name, its type, and where the question ends."""
    at, labels = _HEAD.size, []
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels), struct.unpack_from(">H", query, at + 1)[0], at + 5


def reply_to(query: bytes, zone: Zone, room: int) -> bytes | None:
    """None: the server is silent. An answer that is larger than the room is cut short (TC)."""
    name, kind, end = question_of(query)
    answers = zone(name.lower(), kind)
    if answers is None:
        return None
    code = answers if isinstance(answers, int) else 0
    records = [] if isinstance(answers, int) else [_record(*each) for each in answers]
    body = b"".join(records)
    number = struct.unpack_from(">H", query)[0]
    if end + len(body) > room:
        return _HEAD.pack(number, 0x8380, 1, 0, 0, 0) + query[_HEAD.size : end]
    head = _HEAD.pack(number, 0x8180 | code, 1, len(records), 0, 0)
    return head + query[_HEAD.size : end] + body


class NameServer:
    """asked: the names and types, in order."""

    def __init__(self, zone: Zone, address: str = "127.0.0.1") -> None:
        self.asked: list[tuple[str, int]] = []
        self._zone = zone
        self.is_v6 = ":" in address
        family = socket.AF_INET6 if self.is_v6 else socket.AF_INET
        self._streams = socket.create_server((address, 0), family=family)
        self.port = self._streams.getsockname()[1]
        self._datagrams = socket.socket(family, socket.SOCK_DGRAM)
        self._datagrams.bind((address, self.port))
        self._serving = threading.Thread(target=self._serve_datagrams, daemon=True)
        self._serving.start()
        threading.Thread(target=self._serve_streams, daemon=True).start()

    def _noted(self, name: str, kind: int) -> Answers | None:
        self.asked.append((name, kind))
        return self._zone(name, kind)

    def _serve_datagrams(self) -> None:
        while True:
            try:
                query, peer = self._datagrams.recvfrom(4096)
            except OSError:
                return
            if not query:
                return
            if reply := reply_to(query, self._noted, 512):
                self._datagrams.sendto(reply, peer)

    def _serve_streams(self) -> None:
        while True:
            try:
                stream, _ = self._streams.accept()
            except OSError:
                return
            with stream:
                size = int.from_bytes(stream.recv(2, socket.MSG_WAITALL))
                query = stream.recv(size, socket.MSG_WAITALL)
                if reply := reply_to(query, self._noted, 65535):
                    stream.sendall(len(reply).to_bytes(2) + reply)

    def close(self) -> None:
        self._streams.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        self._streams.close()
        with socket.socket(self._datagrams.family, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._datagrams.getsockname())
        self._serving.join()
        self._datagrams.close()


@contextmanager
def name_server(zone: Zone, address: str = "127.0.0.1") -> Iterator[NameServer]:
    server = NameServer(zone, address)
    try:
        yield server
    finally:
        server.close()
