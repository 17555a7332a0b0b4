"""Cells of code in a living machine, and what comes of them.

Belongs here: a cell as a value, and waiting for it. Does not: how it is run
(guest/python/boxer/_cells.py).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from boxer.errors import LimitReached
from boxer.runtime import Asked, Attendance, Event, TooDeepError, TooManyError, measure

# Seconds that a cell may take to end after its interrupt.
GRACE = 2.0
# Bytes that what a value looks like may take in this process.
MOST_SHOWN = 128 << 20


@dataclass(frozen=True, slots=True)
class Shown:
    """A value that a cell shows. data: its forms by MIME type: text, base64 of what is binary, or
    JSON. is_main: it is the cell's last expression, nothing that `display` showed."""

    data: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)
    is_main: bool = False

    @property
    def text(self) -> str:
        """text/plain."""
        return str(self.data.get("text/plain", ""))


@dataclass(frozen=True, slots=True)
class CellError:
    """What a cell raised: the exception's name, its text, the traceback as Python prints it."""

    name: str
    value: str
    traceback: str


@dataclass(slots=True)
class CellResult:
    """What came of a cell. count: how many its context has run. limit: `time` or `output`, which
    ended it."""

    stdout: str = ""
    stderr: str = ""
    shown: list[Shown] = field(default_factory=list)
    error: CellError | None = None
    count: int = 0
    limit: str | None = None

    @property
    def value(self) -> Shown | None:
        """The last expression's, if the cell ends in one that is not None."""
        return next((one for one in self.shown if one.is_main), None)


def shown_of(event: Event) -> Shown:
    """What a `result` or `display` says; nothing of it is believed to have a form."""
    try:
        measure(event.body, MOST_SHOWN)
        told = json.loads(event.body)
        data, metadata = told["data"], told["metadata"]
        if not isinstance(data, dict) or not isinstance(metadata, dict):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError, TooDeepError, TooManyError):
        data, metadata = {"text/plain": event.body.decode("utf-8", "replace")}, {}
    return Shown(data, metadata, event.kind == "result")


def error_of_cell(event: Event) -> CellError:
    parts = (str(event.head.get(name, "")) for name in ("name", "value", "traceback"))
    return CellError(*parts)


class Cell:
    """A cell under way."""

    def __init__(
        self,
        attendance: Attendance,
        code: str,
        context: str = "default",
        env: dict[str, str] | None = None,
        cwd: str | None = None,
        asks: bool = False,
        silent: bool = False,
        listener: Callable[[Event], None] | None = None,
    ) -> None:
        head = {
            "op": "cell", "context": context, "env": env or {}, "cwd": cwd, "asks": asks,
            "silent": silent,
        }  # fmt: skip
        self._attendance = attendance
        text = code.encode("utf-8", "replace")
        if len(text) > 1 << 24:
            raise ValueError("a cell has 16 MiB at most")
        self.asked: Asked = attendance.ask(head, text, listener=listener)

    def interrupt(self) -> None:
        """Raises KeyboardInterrupt in it; one that waits for its turn is not begun."""
        self._attendance.ask({"op": "interrupt", "cell": self.asked.number})

    def answer(self, text: str | None) -> None:
        """To what its `input` waits for; None: there is no more."""
        self._attendance.ask({"op": "answer", "text": text}, is_kept=False)

    def wait(
        self,
        timeout: float | None = None,
        most: int | None = None,
        on_event: Callable[[Event], object] | None = None,
    ) -> CellResult:
        """Its end. timeout: seconds; it is interrupted then, and where that does not help, its
        machine is closed. most: bytes of output that are kept; it is interrupted at more. on_event:
        given each event as it comes. Raises `LimitReached`, `MachineOverError`."""
        result = CellResult()
        texts: dict[int, list[bytes]] = {1: [], 2: []}
        left = most
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                for event in self.asked.events(until):
                    if on_event is not None:
                        on_event(event)
                    left = self._take(event, result, texts, left)
                    if left is not None and left < 0 and result.limit is None:
                        result.limit, until = "output", time.monotonic() + GRACE
                        self.interrupt()
                break
            except TimeoutError:
                if result.limit is not None:
                    self._attendance.close()
                    raise LimitReached(result.limit) from None
                result.limit, until = "time", time.monotonic() + GRACE
                self.interrupt()
        result.stdout = b"".join(texts[1]).decode("utf-8", "replace")
        result.stderr = b"".join(texts[2]).decode("utf-8", "replace")
        return result

    @staticmethod
    def _take(
        event: Event, result: CellResult, texts: dict[int, list[bytes]], left: int | None
    ) -> int | None:
        if left is not None:
            left -= len(event.body)
        if event.kind == "out" and (left is None or left >= 0):
            texts[2 if event.head.get("stream") == 2 else 1].append(event.body)
        elif event.kind in ("result", "display") and (left is None or left >= 0):
            result.shown.append(shown_of(event))
        elif event.kind == "failed":
            result.error = error_of_cell(event)
        elif event.kind == "done":
            count = event.head.get("count")
            result.count = count if isinstance(count, int) else 0
        elif event.kind == "error":
            result.error = CellError(
                str(event.head.get("type")), str(event.head.get("message")), ""
            )
        return left
