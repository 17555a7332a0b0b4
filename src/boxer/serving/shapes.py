"""Which requests are answered at once: those like them were quick.

Belongs here: what is remembered of methods and paths. Does not: requests.

Invariant: MOST shapes are remembered, whatever paths clients think of.
"""

from __future__ import annotations

import threading

from boxer.runtime import Usage

# What takes longer than QUICK seconds of processor time, or waits as long, is handed to a thread
# from then on, which costs half as much again but keeps nobody waiting. After CALM quick ones it is
# tried again, and each time that was wrong after twice as many.
QUICK, CALM, MOST_CALM = 0.005, 64, 4096
# So long a quick one may take where others have the processor, too.
SHARED = 0.05
MOST, LONGEST = 1024, 200


class Shapes:
    """slow: shapes, how many quick calls they are from being tried again (less than 0: they are
    tried), and after how many that was. waited: shapes of which the last one took long, though not
    of the processor, which others may have had."""

    def __init__(self) -> None:
        self._slow: dict[str, tuple[int, int]] = {}
        self._waited: set[str] = set()
        self._noting = threading.Lock()

    def is_quick(self, method: str, path: str) -> bool:
        if not self._slow:
            return True
        known = self._slow.get(shape_of(method, path))
        return known is None or known[0] <= 0

    def note_at_once(self, method: str, path: str, processor: float | None, seconds: float) -> None:
        """processor: None: it was given up."""
        if processor is not None and seconds < QUICK and not self._slow and not self._waited:
            return
        shape = shape_of(method, path)
        with self._noting:
            waits = processor is not None and processor < QUICK <= seconds
            is_quick = processor is not None and processor < QUICK
            if waits and shape in self._waited:
                is_quick = False
            if not waits or not is_quick:
                self._waited.discard(shape)
            elif len(self._waited) < MOST:
                self._waited.add(shape)
            self._note(shape, is_quick)

    def note(self, method: str, path: str, usage: Usage | None) -> None:
        """Of a call on a thread; None: it failed."""
        is_quick = usage is not None and usage.cpu < QUICK and usage.time < SHARED
        if is_quick and not self._slow:
            return
        with self._noting:
            self._note(shape_of(method, path), is_quick)

    def _note(self, shape: str, is_quick: bool) -> None:
        left, calm = self._slow.get(shape, (0, 0))
        if is_quick:
            if calm and left > -calm:
                self._slow[shape] = left - 1, calm
            else:
                self._slow.pop(shape, None)
            return
        if left <= 0:  # it was tried
            calm = min(2 * calm, MOST_CALM) or CALM
        self._slow.pop(shape, None)
        if len(self._slow) >= MOST:
            del self._slow[next(iter(self._slow))]
        self._slow[shape] = calm, calm


def shape_of(method: str, path: str) -> str:
    """`/items/17` and `/items/18` are one."""
    if not any(character.isdigit() for character in path):
        return f"{method} {path[:LONGEST]}"
    parts = path[:LONGEST].split("/")
    kept = ["*" if any(map(str.isdigit, part)) else part for part in parts]
    return f"{method} {'/'.join(kept)}"
