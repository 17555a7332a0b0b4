"""What an install works on, and what it came to.

Belongs here: the two values that go through it. Does not: any of the work (`installer`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from boxer.errors import Where
from boxer.filetree import Tree
from boxer.images import Python
from boxer.listener import Listener, Silent
from boxer.packages.prefix import Prefix
from boxer.packages.wheelbuilder import WheelBuilder


@dataclass(frozen=True, slots=True)
class Target:
    """Where and for whom is installed. python: the base's. variables: the RUN's environment.
    python_asked: the Python the Dockerfile was written for (`3.9`) where it is another one."""

    tree: Tree
    prefix: Prefix
    python: Python
    cwd: str
    owner: tuple[int, int]
    epoch: int
    variables: Mapping[str, str]
    where: Where | None
    wheels: WheelBuilder | None = None
    listener: Listener = field(default_factory=Silent)
    python_asked: str = ""


@dataclass(slots=True)
class Outcome:
    """What an install came to, in pip's words."""

    satisfied: list[tuple[str, str]] = field(default_factory=list)
    installed: list[tuple[str, str]] = field(default_factory=list)
    uninstalled: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)  # left out, since only some machines need it
