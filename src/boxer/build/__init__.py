"""The pipeline from a Dockerfile to a box; the only room that knows its order."""

from boxer.build.events import Event, Listener
from boxer.build.pipeline import BuildResult, build
from boxer.build.wheels import BuiltWheel, build_wheel

__all__ = ["BuildResult", "BuiltWheel", "Event", "Listener", "build", "build_wheel"]
