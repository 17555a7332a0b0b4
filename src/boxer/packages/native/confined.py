"""A build's code kept to its own folder, where this machine has bubblewrap.

Belongs here: the sandbox around foreign code on the host. It is a second fence, not the only one: a
machine without bubblewrap, or one that forbids its name spaces, builds without it.
"""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

from boxer.ending import run_program


def confined(command: list[str], folder: Path, source: Path) -> list[str]:
    """The command with no network and no process of others, writing to the two folders only."""
    if not is_confining():
        return command
    binds = [word for path in (folder, source) for word in ("--bind", str(path), str(path))]
    return [*_words(), *binds, "--chdir", str(source), "--", *command]


@functools.cache
def is_confining() -> bool:
    """Whether builds are confined on this machine."""
    if shutil.which("bwrap") is None:
        return False
    try:
        done = run_program([*_words(), "true"], timeout=20)
    except OSError:
        return False
    return done.returncode == 0


def _words() -> list[str]:
    return [
        *("bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        *("--unshare-all", "--die-with-parent", "--new-session"),
    ]
