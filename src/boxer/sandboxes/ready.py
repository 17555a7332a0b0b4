"""Machines that have begun before anybody asks for one.

Belongs here: how many lie ready, and who makes more. Does not: what becomes of one (`manager`).

Invariants
1. A machine that lies ready has a thaw of its own, and has run nothing of a client's.
2. Nothing is made before the first is taken, and MOST lie ready at most.
3. Where one cannot be made, no more are: who takes starts one, and hears why not.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from boxer.errors import BoxerError
from boxer.library import Machine

MOST = 4
# A machine, and what it says of its users.
Begun = tuple[Machine, dict[str, Any]]


def begin(start: Callable[[], Machine]) -> Begun:
    """A machine that has been awake once, which takes longer than what a client asks of it first.
    Raises what `start` does, `MachineOverError`."""
    machine = start()
    try:
        return machine, machine.files.users()
    except BaseException:
        machine.close()
        raise


class Ready:
    """start: makes a machine. Used by any thread."""

    def __init__(self, start: Callable[[], Machine]) -> None:
        self._start = start
        self._machines: deque[Begun] = deque()
        self._changed = threading.Condition()
        self._has_begun = self._is_over = False

    def take(self) -> Begun | None:
        """One that lies ready; None: there is none now."""
        with self._changed:
            if not self._has_begun and not self._is_over:
                self._has_begun = True
                threading.Thread(target=self._make, name="boxer-ready", daemon=True).start()
            self._changed.notify()
            return self._machines.popleft() if self._machines else None

    def close(self) -> None:
        with self._changed:
            self._is_over = True
            machines, self._machines = self._machines, deque()
            self._changed.notify()
        for machine, _ in machines:
            machine.close()

    def _make(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_over or len(self._machines) < MOST)
                if self._is_over:
                    return
            try:
                begun = begin(self._start)
            except (BoxerError, OSError):
                self._is_over = True
                return
            with self._changed:
                if not self._is_over:
                    self._machines.append(begun)
                    continue
            begun[0].close()
