"""The pipeline from a Dockerfile to a box; the only room that knows its order.

Beside it, and imported by who asks: `boxer.pipeline.doctor`, `boxer.pipeline.wheels`.
"""

from boxer.pipeline.building import BuildResult, build
from boxer.pipeline.checking import check
from boxer.pipeline.events import Event, Listener
from boxer.pipeline.programbox import program_box
from boxer.pipeline.stepcache import entries as cached_steps
from boxer.pipeline.stepcache import prune as prune_steps

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
