"""The SDK on this machine, and running its compiler inside a fence.

Belongs here: sdk.json, the compiler's environment and limits, the sandbox around it. Does not: what
the compiler is asked (`frontend`, `linking`).

The fence is a second one, where this machine has bubblewrap: the compiler then has no file but the
SDK's and its own folder's, and no network. `overlay` and `arguments` are the first.
"""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boxer.ending import run_program
from boxer.images import sdk_program, zig_program
from boxer.toolchain.arguments import RefusedError

# A header that includes itself or a template that never ends must not take the machine with it.
_SECONDS = 600
_KILOBYTES = 8 << 20
_BLOCKS = 2 << 20  # of 512 bytes


@dataclass(frozen=True, slots=True)
class Sdk:
    """folder: the SDK's. zig: the program that is compiler and linker."""

    folder: Path
    zig: Path
    link_flags: tuple[str, ...]
    cxx_definitions: tuple[str, ...]

    @property
    def headers(self) -> Path:
        return self.folder / "include"


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended. out, err: what it wrote, as text."""

    status: int
    out: str
    err: str


def find_sdk() -> Sdk:
    """Raises `BaseMissingError` where the SDK is not there."""
    folder = sdk_program("cc").parent.parent
    table: dict[str, list[str]] = json.loads((folder / "sdk.json").read_text("utf-8"))
    return Sdk(
        folder=folder,
        zig=zig_program(folder),
        link_flags=tuple(table["link_flags"]),
        cxx_definitions=tuple(w for w in table["cxx_flags"] if w.startswith("-D")),
    )


def run_zig(sdk: Sdk, arguments: Sequence[str], folder: Path, epoch: int) -> Done:
    """Runs the compiler or linker. folder: the only one it may write to.

    Raises RefusedError for an argument that would have it read arguments from a file (`@`).
    """
    for argument in arguments:
        if argument.startswith("@"):
            raise RefusedError(f"the name `{argument}` is not taken in a RUN")
    limits = f"ulimit -t {_SECONDS}; ulimit -v {_KILOBYTES}; ulimit -f {_BLOCKS}"
    command = ["/bin/sh", "-c", f'{limits}; exec "$@"', "sh", *_fence(sdk, folder)]
    try:
        done = run_program(
            [*command, str(sdk.zig), *arguments],
            environment=_environment(folder, epoch),
            folder=folder,
            timeout=2 * _SECONDS,
        )
    except TimeoutError:
        return Done(124, "", "the compiler took too long\n")
    out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return Done(done.returncode, out, err)


def _environment(folder: Path, epoch: int) -> dict[str, str]:
    """Nothing of the RUN's: a compiler takes options from variables too (CPATH)."""
    return {
        "PATH": "/nonexistent",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C",
        "SOURCE_DATE_EPOCH": str(epoch),
        "ZIG_GLOBAL_CACHE_DIR": str(folder),
        "ZIG_LOCAL_CACHE_DIR": str(folder),
    }


def _fence(sdk: Sdk, folder: Path) -> list[str]:
    bwrap = shutil.which("bwrap")
    if bwrap is None or not _is_fencing(bwrap, sdk):
        return []
    return [*_walls(bwrap, sdk), "--bind", str(folder), str(folder), "--chdir", str(folder), "--"]


def _walls(bwrap: str, sdk: Sdk) -> list[str]:
    seen = (sdk.zig.parent, sdk.folder)
    binds = [part for path in seen for part in ("--ro-bind", str(path), str(path))]
    apart = ("--unshare-all", "--die-with-parent", "--new-session", "--proc", "/proc")
    return [bwrap, *apart, "--dev", "/dev", *binds]


@functools.cache
def _is_fencing(bwrap: str, sdk: Sdk) -> bool:
    """Whether this machine lets bubblewrap work."""
    command = [*_walls(bwrap, sdk), "--", str(sdk.zig), "clang", "--version"]
    try:
        done = run_program(command, timeout=30)
    except OSError:
        return False
    return done.returncode == 0
