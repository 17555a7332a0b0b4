"""A started machine as an object.

Belongs here: what a person does with one. Does not: how it is asked (`runtime.attended`), what a
program, a cell and files are (`programs`, `cells`, `files`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from boxer.blobstore import write_atomically
from boxer.boxfile import Box as BoxFile
from boxer.boxfile import write_box
from boxer.errors import GuestFileError, MachineOverError
from boxer.library.cells import Cell, CellResult
from boxer.library.files import Files
from boxer.library.programs import Output, Program, program_request
from boxer.library.snapshots import write_snapshot
from boxer.preinit import image_of
from boxer.runtime import Answer, Attendance, Event, RunResult, StartedInstance


class Machine:
    """A machine of its own that keeps what was done to it. Use it as a context manager."""

    def __init__(self, file: BoxFile, started: StartedInstance) -> None:
        self._file = file
        self._started = started

    def exec(self, source: str) -> RunResult:
        """Runs Python source in its `__main__`.

        Raises `GuestError` with the traceback, `GuestExitedError`, `LimitReached`,
        `MachineOverError`.
        """
        return self._started.exec(source)

    def call(self, function: str, /, *args: Any, **kwargs: Any) -> Any:
        """Calls `"module:function"` with plain data. Raises as `exec`, and `CallDataError`."""
        return self._started.call(function, *args, **kwargs)

    def run(
        self,
        argv: Sequence[str] | str,
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        user: str | None = None,
        timeout: float | None = None,
        on_stdout: Output | None = None,
        on_stderr: Output | None = None,
    ) -> RunResult:
        """Runs a program over the machine's own files, to its end.

        argv: the program and its arguments, or a string: a command line for `/bin/sh`. env: laid
        over the machine's. user: "uid[:gid]" or a name of its /etc/passwd. timeout: seconds,
        default the `time` of the machine's limits; it is killed then, and the result says so.
        on_stdout, on_stderr: given bytes as they come, which the result has not. Raises
        `GuestFileError` where it cannot be started, `MachineOverError`.
        """
        program = self.start_program(argv, env=env, cwd=cwd, user=user, stdin=bool(stdin))
        if stdin:
            self._feed(program, stdin)
        limits = self._started.limits
        seconds = limits.time if timeout is None else timeout
        return program.wait(seconds, on_stdout, on_stderr, limits.output_bytes)

    def start_program(
        self,
        argv: Sequence[str] | str,
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        user: str | None = None,
        stdin: bool = False,
        terminal: tuple[int, int] | None = None,
    ) -> Program:
        """Starts one and leaves it running. stdin: it has an input to be written to. terminal: its
        rows and columns; it has no other input then. Other arguments and errors as of `run`."""
        owner = None if user is None else self.user(user)
        request = program_request(argv, env, cwd, owner, stdin, terminal)
        return Program(self.attendance, self.attendance.ask(request, is_kept=True))

    def cell(
        self,
        code: str,
        *,
        context: str = "default",
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
        on_event: Callable[[Event], object] | None = None,
    ) -> CellResult:
        """Runs a cell of Python code, whose names stay in its context; `default` has those of
        `__main__`. What it raises is part of the result. timeout: seconds, default the `time` of
        the limits; it is interrupted then. on_event: given each event as it comes. Raises
        `LimitReached` where an interrupt did not help: the machine is over then."""
        limits = self._started.limits
        seconds = limits.time if timeout is None else timeout
        return self.start_cell(code, context=context, env=env).wait(
            seconds, limits.output_bytes, on_event
        )

    def start_cell(
        self,
        code: str,
        *,
        context: str = "default",
        env: Mapping[str, str] | None = None,
        asks: bool = False,
    ) -> Cell:
        """Begins one; cells of a machine run one after the other. asks: `input` in it waits for
        `Cell.answer`."""
        return Cell(self.attendance, code, context, dict(env or {}), None, asks)

    def complete(self, text: str, *, context: str = "default") -> tuple[int, list[str]]:
        """What the last word of a cell's text may become: where it starts, and words in its
        place."""
        head = {"op": "complete", "context": context}
        told = self.attendance.ask(head, text.encode("utf-8", "replace")).result().head
        start, words = told.get("start"), told.get("words")
        if not isinstance(start, int) or not isinstance(words, list):
            raise MachineOverError("The machine's answer cannot be read.")
        return start, [str(word) for word in words]

    def describe(self, text: str, *, context: str = "default") -> str | None:
        """Signature and docstring of the name at the text's end; None: there is none."""
        head = {"op": "describe", "context": context}
        told = self.attendance.ask(head, text.encode("utf-8", "replace")).result().head
        return str(told["text"]) if isinstance(told.get("text"), str) else None

    def forget(self, context: str = "default") -> None:
        """Its context begins anew, without names."""
        self.attendance.ask({"op": "reset", "context": context}).result()

    @property
    def files(self) -> Files:
        """Its files."""
        return Files(self.attendance)

    @property
    def attendance(self) -> Attendance:
        """What it is asked by. Raises `MachineOverError`."""
        return self._started.attendance()

    @property
    def is_over(self) -> bool:
        """Whether it was closed, or ended by itself."""
        return self._started.is_over

    def user(self, name: str) -> tuple[int, int]:
        """uid and gid of "uid[:gid]" or of a name of its /etc/passwd. Raises `GuestFileError`."""
        uid, _, gid = name.partition(":")
        if uid.isascii() and uid.isdigit() and (not gid or gid.isdigit()):
            return int(uid), int(gid or 0)
        known = self.files.users().get("users", {}).get(name)
        if not isinstance(known, list) or not all(type(one) is int for one in known[:2]):
            raise GuestFileError("LookupError", f"the machine has no user `{name}`", 0)
        return known[0], known[1]

    def pause(self) -> None:
        """All that runs in it stands still until `resume`; its clocks go on."""
        self.attendance.pause()

    def resume(self) -> None:
        """Goes on after `pause`."""
        self.attendance.go_on()

    def rest(self, timeout: float | None = None) -> bool:
        """Waits until nothing runs in it. False: something does, after so many seconds."""
        return self.attendance.rest(time.monotonic() if timeout is None else timeout)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes what differs from the box or template it was started from: its `restore` goes on
        from there. Raises `MachineBusyError`, `MountError`, `WriteError`."""
        write_snapshot(Path(path), self._started)

    def exchange(self, function: str, args: tuple[Any, ...], **options: Any) -> Answer:
        """As `call`, and what it printed; as `Pool.exchange`."""
        return self._started.exchange(function, args, **options)

    def fork(self) -> Machine:
        """A second machine that goes on from this one's state, on its own. Raises
        `MachineBusyError` while something runs in it."""
        return Machine(self._file, self._started.fork())

    def commit(self, path: str | os.PathLike[str]) -> None:
        """Writes a box that starts from this state: files, modules, globals.

        Open files, sockets and timers are not part of it. Raises `WriteError`.
        """
        image = image_of(self._started.freeze())
        write_atomically(Path(path), write_box(self._file.code, image, self._file.info))

    def close(self) -> None:
        """Ends the machine, and whatever runs in it."""
        self._started.close()

    @staticmethod
    def _feed(program: Program, data: bytes) -> None:
        try:
            for at in range(0, len(data), 1 << 20):
                program.write_when_read(data[at : at + (1 << 20)])
            program.close_input()
        except GuestFileError:
            return  # it has ended without reading all

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
