"""A started machine as an object."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from boxer.blobstore import write_atomically
from boxer.boxfile import Box as BoxFile
from boxer.boxfile import write_box
from boxer.preinit import image_of
from boxer.runtime import Answer, RunResult, StartedInstance


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

    def exchange(self, function: str, args: tuple[Any, ...], **options: Any) -> Answer:
        """As `call`, and what it printed; as `Pool.exchange`."""
        return self._started.exchange(function, args, **options)

    def fork(self) -> Machine:
        """A second machine that goes on from this one's state, on its own."""
        return Machine(self._file, self._started.fork())

    def commit(self, path: str | os.PathLike[str]) -> None:
        """Writes a box that starts from this state: files, modules, globals.

        Open files, sockets and timers are not part of it. Raises `WriteError`.
        """
        image = image_of(self._started.freeze())
        write_atomically(Path(path), write_box(self._file.code, image, self._file.info))

    def close(self) -> None:
        """Ends the machine."""
        self._started.close()

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
