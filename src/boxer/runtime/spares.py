"""Machines that have ended and were put back to their image, for those that start next.

Belongs here: which are kept, and who gets one. Does not: how a machine is put back
(native/tracking.c).

Why: a new machine's first cell faults for each page that it reads or writes, which takes as long as
all else that it does; one that was put back has its pages mapped.

Invariants
1. Only a machine that is its image again is given to anybody (decision 0007); what had folders, has
   grown, was forked or had processes of its own is thrown away, and so is what crashed.
2. MOST lie ready at most, each with 4 MiB of memory of its own at most.
"""

from __future__ import annotations

import threading

from boxer.runtime.frozen import Frozen
from boxer.runtime.mapped import MappedInstance

MOST = 8


class Spares:
    """Those over one image. Used by any thread."""

    def __init__(self, frozen: Frozen) -> None:
        self._frozen = frozen
        self._machines: list[tuple[int, MappedInstance]] = []
        self._lock = threading.Lock()

    def take(self, memory_limit: int) -> MappedInstance | None:
        """One that is a fresh machine in all but age. memory_limit: that it was made with."""
        with self._lock:
            for place in reversed(range(len(self._machines))):
                if self._machines[place][0] == memory_limit:
                    return self._machines.pop(place)[1]
        return None

    def give(self, machine: MappedInstance, memory_limit: int) -> None:
        """A machine that has ended and is at rest."""
        is_kept = self._frozen.resettable and machine.image is self._frozen.image
        if is_kept and len(self._machines) < MOST and machine.clear():
            with self._lock:
                if len(self._machines) < MOST:
                    self._machines.append((memory_limit, machine))
                    return
        machine.close()

    def clear(self) -> None:
        """Throws them away."""
        with self._lock:
            machines, self._machines = self._machines, []
        for _, machine in machines:
            machine.close()
