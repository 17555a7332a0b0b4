"""The programs of a served sandbox, and who listens to each.

Belongs here: starting, and handing what they write to any number of listeners. Does not: protocol.

Invariants
1. A program goes on when its listeners are gone, until it ends or its sandbox does.
2. A listener that is slow holds its program back, and no memory: 8 MiB wait for it at most.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from boxer.errors import MachineOverError
from boxer.library import exit_code_of
from boxer.runtime import Asked, Event, error_of
from boxer.sandboxes.manager import Sandbox


@dataclass(slots=True, eq=False)
class _Heard:
    """An event on its way to `left` listeners."""

    event: Event
    left: int


@dataclass(slots=True, eq=False)
class Process:
    """config: as it was asked for. asked: by which the machine tells of it."""

    config: dict[str, Any]
    tag: str | None
    is_terminal: bool
    pid: int = 0
    exit_code: int | None = None
    failure: str | None = None
    asked: Asked | None = None
    killer: asyncio.Future[None] | None = None
    listeners: set[asyncio.Queue[_Heard]] = field(default_factory=set)

    @property
    def is_over(self) -> bool:
        return self.exit_code is not None or self.failure is not None

    def hear(self, event: Event) -> None:
        """In the event loop."""
        if event.kind == "done":
            self.exit_code = exit_code_of(event.head.get("code"))
        elif event.kind in ("over", "error"):
            self.failure = str(event.head.get("message"))
        if self.is_over and self.killer is not None:
            self.killer.cancel()
        heard = _Heard(event, len(self.listeners))
        if not heard.left:
            self._used(event)
        for queue in self.listeners:
            queue.put_nowait(heard)

    async def events(self, queue: asyncio.Queue[_Heard] | None = None) -> AsyncIterator[Event]:
        """What it does from now on, to its end. queue: one that listens already."""
        queue = queue or self.listen()
        try:
            while True:
                if self.is_over and queue.empty():
                    return
                heard = await queue.get()
                self._heard(heard)
                yield heard.event
                if heard.event.kind in ("done", "over", "error"):
                    return
        finally:
            self.listeners.discard(queue)
            while not queue.empty():
                self._heard(queue.get_nowait())

    def listen(self) -> asyncio.Queue[_Heard]:
        queue: asyncio.Queue[_Heard] = asyncio.Queue()
        self.listeners.add(queue)
        return queue

    def _heard(self, heard: _Heard) -> None:
        heard.left -= 1
        if heard.left <= 0:
            self._used(heard.event)

    def _used(self, event: Event) -> None:
        if self.asked is not None:
            self.asked.taken(event.size)


def processes_of(sandbox: Sandbox) -> dict[int, Process]:
    """Those that run, by number."""
    found: dict[int, Process] = sandbox.data.setdefault("processes", {})
    return found


async def start(
    sandbox: Sandbox, request: dict[str, Any], process: Process
) -> asyncio.Queue[_Heard]:
    """Starts a program; what it does is heard by the queue, from its first event on. Raises
    `GuestFileError`, `MachineOverError`."""
    loop = asyncio.get_running_loop()
    queue = process.listen()
    running = processes_of(sandbox)

    def in_loop(event: Event) -> None:
        if event.kind == "started":
            pid = event.head.get("pid")
            process.pid = pid if isinstance(pid, int) else 0
            running[process.pid] = process
        elif event.kind in ("done", "over", "error"):
            running.pop(process.pid, None)
        process.hear(event)

    def hear(event: Event) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server has ended
            loop.call_soon_threadsafe(in_loop, event)

    process.asked = sandbox.machine.attendance.ask(request, listener=hear)
    first = await queue.get()
    if first.event.kind == "error":
        raise error_of(first.event)
    if first.event.kind != "started":
        raise MachineOverError(str(first.event.head.get("message", "The machine has ended.")))
    return queue
