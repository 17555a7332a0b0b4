"""The pipeline from a Dockerfile to a box; the only room that knows its order."""

from boxer.build.checking import check
from boxer.build.doctor import Line, examine
from boxer.build.events import Event, Listener
from boxer.build.pipeline import BuildResult, build
from boxer.build.programbox import program_box
from boxer.build.stepcache import entries as cached_steps
from boxer.build.stepcache import prune as prune_steps
from boxer.build.wheels import BuiltWheel, build_wheel

__all__ = [
    "BuildResult",
    "BuiltWheel",
    "Event",
    "Line",
    "Listener",
    "build",
    "build_wheel",
    "cached_steps",
    "check",
    "examine",
    "program_box",
    "prune_steps",
]
