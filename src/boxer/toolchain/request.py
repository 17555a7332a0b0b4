"""What a compiler in a RUN is asked, and what it leaves.

Belongs here: the two values. Does not: the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from boxer.filetree import Ids, Tree


@dataclass(frozen=True, slots=True)
class CompilerRequest:
    """argv: argv[0] is `cc`, `c++` or `ar`. tree: the stage's files, which are not changed. user:
    who reads them. cwd is absolute. epoch: the time of what is made, seconds since 1970."""

    tree: Tree
    argv: tuple[str, ...]
    cwd: str
    user: Ids
    stdin: bytes
    epoch: int


@dataclass(frozen=True, slots=True)
class CompilerResult:
    """files: what a compiler leaves, by names relative to its folder, with their modes."""

    status: int
    stdout: bytes = b""
    stderr: bytes = b""
    files: Mapping[str, tuple[bytes, int]] = field(default_factory=dict)
