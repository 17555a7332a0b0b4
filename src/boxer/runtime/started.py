"""A machine that goes on: executes, calls, forks, and can be frozen again.

Belongs here: its instance from the thaw to its end. Does not: boxes and files (`library`).

Invariants
1. A machine is born with a thaw; so is each fork, so that no two share random numbers.
2. After a limit, a crash or an exit it is over, and says so.
3. One thread at a time; a lock sees to it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from boxer.boxfile import MemoryImage, Segment
from boxer.errors import MachineOverError, MountError, UnsupportedModuleError
from boxer.runtime.asking import Cancel, Session, as_host
from boxer.runtime.attended import Attendance
from boxer.runtime.calls import call_request, execute_request, read_reply, reply_of
from boxer.runtime.copied import CopiedInstance
from boxer.runtime.entry import Answer, Instance, Outcome, RunOptions, Word, within
from boxer.runtime.frozen import REFREEZE, Frozen
from boxer.runtime.limits import Limits
from boxer.runtime.mapped import MappedImage, MappedInstance
from boxer.runtime.mounts import Mount, folders_of
from boxer.runtime.runner import RunResult, result_of
from boxer.runtime.spares import Spares

ATTEND = "boxer._attend:attend"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a machine's memory is. image: the sha256 of what it was started from. size: bytes.
    pieces: where it differs, (offset, bytes)s in their order."""

    image: str
    size: int
    pieces: list[tuple[int, bytes]]


