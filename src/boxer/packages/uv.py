"""Calling uv: the only place that starts it.

Belongs here: finding its program, the folder it runs in, the Python it is shown, what its failures
say. Does not: what it is asked (`resolve`, `sdist`, `projects`).
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uv as uv_package

from boxer.blobstore import (
    cache_folder,
    folder_problem,
    home_folder,
    make_folder,
    write_atomically,
)
from boxer.ending import run_program, temporary_folder
from boxer.errors import WriteError

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_ASKED = Path(__file__).with_name("askedpython.py")


@dataclass(frozen=True, slots=True)
class UvResult:
    """message: both streams, for a person. output: standard output alone."""

    status: int
    message: str
    output: str = ""


def run_uv(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    timeout: float,
    cwd: Path | None = None,
) -> UvResult:
    """Runs uv, by default in an empty folder, so that it finds no project of this machine.

    timeout: seconds, after which the status is 124, as timeout(1) has it.
    """
    with temporary_folder("boxer-uv-") as folder, temporary_folder("boxer-uv-") as scratch:
        (folder / "uv.toml").touch()  # what lies above belongs to others
        own = {"TMPDIR": str(scratch)}
        if folder_problem(_cache(environment)):  # that is no reason to stop
            own["UV_NO_CACHE"] = "1"
        try:
            done = run_program(
                [uv_package.find_uv_bin(), *arguments],
                environment={**environment, **own},
                folder=cwd or folder,
                timeout=timeout,
            )
        except TimeoutError:
            return UvResult(124, f"it was not done after {timeout:.0f} seconds")
    text = (done.stderr + done.stdout).decode("utf-8", "replace")
    output = done.stdout.decode("utf-8", "replace")
    return UvResult(done.returncode, _ANSI.sub("", text).strip(), output)


def _cache(environment: Mapping[str, str]) -> Path:
    """uv's (docs.astral.sh/uv/concepts/cache), or what it would be made in."""
    named = environment.get("UV_CACHE_DIR")
    home = environment.get("HOME") or home_folder()
    root = Path(environment.get("XDG_CACHE_HOME") or Path(home, ".cache"))
    folder = Path(named) if named else root / "uv"
    return folder if folder.exists() else folder.parent


@contextmanager
def interpreter(version: str) -> Iterator[Path]:
    """A program that uv takes for a Python of the box's version (`X.Y.Z`), for the body; builds
    that uv starts run in this machine's Python all the same."""
    command = shlex.join([sys.executable, "-I", "-B", str(_ASKED), version])
    script = f'#!/bin/sh\nexec {command} "$@"\n'.encode()
    # uv keeps what an interpreter said by its path and time: it has one of each.
    name = hashlib.sha256(script + _ASKED.read_bytes()).hexdigest()
    try:
        path = _program(cache_folder() / "asked" / name, script)
    except WriteError:  # nothing can be kept
        with temporary_folder("boxer-uv-") as folder:
            yield _program(folder, script)
        return
    yield path


def _program(folder: Path, script: bytes) -> Path:
    """The script as a program in a folder, which is made. Raises `WriteError`."""
    path = folder / "python"
    if not path.is_file():
        make_folder(folder)
        ready = folder / f"python.{os.getpid()}"
        write_atomically(ready, script)
        ready.chmod(0o755)
        ready.replace(path)
    return path


def explain(message: str, folder: Path) -> str:
    """uv's own words without its marks and our folders."""
    lines = []
    for line in message.replace(str(folder) + "/", "").splitlines():
        text = line.strip().removeprefix("error:").strip(" ×╰─▶│├")
        if text and not text.startswith("warning:"):
            lines.append(text)
    return " ".join(lines).replace(" cause: ", ": ")
