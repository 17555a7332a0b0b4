"""A machine beside a pool's that lives on between its calls, and can be put away in between.

Belongs here: its calls, its memory in a file. Does not: who it is for (`boxer.serving`).

Invariants
1. A machine is born with a thaw; what was put away goes on where it stood, and is one machine.
2. After a limit, a crash or a cancelled call it is over.
3. One thread at a time: its caller sees to it.
"""

from __future__ import annotations

import os
from ctypes import byref
from pathlib import Path
from typing import Any

from boxer.errors import MachineOverError
from boxer.runtime import native
from boxer.runtime.asking import Session, as_host
from boxer.runtime.calls import call_request, read_reply, reply_of
from boxer.runtime.channel import Channel
from boxer.runtime.mapped import MappedInstance, outcome_of
from boxer.runtime.native import Run


class LivingMachine:
    """run: what each call is given. room: bytes a reply may take here. ask: answers it."""

    def __init__(
        self, instance: MappedInstance, run: Run, room: int | None, ask: Session | None = None
    ) -> None:
        self._ask = ask
        self._instance = instance
        self._run, self._room = run, room
        self._is_newborn = True
        self.is_over = False

    def talk(self, channel: Channel, function: str, /, *args: Any) -> Any:
        """As `Pool.talk`, on this machine. Raises `MachineOverError`, too."""
        try:
            if self.is_over:
                raise MachineOverError("The machine is over.")
            run, self._is_newborn = channel.of(self._run, self._is_newborn, is_long=True), False
            request = call_request(function, args, {})
            with as_host(self._ask):
                told = self._instance.enter_call(byref(run), request)
            self.is_over = told.kind != native.RETURNED
            return read_reply(reply_of(outcome_of(told)), self._room)
        finally:
            channel.end()

    def save(self, file: Path) -> bool:
        """Writes what is not the image's to a new file, which its user alone can read. False: it
        cannot be: it has had processes, or the host cannot tell its pages. Raises OSError."""
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            return self._instance.save(descriptor)
        finally:
            os.close(descriptor)

    def wake(self, file: Path) -> LivingMachine:
        """What was saved of this machine, in another one. Raises `EngineError`, OSError."""
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            made = LivingMachine(
                self._instance.loaded(descriptor), self._run, self._room, self._ask
            )
        finally:
            os.close(descriptor)
        made._is_newborn = self._is_newborn
        return made

    def close(self) -> None:
        self.is_over = True
        self._instance.close()
