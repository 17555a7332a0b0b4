"""What must not outlive this process: temporary folders, drafts of files, programs it has started.

Belongs here: the one way each of them is made, and `end_all`. Does not: who asks for the end
(`cli.interruption`).

Invariants
1. What was made here is gone after its block, however the block ends, and after `end_all`.
2. After `end_all` no block begins or ends: a thread that would waits until the process is gone, so
   that nobody takes for a failure that a program was ended or a folder removed under it.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Literal

_lock = threading.Lock()
_paths: set[Path] = set()
_groups: set[int] = set()
# A thread may be writing to a folder while it is removed.
_ATTEMPTS = 5
# How long programs have to put away drafts of their own, seconds.
_GRACE = 0.4
# How often who watches is told that a program is still at work, seconds.
_TELL = 10.0
_telling: ContextVar[Callable[[], None] | None] = ContextVar("telling", default=None)
_ERRORS = {"two": subprocess.PIPE, "one": subprocess.STDOUT, "own": None}


@contextmanager
def temporary_folder(prefix: str = "boxer-", parent: Path | None = None) -> Iterator[Path]:
    """An empty folder that only this user sees, for the body. parent: where, default TMPDIR."""
    with _lock:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        _paths.add(folder)
    with _gone_afterwards(folder):
        yield folder


@contextmanager
def draft(path: Path) -> Iterator[None]:
    """Goes around writing a file that gets its name when it is whole: what is there is removed."""
    with _lock:
        _paths.add(path)
    with _gone_afterwards(path):
        yield


@contextmanager
def _gone_afterwards(path: Path) -> Iterator[None]:
    try:
        yield
    finally:
        with _lock:
            _paths.discard(path)
            _remove(path)


def run_program(
    argv: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    timeout: float | None,
    streams: Literal["two", "one", "own"] = "two",
    data: bytes | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Runs a program of this machine to its end. What it wrote is in the result.

    environment: default this process's own. folder: where it runs. timeout: seconds, None for no
    end. streams: one has both of them in `stdout`; own are this process's, input too, which there
    is none of otherwise. data: its input. Raises OSError where it cannot be started, TimeoutError;
    then, too, nothing that it started goes on.
    """
    with _lock:
        # A group of its own: what it starts ends with it.
        process = subprocess.Popen(
            argv,
            env=None if environment is None else dict(environment),
            cwd=folder,
            stdin=_stdin(streams, data),
            stdout=None if streams == "own" else subprocess.PIPE,
            stderr=_ERRORS[streams],
            process_group=0,
        )
        _groups.add(process.pid)
    try:
        out, err = _communicate(process, timeout, data)
    except BaseException as failure:
        _signal(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(failure, subprocess.TimeoutExpired):
            raise TimeoutError(f"it was not done after {timeout} seconds") from None
        raise
    finally:
        with _lock:
            _groups.discard(process.pid)
    return subprocess.CompletedProcess(argv, process.returncode, out or b"", err or b"")


@contextmanager
def told_of_waiting(tell: Callable[[float], None]) -> Iterator[None]:
    """Goes around work; tell: called now and then while it waits for programs, with the seconds
    since it began."""
    began = time.monotonic()
    token = _telling.set(lambda: tell(time.monotonic() - began))
    try:
        yield
    finally:
        _telling.reset(token)


def _stdin(streams: str, data: bytes | None) -> int | None:
    if data is not None:
        return subprocess.PIPE
    return None if streams == "own" else subprocess.DEVNULL


def _communicate(
    process: subprocess.Popen[bytes], timeout: float | None, data: bytes | None
) -> tuple[bytes | None, bytes | None]:
    until = math.inf if timeout is None else time.monotonic() + timeout
    tell = _telling.get()
    while True:
        rest = max(0.0, until - time.monotonic())
        pause = rest if tell is None else min(rest, _TELL)
        try:
            return process.communicate(data, None if pause == math.inf else pause)
        except subprocess.TimeoutExpired:
            if tell is None or pause == rest:
                raise
            tell()


def end_all() -> None:
    """Ends the programs and removes what is temporary. The process must end after it."""
    _lock.acquire()  # for good: invariant 2
    for group in _groups:
        _signal(group, signal.SIGTERM)
    until = time.monotonic() + _GRACE
    while time.monotonic() < until and any(_signal(group, 0) for group in _groups):
        time.sleep(0.01)
    for group in _groups:
        _signal(group, signal.SIGKILL)
    for path in _paths:
        for _ in range(_ATTEMPTS):
            _remove(path)
            if not path.exists():
                break


def _signal(group: int, number: int) -> bool:
    """Whether there is such a group."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        if not path.is_dir() or path.is_symlink():
            path.unlink(missing_ok=True)
            return
        for folder, names, _ in os.walk(path):  # a source archive may have folders without rights
            for name in names:
                below = Path(folder, name)
                if not below.is_symlink():
                    below.chmod(0o700)
        shutil.rmtree(path, ignore_errors=True)
