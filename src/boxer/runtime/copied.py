"""Machines of the engine's Python package: where the native library is missing.

Belongs here: the same `Instance` as in `mapped`, slower. Does not: the engine's instance
(`engineinstance`).

Invariant: such a machine is never used for a second life; a reset says no.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from boxer.abi import BootField
from boxer.boxfile import MemoryImage
from boxer.errors import UnsupportedModuleError
from boxer.runtime.code import Code
from boxer.runtime.engine import wasm_stack
from boxer.runtime.engineinstance import EngineInstance
from boxer.runtime.entry import Outcome, RunOptions, Usage, reached_limit
from boxer.runtime.exitstatus import ExitStatus, exit_status_of
from boxer.runtime.forwarding import BLOCK, arrived, forwarded, to_memory
from boxer.runtime.mapped import MappedImage
from boxer.runtime.memory import BadAddressError
from boxer.runtime.preview1 import Host
from boxer.runtime.sources import HostClock, host_entropy
from boxer.runtime.stdio import Budget, BytesSource, CapturedSink, InheritedDescriptor, Stream
from boxer.runtime.watch import Watch

BOOT = "boxer_boot"


class CopiedInstance:
    """An `Instance`. memory_limit: bytes, the image included."""

    def __init__(
        self,
        code: Code,
        image: MemoryImage | MappedImage,
        memory_limit: int,
    ) -> None:
        nothing = Budget(0)
        self._host = Host(
            BytesSource(b""),
            CapturedSink(nothing),
            CapturedSink(nothing),
            HostClock(),
            host_entropy,
        )
        self._machine = EngineInstance(code, self._host, memory_limit)
        if isinstance(image, MappedImage):
            self._machine.map(image.size, image.map_over)
        else:
            self._machine.load(image)

    def run(self, options: RunOptions) -> Outcome:
        place, memory = self._global(BLOCK), self._machine.memory

        def start() -> int | None:
            self._host.watch.arrived = lambda: arrived(memory, place)
            with forwarded(options.stop_timeout, to_memory(memory, place)) as forwards:
                self._host.watch.forwards = forwards and place != 0
                options.began()
                return self._machine.enter("_start")

        return self._entered(options, start)

    def call(self, options: RunOptions, request: bytes) -> Outcome:
        reply = b""
        budget = Budget(options.limits.output_bytes)

        def serve() -> int | None:
            nonlocal reply
            self._hand_over(options, request)
            status = self._machine.enter("boxer_call")
            memory, boot = self._machine.memory, self._boot()
            size = memory.read_u32(boot + BootField.REPLY_SIZE)
            budget.take_all(size)
            reply = memory.read(memory.read_u32(boot + BootField.REPLY), size)
            return status

        outcome = self._entered(options, serve, budget)
        if outcome.status is None:
            return outcome
        return Outcome(
            outcome.exit_status,
            outcome.stdout,
            outcome.stderr,
            reply,
            outcome.status,
            outcome.usage,
        )

    def enter(self, name: str, options: RunOptions) -> Outcome:
        return self._entered(options, lambda: self._machine.enter(name))

    def reset(self) -> bool:
        return False

    def memory(self) -> bytes:
        return self._machine.memory.read(0, self._machine.memory.size)

    def close(self) -> None:
        self._machine.close()

    def _boot(self) -> int:
        return self._global(BOOT)

    def _global(self, name: str) -> int:
        try:
            return self._machine.global_value(name)
        except UnsupportedModuleError:
            return 0

    def _hand_over(self, options: RunOptions, request: bytes) -> None:
        memory, boot = self._machine.memory, self._boot()
        if not boot:
            raise UnsupportedModuleError("The box takes no calls.")
        memory.write_u32(boot + BootField.REQUEST_SIZE, len(request))
        if len(request) > memory.read_u32(boot + BootField.ROOM):
            memory.write_u32(boot + BootField.REQUEST, 0)
            self._machine.enter("boxer_call")  # without an address: asks for a room of that size
        memory.write(memory.read_u32(boot + BootField.REQUEST), request)
        memory.write_u32(boot + BootField.THAW, int(options.thaw))

    def _entered(
        self, options: RunOptions, enter: Callable[[], int | None], budget: Budget | None = None
    ) -> Outcome:
        limits, host = options.limits, self._host
        budget = budget or Budget(limits.output_bytes)
        out, err = _sink(options.stdout, 1, budget), _sink(options.stderr, 2, budget)
        stdin = options.stdin
        host.stdin = InheritedDescriptor(0) if isinstance(stdin, Stream) else BytesSource(stdin)
        host.stdout, host.stderr = out, err
        host.arguments = options.arguments
        host.environment = (*options.environment, limits.for_the_guest(wasm_stack()))
        host.watch = Watch(limits.time, limits.cpu)
        began, cpu_began = time.perf_counter(), time.thread_time()
        status, exit_status = None, ExitStatus(0)
        try:
            status = enter()
        except BaseException as ended:
            exit_status = exit_status_of(ended)
        usage = Usage(
            time.perf_counter() - began,
            time.thread_time() - cpu_began,
            self._machine.memory.size,
        )
        if exit_status.limit is None and (boot := self._boot()):
            with contextlib.suppress(BadAddressError):  # a module that says so of its boot block
                noted = reached_limit(self._machine.memory.read_u32(boot + BootField.REACHED))
                exit_status = ExitStatus(exit_status.exit_code, noted, exit_status.crash)
        return Outcome(exit_status, out.data, err.data, None, status, usage)


def _sink(stream: Stream, descriptor: int, budget: Budget) -> CapturedSink | InheritedDescriptor:
    if stream is Stream.INHERIT:
        return InheritedDescriptor(descriptor, budget)
    return CapturedSink(budget)
