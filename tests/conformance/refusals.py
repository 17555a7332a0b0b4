"""What a box does not have, and what a program is told that wants it.

Belongs here: a program for each, and the words it must be told. Does not: CPython's tests of it
(modules.toml, `unsupported`).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import boxer

LIMITS = boxer.Limits(time=30)


@dataclass(frozen=True)
class Refusal:
    """A feature, a program that uses it, and a part of the last line on its standard error."""

    feature: str
    program: str
    words: str


REFUSALS = (
    Refusal("ctypes.CDLL", "import ctypes; ctypes.CDLL('libz.so.1')", "loads no libraries"),
    Refusal("tkinter", "import tkinter.ttk", "A box does not have it: needs a display"),
    Refusal("turtle", "import turtle", "A box does not have it: needs a display"),
    Refusal("curses", "import curses", "A box does not have it: needs terminal control"),
    Refusal("readline", "import readline", "A box does not have it: needs terminal control"),
    Refusal("ensurepip", "import ensurepip", "packages are installed when the box is built"),
)


@cache
def _plain_box() -> boxer.Box:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_text('FROM python\nCMD ["python"]\n')
        return boxer.build(Path(folder))


def told(refusal: Refusal, *options: str) -> str:
    """The last line of what the program is told. options: the interpreter's."""
    result = _plain_box().run(["python", *options, "-c", refusal.program], limits=LIMITS)
    lines = result.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"(nothing; status {result.exit_code})"
