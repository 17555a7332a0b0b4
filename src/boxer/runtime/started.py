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
from dataclasses import replace
from typing import Any

from boxer.boxfile import MemoryImage, Segment
from boxer.errors import MachineOverError, MountError
from boxer.runtime.asking import Cancel, Session, as_host
from boxer.runtime.calls import call_request, execute_request, read_reply, reply_of
from boxer.runtime.copied import CopiedInstance
from boxer.runtime.entry import Answer, Instance, Outcome, RunOptions, within
from boxer.runtime.frozen import REFREEZE, Frozen
from boxer.runtime.mapped import MappedInstance
from boxer.runtime.mounts import Mount, folders_of
from boxer.runtime.runner import RunResult, result_of


class StartedInstance:
    """options: of each entry. mounts: see `fork`. instance: its own, or None."""

    def __init__(
        self,
        frozen: Frozen,
        options: RunOptions,
        mounts: Sequence[Mount] = (),
        instance: Instance | None = None,
    ) -> None:
        self._frozen = frozen
        self._options = options
        with ExitStack() as stack:
            folders = stack.enter_context(folders_of(mounts))
            self._has_folders = bool(folders)
            self._life = instance or frozen.machine(options.limits.memory_bytes, folders)
            self._ending = stack.pop_all()
        self._newborn = True
        self._over = False
        self._lock = threading.Lock()

    def exec(self, source: str) -> RunResult:
        """Runs source text in the machine's `__main__`; what it wrote is in the result.

        Raises `GuestError`, `GuestExitedError`, `LimitReached`, `MachineOverError`.
        """
        with self._lock:
            outcome = self._ask(execute_request(source))
            self._read(outcome)
            return result_of(outcome)

    def call(self, function: str, /, *args: Any, **kwargs: Any) -> Any:
        """Calls `"module:function"` with plain data. Raises as `exec`, and `CallDataError`."""
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
        with self._lock:
            self._check()
            request = call_request(function, args, dict(kwargs or {}))
            options = within(self._options, seconds)
            outcome = self._ask(request, replace(options, ask=ask or options.ask), cancel)
            return Answer(self._read(outcome), outcome.stdout, outcome.stderr, outcome.usage)

    def fork(self) -> StartedInstance:
        """A second machine that goes on from here on its own. Raises `MachineOverError`, and
        `MountError` where it has folders: what is open in them is no part of its memory."""
        with self._lock:
            self._check()
            self._check_folders("forked")
            return StartedInstance(self._frozen, self._options, instance=self._copy())

    def freeze(self) -> bytes:
        """The machine's memory, frozen anew: a box can be made of it. It can go on after this, from
        another thaw. Raises as `fork`."""
        with self._lock:
            self._check()
            self._check_folders("frozen")
            outcome = self._life.enter(REFREEZE, self._options)
            self._note(outcome)
            if outcome.status != 0:
                reply_of(outcome)
            self._newborn = True
            return self._life.memory()

    def close(self) -> None:
        """Ends the machine."""
        with self._lock:
            self._end()

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
        options, self._newborn = _with_thaw(options or self._options, self._newborn), False
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

    def _end(self) -> None:
        self._over = True
        self._life.close()
        self._ending.close()

    def _copy(self) -> Instance:
        if isinstance(self._life, MappedInstance):
            return self._life.fork()
        memory = self._life.memory()
        image = MemoryImage(len(memory), (Segment(0, memory),))
        return CopiedInstance(self._frozen.code, image, self._options.limits.memory_bytes)


def _with_thaw(options: RunOptions, thaw: bool) -> RunOptions:
    return replace(options, thaw=thaw)
