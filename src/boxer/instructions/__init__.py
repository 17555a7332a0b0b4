"""Instructions applied to a stage's tree and settings.

Belongs here: COPY and ADD, RUN, and the instructions that change settings. Does not: reading
Dockerfiles (`dockerfile`), stages and variables (`plan`), the shell of a RUN (`userland`), the box
(`link`).
"""

from boxer.instructions.applying import apply
from boxer.instructions.context import Context, Excludes
from boxer.instructions.durations import parse_duration
from boxer.instructions.mounts import mount_sources
from boxer.instructions.settings import with_labels, with_path
from boxer.instructions.state import StageState

__all__ = [
    "Context",
    "Excludes",
    "StageState",
    "apply",
    "mount_sources",
    "parse_duration",
    "with_labels",
    "with_path",
]
