"""Many calls and runs, each on a machine identical to its image.

Belongs here: which machine serves whom, and when one is thrown away. Does not: how a machine is put
back (`mapped`).

Invariants
1. No machine serves two calls unless it was put back in between; what cannot be is thrown away.
2. At most `size` machines run at once; callers beyond that wait.
3. A function's module is imported once, in an image of its own, and in no call.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from ctypes import byref, pointer, string_at
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any

from boxer.errors import EngineError, GuestError, PoolClosedError
from boxer.runtime import asking, native
from boxer.runtime.asking import Cancel, Session, as_host
from boxer.runtime.calls import (
    call_request,
    data_request,
    prepare_request,
    read_brief,
    read_reply,
    reply_of,
    request_head,
    scan,
)
from boxer.runtime.channel import Channel, copied
from boxer.runtime.entry import SHORTEST, Answer, Instance, Outcome, RunOptions, within
from boxer.runtime.frozen import Frozen
from boxer.runtime.limits import Limits
from boxer.runtime.living import LivingMachine
from boxer.runtime.mapped import SECOND, MappedInstance, outcome_of, prepared, reply_in, with_line
from boxer.runtime.mounts import Mount, folders_of
from boxer.runtime.native import Calls, Run, Tally
from boxer.runtime.network import Network
from boxer.runtime.opening import open_network, without_ports
from boxer.runtime.runner import RunResult, command_line, result_of, variables
from boxer.runtime.stdio import Stream

# Makes calls of one function: takes its arguments, returns the result, or NotImplemented.
_Calling = Callable[[tuple[Any, ...], dict[str, Any]], Any]
# Seconds that preparing a module may take at least.
PREPARING = 60.0
TIME, CPU = native.LIMITS.index("time"), native.LIMITS.index("cpu")
# Bytes of a reply that is worth being read without a copy of it.
LARGE = 1 << 16
# So many runs of one command line, and what it compiles is kept in an image of its own.
OFTEN = 16
# So many functions a pool remembers how to call.
MANY = 1024
# How much longer than its processor time an attempt may take: the machine may be busy.
WAITING = 2.5


class Pool:
    """Serves calls from any number of threads. Use it as a context manager.

    size: machines that run at once. limits: of each call and run. env: laid over the box's own.
    output: where stdout and stderr of calls go; by default they are kept and told with an error.
    mounts: of calls and runs, not while a module is imported; each machine serves one of them then.
    network: what calls and runs may reach, without ports. Neither is there before a freeze: while a
    module is imported, and in `prepare`. ask: makes what answers a guest's requests
    during a call (`boxer.extensions`). offered: what `boxer.host` in the box is told of that before
    anything is imported. prepared_images: by module, for whose calls they are ready.
    """

    def __init__(
        self,
        frozen: Frozen,
        size: int,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
        output: Stream = Stream.CAPTURE,
        mounts: Sequence[Mount] = (),
        network: Network | None = None,
        ask: Session | None = None,
        offered: Mapping[str, Any] | None = None,
        prepared_images: Mapping[str, Frozen] | None = None,
    ) -> None:
        if size < 1:
            raise ValueError("a pool needs at least one machine")
        self._ending = ExitStack()
        self._folders = self._ending.enter_context(folders_of(mounts))
        opened = self._ending.enter_context(open_network(without_ports(network, "A pool")))
        self._options = RunOptions(
            limits or Limits(), (b"box",), variables(env), b"", output, output,
            network=opened, ask=ask,
        )  # fmt: skip
        self._once = replace(
            self._options, limits=patient(self._options.limits), network=None, ask=None
        )
        self._offered = offered
        self._told: Frozen | None = None
        self._room = self._options.limits.output_bytes
        self._tally = Tally()  # several threads count, and may lose one now and then
        self._size = size
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(size):
            self._places.put(None)
        self._plain = self._idle(frozen)
        self._by_module = {
            module: self._idle(image) for module, image in (prepared_images or {}).items()
        }
        self._called: dict[str, _Calling] = {}
        self._preparing = threading.Lock()
        self._often = _Often()
        self._executor: ThreadPoolExecutor | None = None
        self._closed = False

    @property
    def size(self) -> int:
        """How many machines run at once."""
        return self._size

    @property
    def free(self) -> int:
        """How many machines could run now beside those that do."""
        return self._places.qsize()

    @property
    def idle(self) -> int:
        """How many machines lie ready."""
        return sum(idle.count for idle in self._all())

    @property
    def resets(self) -> int:
        """How often a machine was put back to its image."""
        return int(self._tally.resets)

    @property
    def dirty_pages(self) -> int:
        """How many pages that took."""
        return int(self._tally.dirty_pages)

    @property
    def limits(self) -> Limits:
        """Of each call and run."""
        return self._options.limits

    @property
    def reaches_outside(self) -> bool:
        """Whether anybody but its caller can see that a call was made."""
        options = self._options
        return bool(self._folders) or options.network is not None or options.ask is not None

    @property
    def can_talk(self) -> bool:
        """Whether `attempt`, `talk` and `start` are there: with the native library alone."""
        return self._plain.frozen.is_mapped

    def call(self, function: str, /, *args: Any, **kwargs: Any) -> Any:
        """Calls `"module:function"` with plain data and returns its plain result.

        Raises `GuestError` with the guest's traceback, `LimitReached`, `GuestExitedError`,
        `CallDataError`.
        """
        value = (self._called.get(function) or self._calling(function))(args, kwargs)
        return self._call(function, args, kwargs) if value is NotImplemented else value

    def _call(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """As `call`, whatever the data is."""
        idle = self._by_module.get(function.partition(":")[0]) or self._prepare(function)
        request = call_request(function, args, kwargs)
        self._places.get()
        try:
            return idle.call(request, self._room, self._options.ask)
        finally:
            self._places.put(None)

    def _calling(self, function: str) -> _Calling:
        """What makes most calls of a function: of those it returns NotImplemented for, nothing has
        been done. Raises as `call` where the module cannot be imported."""
        module = function.partition(":")[0]
        idle = self._by_module.get(module) or self._prepare(function)
        if len(self._called) >= MANY:
            self._called.clear()
        made = self._called[function] = idle.calling(function, self._places)
        if self._by_module[module] is not idle:  # prepared anew meanwhile
            self._called.pop(function, None)
        return made

    def call_with(
        self,
        function: str,
        data: Any,
        convert: Callable[[Any], Any],
        *others: Any,
        ask: Session | None = None,
    ) -> Any:
        """As `call`, with data of which `convert` makes plain data where it is more than JSON.
        ask: who answers the guest instead of the pool's."""
        if ask is None:
            calling = self._called.get(function) or self._calling(function)
            value = calling((data, *others), {})
            if value is not NotImplemented:
                return value
        idle = self._by_module.get(function.partition(":")[0]) or self._prepare(function)
        request = data_request(function, data, convert, others)
        ask = ask or self._options.ask
        self._places.get()
        try:
            return idle.call(request, self._room, ask)
        finally:
            self._places.put(None)

    def attempt(
        self, seconds: float, function: str, /, *args: Any
    ) -> tuple[Any, bytes, float] | None:
        """As `call`, what it wrote, and the seconds of processor time it took, if those are at most
        so many, and a machine is free now; None otherwise. Not for a pool that reaches outside:
        what was begun is not undone there."""
        if self.reaches_outside:
            raise ValueError("what has been sent cannot be taken back")
        idle = self._by_module.get(function.partition(":")[0]) or self._prepare(function)
        request = call_request(function, args, {})
        try:
            self._places.get_nowait()
        except Empty:
            return None
        try:
            attempted = idle.attempt(request, seconds)
        finally:
            self._places.put(None)
        if attempted is None:
            return None
        reply, printed, took = attempted
        value = read_brief(reply) if isinstance(reply, str) else read_reply(reply, self._room)
        return value, printed, took

    def talk(self, channel: Channel, function: str, /, *args: Any) -> Any:
        """As `call`, with what goes by the channel meanwhile. How long it takes is the caller's
        to watch: the limit of time does not count. Raises `LimitReached("cancelled")`, too."""
        idle = self._by_module.get(function.partition(":")[0]) or self._prepare(function)
        request = call_request(function, args, {})
        self._places.get()
        try:
            channel.check()
            return read_reply(idle.talk(channel, request), self._room)
        finally:
            channel.end()
            self._places.put(None)

    def start(self, module: str) -> LivingMachine:
        """A machine of the image for this module's calls that lives on, beside those of the
        pool."""
        idle = self._by_module.get(module) or self._prepare(f"{module}:")
        instance = idle.frozen.machine(self._options.limits.memory_bytes, self._folders)
        if not isinstance(instance, MappedInstance):
            instance.close()
            raise EngineError("Machines that live on take Boxer's native library.")
        return LivingMachine(instance, idle.run_of_calls(), self._room, self._options.ask)

    def exchange(
        self,
        function: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any] | None = None,
        *,
        seconds: float | None = None,
        cancel: Cancel | None = None,
        ask: Session | None = None,
    ) -> Answer:
        """As `call`, and what it printed. seconds: that it may take, if fewer than the pool's
        limit. cancel: ends it from another thread. ask: instead of the pool's."""
        idle = self._by_module.get(function.partition(":")[0]) or self._prepare(function)
        request = call_request(function, args, dict(kwargs or {}))
        self._places.get()
        try:
            outcome = idle.ask(request, seconds, cancel, ask)
        finally:
            self._places.put(None)
        value = read_reply(reply_of(outcome), self._room)
        return Answer(value, outcome.stdout, outcome.stderr, outcome.usage)

    def prepare(self, function: str, /, *args: Any, **kwargs: Any) -> Any:
        """Calls `"module:function"` once, and keeps what that leaves: later calls of functions of
        this module begin there, each on a machine of its own. Raises as `call`."""
        module = function.partition(":")[0]
        request = call_request(function, args, kwargs)
        self._prepare(function)
        with self._preparing:
            self._check_open()
            before = self._by_module[module]
            frozen, result = before.frozen.after(request, self._once)
            self._by_module[module] = self._idle(frozen)
            self._called.clear()
        before.retire()
        return result

    def image_for(self, module: str) -> Frozen:
        """In which this module's calls begin now."""
        return self._prepare(f"{module}:").frozen

    def aside(self, frozen: Frozen, function: str, /, *args: Any) -> Frozen:
        """As `prepare`, in an image that this pool's calls do not begin in."""
        return frozen.after(call_request(function, args, {}), self._once)[0]

    def tried(self, function: str, /, *args: Any) -> Any:
        """As `call`, in what `prepare` would begin with: nothing is outside. The machine is thrown
        away, and may take its time. What it prints is nowhere shown."""
        request = call_request(function, args, {})
        frozen = self._prepare(function).frozen
        instance = frozen.machine(self._once.limits.memory_bytes)
        unseen = replace(self._once, stdout=Stream.CAPTURE, stderr=Stream.CAPTURE)
        return read_reply(_answered(instance, unseen, request), self._room)

    def run(self, arguments: Sequence[str] = (), *, stdin: bytes = b"") -> RunResult:
        """Runs the box with a command line, as `Box.run` does."""
        self._check_open()
        line = command_line(arguments)
        usual, idle = self._often.kept
        if line != usual:
            idle = self._counted(line)
        self._places.get()
        try:
            return result_of((idle or self._plain).run(line, stdin))
        finally:
            self._places.put(None)

    def _counted(self, line: tuple[bytes, ...]) -> _IdleInstances | None:
        """The machines for runs of this command line, which has become a usual one; None: those of
        any line."""
        often = self._often
        if len(line) == 1 or self._folders or not often.counts(line):
            return None
        with self._preparing:
            self._check_open()
            frozen = self._plain.frozen.settled(replace(self._once, arguments=line))
            (_, before), idle = often.kept, self._idle(frozen) if frozen else None
            often.kept = line, idle
        if before is not None:
            before.retire()
        return idle

    async def call_async(self, function: str, /, *args: Any, **kwargs: Any) -> Any:
        """As `call`, without blocking the event loop."""
        import asyncio  # late: it takes longer to import than all of this room

        self._check_open()
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._size, "boxer-pool")
        loop = asyncio.get_running_loop()
        work = functools.partial(self.call, function, *args, **kwargs)
        return await loop.run_in_executor(self._executor, work)

    def close(self) -> None:
        """Waits for calls under way, then throws all machines away."""
        if self._closed:
            return
        self._closed = True
        for _ in range(self._size):
            self._places.get()
        for idle in self._all():
            idle.close()
        self._ending.close()
        if self._executor is not None:
            self._executor.shutdown()
        for _ in range(self._size):
            self._places.put(None)  # callers who waited find it closed

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _all(self) -> Iterator[_IdleInstances]:
        yield self._plain
        yield from self._by_module.values()
        _, idle = self._often.kept
        if idle is not None:
            yield idle

    def _check_open(self) -> None:
        if self._closed:
            raise PoolClosedError("The pool was closed.")

    def _idle(self, frozen: Frozen) -> _IdleInstances:
        return _IdleInstances(frozen, self._options, self._size, self._folders, self._tally)

    def _prepare(self, function: str) -> _IdleInstances:
        """Imports a function's module in a machine, and keeps that as an image for calls."""
        module = function.partition(":")[0]
        if not module or ":" not in function:
            raise GuestError("ValueError", f"`{function}` is not `module:function`", "")
        with self._preparing:
            self._check_open()
            if module not in self._by_module:
                known = [] if function.endswith(":") else [function]
                frozen, _ = self._first().after(prepare_request([module], known), self._once)
                self._by_module[module] = self._idle(frozen)
            return self._by_module[module]

    def _first(self) -> Frozen:
        """What modules are imported in."""
        plain = self._plain.frozen
        if self._offered is None:
            return plain
        if self._told is None:
            request = call_request("boxer.host:offer", (self._offered,), {})
            self._told, _ = plain.after(request, self._once)
        return self._told


