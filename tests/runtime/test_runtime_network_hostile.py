"""A guest without a kernel of ours, that says to the network's descriptors whatever it likes."""

from __future__ import annotations

import array
import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from boxer.abi import Net
from boxer.boxfile import Box, MemoryImage, Segment, read_box, write_box
from boxer.runtime import Limits, Network, mapped, run
from boxer.wasmformat import Module
from tests.runtime.conftest import make_info, module

pytestmark = pytest.mark.skipif(not mapped.is_available(), reason="the native library is not there")

CALLS = 150
SIZE = 96
# Each record: which call, two numbers, a size, and what is said.
RECORD = struct.Struct("<IIII80s")
START = f"""
(local $at i32)
(local.set $at (i32.const 64))
(loop $next
  (i32.store (i32.const 16) (i32.add (local.get $at) (i32.const 16)))
  (i32.store (i32.const 20) (i32.load offset=12 (local.get $at)))
  (i32.store (i32.const 24) (i32.const 40000))
  (i32.store (i32.const 28) (i32.const 300))
  (if (i32.eq (i32.load (local.get $at)) (i32.const 0)) (then (drop
    (call $sock_send (i32.load offset=4 (local.get $at)) (i32.const 16)
      (i32.load offset=8 (local.get $at)) (i32.const 0) (i32.const 32)))))
  (if (i32.eq (i32.load (local.get $at)) (i32.const 1)) (then (drop
    (call $sock_recv (i32.load offset=4 (local.get $at)) (i32.const 24) (i32.const 1)
      (i32.load offset=8 (local.get $at)) (i32.const 32) (i32.const 36)))))
  (if (i32.eq (i32.load (local.get $at)) (i32.const 2)) (then (drop
    (call $sock_accept (i32.load offset=4 (local.get $at)) (i32.load offset=8 (local.get $at))
      (i32.const 32)))))
  (if (i32.eq (i32.load (local.get $at)) (i32.const 3)) (then (drop
    (call $sock_shutdown (i32.load offset=4 (local.get $at)) (i32.load offset=8 (local.get $at))))))
  (if (i32.eq (i32.load (local.get $at)) (i32.const 4)) (then (drop
    (call $fd_close (i32.load offset=4 (local.get $at))))))
  (if (i32.eq (i32.load (local.get $at)) (i32.const 5)) (then (drop
    (call $fd_read (i32.load offset=4 (local.get $at)) (i32.const 24) (i32.const 1)
      (i32.const 32)))))
  (if (i32.eq (i32.load (local.get $at)) (i32.const 6)) (then (drop
    (call $fd_write (i32.load offset=4 (local.get $at)) (i32.const 16)
      (i32.load offset=8 (local.get $at)) (i32.const 32)))))
  (local.set $at (i32.add (local.get $at) (i32.const {SIZE})))
  (br_if $next (i32.lt_u (local.get $at) (i32.const {64 + CALLS * SIZE}))))
"""
NAMES = ("sock_send", "sock_recv", "sock_accept", "sock_shutdown", "fd_close", "fd_read")


@pytest.fixture(scope="module")
def made() -> Module:
    return module(START, *NAMES)


def box_of(made: Module, records: list[bytes]) -> Box:
    image = MemoryImage(2 * 65536, (Segment(64, b"".join(records)),))
    return read_box(write_box(made, image, make_info(made)))


ADDRESSES = [b"\x7f\0\0\1", b"\xfe\1\1\1", b"\0" * 15 + b"\1", b"\0" * 10 + b"\xff\xff\x7f\0\0\1"]


def number(draw: Random) -> int:
    few, many = draw.randrange(9), draw.randrange(65536, 65549)
    return draw.choice([3, 3, few, many, many, 2**31 - 1, 2**31, 2**32 - 1])


def word(draw: Random) -> int:
    return draw.choice([draw.randrange(18), number(draw)])


