"""WASI preview 1 without files: our own host functions over plain state.

Belongs here: what each function answers. Does not: how a call gets here (`door`), files of mounted
folders (native/files.c).

Invariants
1. Deny by default: there are descriptors 0, 1 and 2 and no others; every path is EBADF.
2. A size or a count the guest names allocates no host memory: buffers are views of the guest's own
   memory, random bytes come in blocks.
3. Functions return an errno; they raise `BadAddressError` (becomes EFAULT), `Exited`,
   `LimitHit` or KeyboardInterrupt, and nothing else on purpose.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from boxer.runtime.abi import (
    EVENT_SIZE,
    RIGHT_FD_READ,
    RIGHT_FD_WRITE,
    RIGHT_POLL,
    SUBSCRIPTION_SIZE,
    ClockId,
    Errno,
    Filetype,
)
from boxer.runtime.memory import GuestMemory
from boxer.runtime.polling import SignalArrived, poll, wait_for_input, wait_for_output
from boxer.runtime.sources import Clock, Entropy
from boxer.runtime.stdio import Sink, Source
from boxer.runtime.watch import Watch

STDIN, STDOUT, STDERR = 0, 1, 2
RANDOM_BLOCK = 1 << 16
# IOV_MAX of Linux, and as many subscriptions: a host function's loop must not be the guest's to
# make endless.
MOST_VECTORS = 1024
MOST_SUBSCRIPTIONS = 1024


class Exited(Exception):  # noqa: N818 - ends a program, is a result
    """The guest called proc_exit. status: all 32 bits of it."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class Host:
    """All that one machine can reach."""

    stdin: Source
    stdout: Sink
    stderr: Sink
    clock: Clock
    entropy: Entropy
    arguments: tuple[bytes, ...] = ()
    environment: tuple[bytes, ...] = ()
    watch: Watch = field(default_factory=Watch)
    memory: GuestMemory = field(default_factory=lambda: GuestMemory(0, lambda: 0))


def args_sizes_get(host: Host, count: int, size: int) -> int:
    return _sizes(host, host.arguments, count, size)


def args_get(host: Host, pointers: int, buffer: int) -> int:
    return _strings(host, host.arguments, pointers, buffer)


def environ_sizes_get(host: Host, count: int, size: int) -> int:
    return _sizes(host, host.environment, count, size)


def environ_get(host: Host, pointers: int, buffer: int) -> int:
    return _strings(host, host.environment, pointers, buffer)


def clock_res_get(host: Host, identifier: int, out: int) -> int:
    if not 0 <= identifier <= max(ClockId):
        return Errno.INVAL
    host.memory.write_u64(out, 1)
    return Errno.SUCCESS


def clock_time_get(host: Host, identifier: int, precision: int, out: int) -> int:
    if not 0 <= identifier <= max(ClockId):
        return Errno.INVAL
    realtime = identifier == ClockId.REALTIME
    host.memory.write_u64(out, host.clock.realtime() if realtime else host.clock.monotonic())
    return Errno.SUCCESS


def random_get(host: Host, buffer: int, size: int) -> int:
    whole = host.memory.view(buffer, size)
    for start in range(0, len(whole), RANDOM_BLOCK):
        host.watch.check()
        part = whole[start : start + RANDOM_BLOCK]
        part[:] = host.entropy(len(part))
    return Errno.SUCCESS


def sched_yield(host: Host) -> int:
    return Errno.SUCCESS


def proc_exit(host: Host, status: int) -> int:
    raise Exited(status & 0xFFFFFFFF)


def fd_write(host: Host, descriptor: int, vectors: int, count: int, out: int) -> int:
    sink = _sink(host, descriptor)
    if sink is None:
        return Errno.BADF
    if not 0 <= count <= MOST_VECTORS:
        return Errno.INVAL
    written = 0
    for buffer in host.memory.vectors(vectors, count):
        wait_for_output(host.watch, sink)
        part = _transfer(host, sink.write, buffer)
        if isinstance(part, Errno):
            return part
        written += part
        if part < len(buffer):
            break
    host.memory.write_u32(out, written)
    return Errno.SUCCESS


def fd_read(host: Host, descriptor: int, vectors: int, count: int, out: int) -> int:
    if descriptor != STDIN:
        return Errno.BADF
    if not 0 <= count <= MOST_VECTORS:
        return Errno.INVAL
    try:
        wait_for_input(host.watch, host.stdin)
    except SignalArrived:
        return Errno.INTR
    taken: int | Errno = 0
    # One buffer is enough, and a second read might block though the first had something to give.
    for buffer in host.memory.vectors(vectors, count):
        taken = _transfer(host, host.stdin.read_into, buffer)
        break
    if isinstance(taken, Errno):
        return taken
    host.memory.write_u32(out, taken)
    return Errno.SUCCESS


