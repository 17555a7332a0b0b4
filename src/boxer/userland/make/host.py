"""What make needs from outside: files and a shell.

Belongs here: the port. Does not: any file or shell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class MakeError(Exception):
    """A makefile that cannot be read, or a target that cannot be made; the text is make's own."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a script ended, and what it wrote."""

    status: int
    out: bytes
    err: bytes


class Host(Protocol):
    """A stage. Paths are absolute or relative to make's folder, `cwd`."""

    cwd: str

    def read(self, path: str) -> str | None:
        """A file's text; None where there is no such file."""

    def mtime(self, path: str) -> int | None:
        """The time of a file or folder; None where there is none."""

    def glob(self, pattern: str) -> list[str]:
        """What a shell's pattern matches, sorted."""

    def real(self, path: str) -> str:
        """The path with its links followed; empty where there is nothing."""

    def shell(self, script: str, environment: Mapping[str, str]) -> Ran:
        """Runs a script. environment: what is added to the environment make was called in."""

    def write(self, out: bytes, err: bytes = b"") -> None:
        """To standard output and error."""

    def complain(self, text: str) -> None:
        """A line to standard error."""
