"""The Python of this machine that runs a build.

Belongs here: finding one of the box's version. A back end asks its own interpreter which version it
builds for, so another version is only the last resort.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from boxer.blobstore import home_folder
from boxer.ending import run_program

_QUESTION = "import sys, venv; print(*sys.version_info[:2], sep='.')"


@functools.cache
def host_python(version: str) -> Path:
    """BOXER_BUILD_PYTHON, else a Python of this version (`X.Y`) on this machine, else ours."""
    named = os.environ.get("BOXER_BUILD_PYTHON")
    if named:
        return Path(named)
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Path(sys.executable)
    return find_python(version) or Path(sys.executable)


def find_python(version: str) -> Path | None:
    """A Python of this version (`X.Y`) on this machine that starts: on PATH, pyenv's, uv's."""
    return next((path for path in _candidates(version) if _runs(path, version)), None)


def note_of_version(version: str) -> str:
    """What to add to a failed build's log: a line, where it ran in another Python than the box's.

    Many projects refuse a Python that is too old for them, before anything is compiled.
    """
    if _runs(host_python(version), version):
        return ""
    return (
        f"\nThere is no Python {version} on this machine, so the build ran in another version: "
        f"install one, or name it in BOXER_BUILD_PYTHON.\n"
    )


def _candidates(version: str) -> Iterator[Path]:
    program = f"python{version}"
    pyenvs = [Path(os.environ.get("PYENV_ROOT") or home_folder() / ".pyenv")]
    for name in os.environ.get("PATH", "").split(os.pathsep):
        folder = Path(name)
        if not folder.is_absolute():
            continue  # the current folder's programs are nobody's choice
        yield folder / program
        # Such a program starts nothing unless it was chosen for the current folder.
        if folder.name == "shims":
            pyenvs.append(folder.parent)
    for home in pyenvs:
        found = home.glob(f"versions/{version}.*/bin/{program}")
        yield from sorted(found, reverse=True)
    tools = Path(os.environ.get("XDG_DATA_HOME") or home_folder() / ".local" / "share")
    yield from sorted(tools.glob(f"uv/python/*-{version}.*/bin/{program}"))


def _runs(path: Path, version: str) -> bool:
    if not path.is_file():
        return False
    try:
        done = run_program([path, "-c", _QUESTION], timeout=20)
    except OSError:
        return False
    return done.stdout.decode("utf-8", "replace").strip() == version