def request(draw: Random, ports: list[int]) -> bytes:
    """A request as in boot.h, often a little wrong, and what follows it."""
    port = draw.choice([*ports, 80, 53, word(draw)])
    head = struct.pack(
        "<IIIIII", draw.randrange(10), word(draw), draw.choice([6, 6, 17, 17, 0, 1]),
        draw.choice([4, 4, 6, 0, 5]), port, word(draw),
    )  # fmt: skip
    address = draw.choice([*ADDRESSES, draw.randbytes(16)]).ljust(16, b"\0")
    return head + address + struct.pack("<II", word(draw), word(draw)) + draw.randbytes(32)


def record(draw: Random, ports: list[int]) -> bytes:
    kind = draw.choice([0, 0, 0, 1, 1, 2, 3, 4, 5, 6])
    data = draw.choice([request(draw, ports), request(draw, ports), draw.randbytes(80)])
    size = draw.choice([48, 48, 48, 76, 28, 0, 80, 2**32 - 1, 70000])
    return RECORD.pack(kind, number(draw), draw.choice([1, 1, 1, 0, 2, 3, 2**31]), size, data)


def right(kind: Net, protocol: int, port: int) -> bytes:
    """A request that makes sense, to the host's name."""
    head = struct.pack("<IIIIII", kind, 0, protocol, 4, port, 0)
    said = head + ADDRESSES[1].ljust(16, b"\0") + struct.pack("<II", 16, 0)
    return RECORD.pack(0, 3, 1, len(said), said)


