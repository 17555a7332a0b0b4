"""Instructions applied to a stage's tree and settings.

Belongs here: COPY and ADD, RUN with its shell and pip, and the instructions that change settings.
What a RUN will come to, without running it, is asked of `boxer.instructions.forecast`.
Does not: reading Dockerfiles (`dockerfile`), stages and variables (`plan`), the box (`link`).
"""

from boxer.instructions.applying import apply
from boxer.instructions.context import Context, Excludes
from boxer.instructions.firstprocess import fetched_program
from boxer.instructions.images import known_image
from boxer.instructions.mounts import mount_sources
from boxer.instructions.ports import (
    CommandRequest,
    CommandResult,
    CommandRunner,
    Compiler,
    CompilerResult,
    Listener,
    Ports,
    Silent,
    StageState,
    Stream,
)
from boxer.instructions.settings import with_labels
from boxer.instructions.tools import add_tool

__all__ = [
    "CommandRequest",
    "CommandResult",
    "CommandRunner",
    "Compiler",
    "CompilerResult",
    "Context",
    "Excludes",
    "Listener",
    "Ports",
    "Silent",
    "StageState",
    "Stream",
    "add_tool",
    "apply",
    "fetched_program",
    "known_image",
    "mount_sources",
    "with_labels",
]
