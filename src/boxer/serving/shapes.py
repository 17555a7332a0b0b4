"""Which requests are answered at once: those like them were quick.

Belongs here: what is remembered of methods and paths. Does not: requests.

Invariant: MOST shapes are remembered, whatever paths clients think of.
"""

from __future__ import annotations

import threading

# As long as one takes longer than QUICK seconds, it is handed to a thread, which costs half as much
# again but keeps nobody waiting; after CALM quick ones it is tried again.
QUICK, CALM = 0.005, 64
MOST, LONGEST = 1024, 200


class Shapes:
    """slow: shapes, and how many quick calls they are from being tried again."""

    def __init__(self) -> None:
        self._slow: dict[str, int] = {}
        self._noting = threading.Lock()

    def is_quick(self, method: str, path: str) -> bool:
        return not self._slow or shape_of(method, path) not in self._slow

    def note(self, method: str, path: str, seconds: float, is_whole: bool) -> None:
        is_quick = is_whole and seconds < QUICK
        if is_quick and not self._slow:
            return
        with self._noting:
            self._note(shape_of(method, path), is_quick)

    def _note(self, shape: str, is_quick: bool) -> None:
        if not is_quick:
            self._slow.pop(shape, None)
            if len(self._slow) >= MOST:
                del self._slow[next(iter(self._slow))]
            self._slow[shape] = CALM
        elif shape in self._slow:
            self._slow[shape] -= 1
            if self._slow[shape] <= 0:
                del self._slow[shape]


def shape_of(method: str, path: str) -> str:
    """`/items/17` and `/items/18` are one."""
    if not any(character.isdigit() for character in path):
        return f"{method} {path[:LONGEST]}"
    parts = path[:LONGEST].split("/")
    kept = ["*" if any(map(str.isdigit, part)) else part for part in parts]
    return f"{method} {'/'.join(kept)}"
