"""The Python of this machine that runs a build.

Belongs here: finding one of the box's version. A back end asks its own interpreter which version it
builds for, so another version is only the last resort.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

VERSION = (3, 13)
_NAME = f"python{VERSION[0]}.{VERSION[1]}"
_QUESTION = "import sys, venv; print(*sys.version_info[:2])"


@functools.cache
def host_python() -> Path:
    """BOXER_BUILD_PYTHON, else a Python 3.13 of this machine, else the one we run on."""
    named = os.environ.get("BOXER_BUILD_PYTHON")
    if named:
        return Path(named)
    if sys.version_info[:2] == VERSION:
        return Path(sys.executable)
    return next(filter(_runs, _candidates()), Path(sys.executable))


def note_of_version() -> str:
    """What to add to a failed build's log: a line, where it ran in another Python than the box's.

    Many projects refuse a Python that is too old for them, before anything is compiled.
    """
    if _runs(host_python()):
        return ""
    wanted = ".".join(str(part) for part in VERSION)
    return (
        f"\nThere is no Python {wanted} on this machine, so the build ran in another version: "
        f"install one, or name it in BOXER_BUILD_PYTHON.\n"
    )


def _candidates() -> Iterator[Path]:
    pyenvs = [Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")]
    for name in os.environ.get("PATH", "").split(os.pathsep):
        folder = Path(name or ".")
        yield folder / _NAME
        # Such a python3.13 starts nothing unless it was chosen for the current folder.
        if folder.name == "shims":
            pyenvs.append(folder.parent)
    for home in pyenvs:
        found = home.glob(f"versions/{VERSION[0]}.{VERSION[1]}.*/bin/{_NAME}")
        yield from sorted(found, reverse=True)
    tools = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    yield from sorted(tools.glob(f"uv/python/*-{VERSION[0]}.{VERSION[1]}.*/bin/{_NAME}"))


def _runs(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        done = subprocess.run(
            [path, "-c", _QUESTION], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.split() == [str(part) for part in VERSION]
