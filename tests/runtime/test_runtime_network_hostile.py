"""A guest without a kernel of ours, that says to the network's descriptors whatever it likes."""

from __future__ import annotations

import socket
import struct
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
    kind = draw.choice([0, 0, 0, 1, 1, 2, 3, 4, 5])
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
