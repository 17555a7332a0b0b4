"""The Python API: boxes loaded or built, run, pooled, started."""

import sys

from boxer.library.box import Box, build, load
from boxer.library.machine import Machine

__all__ = ["Box", "Machine", "build", "load"]

# The room `boxer.build` has the name of the function people call. Importing the room has put the
# room there; the function is what is meant.
setattr(sys.modules["boxer"], "build", build)  # noqa: B010 - a plain assignment would be typed
