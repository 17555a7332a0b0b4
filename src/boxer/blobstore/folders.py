"""Where files that can be made again are kept.

Belongs here: the one rule for the cache's place. Does not: what lies below it; each room has a
folder of its own there.
"""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """boxer/ below the user's cache folder. A relative XDG_CACHE_HOME counts for nothing.

    Source: XDG base directory specification.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    return root / "boxer"
