"""The Python API: boxes loaded or built, run, pooled, started."""

from boxer.library.box import Box, build, load, load_box
from boxer.library.machine import Machine

__all__ = ["Box", "Machine", "build", "load", "load_box"]
