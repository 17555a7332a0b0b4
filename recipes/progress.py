"""What a person sees while a base compiles: what, how far, how long so far. On stderr only."""

from __future__ import annotations

import sys
import time


class Progress:
    """One line per step; on a terminal it is redrawn, elsewhere it is printed at its ends."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._live = sys.stderr.isatty()
        self._step = ""
        self._drawn = 0.0

    def step(self, text: str) -> None:
        """Begins a step."""
        self._step = text
        self._print(f"{self._clock()} {text}", end=True)

    def count(self, done: int, total: int) -> None:
        """Says how far the step is."""
        now = time.monotonic()
        if done == total and self._live:
            self._print(f"{self._clock()} {self._step}: {done}/{total}", end=True)
        elif self._live and now - self._drawn > 0.1:
            self._drawn = now
            self._print(f"{self._clock()} {self._step}: {done}/{total}", end=False)
        elif not self._live and now - self._drawn > 15:
            self._drawn = now
            self._print(f"{self._clock()} {self._step}: {done}/{total}", end=True)

    def _clock(self) -> str:
        seconds = int(time.monotonic() - self._began)
        return f"[{seconds // 60:2}:{seconds % 60:02}]"

    def _print(self, text: str, *, end: bool) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[K" + text + ("\n" if end else ""))
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()