def test_no_request_harms_the_host_or_goes_around_the_policy(made: Module) -> None:
    limits = Limits(time=30)
    with (
        socket.create_server(("127.0.0.1", 0)) as inside,
        socket.create_server(("127.0.0.1", 0)) as granted,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        datagrams.bind(("127.0.0.1", 0))
        inside.setblocking(False)
        datagrams.setblocking(False)
        ports = [each.getsockname()[1] for each in (inside, granted, datagrams)]
        network = Network(
            allow=[f"host.boxer.internal:{ports[1]}"], ports=["80", "80", "53/udp"], connections=8
        )

        for seed in range(100):
            draw = Random(seed)
            said = [right(Net.CONNECT, 6, ports[1]), right(Net.LISTEN, 6, 80)]
            said += [right(Net.DATAGRAMS, 17, 53), right(Net.DATAGRAMS, 17, 0)]
            said += [record(draw, ports) for _ in range(CALLS - len(said))]
            result = run(box_of(made, said), network=network, limits=limits)
            assert result.exit_code == 0 or result.crash
            with pytest.raises(BlockingIOError):
                inside.accept()
            with pytest.raises(BlockingIOError):
                datagrams.recv(1)
        granted.setblocking(False)
        granted.accept()[0].close()  # what made sense was done


# --- orders of who watches the machine ---

PROGRAM, SIGNAL = 1, 2
TEXT = b"sh\0-c\0true\0A=b\0"


def order(draw: Random) -> bytes:
    """A packet of who watches, now and then one that is none."""
    kind = draw.choice([PROGRAM, PROGRAM, PROGRAM, SIGNAL, 0, 77, 2**32 - 1])
    text = draw.choice([TEXT, TEXT, b"", b"no end", draw.randbytes(5000), b"x" * 61_000 + b"\0"])
    head = struct.pack("<4I", kind, word(draw), draw.choice([3, 0, 2**31]), word(draw))
    return draw.choice([head + text, head + text, head + text, head[: draw.randrange(1, 16)]])


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@contextlib.contextmanager
def watched(draw: Random, streams: list[int], told: list[bytes]) -> Iterator[int]:
    """The machine's end of the socket, with orders in it. told: what the machine says."""
    own, machine = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def hear() -> None:
        with contextlib.suppress(OSError):
            while packet := own.recv(4096):
                told.append(packet)

    with own, machine:
        own.setblocking(False)
        for _ in range(draw.randrange(8)):
            given = draw.choice([streams, streams, streams, streams * 2, streams[:2], []])
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", given))]
            with contextlib.suppress(BlockingIOError):  # it has enough
                own.sendmsg([order(draw)], rights if given else [])
        own.setblocking(True)
        hearer = threading.Thread(target=hear)
        hearer.start()
        if draw.randrange(8) == 0:
            own.shutdown(socket.SHUT_RDWR)
        try:
            yield machine.fileno()
        finally:
            own.shutdown(socket.SHUT_RDWR)
            hearer.join()


def send(own: socket.socket, packet: bytes, stream: int) -> bool:
    try:
        socket.send_fds(own, [packet], [stream] * 3)
    except BlockingIOError:
        return False
    return True


def asks(kind: Net, descriptor: int, value: int) -> bytes:
    said = struct.pack("<IIIIII", kind, descriptor, 0, 0, 0, 0) + bytes(16)
    return RECORD.pack(0, 3, 1, 48, said + struct.pack("<II", 0, value))


def ordered_record(draw: Random) -> bytes:
    kinds = [Net.ORDER, Net.ORDER, Net.ORDER, Net.ENDED, Net.GRANTED]
    asked = asks(draw.choice(kinds), word(draw), draw.choice([0, 0, 960, 61_000, 2**32 - 1]))
    answer = RECORD.pack(1, 3, 0, 0, b"")
    return draw.choice([asked, asked, answer, record(draw, [])])


def test_no_answer_to_an_order_harms_who_watches(made: Module, tmp_path: Path) -> None:
    """With and without a network beside the orders; streams that are files, full or empty."""
    file = tmp_path / "file"
    file.write_bytes(b"kept")
    reading = os.open(file, os.O_RDONLY)
    silent, writing = os.pipe()
    nothing = os.open(os.devnull, os.O_WRONLY)
    network = Network(ports=["80"], connections=8)
    run(box_of(made, [record(Random(0), [])] * CALLS), network=network)  # what a first run opens
    there = open_descriptors()
    heard = 0
    for seed in range(150):
        draw = Random(seed)
        told: list[bytes] = []
        streams = draw.choice([[reading, nothing, nothing], [silent, nothing, reading]])
        with watched(draw, streams, told) as orders:
            said = [ordered_record(draw) for _ in range(CALLS)]
            given = network if seed % 2 else None
            result = run(box_of(made, said), orders=orders, limits=Limits(time=60), network=given)
            assert result.exit_code == 0 or result.crash
        assert {len(packet) for packet in told} <= {8}
        heard += len(told)
        assert open_descriptors() == there
        assert os.get_blocking(silent)
    assert heard > 150
    assert file.read_bytes() == b"kept"
    for descriptor in (reading, silent, writing, nothing):
        os.close(descriptor)


def test_a_flood_of_orders_and_of_ends_holds_one_at_a_time(made: Module) -> None:
    """Each order is asked for once and never read to its end; each has three descriptors."""
    there = open_descriptors()
    told: list[bytes] = []
    own, machine = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    nothing = os.open(os.devnull, os.O_RDWR)
    long = struct.pack("<4I", PROGRAM, 7, 3, 0) + TEXT.rjust(50_000, b"x")
    with own, machine:
        own.setblocking(False)
        sent = 0
        while sent < 100 and send(own, long, nothing):
            sent += 1
        said = [asks(Net.ORDER, 0, 0), asks(Net.ENDED, 7, 5)] * (CALLS // 2)
        result = run(box_of(made, said), orders=machine.fileno(), limits=Limits(time=60))
        assert result.exit_code == 0
        with contextlib.suppress(BlockingIOError):
            while True:
                told.append(own.recv(100))
        again = 0
        while again < 100 and send(own, long, nothing):
            again += 1
    assert again <= 1  # the others wait where they were
    assert told == [struct.pack("<2I", 7, 5)] * (CALLS // 2)
    os.close(nothing)
    assert open_descriptors() == there
