"""Programs in a living machine.

Belongs here: a program as an object, and waiting for it. Does not: how a machine is asked
(`runtime`).

Invariants
1. What is kept of a program's output is bounded; a program that writes more is ended.
2. A program that does not end when it is killed takes its machine with it.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from boxer.errors import BoxerError, GuestFileError, MachineOverError
from boxer.runtime import Asked, Attendance, RunResult, error_of

SIGKILL = 128 + signal.SIGKILL
# Seconds that a killed program may take to be gone.
GRACE = 5.0
SHELL = "/bin/sh"

Output = Callable[[bytes], object]


def program_request(
    argv: Sequence[str] | str,
    env: Mapping[str, str] | None,
    cwd: str | None,
    user: Sequence[int] | None,
    has_input: bool,
    terminal: tuple[int, int] | None,
) -> dict[str, Any]:
    """argv: a string is a command line for the shell. user: uid, gid. terminal: rows, columns."""
    words = [SHELL, "-c", argv] if isinstance(argv, str) else list(argv)
    if not words:
        raise ValueError("a program has a name")
    for word in (*words, *(env or {}), *(env or {}).values(), cwd or ""):
        if "\0" in word:
            raise ValueError("arguments and variables cannot hold a NUL character")
    return {
        "op": "start",
        "argv": words,
        "env": dict(env or {}),
        "cwd": cwd,
        "user": None if user is None else list(user),
        "input": has_input,
        "terminal": None if terminal is None else list(terminal),
    }


class Program:
    """A program that runs in a machine. pid: its number there."""

    def __init__(self, attendance: Attendance, asked: Asked) -> None:
        """Raises `GuestFileError` where it cannot be started."""
        self._attendance = attendance
        self._asked = asked
        first = asked.next()
        if first is not None and first.kind == "error":
            raise error_of(first)
        if first is None or first.kind != "started" or not isinstance(first.head.get("pid"), int):
            raise MachineOverError("The machine gave no answer.")
        self.pid: int = first.head["pid"]
        self.exit_code: int | None = None

    def output(self, timeout: float | None = None) -> Iterator[tuple[int, bytes]]:
        """What it writes, as it comes: (1 for stdout or 2 for stderr, bytes), until its end. Raises
        TimeoutError after so many seconds, and `MachineOverError`."""
        until = None if timeout is None else time.monotonic() + timeout
        for event in self._asked.events(until):
            if event.kind == "out":
                yield (2 if event.head.get("stream") == 2 else 1), event.body
            elif event.kind == "done":
                self.exit_code = exit_code_of(event.head.get("code"))
            elif event.kind == "error":
                raise error_of(event)

    def write(self, data: bytes) -> None:
        """Writes to its input, 16 MiB at most before it reads them. Raises `GuestFileError`."""
        for at in range(0, len(data), 1 << 20):
            self._tell({"op": "input"}, data[at : at + (1 << 20)])

    def write_when_read(self, data: bytes) -> None:
        """As `write`, and waits while it does not read. Raises as `write`."""
        while True:
            try:
                self.write(data)
                return
            except GuestFileError as error:
                if error.type != "BlockingIOError":
                    raise
            time.sleep(0.01)

    def close_input(self) -> None:
        """It reads the end of its input. Raises as `write`."""
        self._tell({"op": "close"})

    def send_signal(self, number: int) -> None:
        """To all processes of its session. Raises `GuestFileError` where it has ended."""
        self._tell({"op": "signal", "signal": int(number)})

    def kill(self) -> None:
        """SIGKILL; one that has ended is left alone."""
        try:
            self.send_signal(signal.SIGKILL)
        except BoxerError:
            return

    def resize(self, rows: int, columns: int) -> None:
        """Its terminal. Raises `GuestFileError` where it has none."""
        self._tell({"op": "resize", "rows": int(rows), "columns": int(columns)})

    def wait(
        self,
        timeout: float | None = None,
        on_stdout: Output | None = None,
        on_stderr: Output | None = None,
        most: int | None = None,
    ) -> RunResult:
        """Its end. timeout: seconds; it is killed then. on_stdout, on_stderr: given what it writes
        as it comes, which is not kept then. most: bytes that are kept; it is killed where it writes
        more. Raises `MachineOverError`."""
        kept: dict[int, list[bytes]] = {1: [], 2: []}
        limit, left, began = None, most, time.monotonic()
        rest = timeout
        takers = {1: on_stdout, 2: on_stderr}
        while True:
            try:
                for stream, data in self.output(rest):
                    taker = takers[stream]
                    if limit is not None:
                        continue
                    if taker is not None:
                        taker(data)
                        continue
                    if left is not None and len(data) > left:
                        limit = "output"
                        self.kill()
                    kept[stream].append(data if left is None else data[:left])
                    left = None if left is None else max(0, left - len(data))
                    rest = None if timeout is None else timeout - (time.monotonic() - began)
                break
            except TimeoutError:
                if limit == "time":
                    self._attendance.close()
                    raise MachineOverError("A program could not be ended.") from None
                limit, rest = "time", GRACE
                self.kill()
        code = SIGKILL if self.exit_code is None else self.exit_code
        return RunResult(code, b"".join(kept[1]), b"".join(kept[2]), limit)

    def _tell(self, head: dict[str, Any], body: bytes = b"") -> None:
        self._attendance.ask({**head, "pid": self.pid}, body).result()


def exit_code_of(code: object) -> int:
    """As a shell says it: 128 and the signal's number, where one ended it."""
    number = code if isinstance(code, int) else -signal.SIGKILL
    return 128 - number if number < 0 else number & 0xFF
