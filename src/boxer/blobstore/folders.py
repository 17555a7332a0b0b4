"""Where Boxer's files lie: the XDG base directory specification.

Belongs here: the one rule for these places, and why the cache cannot be used. Does not: what lies
below them; each room has a folder of its own there.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Not even root makes a folder there.
NOWHERE = Path("/proc/nonexistent")
# More than a file system puts into a file's record instead of a block of its own.
_TRIED = 1 << 16


def home_folder() -> Path:
    """The user's; one that there is not where the system knows of none."""
    try:
        return Path.home()
    except RuntimeError:
        return NOWHERE


def cache_folder() -> Path:
    """boxer/ in the cache: what can be made again."""
    return _folder("XDG_CACHE_HOME", ".cache")


def data_folder() -> Path:
    """boxer/ below ~/.local/share: boxes, volumes, networks."""
    return _folder("XDG_DATA_HOME", ".local/share")


def state_folder() -> Path:
    """boxer/ below ~/.local/state: services."""
    return _folder("XDG_STATE_HOME", ".local/state")


def settings_folder() -> Path:
    """boxer/ below ~/.config."""
    return _folder("XDG_CONFIG_HOME", ".config")


def _folder(variable: str, below_home: str) -> Path:
    """A variable that is no absolute path counts for nothing."""
    named = Path(os.environ.get(variable, ""))
    return (named if named.is_absolute() else home_folder() / below_home) / "boxer"


OTHER_CACHE = "Set XDG_CACHE_HOME to a folder you can write to."


def cache_problem() -> str | None:
    """Why nothing can be kept in the cache; None: it can be. OTHER_CACHE: what to do."""
    folder = cache_folder()
    reason = folder_problem(folder)
    return reason and f"the cache folder `{folder}` cannot be used ({reason})"


def folder_problem(folder: Path) -> str | None:
    """Why no file can be written in a folder, which is made if need be; None: one can be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_TRIED))
    except OSError as error:
        return error.strerror or str(error)
    return None
