"""What uv is given as its Python: this machine's, which says it is of the box's version.

uv asks an interpreter for its version and its markers before it reads a project. This program
answers (`-c CODE`) in this machine's Python, with the version of a box in the place of its own.
Builds that uv starts run in this machine's Python itself, whose path the answer states.

It is started by `uv.interpreter`; Boxer itself does not import it.
"""

import platform
import sys
from typing import Any


class _Version(tuple[Any, ...]):
    """As `sys.version_info`, whose type cannot be made anew."""

    major = property(lambda self: self[0])
    minor = property(lambda self: self[1])
    micro = property(lambda self: self[2])
    releaselevel = property(lambda self: self[3])
    serial = property(lambda self: self[4])


def main() -> None:
    """Arguments: the version (`X.Y.Z`), then those of a Python."""
    text, *arguments = sys.argv[1:]
    code = arguments[arguments.index("-c") + 1]
    version = _Version((*map(int, text.split(".")), "final", 0))
    sys.version_info = version  # type: ignore[assignment]
    sys.implementation.version = version  # type: ignore[assignment]
    major, minor, patch = text.split(".")
    platform.python_version = lambda: text
    platform.python_version_tuple = lambda: (major, minor, patch)
    sys.argv = ["-c"]
    exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main()
