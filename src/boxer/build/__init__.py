"""The pipeline from a Dockerfile to a box; the only room that knows its order."""

from boxer.build.events import Event, Listener
from boxer.build.pipeline import BuildResult, build

__all__ = ["BuildResult", "Event", "Listener", "build"]
