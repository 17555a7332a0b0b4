"""How many requests are under way at once, and how many streams.

Belongs here: who waits. Does not: machines.
"""

from __future__ import annotations

import asyncio

from boxer.serving.metrics import Figures, OwnFigures


class Turns:
    """at_once: requests whose answer has not begun; others wait. streams: answers that go on, and
    WebSockets; more of the first keep their turn."""

    def __init__(self, figures: Figures | OwnFigures, at_once: int, streams: int) -> None:
        self.figures, self.streams = figures, streams
        self.waiting = asyncio.Semaphore(at_once)

    async def next(self) -> Turn:
        await self.waiting.acquire()
        return Turn(self)


class Turn:
    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._is_stream = self._is_over = False

    def stream(self) -> None:
        """The answer goes on: somebody else may begin."""
        if self._turns.figures.streams < self._turns.streams:
            self._turns.figures.streams += 1
            self._is_stream = True
            self._turns.waiting.release()

    def end(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._is_stream:
            self._turns.figures.streams -= 1
        else:
            self._turns.waiting.release()
