"""The pipeline from a Dockerfile to a box; the only room that knows its order."""

from boxer.build.events import Event, Listener
from boxer.build.pipeline import BuildResult, build
from boxer.build.stepcache import entries as cached_steps
from boxer.build.stepcache import prune as prune_steps

__all__ = ["BuildResult", "Event", "Listener", "build", "cached_steps", "prune_steps"]