def fd_close(host: Host, descriptor: int) -> int:
    return _standard(descriptor)


def fd_fdstat_get(host: Host, descriptor: int, out: int) -> int:
    if _standard(descriptor):
        return Errno.BADF
    rights = RIGHT_POLL | (RIGHT_FD_READ if descriptor == STDIN else RIGHT_FD_WRITE)
    host.memory.write(out, struct.pack("<BxHxxxxQQ", _filetype(host, descriptor), 0, rights, 0))
    return Errno.SUCCESS


def fd_fdstat_set_flags(host: Host, descriptor: int, flags: int) -> int:
    return _standard(descriptor)


def fd_filestat_get(host: Host, descriptor: int, out: int) -> int:
    if _standard(descriptor):
        return Errno.BADF
    kind = _filetype(host, descriptor)
    host.memory.write(out, struct.pack("<QQBxxxxxxxQQQQQ", 0, 0, kind, 1, 0, 0, 0, 0))
    return Errno.SUCCESS


def fd_sync(host: Host, descriptor: int) -> int:
    return _standard(descriptor)


def fd_seek(host: Host, descriptor: int, offset: int, whence: int, out: int) -> int:
    return _standard(descriptor) or Errno.SPIPE


def fd_tell(host: Host, descriptor: int, out: int) -> int:
    return _standard(descriptor) or Errno.SPIPE


def poll_oneoff(host: Host, subscriptions: int, events: int, count: int, out: int) -> int:
    if not 0 < count <= MOST_SUBSCRIPTIONS:
        return Errno.INVAL
    raw = host.memory.read(subscriptions, count * SUBSCRIPTION_SIZE)
    streams = (host.stdin, host.stdout, host.stderr)
    try:
        happened = poll(raw, host.clock, host.watch, streams)
    except SignalArrived:
        return Errno.INTR
    host.memory.write(events, happened)
    host.memory.write_u32(out, len(happened) // EVENT_SIZE)
    return Errno.SUCCESS


def _transfer(host: Host, move: Callable[[memoryview], int], buffer: memoryview) -> int | Errno:
    """One read or write of a standard stream."""
    try:
        while True:
            host.watch.check()
            with suppress(InterruptedError), host.watch.blocking():
                return move(buffer)
    except BlockingIOError:
        return Errno.AGAIN
    except BrokenPipeError:
        return Errno.PIPE
    except OSError as error:
        return _ERRNOS.get(error.errno or 0, Errno.IO)


_ERRNOS = {9: Errno.BADF, 13: Errno.ACCES, 28: Errno.NOSPC}


def _sink(host: Host, descriptor: int) -> Sink | None:
    return {STDOUT: host.stdout, STDERR: host.stderr}.get(descriptor)


def _filetype(host: Host, descriptor: int) -> Filetype:
    return (host.stdin, host.stdout, host.stderr)[descriptor].filetype()


def _standard(descriptor: int) -> Errno:
    return Errno.SUCCESS if STDIN <= descriptor <= STDERR else Errno.BADF


def _sizes(host: Host, strings: Iterable[bytes], count: int, size: int) -> int:
    lengths = [len(string) + 1 for string in strings]
    host.memory.write_u32(count, len(lengths))
    host.memory.write_u32(size, sum(lengths))
    return Errno.SUCCESS


def _strings(host: Host, strings: Iterable[bytes], pointers: int, buffer: int) -> int:
    for string in strings:
        host.memory.write_u32(pointers, buffer & 0xFFFFFFFF)
        host.memory.write(buffer, string + b"\0")
        pointers += 4
        buffer += len(string) + 1
    return Errno.SUCCESS


FUNCTIONS: dict[str, Callable[..., int]] = {
    function.__name__: function
    for function in (
        args_sizes_get, args_get, environ_sizes_get, environ_get, clock_res_get, clock_time_get,
        random_get, sched_yield, proc_exit, fd_write, fd_read, fd_close, fd_fdstat_get,
        fd_fdstat_set_flags, fd_filestat_get, fd_sync, fd_seek, fd_tell, poll_oneoff,
    )
}  # fmt: skip
FUNCTIONS["fd_datasync"] = fd_sync


def denied(host: Host, *arguments: int) -> int:
    """The answer of every function not listed: they are all about files and sockets."""
    return Errno.BADF
