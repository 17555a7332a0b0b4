"""The pipeline from a Dockerfile to a box; the only room that knows its order.

Beside it, and imported by who asks: `boxer.build.doctor`, `boxer.build.wheels`.
"""

from boxer.build.checking import check
from boxer.build.events import Event, Listener
from boxer.build.pipeline import BuildResult, build
from boxer.build.programbox import program_box
from boxer.build.stepcache import entries as cached_steps
from boxer.build.stepcache import prune as prune_steps

__all__ = [
    "BuildResult",
    "Event",
    "Listener",
    "build",
    "cached_steps",
    "check",
    "program_box",
    "prune_steps",
]