class StartedInstance:
    """options: of each entry. mounts: see `fork`. instance: its own, or None. snapshot: of a
    machine from the same image, from which it goes on. spares: where its machine comes from, and
    goes when this is closed."""

    def __init__(
        self,
        frozen: Frozen,
        options: RunOptions,
        mounts: Sequence[Mount] = (),
        instance: Instance | None = None,
        snapshot: Snapshot | None = None,
        spares: Spares | None = None,
    ) -> None:
        self._frozen = frozen
        self._options = options
        with ExitStack() as stack:
            folders = stack.enter_context(folders_of(mounts))
            self._has_folders = bool(folders)
            most = options.limits.memory_bytes
            if snapshot is not None:
                instance = frozen.machine_as(most, snapshot.size, snapshot.pieces)
            if spares is not None and not folders and instance is None:
                instance = spares.take(most)
            self._life = instance or frozen.machine(most, folders)
            self._ending = stack.pop_all()
        self._spares = None if folders else spares
        self._newborn = True
        self._over = False
        self._lock = threading.Lock()
        self._beginning = threading.Lock()
        self._attendance: Attendance | None = None

    @property
    def limits(self) -> Limits:
        """Of each entry."""
        return self._options.limits

    @property
    def is_over(self) -> bool:
        """Whether it was closed, or ended by itself."""
        return self._over

    def attendance(self) -> Attendance:
        """By which it is asked for several things at a time. Raises `MachineOverError`, and
        `UnsupportedModuleError` where there is no native library."""
        with self._beginning:
            if self._attendance is None:
                self._check()
                if not isinstance(self._life, MappedInstance):
                    raise UnsupportedModuleError(
                        "Programs and cells of a machine need Boxer's native library."
                    )
                self._attendance = Attendance(self._attend)
            return self._attendance

    def _attend(self, descriptors: tuple[int, int, int], word: Word) -> Outcome:
        """Time and output of what is asked are bounded by who asks."""
        limits = replace(self._options.limits, time=None, cpu=None, output=None)
        options = replace(self._options, limits=limits, descriptors=descriptors, word=word)
        with self._lock:
            return self._ask(call_request(ATTEND, (), {}), options)

    def _rest(self) -> None:
        """Raises `MachineBusyError`."""
        if self._attendance is not None:
            self._attendance.refuse_if_busy()

    def exec(self, source: str) -> RunResult:
        """Runs source text in the machine's `__main__`; what it wrote is in the result.

        Raises `GuestError`, `GuestExitedError`, `LimitReached`, `MachineOverError`.
        """
        self._rest()
        with self._lock:
            outcome = self._ask(execute_request(source))
            self._read(outcome)
            return result_of(outcome)

    def call(self, function: str, /, *args: Any, **kwargs: Any) -> Any:
        """Calls `"module:function"` with plain data. Raises as `exec`, and `CallDataError`."""
        self._rest()
        with self._lock:
            return self._read(self._ask(call_request(function, args, kwargs)))

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
        """As `call`, and what it printed: see `Pool.exchange`."""
        self._rest()
        with self._lock:
            self._check()
            request = call_request(function, args, dict(kwargs or {}))
            options = within(self._options, seconds)
            outcome = self._ask(request, replace(options, ask=ask or options.ask), cancel)
            return Answer(self._read(outcome), outcome.stdout, outcome.stderr, outcome.usage)

    def fork(self) -> StartedInstance:
        """A second machine that goes on from here on its own. Raises `MachineOverError`, and
        `MountError` where it has folders: what is open in them is no part of its memory, and
        `MachineBusyError`."""
        self._rest()
        with self._lock:
            self._check()
            self._check_folders("forked")
            return StartedInstance(self._frozen, self._options, instance=self._copy())

    def freeze(self) -> bytes:
        """The machine's memory, frozen anew: a box can be made of it. It can go on after this, from
        another thaw. Raises as `fork`."""
        self._rest()
        with self._lock:
            self._check()
            self._check_folders("frozen")
            outcome = self._life.enter(REFREEZE, self._options)
            self._note(outcome)
            if outcome.status != 0:
                reply_of(outcome)
            self._newborn = True
            return self._life.memory()

    @property
    def frozen(self) -> Frozen:
        """What it was started from."""
        return self._frozen

    def snapshot(self) -> Snapshot:
        """Its memory as it is: a machine can be started from that. Raises as `fork`, and
        `UnsupportedModuleError` where there is no native library."""
        self._rest()
        with self._lock:
            self._check()
            self._check_folders("kept")
            life, image = self._life, self._frozen.image
            if not isinstance(life, MappedInstance) or not isinstance(image, MappedImage):
                raise UnsupportedModuleError("Snapshots need Boxer's native library.")
            return Snapshot(image.digest, life.size(), life.differing())

    def close(self) -> None:
        """Ends the machine, and whatever runs in it."""
        with self._beginning:
            attendance = self._attendance
        if attendance is not None:
            attendance.close()
        with self._lock:
            self._end(is_sound=True)

    def __enter__(self) -> StartedInstance:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _check(self) -> None:
        if self._over:
            raise MachineOverError("The machine is over: it was closed, or ended by itself.")

    def _check_folders(self, what: str) -> None:
        if self._has_folders:
            raise MountError(
                f"A machine with mounted folders cannot be {what}.",
                hint="Start another one: without folders, or with the same ones.",
            )

    def _ask(
        self, request: bytes, options: RunOptions | None = None, cancel: Cancel | None = None
    ) -> Outcome:
        self._check()
        options = replace(options or self._options, thaw=self._newborn)
        self._newborn = False
        with as_host(options.ask):
            if cancel is not None and isinstance(self._life, MappedInstance):
                cancel.check()
                outcome = self._life.call(options, request, cancel)
            else:
                outcome = self._life.call(options, request)
        self._note(outcome)
        return outcome

    def _read(self, outcome: Outcome) -> Any:
        return read_reply(reply_of(outcome), self._options.limits.output_bytes)

    def _note(self, outcome: Outcome) -> None:
        if outcome.status is None:
            self._end()

    def _end(self, is_sound: bool = False) -> None:
        """is_sound: it has not ended by itself."""
        if self._over:
            return
        self._over = True
        if is_sound and self._spares is not None and isinstance(self._life, MappedInstance):
            self._spares.give(self._life, self._options.limits.memory_bytes)
        else:
            self._life.close()
        self._ending.close()

    def _copy(self) -> Instance:
        if isinstance(self._life, MappedInstance):
            return self._life.fork()
        memory = self._life.memory()
        image = MemoryImage(len(memory), (Segment(0, memory),))
        return CopiedInstance(self._frozen.code, image, self._options.limits.memory_bytes)