class _Often:
    """The command line that was run often of late.

    kept: it, and machines for it (None: it is run as any other). Both change at once: an image
    holds what its line compiles, which is no other line's to see.
    """

    def __init__(self) -> None:
        self.kept: tuple[tuple[bytes, ...], _IdleInstances | None] = ((), None)
        self._last: tuple[bytes, ...] | None = None
        self._count = 0

    def counts(self, line: tuple[bytes, ...]) -> bool:
        """Whether this run makes it the one."""
        if line != self._last:
            self._last, self._count = line, 0
        self._count += 1
        return self._count == OFTEN


def _never(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A `_Calling` that no call is for."""
    return NotImplemented


class _IdleInstances:
    """The idle machines over one image."""

    def __init__(
        self,
        frozen: Frozen,
        options: RunOptions,
        size: int,
        folders: Sequence[Mount],
        tally: Tally,
    ) -> None:
        self.frozen = frozen
        self._tally = tally
        self._folders = folders
        self._options = options
        self._idle: list[Instance] = []
        self._closed = self._retired = False
        self._is_resettable = frozen.resettable
        self._captured = replace(options, stdout=Stream.CAPTURE, stderr=Stream.CAPTURE)
        self._run = prepared(options) if frozen.is_mapped else None
        self._usual_run = prepared(self._captured) if frozen.is_mapped else None
        self._brief = self._briefly(False)
        self._brief_asking = self._briefly(True)
        self._calls = self._calls_of()
        self._trial = self._trial_of(self._run)

    def _briefly(self, asks: bool) -> Any:
        """For calls of which nothing but the result is wanted: a reference to a `Run`."""
        if self._run is None:
            return None
        run = copied(self._run_within(None, asks))
        run.unmeasured = 1
        if run.cpu_ns >= run.time_ns:  # which is reached first: a machine has one thread at a time
            run.cpu_ns = native.NO_LIMIT
        return byref(run)

    def _calls_of(self) -> Calls | None:
        if self._brief is None or self._options.ask is not None:
            return None
        return Calls(pointer(self._brief._obj), pointer(self._tally), not self._is_resettable)

    def calling(self, function: str, places: SimpleQueue[None]) -> _Calling:
        """What makes most calls of a function on these machines (native/calling.c)."""
        if self._calls is None:
            return _never
        hooks = (self._idle, places.get, places.put, scan, read_brief, self._told)
        return native.calling(self._calls, request_head(function), hooks) or _never

    def _told(self, instance: MappedInstance) -> Any:
        return self._read(instance, self._options.limits.output_bytes)

    @staticmethod
    def _trial_of(run: Run | None) -> Run | None:
        """For calls nobody may have seen: what they write is kept."""
        if run is None:
            return None
        trial = copied(run)
        trial.descriptors[1] = trial.descriptors[2] = -1
        return trial

    @property
    def count(self) -> int:
        return len(self._idle)

    def run_of_calls(self) -> Run:
        assert self._run is not None, "`can_talk` is asked first"
        return self._run

    def _take(self) -> Instance:
        if self._closed:
            raise PoolClosedError("The pool was closed.")
        try:
            return self._idle.pop()
        except IndexError:
            return self.frozen.machine(self._options.limits.memory_bytes, self._folders)

    def call(self, request: bytes, room: int | None, ask: Session | None) -> Any:
        """What a request is answered with. room: as `read_reply`. ask: who answers the guest.
        Raises as `Pool.call`."""
        try:
            instance = self._idle.pop()
        except IndexError:
            instance = self._take()
        if not isinstance(instance, MappedInstance):
            return read_reply(self._call_slowly(instance, request, ask), room)
        if ask is None:
            told = instance.serve_briefly(self._brief, request)
        else:
            with as_host(ask):
                told = instance.serve_briefly(self._brief_asking, request)
        if told and not self._retired and self._is_resettable:
            text = str(instance.brief[: (told & 0xFFFF) - 1], "utf-8", "surrogatepass")
            tally = self._tally
            tally.resets += 1
            tally.dirty_pages += told >> 16
            self._idle.append(instance)
            return read_brief(text)
        return self._read(instance, room)

    def _read(self, instance: MappedInstance, room: int | None) -> Any:
        """What a call came to."""
        native_outcome = instance.native_outcome
        if native_outcome.kind != native.RETURNED or native_outcome.status:
            outcome = outcome_of(native_outcome)
            self._give_back(instance, bool(native_outcome.reusable))
            return read_reply(reply_of(outcome), room)
        if native_outcome.reply_size >= LARGE:
            try:  # where it lies: each part of it is copied once
                return read_reply(reply_in(native_outcome), room)
            finally:
                self._give_back(instance, bool(native_outcome.reusable))
        reply = string_at(native_outcome.reply, native_outcome.reply_size)
        self._give_back(instance, bool(native_outcome.reusable))
        return read_reply(reply, room)

    def attempt(self, request: bytes, seconds: float) -> tuple[bytes | str, bytes, float] | None:
        """The reply (a result's JSON, where it is short), what was written and the processor time;
        None: it took longer. Raises as `Pool.call`."""
        instance, trial = self._take(), self._trial
        assert isinstance(instance, MappedInstance), "`can_talk` is asked first"
        assert trial is not None
        assert self._run is not None
        most = min(int(seconds * SECOND), self._run.cpu_ns)
        longest = min(int(seconds * WAITING * SECOND), self._run.time_ns)
        if trial.cpu_ns != most or trial.time_ns != longest:  # the same ones each time
            trial.cpu_ns, trial.time_ns = most, longest
        told = instance.serve_briefly(byref(trial), request)
        native_outcome = instance.native_outcome
        took = native_outcome.cpu_ns / SECOND
        if told and not native_outcome.errors_size and not native_outcome.output_size:
            text = str(instance.brief[: (told & 0xFFFF) - 1], "utf-8", "surrogatepass")
            self._give_back(instance, True)
            return text, b"", took
        reusable = bool(native_outcome.reusable)
        if native_outcome.kind == native.RETURNED and not native_outcome.status:
            reply = string_at(native_outcome.reply, native_outcome.reply_size)
            printed = b""
            if native_outcome.errors_size:
                printed = string_at(native_outcome.errors, native_outcome.errors_size)
            if native_outcome.output_size:
                printed = string_at(native_outcome.output, native_outcome.output_size) + printed
            self._give_back(instance, reusable)
            return reply, printed, took
        is_late = native_outcome.kind == native.LIMIT and (
            (native_outcome.status == TIME and longest < self._run.time_ns)
            or (native_outcome.status == CPU and most < self._run.cpu_ns)
        )
        if is_late:
            self._give_back(instance, reusable)
            return None
        outcome = outcome_of(native_outcome)
        self._give_back(instance, reusable)
        return reply_of(outcome), outcome.stderr, took

    def talk(self, channel: Channel, request: bytes) -> bytes:
        instance = self._take()
        assert isinstance(instance, MappedInstance), "`can_talk` is asked first"
        reusable = False
        try:
            with as_host(self._options.ask):
                told = instance.serve(byref(channel.of(self.run_of_calls())), request)
            reusable = bool(told.reusable)
            outcome = outcome_of(told)
            channel.usage = outcome.usage
            return reply_of(outcome)
        finally:
            self._give_back(instance, reusable)

    def ask(
        self,
        request: bytes,
        seconds: float | None,
        cancel: Cancel | None,
        ask: Session | None,
    ) -> Outcome:
        """As `call`, with what it came to. Raises nothing of the guest's."""
        if cancel is not None:
            cancel.check()
        instance = self._take()
        ask = ask or self._options.ask
        if not isinstance(instance, MappedInstance) or self._run is None:
            options = replace(within(self._options, seconds), ask=ask)
            return _called(instance, options, request)
        run = self._run_within(seconds, ask is not None)
        if cancel is not None:
            run = cancel.within(run)
        reusable = False
        try:
            with as_host(ask):
                native_outcome = instance.serve(byref(run), request)
            reusable = bool(native_outcome.reusable)
            return outcome_of(native_outcome)
        finally:
            self._give_back(instance, reusable)

    def _run_within(self, seconds: float | None, asks: bool) -> Run:
        """That of calls, or another one with less time, or with someone who answers the guest."""
        run = self.run_of_calls()
        if seconds is None and bool(run.ask) == asks:
            return run
        run = copied(run)
        if seconds is not None:
            run.time_ns = min(run.time_ns, int(max(seconds, SHORTEST) * SECOND))
        if asks:
            run.ask = asking.address()
        return run

    def run(self, line: tuple[bytes, ...], stdin: bytes) -> Outcome:
        instance = self._take()
        if not isinstance(instance, MappedInstance) or self._usual_run is None:
            return _once(instance, replace(self._captured, arguments=line, stdin=stdin))
        run = with_line(copied(self._usual_run), line, stdin)
        native_outcome = instance.serve(byref(run), None)
        try:
            return outcome_of(native_outcome)
        finally:
            self._give_back(instance, bool(native_outcome.reusable))

    def close(self) -> None:
        self._closed = True
        self.retire()

    def retire(self) -> None:
        """Calls under way are the last ones."""
        self._retired = True
        if self._calls is not None:
            self._calls.is_over = 1
        while self._idle:
            self._idle.pop().close()

    def _give_back(self, instance: Instance, reusable: bool) -> None:
        if reusable and self.frozen.resettable and not self._retired:
            self._tally.resets += 1
            if isinstance(instance, MappedInstance):
                self._tally.dirty_pages += instance.native_outcome.dirty_pages
            self._idle.append(instance)
        else:
            instance.close()

    def _call_slowly(self, instance: Instance, request: bytes, ask: Session | None) -> bytes:
        return _answered(instance, replace(self._options, ask=ask), request)


def patient(limits: Limits) -> Limits:
    """For what is done once: a call's own time may be short."""
    time, cpu = limits.time, limits.cpu
    return replace(
        limits,
        time=None if time is None else max(time, PREPARING),
        cpu=None if cpu is None else max(cpu, PREPARING),
    )


def _called(instance: Instance, options: RunOptions, request: bytes) -> Outcome:
    try:
        return instance.call(options, request)
    finally:
        instance.close()


def _answered(instance: Instance, options: RunOptions, request: bytes) -> bytes:
    try:  # what it came to is told while the machine is there
        return reply_of(instance.call(options, request))
    finally:
        instance.close()


def _once(instance: Instance, options: RunOptions) -> Outcome:
    try:
        return instance.run(options)
    finally:
        instance.close()
